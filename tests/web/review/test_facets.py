"""How lists divide: the queue by its index, others by looking, and what is said when there was too much to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.container import Services
from service.settings import Settings
from service.store import queue
from service.usecases.review import queue as lists
from tests.support.desk import Desk
from tests.support.platform import Platform
from tests.support.queue import author, hold, hold_everything

_SEARCH = 100


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As few comments as possible are looked at."""
    return Settings(data_dir=tmp_path, site_cache=0.0, review_search=_SEARCH)


def _numbers(facets: Any, name: str) -> dict[str, int]:
    return {one["value"]: one["count"] for one in facets[name]}


async def _decide(desk: Desk, *ids: str, **action: Any) -> None:
    for comment in ids:
        revision = (await desk.get(f"/comments/{comment}"))["comment"]["revision"]
        await desk.send("POST", f"/comments/{comment}/decision", {**action, "revision": revision})


async def test_other_lists_divide_too(platform: Platform, shop: Platform, operator: Desk) -> None:
    ids = [*await hold(platform, 1, 2, author=author("Ann")), *await hold(shop, 3, author=author("Bo"))]
    await _decide(operator, ids[0], ids[2], outcome="reject", reasons=["spam"])
    await _decide(operator, ids[1], outcome="approve")
    facets = await operator.get("/facets", list="rejected")
    assert (facets["counted"], facets["complete"]) == (2, True)
    assert _numbers(facets, "site") == {"blog": 1, "shop": 1}
    assert _numbers(facets, "reason") == {"spam": 2}
    assert _numbers(facets, "model") == {"words-1": 2}
    assert {one["text"]: one["count"] for one in facets["author"]} == {"Ann": 1, "Bo": 1}
    assert _numbers(await operator.get("/facets", list="decided"), "site") == {"blog": 2, "shop": 1}
    assert _numbers(await operator.get("/facets", list="decided", reason="spam"), "site") == {"blog": 1, "shop": 1}
    for name in ("approved", "decided", "rejected"):
        for value, count in _numbers(await operator.get("/facets", list=name), "author").items():
            page = await operator.get("/comments", list=name, author=value)
            assert len(page["items"]) == count


async def test_words_and_times_count(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1, text="maybe red {}", author=author("Ann"))
    await hold(platform, 2, text="maybe blue {}", author=author("Bo"))
    facets = await moderator.get("/facets", q="RED")
    assert [(one["text"], one["count"]) for one in facets["author"]] == [("Ann", 1)]
    assert _numbers(facets, "site") == {"blog": 1}
    assert facets["complete"]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert _numbers(await moderator.get("/facets", since=later), "site") == {}
    assert _numbers(await moderator.get("/facets", until=later), "site") == {"blog": 2}


async def test_what_was_not_looked_at_is_said(platform: Platform, moderator: Desk) -> None:
    for number in range(_SEARCH):
        await platform.submit(id=str(number), content="maybe")
    await platform.judge()
    whole = await moderator.get("/facets", q="maybe")
    assert (whole["counted"], whole["complete"]) == (_SEARCH, True)
    await hold(platform, _SEARCH)
    part = await moderator.get("/facets", q="maybe")
    assert (part["counted"], part["complete"]) == (_SEARCH, False)
    assert _numbers(part, "site") == {"blog": _SEARCH}
    index = await moderator.get("/facets")
    assert (index["counted"], index["complete"]) == (None, True)
    assert _numbers(index, "site") == {"blog": _SEARCH + 1}


