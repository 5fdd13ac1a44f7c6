"""Another reader over HTTP: real servers that answer, dawdle, lie and fail; and our own, asked by another box."""

from __future__ import annotations

import io
import json
import math
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from service.app import api_application
from service.container import Services, open_services
from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.signals import CATALOGUE
from service.core.site import Known
from service.core.submission import Author, Page, Submission
from service.core.verdict import LABELS, Case, Says, Verdict
from service.front.certificates import make
from service.lookups.other_reader import (
    FAILURES,
    LONGEST,
    PAUSE,
    TOGETHER,
    OtherReader,
    OtherReaderError,
    Whereabouts,
    _Result,
    _signals,
)  # fmt: skip
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


def reader(
    server: TestServer | str, clock: Callable[[], float] = lambda: 0.0, says: Says | None = None, **more: Any
) -> OtherReader:
    url = server if isinstance(server, str) else str(server.make_url("/v1/moderations"))
    return OtherReader(Whereabouts(url, **({"allow": HERE, "timeout": 0.5 if says else 5.0} | more)), clock, says)


def answer(*scores: float) -> web.Response:
    results = [{"category_scores": {"harassment": one}, "categories": {"harassment": one > 0.5}} for one in scores]
    return web.json_response({"id": "modr-1", "model": "m", "results": results})


@asynccontextmanager
async def serving(handler: Handler, secure: ssl.SSLContext | None = None) -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_post("/v1/{wire}", handler)
    server = TestServer(application, scheme="https" if secure else "http")
    await server.start_server(ssl=secure)
    try:
        yield server
    finally:
        await server.close()


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
    return web.Response(body=io.BytesIO(b" " * (9 << 20)))


@pytest.mark.parametrize("handler", [broken, refused, elsewhere, too_few, no_number, endless])
@pytest.mark.parametrize(("policy", "expected"), [(False, {}), (True, {"other_silent": True})])
async def test_what_fails_is_silence_and_the_failure_policy_says_what_that_means(
    handler: Handler, policy: bool, expected: dict[str, bool]
) -> None:
    async with serving(handler) as server:
        assert await said(reader(server, holds=policy), "a") == [expected]


def status(code: int, **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"error": f"Bad key: {request.headers['Authorization']}"}, status=code, headers=headers
        )

    return handler


