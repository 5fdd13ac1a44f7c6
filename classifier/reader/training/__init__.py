"""Make the second reader's shipped heads from the labelled corpora: `python -m classifier.reader.training`, or `make reader`.

Run it after `python -m classifier.training`, whose left-out logits it needs to learn how the two readers are put together. The
first run takes an hour on two idle cores, most of it for tuning the encoder and reading with it; vectors are kept in
`build/`. The same corpora, code, libraries and processor give the same bytes. Reading order: `rows`, `among`, `tuning`,
`embedding`, `heads`, `fusing`.
"""

import time
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from scipy import special

from classifier import artifact
from classifier.inputs import Input
from classifier.model import LABELS, Model, load
from classifier.reader.encoder import NAME as ENCODER
from classifier.reader.fusion import GROUPS, line_of
from classifier.reader.reader import DEFAULT
from classifier.reader.training import band, fusing, heads, measuring, rows, tuning
from classifier.reader.training.among import MASS, put_among, read_among
from classifier.reader.training.embedding import Bag, bags
from classifier.reader.training.fusing import Ends, Rows
from classifier.reader.training.heads import POOLING, Head
from classifier.reader.training.rows import Taught
from classifier.reader.tuned import Tuned
from classifier.reader.weights import ReaderError
from classifier.training import SEED, corpora, cross_validation
from classifier.training.cross_validation import PRIORS
from classifier.training.held import HeldError, load_held

NAME = "reader-2026.11"
_STRENGTH = {"spam": 2e-3}
"""Where it is not `heads.STRENGTH`."""
_PADDED = {"spam": 6.0}
"""How much a padded text counts for a label, where it is not `among.MASS`: with less, harmless sentences hide advertising."""
_TOGETHER = ("spam",)
"""Labels of which no corpus speaks by itself: mail, videos and blogs have little spam in common."""
_PARTS = ((0, 1), (2, 3))
"""Folds that an encoder is tuned without, so that what it makes of them shows what it makes of strangers."""
_DECIDING = ("spam", "toxicity")
"""The labels by which policies decide as shipped; they come before the kinds of toxicity."""
Logits = npt.NDArray[np.float32]
_HARD = ("civil_toxicspans", "hatemojibuild", "hatexplain_processed")
"""Corpora gathered for being hard: their mixture says nothing of what is likely elsewhere."""
_USUAL = {
    "spam": cross_validation.ORDINARY,
    "toxicity": (*cross_validation.ORDINARY, "civil_toxicspans", "germeval2018_de", "told_br_pt", "beep_ko"),
}
"""Sources of whose good comments both readers hold hardly more than the first alone (`fusing.DEARER`)."""
_RATIOS = {"toxicity": {"english": 0.8}}
"""b beside a, where it is not learnt. What is learnt ranks best and weighs meaning more; but where one good comment in fifty is
held, words find more abuse at the same price, and that is where verdicts are made: this is between the two."""
_ABROAD = ("tg_spam_ru_en", "judol_yt_id")
_RUDE_ABROAD = 0.03
"""Of ordinary comments there, what is rude or held by mistake."""
_WORDS_ABROAD = 0.3
"""How much the first reader counts there: of most languages it knows what was written for this project, short abuse above all."""


_LANGUAGES = """
af ar az be bg bn bs ca cs da de el en es et eu fa fi fr gl gu he hi hr hu hy id is it ja ka kk kn ko lt lv mk ml mn mr ms nb ne
nl nn pa pl pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz vi zh
"""
"""The languages that the second reader may be asked about: those that the encoder was trained in and the detector names."""


