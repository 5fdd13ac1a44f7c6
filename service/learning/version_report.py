"""A version's report: what it was made from, what the gate measured, what chosen comments bought. For commands.

The words are for both the command line and the page; the page needs nothing else and forbids scripts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from service.core.model import ModelCard
from service.learning.pages import lead, page, table

HEAD = ("measure", "label", "rows", "in use", "new", "difference (90 %)", "")
"""Over `measures`."""


def html(card: ModelCard) -> str:
    """The page."""
    said = [verdict(card.gate), *card.gate.get("reasons", ())]
    return page(
        f"Version {card.version}",
        lead(said),
        table(("", ""), about(card).items()),
        "<h2>Against the version in use</h2>",
        table(HEAD, measures(card.gate)),
        "<h2>What was chosen for what it teaches</h2>",
        lead(chosen(card.chosen)),
    )


def about(card: ModelCard) -> dict[str, str]:
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
            one["name"], one["label"], f"{one['rows']:,}", figure(one["active"]), figure(one["candidate"]),
            f"{figure(one['difference'], '+')}  ({figure(one['low'], '+')} to {figure(one['high'], '+')})",
            one["verdict"] if one["guarded"] else f"{one['verdict']}, not guarded",
        )  # fmt: skip


def figure(value: float | None, sign: str = "") -> str:
    """A measure's number, or a dash where there is none."""
    return "-" if value is None else f"{value:{sign}.4f}"


def chosen(found: Mapping[str, Any]) -> list[str]:
    """What choosing comments for what they teach has bought, in sentences; none for versions made before this was measured."""
    if not found:
        return []
    said = f"{found['chosen']:,} of the decisions were on comments chosen for what they teach"
    if not found["exchanged"]:
        return [
            f"{said}; {found['missing']:,} more are needed, of these or of others of the queue, to tell what they bought."
        ]
    return [
        f"{said}. With {found['exchanged']:,} of them in the place of as many others of the queue:",
        *(
            f"{one['measure']}, {one['label']}: {one['with_chosen']:.4f} instead of {one['without']:.4f} "
            f"({one['difference']:+.4f}, 90 % interval {one['low']:+.4f} to {one['high']:+.4f}; {one['rows']:,} decisions judge)."
            for one in found["gains"]
        ),
    ]


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
