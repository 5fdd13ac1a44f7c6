"""How comments are shown to moderators: values of the use cases in the shapes of `wire.py`. What goes out is named here."""

from __future__ import annotations

import re
from collections.abc import Sequence

import idna

from service.core.comment import Change
from service.core.links import host_of, locate
from service.core.marks import Mark
from service.core.queueing import facets, raised, severity
from service.core.signals import CATALOGUE
from service.core.site import Site
from service.core.submission import Submission
from service.core.verdict import LABELS, Explanation, Verdict
from service.core.views import AuthorView, PageView, change_views, decision_view, rfc3339
from service.reviewing.bulk import Progress
from service.reviewing.deciding import Note, Offer
from service.reviewing.dossier import Around, Dossier, Record
from service.reviewing.lists import Seen
from service.web.review import wire
from service.web.review.wire_acts import BulkAction, BulkView, Skipped

EXCERPT = 280
"""Code points of a comment's text in a list, white space run together."""
_FITTING = re.compile(rf"(?:\s+|\S){{0,{EXCERPT}}}")


def row(seen: Seen, me: str, now: int, *, blind: bool = False) -> wire.Row:
    """A comment in a list, for the moderator `me`; `blind` for the audit: without what the machine said."""
    comment, standing = seen
    submission, verdict, decision = comment.submission, comment.verdict, comment.decision
    has = facets(comment)
    return wire.Row(
        id=comment.id,
        site=comment.site,
        platform_id=comment.platform_id,
        state=None if blind else comment.state,
        list="" if blind else standing.list,
        revision=comment.revision,
        created_at=rfc3339(comment.created_at),
        entered_at=rfc3339(comment.created_at if blind else standing.entered),
        author=_author(submission) if submission else None,
        page=PageView(submission.page.url, submission.page.title) if submission else None,
        excerpt=_beginning(submission.content[: 4 * EXCERPT]) if submission else "",
        text_kept=bool(submission and submission.content),
        severity=0.0 if blind else round(severity(verdict), 4),
        scores=verdict.scores if verdict and not blind else {},
        reasons=() if blind else has["reason"],
        rules=() if blind else has["rule"],
        signals=() if blind else raised(verdict),
        language=verdict.language if verdict else "",
        model=verdict.model if verdict and not blind else "",
        campaign=None if blind else _campaign_ref(verdict),
        decision=decision_view(decision, comment) if decision and not blind else None,
        reports=0 if blind else standing.reports,
        notes=0 if blind else standing.notes,
        snoozed_until=rfc3339(standing.snoozed_until) if standing.snoozed_until and not blind else None,
        claim=claim(standing.claimed_by, now + standing.claimed_for, me),
    )


def detail(dossier: Dossier, me: str, now: int, *, blind: bool = False) -> wire.Detail:
    """All that is known of a comment; `blind` for the audit."""
    comment = dossier.seen.comment
    submission, verdict = comment.submission, comment.verdict
    known = verdict is not None and not blind
    return wire.Detail(
        comment=row(dossier.seen, me, now, blind=blind),
        site_url=dossier.site.url,
        content=submission.content if submission else "",
        links=_links(submission.content) if submission else [],
        parent_id=submission.parent_id if submission else "",
        parent_text=submission.parent_text if submission else "",
        parent=row(dossier.parent, me, now) if dossier.parent else None,
        scores=_scores(dossier.site, verdict) if verdict and known else [],
        flags=verdict.flags if verdict and known else (),
        signals=_signals(verdict) if verdict and known else [],
        explanation=None if blind else _explanation(dossier.history),
        author=_record(dossier.author, me, now) if dossier.author and not blind else None,
        marks=[] if blind else [mark_view(comment.site, digest, mark) for digest, mark in dossier.marks],
        campaign=_around(dossier.campaign, me, now) if dossier.campaign and not blind else None,
        earlier=[wire.EarlierText(one.content, one.author.name) for one in dossier.earlier],
        history=[] if blind else change_views(comment, dossier.history),
        notes=[] if blind else [note_view(note) for note in dossier.notes],
        undo=undo_view(dossier.offer) if dossier.offer and not blind else None,
    )


def claim(by: str, until: int, me: str) -> wire.Claim | None:
    """Who looks at a comment."""
    return wire.Claim(by, rfc3339(until), by == me) if by else None


