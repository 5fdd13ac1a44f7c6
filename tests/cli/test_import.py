"""Importing as an operator does it, by the command line: words, JSON, refusals, and an end without mercy."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from service.imports.formats import FORMATS
from service.imports.tables import COLUMNS, STATES
from service.store.embedded import EmbeddedServer
from tests.cli.conftest import Run
from tests.imports import samples

ROWS = 6_000


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the operator stands, with an export of WordPress."""
    monkeypatch.chdir(tmp_path)
    comments = [
        samples.wp_comment(5, "I keep bees too."), samples.wp_comment(6, "Not yet.", "0"), samples.wp_comment(7, ""),
        samples.wp_comment(8, "Cheap pills", "trash", {"akismet_result": "true"}), samples.wp_comment(9, "Odd", author_IP="?"),
    ]  # fmt: skip
    (tmp_path / "blog.xml").write_text(samples.wxr(*comments))
    return tmp_path


def test_an_import_says_what_it_did_and_what_to_do_next(run: Run, blog: dict[str, str], here: Path) -> None:
    ended = run("import", "blog.xml", "--site", "blog")
    assert (ended.code, ended.err) == (0, "")
    assert "Brought into blog: 4 comments (2 approved, 1 held, 1 spam)." in ended.out
    assert "3 of them teach" in ended.out
    assert "1 held one waits in the moderators' queue" in ended.out
    assert "does not tell: what is in the spam folder" in ended.out
    assert "antechamber backtest --site blog" in ended.out
    assert json.loads((here / "blog.xml.left-out.jsonl").read_text())["why"] == "a comment without text"
    again = run("import", "blog.xml", "--site", "blog", "--json").json
    assert (again["known"], again["brought"], again["left_out"]) == (4, {}, {"a comment without text": 1})


def test_a_dry_run_only_looks(run: Run, blog: dict[str, str], here: Path) -> None:
    ended = run("import", "blog.xml", "--site", "blog", "--dry-run")
    assert "Would be brought into blog: 4 comments" in ended.out
    assert "Nothing was written" in ended.out
    assert run("sites", "list", "--json").json[0]["comments"]["approved"] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["blog.xml", "--site", "nobody"], "no such site"),
        (["blog.xml", "--site", "blog", "--format", "word"], "wordpress, disqus"),
        (["plain.txt", "--site", "blog"], "not recognised"),
        (["bomb.xml", "--site", "blog"], "document type or entities"),
        (["missing.xml", "--site", "blog"], "does not exist"),
        (["blog.xml", "--site", "blog", "--left-out", "no/such/folder"], "can't be written"),
    ],
)
def test_what_can_not_be_ends_in_one_clear_line(
    run: Run, blog: dict[str, str], here: Path, words: list[str], message: str
) -> None:
    (here / "plain.txt").write_text("hello\n")
    (here / "bomb.xml").write_text('<!DOCTYPE x [<!ENTITY a "b">]>' + samples.wxr())
    ended = run("import", *words)
    assert ended.code != 0
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_an_archive_that_ends_early_is_said(run: Run, blog: dict[str, str], here: Path) -> None:
    packed = gzip.compress(b"".join(b'{"text": "comment %d"}\n' % number for number in range(30_000)))
    (here / "cut.gz").write_bytes(packed[:-1_000])
    ended = run("import", "cut.gz", "--site", "blog", "--dry-run")
    assert ended.code == 1
    assert "ends early: the archive is damaged or cut off" in ended.err
    assert "Would be brought into blog" in ended.out


def test_killed_without_mercy_and_taken_up_again(run: Run, blog: dict[str, str], here: Path, data: Path) -> None:
    rows = "".join(
        f"{number},comment number {number},{'spam' if number % 3 else 'approved'}\n" for number in range(ROWS)
    )
    (here / "history.csv").write_text("id,text,state\n" + rows)
    environment = os.environ | {"ANTECHAMBER_DATA_DIR": str(data)}
    command = [sys.executable, "-m", "service.cli", "import", "history.csv", "--site", "blog"]
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while client.zcard("ac:{p0}:s:blog:all") < 200 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        process.wait()
        before = client.zcard("ac:{p0}:s:blog:all")
        assert 200 <= before < ROWS
        ended = run("import", "history.csv", "--site", "blog", "--resume", "--json")
        assert ended.err == f"Going on after record {before:,}.\n"
        assert ended.json["brought"] == {"approved": 2_000, "spam": 4_000}
        assert (ended.json["known"], ended.json["examples"], ended.json["records"]) == (0, ROWS, ROWS)
        assert client.zcard("ac:{p0}:s:blog:all") == client.zcard("ac:{p0}:s:blog:examples") == ROWS


def test_the_page_names_every_format_column_and_word() -> None:
    page = (Path(__file__).parents[2] / "docs/import.md").read_text()
    words = [
        *FORMATS,
        *(name for names in COLUMNS.values() for name in names),
        *(word for words in STATES.values() for word in words),
    ]
    assert [word for word in words if f"`{word}`" not in page] == []
