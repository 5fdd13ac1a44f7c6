"""Signing in and out."""

from __future__ import annotations

import time

import pyotp
from playwright.async_api import expect

from service.workers.deliver.notice_shapes import links
from tests.browser.desk import PASSWORD, Desk, accessible, opened


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


async def test_a_link_to_a_comment_signs_nobody_in_and_leads_there_once_they_are(desk: Desk) -> None:
    """As notices have them (docs/notifications.md)."""
    first, _ = await desk.submit("The one that was told of", "Another")
    page = await desk.window()
    await page.goto(links(desk.stack.base)(first))
    await expect(page.get_by_label("Password")).to_be_visible()
    await expect(page.get_by_text("The one that was told of")).to_have_count(0)
    await desk.sign_in(page, desk.name)
    await opened(page, "The one that was told of")


async def test_signing_out_ends_the_session(desk: Desk) -> None:
    page = await desk.signed_in(path="/settings")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_a_session_that_ended_elsewhere_leads_back_to_signing_in(desk: Desk) -> None:
    page = await desk.signed_in(path="/statistics")
    await expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    await desk.services.moderators.sign_out_everywhere(desk.name)
    desk.forgive("401")
    await page.get_by_role("combobox", name="Time").select_option("7")
    await expect(page.get_by_text("Your session is over. Please sign in again.")).to_be_visible()
    await desk.sign_in(page, desk.name, PASSWORD)
    await expect(page.get_by_role("heading", name="Statistics")).to_be_visible()


async def test_a_password_of_ones_own_and_a_second_factor(desk: Desk) -> None:
    page = await desk.signed_in(path="/settings")
    desk.forgive("422")
    await page.get_by_role("button", name="Change password…").click()
    await page.get_by_label("Present password").fill("wrong horse battery")
    await page.get_by_label("New password").fill("a better password")
    await page.get_by_label("And again").fill("another one")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_text("The new passwords differ.")).to_be_visible()
    await page.get_by_label("And again").fill("a better password")
    await accessible(page)
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_text("This is not your password.")).to_be_visible()
    await page.get_by_label("Present password").fill(PASSWORD)
    await page.get_by_role("button", name="Change it").click()
    await expect(page.locator(".toast", has_text="Your password is changed")).to_be_visible()

    await page.get_by_role("button", name="Set up a second factor…").click()
    await page.get_by_label("Present password").fill("a better password")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("img", name="QR code of the key")).to_be_visible()
    key = await page.locator(".key-text").text_content()
    assert key is not None
    await accessible(page)
    await page.get_by_label("Code from the app").fill(pyotp.TOTP(key).at(int(time.time()) - 30))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator(".codes li")).to_have_count(10)
    codes = await page.locator(".codes li").all_text_contents()
    await accessible(page)
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_text("You have a second factor, and 10 recovery codes left.")).to_be_visible()

    await page.get_by_role("button", name="Sign out", exact=True).click()
    desk.forgive("401")
    await desk.sign_in(page, desk.name, "a better password")
    await expect(page.get_by_label("Code from your app")).to_be_focused()
    await accessible(page)
    await page.get_by_label("Code from your app").fill("000000")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_have_text("The code is not right, or was used already.")
    await page.get_by_label("Code from your app").fill(codes[0])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("link", name=f"Settings of {desk.name}")).to_be_visible()


async def test_a_site_that_wants_a_second_factor_lets_nobody_do_without(desk: Desk) -> None:
    await desk.submit("Hello")
    page = await desk.signed_in()
    await expect(page.locator(".row")).to_have_count(1)
    desk.forgive("403")
    await desk.services.sites.change(desk.site, second_factor=True)
    await page.reload()
    await expect(page.get_by_text("needs a second factor. Set it up to go on.")).to_be_visible()
    await accessible(page)
    await page.goto(f"{desk.stack.base}/review#/queue")
    await expect(page.locator(".row")).to_have_count(0)
    await expect(page.get_by_text("needs a second factor. Set it up to go on.")).to_be_visible()
    await page.get_by_role("button", name="Set up a second factor…").click()
    await page.get_by_label("Present password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    key = await page.locator(".key-text").text_content()
    assert key is not None
    await page.get_by_label("Code from the app").fill(pyotp.TOTP(key).at(int(time.time())))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator(".codes li")).to_have_count(10)
    codes = await page.locator(".codes li").all_text_contents()
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.locator(".row")).to_have_count(1)
    await page.goto(f"{desk.stack.base}/review#/settings")
    await expect(page.get_by_text("You have a second factor, and 10 recovery codes left.")).to_be_visible()
    await expect(page.get_by_role("button", name="Take it away…")).to_have_count(0)

    await page.get_by_role("button", name="Sign out", exact=True).click()
    desk.forgive("401")
    await desk.sign_in(page, desk.name)
    await page.get_by_label("Code from your app").fill(codes[3].upper().replace("-", " "))  # as people type it
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{desk.stack.base}/review#/settings")
    await expect(page.get_by_text("You have a second factor, and 9 recovery codes left.")).to_be_visible()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await desk.sign_in(page, desk.name)
    await page.get_by_label("Code from your app").fill(codes[3])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_have_text("The code is not right, or was used already.")
