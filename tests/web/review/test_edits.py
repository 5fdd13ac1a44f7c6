"""Editing a text before it is approved: what readers see, what the platform is told, what is learnt, kept and forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, Comment
from service.core.delivery import ReturnAddress, Settlement
from service.core.example import Example
from service.core.lifecycle import ActorKind
from service.core.submission import MAX_CONTENT_BYTES, comment_id
from service.core.verdict import LABELS
from service.learning.history import history
from service.store.personal import PersonalData
from service.workers.housekeeping import drop_old_texts
from tests.support.desk import Desk
from tests.support.moderation import submission
from tests.support.platform import Platform
from tests.support.queue import hold

TEXT = "maybe call me: 030 123456"
SHOWN = "maybe call me: •••"
EDIT = {"outcome": "approve", "reasons": ["personal-data"], "edit": {"content": SHOWN}, "revision": 2}
_LATER = 60_000  # milliseconds; longer than the time in which a decision can be undone


@pytest.fixture
async def held(platform: Platform, services: Services) -> str:
    """A held comment of a site that takes edits."""
    await services.sites.change("blog", accepts_edits=True)
    platform.site = (await services.sites.get("blog")).site
    (held,) = await hold(platform, 1, text=TEXT)
    return held


async def _edit(desk: Desk, comment: str, revision: int = 2, status: int = 200, **more: Any) -> Any:
    return await desk.send("POST", f"/comments/{comment}/decision", EDIT | {"revision": revision} | more, status)


async def _told(services: Services, now: int) -> list[dict[str, Any]]:
    """What the site's receiver would be sent at a time: of each comment, its next call-back."""
    leased = await services.outbox.claim(now=now, leased_until=now + 1, most=100, per_site=100, room={})
    return [json.loads(delivery.body)["data"] for delivery in leased if delivery.type.startswith("comment.")]


async def _last_told(services: Services, comment: str) -> dict[str, Any]:
    """The body of the call-back that was written last of a comment."""
    keys = services.connection.keys
    (last,) = await services.connection.client.lrange(keys.queue("blog", comment), -1, -1)
    body = await services.connection.client.hget(keys.delivery("blog", last.decode()), "body")
    return dict(json.loads(body)["data"])


async def _taught(services: Services) -> list[Example]:
    return [example async for example in services.examples.all("blog")]


async def _found(services: Services, words: str) -> list[str]:
    """The keys that hold these words anywhere."""
    everything = PersonalData(services.connection).everything()
    return [key async for key, values in everything if any(words.encode() in value for value in values)]


async def _comment(services: Services, comment: str) -> Comment:
    found = await services.comments.get(comment)
    assert found is not None
    return found


async def test_the_edited_text_goes_back_and_history_keeps_both(
    platform: Platform, moderator: Desk, services: Services, held: str
) -> None:
    assert (await moderator.get(f"/comments/{held}"))["may_edit"]
    changed = await _edit(moderator, held)
    row = changed["comment"]
    assert (row["state"], row["edited"], row["excerpt"]) == ("approved", True, TEXT)
    told = await _last_told(services, held)
    assert told["edit"] == {
        "content": SHOWN,
        "by": "moderator:mo",
        "at": row["decision"]["at"],
        "revision": 3,
    }
    assert TEXT not in json.dumps(told, ensure_ascii=False)
    assert [reason["code"] for reason in told["decision"]["reasons"]] == ["personal-data"]
    view = await (await platform.ask("GET", platform.path())).json()
    assert (view["content"], view["edit"]) == (TEXT, told["edit"])
    past = (await (await platform.ask("GET", platform.path(more="/history"))).json())["items"]
    assert [line["content"] for line in past] == ["", "", SHOWN]
    detail = await moderator.get(f"/comments/{held}")
    assert (detail["content"], detail["edit"]["content"], detail["history"][-1]["content"]) == (TEXT, SHOWN, SHOWN)
    (line,) = [line for line in await services.accounts.audited(9) if line.what.startswith("comments.")]
    assert (line.what, line.subject, line.actor, line.site) == ("comments.edit", held, "moderator:mo", "blog")


