"""Bringing a history in: what becomes of it here, and what is left alone."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, ByAuthor, Comment
from service.core.errors import NotFound
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.signals.subjects import Reputation as Around
from service.core.signals.subjects import subjects_of
from service.core.site import Known
from service.core.submission import comment_id
from service.core.verdict import LABELS
from service.imports.record import Fate, Left, Leftovers, Record
from service.store.reputation import DAY
from service.usecases.importing import Import, Report, Source
from service.usecases.review.queue import Filters
from tests.support.legible import legible
from tests.support.moderation import submission

SOURCE = Source("wordpress", "WordPress export (WXR)", "f00d")
WRITTEN = 1_551_445_200_000  # 2019-03-01 13:00
MEMBER = Actor(ActorKind.MODERATOR, "eve")


def record(number: int, fate: Fate = Fate.APPROVED, content: str = "I keep bees too.", **more: object) -> Record:
    said = {
        "page_url": "/bees/", "name": "Ann", "email": "ann@example.com", "url": "https://ann.example", "ip": "192.0.2.7",
        "created_at": WRITTEN + number,
    }  # fmt: skip
    return Record(f"line {number}", str(number), content, fate, **said | more)  # type: ignore[arg-type]


async def bring(
    services: Services,
    site: Known,
    found: Iterable[Record | Left],
    listing: Path | None = None,
    *,
    resume: bool = False,
) -> Report:
    with Leftovers(listing) as leftovers:
        job = Import(site.site, SOURCE, found, leftovers)
        return [report async for report in services.importing.bring(job, resume=resume)][-1]


async def kept(services: Services, number: int | str) -> Comment:
    comment = await services.comments.get(comment_id("blog", str(number)))
    assert comment is not None
    return comment


@pytest.mark.parametrize(
    ("fate", "expected", "labels"),
    [
        (Fate.APPROVED, (State.APPROVED, True), dict.fromkeys(LABELS, 0.0)),
        (Fate.SHOWN, (State.APPROVED, False), None),
        (Fate.HELD, (State.FLAGGED, False), None),
        (Fate.SPAM, (State.REJECTED, True), {"spam": 1.0}),
        (Fate.REMOVED, (State.REJECTED, True), None),
        (Fate.ORPHANED, (State.REJECTED, False), None),
    ],
)
async def test_what_becomes_of_a_fate(
    services: Services, site: Known, fate: Fate, expected: tuple[State, bool], labels: dict[str, float] | None
) -> None:
    report = await bring(services, site, [record(1, fate)])
    comment = await kept(services, 1)
    assert ((comment.state, comment.human), comment.created_at) == (expected, WRITTEN + 1)
    assert comment.submission is not None
    assert (comment.submission.page.url, comment.submission.channel) == ("https://blog.example/bees/", "import")
    assert comment.decision is not None
    assert str(comment.decision.actor) == "platform:blog"
    assert comment.decision.reasons[0].code == "imported"
    assert [change.what for change in await services.comments.history(comment.id)] == ["imported", "decided"]
    examples = [one async for one in services.examples.all("blog")]
    assert [one.labels for one in examples] == ([labels] if labels is not None else [])
    assert report == Report(1, {str(fate): 1}, 0, 0, len(examples), {}, {})


async def test_examples_carry_their_source_and_their_own_time(services: Services, site: Known) -> None:
    await bring(services, site, [record(1), record(2, Fate.REMOVED, labels={"toxicity": 0.9})])
    first, rude = [one async for one in services.examples.all("blog")]
    assert (first.at, first.source, first.actor, first.outcome) == (
        WRITTEN + 1,
        "import:wordpress",
        "platform:blog",
        "approve",
    )
    assert (rude.labels, rude.outcome, rude.author_url) == ({"toxicity": 0.9}, "reject", "https://ann.example")


async def test_nobody_is_told_and_nothing_is_judged(services: Services, site: Known) -> None:
    await bring(services, site, [record(number, fate) for number, fate in enumerate(Fate, 1)])
    assert site.site.callback
    assert (await services.outbox.endpoint("blog")).waiting == 0
    assert await services.work.backlog() == 0
    assert await services.comments.counts("blog") == {
        "pending": 0,
        "approved": 2,
        "flagged": 1,
        "rejected": 3,
        "erased": 0,
    }


async def test_held_ones_wait_in_the_queue_and_can_be_decided(services: Services, site: Known) -> None:
    await bring(services, site, [record(1, Fate.HELD)])
    assert (await services.review.lists.counts(["blog"]))["flagged"] == 1
    facets = (await services.review.lists.facets(["blog"], Filters("flagged"))).facets
    assert facets["reason"] == [("imported", 1)]
    decided = await services.moderation.decide(site.site, (await kept(services, 1)).id, Outcome.APPROVE, actor=MEMBER)
    assert (decided.state, decided.revision) == (State.APPROVED, 3)
    assert (await services.review.lists.counts(["blog"]))["flagged"] == 0


async def test_authors_are_known_and_found(services: Services, site: Known) -> None:
    await bring(services, site, [record(1), record(2), record(3, Fate.SPAM)])
    comment = await kept(services, 1)
    assert comment.submission is not None
    assert comment.submission.author.email is not None
    index = ByAuthor(comment.submission.author.email.digest)
    page = await services.comments.page("blog", index, newest=now_ms(), oldest=0, after=None, limit=10)
    assert [at for _, at in page] == [WRITTEN + 3, WRITTEN + 2, WRITTEN + 1]
    new = submission(services, "new", keys=services.secrets.identity.within(site.site.circles))
    await services.moderation.submit(site.site, new)
    ((known),) = await services.reputations.look([(await kept(services, "new"), subjects_of(new))], now_ms())
    assert (known.author.approved, known.author.rejected, known.author.first) == (2, 1, WRITTEN + 1)
    assert (known.author.vouched, known.author.refused) == (0, 0)  # who decided there is not known


async def known_after(services: Services, site: Known, found: Iterable[Record]) -> Around:
    """What is known around a new comment of the same author, address and link, after an import."""
    await bring(services, site, found)
    return await look(services, site)


async def look(services: Services, site: Known, number: str = "new") -> Around:
    keys = services.secrets.identity.within(site.site.circles)
    new = submission(services, number, url="https://ann.example", keys=keys)
    await services.moderation.submit(site.site, new)
    (known,) = await services.reputations.look([(await kept(services, number), subjects_of(new))], now_ms())
    return known


async def test_domains_are_vouched_for_and_refused_by_what_says_why(services: Services, site: Known) -> None:
    known = await known_after(
        services,
        site,
        [record(1), *(record(n, Fate.SPAM) for n in (2, 3)), record(4, Fate.REMOVED), record(5, Fate.SHOWN)],
    )
    ((box, here),) = known.domains
    for found in (box, here):
        assert (found.approved, found.rejected, found.vouched, found.refused) == (2, 3, 1, 2)
    assert (known.author.approved, known.author.rejected) == (2, 3)
    assert (known.author.vouched, known.author.refused) == (0, 0)


async def test_addresses_are_known_for_as_long_as_if_they_had_been_seen(services: Services, site: Known) -> None:
    now = now_ms()
    recent = [record(n, Fate.SPAM, created_at=now - n * DAY, ip="192.0.2.7") for n in (10, 29)]
    known = await known_after(services, site, [*recent, record(31, Fate.SPAM, created_at=now - 31 * DAY)])
    for found in (known.ip, known.network):
        assert (found.rejected, found.refused) == (2, 0)
    assert known.author.rejected == 3
    (one,) = await services.connection.client.keys("ac:{p0}:w:i2*")
    # The new comment that was looked at keeps it for 30 days more; before it, the newest brought one kept it for 20.
    assert await services.connection.client.pttl(one) > 29 * DAY


async def test_addresses_that_only_a_history_knows_are_forgotten_in_their_time(services: Services, site: Known) -> None:
    now = now_ms()
    await bring(services, site, [record(n, created_at=now - n * DAY) for n in (10, 29)])
    for name in await services.connection.client.keys("ac:{p0}:w:[in]1*"):
        assert 19 * DAY < await services.connection.client.pttl(name) <= 20 * DAY


async def test_what_a_decision_moved_comes_back_when_it_is_undone(services: Services, site: Known) -> None:
    before = await known_after(services, site, [record(1, Fate.SPAM)])
    comment = await kept(services, 1)
    decisions = services.review.decisions
    done = await decisions.decide(site.site, comment.id, Outcome.APPROVE, by=MEMBER, revision=comment.revision)
    ((_, decided),) = (await look(services, site, "second")).domains
    assert (decided.vouched, decided.refused) == (1, 0)
    await decisions.undo(site.site, comment.id, done.comment.revision, by=MEMBER, others=False)
    ((_, undone),) = (await look(services, site, "third")).domains
    assert (undone.vouched, undone.refused, undone.rejected) == (0, 1, 1)
    assert before.domains[0][1].refused == 1


async def test_erasing_takes_a_brought_comment_out_of_every_record(services: Services, site: Known) -> None:
    await bring(services, site, [record(1, Fate.SPAM, created_at=now_ms() - DAY)])
    client = services.connection.client
    assert len(await client.keys("*:w:*")) == 6  # address and domain on box and site, IP address, network
    await services.moderation.erase(site.site, comment_id("blog", "1"), MEMBER)
    assert await client.keys("*:w:*") == []


async def test_a_change_of_mind_moves_the_authors_record(services: Services, site: Known) -> None:
    await bring(services, site, [record(1)])
    await services.moderation.decide(site.site, (await kept(services, 1)).id, Outcome.REJECT, actor=MEMBER)
    new = submission(services, "new", keys=services.secrets.identity.within(site.site.circles))
    await services.moderation.submit(site.site, new)
    ((known),) = await services.reputations.look([(await kept(services, "new"), subjects_of(new))], now_ms())
    assert (known.author.approved, known.author.rejected, known.author.refused) == (0, 1, 1)


async def test_what_is_here_is_left_alone(services: Services, site: Known) -> None:
    for number in (1, 2):
        await services.moderation.submit(site.site, submission(services, str(number), "what came in by itself"))
    await services.moderation.decide(site.site, comment_id("blog", "2"), Outcome.REJECT, actor=MEMBER)
    before = [await kept(services, 1), await kept(services, 2)]
    report = await bring(services, site, [record(1), record(2), record(3), record(3)])
    assert (report.known, report.brought, report.examples) == (3, {"approved": 1}, 1)
    assert [await kept(services, 1), await kept(services, 2)] == before


async def test_what_was_erased_does_not_come_back(services: Services, site: Known) -> None:
    await bring(services, site, [record(1)])
    await services.moderation.erase(site.site, comment_id("blog", "1"), MEMBER)
    assert [one async for one in services.examples.all("blog")] == []
    report = await bring(services, site, [record(1)])
    assert (report.gone, report.brought) == (1, {})
    assert (await kept(services, 1)).submission is None


async def test_no_address_is_kept_anywhere(services: Services, site: Known, tmp_path: Path) -> None:
    listing = tmp_path / "left.jsonl"
    found = [
        record(1, content="write to ann@example.com or 192.0.2.7"),
        record(2, content="I am root at home", email="root at home", ip="not.an.ip", name="not.an.ip"),
        record(3, content=" ", email="bob@example.com"),
    ]
    report = await bring(services, site, found, listing)
    assert report.left == {"The comment is empty.": 1}
    assert report.mended == {
        "an e-mail address that is none was left out": 1, "an IP address that is none was left out": 1,
    }  # fmt: skip
    values = [json.dumps([report.mended, report.left]).encode(), listing.read_bytes()]
    async for key, blobs in services.privacy._personal.everything():
        values += [key.encode(), legible(blobs)]
    everything = b"".join(values)
    for secret in (b"ann@example.com", b"192.0.2.7", b"root at home", b"not.an.ip", b"bob@example.com"):
        assert secret not in everything


async def test_long_fields_are_cut_and_counted(services: Services, site: Known) -> None:
    report = await bring(
        services, site, [record(1, content="x" * 70_000, name="n" * 300, url="https://x.example/" + "u" * 300)]
    )
    assert set(report.mended) == {
        "a text was cut to 65,525 bytes", "a name was cut to 245 characters", "a website was cut to 200 characters",
    }  # fmt: skip
    comment = await kept(services, 1)
    assert comment.submission is not None
    assert len(comment.submission.content) == 65_525


@pytest.mark.parametrize(
    ("at", "said", "why"),
    [
        (0, "", "no time is given"),
        (10**14, "5138-11-16", "a time that is yet to come"),
        (0, "32.13.2023", "a time that can't be read"),
        (0, "1965-01-01", "a time before 1970, when there were no comments"),
        (
            0,
            "02/01/2023",
            "a date that can be read in two ways; --dates says what comes first, the day, the month or the year",
        ),
    ],
)
async def test_a_time_that_can_not_be_is_said_and_never_now_in_silence(
    services: Services, site: Known, at: int, said: str, why: str
) -> None:
    before = now_ms()
    report = await bring(services, site, [record(1, created_at=at, said_at=said)])
    assert before <= (await kept(services, 1)).created_at <= now_ms()
    assert report.mended == {f"{why}: it counts as written now": 1}
    assert report.words == ({f"{why}: it counts as written now": [said]} if said else {})
    later = await bring(services, site, [record(2), record(3, created_at=at, said_at=said), record(4)])
    assert (await kept(services, 3)).created_at == WRITTEN + 2
    assert later.mended == {f"{why}: it counts as written with the one before it": 1}


class Pulled(Exception):
    """The plug was."""


def some(count: int, until: int | None = None) -> Iterable[Record | Left]:
    """Records, each seventh of which is left out; the plug is pulled after some."""
    for number in range(1, count + 1):
        if number == until:
            raise Pulled
        yield Left(f"line {number}", "a comment without text") if number % 7 == 0 else record(number, Fate.SPAM)


@pytest.mark.parametrize("until", [1, 64, 65, 130, 199])
async def test_an_import_that_was_stopped_goes_on(services: Services, site: Known, tmp_path: Path, until: int) -> None:
    listing = tmp_path / "left.jsonl"
    with pytest.raises(Pulled):
        await bring(services, site, some(200, until), listing)
    done = await services.importing.done(site.site, SOURCE)
    assert until - 80 < done < until
    report = await bring(services, site, some(200), listing, resume=True)
    assert report == Report(200, {"spam": 172}, 0, 0, 172, {"a comment without text": 28}, {})
    lines = [json.loads(line) for line in listing.read_text().splitlines()]
    assert [line["record"] for line in lines] == list(range(7, 201, 7))
    assert await services.importing.done(site.site, SOURCE) == 0


async def test_one_that_an_earlier_version_had_begun_goes_on(services: Services, site: Known) -> None:
    with pytest.raises(Pulled):
        await bring(services, site, some(200, 130))
    (record_key,) = await services.connection.client.keys("*:import:*")
    await services.connection.client.hdel(record_key, "run")
    report = await bring(services, site, some(200), resume=True)
    assert (report.brought, report.known) == ({"spam": 172}, 0)


async def test_beginning_anew_leaves_alone_what_is_here(services: Services, site: Known) -> None:
    with pytest.raises(Pulled):
        await bring(services, site, some(200, 130))
    report = await bring(services, site, some(200))
    assert report.known + sum(report.brought.values()) == 172
    assert 0 < report.known < 172


async def test_looking_writes_nothing(services: Services, site: Known) -> None:
    keys = await services.connection.client.dbsize()

    async def look() -> AsyncIterator[Report]:
        with Leftovers(None) as leftovers:
            async for report in services.importing.look(Import(site.site, SOURCE, some(200), leftovers)):
                yield report

    reports = [report async for report in look()]
    assert reports[-1] == Report(200, {"spam": 172}, 0, 0, 172, {"a comment without text": 28}, {})
    assert await services.connection.client.dbsize() == keys


async def test_ids_of_an_import_are_nobody_elses(services: Services, site: Known) -> None:
    """A new platform's comment 1 is not the old one's; what an earlier version brought in bare is found again."""
    await bring(services, site, [record(1), record(2, parent_id="1")])  # as an earlier version did
    live = submission(services, "3", "A comment of the new platform.")
    await services.moderation.submit(site.site, live)
    await services.moderation.erase(site.site, comment_id("blog", "2"), MEMBER)
    again = [record(1), record(2), record(3, parent_id="1"), record(4, parent_id="3")]
    with Leftovers(None) as leftovers:
        job = Import(site.site, SOURCE, again, leftovers, prefix="wordpress:")
        report = [report async for report in services.importing.bring(job)][-1]
    assert (report.known, report.gone, sum(report.brought.values())) == (1, 1, 2)
    assert (await kept(services, "3")).submission == live
    old, reply = await kept(services, "wordpress:3"), await kept(services, "wordpress:4")
    assert old.submission is not None
    assert reply.submission is not None
    assert (old.submission.parent_id, reply.submission.parent_id) == ("1", "wordpress:3")
    assert await services.comments.get(comment_id("blog", "wordpress:1")) is None


async def test_who_stays_on_the_platform_joins_what_it_has_sent(services: Services, site: Known) -> None:
    await services.moderation.submit(site.site, submission(services, "1", "Sent by an earlier version of the plugin."))
    with Leftovers(None) as leftovers:
        job = Import(site.site, SOURCE, [record(1), record(2)], leftovers, prefix="blog.example#", joins=True)
        report = [report async for report in services.importing.bring(job)][-1]
    assert (report.known, sum(report.brought.values())) == (1, 1)
    assert (await kept(services, "blog.example#2")).state is State.APPROVED


async def everything(services: Services) -> dict[bytes, object]:
    """All that is in Redis, by key, but for the operators' log and the count of imports."""
    client, found = services.connection.client, {}
    for key in sorted(await client.keys("*")):
        kind = await client.type(key)
        if kind == b"stream" or key.endswith(b":runs"):
            continue
        if kind == b"hash" and b":w:" in key:  # since when somebody is known is not taken back, weights are rounded
            row = await client.hgetall(key)
            found[key] = {
                name: round(float(it), 6) for name, it in row.items() if name != b"first" and abs(float(it)) > 1e-9
            }
            continue
        found[key] = (
            await client.hgetall(key) if kind == b"hash"
            else await client.zrange(key, 0, -1, withscores=True) if kind == b"zset"
            else await client.lrange(key, 0, -1) if kind == b"list"
            else sorted(await client.smembers(key)) if kind == b"set"
            else await client.get(key)
        )  # fmt: skip
    return found


