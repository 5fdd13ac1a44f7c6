"""What msgspec says of a value that does not fit, in our words. For whoever parses what somebody else wrote.

Its messages may quote what came in: of a name only letters are told, of a value nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_UNKNOWN = re.compile(r"unknown field `([A-Za-z_][A-Za-z0-9_]{0,40})`")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_PATH = re.compile(r" - at `\$(.*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


class WrongField(NamedTuple):
    """What is wrong, and where (RFC 6901)."""

    detail: str
    pointer: str


def in_words(message: str) -> WrongField:
    """The text of a `msgspec.ValidationError` in our words."""
    path = _PATH.search(message)
    steps = [name or index for name, index in _STEP.findall(path.group(1))] if path else []
    what = message[: path.start()] if path else message
    detail = "The value is not one that this field takes."
    if unknown := _UNKNOWN.search(what):
        detail = "There is no such field."
        steps.append(unknown.group(1))
    elif what.startswith("Object contains unknown field"):
        detail = "There is an unknown field."
    elif missing := _MISSING.fullmatch(what):
        detail = "This field is required."
        steps.append(missing.group(1))
    elif what.startswith("Expected") and "enum" not in what:
        detail = what.replace("`", "") + "."
    elif what == "Invalid RFC3339 encoded date":
        detail = "A date is written like 2027-06-30."
    elif what.startswith("Invalid RFC3339"):
        detail = "A time is written as RFC 3339 has it."
    return WrongField(detail, "".join(f"/{step}" for step in steps))
