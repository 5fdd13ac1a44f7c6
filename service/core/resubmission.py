"""What a submission is that comes again under a known id: older than what stands, the same, or an edit. Pure.

An edit is a change of the text, the author's name or the author's web address, each normalised: only that is judged anew. What
else differs (the page's title and address, times, the parent's text, addresses) is brought up to date in place, and every
decision stands. Which of two is the later one, the platform's own order says, not the order of arrival.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b
from typing import Final

import msgspec

from service.core.identity import mask_addresses
from service.core.submission import Page, Submission
from service.core.text.spoken import spoken

_BROWSER: Final = 254  # characters of a browser's name that every platform keeps


class Again(StrEnum):
    """What it is; the words of comment/submit.lua."""

    OLDER = "older"  # the platform has said something later since: what stands, stands
    UPDATED = "updated"  # it says the same, other fields around it differ
    REQUEUED = "requeued"  # … and they are evidence for a machine, which is asked again unless a human has decided
    EDITED = "edited"


def compare(stored: Submission, new: Submission, earlier_fingerprint: str = "", edit: str = "") -> Again:
    """What `new` is beside the one that is stored. `earlier_fingerprint`: what earlier versions kept of the stored one.

    `edit`: what a moderator made of the stored text. A platform that says just that says nothing new.
    """
    if _older(new, stored):
        return Again.OLDER
    if stored.content:
        same = said(stored, new.channel) == said(new) or _repeats(stored, new, edit)
        return Again.UPDATED if same else Again.EDITED
    known = stored.fingerprint == new.fingerprint if stored.fingerprint else earlier_fingerprint == _earlier(new)
    return Again.UPDATED if known else Again.EDITED


def differs(stored: Submission, new: Submission) -> bool:
    """Whether there is evidence around the new one that a verdict about the stored one has not seen."""
    return _evidence(stored) != _evidence(kept(stored, new, Again.REQUEUED))


def kept(stored: Submission, new: Submission, again: Again, edit: str = "") -> Submission:
    """What is stored from now on. The order does not go back, and a text that retention dropped comes back only to be judged.

    An Akismet client says less each time: what it does not repeat of the evidence stays. The author's text stays when the
    platform repeats a moderator's `edit` of it.
    """
    if again is not Again.EDITED and _repeats(stored, new, edit):
        new = msgspec.structs.replace(new, content=stored.content, fingerprint=stored.fingerprint, seal=stored.seal)
    ordered = msgspec.structs.replace(
        new,
        revision=max(stored.revision, new.revision),
        edited_at=max(stored.edited_at, new.edited_at),
        sent_at=max(stored.sent_at, new.sent_at),
    )
    if new.channel == "akismet":
        author, before = new.author, stored.author
        whole = msgspec.structs.replace(
            author,
            email=author.email or before.email,
            ip=author.ip or before.ip,
            user_agent=author.user_agent or before.user_agent,
            role=author.role or before.role,
            vouched=author.vouched or before.vouched,
        )
        parent = new.parent_id or stored.parent_id
        ordered = msgspec.structs.replace(ordered, author=whole, form=stored.form | new.form, parent_id=parent)
    return without_text(ordered) if again is Again.UPDATED and not stored.content else ordered


def without_text(submission: Submission) -> Submission:
    """What remains of a submission when its text is dropped: ids, digests and the page."""
    author = msgspec.structs.replace(submission.author, name="", url="", user_agent="")
    return msgspec.structs.replace(
        submission, author=author, content="", parent_text="", form={}, page=Page(submission.page.url)
    )


def said(submission: Submission, channel: str = "") -> tuple[str, ...]:
    """What is judged of a submission, normalised as its channel (or another one) needs it: equal exactly for what is no edit."""
    author = submission.author
    text = mask_addresses(submission.content)  # once more: what was stored by an earlier version may show more of one
    return spoken(channel or submission.channel, text, author.name, author.url, submission.trigger)


def _repeats(stored: Submission, new: Submission, edit: str) -> bool:
    """Whether the new one says what a moderator made of the stored text, and nothing else."""
    return edit != "" and said(msgspec.structs.replace(stored, content=edit), new.channel) == said(new)


_PASSING: Final = frozenset({"recheck_reason", "comment_date_gmt", "is_test", "akismet_pre_check", "blog_lang"})
"""Form fields that say how a comment came to be checked, and nothing of it."""


def _evidence(submission: Submission) -> tuple[object, ...]:
    author = submission.author
    addresses = author.email.digest if author.email else "", author.ip.digest if author.ip else ""
    form = {name: value for name, value in submission.form.items() if name not in _PASSING}
    browser = author.user_agent[:_BROWSER]
    return *addresses, browser, author.role, author.vouched, submission.kind, submission.parent_id, form


def _older(one: Submission, other: Submission) -> bool:
    """Whether the platform made `one` before `other`, as far as it says: by its count, by its clock, by when it told us."""
    if one.revision and other.revision and one.revision != other.revision:
        return one.revision < other.revision
    if other.edited_at and (moment := one.edited_at or one.created_at):
        return moment < other.edited_at
    return bool(not one.edited_at and one.sent_at and other.sent_at and one.sent_at < other.sent_at)


def _earlier(submission: Submission) -> str:
    """The digest that earlier versions kept to know a repetition by; for comments of theirs whose text is gone."""
    author = submission.author
    spoken = {
        "platform_id": submission.platform_id,
        "page": submission.page,
        "author": {"name": author.name, "email": None, "url": author.url, "ip": None, "user_agent": "", "role": ""},
        "content": submission.content,
        "parent_id": submission.parent_id,
        "created_at": submission.created_at,
        "parent_text": submission.parent_text,
        "form": {},
        "kind": submission.kind,
        "channel": "",
        "trigger": submission.trigger,
    }
    return blake2b(msgspec.msgpack.encode(spoken), digest_size=16).hexdigest()
