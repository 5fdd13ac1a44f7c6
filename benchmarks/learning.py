"""What a site's decisions buy: a blog's own spam replayed in order of arrival, with a moderator who decides by the truth.

    python -m benchmarks.learning --corpora FOLDER [--bases FOLDER] [--order date|file] [--comments N] [--out learning.json]

With `--out`, each part is written there as soon as it is measured, and parts that stand there already are not measured again.

The spam is that of `blog_wp_caffeinated`; readers' comments are that blog's own few, another blog's, and the later half of
a third's, in a random order between them, about one for one. The shipped model has learnt from all of these, so that a
replay with it would prove nothing: the base here is made by the same training without the first two and with the earlier
half of the third only (`benchmarks.strangers`). It is kept in `--bases`. `--order file` takes the spam as the corpus lists
it, post by post, which mixes the years; by date it comes in waves, and what the first waves teach helps less against the
last. With `--signals FILE` comments carry the signals of the real store (`benchmarks.flattery` says how, and what the
corpora lack), kept in FILE.

Everything is judged on comments that came after all that was learnt from, drawn by lot where they are many.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score, roc_curve

from benchmarks.flattery import BLOG, FALSE_POSITIVES, Row, read, replay
from benchmarks.sites import BASES, readers
from classifier import Decided, Model, Version
from classifier.correction.thresholds import Promise, keep
from classifier.correction.training import train as correct
from classifier.evaluation.fitting import fit
from classifier.training import SEED, corpora

STEPS = (100, 300, 1_000, 3_000)
SIZES = (100, 300, 1_000, 3_000, 10_000)
RUNS = 500
MOST_LATER = 4_000
"""Later comments that judge, at most."""
Numbers = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


class Replay(NamedTuple):
    """The decisions in order of arrival, and the truth."""

    rows: list[Decided]
    spam: Truth

    def scores(self, version: Version, rows: Sequence[Decided]) -> Numbers:
        """The spam scores of some of them."""
        found: list[float] = []
        for at in range(0, len(rows), 64):
            batch = rows[at : at + 64]
            predicted = version.score([row.item for row in batch], [row.signals for row in batch])
            found += (one.scores["spam"] for one in predicted)
        return np.array(found)


def timeline(root: Path, order: str) -> list[Row]:
    """Spam in its order, readers' comments evenly between it."""
    spam = [row for row in read(root, BLOG) if row.spam]
    if order == "date":
        spam.sort(key=lambda row: row.at)
    good = readers(root)
    rows: list[Row] = []
    for at, row in enumerate(spam):
        between = good[at * len(good) // len(spam) : (at + 1) * len(good) // len(spam)]
        rows += [row, *(row._replace(item=item, spam=False) for item in between)]
    return rows


def decided(rows: list[Row], signals: Path | None) -> Replay:
    """What the moderator decides: the truth, comment by comment."""
    found: list[dict[str, Any]] = [{} for _ in rows]
    if signals is not None:
        if not signals.exists():
            signals.write_text(json.dumps(asyncio.run(replay(rows, 1.0))), encoding="utf-8")
        found = json.loads(signals.read_text(encoding="utf-8"))
    decisions = [
        Decided(row.item, {"spam": float(row.spam)}, at, "moderator:ann", signals=known)
        for at, (row, known) in enumerate(zip(rows, found, strict=False))
    ]
    return Replay(decisions, np.array([row.spam for row in rows]))


def recall(truth: Truth, scores: Numbers) -> float:
    """Recall at FALSE_POSITIVES, interpolated on the ROC curve."""
    false, true, _ = roc_curve(truth, scores)
    return float(np.interp(FALSE_POSITIVES, false, true))


def judged(model: Model, version: Version, played: Replay, first: int) -> dict[str, float]:
    """How well a version judges what came from comment number `first` on."""
    later = range(first, len(played.rows))
    drawn = sorted(random.Random(SEED).sample(later, min(MOST_LATER, len(later))))
    scores, spam = played.scores(version, [played.rows[at] for at in drawn]), played.spam[drawn]
    hold = model.thresholds["spam"]["hold"]
    return {
        "recall": recall(spam, scores),
        "auc": float(roc_auc_score(spam, scores)),
        "good at hold": float((scores[~spam] >= hold).mean()),
        "spam at hold": float((scores[spam] >= hold).mean()),
    }


def climb(model: Model, played: Replay) -> dict[str, Any]:
    """What each number of decisions buys on all that came later, and whether the gate would have let it through."""
    found: dict[str, Any] = {}
    for size in (size for size in STEPS if size * 2 <= len(played.rows)):
        version = Version(model, correct(model, played.rows[:size], "blog-1"))
        found[f"{size}"] = judged(model, version, played, size)
        found[f"{size}, base"] = judged(model, Version(model), played, size)
        place, limits = size * 4 // 5, {"spam": model.thresholds["spam"]}
        rows = played.rows
        report = fit(Version(model), rows[:place], rows[place:size], "blog-1", thresholds=limits).report
        found[f"{size}, gate"] = {"passed": report.passed, "part": report.part, "reasons": report.reasons}
    return found


def promises(model: Model, played: Replay) -> dict[str, float]:
    """How often promises made on a random part of the later comments are broken on all of them; stated: at most 10 %."""
    place = min(1_000, len(played.rows) // 3)
    version = Version(model, correct(model, played.rows[:place], "blog-1"))
    scores, spam = played.scores(version, played.rows[place:]), played.spam[place:]
    promise = Promise(0.02, 0.97, 0.9)
    rng = np.random.default_rng(SEED)
    made = broken = 0
    for _ in range(RUNS):
        drawn = rng.integers(0, len(scores), 1_000)
        kept = keep(promise, scores[drawn].tolist(), spam[drawn].tolist())
        hold, reject = kept.hold.threshold, kept.reject.threshold
        made += hold is not None and reject is not None
        held = hold is not None and (scores[~spam] >= hold).mean() > promise.max_good_held
        wrong = reject is not None and spam[scores >= reject].mean() < promise.min_reject_precision
        broken += bool(held or wrong)
    return {"made in full": made / RUNS, "broken": broken / RUNS}


def cost(model: Model, played: Replay) -> dict[str, dict[str, float]]:
    """Seconds of one core, and bytes, for a number of decisions."""
    found: dict[str, dict[str, float]] = {}
    for size in (size for size in SIZES if size <= len(played.rows)):
        begun = time.process_time()
        correction = correct(model, played.rows[:size], "blog-1")
        found[str(size)] = {"seconds": time.process_time() - begun, "bytes": len(correction.packed.arrays)}
    return found


def main() -> None:
    """Replay, learn, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--bases", type=Path, default=Path("build/strangers"), help="where the base models are kept")
    parser.add_argument("--order", choices=("date", "file"), default="date")
    parser.add_argument("--comments", type=int, help="replay only so many, for a quick look")
    parser.add_argument("--signals", type=Path, help="file where the comments' signals are kept")
    parser.add_argument("--only", nargs="*", default=[], help="of climb, promises, cost")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    root = corpora.folder(options.corpora)
    model = BASES["blog"](root, options.bases)
    played = decided(timeline(root, options.order)[: options.comments], options.signals)
    figures: dict[str, Any] = {"comments": len(played.rows), "spam": int(played.spam.sum()), "order": options.order}
    figures |= {"base": model.version, "signals": options.signals is not None}
    if options.out and options.out.exists():
        before = json.loads(options.out.read_text(encoding="utf-8"))
        if before.items() >= figures.items():
            figures = before
    for part in (climb, promises, cost):
        if part.__name__ not in figures and (not options.only or part.__name__ in options.only):
            figures[part.__name__] = part(model, played)
            if options.out:
                options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
