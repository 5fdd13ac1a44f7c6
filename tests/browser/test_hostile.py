"""What comments may hold breaks neither the layout nor the safety of the page."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk, fits, opened

ZALGO = "".join(letter + "\u0334\u0335\u0336\u0337\u0338\u0321\u0322" * 3 for letter in "he comes")
HOSTILE = {
    "markup": "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script><b>bold</b> &lt;plain",
    "script in a link": "<a href=\"javascript:document.title='taken'\">good.example</a> and http://evil.example/path",
    "turned around": "Pay at \u202eelpmaxe.live\u202c now, fr\u200bee v\u0456agra",
    "accents in stacks": f"{ZALGO} to the comments",
    "a word of 2,000 letters": f"W{'o' * 1_998}w",
    "65 kilobytes": "It was a dark and stormy night. " * 2_040,
    "line ends": "a\n" * 500 + "b",
    "control characters": "bell\u0007 back\u0008 escape\u001b[31m delete\u007f and \u2028 lines \ufeff",
    "right to left": "שלום לכולם, זה מאמר מצוין",
}


async def untouched(page: Page) -> None:
    """Nothing of a comment ran or became an element, and nothing of it can be followed."""
    assert re.fullmatch(r"\(\d+\) Queue · Antechamber", await page.title())
    for pane in (".comment-text", ".row-text"):
        assert await page.locator(f"{pane} :is(script, img, b, a, iframe, style)").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
async def test_hostile_comments_break_nothing(desk: Desk, width: int) -> None:
    await desk.submit(*HOSTILE.values(), author=f"<script>{'x' * 60}</script>\u202e{ZALGO[:80]}")
    page = await desk.signed_in(width=width)
    rows = page.locator(".row")
    await expect(rows).to_have_count(len(HOSTILE))
    await fits(page)
    for number in range(len(HOSTILE)):
        await rows.nth(number).get_by_role("link").click()
        await expect(page.locator(".comment-text:not([aria-busy])")).to_be_visible()
        await fits(page)
        await untouched(page)
        if width < 720:
            await page.get_by_role("button", name="Why").click()
            await fits(page)
            await page.get_by_role("button", name="Comment").click()
            await page.get_by_role("button", name="Back to the list").click()


async def test_what_is_hidden_is_shown(desk: Desk) -> None:
    await desk.submit(HOSTILE["turned around"])
    page = await desk.signed_in()
    await opened(page, "Pay at")
    text = page.locator(".comment-text .text")
    await expect(text.locator(".chip")).to_have_text(
        ["U+202E right-to-left override", "U+202C end of direction", "U+200B zero-width space"]
    )
    await expect(text.locator(".alike")).to_have_attribute("title", "Cyrillic letter in a Latin word")
    assert "\u202e" not in await text.inner_text()


async def test_links_tell_where_they_lead_and_lead_nowhere(desk: Desk) -> None:
    await desk.submit("See http://good.example.evil.example/path and http://pharm\u0430cy.example/")
    page = await desk.signed_in()
    await opened(page, "See http")
    links = page.get_by_role("region", name="Links")
    await expect(links.locator(".host").first).to_have_text("good.example.evil.example")
    await expect(links).to_contain_text("xn--pharmcy-6fg.example")
    assert await links.get_by_role("link").count() == 0
    assert await page.locator(".comment-text").get_by_role("link").count() == 0


async def test_a_very_long_comment_is_shown_whole_when_asked_for(desk: Desk) -> None:
    await desk.submit(HOSTILE["65 kilobytes"])
    page = await desk.signed_in()
    await opened(page, "It was a dark")
    await page.get_by_role("button", name="Show all 65,280 characters").click()
    await expect(page.get_by_role("button", name="Show all")).to_have_count(0)
    assert len(await page.locator(".comment-text .text").inner_text()) > 65_000
    await fits(page)


async def test_null_bytes_do_not_come_in_and_lose_nothing(desk: Desk) -> None:
    await desk.submit("bread\u0000and butter", author="A\u0000")
    page = await desk.signed_in()
    await opened(page, "bread")
    assert await page.locator(".comment-text .text").inner_text() == "bread\ufffdand butter"
