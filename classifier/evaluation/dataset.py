"""Files of labelled comments for `classifier.evaluation`: CSV or JSON lines, plain or gzipped, read row by row.

Columns, or keys: `text`, and as far as known `author_name` (or `author`), `author_url` (or `url`), `lang`; the truth
stands under the labels' own names or under those that corpora use (`toxic`, `severe_toxic`, `obscene`,
`identity_hate`, and `label` with `spam` or `ham`). `Columns` names others. An empty value is unknown, not false. CSV may
part its columns by `,`, `;` or tabs: the header says which.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from classifier.inputs import Input
from classifier.lines import json_object, known_language
from classifier.model import LABELS

_LARGEST_FIELD = 16_000_000
_OTHER_NAMES = {"toxic": "toxicity", "severe_toxic": "severe_toxicity", "obscene": "profanity"}
_OTHER_NAMES |= {"identity_hate": "identity_attack", "label": "spam"}
_TRUE = frozenset({"1", "1.0", "true", "yes", "spam"})
_FALSE = frozenset({"0", "0.0", "false", "no", "ham"})
_DELIMITERS = (",", ";", "\t")
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # what UTF-16 begins with
FIELDS: Final = {
    "text": ("text",),
    "author_name": ("author_name", "author"),
    "author_url": ("author_url", "url"),
    "lang": ("lang",),
}
"""The fields of a comment, and the columns that hold them unless others are named."""


class LabelledFileError(ValueError):
    """A file of labelled comments cannot be read; the message names file, line and reason."""


class Columns(NamedTuple):
    """Which columns hold what, where a file has names of its own. Keys: a field or a label; values: the column."""

    named: Mapping[str, str] = {}
    encoding: str = "utf-8-sig"

    def of(self, field: str) -> tuple[str, ...]:
        """The columns that may hold a field of the comment."""
        return (self.named[field],) if field in self.named else FIELDS[field]

    def label(self, column: str) -> str | None:
        """The label that a column tells of, if it does."""
        for label, named in self.named.items():
            if named == column and label in LABELS:
                return label
        label = _OTHER_NAMES.get(column, column)
        return label if label in LABELS and label not in self.named else None

    def check(self, known: list[str]) -> None:
        """Refuse a header that lacks what is needed or named. Raises ValueError."""
        for field in ("text", *self.named):
            wanted = self.of(field) if field in FIELDS else (self.named[field],)
            if not set(wanted) & set(known):
                has = ", ".join(repr(name) for name in known) or "none"
                raise ValueError(f"there is no column {wanted[0]!r}; it has {has}")
        for column in known:
            if known.count(column) > 1 and (self.label(column) or any(column in self.of(field) for field in FIELDS)):
                raise ValueError(f"two columns are called {column!r}; which is meant?")


class Labelled(NamedTuple):
    """A comment and what is true of it."""

    item: Input
    truth: dict[str, bool]
    """Label to truth, for the labels that the row speaks of."""
    source: str
    """The file's name without its endings."""
    line: int
    """Of the row, for finding it again; the first row of a CSV file after its header is 2."""


_USUAL: Final = Columns()


def read(path: Path, columns: Columns = _USUAL) -> Iterator[Labelled]:
    """The labelled comments of one file, in order; at least one. Raises `LabelledFileError`."""
    name = path.name.removesuffix(".gz")
    kind = name.rpartition(".")[2].lower()
    if kind not in ("csv", "tsv", "jsonl", "ndjson", "json"):
        raise LabelledFileError(f"{path}: the name must end in .csv, .tsv, .jsonl or .ndjson (with or without .gz)")
    source = name.rpartition(".")[0]
    line = 0
    missing = set(columns.named.values())
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding=columns.encoding, newline="")
            for line, row in _csv(text, columns) if kind in ("csv", "tsv") else _json_lines(text, columns):
                yield Labelled(_input(row, columns), _truth(row, columns), source, line)
                missing -= row.keys()
    except OSError as error:
        raise LabelledFileError(f"{path}: {error.strerror or error}") from error
    except UnicodeError as error:
        raise LabelledFileError(f"{path}, after line {line}: {_encoding(path, columns.encoding)} ({error})") from error
    except (ValueError, EOFError, csv.Error, zlib.error) as error:
        raise LabelledFileError(f"{path}{f', after line {line}' if line else ''}: {error}") from error
    if not line:
        raise LabelledFileError(f"{path}: it holds no comments")
    if missing:
        raise LabelledFileError(f"{path}: none of its rows has {', '.join(map(repr, sorted(missing)))}")


def _encoding(path: Path, tried: str) -> str:
    """What is likely to be wrong with a file's letters."""
    if not path.name.endswith(".gz") and path.read_bytes()[:2] in _WIDE:
        return "it is not UTF-8 but UTF-16; name that with --encoding utf-16, or save it as UTF-8"
    return f"it is not {'UTF-8' if tried.startswith('utf-8') else tried}; name its encoding with --encoding, such as latin-1"


def _csv(text: io.TextIOWrapper, columns: Columns) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(_LARGEST_FIELD)
    header = text.readline()
    if not header.strip():
        raise ValueError("it is empty")
    delimiter = max(_DELIMITERS, key=header.count)
    names = next(csv.reader([header], delimiter=delimiter, strict=True))
    columns.check(names)
    for row in (reader := csv.DictReader(text, names, delimiter=delimiter, strict=True)):
        if any(row.pop(None, None) or ()):  # what stands beyond the header
            raise ValueError(f"line {reader.line_num + 1} has more columns than the header")
        yield reader.line_num + 1, row


def _json_lines(text: io.TextIOWrapper, columns: Columns) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text, start=1):
        if line.strip():
            row = json_object(line)
            row = {**row["labels"], **row} if isinstance(row.get("labels"), dict) else row
            if not set(columns.of("text")) & set(row):
                raise ValueError(f"a row has no {columns.of('text')[0]!r}")
            yield number, row


def _input(row: Mapping[str, Any], columns: Columns) -> Input:
    def value(field: str) -> str:
        name, found = next(((name, row[name]) for name in columns.of(field) if row.get(name)), ("", ""))
        if not isinstance(found, str):
            raise ValueError(f"{name!r} is not a text")
        return found

    text = next((row[name] for name in columns.of("text") if name in row), None)
    if not isinstance(text, str):
        raise ValueError(f"a row has no {columns.of('text')[0]!r}")
    if not known_language(language := value("lang")):
        raise ValueError(
            f"{columns.of('lang')[0]!r} is {language!r}, which is no language tag, such as 'en' or 'pt-BR'"
        )
    return Input(text, value("author_name"), value("author_url"), language)


def _truth(row: Mapping[str, Any], columns: Columns) -> dict[str, bool]:
    truth: dict[str, bool] = {}
    for column, value in row.items():
        label = columns.label(column)
        if label is None or value is None or value == "":
            continue
        word = str(value).strip().lower()
        if word not in _TRUE | _FALSE:
            raise ValueError(
                f"column {column!r} has {value!r}, which is neither yes nor no ({_words(_TRUE)}; {_words(_FALSE)})"
            )
        if truth.setdefault(label, word in _TRUE) != (word in _TRUE):
            raise ValueError(f"column {column!r} says of {label} what another column denies")
    return truth


def _words(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))
