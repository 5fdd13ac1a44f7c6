"""What is shown is what is judged: text, evidence and actions of one comment, seen before they are decided."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, expect

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from tests.browser.desk import Desk, accessible, current, lists, opened, row
from tests.support.waiting import until


class Gate:
    """Holds answers about comments back until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self.open.wait()
        await route.continue_()


async def hold(page: Page, comment: str) -> Gate:
    """Hold back what is known of a comment."""
    gate = Gate()
    await page.route(f"**/review/api/comments/{comment}*", gate)
    return gate


async def appealed(desk: Desk, text: str, words: str, by: str) -> str:
    """A comment that a moderator rejected, and whose author appeals."""
    (comment,) = await desk.submit(text)
    known = await desk.services.accounts.find(desk.site)
    assert known is not None
    actor = Actor(ActorKind.MODERATOR, by)
    await desk.services.review.decisions.decide(
        known.site, comment, Outcome.REJECT, by=actor, revision=None, reasons=["off-topic"], until=0
    )
    headers = {"Authorization": f"Bearer {desk.key}"}
    async with desk.http.get(f"{desk.stack.base}/v1/comments/{comment}/statement", headers=headers) as response:
        link = (await response.json())["appeal"]["url"]
    link = desk.stack.base + re.sub(r"^https?://[^/]+", "", link)
    async with desk.http.post(link, data={"text": words}) as response:
        assert response.status == 200, await response.text()
    return comment


async def test_evidence_of_another_comment_is_never_shown(desk: Desk) -> None:
    await desk.submit("I wrote the first one", author="Ann")
    (second,) = await desk.submit("I wrote the second one", author="Bert")
    page = await desk.signed_in()
    await row(page, "the first one").get_by_role("link").click()
    await opened(page, "the first one")
    await expect(page.get_by_role("button", name="Block…")).to_be_visible()
    await page.reload()  # nothing is read ahead any more
    gate = await hold(page, second)
    await opened(page, "the first one")
    await page.keyboard.press("j" if await current(page).get_attribute("aria-posinset") == "1" else "k")
    await expect(current(page)).to_contain_text("the second one")
    await expect(page.locator(".comment")).to_contain_text("Bert")
    await expect(page.locator(".evidence [aria-busy=true]")).to_be_visible()
    await expect(page.locator(".evidence")).not_to_contain_text("Ann")
    await expect(page.get_by_role("button", name="Block…")).to_have_count(0)
    await accessible(page)
    for key in ("a", "s", "r", "e", "l"):
        await page.keyboard.press(key)
    await page.get_by_role("toolbar", name="Decide").get_by_role("button").first.click(force=True)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator(".row")).to_have_count(2)
    gate.open.set()
    await opened(page, "the second one")
    await page.get_by_role("button", name="Block…").click()
    await expect(page.get_by_role("dialog")).to_contain_text(f"Block Bert on {desk.site}?")
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await desk.becomes(second, "approved")


async def test_what_could_not_be_read_says_so_and_is_read_again(desk: Desk) -> None:
    (comment,) = await desk.submit("Hard to read today")
    page = await desk.signed_in(path="/statistics")
    failing, asked = True, 0

    async def fail(route: Route) -> None:
        nonlocal asked
        asked += 1
        if failing:
            await route.fulfill(status=503, json={"detail": "Not now."})
        else:
            await route.continue_()

    desk.forgive("503")
    await page.route(f"**/review/api/comments/{comment}?*", fail)
    await page.route(f"**/review/api/comments/{comment}", fail)
    await page.goto(f"{desk.stack.base}/review#/queue")
    await expect(page.get_by_role("heading", name="This comment can't be shown")).to_be_visible()
    await accessible(page)
    await page.keyboard.press("a")
    again = page.get_by_role("button", name="Try again")
    for _ in range(4):  # the more often it failed, the longer the page waits before it asks by itself
        before = asked
        await again.dispatch_event("click")
        await until(lambda before=before: asked > before)
        await expect(again).to_be_visible()
    failing = False
    await again.click()
    await opened(page, "Hard to read today")
    assert await desk.state(comment) == "flagged"


