"""`antechamber score`: each line is answered with its scores and with what the service's own policy code makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import classifier
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.thresholds import PRESETS
from service.core.submission import bare
from service.core.verdict import Case, Verdict
from tests.commands.conftest import Run

GOOD = "Thank you, I liked the part about the bees and tried it at home."
SPAM = "Buy cheap viagra and cialis online without prescription, best price! http://pills.example http://more.example"


def lines(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def answers(run: Run, *words: str, text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("score", *words, text=text).out.splitlines()]


def test_the_outcome_is_what_the_default_policy_decides(run: Run) -> None:
    said = answers(run, "--no-reader", text=lines({"text": GOOD}, {"text": SPAM, "author_name": "Cheap Pills"}))
    assert [answer["outcome"] for answer in said] == ["approve", "reject"]
    predictions = classifier.load().score([classifier.Input(GOOD), classifier.Input(SPAM, "Cheap Pills")])
    for answer, prediction in zip(said, predictions, strict=True):
        verdict = Verdict(prediction.scores, "", prediction.flags, prediction.language)
        ruled = evaluate(Policy(), Case(bare("")), verdict)
        assert answer["outcome"] == ruled.outcome
        assert answer["reasons"] == list(msgspec.to_builtins(ruled.reasons))


def test_an_address_is_dotted_out_as_it_is_where_comments_are_taken_in(run: Run) -> None:
    written, name = "You idiot, write to bob@shop.example\0", " Bob bob@shop.example"
    (answer,) = answers(
        run, "--no-reader", "--explain", "--label", "insult", text=lines({"text": written, "author_name": name})
    )
    submission = bare(written, name)
    item = classifier.Input(submission.content, submission.author.name)
    (prediction,) = classifier.load().score([item])
    assert answer["scores"] == {label: round(score, 6) for label, score in prediction.scores.items()}
    parts = answer["explanations"]["insult"]["parts"]  # type: ignore[index]
    spans = [part for part in parts if part["kind"] == "span"]
    assert spans
    assert "bob" not in str(answer)
    assert all(getattr(item, part["field"])[part["start"] : part["end"]] == part["name"] for part in spans)


def test_another_policy_or_preset_rules(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[[rules]]\nname = 'bees'\nwhen = 'content mentions [\"bees\"]'\nthen = 'hold'\n")
    (answer,) = answers(run, "--policy", str(path), text=lines({"text": GOOD}))
    assert answer["outcome"] == "hold"
    assert answer["reasons"][0]["rule"] == "bees"  # type: ignore[index]
    (score,) = (one.scores for one in classifier.load().score([classifier.Input(SPAM)]))
    for name, steps in PRESETS.items():
        (answer,) = answers(run, "--preset", name, text=lines({"text": SPAM}))
        ruled = evaluate(Policy(thresholds=steps), Case(bare("")), Verdict(score, ""))
        assert answer["outcome"] == ruled.outcome


def test_an_author_is_seen_by_rules(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    rule = {"name": "n", "when": 'author.name contains "casino"', "then": "reject"}
    path.write_text(json.dumps({"rules": [rule]}))
    text = lines({"text": GOOD, "author_name": "Casino King"}, {"text": GOOD, "author_name": "Ann"})
    said = answers(run, "--policy", str(path), text=text)
    assert [answer["outcome"] for answer in said] == ["reject", "approve"]


def test_a_site_is_ruled_by_its_own_policy(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "policy", "set", "blog", "mode=hold-everything").code == 0
    (answer,) = answers(run, "--site", "blog", text=lines({"text": GOOD}))
    assert answer["outcome"] == "hold"
    (answer,) = answers(run, "--site", "blog", "--preset", "balanced", text=lines({"text": GOOD}))
    assert answer["outcome"] == "approve"


def test_ids_come_back_and_mistakes_are_named(run: Run) -> None:
    text = lines(
        {"text": GOOD, "id": 7},
        {"text": GOOD, "id": "b", "autor": "Ann"},
        {"text": GOOD, "lang": "klingon"},
        {"text": GOOD, "lang": "x"},
        {"text": GOOD, "lang": "qq-QQ", "id": 1.5},
        {"text": GOOD, "lang": "pt-BR"},
        {"text": GOOD, "id": [1]},
        {"text": GOOD, "id": True},
        {"text": GOOD, "id": float("nan")},
    )
    text += f'{{"text": "{GOOD}", "id": 1e999}}\n{{"text": "x", "id": "c", "text": "{GOOD}"}}\n'
    ended = run("score", text=text)
    said = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 1
    assert ["outcome" in answer for answer in said] == [True, False, False, False, False, True, *[False] * 5]
    assert [answer.get("id") for answer in said] == [7, "b", None, None, 1.5, *[None] * 6]
    assert '"autor"' in said[1]["error"]
    assert all('"lang"' in said[at]["error"] for at in (2, 3, 4))
    assert said[5]["language"] == "pt"
    assert ["no number" in said[at]["error"] for at in (8, 9)] == [True, True]  # and so no answer holds what is no JSON
    assert "twice" in said[10]["error"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--preset", "loud"], "quiet, balanced, strict"),
        (["--policy", "nowhere.toml"], "nowhere.toml"),
        (["--policy", "x", "--preset", "strict"], "not both"),
        (["--site", "x", "--model", "y"], "not both"),
    ],
)
def test_what_can_t_be_meant_is_refused(run: Run, words: list[str], complaint: str) -> None:
    ended = run("score", *words, text="")
    assert ended.code != 0
    assert complaint in ended.err


def test_the_help_speaks_of_the_site_and_the_reader_may_be_left_out(run: Run) -> None:
    shown = run("score", "--help").out
    assert all(option in shown for option in ("--site", "--policy", "--preset", "--no-reader", "--explain"))
    assert answers(run, "--no-reader", text=lines({"text": GOOD}))[0]["outcome"] == "approve"
