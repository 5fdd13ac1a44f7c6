"""How often the gate is wrong: candidates that are truly better and refused, and true harm that it lets through.

    python -m benchmarks.gate [--runs N] [--corpora FOLDER [--bases FOLDER]] [--sites N] [--each N] [--out gate.json]

**By construction.** Made-up versions whose scores are drawn, so that what is true of them is known exactly: both calibrated,
both as good, and alike as two trainings on much the same decisions are (their errors correlate by `ALIKE`). Then the same
with a candidate that is worse by a stated shift of the bad comments' logits. Decisions of three moderators judge.

**Replayed** (with `--corpora`). Every corpus that has dates or an order, cut into sites, and made-up trades
(`benchmarks.sites`), each with a base model that has learnt nothing from it. Of a site's first comments, in their order,
the oldest four fifths teach and the newest fifth judges (with older ones, where it is few), first against the base, then,
with twice as many, against what has passed. The same is done with something wrong in the second half of the decisions
(`benchmarks.harms`), of which each site takes its turn with a few (`--each`), and with versions whose weights are broken.
Where a part of a candidate passes, that part is what is asked about.

**What is true** is decided by what came later on the site, at the thresholds of the model in use there, by what each outcome
costs a moderator: `GLANCE` for every comment that is held, `WRONG` for every bad one that is published and every good one that
is rejected (as `antechamber backtest` counts). The costs of both versions are compared comment by comment. Beside what came
later as it was, some of it is asked in disguise and with padding; and where a group was rejected, its good comments are.

* *truly better*: it costs less on what came later, by `LEAST` and beyond chance (95 %), and does no harm aside;
* *true harm*: it costs more, beyond chance, than the version in use *and* than what the same decisions teach when nobody
  tampers with them: by `LEAST` on what came later, or, by `SIDE` or more, to good comments alone, in disguise, or to the group.

All else is the same, for all that the later comments can tell, and counted apart. Shares come with Clopper and Pearson's 95 %
intervals.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
from scipy.special import expit
from scipy.stats import beta, norm

from benchmarks.harms import GROUPS, TAMPERED, damaged, hidden
from benchmarks.remembering import opened, remembered
from benchmarks.sites import BASES, VOICES, Site, sites
from benchmarks.truth import Change, Later, truth
from classifier import Decided, Input, Model, Version, load
from classifier.correction.training import TooFew
from classifier.correction.training import train as correct
from classifier.evaluation import gate
from classifier.evaluation.cases import SETS, cases
from classifier.evaluation.fitting import fit
from classifier.evaluation.gate import disguises
from classifier.evaluation.paired import FEWEST
from classifier.training import corpora
from service.learning.examples import cut
from service.learning.training import JUDGING_SHARE

SIZES = (100, 300, 1_000)
APART = 3.0
"""How far the made-up logits of good and bad comments lie apart, in standard deviations; they are calibrated then."""
ALIKE = 0.95
SHIFTS = (0.0, 0.5, 1.0, 2.0)
"""How much lower the candidate's logits of bad comments are; 0: it is as good."""
HIDES = 2.0
"""How much lower the logit of a bad comment in disguise is."""
RESERVE = 600
"""Later comments that tell what is true, at most."""
MOST = 400
"""Most decisions of a site that are used, in two rounds."""
FEWEST_DECISIONS = 200
"""Of a round, as `antechamber train` wants it: a fifth of them judges. Small sites have one round."""
HONEST = ("first", "second")
ELSEWHERE = "learnt from another site"
DAMAGED = ("weights lifted", "weights sunk", "weights scrambled")


class MadeUp:
    """A version as the gate sees it, whose logits are given: of each text, also of texts in disguise."""

    def __init__(self, name: str, logits: dict[str, float]) -> None:
        self.name = name
        self.model = self.correction = SimpleNamespace(labels=("spam",), version="in use")
        self._logits = {
            case.item.text: -3.0 + 6.0 * case.labels["spam"] for one in SETS for case in cases(one.name)
        } | logits

    def score(self, items: list[Input], _: Any = None) -> list[Any]:
        return [SimpleNamespace(scores={"spam": float(expit(self._logits[item.text]))}) for item in items]


