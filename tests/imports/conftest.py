"""Reading a small export from a file, as the command does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from service.imports import FORMATS, recognise, records
from service.imports.readers import Export
from service.imports.record import Left, Record

Read = Callable[..., tuple[list[Record], list[Left]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """(records, what is left out) of a text or of bytes."""

    def read(content: str | bytes, name: str = "") -> tuple[list[Record], list[Left]]:
        path = tmp_path / "export"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        export = Export(path)
        found = list(records(export, FORMATS[name] if name else recognise(export)))
        return [one for one in found if isinstance(one, Record)], [one for one in found if isinstance(one, Left)]

    return read
