"""No hook keeps an address, in whatever field it comes and however it is spelt: not as it is, decoded, or in a plain digest."""

from __future__ import annotations

import copy
import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from service.core.text.rendering import decoded
from tests.support.hooks import ARTALK, CORAL, CUSDIS, DISCOURSE, REMARK42, WALINE, WEBMENTION
from tests.support.platform import Platform
from tests.web.hooks.test_platforms import all_kept, send

LOCAL = "leakzoe"
SPELLINGS = (
    "leakzoe@hidden-7.example", "leakzoe%40hidden-7.example", "x leakzoe&#64;hidden-7.example y", "leakzoe (at) hidden-7.de",
    "https://x.example/?m=leakzoe%2540hidden-7.example",
)  # fmt: skip
HOOKS: dict[str, Any] = {
    "artalk": ARTALK, "coral": CORAL, "cusdis": CUSDIS, "discourse": DISCOURSE, "remark42": REMARK42, "waline": WALINE,
    "webmention": WEBMENTION,
}  # fmt: skip


def said_by(body: Any, value: str) -> Iterator[Any]:
    """The body with one of its words replaced, for each of them; and with all of them."""

    def places(inside: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        for key, one in inside.items():
            if isinstance(one, dict):
                yield from places(one, (*at, key))
            elif isinstance(one, str) or one is None:
                yield (*at, key)

    for *way, last in places(body):
        changed = copy.deepcopy(body)
        inside = changed
        for step in way:
            inside = inside[step]
        inside[last] = value
        yield changed


async def tell(platform: Platform, hook: str, body: Any) -> int:
    """Send it as the platform does; the status of the answer."""
    credentials = (await platform.services.accounts.get("blog")).credentials[0]
    raw = urlencode(body).encode() if hook == "remark42" else msgspec.json.encode(body)
    mac = "sha256=" + hmac.new(credentials.webhook_secret.encode(), raw, sha256).hexdigest()
    signing = {
        "coral": {"X_Coral_Signature": mac},
        "discourse": {"X_Discourse_Event_Signature": mac, "X_Discourse_Event": "post_edited"},
        "webmention": {"X_Webmention_Signature": mac},
    }
    key = "" if hook in signing else f"?key={credentials.api_key}"
    return (await send(platform, f"/hooks/blog/{hook}{key}", raw, **signing.get(hook, {}))).status


@pytest.mark.parametrize("hook", HOOKS)
async def test_no_field_of_no_hook_keeps_an_address(platform: Platform, hook: str) -> None:
    statuses = set()
    for value in SPELLINGS:
        for body in said_by(HOOKS[hook], value):
            statuses.add(await tell(platform, hook, body))
    await platform.judge()
    assert statuses & {200, 204}
    assert max(statuses) < 500
    async for key, blobs in platform.services.privacy._personal.everything():
        for blob in (key.encode(), *blobs):
            assert LOCAL not in decoded(blob.decode(errors="replace")).lower(), (hook, key)
    assert [one async for one in platform.services.privacy.scan(SPELLINGS, [])] == []


async def test_words_that_make_an_id_hold_no_address_that_is_the_author_s(platform: Platform) -> None:
    """Cusdis's hook without the link that says an id: whoever has a list of addresses can't try it on the id."""
    body = {"type": "new_comment", "data": {
        "by_nickname": "Ann", "by_email": "leakzoe@hidden-7.example", "content": "Yours, leakzoe at hidden-7.example",
        "page_id": "/p",
    }}  # fmt: skip
    assert await tell(platform, "cusdis", body) == 200
    other = body["data"] | {"by_email": "other@hidden-7.example"}
    assert await tell(platform, "cusdis", body | {"data": other}) == 200
    assert await tell(platform, "cusdis", body) == 200
    assert len(await all_kept(platform)) == 2, "who shares a name and words is somebody else all the same"
