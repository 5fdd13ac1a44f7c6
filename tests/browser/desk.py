"""A moderator's desk in a browser, as tests use it: sign in, look, press keys. What the browser complains of is kept."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import aiohttp
import msgspec
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from service.container import Services
from service.core.moderator import Role
from service.core.policy import Policy
from service.core.policy.thresholds import Thresholds
from service.core.site import Known
from service.core.submission import comment_id
from tests.support.waiting import until
from tests.system.stack import Stack

PASSWORD = "correct horse battery"
WCAG = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
_ids = count(1)
expect.set_options(timeout=20_000)  # a busy machine may take its time


class Desk:
    """One site, its moderators, and their browsers."""

    def __init__(  # noqa: PLR0917
        self, stack: Stack, services: Services, browser: Browser, http: aiohttp.ClientSession, known: Known, name: str
    ) -> None:
        self.stack = stack
        self.services = services
        self.browser = browser
        self.http = http
        self.site = known.site.id
        self.key = known.credentials[0].api_key
        self.name = name
        self.complaints: list[str] = []
        self._forgiven: list[str] = []
        self._contexts: list[BrowserContext] = []

    async def close(self) -> None:
        """Close every window. What a route still has in hand fails with it, unheard: it would be the next test's failure."""
        for context in self._contexts:
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.close()

    async def policy(self, mode: str, *, doubting: bool = False) -> None:
        """Set the mode of the site's policy; `doubting`: the machine would hold everything for its score."""
        thresholds = {"spam": Thresholds(hold=0.0)} if doubting else {}
        policy = Policy(mode=mode, thresholds=thresholds)
        await self.services.accounts.change(
            self.site, lambda site: msgspec.structs.replace(site, policy=policy), "sites.policy"
        )

    async def colleague(self, role: Role = Role.MODERATOR) -> str:
        """Somebody else who sees the site; their name."""
        name = f"bo{next(_ids)}"
        await self.services.moderators.add(name, role, (self.site,), PASSWORD)
        return name

    # Comments

    async def submit(
        self, *contents: str, author: str | dict[str, str] = "Ann", held: bool = True, **more: Any
    ) -> list[str]:
        """Have comments come in, of an author by a name or by all their fields; our ids, once they are held."""
        if isinstance(author, str):
            author = {"name": author, "email": f"{author.encode().hex()[:40]}@example.com", "ip": "192.0.2.7"}
        numbers = [more.get("id") or str(next(_ids)) for _ in contents]

        async def one(number: str, content: str) -> None:
            body = {
                "id": number,
                "page": {"url": f"https://{self.site}.example/bread", "title": "A post about bread"},
                "author": author,
                "content": content,
            } | more
            headers = {"Authorization": f"Bearer {self.key}", "Prefer": "wait=20"}
            async with self.http.post(f"{self.stack.base}/v1/comments", json=body, headers=headers) as response:
                assert response.status in (201, 202, 200), await response.text()

        for number, content in zip(numbers, contents, strict=True):
            await one(number, content)
        ids = [comment_id(self.site, number) for number in numbers]
        if held:
            await until(lambda: self._all_in(ids, "flagged"))
        return ids

    async def state(self, comment: str) -> str:
        """Where a comment stands."""
        found = await self.services.comments.get(comment)
        assert found is not None
        return str(found.state)

    async def looked_at(self, comment: str, by: str) -> None:
        """Wait until it is known that somebody looks at a comment."""

        async def known() -> bool:
            found = await self.services.comments.get(comment)
            assert found is not None
            (seen,) = await self.services.review.lists.seen([found])
            return seen.standing.claimed_by == by

        await until(known)

    async def becomes(self, comment: str, state: str) -> None:
        """Wait until a comment stands there."""
        await until(lambda: self._all_in([comment], state))

    async def _all_in(self, ids: list[str], state: str) -> bool:
        return all(one is not None and one.state == state for one in await self.services.comments.get_many(ids))

    # The browser

    async def window(self, width: int = 1440, height: int = 900, **more: Any) -> Page:
        """A window of somebody of their own."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **more
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(30_000)
        await page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`))"
        )
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        return page

    async def signed_in(self, name: str = "", path: str = "/queue", *, deaf: bool = False, **more: Any) -> Page:
        """A window of somebody who has signed in, at a page. `deaf`: nothing that happens reaches it by itself."""
        page = await self.window(**more)
        if deaf:
            self.forgive("/review/api/events")
            await page.add_init_script("delete globalThis.SharedWorker")  # a stream of its own, which can be cut
            await page.route("**/review/api/events", lambda route: route.abort())
        await page.goto(f"{self.stack.base}/review#{path}")
        await self.sign_in(page, name or self.name)
        await page.locator("#header").wait_for()
        return page

    async def sign_in(self, page: Page, name: str, password: str = PASSWORD) -> None:
        """Fill in the form and send it."""
        await page.get_by_label("Name", exact=True).fill(name)
        await page.get_by_label("Password", exact=True).fill(password)
        await page.get_by_role("button", name="Sign in").click()

    def forgive(self, words: str) -> None:
        """Let the browser complain of something, since the test makes it happen."""
        self._forgiven.append(words)

    def _console(self, message: ConsoleMessage) -> None:
        expected = "401" in message.text and message.location.get("url", "").endswith("/review/api/session")
        expected = expected or any(words in message.text + message.location.get("url", "") for words in self._forgiven)
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")


def current(page: Page) -> Any:
    """The row of the comment that is open."""
    return page.locator(".row.current")


def row(page: Page, text: str) -> Any:
    """The row of a comment with these words."""
    return page.locator(".row", has_text=text)


def lists(page: Page) -> Any:
    """The lists and saved views."""
    return page.get_by_role("navigation", name="Lists")


async def opened(page: Page, text: str) -> None:
    """Wait until a comment is open, with its evidence."""
    await expect(page.locator(".comment .comment-text:not([aria-busy])")).to_contain_text(text)
    await expect(page.locator(".evidence section").first).to_be_attached()
    await expect(page.locator('.actions:not([hidden])[aria-busy="true"]')).to_have_count(0)


async def accessible(page: Page) -> None:
    """Nothing that axe-core finds fault with, and nothing wider than the window."""
    await asyncio.sleep(0)
    found = await Axe().run(page, options=WCAG)
    faults = [
        (
            one["id"],
            [
                (node["html"][:160], [why["message"] for why in node["any"] + node["all"] + node["none"]])
                for node in one["nodes"]
            ],
        )
        for one in found.response["violations"]
    ]
    assert not faults, faults
    await fits(page)


async def fits(page: Page) -> None:
    """No sideways scrolling of the page or of any of its panes."""
    wide = await page.evaluate(
        """() => [document.documentElement,
              ...document.querySelectorAll(".queue, .middle, .comment, .evidence, .sheet, .row-text, .text")]
             .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
             .map((node) => `${node.className || node.tagName}: ${node.scrollWidth} > ${node.clientWidth}`)"""
    )
    assert not wide, wide
