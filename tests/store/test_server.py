"""The embedded server: first in starts it, last out stops it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import redis

from service.store.server import EmbeddedError, EmbeddedServer


def pid_of(server: EmbeddedServer) -> int:
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        return int(client.info("server")["process_id"])


def test_users_share_one_server_and_the_last_one_stops_it(tmp_path: Path) -> None:
    first, second = EmbeddedServer(tmp_path), EmbeddedServer(tmp_path)
    assert first.start()
    assert not second.start()
    pid = pid_of(first)
    first.stop()
    assert pid_of(second) == pid
    second.stop()
    assert not second.answers()


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        client.set("kept", "1")
        assert client.config_get("appendfsync")["appendfsync"] == "always"
    os.kill(pid_of(server), signal.SIGKILL)
    server.start()
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        assert client.get("kept") == b"1"
    server.stop()


def test_the_socket_is_the_owners_alone(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server:
        assert server.socket.stat().st_mode & 0o077 == 0
        assert server.socket.parent.stat().st_mode & 0o077 == 0


def test_a_path_that_no_socket_can_have_is_said(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="too long"):
        EmbeddedServer(tmp_path / ("x" * 120)).start()


def test_a_server_that_is_too_busy_to_answer_is_not_taken_for_a_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.server._PROBE_TIMEOUT", 0.1)
    with EmbeddedServer(tmp_path) as server:
        pid = pid_of(server)
        os.kill(pid, signal.SIGSTOP)
        try:
            assert server.answers()
            assert not server.start()
        finally:
            os.kill(pid, signal.SIGCONT)
        assert pid_of(server) == pid
