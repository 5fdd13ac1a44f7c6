"""A command that is stopped, by Ctrl-C or SIGTERM: one line, the exit code that shells know, and nothing half-written."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from service import cli
from service.commands import console, stopped

ANTECHAMBER = [sys.executable, "-P", "-m", "service"]
COMMAND: Any = typer.main.get_command(cli.app)


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """Ctrl-C is heard, also where the tests are a script's background job, which a shell has made deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("name", stopped.HOLDS)
def test_what_holds_is_said_of_a_command_that_there_is(name: str) -> None:
    command = COMMAND
    for word in name.split():
        if word.startswith("-"):
            assert any(word in one.opts for one in command.params)
        else:
            command = command.commands[word]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "history.json", "--site", "blog"], "--resume"),
        (["import", "history.json", "--dry-run", "--site", "blog"], "nothing was written"),
        (["import", "--undo", "blog-import-1"], "takes back the rest"),
        (["privacy", "erase"], "erases the rest"),
        (["sites", "list"], "what was done so far is kept"),
        ([], "stopped"),
    ],
)
def test_what_fits_best_is_said(words: list[str], said: str) -> None:
    assert said in stopped.line(words)


def test_a_service_says_itself_how_it_stops() -> None:
    assert stopped.line(["serve", "--only", "api"]) == ""


@pytest.mark.parametrize(
    ("number", "shell", "code"),
    [
        (signal.SIGINT, [], 130),
        (signal.SIGTERM, [], 143),
        (signal.SIGTERM, ["sh", "-c", 'trap "" INT; exec "$@"', "sh"], 143),  # as a script's background jobs are
    ],
)
def test_a_signal_ends_a_command_in_one_line(number: signal.Signals, shell: list[str], code: int) -> None:
    with subprocess.Popen(
        [*shell, *ANTECHAMBER, "score", "--no-reader", "--batch", "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write('{"text": "Thank you, this was a pleasure to read."}\n')
        process.stdin.flush()
        assert process.stdout.readline().startswith("{")  # it is at it, and waits for the next line
        process.send_signal(number)
        assert process.wait(20) == code
        assert process.stderr.read() == f"antechamber: stopped; {stopped.HOLDS['score']}\n"


def test_a_signal_at_a_question_ends_a_command_as_everywhere() -> None:
    with subprocess.Popen(
        [*ANTECHAMBER, "sites", "remove", "blog"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(6) == "Remove"
        process.terminate()
        assert process.wait(20) == 143
        assert f"antechamber: stopped; {stopped._AGAIN}" in process.stderr.read()


def test_a_reader_that_has_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [*ANTECHAMBER, "settings", "--markdown"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("words", [["settings"], ["settings", "--json"], ["settings", "--markdown"]])
def test_a_terminal_that_lacks_letters_ends_no_command(words: list[str]) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "ANTECHAMBER_OIDC_LABEL": "Zeitung für 😀"}
    ended = subprocess.run([*ANTECHAMBER, *words], env=environment, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
    if "--json" in words:
        assert json.loads(ended.stdout)["ANTECHAMBER_OIDC_LABEL"] == "Zeitung für 😀"


def test_what_a_thread_computes_is_not_waited_for() -> None:
    go_on = threading.Event()

    async def work() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        await asyncio.to_thread(go_on.wait, 60)

    try:
        with pytest.raises(KeyboardInterrupt):
            console._interruptible(work())
        assert not go_on.is_set()
    finally:
        go_on.set()


def test_a_file_is_there_when_all_of_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "back-up"
    with console.new_file(path) as file:
        file.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["back-up"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_file_that_was_begun_is_removed(tmp_path: Path, error: Any) -> None:
    def write() -> None:
        with console.new_file(tmp_path / "back-up") as file:
            file.write(b"a part")
            raise error

    with pytest.raises((KeyboardInterrupt, typer.BadParameter)):
        write()
    assert os.listdir(tmp_path) == []


def test_a_file_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "back-up"

    def write() -> None:
        with console.new_file(path) as file:
            file.write(b"ours")
            path.write_text("theirs")

    with pytest.raises(typer.BadParameter, match="is there already"):
        write()
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["back-up"]


def test_a_disk_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with console.new_file(tmp_path / "back-up") as file:
        file.write(b"all")
    assert os.listdir(tmp_path) == ["back-up"]


def test_a_disk_that_is_full_is_said_in_a_line_wherever_that_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device", "/var/tmp/x")

    monkeypatch.setattr(cli, "app", full)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code, capsys.readouterr().err) == (1, "antechamber: /var/tmp/x: No space left on device\n")
