"""Makes the pictures of the documentation anew, from the running service: `make pictures`.

`demo.svg` is what `antechamber demo` prints; `images/` are the moderators' pages in a browser, on made-up blogs whose comments
are always the same. Made twice, they differ in little but times. They show how the shipped model judges: make them again
when it, or the pages, change, and look at each. The browser should have the fonts that most have (Debian: fonts-liberation).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from rich.text import Text

from tests.browser.conftest import browser_path
from tests.system.stack import COMMAND, Stack, free_port
from tests.system.stored import PASSWORD, Http

HERE = Path(__file__).parent
WIDTH = 118
NAME = "ada"
SITES = {"crumb": "hold-everything", "allotment": "hold-everything", "gazette": "approve-first"}
PAGES = (
    ("crumb", "How much steam does an oven need?"),
    ("crumb", "What the number on the flour bag means"),
    ("allotment", "Putting the beds to sleep"),
)
NEAR = (
    "Dear friends, I was in debt for {} years until Dr. Mensah of Golden Spell Temple helped me in {} hours. "
    "Write to him today, he changed my life: http://golden-spell.example/{}"
)
GOOD = (
    (
        "Maya Lindqvist",
        "I followed this to the letter and the crumb came out gummy twice. How hot is your oven, really?",
    ),
    (
        "Ibrahim Sesay",
        "A cast-iron pot saved me. Lid on for twenty minutes, then off, and the ears open by themselves.",
    ),
    ("Ruth", "Is the hydration by weight of all flour, or without what is in the starter?"),
    ("Tomasz", "My grandmother put a bowl of snow into the oven. It worked better than it had any right to."),
    ("Wen", "I put the dahlias in a box of dry sand last year and lost only two of them."),
    ("Anneli", "Thank you for the table of temperatures, it hangs beside our oven now."),
)
BAD = (
    (
        "Jonas Weber",
        "You are a complete idiot if you think rye needs commercial yeast. Shut up and learn to read, moron.",
    ),
    ("Olga Petrenko", "Nobody asked for your opinion, you stupid fool. Delete your account."),
    ("Sam Whitlock", "What a load of bullshit, a waste of three hours and a bag of flour."),
    ("Piet de Vries", "Free viagra without prescription, order at http://pharmacy-24.example today"),
    (
        "crypto_wins_77",
        "Earn $4,500 every week from home, no experience needed!!! My sister started last month. "  # noqa: ISC004
        "Limited places: http://easy-profit-now.example/start?ref=881",
    ),
)


async def main() -> None:
    """All of them."""
    demo()
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        stack = Stack(Path(folder), site_cache="0", audit_share="1", review_undo_seconds="0")
        try:
            await stack.up()
            await fill(stack)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=browser_path(), args=["--no-sandbox", "--disable-lcd-text"]
                )
                await photograph(stack, browser)
                await browser.close()
        finally:
            stack.down()


def demo() -> None:
    """What the demo prints, up to where it gives secrets away."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        port = str(free_port())
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTECHAMBER_")} | {
            "ANTECHAMBER_DATA_DIR": folder, "ANTECHAMBER_PORT": port, "COLUMNS": str(WIDTH), "FORCE_COLOR": "1",
            "TTY_INTERACTIVE": "0", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        process = subprocess.Popen([COMMAND, "demo"], env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            if "Go on from here" in line:
                break
            lines.append(line.replace(port, "8080"))
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait(timeout=60)
    console = Console(record=True, width=WIDTH, file=Path(os.devnull).open("w"))  # noqa: SIM115
    console.print(Text.from_ansi("".join(lines).strip()))
    font = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
    svg = console.export_svg(title="make run", unique_id="demo")
    svg = svg[: svg.index("@font-face")] + svg[svg.rindex("}", 0, svg.index(".demo-matrix")) + 1 :]
    (HERE / "demo.svg").write_text(svg.replace("Fira Code, monospace", font), encoding="utf-8")


async def fill(stack: Stack) -> None:
    """Blogs with comments that wait, that were decided, and a month of numbers."""
    stack.command("moderators", "add", NAME, "--role", "operator", text=PASSWORD + "\n")
    rng = random.Random(5)
    keys = {site: stack.add_site(site)["api_key"] for site in SITES}
    for site in keys:
        _month(stack, site, rng)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        settled = Comments(stack, session, keys)
        for number in range(40):  # by the machine alone, before everything is held
            name, text = GOOD[number % len(GOOD)]
            await settled.send(PAGES[number % 3], name, f"{text} {'Again and again. ' * (number // len(GOOD))}".strip())
        http = Http(session, stack.base)
        ada = await http.sign_in(NAME)
        await _answer_blind(http, ada)
        for site, mode in SITES.items():
            stack.command("sites", "policy", "set", site, "-", text=json.dumps({"mode": mode, "audit_share": 0}))
        held = []
        for number in range(9):
            text = NEAR.format(rng.randrange(2, 10), rng.randrange(20, 40), number)
            held.append(await settled.send(PAGES[number % 3], f"Grace H{number}", text))
        for at, (name, text) in enumerate((*GOOD, *BAD)):
            held.append(await settled.send(PAGES[at % 3], name, text, more="" if (name, text) in BAD else " Really."))
        await settled.send(("gazette", "The bridge closes for a year"), "Reader", "You idiots, who planned this?")
        for reader in ("r1", "r2"):
            await settled.ask("crumb", "POST", f"/comments/{held[-4]}/report", {"reporter": reader})
        aside = {"revision": 2, "note": "Is this the builder again?"}
        await http.moderator(ada, "POST", f"/comments/{held[0]}/escalate", json=aside)
        for number in range(14):
            one = await settled.send(PAGES[0], f"Guest {number}", f"The {number + 2}th loaf was the best so far.")
            await settled.ask("crumb", "POST", f"/comments/{one}/decision", {"decision": "approve", "moderator": "Bo"})


async def _answer_blind(http: Http, ada: dict[str, str]) -> None:
    """Most of the blind check: people see it as the machine did, but for one comment."""
    for site in ("allotment", "crumb"):
        page = await http.moderator(ada, "GET", "/comments", params={"list": "audit", "site": site})
        for number, row in enumerate(page["items"][1:]):
            odd = site == "crumb" and number == 0
            body = {"outcome": "reject", "reasons": ["off-topic"]} if odd else {"outcome": "approve"}
            await http.moderator(ada, "POST", f"/comments/{row['id']}/audit", json=body)


class Comments:
    """Speaks for all blogs."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, keys: dict[str, str]) -> None:
        self._stack, self._session, self._keys = stack, session, keys
        self._sent = 0

    async def send(self, page: tuple[str, str], name: str, content: str, *, more: str = "") -> str:
        """A comment, once it is judged; our id."""
        site, title = page
        self._sent += 1
        url = f"https://{site}.example/{title.lower().replace(' ', '-').rstrip('?')}"
        email = f"{name.lower().replace(' ', '.')}@example.com"
        body = {
            "id": str(self._sent), "page": {"url": url, "title": title}, "content": content + more,
            "author": {"name": name, "email": email, "ip": f"192.0.2.{self._sent % 60 + 1}", "user_agent": "Firefox"},
        }  # fmt: skip
        return str((await self.ask(site, "POST", "/comments", body))["id"])

    async def ask(self, site: str, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One request as a platform."""
        headers = {"Authorization": f"Bearer {self._keys[site]}", "Prefer": "wait=10"}
        async with self._session.request(method, f"{self._stack.base}/v1{path}", json=body, headers=headers) as answer:
            assert answer.ok, await answer.text()
            return dict(await answer.json())


def _month(stack: Stack, site: str, rng: random.Random) -> None:
    """Numbers of the past 24 days, as they would have been counted: time can't be waited for."""
    today = datetime.now(UTC).date()
    with stack.redis() as client:
        for back in range(1, 25):
            day = today - timedelta(days=back)
            scale = 0.5 if day.weekday() >= 5 else 1.0
            counts = {"approve": rng.randrange(25, 40), "hold": rng.randrange(8, 16), "reject": rng.randrange(2, 6)}
            counts = {word: int(count * scale) for word, count in counts.items()}
            words = counts | {f"by:{word}:policy:base": count for word, count in counts.items()}
            words |= {"by:approve:moderator:ada": rng.randrange(3), "by:reject:moderator:bo": rng.randrange(1, 4)}
            words |= {"why:machine:hold:score": counts["hold"], "missed": int(back == 9)}
            for word, count in words.items():
                if count:
                    client.hset(f"ac:{{p0}}:s:{site}:tally:{day:%Y-%m}", f"{day:%d}:{word}", count)
            noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
            arrived = {f"gone-{back}-{number}": noon + number for number in range(sum(counts.values()))}
            client.zadd(f"ac:{{p0}}:s:{site}:all", arrived)


@contextlib.asynccontextmanager
async def signed_in(stack: Stack, browser: Browser, **more: Any) -> AsyncIterator[Page]:
    """A window of the operator, five minutes later."""
    context = await browser.new_context(reduced_motion="reduce", **more)
    page = await context.new_page()
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=5))
    await page.goto(f"{stack.base}/review")
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.locator(".row").first.wait_for()
    yield page
    await context.close()