def train(root: Path, target: Path, console: Console) -> str:
    """Learn the heads and how they join the first reader's, write the artefact into `target`, return its version.

    Raises `corpora.CorpusError`, `ReaderError` without the extra, and `HeldError` if no first reader was trained here.
    """
    begun = time.monotonic()
    model = load()
    taught = rows.taught(root, SEED)
    words = load_held([taught.whole.table.items[at] for at in taught.picked], len(LABELS))
    console.print(f"{len(taught.picked)} rows to learn from")
    views = _views(taught, console)
    tuned, read = views[0].tuned, views[0].read
    meaning = np.full((len(read), len(LABELS)), np.nan, np.float32)
    pieces = np.ones(meaning.shape, np.intp)
    final: list[Head] = []
    for at, label in enumerate(LABELS):
        meaning[:, at], pieces[:, at], head = _learn(taught, at, views)
        final.append(head)
        console.print(f"{label}: learnt")
    judged = _judged(taught, words, meaning, pieces, model)
    weights: dict[str, dict[str, Ends]] = {}
    for label in LABELS:
        own = judged[label].take(~np.isin(judged[label].corpora, _HARD))
        if label in _DECIDING:
            found = fusing.by_group(own, PRIORS[label], _RATIOS.get(label, {}))
            good = judged[label].take((judged[label].truth == 0) & np.isin(judged[label].corpora, _USUAL[label]))
            if label == "spam":  # of which sources differ more than what is usual in one does: all of them together
                good = good._replace(corpora=np.full(len(good.truth), "usual"))
            found = fusing.hardly_dearer(good, found, _hold(model, label))
            if label == "toxicity":
                found["other"] = _abroad(taught, read, final[LABELS.index(label)], model, found["other"])
        else:
            found = fusing.inherited(weights["toxicity"], PRIORS[label], PRIORS["toxicity"])
        weights[label] = found
    metadata: dict[str, Any] = {
        "labels": list(LABELS),
        "encoder": ENCODER,
        "pooling": POOLING._asdict(),
        "languages": _LANGUAGES.split(),
        "fusion": {"weights": _by_group(weights), "band": {label: band.learn(judged[label]) for label in _DECIDING}},
        "card": {
            "first": model.version,
            "rows": len(read),
            "seed": SEED,
            "corpora": sorted(set(taught.corpora.tolist())),
            "left_out": {label: measuring.by_corpus(judged[label], weights[label]) for label in _DECIDING},
            "elsewhere": measuring.measure(root, model, final, weights, tuned=tuned, console=console),
        },
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "heads": np.stack([head.weights for head in final], axis=1).astype(np.float16),
        "intercept": np.array([head.intercept for head in final], np.float32),
        **tuned.arrays(),
    }
    version = artifact.write(target, NAME, arrays, metadata)
    console.print(f"Wrote {version} to {target} after {time.monotonic() - begun:.0f} s.")
    return version


def _abroad(taught: Taught, read: list[Bag], head: Head, model: Model, ends: Ends) -> Ends:
    """The weights of languages that the first reader has not learnt, where nobody has labelled an ordinary day.

    What people write on one is known all the same: ordinary comments of corpora of spam, which nobody has judged for abuse. With
    these weights as many of them reach the threshold as are likely to be rude or to be held by mistake.
    """
    label = "toxicity"
    good = taught.labels[:, LABELS.index("spam")] == 0
    rows = np.flatnonzero(good & np.isin(taught.corpora, _ABROAD))
    every = taught.texts
    texts = [every[row] for row in rows]
    groups = measuring.groups_of([model.look(Input(text)) for text in texts], model.learnt(label))
    rows, texts = rows[groups == "other"], [text for text, group in zip(texts, groups, strict=True) if group == "other"]
    slope, shift = line_of(model.knots[label])
    words = model.logits([Input(text) for text in texts])[:, LABELS.index(label)] * slope + shift
    meaning, pieces = heads.logits(head, [read[row] for row in rows])
    nothing = np.zeros(len(rows))
    ends = {end: [_WORDS_ABROAD, b, c] for end, (_, b, c) in ends.items()}
    asked = Rows(words, meaning, nothing, pieces, taught.corpora[rows], groups[groups == "other"])
    return fusing.as_dear(fusing.fused(asked, ends), ends, _hold(model, label), _RUDE_ABROAD)


def _hold(model: Model, label: str) -> float:
    """The threshold of the default policy for holding, as a logit."""
    return float(special.logit(model.thresholds[label]["hold"]))


def _by_group(weights: dict[str, dict[str, Ends]]) -> dict[str, dict[str, Ends]]:
    """By group and label what was learnt by label and group. A language is a group where any label has its own weights."""
    groups = (*GROUPS, *sorted(set().union(*weights.values()).difference(GROUPS)))
    return {
        group: {label: found[group] if group in found else found["learnt"] for label, found in weights.items()}
        for group in groups
    }


