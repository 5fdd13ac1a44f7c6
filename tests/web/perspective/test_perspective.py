"""The Perspective dialect over HTTP: scores under Perspective's names, refusals in its words, nothing stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import ClientResponse
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import BacklogFull
from service.core.verdict import LABELS, Case, Verdict
from service.settings import Settings
from service.web.perspective.calls import sentences, utf16_length
from service.web.perspective.schema import LABEL_OF
from service.web.scoring import Scoring
from tests.support.moderation import WordScorer
from tests.support.platform import Platform

ANALYZE = "/v1alpha1/comments:analyze"
SUGGEST = "/v1alpha1/comments:suggestscore"
ERROR = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"


async def ask(
    platform: Platform, body: Any, path: str = ANALYZE, *, key: str | None = "", **more: Any
) -> ClientResponse:
    """Send a request; the key is the site's API key unless another is given, None for none."""
    params = {"key": platform.key if key == "" else key} if key is not None else {}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await platform.client.post(path, params=params | more.pop("params", {}), data=data, **more)
    await response.read()
    return response


def request(text: str = "Buy pills.", *attributes: str, **more: Any) -> dict[str, Any]:
    return {"comment": {"text": text}, "requestedAttributes": {name: {} for name in attributes or ("SPAM",)}} | more


async def refusal(response: ClientResponse) -> Any:
    """The error, having seen that it is Google's shape and that nothing was kept."""
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    body = await response.json()
    assert list(body) == ["error"]
    assert body["error"]["code"] == response.status
    assert body["error"]["details"][0]["@type"]
    return body["error"]


async def test_a_score_to_the_byte(platform: Platform) -> None:
    response = await ask(platform, request(clientToken="t1"))
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert await response.text() == (
        '{\n  "attributeScores": {\n    "SPAM": {\n      "spanScores": [\n        {\n          "begin": 0,\n'
        '          "end": 10,\n          "score": {\n            "value": 0.97,\n            "type": "PROBABILITY"\n'
        '          }\n        }\n      ],\n      "summaryScore": {\n        "value": 0.97,\n'
        '        "type": "PROBABILITY"\n      }\n    }\n  },\n  "languages": [\n    "und"\n  ],\n'
        '  "detectedLanguages": [\n    "und"\n  ],\n  "clientToken": "t1"\n}\n'
    )
    assert await platform.kept() == 0


async def test_all_attributes_that_we_have(platform: Platform) -> None:
    names = ("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT", "SPAM")
    response = await ask(platform, request("hello", *names))
    scores = (await response.json())["attributeScores"]
    assert list(scores) == list(names)
    assert all(0 <= score["summaryScore"]["value"] <= 1 for score in scores.values())


async def test_a_score_below_its_threshold_is_left_out(platform: Platform) -> None:
    body = request("Buy pills")
    body["requestedAttributes"] = {
        "SPAM": {"scoreThreshold": 0.9},
        "TOXICITY": {"scoreThreshold": 0.1, "scoreType": "PROBABILITY"},
    }
    assert list((await (await ask(platform, body)).json())["attributeScores"]) == ["SPAM"]


async def test_spans_count_as_javascript_counts(platform: Platform) -> None:
    response = await ask(platform, request("Hi 😀! Buy pills now.  Fine?", spanAnnotations=True))
    spans = (await response.json())["attributeScores"]["SPAM"]["spanScores"]
    assert [(span["begin"], span["end"], span["score"]["value"]) for span in spans] == [
        (0, 6, 0.01), (7, 21, 0.97), (23, 28, 0.01),
    ]  # fmt: skip


async def test_the_key_is_a_parameter_or_a_header_and_may_be_an_akismet_key(platform: Platform) -> None:
    credentials = (await platform.services.accounts.get("blog")).credentials[0]
    for key in (credentials.api_key, credentials.akismet_key):
        assert (await ask(platform, request(), key=key)).status == 200
        assert (await ask(platform, request(), key=None, headers={"x-goog-api-key": key})).status == 200


