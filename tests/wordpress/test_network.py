"""A network of sites (multisite): each with settings of its own, comments that have the same numbers, and one plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import until
from tests.system.stack import Stack
from tests.wordpress.api import Api
from tests.wordpress.blog import Blog
from tests.wordpress.conftest import OURS
from tests.wordpress.connection import plugin_settings
from tests.wordpress.texts import good

SECOND = "/second/"


@pytest.fixture
def network(wordpress: Path, folder: Path, database: Path) -> Iterator[Blog]:
    blog = Blog(wordpress, folder, "network", database)
    blog.set_up()
    assert blog.call("network") is True
    blog.environment["BLOG_NETWORK"] = "1"
    assert blog.call("add_blog", plugin=OURS, named=SECOND) == 2
    with blog.served():
        yield blog
    assert blog.complaints() == ""


async def test_sites_of_a_network_are_told_apart_and_hear_of_their_own(network: Blog, service: Stack) -> None:
    await service.up()
    answer = "?rest_route=/antechamber/v1/callback"
    for name, path in (("first", "/"), ("second", SECOND)):
        site = service.add_site(f"network-{name}", f"{network.url}{path}{answer}")
        settings = plugin_settings(service, site)
        network.call("option", path=path, name="antechamber_settings", value=settings)
    api = Api(service.base, site["api_key"])
    texts = {path: good() for path in ("/", SECOND)}
    assert {network.call("submit", path=path, text=text) for path, text in texts.items()} == {2}
    assert {network.call("comments", path=path)[1]["status"] for path in texts} == {"1"}

    _, listed = api.ask("GET", "/v1/comments")
    (comment,) = listed["items"]
    assert comment["platform_id"] == f"{network.url.removeprefix('http://')}{SECOND.rstrip('/')}#2"
    api.ask("POST", f"/v1/comments/{comment['id']}/decision", {"decision": "reject", "reasons": ["other"]})
    await until(lambda: network.call("comments", path=SECOND)[1]["status"] == "trash")
    assert network.call("comments", path="/")[1]["status"] == "1"  # which has the same number

    network.call("uninstall", plugin=OURS)
    assert [network.call("traces", path=path) for path in texts] == [[], []]
