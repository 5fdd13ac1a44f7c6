"""Batches of Perspective calls: many in one request, each with its own key, answer and refusal."""

from __future__ import annotations

import json
from email.parser import BytesParser
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientResponse
from hypothesis import given
from hypothesis import strategies as st

from service.settings import Settings
from service.web.perspective.batch import split
from service.web.perspective.schema import Refused
from tests.support.platform import Platform

ANALYZE = "/v1alpha1/comments:analyze"
TYPE = 'multipart/mixed; boundary="==b=="'


class Answered(NamedTuple):
    identity: str
    status: int
    headers: dict[str, str]
    body: Any


def part(
    body: Any, target: str, *, identity: str = "<u + 1>", method: str = "POST", more: str = "", end: str = "\n"
) -> bytes:
    """One call as Google's Python client writes it, with the line ends of its platform."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["Content-Type: application/http", "MIME-Version: 1.0", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {identity}", "", f"{method} {target} HTTP/1.1", "Content-Type: application/json"]
    lines += [
        "MIME-Version: 1.0",
        "user-agent: (gzip)",
        f"content-length: {len(said)}",
        *([more] if more else []),
        "",
        "",
    ]
    return end.join(lines).encode() + said


def whole(*parts: bytes, end: str = "\n") -> bytes:
    line = end.encode()
    return b"".join(b"--==b==" + line + one + line for one in parts) + b"--==b==--"


def analyze(text: str, attribute: str = "SPAM") -> dict[str, Any]:
    return {"comment": {"text": text}, "requestedAttributes": {attribute: {}}}


async def send(platform: Platform, body: bytes, content_type: str = TYPE, **params: str) -> ClientResponse:
    response = await platform.client.post("/batch", data=body, headers={"Content-Type": content_type}, params=params)
    await response.read()
    return response


async def answers(response: ClientResponse) -> list[Answered]:
    assert response.status == 200
    head = f"Content-Type: {response.headers['Content-Type']}\r\n\r\n".encode()
    found = []
    for one in BytesParser().parsebytes(head + await response.read()).get_payload():
        line, _, rest = one.get_payload().partition("\r\n")
        headers, _, body = rest.partition("\r\n\r\n")
        named = dict(header.split(": ", 1) for header in headers.split("\r\n"))
        assert one["Content-Type"] == "application/http"
        assert int(named["Content-Length"]) == len(body.encode())
        found.append(Answered(one["Content-ID"] or "", int(line.split(" ")[1]), named, json.loads(body)))
    return found


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_each_call_has_its_answer(platform: Platform, end: str) -> None:
    target = f"{ANALYZE}?key={platform.key}&alt=json"
    suggestion = {
        "comment": {"text": "x"},
        "attributeScores": {"SPAM": {"summaryScore": {"value": 1}}},
        "clientToken": "t",
    }
    calls = [
        part(analyze("Buy pills"), target, identity="<u + 1>", end=end),
        part(analyze("hello"), target, identity="<u + caf%C3%A9>", end=end),
        part(analyze("hello", "NOPE"), target, identity="<u + 3>", end=end),
        part(b"", target, identity="<u + 4>", end=end),
        part(analyze("hello"), f"{ANALYZE}?key=nope", identity="<u + 5>", end=end),
        part(analyze("hello"), ANALYZE, identity="<u + 6>", end=end),
        part(analyze("hello"), ANALYZE, identity="<u + 7>", more=f"x-goog-api-key: {platform.key}", end=end),
        part(analyze("hello"), f"/v1alpha1/comments:delete?key={platform.key}", identity="<u + 8>", end=end),
        part(analyze("hello"), target, identity="<u + 9>", method="GET", end=end),
        part(suggestion, f"/v1alpha1/comments:suggestscore?key={platform.key}", identity="<u + 10>", end=end),
    ]
    said = await answers(await send(platform, whole(*calls, end=end)))
    assert [one.identity for one in said] == [
        f"<response-u + {name}>" for name in ("1", "caf%C3%A9", "3", "4", "5", "6", "7", "8", "9", "10")
    ]
    assert [one.status for one in said] == [200, 200, 400, 400, 400, 403, 200, 404, 404, 200]
    assert said[0].body["attributeScores"]["SPAM"]["summaryScore"]["value"] == 0.97
    assert said[1].body["attributeScores"]["SPAM"]["summaryScore"]["value"] == 0.01
    assert said[4].body["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert said[9].body["clientToken"] == "t"
    assert all(one.headers["Content-Type"] == "application/json; charset=UTF-8" for one in said)


async def test_the_key_of_the_whole_counts_for_its_parts(platform: Platform) -> None:
    (said,) = await answers(await send(platform, whole(part(analyze("pills"), ANALYZE)), key=str(platform.key)))
    assert said.status == 200


async def test_an_id_that_would_break_the_answer_is_left_out(platform: Platform) -> None:
    calls = [
        part(analyze("x"), f"{ANALYZE}?key={platform.key}", identity=odd)
        for odd in ("", "u", "<ü>", "<" + "x" * 500 + ">")
    ]
    assert [one.identity for one in await answers(await send(platform, whole(*calls)))] == [""] * 4
    folded = part(analyze("x"), f"{ANALYZE}?key={platform.key}", identity="<u\n + 1>")
    assert [one.identity for one in await answers(await send(platform, whole(folded)))] == ["<response-u + 1>"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", TYPE),
        (b"--==b==--", TYPE),
        (whole(b"hello"), TYPE),
        (whole(part({}, "/x"))[:-2], TYPE),
        (whole(part({}, "/x")).replace(b"application/http", b"text/plain"), TYPE),
        (whole(part({}, "/x")).replace(b"POST /x HTTP/1.1", b"POST"), TYPE),
        (whole(part({}, "/x", more="a: " + "b" * 5_000)), TYPE),
        (whole(part({}, "/x")), "multipart/mixed"),
        (whole(part({}, "/x")), "application/json"),
        (whole(part({}, "http://[x/")), TYPE),
    ],
)
async def test_what_is_no_batch(platform: Platform, body: bytes, content_type: str) -> None:
    response = await send(platform, body, content_type)
    error = (await response.json())["error"]
    assert (response.status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert error["details"]


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        more = {"max_batch_items": 3, "max_batch_body": 4_096, "max_body": 1_024, "rate_limit": 2}
        return settings.model_copy(update=more)

    async def test_they_are_named(self, platform: Platform) -> None:
        target = f"{ANALYZE}?key={platform.key}"
        response = await send(platform, whole(*[part({}, target)] * 4))
        assert (await response.json())["error"][
            "message"
        ] == "The maximum number of calls in a single batch request is 3."
        assert (await send(platform, whole(part(analyze("x" * 5_000), target)))).status == 400
        said = await answers(
            await send(platform, whole(part(analyze("x" * 2_000), target), part(analyze("x"), target)))
        )
        assert [one.status for one in said] == [400, 200]

    async def test_the_quota_counts_each_call(self, platform: Platform) -> None:
        said = await answers(await send(platform, whole(*[part(analyze("x"), f"{ANALYZE}?key={platform.key}")] * 3)))
        assert sorted(one.status for one in said) == [200, 200, 429]
        refused = next(one for one in said if one.status == 429)
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.body["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"


@given(
    st.lists(st.binary(max_size=40).filter(lambda body: b"--==b==" not in body), min_size=1, max_size=5), st.booleans()
)
def test_bodies_come_through_as_they_are(bodies: list[bytes], windows: bool) -> None:
    end = "\r\n" if windows else "\n"
    body = whole(*[part(one, "/x?a=b%20c", end=end) for one in bodies], end=end)
    found = split(TYPE, body, 10)
    if not windows:  # a carriage return before the delimiter is the delimiter's
        bodies = [one.removesuffix(b"\r") for one in bodies]
    assert [call.body for call in found] == bodies
    assert {(call.method, call.path, call.query["a"]) for call in found} == {("POST", "/x", "b c")}


@given(st.binary(max_size=200))
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        split(TYPE, b"--==b==\n" + body, 10)
