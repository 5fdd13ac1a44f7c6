"""Importing as an operator does it, by the command line: words, JSON, refusals, and an end without mercy."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import redis

from service.imports import FORMATS
from service.imports.columns import COLUMNS
from service.imports.words import STATES
from service.store.server import EmbeddedServer
from tests.commands.conftest import Run
from tests.imports import samples

ROWS = 6_000
ROOT = Path(__file__).parents[2]


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


def test_an_import_says_what_it_did_and_what_to_do_next(run: Run, blog: dict[str, str], here: Path, data: Path) -> None:
    ended = run("import", "blog.xml", "--site", "blog")
    assert (ended.code, ended.err) == (0, "")
    assert "Brought into blog: 4 comments (2 approved, 1 held, 1 spam)." in ended.out
    assert "3 of them teach" in ended.out
    assert "1 held one waits in the moderators' queue" in ended.out
    assert "does not tell: what is in the spam folder" in ended.out
    assert "antechamber backtest --site blog" in ended.out
    assert "antechamber import --undo blog-import-1 takes it back" in ended.out
    listing = data / "imports/blog-import-1.left-out.jsonl"
    assert str(listing) in ended.out
    assert json.loads(listing.read_text())["why"] == "a comment without text"
    assert list(here.iterdir()) == [here / "blog.xml"]
    again = run("import", "blog.xml", "--site", "blog", "--json").json
    assert (again["known"], again["brought"], again["left_out"]) == (4, {}, {"a comment without text": 1})


def test_ids_carry_the_system_unless_the_site_stays_on_it(run: Run, blog: dict[str, str], here: Path) -> None:
    run("import", "blog.xml", "--site", "blog")
    assert run("comments", "show", "blog", "wordpress:5").code == 0
    assert run("comments", "show", "blog", "5").code != 0
    run("sites", "add", "other", "--url", "https://other.example/news/")
    run("import", "blog.xml", "--site", "other", "--same-platform")
    assert run("comments", "show", "other", "other.example/news#5").code == 0


GOOD = "id,text,state\n1,Hello,approved\n2,Buy,spam\n"


@pytest.mark.parametrize(
    ("content", "code", "said", "unsaid"),
    [
        (GOOD, 0, ("Only looked: blog is as it was.\n", "Without --dry-run it is brought in"), ("left out",)),
        (GOOD + "3,,approved\n", 0, ("blog is as it was; only the list of what would be left out was written.",), ()),
        (GOOD + GOOD, 0, ("Would be left alone: 2, here already, or twice in this file.",), ("Left out",)),
        (GOOD + "3,Hm,\n", 0, ("1 held", "nothing says whether it was approved"), ()),
        (GOOD + "3,Hm,appr", 1, ("The file ends early", "What came before that would be brought in"), ("is in;",)),
        ('[{"text": "On', 1, ("The file ends early: it has no end. Nothing of it can be brought in.",), ("Without",)),
        (
            "text,state\nOne,sometimes\n",
            1,
            ("Would be left out: 1 record", "Nothing would be brought in."),
            ("Without",),
        ),
        ("id,text,state\n", 1, ("CSV: 0 records.", "Nothing would be brought in."), ("Without",)),
        ("", 1, ("The file is empty.",), ("Only looked",)),
        ("1,Hello\n2,Buy\n", 1, ("A table needs a first line that names its columns",), ("Only looked",)),
        ("text,date\nA,23-01-02\nB,22-12-31\n", 0, ("are read with the year first: others in the file show it.",), ()),
        ("text,date\nA,23-01-02\n", 0, ("--dates says what comes first", "“23-01-02”"), ()),
        ("text,spam_score\nA,7\n", 0, ("Ignored, though they are called as if", "spam_score"), ()),
    ],
)
def test_a_dry_run_says_what_would_be_and_no_more(
    run: Run,
    blog: dict[str, str],
    here: Path,
    *,
    content: str,
    code: int,
    said: tuple[str, ...],
    unsaid: tuple[str, ...],
) -> None:
    (here / "odd").write_text(content)
    ended = run("import", "odd", "--site", "blog", "--dry-run")
    assert ended.code == code
    assert [words for words in said if words not in ended.out + ended.err] == []
    assert [words for words in unsaid if words in ended.out + ended.err] == []
    assert "rought in." not in ended.err or "Nothing" in ended.err
    assert run("sites", "list", "--json").json[0]["comments"]["approved"] == 0


def test_half_a_letter_in_the_name_of_a_column_stops_nothing(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "odd.json").write_text('[{"text": "One", "\\ud83dlikes": 3, "state": "ok"}]')
    assert run("import", "odd.json", "--site", "blog", "--json").json["columns"]["?likes"] == ""


def test_a_dry_run_only_looks(run: Run, blog: dict[str, str], here: Path) -> None:
    ended = run("import", "blog.xml", "--site", "blog", "--dry-run")
    assert "Would be brought into blog: 4 comments" in ended.out
    assert "Only looked: blog is as it was; only the list of what would be left out was written." in ended.out
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
        (["blog.xml", "--site", "blog", "--left-out", "/dev/full"], "can't be written: No space left on device"),
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


CAMEL = """[
 {"commentId": "a1", "commentText": "I keep bees too.", "authorName": "Ann", "createdAt": "02.01.2023", "isSpam": false,
  "likes": 3},
 {"commentId": "a2", "commentText": "Cheap pills for ann@example.com", "authorName": "Pills", "createdAt": "soon", "isSpam": true}
]"""


def test_a_dry_run_shows_rows_as_they_would_be_read(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "camel.json").write_text(CAMEL)
    ended = run("import", "camel.json", "--site", "blog", "--dry-run")
    assert ended.code == 0
    for words in (
        "isSpam",
        "spam or not",
        "likes",
        "ignored",
        "2023-01-02",
        "spam",
        "I keep bees too.",
        "a time that can't be read",
        "“soon”",
    ):
        assert words in ended.out
    assert "ann@example.com" not in ended.out
    facts = run("import", "camel.json", "--site", "blog", "--dry-run", "--json").json
    assert [row["becomes"] for row in facts["rows"]] == ["approved", "spam"]
    assert (facts["columns"]["likes"], facts["columns"]["createdAt"]) == ("", "created_at")
    done = run("import", "camel.json", "--site", "blog")
    assert "Ignored columns: likes." in done.out


def test_the_list_of_what_is_left_out_never_takes_the_exports_place(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "odd.csv").write_text("id,text,state\n1,,ok\n")
    (here / "link.csv").symlink_to("odd.csv")
    for name in ("odd.csv", "./odd.csv", "link.csv"):
        ended = run("import", "odd.csv", "--site", "blog", "--left-out", name)
        assert (ended.code, "the export itself" in ended.err) == (2, True)
    assert (here / "odd.csv").read_text() == "id,text,state\n1,,ok\n"


def test_a_pipe_is_read_as_a_file_is(run: Run, blog: dict[str, str], here: Path) -> None:
    os.mkfifo(here / "pipe")
    with subprocess.Popen(["/bin/sh", "-c", "cat blog.xml > pipe"]):
        assert run("import", "pipe", "--site", "blog", "--json").json["records"] == 5
    assert "is no file" in run("import", "/dev/null", "--site", "blog").err
    assert "too long" in run("import", "a" * 300, "--site", "blog").err


def test_an_encoding_has_several_names(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "old.csv").write_bytes("text,state\nGrüße,ok\n".encode("latin-1"))
    for name in ("latin1", "ISO8859-1", "iso-8859-1"):
        said = run("import", "old.csv", "--site", "blog", "--dry-run", "--json", "--encoding", name).json
        assert (said["encoding"], said["rows"][0]["text"]) == ("iso-8859-1", "Grüße")
    assert "the encoding is one of" in run("import", "old.csv", "--site", "blog", "--encoding", "rot13").err


def test_standard_input_is_read_as_a_file_is(run: Run, blog: dict[str, str], here: Path) -> None:
    ended = run("import", "-", "--site", "blog", "--json", text=CAMEL)
    assert (ended.code, ended.json["brought"]) == (0, {"approved": 1, "spam": 1})
    assert run("import", "-", "--site", "blog", text=CAMEL).out.count("here already") == 1
    empty = run("import", "-", "--site", "blog", text="")
    assert (empty.code, "The file is empty." in empty.err) == (1, True)


def test_an_export_gets_into_a_container_that_can_not_be_written_to(
    run: Run, blog: dict[str, str], here: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one stands nothing can be written: only TMPDIR and the data directory are there, as `docker-compose.yml` has it."""
    compose = (ROOT / "docker-compose.yml").read_text()
    service = compose.partition("x-service:")[2].partition("x-environment:")[0]
    assert "read_only: true" in service
    assert re.findall(r"^    - (/\S+)$", service, re.MULTILINE) == ["/tmp"]
    assert "\n    - data:/data" in service
    page = (ROOT / "docs/import.md").read_text()
    assert "docker compose exec -T api antechamber import - --site blog < blog.xml" in page
    assert "docker compose run --rm" in page
    export = (here / "blog.xml").read_text()
    gone, kept = here / "gone", here / "tmp"
    gone.mkdir()
    kept.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr(tempfile, "tempdir", str(kept))
    ended = run("import", "-", "--site", "blog", text=export)
    assert ended.code == 0, ended.err
    assert "Brought into blog: 4 comments" in ended.out
    assert (data / "imports/blog-import-1.left-out.jsonl").exists()
    assert list(kept.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(gone))
    nowhere = run("import", "-", "--site", "blog", text=export)
    assert nowhere.code == 1
    assert "Standard input can't be kept in" in nowhere.err


