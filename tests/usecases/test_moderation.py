"""A comment's whole life on a real server: taken in, judged, decided, edited, reported, erased; each change atomic."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, ByAuthor, Comment, Idempotency, Taken
from service.core.errors import BacklogFull, Conflict, Gone, IdempotencyMismatch, NotFound, RequestInProgress
from service.core.identity import IdentityKeys, digest_email
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.policy import Policy
from service.core.site import Known, Site
from service.core.submission import Requirements, comment_id
from service.core.verdict import LABELS, Case, Verdict
from service.usecases.classification import Classification, SignalCollector
from service.usecases.moderation import Moderation
from service.workers import housekeeping
from service.workers.classify import Worker
from service.workers.housekeeping import drop_old_texts
from tests.support.legible import legible
from tests.support.moderation import LINKS, WordScorer, submission
from tests.support.waiting import until

EVE = Actor(ActorKind.MODERATOR, "eve")


async def submit(services: Services, site: Known, *args: Any, **more: Any) -> Taken:
    return await services.moderation.submit(site.site, submission(services, *args, **more))


async def judge(services: Services) -> int:
    return await Worker(services, WordScorer()).drain()


async def told(services: Services) -> list[tuple[str, str]]:
    """(comment, event type) of every call-back that waits first in its comment's line."""
    now = now_ms()
    leased = await services.outbox.claim(now=now + 1, leased_until=now + 1, most=1000, per_site=1000, room={})
    return [(delivery.comment, delivery.type) for delivery in leased]


@pytest.mark.parametrize(
    ("content", "state", "reason"),
    [
        ("I liked this.", State.APPROVED, "below-thresholds"),
        ("maybe", State.FLAGGED, "spam"),
        ("pills", State.REJECTED, "spam"),
    ],
)
async def test_a_comment_is_judged_and_the_platform_is_told(
    services: Services, site: Known, content: str, state: State, reason: str
) -> None:
    taken = await submit(services, site, "1", content)
    assert (taken.word, taken.revision, taken.state) == ("accepted", 1, "pending")
    assert await judge(services) == 1
    comment = await services.moderation.get(site.site, taken.comment)
    assert (comment.state, comment.revision, comment.human) == (state, 2, False)
    assert comment.decision is not None
    assert comment.verdict is not None
    assert comment.decision.reasons[0].code == reason
    assert str(comment.decision.actor) == "policy:words-1"
    assert await told(services) == [(taken.comment, f"comment.{state}")]
    assert await services.work.backlog() == 0
    assert (await services.comments.counts("blog"))[state] == 1


async def test_a_repeated_submission_is_the_same_comment(services: Services, site: Known) -> None:
    first = await submit(services, site)
    again = await submit(services, site)
    assert (again.word, again.comment, again.revision) == ("same", first.comment, 1)
    assert await judge(services) == 1
    assert (await submit(services, site)).state == "approved"
    assert await services.work.backlog() == 0


async def test_an_edit_is_judged_again_and_the_earlier_text_is_kept(services: Services, site: Known) -> None:
    await submit(services, site, "1", "I liked this.")
    await judge(services)
    edited = await submit(services, site, "1", "pills")
    assert (edited.word, edited.revision, edited.state) == ("edited", 3, "pending")
    await judge(services)
    comment = await services.moderation.get(site.site, edited.comment)
    assert (comment.state, comment.revision) == (State.REJECTED, 4)
    assert [text.content for text in await services.comments.earlier_texts(comment.id)] == ["I liked this."]
    history = await services.comments.history(comment.id)
    assert [change.what for change in history] == ["submitted", "decided", "edited", "decided"]


async def test_only_the_newest_text_is_judged(services: Services, site: Known) -> None:
    await submit(services, site, "1", "pills")
    await submit(services, site, "1", "I liked this.")
    assert await judge(services) == 2
    comment = await services.moderation.get(site.site, comment_id("blog", "1"))
    history = await services.comments.history(comment.id)
    assert comment.state is State.APPROVED
    assert [change.what for change in history] == ["submitted", "edited", "decided"]