def note_view(note: Note) -> wire.NoteView:
    """A note."""
    return wire.NoteView(note.id, note.by, rfc3339(note.at), note.text)


def undo_view(offer: Offer) -> wire.Undo:
    """How a decision can be taken back."""
    return wire.Undo(offer.rev, offer.by, rfc3339(offer.until), offer.bulk)


def mark_view(site: str, digest: str, mark: Mark) -> wire.MarkView:
    """A mark."""
    until = rfc3339(mark.until) if mark.until else None
    return wire.MarkView(site, digest, mark.what, until, mark.note, mark.by, rfc3339(mark.at))


def bulk_view(bulk: str, progress: Progress) -> BulkView:
    """How far a bulk decision has come."""
    plan = progress.plan
    return BulkView(
        id=bulk,
        by=plan.by,
        action=BulkAction(plan.outcome, list(plan.reasons), plan.note),
        state=progress.state,
        count=plan.count,
        done=progress.done,
        skipped=progress.skipped,
        undone=progress.undone,
        first_skipped=[Skipped(*one) for one in progress.first_skipped],
        started_at=rfc3339(progress.started_at),
        undo_until=rfc3339(progress.undo_until or progress.started_at),
    )


def _beginning(text: str) -> str:
    """What fits a list: a true beginning of the text, so that positions in the one are positions in the other."""
    found = _FITTING.match(text)
    return found[0] if found else ""


def _author(submission: Submission) -> AuthorView:
    author = submission.author
    return AuthorView(author.name, author.url, author.email.digest if author.email else None, author.role)


def _campaign_ref(verdict: Verdict | None) -> wire.CampaignRef | None:
    name = verdict.signals.get("campaign", "") if verdict else ""
    size = verdict.signals.get("campaign_size", 1) if verdict else 1
    return wire.CampaignRef(str(name), int(size)) if name else None


def _scores(site: Site, verdict: Verdict) -> list[wire.Score]:
    steps = site.policy.effective
    found = [(label, verdict.scores[label], steps.get(label)) for label in LABELS if label in verdict.scores]
    return [
        wire.Score(label, score, step.hold, step.reject, step.discard) if step else wire.Score(label, score, None, None, None)
        for label, score, step in found
    ]  # fmt: skip


def _signals(verdict: Verdict) -> list[wire.SignalView]:
    """In the catalogue's order; one that it no longer knows is shown by its name."""
    order = {name: place for place, name in enumerate(CATALOGUE)}
    names = sorted(verdict.signals, key=lambda name: (order.get(name, len(order)), name))
    return [
        wire.SignalView(
            name=name,
            value=verdict.signals[name],
            unit=CATALOGUE[name].unit if name in CATALOGUE else "",
            meaning=CATALOGUE[name].meaning if name in CATALOGUE else "",
            raised=verdict.signals[name] is True,
        )
        for name in names
    ]


def _explanation(history: Sequence[Change]) -> Explanation | None:
    """The one that was kept with the machine's last decision."""
    for change in reversed(history):
        for reason in change.decision.reasons if change.decision else ():
            if reason.explanation is not None:
                return reason.explanation
    return None


def _record(record: Record, me: str, now: int) -> wire.AuthorHistory:
    states = {str(state): count for state, count in record.states.items()}
    return wire.AuthorHistory(record.total, record.counted, states, [row(one, me, now) for one in record.last])


def _around(around: Around, me: str, now: int) -> wire.CampaignView:
    campaign = around.campaign
    return wire.CampaignView(
        campaign.id, campaign.size, campaign.sites, around.held, [row(one, me, now) for one in around.members]
    )


def _links(text: str) -> list[wire.Link]:
    plain = text.isascii() or max(text) <= "\uffff"
    found = []
    for link in locate(text):
        start, end = (link.start, link.end) if plain else (_utf16(text[: link.start]), _utf16(text[: link.end]))
        host = host_of(link.address)
        found.append(
            wire.Link(link.start, link.end, start, end, link.address, _ascii(host), _unicode(host), link.shown)
        )
    return found


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


def _unicode(host: str) -> str:
    try:
        return idna.decode(host, uts46=True)
    except idna.IDNAError:
        return host
