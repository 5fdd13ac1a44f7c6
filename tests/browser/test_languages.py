"""The page in other languages: no sentence stands outside the catalogue, it reads from right to left, and German fits."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, Route, expect

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from service.core.policy import Policy
from service.web.languages import catalogues
from tests.browser.desk import PASSWORD, Desk, accessible, fits, opened
from tests.support.waiting import until

LANGUAGES = Path(__file__).parents[2] / "service/web/static/review/languages"
PLACE = re.compile(r"\{\w+\}")
LOOK = """(data) => {
  const found = new Set();
  const foreign = (word) => !/\\p{Script=Latin}{2,}/u.test(word) || /[\\d@_/]|\\w[.-]\\w/u.test(word);
  const own = (word) => foreign(word) || data.includes(word.replace(/\\.$/, ""));
  const told = (text, where) => {
    const rest = text.replaceAll(/⟦[^⟧]*⟧|https?:\\S+/gu, " ").split(/[\\s,;:()“”„·→+…!?]+/u);
    if (!rest.every(own)) found.add(`${where}: ${text.trim().slice(0, 90)}`);
  };
  told(document.title.replace("Antechamber", ""), "title of the document");
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility()) continue;
    if (node.closest("code, kbd, script, .skip, .toasts[aria-label]:empty, .languages, [data-facet=signal], .parts li")) continue;
    const name = `${node.tagName.toLowerCase()}.${node.getAttribute("class") ?? ""}`;
    for (const text of node.childNodes) if (text.nodeType === Node.TEXT_NODE) told(text.data, name);
    for (const { nodeType, data } of node.childNodes) // German has a comma, and a space that does not break before the sign
      if (nodeType === Node.TEXT_NODE && /\\d ?%|(?:^|\\s)\\d+\\.\\d{1,2}(?:\\s|$)/u.test(data)) found.add(`${name}: ${data}`);
    for (const one of ["aria-label", "placeholder", "alt", "title", "aria-description"])
      if (node.hasAttribute(one) && !(one === "title" && node.matches("time"))) told(node.getAttribute(one), `${name} ${one}`);
  }
  return [...found];
}"""
MONTHS = ["Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sept", "Okt", "Nov", "Dez"]


def marked(sentence: str) -> str:
    """A sentence in brackets, and what is filled in outside them: words that came from elsewhere can't hide within."""
    return f"⟦{PLACE.sub(lambda place: f'⟧{place[0]}⟦', sentence)}⟧".replace("⟦⟧", "")


async def in_brackets(page: Page) -> None:
    """Have the German catalogue say every sentence in English and in brackets."""
    known = json.loads((LANGUAGES / "de.json").read_text())
    pseudo = {key: marked(key) if key else entry for key, entry in known.items()}

    async def answer(route: Route) -> None:
        await route.fulfill(json=pseudo)

    await page.route("**/review/static/languages/de.json", answer)


async def sign_in(page: Page, desk: Desk, path: str) -> None:
    await page.goto(f"{desk.stack.base}/review#{path}")
    await page.locator("#name").fill(desk.name)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("form button[type=submit]").click()
    await page.locator("#header").wait_for()


