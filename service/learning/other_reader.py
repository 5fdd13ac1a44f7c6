"""What the vectors of another reader say, where it gives such: heads learnt on this box, kept in its data directory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from classifier import ArtifactError, foreign
from classifier.correction.decisions import Decided
from service.core.verdict import Says, Signal
from service.learning.examples import collect
from service.store.examples import Examples

FOLDER: Final = "other-reader"
"""In the data directory."""
MOST: Final = 10_000
"""Most decisions that are learnt from: the newest."""

Lessons = foreign.Lessons

log = structlog.get_logger(__name__)


def heads(data: Path) -> foreign.Heads | None:
    """The heads that were learnt here; None when there are none. Raises ArtifactError for damaged ones."""
    folder = data / FOLDER
    return foreign.load(folder) if folder.is_dir() else None


def says(data: Path) -> Says | None:
    """What vectors say, by the heads that were learnt here; None without such, or where they are damaged, which the log says."""
    try:
        found = heads(data)
    except ArtifactError as error:
        log.warning("the other reader's heads can not be used", error=type(error).__name__)
        return None
    return partial(signals, found) if found is not None else None


def signals(said_by: foreign.Heads, vectors: Sequence[Sequence[float]]) -> list[dict[str, Signal]]:
    """What vectors say of each text, as signals. Raises ValueError for vectors that the heads were not learnt on."""
    names = [f"other_{label}" for label in foreign.LABELS]
    return [dict(zip(names, map(float, row.round(4)), strict=True)) for row in said_by(vectors)]


async def lessons(examples: Examples, sites: Iterable[str]) -> Lessons:
    """What is learnt from: sentences of ours, and the newest decisions of some sites."""
    found: list[tuple[Decided, str]] = []
    for site in sites:
        found += [(one, site) for one in (await collect(examples, [site])).decisions if one.item.text]
        found = sorted(found, key=lambda pair: pair[0].at)[-MOST:]
    return foreign.lessons(found)
