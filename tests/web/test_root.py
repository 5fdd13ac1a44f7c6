"""`GET /` says where things are, and they are there."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp.test_utils import TestClient

from service.web.root import PLACES
from tests.support.platform import Platform


async def test_programs_and_people_are_told_where_things_are(platform: Platform) -> None:
    client: TestClient = platform.client  # type: ignore[type-arg]
    said = await (await client.get("/")).json()
    assert said == {"service": "antechamber", "places": {name: place for name, (place, _) in PLACES.items()}}
    page = await client.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    text = await page.text()
    assert page.content_type == "text/html"
    assert all(place.replace("&", "&amp;") in text for place, _ in PLACES.values())
    assert (await client.head("/")).status == 200


async def test_everything_is_where_it_is_said_to_be(platform: Platform) -> None:
    answers = {name: (await platform.client.get(place)).status for name, (place, _) in PLACES.items()}
    assert {name for name, status in answers.items() if status == 200} == {
        "api", "openapi", "moderators", "perspective_discovery", "health", "ready",
    }  # fmt: skip
    for path in (
        "/1.1/verify-key",
        "/v1alpha1/comments:analyze",
        "/v1/moderations",
        "/hooks/blog",
        "/hooks/blog/coral",
    ):
        assert (await platform.client.post(path)).status != 404, path


async def test_the_docs_say_what_every_path_is_for(platform: Platform) -> None:
    """What a proxy in front has to lead on, and what not."""
    page = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")
    table = re.search(r"\| path \| for \|\n\|---\|---\|\n(.*?)\n\n", page, re.DOTALL)
    assert table is not None
    told = {path for line in table[1].splitlines() for path in re.findall(r"`(/[^`]*)`", line.split(" | ")[0])}
    app = platform.client.server.app  # type: ignore[union-attr]
    there = {f"/{resource.canonical.split('/')[1]}" for resource in app.router.resources()}
    assert told == there
