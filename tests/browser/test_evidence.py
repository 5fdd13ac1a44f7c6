"""What is known beside the words, a line each, and every number a key away."""

from __future__ import annotations

import re

from playwright.async_api import expect

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from tests.browser.desk import PASSWORD, Desk, opened, row


async def test_evidence_is_said_in_a_line_each(desk: Desk) -> None:
    known = await desk.services.sites.get(desk.site)
    ids = await desk.submit(*(f"Loaf number {number}, so good" for number in ("one", "two", "three", "four")))
    for number, comment in enumerate(ids):
        outcome = Outcome.REJECT if number == 3 else Outcome.APPROVE
        await desk.services.moderation.decide(known.site, comment, outcome, actor=Actor(ActorKind.MODERATOR, "eve"))
    throwaway = {"name": "Bert", "email": "bert@mailinator.com", "ip": "192.0.2.7"}
    await desk.submit("Another from the same address", author=throwaway)
    await desk.submit("Ann once more, with a link https://loaf.example/")
    everywhere = f"{desk.name}-all"
    await desk.services.moderators.add(everywhere, Role.LEAD, (), PASSWORD)
    page = await desk.signed_in(everywhere, path=f"/queue?site={desk.site}")

    async def says(group: str, *facts: str) -> None:
        assert await page.locator(f'.ground[data-group="{group}"] .fact').all_inner_texts() == list(facts)

    await row(page, "Another from").get_by_role("link").click()
    await opened(page, "Another from")
    await says("author", "new here", "throw-away e-mail address")
    await says("address", "3 approved, 1 rejected", "1 other author", "4 more in 10 minutes")
    await says("network", "nothing more")
    await row(page, "Ann once").get_by_role("link").click()
    await opened(page, "Ann once")
    await says("author", "3 approved, 1 rejected", "4 more in 10 minutes")
    await says("text", "1 link")
    numbers = page.get_by_text("Comments of the author that stand approved on this site")
    await expect(numbers).to_be_hidden()
    await page.keyboard.press("i")
    await expect(numbers).to_be_visible()
    await page.keyboard.press("i")
    await expect(numbers).to_be_hidden()
    await page.get_by_text("All signals").click()
    await expect(numbers).to_be_visible()


async def test_why_readers_reported_it_and_what_was_measured_is_said_in_the_language_of_the_page(desk: Desk) -> None:
    known = await desk.services.sites.get(desk.site)
    (comment,) = await desk.submit(
        "BUY CHEAP PILLS at https://pills-now.example/buy today, 100 % OFF", author="cheap pills"
    )
    for reader, reason in (("r1", "spam"), ("r2", "spam"), ("r3", "insult"), ("r4", None)):
        await desk.services.redress.report(known.site, comment, reader, reason)
    page = await desk.window(locale="de-DE")
    await page.goto(f"{desk.stack.base}/review#/queue")
    await page.locator("#name").fill(desk.name)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("form button[type=submit]").click()
    await opened(page, "BUY CHEAP PILLS")
    await expect(page.get_by_text("4 Meldungen: Spam 2, Beleidigung 1")).to_be_visible()
    await page.locator("details.parts summary").click()
    parts = " ".join(await page.locator("details.parts li").all_inner_texts())
    assert "Großbuchstaben" in parts
    assert "Links zu verschiedenen Hosts" in parts
    assert not re.search("Capital|Digits|Link domains|registrierte", parts), parts
    await page.keyboard.press("f")
    await page.get_by_role("group", name="Filter").get_by_text("Hinweise", exact=True).click()
    await expect(page.get_by_role("button", name="kein Browser genannt")).to_be_visible()
