"""Clearing the queue: by keyboard, undone, live, by two at once, many at once."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Route, expect

from service.core.comment import Decision
from service.core.lifecycle import ActorKind
from service.core.moderator import Role
from tests.browser.desk import PASSWORD, Desk, accessible, current, lists, opened, row
from tests.support.waiting import until

MERGED = """async () => {
  const { merged } = await import("/review/static/queue/merging.js");
  const any = (most) => Math.floor(Math.random() * most);
  const wrong = [];
  for (let round = 0; round < 3000; round += 1) {
    const now = Date.now();
    const before = Array.from({ length: any(12) }, (_, at) => ({
      id: `b${at}`, revision: 1, stays: !any(4), left: any(4) ? undefined : {}, leftAt: any(2) ? now : now - 120_000,
    }));
    const ids = before.filter(() => any(3)).map(({ id }) => id);
    for (let more = any(4); more; more -= 1) ids.splice(any(ids.length + 1), 0, `n${more}`);
    if (any(2)) ids.sort(() => Math.random() - 0.5);
    const read = ids.slice(0, any(2) ? ids.length : 1 + any(6));
    const stay = before.filter((one) => one.stays && !one.left).map(({ id }) => id);
    const shown = merged(before, read.map((id) => ({ id, revision: 2 })), { all: read.length === ids.length, open: "b1", now });
    const found = shown.map(({ id }) => id);
    const moved = found.filter((id) => read.includes(id) && !stay.includes(id) && !before.find((one) => one.id === id)?.left);
    const once = new Set(found).size === found.length && [...read, ...stay].every((id) => found.includes(id));
    if (!once || moved.some((id, at) => at && read.indexOf(moved[at - 1]) > read.indexOf(id))) wrong.push([before, read, found]);
  }
  return JSON.stringify(wrong.slice(0, 3));
}"""


async def test_the_queue_is_cleared_by_keyboard_alone(desk: Desk) -> None:
    ids = await desk.submit(*(f"Comment about rye bread number {number}" for number in ("one", "two", "three", "four")))
    page = await desk.signed_in()
    await expect(page.locator(".row")).to_have_count(4)
    await expect(lists(page).get_by_role("link", name="To review 4")).to_be_visible()
    seen = []
    for keys in (["a"], ["s"], ["r", "o"], ["r", "x"]):
        text = await current(page).locator(".row-text").inner_text()
        await opened(page, text)
        seen.append(text)
        if keys == ["r", "x"]:  # "other" wants a note first
            await page.keyboard.press("r")
            await page.keyboard.press("x")
            await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("note")
            await page.keyboard.type("About another post")
            await page.get_by_role("menuitem", name="Other").click()
        else:
            for key in keys:
                await page.keyboard.press(key)
        await expect(row(page, text)).to_have_count(0)
    await expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    assert len(set(seen)) == 4

    async def decisions() -> list[Decision] | None:
        found = [one for one in await desk.services.comments.get_many(ids) if one and one.submission]
        said = {one.submission.content: one.decision for one in found if one.submission}
        decided = [one for text in seen if (one := said[text]) and one.actor.kind is ActorKind.MODERATOR]
        return decided if len(decided) == len(seen) else None  # the page moves on before the service has answered

    decided = await until(decisions)
    assert [str(one.outcome) for one in decided] == ["approve", "reject", "reject", "reject"]
    assert [[reason.code for reason in one.reasons] for one in decided] == [
        [],
        ["spam"],
        ["off-topic"],
        ["other"],
    ]
    assert {str(one.actor) for one in decided} == {f"moderator:{desk.name}"}


async def test_one_key_takes_back_what_was_decided_last_also_before_the_service_has_answered(desk: Desk) -> None:
    first, last = await desk.submit("Leave me approved", "Take me back, please")
    page = await desk.signed_in(path=f"/queue?id={first}")
    await opened(page, "Leave me approved")
    await page.keyboard.press("a")
    await expect(page.locator(".toast")).to_contain_text("Approved.")
    await opened(page, "Take me back")
    answers = asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await answers.wait()
        await route.fulfill(response=answer)

    await page.route(f"**/review/api/comments/{last}/decision", late)
    await page.keyboard.press("s")
    await desk.becomes(last, "rejected")
    await page.keyboard.press("z")
    answers.set()
    await desk.becomes(last, "flagged")
    await opened(page, "Take me back")
    assert await desk.state(first) == "approved"


async def test_moving_selecting_and_help_by_keys(desk: Desk) -> None:
    await desk.submit("First of three", "Second of three", "Third of three")
    page = await desk.signed_in()
    await expect(page.locator(".row").nth(0)).to_have_class("row current")
    await page.keyboard.press("j")
    await expect(page.locator(".row").nth(1)).to_have_class("row current")
    await page.keyboard.press("k")
    await expect(page.locator(".row").nth(0)).to_have_class("row current")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await accessible(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type("Second")
    await page.keyboard.press("Enter")
    await expect(page.locator(".row")).to_have_count(1)
    await expect(current(page)).to_contain_text("Second of three")


async def test_arrivals_appear_without_moving_what_one_looks_at(desk: Desk) -> None:
    await desk.submit("I was here first")
    page = await desk.signed_in()
    await opened(page, "I was here first")
    await desk.submit("I came in later")
    await expect(row(page, "I came in later")).to_be_visible()
    await expect(lists(page).get_by_role("link", name="To review 2")).to_be_visible()
    await expect(current(page)).to_contain_text("I was here first")


async def test_a_comment_that_its_author_changes_stays_where_it_is(desk: Desk) -> None:
    texts = ["First about rye bread", "Second about rye bread", "Third about rye bread"]
    await desk.submit(*texts)
    page = await desk.signed_in()
    await expect(page.locator(".row")).to_have_count(3)
    await opened(page, "about rye bread")
    first = await page.locator(".row").first.get_attribute("data-id")
    assert first is not None
    known = await desk.services.comments.get(first)
    assert known is not None
    await desk.submit("First, in other words", id=known.platform_id)
    await page.get_by_role("button", name="Judge the new text").click()
    await desk.submit("Fourth about rye bread")  # the list is read anew
    await expect(page.locator(".row")).to_have_count(4)
    await expect(page.locator(".row").first).to_have_attribute("data-id", first)
    await opened(page, "First, in other words")
    await page.evaluate("() => { location.hash = '#/queue' }")  # as the menu's link does
    await opened(page, "First, in other words")
    assert await page.evaluate(MERGED) == "[]"


async def test_the_last_one_to_decide_is_told_who_was_faster(desk: Desk) -> None:
    (comment,) = await desk.submit("Both look at this")
    other = await desk.colleague()
    mine = await desk.signed_in()
    await opened(mine, "Both look at this")
    await desk.looked_at(comment, desk.name)
    theirs = await desk.signed_in(other, deaf=True)
    await opened(theirs, "Both look at this")
    await expect(theirs.get_by_text(f"{desk.name} is looking at this too")).to_be_visible()
    await mine.keyboard.press("a")
    await desk.becomes(comment, "approved")
    desk.forgive("409")
    await theirs.keyboard.press("s")
    await expect(theirs.locator(".toast")).to_contain_text(
        f"{desk.name} was faster and approved it. Yours was not carried out."
    )
    await expect(theirs.locator(".row .tag.done")).to_have_text(f"Approved by {desk.name}")
    assert await desk.state(comment) == "approved"


async def test_what_others_decide_is_shown_at_once(desk: Desk) -> None:
    await desk.submit("Decided by somebody else", "Still to be decided")
    other = await desk.colleague()
    mine, theirs = await desk.signed_in(), await desk.signed_in(other)
    await opened(theirs, await current(theirs).locator(".row-text").inner_text())
    await opened(mine, await current(mine).locator(".row-text").inner_text())
    await theirs.keyboard.press("x")
    await expect(theirs.get_by_text("1 selected")).to_be_visible()
    await mine.keyboard.press("a")
    await expect(theirs.locator(".row .tag.done")).to_have_text(f"Approved by {desk.name}")
    await expect(theirs.get_by_text("1 selected")).to_be_hidden()
    await expect(theirs.locator(".list-status")).to_contain_text("To review: 1 comment")
    await expect(theirs.locator(".banner")).to_contain_text("while you were looking")
    await expect(lists(theirs).get_by_role("link", name="To review 1")).to_be_visible()


async def test_a_selection_is_decided_and_taken_back_at_once(desk: Desk) -> None:
    ids = await desk.submit("Selected one", "Selected two", "Not selected")
    page = await desk.signed_in()
    for text in ("Selected one", "Selected two"):
        await row(page, text).get_by_role("checkbox").click()
    await expect(page.get_by_text("2 selected")).to_be_visible()
    await accessible(page)
    await page.keyboard.press("Shift+S")
    await expect(page.locator(".toast").last).to_contain_text("Rejected 2 comments.")
    await expect(page.locator(".row")).to_have_count(1)
    for comment in ids[:2]:
        assert await desk.state(comment) == "rejected"
    await page.keyboard.press("z")
    for comment in ids[:2]:
        await desk.becomes(comment, "flagged")
    await expect(page.locator(".row")).to_have_count(3)


async def test_a_campaign_is_decided_as_one_after_its_count_is_typed(desk: Desk) -> None:
    words = "cheap loans approved in minutes at the lowest rates for thousands of customers who apply today without any check"
    wave = [f"{words} offer{number} {' '.join(reversed(words.split()[:6]))}" for number in range(22)]
    ids = await desk.submit(*wave, author="Loans")
    page = await desk.signed_in()
    await expect(page.get_by_role("button", name="Decide all…")).to_be_visible()
    await page.keyboard.press("c")
    await page.get_by_role("button", name="Reject all").click()
    await page.get_by_label("Type 22 to go on").fill("21")
    await page.get_by_role("button", name="Reject 22").click()
    await expect(page.get_by_text("That is not 22.")).to_be_visible()
    await accessible(page)
    await page.get_by_label("Type 22 to go on").fill("22")
    await page.get_by_role("button", name="Reject 22").click()
    await expect(page.locator(".toast").last).to_contain_text("Rejected 22 comments.")
    await until(lambda: _all_rejected(desk, ids))
    await expect(page.get_by_role("heading", name="All clear")).to_be_visible()


async def _all_rejected(desk: Desk, ids: list[str]) -> bool:
    return all(one is not None and one.state == "rejected" for one in await desk.services.comments.get_many(ids))


async def test_everything_that_a_search_finds_is_decided_at_once(desk: Desk) -> None:
    await desk.submit("Rye bread is fine", "Rye bread is better", "About something else")
    page = await desk.signed_in(await desk.colleague(Role.LEAD))
    await page.keyboard.press("/")
    await page.keyboard.type("rye bread")
    await page.keyboard.press("Enter")
    await expect(page.locator(".row")).to_have_count(2)
    await expect(page.locator(".list-status")).to_contain_text("2 comments found among 3")
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_role("button", name="Decide all that match").click()
    await page.get_by_role("button", name="Approve all").click()
    await expect(page.locator(".toast").last).to_contain_text("Approved 2 comments.")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await expect(page.get_by_role("button", name="Save view")).to_be_visible()
    await expect(page.get_by_role("button", name="Decide all that match")).to_have_count(0)
    await expect(lists(page).get_by_role("link", name="To review 1")).to_be_visible()


async def test_a_blind_check_shows_the_words_alone(desk: Desk) -> None:
    await desk.policy("by-score")
    (comment,) = await desk.submit("Thank you for the clear explanation, it worked with rye flour", held=False)
    await desk.becomes(comment, "approved")
    page = await desk.signed_in(path="/queue?list=audit")
    await opened(page, "Thank you for the clear")
    await expect(page.get_by_role("heading", name="Blind check")).to_be_visible()
    for told in (".comment .tag.approved", ".scores", ".reasons", ".history", ".mark"):
        await expect(page.locator(told), told).to_have_count(0)
    await accessible(page)
    await page.keyboard.press("a")
    await expect(page.locator(".toast")).to_contain_text("Noted")
    await expect(page.locator(".row")).to_have_count(0)
    found = await desk.services.comments.get(comment)
    assert found is not None
    assert found.decision is not None
    assert str(found.decision.actor) == f"moderator:{desk.name}"
    await page.keyboard.press("z")
    await opened(page, "Thank you for the clear")
    for told in (".comment .tag.approved", ".scores", ".reasons", ".history", ".mark"):
        await expect(page.locator(told), told).to_have_count(0)
    (sampled,) = await desk.services.quality.quality_sample.entries(desk.site)
    assert sampled.answer is None


async def test_of_several_that_were_found_the_first_is_taken_by_enter(desk: Desk) -> None:
    other = await desk.services.accounts.add(f"{desk.site}b", "https://other.example")
    await desk.submit("Here by that id", id="same-id")
    key, desk.key = desk.key, other.credentials[0].api_key
    await desk.submit("There by that id", id="same-id", held=False)
    desk.key = key
    name = f"all-{desk.site}"
    await desk.services.moderators.add(name, Role.LEAD, (desk.site, other.site.id), PASSWORD)
    page = await desk.signed_in(name)
    await opened(page, "that id")
    await page.keyboard.press("Control+k")
    await page.get_by_label("Paste or type").fill("same-id")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Which one?").locator("a").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await opened(page, "that id")


async def test_filters_saved_views_and_lists(desk: Desk) -> None:
    await desk.submit("You complete idiot, shut up", "I liked the rye bread very much, thank you")
    page = await desk.signed_in()
    await expect(page.locator(".row")).to_have_count(2)
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_role("group", name="Filters").get_by_role("button", name="Toxicity").first.click()
    await expect(page.locator(".row")).to_have_count(1)
    await accessible(page)
    await page.get_by_role("button", name="Save view").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Rude ones")
    await page.get_by_role("button", name="Save", exact=True).click()
    await lists(page).get_by_role("link", name="To review").click()
    await expect(page.locator(".row")).to_have_count(2)
    await lists(page).get_by_role("link", name="Rude ones").click()
    await expect(page.locator(".row")).to_have_count(1)
    await expect(current(page)).to_contain_text("shut up")


async def test_escalating_putting_aside_and_not_spam(desk: Desk) -> None:
    first, second, third = await desk.submit("Too hard for me", "Not now", "Wrongly rejected")
    page = await desk.signed_in()
    await row(page, "Too hard for me").get_by_role("link").click()
    await opened(page, "Too hard for me")
    await page.keyboard.press("e")
    await page.get_by_label("What should they know?").fill("Is this legal?")
    await page.get_by_role("button", name="Escalate", exact=True).last.click()
    await expect(lists(page).get_by_role("link", name="Escalated 1")).to_be_visible()
    await row(page, "Not now").get_by_role("link").click()
    await opened(page, "Not now")
    await page.keyboard.press("l")
    await page.keyboard.press("t")
    await expect(lists(page).get_by_role("link", name="Put aside 1")).to_be_visible()
    await opened(page, "Wrongly rejected")
    await page.keyboard.press("s")
    await desk.becomes(third, "rejected")
    await lists(page).get_by_role("link", name="Rejected").click()
    await opened(page, "Wrongly rejected")
    await page.get_by_role("button", name="Not spam").click()
    await desk.becomes(third, "approved")
    await lists(page).get_by_role("link", name="Escalated").click()
    await opened(page, "Too hard for me")
    await expect(page.locator(".evidence")).to_contain_text("Is this legal?")
    assert [await desk.state(one) for one in (first, second)] == ["flagged", "flagged"]


async def test_an_author_is_blocked_with_a_note(desk: Desk) -> None:
    await desk.submit("Again me", author="Troll")
    name = await desk.colleague(Role.LEAD)
    page = await desk.signed_in(name)
    await opened(page, "Again me")
    await page.get_by_role("button", name="Block…").click()
    await page.get_by_role("dialog").get_by_label("Note for other moderators").fill("Third time")
    await accessible(page)
    await page.get_by_role("button", name="Block", exact=True).click()
    await expect(page.locator(".banner.blocked")).to_have_text(re.compile(rf"Blocked by {name} until .+: Third time"))
    operator = await desk.signed_in(path="/audit?what=authors.blocked")
    line = operator.get_by_role("row", name="Author blocked")
    await expect(line.get_by_role("cell").nth(3)).to_have_text(desk.site)


async def test_a_block_cleans_up_what_is_there(desk: Desk) -> None:
    """What waits and what is published is counted; each can be left."""
    ids = await desk.submit("First by the troll", "Second by the troll", "Published troll", author="Troll")
    (other,) = await desk.submit("Somebody else", author="Ann")
    page = await desk.signed_in()
    await row(page, "Published troll").get_by_role("link").click()
    await opened(page, "Published troll")
    await page.keyboard.press("a")
    await desk.becomes(ids[2], "approved")
    await row(page, "First by").get_by_role("link").click()
    await opened(page, "First by")
    await page.get_by_role("button", name="Block…").click()
    await page.get_by_role("button", name="Block", exact=True).click()
    dialog = page.get_by_role("dialog", name="Also what this author wrote before?")
    await expect(dialog).to_contain_text("2 comments to review, 1 published")
    await accessible(page)
    await dialog.get_by_role("button", name="Reject all 3").click()
    for one in ids:
        await desk.becomes(one, "rejected")
    assert await desk.state(other) == "flagged"
    await page.get_by_role("button", name="Undo all").click()
    await desk.becomes(ids[2], "approved")
    await desk.becomes(ids[0], "flagged")


async def test_a_comment_is_erased_by_who_may_with_the_word_typed(desk: Desk) -> None:
    desk.forgive("404")  # what is asked about it while it goes is not found any more
    first, second = await desk.submit("Erase me, says Dora", "Erase me too, says Dora", author="Dora")
    (other,) = await desk.submit("I stay where I am", author="Ann")
    page = await desk.signed_in()
    await row(page, "Erase me, says").get_by_role("link").click()
    await opened(page, "Erase me, says")
    await page.get_by_role("button", name="Erase for good…").click()
    dialog = page.get_by_role("dialog", name="Erase Dora’s comment for good?")
    await dialog.get_by_label("What").select_option(f"All 2 comments of this author on {desk.site}")
    await accessible(page)
    await dialog.get_by_role("button", name="Erase").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Type the word")
    await dialog.get_by_label("Type erase").fill("erase")
    await dialog.get_by_role("button", name="Erase").click()
    await expect(page.locator(".toast").last).to_contain_text("2 comments erased.")
    for one in (first, second):
        await desk.becomes(one, "erased")
    await expect(page.locator(".row")).to_have_count(1)
    await expect(page.locator(".comment")).to_contain_text("It has been erased.")
    assert "Dora" not in await page.locator("#main, main").first.inner_text()
    assert await desk.state(other) == "flagged"
    lead = await desk.signed_in(await desk.colleague(Role.LEAD))
    await opened(lead, "I stay")
    await expect(lead.get_by_role("button", name="Erase for good…")).to_have_count(0)


async def test_a_note_that_was_begun_is_there_again(desk: Desk) -> None:
    await desk.submit("Something odd")
    page = await desk.signed_in()
    await opened(page, "Something odd")
    await page.keyboard.press("r")
    await page.get_by_role("textbox", name="Note", exact=True).fill("I think that")
    await page.keyboard.press("Escape")
    await page.reload()
    await opened(page, "Something odd")
    await page.keyboard.press("r")
    await expect(page.get_by_role("textbox", name="Note", exact=True)).to_have_value("I think that")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await page.get_by_role("dialog").get_by_label("What should they know?").fill("Perhaps")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await expect(page.get_by_role("dialog").get_by_label("What should they know?")).to_have_value("Perhaps")


async def test_only_what_is_selected_as_it_is_shown_is_decided(desk: Desk) -> None:
    (first, second) = await desk.submit("The words that I selected", "A quiet one")
    page = await desk.signed_in(deaf=True)
    await opened(page, "")
    for text in ("The words", "A quiet"):
        await row(page, text).get_by_role("checkbox").check()
    known = await desk.services.comments.get(first)
    assert known is not None
    await desk.submit("Now something else entirely", id=known.platform_id)
    async with page.expect_response(lambda answer: answer.url.endswith("/bulk") and answer.status == 202) as begun:
        await page.keyboard.press("Shift+A")
    bulk = (await (await begun.value).json())["id"]

    async def done() -> bool:
        view = await page.evaluate("(id) => fetch(`/review/api/bulk/${id}`).then((answer) => answer.json())", bulk)
        return bool(view["state"] == "done" and view["skipped"] == 1)

    await until(done)
    assert [await desk.state(one) for one in (first, second)] == ["flagged", "approved"]


async def test_a_moderator_sees_no_tools_of_leads(desk: Desk) -> None:
    await desk.submit("Plain")
    page = await desk.signed_in(await desk.colleague())
    await opened(page, "Plain")
    await expect(page.get_by_role("button", name="Block…")).to_have_count(0)
    await expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    await expect(page.get_by_role("link", name="Deliveries")).to_have_count(0)


async def test_what_was_published_first_is_reviewed_afterwards(desk: Desk) -> None:
    await desk.policy("approve-first", doubting=True)
    first, second = await desk.submit("Published at once", "Published as well", held=False)
    page = await desk.signed_in(path="/queue?list=later")
    await expect(page.locator(".row")).to_have_count(2)
    await expect(lists(page).get_by_role("link", name="Published first 2")).to_be_visible()
    await row(page, "Published at once").get_by_role("link").click()
    await opened(page, "Published at once")
    await accessible(page)
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator(".row")).to_have_count(1)
    await opened(page, "Published as well")
    await page.keyboard.press("s")
    await desk.becomes(second, "rejected")
    await expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    await expect(lists(page).get_by_role("link", name="Published first", exact=True)).to_be_visible()
    assert await desk.state(first) == "approved"
    (third,) = await desk.submit("Published while somebody looks", held=False)
    await expect(row(page, "while somebody looks")).to_be_visible()
    await page.keyboard.press("z")
    await expect(row(page, "Published as well")).to_be_visible()
    assert await desk.state(third) == "approved"


async def test_every_list_is_divided_by_filters(desk: Desk) -> None:
    await desk.submit("Some rye bread", "Other wheat bread", author="Baker")
    page = await desk.signed_in(path="/queue?list=decided")
    for text in ("Some rye bread", "Other wheat bread"):
        await page.goto(f"{desk.stack.base}/review#/queue")
        await row(page, text).get_by_role("link").click()
        await opened(page, text)
        await page.keyboard.press("s" if text.startswith("Some") else "a")
        await expect(row(page, text)).to_have_count(0)
    await lists(page).get_by_role("link", name="By people").click()
    await expect(page.locator(".row")).to_have_count(2)
    await page.get_by_role("button", name="Filters").click()
    facets = page.get_by_role("group", name="Filters")
    await facets.get_by_role("button", name="Spam 1").first.click()
    await expect(page.locator(".row")).to_have_count(1)
    await expect(current(page)).to_contain_text("Some rye bread")
    await accessible(page)


async def test_a_search_that_found_nothing_yet_can_go_on(desk: Desk) -> None:
    await desk.submit("Far down stands the rye")
    page = await desk.signed_in()

    async def far_down(route: Route) -> None:
        """As if the service had looked at 2,000 others first."""
        if "cursor=" in route.request.url:
            await route.continue_(url=re.sub(r"&cursor=[^&]*", "", route.request.url))
        else:
            await route.fulfill(json={"items": [], "next": "further", "total": None, "searched": 2_000})

    await page.route("**/review/api/comments?*q=rye*", far_down)
    await page.keyboard.press("/")
    await page.keyboard.type("rye")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing among the first 2,000.")).to_be_visible()
    await accessible(page)
    await page.get_by_role("button", name="Look further").click()
    await opened(page, "Far down stands")
    await expect(page.locator(".list-status")).to_contain_text("1 comment found among 2,001")
