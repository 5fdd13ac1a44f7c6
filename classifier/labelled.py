"""Files of labelled comments for `classifier.evaluate`: CSV or JSON lines, plain or gzipped, read row by row.

Columns, or keys: `text`, and as far as known `author_name` (or `author`), `author_url` (or `url`), `lang`; the truth
stands under the labels' own names or under those that corpora use (`toxic`, `severe_toxic`, `obscene`,
`identity_hate`, and `label` with `spam` or `ham`). An empty value is unknown, not false.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from classifier.comments import Input
from classifier.model import LABELS

_LARGEST_FIELD = 16_000_000
_OTHER_NAMES = {"toxic": "toxicity", "severe_toxic": "severe_toxicity", "obscene": "profanity"}
_OTHER_NAMES |= {"identity_hate": "identity_attack", "label": "spam"}
_TRUE = frozenset({"1", "1.0", "true", "yes", "spam"})
_FALSE = frozenset({"0", "0.0", "false", "no", "ham"})


class LabelledFileError(ValueError):
    """A file of labelled comments cannot be read; the message names file, line and reason."""


class Labelled(NamedTuple):
    """A comment and what is true of it."""

    item: Input
    truth: dict[str, bool]
    """Label to truth, for the labels that the row speaks of."""
    source: str
    """The file's name without its endings."""
    line: int
    """Of the row, for finding it again; the first row of a CSV file after its header is 2."""


def read(path: Path) -> Iterator[Labelled]:
    """The labelled comments of one file, in order. Raises `LabelledFileError`."""
    name = path.name.removesuffix(".gz")
    kind = name.rpartition(".")[2].lower()
    if kind not in ("csv", "jsonl", "ndjson", "json"):
        raise LabelledFileError(f"{path}: the name must end in .csv, .jsonl or .ndjson (with or without .gz)")
    source = name.rpartition(".")[0]
    line = 0
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
            for line, row in _csv(text) if kind == "csv" else _json_lines(text):
                yield Labelled(_input(row), _truth(row), source, line)
    except OSError as error:
        raise LabelledFileError(f"{path}: {error.strerror or error}") from error
    except (ValueError, EOFError, csv.Error) as error:
        raise LabelledFileError(f"{path}, after line {line}: {error}") from error


def _csv(text: io.TextIOWrapper) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.DictReader(text)
    if "text" not in (reader.fieldnames or ()):
        raise ValueError("there is no column 'text'")
    for row in reader:
        yield reader.line_num, row


def _json_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text, start=1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("a line is not a JSON object")
            yield number, {**row, **row["labels"]} if isinstance(row.get("labels"), dict) else row


def _input(row: Mapping[str, Any]) -> Input:
    text = row.get("text")
    if not isinstance(text, str):
        raise ValueError("a row has no 'text'")
    name = row.get("author_name") or row.get("author") or ""
    url = row.get("author_url") or row.get("url") or ""
    return Input(text, str(name), str(url), str(row.get("lang") or ""))


def _truth(row: Mapping[str, Any]) -> dict[str, bool]:
    truth: dict[str, bool] = {}
    for column, value in row.items():
        label = _OTHER_NAMES.get(column, column)
        if label not in LABELS or value is None or value == "":
            continue
        word = str(value).strip().lower()
        if word not in _TRUE | _FALSE:
            raise ValueError(f"column {column!r} has {value!r}, which is neither yes nor no")
        truth[label] = word in _TRUE
    return truth
