"""What a process knows of its Redis, and what it calls that."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from service import installation
from service.core.errors import NotReady, StoreUnavailable
from service.metrics import STORE_FAILURES
from service.settings import Settings
from service.usecases.health import Health


def counted(why: str) -> float:
    return float(STORE_FAILURES.labels(why)._value.get())


class Gone:
    """A connection to a server that has ended."""

    @property
    def wire(self) -> Any:
        raise StoreUnavailable(why="lost")


async def test_a_server_that_died_of_a_full_disk_is_not_called_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    connection: Any = Gone()
    monkeypatch.setattr(Gone, "keys", None, raising=False)
    for full, why in ((True, "disk"), (False, "lost")):
        health, before = Health(full=lambda full=full: full), counted(why)
        health.heard("lost")
        assert counted(why) == before + 1
        with pytest.raises(NotReady) as found:
            await health.ready(connection)
        assert found.value.why == why


def test_the_disk_is_ours_to_look_at_only_where_the_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = Settings(data_dir=tmp_path)
    assert not installation.no_room(embedded)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    assert installation.no_room(embedded)
    assert not installation.no_room(Settings(data_dir=tmp_path, redis_url="redis://other"))  # type: ignore[arg-type]
