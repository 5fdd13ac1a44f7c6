"""Bringing a history in: what becomes of it here, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from service.bringing import Import, Report, Source
from service.core.comment import Actor, Comment
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.sighting import Known as Around
from service.core.sighting import sight
from service.core.submission import comment_id
from service.core.verdict import LABELS
from service.imports.leftovers import Leftovers
from service.imports.record import Fate, Left, Record
from service.resources import Resources
from service.reviewing.lists import Filters
from service.store.accounts import Known
from service.store.client import now_ms
from service.store.evidence import DAY
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
    resources: Resources,
    site: Known,
    found: Iterable[Record | Left],
    listing: Path | None = None,
    *,
    resume: bool = False,
) -> Report:
    with Leftovers(listing) as leftovers:
        job = Import(site.site, SOURCE, found, leftovers)
        return [report async for report in resources.bringing.bring(job, resume=resume)][-1]


async def kept(resources: Resources, number: int | str) -> Comment:
    comment = await resources.comments.get(comment_id("blog", str(number)))
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
    resources: Resources, site: Known, fate: Fate, expected: tuple[State, bool], labels: dict[str, float] | None
) -> None:
    report = await bring(resources, site, [record(1, fate)])
    comment = await kept(resources, 1)
    assert ((comment.state, comment.human), comment.created_at) == (expected, WRITTEN + 1)
    assert comment.submission is not None
    assert (comment.submission.page.url, comment.submission.channel) == ("https://blog.example/bees/", "import")
    assert comment.decision is not None
    assert str(comment.decision.actor) == "platform:blog"
    assert comment.decision.reasons[0].code == "imported"
    assert [change.what for change in await resources.comments.history(comment.id)] == ["imported", "decided"]
    examples = [one async for one in resources.examples.all("blog")]
    assert [one.labels for one in examples] == ([labels] if labels is not None else [])
    assert report == Report(1, {str(fate): 1}, 0, 0, len(examples), {}, {})


async def test_examples_carry_their_source_and_their_own_time(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(1), record(2, Fate.REMOVED, labels={"toxicity": 0.9})])
    first, rude = [one async for one in resources.examples.all("blog")]
    assert (first.at, first.source, first.actor, first.outcome) == (
        WRITTEN + 1,
        "import:wordpress",
        "platform:blog",
        "approve",
    )
    assert (rude.labels, rude.outcome, rude.author_url) == ({"toxicity": 0.9}, "reject", "https://ann.example")


async def test_nobody_is_told_and_nothing_is_judged(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(number, fate) for number, fate in enumerate(Fate, 1)])
    assert site.site.callback
    assert (await resources.outbox.endpoint("blog")).waiting == 0
    assert await resources.work.backlog() == 0
    assert await resources.comments.counts("blog") == {
        "pending": 0,
        "approved": 2,
        "flagged": 1,
        "rejected": 3,
        "erased": 0,
    }


async def test_held_ones_wait_in_the_queue_and_can_be_decided(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(1, Fate.HELD)])
    assert (await resources.reviewing.lists.counts(["blog"]))["flagged"] == 1
    facets = (await resources.reviewing.lists.facets(["blog"], Filters("flagged"))).facets
    assert facets["reason"] == [("imported", 1)]
    decided = await resources.moderation.decide(site.site, (await kept(resources, 1)).id, Outcome.APPROVE, actor=MEMBER)
    assert (decided.state, decided.revision) == (State.APPROVED, 3)
    assert (await resources.reviewing.lists.counts(["blog"]))["flagged"] == 0


async def test_authors_are_known_and_found(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(1), record(2), record(3, Fate.SPAM)])
    comment = await kept(resources, 1)
    assert comment.submission is not None
    assert comment.submission.author.email is not None
    index = f"a:{comment.submission.author.email.digest}"
    page = await resources.comments.page("blog", index, newest=now_ms(), oldest=0, after=None, limit=10)
    assert [at for _, at in page] == [WRITTEN + 3, WRITTEN + 2, WRITTEN + 1]
    new = submission(resources, "new")
    await resources.moderation.submit(site.site, new)
    ((known),) = await resources.evidence.look([(await kept(resources, "new"), sight(new))], now_ms())
    assert (known.author.approved, known.author.rejected, known.author.first) == (2, 1, WRITTEN + 1)
    assert (known.author.vouched, known.author.refused) == (0, 0)  # who decided there is not known


async def known_after(resources: Resources, site: Known, found: Iterable[Record]) -> Around:
    """What is known around a new comment of the same author, address and link, after an import."""
    await bring(resources, site, found)
    return await look(resources, site)


async def look(resources: Resources, site: Known, number: str = "new") -> Around:
    new = submission(resources, number, url="https://ann.example")
    await resources.moderation.submit(site.site, new)
    (known,) = await resources.evidence.look([(await kept(resources, number), sight(new))], now_ms())
    return known


async def test_domains_are_vouched_for_and_refused_by_what_says_why(resources: Resources, site: Known) -> None:
    known = await known_after(
        resources,
        site,
        [record(1), *(record(n, Fate.SPAM) for n in (2, 3)), record(4, Fate.REMOVED), record(5, Fate.SHOWN)],
    )
    ((box, here),) = known.domains
    for found in (box, here):
        assert (found.approved, found.rejected, found.vouched, found.refused) == (2, 3, 1, 2)
    assert (known.author.approved, known.author.rejected) == (2, 3)
    assert (known.author.vouched, known.author.refused) == (0, 0)


async def test_addresses_are_known_for_as_long_as_if_they_had_been_seen(resources: Resources, site: Known) -> None:
    now = now_ms()
    recent = [record(n, Fate.SPAM, created_at=now - n * DAY, ip="192.0.2.7") for n in (10, 29)]
    known = await known_after(resources, site, [*recent, record(31, Fate.SPAM, created_at=now - 31 * DAY)])
    for found in (known.ip, known.network):
        assert (found.rejected, found.refused) == (2, 0)
    assert known.author.rejected == 3
    (one,) = await resources.connection.client.keys("ac:{p0}:w:i1*")
    # The new comment that was looked at keeps it for 30 days more; before it, the newest brought one kept it for 20.
    assert await resources.connection.client.pttl(one) > 29 * DAY


async def test_addresses_that_only_a_history_knows_are_forgotten_in_their_time(
    resources: Resources, site: Known
) -> None:
    now = now_ms()
    await bring(resources, site, [record(n, created_at=now - n * DAY) for n in (10, 29)])
    for name in await resources.connection.client.keys("ac:{p0}:w:[in]1*"):
        assert 19 * DAY < await resources.connection.client.pttl(name) <= 20 * DAY


async def test_what_a_decision_moved_comes_back_when_it_is_undone(resources: Resources, site: Known) -> None:
    before = await known_after(resources, site, [record(1, Fate.SPAM)])
    comment = await kept(resources, 1)
    deciding = resources.reviewing.deciding
    done = await deciding.decide(site.site, comment.id, Outcome.APPROVE, by=MEMBER, revision=comment.revision)
    ((_, decided),) = (await look(resources, site, "second")).domains
    assert (decided.vouched, decided.refused) == (1, 0)
    await deciding.undo(site.site, comment.id, done.comment.revision, by=MEMBER, others=False)
    ((_, undone),) = (await look(resources, site, "third")).domains
    assert (undone.vouched, undone.refused, undone.rejected) == (0, 1, 1)
    assert before.domains[0][1].refused == 1


async def test_erasing_takes_a_brought_comment_out_of_every_record(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(1, Fate.SPAM, created_at=now_ms() - DAY)])
    client = resources.connection.client
    assert len(await client.keys("*:w:*")) == 6  # address and domain on box and site, IP address, network
    await resources.moderation.erase(site.site, comment_id("blog", "1"), MEMBER)
    assert await client.keys("*:w:*") == []


async def test_a_change_of_mind_moves_the_authors_record(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(1)])
    await resources.moderation.decide(site.site, (await kept(resources, 1)).id, Outcome.REJECT, actor=MEMBER)
    new = submission(resources, "new")
    await resources.moderation.submit(site.site, new)
    ((known),) = await resources.evidence.look([(await kept(resources, "new"), sight(new))], now_ms())
    assert (known.author.approved, known.author.rejected, known.author.refused) == (0, 1, 1)


async def test_what_is_here_is_left_alone(resources: Resources, site: Known) -> None:
    for number in (1, 2):
        await resources.moderation.submit(site.site, submission(resources, str(number), "what came in by itself"))
    await resources.moderation.decide(site.site, comment_id("blog", "2"), Outcome.REJECT, actor=MEMBER)
    before = [await kept(resources, 1), await kept(resources, 2)]
    report = await bring(resources, site, [record(1), record(2), record(3), record(3)])
    assert (report.known, report.brought, report.examples) == (3, {"approved": 1}, 1)
    assert [await kept(resources, 1), await kept(resources, 2)] == before


async def test_what_was_erased_does_not_come_back(resources: Resources, site: Known) -> None:
    await bring(resources, site, [record(1)])
    await resources.moderation.erase(site.site, comment_id("blog", "1"), MEMBER)
    assert [one async for one in resources.examples.all("blog")] == []
    report = await bring(resources, site, [record(1)])
    assert (report.gone, report.brought) == (1, {})
    assert (await kept(resources, 1)).submission is None


async def test_no_address_is_kept_anywhere(resources: Resources, site: Known, tmp_path: Path) -> None:
    listing = tmp_path / "left.jsonl"
    found = [
        record(1, content="write to ann@example.com or 192.0.2.7"),
        record(2, content="I am root at home", email="root at home", ip="not.an.ip", name="not.an.ip"),
        record(3, content=" ", email="bob@example.com"),
    ]
    report = await bring(resources, site, found, listing)
    assert report.left == {"The comment is empty.": 1}
    assert report.mended == {
        "an e-mail address that is none was left out": 1, "an IP address that is none was left out": 1,
    }  # fmt: skip
    values = [json.dumps([report.mended, report.left]).encode(), listing.read_bytes()]
    client = resources.connection.client
    async for key in client.scan_iter():
        values += [key, await client.dump(key)]
    everything = b"".join(values)
    for secret in (b"ann@example.com", b"192.0.2.7", b"root at home", b"not.an.ip", b"bob@example.com"):
        assert secret not in everything


async def test_long_fields_are_cut_and_counted(resources: Resources, site: Known) -> None:
    report = await bring(
        resources, site, [record(1, content="x" * 70_000, name="n" * 300, url="https://x.example/" + "u" * 300)]
    )
    assert set(report.mended) == {
        "a text was cut to 65,525 bytes", "a name was cut to 245 characters", "a website was cut to 200 characters",
    }  # fmt: skip
    comment = await kept(resources, 1)
    assert comment.submission is not None
    assert len(comment.submission.content) == 65_525


@pytest.mark.parametrize("at", [0, 10**14], ids=["unknown", "future"])
async def test_a_time_that_can_not_be_is_now(resources: Resources, site: Known, at: int) -> None:
    before = now_ms()
    report = await bring(resources, site, [record(1, created_at=at)])
    assert before <= (await kept(resources, 1)).created_at <= now_ms()
    assert report.mended == {"a comment without a time that can be read counts as written now": 1}


class Pulled(Exception):
    """The plug was."""


def some(count: int, until: int | None = None) -> Iterable[Record | Left]:
    """Records, each seventh of which is left out; the plug is pulled after some."""
    for number in range(1, count + 1):
        if number == until:
            raise Pulled
        yield Left(f"line {number}", "a comment without text") if number % 7 == 0 else record(number, Fate.SPAM)


@pytest.mark.parametrize("until", [1, 64, 65, 130, 199])
async def test_an_import_that_was_stopped_goes_on(
    resources: Resources, site: Known, tmp_path: Path, until: int
) -> None:
    listing = tmp_path / "left.jsonl"
    with pytest.raises(Pulled):
        await bring(resources, site, some(200, until), listing)
    done = await resources.bringing.done(site.site, SOURCE)
    assert until - 80 < done < until
    report = await bring(resources, site, some(200), listing, resume=True)
    assert report == Report(200, {"spam": 172}, 0, 0, 172, {"a comment without text": 28}, {})
    lines = [json.loads(line) for line in listing.read_text().splitlines()]
    assert [line["record"] for line in lines] == list(range(7, 201, 7))
    assert await resources.bringing.done(site.site, SOURCE) == 0


async def test_beginning_anew_leaves_alone_what_is_here(resources: Resources, site: Known) -> None:
    with pytest.raises(Pulled):
        await bring(resources, site, some(200, 130))
    report = await bring(resources, site, some(200))
    assert report.known + sum(report.brought.values()) == 172
    assert 0 < report.known < 172


async def test_looking_writes_nothing(resources: Resources, site: Known) -> None:
    keys = await resources.connection.client.dbsize()

    async def look() -> AsyncIterator[Report]:
        with Leftovers(None) as leftovers:
            async for report in resources.bringing.look(Import(site.site, SOURCE, some(200), leftovers)):
                yield report

    reports = [report async for report in look()]
    assert reports[-1] == Report(200, {"spam": 172}, 0, 0, 172, {"a comment without text": 28}, {})
    assert await resources.connection.client.dbsize() == keys
