"""What the APIs say of policies, as types: a site's policy and its editions, and what a rehearsal of another one found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from service.core.errors import InvalidPolicy, InvalidSubmission
from service.core.lifecycle import Outcome
from service.core.measures import MAX_NOTE
from service.core.policy import Policy, Thresholds
from service.core.policy_document import policy_of
from service.core.site import Edition, Site
from service.core.views import rfc3339
from service.policies import KeptPolicy
from service.rehearsal import DEFAULT_LAST, MAX_LAST, Counts, Hits, Rehearsal, Shift
from service.web.bodies import decode

T = TypeVar("T")
MAX_POLICY_BODY = 2_097_152
"""Bytes of a body that holds a policy: its lists may be long."""


class EditionView(Struct, frozen=True):
    """One edition of a policy: its number, from when, by whom."""

    version: Annotated[int, Meta(description="0 is the default that a site begins with.")]
    at: Annotated[str | None, Meta(description="RFC 3339; null: since the site is there.")]
    by: str
    note: str


class PolicyView(Struct, frozen=True):
    """A site's policy, and which edition of it this is."""

    site: str
    edition: EditionView
    policy: Policy
    effective: Annotated[dict[str, Thresholds], Meta(description="The thresholds that apply, defaults among them.")]


class KeptView(Struct, frozen=True):
    """An edition and what it said."""

    edition: EditionView
    policy: Policy


class EditionPage(Struct, frozen=True):
    """The newest editions of a policy, newest first, the live one among them."""

    items: list[KeptView]


class PolicyInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to save."""

    policy: Policy
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="Why, for the history.")] = ""
    version: Annotated[int, Meta(ge=0, description="Only if this is still the live edition; 409 otherwise.")] | None = (
        None
    )


class RestoreInput(Struct, frozen=True, forbid_unknown_fields=True):
    """An earlier edition of a policy to save again, as a new one."""

    edition: Annotated[int, Meta(ge=0, description="Which one.")]
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="Why, for the history.")] = ""
    version: Annotated[int, Meta(ge=0, description="Only if this is still the live edition; 409 otherwise.")] | None = (
        None
    )


class PreviewInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to try, and on how much of the past."""

    policy: Policy
    last: Annotated[int, Meta(ge=1, le=MAX_LAST, description="So many of the newest comments.")] = DEFAULT_LAST


class ChangedView(Struct, frozen=True):
    """A comment that the policy would treat otherwise than the live one."""

    id: Annotated[str, Meta(description="Empty: an example that is no comment of ours.")]
    before: Outcome
    after: Outcome
    human: Annotated[Outcome | None, Meta(description="What a human decided; null: nobody did.")]
    reasons: Annotated[tuple[str, ...], Meta(description="Names of rules and lists, or codes; the deciding one first.")]


class PreviewView(Struct, frozen=True):
    """What a policy would have done with a site's past, beside the live one, and beside what humans decided of it."""

    site: str
    edition: Annotated[int, Meta(description="Of the live policy, which it is compared with.")]
    looked: int
    without_text: Annotated[int, Meta(description="Comments that could not be looked at any more.")]
    without_scores: Annotated[int, Meta(description="Of those looked at: only rules and lists were tried on them.")]
    since: Annotated[str | None, Meta(description="When the oldest of them came in; null: there is none.")]
    before: Annotated[Counts, Meta(description="What the live policy does with them.")]
    after: Annotated[Counts, Meta(description="What this one would do.")]
    more: Annotated[Counts, Meta(description="The difference; below zero: fewer.")]
    approved_by_humans: Annotated[
        Shift, Meta(description="By what the live policy does, and of these what this one would do.")
    ]
    rejected_by_humans: Shift
    undecided: Shift
    hits: Annotated[dict[str, Hits], Meta(description="By the name of a rule or list.")]
    changed: Annotated[list[ChangedView], Meta(description="The newest.")]


@contextmanager
def within_body() -> Iterator[None]:
    """What is wrong with a policy is named from its own root; here it is a field of a body."""
    try:
        yield
    except InvalidPolicy as error:
        if error.pointer != "/note":
            error.under("/policy")
        raise


def read_input(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A body that holds a policy, parsed. Raises InvalidPolicy with all that is wrong with that, or what `decode` raises."""
    try:
        return decode(decoder, body)
    except InvalidSubmission:
        document = decode(_anything, body)
        if isinstance(document, dict) and "policy" in document:
            policy_of(document["policy"])
        raise


def edition_view(edition: Edition) -> EditionView:
    """An edition, as it is told."""
    return EditionView(edition.version, rfc3339(edition.at) if edition.at else None, edition.by, edition.note)


def policy_view(site: Site) -> PolicyView:
    """A site's policy, as it is told."""
    return PolicyView(site.id, edition_view(site.edition), site.policy, site.policy.effective)


def edition_page(kept: list[KeptPolicy]) -> EditionPage:
    """Editions, as they are told."""
    return EditionPage([KeptView(edition_view(one.edition), one.policy) for one in kept])


def preview_view(found: Rehearsal) -> PreviewView:
    """What a rehearsal found, as it is told."""
    together = found.all
    before, after = together.before, together.after
    more = Counts(after.approve - before.approve, after.hold - before.hold, after.reject - before.reject)
    return PreviewView(
        site=found.site, edition=found.edition, looked=found.looked, without_text=found.without_text,
        without_scores=found.without_scores, since=rfc3339(found.since) if found.since else None,
        before=before, after=after, more=more,
        approved_by_humans=found.approved_by_humans, rejected_by_humans=found.rejected_by_humans,
        undecided=found.undecided, hits=found.hits,
        changed=[ChangedView(one.comment, one.before, one.after, one.human, one.reasons) for one in found.changed],
    )  # fmt: skip


encode = msgspec.json.Encoder().encode
_anything = msgspec.json.Decoder(Any)