async def test_no_key_and_a_wrong_one(platform: Platform) -> None:
    error = await refusal(await ask(platform, request(), key=None))
    assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")
    error = await refusal(await ask(platform, request(), key="nope"))
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == "API key not valid. Please pass a valid API key."
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        (request(" \n"), "Comment must be non-empty.", "COMMENT_EMPTY"),
        ({"requestedAttributes": {"SPAM": {}}}, "Comment must be non-empty.", "COMMENT_EMPTY"),
        (b"", "Comment must be non-empty.", "COMMENT_EMPTY"),
        (request("ü" * 10_241), "Comment text too long.", "COMMENT_TOO_LONG"),
        ({"comment": {"text": "x"}}, "Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES"),
        ({"comment": {"text": "x"}, "requestedAttributes": {}}, "Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES"),
        (request("x", "SPAM", "FLIRTATION"), "Unknown requested attribute: FLIRTATION", "INVALID_REQUEST"),
        (request("x", "<script>"), "Unknown requested attribute", "INVALID_REQUEST"),
        (
            {"comment": {"text": "x"}, "requestedAttributes": {"SPAM": {"scoreType": "RAW"}}},
            "Requested score type RAW is not supported by attribute SPAM", "INVALID_REQUEST",
        ),
        (
            request() | {"comment": {"text": "x", "type": "HTML"}},
            "Currently, only 'PLAIN_TEXT' comments are supported", "INVALID_REQUEST",
        ),
        (request() | {"comment": {"text": "x", "type": "PDF"}}, "Unknown text type", "INVALID_REQUEST"),
        (
            request(context={"entries": [{"text": "a"}], "articleAndParentComment": {"article": {"text": "b"}}}),
            "Context can have either entries or article_and_parent_comment, but both fields were populated.",
            "INVALID_REQUEST",
        ),
    ],
)  # fmt: skip
async def test_what_perspective_refuses(platform: Platform, body: Any, message: str, kind: str) -> None:
    error = await refusal(await ask(platform, body))
    assert (error["code"], error["status"], error["message"]) == (400, "INVALID_ARGUMENT", message)
    assert error["details"] == [{"@type": ERROR, "errorType": kind}]
    assert await platform.kept() == 0


async def test_a_language_that_the_model_does_not_know(platform: Platform) -> None:
    error = await refusal(await ask(platform, request("ciao", "PROFANITY", languages=["en", "it"])))
    assert error["message"] == "Attribute PROFANITY does not support request languages: it"
    assert error["details"] == [
        {
            "@type": ERROR,
            "errorType": "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            "languageNotSupportedByAttributeError": {"requestedLanguages": ["it"], "attribute": "PROFANITY"},
        }
    ]
    response = await ask(platform, request("hello", languages=["en-GB"]))
    assert (await response.json())["languages"] == ["en-GB"]


async def test_what_there_is_not_is_dropped_on_request(platform: Platform) -> None:
    body = request("hello", "FLIRTATION", "TOXICITY", "<b>", dropUnsupportedAttributes=True)
    assert list((await (await ask(platform, body)).json())["attributeScores"]) == ["TOXICITY"]
    body = request("ciao", "TOXICITY", languages=["it"], dropUnsupportedAttributes=True)
    said = await (await ask(platform, body)).json()
    assert (said["attributeScores"], said["unsupportedLanguages"]) == ({}, ["it"])
    await refusal(await ask(platform, request("hello", "FLIRTATION", dropUnsupportedAttributes=False)))


