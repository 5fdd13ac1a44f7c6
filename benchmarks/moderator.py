"""One person at the moderators' page, who presses keys like somebody who does this all day. For `benchmarks.shift`.

What the page was told by the service, and what it told the person, are noted in the page itself: by what passes through its
`fetch`, and by the messages that it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from playwright.async_api import Browser, Error, Page

PASSWORD = "correct horse battery"
PATIENCE = 20.0
"""Seconds that a person waits for the page before it counts as stuck."""
NOTES = r"""
const shift = (globalThis.shift = { said: [], told: [], waits: [] });
shift.current = () => new URLSearchParams(location.hash.split("?")[1]).get("id") ?? "";
shift.stands = () => {
  if (document.querySelector("dialog.over")) return "over";
  if (document.querySelector("dialog[open], .menu")) return "asked";
  if (document.querySelector(".accept")) return "newer";
  if (document.querySelector(".editor:not([hidden])")) return "edited";
  if (document.querySelector(".row.current .tag.done")) return "done";
  const ready = document.querySelector('.actions:not([hidden])[aria-busy="false"]');
  return ready && shift.current() ? "ready" : "";
};
shift.wentOn = (one) => (shift.current() && shift.current() !== one) || ["over", "newer"].includes(shift.stands());
shift.until = async (holds, seconds) => {
  const end = performance.now() + seconds * 1000;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((wake) => setTimeout(wake, 10));
  }
  return true;
};
shift.ready = async (seconds) => {
  await shift.until(() => shift.stands(), seconds);
  return [shift.stands(), shift.current()];
};
const fetched = globalThis.fetch;
const ACT = /\/(?:comments\/(\w+)\/(decision|undo|escalate|snooze|return)|bulk)$/;
globalThis.fetch = async (path, options = {}) => {
  const found = options.method === "POST" && ACT.exec(String(path));
  const asked = found && JSON.parse(options.body ?? "{}");
  if (asked?.action) shift.said.push({ comment: "", act: "plan", status: 1, bulk: (asked.ids ?? []).join(" ") });
  if (!found || asked.action) return fetched(path, options);
  const said = { comment: found[1] ?? "", act: found[2] ?? "bulk", edit: Boolean(asked.edit), status: 0, revision: 0 };
  try {
    const answer = await fetched(path, options);
    const body = answer.ok ? await answer.clone().json() : {};
    Object.assign(said, { status: answer.status, revision: body.comment?.revision ?? 0, bulk: body.id ?? "" });
    return answer;
  } finally {
    shift.said.push(said);
  }
};
addEventListener("DOMContentLoaded", () =>
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        shift.told.push([node.classList.contains("bad"), node.querySelector(".said").textContent]);
  }).observe(document.getElementById("toasts"), { childList: true }));
