"""Policies in files, as commands take them: read, checked, and refused with the place in the operator's own words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

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
    """The policy of a document, checked. Raises InvalidPolicy, with the place in words."""
    from service.core.policy_text import read_policy

    policy = read_policy(text)
    check_in_words(policy)
    return policy


def check_in_words(policy: Policy) -> None:
    """`core.policy.check`, whose errors name the rule or list and show the place in a condition. Raises InvalidPolicy."""
    from service.core.errors import InvalidPolicy
    from service.core.policy import check

    try:
        check(policy)
    except InvalidPolicy as error:
        raise InvalidPolicy(_placed(error, policy)) from None


def _placed(error: InvalidPolicy, policy: Policy) -> str:
    kind, _, rest = error.pointer.removeprefix("/").partition("/")
    index, _, field = rest.partition("/")
    if kind not in ("rules", "lists") or not index.isdigit():
        return f"{kind}: {error.detail}" if kind else error.detail
    measure = (policy.rules if kind == "rules" else policy.lists)[int(index)]
    where = f"The {kind.removesuffix('s')} “{session.plain(measure.name)}”, {field.replace('/', ' ')}"
    if not error.line or kind != "rules":
        return f"{where}: {error.detail}"
    lines = policy.rules[int(index)].when.split("\n")
    shown = session.plain(lines[error.line - 1].replace("\t", " "))
    return f"{where}: {error.detail}\n    {shown}\n    {' ' * (error.column - 1)}^"