class TestAnyLanguage:
    """Set to score what nobody can judge."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"perspective_languages": "score"})

    async def test_it_is_scored_and_the_answer_says_so(self, platform: Platform) -> None:
        said = await (await ask(platform, request("Buy pills", languages=["es", "en"]))).json()
        assert said["attributeScores"]["SPAM"]["summaryScore"]["value"] == 0.97
        assert (said["languages"], said["unsupportedLanguages"]) == (["es", "en"], ["es"])
        assert "unsupportedLanguages" not in await (await ask(platform, request("Buy pills", languages=["en"]))).json()


class Polyglot(WordScorer):
    """Has learnt Spanish."""

    languages = ("en", "es")


async def test_what_the_scorer_says_it_can_judge_is_answered(aiohttp_client: Any, services: Any, site: Any) -> None:
    from service.app import api_application  # noqa: PLC0415

    platform = Platform(await aiohttp_client(api_application(services, load_scorer=Polyglot)), services, site)
    assert (await ask(platform, request("hola", "TOXICITY", languages=["es"]))).status == 200
    await refusal(await ask(platform, request("salut", "TOXICITY", languages=["fr"])))


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"{", b'{"comment": "x"}', b'{"comment": {"text": "\xff"}}', b'{"comment": {"text": "\\ud800"}}',
        b"[" * 100_000,
    ],
)  # fmt: skip
async def test_what_is_no_request(platform: Platform, body: bytes) -> None:
    error = await refusal(await ask(platform, body))
    assert (error["code"], error["message"]) == (400, "Invalid JSON payload received.")


async def test_a_field_that_there_is_not(platform: Platform) -> None:
    error = await refusal(await ask(platform, request(doNotKeep=True)))
    assert error["message"] == 'Invalid JSON payload received. Unknown name "doNotKeep": Cannot find field.'
    error = await refusal(await ask(platform, request() | {"<b>": 1}))
    assert error["message"] == "Invalid JSON payload received."


@pytest.mark.parametrize("flag", [{}, {"doNotStore": True}, {"doNotStore": False}])
async def test_nothing_is_stored_whatever_the_client_allows(platform: Platform, flag: dict[str, bool]) -> None:
    context = {"entries": [{"text": "An article", "type": "PLAIN_TEXT"}]}
    response = await ask(platform, request("hello", context=context, sessionId="s", communityId="c", **flag))
    assert response.status == 200
    assert await platform.kept() == 0


async def test_a_suggested_score_is_an_example(platform: Platform) -> None:
    body = {
        "comment": {"text": "Buy pills from ann@example.com"},
        "attributeScores": {"SPAM": {"summaryScore": {"value": 1}}, "TOXICITY": {"summaryScore": {"value": 0.25}}},
        "clientToken": "t",
    }
    response = await ask(platform, body, SUGGEST)
    assert response.status == 200
    assert await response.json() == {"detectedLanguages": ["und"], "clientToken": "t"}
    assert (await ask(platform, body, SUGGEST)).status == 200  # said again, it is one example
    (example,) = [example async for example in platform.services.examples.all("blog")]
    assert example.labels == {"spam": 1.0, "toxicity": 0.25}
    assert (example.source, example.actor, example.comment) == ("perspective", "platform:blog", "")
    assert "ann@" not in example.text
    assert example.said is not None
    assert (example.said.model, example.said.scores["spam"]) == ("words-1", 0.97)


@pytest.mark.parametrize(
    "scores",
    [None, {}, {"SPAM": {}}, {"SPAM": {"summaryScore": {"value": 1.5}}}, {"NOPE": {"summaryScore": {"value": 1}}}],
)
async def test_a_suggestion_that_is_none(platform: Platform, scores: Any) -> None:
    error = await refusal(await ask(platform, {"comment": {"text": "x"}, "attributeScores": scores}, SUGGEST))
    assert error["code"] == 400
    assert await platform.services.examples.count("blog") == 0


async def test_other_ways_and_methods(platform: Platform) -> None:
    error = await refusal(await platform.client.get(ANALYZE))
    assert error["status"] == "NOT_FOUND"
    error = await refusal(await platform.client.post("/v1alpha1/comments:delete"))
    assert error["status"] == "NOT_FOUND"


async def test_compact_json_on_request(platform: Platform) -> None:
    response = await ask(platform, request(), params={"prettyPrint": "false"})
    assert b"\n" not in await response.read()


async def test_the_directory_names_the_address_that_it_was_asked_under(platform: Platform) -> None:
    response = await platform.client.get(
        "/$discovery/rest", params={"version": "v1alpha1"}, headers={"Host": "score.example:8080"}
    )
    document = await response.json()
    assert document["rootUrl"] == document["baseUrl"] == "http://score.example:8080/"
    assert (await platform.client.get("/$discovery/rest", params={"version": "v2"})).status == 404
    odd = await platform.client.get("/$discovery/rest", headers={"Host": "a/../b"})
    assert "a/../b" not in await odd.text()
    named = {
        schema["$ref"]
        for method in document["resources"]["comments"]["methods"].values()
        for schema in (method["request"], method["response"])
    }
    assert named <= set(document["schemas"])
    attributes = document["schemas"]["AnalyzeCommentRequest"]["properties"]["requestedAttributes"]["description"]
    assert attributes == f"By attribute: {', '.join(LABEL_OF)}."


async def test_a_key_is_tried_at_the_directory(platform: Platform) -> None:
    for params, headers in (({"key": "nope"}, {}), ({}, {"x-goog-api-key": "nope"})):
        response = await platform.client.get("/$discovery/rest", params=params, headers=headers)
        error = await refusal(response)
        assert (response.status, error["details"][0]["reason"]) == (400, "API_KEY_INVALID")
    for params in ({}, {"key": ""}, {"key": platform.key or ""}):
        assert (await platform.client.get("/$discovery/rest", params=params)).status == 200


class TestPublic:
    """Known under an address of its own, and led here by Perspective's name."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"public_url": "https://antechamber.example"})

    async def test_the_directory_keeps_perspectives_own_name(self, platform: Platform) -> None:
        for host, root in (
            ("commentanalyzer.googleapis.com", "https://commentanalyzer.googleapis.com/"),
            ("127.0.0.1:8080", "https://antechamber.example/"),
        ):
            response = await platform.client.get("/$discovery/rest", headers={"Host": host})
            assert (await response.json())["rootUrl"] == root


