"""Which comments of a list are shown, in which order: by page, by several values, by time or severity; the address says it."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.desk import Desk, accessible, current, opened, row

RYE, OATS = "A post about rye", "A post about oats"


async def _held(desk: Desk) -> None:
    """Three comments on two pages, the second the worst."""
    for text, post in (
        ("Mild words on rye", RYE),
        ("You stupid idiot, I will kill you for your oats", OATS),
        ("Late words on rye", RYE),
    ):
        page = {"url": f"https://{desk.site}.example/{post.split()[-1]}", "title": post}
        await desk.submit(text, author=text.split()[0], page=page)


async def _texts(page: Page, *texts: str) -> None:
    """Wait until the list has these comments, in this order."""
    await expect(page.locator(".row-text")).to_have_text([re.compile(text) for text in texts])


def _facets(page: Page) -> Any:
    return page.get_by_role("group", name="Filters")


async def test_pages_and_several_values_are_chosen_by_keyboard_and_stay(desk: Desk) -> None:
    await _held(desk)
    page = await desk.signed_in(path="/queue?sort=oldest")
    await page.keyboard.press("f")
    await _facets(page).get_by_text("Page", exact=True).click()
    await _facets(page).get_by_role("button", name=RYE).press("Enter")
    await _texts(page, "Mild words", "Late words")
    await _facets(page).get_by_text("Author", exact=True).click()
    await _facets(page).get_by_role("button", name="Mild").press("Enter")
    await _texts(page, "Mild words")
    await _facets(page).get_by_role("button", name="Late").press("Enter")
    await _texts(page, "Mild words", "Late words")
    await accessible(page)
    await page.reload()
    await _texts(page, "Mild words", "Late words")
    await desk.submit("Elsewhere", author="Late")
    await desk.submit("More rye", author="Late", page={"url": f"https://{desk.site}.example/rye", "title": RYE})
    await expect(row(page, "More rye")).to_be_visible()
    await _texts(page, "Mild words", "Late words", "More rye")
    await page.get_by_title("Remove this filter: Page").click()
    await _texts(page, "Mild words", "Late words", "Elsewhere", "More rye")
    await page.get_by_title("Remove this filter: Author").first.click()
    await _texts(page, "Late words", "Elsewhere", "More rye")


async def test_a_long_title_of_a_page_leaves_counts_in_sight_in_every_list(desk: Desk) -> None:
    page_of = {"url": f"https://{desk.site}.example/long", "title": "Of bread that does not rise " * 6}
    (comment,) = await desk.submit("About the long one", page=page_of)
    page = await desk.signed_in()
    await opened(page, "About the long one")
    for name in ("flagged", "approved"):
        await page.goto(f"{desk.stack.base}/review#/queue?list={name}")
        if name == "flagged":
            await page.keyboard.press("f")
        await expect(row(page, "About the long one")).to_have_count(1)
        facet = page.locator("#facets .facet", has_text="Of bread that does not rise")
        await expect(facet.locator(".count")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("button", name="Save view")).to_be_in_viewport(ratio=1)
        if name == "flagged":
            await page.get_by_role("button", name="Approve").click()
            await desk.becomes(comment, "approved")


async def test_lists_are_read_in_another_order_and_arrivals_keep_it(desk: Desk) -> None:
    await _held(desk)
    page = await desk.signed_in()
    await page.keyboard.press("f")
    order = _facets(page).get_by_label("Order")
    await order.select_option("Newest first")
    await _texts(page, "Late words", "your oats", "Mild words")
    await desk.submit("Newest of all")
    await _texts(page, "Newest of all", "Late words", "your oats", "Mild words")
    await page.reload()
    await _texts(page, "Newest of all", "Late words", "your oats", "Mild words")
    await page.keyboard.press("f")
    await order.select_option("Most severe first")
    await expect(page.locator(".row-text").first).to_have_text(re.compile("your oats"))
    await expect(current(page)).to_contain_text("your oats")
    await accessible(page)
    await page.get_by_title("Remove this filter: Order").click()
    await expect(order).to_have_value("")
    await page.goto(f"{desk.stack.base}/review#/queue?list=rejected&sort=oldest")
    await expect(_facets(page).get_by_label("Order").locator("option")).to_have_text(["Newest first", "Oldest first"])


async def test_from_a_comment_one_gets_to_what_else_waits_from_its_page(desk: Desk) -> None:
    await _held(desk)
    page = await desk.signed_in()
    await row(page, "Late words").get_by_role("link").click()
    await opened(page, "Late words")
    await page.get_by_role("link", name="more from there").click()
    await _texts(page, "Mild words", "Late words")
