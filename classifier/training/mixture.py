"""What the shipped model learns from: which corpora, cleaned, varied and weighed. For `classifier.training` only.

Three dangers decide the mixture. A corpus's style must not become the signal: none may be much larger than the others,
so the large ones are sampled. (More balance was tried and lost: masses that grow with the root of a source's size, and
equal classes within each source, cost 1.2 points of AUC on toxicity elsewhere.) Author fields must not give the source
away: some corpora have them and some have not, and most spam with an author's address comes from one blog, so comments
also appear without their author and with another's. And ordinary comments, which are what a false positive costs, must
be varied: blogs, video comments, messages, news and Wikipedia, and made-up ones.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.inputs import Input
from classifier.model import LABELS
from classifier.training import corpora, signs, writing
from classifier.training.corpora import Table, from_rows

# Made-up comments for training: identity terms without malice, negation, quotation, today's advertising, home pages.
#
# Corpora of abuse name groups of people mostly to abuse them, so a model that learns from them alone holds the naming
# against the writer: "I am a gay man" scores as an attack. They also hold little negation, quotation and counter-speech,
# and little of the advertising that is common under videos and posts today. The phrases in `written/phrases.txt`, written for
# this project, fill the gaps. Insults there are generic on purpose: slurs reach the training by quotation (`quoted`).
#
# For `classifier.training.mixture` only. What is made depends on the seed alone.


_HARMLESS = dict.fromkeys(LABELS, 0.0)
_ATTACK = {"spam": 0.0, "toxicity": 1.0, "identity_attack": 1.0, "threat": 0.0}
_THREAT = {"spam": 0.0, "toxicity": 1.0, "threat": 1.0}
_SPAM = _HARMLESS | {"spam": 1.0}
# Abuse that is quoted to be condemned attacks nobody, whatever words it holds.
_CONDEMNED = {"spam": 0.0, "toxicity": 0.0, "severe_toxicity": 0.0, "identity_attack": 0.0, "threat": 0.0}
_LONGEST_QUOTE = 90

_FIRST = "code pixel blue north river quiet stone bright data garden paper green cloud little daily open simple night"
_SECOND = "cabin journal notes works lab studio house blog log space tales days craft shed loop desk corner diary life"
_HOMES = (
    *(
        "http://{}.com",
        "http://www.{}.com/",
        "https://{}.net",
        "http://{}.org/",
        "https://{}.com/blog",
        "http://{}.me/",
    ),
    *("http://{}.wordpress.com", "http://{}.blogspot.com/", "https://{}.github.io", "https://twitter.com/{}"),
    *(
        "https://github.com/{}",
        "http://blog.{}.com",
        "https://{}.dev",
        "http://{}.co.uk",
        "https://www.facebook.com/{}",
    ),
    *("https://{}.io", "http://{}.livejournal.com/", "https://medium.com/@{}", "http://{}.tumblr.com", "http://{}.de"),
    *("http://{}.ca", "http://{}.info", "https://www.linkedin.com/in/{}", "http://{}.com.au", "https://{}.nl/about/"),
)


def comments(seed: int, size: int) -> Table:
    """About `size` made-up comments of every kind, without repeats, each a source of its own ("made_...")."""
    rng = random.Random(seed)
    plan = (
        ("neutral", "made_neutral", 0.34, _HARMLESS),
        ("denied", "made_denied", 0.12, _HARMLESS),
        ("attack", "made_attack", 0.16, _ATTACK),
        ("threat", "made_threat", 0.06, _THREAT),
        ("aimless", "made_aimless", 0.04, _HARMLESS),
        ("technical", "made_technical", 0.02, _HARMLESS),
        ("ordinary", "made_ordinary", 0.04, _HARMLESS),
        ("video_spam", "made_video_spam", 0.10, _SPAM),
        ("scam", "made_scam", 0.06, _SPAM),
        ("blog_spam", "made_blog_spam", 0.08, _SPAM),
    )
    rows = []
    names = []
    for symbol, source, share, labels in plan:
        for text in _distinct(partial(_line, rng, symbol), int(size * share)):
            rows.append((Input(text), labels, symbol, "en"))
            names.append(source)
    table = from_rows("made", rows)
    table.corpora[:] = names
    return table


def quoted(seed: int, texts: Sequence[str], size: int) -> Table:
    """Short abusive `texts` from the corpora, quoted by somebody who condemns them."""
    rng = random.Random(seed)
    short = [text for text in texts if len(text) <= _LONGEST_QUOTE and '"' not in text]
    chosen = rng.sample(short, min(size, len(short)))
    frames = grammar()["frame"]
    rows = [(Input(rng.choice(frames).replace("{quote}", text)), _CONDEMNED, "frame", "en") for text in chosen]
    return from_rows("made_quoted", rows)


def home_page(rng: random.Random, name: str) -> str:
    """An address such as somebody called `name` might give as their home page."""
    words = re.sub(r"[^a-z0-9 ]", "", name.lower()).split()
    if not words or rng.random() < 0.35:
        slug = rng.choice(_FIRST.split()) + rng.choice(("", "-", "")) + rng.choice(_SECOND.split())
    elif rng.random() < 0.25:
        slug = words[0] + rng.choice(_SECOND.split())
    else:
        slug = rng.choice(("", "-")).join(words)
    return rng.choice(_HOMES).format(slug[:40])


def grammar() -> dict[str, tuple[str, ...]]:
    """The lists of `written/*.txt` by name."""
    return writing.written().lists


def _line(rng: random.Random, symbol: str) -> str:
    return _dress(rng, writing.expand(rng, "{" + symbol + "}"))


def _dress(rng: random.Random, line: str) -> str:
    """Vary case and ending, as people do."""
    if rng.random() < 0.6:
        line = line[:1].upper() + line[1:]
    line += rng.choice(("", "", ".", ".", "!", "!!", "...")) if line[-1:].isalnum() else ""
    return line.upper() if rng.random() < 0.02 else line


def _distinct(make: Callable[[], str], size: int) -> list[str]:
    """Up to `size` different texts; fewer if the grammar has no more to give."""
    found: dict[str, None] = {}
    for _ in range(size * 4):
        found[make()] = None
        if len(found) == size:
            break
    return list(found)


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
_WRITTEN = 24
"""How many rows are made of each template of `written/*.txt`."""
_AS_WRITTEN = Source(2.0, 0.7)
"""The weight of a row that was made up, beside 1 for one of a corpus."""
_HARMLESS_WRITTEN = Source(0.8, 1.4)
"""… of one that is harmless and looks like abuse: words of abuse stand in thousands of rows of the corpora."""


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
    made = corpora.join(
        [comments(seed, _MADE), quoted(seed, abusive, _QUOTED), writing.comments(seed, _WRITTEN), signs.comments(seed)]
    )
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
    home = home_page(rng, item.author_name or other)
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
            source = SOURCES.get(str(name), _HARMLESS_WRITTEN if "good-" in str(name) else _AS_WRITTEN)
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
