"""Make the shipped model from the labelled corpora: `python -m classifier.training`, or `make model`.

Everything is drawn from one seed: the same corpora, code and libraries give the same bytes. Takes minutes on two cores
and about 4 GB of memory. Reading order: `corpora`, `mixture` (what is learnt from), `learner`, `cross_validation` (calibration).
"""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import scipy
import sklearn
import typer
from rich.console import Console
from rich.progress import track

from classifier import artifact
from classifier.calibration import Line
from classifier.features import vocabulary
from classifier.features.dense import FEATURES
from classifier.features.ngrams import BUCKETS
from classifier.model import DEFAULT, LABELS
from classifier.normalise import normalise_all
from classifier.pooling import Pooling
from classifier.training import corpora, cross_validation, lessons, mixture, praise
from classifier.training.author import Signed
from classifier.training.bags import bags
from classifier.training.crew import Crew
from classifier.training.cross_validation import Held
from classifier.training.held import keep_held
from classifier.training.learner import Learner
from classifier.training.lessons import Lessons
from classifier.training.mixture import SPAM, TOXICITY, Mixture

NAME = "base-2026.11"
SEED = 20261124
ORDERS = (3, 5)
NOISY = ("ham_blog_haacked_early", 0.007)
"""A corpus of approved comments in which some spam got through, and the share of rows to distrust."""
# Whoever is insulted, the disguise and the author's address are no part of it, and letting them speak would make
# a disguised insult score unlike a plain one.
# Nor is a script, which would stand for what is usual in its one corpus, nor are emoji. The author is learnt apart.
_AUTHOR = ("name_", "url_")
_SCRIPTS = tuple(f"script_{name}" for name in ("latin", "greek", "cyr", "heb", "arab", "indic", "kana", "han"))
_NOT_FOR_TOXICITY = (
    *("undone_", "obfuscated", "digits", "money", "punctuation", "link", "emails", "script_", "no_lower", "spaceless"),
    *_AUTHOR,
)
_KIND = Learner(strength=3.0, rarity=1.0, dense=0.3, blind=_NOT_FOR_TOXICITY, most=60_000)
LEARNERS = dict.fromkeys(LABELS, _KIND) | {
    "spam": Learner(strength=30.0, rarity=0.5, dense=0.1, blind=(*_AUTHOR, *_SCRIPTS), worst=0.85),
    "toxicity": _KIND._replace(most=1_000_000),
}
POOLING = Pooling()
_CHUNK = 2048
SPOKEN = dict.fromkeys(LABELS, ("en", "de", "pt", "ko")) | {"spam": ("en", "id")}
"""The languages in which each label is learnt."""
LANGUAGES = tuple(dict.fromkeys(language for some in SPOKEN.values() for language in some))
KINDS = ("severe_toxicity", "insult", "threat", "identity_attack")
"""Labels that imply toxicity: it is never less probable than any of them."""
STEPS: dict[str, tuple[str, ...]] = dict.fromkeys(LABELS, ("hold",)) | {
    "spam": ("hold", "reject", "discard"),
    "toxicity": ("hold", "reject"),
}


def train(root: Path, target: Path, console: Console) -> str:
    """Train on the corpora below `root`, write the artefact into `target`, return its version.

    Raises `corpora.CorpusError` if a corpus is missing or malformed.
    """
    begun = time.monotonic()
    console.print("Reading the corpora …")
    mixed = mixture.assemble(root, SEED)
    fingerprint = _fingerprint(mixed)
    arrays: dict[str, npt.NDArray[Any]] = {"words": _words(mixed)}
    console.print("Measuring the comments …")
    taught = lessons.prepare(mixed, SEED, ORDERS, POOLING)
    arrays |= {
        "hashed": np.zeros((BUCKETS, len(LABELS)), np.float16),
        "dense": np.zeros((len(FEATURES), len(LABELS)), np.float32),
        "intercept": np.zeros(len(LABELS), np.float32),
    }
    with Crew(taught) as crew:
        spam, toxic = (crew.judge(at, LEARNERS[LABELS[at]]) for at in (SPAM, TOXICITY))
        heads = {label: crew.fit(at, LEARNERS[label], taught.weights[:, at]) for at, label in enumerate(LABELS) if at}
        kinds = {label: crew.judge(LABELS.index(label), LEARNERS[label]) for label in LABELS[TOXICITY + 1 :]}
        held = spam()
        learning = crew.fit(SPAM, LEARNERS["spam"], _without_doubtful(taught, held))
        by_text = held
        held, author = cross_validation.authors(taught, held, praise_of(held))
        toxicity = toxic(), heads["toxicity"].result()
        console.print("Learnt where toxicity is …")
        learnt = {"toxicity": toxicity}
        leans: dict[str, float] = {}
        leaning = {label: crew.lean(judged(), toxicity[0]) for label, judged in kinds.items()}
        for label, waited in track(leaning.items(), "Kinds", console=console):
            leans[label], found = waited.result()
            learnt[label] = found, heads[label].result().mixed_with(toxicity[1], leans[label])
        learnt["spam"] = held, learning.result()
    arrays["author_hashed"] = author.hashed.astype(np.float16)
    arrays["author_dense"] = author.dense
    helds = {label: learnt[label][0] for label in LABELS}
    lines = _lines(helds)
    for at, label in enumerate(LABELS):
        head = learnt[label][1]
        arrays["hashed"][:, at] = head.hashed
        arrays["dense"][:, at] = head.dense
        arrays["intercept"][at] = head.intercept
    implied = {kind: cross_validation.implied(lines["toxicity"], lines[kind]) for kind in KINDS}
    helds["toxicity"] = cross_validation.at_least(helds["toxicity"], implied, helds)
    description, measured, chosen = _measured(helds, lines, console)
    metadata = description | {
        "labels": list(LABELS),
        "languages": list(LANGUAGES),
        "partial_languages": [one for one in LANGUAGES if not all(one in some for some in SPOKEN.values())],
        "orders": list(ORDERS),
        "pooling": POOLING._asdict(),
        "implied": {"toxicity": {kind: list(pair) for kind, pair in implied.items()}},
        "features": list(FEATURES),
        "card": _card(mixed, fingerprint, measured) | {"leans_on_toxicity": leans, "presets": chosen},
    }
    version = artifact.write(target, NAME, arrays, metadata)
    _keep(mixed, helds | {"spam": by_text}, lines)
    console.print(f"Wrote {version} to {target} after {time.monotonic() - begun:.0f} s.")
    return version


