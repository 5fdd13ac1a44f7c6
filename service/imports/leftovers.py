"""The list of what an import left out: one JSON line for each place and the reason, and nothing of what stands there."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec

from service.core.errors import MalformedRequest
from service.imports.record import Left

_encode = msgspec.json.Encoder().encode


class Leftovers:
    """A file that is begun with the first line, and can be taken up where an import that was stopped had come."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.size = 0  # bytes

    def go_on(self, size: int) -> None:
        """Drop what was written beyond so many bytes: the import goes on from there."""
        self.size = size
        if self._path is not None and self._path.exists():
            with self._path.open("r+b") as file:
                file.truncate(size)

    def add(self, number: int, left: Left) -> None:
        """Note what is left out."""
        if self._path is None:
            return
        if self._file is None:
            try:
                self._file = self._path.open("ab" if self.size else "wb")
            except OSError as error:
                raise MalformedRequest(
                    f"The list of what is left out can't be written: {os.strerror(error.errno or 0)}."
                ) from None
        self.size += self._file.write(_encode({"record": number, "place": left.place, "why": left.why}) + b"\n")

    def flush(self) -> None:
        """Let the file hold all that was noted."""
        if self._file is not None:
            self._file.flush()

    def __enter__(self) -> Leftovers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
