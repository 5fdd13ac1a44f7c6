"""A moderator's shift at the page, pressed together: whether a decision is ever lost or made twice, and what the page keeps.

The real service as processes, and three people in a real browser: one works through the queue by keyboard, two colleagues pick
comments here and there, while comments keep coming in. A third through the API is stopped and started, half-way the session
expires and is begun anew over the page, and at two thirds the API and the worker are killed.

A decision is *lost* when the page went on from a comment and nobody's decision is in its history; it is *double* when a history
has two, although nobody decided what the page showed as decided. What the browser complains of while the service is away is
counted apart. Heap and listeners are of the first person's page, after a collection of garbage, when the shift has just begun
and at its end.

Run: python -m benchmarks.shift [--decisions 4000] [--minutes 120]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from playwright.async_api import Browser, CDPSession, ConsoleMessage, Error, Page, async_playwright
from rich.console import Console
from rich.table import Table

from service.container import Services, open_services
from service.core.lifecycle import ActorKind
from service.core.moderator import Role
from service.core.policy import Policy
from service.core.submission import comment_id
from service.keyfiles import load as load_keys
from service.settings import Settings
from tests.system.stack import Stack

WORDS = ("bread", "river", "stone", "paint", "letter", "garden", "window", "winter")
PASSWORD = "correct horse battery"
ME, COLLEAGUES = "eve", ("kim", "lou")
WAITING = 40
"""How many comments are held before more come in: they come as fast as they are decided."""
WARM = 20
"""Decisions before heap and listeners are looked at for the first time."""
PATIENCE = 60.0
"""Seconds that a person waits for the page before a press counts as stuck."""
READY = """() => {
  const row = document.querySelector(".row.current");
  const id = row?.querySelector(".tag.done") ? null : row?.dataset.id; // what a colleague decided is left alone
  const actions = document.querySelector(".actions:not([hidden])");
  return id && actions?.getAttribute("aria-busy") === "false" && !document.querySelector("dialog[open], .menu") ? id : null;
}"""
FREE = ".row:not(:has(.looking)):not(:has(.tag.done)) .row-link"
WENT_ON = '(id) => document.querySelector(".row.current")?.dataset.id !== id'


@dataclass
class Person:
    """Somebody at the page: what they pressed, as far as the page went on from it."""

    name: str
    page: Page
    done: list[str] = field(default_factory=list)  # comments that the page went on from
    stuck: int = 0
    waits: list[float] = field(default_factory=list)  # seconds from a key to the next comment


@dataclass
class Shift:
    """What is going on. While the service is `away`, the browser may complain."""

    services: Services
    stack: Stack
    people: list[Person]
    wanted: int
    seconds: float
    begun: float = field(default_factory=time.monotonic)
    away: bool = False
    over: bool = False
    complaints: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)

    @property
    def decided(self) -> int:
        """How many decisions were made, as the pages saw it."""
        return sum(len(one.done) for one in self.people)

    @property
    def part(self) -> float:
        """How much of the shift is over: of its decisions or of its time, whichever is more; 1: all."""
        return max(self.decided / self.wanted, (time.monotonic() - self.begun) / self.seconds)

    def heard(self, message: ConsoleMessage) -> None:
        """The browser says something."""
        if message.type not in ("error", "warning"):
            return
        url = message.location.get("url", "").partition("/review/")[2].partition("?")[0]
        said = f"{message.text[:90]} {url[:40]}"
        network = "Failed to load resource" in message.text or "ERR_" in message.text
        self._note(said, expected=network and self.away)

    def broke(self, error: Error) -> None:
        """A script of the page failed, which nothing excuses."""
        self._note(f"script: {error}"[:160], expected=False)

    def _note(self, said: str, *, expected: bool) -> None:
        (self.expected if expected else self.complaints)[said] += 1


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[tuple[Stack, Services, str]]:
    """The running service, with a site that holds everything and three people; the site's key."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), site_cache="0", audit_share="0", log_level="warning", review_undo_seconds="5")
        try:
            await stack.up()
            data = Path(folder) / "data"
            settings = Settings(data_dir=data, site_cache=0.0)
            async with open_services(settings, load_keys(data / "secrets"), stack.environment["REDIS_URL"]) as services:
                known = await services.accounts.add("shift", "https://shift.example")
                policy = Policy(mode="hold-everything")
                await services.accounts.change(
                    "shift", lambda site: msgspec.structs.replace(site, policy=policy), "sites.policy"
                )
                for name in (ME, *COLLEAGUES):
                    await services.moderators.add(name, Role.LEAD, ("shift",), PASSWORD)
                yield stack, services, known.credentials[0].api_key
        finally:
            stack.down()


