"""How quick the moderators' page is with a full queue, in a real browser against the running service.

Two sites in one server, one with a hundred held comments and one with very many; the same is done on both in turn, so that what
else the machine does falls on both. Times are the page's own, from a key or a click to the frame that shows what it asked for.

With a latency, every request of the page takes that much longer, as it does from far away.

Run: python -m benchmarks.page [--flagged 100000] [--latency 0]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.load import COMMAND, free_port, process
from benchmarks.reviewing import fill_held
from service.container import open_services
from service.core.moderator import Role
from service.keyfiles import load as load_keys
from service.settings import Settings
from service.store.server import EmbeddedServer

FEW = 100
REPEATS = 15
PRESSES = 4
"""How often keys are pressed in each of them."""
FAR = 1_000
"""The row that is scrolled to."""
PASSWORD = "correct horse battery"
Times = dict[str, dict[str, list[float]]]  # what -> site -> milliseconds

# In the page: when something first stands there, by its own clock, which begins when it is asked for.
WATCH = """
window.seen = {};
const look = {
  "the first row": ".row", "the first comment": ".comment-text:not([aria-busy])", "its words explained": ".legend",
};
const watch = () => {
  for (const [name, where] of Object.entries(look)) {
    if (!(name in seen) && document.querySelector(where)) seen[name] = performance.now();
  }
  requestAnimationFrame(watch);
};
requestAnimationFrame(watch);
"""
# In the page: once it may be done, do something, wait for the frame in which it is done, say how long that took.
TIMED = """async () => {{
  while (!({may})) await new Promise(requestAnimationFrame);
  const sign = document.querySelector(".row.current")?.dataset.id ?? "";
  const begun = performance.now();
  {act};
  while (!({done})) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}}"""
KEY = 'document.body.dispatchEvent(new KeyboardEvent("keydown", {{ key: "{}", bubbles: true }}))'
SEEN = """document.querySelector('.actions:not([hidden])[aria-busy="false"]')"""
ANOTHER = """(() => {
  const row = document.querySelector(".row.current");
  return row && row.dataset.id !== sign && document.querySelector(".comment-text:not([aria-busy])");
})()"""
LOADING = (
    'document.querySelector(".list-status").textContent = "Loading"; '  # until the page itself says something else
)
LOADED = '!document.querySelector(".list-status").textContent.includes("Loading")'
SEARCH = """
  const input = document.querySelector(".search input");
  input.value = "{}";
  input.form.requestSubmit();
