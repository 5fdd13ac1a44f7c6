"""What both readers are worth on corpora that nothing was learnt from, alone and together. For training only."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table as Shown
from sklearn.metrics import roc_auc_score

from classifier.inputs import Input
from classifier.model import LABELS, Look, Model
from classifier.reader.fusion import group_of, line_of
from classifier.reader.training import fusing, heads, rows
from classifier.reader.training.embedding import bags
from classifier.reader.training.fusing import Ends, Rows
from classifier.reader.training.heads import Head
from classifier.reader.tuned import Tuned
from classifier.training.corpora import CATALOGUE

_SEED = 5
_BATCH = 256


def measure(
    root: Path,
    model: Model,
    final: Sequence[Head],
    weights: Mapping[str, Mapping[str, Ends]],
    *,
    tuned: Tuned,
    console: Console,
) -> dict[str, dict[str, float]]:
    """For each corpus the AUC of words, meaning and both, by each label's weights; printed too. Raises `CorpusError`."""
    table = rows.measured(root, _SEED)
    shown = Shown("corpus", "label", "words", "meaning", "both")
    found: dict[str, dict[str, float]] = {}
    task = {one.name: one.task for one in CATALOGUE}
    texts = [item.text[: rows.LONGEST] for item in table.items]
    read = bags(texts, console, tuned)
    said = np.concatenate([model.logits(table.items[at : at + _BATCH]) for at in range(0, len(table), _BATCH)])
    looks = [model.look(Input(text)) for text in texts]
    lines = {label: line_of(model.knots[label]) for label in LABELS}
    for name in dict.fromkeys(table.corpora.tolist()):
        at = LABELS.index(task[name])
        mine = np.flatnonzero((table.corpora == name) & ~np.isnan(table.labels[:, at]))
        if len(np.unique(table.labels[mine, at])) < 2:
            continue
        meaning, pieces = heads.logits(final[at], [read[row] for row in mine])
        slope, shift = lines[LABELS[at]]
        judged = Rows(
            slope * said[mine, at] + shift,
            meaning,
            table.labels[mine, at],
            pieces,
            table.corpora[mine],
            groups_of([looks[row] for row in mine], model.learnt(LABELS[at])),
        )
        figures = compared(judged, weights[LABELS[at]])
        found[name] = figures
        shown.add_row(name, LABELS[at], *(f"{figure:.3f}" for figure in figures.values()))
    console.print(shown)
    return found


def by_corpus(judged: Rows, weights: Mapping[str, Ends]) -> dict[str, dict[str, float]]:
    """The same of rows that were left out, by corpus; `weights` are those of their label."""
    found = {}
    for name in np.unique(judged.corpora):
        own = judged.take(judged.corpora == name)
        if len(np.unique(own.truth)) == 2:
            found[str(name)] = compared(own, weights)
    return found


def compared(judged: Rows, weights: Mapping[str, Ends]) -> dict[str, float]:
    """AUC of the first reader, the second, and both together."""
    both = fusing.together(judged, weights)
    scores: dict[str, npt.NDArray[Any]] = {"words": judged.words, "meaning": judged.meaning, "both": both}
    return {name: round(float(roc_auc_score(judged.truth, score)), 4) for name, score in scores.items()}


def groups_of(looks: Sequence[Look], learnt: Sequence[str]) -> npt.NDArray[np.str_]:
    """The group of each text for a label that was learnt in some languages, as it would be found when it is served."""
    return np.array([group_of(look.language, learnt, familiar=look.known) for look in looks])
