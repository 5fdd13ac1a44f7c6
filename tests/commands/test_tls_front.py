"""`antechamber tls-front` at the command line: certificates are made, shown again, and what can't be is said in a line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands.conftest import Run


def test_what_was_made_is_shown_again(run: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "tls")
    made = run("tls-front", "make", "akismet", "--folder", folder, "--address", "192.0.2.5", "--key", "0123456789ab")
    assert made.code == 0
    assert "192.0.2.5 rest.akismet.com 0123456789ab.rest.akismet.com" in made.out
    shown = run("tls-front", "show", "--folder", folder, "--address", "192.0.2.5", "--key", "0123456789ab")
    assert (shown.code, shown.out) == (0, made.out)
    assert "PRIVATE" not in made.out


def test_what_cant_be_is_said_in_a_line(run: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "tls")
    for command in ("show", "serve"):
        ended = run("tls-front", command, "--folder", folder)
        assert (ended.code, ended.out) == (1, "")
        assert "antechamber tls-front make" in ended.err
    wrong = run("tls-front", "make", "akismett", "--folder", folder)
    assert wrong.code == 2
    assert "'akismett' is neither one of akismet, perspective, openai nor a host's name" in " ".join(wrong.err.split())
    assert not (tmp_path / "tls").exists()


def test_its_certificate_lies_where_the_data_is_unless_told(run: Run, data: Path) -> None:
    assert run("tls-front", "make", "forum.example").code == 0
    assert (data / "tls" / "front.key").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_can_t_be_is_said_in_a_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    ended = run("tls-front", "make", "akismet", "--folder", str(tmp_path / "file" / "tls"))
    assert (ended.code, ended.out, ended.err) == (1, "", f"{tmp_path}/file/tls: Not a directory\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_makes_no_certificate_that_the_service_could_not_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "redis").mkdir()
    os.chown(tmp_path / "redis", 65_534, 65_534)
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path))
    ended = run("tls-front", "make", "akismet")
    assert (ended.code, "sudo -u nobody" in ended.err) == (78, True)
    assert os.listdir(tmp_path) == ["redis"]
