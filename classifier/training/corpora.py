"""The labelled corpora that the shipped model is trained and measured on, read from a folder into one table.

For training and for the benchmarks; nothing that serves may need it. The corpora themselves are not part of this
project: whoever wants to rebuild the model names a folder (`--corpora`, or `ANTECHAMBER_CORPORA` in the environment)
that holds `spam/train`, `spam/evaluate`, `toxicity/train` and `toxicity/evaluate` with gzipped CSV files:

    spam      text, author, url, created_at, label (spam | ham), group, id
    toxicity  text, toxic, severe_toxic, obscene, threat, insult, identity_hate, lang, group, id   (empty = unknown)

A label that a corpus does not speak of is unknown (NaN), not absent: learners skip it. `CATALOGUE` says of each corpus
what it is, which licence was seen, and for what it may be used; a file that is not in the catalogue is refused.
"""

import csv
import gzip
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.inputs import Input
from classifier.model import LABELS

ENVIRONMENT = "ANTECHAMBER_CORPORA"
_FIELD_LIMIT = 16_000_000
# The corpora's names for the six, in the order of Perspective's names.
_COLUMNS = {
    "toxic": "toxicity",
    "severe_toxic": "severe_toxicity",
    "insult": "insult",
    "obscene": "profanity",
    "threat": "threat",
    "identity_hate": "identity_attack",
}
Task = Literal["spam", "toxicity"]
Use = Literal["train", "evaluate"]


class CorpusError(ValueError):
    """The folder of corpora, or a file in it, is not what this module expects; the message says what and where."""


class Corpus(NamedTuple):
    """What is known of one corpus beside its rows."""

    name: str
    task: Task
    use: Use
    what: str
    licence: str
    languages: tuple[str, ...] = ("en",)


CATALOGUE: tuple[Corpus, ...] = (
    Corpus("tubespam", "spam", "train", "YouTube comments 2013–15, UCI YouTube Spam Collection", "CC BY 4.0"),
    Corpus("sms_uci", "spam", "train", "UCI SMS Spam Collection", "CC BY 4.0"),
    Corpus("judol_yt_id", "spam", "train", "Indonesian YouTube comments 2025–26, gambling spam", "MIT", ("id",)),
    Corpus("tg_spam_ru_en", "spam", "train", "Telegram group messages", "MIT", ("ru", "en")),
    Corpus("blog_wp_caffeinated", "spam", "train", "all comments of one WordPress blog 2008–12", "none stated"),
    Corpus("ham_blog_haacked_early", "spam", "train", "a programmer's blog, moderated comments", "none stated"),
    Corpus("ham_blog_made_mistakes", "spam", "train", "a web designer's blog, moderated comments", "MIT"),
    Corpus("ham_wiki_talk", "spam", "train", "Wikipedia talk comments (rows of jigsaw_wiki_sample)", "CC0"),
    Corpus("ham_civil_comments", "spam", "train", "news-site comments (rows of civil_toxicspans)", "CC0"),
    Corpus("judionline_yt_id", "spam", "evaluate", "other Indonesian videos, 2025", "none stated", ("id",)),
    Corpus("enron_spam_sample", "spam", "evaluate", "e-mail, another genre", "none stated"),
    Corpus("ham_globe_mail", "spam", "evaluate", "newspaper comments", "CC BY-NC-SA 4.0"),
    Corpus("jigsaw_wiki_sample", "toxicity", "train", "Wikipedia talk comments, Jigsaw 2018", "CC0"),
    Corpus("wiki_cat_large", "toxicity", "train", "Wikipedia comments in context", "Apache-2.0"),
    Corpus("civil_toxicspans", "toxicity", "train", "Civil Comments, pre-selected and re-judged", "CC0"),
    Corpus("paradetox_pairs", "toxicity", "train", "toxic sentences and their polite paraphrases", "CC0"),
    Corpus("convabuse", "toxicity", "train", "people to chat bots", "CC BY 4.0"),
    Corpus("hatemojibuild", "toxicity", "train", "adversarial hate with emoji", "CC BY 4.0"),
    Corpus("davidson_tweets", "toxicity", "train", "tweets selected by slang", "MIT"),
    Corpus("hatexplain_processed", "toxicity", "train", "lower-cased posts from Twitter and Gab", "MIT"),
    Corpus("germeval2018_de", "toxicity", "train", "German tweets", "CC BY 4.0", ("de",)),
    Corpus("told_br_pt", "toxicity", "train", "Brazilian tweets", "CC BY-SA 4.0", ("pt",)),
    Corpus("beep_ko", "toxicity", "train", "Korean news comments", "CC BY-SA 4.0", ("ko",)),
    Corpus("mlma_ar_en_fr", "toxicity", "train", "Arabic, English, French tweets", "MIT", ("ar", "en", "fr")),
    Corpus("olid_tweets", "toxicity", "evaluate", "English tweets", "none stated"),
    Corpus("hateval_en_tweeteval", "toxicity", "evaluate", "tweets on women and immigrants", "unclear"),
    Corpus("stormfront_vicomtech", "toxicity", "evaluate", "sentences of a hate forum", "CC BY-SA 3.0"),
    Corpus("unhealthy_globe_mail", "toxicity", "evaluate", "newspaper comments", "CC BY-NC-SA 4.0"),
    Corpus("germeval2021_de", "toxicity", "evaluate", "German news comments", "none stated", ("de",)),
    Corpus("hatebr_pt", "toxicity", "evaluate", "Instagram comments", "CC BY-NC 4.0", ("pt",)),
    Corpus("offendes_es", "toxicity", "evaluate", "Spanish social media", "none stated", ("es",)),
    Corpus("indonesian_id", "toxicity", "evaluate", "Indonesian tweets", "CC BY-NC-SA 4.0", ("id",)),
    Corpus("hasoc2020_en_de_hi", "toxicity", "evaluate", "tweets", "none stated", ("en", "de", "hi")),
)
_BY_NAME = {corpus.name: corpus for corpus in CATALOGUE}


