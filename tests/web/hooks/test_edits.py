"""What a platform sends again with other fields around the same words is no edit: what a human decided stands, at every hook."""

from __future__ import annotations

import copy
import unicodedata
from typing import Any

import pytest

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome, State
from tests.support.hooks import ARTALK, CORAL, CUSDIS, DISCOURSE, REMARK42, WALINE, WEBMENTION
from tests.support.platform import Platform
from tests.web.hooks.test_addresses import tell
from tests.web.hooks.test_platforms import all_kept

TEXT = "Héllo, pills are nice.\nI liked the rest as well."
LATER = "2026-11-29T01:02:03.456Z"
AROUND: dict[str, tuple[Any, str, list[dict[str, Any]]]] = {  # hook -> a good body, where its text is, what differs around it
    "artalk": (ARTALK, "comment.content", [
        {"comment.page_url": "https://blog.example/post"}, {"comment.link": "http://ANN.example/"}, {"comment.ua": "other"},
        {"parent_comment.content": "Another"}, {"comment.date": "2026-11-29 00:00:00"}, {"comment.rid": 12},
    ]),
    "coral": (CORAL, "comment.body", [{"action": "EDIT"}, {"story.url": "https://news.example/s/"}, {"author.role": "STAFF"}]),
    "cusdis": (CUSDIS, "data.content", [
        {"data.page_title": "Another"}, {"data.page_id": "/p/"}, {"data.by_email": "else@b.example"}, {"data.by_nickname": "a "},
    ]),
    "discourse": (DISCOURSE, "post.raw", [
        {"post.topic_slug": "other"}, {"post.version": 3, "post.updated_at": LATER}, {"post.topic_id": 10},
        {"post.created_at": "2026-11-20T01:02:03.456Z", "post.updated_at": LATER},
    ]),
    "remark42": (REMARK42, "text", [{"url": "https://blog.example/p/"}, {"parent": "c"}, {"user": " Ann"}]),
    "waline": (WALINE, "data.comment.comment", [
        {"data.comment.ip": "198.51.100.9"}, {"data.comment.mail": "x@b.example"}, {"data.comment.ua": "other"},
        {"data.comment.url": "/post/"}, {"data.comment.insertedAt": LATER}, {"data.comment.pid": 5},
    ]),
    "webmention": (WEBMENTION, "post.content.text", [
        {"post.published": LATER}, {"post.author.url": "https://A.example/"}, {"post.name": "A title"}, {"post.wm-id": 5},
    ]),
}  # fmt: skip
WRITTEN = {
    "as it was": TEXT,
    "NFD": unicodedata.normalize("NFD", TEXT),
    "CRLF": TEXT.replace("\n", "\r\n"),
    "spaces": TEXT.replace("\n", "  \n") + " \n",
}


def changed(body: Any, changes: dict[str, Any]) -> Any:
    made = copy.deepcopy(body)
    for path, value in changes.items():
        *way, last = path.split(".")
        inside = made
        for step in way:
            inside = inside[step]
        inside[last] = value
    return made


@pytest.mark.parametrize("hook", AROUND)
async def test_a_humans_word_outlasts_whatever_differs_around_the_words(platform: Platform, hook: str) -> None:
    body, text, around = AROUND[hook]
    assert await tell(platform, hook, changed(body, {text: TEXT})) in (200, 204)
    await platform.judge()
    (identity,) = await all_kept(platform)
    assert (await platform.services.moderation.get(platform.site, identity)).state is State.REJECTED
    eve = Actor(ActorKind.MODERATOR, "eve")
    approved = await platform.services.moderation.decide(platform.site, identity, Outcome.APPROVE, actor=eve)
    for changes in ({}, *around):
        for how, written in WRITTEN.items():
            assert await tell(platform, hook, changed(body, {text: written, **changes})) in (200, 204)
            await platform.judge()
            assert await all_kept(platform) == [identity], (changes, how)
            found = await platform.services.moderation.get(platform.site, identity)
            assert (found.state, found.human, found.revision) == (State.APPROVED, True, approved.revision), (
                changes,
                how,
            )


@pytest.mark.parametrize("hook", AROUND)
async def test_other_words_are_judged_anew(platform: Platform, hook: str) -> None:
    body, text, _ = AROUND[hook]
    await tell(platform, hook, changed(body, {text: "I liked this."}))
    await platform.judge()
    later = {"post.version": 2, "post.updated_at": LATER} if hook == "discourse" else {}
    await tell(platform, hook, changed(body, {text: TEXT, **later}))
    await platform.judge()
    newest, *earlier = await all_kept(platform)
    assert (await platform.services.moderation.get(platform.site, newest)).state is State.REJECTED
    assert len(earlier) == (hook == "coral"), "Coral asks before a comment has an id: other words are another comment"