@pytest.fixture
def mixed() -> list[Record | Left]:
    fates = [Fate.APPROVED, Fate.HELD, Fate.SPAM, Fate.REMOVED, Fate.SHOWN, Fate.ORPHANED]
    return [
        record(number, fate, f"Comment {number} on https://bees.example/{number}") for number, fate in enumerate(fates)
    ]


async def test_an_import_is_taken_back_as_if_it_had_never_come(
    services: Services, site: Known, mixed: list[Record | Left]
) -> None:
    await bring(services, site, [record(100, Fate.SPAM, "It was here before."), record(101)])
    before = await everything(services)
    with Leftovers(None) as leftovers:
        job = Import(site.site, SOURCE._replace(file="beef"), mixed, leftovers)
        begun = await services.importing.begin(site.site, job.source)
        assert [one async for one in services.importing.bring(job, begun)][-1].examples == 2
    done = await services.importing.take_back(begun.run)
    assert (done.taken, done.kept) == (6, 0)
    assert await everything(services) == before
    with pytest.raises(NotFound, match="There is no such import"):
        await services.importing.take_back(begun.run)
    again = await bring(services, site, mixed)
    assert sum(again.brought.values()) == 6


async def test_what_somebody_has_touched_is_not_taken_back(services: Services, site: Known) -> None:
    with Leftovers(None) as leftovers:
        job = Import(site.site, SOURCE, [record(1), record(2, Fate.HELD), record(3)], leftovers)
        begun = await services.importing.begin(site.site, SOURCE)
        _ = [one async for one in services.importing.bring(job, begun)]
    await services.moderation.decide(site.site, comment_id("blog", "2"), Outcome.APPROVE, actor=MEMBER)
    await services.moderation.erase(site.site, comment_id("blog", "3"), MEMBER)
    done = await services.importing.take_back(begun.run)
    assert (done.taken, done.kept) == (1, 1)
    assert (await kept(services, 2)).state is State.APPROVED
    assert await services.comments.get(comment_id("blog", "1")) is None
    assert (await kept(services, 3)).state is State.ERASED


