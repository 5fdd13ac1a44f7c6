"""Looking at comments: one, a page of them, their history, and why."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from yarl import URL

from service.core.policy.thresholds import DEFAULT_THRESHOLDS
from service.core.submission import comment_id
from tests.support.platform import Platform


async def _page(platform: Platform, **query: Any) -> Any:
    response = await platform.ask("GET", "/v1/comments", params=query)
    assert response.status == 200, await response.text()
    return await response.json()


async def _all(platform: Platform, **query: Any) -> list[str]:
    """The platform ids of all pages, in order."""
    found: list[str] = []
    page = await _page(platform, **query)
    found += [item["platform_id"] for item in page["items"]]
    while page["next"]:
        page = await _page(platform, **query | {"cursor": page["next"]})
        found += [item["platform_id"] for item in page["items"]]
    return found


async def _some(platform: Platform) -> None:
    """Nine comments by two authors: three approved, three rejected, three pending; all within few milliseconds."""
    for n in range(9):
        await platform.submit(
            id=f"n{n}",
            content="cheap pills" if n in (1, 3, 5) else "fine",
            author={"name": "Ann", "email": "ann@example.com" if n % 2 else "bob@example.com"},
        )
        if n == 5:
            await platform.judge()


async def test_pages_give_every_comment_once_newest_first(platform: Platform) -> None:
    await _some(platform)
    everything = await _all(platform, limit=200)
    assert sorted(everything) == [f"n{n}" for n in range(9)]
    for limit in (1, 2, 3, 4, 9):
        assert await _all(platform, limit=limit) == everything
    views = (await _page(platform))["items"]
    times = [view["created_at"] for view in views]
    assert times == sorted(times, reverse=True)


async def test_filters(platform: Platform) -> None:
    await _some(platform)
    assert set(await _all(platform, state="approved", limit=2)) == {"n0", "n2", "n4"}
    assert set(await _all(platform, state="rejected")) == {"n1", "n3", "n5"}
    assert set(await _all(platform, state="pending", limit=1)) == {"n6", "n7", "n8"}
    view = await (await platform.ask("GET", platform.path("n1"))).json()
    ann = view["author"]["digest"]
    assert set(await _all(platform, author=ann, limit=1)) == {"n1", "n3", "n5", "n7"}
    assert set(await _all(platform, author=ann, state="rejected", limit=2)) == {"n1", "n3", "n5"}
    assert await _all(platform, author=ann, state="approved") == []
    middle = view["created_at"]
    early, late = await _all(platform, until=middle), await _all(platform, since=middle)
    assert "n1" in early
    assert "n1" in late
    assert set(early) | set(late) == {f"n{n}" for n in range(9)}
    assert await _all(platform, since="2100-01-01T00:00:00Z") == []
    assert await _all(platform, until="1970-01-01T00:00:00+01:00") == []


async def test_comments_that_come_meanwhile_do_not_disturb_the_pages(platform: Platform) -> None:
    await _some(platform)
    everything = await _all(platform)
    first = await _page(platform, limit=4)
    await platform.submit(id="late")
    rest = await _all(platform, limit=4, cursor=first["next"])
    seen = [*[item["platform_id"] for item in first["items"]], *rest]
    assert [name for name in seen if name != "late"] == everything


async def test_the_comment_of_a_platform_id(platform: Platform) -> None:
    await _some(platform)
    assert [item["platform_id"] for item in (await _page(platform, platform_id="n3"))["items"]] == ["n3"]
    assert (await _page(platform, platform_id="nowhere")) == {"items": [], "next": None}
    await platform.ask("DELETE", platform.path("n3"))
    assert (await _page(platform, platform_id="n3"))["items"] == []
    assert "n3" not in await _all(platform)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "erased"), ("state", ""), ("author", "ann@example.com"), ("author", "e1.k1.zz"), ("limit", "0"),
        ("limit", "201"), ("limit", "-1"), ("limit", "x"), ("limit", "٣"), ("since", "yesterday"),
        ("since", "2026-01-01T00:00:00"), ("until", "0001-01-01T00:00:00+23:59x"), ("cursor", "x"), ("cursor", ""),
        ("cursor", "é"), ("order", "asc"),
        *[("cursor", base64.urlsafe_b64encode(json.dumps(value).encode()).decode()) for value in (
            [], {}, [1, "x", "y"], [-1, "c" + "0" * 26, "y"], [2**70, "c" + "0" * 26, "y"], [1, "c" + "0" * 26, "y"],
        )],
    ],
)  # fmt: skip
async def test_parameters_that_do_not_do(platform: Platform, name: str, value: str) -> None:
    response = await platform.ask("GET", "/v1/comments", params={name: value})
    assert response.status == 400
    problem = await response.json()
    assert problem["type"] == "/problems/malformed-request"
    assert name in problem["detail"].lower() or "parameters here" in problem["detail"]


async def test_a_parameter_is_given_once(platform: Platform) -> None:
    assert (await platform.ask("GET", "/v1/comments?limit=1&limit=2")).status == 400


async def test_times_before_everything_are_fine(platform: Platform) -> None:
    assert (await _page(platform, since="0001-01-01T00:00:00Z"))["items"] == []


async def test_a_cursor_belongs_to_its_filters(platform: Platform) -> None:
    await _some(platform)
    cursor = (await _page(platform, state="approved", limit=1))["next"]
    response = await platform.ask("GET", "/v1/comments", params={"state": "rejected", "cursor": cursor})
    assert response.status == 400


async def test_the_history_tells_everything_that_happened(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    await platform.submit(content="cheap pills")
    await platform.judge()
    await platform.ask("POST", platform.path(more="/decision"), json={"decision": "approve", "moderator": "eve"})
    history = await (await platform.ask("GET", platform.path(more="/history"))).json()
    assert history["id"] == comment_id("blog", "1")
    assert [(item["revision"], item["what"], item["state"], item["actor"]) for item in history["items"]] == [
        (1, "submitted", "pending", "platform:blog"),
        (2, "decided", "approved", "policy:words-1"),
        (3, "edited", "pending", "platform:blog"),
        (4, "decided", "rejected", "policy:words-1"),
        (5, "decided", "approved", "platform:blog/eve"),
    ]
    await platform.ask("DELETE", platform.path())
    bare = await (await platform.ask("GET", platform.path(more="/history"))).json()
    assert [item["what"] for item in bare["items"]][-1] == "erased"
    assert (await platform.ask("GET", platform.path("2", "/history"))).status == 404


async def test_an_explanation_is_computed_while_the_text_is_kept(platform: Platform) -> None:
    await platform.submit()
    response = await platform.ask("GET", platform.path(more="/explanation"), params={"label": "toxicity"})
    found = await response.json()
    assert response.status == 200
    assert found["model"] == "words-1"
    assert found["explanation"]["label"] == "toxicity"
    assert sum(part["contribution"] for part in found["explanation"]["parts"]) == found["explanation"]["logit"]
    assert (await platform.ask("GET", platform.path(more="/explanation"), params={"label": "x"})).status == 400
    comment = await platform.services.comments.get(comment_id("blog", "1"))
    assert comment is not None
    assert comment.submission is not None
    await platform.services.retention.drop_texts([comment], [msgspec.structs.replace(comment.submission, content="")])
    dropped = await platform.ask("GET", platform.path(more="/explanation"))
    assert dropped.status == 410
    assert (await dropped.json())["type"] == "/problems/text-dropped"
    view = await (await platform.ask("GET", platform.path())).json()
    assert view["text_kept"] is False


async def test_the_site_as_its_key_may_know_it(platform: Platform) -> None:
    await _some(platform)
    response = await platform.ask("GET", "/v1/site")
    view = await response.json()
    assert view["id"] == "blog"
    assert view["counts"] == {"pending": 3, "approved": 3, "flagged": 0, "rejected": 3, "erased": 0}
    assert view["thresholds"]["spam"] == msgspec.to_builtins(DEFAULT_THRESHOLDS["spam"])
    known = await platform.services.accounts.get("blog")
    for secret in (*known.credentials[0], known.site.generations[0].nonce):
        assert secret not in await response.text()


async def test_when_it_was_written_is_what_the_platform_says(platform: Platform) -> None:
    for name, said, shown in (
        ("1", "2024-05-06T09:08:09+02:00", "2024-05-06T07:08:09.000Z"),
        ("2", None, None),
        ("3", "2999-01-01T00:00:00Z", None),
        ("4", "1960-01-01T00:00:00Z", None),
    ):
        taken = await (await platform.submit(id=name, created_at=said)).json()
        view = await (await platform.ask("GET", platform.path(name))).json()
        assert taken == view
        assert view["created_at"] == (shown or view["received_at"])
        assert view["received_at"] > "2026"


@pytest.mark.parametrize(
    "query", ["since=2026-01-01T00:00:00+02:00", "until=2026-01-01T00:00:00+0200", "platform_id=a+b"]
)
async def test_an_unescaped_plus_gets_a_hint(platform: Platform, query: str) -> None:
    response = await platform.ask("GET", URL(f"/v1/comments?{query}", encoded=True))
    assert response.status == 400
    assert "%2B" in (await response.json())["detail"]
    escaped = query.replace("+", "%2B").replace("0200", "02:00")
    assert (await platform.ask("GET", URL(f"/v1/comments?{escaped}", encoded=True))).status == 200


async def test_another_mistake_gets_none(platform: Platform) -> None:
    for wrong in ("yesterday", "2026-01-01"):
        said = await (await platform.ask("GET", "/v1/comments", params={"since": wrong})).json()
        assert "%2B" not in said["detail"]
