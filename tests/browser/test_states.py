"""Every state that a page can be in: nothing that axe-core finds fault with, on a desk by day and on a phone by night."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from service.core.moderator import Role
from tests.browser.desk import PASSWORD, Desk, accessible, lists, opened
from tests.support.waiting import until
from tests.system.stack import Receiver

SCREENS = pytest.mark.parametrize(
    "screen",
    [{"width": 1440, "color_scheme": "light"}, {"width": 390, "height": 844, "color_scheme": "dark"}],
    ids=["desk by day", "phone by night"],
)


async def to(page: Page, desk: Desk, path: str) -> None:
    await page.goto(f"{desk.stack.base}/review#{path}")


async def dismiss(page: Page) -> None:
    """Take all messages away."""
    for close in await page.locator(".toast").get_by_role("button", name="Close").all():
        await close.click()


@SCREENS
async def test_signing_in(desk: Desk, screen: dict[str, object]) -> None:
    page = await desk.signed_in(path="/settings", **screen)
    await page.get_by_role("button", name="Sign out everywhere").click()
    await accessible(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()
    await accessible(page)
    desk.forgive("429")
    await page.route(
        "**/review/api/session", lambda route: route.fulfill(status=429, headers={"Retry-After": "90"}, json={})
    )
    await desk.sign_in(page, desk.name, "wrong")
    await expect(page.get_by_role("alert")).to_contain_text("Please wait 2 min")
    await accessible(page)


@SCREENS
async def test_with_nothing_there(desk: Desk, screen: dict[str, object]) -> None:
    page = await desk.signed_in(**screen)
    await expect(page.locator(".list-status")).to_contain_text("0 comments")
    await accessible(page)
    await to(page, desk, "/queue?list=escalated&q=rye")
    await expect(page.locator(".list-status")).to_contain_text("0 comments")
    await accessible(page)
    await to(page, desk, "/statistics")
    await expect(page.get_by_text("Nothing was drawn for it in this time.")).to_be_visible()
    await accessible(page)
    await to(page, desk, "/deliveries")
    await expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    await accessible(page)
    desk.forgive("404")
    await to(page, desk, "/queue?id=c00000000000000000000000000")
    await expect(page.get_by_role("heading", name="This comment can't be shown")).to_be_visible()
    await accessible(page)


@SCREENS
async def test_what_comes_over_a_page(desk: Desk, screen: dict[str, object]) -> None:
    await desk.submit("A first comment about rye", "A second comment about rye")
    page = await desk.signed_in(await desk.colleague(Role.LEAD), **screen)
    await expect(page.locator(".row")).to_have_count(2)
    await desk.submit("A third one that comes in meanwhile")
    await expect(page.locator(".tag.fresh")).to_be_visible()
    await accessible(page)
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_role("button", name="Save view").click()
    await accessible(page)
    await page.get_by_role("dialog").get_by_label("Name").fill("Mine")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("button", name="Decide all that match").click()
    await accessible(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_role("checkbox").first.click()
    await accessible(page)
    await page.keyboard.press("Shift+X")
    await page.locator(".row-link", has_text="first comment").click()
    await opened(page, "rye")
    for key, closes in (("r", "Escape"), ("l", "Escape"), ("e", "Escape"), ("?", "Escape")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog")).to_be_visible()
        await accessible(page)
        await page.keyboard.press(closes)
    await page.keyboard.press("a")
    await expect(page.locator(".toast")).to_contain_text("Approved.")
    await accessible(page)
    await page.keyboard.press("z")
    await expect(page.locator(".toast")).to_contain_text("Taken back.")
    await dismiss(page)
    await expect(page.locator('.actions[aria-busy="false"]')).to_be_visible()
    desk.forgive("ERR_INTERNET_DISCONNECTED")
    await page.context.set_offline(True)
    await page.keyboard.press("a")
    await expect(page.locator(".toast.bad")).to_contain_text("can't be reached")
    await accessible(page)
    await page.context.set_offline(False)


@SCREENS
async def test_two_at_one_comment(desk: Desk, screen: dict[str, object]) -> None:
    (comment,) = await desk.submit("Both of us look at this")
    other = await desk.colleague()
    mine = await desk.signed_in(**screen)
    await mine.locator(".row-link").click()
    await desk.looked_at(comment, desk.name)
    theirs = await desk.signed_in(other, deaf=True, **screen)
    await theirs.locator(".row-link").click()
    await opened(theirs, "Both of us")
    await expect(theirs.locator(".banner")).to_contain_text("is looking at this too")
    await accessible(theirs)
    await mine.keyboard.press("s")
    await desk.becomes(comment, "rejected")
    desk.forgive("409")
    await theirs.keyboard.press("a")
    await expect(theirs.locator(".toast.bad")).to_contain_text("was faster and rejected it")
    await expect(theirs.locator(".banner")).to_contain_text("while you were looking")
    await accessible(theirs)
    await to(mine, desk, f"/queue?list=rejected&id={comment}")
    await expect(mine.locator(".banner")).to_contain_text("the site is told at")
    await accessible(mine)


@pytest_asyncio.fixture(loop_scope="package")
async def deaf() -> AsyncIterator[Receiver]:
    """A platform that refuses every call-back."""
    receiver = Receiver()
    receiver.behave = lambda: web.Response(status=500)
    await receiver.start()
    yield receiver
    await receiver.stop()


async def calling(desk: Desk, receiver: Receiver) -> None:
    """Make it the desk of a site that is called back."""
    name = f"deaf{desk.site}"
    known = await desk.services.accounts.add(name, f"https://{name}.example", receiver.url)
    desk.site, desk.key, desk.name = name, known.credentials[0].api_key, f"op{name}"
    await desk.services.moderators.add(desk.name, Role.OPERATOR, (name,), PASSWORD)


async def told(page: Page, words: str) -> bool:
    """Whether the delivery log, read anew, says something."""
    await page.get_by_role("button", name="Refresh").click()
    return words in await page.locator(".sheet").inner_text()


async def test_the_log_of_tries_is_read_page_by_page(desk: Desk, deaf: Receiver) -> None:
    await calling(desk, deaf)
    await desk.submit(*(f"A fine post about rye, number {number}" for number in range(26)), held=False)
    page = await desk.signed_in(path="/deliveries")
    await until(lambda: told(page, "Send 26 again"))
    tries = page.get_by_role("region", name="Last tries").get_by_role("row")
    await expect(tries).to_have_count(1 + 50)
    await page.get_by_role("button", name="Show older ones").click()
    await expect(tries).to_have_count(1 + 2 * 26)
    await expect(page.get_by_role("button", name="Show older ones")).to_have_count(0)


@SCREENS
async def test_what_a_platform_did_not_hear(desk: Desk, deaf: Receiver, screen: dict[str, object]) -> None:
    await calling(desk, deaf)
    await desk.submit("A fine post about rye, thank you", held=False)
    page = await desk.signed_in(path="/deliveries", **screen)
    await until(lambda: told(page, "Send 1 again"))
    receivers = page.get_by_role("region", name="Receivers")
    await expect(receivers).to_contain_text("Failing since")
    await expect(receivers).to_contain_text("1 given up")
    await expect(receivers).not_to_contain_text("Fine")
    await accessible(page)
    deaf.behave = lambda: web.Response(status=410)
    await page.get_by_role("button", name="Send again", exact=True).click()
    await expect(page.locator(".toast")).to_contain_text("1 call-back will be sent again.")
    await until(lambda: told(page, "Says that it is gone"))
    await accessible(page)


@SCREENS
async def test_pages_for_authors_and_programmers(desk: Desk, screen: dict[str, object]) -> None:
    (comment,) = await desk.submit("Nobody wants to read this")
    headers = {"Authorization": f"Bearer {desk.key}"}
    base = f"{desk.stack.base}/v1/comments/{comment}"
    decision = {"decision": "reject", "reasons": ["off-topic"], "moderator": "somebody"}
    async with desk.http.post(f"{base}/decision", json=decision, headers=headers) as response:
        assert response.status == 200, await response.text()
    async with desk.http.get(f"{base}/statement", headers=headers) as response:
        link = (await response.json())["appeal"]["url"]
    page = await desk.window(**screen)
    await page.goto(desk.stack.base + re.sub(r"^https?://[^/]+", "", link))
    await accessible(page)
    await page.get_by_role("textbox").fill("I think that it belongs here.")
    await page.get_by_role("button").click()
    await expect(page.get_by_text("I think that it belongs here.")).to_be_visible()
    await accessible(page)
    desk.forgive("404")
    await page.goto(f"{desk.stack.base}/appeals/nothing")
    await accessible(page)
    await page.goto(desk.stack.base)
    await expect(page.get_by_role("link", name="/review")).to_be_visible()
    paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"), paper  # it has its style
    await accessible(page)
    if screen["width"] == 1440:  # a long page, for a desk
        await page.goto(f"{desk.stack.base}/v1/docs")
        await accessible(page)
    mine = await desk.signed_in(path="/queue?list=appealed", **screen)
    folded = screen["width"] == 390  # on a phone, the list's own name unfolds the others
    place = (
        mine.get_by_role("button", name="Appealed 1") if folded else lists(mine).get_by_role("link", name="Appealed 1")
    )
    await expect(place).to_be_visible()
    await mine.locator(".row-link").click()
    await opened(mine, "Nobody wants")
    await accessible(mine)