@pytest.mark.parametrize("name", ["blog-import-9", "nonsense", "nobody-import-1"])
async def test_an_import_that_never_was_can_not_be_taken_back(services: Services, site: Known, name: str) -> None:
    with pytest.raises(NotFound):
        await services.importing.take_back(name)


async def replace(services: Services, site: Known, found: Iterable[Record | Left]) -> Report:
    with Leftovers(None) as leftovers:
        job = Import(site.site, SOURCE, found, leftovers, replace=True)
        return [report async for report in services.importing.bring(job)][-1]


async def test_a_mended_file_replaces_what_the_mistaken_one_brought(
    services: Services, site: Known, mixed: list[Record | Left]
) -> None:
    await bring(services, site, [record(number) for number in range(6)])  # all of them approved, by mistake
    await services.moderation.decide(
        site.site, comment_id("blog", "5"), Outcome.REJECT, actor=MEMBER, reasons=["insult"]
    )
    report = await replace(services, site, mixed)
    assert (report.replaced, report.kept, report.known) == (5, 1, 0)
    spam = await kept(services, 2)
    assert spam.state is State.REJECTED
    assert {one.comment: one.labels async for one in services.examples.all("blog")}[spam.id] == {"spam": 1.0}
    assert (await kept(services, 5)).human
    again = await replace(services, site, mixed)
    assert (again.replaced, again.known, again.kept) == (0, 5, 1)
    fresh = await everything(services)
    await bring(services, site, mixed)
    assert await everything(services) == fresh


