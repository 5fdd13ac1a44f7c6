"""Being told in a browser, at the page: only whom a notice reaches, only at push services, and nobody in another's name."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from service.core.notice import Notice, Way
from service.settings import Settings
from service.web.review.push import route
from tests.support.desk import Desk, path_of, seat
from tests.support.push import PushedBrowser

SUBSCRIPTION = "/push/subscription"
GOOGLE = "https://fcm.googleapis.com/fcm/send/"


async def told(services: Services) -> set[tuple[str, str]]:
    """Who is told, and where."""
    readers = await services.push.readers(Notice("phone", Way.PUSH, ("*",)))
    return {
        (one.member.name, browser.endpoint.removeprefix(GOOGLE)) for one in readers for browser in one.browsers.values()
    }


def notices(settings: Settings, text: str) -> None:
    settings.secrets.mkdir(parents=True, exist_ok=True)
    (settings.secrets / "notices.toml").write_text(text)


async def test_without_a_notice_that_reaches_them_nobody_is_told(
    client: TestClient[Any, Any], services: Services, settings: Settings
) -> None:
    await services.accounts.add("blog", "https://blog.example")
    await services.accounts.add("news", "https://news.example")
    mo = await seat(client, services, "mo", Role.MODERATOR, ["blog"])
    browser = PushedBrowser(f"{GOOGLE}mo")
    for text in ("", '[notices.p]\npush = "bo"', '[notices.p]\npush = "*"\nsites = ["news"]', "[notices.p]\nfeed = 1"):
        notices(settings, text)
        assert await mo.get("/push") == {"key": None}, text
        await mo.send("PUT", SUBSCRIPTION, browser.wire, 409)
        await mo.send("POST", "/push/test", status=409)
    notices(settings, '[notices.p]\npush = ["bo", "mo"]\n')
    assert len((await mo.get("/push"))["key"]) == 87
    await mo.send("PUT", SUBSCRIPTION, browser.wire, 204)
    await mo.send("POST", "/push/test", status=202)
    assert (await services.notices.told(Notice("p@mo", Way.PUSH))).asked > 0
    assert await told(services) == {("mo", "mo")}
    notices(settings, "[notices.p")
    assert (await mo.ask("GET", "/review/api/push")).status == 500


async def test_a_strange_address_or_key_is_refused_without_a_look(
    client: TestClient[Any, Any], services: Services, settings: Settings
) -> None:
    notices(settings, '[notices.p]\npush = "*"\n')
    mo = await seat(client, services, "mo", Role.MODERATOR)
    good = PushedBrowser(f"{GOOGLE}mo").wire
    for change in (
        {"endpoint": "http://169.254.169.254/latest/meta-data"}, {"endpoint": "https://evil.example/x"}, {"endpoint": ""},
        {"endpoint": "https://127.0.0.1/"}, {"endpoint": "x" * 1_001}, {"endpoint": 1}, {"p256dh": ""}, {"p256dh": "A" * 101},
        {"p256dh": good["auth"]}, {"auth": good["p256dh"]}, {"auth": "\x00" * 22}, {"auth": None}, {"extra": 1}, {"renew": "yes"},
        {"p256dh": "A" * 87},
    ):  # fmt: skip
        answer = await mo.ask("PUT", f"/review/api{SUBSCRIPTION}", json=good | change)
        assert answer.status == 422, change
        assert "evil.example" not in await answer.text()
    huge = await mo.ask("PUT", f"/review/api{SUBSCRIPTION}", json=good | {"endpoint": "x" * 5_000})
    assert huge.status == 413
    assert await told(services) == set()


async def test_a_browser_follows_who_signs_in_and_out(
    client: TestClient[Any, Any], services: Services, settings: Settings
) -> None:
    notices(settings, '[notices.p]\npush = "*"\n')
    mo, bo = await seat(client, services, "mo", Role.MODERATOR), await seat(client, services, "bo", Role.MODERATOR)
    browser = PushedBrowser(f"{GOOGLE}shared").wire
    await mo.send("PUT", SUBSCRIPTION, browser | {"renew": True}, 404)
    await mo.send("PUT", SUBSCRIPTION, browser, 204)
    await bo.send("PUT", SUBSCRIPTION, browser | {"renew": True}, 404)  # it is not hers
    await bo.send("DELETE", SUBSCRIPTION, {"endpoint": browser["endpoint"]}, 204)  # nor can she end it
    assert await told(services) == {("mo", "shared")}
    later = Desk(client, "mo")  # the session is over; the same browser, and a new one
    await later.sign_in()
    await mo.send("DELETE", "/session", status=204)
    assert await told(services) == set()
    await later.send("PUT", SUBSCRIPTION, browser, 204)
    again = Desk(client, "mo")
    await again.sign_in()
    await again.send("PUT", SUBSCRIPTION, browser | {"renew": True}, 204)
    await later.send("DELETE", "/session", status=204)
    assert await told(services) == {("mo", "shared")}
    await again.send("DELETE", "/sessions", status=204)
    assert await told(services) == set()


async def test_a_new_password_ends_it_in_all_other_browsers(
    client: TestClient[Any, Any], services: Services, settings: Settings
) -> None:
    notices(settings, '[notices.p]\npush = "*"\n')
    mo = await seat(client, services, "mo", Role.MODERATOR)
    here, there = PushedBrowser(f"{GOOGLE}here").wire, PushedBrowser(f"{GOOGLE}there").wire
    for browser in (here, there):
        await mo.send("PUT", SUBSCRIPTION, browser, 204)
    change = {"current": "correct horse battery", "new": "a better password"}
    mo.csrf = (await mo.send("PUT", "/account/password", change))["csrf"]
    await mo.send("PUT", SUBSCRIPTION, there | {"renew": True}, 404)
    await mo.send("PUT", SUBSCRIPTION, here, 204)  # as the page does that has just proved who it is
    assert await told(services) == {("mo", "here")}


def test_it_is_for_everybody_who_may_read_the_queue_and_for_nobody_else() -> None:
    assert {one.right for one in route} == {"queue"}
    assert {path_of(one) for one in route} == {f"/review/api{path}" for path in ("/push", SUBSCRIPTION, "/push/test")}
