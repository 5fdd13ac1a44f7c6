"""Data that earlier versions stored opens: all of it reads as it did then, and everything goes on from there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

import classifier
from service.container import open_services
from service.keyfiles import load
from service.settings import Settings
from service.store.statistics import Numbers
from service.usecases.statistics import Statistics
from tests.support.waiting import until
from tests.system.stack import Receiver
from tests.system.stored import EXPECTED, FIRST, FORMAT2, Embedded, Http, speaking, unpack
from tests.system.stored.reading import OPERATOR, as_then, read, timeless


class Then(NamedTuple):
    """The service on a copy of what was stored, with only the API at work; what was read from it then; a receiver."""

    stack: Embedded
    http: Http
    receiver: Receiver
    expected: dict[str, Any]

    def key(self, site: str) -> str:
        return str(self.expected["keys"][site]["api_key"])

    async def comment(self, comment: str, site: str) -> dict[str, Any]:
        return dict(await self.http.platform(self.key(site), "GET", f"/comments/{comment}"))


BOTH = pytest.mark.parametrize("stored", [FIRST, FORMAT2], ids=["first", "format2"])


@pytest.fixture
def stored() -> Path:
    """Where the data lies; tests that look at `BOTH` say so."""
    return FIRST


@pytest.fixture
async def then(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Then]:
    folder = tmp_path_factory.mktemp("s")
    unpack(stored, folder)
    stack, receiver = Embedded(folder, deliver_schedule="0,0.3,0.3,0.3"), Receiver()
    expected = json.loads((stored / EXPECTED).read_text(encoding="utf-8"))
    receiver.secret = expected["keys"]["blog"]["webhook_secret"]
    await receiver.start()
    try:
        await stack.role("api")
        async with speaking(stack) as http:
            yield Then(stack, http, receiver, expected)
    finally:
        stack.down()
        await receiver.stop()


@BOTH
async def test_all_that_was_stored_reads_as_it_did(then: Then) -> None:
    """Sign-in with the old password, lists, counts, comments, histories, policies, marks, models, the scores of then."""
    found = await read(then.stack, then.http, then.expected["keys"])
    for part, value in then.expected["read"].items():
        if part != "sites":
            assert as_then(found[part], value) == value, part
    for site, parts in then.expected["read"]["sites"].items():
        for part, value in parts.items():
            expected = _of_then(part, value)
            assert as_then(found["sites"][site][part], expected) == expected, (site, part)
    await _statistics(then)


def _of_then(part: str, value: dict[str, Any]) -> dict[str, Any]:
    """What was read, without what the model and the default thresholds of today say."""
    if part in ("policy", "site"):
        return {name: told for name, told in value.items() if name not in ("effective", "thresholds", "presets")}
    if part == "facets":  # since then, other sites stay in sight when one is chosen
        return {name: told for name, told in value.items() if name != "site"}
    if part != "comments":
        return value
    found = {}
    for name, one in value.items():
        found[name] = {field: told for field, told in one.items() if field != "explained"}
        if "detail" in one and one["detail"]["scores"] is not None:
            scores = [{field: score[field] for field in ("label", "score")} for score in one["detail"]["scores"]]
            found[name]["detail"] = one["detail"] | {"scores": scores}
    return found


async def _statistics(then: Then) -> None:
    """Of the week in which it was stored: what the use case says when it is that day."""
    settings = Settings(data_dir=then.stack.data)
    url = f"unix://{then.stack.socket}"
    async with open_services(settings, load(then.stack.data / "secrets"), url) as services:
        for site, value in then.expected["statistics"].items():
            numbers = Statistics(Numbers(services.connection), clock=lambda: then.expected["made_at"])
            view = await numbers.of([(await services.accounts.get(site)).site], 7)
            assert as_then(timeless(_plain(view)), value) == value, site


def _plain(value: Any) -> dict[str, Any]:
    return dict(msgspec.json.decode(msgspec.json.encode(value)))


async def test_old_sessions_and_credentials_are_good(then: Then) -> None:
    for name, session in then.expected["sessions"].items():
        assert (await then.http.moderator(session, "GET", "/session"))["name"] == name
    for key in (then.expected["before"]["api_key"], then.key("blog")):
        assert (await then.http.platform(key, "GET", "/site"))["id"] == "blog"


@BOTH
async def test_moderators_go_on_where_they_were(then: Then) -> None:
    """What was decided is taken back, what waits is decided, what was put aside comes back, what is unwanted is erased."""
    http, forum = then.http, then.expected["undo"]
    max_, ada = await http.sign_in("max"), await http.sign_in(OPERATOR)
    for name in ("approved", "rejected"):
        seen = await then.comment(forum[name], "forum")
        assert seen["state"] == name
        await http.moderator(max_, "POST", f"/comments/{seen['id']}/undo", json={"revision": seen["revision"]})
        assert (await then.comment(forum[name], "forum"))["state"] == "flagged"

    seen = await then.comment(forum["untouched"], "forum")
    body = {"outcome": "approve", "revision": seen["revision"]}
    decided = await http.moderator(max_, "POST", f"/comments/{seen['id']}/decision", json=body)
    assert decided["comment"]["state"] == "approved"
    await http.moderator(max_, "POST", f"/comments/{seen['id']}/undo", json={"revision": decided["undo"]["revision"]})

    for name in ("escalated", "snoozed"):
        page = await http.moderator(max_, "GET", "/comments", params={"site": "forum", "list": name})
        (row,) = page["items"]
        await http.moderator(max_, "POST", f"/comments/{row['id']}/return", json={"revision": row["revision"]})
    page = await http.moderator(max_, "GET", "/comments", params={"site": "forum", "list": "flagged"})
    assert len(page["items"]) == 6
    assert page["total"] == 6

    await http.platform(then.key("forum"), "DELETE", f"/comments/{forum['noted']}")
    await http.platform(then.key("forum"), "GET", f"/comments/{forum['noted']}", status=410)
    before = then.expected["read"]["sites"]["blog"]["editions"]["items"]
    another = next(one for one in before if one["policy"] != before[0]["policy"] and one["edition"]["version"])
    body = {"edition": another["edition"]["version"]}
    await http.moderator(ada, "POST", "/sites/blog/policy/restore", json=body)
    after = (await http.moderator(ada, "GET", "/sites/blog/policy/history"))["items"]
    assert as_then(after[1:], before) == before
    assert as_then(after[0]["policy"], another["policy"]) == another["policy"]


async def test_bulk_decisions_go_on(then: Then) -> None:
    lena, bulk = await then.http.sign_in("lena"), then.expected["bulk"]
    assert (await then.http.moderator(lena, "GET", f"/bulk/{bulk['done']}"))["done"] == 4
    await then.http.moderator(lena, "POST", f"/bulk/{bulk['done']}/undo")
    started = await then.http.moderator(lena, "POST", "/bulk", json={"token": bulk["plan"], "confirm": 4})

    async def both() -> bool:
        first = await then.http.moderator(lena, "GET", f"/bulk/{bulk['done']}")
        second = await then.http.moderator(lena, "GET", f"/bulk/{started['id']}")
        return (first["state"], first["undone"], second["state"], second["done"]) == ("undone", 4, "done", 4)

    await until(both, seconds=120)


async def test_work_that_was_left_is_done(then: Then) -> None:
    """What waited is judged, dead letters too; call-backs arrive, signed as ever.

    The site's own version corrected another base than the one that is shipped now: the shipped one judges.
    """
    stack, receiver, expected = then.stack, then.receiver, then.expected
    await stack.run("sites", "set", "blog", "--callback", receiver.url)
    await stack.role("worker", "deliver")
    learned = expected["learned"]
    body = {
        "id": "again", "page": {"url": "https://learned.example/p"}, "content": learned["text"],
        "author": {"name": "Ann", "email": "ann@example.com", "ip": "192.0.2.7", "user_agent": "Firefox"},
    }  # fmt: skip
    taken = await then.http.platform(then.key("learned"), "POST", "/comments", json=body)

    async def verdict() -> Any:
        return (await then.comment(taken["id"], "learned"))["verdict"]

    judged = await until(verdict, seconds=120)
    assert judged["model"] == classifier.load().version

    async def judged_all() -> bool:
        found = [await then.comment(one, "blog") for one in expected["pending"]]
        return all(one["state"] != "pending" for one in found)

    await until(judged_all, seconds=120)
    await stack.run("dead", "replay", "--all")
    await until(lambda: then.comment(expected["poison"], "late"))
    assert json.loads(await stack.run("dead", "list", "--json")) == []
    await until(lambda: {"due", *_platform_ids(expected, "pending")} <= set(receiver.ids), seconds=120)


async def test_call_backs_that_were_given_up_are_sent_again(then: Then) -> None:
    given_up = then.expected["read"]["given up"]
    then.receiver.secret = then.expected["keys"]["deaf"]["webhook_secret"]
    await then.stack.run("sites", "set", "deaf", "--callback", then.receiver.url)
    await then.stack.run("deliveries", "replay", "deaf", "--all")
    await then.stack.role("deliver")
    await until(lambda: {one for ids in then.receiver.ids.values() for one, _ in ids} >= set(given_up), seconds=120)


def _platform_ids(expected: dict[str, Any], name: str) -> list[str]:
    comments = expected["read"]["sites"]["blog"]["comments"]
    return [comments[one]["view"]["platform_id"] for one in expected[name]]
