"""`antechamber check`: each thing that can be wrong is found, said in one line, and makes it exit with 1."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from urllib.request import urlopen

import pytest
import redis

from service.serve import CantStart, check_store
from service.store.server import EmbeddedServer, find_binary
from tests.commands.conftest import Run
from tests.commands.test_serve import until
from tests.system.stack import free_port


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


@pytest.fixture
def service(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A running service; its data directory, which `run` uses too from now on."""
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ANTECHAMBER_PORT", str(free_port()))
    words = [sys.executable, "-P", "-m", "service.cli", "serve"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{os.environ['ANTECHAMBER_PORT']}/readyz"

    def ready() -> bool:
        try:
            with urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(ready)
        yield tmp_path / "data"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.usefixtures("service")
def test_all_is_well(run: Run, monkeypatch: pytest.MonkeyPatch, listener: str) -> None:
    monkeypatch.setenv("ANTECHAMBER_CALLBACK_ALLOW", "127.0.0.0/8")
    run("sites", "add", "pulls", "--url", "https://pulls.example")
    run("sites", "add", "told", "--url", "https://told.example", "--callback", listener)
    ended = run("check")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].endswith(" 0 wrong.")
    found = levels(run)
    timed = ("latency", "clock")  # what a busy machine may be slow at
    assert [name for name, level in found.items() if level != "ok" and name not in timed] == []
    assert set(found) >= {
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
    for name in ("master.key", "platforms/blog.coral", "oidc.secret", "notices.toml", "whatever"):
        (tmp_path / name).touch(mode=0o644)
        (tmp_path / name).chmod(0o644)
        ended = run("check")
        assert ended.code == 1
        assert f"{tmp_path / name} is open to others" in ended.out


def test_a_list_that_is_not_there_is_found_out(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there.txt").write_text("192.0.2.1\n")
    monkeypatch.setenv("ANTECHAMBER_LIST_FILES", f"{tmp_path / 'there.txt'},{tmp_path / 'gone.txt'},{tmp_path}")
    said = [line for line in run("check").out.splitlines() if "LIST_FILES" in line]
    assert [line.split(" can't be read")[0].rpartition(" ")[2] for line in said] == [
        str(tmp_path / "gone.txt"),
        str(tmp_path),
    ]


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
    monkeypatch.setattr("service.commands.findings._PATIENCE", 0.2)
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path / 'nothing.sock'}")
    ended = run("check")
    assert ended.code == 1
    assert "nobody listens there" in ended.out
    assert "model" in ended.out, "the rest is looked at all the same"


def test_what_cant_be_read_is_a_line_and_the_rest_is_looked_at(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REDIS_URL", "foo://:SECRET@x"), ("ANTECHAMBER_PORT", "many"), ("ANTECHAMBER_NOPE", "1")):
        monkeypatch.setenv(name, value)
    found = run("check", "--json").json
    wrong = [one["line"].partition(":")[0] for one in found if one["subject"] == "settings"]
    assert wrong == ["ANTECHAMBER_NOPE", "ANTECHAMBER_PORT", "REDIS_URL"]
    assert {one["subject"] for one in found} >= {"data", "secrets", "model", "listening", "redis"}
    assert "SECRET" not in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "value", "subject", "level", "says"),
    [
        ("HOST", "nobody.invalid", "listening", "fail", "names no address"),
        ("HOST", "192.0.2.1", "listening", "fail", "is no address of this machine"),
        ("HOST", "0.0.0.0", "proxies", "warn", "ANTECHAMBER_TRUSTED_PROXIES is not set"),
        ("PUBLIC_URL", "https://nobody.invalid", "address", "fail", "no name server knows"),
        ("PUBLIC_URL", "http://0.0.0.0:8080", "address", "fail", "nobody can reach"),
        ("PORT", "18999", "listening", "fail", "nothing listens"),
    ],
)
def test_what_others_could_not_reach_is_found_out(
    run: Run, monkeypatch: pytest.MonkeyPatch, *, name: str, value: str, subject: str, level: str, says: str
) -> None:
    monkeypatch.setenv(f"ANTECHAMBER_{name}", value)
    (found,) = [one for one in run("check", "--json").json if one["subject"] == subject]
    assert found["level"] == level
    assert says in found["line"]


def test_a_port_that_another_program_has_is_found_out(run: Run, monkeypatch: pytest.MonkeyPatch, listener: str) -> None:
    monkeypatch.setattr("service.commands.findings._PATIENCE", 0.2)
    monkeypatch.setenv("ANTECHAMBER_PORT", listener.rpartition(":")[2].partition("/")[0])
    assert [one["line"] for one in run("check", "--json").json if "another program listens" in one["line"]]


def test_nothing_running_is_found_out_and_nothing_is_started(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path / "data"))
    assert run("keys", "init").code == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ended = run("check")
    assert ended.code == 1
    assert "nothing runs here" in ended.out
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


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


@pytest.mark.parametrize(("oldest", "level"), [((99, 0), "fail"), ((7, 99), "fail"), ((7, 2), "ok"), ((6, 2), "ok")])
def test_a_server_that_is_too_old_is_found_out(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch, oldest: tuple[int, int], level: str
) -> None:
    monkeypatch.setattr("service.store.link.OLDEST_VERSION", oldest)
    assert levels(run)["redis"] == level
    with pytest.raises(CantStart, match="too old") if level == "fail" else nullcontext():
        asyncio.run(check_store(EmbeddedServer(data).url))


def test_a_secret_that_can_t_be_read_is_no_reason_to_begin_anew(run: Run, data: Path, tmp_path: Path) -> None:
    kept = (data / "secrets" / "master.key").rename(tmp_path / "kept")
    (data / "secrets" / "master.key").mkdir()
    try:
        (line,) = [one["line"] for one in run("check", "--json").json if one["subject"] == "secrets"]
    finally:
        (data / "secrets" / "master.key").rmdir()
        kept.rename(data / "secrets" / "master.key")
    assert line == f"{data}/secrets/master.key: Is a directory"


def test_a_server_that_we_can_t_see_is_not_called_down(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path))
    (tmp_path / "redis").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: not str(path).endswith("redis"))
    (line,) = [one["line"] for one in run("check", "--json").json if one["subject"] == "redis"]
    assert line == f"can't be looked at: {tmp_path}/redis is closed to our user"
