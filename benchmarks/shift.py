"""A moderator's shift at the page: whether a decision is ever lost or made twice, and what the page keeps.

The real service as processes, and three people in a real browser: one works through the queue by keyboard and does now and then
whatever else the page can do, two colleagues pick comments here and there, while comments keep coming in and authors change the
text of what is just looked at. Meanwhile the API is stopped, the session expires, the connection is lost, the API and the
worker are killed, the Redis server restarts. The decisions are spread evenly over the shift's minutes; one that is too short for
them is worked through without a pause.

In the end what the pages were told is compared with the histories in the store, with what the people were told in messages, and
with the audit log. *Lost*: the page was told that it was done, and the history has no such line. *Unasked*: the history has a
line of somebody whose page never asked for it. *Unheard*: it was carried out, and its answer broke off on the way. *Double*: two
decisions of people, the second not about what had become of the comment since. *Unsent*: a key decided, the page went on, and
asked for nothing.

Heap, listeners and nodes are of the first person's page, after a collection of garbage. What the browser complains of while
the service or the connection is away is counted apart; so is what it says of every answer that refuses something.

Run: python -m benchmarks.shift [--decisions 4000] [--minutes 120]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import re
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
from playwright.async_api import CDPSession, ConsoleMessage, Error, Page, async_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.moderator import PASSWORD, Moderator, seated
from service.container import Services, open_services
from service.core.comment import Change
from service.core.lifecycle import ActorKind
from service.core.moderator import Role
from service.core.policy import Policy
from service.core.submission import comment_id
from service.keyfiles import load as load_keys
from service.settings import Settings
from tests.system.stack import Stack

WORDS = ("bread", "river", "stone", "paint", "letter", "garden", "window", "winter")
ME, COLLEAGUES = "eve", ("kim", "lou")
WAITING = 120
"""How many comments are held before more come in: they come as fast as they are decided."""
WARM = 50
"""Decisions before heap and listeners are looked at for the first time."""
EVERY = 250
"""Decisions between two looks."""
LOOK = "0.05"
"""Seconds that a comment must have been in sight: who is simulated reads fast."""
PATIENCE = 120
"""Seconds in which what was stopped is to be ready again."""
WHAT = {"decision": "decided", "undo": "undone", "escalate": "escalated", "snooze": "snoozed", "return": "returned"}


class Sample(NamedTuple):
    """What the first person's page keeps, and how quick it was since the last look."""

    decided: int
    minutes: float
    heap: float  # bytes
    listeners: float
    nodes: float
    shown: float  # elements in the page
    connections: int  # that the API has open
    memory: int  # bytes of the API's process
    waits: list[float]
    complaints: int


