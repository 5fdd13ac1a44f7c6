"""What the model is compared with in `benchmarks/quality.py`: TF-IDF with logistic regression, bogofilter, ready-made packages.

What is not installed is left out of the comparison, not failed on. None is a dependency of this project.
"""

import importlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

Scores = npt.NDArray[np.floating[Any]]
Scorer = Callable[[Sequence[str]], Scores]


def tfidf_regression() -> Pipeline:
    """The plain thing that everybody tries first: words and word pairs, characters 2 to 5, logistic regression."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, dtype=np.float32)
    model = LogisticRegression(C=4.0, solver="liblinear", max_iter=200)
    return make_pipeline(FeatureUnion([("words", words), ("characters", characters)]), model)


def bogofilter(spam: Sequence[str], ham: Sequence[str]) -> Scorer | None:
    """Debian's mail filter, taught with comments as if they were mails; None where it is not installed."""
    program = shutil.which("bogofilter")
    if program is None:
        print("(bogofilter is left out: it is not on the PATH)")
        return None
    folder = Path(tempfile.mkdtemp(prefix="bogofilter-"))
    for sign, texts in (("-s", spam), ("-n", ham)):
        subprocess.run([program, "-d", str(folder), "-M", sign], input=_mails(texts), check=True, capture_output=True)

    def score(texts: Sequence[str]) -> Scores:
        said = subprocess.run(
            [program, "-d", str(folder), "-M", "-T"], input=_mails(texts), check=False, capture_output=True
        )
        return np.array([float(line.split()[1]) for line in said.stdout.decode().splitlines()])

    return score


def _mails(texts: Sequence[str]) -> bytes:
    """Texts as an mbox."""
    mails = []
    for text in texts:
        body = "\n".join(">" + line if line.startswith("From ") else line for line in text.splitlines())
        mails.append(f"From comment@blog.example Thu Jan  1 00:00:00 2026\nSubject: comment\n\n{body}\n\n")
    return "".join(mails).encode()


def ready_made() -> dict[str, tuple[str, Scorer]]:
    """Installed packages by name: the label that they speak of, and their scores of texts (higher is worse)."""
    found: dict[str, tuple[str, Scorer]] = {}
    for name, label, module, build in (
        ("alt-profanity-check", "toxicity", "profanity_check", _alt_profanity_check),
        ("better-profanity", "toxicity", "better_profanity", _better_profanity),
        ("glin-profanity", "toxicity", "glin_profanity", _glin_profanity),
    ):
        try:
            found[name] = (label, build(importlib.import_module(module)))
        except Exception as error:  # a package may fail on import in ways of its own
            print(f"({name} is left out: {type(error).__name__}: {str(error)[:80]})")
    return found


def _alt_profanity_check(module: Any) -> Scorer:
    return lambda texts: np.asarray(module.predict_prob(list(texts)))


def _better_profanity(module: Any) -> Scorer:
    return lambda texts: np.array([float(module.profanity.contains_profanity(text)) for text in texts])


def _glin_profanity(module: Any) -> Scorer:
    checker = module.Filter()
    return lambda texts: np.array([float(checker.is_profane(text)) for text in texts])
