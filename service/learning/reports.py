"""Reports of the learning loop as HTML pages that need nothing else: a backtest, a version.

Comments are untrusted: every piece of text is escaped, and the pages forbid scripts and anything from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from service.core.lifecycle import Outcome
from service.core.model_version import ModelCard
from service.learning.backtest import NOBODY, SECONDS_A_LOOK, Backtest, Mistake, Row
from service.learning.measures import Interval

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --approve: #2f8f5b; --hold: #c58a1a; --reject: #b8453a; --faint: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--faint); }
.lead { font-size: 1.1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .2rem .9rem .2rem 0; text-align: right; font-variant-numeric: tabular-nums; vertical-align: top; }
th:first-child, td:first-child, .text { text-align: left; }
td.text { overflow-wrap: anywhere; white-space: pre-line; max-width: 40rem; }
svg { display: block; max-width: 100%; height: auto; font-size: 11px; } svg text { fill: currentColor; }
.approve { fill: var(--approve); } .hold { fill: var(--hold); } .reject { fill: var(--reject); }
.axis { stroke: var(--faint); } .load { fill: none; stroke: var(--hold); stroke-width: 2; }
.note { color: color-mix(in srgb, currentColor 70%, transparent); }
"""


def page(title: str, *parts: str) -> str:
    """A page of `parts`, which are HTML; `title` is text."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def lead(lines: Iterable[str]) -> str:
    """What it comes to, a paragraph a line."""
    return "".join(f'<p class="lead">{escape(line)}</p>' for line in lines)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


_OUTCOMES = (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT)
_WHO = {Outcome.APPROVE: "approved by a human", Outcome.REJECT: "rejected by a human", NOBODY: "decided by no human"}
_WIDTH, _BAR, _GAP, _LEFT = 720, 22, 10, 170
_DEEP = 160  # height of the plot of days


def backtest_page(result: Backtest, *, texts: bool = True) -> str:
    """The page. `texts=False` leaves out the excerpts of the worst errors, for reports that are passed on."""
    return page(
        f"Backtest of {result.site}",
        lead(sentences(result)),
        f'<p class="note">{escape(about_backtest(result))}</p>',
        "<h2>Which preset</h2>",
        table(PRESET_HEAD, preset_rows(result)),
        f"<p>{escape(result.why)}</p>",
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
        minutes = result.queue_a_day * SECONDS_A_LOOK / 60
        lines.append(
            f"A moderator would have had {result.queue_a_day:.1f} comments a day to look at: {minutes:.1f} minutes."
        )
    return lines or ["Nothing in this history was decided by a human, so there is nothing to compare with."]


PRESET_HEAD = ("preset", "minutes a day", "held", "good delayed", "of them rejected", "bad published", "")
"""Over `preset_rows`."""


def preset_rows(result: Backtest) -> Iterator[tuple[str, ...]]:
    """The presets side by side, as rows under `PRESET_HEAD`."""
    for name, cost in result.presets.items():
        total = cost.total
        yield (
            name, f"{cost.minutes_a_day:.1f}", f"{cost.held:,}", f"{cost.delayed:,} of {total.good:,}", f"{total.good_lost:,}",
            f"{total.bad_through:,} of {total.bad:,}", "choose this" if name == result.advice else "",
        )  # fmt: skip


def about_backtest(result: Backtest) -> str:
    """What was tested on what."""
    span = f"{_day(result.since)} to {_day(result.until)}" if result.comments else "no time at all"
    line = f"{result.comments:,} comments from {span}, model {result.model}, policy: {result.policy}."
    if result.skipped:
        line += f" They are the newest; {result.skipped:,} older ones were not looked at (--last)."
    if result.unjudged:
        line += (
            f" {result.unjudged:,} were never judged here: their signals are what the text and earlier comments show, and forms, "
            "campaigns and marks are not known of them."
        )
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


# A version's report: what it was made from, and what the gate measured. For commands.
#
# The words are for both the command line and the page; the page needs nothing else and forbids scripts.


HEAD = ("measure", "label", "rows", "in use", "new", "difference (90 %)", "")
"""Over `measures`."""


def version_page(card: ModelCard) -> str:
    """The page."""
    said = [verdict(card.gate), *card.gate.get("reasons", ()), *about_part(card.gate), *about_disputes(card.gate)]
    said += about_excused(card.gate)
    lost = [table(LOST_HEAD, rows)] if (rows := list(lost_cases(card.gate))) else []
    return page(
        f"Version {card.version}",
        lead(said),
        table(("", ""), about_version(card).items()),
        "<h2>Against the version in use</h2>",
        table(HEAD, measures(card.gate)),
        *(["<h2>Cases that it gets wrong</h2>", *lost] if lost else []),
    )


LOST_HEAD = ("case", "label", "before", "after", "threshold", "author", "text")
"""Over `lost_cases`."""


def lost_cases(gate: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The fixed cases for which a version was refused, as rows under `LOST_HEAD`."""
    for one in gate.get("lost", ()):
        author = " ".join(part for part in (one["author_name"], one["author_url"]) if part)
        scores = (f"{one[name]:.2f}" for name in ("before", "after", "threshold"))
        yield (one["kind"], one["label"], *scores, author or "-", one["text"])


