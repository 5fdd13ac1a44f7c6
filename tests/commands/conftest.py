"""Running command lines in this process, on a data directory whose embedded server runs, as when the service is up."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from service import cli, keyfiles
from service.installation import Note
from service.store.server import EmbeddedServer


class Ended(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cli")
    keyfiles.load(folder / "secrets")
    with EmbeddedServer(folder, fsync="everysec"):
        yield folder


@pytest.fixture(autouse=True)
def _empty(data: Path) -> None:
    """Nothing is left of an earlier test."""
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        client.flushall()
    Note.forget(data)


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(data))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str, text: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["antechamber", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return Ended(int(end.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def blog(run: Run) -> dict[str, str]:
    """A site named blog, and its credentials."""
    words = ["sites", "add", "blog", "--url", "https://blog.example", "--callback", "https://blog.example/hook"]
    return dict(run(*words, "--json").json)
