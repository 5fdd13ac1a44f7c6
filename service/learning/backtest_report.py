"""A backtest as one HTML page that needs nothing else: figures in words, tables, plots drawn as SVG, errors to read.

Comments are untrusted: every piece of text is escaped, and the page (`learning/pages.py`) forbids scripts and anything from
outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from service.core.intervals import Interval
from service.core.lifecycle import Outcome
from service.learning.backtest import NOBODY, Backtest, Mistake, Row
from service.learning.pages import lead, page, table

_OUTCOMES = (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT)
_WHO = {Outcome.APPROVE: "approved by a human", Outcome.REJECT: "rejected by a human", NOBODY: "decided by no human"}
_WIDTH, _BAR, _GAP, _LEFT = 720, 22, 10, 170
_DEEP = 160  # height of the plot of days


def html(result: Backtest, *, texts: bool = True) -> str:
    """The page. `texts=False` leaves out the excerpts of the worst errors, for reports that are passed on."""
    return page(
        f"Backtest of {result.site}",
        lead(sentences(result)),
        f'<p class="note">{escape(about(result))}</p>',
        "<h2>What would have become of the comments</h2>",
        _bars(result.outcomes),
        _shares(result.shares),
        "<h2>The queue, day by day</h2>",
        _load(result.days),
        _rows("Month by month", "month", result.months),
        _rows("By what a human called it", "label", result.labels),
        _rows("By language", "language", result.languages),
        _mistakes("Good comments that would not have been published", result.good_lost, texts=texts),
        _mistakes("Bad comments that would have been published", result.bad_through, texts=texts),
    )


def sentences(result: Backtest) -> list[str]:
    """What it comes to, in words."""
    total, lines = result.total, []
    if total.good:
        lines.append(
            f"Of {total.good:,} comments that humans approved, {total.good_held + total.good_lost:,} would not have been "
            f"published at once: {total.good_held:,} held ({percent(result.shares['good_held'])}) and {total.good_lost:,} "
            f"rejected ({percent(result.shares['good_lost'])})."
        )
    if total.bad:
        lines.append(
            f"Of {total.bad:,} that humans rejected, {total.bad_through:,} would have been published "
            f"({percent(result.shares['bad_through'])}), {total.bad_held:,} held."
        )
    if result.days:
        lines.append(f"A moderator would have had {result.queue_a_day:.1f} comments a day to look at.")
    return lines or ["Nothing in this history was decided by a human, so there is nothing to compare with."]


def about(result: Backtest) -> str:
    """What was tested on what."""
    span = f"{_day(result.since)} to {_day(result.until)}" if result.comments else "no time at all"
    line = f"{result.comments:,} comments from {span}, model {result.model}, policy: {result.policy}."
    if result.bare:
        line += f" {result.bare:,} of them have lost all but their text, so rules that look at more could not fire."
    if result.taught:
        line += f" The model had learnt from {result.taught:,} of these decisions: on those it looks better than it is."
    return line


def percent(share: Interval) -> str:
    """A share with its interval, as people read it."""
    return f"{share.estimate:.1%}, {share.low:.1%} to {share.high:.1%}" if share.n else "nothing known"


def _bars(outcomes: Mapping[str, Mapping[str, int]]) -> str:
    """One bar for what each kind of human decision would have become."""
    rows = [(label, outcomes[who]) for who, label in _WHO.items() if who in outcomes]
    parts, width = [], _WIDTH - _LEFT
    for place, (label, counted) in enumerate(rows):
        y, x, total = place * (_BAR + _GAP), float(_LEFT), sum(counted.values())
        parts.append(f'<text x="0" y="{y + 15}">{label}</text>')
        for outcome in _OUTCOMES:
            count = counted.get(outcome, 0)
            wide = width * count / total
            title = f"<title>{outcome}: {count:,} of {total:,}</title>"
            parts.append(
                f'<rect class="{outcome}" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{_BAR}">{title}</rect>'
            )
            x += wide
    counts = [(label, *(f"{counted.get(outcome, 0):,}" for outcome in _OUTCOMES)) for label, counted in rows]
    return _svg("approved, held and rejected", len(rows) * (_BAR + _GAP), parts) + table(
        ("", "approved", "held", "rejected"), counts
    )


def _shares(shares: Mapping[str, Interval]) -> str:
    names = {
        "good_held": "good comments held",
        "good_lost": "good comments rejected",
        "bad_held": "bad comments held",
        "bad_through": "bad comments published",
        "reject_precision": "rejections that a human would confirm",
    }
    rows = [
        (names[name], f"{s.estimate:.2%}", f"{s.low:.2%} to {s.high:.2%}", f"{s.n:,.0f}")
        if s.n
        else (names[name], *"–––")
        for name, s in shares.items()
    ]
    return table(("", "share", "95 % interval", "of"), rows)


def _load(days: Mapping[str, tuple[int, int]]) -> str:
    if not days:
        return "<p>No comments with their text are kept.</p>"
    held = [one for one, _ in days.values()]
    top, step = max(*held, 1), _WIDTH / max(len(held) - 1, 1)
    points = " ".join(f"{place * step:.1f},{_DEEP - _DEEP * count / top:.1f}" for place, count in enumerate(held))
    first, last = min(days), max(days)
    parts = [
        f'<line class="axis" x1="0" y1="{_DEEP}" x2="{_WIDTH}" y2="{_DEEP}"/>',
        f'<polyline class="load" points="{points}"/>',
        f'<text x="0" y="{_DEEP + 14}">{first}</text><text x="{_WIDTH}" y="{_DEEP + 14}" text-anchor="end">{last}</text>',
        f'<text x="0" y="10">{top:,} held</text>',
    ]
    middle = sorted(held)[len(held) // 2]
    return (
        _svg("comments held a day", _DEEP + 20, parts)
        + f"<p>Held a day: {sum(held) / len(held):.1f} on average, {middle:,} on a middling day, {top:,} at most.</p>"
    )


def _rows(title: str, what: str, rows: Mapping[str, Row]) -> str:
    if not rows:
        return ""
    head = (what, "good", "held", "rejected", "bad", "held", "published")
    body = [
        (name, *(f"{count:,}" for count in (r.good, r.good_held, r.good_lost, r.bad, r.bad_held, r.bad_through)))
        for name, r in rows.items()
    ]
    return f"<h2>{title}</h2>" + table(head, body)


def _mistakes(title: str, mistakes: Sequence[Mistake], *, texts: bool) -> str:
    if not mistakes:
        return ""
    rows = "".join(
        f'<tr><td>{_day(one.at)}</td><td class="text">{escape(one.comment)}</td><td class="text">{escape(one.why)}</td>'
        + (f'<td class="text">{escape(one.text)}</td>' if texts else "")
        + "</tr>"
        for one in mistakes
    )
    head = "".join(f'<th class="text">{name}</th>' for name in ("day", "comment", "why", *(("text",) if texts else ())))
    return f"<h2>{title}</h2><p>The {len(mistakes)} worst.</p><table><tr>{head}</tr>{rows}</table>"


def _svg(caption: str, height: int, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" aria-label="{escape(caption)}">'
        + "".join(parts)
        + "</svg>"
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")
