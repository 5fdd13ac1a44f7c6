"""What our TOXICITY means to somebody who knows Perspective's: how often each threshold fires and how often it is right, where
it must stand for a given share of false alarms, and how well the number holds as a probability.

    ANTECHAMBER_CORPORA=FOLDER python benchmarks/perspective.py [--write]

On labelled corpora that the model never saw. None comes with Perspective's own scores, and the service that made them is
closing, so the two can't be laid side by side row by row; `docs/perspective.md` says what follows. Prints Markdown; with
--write it goes into that page, between the marks there.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

import classifier

PAGE = Path(__file__).parent.parent / "docs" / "perspective.md"
MARKS = re.compile(r"(<!-- measured -->\n).*(<!-- /measured -->)", re.DOTALL)
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
FALSE_ALARMS = (0.01, 0.05, 0.10)
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
ROWS = 4_000  # of each corpus, drawn with a fixed seed
LABELLED = {
    "newspaper, English": "toxicity/evaluate/unhealthy_globe_mail.csv.gz",
    "tweets, English": "toxicity/evaluate/olid_tweets.csv.gz",
    "news pages, German": "toxicity/evaluate/germeval2021_de.csv.gz",
    "Instagram, Portuguese": "toxicity/evaluate/hatebr_pt.csv.gz",
    "tweets, Indonesian": "toxicity/evaluate/indonesian_id.csv.gz",
}


def rows(path: Path) -> tuple[list[str], np.ndarray]:
    """Texts and whether each was labelled toxic."""
    csv.field_size_limit(10_000_000)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        found = [(row["text"], row["toxic"] in ("1", "1.0")) for row in csv.DictReader(file) if row["toxic"]]
    random.Random(1).shuffle(found)
    return [text for text, _ in found[:ROWS]], np.array([toxic for _, toxic in found[:ROWS]])


def scores(model: classifier.Model, texts: list[str]) -> np.ndarray:
    """The probability of toxicity of each text."""
    return np.array(
        [
            prediction.scores["toxicity"]
            for start in range(0, len(texts), 64)
            for prediction in model.score([classifier.Input(text) for text in texts[start : start + 64]])
        ]
    )


def table(*lines: tuple[str, ...]) -> Iterator[str]:
    head, *rest = lines
    for cells in (head, ("---",) * len(head), *rest):
        yield f"| {' | '.join(cells)} |"
    yield ""


def report(model: classifier.Model, folder: Path) -> str:
    """The measurements, as Markdown."""
    seen = {}
    for name, file in LABELLED.items():
        texts, toxic = rows(folder / file)
        seen[name] = (scores(model, texts), toxic)
    fired = [
        (name, f"{toxic.mean():.0%}", *[_fires(said >= threshold, toxic) for threshold in THRESHOLDS])
        for name, (said, toxic) in seen.items()
    ]
    placed = [(name, *[_placed(said, toxic, share) for share in FALSE_ALARMS]) for name, (said, toxic) in seen.items()]
    held = [
        (f"{low}–{high}", *[_holds(said, toxic, low, high) for said, toxic in seen.values()])
        for low, high in pairwise(BINS)
    ]
    return "\n".join(
        [
            f"Model `{model.version}`, at most {ROWS:,} comments of each corpus (`benchmarks/perspective.py`).",
            "",
            (
                "**Thresholds.** In each cell: how many of all comments reach it · how many of those people had labelled toxic · "
                "how many of the toxic ones reach it."
            ),
            "",
            *table(("corpus", "toxic", *[f"≥ {threshold}" for threshold in THRESHOLDS]), *fired),
            (
                "**Where to stand for a given share of false alarms** (of the comments that were not labelled toxic): the "
                "threshold, and how many of the toxic ones reach it."
            ),
            "",
            *table(("corpus", *[f"{share:.0%}" for share in FALSE_ALARMS]), *placed),
            (
                "**How the number holds as a probability.** In each cell: how many of the comments with such a score were "
                "labelled toxic (and how many comments that were)."
            ),
            "",
            *table(("score", *seen), *held),
        ]
    )


def _fires(fired: np.ndarray, toxic: np.ndarray) -> str:
    right = f"{toxic[fired].mean():.0%}" if fired.any() else "–"
    return f"{fired.mean():.1%} · {right} · {fired[toxic].mean():.0%}"


def _placed(said: np.ndarray, toxic: np.ndarray, share: float) -> str:
    threshold = float(np.quantile(said[~toxic], 1 - share))
    return f"{threshold:.2f} → {(said[toxic] >= threshold).mean():.0%}"


def _holds(said: np.ndarray, toxic: np.ndarray, low: float, high: float) -> str:
    inside = (said >= low) & ((said < high) | (high == 1))
    return f"{toxic[inside].mean():.0%} ({inside.sum()})" if inside.any() else "–"


def main() -> int:
    folder = os.environ.get("ANTECHAMBER_CORPORA")
    if not folder:
        print("left out: set ANTECHAMBER_CORPORA to the folder of the labelled corpora")
        return 0
    measured = report(classifier.load(), Path(folder))
    print(measured)
    if "--write" in sys.argv:
        PAGE.write_text(MARKS.sub(lambda marks: marks.group(1) + measured + marks.group(2), PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
