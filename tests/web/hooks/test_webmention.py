"""Webmention receivers: bodies as webmention.io's web hooks make them, and trust by source."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from aiohttp import ClientResponse

from service.core.lifecycle import State
from service.core.policy.document import read_policy
from tests.support.platform import Platform
from tests.web.hooks.test_platforms import all_kept, send

SOURCE, TARGET = "https://ada.example/reply", "https://blog.example/bread"


def mention(secret: str = "", text: str = "I liked this.", **more: Any) -> dict[str, Any]:
    return {
        "secret": secret,
        "source": SOURCE,
        "target": TARGET,
        "private": False,
        "post": {
            "type": "entry",
            "author": {"type": "card", "name": "Ada", "photo": "", "url": "https://ada.example/"},
            "url": SOURCE,
            "published": "2024-06-02T10:00:00+00:00",
            "wm-received": "2024-06-02T10:00:30Z",
            "wm-id": 798949,
            "wm-source": SOURCE,
            "wm-target": TARGET,
            "content": {"html": f"<p>{text}</p>", "text": text},
            "in-reply-to": TARGET,
            "wm-property": "in-reply-to",
            "wm-private": False,
        },
    } | more


async def tell(platform: Platform, **more: Any) -> ClientResponse:
    assert platform.key
    return await send(platform, "/hooks/blog/webmention", mention(platform.key, **more))


async def only(platform: Platform) -> Any:
    (identity,) = await all_kept(platform)
    return await platform.services.comments.get(identity)


async def test_a_mention_is_taken_in_as_one_and_again_when_its_words_change(platform: Platform) -> None:
    assert (await tell(platform)).status == 200
    comment = await only(platform)
    assert comment.submission.kind == "webmention"
    assert comment.submission.page.url == TARGET
    assert comment.submission.author.name == "Ada"
    assert comment.submission.author.url == "https://ada.example/"
    assert comment.written_at == 1_717_322_400_000
    await tell(platform)
    await tell(platform, text="I changed my mind.")
    assert (await only(platform)).submission.content == "I changed my mind."


async def test_it_is_told_by_secret_signature_or_key(platform: Platform) -> None:
    credentials = (await platform.services.accounts.get("blog")).credentials[0]
    raw = json.dumps(mention("else")).encode()
    for secret in (credentials.webhook_secret, credentials.api_key):
        signature = "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()
        assert (await send(platform, "/hooks/blog/webmention", raw, X_Webmention_Signature=signature)).status == 200
        assert (await send(platform, "/hooks/blog/webmention", mention(secret))).status == 200
    assert (await send(platform, f"/hooks/blog/webmention?key={platform.key}", mention())).status == 200
    for wrong in ("", "wrong", "ünïcode"):
        assert (await send(platform, "/hooks/blog/webmention", mention(wrong))).status == 401
    assert (await send(platform, "/hooks/blog/webmention?key=", mention(platform.key or ""))).status == 401
    bad = await send(platform, "/hooks/blog/webmention", mention(platform.key or ""), X_Webmention_Signature="sha256=0")
    assert bad.status == 401


async def test_what_is_gone_at_its_source_is_erased_and_may_return(platform: Platform) -> None:
    await tell(platform)
    (identity,) = await all_kept(platform)
    deleted = {"source": SOURCE, "target": TARGET, "private": False, "deleted": True, "secret": platform.key}
    assert (await send(platform, "/hooks/blog/webmention", deleted)).status == 204
    erased = await platform.services.comments.get(identity)
    assert erased is not None
    assert erased.state is State.ERASED
    assert (await tell(platform)).status == 200
    assert (await only(platform)).state is State.PENDING


async def test_likes_private_mentions_and_nonsense_are_left_alone(platform: Platform) -> None:
    for more in (
        {"post": {"wm-property": "like-of", "author": {"name": "Ada"}}}, {"private": True}, {"post": None},
        {"source": "javascript:alert(1)"}, {"source": ""},
    ):  # fmt: skip
        assert (await tell(platform, **more)).status == 204
    assert await all_kept(platform) == []


POLICY = """

[[lists]]
name = "friends"
kind = "domains"
fields = ["author.url"]
entries = ["ada.example"]
then = "approve"

[[rules]]
name = "mentions-by-strangers"
when = 'kind == "webmention"'
then = "hold"
"""


@pytest.mark.parametrize(
    ("source", "author", "state"),
    [
        (SOURCE, "https://ada.example/", State.APPROVED),
        ("https://elsewhere.example/spam", "https://ada.example/", State.FLAGGED),  # says that it is Ada's
        ("https://elsewhere.example/spam", "https://elsewhere.example/", State.FLAGGED),
        (SOURCE, "", State.APPROVED),
        (
            "https://elsewhere.example/spam",
            "https://ada.example\\@elsewhere.example/",
            State.FLAGGED,
        ),  # browsers go to Ada's
        ("https://elsewhere.example/spam", "https://ada.example\t\\@elsewhere.example/", State.FLAGGED),
        ("https://elsewhere.example#@ada.example/", "https://ada.example/", State.FLAGGED),
        ("https://elsewhere.example?@ada.example/", "https://ada.example/", State.FLAGGED),
    ],
)
async def test_trust_goes_by_the_source_and_not_by_what_the_source_says(
    platform: Platform, source: str, author: str, state: State
) -> None:
    policy = read_policy(POLICY)
    known = await platform.services.accounts.change(
        "blog", lambda site: msgspec.structs.replace(site, policy=policy), "sites.policy"
    )
    platform.site = known.site
    post = mention()["post"] | {"author": {"name": "Ada", "url": author}}
    assert (await tell(platform, source=source, post=post)).status == 200
    await platform.judge()
    assert (await only(platform)).state is state