async def test_what_is_told_of_anything_else_has_no_text(moderator: Desk, services: Services, held: str) -> None:
    (told,) = await _told(services, now_ms() + 1)
    assert (told["state"], told["edit"]) == ("flagged", None)
    await _edit(moderator, held)
    rejected = {"outcome": "reject", "reasons": ["spam"], "revision": 3}
    await moderator.send("POST", f"/comments/{held}/decision", rejected)
    assert (await _last_told(services, held))["edit"] is None


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"outcome": "reject"}, "/outcome"),
        ({"outcome": "hold"}, "/outcome"),
        ({"edit": {"content": " \n"}}, "/edit/content"),
        ({"edit": {"content": "a\0b"}}, "/edit/content"),
        ({"edit": {"content": "é" * (MAX_CONTENT_BYTES // 2 + 1)}}, "/edit/content"),
        ({"edit": {"content": "a" * (MAX_CONTENT_BYTES + 1)}}, "/edit/content"),
        ({"reasons": []}, "/reasons"),
        ({"edit": {"content": SHOWN, "nothing_wrong": True}}, "/reasons"),
        ({"reasons": ["boring"]}, "/reasons"),
        ({"reasons": ["other"]}, "/note"),
    ],
)
async def test_edits_that_are_none(moderator: Desk, held: str, wrong: dict[str, Any], pointer: str) -> None:
    assert (await _edit(moderator, held, status=422, **wrong))["pointer"] == pointer
    assert (await moderator.get(f"/comments/{held}"))["comment"]["revision"] == 2


async def test_the_longest_text_fits(moderator: Desk, held: str) -> None:
    text = "\x01" * (MAX_CONTENT_BYTES - 1) + "a"  # each such character is six in JSON
    await _edit(moderator, held, edit={"content": text})
    assert (await moderator.get(f"/comments/{held}"))["edit"]["content"] == text.strip()


async def test_only_where_the_site_and_the_platform_take_it(
    platform: Platform, moderator: Desk, services: Services, held: str
) -> None:
    one = submission(services, "7", "maybe by another way", channel="akismet")
    await services.moderation.submit(platform.site, one)
    await platform.judge()
    other = comment_id("blog", "7")
    assert not (await moderator.get(f"/comments/{other}"))["may_edit"]
    assert (await _edit(moderator, other, status=409))["type"] == "/problems/conflict"
    await services.sites.change("blog", accepts_edits=False)
    assert not (await moderator.get(f"/comments/{held}"))["may_edit"]
    await _edit(moderator, held, status=409)
    assert (await platform.ask("GET", "/v1/site")).status == 200
    assert (await (await platform.ask("GET", "/v1/site")).json())["accepts_edits"] is False


async def test_who_saw_an_older_revision_edits_nothing(platform: Platform, moderator: Desk, held: str) -> None:
    await platform.submit(content=TEXT + ", or not")
    await platform.judge()
    problem = await _edit(moderator, held, status=409)
    assert (problem["type"], problem["won"]["edited"]) == ("/problems/overtaken", True)


async def test_addresses_in_it_are_dotted_out(moderator: Desk, services: Services, held: str) -> None:
    await _edit(moderator, held, edit={"content": "maybe write to bo@example.com"})
    assert (await moderator.get(f"/comments/{held}"))["edit"]["content"] == "maybe write to ••@•••••••••••"
    assert await _found(services, "bo@example.com") == []


@pytest.mark.parametrize(
    ("given", "outcome", "labels"),
    [
        ({"reasons": ["personal-data"]}, "", {}),
        ({"reasons": ["insult", "spam"]}, "", {"insult": 1.0, "spam": 1.0}),
        ({"reasons": [], "edit": {"content": SHOWN, "nothing_wrong": True}}, "approve", dict.fromkeys(LABELS, 0.0)),
    ],
)
async def test_the_authors_text_teaches_what_it_was_called(
    moderator: Desk, services: Services, held: str, *, given: dict[str, Any], outcome: str, labels: dict[str, float]
) -> None:
    await _edit(moderator, held, **given)
    (example,) = await _taught(services)
    assert (example.text, example.outcome, example.labels) == (TEXT, outcome, labels)
    ((past,),) = [page async for page in history(services.comments, services.examples, "blog", last=9)]
    assert (past.case.submission.content, past.human) == (TEXT, outcome or None)
    again = {"outcome": "approve", "revision": 3}
    await moderator.send("POST", f"/comments/{held}/decision", again)
    teaching = await _taught(services)
    assert len(teaching) == (2 if outcome else 1)  # who approves the edit again says nothing of a text with a fault


async def test_it_stands_until_the_author_writes_something_else(
    platform: Platform, moderator: Desk, services: Services, held: str
) -> None:
    await _edit(moderator, held)
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "hold", "revision": 3})
    assert (await _comment(services, held)).edit is not None
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 4})
    assert (await _last_told(services, held))["edit"]["content"] == SHOWN
    await platform.submit(content="maybe something else")
    await platform.judge()
    now = await _comment(services, held)
    assert (now.edit, now.state) == (None, "flagged")
    past = await moderator.get(f"/comments/{held}")
    assert [one["content"] for one in past["earlier"]] == [TEXT]
    assert SHOWN in [line["content"] for line in past["history"]]


@pytest.mark.parametrize("again", [SHOWN, SHOWN + " \r\n", TEXT])
async def test_a_platform_that_sends_it_back_says_nothing_new(
    platform: Platform, moderator: Desk, services: Services, held: str, again: str
) -> None:
    await _edit(moderator, held)
    before = await _comment(services, held)
    answer = await platform.submit(content=again, page={"url": "https://blog.example/post", "title": "Another"})
    assert answer.status == 200, await answer.text()
    now = await _comment(services, held)
    assert (now.state, now.revision, now.edit) == ("approved", 3, before.edit)
    assert now.submission is not None
    assert before.submission is not None
    assert (now.submission.content, now.submission.page.title) == (TEXT, "Another")
    assert (now.submission.seal, now.submission.fingerprint) == (before.submission.seal, before.submission.fingerprint)