"""
SCROLL = """async (far) => {
  const begun = performance.now();
  const list = document.querySelector(".rows-scroll");
  const last = () => Math.max(...[...document.querySelectorAll(".row")].map((row) => Number(row.dataset.index)));
  while (last() < far) {
    list.scrollTop = list.scrollHeight;
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - begun;
}"""


@asynccontextmanager
async def filled(flagged: int) -> AsyncIterator[str]:
    """The running API with two sites and a moderator for each; its address."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), fsync="everysec") as server:
        settings = Settings(data_dir=Path(folder))
        async with open_services(settings, load_keys(Path(folder) / "secrets"), server.url) as services:
            for name, held in (("few", FEW), ("many", flagged)):
                site = (await services.accounts.add(name, f"https://{name}.example")).site
                await services.moderators.add(name, Role.OPERATOR, (site.id,), PASSWORD)
                await fill_held(services, site, held, random.Random(7))
        port = free_port()
        environment = {
            "REDIS_URL": server.url, "ANTECHAMBER_DATA_DIR": folder, "ANTECHAMBER_PORT": str(port),
            "ANTECHAMBER_LOG_LEVEL": "warning", "ANTECHAMBER_REVIEW_UNDO_SECONDS": "600",
        }  # fmt: skip
        with process([COMMAND, "serve", "--only", "api"], port, **environment):
            yield f"http://127.0.0.1:{port}/review"


async def signed_in(browser: Browser, address: str, name: str, latency: float) -> Page:
    """A window of its own, signed in, that watches what comes when; `latency`: milliseconds that each request takes longer."""
    page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    session = await page.context.new_cdp_session(page)
    far = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", far)
    await page.add_init_script(WATCH)
    await page.goto(address)
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.locator(".legend").wait_for(timeout=120_000)  # the first explanation loads the model
    return page


async def opening(page: Page) -> dict[str, float]:
    """The page opened anew."""
    await page.reload()
    await page.wait_for_function('() => "its words explained" in seen')
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    return {"first paint": await page.evaluate(painted), **await page.evaluate("seen")}


async def timed(page: Page, act: str, done: str, may: str = "true") -> float:
    """Milliseconds from something that is done in the page, once it may be, to the frame that shows it."""
    return float(await page.evaluate(TIMED.format(act=act, done=done, may=may)))


async def pressing(page: Page) -> dict[str, float]:
    """What a moderator does all day."""
    return {
        "j to the next comment": await timed(page, KEY.format("j"), ANOTHER),
        "a to the next comment": await timed(page, KEY.format("a"), ANOTHER, SEEN),
    }


async def searching(page: Page) -> dict[str, float]:
    """Filters and words."""
    return {
        "filters opened": await timed(page, KEY.format("f"), 'document.querySelector("#facets .facet")'),
        "… and one chosen": await timed(page, LOADING + 'document.querySelector("#facets .facet").click()', LOADED),
        "search, many found": await timed(page, LOADING + SEARCH.format("river"), LOADED),
        "search, none found": await timed(page, LOADING + SEARCH.format("zebra"), LOADED),
    }


async def measure(address: str, flagged: int, latency: float, progress: Callable[[str], None]) -> Times:
    """Milliseconds of everything on both sites, in turn."""
    times: Times = {}

    async def note(name: str, asked: Awaitable[dict[str, float]]) -> None:
        for what, took in (await asked).items():
            times.setdefault(what, {}).setdefault(name, []).append(took)

    async with async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        pages = {name: await signed_in(browser, address, name, latency) for name in ("few", "many")}
        for number in range(REPEATS):
            progress(f"round {number + 1} of {REPEATS}")
            for name in ("few", "many") if number % 2 else ("many", "few"):
                page = pages[name]
                await page.goto(f"{address}#/queue")
                await note(name, opening(page))
                for _ in range(PRESSES):
                    await note(name, pressing(page))
                await note(name, searching(page))
        for number in range(3):
            progress(f"scrolling, {number + 1} of 3")
            for name, page in pages.items():
                far = min(FAR, FEW - REPEATS * PRESSES if name == "few" else flagged // 2) - 1
                await page.goto(f"{address}#/queue")
                await opening(page)
                await note(name, _each(page, far))
        await browser.close()
    return times


async def _each(page: Page, far: int) -> dict[str, Any]:
    return {f"100 rows on the way to row {FAR:,}": await page.evaluate(SCROLL, far) * 100 / far}


async def run(flagged: int, latency: float) -> None:
    """Fill, measure, print a table."""
    console = Console(width=120)
    with console.status(f"filling with {flagged:,} held comments") as status:
        async with filled(flagged) as address:
            times = await measure(address, flagged, latency, status.update)
    table = Table("", f"{FEW} held", f"{flagged:,} held", "ratio", "95 %, few", "95 %, many")
    for what, sites in times.items():
        few, many = (statistics.median(sites[name]) for name in ("few", "many"))
        worst = [statistics.quantiles(sites[name], n=20, method="inclusive")[-1] for name in ("few", "many")]
        table.add_row(
            what, f"{few:.0f} ms", f"{many:.0f} ms", f"{many / few:.2f}", f"{worst[0]:.0f} ms", f"{worst[1]:.0f} ms"
        )
    console.print(table)


def main() -> None:
    """Measure, and print a table. Asserts nothing about time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flagged", type=int, default=100_000)
    parser.add_argument(
        "--latency", type=float, default=0, help="milliseconds that each request of the page takes longer"
    )
    given = parser.parse_args()
    asyncio.run(run(given.flagged, given.latency))


if __name__ == "__main__":
    main()
