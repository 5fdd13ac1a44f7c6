"""Blocking where a comment came from: what the dialogs promise is what happens, also without an e-mail address."""

from __future__ import annotations

import msgspec
from playwright.async_api import Page, expect

from service.clock import now_ms
from service.core.submission import comment_id
from tests.browser.desk import Desk, accessible

NOBODY = {"name": "Nobody", "ip": "192.0.2.7"}
NEIGHBOUR = {"name": "A neighbour", "ip": "192.0.2.99"}
STRANGER = {"name": "A stranger", "ip": "198.51.100.7"}


async def block(desk: Desk, page: Page, what: str, promise: str, *, days: str) -> None:
    """Through the button and the dialog of the comment that is open."""
    await page.get_by_role("button", name=f"Block this {what}…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(promise)
    await accessible(page)
    await dialog.get_by_label("For how long").select_option(days)
    await dialog.get_by_label("Note for other moderators").fill("Floods us")
    await dialog.get_by_role("button", name="Block", exact=True).click()
    await page.get_by_role("button", name="Leave them").click()  # what is there already
    await expect(page.locator(".banner.blocked")).to_contain_text("Floods us")
    await expect(page.locator(".banner.blocked")).to_contain_text(f"Blocked {what}, by")


async def arrives(desk: Desk, author: dict[str, str], number: str) -> tuple[str, str]:
    """What becomes of a comment that comes now, and by which reason first."""
    await desk.submit("Hello again from here", id=number, held=False, author=author)
    comment = await desk.services.comments.get(comment_id(desk.site, number))
    assert comment is not None
    assert comment.decision is not None
    return str(comment.state), comment.decision.reasons[0].code


async def without_email(desk: Desk) -> Page:
    """A comment without an e-mail address is open, of which everything is held."""
    await desk.services.sites.change(desk.site, require_email=False)
    await desk.submit("Hello from here", author=NOBODY, id="first")
    page = await desk.signed_in()
    await expect(page.locator(".ground", has_text="Network")).to_be_visible()
    await expect(page.get_by_role("button", name="Block…")).to_have_count(0)  # there is nobody to block by a name
    return page


async def test_an_address_is_blocked_for_a_time_and_nothing_else_is(desk: Desk) -> None:
    page = await without_email(desk)
    await block(desk, page, "address", "rejected from now on, before any list, rule or score is asked", days="30")
    assert await arrives(desk, NOBODY, "a1") == ("rejected", "blocked-author")
    assert (await arrives(desk, NEIGHBOUR, "a2"))[0] == "flagged"
    assert await desk.state(comment_id(desk.site, "first")) == "flagged", "what is there already stays as it is"
    ((digest, mark),) = await desk.services.review.marking.marks((await desk.services.sites.get(desk.site)).site)
    assert abs(mark.until - now_ms() - 30 * 86_400_000) < 600_000
    over = msgspec.structs.replace(mark, until=now_ms() - 1)
    await desk.services.reputations.mark(desk.site, digest, over)
    assert (await arrives(desk, NOBODY, "a3"))[0] == "flagged", "its time is over"


async def test_a_network_is_blocked_until_it_is_taken_back_but_for_who_is_trusted(desk: Desk) -> None:
    page = await without_email(desk)
    friend = {"name": "Ann", "email": "ann@example.com", "ip": "192.0.2.50"}
    await desk.submit("Ann was here", author=friend, id="friend")
    await block(desk, page, "network", "unless its author is trusted", days="")
    assert await arrives(desk, NEIGHBOUR, "n1") == ("rejected", "blocked-network")
    assert (await arrives(desk, STRANGER, "n2"))[0] == "flagged"
    await page.goto(f"{desk.stack.base}/review#/queue?id={comment_id(desk.site, 'friend')}")
    await page.get_by_role("button", name="Trust…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Trust", exact=True).click()
    await expect(page.locator(".banner.trusted")).to_be_visible()
    assert (await arrives(desk, friend, "n3"))[0] == "approved"
    await page.locator(".banner.blocked").get_by_role("button", name="Take back").click()
    await expect(page.locator(".banner.blocked")).to_have_count(0)
    assert (await arrives(desk, NEIGHBOUR, "n4"))[0] == "flagged"


async def test_who_may_not_mark_sees_no_buttons(desk: Desk) -> None:
    await without_email(desk)
    page = await desk.signed_in(await desk.colleague())
    await expect(page.locator(".row.current")).to_be_visible()
    await expect(page.get_by_role("button", name="Block this network…")).to_have_count(0)
