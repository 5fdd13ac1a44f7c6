"""What follows from a change of a site: for its receiver, its keys, its model versions, and the log."""

from __future__ import annotations

import pytest

from service.clock import now_ms
from service.container import Services
from service.core.delivery import NEVER, Settlement
from service.core.errors import Conflict, InvalidSubmission, NotFound
from service.core.model_version import Lineage, ModelCard
from service.core.moderator import Role
from service.core.site import Known
from service.core.submission import comment_id
from service.workers.classify import Worker
from service.workers.housekeeping import drop_old_texts
from tests.support.moderation import WordScorer, submission


async def disable(services: Services, site: Known) -> None:
    """A comment's call-back is answered with 410."""
    await services.moderation.submit(site.site, submission(services, "c1", "I liked this."))
    await Worker(services, WordScorer()).drain()
    now = 4_000_000_000_000
    (one,) = await services.outbox.claim(now=now, leased_until=now + 1, most=5, per_site=5, room={})
    gone = Settlement("retry", now, pause_until=NEVER, pause_why="gone", status=410)
    await services.outbox.settle(one, gone, now=now, log=10)


async def test_a_call_back_that_is_named_ends_the_pause_of_the_one_before(services: Services, site: Known) -> None:
    await disable(services, site)
    await services.sites.change("blog", url="https://new.example")
    assert (await services.sites.show("blog")).receiver.why == "gone"
    changed = await services.sites.change("blog", callback="https://new.example/hook")
    assert (changed.site.url, changed.site.callback) == ("https://new.example", "https://new.example/hook")
    shown = await services.sites.show("blog")
    assert (shown.receiver.paused_until, shown.receiver.waiting, shown.comments["approved"]) == (0, 1, 1)


async def test_what_is_not_named_stays(services: Services, site: Known) -> None:
    changed = (await services.sites.change("blog", require_email=False, callback="")).site
    assert (changed.require_email, changed.require_name, changed.callback) == (False, True, "")
    assert changed.url == "https://blog.example"


async def test_a_removed_site_takes_its_keys_and_versions_along_and_leaves_its_comments(
    services: Services, site: Known
) -> None:
    await disable(services, site)
    lineage = Lineage(base="b", parent="b", fingerprint="f", code="0", examples=1, sources={}, since=0, until=0)
    card = ModelCard(
        version="blog-1-00000000", site="blog", made_at=1, sha256="", size=1, lineage=lineage, labels=(), passed=True,
        gate={}, reference={},
    )  # fmt: skip
    await services.models.add(card, b"x")
    await services.models.promote("blog", card.version, at=1)
    await services.sites.remove("blog")
    assert await services.sites.all() == []
    assert await services.accounts.find_by_key(site.credentials[0].api_key) is None
    assert await services.models.pointers() == {}
    assert await services.models.cards("blog") == []
    assert (await services.outbox.endpoint("blog")).paused_until == 0
    assert (await services.comments.counts("blog"))["approved"] == 1


async def test_rotated_keys_work_beside_the_old_ones_for_as_long_as_is_said(services: Services, site: Known) -> None:
    rotated = await services.sites.rotate("blog", overlap_days=1)
    assert rotated.credentials[1] == site.credentials[0]
    assert len((await services.sites.rotate("blog", overlap_days=0)).credentials) == 1


async def test_what_cannot_be_is_refused(services: Services, site: Known) -> None:
    with pytest.raises(Conflict):
        await services.sites.add("blog", "https://blog.example")
    with pytest.raises(InvalidSubmission):
        await services.sites.change("blog", url="ftp://blog.example")
    for refused in (
        services.sites.change("nobody", url="https://x.example"), services.sites.rotate("nobody", 1),
        services.sites.remove("nobody"), services.sites.show("nobody"), services.sites.get("nobody"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await refused
    assert await services.sites.find("nobody") is None
    assert [(one.site.id, sum(one.comments.values())) for one in await services.sites.overview()] == [("blog", 0)]


async def test_the_secrets_of_a_removed_site_go_with_it(services: Services, site: Known) -> None:
    folder = services.settings.secrets / "platforms"
    folder.mkdir(parents=True)
    for name in ("blog.coral", "blog.other", "blog-2.coral", "my-blog.coral"):
        (folder / name).write_text("secret")
    await services.sites.remove("blog")
    assert sorted(path.name for path in folder.iterdir()) == ["blog-2.coral", "my-blog.coral"]


async def test_texts_of_a_removed_site_go_at_their_time_also_where_nobody_decides_any_more(
    services: Services, site: Known
) -> None:
    for number, words in (("1", "I liked this."), ("2", "maybe so"), ("3", "Buy pills")):
        await services.moderation.submit(site.site, submission(services, number, words))
    await Worker(services, WordScorer()).drain()
    await services.moderation.submit(site.site, submission(services, "4", "Never judged"))
    await services.sites.remove("blog")
    ids = [comment_id("blog", number) for number in "1234"]
    assert [one and str(one.state) for one in await services.comments.get_many(ids)] == [
        "approved", "flagged", "rejected", "pending",
    ]  # fmt: skip
    left = await services.sites.left()
    assert left == ["blog"]
    assert await drop_old_texts(services, now_ms() + 29 * 86_400_000, left) == 0
    assert await drop_old_texts(services, now_ms() + 31 * 86_400_000, left) == 4
    found = await services.comments.get_many(ids)
    assert [one.submission.content for one in found if one and one.submission] == [""] * 4


async def test_a_second_factor_may_be_a_duty_of_who_sees_a_site(services: Services, site: Known) -> None:
    await services.sites.add("shop", "https://shop.example")
    people = {"ann": ("blog",), "bob": ("shop",), "olga": ()}
    for name, sites in people.items():
        await services.moderators.add(name, Role.MODERATOR, sites, "correct horse battery")
    await services.sites.change("blog", second_factor=True)
    needs = {
        name: await services.moderators.needs_second_factor(await services.moderators.get(name)) for name in people
    }
    assert needs == {"ann": True, "bob": False, "olga": True}
    await services.sites.change("blog", second_factor=False)
    assert not await services.moderators.needs_second_factor(await services.moderators.get("ann"))
