"""The Atom feed of what waits: at a secret address, with links that lead to the comments, and no word of theirs."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import fromstring

from service.core.leaks import Leaks
from service.core.notice import Notice, Way, feed_token
from service.settings import Settings
from tests.support.platform import Platform
from tests.support.queue import hold

ATOM = "{http://www.w3.org/2005/Atom}"


def address(platform: Platform, settings: Settings, rule: str = "feed = 1", number: int = 1) -> str:
    """The feed's address, once the file says so."""
    settings.secrets.mkdir(parents=True, exist_ok=True)
    (settings.secrets / "notices.toml").write_text(f"[notices.desk]\n{rule}\n")
    token = feed_token(platform.services.secrets.master, Notice("desk", Way.FEED, number=number))
    return f"/notices/{token}"


async def entries(platform: Platform, path: str) -> list[Any]:
    response = await platform.client.get(path)
    assert response.status == 200
    assert response.content_type == "application/atom+xml"
    return list(fromstring(await response.read()).iter(f"{ATOM}entry"))


async def test_a_feed_shows_what_waits_newest_first_and_leads_to_it(platform: Platform, settings: Settings) -> None:
    path = address(platform, settings)
    assert await entries(platform, path) == []
    page = {"url": "https://blog.example/p", "title": 'Bread & <b>"butter"</b> \u202e]]>'}
    first, second = await hold(platform, 1, 2, page=page)
    found = await entries(platform, path)
    links = [one.find(f"{ATOM}link").get("href") for one in found]
    assert links == [f"{settings.address}/review#/queue?id={one}" for one in (second, first)]
    assert found[0].find(f"{ATOM}title").text == 'blog: Bread & <b>"butter"</b> ]]>'
    assert found[0].find(f"{ATOM}summary").text == "spam"
    for tag in ("id", "updated"):
        assert found[0].find(f"{ATOM}{tag}").text


async def test_a_feed_holds_no_address_no_author_and_no_words(platform: Platform, settings: Settings) -> None:
    path = address(platform, settings)
    page = {"url": "https://blog.example/?leakzoe@hidden.example", "title": "Ask leakzoe@hidden.example"}
    author = {"name": "Hushed", "email": "leakzoe@hidden.example"}
    await hold(platform, 1, text="maybe secretword {}", page=page, author=author)
    response = await platform.client.get(path)
    body = await response.read()
    assert list(Leaks(["leakzoe@hidden.example"]).found(body)) == []
    for word in (b"secretword", b"Hushed", b"leakzoe"):
        assert word not in body


async def test_who_has_no_address_finds_nothing(platform: Platform, settings: Settings) -> None:
    path = address(platform, settings, "feed = 2", number=1)
    for wrong in (path, "/notices/", "/notices/x", "/notices/%C3%BC", f"{path}.atom", "/notices/desk"):
        response = await platform.client.get(wrong)
        assert response.status == 404, wrong
    (settings.secrets / "notices.toml").unlink()
    assert (await platform.client.get(path)).status == 404


async def test_a_feed_knows_its_sites_and_how_severe(platform: Platform, settings: Settings) -> None:
    await platform.services.accounts.add("news", "https://news.example")
    await hold(platform, 1)
    assert len(await entries(platform, address(platform, settings, 'feed = 1\nsites = ["blog"]'))) == 1
    assert await entries(platform, address(platform, settings, 'feed = 1\nsites = ["news"]')) == []
    assert await entries(platform, address(platform, settings, "feed = 1\nsevere = 0.9")) == []


async def test_a_reader_that_has_the_present_one_is_told_so(platform: Platform, settings: Settings) -> None:
    path = address(platform, settings)
    await hold(platform, 1)
    first = await platform.client.get(path)
    again = await platform.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    await hold(platform, 2)
    assert (await platform.client.get(path, headers={"If-None-Match": first.headers["ETag"]})).status == 200


async def test_a_broken_file_is_our_fault_and_tells_nothing(platform: Platform, settings: Settings) -> None:
    path = address(platform, settings, "feed = [")
    response = await platform.client.get(path)
    assert response.status == 500
    assert "notices.toml" not in await response.text()
