"""`antechamber check`: each thing that can be wrong is found, said in one line, and makes it exit with 1."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import redis

from service.serve import CantStart, check_store
from service.store.client import Connection
from service.store.embedded import EmbeddedServer, find_binary
from service.store.inspection import ServerState, inspect
from tests.cli.conftest import Run
from tests.cli.test_serve import until


def levels(run: Run) -> dict[str, str]:
    """Subject to level; of several lines about one subject, the worst."""
    rank = {"ok": 0, "warn": 1, "fail": 2}
    found: dict[str, str] = {}
    for finding in run("check", "--json").json:
        before = found.get(finding["subject"], "ok")
        found[finding["subject"]] = max(before, finding["level"], key=rank.__getitem__)
    return found


@pytest.fixture
def listener() -> Iterator[str]:
    """Something that can be connected to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[Path]:
    """A Redis that is set up carelessly; its socket."""
    path = tmp_path / "careless.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([find_binary(), *options], stdout=subprocess.DEVNULL)
    try:
        until(path.exists)
        yield path
    finally:
        process.kill()  # asked politely, it would refuse while it writes its first append-only file
        process.wait()


def test_all_is_well(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: str) -> None:
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ANTECHAMBER_CALLBACK_ALLOW", "127.0.0.0/8")
    run("sites", "add", "pulls", "--url", "https://pulls.example")
    run("sites", "add", "told", "--url", "https://told.example", "--callback", listener)
    ended = run("check")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].endswith(" 0 worth a look, 0 wrong.")
    assert set(levels(run)) >= {
        "settings", "data", "secrets", "model", "redis", "durability", "eviction", "latency", "clock", "backlog",
        "pulls", "told",
    }  # fmt: skip


def test_a_private_receiver_is_found_out(run: Run, listener: str) -> None:
    run("sites", "add", "told", "--url", "https://told.example", "--callback", listener)
    assert run("check").code == 1
    assert levels(run)["told"] == "fail"


def test_a_receiver_that_is_not_there_is_found_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTECHAMBER_CALLBACK_ALLOW", "127.0.0.0/8")
    run("sites", "add", "told", "--url", "https://told.example", "--callback", "http://127.0.0.1:9/hook")
    assert levels(run)["told"] == "fail"


def test_secrets_that_others_can_read_are_found_out(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTECHAMBER_SECRETS_DIR", str(tmp_path))
    run("keys", "init")
    (tmp_path / "platforms").mkdir()
    for name in ("master.key", "platforms/blog.coral"):
        (tmp_path / name).touch(mode=0o644)
        (tmp_path / name).chmod(0o644)
        ended = run("check")
        assert ended.code == 1
        assert f"{tmp_path / name} is open to others" in ended.out


def test_a_server_that_forgets_is_found_out(run: Run, monkeypatch: pytest.MonkeyPatch, other_server: Path) -> None:
    monkeypatch.setenv("REDIS_URL", f"unix://{other_server}")
    assert levels(run)["durability"] == "fail"
    with redis.Redis(unix_socket_path=str(other_server)) as client:
        client.config_set("appendonly", "yes")
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
    found = levels(run)
    assert (found["durability"], found["eviction"]) == ("warn", "fail")


def test_a_server_that_is_not_there_is_found_out(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("service.store.client.Connection.wait_ready.__defaults__", (0.2,))
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path / 'nothing.sock'}")
    ended = run("check")
    assert ended.code == 1
    assert "does not answer" in ended.out


def test_policies_that_need_a_look_are_found_out(run: Run, data: Path, blog: dict[str, str]) -> None:
    rules = [{"name": "gone", "when": "links >= 1", "then": "hold", "expires": "2001-01-01"}]
    run("sites", "policy", "set", "blog", "-", text=json.dumps({"on_no_verdict": "approve", "rules": rules}))
    lines = [finding["line"] for finding in run("check", "--json").json if finding["subject"] == "policy"]
    assert [line.partition(" (")[0] for line in lines] == [
        "blog: expired and not looked at any more: gone", "blog: publishes what no model has judged",
    ]  # fmt: skip
    with redis.Redis(
        unix_socket_path=str(EmbeddedServer(data).socket)
    ) as client:  # as a version with other signals wrote it
        record = client.hget("ac:sites", "blog")
        client.hset("ac:sites", "blog", record.replace(b"links >= 1", b"lynks >= 1").replace(b"2001", b"2999"))
    lines = [finding["line"] for finding in run("check", "--json").json if finding["level"] == "fail"]
    assert any(line.startswith("blog: can't be read: gone; nothing is approved meanwhile") for line in lines)


def test_dead_letters_are_worth_a_look(run: Run, data: Path) -> None:
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        client.xadd("ac:{p0}:dead", {"c": "c1", "s": "blog", "r": 1, "why": "x", "at": 1})
    assert levels(run)["dead letters"] == "warn"


def test_a_folder_that_cant_be_one_is_found_out(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("a file")
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path / "data"))
    found = levels(run)
    assert (found["data"], found["secrets"]) == ("fail", "fail")


@pytest.mark.parametrize(
    ("version", "level"), [((5, 0, 14), "fail"), ((6, 0, 16), "fail"), ((6, 2), "ok"), ((8, 2, 1), "ok")]
)
def test_a_server_that_is_too_old_is_found_out(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], level: str
) -> None:
    async def older(connection: Connection) -> ServerState:
        return (await inspect(connection))._replace(version=version, name="Redis " + ".".join(map(str, version)))

    monkeypatch.setattr("service.checks.inspect", older)
    assert levels(run)["redis"] == level
    monkeypatch.setattr("service.store.inspection.inspect", older)
    with pytest.raises(CantStart, match="too old") if level == "fail" else nullcontext():
        asyncio.run(check_store(EmbeddedServer(data).url))
