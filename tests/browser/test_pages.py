"""Every page, on a desk and a phone, light and dark: nothing that axe-core finds fault with; and what the pages are there for."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import expect

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from service.core.policy import Policy, Promise
from service.core.policy.thresholds import Thresholds
from tests.browser.desk import PASSWORD, Desk, accessible, current, opened, row

PAGES = {
    "statistics": "Statistics",
    "policy": "Policy",
    "deliveries": "Deliveries",
    "audit": "Audit log",
    "settings": "Settings",
}


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
async def test_every_page_is_accessible(desk: Desk, width: int, scheme: Literal["light", "dark"]) -> None:
    await desk.submit(
        "You complete idiot, fr\u200bee loans at https://loans.example", "A fine post about rye", parent_id="7"
    )
    page = await desk.signed_in(width=width, color_scheme=scheme)
    ground = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(246, 247, 249)", "dark": "rgb(14, 16, 20)"}[scheme]
    await expect(page.locator(".row")).to_have_count(2)
    await accessible(page)
    await page.locator(".row", has_not_text="rye").get_by_role("link").click()
    await opened(page, "You complete")
    await page.keyboard.press("i")
    await accessible(page)
    await page.get_by_role("button", name="Reject…").first.click()
    await accessible(page)
    await page.keyboard.press("Escape")
    for name, title in PAGES.items():
        await page.goto(f"{desk.stack.base}/review#/{name}")
        await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        await expect(page.locator(".card").first).to_be_visible()
        await accessible(page)


async def test_a_phone_shows_one_pane_at_a_time(desk: Desk) -> None:
    (comment,) = await desk.submit("On the train")
    page = await desk.signed_in(width=390, height=844, has_touch=True)
    await expect(page.locator(".queue")).to_be_visible()
    await expect(page.locator(".middle")).to_be_hidden()
    await row(page, "On the train").get_by_role("link").tap()
    await opened(page, "On the train")
    await expect(page.locator(".queue")).to_be_hidden()
    await page.get_by_role("button", name="Why").tap()
    await expect(page.locator(".evidence")).to_be_visible()
    await page.get_by_role("button", name="Comment").tap()
    small = await page.evaluate(
        """() => [...document.querySelectorAll("button, .sidebar a, .header a")]
             .filter((node) => node.checkVisibility())
             .map((node) => [node.textContent, node.getBoundingClientRect()])
             .filter(([, box]) => box.width < 44 || box.height < 44)
             .map(([name, box]) => `${name}: ${box.width} × ${box.height}`)"""
    )
    assert small == []
    await page.get_by_role("button", name="Approve").tap()
    await expect(page.locator(".queue")).to_be_visible()
    await desk.becomes(comment, "approved")


async def test_a_house_rule_is_written_and_given(desk: Desk) -> None:
    """From the form to the menu, by number, and to what the author reads."""
    (comment,) = await desk.submit("Look at my page, dear all")
    page = await desk.signed_in(path="/policy")
    await page.get_by_role("button", name="Add a house rule").click()
    rule = page.get_by_role("group", name="New house rule")
    await rule.get_by_label("Name", exact=True).fill("No self-promotion!")
    await rule.get_by_label("What the author is told").fill("Please don't advertise your own pages.")
    await expect(rule.get_by_label("Code")).to_have_value("no-self-promotion")
    await rule.get_by_label("It teaches").select_option("Spam")
    await accessible(page)
    await page.get_by_role("button", name="Save…").click()
    await expect(page.get_by_role("dialog")).to_contain_text("House rule no-self-promotion")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.locator(".toast")).to_contain_text("Saved.")
    await page.goto(f"{desk.stack.base}/review#/queue")
    await opened(page, "Look at my page")
    await page.keyboard.press("r")
    menu = page.get_by_role("dialog", name="Reject")
    await expect(menu.get_by_role("menuitem").first).to_contain_text("No self-promotion!")
    await expect(menu.get_by_role("menuitem").first).to_contain_text("Please don't advertise your own pages.")
    await accessible(page)
    await page.keyboard.press("1")
    await expect(page.locator(".toast").last).to_contain_text("Rejected as no self-promotion!")
    await desk.becomes(comment, "rejected")
    known = await desk.services.comments.get(comment)
    assert known is not None
    assert known.decision is not None
    assert [(one.code, one.text) for one in known.decision.reasons] == [
        ("no-self-promotion", "Please don't advertise your own pages.")
    ]


async def test_a_policy_is_tried_on_the_past_and_saved(desk: Desk) -> None:
    await desk.submit("First of the past", "Second of the past", "Third of the past")
    page = await desk.signed_in(path="/policy")
    await page.get_by_label("Mode", exact=True).select_option("by-score")
    await page.get_by_role("button", name="Try on the past").click()
    await expect(
        page.get_by_text("It would have held 3 fewer and approved 3 more of the last 3 comments.")
    ).to_be_visible()
    await accessible(page)
    await page.get_by_role("button", name="Add a rule").click()
    rule = page.get_by_role("group", name="New rule")
    await rule.get_by_label("Name").fill("no-rye")
    await rule.get_by_label("When").fill("content contains rye")
    desk.forgive("422")
    await page.get_by_role("button", name="Add a list").click()
    words = page.get_by_role("group", name="New list")
    await words.get_by_label("Name", exact=True).fill("Not a name")
    await words.get_by_label("Entries, one a line").fill("*")
    await page.get_by_role("button", name="Try on the past").click()
    await expect(page.get_by_text("There are 3 mistakes.")).to_be_visible()
    await expect(rule.get_by_role("alert")).to_contain_text("expected")
    await expect(words.get_by_role("alert")).to_have_count(2)
    await expect(rule.get_by_label("When")).to_be_focused()
    await page.mouse.move(700, 400)
    await page.mouse.wheel(0, 10_000)  # to the end; elsewhere the bar lies over what is below it
    await expect(page.get_by_role("button", name="Add a house rule")).to_be_in_viewport()
    await accessible(page)
    await page.get_by_role("button", name="Document").click()
    await page.get_by_role("button", name="Try on the past").click()
    await expect(page.get_by_text("/lists/0/entries/0: ")).to_be_visible()
    await accessible(page)
    await page.get_by_role("button", name="Form").click()
    await page.get_by_role("button", name="Remove Not a name").click()
    rule = page.get_by_role("group", name="no-rye")
    await rule.get_by_label("When").fill('content contains "past"')
    await rule.get_by_label("Status").select_option("live")
    await page.get_by_role("button", name="Try on the past").click()
    await expect(page.get_by_text("It would have done the same with the last 3 comments.")).to_be_visible()
    await page.get_by_role("button", name="Save…").click()
    await page.get_by_role("dialog").get_by_label("Why?").fill("Everything about the past waits")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Edition 1, since")).to_be_visible()
    site = (await desk.services.accounts.get(desk.site)).site
    assert (site.policy.mode, [one.name for one in site.policy.rules]) == ("by-score", ["no-rye"])
    await page.get_by_role("button", name="Document").click()
    await expect(page.get_by_label("The policy as a document")).to_have_value(re.compile("no-rye"))
    await accessible(page)
    await page.get_by_role("button", name="Restore… edition 0").click()
    await accessible(page)
    await page.get_by_role("dialog").get_by_label("Why?").fill("It waited too long")
    await page.get_by_role("button", name="Restore", exact=True).click()
    await expect(page.get_by_text("Edition 2, since")).to_be_visible()
    await page.goto(f"{desk.stack.base}/review#/audit")
    await expect(page.get_by_role("cell", name="Everything about the past waits")).to_be_visible()
    await expect(page.get_by_role("row", name="Policy restored")).to_contain_text("It waited too long")
    await page.get_by_label("What", exact=True).select_option("Author trusted")
    await expect(page.get_by_text("Nothing found")).to_be_visible()


async def test_the_audit_log_says_what_was_learnt_from(desk: Desk) -> None:
    """By an operator of all sites: nobody else sees what is of the whole box."""
    await desk.services.learning.other_reader_learnt(1234)
    name = f"all{desk.site}"
    await desk.services.moderators.add(name, Role.OPERATOR, (), PASSWORD)
    page = await desk.signed_in(name, path="/audit?what=other-reader.learn", width=320)
    line = page.get_by_role("row", name="Other reader’s vectors learnt").first
    await expect(line.get_by_role("cell").nth(3)).to_have_text("")
    await expect(line.get_by_role("cell").nth(4)).to_have_text("from 1,234 decisions")
    await accessible(page)
    await page.set_viewport_size(
        {"width": 240, "height": 600}
    )  # narrower than the longest act, as German ones are on a phone
    chooser = await page.get_by_label("What", exact=True).bounding_box()
    assert chooser is not None
    assert chooser["x"] + chooser["width"] <= 240


async def test_what_was_promised_of_the_thresholds_is_on_the_page(desk: Desk) -> None:
    texts = [*(f"I keep bees too, said number {number}" for number in range(12)), "Cheap pills here"]
    comments = await desk.submit(*texts)
    promise = Promise(good_held=0.3, reject_precision=0.9, confidence=0.9, model="another-version")
    thresholds = {"spam": Thresholds(hold=0.99, reject=0.995)}
    await desk.services.policies.save(desk.site, Policy(thresholds=thresholds, promise=promise), by="operator")
    page = await desk.signed_in(path="/policy")
    card = page.locator("section.promise")
    await expect(card.get_by_role("heading", name="What the thresholds promise")).to_be_visible()
    await expect(card.get_by_role("row", name="at most 30% of good comments are held back")).to_contain_text(
        "nothing yet"
    )
    await expect(card).to_contain_text(
        "It is not proven now: at least 29 more decisions without a mistake would prove it."
    )
    site = (await desk.services.accounts.get(desk.site)).site
    for one in comments[:12]:
        await desk.services.moderation.decide(site, one, Outcome.APPROVE, actor=Actor(ActorKind.MODERATOR, "eve"))
    await page.reload()
    await expect(card.get_by_role("row", name="at most 30% of good comments are held back")).to_contain_text(
        "at most 22.09%"
    )
    await expect(card).to_contain_text("12 decisions that base-")
    await expect(card).to_contain_text("It was made for another-version")
    await accessible(page)


async def test_keys_can_be_changed_and_switched_off(desk: Desk) -> None:
    await desk.submit("Stay", "Stay as well")
    page = await desk.signed_in(path="/settings")
    await page.get_by_label("Next comment").focus()
    await page.keyboard.press("a")
    await expect(page.locator(".toast")).to_contain_text("“a” is taken")
    await page.keyboard.press("m")
    await expect(page.get_by_label("Next comment")).to_have_value("m")
    await page.goto(f"{desk.stack.base}/review#/queue")
    await expect(page.locator(".row").nth(0)).to_have_class("row current")
    await page.keyboard.press("j")
    await page.keyboard.press("m")
    await expect(page.locator(".row").nth(1)).to_have_class("row current")
    await page.goto(f"{desk.stack.base}/review#/settings")
    await page.get_by_label("Single keys act").uncheck()
    await page.goto(f"{desk.stack.base}/review#/queue")
    await opened(page, await current(page).locator(".row-text").inner_text())
    await page.keyboard.press("a")
    await expect(page.locator(".row")).to_have_count(2)
    await expect(page.get_by_role("button", name="Approve").locator("kbd")).to_be_hidden()


async def test_authors_can_be_hidden_and_the_theme_is_kept(desk: Desk) -> None:
    await desk.submit("By somebody famous", author="Famous")
    page = await desk.signed_in()
    await expect(page.get_by_role("heading", name="Famous")).to_be_visible()
    await page.keyboard.press("b")
    await expect(page.get_by_role("heading", name="Somebody")).to_be_visible()
    await expect(page.get_by_text("Famous", exact=True)).to_have_count(0)
    await page.goto(f"{desk.stack.base}/review#/settings")
    await page.get_by_label("Theme").select_option("dark")
    await page.reload()
    assert await page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(14, 16, 20)"


async def test_an_edit_is_shown_word_by_word_and_notes_stay(desk: Desk) -> None:
    await desk.submit("The old words were quite different", id="edited-one")
    await desk.submit("The new words were quite different", id="edited-one")
    page = await desk.signed_in()
    await opened(page, "The new words")
    await page.get_by_text("Edited once").click()
    await expect(page.locator(".diff del")).to_have_text("old")
    await expect(page.locator(".diff ins")).to_have_text("new")
    await page.keyboard.press("n")
    await page.keyboard.type("Seen before")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".evidence .note")).to_have_text("Seen before")
    await expect(page.locator(".evidence .notes li .meta")).to_have_text(re.compile(rf"^{desk.name} "))
    await expect(page.locator(".row").get_by_title("1 note")).to_be_visible()


async def test_statistics_and_deliveries_tell_what_happened(desk: Desk) -> None:
    await desk.submit("Count me", "And me")
    page = await desk.signed_in(path="/statistics", timezone_id="Etc/UTC")
    await expect(page.locator(".tile", has_text="Came in")).to_contain_text("2")
    await expect(page.locator(".tile", has_text="Waiting now")).to_contain_text("2")
    await expect(
        page.get_by_role("img", name="Outcomes of the machine by day, 2 in all, and 2 arrivals")
    ).to_be_visible()
    await expect(page.get_by_text("Days begin at midnight in the time zone UTC, which is ")).to_be_visible()
    await desk.services.sites.change(desk.site, time_zone="Asia/Tokyo")
    await page.reload()
    await expect(page.get_by_text("in the time zone Asia/Tokyo, which is 15:00")).to_be_visible()
    await page.get_by_role("link", name="Deliveries").click()
    await expect(page.get_by_role("cell", name=desk.site)).to_be_visible()
