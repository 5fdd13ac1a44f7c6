"""Comments as JSON lines, answered line by line: what `score` reads and writes. For `classifier.cli` and `service.commands`.

An object has "text" and, if known, "author_name", "author_url" and "lang"; an "id" comes back with the answer. What can't be
read is answered too, with "line" and "error", so that each line has one answer.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import Any, BinaryIO, Final, NamedTuple

import pycld2  # type: ignore[import-untyped]

from classifier.explanation import Part
from classifier.inputs import Input
from classifier.model import Prediction, Version

BATCH: Final = 64
"""Lines that are scored together. Answers don't depend on it."""
_FIELDS: Final = (*Input._fields, "id")
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*\Z", re.IGNORECASE)
# ISO 639-1 beyond what the detector names, and the codes of longer names that platforms send.
_MORE_CODES = """
ae an av bm ce ch cr cu cv ee ff hz hi ho ii io kg ki kj kr kv li lu na nd ng oj os pi se sc to ty tw vo wa za nb nn sh mo
und mul zxx mis fil yue cmn nds gsw ast arz ary pcm ckb
"""
_NO_LANGUAGE = re.compile(r"xx|zz")  # what the detector calls its own groups
_CODES = frozenset(code for _, code in pycld2.LANGUAGES if not _NO_LANGUAGE.match(code)) | frozenset(
    _MORE_CODES.split()
)

Ruling = Callable[[Input, Prediction], dict[str, Any]]
"""What to add to an answer: what a policy says of a comment and its prediction."""


def as_it_is(item: Input) -> Input:
    """A comment to which nothing happens before it is scored."""
    return item


class Line(NamedTuple):
    """A line of input: the comment, or what is wrong with it."""

    number: int
    item: Input | None
    error: str = ""
    id: Any = None
    """What the line calls itself; None: nothing."""


class Scoring(NamedTuple):
    """How lines are scored and what is said of each."""

    version: Version
    explained: Sequence[str] = ()
    """Labels whose parts are added."""
    rule: Ruling | None = None
    taken_in: Callable[[Input], Input] = as_it_is
    """What becomes of a comment before it is scored."""

    def answer(self, stream: BinaryIO, size: int = BATCH) -> Iterator[dict[str, Any]]:
        """One answer for each line that is not blank, in order."""
        for lines in _batches(stream, size):
            yield from self._answers([one._replace(item=one.item and self.taken_in(one.item)) for one in lines])

    def _answers(self, lines: Sequence[Line]) -> Iterator[dict[str, Any]]:
        predictions = iter(self.version.score([line.item for line in lines if line.item is not None]))
        for line in lines:
            named = {} if line.id is None else {"id": line.id}
            if line.item is None:
                yield named | {"line": line.number, "error": line.error}
                continue
            prediction = next(predictions)
            answer: dict[str, Any] = named | {
                "scores": {label: round(probability, 6) for label, probability in prediction.scores.items()},
                "flags": prediction.flags,
                "language": prediction.language,
                "model": self.version.name,
                "readers": prediction.readers,
            }
            if self.rule is not None:
                answer |= self.rule(line.item, prediction)
            if self.explained:
                answer["explanations"] = {label: self._explanation(line.item, label) for label in self.explained}
            yield answer

    def _explanation(self, item: Input, label: str) -> dict[str, Any]:
        explanation = self.version.explain(item, label)
        return {
            "logit": explanation.logit,
            "probability": explanation.probability,
            "parts": [part._asdict() if part.field else _short(part) for part in explanation.parts],
        }


def write(answers: Iterable[dict[str, Any]], size: int) -> int:
    """Write answers to standard output, flushing as often as they come together; the number of lines that had errors."""
    failed = 0
    for number, answer in enumerate(answers, start=1):
        failed += "error" in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
        if number % size == 0:
            sys.stdout.flush()
    sys.stdout.flush()
    return failed


def _short(part: Part) -> dict[str, Any]:
    return {"kind": part.kind, "name": part.name, "contribution": part.contribution}


def _batches(stream: BinaryIO, size: int) -> Iterator[list[Line]]:
    """Lines in batches; blank ones are passed over."""
    batch: list[Line] = []
    for number, line in enumerate(stream, start=1):
        if line.strip():
            batch.append(_line(number, line))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _line(number: int, line: bytes) -> Line:
    try:
        row = json_object(line)
    except UnicodeDecodeError:
        return Line(number, None, "not UTF-8")
    except ValueError as error:
        return Line(number, None, str(error))
    found = row.get("id")
    known = found if _can_be_id(found) else None
    mistake = _mistake(row)
    item = None if mistake else Input(*(row.get(name) or "" for name in Input._fields))
    return Line(number, item, mistake, known)


def json_object(line: bytes | str) -> dict[str, Any]:
    """The object in a line of JSON. Raises ValueError: it is none, names a field twice, or holds what JSON has no number for."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) < len(pairs):
            names = [name for name, _ in pairs]
            raise _NotOneValue(f"{_named(dict.fromkeys(x for x in names if names.count(x) > 1))} stands there twice")
        return row

    def number(word: str) -> float:
        if not isfinite(found := float(word)):
            raise ValueError(f"{word[:40]} is no number")
        return found

    try:
        row = json.loads(line, object_pairs_hook=once, parse_constant=number, parse_float=number)
    except (UnicodeDecodeError, _NotOneValue):
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError('not an object with "text"')
    return row


def known_language(tag: str) -> bool:
    """Whether `tag` is a BCP 47 tag of a language that there is; an empty one says nothing, which is fine."""
    match = _TAG.match(tag)
    return not tag or (match is not None and match[1].lower() in _CODES)


class _NotOneValue(ValueError):
    """A field has two values."""


def _can_be_id(found: Any) -> bool:
    return isinstance(found, str | int | float) and not isinstance(found, bool)


def _mistake(row: dict[str, Any]) -> str:
    """What is wrong with an object; "" if nothing is."""
    if unknown := [name for name in row if name not in _FIELDS]:
        return f"unknown {'field' if len(unknown) == 1 else 'fields'} {_named(unknown)}; known are {_named(_FIELDS)}"
    if not isinstance(row.get("text"), str):
        return '"text" is missing or not a string'
    for name in Input._fields:
        if not isinstance(row.get(name), str | None):
            return f'"{name}" is not a string'
    if row.get("id") is not None and not _can_be_id(row["id"]):
        return '"id" is neither a string nor a number'
    if not known_language(row.get("lang") or ""):
        return (
            f'"lang" is {json.dumps(row["lang"])}, which is no language tag that is known here, such as "en" or "pt-BR"'
        )
    return ""


def _named(names: Iterable[str]) -> str:
    return ", ".join(json.dumps(name) for name in names)
