"""Another reader over HTTP: real servers that answer, dawdle, lie and fail; and our own, asked by another box."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from service.app import api_application
from service.container import Services, open_services
from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.signals import CATALOGUE
from service.core.site import Known
from service.core.submission import Author, Page, Submission
from service.core.verdict import LABELS, Case, Verdict
from service.lookups.other_reader import FAILURES, LONGEST, PAUSE, TOGETHER, OtherReader, Whereabouts, _Result, _signals
from service.settings import Settings
from service.store.server import EmbeddedServer
from tests.support.moderation import WordScorer
from tests.support.platform import Platform
from tests.support.waiting import until

HERE = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
PAGE = Page("https://blog.example/secret-page")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def comments(*texts: str) -> list[Submission]:
    return [Submission(str(at), PAGE, Author("Ann Secret"), text) for at, text in enumerate(texts)]


def reader(server: TestServer | str, clock: Callable[[], float] = lambda: 0.0, **more: Any) -> OtherReader:
    url = server if isinstance(server, str) else str(server.make_url("/v1/moderations"))
    return OtherReader(Whereabouts(url, **({"allow": HERE, "timeout": 5.0} | more)), clock)


def answer(*scores: float) -> web.Response:
    results = [{"category_scores": {"harassment": one}, "categories": {"harassment": one > 0.5}} for one in scores]
    return web.json_response({"id": "modr-1", "model": "m", "results": results})


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_post("/v1/moderations", handler)
    async with TestServer(application) as server:
        yield server


async def said(other: OtherReader, *texts: str) -> Sequence[Any]:
    try:
        return await other.signals(comments(*texts))
    finally:
        await other.close()


async def test_the_text_and_nothing_else_is_sent() -> None:
    seen: list[tuple[Any, Any]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append((dict(request.headers), await request.json()))
        return answer(0.9, 0.1)

    async with serving(handler) as server:
        found = await said(reader(server, key="k3y", model="mine"), "You fool", "", "x" * 9000)
    ((headers, body),) = seen
    assert body == {"input": ["You fool", "x" * LONGEST], "model": "mine"}
    assert headers["Authorization"] == "Bearer k3y"
    assert "Secret" not in json.dumps([headers, body])
    assert "secret-page" not in json.dumps([headers, body])
    assert found == [{"other_toxicity": 0.9, "other_flagged": True}, {}, {"other_toxicity": 0.1}]
    assert all(name in CATALOGUE for one in found for name in one)


async def test_many_comments_are_asked_about_in_few_requests() -> None:
    sizes: list[int] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        texts = (await request.json())["input"]
        sizes.append(len(texts))
        return answer(*(float(text) / 100 for text in texts))

    async with serving(handler) as server:
        found = await said(reader(server, rate=100.0), *map(str, range(70)))
    assert sorted(sizes) == sorted([TOGETHER, TOGETHER, 70 - 2 * TOGETHER])
    assert [one["other_toxicity"] for one in found] == [at / 100 for at in range(70)]


async def test_over_its_rate_it_is_not_asked_and_later_again() -> None:
    asked: list[int] = []
    now = [0.0]

    async def handler(request: web.Request) -> web.StreamResponse:
        texts = (await request.json())["input"]
        asked.append(len(texts))
        return answer(*[0.2] * len(texts))

    async with serving(handler) as server:
        other = reader(server, lambda: now[0], rate=0.5)
        first = await other.signals(comments(*"abcdefgh"))
        now[0] = 4.0
        await other.signals(comments(*"abcdefgh"))
        await other.close()
    assert [bool(one) for one in first] == [True] * 5 + [False] * 3
    assert asked == [5, 2]


async def broken(request: web.Request) -> web.StreamResponse:
    return web.Response(text="no JSON")


async def refused(request: web.Request) -> web.StreamResponse:
    return web.Response(status=429)


async def elsewhere(request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("/v1/moderations?again")


async def too_few(request: web.Request) -> web.StreamResponse:
    return answer()


async def no_number(request: web.Request) -> web.StreamResponse:
    return answer(7.5)


async def endless(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b" " * (2 << 20))


@pytest.mark.parametrize("handler", [broken, refused, elsewhere, too_few, no_number, endless])
@pytest.mark.parametrize(("policy", "expected"), [(False, {}), (True, {"other_silent": True})])
async def test_what_fails_is_silence_and_the_failure_policy_says_what_that_means(
    handler: Handler, policy: bool, expected: dict[str, bool]
) -> None:
    async with serving(handler) as server:
        assert await said(reader(server, holds=policy), "a") == [expected]


async def test_a_slow_answer_is_not_waited_for() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        await request.content.read()
        await until(request.transport.is_closing)
        return answer(0.9)

    async with serving(handler) as server:
        assert await said(reader(server, timeout=0.05), "a") == [{}]


async def test_after_failures_it_is_left_in_peace_for_a_while() -> None:
    count = [0]
    now = [0.0]

    async def handler(request: web.Request) -> web.StreamResponse:
        count[0] += 1
        return web.Response(status=503) if count[0] <= FAILURES else answer(0.3)

    async with serving(handler) as server:
        other = reader(server, lambda: now[0])
        for _ in range(FAILURES + 3):
            assert await other.signals(comments("a")) == [{}]
        assert count[0] == FAILURES
        now[0] = PAUSE + 1
        assert await other.signals(comments("a")) == [{"other_toxicity": 0.3}]
        await other.close()


async def test_private_addresses_are_reached_only_where_they_are_allowed() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return answer(0.9)

    async with serving(handler) as server:
        assert await said(reader(server, allow=(), holds=True), "a") == [{"other_silent": True}]
        assert (await said(reader(server), "a"))[0]["other_flagged"]


@given(
    st.dictionaries(st.sampled_from(["hate", "hate/threatening", "sexual", "spam", "self-harm", "x"]), st.floats(0, 1)),
    st.dictionaries(st.sampled_from(["harassment", "sexual", "spam", "self-harm/intent"]), st.booleans()),
)
def test_its_word_is_about_spam_and_abuse_alone(scores: dict[str, float], flags: dict[str, bool]) -> None:
    found = _signals(_Result(scores, flags))
    hateful = [score for name, score in scores.items() if name.startswith("hate")]
    assert found.get("other_toxicity") == (round(max(hateful), 4) if hateful else None)
    assert found.get("other_spam") == (round(scores["spam"], 4) if "spam" in scores else None)
    assert found.get("other_flagged", False) == any(flags.get(name) for name in ("harassment", "spam"))


@pytest.mark.parametrize(
    ("signal", "code"), [("other_flagged", "other-reader"), ("other_silent", "other-reader-silent")]
)
def test_its_word_holds_and_a_rule_comes_first(signal: str, code: str) -> None:
    case = Case(comments("fine")[0], signals={signal: True})
    verdict = Verdict(dict.fromkeys(LABELS, 0.0), "m")
    ruling = evaluate(Policy(), case, verdict)
    assert (ruling.outcome, ruling.reasons[0].code) == (Outcome.HOLD, code)
    assert evaluate(Policy(), case._replace(signals={}), verdict).outcome == Outcome.APPROVE


async def test_another_box_asks_ours(
    aiohttp_client: Any, server: EmbeddedServer, settings: Settings, services: Services, *, site: Known, tmp_path: Path
) -> None:
    """One of our own answers as the other reader, with a site's key; what it flags is told."""
    (tmp_path / "other-reader.key").write_text(f"{site.credentials[0].api_key}\n")
    client: TestClient[Any, Any] = await aiohttp_client(api_application(services, load_scorer=WordScorer))
    there = {
        "other_reader": str(client.make_url("/v1/moderations")),
        "secrets_dir": tmp_path,
        "other_reader_allow": HERE,
        "other_reader_timeout": 20.0,
    }
    asking = settings.model_copy(update=Settings(**there).model_dump(include=set(there)))
    async with open_services(asking, services.secrets, server.url) as asked:
        platform = Platform(client, asked, site)
        await platform.submit(id="1", content="you idiot")
        await platform.judge()
        comment = await (await platform.ask("GET", platform.path())).json()
    assert comment["verdict"]["signals"]["other_toxicity"] == 0.97
    assert comment["verdict"]["signals"]["other_flagged"]
