"""Handing over: to a colleague, with a note that stands on top for them, found under Mine; and who decided is a click away."""

from __future__ import annotations

from playwright.async_api import Page, expect

from service.core.moderator import Role
from tests.browser.desk import Desk, accessible, lists, opened, row


async def _hand(page: Page, to: str, note: str, button: str = "Escalate") -> None:
    await page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("To", exact=True).select_option(to)
    await dialog.get_by_label("What should they know?").fill(note)
    await accessible(page)
    await dialog.get_by_role("button", name=button).click()


async def test_a_colleague_finds_it_among_theirs_with_the_note_on_top(desk: Desk) -> None:
    colleague = await desk.colleague(Role.LEAD)
    (comment,) = await desk.submit("A hard one")
    page = await desk.signed_in()
    await opened(page, "A hard one")
    await _hand(page, f"moderator:{colleague}", "You know this author")
    await expect(page.locator(".toast")).to_contain_text(f"Handed to {colleague}.")
    theirs = await desk.signed_in(colleague)
    await lists(theirs).get_by_role("link", name="Mine 1").click()
    await opened(theirs, "A hard one")
    await expect(row(theirs, "A hard one")).to_contain_text(f"For {colleague}")
    top = theirs.get_by_role("region", name="Handed over")
    await expect(top).to_contain_text("Handed to you")
    await expect(top).to_contain_text("You know this author")
    await accessible(theirs)
    await _hand(theirs, "role:operator", "Rather an operator", "Hand over")
    await expect(theirs.get_by_text("What colleagues hand to you")).to_be_visible()
    await expect(page.locator(".toast", has_text="Something was handed over to you.")).to_be_visible()
    await page.keyboard.press("g")
    await page.keyboard.press("m")
    await opened(page, "A hard one")
    await expect(lists(page).get_by_role("link", name="Mine 1")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("region", name="Handed over")).to_contain_text("Handed to you")
    await page.keyboard.press("a")
    await desk.becomes(comment, "approved")


async def test_who_decided_is_a_click_away(desk: Desk) -> None:
    colleague = await desk.colleague()
    first, second = await desk.submit("Decided by a colleague", "Decided by me")
    theirs = await desk.signed_in(colleague, path=f"/queue?id={first}")
    await opened(theirs, "Decided by a colleague")
    await theirs.keyboard.press("a")
    await desk.becomes(first, "approved")
    page = await desk.signed_in(path=f"/queue?id={second}")
    await opened(page, "Decided by me")
    await page.keyboard.press("a")
    await desk.becomes(second, "approved")
    await page.goto(f"{desk.stack.base}/review#/queue?list=approved&id={first}")
    await opened(page, "Decided by a colleague")
    await page.locator(".evidence").get_by_role("link", name=colleague).first.click()
    await expect(page.locator(".filter-chip")).to_contain_text(f"decided by {colleague}")
    await expect(page.locator(".row")).to_have_count(1)
    await expect(row(page, "Decided by a colleague")).to_be_visible()
    await accessible(page)


async def test_a_half_written_note_is_kept(desk: Desk) -> None:
    await desk.submit("A hard one")
    page = await desk.signed_in(width=390, height=844)
    await row(page, "A hard one").get_by_role("link").click()
    await opened(page, "A hard one")
    await page.get_by_role("button", name="Escalate…").click()
    note = page.get_by_label("What should they know?")
    await note.fill("Half a sen")
    await accessible(page)
    await page.keyboard.press("Escape")
    await page.reload()
    await opened(page, "A hard one")
    await page.get_by_role("button", name="Escalate…").click()
    await expect(note).to_have_value("Half a sen")
