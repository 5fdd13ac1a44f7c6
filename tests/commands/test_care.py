"""Back-ups taken while the service goes on, brought back; damage to the files, found and mended; and whose data it is."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from service import keyfiles
from service.serve import CANT_START
from service.store.append_only import FOLDER
from service.store.box import FORMAT
from service.store.server import EmbeddedError, EmbeddedServer
from tests.commands.conftest import Run

ADD = ("sites", "add", "blog", "--url", "https://blog.example", "--json")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """An installation whose server runs only while something needs it."""
    folder = tmp_path / "data"
    keyfiles.load(folder / "secrets")
    with EmbeddedServer(folder):
        yield folder


@pytest.fixture(autouse=True)
def _empty() -> None:
    """Every installation here is new."""


@pytest.fixture
def stopped(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a site, where nothing runs."""
    folder = tmp_path / "here"
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(folder))
    assert run("keys", "init").code == 0
    assert run(*ADD).code == 0
    return folder


def sites(run: Run) -> list[str]:
    return [one["site"] for one in run("sites", "list", "--json").json]


def test_a_back_up_is_taken_while_others_write_and_brought_back(run: Run, stopped: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with EmbeddedServer(stopped) as server:
        assert run("backup", str(file)).code == 0
        assert file.stat().st_mode & 0o077 == 0
        assert b"ant_" not in file.read_bytes()
        run("sites", "add", "later", "--url", "https://later.example")
        ended = run("restore", str(file), "--yes")
        assert (ended.code, "stop it first" in ended.err) == (CANT_START, True)
        with redis.Redis(unix_socket_path=str(server.socket)) as client:
            assert client.hlen("ac:sites") == 2
    ended = run("restore", str(file), "--yes")
    assert ended.code == 0, ended.err
    assert sites(run) == ["blog"]
    assert run("backup", str(file)).code != 0, "nothing is written over"


def test_it_is_known_when_a_whole_back_up_was_last_written(run: Run, stopped: Path, tmp_path: Path) -> None:
    def told() -> float:
        with EmbeddedServer(stopped) as server, redis.Redis(unix_socket_path=str(server.socket)) as client:
            return int(client.hget("ac:box", "backed_up") or 0) / 1000

    assert told() == 0
    assert run("backup", str(tmp_path / "nowhere" / "backup")).code != 0
    assert told() == 0, "what was not written is no back-up"
    begun = time.time()
    assert run("backup", str(tmp_path / "backup")).code == 0
    assert begun - 1 <= told() <= time.time()


def test_a_back_up_is_written_through_nobody_s_link(run: Run, stopped: Path, tmp_path: Path) -> None:
    """Where others can write too, what a back-up is written into is nothing that they have laid there."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".backup.part").symlink_to(victim)
    assert run("backup", str(tmp_path / "backup")).code == 0
    assert victim.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.glob(".backup*")) == [".backup.part"], "nothing else is left behind"
    (tmp_path / "other").symlink_to(victim)
    assert run("backup", str(tmp_path / "other")).code != 0


def test_a_back_up_that_is_not_whole_changes_nothing(run: Run, stopped: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert run("backup", str(file)).code == 0
    whole = file.read_bytes()
    head = json.loads(whole.partition(b"\n")[0])
    odd = (head | {"made_at": "x"}, head | {"fingerprints": [1]}, head | {"more": 1}, [head])
    damages = (
        whole[:-1], whole[:200], b"", b"{}\n", whole[:300] + b"X" + whole[301:], b"[" * 60_000 + b"\n",
        *(json.dumps(one).encode() + b"\n" + whole.partition(b"\n")[2] for one in odd),
    )  # fmt: skip
    for damaged in damages:
        file.write_bytes(damaged)
        ended = run("restore", str(file), "--yes")
        assert ended.code == CANT_START
        assert "Traceback" not in ended.err
    assert sites(run) == ["blog"]


@pytest.fixture
def elsewhere(run: Run, stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory that is not there yet, in use from now on; the data so far are in `tmp_path / "backup"`."""
    assert run("backup", str(tmp_path / "backup")).code == 0
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"


@pytest.mark.usefixtures("elsewhere")
def test_a_back_up_does_not_go_with_other_secrets(run: Run, tmp_path: Path) -> None:
    assert run("keys", "init").code == 0
    ended = run("restore", str(tmp_path / "backup"), "--yes")
    assert (ended.code, "other secrets" in ended.err) == (CANT_START, True)


def test_a_back_up_can_be_brought_back_before_its_secrets_are(
    run: Run, stopped: Path, tmp_path: Path, elsewhere: Path
) -> None:
    ended = run("restore", str(tmp_path / "backup"), "--yes")
    assert (ended.code, str(elsewhere / "secrets") in ended.out) == (0, True)
    for words in (("serve",), ("keys", "init"), ("sites", "list")):
        ended = run(*words)
        assert (ended.code, "keys replace" in ended.err) == (CANT_START, True)
    assert not (elsewhere / "secrets").exists()
    shutil.copytree(stopped / "secrets", elsewhere / "secrets")
    assert sites(run) == ["blog"]


@pytest.mark.usefixtures("elsewhere")
def test_secrets_that_are_lost_are_replaced_after_a_restore(run: Run, tmp_path: Path) -> None:
    assert run("restore", str(tmp_path / "backup"), "--yes").code == 0
    assert run("keys", "replace", "--yes").code == 0
    assert sites(run) == ["blog"]


def test_what_can_t_be_put_back_leaves_nothing_behind(run: Run, stopped: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert run("backup", str(file)).code == 0
    before = sorted(os.listdir(stopped / "redis"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", full)
        ended = run("restore", str(file), "--yes")
    assert (ended.code, "can't be put back: No space left on device" in ended.err) == (CANT_START, True)
    assert sorted(os.listdir(stopped / "redis")) == before
    assert sites(run) == ["blog"]


def test_a_wrong_back_up_begins_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no back-up")
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path / "elsewhere"))
    assert run("restore", str(tmp_path / "file"), "--yes").code == CANT_START
    assert not (tmp_path / "elsewhere").exists()


def test_a_lost_list_is_said_before_anything_is_written_over_and_made_anew(run: Run, stopped: Path) -> None:
    folder = stopped / "redis" / FOLDER
    (folder / "appendonly.aof.manifest").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    ended = run("sites", "list")
    assert (ended.code, "antechamber repair" in ended.err) == (CANT_START, True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    ended = run("repair", "--yes")
    assert ended.code == 0, ended.err
    assert sites(run) == ["blog"]


@pytest.mark.parametrize("damage", ["torn", "overwritten"])
def test_a_file_that_breaks_off_is_cut_where_it_does(run: Run, stopped: Path, damage: str) -> None:
    (newest,) = (stopped / "redis" / FOLDER).glob("*.incr.aof")
    whole = newest.stat().st_size
    with newest.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n" if damage == "torn" else b"")
        if damage == "overwritten":
            file.write(b"*3\r\n$3\r\nSXX\r\n$1\r\na\r\n$1\r\nb\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n")
        else:
            file.truncate(whole + 20)
            file.write(b"\0" * 50)
    ended = run("sites", "list")
    assert ended.code == CANT_START
    assert "the embedded server ended: " in ended.err, "its own last words"
    ended = run("repair", "--yes")
    assert ended.code == 0, ended.err
    assert newest.stat().st_size >= whole
    assert sites(run) == ["blog"]
    assert list((stopped / "redis").glob(f"{FOLDER}.before-repair-*"))


def test_what_can_not_be_repaired_is_said_in_a_line(run: Run, stopped: Path) -> None:
    listing = stopped / "redis" / FOLDER / "appendonly.aof.manifest"
    listing.unlink()
    listing.mkdir()
    ended = run("repair", "--yes")
    assert (ended.code, "nothing was repaired: " in ended.err) == (CANT_START, True)
    assert "Is a directory" in ended.err


def test_a_repair_without_a_server_to_ask_is_a_line(
    run: Run, stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)  # no socket has so long a path
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    ended = run("repair", "--yes")
    assert ended.code == CANT_START
    assert "can't be looked at" in ended.err


@pytest.mark.parametrize(
    "words", [["repair", "--yes"], ["repair", "--start-anew", "--yes"], ["sites", "list"], ["keys", "init"]]
)
def test_a_folder_that_is_a_circle_of_links_is_a_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(circle))
    ended = run(*words)
    assert (ended.code != 0, len(ended.err.splitlines())) == (True, 1)
    assert str(circle) in ended.err


def test_data_is_given_up_only_where_some_was(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path / "mistyped"))
    ended = run("repair", "--start-anew", "--yes")
    assert (ended.code, ended.out) == (CANT_START, "")
    assert f"nothing is remembered of data in {tmp_path / 'mistyped'}" in ended.err


def test_a_repair_of_which_nothing_is_left_says_what_is_left_to_do(run: Run, stopped: Path) -> None:
    for file in (stopped / "redis" / FOLDER).glob("*.aof"):
        file.write_bytes(b"nonsense" + file.read_bytes()[8:])
    ended = run("repair", "--yes")
    assert ended.code == CANT_START
    assert "antechamber repair says" not in ended.err
    assert "restore" in ended.err


def test_data_that_is_gone_is_said_and_no_new_one_begun(run: Run, stopped: Path) -> None:
    shutil.rmtree(stopped / "redis" / FOLDER)
    ended = run("sites", "list")
    assert (ended.code, "there was data before" in ended.err) == (1, True)
    found = [one["line"] for one in run("check", "--json").json if one["subject"] == "redis"]
    assert found
    assert run("repair", "--start-anew", "--yes").code == 0
    assert sites(run) == []


def test_secrets_that_are_moved_away_are_not_made_anew(run: Run, stopped: Path, tmp_path: Path) -> None:
    (stopped / "secrets").rename(tmp_path / "moved")
    for words in (("sites", "list"), ("check",), ("serve",), ("keys", "init"), ("keys", "list")):
        ended = run(*words)
        assert ended.code != 0, words
        assert "master.key" in ended.out + ended.err
        assert "antechamber keys replace" in ended.out + ended.err
        assert "begins a new" not in ended.out + ended.err
    assert not (stopped / "secrets").exists()
    (stopped / "box.json").unlink()  # nobody remembers, but the data itself does
    assert run("keys", "init").code == 0
    with EmbeddedServer(stopped):
        for words in (("sites", "list"), ("check",)):
            ended = run(*words)
            assert ended.code != 0, words
            assert "master.key is not the one that this data was made with" in ended.out + ended.err
    shutil.rmtree(stopped / "secrets")
    (tmp_path / "moved").rename(stopped / "secrets")
    assert sites(run) == ["blog"]


def test_other_keys_are_taken_when_somebody_says_so(run: Run, stopped: Path) -> None:
    (stopped / "secrets" / "master.key").write_text("ab" * 32 + "\n")
    assert run("sites", "list").code == CANT_START
    assert run("keys", "replace", "--yes").code == 0
    assert sites(run) == ["blog"]


def test_a_newer_format_is_refused(run: Run, stopped: Path) -> None:
    with EmbeddedServer(stopped) as server:
        with redis.Redis(unix_socket_path=str(server.socket)) as client:
            assert int(client.hget("ac:box", "format")) == FORMAT
            client.hset("ac:box", "format", 99)
        ended = run("sites", "list")
    assert (ended.code, "newer Antechamber (format 99" in ended.err) == (CANT_START, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_writes_nothing_into_the_data_of_another_user(run: Run, stopped: Path) -> None:
    for path in (stopped, *stopped.rglob("*")):
        os.chown(path, 65_534, 65_534)
    for words in (("compact",), ("serve",), ("backup", "file"), ("erase", "blog", "--all", "--yes")):
        ended = run(*words)
        assert ended.code == CANT_START, words
        assert f"sudo -u nobody --preserve-env=ANTECHAMBER_DATA_DIR antechamber {' '.join(words)}" in ended.err
    assert {path.stat().st_uid for path in stopped.rglob("*")} == {65_534}
    assert any("belongs to nobody" in one["line"] for one in run("check", "--json").json)


def test_a_command_in_another_folder_begins_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTECHAMBER_DATA_DIR")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    for words in (
        ADD,
        ("sites", "list"),
        ("compact",),
        ("keys", "list"),
        ("keys", "rotate"),
        ("privacy", "scan"),
        ("check",),
    ):
        ended = run(*words)
        assert ended.code != 0, words
        assert list((tmp_path / "folder").iterdir()) == [], words
    assert "ANTECHAMBER_DATA_DIR is not set" in run("sites", "list").err


def test_a_server_that_can_t_start_says_why_at_once(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path):
        pass
    (base,) = (tmp_path / "redis" / FOLDER).glob("*.base.rdb")
    base.write_bytes(b"REDIS0011garbage")
    with pytest.raises(EmbeddedError, match="the embedded server ended"):
        EmbeddedServer(tmp_path).start()


def test_versions_of_notes_that_can_t_be_read_are_no_error(run: Run, stopped: Path) -> None:
    for text in ("", "[]", "{}", json.dumps({"id": 1, "sites": "x"})):
        (stopped / "box.json").write_text(text)
        assert sites(run) == ["blog"]