class Walk:
    """Goes through the page and notes what is said in no catalogue."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page, self.desk = page, desk
        self.found: dict[str, list[str]] = {}
        self.data = [desk.site, desk.name, "ada", "bo", "Antechamber", "Griechisch", "Englisch", "JSON", "TLS", "ms"]
        self.data += ["jetzt", "vor", "Sek", "Min", "Std", "Tg"]  # times and units come from `Intl`
        self.data += ["Meldungen", "A", "post", "about", "bread", "Und", "und", *MONTHS]

    async def look(self, where: str) -> None:
        if unsaid := await self.page.evaluate(LOOK, self.data):
            self.found[where] = unsaid

    async def to(self, path: str, ready: str) -> None:
        await self.page.goto(f"{self.desk.stack.base}/review#{path}")
        await self.page.locator(ready).first.wait_for()
        await self.look(path)

    async def key(self, key: str, ready: str, leave: str = "Escape") -> None:
        await self.page.keyboard.press(key)
        await self.page.locator(ready).first.wait_for()
        await self.look(f"after {key}")
        if leave:
            await self.page.keyboard.press(leave)
            await expect(self.page.locator(ready)).to_have_count(0)


async def test_no_sentence_stands_outside_the_catalogue(desk: Desk) -> None:
    author = {"name": "Ωμέγα", "email": "omega@example.com", "ip": "192.0.2.7", "url": "https://example.net/"}
    await desk.submit(*["Καλημέρα σε όλους, ωραίο ψωμί https://example.net/x"] * 3, author=author)
    await desk.submit(*[f"Πολύ ωραίο {number}, ευχαριστώ" for number in "αβγδ"], author=author)
    page = await desk.window(locale="de-DE")
    await in_brackets(page)
    walk = Walk(page, desk)
    await walk.to("/queue", "form button[type=submit]")
    await page.locator("#name").fill(desk.name)
    await page.locator("#password").fill("not this one")
    await page.locator("form button[type=submit]").click()
    await expect(page.locator("#signin-wrong")).not_to_be_empty()
    await walk.look("a wrong password")
    await sign_in(page, desk, "/queue")
    await opened(page, "")
    await walk.look("the queue")
    await deciding(walk)
    await elsewhere(walk)
    assert walk.found == {}


async def deciding(walk: Walk) -> None:
    """All that one can do in the queue."""
    page = walk.page
    for key, ready in (
        ("r", ".menu"),
        ("l", ".menu"),
        ("e", "dialog"),
        ("?", "dialog"),
        ("g", ".menu"),
        ("Control+k", "dialog"),
    ):
        await walk.key(key, ready)
    for button in ("⟦Block…⟧", "⟦Trust…⟧", "⟦Block this network…⟧", "⟦Erase for good…⟧"):
        await page.get_by_role("button", name=button).click()
        await page.locator("dialog").wait_for()
        await walk.look(button)
        await page.keyboard.press("Escape")
    await walk.key("f", ".facets details", leave="")
    await page.keyboard.press("Escape")
    await page.locator(".queue-tools button").first.click()
    await page.locator(".row input").first.click()
    await page.locator(".selection:not([hidden])").wait_for()
    await walk.look("something is selected")
    await page.keyboard.press("Shift+X")
    await page.locator(".comment h2").first.click()
    for key in ("a", "s"):
        await page.keyboard.press(key)
        await page.locator(".toast").wait_for()
        await walk.look(f"decided by {key}")
    await page.keyboard.press("z")
    await expect(page.locator(".toast .said")).to_contain_text("Taken back")
    await walk.look("taken back")
    await page.route("**/review/api/comments/*/decision", lambda route: route.abort())
    walk.desk.forgive("/decision")
    await opened(page, "")
    await page.wait_for_timeout(700)  # a comment is not decided before it was on the screen for a moment
    await page.keyboard.press("a")
    await expect(page.locator(".toast.bad")).to_be_visible()
    await walk.look("the network is away")


async def elsewhere(walk: Walk) -> None:
    """All lists and pages."""
    page = walk.page
    for name in ("escalated", "snoozed", "reported", "appealed", "later", "audit", "decided", "approved", "rejected"):
        await walk.to(f"/queue?list={name}", ".list-status")
    await walk.to("/campaigns", ".campaign-card, .sheet .hint")
    await walk.to("/statistics", ".tiles")
    await walk.to("/policy", "fieldset.policy")
    await page.get_by_label("⟦Mode⟧").select_option("by-score")
    await walk.look("an unsaved policy")
    await page.locator(".policy-bar .primary").click()
    await page.locator("dialog").wait_for()
    await walk.look("saving a policy")
    await page.keyboard.press("Escape")
    await page.locator(".policy-bar button").first.click()
    await walk.to("/deliveries", ".card")
    await walk.to("/audit", "table")
    await walk.to("/team", ".people")
    await page.locator(".sheet-head .primary").click()
    await page.locator("dialog").wait_for()
    await walk.look("inviting")
    await page.keyboard.press("Escape")
    await walk.to("/settings", "#set-language")
    await page.get_by_role("button", name="⟦Change password…⟧").click()
    await page.locator("dialog").wait_for()
    await walk.look("a new password")


@pytest.mark.parametrize("screen", [{"width": 1440}, {"width": 390, "height": 844}], ids=["desk", "phone"])
async def test_long_words_fit(desk: Desk, screen: dict[str, Any]) -> None:
    await desk.submit("Ein Kommentar mit https://example.net/ und einem Link", "Noch einer")
    page = await desk.window(locale="de-DE", **screen)
    await page.goto(f"{desk.stack.base}/review")
    await expect(page.locator("h1").first).to_be_attached()
    await accessible(page)
    await sign_in(page, desk, "/queue")
    await expect(page.locator(".list-status")).to_contain_text("Zu prüfen:")
    await fits(page)
    for path, ready in (
        ("/policy", "fieldset.policy"),
        ("/statistics", ".tiles"),
        ("/settings", "#set-language"),
        ("/team", ".people"),
    ):
        await page.goto(f"{desk.stack.base}/review#{path}")
        await page.locator(ready).first.wait_for()
        await fits(page)
    await page.goto(f"{desk.stack.base}/review#/settings")
    await page.locator("#set-language").select_option("fr")
    await expect(page.get_by_role("heading", name="Réglages")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "fr"
    await accessible(page)


async def test_from_right_to_left(desk: Desk) -> None:
    await desk.submit("שלום לכולם", "תודה רבה")
    page = await desk.window(locale="de-DE")

    async def turned(route: Route) -> None:
        found = await route.fetch()
        await route.fulfill(response=found, body=(await found.text()).replace('dir="ltr"', 'dir="rtl"', 1))

    await page.route(re.compile(r"/review(\?.*)?$"), turned)
    await sign_in(page, desk, "/queue")
    await opened(page, "")
    await fits(page)
    lists, list_, comment = [await page.locator(one).bounding_box() for one in (".sidebar", ".queue", ".middle")]
    assert lists is not None
    assert list_ is not None
    assert comment is not None
    assert lists["x"] > list_["x"] > comment["x"]


async def test_german_lists_and_filters_break_no_word(desk: Desk) -> None:
    await desk.submit("Eins")
    page = await desk.window(locale="de-DE")
    await page.goto(f"{desk.stack.base}/review")
    await sign_in(page, desk, "/queue?list=escalated")
    name = page.locator(".sidebar a[aria-current] .sidebar-name")
    await expect(name).to_have_text("Weitergereicht")
    lines = (
        "(one) => { const all = document.createRange(); all.selectNodeContents(one);"
        " return all.getClientRects().length; }"
    )

    async def on_one_line() -> bool:
        return await name.evaluate(lines) == 1  # 0: it has just been drawn anew

    await until(on_one_line)
    await page.set_viewport_size({"width": 720, "height": 450})
    await page.goto(f"{desk.stack.base}/review#/queue")
    await opened(page, "Eins")
    await page.keyboard.press("f")
    await page.locator(".facet").first.wait_for()
    wanted = (
        "(one) => { const other = one.cloneNode(true); other.style.cssText = 'position: fixed; width: max-content';"
        " document.body.append(other); const width = other.offsetWidth; other.remove(); return width; }"
    )
    time = page.locator(".facet-row select")
    assert await time.evaluate("(one) => one.offsetWidth") >= await time.evaluate(wanted)


async def test_names_stand_below_each_other_whatever_they_are_written_in(desk: Desk) -> None:
    await desk.submit("One", author="Maya")
    await desk.submit("Two", author="يوسف الخباز")
    page = await desk.window(locale="fr-FR")
    await page.goto(f"{desk.stack.base}/review")
    await sign_in(page, desk, "/queue")
    await expect(page.locator(".row-name")).to_have_count(2)
    lefts = await page.locator(".row-name").evaluate_all(
        "(all) => all.map((one) => { const range = document.createRange(); range.selectNodeContents(one);"
        " return Math.round(range.getBoundingClientRect().left); })"
    )
    assert len(set(lefts)) == 1
    await page.locator(".row", has_text="Two").locator("a").click()
    await opened(page, "Two")
    name, rest = await page.evaluate(
        "() => ['h2 span', '.meta'].map((one) =>"
        " document.querySelector(`.comment-who ${one}`).getBoundingClientRect().left)"
    )
    assert abs(name - rest) < 2
    await expect(page.locator(".list-status")).to_contain_text("À examiner\u00a0: 2 commentaires")


async def test_somebody_with_another_browser_reads_their_own_language(desk: Desk) -> None:
    name = await desk.colleague(Role.LEAD)
    page = await desk.window(locale="id-ID")
    await page.goto(f"{desk.stack.base}/review")
    await expect(page.locator("form button[type=submit]")).to_have_text("Masuk")
    await page.locator("select.languages").select_option("en")
    await desk.sign_in(page, name)
    await expect(page.get_by_role("navigation", name="Lists")).to_be_visible()


async def test_the_language_that_was_chosen_comes_with_the_account_to_another_browser(desk: Desk) -> None:
    name = await desk.colleague(Role.LEAD)
    here = await desk.signed_in(name, "/settings")
    await here.locator("#set-language").select_option("fr")
    await expect(here.get_by_role("heading", name="Réglages")).to_be_visible()
    there = await desk.window(locale="de-DE")
    await there.goto(f"{desk.stack.base}/review#/settings")
    await expect(there.locator("form button[type=submit]")).to_have_text("Anmelden")
    await there.locator("#name").fill(name)
    await there.locator("#password").fill(PASSWORD)
    await there.locator("form button[type=submit]").click()
    await expect(there.get_by_role("heading", name="Réglages")).to_be_visible()
    assert await there.evaluate("document.documentElement.lang") == "fr"
    await there.reload()
    await expect(there.get_by_role("heading", name="Réglages")).to_be_visible()


async def test_the_service_writes_numbers_as_browsers_do(desk: Desk) -> None:
    page = await desk.window()
    write = "codes => codes.map((code) => [1234, 12345].map((number) => new Intl.NumberFormat(code).format(number)))"
    written = await page.evaluate(write, list(catalogues()))
    assert [tuple(pair) for pair in written] == [one.numbers for one in catalogues().values()]


async def test_who_is_counted_is_one_or_several(desk: Desk) -> None:
    """What the service says of one in the plural is said in the singular, in English too."""
    policy = Policy(mode="hold-new-authors", release_after=2)
    await desk.services.accounts.change(
        desk.site, lambda site: msgspec.structs.replace(site, policy=policy), "sites.policy"
    )
    (first,) = await desk.submit("A first comment on bread", author="Ann")
    known = await desk.services.accounts.find(desk.site)
    assert known is not None
    await desk.services.review.decisions.decide(
        known.site, first, Outcome.APPROVE, by=Actor(ActorKind.MODERATOR, "bo"), revision=None, reasons=[], until=0
    )
    await desk.submit("A second one, about butter", author="Ann")
    for locale, said in (
        ("en-GB", "The author has 1 approved comment here; from 2 on they are not held."),
        ("de-DE", "Der Autor hat hier 1 freigegebenen Kommentar; ab 2 wird nichts mehr zurückgehalten."),
    ):
        page = await desk.window(locale=locale)
        await sign_in(page, desk, "/queue")
        await opened(page, "butter")
        await page.keyboard.press("i")
        await expect(page.locator(".evidence")).to_contain_text(said)
        await page.keyboard.press("i")