def made_up(size: int, shift: float, rng: np.random.Generator) -> tuple[Version, Version, list[Decided]]:
    """In use, a candidate, and what judges them."""
    bad = np.arange(size) % 2 == 1
    items = [Input(f"said {at}") for at in range(size)]
    common, hidden = rng.normal(size=size), rng.normal(size=(size, 3))

    def version(name: str, shift: float) -> Version:
        own = np.sqrt(ALIKE) * common + np.sqrt(1 - ALIKE) * rng.normal(size=size)
        logits = np.where(bad, APART**2 / 2 - shift, -(APART**2) / 2) + APART * own
        moved = logits[:, None] - HIDES + np.sqrt(ALIKE) * hidden + np.sqrt(1 - ALIKE) * rng.normal(size=(size, 3))
        known = {item.text: float(logit) for item, logit in zip(items, logits, strict=True)}
        for item, three in zip(items, moved, strict=True):
            known |= {one.text: float(logit) for one, logit in zip(disguises(item), three, strict=True)}
        return cast("Version", MadeUp(name, known))

    rows = [
        Decided(item, {"spam": float(said)}, at, f"moderator:{VOICES[rng.integers(len(VOICES))]}")
        for at, (item, said) in enumerate(zip(items, bad, strict=True))
    ]
    return version("in use", 0.0), version("candidate", shift), rows


def by_construction(sizes: list[int], runs: int, limits: Mapping[str, float]) -> dict[str, Any]:
    """How often which candidate is refused, and what it would let through of the bad ones at the threshold to hold."""
    found: dict[str, Any] = {}
    hold = float(np.log(limits["hold"] / (1 - limits["hold"])))
    for shift in SHIFTS:
        caught = [float(norm.sf((hold - APART**2 / 2 + one) / APART)) for one in (0.0, shift)]
        row: dict[str, Any] = {"bad at hold": [round(one, 3) for one in caught]}
        for size in sizes:
            refused, because = 0, Counter[str]()
            for seed in range(runs):
                report = gate.compare(
                    *made_up(size, shift, np.random.default_rng((seed, size))), thresholds={"spam": limits}
                )
                refused += not report.passed
                because.update(one.name for one in report.measures if one.guarded and one.verdict == "worse")
            row[str(size)] = {"refused": refused / runs, "because": because}
        found[f"shift {shift}"] = row
    return found


class Judged(NamedTuple):
    """One candidate: what the gate said, and what is true."""

    site: str
    candidate: str
    truth: str
    """better, harm, or same."""
    changes: dict[str, Change]
    passed: bool
    switched: bool
    """Whether `train --promote-if-better` would use it: it passed, and the gate found it better in something."""
    reasons: tuple[str, ...]
    part: str
    """What of it was taken; "" for the whole."""
    worse: dict[str, tuple[float, float, float]]
    """What the gate found worse, and beside what: before, after, the interval's nearer end."""


class Round(NamedTuple):
    """Decisions of one round: what teaches, what judges."""

    old: list[Decided]
    new: list[Decided]

    @classmethod
    def of(cls, rows: Sequence[Decided]) -> Round:
        """As `antechamber train` parts them."""
        place = cut(rows, share=JUDGING_SHARE, fewest=FEWEST)
        return cls(list(rows[:place]), list(rows[place:]))


