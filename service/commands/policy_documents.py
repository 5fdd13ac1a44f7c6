"""Policies in files, as commands take them: read, checked, and refused with the place in the operator's own words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from service.commands import session

if TYPE_CHECKING:
    from service.core.errors import InvalidPolicy
    from service.core.policy import Policy


def read_document(path: str) -> Policy:
    """The policy of a file, TOML or JSON, or of standard input for "-". Raises InvalidPolicy, with the place in words."""
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} can't be read: {error.strerror}") from None
    try:
        return parse(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8") from None


def parse(text: str) -> Policy:
    """The policy of a document, checked. Raises InvalidPolicy, with every mistake and its place in words."""
    from service.core.errors import InvalidPolicy
    from service.core.policy import check
    from service.core.policy_document import policy_of
    from service.core.policy_text import read_document

    document = read_document(text)
    try:
        policy = policy_of(document)
        check(policy)
    except InvalidPolicy as error:
        raise InvalidPolicy(_in_words(error, document)) from None
    return policy


def check_in_words(policy: Policy) -> None:
    """`core.policy.check`, whose errors name the rule or list and show the place in a condition. Raises InvalidPolicy."""
    import msgspec

    from service.core.errors import InvalidPolicy
    from service.core.policy import check

    try:
        check(policy)
    except InvalidPolicy as error:
        raise InvalidPolicy(_in_words(error, msgspec.to_builtins(policy))) from None


def _in_words(error: InvalidPolicy, document: Any) -> str:
    """What is wrong with a document, a paragraph each."""
    told = [_placed(one, document) for one in error.told]
    if left := len(error.all) - len(told):
        told.append(f"And {left} more.")
    return told[0] if len(told) == 1 else "\n".join([f"There are {len(error.all)} mistakes.", *told])


def _placed(error: InvalidPolicy, document: Any) -> str:
    kind, _, rest = error.pointer.removeprefix("/").partition("/")
    index, _, field = rest.partition("/")
    if kind not in ("rules", "lists") or not index.isdigit():
        where = error.pointer.removeprefix("/").replace("/", " ")
        return f"{session.plain(where)}: {error.detail}" if where else error.detail
    measure = document[kind][int(index)]
    read = measure if isinstance(measure, dict) else {}
    name = f"“{session.plain(str(read['name']))}”" if "name" in read else f"number {int(index) + 1}"
    where = f"The {kind.removesuffix('s')} {name}{', ' if field else ''}{session.plain(field.replace('/', ' '))}"
    if not error.line:
        return f"{where}: {error.detail}"
    lines = str(read["when"]).split("\n")
    shown = session.plain(lines[error.line - 1].replace("\t", " "))
    return f"{where}: {error.detail}\n    {shown}\n    {' ' * (error.column - 1)}^"
