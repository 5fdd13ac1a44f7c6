"""Both readers on the command line, in processes of their own."""

import json
import subprocess
import sys

import pytest

TEXTS = [
    "Sen gerçekten çok aptal bir insansın, defol git buradan.",
    "Danke für den Artikel, er hat mir sehr geholfen.",
    "Everyone: a dermatologist in our town recommends it. Message me for the price list of the new season. " * 3,
]


def answers(*arguments: str) -> list[dict[str, object]]:
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    done = subprocess.run(
        [sys.executable, "-m", "classifier", "score", *arguments],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_score_reads_with_both_and_leaves_the_second_out_when_told() -> None:
    both = answers()
    assert [one["readers"] for one in both] == [["words", "meaning"]] * len(TEXTS)
    assert "unsupported-language" not in both[0]["flags"]  # type: ignore[operator]
    alone = answers("--no-reader")
    assert [one["readers"] for one in alone] == [["words"]] * len(TEXTS)
    assert all(one["scores"] != other["scores"] for one, other in zip(both, alone, strict=True))


def test_the_batch_changes_no_digit() -> None:
    assert answers("--batch", "1") == answers("--batch", "64")


def test_explanations_add_up_and_tell_what_passages_mean() -> None:
    for answer in answers("--explain", "--label", "toxicity", "--label", "spam"):
        for explanation in answer["explanations"].values():  # type: ignore[attr-defined]
            parts = explanation["parts"]
            assert sum(part["contribution"] for part in parts) == pytest.approx(explanation["logit"])
            meant = [part for part in parts if part["kind"] == "meaning"]
            assert meant
            assert all(part["end"] > part["start"] for part in meant)
