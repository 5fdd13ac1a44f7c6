"""google-api-python-client builds itself from our discovery document and has its conversation, as Perspective's samples do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def heard(python: Callable[[str, str], Any]) -> Any:
    return python("clients", "google_client.py")


def test_the_samples_work_unchanged(heard: Any) -> None:
    scores = {name: score["summaryScore"] for name, score in heard["friendly"]["attributeScores"].items()}
    assert set(scores) == {"TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT", "SPAM"}
    assert all(score["type"] == "PROBABILITY" and 0 <= score["value"] < 0.5 for score in scores.values())
    assert heard["friendly"]["languages"] == ["en"]

    rude = heard["rude"]["attributeScores"]["TOXICITY"]
    assert rude["summaryScore"]["value"] > 0.5
    first, second = rude["spanScores"]
    assert (first["begin"], first["end"], second["begin"]) == (0, 23, 24)
    assert first["score"]["value"] > 0.5 > second["score"]["value"]

    assert heard["spam"]["attributeScores"]["SPAM"]["summaryScore"]["value"] > 0.4
    assert heard["suggested"]["clientToken"] == "t1"

    unknown = heard["unknown"]
    assert (unknown["status"], unknown["reason"]) == (400, "Unknown requested attribute: FLIRTATION")
    assert heard["empty"]["reason"] == "Comment must be non-empty."
    assert heard["empty"]["details"][0]["errorType"] == "COMMENT_EMPTY"
    assert heard["language"]["reason"] == "Attribute TOXICITY does not support request languages: iu"
    wrong = heard["wrong_key"]
    assert (wrong["status"], wrong["reason"]) == (400, "API key not valid. Please pass a valid API key.")


def test_batches_work_unchanged(heard: Any) -> None:
    said = heard["batch"]
    assert set(said) == {f"text {number}" for number in range(203)}
    values = {
        name: one["attributeScores"]["TOXICITY"]["summaryScore"]["value"]
        for name, one in said.items()
        if name != "text 1"
    }
    assert values["text 2"] > 0.5 > values["text 0"]
    assert said["text 1"] == {"status": 400, "reason": "Comment must be non-empty."}


def test_what_there_is_not_is_dropped(heard: Any) -> None:
    assert set(heard["dropped"]["attributeScores"]) == {"TOXICITY"}
