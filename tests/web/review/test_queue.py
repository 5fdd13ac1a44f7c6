"""The lists as moderators read them: order, pages, filters, search, facets, counts, and whose they are."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.container import Services
from service.core.site import Known
from service.store import queue
from service.workers.housekeeping import tend_queues
from tests.support.desk import Desk
from tests.support.platform import Platform
from tests.support.queue import author, hold, hold_everything

UNTIL = (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_a_row_says_what_a_list_shows(platform: Platform, moderator: Desk) -> None:
    (held,) = await hold(platform, 1, text="maybe\n\n this  is {}")
    page = await moderator.get("/comments")
    (row,) = page["items"]
    assert (page["total"], page["next"]) == (1, None)
    assert (row["id"], row["site"], row["state"], row["list"], row["revision"]) == (
        held,
        "blog",
        "flagged",
        "flagged",
        2,
    )
    assert row["excerpt"] == "maybe\n\n this  is 1"
    assert row["reasons"] == ["spam"]
    assert row["scores"]["spam"] == pytest.approx(0.7)
    assert row["severity"] == pytest.approx(0.35)
    assert row["model"] == "words-1"
    assert row["author"]["digest"].startswith("e2.")
    assert row["claim"] is None


async def test_pages_follow_each_other_and_miss_nothing(platform: Platform, shop: Platform, operator: Desk) -> None:
    ids = [*await hold(platform, *range(5)), *await hold(shop, *range(4))]
    seen: list[str] = []
    cursor = ""
    for _ in range(9):
        page = await operator.get("/comments", limit=2, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 9
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 9
    assert set(seen) == set(ids)


async def test_a_cursor_stays_good_when_its_comment_is_decided(platform: Platform, moderator: Desk) -> None:
    ids = await hold(platform, *range(4))
    first = await moderator.get("/comments", limit=2)
    assert [row["id"] for row in first["items"]] == ids[:2]
    await moderator.send("POST", f"/comments/{ids[1]}/decision", {"outcome": "approve", "revision": 2})
    rest = await moderator.get("/comments", limit=10, cursor=first["next"])
    assert [row["id"] for row in rest["items"]] == ids[2:]


async def test_what_readers_reported_comes_first(platform: Platform, moderator: Desk) -> None:
    (held,) = await hold(platform, 1)
    await platform.submit(id="2", content="fine")
    await platform.judge()
    for reader in "abc":
        await platform.ask("POST", platform.path("2", "/report"), json={"reporter": reader})
    rows = (await moderator.get("/comments"))["items"]
    assert [row["id"] for row in rows][1:] == [held]
    assert rows[0]["reports"] == 3
    assert (await moderator.get("/counts"))["reported"] == 1
    assert [row["id"] for row in (await moderator.get("/comments", list="reported"))["items"]] == [rows[0]["id"]]
    await moderator.send(
        "POST", f"/comments/{rows[0]['id']}/decision", {"outcome": "approve", "revision": rows[0]["revision"]}
    )
    assert (await moderator.get("/counts"))["reported"] == 0


async def test_filters_and_facets_agree(platform: Platform, shop: Platform, operator: Desk) -> None:
    await hold(platform, 1, 2, author=author("Ann"))
    await hold(platform, 3, author=author("Bob"))
    await hold(shop, 4, author=author("Ann"))
    facets = await operator.get("/facets")
    assert facets["site"] == [
        {"value": "blog", "count": 3, "text": "blog"}, {"value": "shop", "count": 1, "text": "shop"},
    ]  # fmt: skip
    assert [(one["value"], one["count"]) for one in facets["label"]] == [("spam", 4)]
    authors = [(one["text"], one["count"]) for one in facets["author"]]
    assert sorted(authors) == [("Ann", 1), ("Ann", 2), ("Bob", 1)], "one who writes to two sites is known to each apart"
    (bob,) = [one["value"] for one in facets["author"] if one["text"] == "Bob"]
    for facet in ("label", "reason", "model", "author", "language"):
        for one in facets[facet]:
            assert (await operator.get("/comments", **{facet: one["value"]}))["total"] == one["count"]
    narrowed = await operator.get("/facets", author=bob)
    assert [(one["value"], one["count"]) for one in narrowed["reason"]] == [("spam", 1)]
    assert [one["count"] for one in narrowed["site"]] == [1]
    both = await operator.get("/comments", author=bob, label="spam")
    assert (len(both["items"]), both["total"]) == (1, 1)
    assert (await operator.get("/comments", author=bob, reason="insult"))["items"] == []


async def test_search_looks_in_text_and_name_and_says_how_far(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1, text="maybe a Giraffe {}")
    await hold(platform, 2, author=author("Girard"))
    await hold(platform, 3)
    page = await moderator.get("/comments", q="gira")
    assert len(page["items"]) == 2
    assert page["total"] is None
    assert page["searched"] == 3


@pytest.mark.parametrize(
    "words",
    [
        "creme brulee",
        "CRÈME BRÛLÉE",
        "it's a",
        "it’s  a",
        '"quoted"',
        "„quoted”",
        "bees & honey",
        "bees-and",
        "7100071",
        "jose",
    ],
)
async def test_search_finds_what_people_type(platform: Platform, moderator: Desk, words: str) -> None:
    page = {"url": "https://blog.example/bees-and-honey", "title": "Bees & Honey"}
    await hold(platform, 1)
    (found,) = await hold(
        platform, 7100071, text="maybe it’s a crème\nbrûlée, “quoted”", page=page, author=author("José")
    )
    assert [row["id"] for row in (await moderator.get("/comments", q=words))["items"]] == [found]
    assert [row["id"] for row in (await moderator.get("/comments", q=found))["items"]] == [found]


async def test_a_backlog_shows_when_it_was_written(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1, created_at="2024-05-06T07:08:09Z")
    (row,) = (await moderator.get("/comments"))["items"]
    assert row["created_at"] == "2024-05-06T07:08:09.000Z"
    assert row["entered_at"] > "2026"
    detail = await moderator.get(f"/comments/{row['id']}")
    assert detail["comment"]["created_at"] == row["created_at"]


async def test_search_goes_on_where_it_stopped(platform: Platform, moderator: Desk, services: Services) -> None:
    services.review.lists._search = 3  # the least that settings allow is more than a test wants to write
    await hold(platform, *range(7))
    (needle,) = await hold(platform, 8, text="maybe a needle {}")
    found, looked, cursor = [], 0, ""
    while cursor is not None:
        page = await moderator.get("/comments", q="needle", **({"cursor": cursor} if cursor else {}))
        found += [row["id"] for row in page["items"]]
        looked, cursor = looked + page["searched"], page["next"]
        assert page["searched"] <= 3
    assert (found, looked) == ([needle], 8)


async def test_time_limits_a_list(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1)
    await asyncio.sleep(0.002)
    (second,) = await hold(platform, 2)
    row = (await moderator.get(f"/comments/{second}"))["comment"]
    later = await moderator.get("/comments", since=row["entered_at"])
    assert [one["id"] for one in later["items"]] == [second]
    assert (await moderator.get("/comments", until="2020-01-01T00:00:00Z"))["items"] == []


async def test_lists_of_states_are_newest_first_and_filtered_by_looking(platform: Platform, moderator: Desk) -> None:
    for number, text in enumerate(["fine", "pills", "fine too"]):
        await platform.submit(id=str(number), content=text)
        await platform.judge()
    approved = await moderator.get("/comments", list="approved")
    assert [row["excerpt"] for row in approved["items"]] == ["fine too", "fine"]
    assert (await moderator.get("/comments", list="approved", reason="spam"))["items"] == []
    assert len((await moderator.get("/comments", list="rejected", reason="spam"))["items"]) == 1
    counts = await moderator.get("/counts")
    assert (counts["approved"], counts["rejected"], counts["flagged"], counts["decided"]) == (2, 1, 0, 0)


async def test_a_moderator_sees_their_sites_only(platform: Platform, shop: Platform, moderator: Desk) -> None:
    await hold(platform, 1)
    (hidden,) = await hold(shop, 2)
    assert [row["site"] for row in (await moderator.get("/comments"))["items"]] == ["blog"]
    assert (await moderator.get("/counts"))["flagged"] == 1
    assert [one["value"] for one in (await moderator.get("/facets"))["site"]] == ["blog"]
    await moderator.get(f"/comments/{hidden}", status=404)
    await moderator.get("/comments", status=404, site="shop")


@pytest.mark.parametrize(
    "query",
    [
        {"list": "erased"}, {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"since": "yesterday"}, {"colour": "red"},
        {"cursor": "eA=="}, {"cursor": "WzEsImMxIiwieCJd"}, {"q": "x" * 201},
    ],
)  # fmt: skip
async def test_parameters_that_are_none(moderator: Desk, query: dict[str, str]) -> None:
    problem = await moderator.get("/comments", status=400, **query)
    assert "parameter" in problem["detail"]


async def test_a_cursor_goes_with_its_filters(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1, 2)
    cursor = (await moderator.get("/comments", limit=1))["next"]
    await moderator.get("/comments", status=400, limit=1, cursor=cursor, label="spam")


async def test_views_keep_no_addresses(moderator: Desk, services: Services) -> None:
    """Neither as they are put, nor as an earlier version kept them."""
    typed = {"items": [{"name": "zoe (at) hidden.example", "query": {"list": "flagged", "q": "zoe@hidden.example"}}]}
    told = await moderator.send("PUT", "/views", typed)
    assert "hidden" not in str(told)
    assert "zoe" not in str(told)
    await services.review.lists.save_views("mo", json.dumps(typed).encode())
    assert await moderator.get("/views") == told
    assert b"hidden" not in (await services.review.lists.views("mo") or b"hidden")


async def test_views_are_ones_own(moderator: Desk, operator: Desk, services: Services) -> None:
    views = {"items": [{"name": "Threats", "query": {"list": "flagged", "label": "threat"}}]}
    assert await moderator.send("PUT", "/views", views) == views
    assert await moderator.get("/views") == views
    assert await operator.get("/views") == {"items": []}
    views["items"][0]["query"]["list"] = "nowhere"  # type: ignore[index]
    await moderator.send("PUT", "/views", views, status=422)
    await services.team.remove(None, "mo")
    assert await services.review.lists.views("mo") is None


async def test_what_was_held_before_there_was_a_queue_gets_into_it(
    platform: Platform, moderator: Desk, services: Services, site: Known
) -> None:
    ids = await hold(platform, 1, 2)
    client, keys = services.connection.client, services.connection.keys
    names = [name async for name in client.scan_iter(f"{keys.facet('blog', '')}*")]
    await client.delete(keys.site("blog", "queue"), *names)
    for comment in ids:
        await client.hdel(keys.comment(comment), "list", "fac", "prio")
    assert (await moderator.get("/counts"))["flagged"] == 0
    await tend_queues(services)
    await tend_queues(services)
    assert [row["id"] for row in (await moderator.get("/comments"))["items"]] == ids
    assert [one["count"] for one in (await moderator.get("/facets"))["label"]] == [2]


async def test_what_an_earlier_version_queued_is_placed_anew(
    platform: Platform, moderator: Desk, services: Services, site: Known
) -> None:
    hold_everything(platform)
    mild, hard, aside = [
        *await hold(platform, 1),
        *await hold(platform, 2, text="an idiot {}"),
        *await hold(platform, 3),
    ]
    client, keys = services.connection.client, services.connection.keys
    await moderator.send("POST", f"/comments/{aside}/snooze", {"revision": 2, "until": UNTIL})
    names = [name async for name in client.scan_iter(f"{keys.facet('blog', 'page')}*")]
    places = await client.zrange(keys.site("blog", "queue"), 0, -1, withscores=True)
    await client.delete(keys.site("blog", "severest"), *names)
    for comment in (mild, hard, aside):
        facets = [
            line for line in (await client.hget(keys.comment(comment), "fac")).split(b"\n") if line[:5] != b"page:"
        ]
        await client.hset(keys.comment(comment), "fac", b"\n".join(facets))
        await client.hdel(keys.comment(comment), "sev")
    url = "https://blog.example/post"
    assert (await moderator.get("/comments", page=url))["total"] == 0
    await tend_queues(services)
    assert [row["id"] for row in (await moderator.get("/comments", sort="severest"))["items"]] == [hard, mild]
    assert (await moderator.get("/comments", page=url))["total"] == 2
    assert await client.zrange(keys.site("blog", "queue"), 0, -1, withscores=True) == places
    await client.zadd(keys.site("blog", "snoozed"), {aside: 1})
    await tend_queues(services)
    assert {row["id"] for row in (await moderator.get("/comments", page=url))["items"]} == {mild, hard, aside}


@pytest.mark.parametrize("few", [0, 2_000], ids=["on a walk", "at once"])
async def test_lists_are_read_in_other_orders(
    platform: Platform, shop: Platform, operator: Desk, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(queue, "_FEW", few)
    hold_everything(platform)
    mild, aside, hard = [*await hold(platform, 1, 2), *await hold(platform, 3, text="an idiot {}")]
    (other,) = await hold(shop, 4)
    await operator.send("POST", f"/comments/{aside}/snooze", {"revision": 2, "until": UNTIL})
    orders = {
        "newest": [other, hard, mild],
        "oldest": [mild, hard, other],
        "severest": [hard, mild, other],
        "": [hard, mild, other],
    }
    for sort, ids in orders.items():
        seen, cursor = [], ""
        while cursor is not None:
            page = await operator.get("/comments", sort=sort, limit=1, cursor=cursor)
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
            assert page["total"] == 3
        assert seen == ids, sort
        assert [row["id"] for row in (await operator.get("/comments", sort=sort, reason="spam"))["items"]] == [
            one for one in ids if one != hard
        ]
    for comment in (mild, hard):
        await operator.send("POST", f"/comments/{comment}/decision", {"outcome": "approve", "revision": 2})
    for sort, ids in {"newest": [hard, mild], "oldest": [mild, hard], "": [hard, mild]}.items():
        for name in ("approved", "decided"):
            assert [row["id"] for row in (await operator.get("/comments", list=name, sort=sort))["items"]] == ids
    assert [row["id"] for row in (await operator.get("/comments", list="snoozed", sort="newest"))["items"]] == [aside]
    await operator.get("/comments", list="approved", sort="severest", status=400)
    await operator.get("/comments", sort="loudest", status=400)
