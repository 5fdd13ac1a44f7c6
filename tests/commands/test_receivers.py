"""What changes of a site mean for call-backs that wait for its receiver."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from service.core.delivery import NEVER
from service.store.keys import Keys
from service.store.server import EmbeddedServer
from tests.commands.conftest import Run


@pytest.fixture
def _disabled(data: Path, blog: dict[str, str]) -> None:
    """The receiver answered 410."""
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        client.hset(Keys().site("blog", "endpoint"), mapping={"paused_until": NEVER, "why": "gone"})


def paused_until(run: Run) -> int:
    return int(run("deliveries", "list", "blog", "--json").json["endpoint"]["paused_until"])


@pytest.mark.usefixtures("_disabled")
@pytest.mark.parametrize(
    ("words", "until"),
    [
        (["sites", "set", "blog", "--url", "https://new.example"], NEVER),
        (["sites", "set", "blog", "--callback", "https://new.example/hook"], 0),
        (["sites", "set", "blog", "--callback", ""], 0),
        (["deliveries", "resume", "blog"], 0),
    ],
)
def test_a_pause_ends_with_the_receiver_that_asked_for_it(run: Run, words: list[str], until: int) -> None:
    assert paused_until(run) == NEVER
    assert run(*words).code == 0
    assert paused_until(run) == until


@pytest.mark.usefixtures("_disabled")
def test_a_removed_sites_pause_ends_with_it(run: Run) -> None:
    assert run("sites", "remove", "blog", "--yes").code == 0
    run("sites", "add", "blog", "--url", "https://blog.example")
    assert paused_until(run) == 0