def praise_of(held: Held) -> Signed:
    """What teaches who sells, by its text."""
    items, truth = praise.signed(SEED)
    return cross_validation.praised(held, bags(items, ORDERS, POOLING, 1), truth, praise.WEIGHT)


def _lines(helds: Mapping[str, Held]) -> dict[str, Line]:
    """The calibration of each label."""
    return {
        label: cross_validation.calibrate(helds[label], cross_validation.PRIORS[label], spam=label == "spam")
        for label in LABELS
    }


def _keep(mixed: Mixture, helds: Mapping[str, Held], lines: Mapping[str, Line]) -> None:
    """Leave for the second reader's training what this one says of the texts of rows that it had not learnt from."""
    left_out = np.stack([helds[label].logits[: len(mixed.table)] for label in LABELS], axis=1)
    keep_held(mixed.table.items, left_out, [lines[label].knots() for label in LABELS])


def _measured(
    helds: Mapping[str, Held], lines: Mapping[str, Line], console: Console
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Calibration and thresholds as the model reads them, the figures of its card, and the thresholds of each preset."""
    description: dict[str, Any] = {"calibration": {}, "thresholds": {}}
    measured: dict[str, Any] = {}
    chosen: dict[str, Any] = {}
    for label in LABELS:
        presets = {
            preset: cross_validation.thresholds(helds[label], lines[label], label, STEPS[label], preset)
            for preset in cross_validation.PRESETS
        }
        limits = presets["balanced"]
        description["calibration"][label] = lines[label].knots()
        description["thresholds"][label] = limits
        chosen[label] = presets
        measured[label] = cross_validation.figures(helds[label], lines[label], limits)
        console.print(f"{label}: thresholds {presets}")
    return description, measured, chosen


def _without_doubtful(taught: Lessons, held: Held) -> npt.NDArray[np.float32]:
    """The weights of spam, but for spam that got through the moderation of a blog: that is put aside, there and in `held`."""
    weights = taught.weights[:, SPAM].copy()
    name, share = NOISY
    doubtful = mixture.suspects(taught.mixed, name, SPAM, held.logits, share)
    weights[doubtful] = 0.0
    weights[len(held.logits) :][np.isin(taught.padded.rows, doubtful)] = 0.0
    held.logits[doubtful] = np.nan
    return weights


def _words(mixed: Mixture) -> npt.NDArray[np.uint8]:
    """The words of learnt languages, and all names of those who wrote ordinary comments."""
    table, said = mixed.table, Counter[str]()
    learnt = [at for at, language in enumerate(table.langs) if language in LANGUAGES]
    for first in range(0, len(learnt), _CHUNK):
        for text in normalise_all([table.items[at].text for at in learnt[first : first + _CHUNK]]):
            said.update(set(vocabulary.words(text)))
    names = {table.items[at].author_name for at in np.flatnonzero(table.labels[:, SPAM] == 0).tolist()}
    named = Counter(word for text in normalise_all(sorted(names)) for word in vocabulary.words(text))
    return vocabulary.pack(said) | vocabulary.pack(named, 1)


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
                else {"what": "made up for this project", "licence": "Apache-2.0"}
            )
            for name, size in zip(names, sizes, strict=True)
        },
        "fingerprint": fingerprint,
        "seed": SEED,
        "priors": cross_validation.PRIORS,
        "held_out": measured,
        "languages": {label: list(some) for label, some in SPOKEN.items()},
        "libraries": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
        "intended_use": "Ordering and holding comments for human review. Not for judging people, and no substitute for it.",
    }


def main(
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
