"""Comments with harmless sentences before, after and around them, good comments and bad ones alike. For `classifier.training`.

Whoever wants to get past a filter writes more. Sentences are those of good comments in the same language, from the corpora;
the comments to be padded are drawn by lot, so that padding says nothing of the class.
"""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.inputs import Input
from classifier.model import LABELS
from classifier.training.corpora import Table

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SHORTEST, _LONGEST = 20, 160
_COUNTS = (1, 2, 2, 3, 5, 8)
_MOST = 4000
_SPAM, _TOXICITY = LABELS.index("spam"), LABELS.index("toxicity")


class Padded(NamedTuple):
    """Padded comments: parallel."""

    items: list[Input]
    rows: npt.NDArray[np.intp]
    """The row that each is made of."""
    sources: npt.NDArray[np.str_]
    """The corpus that the sentences are from."""


def pad(table: Table, size: int, seed: int) -> Padded:
    """`size` padded comments of rows of the corpora, by lot."""
    rng = random.Random(seed)
    sentences = _sentences(table)
    by_language: dict[str, list[str]] = {}
    for language, source in sentences:
        by_language.setdefault(language, []).append(source)
    choices = [at for at in range(len(table)) if table.langs[at] in by_language]
    items, sources = [], []
    rows = sorted(rng.sample(choices, min(size, len(choices))))
    for row in rows:
        language = table.langs[row]
        source = rng.choice(by_language[language])
        around = [rng.choice(sentences[language, source]) for _ in range(rng.choice(_COUNTS))]
        item = table.items[row]
        items.append(item._replace(text=_put(item.text, around, rng)[:_MOST]))
        sources.append(source)
    return Padded(items, np.array(rows, np.intp), np.array(sources, "U32"))


def _sentences(table: Table) -> dict[tuple[str, str], list[str]]:
    """Sentences of good comments, by language and corpus."""
    found: dict[tuple[str, str], list[str]] = {}
    spam, toxic = table.labels[:, _SPAM], table.labels[:, _TOXICITY]
    languages = np.array(table.langs)
    judged = np.isin(languages, np.unique(languages[toxic == 0]))
    good = np.flatnonzero((spam != 1) & np.where(judged, toxic == 0, spam == 0))
    for row in good.tolist():
        for sentence in _SENTENCE.split(table.items[row].text):
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found.setdefault((table.langs[row], str(table.corpora[row])), []).append(sentence)
    return {key: list(dict.fromkeys(some)) for key, some in found.items() if len(some) >= 200}


def _put(text: str, around: Sequence[str], rng: random.Random) -> str:
    text = text.strip()
    if text[-1:].isalnum() and rng.random() < 0.7:
        text += "."
    at = rng.choice((0, len(around), rng.randint(0, len(around))))
    return rng.choice((" ", " ", " ", "\n", "\n\n")).join([*around[:at], text, *around[at:]])
