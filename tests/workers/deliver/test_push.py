"""Moderators' browsers hear of what waits: sealed for each, by the same rules as others, and only of sites that they see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from service.container import Services
from service.core.leaks import Leaks
from service.core.moderator import Role
from service.core.notice import Notice, Way
from service.settings import Settings
from service.usecases.moderators import SignedIn
from service.workers.deliver.client import Client
from tests.support.desk import PASSWORD
from tests.support.mail import mail_server
from tests.support.push import PushedBrowser
from tests.support.receivers import Receiver
from tests.support.telling import HOUR, MINUTE, Desk
from tests.workers.deliver.conftest import quick

PAGE = "https://antechamber.example/review"
DAY = 24 * HOUR


class Office(Desk):
    """A desk with moderators, whose browsers' push service is `service`."""

    service: Receiver

    def rule(self, rule: str = 'push = "*"', more: str = "") -> None:
        base = self.service.url.removesuffix("/hook")
        self.write(f'[push]\nservices = ["{base}"]\n{more}[notices.phone]\n{rule}\n')

    async def moderator(self, name: str, *sites: str) -> SignedIn:
        await self.services.moderators.add(name, Role.MODERATOR, sites, PASSWORD)
        return await self.signed_in(name)

    async def signed_in(self, name: str) -> SignedIn:
        return await self.services.moderators.begin(await self.services.moderators.get(name))

    async def browser(self, me: SignedIn, name: str = "") -> PushedBrowser:
        browser = PushedBrowser(f"{self.service.url}/{name or me.member.name}")
        await self.services.push.subscribe(me, browser.subscription)
        return browser

    def heard(self, browser: PushedBrowser) -> list[Any]:
        """What reached a browser since it was last asked."""
        path = browser.endpoint.partition("/hook")[2]
        found = [
            browser.read(heard.body)
            for heard, at in zip(self.service.heard, self.service.paths, strict=True)
            if at == f"/hook{path}"
        ]
        self.service.heard.clear()
        self.service.paths.clear()
        return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return quick(tmp_path, public_url="https://antechamber.example")


@pytest.fixture
async def office(services: Services, settings: Settings, receiver: Receiver) -> AsyncIterator[Office]:
    known = await services.accounts.add("blog", "https://blog.example")
    async with Client(settings) as client:
        office = Office(services, known, client)
        office.service = receiver
        async with mail_server(office.post):
            office.rule()
            yield office


async def test_a_browser_is_told_at_most_once_an_hour_and_a_click_leads_there(office: Office) -> None:
    browser = await office.browser(await office.moderator("mo"))
    (first,) = await office.hold(1, page_title="How to bake bread")
    await office.look()
    (request,) = office.service.heard
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert (int(headers["ttl"]) > 0, len(headers["topic"]) <= 32, len(request.body) <= 4096) == (True, True, True)
    assert office.heard(browser) == [
        {
            "title": "1 comment waits, 1 new: blog", "body": 'blog "How to bake bread": spam',
            "navigate": f"{PAGE}#/queue?id={first}", "tag": "phone@mo",
        }
    ]  # fmt: skip
    await office.hold(2, 3)
    await office.look(59 * MINUTE)
    assert office.heard(browser) == []
    await office.look(MINUTE)
    (second,) = office.heard(browser)
    assert (second["title"], second["navigate"]) == ("3 comments wait, 2 new: blog", PAGE)
    await office.look(5 * HOUR)
    assert office.heard(browser) == []  # nothing is new


async def test_each_hears_of_the_sites_that_they_see_and_of_no_other(office: Office) -> None:
    await office.services.accounts.add("news", "https://news.example")
    mo, bo, all_of_it = [
        await office.browser(await office.moderator(name, *sites))
        for name, *sites in (("mo", "blog"), ("bo", "news"), ("jo",))
    ]
    await office.hold(1, site="blog")
    await office.hold(2, 3, site="news")
    await office.look()
    heard = dict(zip(office.service.paths, office.service.heard, strict=True))
    titles = [
        browser.read(heard[f"/hook/{name}"].body)["title"]
        for browser, name in ((mo, "mo"), (bo, "bo"), (all_of_it, "jo"))
    ]
    assert titles == [
        "1 comment waits, 1 new: blog", "2 comments wait, 2 new: news", "3 comments wait, 3 new: blog, news",
    ]  # fmt: skip
    office.heard(mo)
    office.rule('push = ["mo", "bo"]\nsites = ["news"]')
    await office.hold(4, site="news")
    await office.look(2 * HOUR)
    assert office.service.paths == ["/hook/bo"]  # mo does not see news, and jo is not named