async def test_a_machine_never_overrides_a_human(services: Services, site: Known) -> None:
    taken = await submit(services, site, "1", "pills")
    worker = Worker(services, WordScorer())
    jobs = await services.work.claim("w", count=10, idle_ms=60_000, block_ms=10)
    await services.moderation.decide(site.site, taken.comment, Outcome.APPROVE, actor=EVE)
    judged = await services.classification.judge(jobs, {"blog": site.site}, WordScorer())
    assert [result.word for result in judged] == ["human"]
    comment = await services.moderation.get(site.site, taken.comment)
    assert (comment.state, comment.human) == (State.APPROVED, True)
    assert comment.verdict is not None
    assert comment.verdict.scores["spam"] == 0.97, "what the machine had said is kept beside it"
    assert await worker.drain() == 0


async def test_little_is_judged_at_once_and_much_beside_what_else_is_done(services: Services, site: Known) -> None:
    """Which thread it was, the scorer notes: the loop's for what takes next to nothing, another one for all else."""

    class Noting(WordScorer):
        def judge(self, cases: Sequence[Case]) -> list[Verdict]:
            threads.append(threading.current_thread() is threading.main_thread())
            until = time.thread_time() + self.takes
            while time.thread_time() < until:
                pass
            return super().judge(cases)

        takes = 0.0

    threads: list[bool] = []
    scorer = Noting()
    for number in range(32):
        await submit(services, site, str(number))
        await Worker(services, scorer).drain()
    assert not threads[0], "nobody knows yet how long it takes"
    assert threads[-1]
    scorer.takes = 0.02
    for number in range(32, 40):
        await submit(services, site, str(number))
        await Worker(services, scorer).drain()
    assert not threads[-1]


async def test_a_text_edited_after_a_human_rejected_it_is_not_approved_by_a_machine(
    services: Services, site: Known
) -> None:
    taken = await submit(services, site, "1", "something nasty")
    await judge(services)
    await services.moderation.decide(site.site, taken.comment, Outcome.REJECT, actor=EVE, reasons=["insult"])
    for text in ("I liked this.", "I liked this a lot."):
        await submit(services, site, "1", text)
        await judge(services)
        comment = await services.moderation.get(site.site, taken.comment)
        assert comment.state is State.FLAGGED
        assert comment.decision is not None
        assert comment.decision.reasons[0].code == "edited-after-rejection"