async def test_a_filter_finds_what_lies_far_down(
    platform: Platform, moderator: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_WALK", 3)
    monkeypatch.setattr(queue, "_FEW", 0)
    await hold(platform, *range(20), author=author("Ann"))
    wanted = await hold(platform, 20, 21, author=author("Bo"))
    (bo,) = [one["value"] for one in (await moderator.get("/facets"))["author"] if one["text"] == "Bo"]
    for filters in ({"author": bo}, {"q": "maybe 2"}, {"author": bo, "q": "maybe"}):
        page = await moderator.get("/comments", **filters)
        assert [row["id"] for row in page["items"]][-2:] == wanted
        assert page["next"] is None


async def test_a_list_that_is_too_long_to_be_gone_through_is_not_whole(
    platform: Platform, moderator: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_WALK", 2)
    monkeypatch.setattr(lists, "_MOST_ROUNDS", 2)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await hold(platform, *range(4))
    whole = await moderator.get("/facets", since=later)
    assert (whole["site"], whole["complete"]) == ([], True)
    await hold(platform, 4)
    part = await moderator.get("/facets", since=later)
    assert (part["site"], part["counted"], part["complete"]) == ([], 0, False)


async def test_the_sample_stays_blind(platform: Platform, operator: Desk, services: Services) -> None:
    (held,) = await hold(platform, 1)
    keys = services.connection.keys
    await services.connection.client.zadd(keys.site("blog", "audit"), {held: 1})
    for query in ({}, {"q": "maybe"}):
        facets = await operator.get("/facets", list="audit", **query)
        assert _numbers(facets, "site") == {"blog": 1}
        assert {name for name, found in facets.items() if found and name not in ("counted", "complete")} == {"site"}
    for path in ("/facets", "/comments"):
        await operator.get(path, list="audit", reason="spam", status=400)
        await operator.get(path, list="audit", model="words-1", status=400)


@pytest.mark.parametrize("name", ["flagged", "rejected"])
async def test_several_values_of_a_facet_are_chosen_at_once(
    platform: Platform, shop: Platform, operator: Desk, name: str
) -> None:
    """A comment has one of each; of the facet that was chosen from, what else could be chosen stays in sight."""
    hold_everything(platform)
    pages = [{"url": f"https://blog.example/{post}", "title": f"On {post}"} for post in ("rye", "oats")]
    ids = [
        *await hold(platform, 1, page=pages[0], author=author("Ann")),
        *await hold(platform, 2, text="an idiot {}", page=pages[0], author=author("Bo")),
        *await hold(platform, 3, page=pages[1], author=author("Cy")),
        *await hold(shop, 4, author=author("Di")),
    ]
    if name == "rejected":
        await _decide(operator, ids[1], outcome="reject", reasons=["toxicity"])
        await _decide(operator, ids[0], ids[2], ids[3], outcome="reject", reasons=["spam"])
    every = await operator.get("/facets", list=name)
    authors = {one["text"]: one["value"] for one in every["author"]}
    assert len(authors) == 4

    async def found(**filters: str) -> set[str]:
        return {row["id"] for row in (await operator.get("/comments", list=name, **filters))["items"]}

    assert await found(author=f"{authors['Ann']}\n{authors['Di']}") == {ids[0], ids[3]}
    assert await found(page=pages[0]["url"]) == {ids[0], ids[1]}
    assert await found(page=pages[0]["url"], reason="spam\ntoxicity") == {ids[0], ids[1]}
    assert await found(page=pages[0]["url"], reason="spam") == {ids[0]}
    assert await found(site="blog\nshop", reason="spam") == {ids[0], ids[2], ids[3]}
    for filters in ({"page": pages[0]["url"]}, {"page": pages[0]["url"], "q": "maybe"}):
        facets = await operator.get("/facets", list=name, reason="spam", **filters)
        assert _numbers(facets, "page") == {**{page["url"]: 1 for page in pages}, "https://blog.example/post": 1}
        assert _numbers(facets, "reason")["spam"] == 1
        assert _numbers(facets, "author") == {authors["Ann"]: 1}
        assert ("toxicity" in _numbers(facets, "reason")) == ("q" not in filters)
    assert _numbers(await operator.get("/facets", list=name, site="shop"), "site") == {"blog": 3, "shop": 1}
    await operator.get("/comments", list=name, reason="\n".join(map(str, range(21))), status=400)
    await operator.get("/comments", list=name, site="blog\nnowhere", status=404)


async def test_pages_are_called_by_their_titles(platform: Platform, moderator: Desk) -> None:
    long = f"https://blog.example/{'x' * 300}"
    await hold(platform, 1, page={"url": "https://blog.example/rye", "title": "On rye"})
    await hold(platform, 2, page={"url": long, "title": "At length"})
    await hold(platform, 3, page={"url": "https://blog.example/untitled", "title": ""})
    facets = await moderator.get("/facets")
    assert {one["text"] for one in facets["page"]} == {"On rye", "At length", "https://blog.example/untitled"}
    assert (await moderator.get("/comments", page=long))["total"] == 1


@pytest.mark.parametrize("more", [{}, {"page": "https://blog.example/rye"}])
async def test_pages_are_called_by_their_titles_where_nothing_of_theirs_waits(
    platform: Platform, moderator: Desk, more: dict[str, str]
) -> None:
    for number, title in ((1, "On rye"), (2, "")):
        url = f"https://blog.example/{'rye' if title else 'untitled'}"
        (comment,) = await hold(platform, number, page={"url": url, "title": title})
        await moderator.send("POST", f"/comments/{comment}/decision", {"outcome": "approve", "revision": 2})
    facets = await moderator.get("/facets", list="approved", **more)
    assert {one["text"] for one in facets["page"]} == {"On rye", "https://blog.example/untitled"}
