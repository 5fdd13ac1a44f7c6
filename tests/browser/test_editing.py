"""Editing a text before it is approved: its own place, what changes, what was wrong; and nothing typed is lost."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.desk import Desk, accessible, opened, row

TEXT = "I sell my old oven, call me: 030 123456, or see https://ovens.example"


async def take_edits(desk: Desk) -> None:
    """Let the desk's site take edits."""
    await desk.services.sites.change(desk.site, accepts_edits=True)


async def begun(page: Page, text: str = "my old oven") -> None:
    await opened(page, text)
    await page.keyboard.press("t")
    await expect(page.get_by_label("The text that readers will see")).to_be_focused()


async def test_a_phone_number_is_masked_and_the_comment_approved(desk: Desk) -> None:
    await take_edits(desk)
    comment, other = await desk.submit(TEXT, "Another that waits")
    page = await desk.signed_in(path=f"/queue?id={comment}")
    await begun(page)
    editor = page.get_by_role("region", name="Edit before approving")
    field = page.get_by_label("The text that readers will see")
    await expect(field).to_have_value(TEXT)
    await expect(page.get_by_role("toolbar", name="Decide")).to_be_hidden()
    await accessible(page)
    await field.evaluate("(node) => node.setSelectionRange(29, 39)")
    await editor.get_by_role("button", name="Mask the selection").click()
    await expect(editor.locator("del")).to_contain_text("030")
    await expect(editor.locator("ins")).to_contain_text("•••")
    await editor.get_by_role("button", name="Approve this text").click()
    await expect(editor.get_by_role("alert")).to_contain_text("what was wrong")
    await editor.get_by_label("What was wrong with the author’s text?").select_option("personal-data")
    await accessible(page)
    await field.press("Control+Enter")
    await desk.becomes(comment, "approved")
    await expect(page.locator(".toast")).to_contain_text("Approved with the edited text.")
    await opened(page, "Another that waits")
    kept = await desk.services.comments.get(comment)
    assert kept is not None
    assert kept.edit is not None
    assert kept.edit.content == TEXT.replace("030 123456", "•••")
    assert await desk.state(other) == "flagged"
    await page.goto(f"{desk.stack.base}/review#/queue?list=approved&id={comment}")
    shown = page.get_by_role("region", name="As readers see it")
    await expect(shown).to_contain_text(f"edited by {desk.name}")
    await expect(shown.locator("ins")).to_contain_text("•••")
    await expect(row(page, "my old oven")).to_contain_text("Edited")
    await page.locator(".history summary", has_text="Show the edited text").click()
    await expect(page.locator(".history .note")).to_contain_text("•••")
    await accessible(page)


async def test_no_key_decides_while_one_edits_and_what_was_typed_is_kept(desk: Desk) -> None:
    await take_edits(desk)
    (comment,) = await desk.submit(TEXT)
    page = await desk.signed_in()
    await begun(page)
    field = page.get_by_label("The text that readers will see")
    await field.fill("I sell my old oven")
    await page.locator(".comment").click()
    for key in ("a", "s", "e"):
        await page.keyboard.press(key)
    assert await desk.state(comment) == "flagged"
    await field.press("Escape")
    await expect(page.get_by_role("toolbar", name="Decide")).to_be_visible()
    await page.reload()
    await begun(page)
    await expect(field).to_have_value("I sell my old oven")
    await page.get_by_role("button", name="Discard", exact=True).click()
    await begun(page)
    await expect(field).to_have_value(TEXT)
    await page.get_by_role("button", name="Approve this text").click()
    await expect(page.get_by_role("alert").filter(has_text="Nothing is changed")).to_be_visible()
    assert await desk.state(comment) == "flagged"


async def test_undone_the_edit_can_be_gone_on_with_and_taken_back(desk: Desk) -> None:
    await take_edits(desk)
    (comment,) = await desk.submit(TEXT)
    page = await desk.signed_in()
    await begun(page)
    field, why = (
        page.get_by_label("The text that readers will see"),
        page.get_by_label("What was wrong with the author’s text?"),
    )
    await field.fill("I sell my old oven")
    await why.select_option("nothing")
    await page.get_by_role("button", name="Approve this text").click()
    await expect(page.locator(".toast")).to_contain_text("Approved with the edited text.")
    await page.keyboard.press("z")
    await desk.becomes(comment, "flagged")
    await begun(page)
    await expect(field).to_have_value("I sell my old oven")
    await expect(why).to_have_value("nothing")
    await field.press("Control+Enter")
    await desk.becomes(comment, "approved")
    await page.goto(f"{desk.stack.base}/review#/queue?list=approved&id={comment}")
    await begun(page)
    await page.get_by_role("button", name="The author’s words again").click()
    await page.get_by_role("button", name="Approve this text").click()

    async def back() -> bool:
        found = await desk.services.comments.get(comment)
        return found is not None and found.edit is None

    await expect(page.locator(".toast", has_text="edited text").last).to_be_visible()
    assert await back()


async def test_an_author_who_writes_meanwhile_is_not_overwritten(desk: Desk) -> None:
    await take_edits(desk)
    (comment,) = await desk.submit(TEXT, id="e-1")
    page = await desk.signed_in()
    await begun(page)
    field = page.get_by_label("The text that readers will see")
    await field.fill("I sell my old oven")
    await page.get_by_label("What was wrong with the author’s text?").select_option("personal-data")
    await desk.submit("I sell my new oven now", id="e-1")
    await expect(page.get_by_text("The author changed the text")).to_be_visible()
    await field.press("Control+Enter")
    assert await desk.state(comment) == "flagged"
    await page.get_by_role("button", name="Judge the new text").click()
    await expect(page.get_by_text("The author changed the text after you had begun.")).to_be_visible()
    await expect(field).to_have_value("I sell my old oven")
    await expect(page.locator(".edit-changes del").first).to_have_text("new")


async def test_where_a_site_takes_none_no_edit_is_offered(desk: Desk) -> None:
    await desk.submit(TEXT)
    page = await desk.signed_in()
    await opened(page, "my old oven")
    await expect(page.get_by_role("button", name="Edit…")).to_have_count(0)
    await page.keyboard.press("t")
    await expect(page.get_by_role("region", name="Edit before approving")).to_be_hidden()


async def test_on_a_phone_there_is_room_for_it(desk: Desk) -> None:
    await take_edits(desk)
    await desk.submit(TEXT)
    page = await desk.signed_in(width=390, height=844, color_scheme="dark")
    await row(page, "my old oven").get_by_role("link").click()
    await opened(page, "my old oven")
    await page.get_by_role("button", name="Edit…").click()
    await page.get_by_label("The text that readers will see").fill("I sell my old oven")
    await accessible(page)
    await expect(page.get_by_role("button", name="Approve this text")).to_be_in_viewport()