addEventListener("keydown", ({ key, timeStamp, repeat, target }) => {
  const before = shift.current();
  if (repeat || !"as".includes(key) || shift.stands() !== "ready" || target.matches("input, textarea, select")) return;
  const look = () => {
    const now = shift.current();
    if (performance.now() - timeStamp > 20_000) return;
    if (now !== before && (!now || document.querySelector(".comment-text:not([aria-busy])")))
      requestAnimationFrame(() => shift.waits.push(performance.now() - timeStamp));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, true);
"""
DRAINED = "() => [shift.said.splice(0), shift.told.splice(0), shift.waits.splice(0)]"
PICKED = "([free, at]) => [...document.querySelectorAll(free)].slice(0, 8).at(-1 - at)?.click()"
FREE = ".row:not(:has(.looking)):not(:has(.tag.done)) .row-link"


class Said(NamedTuple):
    """What the service answered to something that the page asked it to do; status 999: nothing was heard. What a `plan`
    would decide together is in `bulk`."""

    comment: str
    act: str
    edit: bool
    status: int
    revision: int
    bulk: str


@dataclass
class Moderator:
    """Somebody at the page. `pause` is for who looks around between two comments; 0: takes them as they come."""

    name: str
    page: Page
    dice: random.Random
    pause: float = 0.0
    pressed: list[str] = field(default_factory=list)  # comments that the page went on from, after a key that decides
    said: list[Said] = field(default_factory=list)
    told: Counter[tuple[bool, str]] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)  # milliseconds from a key to the next comment
    stuck: Counter[str] = field(default_factory=Counter)

    @property
    def decided(self) -> int:
        """How many decisions the page was told of."""
        return sum(one.act == "decision" and one.status < 300 for one in self.said)

    async def heard(self) -> None:
        """Note what the page has heard and told since this was asked last."""
        said, told, waits = await self.page.evaluate(DRAINED)
        self.said += [
            Said(
                one["comment"],
                one["act"],
                one.get("edit", False),
                one["status"] or 999,
                one.get("revision", 0),
                one.get("bulk", ""),
            )
            for one in said
        ]
        self.told.update((bad, text) for bad, text in told)
        self.waits += waits

    async def sign_in(self) -> None:
        """Fill in the form."""
        await self.page.get_by_label("Name", exact=True).fill(self.name)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.get_by_role("button", name="Sign in").click()

    async def work(self) -> None:
        """Do one thing: whatever the page asks for, else something with the comment that is open."""
        doing: Deed = Moderator.move
        try:
            if self.pause:
                await self._look_around()
            stands, comment = await self.page.evaluate(f"() => shift.ready({PATIENCE})")
            if stands == "over":
                await self.sign_in()
                await self.page.locator("dialog.over").wait_for(state="detached")
            elif stands == "newer":
                await self.page.locator(".accept").click()
            elif stands == "edited":  # what was typed was not about the text of now
                await self.page.get_by_role("button", name="Discard", exact=True).click()
            elif stands == "asked":
                await self.page.keyboard.press("Escape")
            elif stands == "done":
                await self.page.keyboard.press("j")
                await self._went_on(comment, 1)
            elif stands == "ready":
                doing = self.dice.choices(DEEDS, WEIGHTS)[0]
                await doing(self, comment)
            else:
                self.stuck["nothing to press"] += 1
                await self._home()
            await self.heard()
        except Error as error:
            self.stuck[f"{doing.__name__}: {str(error).partition(chr(10))[0]}"] += 1
            await self._home()

    async def _look_around(self) -> None:
        await asyncio.sleep(self.dice.uniform(0.5, 1.5) * self.pause)
        await self.page.evaluate(PICKED, [FREE, self.dice.randrange(8)])

    async def _home(self) -> None:
        """Whatever is in the way is left, and the queue shown."""
        with contextlib.suppress(Error):
            if not await self.page.locator("dialog.over").count():
                await self.page.keyboard.press("Escape")
                await self.page.evaluate("() => { location.hash = '#/queue' }")

    async def _press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def _went_on(self, comment: str, seconds: float = PATIENCE) -> str:
        """Wait until another comment is open, or the page asks for something first; which is open, "" when it did neither."""
        went = "async ([one, seconds]) => (await shift.until(() => shift.wentOn(one), seconds)) ? shift.current() : ''"
        return str(await self.page.evaluate(went, [comment, seconds]))

    async def _decided(self, comment: str) -> None:
        """A key that decides was pressed: the page goes on."""
        went_on = await self._went_on(comment)
        if not went_on:
            self.stuck["the page did not go on"] += 1
        elif went_on != comment:
            self.pressed.append(comment)

    async def approve(self, comment: str) -> None:
        """Press a."""
        await self._press("a")
        await self._decided(comment)

    async def spam(self, comment: str) -> None:
        """Press s."""
        await self._press("s")
        await self._decided(comment)

    async def reject(self, comment: str) -> None:
        """Reject, with a reason."""
        await self._press("r")
        await self.page.locator(".menu").wait_for(timeout=3_000)
        await self._press(self.dice.choice("stion"))
        await self._decided(comment)

    async def reject_otherwise(self, comment: str) -> None:
        """Reject for another reason, with a note."""
        await self._press("r")
        await self.page.locator(".menu").wait_for(timeout=3_000)
        await self._press("x")
        await self.page.keyboard.type("Not here")
        await self._press("Enter")
        await self._decided(comment)

    async def undo(self, comment: str) -> None:
        """Decide, at once take it back, and decide otherwise when it is there again."""
        await self._press("a")
        await self._decided(comment)
        await self._press("z")
        there = "(comment) => shift.until(() => shift.current() === comment && shift.stands() === 'ready', 10)"
        if await self.page.evaluate(there, comment):
            await self.spam(comment)

    async def edit(self, comment: str) -> None:
        """Approve with another text."""
        await self._press("t")
        await self.page.get_by_label("The text that readers will see").fill("What is left of it")
        await self.page.get_by_label("What was wrong with the author’s text?").select_option("personal-data")
        await self.page.get_by_role("button", name="Approve this text").click()
        await self._decided(comment)

    async def later(self, comment: str) -> None:
        """Put it aside for an hour."""
        await self._press("l")
        await self.page.locator(".menu").wait_for(timeout=3_000)
        await self._press("h")
        await self._went_on(comment)

    async def escalate(self, comment: str) -> None:
        """Pass it on."""
        await self._press("e")
        dialog = self.page.locator("dialog[open]")
        await dialog.get_by_label("What should they know?").fill("Too hard for me")
        await dialog.get_by_role("button", name="Escalate", exact=True).click()
        await self._went_on(comment)

    async def many(self, _: str) -> None:
        """Select three and decide them together."""
        await self._press("x", "j", "x", "j", "x", self.dice.choice(("Shift+A", "Shift+S")))
        await self.page.locator(".selection").wait_for(state="hidden")

    async def note(self, _: str) -> None:
        """Leave a note for colleagues."""
        await self._press("n")
        await self.page.keyboard.type("Seen before")
        await self._press("Control+Enter")
        await self.page.locator(".notes li").first.wait_for()
        await self.page.locator(".comment").click(position={"x": 2, "y": 2})

    async def search(self, _: str) -> None:
        """Look for a word, open the filters, and come back."""
        await self._press("/")
        await self.page.keyboard.type("river")
        await self._press("Enter")
        await self.page.locator(".chips .filter-chip").first.wait_for()
        await self.page.locator(".comment").click(position={"x": 2, "y": 2})
        await self._press("f")
        await self.page.locator("#facets .facet").first.wait_for()
        await self._press("f")
        await self.page.evaluate("() => { location.hash = '#/queue' }")
        await self.page.locator(".chips .filter-chip").first.wait_for(state="detached")

    async def lists(self, _: str) -> None:
        """Look into what was decided, and come back."""
        for name in ("approved", "rejected", "escalated", "snoozed", "flagged"):
            await self.page.evaluate("(name) => { location.hash = `#/queue?list=${name}` }", name)
            await self.page.evaluate("() => shift.ready(3)")

    async def pages(self, _: str) -> None:
        """Look at the other pages, and come back."""
        for name in ("campaigns", "statistics", "policy", "deliveries", "audit", "team", "settings", "queue"):
            await self.page.evaluate("(name) => { location.hash = `#/${name}` }", name)
            await self.page.locator(f".main.page-{name}").wait_for()
            await asyncio.sleep(0.3)

    async def move(self, _: str) -> None:
        """Go up and down, with exact numbers and without."""
        await self._press("j", "j", "k", "i", "j", "i", "b", "b", "u", "u")


Deed = Callable[[Moderator, str], Awaitable[Any]]
OFTEN: dict[Deed, float] = {
    Moderator.approve: 52, Moderator.spam: 18, Moderator.reject: 10, Moderator.reject_otherwise: 2, Moderator.undo: 3,
    Moderator.edit: 1.5, Moderator.later: 1, Moderator.escalate: 1, Moderator.many: 1.5, Moderator.note: 1,
    Moderator.search: 0.7, Moderator.lists: 0.5, Moderator.pages: 0.5, Moderator.move: 2,
}  # fmt: skip
DEEDS, WEIGHTS = list(OFTEN), list(OFTEN.values())


async def seated(browser: Browser, address: str, name: str, pause: float, heard: Callable[[Page], None]) -> Moderator:
    """Somebody in a window of their own, signed in."""
    page = await (
        await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    ).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    heard(page)
    await page.add_init_script(NOTES)
    await page.goto(address)
    somebody = Moderator(name, page, random.Random(name), pause)
    await somebody.sign_in()
    await page.locator(".row.current").wait_for(timeout=60_000)
    return somebody