@dataclass
class Shift:
    """What is going on. While the service is `away`, the browser may complain."""

    services: Services
    stack: Stack
    wanted: int
    seconds: float
    people: list[Moderator] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    away: bool = False
    over: bool = False
    came: int = 0
    changed: int = 0  # texts, by their authors
    complaints: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)

    @property
    def decided(self) -> int:
        """How many decisions were made, as the pages were told."""
        return sum(one.decided for one in self.people)

    @property
    def part(self) -> float:
        """How much of the shift is over: of its decisions or of its time, whichever is more; 1: all."""
        return max(self.decided / self.wanted, self.time)

    @property
    def time(self) -> float:
        """How much of its time is over; 1: all."""
        return (time.monotonic() - self.begun) / self.seconds

    def listens(self, page: Page) -> None:
        """Hear what the browser says of a page."""
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self._note(self.complaints, f"script: {error}"))

    def heard(self, message: ConsoleMessage) -> None:
        """The browser says something."""
        if message.type not in ("error", "warning"):
            return
        url = message.location.get("url", "").partition("/review/")[2].partition("?")[0]
        said = f"{message.text} {'/'.join(part for part in url.split('/') if len(part) < 30)}"
        network = "Failed to load resource" in message.text or "ERR_" in message.text
        refused = network and any(f"status of {status}" in message.text for status in (401, 409))
        self._note(self.refusals if refused else self.expected if network and self.away else self.complaints, said)

    @staticmethod
    def _note(where: Counter[str], said: str) -> None:
        where[said[:150]] += 1


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[tuple[Stack, Services, str]]:
    """The running service, with a site that holds everything and three people; the site's key."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(
            Path(folder),
            site_cache="0",
            audit_share="0",
            log_level="warning",
            review_undo_seconds="10",
            review_look=LOOK,
        )
        try:
            await up(stack)
            data = Path(folder) / "data"
            settings = Settings(data_dir=data, site_cache=0.0)
            async with open_services(settings, load_keys(data / "secrets"), stack.environment["REDIS_URL"]) as services:
                known = await services.accounts.add("shift", "https://shift.example")
                await services.accounts.change(
                    "shift",
                    lambda site: msgspec.structs.replace(
                        site, policy=Policy(mode="hold-everything"), accepts_edits=True
                    ),
                    "sites.policy",
                )
                for name in (ME, *COLLEAGUES):
                    await services.moderators.add(name, Role.OPERATOR, ("shift",), PASSWORD)
                yield stack, services, known.credentials[0].api_key
        finally:
            stack.down()


async def up(stack: Stack) -> None:
    """Start everything, however long a busy machine takes."""
    for _ in range(5):
        with contextlib.suppress(TimeoutError):
            return await stack.up()
    raise TimeoutError


async def feed(shift: Shift, key: str) -> None:
    """Have comments come in while there are few, and authors change what is looked at."""
    dice = random.Random(5)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:

        async def post(number: int) -> bool:
            body = {
                "id": str(number), "page": {"url": "https://shift.example/p", "title": "A post"},
                "content": " ".join(dice.choices(WORDS, k=14)),
                "author": {"name": f"Ann {number}", "email": f"ann{number}@example.com", "ip": "192.0.2.7"},
            }  # fmt: skip
            async with session.post(f"{shift.stack.base}/v1/comments", json=body) as response:
                return response.status < 300

        while not shift.over:
            with contextlib.suppress(Exception):  # whatever is away comes back
                held = (await shift.services.comments.counts("shift")).get("flagged", 0)
                for _ in range(max(0, WAITING - held)):
                    shift.came += await post(shift.came)
                if shift.people and dice.random() < 0.1:
                    looked_at = await shift.people[0].page.evaluate("() => shift.current()")
                    known = await shift.services.comments.get(looked_at)
                    shift.changed += known is not None and await post(int(known.platform_id))
            await asyncio.sleep(0.3)


async def disturb(shift: Shift) -> list[str]:
    """Take away the service, the session, the connection, in turn; what was done, and when."""
    me, told = shift.people[0], []

    async def restart() -> None:
        await asyncio.to_thread(shift.stack.stop, "api", 60)
        shift.stack.start("api")

    async def kill() -> None:
        for role in ("api", "worker"):
            shift.stack.kill(role)
            shift.stack.start(role)

    async def store() -> None:
        await asyncio.to_thread(shift.stack.stop, "redis", 60)
        shift.stack.start("redis")

    async def expire() -> None:
        await shift.services.moderators.sign_out_everywhere(ME)

    async def unplug() -> None:
        await me.page.context.set_offline(True)
        await asyncio.sleep(4)
        await me.page.context.set_offline(False)

    for place, (name, act) in enumerate(
        (
            ("connection lost", unplug), ("API restarted", restart), ("session over", expire), ("API and worker killed", kill),
            ("Redis restarted", store), ("connection lost", unplug), ("session over", expire), ("API restarted", restart),
        )
    ):  # fmt: skip
        while shift.part < (place + 1) / 9:
            await asyncio.sleep(0.2)
        shift.away = True
        told.append(f"{name} after {shift.decided:,}")
        await act()
        try:
            await ready(shift.stack)
        except TimeoutError:
            told[-1] += f", not ready {PATIENCE} s later"
        await asyncio.sleep(5)  # what was under way ends
        shift.away = False
    return told


async def ready(stack: Stack) -> None:
    """Wait until the API answers. Raises TimeoutError."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with session.get(f"{stack.base}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)


async def work(shift: Shift, person: Moderator) -> None:
    """Work until the shift is over, and pause while more is done than is due."""
    while shift.part < 1:
        if shift.decided > shift.wanted * shift.time:
            await asyncio.sleep(0.1)
        else:
            await person.work()


