"""A varied day of events, replayed on a fresh server with frozen clock and ids: what is stored in the end, as digests.

Two versions of the code store the same if they print the same. From a checkout: python -m benchmarks.replay [--dump FILE]

The ids of stream entries are the server's own time, so streams are compared by their entries and left out of the server's
DEBUG DIGEST; lifetimes are compared to ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import secrets
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import service.clock

BEGAN = 1_790_000_000_000
NOW = [BEGAN]
service.clock.now_ms = lambda: NOW[0]  # before anything takes it from there
LOT = random.Random(12)
random.seed(12)  # of the sample that moderators judge blind
secrets.token_hex = lambda size=16: LOT.randbytes(size).hex()  # type: ignore[assignment]
secrets.token_urlsafe = lambda size=16: LOT.randbytes(size).hex()  # type: ignore[assignment]

import msgspec
from argon2 import PasswordHasher

from service.container import Services, open_services
from service.core.comment import Actor, Comment, Idempotency
from service.core.delivery import ReturnAddress, Settlement
from service.core.errors import AntechamberError
from service.core.example import Lesson, suggestion
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.model_version import Lineage, ModelCard
from service.core.moderator import Role
from service.core.queue import place
from service.core.review import Plan, Settled, Step
from service.core.submission import comment_id
from service.core.verdict import LABELS, Verdict
from service.imports.record import Fate, Leftovers, Record
from service.keyfiles import KeyFiles, load
from service.settings import Settings
from service.store.bulk import Bulks
from service.store.queue import Queue
from service.store.server import find_binary
from service.usecases import moderators as moderators_module
from service.usecases.importing import Import, Source
from service.workers.housekeeping import drop_old_texts
from tests.support.moderation import WordScorer, submission

WORDS = "bees honey hive pills maybe garden smoke queen winter summer flower field buzz wax comb frame".split()  # noqa: SIM905
REASONS = ("spam", "insult", "off-topic")
DAY = 86_400_000


class _Fixed:
    """Hashes with one salt, quickly."""

    _hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    def hash(self, password: str) -> str:
        return self._hasher.hash(password, salt=b"0" * 16)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hasher, name)


moderators_module._HASHER = _Fixed()  # type: ignore[assignment]


class Replay:
    """One day. Every answer, or the error in its place, is part of what is compared."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.answers: list[str] = []
        self.ids: list[tuple[str, str]] = []  # (site, comment)
        self.decided: list[tuple[str, str]] = []  # lately, so that it may be taken back
        self.number = 0
        self.queue = Queue(services.connection)
        self.bulks = Bulks(services.connection)

    async def run(self, steps: int) -> None:
        services = self.services
        for site in ("blog", "shop", "quiet"):
            callback = "" if site == "quiet" else f"https://{site}.example/hook"
            await services.accounts.add(site, f"https://{site}.example", callback)
        await services.moderators.add("eve", Role.OPERATOR, (), "correct horse battery")
        events: dict[Callable[[], Awaitable[object]], int] = {
            self.submit: 30, self.edit: 6, self.classify: 14, self.decide: 14, self.review: 14, self.undo: 8,
            self.escalate: 4, self.snooze: 4, self.give_back: 3, self.note: 4, self.attend: 4, self.report: 8,
            self.appeal: 6, self.erase: 3, self.bulk: 2, self.deliver: 12, self.replay_delivery: 3, self.resume: 1,
            self.announce: 1, self.mark: 3, self.promise: 8, self.correct: 4, self.teach: 3, self.model: 3, self.bring: 2,
            self.adopt: 2, self.poison: 2, self.requeue: 2, self.sweep: 1, self.sign: 3, self.spend: 2, self.change: 3,
        }  # fmt: skip
        for _ in range(20):
            await self._answer(self.submit)
        for _ in range(steps):
            NOW[0] += LOT.choice((1, 40, 900, 7_000, 61_000, 400_000))
            (event,) = LOT.choices(list(events), list(events.values()))
            self.answers.append(f"{event.__name__}: {await self._answer(event)}")

    async def _answer(self, event: Callable[[], Awaitable[object]]) -> str:
        try:
            found = await event()
        except AntechamberError as error:
            return f"{type(error).__name__}: {error}"
        return repr(found) if not isinstance(found, Comment) else f"{found.state} {found.revision}"

    async def _one(self, *, held: bool = False) -> tuple[Any, Comment]:
        """Some comment and its site."""
        for _ in range(20):
            site, comment = LOT.choice(self.ids)
            found = await self.services.comments.get(comment)
            assert found is not None
            if not held or found.state is State.FLAGGED:
                break
        return (await self.services.accounts.get(site)).site, found

    def _text(self) -> str:
        return (
            " ".join(LOT.choices(WORDS, k=LOT.choice((2, 5, 20)))) if LOT.random() < 0.7 else "the very same words " * 6
        )

    def _submission(self, number: str) -> Any:
        who = LOT.randrange(6)
        more: dict[str, Any] = {"email": f"a{who}@example.com", "name": f"A {who}", "ip": f"192.0.2.{who}"}
        text = self._text() + LOT.choice(("", " see https://bees.example/a", " and https://shop.example"))
        return submission(self.services, number, text, **more)

    def _actor(self) -> Actor:
        return Actor(ActorKind.MODERATOR, LOT.choice(("eve", "bob")))

    async def submit(self) -> object:
        self.number += 1
        name = LOT.choice(("blog", "blog", "shop", "quiet"))
        site, number = (await self.services.accounts.get(name)).site, str(self.number)
        key = Idempotency(f"k{LOT.randrange(8)}", LOT.choice("ab"), DAY, 60_000) if LOT.random() < 0.2 else None
        waiting = LOT.choice(("", "p1"))
        said = self._submission(number)
        taken = await self.services.moderation.submit(site, said, waiting=waiting, idempotency=key)
        if key is not None and LOT.random() < 0.5:
            await self.services.comments.remember_answer(name, key, b"answer")
        if await self.services.comments.get(comment_id(name, number)) is not None:
            self.ids.append((name, comment_id(name, number)))
        return (taken.word, taken.revision, taken.state)

    async def edit(self) -> object:
        site, comment = await self._one()
        same = comment.submission if LOT.random() < 0.2 else None
        taken = await self.services.moderation.submit(site, same or self._submission(comment.platform_id))
        return (taken.word, taken.revision, taken.state)

    async def classify(self) -> object:
        jobs = await self.services.work.claim("w", count=LOT.choice((1, 3, 20)), idle_ms=10**9, block_ms=1)
        sites = {site.id: site for site in await self.services.accounts.all()}
        judged = await self.services.classification.judge(jobs, sites, WordScorer() if LOT.random() < 0.9 else None)
        return [one[1:] for one in judged if isinstance(one, tuple)]

    async def decide(self) -> object:
        site, comment = await self._one()
        outcome = LOT.choice(list(Outcome))
        undo, lesson = (NOW[0] + 300_000 if LOT.random() < 0.4 else 0), (Lesson() if LOT.random() < 0.7 else None)
        return await self.services.moderation.decide(
            site,
            comment.id,
            outcome,
            actor=self._actor(),
            reasons=[LOT.choice(REASONS)],
            undo_until=undo,
            lesson=lesson,
        )

    async def review(self) -> object:
        site, comment = await self._one(held=True)
        outcome, reasons = LOT.choice(list(Outcome)), [LOT.choice(REASONS)]
        revision = comment.revision if LOT.random() < 0.9 else comment.revision - 1
        done = await self.services.review.decisions.decide(
            site, comment.id, outcome, by=self._actor(), revision=revision, reasons=reasons
        )
        self.decided.append((site.id, comment.id))
        return (done.comment.state, done.offer)

    async def undo(self) -> object:
        site, comment = await self._one()
        if LOT.random() < 0.6:
            with contextlib.suppress(AntechamberError):
                await self.review()
        if self.decided and LOT.random() < 0.9:
            name, last = self.decided.pop()
            found = await self.services.comments.get(last)
            site, comment = (await self.services.accounts.get(name)).site, found or comment
        done = await self.services.review.decisions.undo(
            site, comment.id, comment.revision, by=self._actor(), others=True
        )
        return (done.comment.state, done.comment.revision)

    async def escalate(self) -> object:
        site, comment = await self._one(held=True)
        decisions = self.services.review.decisions
        return (
            await decisions.escalate(site, comment.id, comment.revision, by=self._actor(), note="?")
        ).comment.revision

    async def snooze(self) -> object:
        site, comment = await self._one(held=True)
        until = NOW[0] + LOT.choice((60_000, 3_600_000))
        decisions = self.services.review.decisions
        return (
            await decisions.snooze(site, comment.id, comment.revision, by=self._actor(), until=until)
        ).comment.revision

    async def give_back(self) -> object:
        await self.queue.awaken("blog", NOW[0])
        site, comment = await self._one(held=True)
        decisions = self.services.review.decisions
        return (await decisions.give_back(site, comment.id, comment.revision, by=self._actor())).comment.revision

    async def note(self) -> object:
        site, comment = await self._one()
        return (await self.services.review.decisions.note(site, comment.id, self._text(), by=self._actor())).text

    async def attend(self) -> object:
        site, comment = await self._one()
        decisions = self.services.review.decisions
        if LOT.random() < 0.3:
            return await decisions.leave(site, comment.id, by=self._actor())
        return (await decisions.attend(site, comment.id, by=self._actor())).by

    async def report(self) -> object:
        site, comment = await self._one()
        return await self.services.redress.report(site, comment.id, f"r1-{LOT.randrange(9)}")

    async def appeal(self) -> object:
        rejected = [one for one in self.ids if (await self._state(one[1])) is State.REJECTED]
        if not rejected:
            return None
        site, comment = LOT.choice(rejected)
        found = await self.services.comments.get(comment)
        if found is None or found.decision is None:
            return None
        link = self.services.redress._links.of(site, comment, found.decision.revision, found.decision.at)
        return await self.services.redress.appeal(link.url.rpartition("/")[2], "It was a joke.")

    async def _state(self, comment: str) -> State | None:
        found = await self.services.comments.get(comment)
        return found.state if found else None

    async def erase(self) -> object:
        site, comment = await self._one()
        return await self.services.moderation.erase(site, comment.id, self._actor())

    async def bulk(self) -> object:
        chosen = [(await self._one())[1] for _ in range(4)]
        steps = [Step(one.revision, one.id, one.site) for one in {one.id: one for one in chosen}.values()]
        name, bulks, lease = f"b{LOT.randrange(10**6)}", self.bulks, NOW[0] + 60_000
        plan = Plan("moderator:eve", Outcome.HOLD, ("spam",), "", len(steps), {}, NOW[0])
        await bulks.plan(name, plan, steps)
        said: list[object] = [
            await bulks.begin(name, now=NOW[0], leased_until=lease, undo_until=lease),
            await bulks.begin(name, now=NOW[0], leased_until=lease, undo_until=lease),
            await bulks.take_over(name, now=NOW[0], leased_until=lease),
            await bulks.take_over(name, now=lease + 1, leased_until=lease + 5),
        ]
        found = await bulks.look(name)
        assert found is not None
        steps = await bulks.steps(name, 0, 2)
        skipped = [(step.comment, "changed") for step in steps if LOT.random() < 0.3]
        said += [
            steps,
            await bulks.finish(name, found),
            await bulks.decided(name, 0, len(steps), Settled(len(steps) - len(skipped), 0, skipped)),
            await bulks.take_back(name, "eve", now=NOW[0], leased_until=lease),
            await bulks.taken_back(name, None, 0, Settled(0, len(steps) - len(skipped), [])),
        ]
        found = await bulks.look(name)
        assert found is not None
        return [*said, await bulks.finish(name, found), await bulks.look(name)]

    async def deliver(self) -> object:
        outbox, said = self.services.outbox, []
        lease = NOW[0] + 30_000
        room = {"blog": 2} if LOT.random() < 0.5 else {}
        for one in await outbox.claim(now=NOW[0], leased_until=lease, most=5, per_site=3, room=room):
            result = LOT.choice(("delivered", "delivered", "retry", "dead", "back", "late"))
            late = one._replace(lease=1) if result == "late" else one
            pause = NOW[0] + 90_000 if LOT.random() < 0.1 else 0
            settlement = Settlement(
                "delivered" if result == "late" else result,
                NOW[0] + 60_000,
                pause,
                "asked" if pause else "",
                200,
                "",
                12,
            )
            said.append((one.id, one.type, await outbox.settle(late, settlement, now=NOW[0], log=100)))
        return said

    async def replay_delivery(self) -> object:
        return [
            (one.id, await self.services.outbox.replay(one))
            for one in (await self.services.outbox.undelivered("blog"))[:2]
        ]

    async def resume(self) -> object:
        return [await self.services.outbox.resume(site) for site in ("blog", "shop")]

    async def announce(self) -> object:
        name = f"alert_{LOT.randrange(3)}"
        return await self.services.outbox.announce("blog", name, id=name, kind="model.alert", body=b"{}", now=NOW[0])

    async def mark(self) -> object:
        site, comment = await self._one()
        email = comment.submission.author.email if comment.submission else None
        if email is None:
            return None
        marking = self.services.review.marking
        if LOT.random() < 0.3:
            return await marking.unmark(site, email.digest, by="moderator:eve")
        return await marking.mark(site, email.digest, "blocked", until=0, note="", by="moderator:eve")

    async def promise(self) -> object:
        site, comment = await self._one()
        ids = self.services.platform_ids
        await ids.name(site.id, f"n{LOT.randrange(50)}", comment.id)
        await ids.count_check(site.id, service_day())
        return await ids.promise(comment.id, ReturnAddress("https://blog.example/late", "m1", "1", "2"))

    async def correct(self) -> object:
        site, comment = await self._one()
        return await self.services.moderation.decide(
            site, comment.id, LOT.choice((Outcome.APPROVE, Outcome.REJECT)), actor=Actor(ActorKind.PLATFORM, site.id),
            reasons=("spam",), tell_back=False,
        )  # fmt: skip

    async def teach(self) -> object:
        verdict = Verdict(dict.fromkeys(LABELS, 0.1), "words-1")
        text = self._text()
        one = suggestion(
            "blog",
            text,
            {"spam": 1.0},
            actor="platform:blog",
            at=NOW[0],
            source="perspective",
            verdict=verdict,
            token="t",
        )
        added = await self.services.examples.add(one)
        return (added, await self.services.examples.forget("blog", text) if LOT.random() < 0.3 else None)

    async def model(self) -> object:
        models, version = self.services.models, f"blog-{LOT.randrange(40)}"
        artefact = version.encode()
        lineage = Lineage("base", "base", "f", "1", 3, {"api": 3}, 1, 2)
        card = ModelCard(
            version, "blog", NOW[0], hashlib.sha256(artefact).hexdigest(), len(artefact), lineage, ("spam",), True, {}
        )
        await models.add(card, artefact)
        what = LOT.choice(("promote", "stale", "back", "shadow", "none", "missing"))
        if what == "back":
            return await models.roll_back("blog", at=NOW[0])
        if what in ("shadow", "none"):
            return await models.shadow("blog", version if what == "shadow" else "", at=NOW[0])
        seen = "other" if what == "stale" else None
        return await models.promote("blog", "blog-x" if what == "missing" else version, at=NOW[0], seen=seen)

    async def bring(self) -> object:
        records = [
            Record(
                f"line {number}", f"old{LOT.randrange(60)}", self._text(), LOT.choice(list(Fate)), page_url="/bees/",
                name="Ann", email=f"a{number}@example.com", url="", ip="192.0.2.9", created_at=NOW[0] - number * 9 * DAY,
            )
            for number in range(1, 6)
        ]  # fmt: skip
        site = (await self.services.accounts.get("blog")).site
        with Leftovers(None) as leftovers:
            job = Import(site, Source("wordpress", "WXR", f"f{self.number}"), records, leftovers)
            if LOT.random() < 0.5:
                return repr([one async for one in self.services.importing.bring(job)][-1])
            batch = [one async for one in self.services.importing.bring(job)]
            return len(batch)

    async def adopt(self) -> object:
        """What was held before there was a queue: it stands in no list."""
        _, comment = await self._one(held=True)
        keys, client = self.services.connection.keys, self.services.connection.client
        if LOT.random() < 0.5 and comment.state is State.FLAGGED:
            await client.hdel(keys.comment(comment.id), "list")
        return await self.queue.adopt([(comment, place(comment))])

    async def poison(self) -> object:
        jobs = await self.services.work.claim("w", count=1, idle_ms=10**9, block_ms=1)
        for job in jobs:
            await self.services.classification.give_up(job, (await self.services.accounts.get(job.site)).site, "poison")
        return len(jobs)

    async def requeue(self) -> object:
        return [await self.services.moderation.revive(dead) for dead in (await self.services.work.dead())[:2]]

    async def sweep(self) -> object:
        await self.queue.awaken("blog", NOW[0])
        return await drop_old_texts(self.services, NOW[0] + LOT.choice((0, 20, 60, 200)) * DAY)

    async def sign(self) -> object:
        password = LOT.choice(("correct horse battery", "wrong"))
        signed = await self.services.moderators.sign_in("eve", password, f"192.0.2.{LOT.randrange(4)}")
        return (await self.services.moderators.session(signed.token)).member.name

    async def spend(self) -> object:
        connection = self.services.connection
        name = connection.keys.rate("blog", NOW[0] // 60_000)
        word, left = await _spend(connection, name, LOT.choice((1, 5)), 6)
        return (word, left)

    async def change(self) -> object:
        people, sites = self.services.moderators, self.services.accounts
        what = LOT.randrange(4)
        if what == 0:
            return (await people.set_access("eve", LOT.choice((Role.LEAD, Role.OPERATOR)))).role
        if what == 1:
            return await people.sign_out_everywhere("eve")
        if what == 2:
            return len((await sites.rotate("shop", 60)).credentials)
        url = f"https://shop{LOT.randrange(3)}.example"
        return (await sites.change("shop", lambda site: msgspec.structs.replace(site, url=url), "sites.set")).site.url


async def _spend(connection: Any, name: str, cost: int, quota: int) -> tuple[str, int]:
    """As `Rates` does, for a minute of our own."""
    from service.store.sites import Rates  # noqa: PLC0415

    spent = await Rates(connection).spend("blog", cost, quota)
    return (f"{spent.allowed} {name[:5]}", spent.left)


def service_day() -> Any:
    from service.core.counters import day_of  # noqa: PLC0415

    return day_of(NOW[0])


async def dump(client: Any) -> dict[str, str]:
    """Every key: its type, lifetime to ten minutes, and what it holds."""
    found: dict[str, str] = {}
    for name in sorted(await client.keys("*")):
        kind = (await client.type(name)).decode()
        value: object
        match kind:
            case "hash":
                value = sorted((await client.hgetall(name)).items())
            case "list":
                value = await client.lrange(name, 0, -1)
            case "set":
                value = sorted(await client.smembers(name))
            case "zset":
                value = await client.zrange(name, 0, -1, withscores=True)
            case "stream":
                # The log of deliveries is cut off about where it should be, wherever the server's own time has put a node's end.
                value = [fields for _, fields in (await client.xrange(name))[-100:]]
            case _:
                value = await client.get(name)
        lives = await client.pttl(name)
        found[name.decode()] = f"{kind} {-(-lives // 600_000) if lives > 0 else lives} {value!r}"
        if kind == "stream":
            await client.delete(name)
    return found


async def replay(url: str, folder: Path, steps: int) -> tuple[dict[str, str], list[str], str]:
    """What is stored in the end, what was answered, and the server's digest."""
    keys: KeyFiles = load(folder / "secrets")
    async with open_services(Settings(data_dir=folder, site_cache=0.0), keys, url) as services:
        day = Replay(services)
        heard: list[str] = []
        async with services.connection.client.pubsub() as listening:
            await listening.psubscribe("*")
            await day.run(steps)
            while (message := await listening.get_message(timeout=0.2)) is not None:
                heard.append(f"{message['channel']!r} {message['data']!r}")
        stored = await dump(services.connection.client)
        digest = await services.connection.client.execute_command("DEBUG", "DIGEST")
        return stored, [*day.answers, *heard], digest.decode() if isinstance(digest, bytes) else str(digest)


def main() -> None:
    """Replay it, and print the digests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=12, help="another day")
    parser.add_argument("--dump", type=Path, help="write every key and every answer there, as JSON")
    asked = parser.parse_args()
    LOT.seed(asked.seed)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        socket = folder / "s"
        server = subprocess.Popen(
            [find_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--enable-debug-command", "yes"],
            stdout=subprocess.DEVNULL,
        )
        stack.callback(server.wait)
        stack.callback(server.terminate)
        while not socket.exists():
            time.sleep(0.01)
        stored, answers, digest = asyncio.run(replay(f"unix://{socket}", folder, asked.steps))
    if asked.dump:
        asked.dump.write_text(json.dumps({"stored": stored, "answers": answers, "digest": digest}, indent=1))
    ours = hashlib.sha256(json.dumps([stored, answers]).encode()).hexdigest()
    print(
        f"{len(stored)} keys, {len(answers)} answers; DEBUG DIGEST {digest}; of keys, streams and answers {ours[:40]}"
    )


if __name__ == "__main__":
    main()
