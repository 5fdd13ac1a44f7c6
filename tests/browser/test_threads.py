"""What stands beside a comment in its thread is folded, covered like everything else, and leads to where it is judged."""

from __future__ import annotations

from playwright.async_api import expect

from service.core.comment import Actor
from service.core.lifecycle import ActorKind
from tests.browser.desk import Desk, accessible, opened, row


async def test_other_answers_and_replies_are_folded_beside_a_comment(desk: Desk) -> None:
    await desk.submit("Rye is the best of breads", author="Ann", id="901")
    (answer,) = await desk.submit(
        "No, oats are", author="Bea", id="902", parent_id="901", context={"parent_text": "Rye is the best of breads"}
    )
    await desk.submit("You are a stupid idiot", author="Cy", id="903", parent_id="901")
    await desk.submit("Oats are no bread", author="Di", id="904", parent_id="902")
    page = await desk.signed_in()
    await row(page, "No, oats are").get_by_role("link").click()
    await opened(page, "No, oats are")
    threads = page.locator(".comment .thread")
    await expect(threads).to_have_count(2)
    await expect(threads.get_by_role("link")).to_have_count(0)
    other = threads.filter(has_text="1 other answer to the same")
    await other.locator("summary").click()
    await expect(other.get_by_role("link")).to_have_count(1)
    site, kim = (await desk.services.accounts.get(desk.site)).site, Actor(ActorKind.MODERATOR, "kim")
    await desk.services.review.decisions.note(site, answer, "Look at their bread", by=kim)  # what is unfolded stays so
    await expect(page.get_by_text("Look at their bread")).to_be_visible()
    await expect(threads.get_by_role("link")).to_have_count(1)
    await threads.filter(has_text="The latest answer").locator("summary").click()
    await expect(threads.get_by_role("link")).to_have_count(2)
    assert "idiot" not in await threads.first.inner_text()
    await accessible(page)
    await threads.get_by_role("link", name="Di").click()
    await opened(page, "Oats are no bread")
    await expect(threads).to_have_count(0)
    await page.keyboard.press("b")
    await row(page, "Rye is the best").get_by_role("link").click()
    await opened(page, "Rye is the best")
    await threads.locator("summary").click()
    await expect(threads.get_by_role("link")).to_have_count(2)
    await expect(threads.get_by_text("Bea")).to_have_count(0)
