"""A site's policy at the page: read, tried, saved, its editions."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from service.core.policy.thresholds import PRESETS
from service.core.submission import comment_id
from tests.support.desk import Desk, seat
from tests.support.platform import Platform

PATH = "/sites/blog/policy"
STRICT = {"rules": [{"name": "pictures", "when": 'content contains "picture"', "then": "reject"}]}


async def test_a_new_site_has_the_default(moderator: Desk) -> None:
    view = await moderator.get(PATH)
    assert view["edition"] == {"version": 0, "at": None, "by": "", "note": ""}
    assert view["policy"]["mode"] == "by-score"
    assert view["effective"]["spam"]["hold"] == PRESETS["balanced"]["spam"].hold


async def test_saving_makes_an_edition_that_names_who(operator: Desk, platform: Platform) -> None:
    await operator.send("PUT", PATH, {"policy": STRICT, "note": "no pictures", "version": 0})
    view = await operator.get(PATH)
    assert view["policy"]["rules"][0]["name"] == "pictures"
    assert (view["edition"]["version"], view["edition"]["by"]) == (1, "moderator:olga")
    assert [one["edition"]["version"] for one in (await operator.get(PATH + "/history"))["items"]] == [1, 0]
    line = (await operator.get("/audit-log"))["items"][0]
    assert (line["actor"], line["what"], line["subject"], line["note"]) == (
        "moderator:olga", "sites.policy", "blog", "no pictures",
    )  # fmt: skip
    late = await operator.send("PUT", PATH, {"policy": {}, "version": 0}, status=409)
    assert "edition 1" in late["detail"]


async def test_an_earlier_edition_is_restored_under_its_own_word(operator: Desk) -> None:
    await operator.send("PUT", PATH, {"policy": STRICT})
    await operator.send("PUT", PATH, {"policy": {"mode": "hold-everything"}})
    view = await operator.send("POST", PATH + "/restore", {"edition": 1, "note": "pictures after all", "version": 2})
    assert view["policy"]["rules"][0]["name"] == "pictures"
    assert (view["edition"]["version"], view["edition"]["note"]) == (3, "Edition 1 again. pictures after all")
    line = (await operator.get("/audit-log"))["items"][0]
    assert (line["actor"], line["what"], line["subject"]) == ("moderator:olga", "sites.policy.restore", "blog")
    assert (await operator.send("POST", PATH + "/restore", {"edition": 0}))["policy"]["mode"] == "by-score"
    await operator.send("POST", PATH + "/restore", {"edition": 9}, status=404)
    await operator.send("POST", PATH + "/restore", {"edition": 1, "version": 2}, status=409)
    await operator.send("POST", PATH + "/restore", {"version": 4}, status=422)
    assert (await operator.get(PATH))["edition"]["version"] == 4


async def test_what_can_not_be_used_is_refused_with_its_place(operator: Desk) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "/policy/rules/0/when": {"rules": [{"name": "x", "when": "links >=", "then": "hold"}]},
        "/policy/rules/1/name": {"rules": [STRICT["rules"][0]] * 2},
        "/policy/thresholds/spam": {"thresholds": {"spam": {"hold": 0.9, "reject": 0.1}}},
        "/policy/mode": {"mode": "by-mood"},
        "/policy/nonsense": {"nonsense": 1},
    }
    for pointer, policy in wrong.items():
        for method, path in (("PUT", PATH), ("POST", PATH + "/preview")):
            problem = await operator.send(method, path, {"policy": policy}, status=422)
            assert problem["pointer"] == pointer
            assert problem["detail"]
    assert (await operator.get(PATH))["edition"]["version"] == 0


async def test_a_preview_counts_what_would_change_and_changes_nothing(platform: Platform, operator: Desk) -> None:
    for number, content in enumerate(["A fine picture.", "Nice.", "Buy pills! See the picture."]):
        await platform.submit(id=f"{number}", content=content)
    await platform.judge()
    decision = {"decision": "approve", "moderator": "zoe"}
    await platform.ask("POST", platform.path("0", "/decision"), json=decision)
    found = await operator.send("POST", PATH + "/preview", {"policy": STRICT})
    assert found["looked"] == 3
    assert found["more"] == {"approve": -1, "hold": 0, "reject": 1}
    assert found["approved_by_humans"]["approve"] == {"approve": 0, "hold": 0, "reject": 1}
    assert found["hits"]["pictures"]["fired"] == {"approve": 1, "reject": 0, "nobody": 1}
    (changed,) = found["changed"]
    assert changed == {
        "id": comment_id("blog", "0"), "before": "approve", "after": "reject", "human": "approve", "reasons": ["pictures"],
    }  # fmt: skip
    assert (await operator.get(PATH))["edition"]["version"] == 0


@pytest.mark.parametrize(
    ("role", "may"), [(Role.MODERATOR, (403, 403)), (Role.LEAD, (200, 403)), (Role.OPERATOR, (200, 200))]
)
async def test_who_may(
    client: TestClient[Any, Any], services: Services, platform: Platform, role: Role, may: tuple[int, int]
) -> None:
    desk = await seat(client, services, "ann", role)
    await desk.send("POST", PATH + "/preview", {"policy": STRICT}, status=may[0])
    await desk.send("PUT", PATH, {"policy": STRICT}, status=may[1])
    await desk.send("POST", PATH + "/restore", {"edition": 0}, status=may[1])


async def test_a_note_keeps_no_address(operator: Desk) -> None:
    view = await operator.send("PUT", PATH, {"policy": STRICT, "note": "asked by bo@example.org"})
    assert "bo@" not in view["edition"]["note"]
    problem = await operator.send("PUT", PATH, {"policy": {}, "note": "a\0b"}, status=422)
    assert problem["pointer"] == "/note"