class View(NamedTuple):
    """All rows as one encoder sees them."""

    tuned: Tuned
    read: list[Bag]
    vectors: Logits
    """Of all rows, then of what is padded."""
    padded: npt.NDArray[np.intp]
    """The row of each of the latter."""


def _views(taught: Taught, console: Console) -> list[View]:
    """By the encoder that is shipped, tuned to all rows, and by one for each of `_PARTS`, tuned without those folds."""
    padded = put_among(taught, SEED)
    lessons = tuning.lessons(taught, padded, SEED, console)
    fold = np.stack([cross_validation.folds(taught.whole, at)[taught.picked] for at in range(len(LABELS))], axis=1)
    found = []
    for part in ((), *_PARTS):
        tuned = tuning.tune(lessons, taught, ~np.isin(fold, part), SEED, console)
        read, among = bags(taught.texts, console, tuned), read_among(padded, console, tuned)
        found.append(View(tuned, read, np.concatenate([[bag.mean for bag in read], among.vectors]), among.rows))
        console.print(f"tuned {f'without folds {part}' if part else 'to all'}: {tuned.name}")
    return found


def _learn(taught: Taught, at: int, views: list[View]) -> tuple[Logits, npt.NDArray[np.intp], Head]:
    """One label: what heads say of rows of corpora that neither they nor their encoder have learnt from, NaN elsewhere; the
    pieces of the worst passages; and the final head, of the first of the `views`.

    Head and logits are calibrated by the latter.
    """
    fold = cross_validation.folds(taught.whole, at)[taught.picked]
    truth, weights, names = taught.labels[:, at], taught.weights(at), taught.corpora

    def fit(view: View, without: int | None = None) -> Head:
        rows = np.concatenate([np.arange(len(truth)), view.padded])
        counts = weights[rows] * np.where(np.arange(len(rows)) < len(truth), 1.0, _PADDED.get(LABELS[at], MASS))
        if without is not None:
            counts = counts * (fold[rows] != without)
        apart = None if LABELS[at] in _TOGETHER else names[rows]
        return heads.fit(view.vectors, truth[rows], counts, _STRENGTH.get(LABELS[at], heads.STRENGTH), apart)

    found, pieces = np.full(len(truth), np.nan, np.float32), np.ones(len(truth), np.intp)
    for view, part in zip(views[1:], _PARTS, strict=True):
        for number in part:
            asked = np.flatnonzero(fold == number)
            found[asked], pieces[asked] = heads.logits(fit(view, number), [view.read[row] for row in asked])
    kept = np.flatnonzero(~np.isnan(found) & ~np.isnan(truth) & ~np.isin(names, _HARD))
    common = corpora.balanced(truth[kept], names[kept], PRIORS[LABELS[at]])
    line = heads.line(found[kept], truth[kept], common)
    return (found * line[0] + line[1]).astype(np.float32), pieces, heads.moved(fit(views[0]), line)


def _judged(
    taught: Taught, words: Logits, meaning: Logits, pieces: npt.NDArray[np.intp], model: Model
) -> dict[str, Rows]:
    """For each label the rows that both readers have judged while they were left out."""
    looks = [model.look(Input(text)) for text in taught.texts]
    found = {}
    for at, label in enumerate(LABELS):
        truth = taught.labels[:, at]
        groups = measuring.groups_of(looks, model.learnt(label))
        whole = Rows(words[:, at], meaning[:, at], truth, pieces[:, at], taught.corpora, groups)
        found[label] = whole.take(~np.isnan(truth) & ~np.isnan(words[:, at]) & ~np.isnan(meaning[:, at]))
    return found


def main(
    corpora_folder: Annotated[
        Path | None, typer.Option("--corpora", envvar=corpora.ENVIRONMENT, help="Folder of the labelled corpora.")
    ] = None,
    target: Annotated[Path, typer.Option("--into", help="Where the heads are written.")] = DEFAULT,
) -> None:
    """Train the second reader's heads anew."""
    console = Console(stderr=True)
    try:
        train(corpora.folder(corpora_folder), target, console)
    except (corpora.CorpusError, ReaderError, HeldError) as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(2) from error
