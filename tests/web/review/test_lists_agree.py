"""Whatever happens to comments, in whatever order: lists, facets and counts say what the states say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.clock import now_ms
from service.container import Services, open_services
from service.core.comment import Actor, Comment
from service.core.errors import AntechamberError
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.queue import FACETS, SORTS, facets
from service.core.site import Known
from service.core.submission import comment_id
from service.core.work import Dead
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.store.server import EmbeddedServer
from service.usecases.review.queue import Filters
from service.workers.classify import Worker
from service.workers.housekeeping import drop_old_texts
from tests.support.moderation import WordScorer, submission

ANN, BO = Actor(ActorKind.MODERATOR, "ann"), Actor(ActorKind.MODERATOR, "bo")
_STEPS = (
    "submit", "edit", "judge", "judge", "undo", "undo", "undo", "approve", "reject", "hold", "escalate", "snooze", "snooze",
    "wake", "wake", "return", "report", "erase", "requeue", "note", "claim", "mode", "strip",
)  # fmt: skip
_NUMBERS = st.sampled_from([1, 1, 1, 2, 2, 3, 4])  # the first two are held, and most can happen to them
_HISTORY = st.lists(st.tuples(st.sampled_from(_STEPS), _NUMBERS), min_size=8, max_size=40)
_BEGUN = [*[("submit", number) for number in range(1, 5)], ("judge", 0)]
_FIRST = st.sampled_from([_BEGUN, [("mode", 0), *_BEGUN]])  # half of the sites hold, the other half publishes first


class Blog:
    """A site to which things happen."""

    def __init__(self, services: Services, known: Known) -> None:
        self.services = services
        self.known = known
        self.edits = 0

    async def step(self, what: str, number: int) -> None:  # noqa: PLR0912  (one branch for each thing that can happen)
        services, site, comment = self.services, self.known.site, comment_id("blog", str(number))
        decisions = services.review.decisions
        seen = await services.comments.get(comment)
        revision = seen.revision if seen else 1
        match what:
            case "submit":
                words = ("maybe", "maybe so", "fine", "pills")[number - 1]
                email = f"author{number % 2}@example.com"
                await services.moderation.submit(site, submission(services, str(number), words, email=email))
            case "edit":
                self.edits += 1
                words = f"maybe {self.edits}"
                await services.moderation.submit(site, submission(services, str(number), words))
            case "judge":
                await Worker(services, WordScorer()).drain()
            case "approve" | "reject" | "hold":
                why = ["spam"] if what == "reject" else []
                await decisions.decide(site, comment, Outcome(what), by=ANN, revision=revision, reasons=why)
            case "undo":
                await decisions.undo(site, comment, revision, by=BO, others=True)
            case "escalate":
                await decisions.escalate(site, comment, revision, by=ANN)
            case "snooze":
                await decisions.snooze(site, comment, revision, by=ANN, until=now_ms() + 86_400_000)
            case "wake":
                snoozed, client = services.connection.keys.site("blog", "snoozed"), services.connection.client
                for asleep in await client.zrange(snoozed, 0, -1):
                    await client.zadd(snoozed, {asleep: 1})
                await services.review.lists.awaken(["blog"])
            case "return":
                await decisions.give_back(site, comment, revision, by=ANN)
            case "report":
                for reader in "abc":
                    await services.redress.report(site, comment, reader)
            case "erase":
                await services.moderation.erase(site, comment, ANN)
            case "requeue":
                if seen is not None:
                    await _requeue(services, comment)
            case "mode":
                mode = "by-score" if site.policy.mode == "approve-first" else "approve-first"
                site = msgspec.structs.replace(site, policy=msgspec.structs.replace(site.policy, mode=mode))
                self.known = self.known._replace(site=site)
                await services.accounts.change("blog", lambda _: site, "test")
            case "strip":
                await drop_old_texts(services, now_ms() + 400 * 86_400_000)
            case "note":
                await decisions.note(site, comment, "look", by=ANN)
            case "claim":
                await decisions.attend(site, comment, by=ANN)

    async def check(self) -> None:
        services = self.services
        lists = services.review.lists
        every = [comment_id("blog", str(number)) for number in range(1, 5)]
        comments = [one for one in await services.comments.get_many(every) if one is not None]
        standing = {one.comment.id: one.standing for one in await lists.seen(comments)}
        counts = await lists.counts(["blog"])
        held = {one.id for one in comments if one.state is State.FLAGGED}
        for name in ("flagged", "escalated", "snoozed"):
            listed = await lists.page(["blog"], Filters(name), limit=50, after=None)
            assert {row.comment.id for row in listed.rows} == {one for one in held if standing[one].list == name}
            assert len(listed.rows) == listed.total == counts[name]
        assert sum(counts[name] for name in ("flagged", "escalated", "snoozed")) == len(held)
        for state in (State.APPROVED, State.REJECTED):
            assert counts[state] == sum(one.state is state for one in comments)
        assert counts["decided"] == sum(one.human and one.decision is not None and _by_human(one) for one in comments)
        await self._check_waiting(comments)
        queued = [one for one in comments if standing[one.id].list == "flagged"]
        for sort in SORTS:
            sorted_ = await lists.page(["blog"], Filters(sort=sort), limit=50, after=None)
            assert {row.comment.id for row in sorted_.rows} == {one.id for one in queued}, sort
        assert await services.connection.client.zcard(services.connection.keys.site("blog", "severest")) == len(queued)
        found = (await lists.facets(["blog"], Filters())).facets
        for facet in FACETS:
            expected: dict[str, int] = {}
            for one in queued:
                for value in facets(one)[facet]:
                    expected[value] = expected.get(value, 0) + 1
            assert dict(found[facet]) == expected, facet

    async def _check_waiting(self, comments: Sequence[Comment]) -> None:
        """What was published first waits for a human, and readers' reports wait for the same."""
        client, keys = self.services.connection.client, self.services.connection.keys
        assert await self._listed("later") == {
            one.id for one in comments
            if one.state is State.APPROVED and one.decision and "review" in one.decision.tags
            and one.submission and one.submission.content
        }  # fmt: skip
        for one in comments:
            waiting = await client.scard(keys.reporters(one.id))
            listed = await client.zscore(keys.site("blog", "reports"), one.id)
            assert (listed or 0) == (waiting + await client.scard(keys.answered(one.id)) if waiting else 0)

    async def _listed(self, name: str) -> set[str]:
        lists = self.services.review.lists
        page = await lists.page(["blog"], Filters(name), limit=50, after=None)
        assert len(page.rows) == page.total == (await lists.counts(["blog"]))[name]
        return {row.comment.id for row in page.rows}


def _by_human(comment: Any) -> bool:
    return comment.decision.actor.kind is not ActorKind.POLICY and comment.state is not State.PENDING


async def _requeue(services: Services, comment: str) -> None:
    await services.moderation.revive(Dead("0-1", comment, "blog", 1, "test", 0))


async def _live(server: EmbeddedServer, secrets: KeyFiles, folder: Path, history: Sequence[tuple[str, int]]) -> None:
    async with open_services(Settings(data_dir=folder, site_cache=0.0), secrets, server.url) as services:
        await services.connection.client.flushall()
        await services.work.prepare()
        blog = Blog(services, await services.accounts.add("blog", "https://blog.example", "https://blog.example/hook"))
        for what, number in history:
            try:
                await blog.step(what, number)
            except AntechamberError:
                continue  # refused: then nothing may have changed
            await blog.check()
        await blog.check()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_FIRST, history=_HISTORY)
def test_lists_facets_and_counts_always_agree_with_the_states(
    server: EmbeddedServer,
    secrets: KeyFiles,
    tmp_path: Path,
    first: list[tuple[str, int]],
    history: list[tuple[str, int]],
) -> None:
    asyncio.run(_live(server, secrets, tmp_path, [*first, *history]))
