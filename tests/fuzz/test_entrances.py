"""Fuzzing every entrance over HTTP: whatever is sent, no fault of ours, nothing quoted in a refusal or in the log."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientResponse
from argon2 import PasswordHasher
from standardwebhooks import Webhook
from structlog.testing import capture_logs
from yarl import URL

from service.core.site import Known
from service.core.submission import comment_id
from service.settings import Settings
from service.web.api import INTERFACE as NATIVE
from service.web.openapi import Route
from service.web.review import ROUTES
from tests.fuzz.inputs import KINDS, MARK, VALUES, damaged, form_like, json_like, text_like
from tests.support.akismet import COMMENT, classification
from tests.support.desk import Desk, seat
from tests.support.hooks import ARTALK, CORAL, CUSDIS, DISCOURSE, REMARK42, WALINE, WEBMENTION
from tests.support.platform import Platform, body

COUNT = int(os.environ.get("FUZZ", "12"))
"""Requests for each entrance; `make fuzz` asks for more."""
FIRST = int(os.environ.get("FUZZ_FROM", "0"))
"""The first seed, to go on behind an earlier run."""
AT_ONCE = 8
_TOLD = re.compile(
    r'"pointer":"[/\w]*"|Unknown name \\"\w+\\"'
)  # of a field that is not there, a name of letters is told
STREAMS = "/events"
FORM = {name: str(value) for name, value in COMMENT.items()} | {
    "comment_ID": "5", "comment_post_ID": "6", "comment_parent": "4", "user_ID": "3", "user_role": "subscriber", "guid": "c" + "0" * 26,
    "callback": "https://blog.example/hook", "recheck_reason": "edit", "comment_date_gmt": "2026-11-24T01:02:03Z", "reporter": "eve",
    "honeypot_field_name": "trap", "trap": "x", "POST_ak_js": "1700000000000", "is_test": "0", "classify": "1", "blog_charset": "UTF-8",
}  # fmt: skip
MODERATION = {"model": "omni-moderation-latest", "input": ["I liked this.", "This is maybe spam."]}
ANALYZE = {
    "comment": {"text": "I liked this."},
    "requestedAttributes": {"SPAM": {}, "TOXICITY": {}},
    "languages": ["en"],
}


class Sent(NamedTuple):
    """A request."""

    method: str
    path: str
    data: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012  (never changed)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"akismet_deadline": 5.0, "hook_deadline": 0.01, "max_wait": 0.0, "max_backlog": 10**9}
    )


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "service.usecases.moderators._HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


def _word(chance: Random, text: str) -> str:
    """Something that can stand in a path or in a header."""
    return "".join(letter for letter in text_like(chance, text)[:200] if 32 < ord(letter) < 127)


def _query(chance: Random, names: list[str]) -> str:
    chosen = chance.sample([*names, "site", "cursor", MARK, "limit"], chance.randrange(0, 3))
    return str(
        URL.build(
            query=[(name, str(chance.choice(VALUES))[:2_000].encode(errors="replace").decode()) for name in chosen]
        )
    )


def _headers(chance: Random) -> dict[str, str]:
    odd = {
        "X-Request-Id": f"{MARK}@example.com", "Prefer": _word(chance, "wait=5"), "Idempotency-Key": _word(chance, '"key"'),
        "X-Forwarded-For": _word(chance, "192.0.2.7, 10.0.0.1"), "Content-Encoding": chance.choice(("gzip", "br", "deflate", "x", "")),
        "Cookie": _word(chance, "antechamber_session=x"), "Accept": _word(chance, "*/*"), "X-CSRF-Token": MARK,
        "Host": _word(chance, "blog.example").replace(" ", "") or "h", "Origin": _word(chance, "https://evil.example"),
    }  # fmt: skip
    return {name: odd[name] for name in chance.sample(list(odd), chance.choice((0, 0, 1, 2)))}


def _documented(route: Route, seed: Any) -> Callable[[Random], Sent]:
    operation = route.operation
    names = [parameter.name for parameter in operation.parameters if parameter.place == "query"]

    def make(chance: Random) -> Sent:
        good = {"site": "blog", "id": comment_id("blog", "1"), "bulk": "0" * 32, "campaign": comment_id("blog", "1")}
        path = operation.path
        for name, value in good.items():
            meant = (
                value
                if chance.random() < 0.8
                else _word(chance, value).replace("/", "").replace("?", "").replace("#", "") or "x"
            )
            path = path.replace(f"{{{name}}}", meant)
        data = json_like(chance, seed) if operation.takes is not None else b""
        kind = operation.media if chance.random() < 0.9 else chance.choice(KINDS)
        return Sent(
            operation.method.upper(), path + _query(chance, names), data, {"Content-Type": kind, **_headers(chance)}
        )

    return make


def _review_seeds() -> dict[str, Any]:
    """By operation, a body that is nearly good."""
    proof = {"current": "x" * 9, "new": "y" * 9, "code": "123456"}
    policy = {"policy": {"mode": "hold-everything"}, "note": "x", "version": 0}
    deciding = {
        "decision": "reject",
        "outcome": "reject",
        "reasons": ["spam"],
        "revision": 1,
        "note": "x",
        "until": "2027-01-01T00:00:00Z",
    }
    return {"account": proof, "policies": policy, "session": {"name": "ann", "password": "x" * 9}, "comments": deciding}


def _api_seed(route: Route) -> Any:
    if route.operation.name in ("submitComment", "submitBatch"):
        author = body()["author"] | {"role": "member", "id": 5, "verified": False, "user_agent": "x"}
        return body(
            form={"a": "b"}, context={"parent_text": "x"}, created_at="2026-03-01T12:00:00Z", edited_at="2026-03-01T12:01:00Z",
            revision=1, parent_id="7", kind="comment", author=author,
        )  # fmt: skip
    return {
        "decision": "approve",
        "reasons": [],
        "moderator": "x",
        "note": "x",
        "revision": 1,
        "reporter": "r",
        "policy": {"mode": "x"},
    }


async def _entrances(platform: Platform, site: Known) -> dict[str, Callable[[Random], Sent]]:
    keys = site.credentials[0]
    bearer = {"Authorization": f"Bearer {keys.api_key}"}
    operator: Desk = await seat(platform.client, platform.services, "olga")
    session = {"Cookie": f"antechamber_session={operator.token}", "X-CSRF-Token": operator.csrf}

    def of(sent: Sent, more: dict[str, str]) -> Sent:
        return sent._replace(headers={**sent.headers, **more})

    def signed(seed: Any, path: str, header: str, **more: str) -> Callable[[Random], Sent]:
        def make(chance: Random) -> Sent:
            raw = json_like(chance, seed)
            mac = "sha256=" + hmac.new(keys.webhook_secret.encode(), raw, sha256).hexdigest()
            return Sent("POST", path, raw, {"Content-Type": "application/json", header: mac, **more})

        return make

    def webhook(chance: Random) -> Sent:
        raw, at, name = json_like(chance, body()), int(time.time()), _word(chance, "message") or "m"
        try:
            mac = signatures_of(keys.webhook_secret, name, at, raw)
        except UnicodeDecodeError:
            mac = "v1,AAAA"
        headers = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": mac}
        return Sent("POST", "/hooks/blog", raw, {"Content-Type": "application/json", **headers})

    def akismet(chance: Random) -> Sent:
        call = chance.choice(
            ("verify-key", "comment-check", "submit-spam", "submit-ham", "deactivate", "get-stats", "token", "x")
        )
        fields = FORM | {"api_key": keys.akismet_key} if chance.random() < 0.9 else FORM
        return Sent(
            "POST",
            f"/1.1/{call}{_query(chance, ['blog'])}",
            form_like(chance, fields),
            {"Content-Type": chance.choice(KINDS)},
        )

    def perspective(chance: Random) -> Sent:
        call = chance.choice(("analyze", "suggestscore"))
        return Sent(
            "POST",
            f"/v1alpha1/comments:{call}?key={keys.api_key}",
            json_like(chance, ANALYZE),
            {"Content-Type": chance.choice(KINDS)},
        )

    def batch(chance: Random) -> Sent:
        parts = [
            f"--b\r\nContent-Type: application/http\r\nContent-ID: {_word(chance, f'<call+{number}>')}\r\n\r\n"
            f"POST /v1alpha1/comments:analyze?key={keys.api_key} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n".encode()
            + json_like(chance, ANALYZE)
            for number in range(chance.randrange(4))
        ]
        raw = b"\r\n".join([*parts, b"--b--\r\n"])
        kind = 'multipart/mixed; boundary="b"' if chance.random() < 0.9 else chance.choice(KINDS)
        return Sent("POST", "/batch", damaged(chance, raw) if chance.random() < 0.4 else raw, {"Content-Type": kind})

    def anything(chance: Random) -> Sent:
        paths = (
            "/",
            "/v1",
            "/v1/comments",
            "/review",
            "/review/static/main.js",
            "/hooks/blog",
            "/appeals/x",
            "/healthz",
            "/readyz",
            "/problems/gone",
            "/$discovery/rest",
            "/v1/moderations",
            "/metrics",
        )
        path = "/" + _word(chance, chance.choice(paths)).lstrip("/").replace("#", "").replace(" ", "")
        method = chance.choice(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"))
        return Sent(method, path, b"" if method in ("GET", "HEAD") else damaged(chance, b"{}"), _headers(chance))

    key = f"?key={keys.api_key}"
    found: dict[str, Callable[[Random], Sent]] = {
        "webhook": webhook, "akismet": akismet, "perspective": perspective, "perspective batch": batch,
        "anything": anything,
        "moderations": lambda chance: Sent(
            "POST", "/v1/moderations", json_like(chance, MODERATION), {"Content-Type": chance.choice(KINDS[:3]), **bearer}
        ),
        "artalk": lambda chance: Sent("POST", f"/hooks/blog/artalk{key}", json_like(chance, ARTALK)),
        "cusdis": lambda chance: Sent("POST", f"/hooks/blog/cusdis{key}", json_like(chance, CUSDIS)),
        "webmention": lambda chance: Sent("POST", f"/hooks/blog/webmention{key}", json_like(chance, WEBMENTION)),
        "notices": lambda chance: Sent("GET", "/notices/" + (_word(chance, "abc").strip("/ ?#") or "x"), b"", _headers(chance)),
        "coral": signed(CORAL, "/hooks/blog/coral", "X-Coral-Signature"),
        "discourse": signed(
            DISCOURSE, "/hooks/blog/discourse", "X-Discourse-Event-Signature", **{"X-Discourse-Event": "post_edited"}
        ),
        "waline": lambda chance: Sent("POST", f"/hooks/blog/waline{key}", json_like(chance, WALINE)),
        "remark42": lambda chance: Sent("POST", f"/hooks/blog/remark42{key}", form_like(chance, REMARK42)),
        "appeals": lambda chance: Sent(
            "POST", "/appeals/" + (_word(chance, "abc").replace("/", "").replace("?", "").replace("#", "") or "x"),
            form_like(chance, {"text": "x"}), {"Content-Type": "application/x-www-form-urlencoded"},
        ),
        "sign-in": lambda chance: Sent(
            "POST", "/review/api/session", json_like(chance, {"name": "ann", "password": "x" * 9, "code": "1"}),
            {"Content-Type": "application/json", "X-Forwarded-For": f"10.{chance.randrange(250)}.{chance.randrange(250)}.1"},
        ),
    }  # fmt: skip
    for route in NATIVE.routes:
        if not route.operation.path.startswith("/hooks"):
            make = _documented(route, _api_seed(route))
            found[f"api {route.operation.name}"] = lambda chance, make=make: of(make(chance), bearer)  # type: ignore[misc]
    seeds = _review_seeds()
    for route in ROUTES:
        if route.operation.path.endswith(STREAMS) or route.operation.name in ("signOut", "signOutEverywhere"):
            continue
        make = _documented(
            route,
            seeds.get(route.operation.tag, {"ids": [comment_id("blog", "1")], "site": "blog", "decision": "approve"}),
        )
        found[f"review {route.operation.name}"] = lambda chance, make=make: of(make(chance), session)  # type: ignore[misc]
    return found


def signatures_of(secret: str, name: str, at: int, raw: bytes) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return Webhook(secret).sign(name, datetime.fromtimestamp(at, UTC), raw.decode())


async def _send(platform: Platform, sent: Sent) -> tuple[int, str]:
    url = URL(sent.path, encoded=True)
    response: ClientResponse = await platform.client.request(
        sent.method, url, data=sent.data or None, headers=sent.headers, allow_redirects=False
    )
    return response.status, (await response.read()).decode(errors="replace")


async def test_no_entrance_has_a_fault_or_quotes(platform: Platform, site: Known) -> None:
    entrances = await _entrances(platform, site)
    counts: Counter[str] = Counter()
    seen: Counter[int] = Counter()
    async with classification(platform):  # or else who waits for a decision waits in vain
        with capture_logs() as logged:
            await _try(platform, entrances, counts, seen)
    assert MARK not in json.dumps(logged, default=repr)
    assert not [line for line in logged if line["event"] == "request failed"]
    print(f"fuzz: {counts.total()} requests at {len(counts)} entrances; answers: {dict(sorted(seen.items()))}")
    assert counts.total() == COUNT * len(entrances)


async def _try(
    platform: Platform, entrances: dict[str, Callable[[Random], Sent]], counts: Counter[str], seen: Counter[int]
) -> None:
    """Send hostile requests to each, and count the answers; a run that is ended has told how far it came."""
    for name, make in entrances.items():
        seeds = range(FIRST, FIRST + COUNT)
        for first in range(0, COUNT, AT_ONCE):
            some = seeds[first : first + AT_ONCE]
            made = [make(Random(f"{name} {seed}")) for seed in some]
            answers = await asyncio.gather(*[_send(platform, one) for one in made])
            for seed, sent, (status, text) in zip(some, made, answers, strict=True):
                said = f"{name}, seed {seed}: {sent!r:.3000} -> {status} {text:.500}"
                assert status < 500 or (status == 503 and '"/problems/store' not in text), said
                assert status < 400 or MARK not in _TOLD.sub("", text), said
                seen[status] += 1
        counts[name] = COUNT
        print(f"fuzz: {counts.total():,} requests, {name} done", flush=True)
