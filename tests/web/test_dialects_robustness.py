"""Whatever is sent to the dialects, they answer in their own way, never with a fault of ours, and quickly."""

from __future__ import annotations

import asyncio
import json
import random
import time
from urllib.parse import quote_from_bytes, urlencode

import pytest

from service.core.site import Known
from service.settings import Settings
from tests.support.akismet import COMMENT, classification
from tests.support.platform import Platform

AKISMET = (
    "verify-key",
    "comment-check",
    "submit-spam",
    "submit-ham",
    "deactivate",
    "token",
    "get-stats",
    "get-subscription",
)
ODD = (
    "", "0", "-1", "\0", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\u202e", "a@b", "<a href='", "\\",
    "%", "[]", "{}", "&amp;#64;", "x" * 70_000, "http://[", "//", "javascript:x", "2026-13-99", "é\u0301" * 500, "\r\n\r\n",
)  # fmt: skip
FIELDS = (
    *COMMENT, "comment_ID", "comment_post_ID", "comment_parent", "guid", "callback", "reporter", "user_role", "is_test",
    "classify", "recheck_reason", "honeypot_field_name", "POST_comment", "POST_ak_js", "comment_context[0]", "from", "month",
    "limit", "offset", "order", "format", "filter", "comment_type", "blog_charset",
)  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"akismet_deadline": 5.0, "hook_deadline": 5.0})


async def test_akismet_answers_whatever_the_fields_hold(platform: Platform, site: Known) -> None:
    chance, key = random.Random(4), site.credentials[0].akismet_key
    async with classification(platform):
        for number in range(250):
            chosen = chance.sample(FIELDS, chance.randrange(1, 9))
            fields = COMMENT | {name: chance.choice(ODD) for name in chosen} | {"api_key": key}
            if chance.random() < 0.1:
                fields = {name: fields[name] for name in ("api_key", *chosen)}
            body = urlencode(fields).encode()
            if chance.random() < 0.2:
                body += b"&" + quote_from_bytes(chance.randbytes(40)).encode() + b"&%ff=%c3%28&" + chance.randbytes(20)
            path = f"/1.1/{AKISMET[number % len(AKISMET)]}"
            response = await platform.client.post(
                path, data=body, headers={"Content-Type": chance.choice(CONTENT_TYPES)}
            )
            assert response.status == 200, (path, fields)
            text = await response.text()
            assert ("X-akismet-debug-help" in response.headers) == (text == "invalid"), (path, fields)
            for name in ("usage-limit", "key-sites", "get-key-stats"):
                if number % 25 == 0:
                    query = {name: value for name, value in fields.items() if "\0" not in value and len(value) < 500}
                    assert (await platform.client.get(f"/1.2/{name}", params=query)).status == 200


CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=iso-8859-1",
    "application/x-www-form-urlencoded; charset=zlib", "charset=utf-8", "text/plain", "multipart/form-data", "application/json",
)  # fmt: skip


async def test_perspective_answers_whatever_the_body_holds(platform: Platform) -> None:
    chance = random.Random(5)
    base = {
        "comment": {"text": "hello"},
        "requestedAttributes": {"SPAM": {}},
        "attributeScores": {"SPAM": {"summaryScore": {"value": 1}}},
    }
    names = (
        "comment",
        "requestedAttributes",
        "attributeScores",
        "languages",
        "context",
        "spanAnnotations",
        "clientToken",
    )
    values = (
        None,
        0,
        -1,
        1e999,
        "",
        "x",
        [],
        ["en"],
        [""],
        {},
        {"text": None},
        {"text": "a. b! c?"},
        {"SPAM": None},
        {"TOXICITY": {"scoreThreshold": 2}},
    )
    for number in range(200):
        body = base | {name: chance.choice(values) for name in chance.sample(names, chance.randrange(0, 4))}
        path = ("/v1alpha1/comments:analyze", "/v1alpha1/comments:suggestscore")[number % 2]
        if path.endswith("analyze"):
            body.pop("attributeScores", None)
        else:
            body = {name: body[name] for name in body if name not in ("requestedAttributes", "spanAnnotations")}
        response = await platform.client.post(path, params={"key": platform.key}, data=json.dumps(body).encode())
        assert response.status in (200, 400), body
        answer = await response.json()
        assert ("error" in answer) == (response.status == 400)


async def test_many_checks_at_once_are_each_answered(platform: Platform, site: Known) -> None:
    key = site.credentials[0].akismet_key
    async with classification(platform):
        began = time.perf_counter()
        answers = await asyncio.gather(
            *[
                platform.client.post(
                    "/1.1/comment-check", data=COMMENT | {"api_key": key, "comment_content": f"{word} {number % 20}"}
                )
                for number in range(60)
                for word in ("fine", "pills")
            ]
        )
        said = [await answer.text() for answer in answers]
    assert said == ["false", "true"] * 60
    assert time.perf_counter() - began < 10
    page = await platform.services.comments.page("blog", "all", newest=10**14, oldest=0, after=None, limit=200)
    assert len(page) == 40
