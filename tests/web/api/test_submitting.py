"""POST /v1/comments: what is taken in, once, and how it is answered."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest

from service.core.comment import Idempotency
from service.core.identity import IdentityKeys
from service.core.submission import comment_id
from service.settings import Settings
from service.web.intake import idempotency, webhook_once
from tests.support.legible import legible
from tests.support.moderation import submission
from tests.support.platform import Platform, body

KEYS = IdentityKeys((("k1", b"1" * 32),))


async def test_a_comment_is_taken_in_and_can_be_looked_at(platform: Platform) -> None:
    response = await platform.submit()
    view = await response.json()
    assert response.status == 202
    assert response.headers["Location"] == f"/v1/comments/{view['id']}" == platform.path()
    assert view["platform_id"] == "1"
    assert view["state"] == "pending"
    assert view["decision"] is None
    assert view["author"]["digest"].startswith("e2.")
    assert "ann@example.com" not in await response.text()
    assert await platform.services.work.backlog() == 1
    seen = await platform.ask("GET", response.headers["Location"])
    assert await seen.json() == view  # what is answered without asking the store again is what the store says


async def test_repeating_is_the_same_comment_and_an_edit_is_judged_again(platform: Platform) -> None:
    first = await (await platform.submit()).json()
    again = await platform.submit()
    assert again.status == 202
    assert await again.json() == first
    await platform.judge()
    decided = await platform.submit()
    assert decided.status == 200
    assert (await decided.json())["state"] == "approved"
    edited = await platform.submit(content="cheap pills")
    assert edited.status == 202
    view = await edited.json()
    assert view["state"] == "pending"
    assert view["decision"] is None
    assert view["revision"] == 3
    assert view["created_at"] == first["created_at"]
    await platform.judge()
    assert (await (await platform.ask("GET", platform.path())).json())["state"] == "rejected"
    assert (await platform.services.comments.counts("blog"))["approved"] == 0


async def test_numbers_nulls_and_form_signals_are_understood(platform: Platform) -> None:
    response = await platform.submit(
        id=17,
        parent_id=16,
        created_at="2026-03-01T12:00:00.5+02:00",
        context={"parent_text": "ask me at bob@example.com"},
        form={"hp": "", "ms": 1234, "js": True, "ratio": 0.5, "none": None},
        author={"name": "Ann", "email": "ann@example.com", "ip": None, "url": None, "role": None},
    )
    assert response.status == 202
    comment = await platform.services.comments.get(comment_id("blog", "17"))
    assert comment is not None
    assert comment.submission is not None
    kept = comment.submission
    assert (kept.platform_id, kept.parent_id, kept.created_at) == ("17", "16", 1_772_359_200_500)
    assert kept.form == {"hp": "", "ms": "1234", "js": "true", "ratio": "0.5", "none": ""}
    assert "bob@example.com" not in kept.parent_text
    assert kept.channel == "api"


async def test_an_idempotency_key_gets_the_same_answer(platform: Platform) -> None:
    first = await platform.submit(headers={"Idempotency-Key": '"k1"'})
    await platform.judge()
    again = await platform.submit(headers={"Idempotency-Key": "k1"})
    assert again.status == first.status == 202  # although it has been decided meanwhile
    assert await again.json() == await first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = await platform.submit(headers={"Idempotency-Key": "k1"}, content="another text")
    assert other.status == 422
    assert (await other.json())["type"] == "/problems/idempotency-mismatch"


async def test_a_request_that_is_still_worked_on_answers_409(platform: Platform) -> None:
    key = {"Idempotency-Key": "k"}
    await platform.submit(headers=key)
    client = platform.services.connection.client
    (name,) = await client.keys("*:i:*")
    await client.hdel(name, "answer")
    running = await platform.submit(headers=key)
    assert running.status == 409
    assert (await running.json())["type"] == "/problems/request-in-progress"
    assert running.headers["Retry-After"] == "1"
    await client.hset(name, "at", 1)  # the process that worked on it died long ago
    recovered = await platform.submit(headers=key)
    assert recovered.status == 202
    assert recovered.headers["Idempotency-Replayed"] == "true"
    assert await client.hget(name, "answer")
    assert await client.pttl(name) > 0


async def test_a_remembered_answer_keeps_no_words_and_ends_with_the_comment(platform: Platform) -> None:
    key = {"Idempotency-Key": "k"}
    await platform.submit(headers=key, content="a very particular phrase")
    client = platform.services.connection.client
    (name,) = await client.keys("*:i:*")
    assert b"particular" not in legible(await client.hgetall(name))
    assert (await platform.ask("DELETE", platform.path())).status == 204
    gone = await platform.submit(headers=key, content="a very particular phrase")
    assert gone.status == 410
    assert (await platform.submit()).status == 410


@pytest.mark.parametrize("key", ["", " ", '"unclosed', "a b", "x" * 256, "tab\there", '"a"b"'])
async def test_an_idempotency_key_that_is_none(platform: Platform, key: str) -> None:
    response = await platform.submit(headers={"Idempotency-Key": key})
    assert response.status == 400
    assert await platform.kept() == 0


async def test_a_site_may_relax_what_it_requires(platform: Platform) -> None:
    assert (await platform.submit(author={})).status == 422
    site = msgspec.structs.replace(platform.site, require_email=False, require_name=False)
    await platform.services.accounts.change(site.id, lambda _: site, "test")
    response = await platform.submit(author={})
    assert response.status == 202
    assert (await response.json())["author"] == {"name": "", "url": "", "digest": None, "role": ""}


class TestBacklog:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_backlog": 2})

    async def test_above_the_backlog_nothing_is_half_accepted(self, platform: Platform) -> None:
        assert [(await platform.submit(id=str(n))).status for n in (1, 2)] == [202, 202]
        before = await platform.kept()
        full = await platform.submit(id="3", headers={"Idempotency-Key": "k"})
        assert full.status == 503
        assert int(full.headers["Retry-After"]) > 0
        assert (await full.json())["type"] == "/problems/backlog-full"
        assert await platform.kept() == before
        assert (await platform.ask("GET", "/readyz")).status == 503
        assert (await platform.submit(id="1")).status == 202  # it is in already
        await platform.judge()
        assert (await platform.ask("GET", "/readyz")).status == 200
        assert (await platform.submit(id="3", headers={"Idempotency-Key": "k"})).status == 202


async def test_the_same_submission_by_another_entrance_is_the_same_comment(platform: Platform) -> None:
    known = submission(
        platform.services, page_url="https://blog.example/post", page_title="A post", url="https://ann.example"
    )
    await platform.services.moderation.submit(platform.site, known)
    assert await (await platform.submit()).json() == await (await platform.ask("GET", platform.path())).json()
    assert (await platform.services.comments.counts("blog"))["pending"] == 1


async def test_the_idempotency_lease_follows_the_settings(settings: Settings) -> None:
    once = idempotency("k", b"body", KEYS, settings)
    assert isinstance(once, Idempotency)
    assert (once.ttl, once.lease) == (86_400_000, 30_000)
    hook = webhook_once("k", b"body", KEYS, settings)
    assert hook.key != once.key
    assert hook.lease == 0
    assert hook.ttl > 2 * settings.webhook_tolerance * 1000


@pytest.mark.parametrize(("kind", "state"), [("contact-form", "approved"), ("review", "rejected"), (None, "rejected")])
async def test_the_kind_says_what_counts(platform: Platform, kind: str | None, state: str) -> None:
    assert (await platform.submit(kind=kind, content="Where is my money, you idiot?")).status == 202
    await platform.judge()
    assert (await (await platform.ask("GET", platform.path())).json())["state"] == state


@pytest.mark.parametrize("kind", ["", "a b", "x" * 33, 3])
async def test_a_kind_that_is_none(platform: Platform, kind: object) -> None:
    response = await platform.submit(kind=kind)
    assert response.status == 422
    assert (await response.json())["pointer"] == "/kind"


async def test_a_request_is_known_by_keyed_digests_and_goes_with_its_comment(platform: Platform) -> None:
    """A body holds addresses: a plain digest of it tells them to whoever tries a list."""
    sent = json.dumps(body()).encode()
    headers = {"Idempotency-Key": "greta@example.com", "Content-Type": "application/json"}
    taken = await platform.ask("POST", "/v1/comments", data=sent, headers=headers)
    assert taken.status == 202
    client = platform.services.connection.client
    (remembered,) = [key async for key in client.scan_iter("*:i:*") if await client.type(key) == b"hash"]
    kept = remembered + b"".join((await client.hgetall(remembered)).values())
    for said in (sent, b"greta@example.com"):
        for digest in (hashlib.blake2b(said, digest_size=16), hashlib.sha256(said), hashlib.md5(said)):
            assert digest.hexdigest().encode() not in kept
    assert 0 < await client.pttl(remembered) <= 86_400_000
    await platform.ask("DELETE", platform.path())
    assert [key async for key in client.scan_iter("*") if b":i:" in key or b"asked" in key] == []
    again = await platform.ask("POST", "/v1/comments", data=sent, headers=headers)
    assert again.status == 410  # not the stored answer