async def test_two_moderators_cannot_both_decide_a_revision(services: Services, site: Known) -> None:
    taken = await submit(services, site, "1", "maybe")
    await judge(services)
    decide = services.moderation.decide
    results = await asyncio.gather(
        *[decide(site.site, taken.comment, o, actor=EVE, revision=2) for o in (Outcome.APPROVE, Outcome.REJECT)],
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Comment", "Conflict"]
    assert (await services.moderation.get(site.site, taken.comment)).revision == 3
    with pytest.raises(Conflict):
        await decide(site.site, taken.comment, Outcome.HOLD, actor=EVE, revision=2)
    assert (await decide(site.site, taken.comment, Outcome.HOLD, actor=EVE)).revision == 4


async def test_idempotency_keys(services: Services, site: Known) -> None:
    def take(request: str, content: str) -> Any:
        key = Idempotency(key="k", request=request, ttl=60_000, lease=60_000)
        text = submission(services, "1", content)
        return services.moderation.submit(site.site, text, idempotency=key)

    await take("r1", "I liked this.")
    with pytest.raises(RequestInProgress):
        await take("r1", "I liked this.")
    with pytest.raises(IdempotencyMismatch):
        await take("r2", "I did not.")
    key = Idempotency(key="k", request="r1", ttl=60_000, lease=60_000)
    await services.comments.remember_answer("blog", key, b"the answer")
    replayed = await take("r1", "I liked this.")
    assert (replayed.word, replayed.answer) == ("replayed", b"the answer")
    assert await services.work.backlog() == 1


async def test_an_unanswered_idempotency_key_is_free_again_after_its_lease(services: Services, site: Known) -> None:
    key = Idempotency(key="k", request="r", ttl=60_000, lease=0)
    for word in ("accepted", "replayed"):
        taken = await services.moderation.submit(site.site, submission(services), idempotency=key)
        assert (taken.word, taken.revision) == (word, 1)


async def test_above_the_backlog_nothing_is_kept(services: Services, site: Known) -> None:
    tight = Moderation(services.comments, services.work, links=LINKS, backlog=1)
    await tight.submit(site.site, submission(services, "1"))
    with pytest.raises(BacklogFull) as full:
        await tight.submit(site.site, submission(services, "2"))
    assert full.value.retry_after
    with pytest.raises(NotFound):
        await tight.get(site.site, comment_id("blog", "2"))
    assert (await services.comments.counts("blog"))["pending"] == 1


async def test_readers_reports_flag_what_was_approved(services: Services, site: Known) -> None:
    taken = await submit(services, site)
    await judge(services)
    report = services.redress.report
    counts = [await report(site.site, taken.comment, reader) for reader in ("r1", "r1", "r2", "r3")]
    assert counts == [1, 1, 2, 3]
    comment = await services.moderation.get(site.site, taken.comment)
    assert comment.state is State.FLAGGED
    assert comment.decision is not None
    assert comment.decision.reasons[0].code == "reported"


async def test_erasing_leaves_a_tombstone_and_no_words(services: Services, site: Known) -> None:
    taken = await submit(services, site, "1", "my secret maybe")
    await submit(services, site, "1", "my other secret maybe")
    await judge(services)
    await services.moderation.decide(site.site, taken.comment, Outcome.HOLD, actor=EVE, note="a secret note")
    tombstone = await services.moderation.erase(site.site, taken.comment, Actor(ActorKind.PLATFORM, "blog"))
    assert tombstone.state is State.ERASED
    with pytest.raises(Gone):
        await services.moderation.get(site.site, taken.comment)
    with pytest.raises(Gone):
        await submit(services, site, "1", "my secret maybe")
    history = await services.comments.history(taken.comment)
    assert [change.what for change in history] == ["submitted", "edited", "decided", "decided", "erased"]
    client = services.connection.client
    for key in await client.keys("*"):
        kind = await client.type(key)
        if kind == b"hash":
            assert b"secret" not in legible(await client.hgetall(key))
        elif kind == b"list":
            assert b"secret" not in legible(await client.lrange(key, 0, -1))
    assert await told(services) == [(taken.comment, "comment.erased")]
    again = await services.moderation.erase(site.site, taken.comment, Actor(ActorKind.PLATFORM, "blog"))
    assert again.state is State.ERASED


async def test_another_sites_comments_are_not_there(services: Services, site: Known) -> None:
    taken = await submit(services, site)
    other = await services.accounts.add("news", "https://news.example")
    for attempt in (
        services.moderation.get(other.site, taken.comment),
        services.moderation.decide(other.site, taken.comment, Outcome.APPROVE, actor=EVE),
        services.moderation.erase(other.site, taken.comment, EVE),
        services.redress.report(other.site, taken.comment, "r"),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_without_a_model_comments_are_held(services: Services, site: Known) -> None:
    taken = await submit(services, site)
    await Worker(services, None).drain()
    comment = await services.moderation.get(site.site, taken.comment)
    assert comment.state is State.FLAGGED
    assert comment.decision is not None
    assert comment.decision.reasons[0].code == "no-verdict"


async def test_a_poison_comment_is_held_and_buried_and_its_neighbours_are_judged(
    services: Services, site: Known
) -> None:
    settings = services.settings.model_copy(update={"claim_idle": 0.001, "max_attempts": 2})
    impatient = dataclasses.replace(services, settings=settings)
    poison = await submit(services, site, "1", "poison")
    fine = await submit(services, site, "2", "I liked this.")
    worker = Worker(impatient, WordScorer())

    async def is_buried() -> bool:
        await worker.drain()  # what was claimed within this millisecond comes in the next
        return bool(await services.work.dead())

    await until(is_buried)
    assert (await services.moderation.get(site.site, fine.comment)).state is State.APPROVED
    comment = await services.moderation.get(site.site, poison.comment)
    assert comment.state is State.FLAGGED
    (dead,) = await services.work.dead()
    assert (dead.comment, dead.site) == (poison.comment, "blog")
    assert await services.work.backlog() == 0

    moved = await services.moderation.revive(dead)
    assert moved.word == "applied"
    assert await services.work.dead() == []

    class Cured(WordScorer):
        def _judge(self, case: Case) -> Verdict:
            return Verdict(dict.fromkeys(LABELS, 0.0), self.version)

    await Worker(services, Cured()).drain()
    assert (await services.moderation.get(site.site, poison.comment)).state is State.APPROVED


async def test_jobs_of_a_dead_worker_are_taken_over(services: Services, site: Known) -> None:
    taken = await submit(services, site)
    assert len(await services.work.claim("dead-worker", count=10, idle_ms=1, block_ms=10)) == 1
    await asyncio.sleep(0.01)
    (job,) = await services.work.claim("heir", count=10, idle_ms=5, block_ms=10)
    assert (job.comment, job.tries) == (taken.comment, 2)
    await services.work.release("heir")
    await services.classification.judge([job], {"blog": site.site}, WordScorer())
    assert await services.work.backlog() == 0


async def test_a_batch_is_scored_at_once(services: Services, site: Known) -> None:
    for number in range(100):
        await submit(services, site, str(number))
    scorer = WordScorer()
    assert await Worker(services, scorer).drain() == 100
    assert scorer.batches == [64, 36]


async def test_old_texts_are_dropped_and_the_rest_stays(services: Services, site: Known) -> None:
    approved = await submit(services, site, "1", "fine words")
    flagged = await submit(services, site, "2", "maybe")
    await judge(services)
    month = 31 * 86_400_000
    assert await drop_old_texts(services, now_ms()) == 0
    assert await drop_old_texts(services, now_ms() + month) == 1
    assert await drop_old_texts(services, now_ms() + month) == 0
    comment = await services.moderation.get(site.site, approved.comment)
    assert comment.submission is not None
    assert (comment.submission.content, comment.submission.author.name) == ("", "")
    assert comment.submission.author.email is not None
    assert comment.verdict is None
    assert comment.decision is not None
    kept = await services.moderation.get(site.site, flagged.comment)
    assert kept.submission is not None
    assert kept.submission.content == "maybe"
    assert (await submit(services, site, "1", "fine words")).word == "same", "a repeat is still known"


async def test_texts_that_came_in_one_millisecond_are_dropped_however_many(
    services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_BATCH", 2)
    moment = now_ms()
    frozen = Moderation(services.comments, services.work, links=LINKS, backlog=100, clock=lambda: moment)
    for number in range(7):
        await frozen.submit(site.site, submission(services, str(number)))
    collector = SignalCollector(services.reputations)
    classification = Classification(services.comments, services.work, collector, links=LINKS, clock=lambda: moment)
    await Worker(dataclasses.replace(services, classification=classification), WordScorer()).drain()
    assert await drop_old_texts(services, moment + 31 * 86_400_000) == 7


async def test_an_author_keeps_their_history_when_keys_rotate(services: Services, site: Known) -> None:
    await submit(services, site, "1")
    ((kid, key),) = services.secrets.identity.keys
    rotated = IdentityKeys((("k2", b"2" * 32), (kid, key)))
    await submit(services, site, "2", keys=rotated)
    author = submission(services, keys=rotated).author.email
    assert author is not None
    rows = await services.comments.page(
        "blog", ByAuthor(author.digest), newest=now_ms(), oldest=0, after=None, limit=10
    )
    assert {comment for comment, _ in rows} == {comment_id("blog", "1"), comment_id("blog", "2")}


async def test_paging_shows_everything_once(services: Services, site: Known) -> None:
    for number in range(25):
        await submit(services, site, str(number))
    seen: list[tuple[str, int]] = []
    after = None
    while rows := await services.comments.page("blog", "all", newest=now_ms(), oldest=0, after=after, limit=10):
        seen += rows
        after = (rows[-1][1], rows[-1][0])
    assert len({comment for comment, _ in seen}) == len(seen) == 25
    assert [at for _, at in seen] == sorted((at for _, at in seen), reverse=True)


async def test_a_removed_sites_comments_are_held(services: Services, site: Known) -> None:
    taken = await submit(services, site)
    await services.accounts.remove("blog")
    await judge(services)
    comment = await services.comments.get(taken.comment)
    assert comment is not None
    assert comment.state is State.FLAGGED


async def test_hold_everything(services: Services, site: Known) -> None:
    policy = Policy(mode="hold-everything")
    await services.accounts.change("blog", lambda site: msgspec.structs.replace(site, policy=policy), "test")
    taken = await submit(services, site)
    await judge(services)
    assert (await services.moderation.get(site.site, taken.comment)).state is State.FLAGGED


async def test_a_comment_stands_in_the_index_of_its_present_author_alone(services: Services, site: Known) -> None:
    async def listed(email: str) -> list[str]:
        digest = digest_email(email, services.secrets.identity).digest
        page = await services.comments.page("blog", ByAuthor(digest), newest=now_ms(), oldest=0, after=None, limit=10)
        return [comment for comment, _ in page]

    ours = comment_id("blog", "1")
    await services.moderation.submit(site.site, submission(services, "1", "first", email="ann@example.com"))
    assert await listed("ann@example.com") == [ours]
    await services.moderation.submit(site.site, submission(services, "1", "second", email="bob@example.com"))
    assert (await listed("ann@example.com"), await listed("bob@example.com")) == ([], [ours])
    anonymous = submission(services, "1", "third", email="", requires=Requirements(email=False))
    await services.moderation.submit(site.site, anonymous)
    assert await listed("bob@example.com") == []


async def test_a_decision_that_an_erasure_overtakes_hears_that_it_is_erased(
    services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = await submit(services, site)
    await judge(services)
    find = services.moderation.get

    async def slowly(known: Site, comment: str) -> Comment:
        found = await find(known, comment)
        await services.moderation.erase(known, comment, EVE)
        return found

    monkeypatch.setattr(services.moderation, "get", slowly)
    with pytest.raises(Gone):
        await services.moderation.decide(site.site, taken.comment, Outcome.APPROVE, actor=EVE)


async def test_examples_and_notes_have_a_retention_of_their_own(services: Services, site: Known) -> None:
    taken = await submit(services, site, "1", "fine words")
    await judge(services)
    decided = await services.moderation.decide(
        site.site, taken.comment, Outcome.REJECT, actor=EVE, reasons=["other"], note="by the neighbour"
    )
    await services.review.decisions.note(site.site, decided.id, "the neighbour again", by=EVE)
    year, now = 366 * 86_400_000, now_ms()

    async def kept() -> tuple[int, int, bool]:
        history = await services.comments.history(decided.id)
        notes = await services.connection.client.lrange(services.connection.keys.of("notes", decided.id), 0, -1)
        said = any("neighbour" in (one.decision.note if one.decision else "") for one in history)
        return await services.examples.count("blog"), len(notes), said

    await drop_old_texts(services, now + 31 * 86_400_000)
    assert await kept() == (1, 1, True)
    await drop_old_texts(services, now + year)
    assert await kept() == (1, 0, False)
    comment = await services.moderation.get(site.site, decided.id)
    assert comment.decision is not None
    assert (comment.decision.note, comment.decision.outcome) == ("", Outcome.REJECT)
    await drop_old_texts(services, now + 2 * year)
    assert await kept() == (0, 0, False)
    assert [one async for one in services.examples.all("blog")] == []


async def test_what_quotes_an_erased_comment_quotes_it_no_more(services: Services, site: Known) -> None:
    """Also where the quotation came in before it was noted who quotes whom."""
    parent = await submit(services, site, "1", "my secret words")
    for number in ("2", "3"):
        await submit(services, site, number, "so do I", parent_id="1", parent_text="my secret words")
        await submit(services, site, number, "so do I!", parent_id="1", parent_text="my secret words")
    await submit(services, site, "4", "another", parent_id="9", parent_text="other words")
    client, keys = services.connection.client, services.connection.keys
    await client.delete(keys.answers("blog", parent.comment))
    await services.moderation.erase(site.site, parent.comment, EVE)
    for number in ("2", "3"):
        reply = await services.moderation.get(site.site, comment_id("blog", number))
        texts = [reply.submission, *await services.comments.earlier_texts(reply.id)]
        assert {one.parent_text for one in texts if one is not None} == {""}
        assert {one.parent_id for one in texts if one is not None} == {"1"}
    other = await services.moderation.get(site.site, comment_id("blog", "4"))
    assert other.submission is not None
    assert other.submission.parent_text == "other words"
    assert not await client.exists(keys.answers("blog", parent.comment))
