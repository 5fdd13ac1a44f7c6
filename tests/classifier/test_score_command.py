"""The command line: one answer a line, clear errors, reports that stand alone."""

import gzip
import json
import os
from pathlib import Path
from subprocess import PIPE, run
from sys import executable

import pytest
from typer.testing import CliRunner

from classifier import LABELS
from classifier.artifact import write
from classifier.commands import app
from classifier.labelled import LabelledFileError, read

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
    assert set(first) == {"scores", "flags", "language", "model"}
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
    table.write_text(ROWS)
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


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("rows.txt", b"text\n", "must end in"),
        ("rows.csv", b"words,label\nx,spam\n", "no column 'text'"),
        ("rows.csv", b"text,label\nx,perhaps\n", "neither yes nor no"),
        ("rows.jsonl", b'{"text": "x"}\n[]\n', "line 1: a line is not a JSON object"),
        ("rows.jsonl", b'{"label": "spam"}\n', "no 'text'"),
        ("rows.csv.gz", b"not gzip", "rows.csv.gz"),
        ("rows.csv", b"text\n\xff\n", "utf-8"),
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
