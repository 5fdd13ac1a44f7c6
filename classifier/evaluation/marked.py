"""What versions make of a site's good comments when they bear a mark that voices disagree about. For the gate.

The newest good comments are asked about once more with the name, or a link to the host, that one voice rejects and the others
don't (`classifier.correction.disputes`), and with a few of the same kind that nobody knows. What bearing any does is the median
over those; what the disputed one does beyond that is the doing of whoever rejects it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from classifier.correction.decisions import Decided
from classifier.correction.disputes import HOME, LINK, NAME, Dispute, Marked
from classifier.evaluation.paired import FEWEST, Measured, Numbers, rise
from classifier.inputs import Input
from classifier.model import Version

ASKED: Final = 20
"""Good comments, the newest without the mark, that are asked about."""
MOST: Final = 0.03
"""How much more than with the yardstick the mark may raise a score, on average."""
_BEYOND = 2.0  # standard errors
_NAMES = ("Marguerite Oduya", "Tobias Lindqvist", "Harriet Penrose", "Joaquim Sarmento", "Wilma Hartog")
_HOSTS = (
    "reading.oldmill-village.org",
    "notes.fernbrook.net",
    "www.stonebridge-choir.org",
    "garden.elmgrove.info",
    "birds.lowmarsh.net",
)
_UNKNOWN: Final[Mapping[str, Sequence[str]]] = {NAME: _NAMES, HOME: _HOSTS, LINK: _HOSTS}
_BEARING: Final[Mapping[str, Callable[[Input, str], Input]]] = {
    NAME: lambda item, name: item._replace(author_name=name),
    HOME: lambda item, host: item._replace(author_url=f"https://{host}/"),
    LINK: lambda item, host: item._replace(text=f"{item.text} https://{host}/"),
}


class Contested(NamedTuple):
    """A dispute, and good comments that don't bear its mark."""

    dispute: Dispute
    good: list[Decided]


def contested(known: Marked, labels: Sequence[str]) -> list[Contested]:
    """What voices disagree about on some labels, and whom to ask about it; decisions are in order of time."""
    found = []
    for dispute in (one for label in labels for one in known.disputes(label)):
        good = [
            row
            for row, marks in zip(known.decisions, known.marks, strict=True)
            if row.labels.get(dispute.label, 1.0) < 0.5 and dispute.mark not in marks
        ]
        found.append(Contested(dispute, good[-ASKED:]))
    return found


def marked(versions: tuple[Version, Version], label: str, every: Sequence[Contested]) -> list[Measured]:
    """How much each mark that is disputed on a label raises the scores of good comments; not where these are too few."""
    return [_measure(versions, *one) for one in every if one.dispute.label == label and len(one.good) >= FEWEST]


def _measure(versions: tuple[Version, Version], dispute: Dispute, good: Sequence[Decided]) -> Measured:
    before, after = (_beyond(version, dispute, good) for version in versions)
    name = f"good comments with the {dispute.mark.kind} that {dispute.voice} rejects"
    return rise(name, dispute.label, before, after, most=MOST, beyond=_BEYOND)


def _beyond(version: Version, dispute: Dispute, rows: Sequence[Decided]) -> Numbers:
    """How much higher each comment scores with the mark than with the median one that nobody knows."""
    kind, value = dispute.mark
    values = (value, *_UNKNOWN[kind])
    items = [_BEARING[kind](row.item, one) for one in values for row in rows]
    signals = [row.signals for row in rows] * len(values)
    scores = np.array([one.scores[dispute.label] for one in version.score(items, signals)])
    scores = scores.reshape(len(values), len(rows))
    return np.asarray(scores[0] - np.median(scores[1:], axis=0))