class Replayed:
    """One site's two rounds, and the harm that is done to it. `other`: another site's decisions."""

    def __init__(self, site: Site, model: Model, other: Sequence[Decided], chosen: Sequence[str]) -> None:
        self.site = site
        self.model = model
        self.chosen = chosen
        self.limits = {"spam": model.thresholds["spam"]}
        size = min(MOST, len(site.rows) * 3 // 5)
        self.rows = site.rows[:size]
        later = site.rows[size:]
        # No step, which may hit one class only.
        drawn = random.Random(0).sample(range(len(later)), min(RESERVE, len(later)))
        self.later = Later([later[at] for at in sorted(drawn)], self.limits["spam"], hidden)
        self.other = list(other[:size])
        self.honest: Version | None = None
        self.seen = 0
        """How many of the first decisions the version in use has learnt from."""

    def run(self) -> Iterator[Judged]:
        """All candidates, as long as what came later can tell anything."""
        if not self.later.tells or len(self.rows) < FEWEST_DECISIONS:
            return
        half = len(self.rows) // 2
        active = base = Version(self.model)
        if half >= FEWEST_DECISIONS:
            round_ = Round.of(self.rows[:half])
            self.seen = len(round_.old)
            first = self.learnt("first", base, round_)
            if first is not None:
                yield first[0]
                active = first[1] if first[0].passed else base
        whole = Round.of(self.rows)
        second = self.learnt("second" if half >= FEWEST_DECISIONS else "first", active, whole)
        if second is None:
            return
        yield second[0]
        self.honest = second[1]
        for name in self.chosen:
            if (found := self.tampered(name, active, half)) is not None:
                yield found
        for name, broken in damaged(correct(self.model, whole.old, "blog-2")).items():
            if name in self.chosen:
                candidate = Version(self.model, broken)
                report = gate.compare(active, candidate, whole.new, thresholds=self.limits, taught=whole.old)
                yield self.said(name, active, candidate, report)

    def tampered(self, name: str, active: Version, since: int) -> Judged | None:
        """What is learnt where something was wrong with the decisions after the first `since`."""
        if name == ELSEWHERE:
            rounds = Round(Round.of(self.other).old, Round.of(self.rows).new)
        elif name in TAMPERED:
            rounds = Round.of(self.rows[:since] + TAMPERED[name](self.rows[since:]))
        else:
            return None
        found = self.learnt(name, active, rounds)
        return found[0] if found else None

    def learnt(self, name: str, active: Version, rows: Round) -> tuple[Judged, Version] | None:
        """Learn, ask the gate, and see what is true."""
        called = "blog-1" if name == "first" else "blog-2"
        try:
            seen = 0 if active.correction is None else self.seen
            made = fit(active, rows.old, rows.new, called, thresholds=self.limits, seen=seen)
        except TooFew:
            return None
        version = Version(self.model, made.correction)
        return self.said(name, active, version, made.report), version

    def said(self, name: str, active: Version, candidate: Version, report: gate.Report) -> Judged:
        """What the gate said of a candidate, and what is true of it."""
        group = next(
            ((one.name, one.join) for one in GROUPS if name.endswith((f"reject {one.name}", f"rejects {one.name}"))),
            None,
        )
        true, changes = truth(self.later, active, candidate, self.honest, group)
        worse = {
            f"{one.name}{' beside ' if one.beside else ''}{one.beside}": (
                one.active or 0.0,
                one.candidate or 0.0,
                one.high or 0.0,
            )
            for one in report.worse
        }
        part = report.part.what if report.part else ""
        return Judged(
            self.site.name,
            name,
            true,
            changes,
            report.passed,
            report.passed and bool(report.better),
            report.reasons,
            part,
            worse,
        )


def replayed(options: argparse.Namespace, root: Path) -> Iterator[Judged]:
    """What the gate said on all sites, or on some of them, evenly spread; each takes its turn with a few kinds of harm."""
    every = list(sites(root))
    most = options.sites or len(every)
    models = {}
    for name, make in BASES.items():
        make(root, options.bases)
        models[name] = opened(options.bases / name)
    kinds = [*TAMPERED, ELSEWHERE, *DAMAGED]
    random.Random(3).shuffle(kinds)
    turn = 0
    for at in range(len(every)):
        if at * most // len(every) == (at - 1) * most // len(every) and at:
            continue
        site = every[at]
        other = next(one for one in (every[(at + step) % len(every)] for step in range(7, 60)) if one.base == site.base)
        chosen = [kinds[(turn + step) % len(kinds)] for step in range(options.each)]
        model = models[site.base]
        with remembered(model):
            found = list(Replayed(site, model, other.rows, chosen).run())
        turn += options.each if found else 0
        yield from found


def share(hits: int, of: int) -> str:
    """Hits with their share's Clopper-Pearson 95 % interval."""
    if not of:
        return "–"
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return f"{hits} of {of}: {hits / of:.0%} ({low:.0%} to {high:.0%})"


def table(found: Sequence[Judged]) -> str:
    """The table of `docs/learning.md`: of each kind how many were truly better, or harm, and what the gate made of those."""
    lines = ["| candidate | asked | truly better, of these refused | true harm, of these refused | switched to by itself |",
             "|---|---|---|---|---|"]  # fmt: skip
    groups = {
        kind: [one for one in found if one.candidate == kind] for kind in sorted({one.candidate for one in found})
    }
    groups["**honest**"] = [one for one in found if one.candidate in HONEST]
    groups["**tampered with or broken**"] = [one for one in found if one.candidate not in HONEST]
    for name, those in groups.items():
        better, harm = ([one for one in those if one.truth == true] for true in ("better", "harm"))
        lines.append(
            f"| {name} | {len(those)} | {share(sum(not one.passed for one in better), len(better))} "
            f"| {share(sum(not one.passed for one in harm), len(harm))} | {share(sum(one.switched for one in harm), len(harm))} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Draw, learn, ask the gate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--bases", type=Path, default=Path("build/strangers"), help="where the base models are kept")
    parser.add_argument("--sites", type=int, help="replay only so many sites, for a quick look")
    parser.add_argument("--each", type=int, default=6, help="how many kinds of harm each site takes its turn with")
    parser.add_argument("--runs", type=int, default=60, help="made-up versions of each kind; 0: none")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--out", type=Path, help="a line of JSON for each candidate")
    options = parser.parse_args()
    if options.runs:
        print(json.dumps(by_construction(options.sizes, options.runs, load().thresholds["spam"]), indent=1))
    if not options.corpora:
        return
    found = []
    with open(options.out or os.devnull, "w", encoding="utf-8") as file:
        for one in replayed(options, corpora.folder(options.corpora)):
            found.append(one)
            file.write(json.dumps(one._asdict()) + "\n")
            file.flush()
    print(table(found))


if __name__ == "__main__":
    main()
