"""Everything that can be read of a data directory through the running service, in one value that can be compared.

What depends on the moment of reading is left out, and what no version promises to keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.system.stored import Embedded, Http

LISTS = (
    "flagged", "escalated", "snoozed", "decided", "approved", "rejected", "reported", "appealed", "later", "audit",
)  # fmt: skip
LABELS = ("spam", "toxicity", "insult")
OPERATOR = "ada"


async def read(stack: Embedded, http: Http, keys: Mapping[str, Any]) -> dict[str, Any]:
    """All of it, as an operator and each site's platform see it. `keys`: site -> its credentials."""
    ada = await http.sign_in(OPERATOR)
    sites = {site: await _site(http, ada, site, keys[site]["api_key"]) for site in sorted(keys)}
    return {
        "counts": _without(await http.moderator(ada, "GET", "/counts"), "teaches"),
        "sites": sites,
        "views": await http.moderator(ada, "GET", "/views"),
        "audit log": await _audit_log(http, ada),
        "moderators": json.loads(await stack.run("moderators", "list", "--json")),
        "models": await _models(stack, "learned"),
        "given up": sorted(one["id"] for one in json.loads(await stack.run("deliveries", "dead", "deaf", "--json"))),
        "dead letters": json.loads(await stack.run("dead", "list", "--json")),
    }


async def statistics(http: Http, site: str) -> dict[str, Any]:
    """The week's numbers of a site; how long comments wait is left out."""
    ada = await http.sign_in(OPERATOR)
    found = await http.moderator(ada, "GET", "/statistics", params={"site": site, "days": "7"})
    return timeless(found)


def as_then(found: Any, expected: Any) -> Any:
    """What was found, without fields that a later version tells beside those of then."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {name: as_then(value, expected[name]) for name, value in found.items() if name in expected}
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [as_then(one, other) for one, other in zip(found, expected, strict=True)]
    return found


def timeless(found: dict[str, Any]) -> dict[str, Any]:
    """Statistics without the ages of what waits."""
    return found | {"queues": [_without(queue, "median", "ninetieth", "oldest") for queue in found["queues"]]}


async def _site(http: Http, ada: Mapping[str, str], site: str, key: str) -> dict[str, Any]:
    comments = await _comments(http, key)
    return {
        "site": await http.platform(key, "GET", "/site"),
        "policy": await http.platform(key, "GET", "/policy"),
        "editions": await http.moderator(ada, "GET", f"/sites/{site}/policy/history"),
        "marks": await http.moderator(ada, "GET", "/authors", params={"site": site}),
        "lists": {name: await _list(http, ada, site, name) for name in LISTS},
        "facets": await http.moderator(ada, "GET", "/facets", params={"site": site, "list": "flagged"}),
        "comments": {comment["id"]: await _comment(http, ada, key, comment) for comment in comments},
        "tries": await _tries(http, ada, site),
    }


async def _models(stack: Embedded, site: str) -> dict[str, Any]:
    found = json.loads(await stack.run("models", "list", "--site", site, "--json"))
    cards = [{name: card[name] for name in ("version", "passed", "made_at")} for card in found["cards"]]
    return {"active": found["active"], "shadow": found["shadow"], "cards": cards}


async def _comments(http: Http, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await http.platform(key, "GET", "/comments", params={"limit": "200"} | cursor)
        found += page["items"]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


async def _comment(http: Http, ada: Mapping[str, str], key: str, comment: dict[str, Any]) -> dict[str, Any]:
    identity = comment["id"]
    if comment["platform_id"].startswith("old-"):  # imported, and many
        return {name: comment[name] for name in ("platform_id", "state", "content", "created_at")}
    history = (await http.platform(key, "GET", f"/comments/{identity}/history"))["items"]
    if comment["state"] == "erased":
        return {"view": comment, "history": history}
    detail = in_short(await http.moderator(ada, "GET", f"/comments/{identity}"))
    return {"view": comment, "history": history, "detail": detail} | (
        {"explained": {label: await _explained(http, key, identity, label) for label in LABELS}}
        if comment["verdict"]
        else {}
    )


def in_short(detail: dict[str, Any]) -> dict[str, Any]:
    """A comment's detail without what stands elsewhere too: other comments by their ids, signals by their values."""
    short = {name: value for name, value in detail.items() if name != "history"}
    short["signals"] = {one["name"]: [one["value"], one["raised"]] for one in detail["signals"]}
    for group, rows in (("author", "last"), ("campaign", "members")):
        if detail[group] is not None:
            short[group] = detail[group] | {rows: [row["id"] for row in detail[group][rows]]}
    return short


async def _explained(http: Http, key: str, comment: str, label: str) -> list[Any]:
    found = await http.platform(key, "GET", f"/comments/{comment}/explanation", params={"label": label})
    return [found["model"], round(found["explanation"]["logit"], 5)]


async def _list(http: Http, ada: Mapping[str, str], site: str, name: str) -> list[str]:
    params = {"site": site, "list": name, "limit": "100"}
    page = await http.moderator(ada, "GET", "/comments", params=params)
    return [row["id"] for row in page["items"]]


async def _tries(http: Http, ada: Mapping[str, str], site: str) -> list[Any]:
    page = await http.moderator(ada, "GET", "/deliveries", params={"site": site, "limit": "100"})
    return list(page["attempts"])


async def _audit_log(http: Http, ada: Mapping[str, str]) -> list[list[str]]:
    page = await http.moderator(ada, "GET", "/audit-log")
    lines = [[line["actor"], line["what"], line["subject"], line["note"]] for line in page["items"]]
    return [line for line in lines if not line[1].startswith("session.")]  # reading begins some


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {
        name: _without(value, *names) if isinstance(value, dict) else value
        for name, value in values.items()
        if name not in names
    }