async def look(shift: Shift, session: CDPSession, progress: Callable[[str], None]) -> None:
    """Note what the first person's page keeps, every so many decisions, and at the end."""
    due = WARM
    while True:
        while shift.decided < due and shift.part < 1:
            progress(f"{shift.decided:,} of {shift.wanted:,} decisions")
            await asyncio.sleep(0.5)
        with contextlib.suppress(Error):
            shift.samples.append(await sample(shift, session))
        if shift.part >= 1:
            return
        due = (shift.decided // EVERY + 1) * EVERY


async def sample(shift: Shift, session: CDPSession) -> Sample:
    """What the first person's page keeps now."""
    page = shift.people[0].page
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: float(one["value"]) for one in (await session.send("Performance.getMetrics"))["metrics"]}
    waits, shift.people[0].waits = shift.people[0].waits, []
    status = Path(f"/proc/{shift.stack.processes['api'].pid}/statm").read_text().split()
    return Sample(
        shift.decided,
        (time.monotonic() - shift.begun) / 60,
        found["JSHeapUsedSize"],
        found["JSEventListeners"],
        found["Nodes"],
        float(await page.evaluate("document.querySelectorAll('*').length")),
        connections(shift.stack.port),
        int(status[1]) * 4096,
        waits,
        shift.complaints.total(),
    )


def connections(port: int) -> int:
    """How many connections somebody has open to a port of this machine."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(fields[1].endswith(f":{port:04X}") and fields[3] == "01" for fields in map(str.split, lines))


async def judged(shift: Shift) -> dict[str, int]:
    """What the histories and the audit log say of what the pages were told."""
    names = [comment_id("shift", str(number)) for number in range(shift.came)]
    histories = dict(zip(names, await shift.services.comments.histories(names), strict=True))
    found = Counter(comments=shift.came)
    for person in shift.people:
        found.update(_compared(person, histories))
    for lines in histories.values():
        people = [line for line in lines if line.actor.kind is ActorKind.MODERATOR]
        found["decided by people"] += any(line.decision for line in people)
        twice = [pair for pair in itertools.pairwise(lines) if _twice(*pair)]
        found["double"] += len(twice)
        shift.doubles += [f"{one.actor} {one.decision} {other.actor} {other.decision}" for one, other in twice]
    log = await shift.services.accounts.audited(10_000)
    edits = sum(one.edit and one.status < 300 for person in shift.people for one in person.said)
    found["edits that the audit log lacks"] = edits - sum(line.what == "comments.edit" for line in log)
    bulks = sum(one.act == "bulk" and bool(one.bulk) for person in shift.people for one in person.said)
    found["decisions of many that the audit log lacks"] = bulks - sum(line.what == "bulk.decide" for line in log)
    return found


def _compared(person: Moderator, histories: dict[str, list[Change]]) -> Counter[str]:
    """What one page was told, beside the histories and beside what it said."""
    found: Counter[str] = Counter()
    asked = {one.comment for one in person.said}
    many = {comment for one in person.said if one.act == "plan" for comment in one.bulk.split()}
    broken = {one.comment for one in person.said if one.status >= 500}
    heard = Counter((one.comment, WHAT[one.act]) for one in person.said if one.status < 300 and one.act in WHAT)
    for comment, lines in histories.items():
        mine = Counter(
            line.what for line in lines if line.actor.kind is ActorKind.MODERATOR and line.actor.name == person.name
        )
        for what in WHAT.values():
            more = mine[what] - heard[comment, what]
            found["lost"] += max(0, -more)
            by = "by many at once" if comment in many else "unheard" if comment in broken else "unasked"
            found[by] += max(0, more)
    found["unsent"] = len(set(person.pressed) - asked)
    single = [one for one in person.said if one.act in WHAT]
    found["refused"] = sum(300 <= one.status < 500 and one.status != 401 for one in single)
    found["not answered"] = sum(one.status >= 500 for one in single)
    good = ("Approved", "Rejected as", "Put aside", "Escalated", "Taken back", "Back in")
    found["told as done"] = sum(
        count
        for (bad, text), count in person.told.items()
        if not bad and text.startswith(good) and not re.search(r"\d comment", text)
    )
    found["was done"] = sum(one.status < 300 for one in single)
    return found


def _twice(one: Change, other: Change) -> bool:
    """Whether a person decided again what a person had just decided."""
    return all(line.what == "decided" and line.actor.kind is ActorKind.MODERATOR for line in (one, other))


async def in_the_end(shift: Shift) -> int:
    """Rows that the first person's page shows as waiting, and that do not."""
    rows = await shift.people[0].page.evaluate(
        "() => [...document.querySelectorAll('.row:not(:has(.tag.done))')].map((row) => row.dataset.id)"
    )
    kept = await shift.services.comments.get_many(rows)
    return sum(one is None or one.state != "flagged" for one in kept)