@pytest.mark.parametrize("key", ["a", "Enter"])
async def test_a_held_key_decides_one_comment(desk: Desk, key: str) -> None:
    ids = await desk.submit(*(f"Held key, number {number}" for number in range(5)))
    page = await desk.signed_in()
    await opened(page, "Held key")
    await expect(page.locator('.actions[aria-busy="false"]')).to_be_visible()
    await page.locator(".actions [data-act=approve]").focus()
    for _ in range(30):
        await page.keyboard.down(key)  # the same key again without a release: a repeat
        await asyncio.sleep(0.05)  # the next one comes to be on the screen for long enough
    await page.keyboard.up(key)
    await expect(page.locator(".row")).to_have_count(4)
    await opened(page, "Held key")
    states = [await desk.state(comment) for comment in ids]
    assert sorted(states) == ["approved", *["flagged"] * 4]


async def test_a_comment_is_decided_only_once_it_was_on_the_screen(desk: Desk) -> None:
    (comment,) = await desk.submit("Look at me first")
    page = await desk.window()

    async def slow(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "look": 3600} if answer.ok else None)

    await page.route("**/review/api/session", slow)
    await page.goto(f"{desk.stack.base}/review")
    await desk.sign_in(page, desk.name)
    await expect(page.locator(".comment .comment-text:not([aria-busy])")).to_contain_text("Look at me first")
    await expect(page.locator(".evidence section").first).to_be_attached()
    await page.keyboard.press("a")
    await expect(page.locator("#live")).to_contain_text("Not yet")
    await page.get_by_role("button", name="Spam", exact=True).click(force=True)
    await expect(page.locator(".row")).to_have_count(1)
    assert await desk.state(comment) == "flagged"


async def test_an_edit_while_one_looks_is_shown_and_judged(desk: Desk) -> None:
    (comment,) = await desk.submit("I like the rye bread", id="edited-while-looking")
    page = await desk.signed_in()
    await opened(page, "I like the rye bread")
    await desk.submit("I like the wheat bread", id="edited-while-looking")
    news = page.locator(".banner.news")
    await expect(news).to_contain_text("The author changed the text while you were looking.")
    await expect(news.locator("del").first).to_be_visible()
    await expect(news.locator("ins").first).to_be_visible()
    await expect(page.locator(".comment-text .text").last).to_contain_text("rye")
    await accessible(page)
    await page.keyboard.press("s")
    await expect(page.get_by_role("button", name="Judge the new text")).to_be_focused()
    assert await desk.state(comment) == "flagged"
    await page.keyboard.press("Enter")
    await opened(page, "I like the wheat bread")
    await expect(news).to_have_count(0)
    await page.keyboard.press("a")
    await desk.becomes(comment, "approved")


async def test_an_approval_of_an_old_text_says_that_the_author_changed_it(desk: Desk) -> None:
    (comment,) = await desk.submit("A harmless line", id="stale")
    page = await desk.signed_in(deaf=True)
    await opened(page, "A harmless line")
    await desk.submit("Another line altogether", id="stale")
    desk.forgive("409")
    await page.keyboard.press("a")
    await expect(page.locator(".toast.bad")).to_have_text(
        "The author changed the text meanwhile. Yours was not carried out."
    )
    await expect(page.locator(".banner.news")).to_contain_text("The author changed the text")
    assert await desk.state(comment) == "flagged"
    await page.get_by_role("button", name="Judge the new text").click()
    await opened(page, "Another line altogether")
    await page.keyboard.press("a")
    await desk.becomes(comment, "approved")


async def test_what_somebody_else_decided_can_be_decided_anew(desk: Desk) -> None:
    (comment,) = await desk.submit("Both look at this one here")
    other = await desk.colleague()
    mine, theirs = await desk.signed_in(), await desk.signed_in(other)
    await opened(theirs, "Both look")
    await opened(mine, "Both look")
    await mine.keyboard.press("a")
    await expect(theirs.locator(".banner.news")).to_contain_text(f"Approved by {desk.name} while you were looking.")
    await theirs.keyboard.press("s")
    assert await desk.state(comment) == "approved"
    await theirs.get_by_role("button", name="Show it as it is now").click()
    await expect(theirs.get_by_role("button", name="Confirm")).to_be_visible()
    await opened(theirs, "Both look")
    await theirs.keyboard.press("s")
    await desk.becomes(comment, "rejected")