async def feed(shift: Shift, key: str) -> int:
    """Have comments come in while there are few; how many came."""
    number, dice = 0, random.Random(5)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        while not shift.over:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                held = (await shift.services.comments.counts("shift")).get("flagged", 0)
                for _ in range(max(0, WAITING - held)):
                    text = " ".join(dice.choices(WORDS, k=14))
                    body = {
                        "id": str(number), "page": {"url": "https://shift.example/p", "title": "A post"}, "content": text,
                        "author": {"name": f"Ann {number}", "email": f"ann{number}@example.com", "ip": "192.0.2.7"},
                    }  # fmt: skip
                    async with session.post(f"{shift.stack.base}/v1/comments", json=body) as response:
                        number += response.status < 300
            await asyncio.sleep(0.5)
    return number


async def seated(shift: Shift, browser: Browser, name: str) -> Person:
    """Somebody in a window of their own, signed in."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.on("console", shift.heard)
    page.on("pageerror", shift.broke)
    await page.goto(f"{shift.stack.base}/review")
    await sign_in(page, name)
    await page.locator(".row.current").wait_for()
    return Person(name, page)


async def sign_in(page: Page, name: str) -> None:
    """Fill in the form."""
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def work(shift: Shift, person: Person, dice: random.Random, pause: float) -> None:
    """Decide comments until there are enough. Who pauses picks one here and there; the other takes them as they come."""
    while shift.part < 1:
        try:
            if pause:
                await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)
                rows = person.page.locator(FREE)
                await rows.nth(dice.randrange(max(1, min(8, await rows.count())))).click(timeout=3_000)
            elif await person.page.locator(".row.current:has(.tag.done)").count():
                await person.page.keyboard.press("j")
            await decide(person, dice)
        except Error:
            if await person.page.get_by_text("Please sign in again.").count():
                with contextlib.suppress(Error):  # it is tried again as long as the page asks for it
                    await sign_in(person.page, person.name)
                    await person.page.locator("dialog.over").wait_for(state="detached")
            else:
                person.stuck += 1


async def decide(person: Person, dice: random.Random) -> None:
    """Press a key at the open comment, once its evidence is there and it was seen for a moment."""
    page = person.page
    handle = await page.wait_for_function(READY, timeout=10_000)
    comment = str(await handle.json_value())
    await asyncio.sleep(dice.uniform(0.4, 0.6))
    if await page.evaluate(READY) != comment:
        return
    pressed = time.monotonic()
    if dice.random() < 0.7:
        await page.keyboard.press("a")
    else:
        await page.keyboard.press("r")
        await page.locator(".menu").wait_for(timeout=3_000)
        await page.keyboard.press("s")
    await page.wait_for_function(WENT_ON, arg=comment, timeout=5_000)
    person.waits.append(time.monotonic() - pressed)
    person.done.append(comment)


async def disturb(shift: Shift) -> list[str]:
    """Stop the API, end a session, kill the API and the worker; what was done, and when."""
    told: list[str] = []

    async def at(share: float) -> None:
        while shift.part < share:
            await asyncio.sleep(0.2)
        shift.away = True

    async def back() -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(120):
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with session.get(f"{shift.stack.base}/readyz") as response:
                        if response.status == 200:
                            break
                await asyncio.sleep(0.2)
        await asyncio.sleep(5)  # what was under way ends
        shift.away = False

    await at(1 / 3)
    told.append(f"API stopped and started after {shift.decided:,}")
    await asyncio.to_thread(shift.stack.stop, "api", 60)
    shift.stack.start("api")
    await back()
    await at(1 / 2)
    told.append(f"session over after {shift.decided:,}")
    await shift.services.moderators.sign_out_everywhere(ME)
    await back()
    await at(2 / 3)
    told.append(f"API and worker killed after {shift.decided:,}")
    for role in ("api", "worker"):
        shift.stack.kill(role)
        shift.stack.start(role)
    await back()
    return told


async def measured(page: Page, session: CDPSession) -> dict[str, float]:
    """What the page keeps, after a collection of garbage; and how much of it is on the page."""
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    found = {one["name"]: float(one["value"]) for one in metrics}
    shown = await page.evaluate("document.querySelectorAll('*').length")
    kept = {name: found[name] for name in ("JSHeapUsedSize", "JSEventListeners", "Nodes", "Documents")}
    return kept | {"elements on the page": float(shown)}


async def judged(shift: Shift, came: int) -> Counter[str]:
    """What the histories say of it, comment by comment."""
    found: Counter[str] = Counter(comments=came)
    pressed = Counter(comment for person in shift.people for comment in person.done)
    for number in range(came):
        comment = comment_id("shift", str(number))
        made = [
            one.decision for one in await shift.services.comments.history(comment)
            if one.decision is not None and one.actor.kind is ActorKind.MODERATOR
        ]  # fmt: skip
        found["decided by people"] += bool(made)
        found["double"] += len(made) > 1
        found["lost"] += bool(pressed[comment]) and not made
        found["pressed by two at once"] += pressed[comment] > 1
    return found


async def run(decisions: int, minutes: float) -> None:
    """One shift; prints what became of it."""
    console, begun = Console(width=120), time.monotonic()
    async with opened() as (stack, services, key), async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shift = Shift(services, stack, [], decisions, minutes * 60)
        coming = asyncio.create_task(feed(shift, key))
        for name in (ME, *COLLEAGUES):
            shift.people.append(await seated(shift, browser, name))
        me, shift.begun = shift.people[0], time.monotonic()
        looking = await me.page.context.new_cdp_session(me.page)
        await looking.send("Performance.enable")
        working = [
            asyncio.create_task(work(shift, one, random.Random(one.name), 0.0 if one is me else 2.0))
            for one in shift.people
        ]
        disturbing = asyncio.create_task(disturb(shift))
        while len(me.done) < min(WARM, decisions // 10) and not all(one.done() for one in working):
            await asyncio.sleep(0.5)
        before = await measured(me.page, looking)
        with console.status("working") as status:
            while not all(one.done() for one in working):
                status.update(f"{shift.decided:,} of {decisions:,} decisions")
                await asyncio.sleep(1)
        await asyncio.gather(*working)
        told = await disturbing
        shift.over = True
        came = await coming
        await asyncio.sleep(3)
        after = await measured(me.page, looking)
        found = await judged(shift, came)
        await browser.close()
    show(console, shift, found, (before, after), told, time.monotonic() - begun)


def show(
    console: Console, shift: Shift, found: Counter[str], kept: tuple[dict[str, float], dict[str, float]], told: list[str],
    seconds: float,
) -> None:  # fmt: skip
    """The counts, as a table."""
    table = Table(
        "what", "count", title=f"{shift.decided:,} decisions in {seconds / 60:.0f} minutes: {'; '.join(told)}"
    )
    for name in ("comments", "decided by people", "lost", "double", "pressed by two at once"):
        table.add_row(name, f"{found[name]:,}")
    table.add_row("presses that the page did not answer", f"{sum(one.stuck for one in shift.people):,}")
    table.add_row("complaints of the browser", f"{shift.complaints.total():,}")
    table.add_row("… while the service was away", f"{shift.expected.total():,}")
    waits = sorted(wait for one in shift.people for wait in one.waits)
    table.add_row("from a key to the next comment, median", f"{waits[len(waits) // 2] * 1000:.0f} ms" if waits else "")
    for name, first, last in ((name, kept[0][name], kept[1][name]) for name in kept[0]):
        table.add_row(f"{name}, early → at the end", f"{first:,.0f} → {last:,.0f}")
    console.print(table)
    for said, count in shift.complaints.most_common(10):
        console.print(f"{count:>5}  {said}", markup=False)


def main() -> None:
    """Work, and print a table. Asserts nothing about time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=4_000)
    parser.add_argument("--minutes", type=float, default=120, help="the shift ends then, however many there were")
    given = parser.parse_args()
    asyncio.run(run(given.decisions, given.minutes))


if __name__ == "__main__":
    main()