async def run(decisions: int, minutes: float) -> None:
    """One shift; prints what became of it."""
    console = Console(width=150)
    async with opened() as (stack, services, key), async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shift = Shift(services, stack, decisions, minutes * 60)
        coming = asyncio.create_task(feed(shift, key))
        people = [
            await seated(browser, f"{stack.base}/review", name, 0.0 if name == ME else 2.0, shift.listens)
            for name in (ME, *COLLEAGUES)
        ]
        shift.people, shift.begun = people, time.monotonic()
        session = await people[0].page.context.new_cdp_session(people[0].page)
        await session.send("Performance.enable")
        with console.status("working") as status:
            working = [asyncio.create_task(work(shift, one)) for one in people]
            disturbing = asyncio.create_task(disturb(shift))
            await look(shift, session, status.update)
            await asyncio.gather(*working)
            told = await disturbing
        shift.over = True
        await coming
        await ready(stack)
        await people[0].page.evaluate("() => { location.hash = '#/queue' }")
        with contextlib.suppress(Error):  # whoever was signed out last hears nothing until they sign in again
            await people[0].page.locator("#stream").wait_for(state="hidden", timeout=60_000)
        await asyncio.sleep(10)
        for one in people:
            await one.heard()
        found = await judged(shift)
        found["rows that wait no more, shown as waiting"] = await in_the_end(shift)
        await browser.close()
    show(console, shift, found, told)


def show(console: Console, shift: Shift, found: dict[str, int], told: Sequence[str]) -> None:
    """The counts, as tables."""
    console.print(
        f"{shift.decided:,} decisions in {(time.monotonic() - shift.begun) / 60:.0f} minutes: {'; '.join(told)}"
    )
    table = Table("decisions", "minute", "heap", "listeners", "nodes", "on the page", "connections", "API", "median", "95 %",
                  "complaints")  # fmt: skip
    for one in shift.samples:
        quick = statistics.quantiles(one.waits, n=20, method="inclusive") if len(one.waits) > 1 else [0.0] * 19
        table.add_row(
            f"{one.decided:,}", f"{one.minutes:.1f}", f"{one.heap / 1e6:.2f} MB", f"{one.listeners:.0f}", f"{one.nodes:.0f}",
            f"{one.shown:.0f}", f"{one.connections}", f"{one.memory / 1e6:.0f} MB", f"{quick[9]:.0f} ms",
            f"{quick[18]:.0f} ms", f"{one.complaints}",
        )  # fmt: skip
    console.print(table)
    counts = Table("what", "count")
    counts.add_row("texts changed by their authors", f"{shift.changed:,}")
    for name, count in found.items():
        counts.add_row(name, f"{count:,}")
    counts.add_row("complaints of the browser", f"{shift.complaints.total():,}")
    counts.add_row("… of answers that refuse (401, 409)", f"{shift.refusals.total():,}")
    counts.add_row("… while the service was away", f"{shift.expected.total():,}")
    console.print(counts)
    for words in shift.doubles[:20]:
        console.print(words, markup=False)
    for said in (shift.complaints, sum((one.stuck for one in shift.people), Counter())):
        for words, count in said.most_common(15):
            console.print(f"{count:>5}  {words}", markup=False)


def main() -> None:
    """Work, and print tables. Asserts nothing about time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=4_000)
    parser.add_argument("--minutes", type=float, default=120, help="the shift ends then, however many there were")
    given = parser.parse_args()
    asyncio.run(run(given.decisions, given.minutes))


if __name__ == "__main__":
    main()
