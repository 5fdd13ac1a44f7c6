"""Training keeps the future out, gates what it made, keeps it passed or not, and says what is missing."""

from __future__ import annotations

import msgspec
import pytest

import classifier
from service.container import Services
from service.core.errors import NotEnoughExamples, NotFound
from service.core.model_version import EVERYWHERE
from service.core.site import Known
from service.learning.registry import Registry
from service.learning.training import NothingNew, Training
from service.store import keys as names
from service.workers.classify import Worker
from tests.support.learning import examples
from tests.support.moderation import WordScorer, submission


@pytest.fixture
def training(services: Services, registry: Registry) -> Training:
    return Training(services.examples, services.comments, services.accounts, registry)


async def teach(services: Services, count: int, **more: object) -> None:
    for one in examples(count, **more):  # type: ignore[arg-type]
        await services.examples.add(one)


async def test_a_version_with_its_lineage_and_report(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    await teach(services, 300)
    steps: list[str] = []
    trained = await training.train("blog", step=steps.append)
    card = trained.card
    assert card == await services.models.card(card.version)
    assert card.version.startswith("blog-1-")
    assert card.passed
    assert trained.better
    lineage = card.lineage
    assert (lineage.examples, lineage.sources, lineage.until) == (240, {"review": 300}, 239 * 60_000)
    assert lineage.parent == lineage.base
    assert card.gate["rows"] == 60
    assert card.labels == ("spam",)
    assert len(steps) == 3
    assert (await registry.standing("blog")).active == ""  # nothing was switched on


async def test_the_next_one_is_judged_against_the_active_by_what_it_has_not_seen(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    await teach(services, 300)
    first = (await training.train("blog")).card
    await registry.promote("blog", first.version)
    await teach(services, 100, seed=1, begin=300 * 60_000)
    second = (await training.train("blog")).card
    assert second.lineage.parent == first.version
    assert second.version.startswith("blog-2-")
    assert second.lineage.until > first.lineage.until
    assert second.gate["active"] == first.version


async def test_poisoned_decisions_are_kept_as_refused(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    await teach(services, 300)
    await registry.promote("blog", (await training.train("blog")).card.version)
    await teach(services, 600, seed=1, begin=300 * 60_000, flipped=0.5)
    trained = await training.train("blog")
    assert not trained.card.passed
    assert not trained.better
    assert trained.report.reasons
    assert [card.passed for card in await services.models.cards("blog")] == [False, True]


async def test_nothing_new_makes_no_version(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    await teach(services, 300)
    first = (await training.train("blog")).card
    for _ in range(2):
        with pytest.raises(NothingNew, match=f"Nothing new since {first.version}, which the gate let pass"):
            await training.train("blog")
        await registry.promote("blog", first.version)
        with pytest.raises(NothingNew, match=f"{first.version}, which is in use"):
            await training.train("blog")
        await registry.roll_back("blog")
        with pytest.raises(NothingNew, match="rolled back"):
            await training.train("blog")
        await registry.promote("blog", first.version)
        await registry.promote("blog", "base")
    await teach(services, 1, seed=9, begin=300 * 60_000)
    assert (await training.train("blog")).card.version.startswith("blog-2-")


async def test_a_refused_version_in_use_does_not_judge_the_next(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    """It was forced into use: trained again it is nothing new, and the next one is compared with the base too."""
    await teach(services, 300)
    card = (await training.train("blog")).card
    refused = msgspec.msgpack.encode(msgspec.structs.replace(card, passed=False))
    await services.connection.client.hset(names.model(card.version), "card", refused)  # type: ignore[misc]
    await registry.promote("blog", card.version, force=True)
    with pytest.raises(NothingNew, match="in use, though the gate refused it"):
        await training.train("blog")
    await teach(services, 60, seed=1, begin=400 * 60_000)
    again = await training.train("blog")
    assert again.card.lineage.parent == card.version
    assert again.report.trusted == classifier.load().version
    assert {one.name for one in again.report.measures if one.beside and not one.fixed} >= {"average precision"}


async def test_the_yardstick_is_the_last_one_that_passed(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    await teach(services, 300)
    good = (await training.train("blog")).card
    await registry.promote("blog", good.version)
    await teach(services, 600, seed=1, begin=300 * 60_000, flipped=0.5)
    poisoned = (await training.train("blog")).card
    assert not poisoned.passed
    await registry.promote("blog", poisoned.version, force=True)
    await teach(services, 60, seed=2, begin=900 * 60_000)
    assert (await training.train("blog")).report.trusted == good.version


async def test_another_base_model_is_learnt_for_anew(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    """The version in use corrects a base that is no longer installed: the decisions are there, and teach again."""
    await teach(services, 300)
    card = (await training.train("blog")).card
    old = msgspec.structs.replace(
        card, version="blog-9-0ld0ld0l", lineage=msgspec.structs.replace(card.lineage, base="base-2020.01-00000000")
    )
    await services.models.add(old, await services.models.artefact(card.version))
    await services.models.promote("blog", old.version, at=1)
    learning = services.learning
    await services.connection.client.delete(names.model(card.version))
    await services.connection.client.zrem(names.models_of("blog"), card.version)
    assert await learning.due("blog", 10_000) is True
    learnt = await learning.train("blog", promote_if_better=True, step=lambda _: None)
    assert learnt.promoted
    assert learnt.card.lineage.parent == classifier.load().version
    assert (await registry.standing("blog")).active == learnt.card.version


async def test_a_site_is_due_when_enough_was_decided_since(services: Services, site: Known, training: Training) -> None:
    await teach(services, 300)
    assert await services.learning.due("blog", 300)
    assert not await services.learning.due("blog", 301)
    await training.train("blog")
    await teach(services, 49, seed=1, begin=300 * 60_000)
    assert not await services.learning.due("blog", 50)
    await teach(services, 1, seed=2, begin=400 * 60_000)
    assert await services.learning.due("blog", 50)


@pytest.mark.parametrize(
    ("count", "missing"), [(0, "no decisions yet"), (20, "36 more decisions"), (39, "32 more decisions")]
)
async def test_too_few_say_how_many_more(
    services: Services, site: Known, training: Training, count: int, missing: str
) -> None:
    await teach(services, count)
    with pytest.raises(NotEnoughExamples, match=missing):
        await training.train("blog")
    assert await services.models.cards("blog") == []


async def test_too_few_of_one_kind_say_which(services: Services, site: Known, training: Training) -> None:
    good = [one for one in examples(400) if one.outcome == "approve"]
    for one in good:
        await services.examples.add(one)
    with pytest.raises(NotEnoughExamples, match="25 more rejected as spam needed"):
        await training.train("blog")


async def test_one_version_for_all_sites_together(
    services: Services, site: Known, training: Training, registry: Registry
) -> None:
    await services.accounts.add("forum", "https://forum.example")
    await teach(services, 150)
    await teach(services, 150, site="forum", seed=2)
    card = (await training.train(EVERYWHERE)).card
    assert card.version.startswith("all-1-")
    assert card.lineage.examples == 240
    await registry.promote(EVERYWHERE, card.version)
    assert (await registry.standing("forum")).active == card.version


async def test_an_unknown_site(training: Training) -> None:
    with pytest.raises(NotFound):
        await training.train("nowhere")


async def test_drift_is_measured_from_all_comments_not_from_those_that_humans_saw(
    services: Services, site: Known, training: Training
) -> None:
    await teach(services, 300)
    for number in range(210):
        await services.moderation.submit(site.site, submission(services, str(number), f"I liked part {number}."))
    await Worker(services, WordScorer()).drain()
    reference = (await training.train("blog")).card.reference["spam"]
    assert sum(reference) == pytest.approx(1.0)
    assert sum(reference[:5]) > 0.95  # the decisions alone are a third spam
