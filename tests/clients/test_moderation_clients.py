"""OpenAI's own clients, from PyPI and npm, have the same conversation with the running service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(params=["python", "node"])
def heard(request: pytest.FixtureRequest, python: Callable[[str, str], Any], node: Callable[[str], Any]) -> Any:
    return python("clients", "moderations.py") if request.param == "python" else node("moderations.cjs")


def test_the_documented_calls_work_unchanged(heard: Any) -> None:
    (rude,) = heard["one"]["results"]
    assert heard["one"]["id"].startswith("modr-")
    assert (rude["flagged"], rude["categories"]["harassment"]) == (True, True)
    assert rude["category_scores"]["harassment"] > 0.5
    assert rude["category_applied_input_types"]["harassment"] == ["text"]
    assert (rude["categories"]["sexual/minors"], rude["category_scores"]["sexual/minors"]) == (False, 0)

    good, again, spam = heard["several"]["results"]
    assert [one["flagged"] for one in (good, again, spam)] == [False, True, False]
    assert again["category_scores"] == rude["category_scores"]
    assert spam["antechamber"]["scores"]["spam"] > 0.4
    assert spam["antechamber"]["outcome"] == "reject"

    (together,) = heard["parts"]["results"]
    assert together["flagged"] is True

    image, wrong = heard["image"], heard["wrong_key"]
    assert image == {
        "name": "BadRequestError", "status": 400, "code": "unsupported_input_type", "param": "input", "request": True,
    }  # fmt: skip
    assert (wrong["name"], wrong["status"], wrong["code"]) == ("AuthenticationError", 401, "invalid_api_key")