async def test_replacing_leaves_the_same_as_a_first_import(
    services: Services, site: Known, mixed: list[Record | Left]
) -> None:
    def settled(found: dict[bytes, object]) -> dict[bytes, object]:
        """Without when things were done."""
        kept: dict[bytes, object] = {}
        for key, value in found.items():
            if key.startswith((b"ac:{p0}:h:", b"ac:sites", b"ac:cred")):
                continue
            if isinstance(value, dict):
                kept[key] = {
                    name: it for name, it in value.items() if name not in (b"updated", b"dec", b"run", b"prio", b"sev")
                }
            else:
                kept[key] = sorted(one[0] for one in value) if isinstance(value, list) else value
        return kept

    await bring(services, site, mixed)
    once = settled(await everything(services))
    wrong = [one._replace(fate=Fate.SPAM, content="Otherwise.") for one in mixed if isinstance(one, Record)]
    await replace(services, site, wrong)
    await replace(services, site, mixed)
    assert settled(await everything(services)) == once


async def test_two_comments_with_one_id_are_told(services: Services, site: Known, tmp_path: Path) -> None:
    listing = tmp_path / "list.jsonl"
    found = [
        record(1),
        *(record(number) for number in range(2, 400)),
        record(1, content="Another one."),
        record(1),
        record(2, Fate.SPAM),
    ]
    report = await bring(services, site, found, listing)
    why = "another comment of this file has the same id; give each its own, or none"
    assert (report.left, report.words, report.known) == ({why: 2}, {why: ["1", "2"]}, 1)
    assert [json.loads(line)["word"] for line in listing.read_text().splitlines()] == ["1", "2"]
    with Leftovers(None) as leftovers:
        looked = [one async for one in services.importing.look(Import(site.site, SOURCE, found, leftovers))][-1]
    assert (looked.left, looked.brought, looked.known) == ({why: 2}, {}, 400)