async def test_undoing_brings_back_what_was_shown_before(moderator: Desk, services: Services, held: str) -> None:
    await _edit(moderator, held)
    await moderator.send("POST", f"/comments/{held}/undo", {"revision": 3})
    now = await moderator.get(f"/comments/{held}")
    assert (now["edit"], now["comment"]["state"], now["comment"]["edited"]) == (None, "flagged", False)
    assert await _taught(services) == []
    await _edit(moderator, held, 4)
    second = {"content": "maybe call me"}
    await _edit(moderator, held, 5, edit=second)
    await moderator.send("POST", f"/comments/{held}/undo", {"revision": 6})
    assert (await moderator.get(f"/comments/{held}"))["edit"]["content"] == SHOWN
    whats = [line.what for line in await services.accounts.audited(20) if line.what.startswith("comments.")]
    assert whats[::-1] == ["comments.edit", "comments.unedit", "comments.edit", "comments.edit", "comments.unedit"]


async def test_the_authors_words_take_an_edit_back(moderator: Desk, services: Services, held: str) -> None:
    await _edit(moderator, held)
    await _edit(moderator, held, 3, reasons=[], edit={"content": TEXT + "\n"})
    told = await _last_told(services, held)
    assert (told["state"], told["edit"]) == ("approved", None)
    assert (await moderator.get(f"/comments/{held}"))["history"][-1]["content"] == TEXT
    before = len(await services.accounts.audited(20))
    await _edit(moderator, held, 4, reasons=[], edit={"content": TEXT})  # there is no edit: it confirms, no more
    assert (await moderator.get(f"/comments/{held}"))["history"][-1]["content"] == ""
    assert len(await services.accounts.audited(20)) == before


async def test_a_fault_that_was_mended_is_no_false_alarm(
    platform: Platform, operator: Desk, services: Services, held: str
) -> None:
    await platform.submit(id="2", content="pills, and 030 123456")
    await platform.judge()
    rejected = comment_id("blog", "2")
    await _edit(operator, rejected, edit={"content": "pills"})
    assert (await operator.get("/statistics"))["totals"]["false_alarm"] == 0
    tidied = {"edit": {"content": "pills, tidied", "nothing_wrong": True}, "reasons": []}
    await _edit(operator, rejected, 3, **tidied)
    assert (await operator.get("/statistics"))["totals"]["false_alarm"] == 1


async def test_readers_who_reported_the_fault_were_right(moderator: Desk, services: Services, held: str) -> None:
    site = (await services.sites.get("blog")).site
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    await services.redress.report(site, held, "reader")
    await _edit(moderator, held, 3)
    worth = await services.connection.client.hgetall(services.connection.keys.site("blog", "reporters"))
    assert worth == {b"reader": b"1"}


async def test_a_return_address_hears_the_verdict_alone(moderator: Desk, services: Services, held: str) -> None:
    await services.platform_ids.promise(held, ReturnAddress("https://blog.example/back", "mark"))
    await _edit(moderator, held)
    keys = services.connection.keys
    bodies = [
        await services.connection.client.hget(keys.delivery("blog", one.decode()), "body")
        for one in await services.connection.client.lrange(keys.queue("blog", held), 0, -1)
    ]
    assert [SHOWN in body.decode() for body in bodies] == [False, True, False]


async def test_nothing_of_it_is_left_after_an_erasure(
    platform: Platform, moderator: Desk, services: Services, held: str
) -> None:
    await _edit(moderator, held)
    assert await _found(services, "030 123456") != []
    assert await _found(services, SHOWN) != []
    await services.moderation.erase(platform.site, held, Actor(ActorKind.OPERATOR))
    for words in ("030 123456", SHOWN):
        assert await _found(services, words) == []


async def test_it_goes_with_the_text_when_that_is_old(moderator: Desk, services: Services, held: str) -> None:
    await _edit(moderator, held)
    far = now_ms() + _LATER
    for now in (far, far + 10):  # both call-backs have been told
        for delivery in await services.outbox.claim(now=now, leased_until=now + 1, most=9, per_site=9, room={}):
            await services.outbox.settle(delivery, Settlement("delivered"), now=now, log=0)
    assert await _found(services, SHOWN) != []
    days = max(services.settings.retain_approved_days, services.settings.retain_rejected_days) + 1
    assert await drop_old_texts(services, now_ms() + int(days * 86_400_000)) == 1
    now = await _comment(services, held)
    assert (now.edit, now.state) == (None, "approved")
    assert await _found(services, SHOWN) == []
    assert not (await moderator.get(f"/comments/{held}"))["may_edit"]
    await _edit(moderator, held, 3, status=410)


async def test_who_asks_what_is_kept_gets_both(moderator: Desk, services: Services, held: str) -> None:
    await _edit(moderator, held)
    (comment,) = (await services.privacy.export("ann@example.com"))["sites"]["blog"]["comments"]
    assert (comment["comment"]["content"], comment["comment"]["edit"]["content"]) == (TEXT, SHOWN)
    assert comment["history"][-1]["content"] == SHOWN
    _, record = [one async for one in services.exporting.records("blog")]
    assert record.content == TEXT
    assert record.comment.edit is not None
