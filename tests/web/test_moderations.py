"""OpenAI's moderation wire over HTTP: its shapes, our labels under its categories, its errors; nothing is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import ClientResponse
from hypothesis import given
from hypothesis import strategies as st

from service.core.policy import Policy, Thresholds
from service.core.policy.thresholds import DEFAULT_THRESHOLDS
from service.core.submission import MAX_CONTENT_BYTES
from service.core.verdict import LABELS, Verdict
from service.settings import Settings
from service.web.moderations import CATEGORIES, JUDGED, categories, result
from tests.support.platform import Platform

PATH = "/v1/moderations"
score = st.floats(0, 1)


async def ask(platform: Platform, given: Any, **more: Any) -> ClientResponse:
    return await platform.ask("POST", PATH, json={"input": given, **more})


async def refusal(response: ClientResponse) -> Any:
    """The error, having seen that it has OpenAI's shape."""
    body = await response.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["message", "type", "param", "code"]
    assert response.headers["X-Request-Id"]
    return body["error"]


async def test_one_text(platform: Platform) -> None:
    response = await ask(platform, "Buy pills.", model="omni-moderation-latest")
    assert response.status == 200
    body = await response.json()
    assert body["id"].startswith("modr-")
    assert body["model"] == "words-1"
    (found,) = body["results"]
    assert found["flagged"] is False
    assert tuple(found["categories"]) == tuple(found["category_scores"]) == CATEGORIES
    assert found["category_applied_input_types"]["sexual"] == []
    assert found["category_applied_input_types"]["hate"] == ["text"]
    assert found["antechamber"]["scores"]["spam"] == 0.97
    assert found["antechamber"]["outcome"] == "reject"
    assert await platform.kept() == 0


@pytest.mark.parametrize(
    ("given", "spam"),
    [
        (["Buy pills.", "hello", ""], [0.97, 0.01, 0.01]),
        ([{"type": "text", "text": "hello"}, {"type": "text", "text": "pills"}], [0.97]),
        (["maybe"] * 150 + ["pills"], [0.7] * 150 + [0.97]),
    ],
)
async def test_strings_are_judged_one_by_one_and_parts_together(platform: Platform, given: Any, spam: Any) -> None:
    results = (await (await ask(platform, given)).json())["results"]
    assert [one["antechamber"]["scores"]["spam"] for one in results] == spam


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b"{", None, None),
        (b"", None, None),
        (b"\xff", None, None),
        (b"{}", "input", None),
        (b'{"input": 3}', "input", None),
        (b'{"input": null}', "input", None),
        (b'{"input": []}', "input", "empty_array"),
        (b'{"input": ["a", {"type": "text", "text": "b"}]}', "input", None),
        (b'{"input": [["a"]]}', "input", None),
        (b'{"input": [{"type": "text"}]}', "input", None),
        (b'{"input": [{"type": "image_url", "image_url": {"url": "x"}}]}', "input", "unsupported_input_type"),
        (json.dumps({"input": ["x"] * 1_001}).encode(), "input", "array_above_max_length"),
        (json.dumps({"input": "ü" * (MAX_CONTENT_BYTES // 2 + 1)}).encode(), "input", "string_above_max_length"),
    ],
)
async def test_what_is_refused(platform: Platform, body: bytes, param: str | None, code: str | None) -> None:
    response = await platform.ask("POST", PATH, data=body, headers={"Content-Type": "application/json"})
    assert response.status == 400
    error = await refusal(response)
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)


async def test_other_errors_have_its_shape_as_well(platform: Platform) -> None:
    response = await platform.ask("GET", PATH)
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert (await refusal(response))["code"] == "method_not_supported"
    response = await platform.ask("POST", PATH + "/x")
    assert response.status == 404
    await refusal(response)
    response = await platform.ask("POST", PATH, data=b"input=x", headers={"Content-Type": "text/plain"})
    assert response.status == 415
    await refusal(response)
    response = await ask(platform, "poison")
    assert (response.status, (await refusal(response))["type"]) == (500, "server_error")
    for key in (None, "nope", (await platform.services.accounts.get("blog")).credentials[0].akismet_key):
        platform.key = key
        response = await ask(platform, "hello")
        assert response.status == 401
        assert (await refusal(response))["code"] == "invalid_api_key"


async def test_the_native_api_is_where_it_was(platform: Platform) -> None:
    assert (await platform.ask("GET", "/v1/site")).status == 200
    assert "/problems/" in await (await platform.ask("GET", "/v1/moderation")).text()


class TestLimited:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit": 3, "max_batch_body": 1_024})

    async def test_a_quota_counts_texts(self, platform: Platform) -> None:
        assert (await ask(platform, ["a", "b", "c"])).status == 200
        response = await ask(platform, "d")
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0
        assert (await refusal(response))["code"] == "rate_limit_exceeded"

    async def test_a_body_has_a_limit(self, platform: Platform) -> None:
        response = await ask(platform, "a" * 2_000)
        assert response.status == 413
        await refusal(response)


@given(st.fixed_dictionaries(dict.fromkeys(LABELS, score)))
def test_what_a_policy_would_hold_for_its_words_is_flagged(scores: dict[str, float]) -> None:
    """Nothing toxic is lost on the way to other categories; what only sells or only swears has none."""
    said = result(Policy(), "x", Verdict(scores, "m"))
    spoken = {name: value for name, value in scores.items() if name not in ("spam", "profanity")}
    held = any(value >= (DEFAULT_THRESHOLDS[name].hold or 2) for name, value in spoken.items())
    assert said["flagged"] is held
    assert said["flagged"] is any(said["categories"].values())
    assert all(0 <= value <= 1 for value in said["category_scores"].values())
    for name in set(CATEGORIES) - set(JUDGED):
        assert (said["categories"][name], said["category_scores"][name]) == (False, 0)


@given(st.fixed_dictionaries(dict.fromkeys(LABELS, score)))
def test_threatening_is_both(scores: dict[str, float]) -> None:
    values, found = categories(scores, DEFAULT_THRESHOLDS)
    for name in ("harassment", "hate"):
        assert values[f"{name}/threatening"] == min(values[name], values["violence"])
        assert found[f"{name}/threatening"] is (found[name] and found["violence"])


def test_hate_is_not_harassment_too_unless_it_insults() -> None:
    scores = {"toxicity": 0.9, "identity_attack": 0.8, "insult": 0.1}
    values, found = categories(scores, DEFAULT_THRESHOLDS)
    assert (found["hate"], found["harassment"]) == (True, False)
    assert values["harassment"] == pytest.approx(0.1)
    insulting = DEFAULT_THRESHOLDS["insult"].hold
    values, found = categories(scores | {"insult": insulting}, DEFAULT_THRESHOLDS)
    assert (found["hate"], found["harassment"], values["harassment"]) == (True, True, insulting)


def test_the_site_says_from_where_on() -> None:
    scores = {"toxicity": 0.6}
    assert categories(scores, DEFAULT_THRESHOLDS)[1]["harassment"]
    assert not categories(scores, {"toxicity": Thresholds(hold=0.7)})[1]["harassment"]
    assert categories(scores, {"toxicity": Thresholds(reject=0.6)})[1]["harassment"]
    assert not categories(scores, {"toxicity": Thresholds()})[1]["harassment"]