@pytest.mark.parametrize("seed", range(24))
async def test_a_look_says_what_an_import_then_does_and_writes_nothing(
    services: Services, site: Known, seed: int
) -> None:
    """Whatever is here already, decided, edited or erased, and whatever the file says of it now."""
    rng = random.Random(seed)
    texts, fates = ("I keep bees too.", "Otherwise.", "Buy honey at https://honey.example"), tuple(Fate)

    def some() -> list[Record]:
        return [record(rng.randrange(12), rng.choice(fates), rng.choice(texts)) for _ in range(rng.randrange(1, 14))]

    await bring(services, site, some())
    for number in rng.sample(range(12), 4):
        one = await services.comments.get(comment_id("blog", str(number)))
        if one is not None and rng.random() < 0.5:
            await services.moderation.erase(site.site, one.id, MEMBER)
        elif one is not None:
            await services.moderation.decide(
                site.site, one.id, rng.choice([Outcome.APPROVE, Outcome.REJECT]), actor=MEMBER
            )
    before, found, reports = await everything(services), some(), []
    for use in (services.importing.look, services.importing.bring):
        with Leftovers(None) as leftovers:
            job = Import(site.site, SOURCE._replace(file="beef"), found, leftovers, replace=seed % 2 == 1)
            reports.append([one async for one in use(job)][-1])
        if len(reports) == 1:
            assert await everything(services) == before
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    "text",
    [
        "Tr\u00c3\u00a8s bien",
        "It\u00e2\u20ac\u2122s fine",
        "caf\ufffd",
        "\u00d0\u0178\u00d1\u20ac\u00d0\u00b8\u00d0\u00b2\u00d0\u00b5\u00d1\u201a",
    ],
)
async def test_damaged_letters_teach_nothing(services: Services, site: Known, text: str) -> None:
    report = await bring(
        services, site, [record(1, Fate.SPAM, text), record(2, Fate.SPAM, "Très bien, São Paulo, Ärger, “quoted”…")]
    )
    assert (report.examples, report.brought) == (1, {"spam": 2})
    assert report.mended == {"a text with damaged letters: it teaches nothing": 1}


@pytest.mark.parametrize(
    ("url", "page", "website"),
    [
        ("https://blog.example/bees/", "https://blog.example/bees/", ""),
        ("https://www.blog.example/bees", "https://www.blog.example/bees", ""),
        ("https://ann.example/bees", "https://blog.example", "https://ann.example/bees"),
        ("https://blog.example", "https://blog.example", "https://blog.example"),
    ],
)
async def test_an_address_on_the_site_itself_is_the_page(
    services: Services, site: Known, url: str, page: str, website: str
) -> None:
    await bring(services, site, [record(1, page_url="", url=url)])
    submission = (await kept(services, 1)).submission
    assert submission is not None
    assert (submission.page.url, submission.author.url) == (page, website)
