"""The gate: is a candidate at least as good as the version in use? On the newest decisions that neither has seen. Public.

Each measure is taken of both versions on the same comments; their difference has a paired bootstrap interval (Efron and
Tibshirani 1993), resampling comments. Worse in any guarded measure: refused. Whoever asks a dozen questions must not take
each one's noise for an answer, so the measures are tested together (Holm 1979): a candidate that is just as good is found
worse in any of them at most once in ten times (`ALPHA`).

A site's decisions can't tell what a version makes of everything else, so some hundreds of fixed cases are asked too
(`classifier.evaluation.cases`), and what the site's bad comments look like in disguise. Learning moves those a little in
any direction: a candidate is worse where it loses more than a stated margin, and beyond what a few sentences do. They are
compared with the base model as well as with the version in use, so that no row of small losses, and no version that came
into use by force, makes itself the yardstick. Where the version in use is not to be trusted, everything is compared with
one that is, too (`trusted`).

Decisions that contradict each other speak for whoever is sure of nothing. So the candidate must put bad above good more
often than a coin would (Mann and Whitney 1947).

Who decided is looked at too: what the loudest voice decided is left out once, so that nobody carries a version through
against everybody else; and a name or a host that one voice rejects, and the others don't, must not raise scores
(`classifier.evaluation.marked`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from classifier.correction.decisions import Decided, in_order
from classifier.correction.disputes import Dispute, Marked
from classifier.evaluation import fixed
from classifier.evaluation.fixed import Answers, Excused, Lost, excused
from classifier.evaluation.marked import contested, marked
from classifier.evaluation.paired import (
    FEWEST,
    Asked,
    Measure,
    Measured,
    above,
    against_a_coin,
    ask,
    average_precision,
    brier,
    judged,
    mean,
    measure,
    recall,
)
from classifier.evaluation.professed import professed
from classifier.inputs import Input
from classifier.model import Version

_LOOKALIKES = str.maketrans("aeopcxyi", "аеорсхуі")
_DIGITS = str.maketrans("aeios", "43105")


def disguises(item: Input) -> tuple[Input, ...]:
    """A comment as somebody writes it who wants to get past: with look-alike letters, with digits, with letters set apart."""
    words = item.text.split(" ")
    every_third = [" ".join(word) if at % 3 == 0 and len(word) > 3 else word for at, word in enumerate(words)]
    return (
        item._replace(text=item.text.translate(_LOOKALIKES)),
        item._replace(text=item.text.translate(_DIGITS)),
        item._replace(text=" ".join(every_third)),
    )


BASE = "the base"
"""What the base model is called beside the version in use."""
MOST_DISGUISED = 100
"""Bad comments, the newest, that are asked about in disguise."""
_SHOWN = 12  # lost cases of a measure that the report keeps


class Cost(NamedTuple):
    """A measure of the whole candidate, and of the part of it that was taken."""

    name: str
    label: str
    whole: float
    part: float


class Part(NamedTuple):
    """That not the whole candidate was taken: what was, why not all of it, and what that cost."""

    what: str
    because: tuple[str, ...]
    cost: tuple[Cost, ...]


class Earlier(NamedTuple):
    """A version that learnt as the candidate did, but from the oldest of its decisions only, and what came after those."""

    version: Version
    rows: Sequence[Decided]


class Report(NamedTuple):
    """What the gate says."""

    active: str
    candidate: str
    rows: int
    passed: bool
    reasons: tuple[str, ...]
    """Why it was refused, or that nothing could be measured; empty for a candidate that passed."""
    measures: tuple[Measure, ...]
    lost: tuple[Lost, ...] = ()
    """Fixed cases that the candidate gets wrong, of the measures that it is worse in."""
    excused: tuple[Excused, ...] = ()
    """Kinds of fixed cases that are the site's own business."""
    trusted: str = ""
    """What it was compared with besides, where the version in use is not to be trusted."""
    part: Part | None = None
    """What of it was taken, where it was refused as a whole."""
    disputes: tuple[Dispute, ...] = ()
    """What voices disagree about."""

    def as_json(self) -> dict[str, Any]:
        """The report as plain data. It is kept longer than comments, so that no disputed name stands in it, only its kind."""
        rows = {name: [one._asdict() for one in getattr(self, name)] for name in ("measures", "lost", "excused")}
        part = None
        if self.part is not None:
            cost = [one._asdict() for one in self.part.cost]
            part = {**self.part._asdict(), "because": list(self.part.because), "cost": cost}
        disputes = [{**one._asdict(), "mark": one.mark.kind} for one in self.disputes]
        return {**self._asdict(), "reasons": list(self.reasons), **rows, "part": part, "disputes": disputes}

    @property
    def worse(self) -> tuple[Measure, ...]:
        """The guarded measures that are worse."""
        return tuple(one for one in self.measures if one.guarded and one.verdict == "worse")

    @property
    def better(self) -> tuple[Measure, ...]:
        """The guarded measures of the site's own decisions that are better than those of the version in use."""
        own = (one for one in self.measures if one.guarded and not one.fixed and not one.beside)
        return tuple(one for one in own if one.verdict == "better")