def body(text: bytes | str, **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        whole = io.BytesIO(text.encode() if isinstance(text, str) else text)
        return web.Response(body=whole, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return handler


def vectors(*found: Sequence[float], places: Sequence[int] | None = None) -> Handler:
    data = [{"index": at, "embedding": list(one)} for at, one in zip(places or range(len(found)), found, strict=True)]
    return body(json.dumps({"data": data}))


async def cut_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def never(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    await until(request.transport.is_closing)
    return web.Response()


def bomb() -> bytes:
    """A gigabyte of nothing, packed."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packing.compress(b" " * (1 << 24)) for _ in range(64)), packing.flush()])


ONE, TWO = [0.5, 1.0], [1.0, 0.5]
USELESS: list[tuple[Handler, str]] = [
    (status(401), "it answers 401: it does not take the key"),
    (status(403), "it answers 403: it does not take the key"),
    (status(404), "it answers 404: nothing is at that address, or no model of that name"),
    (status(429, **{"Retry-After": "9"}), "it answers 429 (again in 9 s): it is asked too much"),
    (status(429, **{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), "it answers 429: it is asked too much"),
    (status(500), "it answers 500: it is in trouble"),
    (status(307, Location="http://other.example/"), "it answers 307: it points elsewhere"),
    (body("<!doctype html><p>Sign in"), "its answer is no JSON; is the address right?"),
    (body('{"data": [{"index": 0, "emb'), "its answer is broken JSON"),
    (body('{"x": ' + "[" * 100_000), "its answer is broken JSON"),
    (body(json.dumps({"data": [{"index": 0, "embedding": [math.nan]}]})), "or holds NaN or Infinity"),
    (body('{"data": [{"index": 0, "embedding": [1e999]}]}'), "Number out of range"),
    (body('{"data": [{"index": 0, "embedding": "AACAPw=="}]}'), "Expected `array`, got `str`"),
    (body("{}"), "missing required field `data`"),
    (vectors(), "it gives 0 vectors for 2 texts"),
    (vectors(ONE), "it gives 1 vectors for 2 texts"),
    (vectors(ONE, TWO, ONE), "it gives 3 vectors for 2 texts"),
    (vectors(ONE, TWO, places=[1, 1]), "do not say which text each is of"),
    (body(b" " * (9 << 20)), "its answer is longer than"),
    (body(bomb(), Content_Encoding="gzip"), "its answer is longer than"),
    (body(b"plain", Content_Encoding="gzip"), "its answer breaks off"),
    (cut_off, "it ends the connection without an answer"),
    (never, "it does not answer within 0.5 s"),
]


@pytest.mark.parametrize(("handler", "why"), USELESS)
async def test_what_is_no_answer_is_told_in_words_of_ours(handler: Handler, why: str) -> None:
    async with serving(handler) as server:
        other = reader(str(server.make_url("/v1/embeddings")), key="k3y")
        with pytest.raises(OtherReaderError) as raised:
            _ = [some async for some in other.vectors(["a", "b"], 0.5)]
        await other.close()
        says = reader(
            str(server.make_url("/v1/embeddings")), says=lambda found: [{} for _ in found], holds=True, key="k3y"
        )
        with capture_logs() as lines:
            assert await said(says, "a", "b") == [{"other_silent": True}] * 2
    assert why in str(raised.value)
    assert ("k3y" in str(raised.value), "\n" in str(raised.value)) == (False, False)
    assert [(one["event"], one["why"]) for one in lines] == [("the other reader is silent", str(raised.value))]


async def test_where_nothing_answers_it_is_said_what_to_look_at(tmp_path: Path) -> None:
    async def why(url: str, **more: Any) -> str:
        other = reader(url, **more)
        with pytest.raises(OtherReaderError) as raised:
            _ = [some async for some in other.vectors(["a"], 5.0)]
        await other.close()
        return str(raised.value)

    async with serving(vectors(ONE)) as server:
        plain = str(server.make_url("/v1/embeddings"))
        assert "does it want http://?" in await why(plain.replace("http:", "https:"))
        assert "ANTECHAMBER_OTHER_READER_ALLOW" in await why(plain, allow=())
    assert "is it up?" in await why(plain)
    made = make(["reader.example"], days=10, now=datetime.now(UTC))
    (tmp_path / "pem").write_bytes(made.key + made.certificate)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(tmp_path / "pem")
    async with serving(vectors(ONE), secure) as server:
        safe = str(server.make_url("/v1/embeddings"))
        assert "its certificate is not to be trusted: " in await why(safe)
        assert "does it want https://?" in await why(safe.replace("https:", "http:"))
    assert await why("http://no-such-host.invalid/v1/embeddings") == "its host is not known"


async def test_vectors_come_in_the_order_of_their_texts_and_after_a_while_where_it_says_so() -> None:
    answers = [status(429, **{"Retry-After": "1"}), vectors(TWO, ONE, places=[1, 0])]

    async def handler(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    async with serving(handler) as server:
        other = reader(str(server.make_url("/v1/embeddings")), key="k3y")
        assert [some async for some in other.vectors(["a", "b"], 5.0)] == [[ONE, TWO]]
        await other.close()


async def test_large_vectors_fit() -> None:
    wide = [math.pi * 1e-3] * 4096
    async with serving(vectors(*[wide] * TOGETHER)) as server:
        other = reader(str(server.make_url("/v1/embeddings")))
        ((first, *_),) = [some async for some in other.vectors(["a"] * TOGETHER, 5.0)]
        await other.close()
    assert first == wide


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
