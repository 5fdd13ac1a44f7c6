"""Collects mistakes, so that a policy is refused with all that is wrong with it at once. For whoever checks one in `core`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from service.core.errors import InvalidPolicy

_NUMBER = re.compile(r"\d+")


class Mistakes:
    """What is wrong."""

    def __init__(self) -> None:
        self.found: list[InvalidPolicy] = []

    def add(self, detail: str, pointer: str) -> None:
        """Note a mistake."""
        self.found.append(InvalidPolicy(detail, pointer=pointer))

    @contextmanager
    def gathered(self, pointer: str = "") -> Iterator[None]:
        """Note what is raised inside, all of it, as being under `pointer`."""
        try:
            yield
        except InvalidPolicy as error:
            self.found += error.under(pointer).all

    def refuse(self) -> None:
        """Raise InvalidPolicy with everything that was noted, if anything was; what is about one rule stands together."""
        if self.found:
            first, *more = sorted(self.found, key=lambda error: _NUMBER.sub(_wide, error.pointer))
            first.more = tuple(more)
            raise first from None


def _wide(number: re.Match[str]) -> str:
    return number[0].zfill(6)
