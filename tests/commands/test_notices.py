"""`antechamber notices …`: who is told, the secrets on demand, and a test through the running deliverer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.commands.conftest import Run

FILE = """
[mail]
server = "smtps://mail.example"
from = "box@box.example"

[notices.desk]
mail = ["mo@mods.example", "bo@mods.example"]
sites = ["blog", "gone"]
at_least = 5
severe = 0.7

[notices.chat]
slack = "http://127.0.0.1:{port}/services/T0/secretpath"

[notices.ours]
webhook = "https://ops.example/hook"

[notices.phones]
push = ["mo", "bo"]

[notices.reader]
feed = 3
"""


@pytest.fixture
def secrets(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANTECHAMBER_SECRETS_DIR", str(tmp_path))
    shutil.copytree(data / "secrets", tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def notices(secrets: Path, blog: dict[str, str]) -> Path:
    path = secrets / "notices.toml"
    path.write_text(FILE.replace("{port}", "9"))
    path.chmod(0o600)
    return path


class Chat(BaseHTTPRequestHandler):
    heard: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def chat() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("secrets")
def test_without_a_file_nobody_is_told(run: Run) -> None:
    assert run("notices", "list").out.startswith("Nobody is told")
    assert run("notices", "list", "--json").json == []


@pytest.mark.usefixtures("notices")
def test_the_list_names_nobody_and_shows_no_secret(run: Run) -> None:
    ended = run("notices", "list")
    assert ended.code == 0
    assert "5 wait or severity 0.7" in ended.out
    assert "2 addresses" in ended.out
    assert "no such site: gone" in ended.out
    for secret in ("mo@", "secretpath", "/hook"):
        assert secret not in ended.out + run("notices", "list", "--json").out


@pytest.mark.usefixtures("notices")
def test_secrets_are_shown_on_demand(run: Run) -> None:
    assert run("notices", "show", "ours", "--json").json["secret"].startswith("whsec_")
    assert "/notices/" in run("notices", "show", "reader").out
    assert "bo@mods.example" in run("notices", "show", "desk").out
    missing = run("notices", "show", "nobody")
    assert (missing.code, missing.err) == (1, "antechamber: There is no notice of that name in notices.toml.\n")


def test_a_broken_file_is_one_line(run: Run, secrets: Path) -> None:
    (secrets / "notices.toml").write_text("[notices.desk]\nsites = []\n")
    ended = run("notices", "list")
    assert ended.code == 78
    assert ended.err.count("\n") == 1
    assert "notices.desk: name one way" in ended.err
    assert "notices.desk: name one way" in run("check").out


WAITING = "Nobody has sent it yet; waiting for the service, a minute at most.\n"


@pytest.mark.usefixtures("blog")
def test_a_test_goes_the_way_of_the_real_thing(run: Run, secrets: Path, chat: int, data: Path) -> None:
    (secrets / "notices.toml").write_text(FILE.replace("{port}", str(chat)))
    environment = {**os.environ, "ANTECHAMBER_CALLBACK_ALLOW": "127.0.0.0/8"}
    deliverer = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve", "--only", "deliver"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        ended = run("notices", "try", "chat")
    finally:
        deliverer.send_signal(signal.SIGTERM)
        left = deliverer.wait(20)
    assert (ended.code, ended.out) == (0, "Sent by the way of chat.\n")
    assert ended.err in ("", WAITING), "what takes long to start is waited for, and nothing else is said"
    assert left == 0
    assert b"This is a test" in Chat.heard[-1]


@pytest.mark.usefixtures("notices")
def test_nobody_there_to_send_a_test_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.commands.notices._PATIENCE", 0.5)
    monkeypatch.setattr("service.commands.notices._SAY", 0.0)
    ended = run("notices", "try", "chat")
    assert (ended.code, ended.err) == (1, f"{WAITING}Nobody sent it within a minute: is the service running?\n")
    assert run("notices", "try", "reader").code == 2