async def photograph(stack: Stack, browser: Browser) -> None:
    """Each page as somebody sees it."""
    images = HERE / "images"
    async with signed_in(stack, browser, viewport={"width": 1440, "height": 900}) as page:
        await _open(page, "crypto_wins_77")
        await page.screenshot(path=images / "review.png")
    async with signed_in(stack, browser, viewport={"width": 1440, "height": 900}, color_scheme="dark") as page:
        await _open(page, "Grace H7")
        await page.screenshot(path=images / "review-dark.png")
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}
    async with signed_in(stack, browser, color_scheme="dark", **phone) as page:
        await _open(page, "Jonas Weber")
        await page.screenshot(path=images / "review-phone.png")
    async with signed_in(stack, browser, viewport={"width": 1200, "height": 900}) as page:
        await page.goto(f"{stack.base}/review#/statistics")
        await page.locator(".card").nth(6).wait_for()
        await page.screenshot(path=images / "statistics.png")
    async with signed_in(stack, browser, viewport={"width": 1200, "height": 1000}) as page:
        await page.goto(f"{stack.base}/review#/policy")
        await page.get_by_label("Site", exact=True).select_option("crumb")
        await page.get_by_label("Mode", exact=True).select_option("by-score")
        await page.get_by_role("button", name="Try on the past").click()
        result = page.get_by_text("What it would have done")
        await result.wait_for()
        await result.evaluate("(node) => node.scrollIntoView({block: 'center'})")
        await page.screenshot(path=images / "policy-preview.png")


async def _open(page: Page, author: str) -> None:
    await page.locator(".row", has_text=author).first.get_by_role("link").click()
    await page.locator(".comment .comment-text:not([aria-busy])").wait_for()
    await page.locator(".evidence section").first.wait_for(state="attached")
    await page.locator(".comment mark").first.wait_for()  # the words that moved the score
    await page.locator('.actions [aria-disabled="false"]').first.wait_for()


if __name__ == "__main__":
    asyncio.run(main())