class TestBusy:
    """With a rate limit."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit": 1})

    async def test_too_many_requests_are_googles_429(self, platform: Platform) -> None:
        assert (await ask(platform, request())).status == 200
        response = await ask(platform, request())
        error = await refusal(response)
        assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert int(response.headers["Retry-After"]) > 0


class SlowFirst(WordScorer):
    """Its first batch waits for the others to arrive."""

    def __init__(self, begun: Any, go: Any) -> None:
        super().__init__()
        self.begun, self.go = begun, go

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        if not self.batches:
            self.begun()
            self.go()
        return super().judge(cases)


async def test_requests_that_come_together_are_scored_together() -> None:
    loop, begun, go = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    scorer = SlowFirst(
        lambda: loop.call_soon_threadsafe(begun.set),
        lambda: asyncio.run_coroutine_threadsafe(go.wait(), loop).result(10),
    )
    scoring = Scoring(lambda: scorer)
    first = asyncio.create_task(scoring.score(["pills"], "blog"))
    await begun.wait()
    others = [asyncio.create_task(scoring.score([f"pills {number}", "fine"], "blog")) for number in range(5)]
    await asyncio.sleep(0)
    go.set()
    found = await asyncio.gather(first, *others)
    assert scorer.batches == [1, 10]
    assert [[verdict.scores["spam"] for verdict in verdicts] for verdicts in found] == [[0.97], *[[0.97, 0.01]] * 5]


async def test_a_flood_is_refused() -> None:
    loop, begun, go = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    scorer = SlowFirst(
        lambda: loop.call_soon_threadsafe(begun.set),
        lambda: asyncio.run_coroutine_threadsafe(go.wait(), loop).result(10),
    )
    scoring = Scoring(lambda: scorer, most=2)
    waiting = [asyncio.create_task(scoring.score(["one"], "blog"))]
    await begun.wait()
    waiting += [asyncio.create_task(scoring.score(["one"], "blog")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(BacklogFull):
        await scoring.score(["one more"], "blog")
    go.set()
    assert len(await asyncio.gather(*waiting)) == 3


async def test_a_failing_model_fails_the_request_and_no_other() -> None:
    scoring = Scoring(WordScorer)
    with pytest.raises(RuntimeError):
        await scoring.score(["poison"], "blog")
    assert (await scoring.score(["pills"], "blog"))[0].scores["spam"] == 0.97


class Japanese(WordScorer):
    """Hears Japanese everywhere."""

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        return [Verdict(dict.fromkeys(LABELS, 0.1), "j", ("unsupported-language",), "ja") for _ in cases]


async def test_a_detected_language_that_the_model_does_not_know(aiohttp_client: Any, services: Any, site: Any) -> None:
    from service.app import api_application  # noqa: PLC0415

    platform = Platform(await aiohttp_client(api_application(services, load_scorer=Japanese)), services, site)
    error = await refusal(await ask(platform, request("こんにちは", "TOXICITY")))
    assert error["message"] == "Attribute TOXICITY does not support request languages: ja"
    assert error["details"][0]["languageNotSupportedByAttributeError"] == {
        "detectedLanguages": ["ja"], "attribute": "TOXICITY",
    }  # fmt: skip


@given(st.text(alphabet=st.sampled_from("ab .!?\n😀ü…\"'"), min_size=1, max_size=60))
def test_spans_are_in_order_inside_the_text_and_say_what_they_hold(text: str) -> None:
    units = text.encode("utf-16-le")
    before = 0
    for begin, end, part in sentences(text):
        assert before <= begin <= end <= utf16_length(text)
        assert units[2 * begin : 2 * end].decode("utf-16-le") == part
        before = end


def test_a_text_of_many_sentences_has_spans_to_its_end() -> None:
    spans = sentences("a. " * 5_000)
    assert len(spans) == 200
    assert spans[-1].end == 14_999
