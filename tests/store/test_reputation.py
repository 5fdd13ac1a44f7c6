"""What is known around a comment follows what becomes of comments, and forgets with them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ResponseError

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, Comment
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Mark
from service.core.signals.subjects import Reputation, subjects_of
from service.core.site import Known as KnownSite
from service.core.submission import comment_id
from service.store.reputation import DAY, Lifetimes, Reputations
from tests.support.moderation import submission

MODERATOR = Actor(ActorKind.MODERATOR, "ann")
TEMPLATE = (
    "You won't find a better place for cheap designer handbags and leather wallets, our outlet ships worldwide within three "
    "days and every order gets a discount voucher for the next purchase"
)
HAM = (
    "The second benchmark surprised me, because the cache should have been cold at that point",
    "We tried the same thing at work last year and ended up with a queue in front of the database",
    "Could you explain the paragraph about clock drift once more? I lost you at the example",
)


@pytest.fixture
async def reputations(services: Services) -> Reputations:
    return services.reputations


class Desk:
    """Submits comments and looks at them, as judging would."""

    def __init__(self, services: Services, site: KnownSite) -> None:
        self.services, self.site = services, site.site

    async def submit(self, platform_id: str, content: str = HAM[0], **more: Any) -> Comment:
        said = submission(self.services, platform_id, content, **more)
        await self.services.moderation.submit(self.site, said)
        found = await self.services.comments.get(comment_id(self.site.id, platform_id))
        assert found is not None
        return found

    async def look(self, comment: Comment, now: int = 0) -> Reputation:
        assert comment.submission is not None
        (known,) = await self.services.reputations.look([(comment, subjects_of(comment.submission))], now or now_ms())
        return known

    async def seen(self, platform_id: str, content: str = HAM[0], **more: Any) -> Reputation:
        return await self.look(await self.submit(platform_id, content, **more))

    async def decide(self, platform_id: str, outcome: Outcome) -> None:
        await self.services.moderation.decide(
            self.site, comment_id(self.site.id, platform_id), outcome, actor=MODERATOR
        )

    async def erase(self, platform_id: str) -> None:
        await self.services.moderation.erase(self.site, comment_id(self.site.id, platform_id), MODERATOR)

    async def keys(self) -> set[str]:
        """Keys of evidence that exist, without their prefix."""
        found = await self.services.connection.client.keys("*")
        names = {key.decode().partition("}:")[2] for key in found}
        return {name for name in names if name.startswith(("w:", "x:", "k:", "km:", "campaigns")) or ":w:" in name}


@pytest.fixture
def desk(services: Services, site: KnownSite) -> Desk:
    return Desk(services, site)


async def test_a_stranger_has_no_record(desk: Desk) -> None:
    known = await desk.seen("1", url="https://ann.example/")
    assert known.author.first == 0
    assert (known.author.approved, known.author_box.long, known.ip.short, known.repeats) == (0, 1, 1, 0)
    assert len(known.domains) == 1


async def test_looking_again_notes_nothing_new(desk: Desk) -> None:
    comment = await desk.submit("1", TEMPLATE)
    await desk.look(comment)
    again = await desk.look(comment)
    assert (again.author_box.long, again.repeats, again.campaign_size, again.author_box.names) == (1, 0, 1, 0)


async def test_the_record_follows_decisions_and_changes_of_mind(desk: Desk) -> None:
    await desk.seen("1")
    await desk.decide("1", Outcome.APPROVE)
    known = await desk.seen("2", HAM[1])
    assert (known.author.approved, known.author.vouched, known.author.rejected) == (1, 1, 0)
    assert known.author.standing(now_ms()) > 0 == known.author.bad
    await desk.decide("1", Outcome.REJECT)
    known = await desk.seen("3", HAM[2])
    assert (known.author.approved, known.author.vouched, known.author.rejected, known.author.refused) == (0, 0, 1, 1)
    assert known.author.good == pytest.approx(0, abs=1e-6)
    assert known.author.standing(now_ms()) < 0
    assert (known.ip.refused, known.network.refused, known.author_box.refused) == (1, 1, 1)


async def test_a_decision_before_the_look_counts_too(desk: Desk) -> None:
    first = await desk.submit("1")
    await desk.decide("1", Outcome.REJECT)
    await desk.look(first)
    assert (await desk.seen("2", HAM[1])).author.refused == 1


async def test_an_edit_takes_the_earlier_text_out(desk: Desk) -> None:
    await desk.seen("1", TEMPLATE)
    await desk.decide("1", Outcome.APPROVE)
    await desk.seen("1", HAM[1])
    known = await desk.seen("2", TEMPLATE)
    assert (known.author.approved, known.repeats, known.campaign_size) == (0, 0, 1)


async def test_a_requeued_comment_is_not_counted_twice(desk: Desk) -> None:
    comment = await desk.submit("1", TEMPLATE)
    await desk.look(comment)
    dead = await desk.services.work.claim("w", count=1, idle_ms=0, block_ms=1)
    await desk.services.classification.give_up(dead[0], desk.site, "test")
    (letter,) = await desk.services.work.dead()
    held = await desk.seen("2", HAM[1])
    assert held.author.flagged == 1
    await desk.services.moderation.revive(letter)
    again = await desk.services.comments.get(comment.id)
    assert again is not None
    assert again.text_revision > comment.text_revision
    known = await desk.look(again)
    assert (known.author_box.long, known.repeats, known.author.flagged) == (2, 0, 0)


async def test_erasing_everything_leaves_nothing(desk: Desk) -> None:
    for number, text in enumerate((TEMPLATE, TEMPLATE + " now", HAM[0]), 1):
        await desk.seen(str(number), text, url="https://cheap.example/bags")
        await desk.decide(str(number), Outcome.REJECT)
    assert await desk.keys()
    for number in range(1, 4):
        await desk.erase(str(number))
    assert await desk.keys() == set()


async def test_erasing_one_keeps_what_the_others_tell(desk: Desk) -> None:
    for number in ("1", "2"):
        await desk.seen(number, HAM[int(number)])
        await desk.decide(number, Outcome.REJECT)
    await desk.erase("1")
    known = await desk.seen("3", HAM[0])
    assert (known.author.rejected, known.author.refused) == (1, 1)


async def test_rates_slide(desk: Desk) -> None:
    start = (now_ms() // DAY + 2) * DAY
    for number in range(4):
        await desk.look(await desk.submit(str(number), f"{HAM[0]} {number}"), start)
    later = await desk.look(await desk.submit("later"), start + 15 * 60_000)
    assert (later.ip.short, later.ip.long) == (3, 5)  # half of the bucket before is still inside
    assert (await desk.look(await desk.submit("next"), start + 2 * DAY + 1)).ip.long == 1


async def test_names_and_addresses_seen_together(desk: Desk) -> None:
    for number, name in enumerate(("Ann", "ANN ", "Bob", "Cleo")):
        known = await desk.seen(str(number), f"{HAM[0]} {number}", name=name, email="ann@example.com")
    assert known.author_box.names == 2  # "ANN " is Ann
    for number in range(20):
        known = await desk.seen(f"n{number}", f"{HAM[1]} {number}", email=f"user{number}@example.com")
    assert known.ip.names in {15, 16}


async def test_a_wave_of_400_reshuffled_near_duplicates_is_one_campaign(desk: Desk, reputations: Reputations) -> None:
    rng = random.Random(7)
    words, sizes, ham_campaigns = TEMPLATE.split(), [], set()
    for number in range(400):
        said = [rng.choice(HAM).split()[rng.randrange(8)] if rng.random() < 0.1 else word for word in words]
        rng.shuffle(said)
        text = " ".join([*said, f"https://shop{number % 37}.example/{rng.randrange(10**6)}", str(rng.randrange(10**6))])
        sizes.append(await desk.seen(f"s{number}", text, name=f"Visitor {number}", email=f"v{number}@example.com"))
        if number % 4 == 0:
            ham_campaigns.add((await desk.seen(f"h{number}", f"{HAM[number % 3]} {number}")).campaign)
    assert {known.campaign for known in sizes} == {sizes[0].campaign}
    assert [known.campaign_size for known in sizes] == list(range(1, 401))
    assert sizes[0].campaign not in ham_campaigns
    assert len(ham_campaigns) == 3
    wave = await reputations.campaign(sizes[0].campaign)
    assert wave is not None
    assert (wave.size, wave.sites) == (400, 1)
    assert len(await reputations.members(sizes[0].campaign)) == 400
    assert sizes[0].campaign in {campaign.id for campaign in await reputations.campaigns()}
    await desk.decide("s0", Outcome.REJECT)
    assert (await desk.seen("more", TEMPLATE)).campaign_refused == 1


async def test_a_campaign_is_found_again_after_many_lone_comments_with_its_words(desk: Desk) -> None:
    first, second = await desk.seen("w1", TEMPLATE), await desk.seen("w2", f"{TEMPLATE} indeed")
    assert second.campaign == first.campaign
    for number, word in enumerate(dict.fromkeys(TEMPLATE.split())):
        others = " ".join(f"{chr(97 + number % 26)}{chr(97 + number // 26)}{chr(97 + at)}other" for at in range(12))
        assert (await desk.seen(f"h{number}", f"{word} {others}")).campaign_size <= 1
    found = await desk.seen("w3", " ".join(reversed(TEMPLATE.split())))
    assert (found.campaign, found.campaign_size) == (first.campaign, 3)


async def test_short_comments_are_no_campaign_but_repeats_count(desk: Desk) -> None:
    known = [
        await desk.seen(str(number), text) for number, text in enumerate(("Great post!", "great POST", "Great post"))
    ]
    assert [one.repeats for one in known] == [0, 1, 2]
    assert {one.campaign for one in known} == {""}


async def test_a_campaign_crosses_sites(desk: Desk, services: Services) -> None:
    await desk.seen("1", TEMPLATE)
    other = Desk(services, await services.accounts.add("other", "https://other.example", ""))
    known = await other.seen("1", TEMPLATE + " indeed", email="bob@example.com")
    assert (known.campaign_size, known.campaign_sites) == (2, 2)
    assert await services.reputations.members(known.campaign) == [
        ("blog", comment_id("blog", "1")),
        ("other", comment_id("other", "1")),
    ]


async def test_marks_count_while_they_live(desk: Desk, reputations: Reputations) -> None:
    first = await desk.submit("1")
    assert first.submission is not None
    assert first.submission.author.email
    assert first.submission.author.ip
    digest, network = first.submission.author.email.digest, first.submission.author.ip.network
    await reputations.mark("blog", digest, Mark("trusted", by="moderator:ann", at=1, ties=(f"t:{network}",)))
    await reputations.mark("blog", network, Mark("blocked", until=now_ms() + DAY))
    known = await desk.look(first)
    assert (known.author_mark, known.network_mark) == ("trusted", "blocked")
    assert (await desk.look(first, now_ms() + 2 * DAY)).network_mark == ""
    assert set(await reputations.marks("blog")) == {digest, network}
    assert await reputations.unmark("blog", digest)
    assert not await reputations.unmark("blog", digest)
    assert (await desk.look(first)).author_mark == ""


async def test_a_changed_comment_is_not_looked_at(desk: Desk) -> None:
    before = await desk.submit("1")
    await desk.submit("1", HAM[1])
    assert await desk.look(before) == Reputation()


async def test_nothing_kept_holds_an_address_or_a_word(desk: Desk, services: Services) -> None:
    await desk.seen(
        "1", TEMPLATE, name="Quintilia", email="quintilia@secret.example", url="https://hidden-shop.example"
    )
    client = services.connection.client
    read: dict[bytes, Callable[[bytes], Any]] = {b"hash": client.hgetall, b"string": client.get}
    for name in await client.keys("*"):
        short = name.decode().partition("}:")[2]
        if short.startswith(("w:", "x:", "k:", "near:")) or ":w:" in short:
            kept = repr((name, await read[await client.type(name)](name))).lower()
            assert not any(word in kept for word in ("quintilia", "secret", "hidden-shop", "handbags", "192.0.2"))


async def test_the_end_of_a_record_is_put_off_only_by_much_and_never_too_far(desk: Desk) -> None:
    client, keys = desk.services.connection.client, desk.services.connection.keys
    first = await desk.submit("1", TEMPLATE)
    await desk.look(first)
    assert first.submission is not None
    assert first.submission.author.ip is not None
    names = [
        keys.subject("blog", first.submission.author.ip.digest, beyond=True),
        keys.campaign((await desk.look(first)).campaign),
    ]
    lives = [30 * DAY, 7 * DAY]
    for name, life in zip(names, lives, strict=True):
        assert life - 60_000 < await client.pttl(name) <= life
        await client.pexpire(name, 1_000_000)  # shows whether it is set again
    for number, (days, again) in enumerate([(0.1, (False, False)), (0.5, (False, True)), (1.9, (True, True))], 2):
        later = await desk.submit(str(number), TEMPLATE)
        await desk.look(later, now_ms() + int(days * DAY))
        left = [await client.pttl(name) for name in names]
        assert tuple(one > 1_000_000 for one in left) == again, days
        assert all(one <= life for one, life in zip(left, lives, strict=True))


async def test_a_shorter_life_counts_for_what_is_seen_again(desk: Desk, services: Services) -> None:
    client, keys = services.connection.client, services.connection.keys
    comment = await desk.submit("1")
    await desk.look(comment)
    assert comment.submission is not None
    assert comment.submission.author.ip is not None
    again = await desk.submit("2", HAM[1])
    assert again.submission is not None
    shorter = Reputations(services.connection, Lifetimes(address=2 * DAY))
    await shorter.look([(again, subjects_of(again.submission))], now_ms())
    assert await client.pttl(keys.subject("blog", comment.submission.author.ip.digest, beyond=True)) <= 2 * DAY


async def test_a_campaign_of_one_keeps_no_list_of_its_comments(desk: Desk, reputations: Reputations) -> None:
    first = await desk.seen("1", TEMPLATE)
    assert not [key for key in await desk.keys() if key.startswith("km:")]
    assert await reputations.members(first.campaign) == [("blog", comment_id("blog", "1"))]
    assert (await desk.seen("2", TEMPLATE + " now")).campaign == first.campaign
    both = [("blog", comment_id("blog", number)) for number in "12"]
    assert await reputations.members(first.campaign) == both
    await desk.erase("1")
    assert await reputations.members(first.campaign) == both[1:]


async def test_the_only_comment_of_a_campaign_takes_it_along(desk: Desk) -> None:
    await desk.seen("1", TEMPLATE)
    await desk.erase("1")
    assert await desk.keys() == set()


async def test_a_campaign_of_an_earlier_version_goes_on(desk: Desk, reputations: Reputations) -> None:
    """Its list held its only comment too, and what points to it did not say when that was noted."""
    client, keys = desk.services.connection.client, desk.services.connection.keys
    known = await desk.seen("1", TEMPLATE)
    await client.hdel(keys.campaign(known.campaign), "one", "till")
    await client.zadd(keys.members(known.campaign), {f"blog {comment_id('blog', '1')}": 1})
    second = await desk.seen("2", TEMPLATE + " now")
    for key in await client.keys("*many:*"):
        await client.set(key, known.campaign, px=DAY)
    third = await desk.seen("3", TEMPLATE + " indeed")
    assert [one.campaign_size for one in (known, second, third)] == [1, 2, 3]
    assert {one.campaign for one in (known, second, third)} == {known.campaign}
    assert len(await reputations.members(known.campaign)) == 3
    assert await client.pttl(keys.members(known.campaign)) > 0


async def test_a_server_that_lets_us_at_our_own_keys_alone_will_do(desk: Desk) -> None:
    client = desk.services.connection.client
    await desk.seen("1", ip="192.0.2.7")
    await desk.decide("1", Outcome.APPROVE)
    whole = await desk.seen("2", HAM[1], ip="192.0.2.7")
    await client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~ac:*")
    try:
        with pytest.raises(ResponseError):
            await client.sort("ac:nothing", by="nosort", get="ac:nothing:*->nothing")
        own = await desk.seen("3", HAM[2], ip="192.0.2.7")
    finally:
        await client.execute_command("ACL", "SETUSER", "default", "allkeys")
    assert whole.author.approved == own.author.approved == 1


async def test_what_an_earlier_version_noted_of_where_a_comment_stands_counts_on(desk: Desk) -> None:
    """It kept a comment's weight in a field of its own, and moved it when the decision changed."""
    client, keys = desk.services.connection.client, desk.services.connection.keys
    comment = await desk.submit("1")
    await desk.look(comment)
    await desk.decide("1", Outcome.APPROVE)
    before = (await desk.seen("2", HAM[1])).author
    letters, weight, created = (await client.hget(keys.comment(comment.id), "stood")).decode().split()
    assert (letters, int(created)) == ("av", comment.created_at)
    await client.hset(keys.comment(comment.id), mapping={"stood": letters, "weight": weight})
    after = (await desk.seen("3", HAM[2])).author
    assert (after.approved, after.vouched, after.good, after.first) == (1, 1, before.good, before.first)
    await desk.decide("1", Outcome.REJECT)
    assert comment.submission is not None
    assert comment.submission.author.email is not None
    record = keys.subject("blog", comment.submission.author.email.digest, beyond=True)
    approved, rejected, good, bad = map(float, await client.hmget(record, "a", "r", "g", "b"))
    assert (approved, rejected, good) == (0, 1, pytest.approx(0, abs=1e-9))
    assert bad > 0


async def test_nothing_is_counted_for_a_tie(desk: Desk) -> None:
    await desk.seen("1")
    await desk.services.connection.client.config_resetstat()
    await desk.decide("1", Outcome.HOLD)
    stats = await desk.services.connection.client.info("commandstats")
    assert stats["cmdstat_del"]["calls"] == 1, "the claim is dropped, and no record that had to be made before"
