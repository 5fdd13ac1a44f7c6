"""How often the gate is wrong: candidates that are as good and refused, and worse ones that it lets through.

    python -m benchmarks.gate [--runs N] [--corpora FOLDER [--base FOLDER]] [--sizes 100 300 1000] [--out gate.json]

**By construction.** Made-up versions whose scores are drawn, so that what is true of them is known exactly: both calibrated,
both as good, and alike as two trainings on much the same decisions are (their errors correlate by `ALIKE`). Then the same
with a candidate that is worse by a stated shift of the bad comments' logits. Decisions of three moderators judge.

**Learnt** (with `--corpora`). One blog's spam and other blogs' readers (`benchmarks.learning`), shuffled, since what is asked
is what noise does and not what time does. In use is a version that was learnt from twice as many decisions as judge. The
candidates:

* `more`: learnt from twice as many honest decisions, these among them, as every week's training is;
* `first`: the same, when the base model is in use;
* `flipped 10 %`, 20 %, 30 %: as `more`, but of everything that was decided since, that share was labelled the wrong way
  round, also of what judges.

A reserve of all the rest says what is true: a refusal is false when the candidate is no worse there, in any guarded
measure, by more than `MARGIN`, which nobody would notice.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import average_precision_score

from benchmarks.learning import Replay, decided, recall, stranger, timeline
from classifier import Decided, Input, Model, Version, corpora, gate, load
from classifier.correcting import train as correct
from classifier.probes import IDENTITY, REGRESSION, disguises

SIZES = (100, 300, 1_000)
VOICES = ("ann", "ann", "ann", "ben", "ben", "cat")
APART = 3.0
"""How far the made-up logits of good and bad comments lie apart, in standard deviations; they are calibrated then."""
ALIKE = 0.95
SHIFTS = (0.0, 0.5, 1.0, 2.0)
"""How much lower the candidate's logits of bad comments are; 0: it is as good."""
HIDES = 2.0
"""How much lower the logit of a bad comment in disguise is."""
FLIPPED = (0.1, 0.2, 0.3)
RESERVE, HIDDEN = 3_000, 200
MARGIN = {"average precision": 0.005, "recall at 1 % false positives": 0.02, "good comments at hold": 0.005,
          "bad comments at hold": 0.02, "good comments at reject": 0.002,
          "bad comments in disguise at hold": 0.02, "calibration (Brier)": 0.003}  # fmt: skip
"""What counts as worse on the reserve, in the unit of each measure."""
Numbers = npt.NDArray[np.float64]


