"""Make the shipped model from the labelled corpora: `python -m classifier.train`, or `make model`.

Everything is drawn from one seed: the same corpora, code and libraries give the same bytes. Takes minutes on two cores
and about 4 GB of memory. Reading order: `corpora`, `mixture` (what is learnt from), `learner`, `heldout` (calibration).
"""

import hashlib
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import scipy
import sklearn
import typer
from rich.console import Console
from rich.progress import track

from classifier import artifact, corpora, heldout, mixture
from classifier.dense import FEATURES
from classifier.features import CommentFeatures
from classifier.hashing import BUCKETS
from classifier.heldout import Held
from classifier.learner import Head, Learner
from classifier.mixture import SPAM, Mixture
from classifier.model import DEFAULT, LABELS

NAME = "base-2026.11"
SEED = 20261124
ORDERS = (3, 5)
NOISY = ("ham_blog_haacked_early", 0.007)
"""A corpus of approved comments in which some spam got through, and the share of rows to distrust."""
# Whoever is insulted, the disguise and the author's address are no part of it, and letting them speak would make
# a disguised insult score unlike a plain one.
_NOT_FOR_TOXICITY = (
    *("undone_", "obfuscated", "digits", "money", "punctuation"),
    *("name_", "url_", "link", "emails"),
)
LEARNERS = {label: Learner(strength=3.0, rarity=1.0, dense=0.3, blind=_NOT_FOR_TOXICITY) for label in LABELS} | {
    "spam": Learner(strength=30.0, rarity=0.5, dense=0.1)
}
STEPS: dict[str, tuple[str, ...]] = dict.fromkeys(LABELS, ("hold",)) | {
    "spam": ("hold", "reject", "discard"),
    "toxicity": ("hold", "reject"),
}
_CHUNK = 4096


def train(root: Path, target: Path, console: Console) -> str:
    """Train on the corpora below `root`, write the artefact into `target`, return its version.

    Raises `corpora.CorpusError` if a corpus is missing or malformed.
    """
    begun = time.monotonic()
    console.print("Reading the corpora …")
    mixed = mixture.assemble(root, SEED)
    fingerprint = _fingerprint(mixed)
    features = _features(mixed, console)
    arrays: dict[str, npt.NDArray[Any]] = {
        "hashed": np.zeros((BUCKETS, len(LABELS)), np.float16),
        "dense": np.zeros((len(FEATURES), len(LABELS)), np.float32),
        "intercept": np.zeros(len(LABELS), np.float32),
    }
    description: dict[str, Any] = {"calibration": {}, "thresholds": {}}
    measured: dict[str, Any] = {}
    leans: dict[str, float] = {}
    for at, label in track(list(enumerate(LABELS)), description="Labels", console=console):
        held, head = learn(features, mixed, at, LEARNERS[label])
        if label == "toxicity":
            toxicity = held, head
        elif label != "spam":
            share = heldout.lean(held, toxicity[0])
            held = held._replace(logits=held.logits + np.float32(share) * toxicity[0].logits)
            head = head.mixed_with(toxicity[1], share)
            leans[label] = share
        line = heldout.calibrate(held, heldout.PRIORS[label], spam=label == "spam")
        limits = heldout.thresholds(held, line, STEPS[label])
        description["calibration"][label] = line.knots()
        description["thresholds"][label] = limits
        measured[label] = heldout.figures(held, line, limits)
        arrays["hashed"][:, at] = head.weights[:BUCKETS]
        arrays["dense"][:, at] = head.weights[BUCKETS:]
        arrays["intercept"][at] = head.intercept
        console.print(f"{label}: thresholds {limits}")
    metadata = description | {
        "labels": list(LABELS),
        "languages": list(mixture.LANGUAGES),
        "partial_languages": list(mixture.PARTIAL_LANGUAGES),
        "orders": list(ORDERS),
        "features": list(FEATURES),
        "card": _card(mixed, fingerprint, measured) | {"leans_on_toxicity": leans},
    }
    version = artifact.write(target, NAME, arrays, metadata)
    console.print(f"Wrote {version} to {target} after {time.monotonic() - begun:.0f} s.")
    return version


def learn(features: Any, mixed: Mixture, at: int, learner: Learner) -> tuple[Held, Head]:
    """One label: logits for rows while they were left out, and the final head. Spam that got through is put aside."""
    held = heldout.judge(features, mixed, at, learner)
    weights = mixed.weights[:, at].copy()
    if at == SPAM:
        name, share = NOISY
        doubtful = mixture.suspects(mixed, name, at, held.logits, share)
        weights[doubtful] = 0.0
        held.logits[doubtful] = np.nan
    return held, learner.fit(features, mixed.table.labels[:, at], weights)


def _features(mixed: Mixture, console: Console) -> Any:
    items = mixed.table.items
    extract = CommentFeatures(ORDERS)
    starts = range(0, len(items), _CHUNK)
    parts = [
        extract.transform(items[at : at + _CHUNK]) for at in track(starts, description="Features", console=console)
    ]
    return scipy.sparse.vstack(parts, format="csr")


def _fingerprint(mixed: Mixture) -> str:
    """SHA-256 over the rows that were learnt from, with their labels and weights."""
    digest = hashlib.sha256()
    for item in mixed.table.items:
        digest.update("\0".join(item).encode("utf-8", "surrogatepass") + b"\1")
    digest.update(np.nan_to_num(mixed.table.labels, nan=-1.0).tobytes())
    digest.update(mixed.weights.tobytes())
    return digest.hexdigest()


def _card(mixed: Mixture, fingerprint: str, measured: dict[str, Any]) -> dict[str, Any]:
    sizes: npt.NDArray[np.intp]
    names, sizes = np.unique(mixed.table.corpora, return_counts=True)
    return {
        "title": "Antechamber base model",
        "document": "docs/model-card.md",
        "data": {
            str(name): {"rows": int(size)}
            | (
                {"what": corpora.corpus(name).what, "licence": corpora.corpus(name).licence}
                if not name.startswith("made_")
                else {"what": "made up for this project (classifier/synthetic.py)", "licence": "Apache-2.0"}
            )
            for name, size in zip(names, sizes, strict=True)
        },
        "fingerprint": fingerprint,
        "seed": SEED,
        "priors": heldout.PRIORS,
        "held_out": measured,
        "languages": {"spam": ["en", "id"], "toxicity": ["en", "de", "pt", "ko"]},
        "libraries": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
        "intended_use": "Ordering and holding comments for human review. Not for judging people, and no substitute for it.",
    }


def _main(
    corpora_folder: Annotated[
        Path | None, typer.Option("--corpora", envvar=corpora.ENVIRONMENT, help="Folder of the labelled corpora.")
    ] = None,
    target: Annotated[Path, typer.Option("--into", help="Where the model is written.")] = DEFAULT,
) -> None:
    """Train the shipped model anew."""
    console = Console(stderr=True)
    try:
        train(corpora.folder(corpora_folder), target, console)
    except corpora.CorpusError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(_main)