async def test_rules_and_quiet_hours_hold_as_for_every_notice(office: Office) -> None:
    browser = await office.browser(await office.moderator("mo"))
    await office.hold_everything()
    await office.hold(1, 2)
    for rule in ("at_least = 3", "severe = 0.9", 'quiet = ["00:00-12:00", "12:00-00:00"]', 'sites = ["news"]'):
        office.rule(f'push = "mo"\n{rule}')
        await office.look(HOUR)
        assert office.heard(browser) == [], rule
    office.rule('push = "mo"\nat_least = 2')
    await office.look()
    assert len(office.heard(browser)) == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten_and_keeps_no_other_from_it(office: Office, status: int) -> None:
    me = await office.moderator("mo")
    gone, there = await office.browser(me, "gone"), await office.browser(me, "there")
    await office.hold(1)
    office.service.answer = lambda _: web.Response(status=status if office.service.paths[-1] == "/hook/gone" else 201)
    await office.look()
    assert sorted(office.service.paths) == ["/hook/gone", "/hook/there"]
    office.heard(there)
    await office.hold(2)
    await office.look(HOUR)
    assert len(office.heard(there)) == 1
    assert office.heard(gone) == []


async def test_a_push_service_that_is_away_is_asked_again(office: Office) -> None:
    browser = await office.browser(await office.moderator("mo"))
    await office.hold(1)
    office.service.answer = lambda _: web.Response(status=503, headers={"Retry-After": "600"})
    await office.look()
    office.heard(browser)
    await office.look(9 * MINUTE)
    assert office.heard(browser) == []
    office.service.answer = lambda _: web.Response(status=201)
    await office.look(2 * MINUTE)
    assert len(office.heard(browser)) == 1


async def test_who_signs_out_is_removed_or_is_long_away_hears_nothing(office: Office) -> None:
    moderators, team, push = office.services.moderators, office.services.team, office.services.push

    async def told(name: str) -> bool:
        return any(reader.member.name == name for reader in await push.readers(Notice("phone", Way.PUSH, ("*",))))

    for number, leave in enumerate(
        (
            moderators.sign_out,
            lambda me: moderators.sign_out_everywhere(me.member.name),
            lambda me: moderators.set_password(me.member.name),
            lambda me: team.sign_out(None, me.member.name),
            lambda me: team.lock(None, me.member.name, locked=True),
            lambda me: team.remove(None, me.member.name),
            lambda me: push.unsubscribe(me, f"{office.service.url}/{me.member.name}"),
        )
    ):
        me = await office.moderator(f"mo{number}")
        await office.browser(me)
        assert await told(me.member.name)
        await leave(me)
        assert not await told(me.member.name), number
    me = await office.moderator("mo")
    browser = await office.browser(me)
    await moderators.sign_out(await office.signed_in("mo"))  # in another browser
    office.now += 29 * DAY
    assert await told("mo")
    await push.renew(me, browser.subscription)
    office.now += 29 * DAY
    assert await told("mo")
    office.now += 2 * DAY
    assert not await told("mo")


async def test_a_name_that_is_used_again_inherits_no_browser(office: Office) -> None:
    await office.browser(await office.moderator("mo"))
    await office.services.team.remove(None, "mo")
    await office.moderator("mo")
    await office.hold(1)
    await office.look()
    assert office.service.heard == []


