"""Signing in and out."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.desk import PASSWORD, Desk, accessible


async def test_wrong_and_right_passwords(desk: Desk) -> None:
    page = await desk.window()
    await page.goto(f"{desk.stack.base}/review")
    await expect(page.get_by_label("Name")).to_be_focused()
    await accessible(page)
    await desk.sign_in(page, desk.name, "wrong horse battery")
    await expect(page.get_by_role("alert")).to_have_text("That name and password don't fit together.")
    await expect(page.get_by_label("Password")).to_be_focused()
    await accessible(page)
    await desk.sign_in(page, desk.name)
    await expect(page.get_by_role("link", name=f"Settings of {desk.name}")).to_be_visible()


async def test_signing_out_ends_the_session(desk: Desk) -> None:
    page = await desk.signed_in(path="/settings")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_a_session_that_ended_elsewhere_leads_back_to_signing_in(desk: Desk) -> None:
    page = await desk.signed_in(path="/statistics")
    await expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    await desk.resources.staff.sign_out_everywhere(desk.name)
    desk.forgive("401")
    await page.get_by_role("combobox", name="Time").select_option("7")
    await expect(page.get_by_text("Your session is over. Please sign in again.")).to_be_visible()
    await desk.sign_in(page, desk.name, PASSWORD)
    await expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
