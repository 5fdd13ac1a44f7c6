"""The process tree of `antechamber serve`, as processes: what starts, what is started again, and how it all ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import redis

from service.core.errors import StoreUnavailable
from service.core.server import TROUBLES
from service.serve import CANT_START, ROLES, next_pause
from service.store.server import EmbeddedServer
from tests.support.servers import Server, servers
from tests.system.stack import free_port

ANTECHAMBER = [sys.executable, "-P", "-m", "service.cli"]


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until a condition holds; its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.05)
    return value


class Tree:
    """A running service with a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "log").touch()
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANTECHAMBER_")},
            "ANTECHAMBER_DATA_DIR": str(folder / "data"),
            "ANTECHAMBER_PORT": str(self.port),
            "ANTECHAMBER_DRAIN_TIMEOUT": "5",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*ANTECHAMBER, "serve", *words], env=self.environment, stderr=log)
        return self.process

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*ANTECHAMBER, *words], env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )

    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines() if line.startswith("{")]

    def pids(self, role: str) -> list[int]:
        """The processes that a role had so far, newest last."""
        return [line["pid"] for line in self.lines() if line["event"] == "role started" and line["role"] == role]

    def get(self, path: str, **headers: str) -> str:
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", headers=headers), timeout=5) as answer:
            return str(answer.read().decode())

    def problem(self) -> dict[str, Any]:
        """What /readyz says is amiss; nothing when it is ready."""
        try:
            self.get("/readyz")
        except HTTPError as error:
            return dict(json.loads(error.read()))
        return {}

    def roles_that_say(self, why: str) -> set[str]:
        """Those that could not use the store for this reason, and said what to do."""
        lines = [line for line in self.lines() if line["event"] == "store unavailable" and line["why"] == why]
        assert {line["error"] for line in lines} <= {TROUBLES[why]}
        return {line["role"] for line in lines}

    def failures(self) -> dict[str, float]:
        """Calls that Redis failed, by why."""
        found = re.findall(
            r'^antechamber_store_failures_total\{why="([a-z-]+)"\} (\S+)$', self.get("/metrics"), re.MULTILINE
        )
        return {why: float(count) for why, count in found}

    def ready(self) -> bool:
        try:
            return "ok" in self.get("/readyz")
        except (URLError, OSError):
            return False

    def post(self, site: dict[str, str], name: str) -> dict[str, Any]:
        """Submit a comment and wait for its decision."""
        body = {
            "id": name,
            "page": {"url": "https://blog.example/post"},
            "author": {"name": "Ann", "email": "ann@example.com"},
            "content": "Thank you, I liked this.",
        }
        headers = {
            "Authorization": f"Bearer {site['api_key']}",
            "Content-Type": "application/json",
            "Prefer": "wait=10",
        }
        request = Request(f"http://127.0.0.1:{self.port}/v1/comments", json.dumps(body).encode(), headers)
        with urlopen(request, timeout=15) as answer:
            return dict(json.loads(answer.read()))


def alive(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path)
    yield tree
    if tree.process is not None and tree.process.poll() is None:
        tree.process.kill()
        tree.process.wait()
    until(lambda: not any(alive(pid) for role in ROLES for pid in tree.pids(role)))
    with EmbeddedServer(tmp_path / "data"):
        pass  # the last one out stops it


def test_a_comment_goes_through_and_everything_survives_its_parts(tree: Tree) -> None:
    process = tree.start()
    until(tree.ready)
    added = tree.command("sites", "add", "blog", "--url", "https://blog.example", "--json")
    site = json.loads(added.stdout)
    assert tree.post(site, "first")["state"] in {"approved", "flagged", "rejected"}
    # The API's numbers speak for the worker too.
    assert "antechamber_judged_total" in tree.get("/metrics")

    for role in ROLES:
        os.kill(tree.pids(role)[-1], signal.SIGKILL)
        until(lambda role=role: len(tree.pids(role)) == 2)
    with redis.Redis(unix_socket_path=str(EmbeddedServer(tree.folder / "data").socket)) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    until(lambda: any(line["event"] == "embedded server started again" for line in tree.lines()))
    until(tree.ready)
    assert tree.post(site, "second")["state"] in {"approved", "flagged", "rejected"}
    assert tree.post(site, "first")["revision"] == 2

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert not any(alive(pid) for role in ROLES for pid in tree.pids(role))
    assert not EmbeddedServer(tree.folder / "data").answers()


def test_roles_end_when_their_parent_was_killed(tree: Tree) -> None:
    process = tree.start()
    until(tree.ready)
    process.kill()
    process.wait()
    until(lambda: not any(alive(pid) for role in ROLES for pid in tree.pids(role)))


def test_a_port_that_is_taken_is_one_line_and_the_end(tree: Tree) -> None:
    with socket.create_server(("127.0.0.1", tree.port)):
        process = tree.start()
        assert process.wait(timeout=60) == CANT_START
    said = [line for line in (tree.folder / "log").read_text().splitlines() if not line.startswith("{")]
    taken = f"the API can't listen on 127.0.0.1:{tree.port}: address already in use"
    assert said == [f"antechamber: {taken}; ANTECHAMBER_PORT names another port"]
    assert not EmbeddedServer(tree.folder / "data").answers()