def compare(
    active: Version,
    candidate: Version,
    decisions: Sequence[Decided],
    *,
    thresholds: Mapping[str, Mapping[str, float]],
    taught: Sequence[Decided] = (),
    trusted: Version | None = None,
    known_marks: Marked | None = None,
    earlier: Sequence[Earlier] = (),
) -> Report:
    """Compare two versions of one base on decisions that neither has seen.

    `thresholds` are the site's, as `{"spam": {"hold": 0.6, "reject": 0.9}}`. Labels that neither version corrects are the
    base's in both, and are not measured. `taught` are the decisions that the candidate learnt from: with the others they
    tell what is the site's own business. `trusted` is asked everything too, where `active` was refused once.
    `known_marks` are all of these decisions in order with their marks, if they were looked for already. `earlier` speak for
    the candidate, each on its own rows, which `active` has not seen either. A candidate of which nothing can be measured is
    refused.
    """
    rows, base, answers = in_order(decisions), Version(active.model), Answers()
    labels = [
        label
        for label in active.model.labels
        if any(one.correction is not None and label in one.correction.labels for one in (active, candidate))
    ]
    yardsticks = {"": active} | ({} if trusted is None else {_called(trusted): trusted})
    others = {} if base.name in {one.name for one in yardsticks.values()} else {_called(base): base}
    taken: list[Measured] = []
    lost: list[Lost] = []
    pardons = [one for label in labels for one in excused(label, [*taught, *rows])]
    disputed = contested(known_marks or Marked(in_order([*taught, *rows])), labels)
    for label in labels:
        known, steps = [row for row in rows if label in row.labels], thresholds.get(label, {})
        for beside, yardstick in (yardsticks | others).items():
            pair = (yardstick, candidate)
            own = _on_decisions(pair, label, known, steps, earlier) if known and beside not in others else []
            own += _in_disguise(pair, label, known, steps.get("hold", 0.5))
            own += professed(pair, label, [*(row for row in taught if label in row.labels), *known])
            own += marked(pair, label, disputed)
            if beside:
                own = [
                    one._replace(measure=one.measure._replace(beside=beside)) for one in own if not one.measure.beside
                ]
            taken += own
            found = fixed.measured(pair, label, steps, left_out=pardons, answers=answers, beside=beside)
            taken, lost = taken + found.measures, lost + found.lost
    measures = tuple(judged(taken))
    worse = [one for one in measures if one.guarded and one.verdict == "worse"]
    reasons = [_because(one) for one in worse]
    if not any(one.name == "average precision" and one.verdict != "unknown" for one in measures):
        reasons.append(f"too few decisions to tell: {FEWEST} of each kind are needed, for one label at least")
    named = "" if trusted is None else trusted.name
    shown = _shown(lost, worse)
    return Report(
        active.name, candidate.name, len(rows), not reasons, tuple(reasons), measures, shown, tuple(pardons), named,
        disputes=tuple(one.dispute for one in disputed),
    )  # fmt: skip


