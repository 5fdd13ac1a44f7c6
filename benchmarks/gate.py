"""How often the gate is wrong: candidates that are as good or better and refused, and worse ones that it lets through.

    python -m benchmarks.gate [--runs N] [--corpora FOLDER [--bases FOLDER]] [--sites N] [--sizes 100 300 1000] [--out gate.json]

**By construction.** Made-up versions whose scores are drawn, so that what is true of them is known exactly: both calibrated,
both as good, and alike as two trainings on much the same decisions are (their errors correlate by `ALIKE`). Then the same
with a candidate that is worse by a stated shift of the bad comments' logits. Decisions of three moderators judge.

**Replayed** (with `--corpora`). Every corpus that has dates or an order, cut into sites, and made-up trades
(`benchmarks.sites`), each with a base model that has learnt nothing from it. Of a site's first comments, in their order,
the oldest four fifths teach and the newest fifth judges, first against the base, then, with twice as many, against what has
passed. What came later says what is true. The same sites are done harm to:

* *flipped*: since the first version, a third of all decisions are labelled the wrong way round, also those that judge;
* *all approved*: since then everything is approved;
* *crusade*: the loudest voice, half of all decisions, calls all good comments with a certain word bad;
* *waved through*: the loudest voice calls all bad comments with a certain word good;
* *another site's*: the version was learnt from another site's decisions;
* *lifted*, *sunk*, *scrambled*: weights that are broken.

A refusal is false when the candidate is truly better: in something by `MARGIN` or more, and worse in nothing. A harm is true
when the candidate is worse in something by that much, than the version in use and than what the same decisions teach when
nobody tampers with them, and better in nothing. What is mixed, or the same, is counted apart. Where a part of a candidate
passes, that part is what is asked about.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_curve

from benchmarks.sites import BASES, VOICES, Site, sites
from classifier import Correction, Decided, Input, Model, Version, artifact, load
from classifier.correction.training import TooFew
from classifier.correction.training import train as correct
from classifier.evaluation import gate
from classifier.evaluation.cases import SETS, cases
from classifier.evaluation.fitting import fit
from classifier.evaluation.gate import disguises
from classifier.training import corpora

SIZES = (100, 300, 1_000)
APART = 3.0
"""How far the made-up logits of good and bad comments lie apart, in standard deviations; they are calibrated then."""
ALIKE = 0.95
SHIFTS = (0.0, 0.5, 1.0, 2.0)
"""How much lower the candidate's logits of bad comments are; 0: it is as good."""
HIDES = 2.0
"""How much lower the logit of a bad comment in disguise is."""
RESERVE, FEWEST_RESERVE, HIDDEN = 500, 40, 60
HONEST = ("first", "second")
FEWEST = 3
MOST = 500
"""Most decisions of a site that are used, in two rounds."""
MARGIN = {"average precision": 0.005, "recall at 1 % false positives": 0.02, "good comments at hold": 0.01,
          "bad comments at hold": 0.02, "good comments at reject": 0.005,
          "bad comments in disguise at hold": 0.03, "calibration (Brier)": 0.003}  # fmt: skip
"""What counts as worse or better on what came later, in the unit of each measure."""
Numbers = npt.NDArray[np.float64]


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
    passed: bool
    worse: tuple[str, ...]
    """What it is truly worse in, and by how much."""
    better: tuple[str, ...]
    reasons: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]
    report: dict[str, Any]

    @property
    def better_said(self) -> bool:
        """Whether the gate also found it better, as `train --promote-if-better` wants it."""
        own = (one for one in self.report["measures"] if one["guarded"] and not one["fixed"] and not one["beside"])
        return self.passed and any(one["verdict"] == "better" for one in own)

    @property
    def truth(self) -> str:
        """harm: worse in something and better in nothing; better: the other way round; mixed, or the same."""
        if self.worse and self.better:
            return "mixed"
        return "harm" if self.worse else "better" if self.better else "the same"


class Round(NamedTuple):
    """Decisions of one round: what teaches, what judges."""

    old: list[Decided]
    new: list[Decided]

    @classmethod
    def of(cls, rows: Sequence[Decided]) -> Round:
        """The oldest four fifths, and the rest."""
        place = len(rows) * 4 // 5
        return cls(list(rows[:place]), list(rows[place:]))