async def test_an_appeal_is_read_and_judged_by_somebody_else(desk: Desk) -> None:
    judge = await desk.colleague()
    mine = await appealed(desk, "My first comment", "I meant the bread, not the baker.", desk.name)
    page = await desk.signed_in(path="/queue?list=appealed")
    await opened(page, "My first comment")
    words = page.get_by_role("region", name="The author's appeal")
    await expect(words).to_contain_text("I meant the bread, not the baker.")
    await expect(words).to_contain_text("You decided this one, so somebody else judges the appeal.")
    await expect(page.get_by_role("toolbar", name="Decide")).to_have_count(0)
    await page.keyboard.press("a")
    await accessible(page)
    theirs = await desk.signed_in(judge, path="/queue?list=appealed")
    await opened(theirs, "My first comment")
    await expect(theirs.get_by_role("region", name="The author's appeal")).to_contain_text("I meant the bread")
    await accessible(theirs)
    await theirs.get_by_role("button", name="Uphold").click()
    await expect(theirs.get_by_role("heading", name="Nothing here")).to_be_visible()
    found = await desk.services.comments.get(mine)
    assert found is not None
    assert found.decision is not None
    assert not found.appealed
    assert (str(found.state), str(found.decision.actor)) == ("rejected", f"moderator:{judge}")
    assert [reason.code for reason in found.decision.reasons] == ["off-topic"]
    second = await appealed(desk, "My second comment", "Please.", desk.name)
    await expect(row(theirs, "My second comment")).to_be_visible()
    await opened(theirs, "My second comment")
    await theirs.keyboard.press("a")
    await desk.becomes(second, "approved")


async def test_many_tabs_share_one_stream(desk: Desk) -> None:
    await desk.submit("Open me in many tabs")
    first = await desk.signed_in()
    await opened(first, "Open me")
    tabs = [first]
    for _ in range(7):  # a browser has six connections to a host
        tab = await first.context.new_page()
        await tab.goto(f"{desk.stack.base}/review#/queue")
        await opened(tab, "Open me")
        tabs.append(tab)
    await desk.submit("All of them hear of me")
    for tab in tabs:
        await expect(row(tab, "All of them hear of me")).to_be_visible()
    await tabs[3].close()
    await tabs[-1].keyboard.press("a")
    await expect(first.locator(".row .tag.done").or_(first.locator(".banner.news")).first).to_be_visible()


async def unseen(page: Page, hidden: bool) -> None:
    """As if the tab were hidden, or came into sight again."""
    await page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


async def test_a_hidden_tab_hears_nothing_and_catches_up(desk: Desk) -> None:
    await desk.submit("I was here before")
    page = await desk.signed_in()
    await opened(page, "I was here before")
    await unseen(page, True)
    (comment,) = await desk.submit("I came in meanwhile")
    assert comment
    await expect(page.locator(".row")).to_have_count(1)
    await unseen(page, False)
    await expect(page.locator(".row")).to_have_count(2)
    await expect(lists(page).get_by_role("link", name="To review 2")).to_be_visible()


def wave(count: int) -> list[str]:
    """Near-duplicates."""
    words = "Thank you for this recipe, my rye bread came out well and the whole family enjoyed it this morning"
    return [f"{words}, number {number}" for number in range(count)]


async def test_a_campaign_that_the_machine_approved_is_found_and_decided_as_one(desk: Desk) -> None:
    await desk.policy("approve-first", doubting=True)
    ids = await desk.submit(*wave(5), author="Loans", held=False)
    await until(lambda: _all(desk, ids, "approved"))
    page = await desk.signed_in(await desk.colleague(Role.MODERATOR), path="/campaigns")
    card = page.get_by_role("region", name="5 near-duplicates")
    await expect(card).to_contain_text("on 1 site")
    await expect(card).to_contain_text("5 approved")
    await accessible(page)
    await card.get_by_role("link", name="Show them").click()
    await expect(page.locator(".small-rows li")).to_have_count(5)
    await accessible(page)
    await page.get_by_role("button", name="Decide all…").click()
    await page.get_by_role("button", name="Reject all").click()
    await until(lambda: _all(desk, ids, "rejected"))
    await expect(page.get_by_text("5 rejected")).to_be_visible()


async def _all(desk: Desk, ids: list[str], state: str) -> bool:
    return all(one is not None and one.state == state for one in await desk.services.comments.get_many(ids))


async def test_how_long_ago_is_said_within_a_sentence_alone(desk: Desk) -> None:
    (comment,) = await desk.submit("Long ago, or not")
    site = (await desk.services.accounts.get(desk.site)).site
    await desk.services.moderation.decide(site, comment, Outcome.REJECT, actor=Actor(ActorKind.MODERATOR, "eve"))
    page = await desk.signed_in(path="/settings")
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=5, seconds=30))
    await page.goto(f"{desk.stack.base}/review#/queue?list=rejected&id={comment}")
    await opened(page, "Long ago")
    await expect(page.locator(".banner time")).to_have_text("5 min ago")
    await expect(current(page).locator("time")).to_have_text("5 mins")