def _called(version: Version) -> str:
    return BASE if version.correction is None else version.name


def _shown(lost: Sequence[Lost], worse: Sequence[Measure]) -> tuple[Lost, ...]:
    """The cases of the measures that are worse, those that moved most first, a few of each set."""
    found: list[Lost] = []
    for of in sorted({(one.name.partition(":")[0], one.beside, one.label) for one in worse if one.fixed}):
        its = [case for case in lost if (case.set, case.beside, case.label) == of]
        found += sorted(its, key=lambda case: -abs(case.after - case.before))[:_SHOWN]
    return tuple(found)


def _on_decisions(
    versions: tuple[Version, Version],
    label: str,
    rows: Sequence[Decided],
    steps: Mapping[str, float],
    earlier: Sequence[Earlier],
) -> list[Measured]:
    asked, rows = ask(*versions, label, rows), list(rows)
    for one in earlier:
        its = [row for row in one.rows if label in row.labels]
        if its:
            asked, rows = asked.beside(ask(versions[0], one.version, label, its)), [*rows, *its]
    measures = [
        measure("average precision", label, asked, average_precision),
        measure("recall at 1 % false positives", label, asked, recall),
        *against_a_coin(label, asked),
    ]
    for step, threshold in steps.items():
        good, bad = asked.take(np.flatnonzero(~asked.truth)), asked.take(np.flatnonzero(asked.truth))
        at_or_above = above(threshold)
        measures.append(measure(f"good comments at {step}", label, good, at_or_above, higher=False, classes=1))
        measures.append(measure(f"bad comments at {step}", label, bad, at_or_above, guarded=step == "hold", classes=1))
    measures.append(measure("calibration (Brier)", label, asked, brier, higher=False))
    measures += _against_the_loudest(label, rows, asked)
    return measures


def _in_disguise(
    versions: tuple[Version, Version], label: str, rows: Sequence[Decided], threshold: float
) -> list[Measured]:
    hiding = [row for row in rows if row.labels[label] >= 0.5][-MOST_DISGUISED:]
    if not hiding:
        return []
    asked = _disguised(*versions, label, hiding, threshold)
    return [measure("bad comments in disguise at hold", label, asked, mean, classes=1)]


def _disguised(active: Version, candidate: Version, label: str, rows: Sequence[Decided], threshold: float) -> Asked:
    """In the place of scores, the share of each comment's disguises that reach the threshold: disguises of one are alike."""
    hidden = [row._replace(item=one) for row in rows for one in disguises(row.item)]
    asked = ask(active, candidate, label, hidden)
    caught = [(scores >= threshold).reshape(len(rows), -1).mean(axis=1) for scores in (asked.active, asked.candidate)]
    return Asked(np.ones(len(rows), np.bool_), *caught)


def _against_the_loudest(label: str, rows: Sequence[Decided], asked: Asked) -> list[Measured]:
    """Average precision and calibration on what all but the loudest voice decided, where that is enough."""
    voices = Counter(row.voice for row in rows)
    if len(voices) < 2:
        return []
    loudest, _ = min(voices.items(), key=lambda item: (-item[1], item[0]))
    others = asked.take(np.flatnonzero([row.voice != loudest for row in rows]))
    return [
        measure("average precision, loudest voice left out", label, others, average_precision),
        measure("calibration (Brier), loudest voice left out", label, others, brier, higher=False),
    ]


def _because(one: Measure) -> str:
    beside = one.beside or "the version in use"
    return f"{one.name}, {one.label}: {one.candidate:.3f} where {beside} has {one.active:.3f}"
