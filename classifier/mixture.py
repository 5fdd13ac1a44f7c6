"""What the shipped model learns from: which corpora, cleaned, varied and weighed. For `classifier.train` only.

Three dangers decide the mixture. A corpus's style must not become the signal: none may be much larger than the others,
so the large ones are sampled. (More balance was tried and lost: masses that grow with the root of a source's size, and
equal classes within each source, cost 1.2 points of AUC on toxicity elsewhere.) Author fields must not give the source
away: some corpora have them and some have not, and most spam with an author's address comes from one blog, so comments
also appear without their author and with another's. And ordinary comments, which are what a false positive costs, must
be varied: blogs, video comments, messages, news and Wikipedia, and made-up ones.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier import corpora, synthetic
from classifier.comments import Input
from classifier.corpora import Table
from classifier.model import LABELS

SPAM = LABELS.index("spam")
TOXICITY = LABELS.index("toxicity")
_LONGEST = 4000


class Source(NamedTuple):
    """How a corpus enters the mixture."""

    spam_mass: float = 1.0
    """Weight of a row for the spam label; 0 keeps the corpus out."""
    toxic_mass: float = 1.0
    """Weight of a row for the six other labels; 0 keeps the corpus out."""
    rows: int = 1_000_000
    """At most this many of its rows."""
    spam_rows: int = 1_000_000
    """At most this many of its rows also serve as ordinary comments for the spam label."""


SOURCES: dict[str, Source] = {
    "tubespam": Source(toxic_mass=0.0),
    "sms_uci": Source(toxic_mass=0.0),
    "judol_yt_id": Source(toxic_mass=0.0, rows=12_000),
    "tg_spam_ru_en": Source(toxic_mass=0.0),
    "blog_wp_caffeinated": Source(toxic_mass=0.0),
    "ham_blog_haacked_early": Source(),
    "ham_blog_made_mistakes": Source(),
    "jigsaw_wiki_sample": Source(spam_rows=6_000),
    "wiki_cat_large": Source(rows=12_000, spam_rows=3_000),
    "civil_toxicspans": Source(spam_rows=6_000),
    "paradetox_pairs": Source(spam_rows=3_000),
    "convabuse": Source(spam_mass=0.0),
    "hatemojibuild": Source(spam_mass=0.0),
    "hatexplain_processed": Source(spam_rows=2_000),
    "davidson_tweets": Source(toxic_mass=0.7, rows=12_000, spam_rows=3_000),
    "germeval2018_de": Source(spam_rows=3_000),
    "told_br_pt": Source(toxic_mass=1.5, spam_rows=3_000),
    "beep_ko": Source(spam_rows=2_000),
}
"""Corpora in the mixture. `mlma_ar_en_fr` is left out: its labels are one-sided, and it cost more than it brought."""

LANGUAGES = ("en", "de", "pt", "ko", "id")
"""Languages the model is trained in."""
PARTIAL_LANGUAGES = ("id",)
"""Those of them in which only some labels have examples: Indonesian has spam alone."""
_MADE = 16_000
_QUOTED = 1_500


@dataclass(frozen=True, eq=False)
class Mixture:
    """Training rows. `weights` is (rows, labels), 0 where a row says nothing of a label; `origins` numbers the rows of
    the corpora, so that variants of one comment are never on both sides of a split (-1: made up)."""

    table: Table
    weights: npt.NDArray[np.float32]
    origins: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.intp]) -> "Mixture":
        """The rows of an index, with their weights as they are."""
        return Mixture(self.table.take(rows), self.weights[rows], self.origins[rows])


def assemble(root: Path, seed: int) -> Mixture:
    """Load, label, vary and weigh. Raises `corpora.CorpusError`."""
    rng = random.Random(seed)
    loaded = [_prepared(corpora.load(root, [name]), source, rng) for name, source in SOURCES.items()]
    abusive = [
        item.text
        for table in loaded
        if table.corpora[0] in ("paradetox_pairs", "hatexplain_processed")
        for item, labels in zip(table.items, table.labels, strict=True)
        if labels[TOXICITY] == 1.0
    ]
    real = corpora.join(loaded)
    made = corpora.join([synthetic.comments(seed, _MADE), synthetic.quoted(seed, abusive, _QUOTED)])
    varied, origins = vary(real, rng)
    table = corpora.join([varied, made])
    origins = np.concatenate([origins, np.full(len(made), -1)])
    return Mixture(table, weigh(table), origins)


def _prepared(table: Table, source: Source, rng: random.Random) -> Table:
    """Sample a corpus and complete its labels: what is not toxic is none of the six, a comment is rarely spam."""
    name = str(table.corpora[0])
    if name == "wiki_cat_large":
        table = table.take(table.labels[:, TOXICITY] == 0)
    if len(table) > source.rows:
        table = table.take(np.array(sorted(rng.sample(range(len(table)), source.rows))))
    labels = table.labels
    if corpora.corpus(name).task == "spam":
        if source.toxic_mass:
            labels[:, TOXICITY:] = 0.0
    else:
        harmless = labels[:, TOXICITY] == 0
        for at, label in enumerate(LABELS):
            if label not in ("spam", "toxicity", "profanity"):
                labels[harmless & np.isnan(labels[:, at]), at] = 0.0
        if source.spam_mass:
            chosen = rng.sample(range(len(table)), min(source.spam_rows, len(table)))
            labels[chosen, SPAM] = 0.0
    if not source.toxic_mass:
        labels[:, TOXICITY:] = np.nan
    return table


def vary(table: Table, rng: random.Random) -> tuple[Table, npt.NDArray[np.int64]]:
    """Rows with other author fields beside the rows as they are; also the number of the row that each comes from."""
    pool = [item.author_name for item, source in zip(table.items, table.corpora, strict=True) if "ham_blog" in source]
    items: list[Input] = []
    origins: list[int] = []
    for at, (item, source) in enumerate(zip(table.items, table.corpora, strict=True)):
        spam = bool(table.labels[at, SPAM] == 1)
        for variant in _variants(item._replace(text=item.text[:_LONGEST]), str(source), spam, pool, rng):
            items.append(variant)
            origins.append(at)
    index = np.array(origins, dtype=np.int64)
    rows = table.take(index)
    return Table(items, rows.labels, rows.corpora, rows.groups, rows.langs), index


def _variants(item: Input, source: str, spam: bool, pool: Sequence[str], rng: random.Random) -> list[Input]:
    bare = Input(item.text)
    other = rng.choice(pool) if pool else ""
    home = synthetic.home_page(rng, item.author_name or other)
    if source == "ham_blog_haacked_early":
        return [item, item._replace(author_url=home)] + ([bare] if rng.random() < 0.3 else [])
    if source in ("blog_wp_caffeinated", "ham_blog_made_mistakes"):
        rest = [bare] if rng.random() < 0.5 else [item._replace(author_url="")]
        return [item, *rest] + ([item._replace(author_url=home)] if not spam and not item.author_url else [])
    if item.author_name:
        return [item, bare]
    chance = rng.random()
    return [bare if chance < 0.5 else Input(item.text, other, home if chance < 0.75 else "")]


def weigh(table: Table) -> npt.NDArray[np.float32]:
    """The weight of each row for each label, mean 1 over the rows that a label is known of."""
    weights = np.zeros(table.labels.shape, np.float32)
    for at in range(len(LABELS)):
        known = ~np.isnan(table.labels[:, at])
        for name in np.unique(table.corpora[known]):
            rows = np.flatnonzero(known & (table.corpora == name))
            source = SOURCES.get(str(name), Source(spam_mass=1.0, toxic_mass=1.0))
            mass = source.spam_mass if at == SPAM else source.toxic_mass
            weights[rows, at] = mass
        total = weights[:, at].sum()
        if total:
            weights[:, at] *= known.sum() / total
    return weights


def suspects(
    mixture: Mixture, name: str, at: int, logits: npt.NDArray[np.floating], share: float
) -> npt.NDArray[np.intp]:
    """Rows of a corpus whose negatives are known to hold some positives: the `share` that look most like positives.

    `logits` must come from models that have not seen the rows.
    """
    rows = np.flatnonzero((mixture.table.corpora == name) & (mixture.table.labels[:, at] == 0))
    worst = rows[np.argsort(-logits[rows], kind="stable")[: int(len(rows) * share)]]
    guilty = np.unique(mixture.origins[worst])
    return np.flatnonzero(np.isin(mixture.origins, guilty))
