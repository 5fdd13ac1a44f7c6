"""Nothing typed is lost: an expired session, another sign-in, going elsewhere, a reload; and one comes back to where one was."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from service.core.moderator import Role
from tests.browser.desk import PASSWORD, Desk, accessible, current, lists, opened, row
from tests.support.waiting import until


async def sign_in_over(desk: Desk, page: Page, name: str = "") -> None:
    """Sign in over the page."""
    dialog = page.get_by_role("dialog", name="Sign in again")
    await expect(dialog).to_contain_text("Your session is over.")
    await accessible(page)
    await desk.sign_in(page, name or desk.name, PASSWORD)
    await expect(dialog).to_have_count(0)


async def test_an_expired_session_takes_nothing_away(desk: Desk) -> None:
    comments = await desk.submit("First while signed in", "Second while signed in", "Third while signed in")
    page = await desk.signed_in()
    await row(page, "Second").get_by_role("checkbox").click()
    await row(page, "First").get_by_role("link").click()
    await opened(page, "First")
    await page.get_by_label("A note for other moderators").fill("Half a note")
    await page.locator(".comment").click()
    await desk.services.moderators.sign_out_everywhere(desk.name)
    desk.forgive("401")
    await page.keyboard.press("a")
    over = page.get_by_role("dialog", name="Sign in again")
    await expect(over.get_by_label("Name", exact=True)).to_have_value(desk.name)
    await expect(over.get_by_label("Password", exact=True)).to_be_focused()
    await accessible(page)
    await sign_in_over(desk, page)
    await desk.becomes(comments[0], "approved")  # what was asked for before was asked again
    await expect(page.get_by_text("1 selected")).to_be_visible()
    await row(page, "Second").get_by_role("link").click()
    await opened(page, "Second")
    await page.get_by_label("A note for other moderators").fill("Another half")
    await page.reload()
    await opened(page, "Second")
    await expect(page.get_by_label("A note for other moderators")).to_have_value("Another half")
    await expect(page.get_by_text("1 selected")).to_be_visible()
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".notes li")).to_contain_text("Another half")
    await expect(page.get_by_label("A note for other moderators")).to_have_value("")


async def test_a_second_sign_in_leaves_the_first_tab_working(desk: Desk) -> None:
    (comment,) = await desk.submit("Decided after another sign-in")
    page = await desk.signed_in()
    await opened(page, "Decided after")
    second = await page.context.new_page()
    await second.goto(f"{desk.stack.base}/review#/settings")
    await expect(second.get_by_role("heading", name="Settings")).to_be_visible()
    signed = await second.evaluate(
        "([name, password]) => fetch('/review/api/session', { method: 'POST', body: JSON.stringify({ name, password }),"
        " headers: { 'Content-Type': 'application/json' } }).then((answer) => answer.status)",
        [desk.name, PASSWORD],
    )
    assert signed == 200
    desk.forgive("403")
    await page.keyboard.press("a")
    await desk.becomes(comment, "approved")
    await expect(page.locator(".toast.bad")).to_have_count(0)


async def test_somebody_else_who_signs_in_decides_nothing_in_the_first_ones_name(desk: Desk) -> None:
    (comment,) = await desk.submit("Whose word is it?")
    other = await desk.colleague()
    page = await desk.signed_in()
    await opened(page, "Whose word")
    await page.evaluate(
        "([name, password]) => fetch('/review/api/session', { method: 'POST', body: JSON.stringify({ name, password }),"
        " headers: { 'Content-Type': 'application/json' } })",
        [other, PASSWORD],
    )
    desk.forgive("403")
    await page.keyboard.press("s")
    await expect(page.locator(".toast", has_text=f"You are signed in as {other}")).to_be_visible()
    await expect(page.get_by_role("link", name=f"Settings of {other}")).to_be_visible()
    assert await desk.state(comment) == "flagged"


async def test_a_half_edited_policy_is_there_again(desk: Desk) -> None:
    page = await desk.signed_in(path="/policy")
    await page.get_by_role("button", name="Document").click()
    document = page.get_by_label("The policy as a document (JSON)")
    await document.fill('{"mode": "by-score"}')
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    await page.get_by_role("link", name="Statistics").click()
    await expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    await page.get_by_role("link", name="Policy").click()
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    await page.get_by_role("button", name="Discard changes").click()
    await page.reload()
    await expect(page.get_by_text("This is what counts now.")).to_be_visible()


async def test_a_field_of_a_policy_is_kept_while_one_types_in_it(desk: Desk) -> None:
    page = await desk.signed_in(path="/policy")
    await page.get_by_label("Spam: hold from, percent").press_sequentially("9")
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    await expect(page.get_by_role("button", name="Save…")).to_be_enabled()


async def test_a_document_that_is_no_json_yet_is_there_again(desk: Desk) -> None:
    page = await desk.signed_in(path="/policy")
    await page.get_by_role("button", name="Document").click()
    document = page.get_by_label("The policy as a document (JSON)")
    await document.fill('{"mode": "by-sc')
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    await page.get_by_role("link", name="Statistics").click()
    await expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    await page.get_by_role("link", name="Policy").click()
    await expect(document).to_have_value('{"mode": "by-sc')
    await page.get_by_role("button", name="Save…").click()
    await expect(page.get_by_text("This is no JSON")).to_be_visible()
    await page.get_by_role("button", name="Discard changes").click()
    await expect(document).not_to_have_value('{"mode": "by-sc')
    await expect(page.get_by_text("This is what counts now.")).to_be_visible()


async def test_what_was_typed_beside_a_decision_is_there_when_it_was_refused(desk: Desk) -> None:
    desk.forgive("503")
    (comment,) = await desk.submit("Somebody's words", author="Ann")
    page = await desk.signed_in()
    await opened(page, "Somebody's words")
    refuse = lambda route: route.fulfill(status=503, json={"title": "The store can't be reached", "status": 503})  # noqa: E731
    dialog = page.get_by_role("dialog")
    words = dialog.get_by_role("textbox")

    async def refused(write: str) -> None:
        await words.fill(write)
        await words.press("Enter")
        await expect(page.locator(".toast.bad")).to_be_visible()
        await opened(page, "Somebody's words")
        await page.locator(".toast.bad").get_by_role("button", name="Close").click()

    for path in ("decision", "escalate", "bulk"):
        await page.route(f"**/review/api/**/{path}", refuse)
    await page.route("**/review/api/authors", refuse)
    await page.keyboard.press("r")
    await dialog.get_by_role("menuitem", name="Other").click()
    await refused("why it was rejected")
    await page.keyboard.press("r")
    await expect(words).to_have_value("why it was rejected")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await words.fill("what they should know")
    await dialog.get_by_role("button", name="Escalate").click()
    await expect(page.locator(".toast.bad")).to_be_visible()
    await opened(page, "Somebody's words")
    await page.keyboard.press("e")
    await expect(words).to_have_value("what they should know")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Block…", exact=True).click()
    await words.fill("why they are blocked")
    await dialog.get_by_role("button", name="Block", exact=True).click()
    await expect(page.locator(".toast.bad").last).to_be_visible()
    await page.get_by_role("button", name="Block…", exact=True).click()
    await expect(words).to_have_value("why they are blocked")
    await page.keyboard.press("Escape")
    await page.unroute_all()
    await page.keyboard.press("e")
    await dialog.get_by_role("button", name="Escalate").click()
    await desk.becomes(comment, "flagged")
    await lists(page).get_by_role("link", name="Escalated").click()
    await opened(page, "Somebody's words")
    await expect(page.locator(".comment")).to_contain_text("what they should know")
    await page.keyboard.press("e")
    await expect(words).to_have_value("")


async def test_one_comes_back_to_where_one_was_far_down(desk: Desk) -> None:
    await desk.submit(*(f"Long list, number {number:03}" for number in range(75)))
    page = await desk.signed_in()
    await expect(page.locator(".row").first).to_be_visible()
    far = 70
    for place in range(2, far + 1):
        await page.keyboard.press("j")
        await expect(current(page)).to_have_attribute("aria-posinset", str(place))
    text = await current(page).locator(".row-text").inner_text()
    await opened(page, text)
    await page.reload()
    await opened(page, text)
    await expect(current(page)).to_have_attribute("aria-posinset", str(far))
    await expect(current(page)).to_be_in_viewport()


async def test_back_on_the_phone_goes_to_where_one_came_from(desk: Desk) -> None:
    await desk.submit("One by the author", "Two by the author", author="Prolific")
    page = await desk.signed_in(width=390, height=844)
    await row(page, "One by").get_by_role("link").click()
    await opened(page, "One by")
    await page.get_by_role("button", name="Why").click()
    await page.get_by_text("What else they wrote").click()
    await page.locator(".evidence .small-rows a").first.click()
    await opened(page, "Two by")
    await page.get_by_role("button", name="Back to the list").click()
    await opened(page, "One by")
    await page.get_by_role("button", name="Back to the list").click()
    await expect(page.locator(".row")).to_have_count(2)
    await expect(page.locator(".desk")).to_have_attribute("data-pane", "list")


async def test_one_comes_back_to_where_one_was_far_down_on_a_phone(desk: Desk) -> None:
    await desk.submit(*[f"Comment {n} of many" for n in range(110)])
    page = await desk.signed_in(width=390, height=844)
    rows = page.locator(".rows-scroll")

    async def first() -> Any:
        return await rows.evaluate(
            "(node) => [...node.querySelectorAll('.row')]"
            ".find((row) => row.getBoundingClientRect().top >= node.getBoundingClientRect().top)?.dataset.index"
        )

    async def there() -> bool:
        """The next page of the list is read on the way: until it has come, there is no further to go."""
        await rows.evaluate("(node) => { node.scrollTop = 80 * 105; }")
        return await page.locator('.row[data-index="80"]').count() > 0

    await until(there)
    await expect(page.locator('.row[data-index="80"]')).to_be_in_viewport()
    before = await first()
    await page.reload()
    await expect(page.locator(f'.row[data-index="{before}"]')).to_be_in_viewport()
    await page.locator(f'.row[data-index="{before}"] a').click()
    await opened(page, "of many")
    for link in ("statistics", "queue"):  # from a comment as well
        await page.goto(f"{desk.stack.base}/review#/{link}")
        await page.locator(f".page-{link}").wait_for()
    await expect(page.locator(f'.row[data-index="{before}"]')).to_be_in_viewport()


async def test_on_a_phone_a_message_breaks_no_word(desk: Desk) -> None:
    await desk.submit("The first", "The second")
    page = await desk.window(width=390, height=844, locale="de-DE")
    await page.goto(f"{desk.stack.base}/review")
    await page.get_by_label("Name", exact=True).fill(desk.name)
    await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Anmelden").click()
    await page.locator(".row a").first.click()
    await opened(page, "The")
    await page.get_by_role("button", name="Freigeben").click()
    said = page.locator(".toast .said")
    await expect(said).to_have_text("Freigegeben.")
    box = await said.bounding_box()
    assert box is not None
    assert box["height"] < 30
    await expect(page.locator(".toast kbd")).to_be_hidden()


async def test_an_offer_to_undo_ends_when_somebody_else_decides(desk: Desk) -> None:
    (comment,) = await desk.submit("Decided twice")
    lead = await desk.colleague(Role.LEAD)
    mine = await desk.signed_in()
    await opened(mine, "Decided twice")
    await mine.keyboard.press("a")
    await expect(mine.locator(".toast")).to_contain_text("Approved.")
    theirs = await desk.signed_in(lead, path=f"/queue?list=approved&id={comment}")
    await opened(theirs, "Decided twice")
    await theirs.keyboard.press("s")
    await desk.becomes(comment, "rejected")
    await expect(mine.locator(".toast", has_text="Approved.")).to_have_count(0)
    await mine.keyboard.press("z")
    await expect(mine.locator(".toast")).to_contain_text("nothing left to undo")


async def stands_above(toast: Locator, bar: Locator) -> None:
    """No part of a message lies over a bar."""
    above, below = await toast.bounding_box(), await bar.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]


@pytest.mark.parametrize(
    "screen", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}, {"width": 900, "height": 460}]
)
async def test_a_message_covers_no_button(desk: Desk, screen: dict[str, int]) -> None:
    """In German the buttons take two rows on a desk, and three on a phone."""
    await desk.submit("The first of two", "The second of two")
    page = await desk.signed_in(**screen)
    await page.evaluate("document.cookie = 'antechamber_language=de; Path=/review'")
    await page.reload()
    await row(page, "The first").get_by_role("link").click()
    await opened(page, "The first")
    await page.get_by_role("button", name="Freigeben").click()
    toast = page.locator(".toast", has_text="Freigegeben")
    await expect(toast).to_be_visible()
    await opened(page, "The second")
    await stands_above(toast, page.locator(".actions"))
    await page.goto(f"{desk.stack.base}/review#/policy")
    await page.locator(".policy-bar").wait_for()
    await expect(toast).to_be_visible()
    await stands_above(toast, page.locator(".policy-bar"))


async def test_one_key_uncovers_this_comment_alone(desk: Desk) -> None:
    await desk.submit("You complete idiot, shut up", "You utter moron, shut up")
    page = await desk.signed_in()
    await expect(page.locator(".comment .covered").first).to_be_visible()
    text = await page.locator(".row").nth(1).inner_text()
    await page.keyboard.press("u")
    await expect(page.locator(".comment .covered")).to_have_count(0)
    await expect(page.locator(".row").nth(1).locator(".covered").first).to_be_visible()
    assert await page.locator(".row").nth(1).inner_text() == text
    await page.keyboard.press("j")
    await expect(page.locator(".row").nth(1)).to_have_class("row current")
    await expect(page.locator(".comment .covered").first).to_be_visible()
    await page.keyboard.press("k")
    await expect(page.locator(".row").nth(0)).to_have_class("row current")
    await page.keyboard.press("u")
    await expect(page.locator(".comment .covered").first).to_be_visible()


async def test_the_tab_says_how_much_waits(desk: Desk) -> None:
    await desk.submit("One waits", "Two wait")
    page = await desk.signed_in()
    await expect(page).to_have_title("(2) Queue · Antechamber")
    await opened(page, "wait")
    await page.keyboard.press("a")
    await expect(page).to_have_title("(1) Queue · Antechamber")
    await expect(lists(page).get_by_role("link", name="To review 1")).to_be_visible()


async def test_what_is_open_is_announced(desk: Desk) -> None:
    await desk.submit("I like the rye bread", author="Ann")
    await desk.submit("I like the wheat bread", author="Bert")
    page = await desk.signed_in()
    live = page.locator("#live")
    await expect(live).to_contain_text("1 of 2")
    first = "Ann" if "Ann" in await current(page).inner_text() else "Bert"
    await expect(live).to_contain_text(f"{first}. I like the")
    await expect(live).to_contain_text("Hold everything")
    await page.keyboard.press("j")
    await expect(live).to_contain_text("2 of 2")
    await page.keyboard.press("x")
    await expect(live.locator(":last-child")).to_have_text("1 comment selected")
    await page.keyboard.press("x")
    await expect(live.locator(":last-child")).to_have_text("Nothing is selected")


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        ({"width": 720, "height": 450}, "100%"),  # a desk, zoomed to 200 %
        ({"width": 390, "height": 844}, "100%"),
        ({"width": 390, "height": 844}, "200%"),
    ],
)
async def test_large_text_and_forced_colours_lose_nothing(desk: Desk, screen: dict[str, int], size: str) -> None:
    await desk.submit("I like the rye bread", "I like the wheat bread")
    page = await desk.signed_in(forced_colors="active", **screen)
    await page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
    await row(page, "rye bread").get_by_role("link").click()
    await opened(page, "rye bread")
    await accessible(page)
    for name in ("Approve", "Spam", "Later…"):
        await expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport()


async def test_a_lost_connection_leaves_the_page_and_shows_what_was_done_all_the_same(desk: Desk) -> None:
    (comment,) = await desk.submit("My answer breaks off")
    page = await desk.signed_in(deaf=True)
    await opened(page, "My answer breaks off")

    async def broken(route: Route) -> None:
        await route.fetch()
        await route.abort()

    desk.forgive("/decision")
    desk.forgive("/pages/statistics.js")
    await page.route(f"**/review/api/comments/{comment}/decision", broken)
    await page.route("**/review/static/pages/statistics.js", lambda route: route.abort())
    await page.keyboard.press("a")
    await expect(page.locator(".toast")).to_contain_text("can't be reached")
    await expect(page.locator(".row .tag.done")).to_contain_text("Approved")
    assert await desk.state(comment) == "approved"
    statistics = page.get_by_role("link", name="Statistics")
    await statistics.click()
    await expect(page.locator(".toast")).to_have_count(2)
    assert page.url.endswith(f"id={comment}")
    await page.unroute("**/review/static/pages/statistics.js")
    await statistics.click()
    await expect(page.locator(".main.page-statistics")).to_be_visible()


MESSAGES = """async () => {
  const { toast } = await import("/review/static/lib/toasts.js");
  globalThis.kept = Array.from({ length: 50 }, () => {
    const close = toast("Said", { until: Date.now() + 60_000, action: ["Undo", () => {}, document.createElement("kbd")] });
    close();
    return close;
  });
}"""


async def test_nothing_of_a_message_is_kept_once_it_is_gone(desk: Desk) -> None:
    page = await desk.window()
    await page.goto(f"{desk.stack.base}/review")
    await expect(page.get_by_label("Name", exact=True)).to_be_visible()
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")

    async def listeners() -> int:
        await session.send("HeapProfiler.collectGarbage")
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return int(next(one["value"] for one in metrics if one["name"] == "JSEventListeners"))

    before = await listeners()
    await page.evaluate(MESSAGES)
    assert await listeners() < before + 50
