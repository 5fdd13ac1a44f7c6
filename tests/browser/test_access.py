"""The page for who can't see it, or needs it large: one walk by keyboard alone, one through every width and letter size."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.desk import PASSWORD, Desk

GERMAN = json.loads((Path(__file__).parents[2] / "service/web/static/review/languages/de.json").read_text())
ROLES = "button|link|textbox|searchbox|combobox|checkbox|menuitem|dialog|toolbar|navigation|region"
CONTROL = re.compile(rf'^\s*- ({ROLES})(?: "(.*?)")?(?=[\s:\[]|$)', re.MULTILINE)
PAGES = ("campaigns", "statistics", "policy", "deliveries", "audit", "team", "settings")
SCREENS = {  # CSS pixels, and how large the reader has the browser write
    "a desk at 200 %": (640, 400, 16),
    "WCAG 1.4.10": (320, 640, 16),
    "letters twice as large": (1280, 800, 32),
}
SPACED = (  # WCAG 1.4.12
    "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
    " p { margin-block-end: 2em !important }"
)
LOST = """() => {
  const lost = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) lost.push(`the page: ${root.scrollWidth} > ${root.clientWidth}`);
  for (const node of document.querySelectorAll("main *, header *, dialog *")) {
    if (!node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (node.closest(".unseen, svg, .scroll, .row")) continue; // tables may scroll, and a row is but a beginning
    if (![...node.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim())) continue;
    const box = node.getBoundingClientRect();
    const words = `${node.tagName} ${node.textContent.trim().slice(0, 40)}`;
    if (box.left < -1 || box.right > innerWidth + 1) lost.push(`outside: ${words}`);
    for (let up = node; up !== document.body; up = up.parentElement) {
      const { overflowX, overflowY, textOverflow } = getComputedStyle(up);
      if (/auto|scroll/.test(overflowX + overflowY)) break;
      const frame = up.getBoundingClientRect();
      const beyond = box.right > frame.right + 2 || box.left < frame.left - 2;
      if (beyond && /hidden|clip/.test(overflowX) && textOverflow !== "ellipsis") lost.push(`cut: ${words}`);
    }
  }
  return [...new Set(lost)];
}"""


async def focused(page: Page) -> str:
    """What has the focus: its name, else its words."""
    return str(
        await page.evaluate(
            "() => document.activeElement === document.body ? '' :"
            " document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
        )
    )


async def german(page: Page) -> None:
    """Every control has a name, and none an English one."""
    controls = CONTROL.findall(await page.locator("body").aria_snapshot())
    assert len(controls) > 5
    assert [role for role, name in controls if not name and role not in ("region", "navigation")] == []
    assert [name for _, name in controls if GERMAN.get(name, name) != name] == []


async def test_one_walks_through_all_of_it_by_keyboard_alone(desk: Desk) -> None:
    """What is open is said, the focus is never lost, dialogs name whom they are about, and all of it is German."""
    await desk.submit(*(f"Brot Nummer {number}" for number in ("eins", "zwei", "drei")), author="Bertha")
    page = await desk.window(locale="de-DE")
    await page.goto(f"{desk.stack.base}/review")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type(desk.name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    live = page.locator("#live > :last-child")
    await expect(live).to_have_text(re.compile(r"Bertha\. Brot Nummer .*\. Alles zurückhalten\. 1 von 3"))
    assert (await focused(page))[:60] == "Kommentar"
    await german(page)
    ready = page.locator('.actions[aria-busy="false"]')
    for key, said in (
        ("j", "2 von 3"),
        ("k", "1 von 3"),
        ("x", "1 Kommentar ausgewählt"),
        ("x", "Nichts ist ausgewählt"),
    ):
        await page.keyboard.press(key)
        await expect(live).to_contain_text(said)
        assert (await focused(page))[:60] == "Kommentar"
    for key in ("e", "r", "l"):
        await ready.wait_for()
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog", name=re.compile("Bertha"))).to_be_visible()
        await german(page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert (await focused(page))[:60] == "Kommentar"
    await page.keyboard.press("a")
    await expect(page.locator("#live")).to_contain_text("Freigegeben.")
    await expect(page.locator("#live")).to_contain_text("1 von 2")
    assert (await focused(page))[:60] == "Kommentar"
    await page.locator(".toast button").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#live")).to_contain_text("Zurückgenommen.")
    assert (await focused(page))[:60] == "Kommentar"
    await page.keyboard.press("/")
    await page.keyboard.type("zwei")
    await page.keyboard.press("Enter")
    await expect(page.locator(".list-status")).to_contain_text("1 Kommentar")
    await page.get_by_role("button", name="zwei").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".list-status")).to_contain_text("3 Kommentare")
    assert (await focused(page)).startswith("Filter")
    for name in PAGES:
        link = page.locator(f'.header a[href="#/{name}"]')
        await link.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("main h1")).to_be_focused()
        await expect(page.locator(".card, .sheet .hint").first).to_be_visible()
        await german(page)
    await page.go_back()
    await page.locator('.header a.brand[href="#/queue"]').focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="Kommentar")).to_be_focused()
    desk.forgive("401")
    await page.context.clear_cookies(name="antechamber_session")
    await page.keyboard.press("j")
    await page.get_by_label("Name", exact=True).fill(desk.name)
    await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("article", name="Kommentar")).to_be_focused()


async def test_nothing_is_lost_however_large_it_is_written(desk: Desk) -> None:
    await desk.submit("Ein Kommentar mit https://example.net/ und einem Link, der lange genug ist", author="Bertha")
    page = await desk.signed_in(forced_colors="active")
    session = await page.context.new_cdp_session(page)
    found: dict[str, list[str]] = {}

    async def measure(where: str) -> None:
        for spacing in ("", SPACED):
            await page.evaluate(
                "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
                spacing,
            )
            if lost := await page.evaluate(LOST):
                found[f"{where}{', spaced' if spacing else ''}"] = lost

    for name, (width, height, letters) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        await session.send("Page.setFontSizes", {"fontSizes": {"standard": letters, "fixed": letters - 3}})
        await page.goto(f"{desk.stack.base}/review#/queue")
        await page.locator(".row").first.get_by_role("link").click()
        await page.locator(".comment-text:not([aria-busy])").wait_for()
        await measure(f"{name}: a comment")
        for act in await page.locator(".actions button").all():
            await act.focus()
            await expect(act).to_be_in_viewport(ratio=0.9)
        if await page.locator(".why").is_visible():
            await page.locator(".why").click()
        await expect(page.locator(".grounds")).to_be_visible()
        await measure(f"{name}: its evidence")
        for path in PAGES:
            await page.goto(f"{desk.stack.base}/review#/{path}")
            await page.locator(".card, .sheet .hint").first.wait_for()
            await measure(f"{name}: {path}")
    assert found == {}
    await page.locator(".header .unfolder").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Campaigns")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(".header .unfolder")).to_be_focused()