class Replayed:
    """One site's two rounds, and the harm that is done to it. `other`: another site's decisions."""

    def __init__(self, site: Site, model: Model, other: Sequence[Decided]) -> None:
        self.site = site
        self.model = model
        self.limits = {"spam": model.thresholds["spam"]}
        size = min(MOST, len(site.rows) * 3 // 5)
        self.rows = site.rows[:size]
        later = site.rows[size:]
        drawn = random.Random(0).sample(
            range(len(later)), min(RESERVE, len(later))
        )  # no step, which may hit one class only
        self.later = [later[at] for at in sorted(drawn)]
        self.other = list(other[:size])
        self._figures: dict[str, dict[str, float]] = {}
        self.honest: dict[str, float] = {}

    def run(self) -> Iterator[Judged]:
        """All candidates, as long as what came later can tell anything."""
        bad = sum(row.labels["spam"] >= 0.5 for row in self.later)
        if min(bad, len(self.later) - bad) < FEWEST_RESERVE:
            return
        half = Round.of(self.rows[: len(self.rows) // 2])
        base, whole = Version(self.model), Round.of(self.rows)
        first = yield from self.judged("first", base, half)
        active = first or base
        yield from self.judged("second", active, whole)
        for name, rows in self.harmed(len(half.old) + len(half.new)).items():
            yield from self.judged(name, active, Round.of(rows))
        learnt = correct(self.model, half.old, "blog-2")
        for name, broken in damaged(learnt).items():
            yield self.asked(name, active, Version(self.model, broken), whole)

    def harmed(self, since: int) -> dict[str, list[Decided]]:
        """The decisions with something wrong in those after the first `since`."""
        clean, later = self.rows[:since], self.rows[since:]
        good, bad = (common(later, of=of) for of in (0.0, 1.0))
        wrong = {
            "flipped, a third": flipped(later, 1 / 3, 0),
            "all approved": [row._replace(labels={"spam": 0.0}) for row in later],
            "crusade": loudest(later, good, says=1.0),
            "waved through": loudest(later, bad, says=0.0),
        }
        return {name: clean + rows for name, rows in wrong.items()} | {"another site's": self.other}

    def judged(self, name: str, active: Version, rows: Round) -> Generator[Judged, None, Version | None]:
        """Learn, ask, tell; the version, if it passed."""
        new = Round.of(self.rows).new if name == "another site's" else rows.new
        called = "blog-1" if name == "first" else "blog-2"
        try:
            learnt = fit(active, rows.old, new, called, thresholds=self.limits)
        except TooFew:
            return None
        version = Version(self.model, learnt.correction)
        yield self.said(name, active, version, learnt.report)
        return version if learnt.report.passed else None

    def asked(self, name: str, active: Version, candidate: Version, rows: Round) -> Judged:
        """What the gate says of a candidate that is not learnt."""
        report = gate.compare(active, candidate, rows.new, thresholds=self.limits, taught=rows.old)
        return self.said(name, active, candidate, report)

    def said(self, name: str, active: Version, candidate: Version, report: gate.Report) -> Judged:
        """What the gate said of a candidate, and what is true of it: harm is what an honest one does not do as well."""
        before, after = self.figures(active), self.figures(candidate)
        if name in HONEST:
            self.honest = after
        worst = {one: max(before[one], self.honest[one] if name not in HONEST else 0.0) for one in MARGIN}
        worse = tuple(one for one in MARGIN if after[one] > worst[one] + self.margin(one))
        better = tuple(one for one in MARGIN if after[one] < before[one] - self.margin(one))
        return Judged(
            self.site.name, name, report.passed, worse, better, report.reasons, before, after, report.as_json()
        )  # fmt: skip

    def margin(self, measure: str) -> float:
        """What counts as a difference: `MARGIN`, and no less than `FEWEST` comments of those that came later."""
        bad = sum(row.labels["spam"] >= 0.5 for row in self.later)
        of = {"good comments at hold": len(self.later) - bad, "good comments at reject": len(self.later) - bad,
              "calibration (Brier)": 4 * len(self.later)}.get(measure, bad)  # fmt: skip
        return max(MARGIN[measure], FEWEST / max(of, 1))

    def figures(self, version: Version) -> dict[str, float]:
        """What is true of a version, by all that came later."""
        if version.name not in self._figures:
            self._figures[version.name] = figures(version, self.later, self.limits["spam"])
        return self._figures[version.name]


def flipped(rows: list[Decided], share: float, seed: int) -> list[Decided]:
    """The rows, of which a share is labelled the wrong way round."""
    rng = random.Random(seed)
    return [row._replace(labels={"spam": 1 - row.labels["spam"]}) if rng.random() < share else row for row in rows]


def common(rows: Sequence[Decided], *, of: float) -> str:
    """A word that stands in about a sixth of the comments that are (`of` 1) or are not spam, and in few of the others."""
    said = {spam: Counter[str]() for spam in (0.0, 1.0)}
    for row in rows:
        said[row.labels["spam"]].update({word for word in row.item.text.lower().split() if word.isalpha()})
    sizes = {spam: max(sum(row.labels["spam"] == spam for row in rows), 1) for spam in said}

    def fit(word: str) -> float:
        return abs(said[of][word] / sizes[of] - 1 / 6) + said[1 - of][word] / sizes[1 - of]

    return min(sorted(said[of]), key=fit, default="")


def loudest(rows: list[Decided], word: str, *, says: float) -> list[Decided]:
    """The rows, of which the loudest voice labels all that hold a word as it likes."""
    loud = f"moderator:{VOICES[0]}"
    return [
        row._replace(labels={"spam": says}) if row.voice == loud and word in row.item.text.lower().split() else row
        for row in rows
    ]


def damaged(learnt: Correction) -> dict[str, Correction]:
    """A correction with broken weights."""
    arrays, metadata = artifact.unpack(learnt.packed)
    rng = np.random.default_rng(0)
    own = ("version", "sha256", "format", "name", "arrays")
    described = {key: value for key, value in metadata.items() if key not in own}

    def made(name: str, **more: npt.NDArray[Any]) -> Correction:
        return Correction(artifact.pack(name, {**arrays, **more}, described))

    return {
        "lifted": made("blog-3", intercept=arrays["intercept"] + np.float32(4)),
        "sunk": made("blog-3", intercept=arrays["intercept"] - np.float32(4)),
        "scrambled": made("blog-3", hashed=rng.permutation(arrays["hashed"])),
    }


def figures(version: Version, rows: list[Decided], limits: Mapping[str, float]) -> dict[str, float]:
    """What is true of a version, on the reserve. Losses: less is better."""
    spam = np.array([row.labels["spam"] >= 0.5 for row in rows])
    scores = _scores(version, [row.item for row in rows])
    bad = [row.item for row in rows if row.labels["spam"] >= 0.5][:HIDDEN]
    hidden = _scores(version, [one for item in bad for one in disguises(item)])
    return {
        "average precision": 1 - float(average_precision_score(spam, scores)),
        "recall at 1 % false positives": 1 - float(np.interp(0.01, *roc_curve(spam, scores)[:2])),
        "good comments at hold": float((scores[~spam] >= limits["hold"]).mean()),
        "good comments at reject": float((scores[~spam] >= limits["reject"]).mean()),
        "bad comments at hold": float((scores[spam] < limits["hold"]).mean()),
        "bad comments in disguise at hold": float((hidden < limits["hold"]).mean()),
        "calibration (Brier)": float(((scores - spam) ** 2).mean()),
    }


def _scores(version: Version, items: list[Input]) -> Numbers:
    batches = (items[at : at + 64] for at in range(0, len(items), 64))
    return np.array([one.scores["spam"] for batch in batches for one in version.score(batch)])


def replayed(root: Path, bases: Path, most: int | None) -> list[Judged]:
    """What the gate said on all sites, or on `most` of them, evenly spread."""
    found, every = [], list(sites(root))
    chosen = every if most is None else every[:: max(1, len(every) // most)][:most]
    models = {name: make(root, bases) for name, make in BASES.items()}
    for at, site in enumerate(chosen):
        other = next(one for one in (every[(at + step) % len(every)] for step in range(7, 60)) if one.base == site.base)
        for said in Replayed(site, models[site.base], other.rows).run():
            part = said.report["part"]
            passed = "passed" + (f", {part['what']}" if part else "") if said.passed else f"refused {said.reasons}"
            print(f"{said.site}: {said.candidate}: {said.truth} {said.worse}, {passed}", file=sys.stderr, flush=True)
            found.append(said)
    return found


def table(found: Sequence[Judged]) -> str:
    """The table of `docs/learning.md`: of each kind how many were truly better, or worse, and what the gate made of those."""
    lines = ["| candidate | asked | truly better | refused | truly worse | refused | switched to by itself | mixed or the same |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    groups = {
        kind: [one for one in found if one.candidate == kind] for kind in dict.fromkeys(one.candidate for one in found)
    }
    groups["all honest"] = [one for one in found if one.candidate in HONEST]
    groups["all harm"] = [one for one in found if one.candidate not in HONEST]
    for name, those in groups.items():
        by = {truth: [one for one in those if one.truth == truth] for truth in ("better", "harm", "mixed", "the same")}
        refused = {truth: sum(not one.passed for one in its) for truth, its in by.items()}
        switched = sum(one.better_said for one in by["harm"])
        lines.append(
            f"| {name} | {len(those)} | {len(by['better'])} | {refused['better']} | {len(by['harm'])} | {refused['harm']} "
            f"| {switched} | {len(by['mixed']) + len(by['the same'])} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Draw, learn, ask the gate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--bases", type=Path, default=Path("build/strangers"), help="where the base models are kept")
    parser.add_argument("--sites", type=int, help="replay only so many sites, for a quick look")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    said: dict[str, Any] = {"made up": by_construction(options.sizes, options.runs, load().thresholds["spam"])}
    if options.corpora:
        found = replayed(corpora.folder(options.corpora), options.bases, options.sites)
        said["replayed"] = [one._asdict() | {"truth": one.truth} for one in found]
        print(table(found))
    print(json.dumps(said["made up"], indent=1))
    if options.out:
        options.out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