@pytest.mark.parametrize("words", [[], ["--only", "worker"]])
def test_secrets_that_cant_be_read_are_one_line_and_the_end(tree: Tree, words: list[str]) -> None:
    tree.environment["ANTECHAMBER_SECRETS_DIR"] = str(tree.folder / "secrets")
    (tree.folder / "secrets").mkdir()
    (tree.folder / "secrets" / "identity.keys").write_text("\n")
    ended = tree.command("serve", *words)
    assert ended.returncode == CANT_START
    assert (
        ended.stderr
        == f"antechamber: {tree.folder / 'secrets' / 'identity.keys'}: needs at least one key, and each id once\n"
    )


def test_a_redis_that_comes_late_is_waited_for_and_said(tree: Tree, tmp_path: Path) -> None:
    late = Server(tmp_path / "late")
    tree.environment["REDIS_URL"] = late.url
    process = tree.start()
    until(lambda: [line for line in tree.lines() if line["event"] == "waiting for Redis" and line["why"] == "down"])
    late.start()
    try:
        until(tree.ready)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        late.end()


@pytest.mark.parametrize("words", [[], ["--only", "worker"]])
def test_what_waiting_cant_mend_is_one_line_and_the_end(tree: Tree, tmp_path: Path, words: list[str]) -> None:
    with servers(tmp_path / "closed", 1, "--requirepass", "secret") as (closed,):
        tree.environment["REDIS_URL"] = closed.url
        ended = tree.command("serve", *words)
    assert ended.returncode == CANT_START
    (line,) = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert line == f"antechamber: {StoreUnavailable(why='wrong-password').amiss}"


def test_what_ails_redis_is_called_the_same_everywhere_and_heals(tree: Tree, tmp_path: Path) -> None:
    """A running service: its roles' lines, readiness, metric and `check`, with the words for what to do; and no secret in any."""
    secret = "a-password-that-nobody-may-see"
    with servers(tmp_path / "ails", 1) as (server,), server.client() as client:

        def acl(*words: str) -> None:
            client.execute_command("ACL", "SETUSER", "ann", *words)

        acl("on", f">{secret}", "~*", "&*", "+@all")
        tree.environment["REDIS_URL"] = server.url.replace("//", f"//ann:{secret}@")
        tree.start()
        until(tree.ready)
        for why, begin, end in (
            ("wrong-password", lambda: acl("resetpass", ">other"), lambda: acl(f">{secret}")),
            ("not-allowed", lambda: acl("-evalsha"), lambda: acl("+evalsha")),
            (
                "too-many-clients",
                lambda: client.config_set("maxclients", 1),
                lambda: client.config_set("maxclients", 99),
            ),
        ):
            begin()
            client.client_kill_filter(_type="normal", skipme=True)
            until(lambda why=why: tree.problem().get("why") == why)
            assert TROUBLES[why] in tree.problem()["detail"]
            until(lambda why=why: tree.roles_that_say(why) >= {"classify", "deliver"} or why == "not-allowed")
            assert tree.failures()[why] > 0
            said = tree.command("check", "--json").stdout
            assert TROUBLES[why] in json.dumps(json.loads(said), ensure_ascii=False)
            end()
            until(tree.ready)
            assert secret not in said
    log = (tree.folder / "log").read_text()
    assert secret not in log
    assert "Traceback" not in log


def test_a_stop_while_it_waits_is_quick(tree: Tree) -> None:
    tree.environment["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}"
    process = tree.start()
    until(lambda: [line for line in tree.lines() if line["event"] == "waiting for Redis"])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_a_redis_that_hangs_does_not_keep_a_stop_waiting(tree: Tree, tmp_path: Path) -> None:
    with servers(tmp_path / "hangs", 1) as (server,):
        tree.environment["REDIS_URL"] = server.url
        tree.environment["ANTECHAMBER_DRAIN_TIMEOUT"] = "2"
        process = tree.start()
        until(tree.ready)
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
            assert not any(alive(pid) for role in ROLES for pid in tree.pids(role))
        finally:
            server.process.send_signal(signal.SIGCONT)


def test_pauses_between_starts_grow_from_a_second_and_are_forgotten_after_a_minute() -> None:
    assert [next_pause(0.0, 0.1), next_pause(1.0, 5.0), next_pause(2.0, 59.0), next_pause(30.0, 1.0)] == [1, 2, 4, 30]
    assert next_pause(16.0, 61.0) == 1


def test_one_role_by_itself_serves_its_own_numbers_and_stops(tree: Tree) -> None:
    tree.environment["ANTECHAMBER_METRICS_PORT"] = str(tree.port)  # nobody else needs it here
    process = tree.start("--only", "worker")

    def numbers() -> bool:
        try:
            return "antechamber_judged_total" in tree.get("/metrics")
        except (URLError, OSError):
            return False

    until(numbers)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