def test_an_import_is_taken_back_by_its_name(run: Run, blog: dict[str, str], here: Path) -> None:
    named = run("import", "blog.xml", "--site", "blog", "--json").json["run"]
    wrong = run("import", "--undo", "blog-import-7")
    assert wrong.code != 0
    assert f"{named} (" in wrong.err
    ended = run("import", "--undo", named)
    assert f"{named}: 4 comments were taken back" in ended.out
    assert run("sites", "list", "--json").json[0]["comments"]["approved"] == 0
    assert run("import", "blog.xml", "--site", "blog", "--json").json["known"] == 0
    assert run("import", "blog.xml", "--undo", named).code == 2


def test_a_mended_mistake_is_brought_anew(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "a.csv").write_text("id,text,state\n1,Cheap pills,approved\n2,Hello there,approved\n")
    run("import", "a.csv", "--site", "blog")
    (here / "a.csv").write_text("id,text,state\n1,Cheap pills,spam\n2,Hello there,approved\n")
    assert "--replace brings it anew" in run("import", "a.csv", "--site", "blog").out
    ended = run("import", "a.csv", "--site", "blog", "--replace")
    assert "1 of them in place of what an earlier import had brought" in ended.out
    assert "Left alone: 1, here already." in ended.out
    assert run("sites", "list", "--json").json[0]["comments"]["rejected"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (samples.wxr(samples.wp_comment(1, "One"), samples.wp_comment(2, "Two"))[:-400], "The file ends early"),
        ("id,text,state\n1,One,approved\n2,Two,appr", "The file ends early"),
        ('[{"text": "One"}, {"text": "Tw', "The file ends early"),
        ("text,state\nOne,sometimes\n", "Nothing was brought in."),
        (samples.wxr(), "Nothing was brought in."),
    ],
)
def test_what_is_cut_off_or_brings_nothing_does_not_end_well(
    run: Run, blog: dict[str, str], here: Path, content: str, message: str
) -> None:
    (here / "odd").write_text(content)
    ended = run("import", "odd", "--site", "blog")
    assert ended.code == 1
    assert message in ended.err


def test_an_old_encoding_is_said(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "old.csv").write_bytes("id,text,state\n1,Très bien à Noël,approved\n".encode("cp1252"))
    ended = run("import", "old.csv", "--site", "blog", "--dry-run")
    assert "read as windows-1252" in ended.out
    assert "Très bien à Noël" in ended.out
    assert run("import", "old.csv", "--site", "blog", "--encoding", "klingon").code == 2


def test_the_list_of_what_was_left_out_names_the_word(run: Run, blog: dict[str, str], here: Path) -> None:
    (here / "a.csv").write_text("text,state\nOne,approved\nTwo,sometimes\nThree,sometimes\n")
    ended = run("import", "a.csv", "--site", "blog", "--left-out", "here.jsonl")
    assert "2  a state that is not known; docs/import.md lists the words (“sometimes”)" in ended.out
    assert [json.loads(line)["word"] for line in (here / "here.jsonl").read_text().splitlines()] == ["sometimes"] * 2


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
