"""A policy as people read and write it: `to_toml` writes it with comments, `read_policy` reads that, or JSON. For commands.

TOML, because its '…' strings take conditions and regular expressions as they are, and Python reads it (ADR 10).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from service.core.errors import InvalidPolicy
from service.core.measures import Measure
from service.core.policy import MODES, Policy
from service.core.policy_document import TRUST, policy_of
from service.core.thresholds import DEFAULT_THRESHOLDS, Thresholds

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_PRINTED_PLAIN = re.compile(r"[^'\x00-\x1f\x7f]*\Z")
_PRINTED_LINES = re.compile(r"(?:(?!''')[^\x00-\x08\x0b-\x1f\x7f])*(?<!')\Z")
_ORDER = ("name", "kind", "fields", "when", "then", "entries", "code", "tags", "status", "expires", "owner", "note")


def read_policy(text: str) -> Policy:
    """The policy of a TOML or JSON document. Raises InvalidPolicy with every mistake; rules are for `policy.check`."""
    return policy_of(read_document(text))


def read_document(text: str) -> Any:
    """What a TOML or JSON document says, whether it is a policy or not. Raises InvalidPolicy, with the place in it."""
    if not text.strip():
        raise InvalidPolicy("The document is empty.")
    try:
        return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _AT.search(str(error))
        line, column = (int(place[1] or 0), int(place[2] or 0)) if place else (0, 0)
        raise InvalidPolicy(f"This is no TOML: {_AT.sub('', str(error))}.", line=line, column=column) from None
    except json.JSONDecodeError as error:
        raise InvalidPolicy(f"This is no JSON: {error.msg}.", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise InvalidPolicy("The document is nested too deeply.") from None


def to_toml(policy: Policy) -> str:
    """A policy as a document. Reading it gives the same policy."""
    language = policy.unsupported_language or TRUST
    lines = [
        "# What this site wants done with which comment. docs/policy.md explains every word of it.",
        "",
        f"mode = {_text(policy.mode)}  # {', '.join(MODES)}",
        f"release_after = {policy.release_after}  # hold-new-authors: so many approvals release an author",
        f"unsupported_language = {_text(language)}  # approve, hold, reject, or {TRUST}: go by the scores all the same",
        f"on_no_verdict = {_text(policy.on_no_verdict)}  # when there is no machine verdict: approve, hold, reject",
        _audit(policy.audit_share),
        "",
        "# Thresholds are probabilities; a step that is left out never happens. Labels without a table have the defaults:",
        *(
            f"#   {label}: {_steps(steps)}"
            for label, steps in DEFAULT_THRESHOLDS.items()
            if label not in policy.thresholds
        ),
        *(line for label, steps in policy.thresholds.items() for line in _thresholds(label, steps)),
    ]
    if policy.promise is not None:
        lines += ["", "[promise]  # what the thresholds were computed to keep", *_fields(policy.promise)]
    for kind, measures in (("lists", policy.lists), ("rules", policy.rules)):
        for measure in measures:
            lines += ["", f"[[{kind}]]", *_measure(measure)]
    return "\n".join(lines) + "\n"


def _audit(share: float | None) -> str:
    said = "of automatic decisions, the share that moderators judge blind"
    if share is None:
        return f"# audit_share = 0.01  # {said}; left out: as the service is set"
    return f"audit_share = {share}  # {said}"


def _steps(steps: Thresholds) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in msgspec.structs.asdict(steps).items() if value is not None)


def _thresholds(label: str, steps: Thresholds) -> Iterator[str]:
    yield ""
    yield f"[thresholds.{label}]"
    yield from _fields(steps)


def _fields(struct: msgspec.Struct) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in msgspec.structs.asdict(struct).items() if value is not None]


def _measure(measure: Measure) -> Iterator[str]:
    said = msgspec.to_builtins(measure)
    for name in _ORDER:
        if name in said:
            yield f"{name} = {measure.expires}" if name == "expires" else f"{name} = {_value(said[name])}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (list, tuple)):
        if len(value) <= 4:
            return f"[{', '.join(map(_value, value))}]"
        return "[\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
    return repr(value).lower()


def _text(text: str) -> str:
    """A string as TOML has it: as it is between apostrophes where that can be, else with escapes."""
    if "\\" in text or '"' in text or "\n" in text:
        if _PRINTED_PLAIN.match(text):
            return f"'{text}'"
        if "\n" in text and _PRINTED_LINES.match(text):
            return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
