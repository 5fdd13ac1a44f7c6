"""A candidate, or as much of it as the gate lets through. Public: `fit`.

What harms a site may be one label, one kind of evidence, or only the strength of what was learnt. So a refused candidate is
tried again without it: without the labels that got worse, with three quarters, half and a quarter of what it says of them,
and learnt without the author or without the words. A part must not only pass: it must be better than the version in use in
something that the site's own decisions say, or there would be no reason to take it, and what is harmful would get through
by being made small. Of the parts that are, the one is taken that the newest decisions speak for most.

What voices disagree about (`classifier.correction.disputes`) teaches nothing in the first place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from classifier.correction import Correction
from classifier.correction.decisions import Decided, between_moments, in_order
from classifier.correction.disputes import Marked
from classifier.correction.partial import only, shrunk
from classifier.correction.training import DEFAULTS, Settings, TooFew, short, train
from classifier.evaluation import gate
from classifier.evaluation.gate import Cost, Part, Report
from classifier.evaluation.paired import Measure
from classifier.model import Version

SHARES: Final = (0.75, 0.5, 0.25)
ENOUGH: Final = 40
"""Newest decisions of a kind with which those before them need not judge, too."""
STAGES: Final = 2
"""How many times it is learnt from fewer decisions then."""
LEAST: Final = 10
"""Decisions with a label, and without it, that are enough to learn from there."""
MOST_ASKED: Final = 3_000
"""Decisions that are learnt from at most, for that to be worth its time."""
_FEW = DEFAULTS._replace(fewest=LEAST)
_WORDS: Final = {0.75: "three quarters", 0.5: "half", 0.25: "a quarter"}
_KINDS: Final = {"author": "the author's name and address", "text": "the words", "signals": "the signals"}
_FIGURES = ("average precision", "recall at 1 % false positives", "bad comments at hold", "calibration (Brier)")
_JUDGE = "calibration (Brier)"


class Fitted(NamedTuple):
    """What is left of a candidate, all of it or a part, and what the gate says of that."""

    correction: Correction
    report: Report


def fit(
    active: Version,
    taught: Sequence[Decided],
    newest: Sequence[Decided],
    name: str,
    *,
    thresholds: Mapping[str, Mapping[str, float]],
    trusted: Version | None = None,
    seen: int = 0,
    step: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Learn a correction from `taught`, and compare it, or parts of it, with `active` on `newest`.

    `thresholds` and `trusted` are `gate.compare`'s; `seen`: how many of `taught`, the oldest, `active` has learnt from; `step`
    hears what is being tried. Raises `TooFew`.
    """
    model, every = active.model, Marked(in_order([*taught, *newest]))
    disputes = [one for label in model.labels for one in every.disputes(label)]
    settled = Marked(taught).settled(disputes) if disputes else taught
    stages = _stages(settled, seen, newest, model.labels)

    def asked(learnt: Sequence[Correction]) -> Report:
        candidate, *before = (Version(model, one) for one in learnt)
        earlier = [gate.Earlier(version, stage.after) for version, stage in zip(before, stages, strict=True)]
        return gate.compare(
            active, candidate, newest, thresholds=thresholds, taught=taught, trusted=trusted, known_marks=every,
            earlier=earlier,
        )  # fmt: skip

    lessons = [(settled, DEFAULTS), *((stage.taught, _FEW) for stage in stages)]
    whole = [train(model, rows, name, settings) for rows, settings in lessons]
    report = asked(whole)
    if report.passed or not report.worse or not _could_be_better(report):
        return Fitted(whole[0], report)
    best: Fitted | None = None
    for what, part in _parts(active, whole, lessons, name, report):
        step(f"trying {what}")
        said = asked(part)
        if said.passed and said.better and (best is None or _figure(said) < _figure(best.report)):
            best = Fitted(part[0], said._replace(part=Part(what, report.reasons, _cost(report, said))))
    return best or Fitted(whole[0], report)


class _Stage(NamedTuple):
    """The oldest decisions, and those that came right after."""

    taught: Sequence[Decided]
    after: Sequence[Decided]


def _stages(taught: Sequence[Decided], seen: int, newest: Sequence[Decided], labels: Sequence[str]) -> list[_Stage]:
    """Where the newest decisions are few, what came before them judges too, by versions that learnt only from what was older.

    So each decision is foretold from those before it (Dawid 1984, "prequential"), and none that `active` has learnt from.
    Each of these versions learns every label that the whole learns.
    """
    rows = in_order(taught)
    learnt = [label for label in labels if short(rows, label) == (0, 0)]
    if len(rows) > MOST_ASKED or all(short(newest, label, ENOUGH) == (0, 0) for label in learnt):
        return []
    first, least = max(seen, len(rows) // 4), max(_enough(rows, label) for label in learnt)
    parts = [first + (len(rows) - first) * at // (STAGES + 1) for at in range(1, STAGES + 2)]
    ends = [between_moments(rows, max(part, least)) for part in parts]
    return [_Stage(rows[:end], rows[end:after]) for end, after in pairwise(ends) if end < after]


def _enough(rows: Sequence[Decided], label: str) -> int:
    """How many of the oldest decisions it takes to learn a little of a label that can be learnt from all."""
    said = [(at, row.labels[label] >= 0.5) for at, row in enumerate(rows) if label in row.labels]
    places = ([at for at, one in said if one is answer] for answer in (True, False))
    return max(those[LEAST - 1] for those in places) + 1


def _could_be_better(report: Report) -> bool:
    """Whether there is anything to save: a part adds nothing that the whole does not have."""
    return any(one.difference and (one.difference > 0) is one.higher_is_better for one in _own(report))


def _parts(
    active: Version,
    whole: Sequence[Correction],
    lessons: Sequence[tuple[Sequence[Decided], Settings]],
    name: str,
    report: Report,
) -> Iterator[tuple[str, list[Correction]]]:
    """Parts of the candidate, each with the same part of what was learnt from fewer decisions."""
    harmed = {one.label for one in report.worse}
    others = [label for label in whole[0].labels if label not in harmed]
    if others:
        left = f"{', '.join(others)} alone, {', '.join(sorted(harmed))} as in the base"
        yield left, [only(one, others, name) for one in whole]
    for share in SHARES:
        of = f" for {', '.join(sorted(harmed))}" if others else ""
        less = [shrunk(one, active.model, share, harmed, name) for one in whole]
        yield f"{_WORDS[share]} of what was learnt{of}", less
    for kind, called in _KINDS.items():
        if kind == "signals" and not whole[0].signals:
            continue
        try:
            yield (
                f"what was learnt without {called}",
                [train(active.model, rows, name, settings, without=(kind,)) for rows, settings in lessons],
            )
        except TooFew:
            return


def _own(report: Report) -> list[Measure]:
    return [one for one in report.measures if not one.fixed and not one.beside and one.guarded]


def _figure(report: Report) -> float:
    return sum(one.candidate or 0.0 for one in _own(report) if one.name == _JUDGE)


def _cost(whole: Report, part: Report) -> tuple[Cost, ...]:
    """What the part does less well, or better, than the whole on the site's own decisions."""
    taken = {(one.name, one.label): one.candidate for one in _own(part)}
    return tuple(
        Cost(one.name, one.label, one.candidate, said)
        for one in _own(whole)
        if one.name in _FIGURES and one.candidate is not None
        if (said := taken.get((one.name, one.label), one.active)) is not None and said != one.candidate
    )
