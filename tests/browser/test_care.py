"""Care for who reads this all day: the worst words, and authors' names, are nowhere in the page until one asks for them."""

from __future__ import annotations

import re

from playwright.async_api import Page, Route, expect

from tests.browser.desk import Desk, accessible, current, opened, row

RUDE = "You are a complete idiot and a pathetic moron, shut up"
FIRST = "You are a stupid idiot and a pathetic moron, shut up"


async def nowhere(page: Page, *words: str) -> None:
    """Not a letter of it is in the document: no text, no tooltip, no label."""
    for word in words:
        await expect(page.locator(".comment-text:not([aria-busy])")).to_be_visible()
        assert word.lower() not in (await page.content()).lower()


async def unexplained(route: Route) -> None:
    """The service's answer without what it explains."""
    answer = await route.fetch()
    await route.fulfill(
        response=answer, body=re.sub(r'"explanation":\{.*?\]\}', '"explanation":null', await answer.text())
    )


async def test_the_worst_words_are_nowhere_until_asked_for(desk: Desk) -> None:
    await desk.submit(RUDE, "A fine post about rye")
    page = await desk.signed_in()
    await row(page, "You are a").get_by_role("link").click()
    await opened(page, "You are a")
    hidden = page.get_by_role("button", name="Covered words; press to show")
    await expect(hidden.first).to_be_visible()
    await nowhere(page, "idiot", "moron")
    await accessible(page)
    before = await hidden.count()
    await hidden.first.focus()
    await page.keyboard.press("Enter")
    await expect(hidden).to_have_count(before - 1)
    await expect(current(page)).not_to_contain_text("idiot")
    await page.keyboard.press("u")
    await expect(hidden).to_have_count(0)
    await expect(current(page)).to_contain_text("idiot")
    await page.reload()
    await opened(page, "You are a")
    await expect(hidden.first).to_be_visible()
    await page.keyboard.press("u")
    await expect(hidden).to_have_count(0)
    await page.keyboard.press("u")
    await expect(hidden.first).to_be_visible()
    await nowhere(page, "idiot", "moron")


async def test_the_list_covers_what_nobody_has_opened(desk: Desk) -> None:
    await desk.submit(RUDE, "A fine post about rye", author="Somebody rude")
    page = await desk.signed_in(deaf=True)
    await row(page, "A fine post").get_by_role("link").click()
    await opened(page, "A fine post")
    await expect(page.locator(".row", has_text="(covered)")).to_have_count(1)
    await nowhere(page, "idiot", "moron")  # also among the author's other comments, in the evidence
    await page.keyboard.press("s")
    await expect(page.locator(".toast")).to_contain_text("Rejected as spam")
    await nowhere(page, "idiot", "moron")


async def test_words_that_nobody_can_tell_from_the_others_are_all_covered(desk: Desk) -> None:
    desk.forgive("503")
    await desk.submit(f"{RUDE} http://idiot.example/moron")
    page = await desk.window()
    await page.route("**/review/api/comments**", unexplained)
    await page.route("**/explanation?*", lambda route: route.fulfill(status=503, json={"detail": "No model."}))
    await page.goto(f"{desk.stack.base}/review")
    await desk.sign_in(page, desk.name)
    show = page.get_by_role("button", name="Show the words")
    await expect(show).to_be_visible()
    await nowhere(page, "you are a complete", "idiot", "moron")
    await show.click()
    await opened(page, RUDE)
    await expect(page.get_by_role("region", name="Links")).to_contain_text("idiot.example")
    await expect(current(page)).to_contain_text("idiot")


async def test_earlier_words_and_near_duplicates_are_covered_as_well(desk: Desk) -> None:
    await desk.submit(FIRST, id="edited-rude")
    await desk.submit(RUDE, id="edited-rude")
    for number in range(3):
        await desk.submit(
            f"{RUDE} number {number}, I tell you once more, and everybody else here", author=f"Copy{number}"
        )
    page = await desk.signed_in()
    for index in range(4):
        await page.locator(".row").nth(index).get_by_role("link").click()
        await opened(page, "You are a")
        await expect(page.get_by_role("button", name="Covered words; press to show").first).to_be_visible()
        await nowhere(page, "idiot", "moron", "stupid")
        if await page.get_by_text("Edited once").count():
            await page.get_by_text("Edited once").click()
            await nowhere(page, "idiot", "moron", "stupid")
            await page.locator(".earlier").get_by_role("button", name="Show the words").click()
            await expect(page.locator(".diff del")).to_have_text("stupid")
            await expect(page.locator(".comment-text .text")).to_contain_text("idiot")
            break
    else:
        raise AssertionError("the edited comment is not in the list")


async def test_authors_names_are_nowhere_when_one_judges_blind(desk: Desk) -> None:
    (parent,) = await desk.submit("I began this", author="Famous", id="p1")
    assert parent
    await desk.submit("By somebody famous", "Another by the same, with rye", author="Famous", parent_id="p1", held=True)
    page = await desk.signed_in()
    await row(page, "By somebody famous").get_by_role("link").click()
    await opened(page, "By somebody famous")
    await expect(page.get_by_role("heading", name="Famous")).to_be_visible()
    await page.get_by_role("button", name="Filters").click()
    facets = page.get_by_role("group", name="Filters")
    await facets.get_by_text("Author", exact=True).click()
    await expect(facets.get_by_role("button", name="Famous")).to_be_visible()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("b")
    await expect(page.get_by_role("heading", name="Somebody")).to_be_visible()
    await expect(facets.get_by_role("button", name="Famous")).to_have_count(0)
    assert "Famous" not in await page.content()
    await accessible(page)