@dataclass(frozen=True, eq=False)
class Table:
    """Labelled comments, column by column; all columns have the same length.

    `labels` is (rows, len(LABELS)) with 0.0, 1.0 or NaN for unknown; `corpora` names each row's source; `groups` is
    whatever the source says belongs together (a video, a pair, a share of annotators); `langs` are BCP 47 or "".
    """

    items: list[Input]
    labels: npt.NDArray[np.float32]
    corpora: npt.NDArray[np.str_]
    groups: list[str]
    langs: list[str]

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Table":
        """The rows of an index or mask, in its order."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Table(
            [self.items[i] for i in index],
            self.labels[index],
            self.corpora[index],
            [self.groups[i] for i in index],
            [self.langs[i] for i in index],
        )


class _Row(NamedTuple):
    item: Input
    labels: dict[str, float]
    group: str
    lang: str


def corpus(name: str) -> Corpus:
    """The catalogue's entry; `CorpusError` for a name that is not in it."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise CorpusError(f"corpus {name!r} is not in the catalogue (classifier/training/corpora.py)") from None


def folder(given: Path | None = None) -> Path:
    """The folder of corpora: the one given, or the environment's; `CorpusError` if there is none."""
    value = given or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if value is None:
        raise CorpusError(f"name the folder of corpora with --corpora or {ENVIRONMENT}")
    if not value.is_dir():
        raise CorpusError(f"the folder of corpora is not there: {value}")
    return value


def load(root: Path, names: Iterable[str]) -> Table:
    """The named corpora from below `root`, one after the other, as one table.

    Raises `CorpusError` for an unknown corpus, a missing file, or a row that does not fit its columns.
    """
    tables = [_load_one(root, corpus(name)) for name in names]
    return join(tables)


def join(tables: Sequence[Table]) -> Table:
    """Several tables as one, in order."""
    if not tables:
        return from_rows("", [])
    return Table(
        [item for table in tables for item in table.items],
        np.concatenate([table.labels for table in tables]),
        np.concatenate([table.corpora for table in tables]),
        [group for table in tables for group in table.groups],
        [lang for table in tables for lang in table.langs],
    )


def balanced(truth: npt.NDArray[np.floating], origins: npt.NDArray[np.str_], prior: float) -> npt.NDArray[np.float64]:
    """Weights of rows whose sum is 1: every origin counts by the root of its size, and positives make up `prior` of all."""
    weights = np.zeros(len(truth))
    for name in np.unique(origins):
        chosen = origins == name
        weights[chosen] = 1 / np.sqrt(chosen.sum())
    positive = truth == 1
    weights[positive] *= prior / max(weights[positive].sum(), 1e-12)
    weights[~positive] *= (1 - prior) / max(weights[~positive].sum(), 1e-12)
    return weights


def from_rows(name: str, rows: Sequence[tuple[Input, dict[str, float], str, str]]) -> Table:
    """A table of one source from (item, known labels, group, language) tuples."""
    labels = np.full((len(rows), len(LABELS)), np.nan, dtype=np.float32)
    for at, (_, known, _, _) in enumerate(rows):
        for label, value in known.items():
            labels[at, LABELS.index(label)] = value
    return Table(
        [row[0] for row in rows],
        labels,
        np.full(len(rows), name, dtype="U32"),
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


def _load_one(root: Path, source: Corpus) -> Table:
    path = root / source.task / source.use / f"{source.name}.csv.gz"
    if not path.is_file():
        raise CorpusError(f"corpus {source.name} is missing: no file {path}")
    read = _spam_rows if source.task == "spam" else _toxicity_rows
    return from_rows(source.name, list(read(path, source)))


def _spam_rows(path: Path, source: Corpus) -> Iterator[_Row]:
    lang = source.languages[0] if len(source.languages) == 1 else ""
    for number, row in _records(path):
        if row.get("label") not in {"spam", "ham"}:
            raise CorpusError(f"{path}:{number}: label must be spam or ham, not {row.get('label')!r}")
        item = Input(row["text"], row.get("author") or "", row.get("url") or "")
        yield _Row(item, {"spam": float(row["label"] == "spam")}, row.get("group") or "", lang)


def _toxicity_rows(path: Path, source: Corpus) -> Iterator[_Row]:
    for number, row in _records(path):
        known = {}
        for column, label in _COLUMNS.items():
            value = row.get(column)
            if value:
                if value not in {"0", "1"}:
                    raise CorpusError(f"{path}:{number}: {column} must be 0, 1 or empty, not {value!r}")
                known[label] = float(value)
        yield _Row(Input(row["text"]), known, row.get("group") or "", row.get("lang") or source.languages[0])


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Data rows with the number of the record (the header is 1)."""
    csv.field_size_limit(_FIELD_LIMIT)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if reader.fieldnames is None or "text" not in reader.fieldnames:
            raise CorpusError(f"{path}: no column named text")
        for number, row in enumerate(reader, start=2):
            if row.get("text") is None:
                raise CorpusError(f"{path}:{number}: no text")
            yield number, row
