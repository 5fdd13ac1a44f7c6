"""How comments are shown to moderators: values of the use cases in the shapes of `schema.py`. What goes out is named here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.core.comment import Change, Comment
from service.core.edit import takes_edits
from service.core.moderator import Mark, Moderator
from service.core.queue import facets, raised, severity
from service.core.review import Handed, Note, Offer, Progress
from service.core.signals import CATALOGUE, ELSEWHERE
from service.core.site import Site
from service.core.text.links import locate
from service.core.verdict import LABELS, Explanation, Verdict
from service.core.views import PageView, author_view, change_views, decision_view, edit_view, rfc3339
from service.usecases.review.campaigns import CampaignMembers
from service.usecases.review.detail import Detail, Record
from service.usecases.review.queue import Seen
from service.web.review import schema
from service.web.review.schema import BulkAction, BulkView, Skipped

EXCERPT = 280
"""Code points of a comment's text in a list, white space run together."""
_FITTING = re.compile(rf"(?:\s+|\S){{0,{EXCERPT}}}")


def row(seen: Seen, me: str, now: int, *, blind: bool = False) -> schema.Row:
    """A comment in a list, for the moderator `me`; `blind` for the audit: without what the machine said."""
    comment, standing = seen
    submission, verdict, decision = comment.submission, comment.verdict, comment.decision
    has = facets(comment)
    return schema.Row(
        id=comment.id,
        site=comment.site,
        platform_id=comment.platform_id,
        state=None if blind else comment.state,
        list="" if blind else standing.list,
        revision=comment.revision,
        created_at=rfc3339(comment.written_at),
        entered_at=rfc3339(comment.created_at if blind else standing.entered),
        author=author_view(submission) if submission else None,
        page=PageView(submission.page.url, submission.page.title) if submission else None,
        excerpt=_beginning(submission.content[: 4 * EXCERPT]) if submission else "",
        text_kept=bool(submission and submission.content),
        handed=comment.handed.to if comment.handed and not blind else "",
        edited=comment.edit is not None and not blind,
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


def detail_view(
    detail: Detail, member: Moderator, now: int, *, blind: bool = False, may_judge: bool = True
) -> schema.Detail:
    """All that a moderator may know of a comment; `blind` for the audit. `may_judge`: whether its appeal lets them decide."""
    me, everywhere = member.name, not member.sites
    comment = detail.seen.comment
    submission, verdict = comment.submission, comment.verdict
    known = verdict is not None and not blind
    return schema.Detail(
        comment=row(detail.seen, me, now, blind=blind),
        site_url=detail.site.url,
        content=submission.content if submission else "",
        edit=edit_view(comment.edit) if comment.edit and not blind else None,
        may_edit=takes_edits(detail.site, submission) and not blind,
        handed=handed_view(comment.handed, member) if comment.handed and not blind else None,
        links=_links(submission.content) if submission else [],
        parent_id=submission.parent_id if submission else "",
        parent_text=submission.parent_text if submission else "",
        parent=row(detail.parent, me, now) if detail.parent else None,
        siblings=[] if blind else [row(seen, me, now) for seen in detail.siblings],
        replies=[] if blind else [row(seen, me, now) for seen in detail.replies],
        reported_as={} if blind else detail.reported_as,
        scores=_scores(detail.site, verdict) if verdict and known else [],
        flags=verdict.flags if verdict and known else (),
        signals=_signals(verdict, everywhere) if verdict and known else [],
        explanation=None if blind else _explanation(detail.history),
        author=_record(detail.author, me, now) if detail.author and not blind else None,
        marks=[] if blind else [mark_view(comment.site, digest, mark) for digest, mark in detail.marks],
        address_known=bool(submission and submission.author.ip) and not blind,
        campaign=campaign_view(detail.campaign, me, now) if detail.campaign and not blind else None,
        earlier=[schema.EarlierText(one.content, one.author.name) for one in detail.earlier],
        history=[] if blind else change_views(comment, detail.history),
        notes=[] if blind else [note_view(note) for note in detail.notes],
        undo=undo_view(detail.offer) if detail.offer and not blind else None,
        appeal=None if blind else appeal_view(comment, may_judge=may_judge),
    )


def claim(by: str, until: int, me: str) -> schema.Claim | None:
    """Who looks at a comment."""
    return schema.Claim(by, rfc3339(until), by == me) if by else None


def note_view(note: Note) -> schema.NoteView:
    """A note."""
    return schema.NoteView(note.id, note.by, rfc3339(note.at), note.text)


def undo_view(offer: Offer) -> schema.Undo:
    """How a decision can be taken back."""
    return schema.Undo(offer.rev, offer.by, rfc3339(offer.until), offer.bulk)


def appeal_view(comment: Comment, *, may_judge: bool) -> schema.AppealView | None:
    """What its author said against its rejection."""
    appeal = comment.appeal
    if appeal is None:
        return None
    return schema.AppealView(appeal.text, rfc3339(appeal.at), appeal.decider, comment.appealed, may_judge)


def handed_view(handed: Handed, member: Moderator) -> schema.HandedView:
    """To whom a comment was handed."""
    since = member.answers_for.get(handed.to)
    mine = since is not None and handed.at >= since
    return schema.HandedView(handed.to, handed.by, rfc3339(handed.at), handed.note, mine)


def mark_view(site: str, digest: str, mark: Mark) -> schema.MarkView:
    """A mark."""
    until = rfc3339(mark.until) if mark.until else None
    return schema.MarkView(site, digest, mark.what, until, mark.note, mark.by, rfc3339(mark.at))


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


def _campaign_ref(verdict: Verdict | None) -> schema.CampaignRef | None:
    name = verdict.signals.get("campaign", "") if verdict else ""
    size = verdict.signals.get("campaign_size", 1) if verdict else 1
    return schema.CampaignRef(str(name), int(size)) if name else None


def _scores(site: Site, verdict: Verdict) -> list[schema.Score]:
    steps = site.policy.effective
    found = [(label, verdict.scores[label], steps.get(label)) for label in LABELS if label in verdict.scores]
    return [
        schema.Score(label, score, step.hold, step.reject, step.discard) if step else schema.Score(label, score, None, None, None)
        for label, score, step in found
    ]  # fmt: skip


def _signals(verdict: Verdict, everywhere: bool) -> list[schema.SignalView]:
    """In the catalogue's order; one that it no longer knows is shown by its name."""
    order = {name: place for place, name in enumerate(CATALOGUE)}
    told = [name for name in verdict.signals if everywhere or name not in ELSEWHERE]
    names = sorted(told, key=lambda name: (order.get(name, len(order)), name))
    return [
        schema.SignalView(
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


def _record(record: Record, me: str, now: int) -> schema.AuthorHistory:
    states = {str(state): count for state, count in record.states.items()}
    return schema.AuthorHistory(record.total, record.counted, states, [row(one, me, now) for one in record.last])


def campaign_view(around: CampaignMembers, me: str, now: int) -> schema.CampaignView:
    """A campaign, and some of its comments."""
    campaign = around.campaign
    states = {"approved": campaign.approved, "flagged": campaign.flagged, "rejected": campaign.rejected}
    return schema.CampaignView(
        id=campaign.id,
        size=campaign.size,
        sites=campaign.sites,
        states=states,
        held=around.held,
        first_at=rfc3339(campaign.first),
        last_at=rfc3339(campaign.last),
        members=[row(one, me, now) for one in around.members],
    )


def _links(text: str) -> list[schema.Link]:
    plain = text.isascii() or max(text) <= "\uffff"
    found = []
    for link in locate(text):
        start, end = (link.start, link.end) if plain else (_utf16(text[: link.start]), _utf16(text[: link.end]))
        host = link.host
        found.append(schema.Link(link.start, link.end, start, end, link.address, str(host), host.shown, link.shown))
    return found


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
