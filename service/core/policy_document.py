"""The policy of a document that was read, or all that is wrong with it: `policy_of`. For the command line and the APIs.

msgspec stops at the first value that does not fit. So that people need not mend one mistake after the other, a document that
it refuses is gone through field by field, and what is right in it is checked as if the rest were sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from service.core.errors import InvalidPolicy
from service.core.lists import MAX_LISTS, WordList
from service.core.mistakes import Mistakes
from service.core.policy import Policy, check_measures
from service.core.rules import MAX_RULES, Rule
from service.core.thresholds import Thresholds, check_thresholds
from service.core.verdict import LABELS
from service.core.wrong_fields import in_words

TRUST: Final = "trust"
"""What a document may say for `unsupported_language = null`, since TOML has no null."""

T = TypeVar("T", bound=msgspec.Struct)
_SOUND: Final[Mapping[type, Mapping[str, Any]]] = {
    WordList: {"name": "sound", "then": "hold", "tags": ("sound",), "entries": ()},
    Rule: {"name": "sound", "then": "hold", "tags": ("sound",), "when": "honeypot"},
}
"""What may stand for a field that is wrong or missing, so that the others can be tried."""


def policy_of(document: object) -> Policy:
    """The policy of a document. Raises InvalidPolicy; of one that can be read, `policy.check` says what is wrong."""
    if isinstance(document, dict) and document.get("unsupported_language") == TRUST:
        document = document | {"unsupported_language": None}
    try:
        return msgspec.convert(document, Policy)
    except msgspec.ValidationError as error:
        wrong = in_words(str(error))
        refused = InvalidPolicy(wrong.detail, pointer=wrong.pointer)
    except InvalidPolicy as error:
        refused = error
    mistakes = Mistakes()
    if isinstance(document, dict):
        _go_through(document, mistakes)
    mistakes.refuse()
    raise refused


def _go_through(document: dict[str, Any], mistakes: Mistakes) -> None:
    inner = ("thresholds", "lists", "rules")
    _read({name: value for name, value in document.items() if name not in inner}, Policy, "", mistakes)
    thresholds = _expected(document, "thresholds", dict, mistakes)
    read = {
        label: _read(steps, Thresholds, f"/thresholds/{label}", mistakes) if label in LABELS else Thresholds()
        for label, steps in thresholds.items()
    }
    with mistakes.gathered():
        check_thresholds({label: steps for label, steps in read.items() if steps is not None})
    lists = _several(document, "lists", WordList, MAX_LISTS, mistakes)
    check_measures(lists, _several(document, "rules", Rule, MAX_RULES, mistakes), mistakes)


def _several(document: dict[str, Any], name: str, kind: type[T], most: int, mistakes: Mistakes) -> dict[int, T]:
    """Those of a document's lists or rules that can be read, by where they stand."""
    found = _expected(document, name, list, mistakes)
    if len(found) > most:
        mistakes.add(f"A policy has at most {most} {name}.", f"/{name}")
        return {}
    read = {index: _read(one, kind, f"/{name}/{index}", mistakes) for index, one in enumerate(found)}
    return {index: one for index, one in read.items() if one is not None}


def _expected(document: dict[str, Any], name: str, kind: type, mistakes: Mistakes) -> Any:
    found = document.get(name, kind())
    if isinstance(found, kind):
        return found
    mistakes.add(f"A{' table' if kind is dict else 'n array'} is expected here.", f"/{name}")
    return kind()


def _read(value: object, kind: type[T], pointer: str, mistakes: Mistakes) -> T | None:
    """A struct of a document, as far as it is right; None when it has no name. Every field that is wrong is noted."""
    if not isinstance(value, dict):
        mistakes.add("A table is expected here.", pointer)
        return None
    sound = _SOUND.get(kind, {})
    wrong = {field.name for field in msgspec.structs.fields(kind) if field.required and field.name not in value}
    for name in sorted(wrong):
        mistakes.add("This field is required.", f"{pointer}/{name}")
    for name, field in value.items():
        try:
            msgspec.convert({**sound, name: field}, kind)
        except msgspec.ValidationError as error:
            found = in_words(str(error))
            options = _options(kind, name) if "enum" in str(error) else ""
            mistakes.add(options or found.detail, pointer + found.pointer)
            wrong.add(name)
        except InvalidPolicy as error:
            mistakes.found += error.under(pointer).all
            wrong.add(name)
    if "name" in wrong:
        return None
    right = {name: field for name, field in value.items() if name not in wrong}
    return msgspec.convert({**right, **{name: sound[name] for name in wrong & sound.keys()}}, kind)


def _options(kind: type[msgspec.Struct], name: str) -> str:
    """What a field takes of which there are a few words only."""
    schema = msgspec.json.schema(kind)
    about = schema["$defs"][kind.__name__]["properties"].get(name, {})
    choices = [schema["$defs"].get(one.get("$ref", "").rpartition("/")[2], one) for one in about.get("anyOf", [about])]
    words = [str(word) for one in choices for word in one.get("enum", ())]
    return f"One of {', '.join(words)} is expected here." if words else ""
