"""A site's policy through the native API: read, saved with a note, refused with the place, tried without effect."""

from __future__ import annotations

from typing import Any

from tests.support.platform import Platform

RULE = {"name": "links", "when": "links >= 1", "then": "hold"}


async def test_a_policy_is_read_and_saved_as_an_edition(platform: Platform) -> None:
    answer = await platform.ask("GET", "/v1/policy")
    assert answer.status == 200
    first = await answer.json()
    assert (first["edition"]["version"], first["policy"]["mode"]) == (0, "by-score")
    body = {"policy": {**first["policy"], "rules": [RULE]}, "note": "Too many links.", "version": 0}
    answer = await platform.ask("PUT", "/v1/policy", json=body)
    saved = await answer.json()
    assert answer.status == 200
    assert saved["policy"]["rules"] == [RULE]
    assert saved["edition"] | {"at": ""} == {"version": 1, "at": "", "by": "platform:blog", "note": "Too many links."}
    answer = await platform.ask("PUT", "/v1/policy", json=body)
    assert answer.status == 409
    assert (await answer.json())["pointer"] == "/version"


async def test_a_bad_condition_is_refused_with_its_place(platform: Platform) -> None:
    policy = {"rules": [RULE, {"name": "bad", "when": "links >= 1 and\n  lnks > 3", "then": "hold"}]}
    for method, path in (("PUT", "/v1/policy"), ("POST", "/v1/policy/preview")):
        answer = await platform.ask(method, path, json={"policy": policy})
        problem = await answer.json()
        assert (answer.status, problem["type"]) == (422, "/problems/invalid-policy")
        assert (problem["pointer"], problem["line"], problem["column"]) == ("/policy/rules/1/when", 2, 3)
        assert "is links meant?" in problem["detail"]
        assert "lnks" not in problem["detail"]


async def test_a_preview_says_what_would_change_and_changes_nothing(platform: Platform) -> None:
    for name, content in (("1", "pills"), ("2", "See https://shop.example/x"), ("3", "I liked this.")):
        await platform.submit(id=name, content=content)
    await platform.judge()
    asked: dict[str, Any] = {"policy": {"rules": [RULE]}, "last": 100}
    answer = await platform.ask("POST", "/v1/policy/preview", json=asked)
    found = await answer.json()
    assert found["looked"] == 3
    assert found["more"] == {"approve": -1, "hold": 1, "reject": 0}
    assert found["hits"]["links"]["fired"] == {"approve": 0, "reject": 0, "nobody": 1}
    (changed,) = found["changed"]
    assert (changed["before"], changed["after"], changed["reasons"][0]) == ("approve", "hold", "links")
    assert (await (await platform.ask("GET", "/v1/policy")).json())["edition"]["version"] == 0


async def test_a_policy_needs_the_key(platform: Platform) -> None:
    platform.key = None
    for method, path in (("GET", "/v1/policy"), ("PUT", "/v1/policy"), ("POST", "/v1/policy/preview")):
        assert (await platform.ask(method, path)).status == 401