class MadeUp:
    """A version as the gate sees it, whose logits are given: of each text, also of texts in disguise."""

    def __init__(self, name: str, logits: dict[str, float]) -> None:
        self.name = name
        self.model = self.correction = SimpleNamespace(labels=("spam",))
        self._logits = {
            probe.item.text: -3.0 + 6.0 * probe.labels.get("spam", 0.0) for probe in (*IDENTITY, *REGRESSION)
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


def by_construction(sizes: list[int], runs: int, limits: dict[str, float]) -> dict[str, Any]:
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


class Drawn(NamedTuple):
    """One run's decisions, oldest first, and what is kept to say what is true."""

    old: list[Decided]
    newest: list[Decided]
    reserve: list[Decided]


def draw(played: Replay, size: int, seed: int) -> Drawn:
    """Shuffle, and deal out: four times `size` to learn from, `size` to judge by."""
    rng = random.Random(seed)
    rows = list(played.rows)
    rng.shuffle(rows)
    rows = [row._replace(at=at, voice=f"moderator:{rng.choice(VOICES)}") for at, row in enumerate(rows)]
    return Drawn(rows[: 4 * size], rows[4 * size : 5 * size], rows[5 * size : 5 * size + RESERVE])


def flipped(rows: list[Decided], share: float, seed: int) -> list[Decided]:
    """The rows, of which a share is labelled the wrong way round."""
    rng = random.Random(seed)
    return [row._replace(labels={"spam": 1 - row.labels["spam"]}) if rng.random() < share else row for row in rows]


def candidates(model: Model, drawn: Drawn, seed: int) -> dict[str, tuple[Version, Version, list[Decided]]]:
    """Each candidate as (in use, candidate, the decisions that judge)."""

    def learnt(rows: list[Decided], name: str) -> Version:
        return Version(model, correct(model, rows, name))

    half = len(drawn.old) // 2
    before, after = learnt(drawn.old[:half], "blog-1"), learnt(drawn.old, "blog-2")
    found = {"more": (before, after, drawn.newest), "first": (Version(model), after, drawn.newest)}
    for share in FLIPPED:
        poisoned = drawn.old[:half] + flipped(drawn.old[half:], share, seed)
        found[f"flipped {share:.0%}"] = (before, learnt(poisoned, "blog-2"), flipped(drawn.newest, share, seed + 1))
    return found


def figures(version: Version, rows: list[Decided], limits: dict[str, float]) -> dict[str, float]:
    """What is true of a version, on the reserve. Losses: less is better."""
    spam = np.array([row.labels["spam"] >= 0.5 for row in rows])
    scores = _scores(version, [row.item for row in rows])
    bad = [row.item for row in rows if row.labels["spam"] >= 0.5][:HIDDEN]
    hidden = _scores(version, [one for item in bad for one in disguises(item)])
    return {
        "average precision": 1 - float(average_precision_score(spam, scores)),
        "recall at 1 % false positives": 1 - recall(spam, scores),
        "good comments at hold": float((scores[~spam] >= limits["hold"]).mean()),
        "good comments at reject": float((scores[~spam] >= limits["reject"]).mean()),
        "bad comments at hold": float((scores[spam] < limits["hold"]).mean()),
        "bad comments in disguise at hold": float((hidden < limits["hold"]).mean()),
        "calibration (Brier)": float(((scores - spam) ** 2).mean()),
    }


def _scores(version: Version, items: list[Input]) -> Numbers:
    batches = (items[at : at + 64] for at in range(0, len(items), 64))
    return np.array([one.scores["spam"] for batch in batches for one in version.score(batch)])


def learnt(model: Model, played: Replay, size: int, runs: int) -> dict[str, dict[str, Any]]:
    """What the gate said in all runs of one size, candidate by candidate."""
    found: dict[str, dict[str, Any]] = {}
    limits = model.thresholds["spam"]
    for seed in range(runs):
        drawn = draw(played, size, seed)
        known: dict[str, dict[str, float]] = {}
        for name, (active, candidate, judges) in candidates(model, drawn, seed).items():
            said = gate.compare(active, candidate, judges, thresholds={"spam": limits})
            for one in (active, candidate):
                if one.name not in known:
                    known[one.name] = figures(one, drawn.reserve, limits)
            before, after = known[active.name], known[candidate.name]
            truly = [measure for measure in MARGIN if after[measure] > before[measure] + MARGIN[measure]]
            kept = found.setdefault(name, {"runs": 0, "refused": 0, "truly worse": 0, "false refusals": 0,
                                           "let through though worse": 0, "because": Counter(), "truly": Counter()})  # fmt: skip
            kept["runs"] += 1
            kept["refused"] += not said.passed
            kept["truly worse"] += bool(truly)
            kept["false refusals"] += not said.passed and not truly
            kept["let through though worse"] += said.passed and bool(truly)
            kept["because"].update(one.name for one in said.measures if one.guarded and one.verdict == "worse")
            kept["truly"].update(truly)
    return found


def main() -> None:
    """Draw, learn, ask the gate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--base", type=Path, default=Path("build/stranger"), help="where the base model is kept")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    said: dict[str, Any] = {"made up": by_construction(options.sizes, options.runs, load().thresholds["spam"])}
    if options.corpora:
        root = corpora.folder(options.corpora)
        model = stranger(root, options.base)
        played = decided(timeline(root, "file"), None)
        said["learnt"] = {str(size): learnt(model, played, size, options.runs) for size in options.sizes}
    print(json.dumps(said, indent=1))
    if options.out:
        options.out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
