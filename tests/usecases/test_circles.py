"""Circles: a site knows people by digests of its own, unless the operator joins it with others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from service.container import Services
from service.core.comment import Actor, ByAuthor, Comment
from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys, digest_email, digest_ip
from service.core.lifecycle import ActorKind, Outcome
from service.core.signals import value
from service.core.site import Known
from service.core.submission import comment_id
from service.workers.classify import Worker
from service.workers.housekeeping import into_circles
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
ANN = {"name": "Ann", "email": "ann@example.com", "ip": "192.0.2.7", "url": "https://ann.example/"}
DIGEST = re.compile(rb"[einl][12]\.[A-Za-z0-9]+\.[0-9a-f]{32}")


async def say(
    services: Services,
    name: str,
    platform_id: str,
    *,
    keys: IdentityKeys | None = None,
    plain: bool = False,
    **more: Any,
) -> Comment:
    """Ann says something, as the site knows people; or `plain`, as earlier versions knew them."""
    site = (await services.accounts.get(name)).site
    keys = keys or services.secrets.identity
    more = ANN | {"page_url": f"https://{name}.example/post"} | more
    said = submission(services, platform_id, keys=keys if plain else keys.within(site.circles), **more)
    await services.moderation.submit(site, said)
    await Worker(services, WordScorer()).drain()
    found = await services.comments.get(comment_id(name, platform_id))
    assert found is not None
    return found


async def approve(services: Services, name: str, platform_id: str) -> None:
    site = (await services.accounts.get(name)).site
    await services.moderation.decide(site, comment_id(name, platform_id), Outcome.APPROVE, actor=EVE)


def known(comment: Comment) -> dict[str, Any]:
    assert comment.verdict is not None
    names = (
        "author_vouched", "author_box_vouched", "ip_approved", "network_approved", "author_mark", "network_mark", "email_10m",
        "ip_10m", "email_names",
    )  # fmt: skip
    return {name: value(comment.verdict.signals, name) for name in names}


async def kept(services: Services) -> dict[str, set[bytes]]:
    """The digests of people that Redis has anywhere, by the name of the site they are beside, "" for the box."""
    found: dict[str, set[bytes]] = {}
    async for key, blobs in services.privacy._personal.everything():
        if "staff" in key or "sites" in key or "audit" in key:  # the operators' log keeps what it was told
            continue
        for blob in (key.encode(), *blobs):
            site = next((name for name in ("blog", "shop") if name.encode() in blob or f":s:{name}:" in key), "")
            found.setdefault(site, set()).update(DIGEST.findall(blob))
    return found


@pytest.fixture
async def shop(services: Services) -> Known:
    return await services.accounts.add("shop", "https://shop.example")


async def test_sites_have_no_digest_in_common(services: Services, site: Known, shop: Known) -> None:
    mine, theirs = await say(services, "blog", "1"), await say(services, "shop", "1")
    found = await kept(services)
    assert found["blog"]
    assert found["shop"]
    assert found["blog"].isdisjoint(found["shop"])
    assert mine.submission is not None
    assert theirs.submission is not None
    ours, others = mine.submission.author, theirs.submission.author
    assert (ours.email, ours.ip, ours.link, ours.known_as) != (others.email, others.ip, others.link, others.known_as)
    assert not any(getattr(ours, name) == getattr(others, name) for name in ("email", "ip", "link", "known_as"))


async def test_what_was_made_of_somebody_elsewhere_is_nobody_s_business(
    services: Services, site: Known, shop: Known
) -> None:
    for number in "123":
        await say(services, "shop", number)
        await approve(services, "shop", number)
    fresh = known(await say(services, "blog", "1"))
    assert {name: value for name, value in fresh.items() if value} == {}
    again = known(await say(services, "shop", "4", role="member"))
    assert (again["author_box_vouched"], again["ip_approved"], again["email_10m"]) == (3, 3, 3)


async def test_joined_sites_know_people_together(services: Services, site: Known, shop: Known) -> None:
    for name in ("blog", "shop"):
        await services.sites.change(name, circle="press")
    await say(services, "shop", "1")
    await approve(services, "shop", "1")
    found = known(await say(services, "blog", "1", role="member"))
    assert (found["author_vouched"], found["author_box_vouched"], found["ip_approved"]) == (0, 1, 1)


async def test_who_joins_brings_along_what_was_made_there_and_who_parts_takes_their_own(
    services: Services, site: Known, shop: Known
) -> None:
    for name in ("blog", "shop"):
        await say(services, name, "1")
        await approve(services, name, "1")
        await services.sites.change(name, circle="press")
    assert known(await say(services, "blog", "2", role="member"))["author_box_vouched"] == 1
    assert known(await say(services, "shop", "2", role="member"))["author_box_vouched"] == 2, "both have brought theirs"
    await services.sites.change("shop", circle="")
    parted = known(await say(services, "shop", "3", role="member"))
    assert (parted["author_vouched"], parted["author_box_vouched"]) == (1, 1), "its own, and nothing of the blog's"
    page = await services.comments.page(
        "shop", ByAuthor(digest_at(services, shop)), newest=4_000_000_000_000, oldest=0, after=None, limit=9
    )
    assert len(page) == 3


def digest_at(services: Services, known: Known) -> str:
    return digest_email(str(ANN["email"]), services.secrets.identity.within(known.site.circles)).digest


@pytest.mark.parametrize("how", ["joining", "rotating"])
async def test_marks_stay_whatever_digests_become(services: Services, site: Known, how: str) -> None:
    first = await say(services, "blog", "1")
    assert first.submission is not None
    author = first.submission.author
    assert author.email is not None
    assert author.ip is not None
    marking = services.review.marking
    await marking.mark(site.site, author.email.digest, "trusted", until=0, note="", by="moderator:eve", comment=first)
    await marking.mark(site.site, author.ip.network, "blocked", until=0, note="", by="moderator:eve")
    keys = services.secrets.identity
    if how == "joining":
        await services.sites.change("blog", circle="press")
    else:
        keys = IdentityKeys((("k2", b"2" * 32), *keys.keys))
    found = known(await say(services, "blog", "2", keys=keys, url=""))
    assert (found["author_mark"], found["network_mark"]) == ("trusted", "blocked"), (
        "the network that it was trusted with too"
    )


async def test_data_of_an_earlier_version_goes_into_circles(services: Services, site: Known, shop: Known) -> None:
    plain = services.secrets.identity
    for name in ("blog", "shop"):
        first = await say(services, name, "1", plain=True)
        await say(services, name, "1", plain=True, content="I liked this very much.")  # an earlier text
        await approve(services, name, "1")
        where = (await services.accounts.get(name)).site
        email, ip = digest_email(str(ANN["email"]), plain), digest_ip(str(ANN["ip"]), plain)
        await services.review.marking.mark(
            where, email.digest, "trusted", until=0, note="a friend", by="moderator:eve", comment=first
        )
        await services.review.marking.mark(where, ip.network, "blocked", until=0, note="", by="moderator:eve")
    for _ in range(2):  # doing it again changes nothing
        await into_circles(services)
        found = await kept(services)
        assert not [one for ones in found.values() for one in ones if one[1:2] == b"1"], "no plain digest is left"
        assert found["blog"].isdisjoint(found["shop"])
        await services.connection.client.hdel("ac:{p0}:s:blog:swept", "circle")
    again = known(await say(services, "blog", "2", url="", role="member"))
    assert (again["author_vouched"], again["author_box_vouched"]) == (1, 1)
    assert (again["author_mark"], again["network_mark"]) == ("trusted", "blocked")
    old = await services.comments.get(comment_id("blog", "1"))
    assert old is not None
    detail = await services.review.details.open(site.site, old, {"blog"})
    assert detail.author is not None
    assert detail.author.total == 2
    assert len(detail.marks) == 2
    assert (await services.privacy.erase(str(ANN["email"]))).comments == {"blog": 2, "shop": 1}


async def test_who_asks_to_be_erased_is_found_wherever_they_were(services: Services, site: Known, shop: Known) -> None:
    await say(services, "blog", "1", plain=True)
    await say(services, "blog", "2")
    await services.sites.change("blog", circle="press")
    await say(services, "blog", "3")
    await services.sites.change("blog", circle="")
    await say(services, "blog", "4")
    await services.sites.change("shop", circle="other")
    await say(services, "shop", "1")
    await services.sites.remove("shop")
    exported = await services.privacy.export(str(ANN["email"]))
    assert {name: len(one["comments"]) for name, one in exported["sites"].items()} == {"blog": 4, "shop": 1}
    assert (await services.privacy.erase(str(ANN["email"]))).comments == {"blog": 4, "shop": 1}


async def test_a_circle_has_a_name(services: Services, site: Known) -> None:
    for wrong in ("Press", "a b", "-", "x" * 64, "press\0"):
        with pytest.raises(InvalidSubmission):
            await services.sites.change("blog", circle=wrong)
    assert (await services.sites.get("blog")).site.circle == ""
