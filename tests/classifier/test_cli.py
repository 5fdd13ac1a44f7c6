"""The command line: one answer a line, clear errors, reports that stand alone."""

import gzip
import json
import os
import random
from pathlib import Path
from subprocess import PIPE, run
from sys import executable

import pytest
from typer.testing import CliRunner

from classifier import LABELS
from classifier.artifact import write
from classifier.cli import app
from classifier.evaluation.dataset import Columns, LabelledFileError, read
from classifier.training import writing

from .test_artifact import content

runner = CliRunner()
ROWS = """text,author,url,label,toxic,insult,lang
"Buy <b>pills</b>, now",Pills,http://pills.example,spam,,,
"Thanks, that helped",Ann,,ham,0,0,en
"<script>alert(1)</script> you fool",,,,1,1,en
"A quiet day in the garden",,,0,0,,
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    write(tmp_path / "model", "small", *content())
    return str(tmp_path / "model")


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_line_has_its_answer() -> None:
    rows = [{"text": "hello"}, {"text": "x", "author_name": "A", "author_url": None, "lang": "de-AT", "id": 7}]
    done = runner.invoke(app, ["score"], input="".join(json.dumps(row) + "\n" for row in rows))
    assert done.exit_code == 0
    first, second = lines(done.stdout)
    assert tuple(first["scores"]) == LABELS
    assert set(first) == {"scores", "flags", "language", "model", "readers"}
    assert second["language"] == "de"


def test_a_bad_line_loses_no_other() -> None:
    text = '{"text": "one"}\nnot json\n\n{"text": 5}\n[1]\n{"text": "two", "author_url": []}\n{"text": "three"}\n'
    done = runner.invoke(app, ["score"], input=text.encode() + b'{"text": "\xff"}\n')
    answers = lines(done.stdout)
    assert done.exit_code == 1
    assert ["scores" in answer for answer in answers] == [True, False, False, False, False, True, False]
    assert [answer["line"] for answer in answers if "line" in answer] == [2, 4, 5, 6, 8]
    assert "not JSON" in str(answers[1]["error"])
    assert "5 lines could not be scored" in done.stderr


def test_batches_do_not_show() -> None:
    text = "".join(json.dumps({"text": f"comment {n}"}) + "\n" for n in range(130))
    together = runner.invoke(app, ["score"], input=text).stdout
    assert len(together.splitlines()) == 130
    alone = runner.invoke(app, ["score", "--batch", "1"], input=text).stdout
    assert [a["flags"] for a in lines(alone)] == [a["flags"] for a in lines(together)]


def test_parts_add_up_to_the_logit() -> None:
    done = runner.invoke(app, ["score", "--explain", "--label", "insult"], input='{"text": "you 😀 fool"}\n')
    (answer,) = lines(done.stdout)
    explanation = answer["explanations"]["insult"]  # type: ignore[index]
    assert set(answer["explanations"]) == {"insult"}  # type: ignore[call-overload]
    assert sum(part["contribution"] for part in explanation["parts"]) == pytest.approx(explanation["logit"])
    assert {"name", "start", "end", "start_utf16"} <= next(
        p for p in explanation["parts"] if p["kind"] == "span"
    ).keys()


def test_unknown_labels_and_models_are_refused(tmp_path: Path) -> None:
    assert "no label 'nice'" in runner.invoke(app, ["score", "--explain", "--label", "nice"], input="").stderr
    done = runner.invoke(app, ["score", "--model", str(tmp_path)], input="")
    assert done.exit_code == 2
    assert "model.json" in done.stderr


def test_it_runs_as_a_module() -> None:
    done = run(
        [executable, "-m", "classifier", "score"], input=b'{"text": "hello"}\n', stdout=PIPE, check=True, env=os.environ
    )
    assert lines(done.stdout.decode())[0]["scores"]


@pytest.mark.parametrize("zipped", [False, True])
def test_evaluate_prints_and_saves_a_report(tmp_path: Path, model: str, *, zipped: bool) -> None:
    table = tmp_path / ("rows.csv.gz" if zipped else "rows.csv")
    table.write_bytes(gzip.compress(ROWS.encode()) if zipped else ROWS.encode())
    report = tmp_path / "report.html"
    done = runner.invoke(app, ["evaluate", str(table), "--output", str(report), "--model", model])
    assert done.exit_code == 0, done.stderr
    assert "spam" in done.stdout
    page = report.read_text()
    assert page.count("<svg") == 3 * 4
    assert "<script>alert" not in page
    assert "default-src 'none'" in page
    assert "http://" not in page.replace("http://pills.example", "")


def test_evaluate_can_leave_the_texts_out(tmp_path: Path, model: str) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(ROWS.replace("ham,0,0", "spam,1,1"))  # so that it is a miss
    report = tmp_path / "report.html"
    runner.invoke(app, ["evaluate", str(table), "--output", str(report), "--model", model, "--no-texts"])
    assert "that helped" not in report.read_text()
    runner.invoke(app, ["evaluate", str(table), "--output", str(report), "--model", model])
    assert "that helped" in report.read_text()


def test_json_lines_and_their_names_for_labels(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"text": "a", "labels": {"spam": true}}\n\n{"text": "b", "obscene": 0, "identity_hate": "1", "author_name": "B"}\n'
    )
    first, second = read(path)
    assert first.truth == {"spam": True}
    assert second.truth == {"profanity": False, "identity_attack": True}
    assert (second.item.author_name, second.line, second.source) == ("B", 3, "rows")


DAMAGED = gzip.compress(b"")[:10] + b"\xff" + bytes(20)  # there is no block of this type


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("rows.txt", b"text\n", "must end in"),
        ("rows.csv", b"words,label\nx,spam\n", "no column 'text'"),
        ("rows.csv", b"text,label\nx,perhaps\n", "neither yes nor no"),
        ("rows.jsonl", b'{"text": "x"}\n[]\n', "line 1: not an object"),
        ("rows.jsonl", b'{"label": "spam"}\n', "no 'text'"),
        ("rows.csv.gz", b"not gzip", "rows.csv.gz"),
        ("rows.csv", b"text\n\xff\n", "not UTF-8"),
        ("rows.csv", "text,spam\nhello,0\n".encode("utf-16"), "UTF-16"),
        ("rows.csv", b"", "empty"),
        ("rows.csv", b"text,spam\n", "holds no comments"),
        ("rows.jsonl", b"\n", "holds no comments"),
        ("rows.csv", b"text;spam\na;0;b\n", "more columns"),
        ("rows.csv", b"text,text,spam\na,b,0\n", "two columns are called 'text'"),
        ("rows.csv", b"text,spam,label\na,1,ham\n", "'label' says of spam what another column denies"),
        ("rows.csv", b'text,spam\n"a,0\nb,1\n', "unexpected end"),
        ("rows.csv", b'text,spam\nz,0\n"a,0\nb,1\n"c",1\n', "after line 2: .*expected"),
        ("rows.csv", b"text,lang,spam\na,klingon,0\n", "no language tag"),
        ("rows.csv.gz", DAMAGED, "Error -3"),
        ("rows.jsonl", b'{"text": "a", "text": "b"}\n', '"text" stands there twice'),
        ("rows.jsonl", b'{"text": "a", "author_name": {"first": "Ann"}}\n', "'author_name' is not a text"),
        ("rows.jsonl", b'{"text": "a", "lang": 7}\n', "'lang' is not a text"),
        ("rows.jsonl", b"[" * 100_000, "not JSON"),
    ],
)
def test_bad_files_are_named_with_the_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(LabelledFileError, match=reason):
        list(read(path))
    assert runner.invoke(app, ["evaluate", str(path)]).exit_code == 2


def test_a_file_without_labels_or_without_itself_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\nhello\n")
    assert "what is true" in runner.invoke(app, ["evaluate", str(path)]).stderr
    assert "none.csv" in runner.invoke(app, ["evaluate", str(tmp_path / "none.csv")]).stderr


def test_columns_may_have_names_of_their_own(tmp_path: Path, model: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('Kommentar;Wer;böse\n"Du; Depp";Ann;yes\nSehr schön;Bo;no\n', encoding="latin-1")
    given = ["--column", "text=Kommentar", "--column", "author_name=Wer", "--column", "toxicity=böse"]
    (bad, good) = read(path, Columns({"text": "Kommentar", "author_name": "Wer", "toxicity": "böse"}, "latin-1"))
    assert (bad.item.text, bad.item.author_name, bad.truth, bad.line) == ("Du; Depp", "Ann", {"toxicity": True}, 2)
    assert good.truth == {"toxicity": False}
    report = str(tmp_path / "report.html")
    done = runner.invoke(
        app, ["evaluate", str(path), "--encoding", "latin-1", "--model", model, "--output", report, *given]
    )
    assert done.exit_code == 0, done.stderr
    assert "toxicity" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--column", "text=body"], "no column 'body'; it has 'text', 'spam'"),
        (["--column", "toxicity=toxic"], "no column 'toxic'"),
        (["--column", "weight=w"], "NAME=COLUMN"),
        (["--column", "text"], "NAME=COLUMN"),
        (["--encoding", "klingon"], "no encoding"),
        (["--encoding", "base64"], "no encoding"),
        (["--column", "text=text", "--column", "text=spam"], "two columns are named for text: 'text' and 'spam'"),
    ],
)
def test_wrong_columns_are_named_in_words(tmp_path: Path, words: list[str], complaint: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,spam\nhello,0\n")
    done = runner.invoke(app, ["evaluate", str(path), *words], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert complaint in done.stderr


def test_a_column_that_no_row_has_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "who": "Ann", "spam": 1}\n')
    with pytest.raises(LabelledFileError, match="none of its rows has 'wo'"):
        list(read(path, Columns({"author_name": "wo"})))
    assert next(read(path, Columns({"author_name": "who"}))).item.author_name == "Ann"


def test_one_class_alone_is_said(tmp_path: Path, model: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,spam\nhello,0\nthanks,0\n")
    done = runner.invoke(
        app,
        ["evaluate", str(path), "--model", model, "--output", str(tmp_path / "report.html")],
        env={"COLUMNS": "300"},
    )
    assert done.exit_code == 0
    assert "spam: none of them is labelled so" in done.stderr
    assert "nan" not in done.stdout.lower()
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600  # it quotes comments


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_says_what_parts_the_columns(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(delimiter.join(row) for row in (("lang", "text", "spam"), ("en", "hello", "1"))))
    (row,) = read(path)
    assert (row.item.text, row.item.lang, row.truth) == ("hello", "en", {"spam": True})


def test_no_digit_depends_on_who_is_scored_together() -> None:
    made = writing.comments(5, 2).items
    items = random.Random(1).sample(made, 300)
    rows = [
        {"text": i.text, "author_name": i.author_name, "author_url": i.author_url, "id": n} for n, i in enumerate(items)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    said = [runner.invoke(app, ["score", "--batch", str(size)], input=text).stdout for size in (1, 7, 64, 300)]
    assert len(said[0].splitlines()) == 300
    assert said.count(said[0]) == 4