def about_part(gate: Mapping[str, Any]) -> Iterator[str]:
    """That not all of what was learnt was taken, why, and what that cost."""
    part = gate.get("part")
    if not part:
        return
    yield f"Not all of what was learnt was taken, but {part['what']}. As a whole it would have been refused:"
    yield from (f"  {reason}" for reason in part["because"])
    cost = [
        f"{one['name']}, {one['label']}: {one['part']:.3f} where the whole has {one['whole']:.3f}"
        for one in part["cost"]
    ]
    yield f"What that costs on the newest decisions: {'; '.join(cost) or 'nothing'}."


def about_disputes(gate: Mapping[str, Any]) -> Iterator[str]:
    """What voices disagree about, so that it taught nothing. `antechamber doubts` names it, from what is still there."""
    for one in gate.get("disputes", ()):
        yield (
            f"Moderators disagree about one {one['mark']}, for {one['label']}: {one['voice']} rejected {one['rejected']:,} of "
            f"{one['of']:,} comments that bear it, the others {one['others_rejected']:,} of {one['others_of']:,}. "
            "Until that is settled, these teach nothing, and it must not raise scores."
        )


def about_excused(gate: Mapping[str, Any]) -> Iterator[str]:
    """Which fixed cases were not asked about, since the site sees them otherwise."""
    for one in gate.get("excused", ()):
        yield (
            f"Not asked about, for {one['label']}: {one['kind']}. Of {one['of']:,} decisions here on such comments, "
            f"{one['opposite']:,} say otherwise."
        )


def about_version(card: ModelCard) -> dict[str, str]:
    """What it was made from, in words, by name."""
    lineage = card.lineage
    sources = ", ".join(f"{count:,} {source}" for source, count in lineage.sources.items())
    return {
        "site": card.site,
        "made": f"{_moment(card.made_at)} UTC, by version {lineage.code}",
        "learnt from": f"{lineage.examples:,} decisions, {_moment(lineage.since)} to {_moment(lineage.until)}",
        "of these sources": f"{sources} (with those kept for the gate)",
        "corrects": f"{', '.join(card.labels)} of {lineage.base}",
        "compared with": lineage.parent,
        "examples' digest": lineage.fingerprint[:16],
        "artefact": f"{card.size:,} bytes, sha256 {card.sha256[:16]}",
    }


def verdict(gate: Mapping[str, Any]) -> str:
    """What the gate said in the end; its reasons follow."""
    return "The gate let it pass." if gate.get("passed") else "The gate refused it:"


def measures(gate: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The gate's measures as rows under `HEAD`."""
    for one in gate.get("measures", ()):
        yield (
            f"{one['name']}, beside {one['beside']}" if one.get("beside") else one["name"],
            one["label"], f"{one['rows']:,}", figure(one["active"]), figure(one["candidate"]),
            f"{figure(one['difference'], '+')}  ({figure(one['low'], '+')} to {figure(one['high'], '+')})",
            one["verdict"] if one["guarded"] else f"{one['verdict']}, not guarded",
        )  # fmt: skip


def figure(value: float | None, sign: str = "") -> str:
    """A measure's number, or a dash where there is none."""
    return "-" if value is None else f"{value:{sign}.4f}"


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