async def test_a_browser_is_one_persons_and_nobody_has_more_than_ten(office: Office) -> None:
    mo, bo = await office.moderator("mo"), await office.moderator("bo")
    shared = await office.browser(mo, "shared")
    await office.services.push.subscribe(bo, shared.subscription)
    await office.hold(1)
    await office.look()
    assert [one["tag"] for one in office.heard(shared)] == ["phone@bo"]
    for number in range(12):
        office.now += 1
        await office.browser(mo, f"b{number}")
    (reader,) = await office.services.push.readers(Notice("phone", Way.PUSH, ("mo",)))
    assert sorted(one.endpoint.rpartition("/")[2] for one in reader.browsers.values()) == sorted(
        f"b{n}" for n in range(2, 12)
    )


async def test_what_is_no_push_service_any_more_or_leads_inside_is_not_written_to(
    office: Office, receiver: Receiver
) -> None:
    me = await office.moderator("mo")
    await office.browser(me)
    port = receiver.url.split(":")[2].partition("/")[0]
    inside = PushedBrowser(
        f"http://localtest.invalid:{port}/x"
    )  # an operator names it, and it leads nowhere that is allowed
    await office.services.push.subscribe(me, inside.subscription)
    await office.hold(1)
    office.write('[notices.phone]\npush = "*"\n')  # neither is named
    await office.look()
    assert office.service.heard == []
    assert await office.services.push.readers(Notice("phone", Way.PUSH, ("*",))) == []


async def test_the_guard_holds_for_push_services_too(services: Services, tmp_path: Path, receiver: Receiver) -> None:
    """Named by an operator, but on a network that call-backs may not reach."""
    known = await services.accounts.add("blog", "https://blog.example")
    async with Client(quick(tmp_path, callback_allow="")) as client:
        office = Office(services, known, client)
        office.service = receiver
        office.post.port = 25
        office.rule()
        await office.browser(await office.moderator("mo"))
        await office.hold(1)
        await office.look()
    assert receiver.heard == []
    assert (await services.notices.told(Notice("phone@mo", Way.PUSH))).problem == "blocked-address"


async def test_a_push_service_leads_nowhere_else(office: Office) -> None:
    browser = await office.browser(await office.moderator("mo"))
    await office.hold(1)
    office.service.answer = lambda _: web.Response(status=307, headers={"Location": f"{office.service.url}/elsewhere"})
    await office.look()
    assert office.service.paths == ["/hook/mo"]
    assert office.heard(browser)


async def test_a_message_holds_no_address_no_words_and_no_author(office: Office) -> None:
    browser = await office.browser(await office.moderator("mo"))
    await office.hold(
        1, text="maybe secretword {}", name="Hushed", email="leakzoe@hidden-7.example",
        page_title="Ask leakzoe@hidden-7.example " + "ü" * 300,
    )  # fmt: skip
    await office.hold(2, 3, 4, page_title="ü" * 300)
    await office.look()
    (said,) = office.heard(browser)
    text = str(said)
    assert list(Leaks(["leakzoe@hidden-7.example"]).found(text.encode())) == []
    for word in ("secretword", "Hushed", "leakzoe", "hidden-7"):
        assert word not in text


async def test_a_test_is_sent_when_asked_for(office: Office) -> None:
    notices = office.services.notices
    asked = await notices.ask_for_test(Notice("phone", Way.PUSH))
    await office.look()
    assert (await office.told("phone")).test == "nobody"
    browser = await office.browser(await office.moderator("mo"))
    office.now += 1
    asked = await notices.ask_for_test(Notice("phone", Way.PUSH))
    await notices.ask_for_test(Notice("phone@mo", Way.PUSH), actor="moderator:mo")
    await office.look()
    await office.look(MINUTE)
    said = office.heard(browser)
    assert [one["title"] for one in said] == ["Nothing waits"] * 2
    assert all("This is a test" in one["body"] for one in said)
    told = await office.told("phone")
    assert (told.tried, told.test, told.at) == (asked, "sent", 0)


async def test_two_processes_tell_once(office: Office) -> None:
    await office.browser(await office.moderator("mo"))
    await office.hold(1)
    await asyncio.gather(*[office.teller.look() for _ in range(8)])
    assert len(office.service.heard) == 1
