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


async def test_every_mistake_is_named_with_its_place(platform: Platform) -> None:
    policy = {
        "mode": "fast",
        "colour": "red",
        "thresholds": {"spam": {"hold": 0.9, "reject": 0.4}, "ham": {}},
        "lists": [{"name": "words", "entries": ["", "fine", "ann@example.com"], "then": "hold"}],
        "rules": [
            RULE,
            {"name": "links", "when": "lnks > 3", "then": "holds"},
            {"name": "x", "when": "links >", "then": "hold"},
        ],
    }
    answer = await platform.ask("PUT", "/v1/policy", json={"policy": policy})
    problem = await answer.json()
    assert (answer.status, problem["type"]) == (422, "/problems/invalid-policy")
    assert [one["pointer"] for one in problem["errors"]] == [
        "/policy/colour", "/policy/lists/0/entries/0", "/policy/lists/0/entries/2", "/policy/mode", "/policy/rules/1/name",
        "/policy/rules/1/then", "/policy/rules/1/when", "/policy/rules/2/when", "/policy/thresholds", "/policy/thresholds/spam",
    ]  # fmt: skip
    assert [(one["line"], one["column"]) for one in problem["errors"] if "line" in one] == [(1, 1), (1, 8)]
    assert (problem["pointer"], problem["detail"]) == (problem["errors"][0]["pointer"], problem["errors"][0]["detail"])
    assert "errors_left_out" not in problem
    assert "ann@" not in await answer.text()


async def test_so_many_mistakes_are_told_and_the_others_counted(platform: Platform) -> None:
    policy = {"lists": [{"name": "words", "entries": ["*"] * 70, "then": "hold"}]}
    problem = await (await platform.ask("POST", "/v1/policy/preview", json={"policy": policy})).json()
    assert (len(problem["errors"]), problem["errors_left_out"]) == (20, 50)


async def test_what_is_wrong_beside_the_policy_is_said_as_ever(platform: Platform) -> None:
    for body in ({"policy": {}, "notes": "x"}, {"policy": {}, "version": -1}, {}):
        problem = await (await platform.ask("PUT", "/v1/policy", json=body)).json()
        assert problem["type"] == "/problems/invalid"
        assert problem["pointer"] in ("/notes", "/version", "/policy")
        assert "errors" not in problem
