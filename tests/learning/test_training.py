"""Training keeps the future out, gates what it made, keeps it passed or not, and says what is missing."""

from __future__ import annotations

import pytest

from service.core.errors import NotEnoughExamples, NotFound
from service.core.model import EVERYWHERE
from service.learning.registry import Registry
from service.learning.training import Training
from service.resources import Resources
from service.store.accounts import Known
from service.workers.classify import Worker
from tests.support.learning import examples
from tests.support.moderation import WordScorer, submission


@pytest.fixture
def training(resources: Resources, registry: Registry) -> Training:
    return Training(resources.examples, resources.comments, resources.accounts, registry)


async def teach(resources: Resources, count: int, **more: object) -> None:
    for one in examples(count, **more):  # type: ignore[arg-type]
        await resources.examples.add(one)


async def test_a_version_with_its_lineage_and_report(
    resources: Resources, site: Known, training: Training, registry: Registry
) -> None:
    await teach(resources, 300)
    steps: list[str] = []
    trained = await training.train("blog", step=steps.append)
    card = trained.card
    assert card == await resources.models.card(card.version)
    assert card.version.startswith("blog-1-")
    assert card.passed
    assert trained.better
    lineage = card.lineage
    assert (lineage.examples, lineage.sources, lineage.until) == (240, {"review": 300}, 239 * 60_000)
    assert lineage.parent == lineage.base
    assert card.gate["rows"] == 60
    assert card.labels == ("spam",)
    assert len(steps) == 5
    assert (await registry.standing("blog")).active == ""  # nothing was switched on


async def test_the_next_one_is_judged_against_the_active_by_what_it_has_not_seen(
    resources: Resources, site: Known, training: Training, registry: Registry
) -> None:
    await teach(resources, 300)
    first = (await training.train("blog")).card
    await registry.promote("blog", first.version)
    await teach(resources, 100, seed=1, begin=300 * 60_000)
    second = (await training.train("blog")).card
    assert second.lineage.parent == first.version
    assert second.version.startswith("blog-2-")
    assert second.lineage.until > first.lineage.until
    assert second.gate["active"] == first.version


async def test_poisoned_decisions_are_kept_as_refused(
    resources: Resources, site: Known, training: Training, registry: Registry
) -> None:
    await teach(resources, 300)
    await registry.promote("blog", (await training.train("blog")).card.version)
    await teach(resources, 600, seed=1, begin=300 * 60_000, flipped=0.5)
    trained = await training.train("blog")
    assert not trained.card.passed
    assert not trained.better
    assert trained.report.reasons
    assert [card.passed for card in await resources.models.cards("blog")] == [False, True]


@pytest.mark.parametrize(
    ("count", "missing"), [(0, "no decisions yet"), (20, "36 more decisions"), (39, "32 more decisions")]
)
async def test_too_few_say_how_many_more(
    resources: Resources, site: Known, training: Training, count: int, missing: str
) -> None:
    await teach(resources, count)
    with pytest.raises(NotEnoughExamples, match=missing):
        await training.train("blog")
    assert await resources.models.cards("blog") == []


async def test_too_few_of_one_kind_say_which(resources: Resources, site: Known, training: Training) -> None:
    good = [one for one in examples(400) if one.outcome == "approve"]
    for one in good:
        await resources.examples.add(one)
    with pytest.raises(NotEnoughExamples, match="25 more rejected as spam needed"):
        await training.train("blog")


async def test_one_version_for_all_sites_together(
    resources: Resources, site: Known, training: Training, registry: Registry
) -> None:
    await resources.accounts.add("forum", "https://forum.example")
    await teach(resources, 150)
    await teach(resources, 150, site="forum", seed=2)
    card = (await training.train(EVERYWHERE)).card
    assert card.version.startswith("all-1-")
    assert card.lineage.examples == 240
    await registry.promote(EVERYWHERE, card.version)
    assert (await registry.standing("forum")).active == card.version


async def test_an_unknown_site(training: Training) -> None:
    with pytest.raises(NotFound):
        await training.train("nowhere")


async def test_drift_is_measured_from_all_comments_not_from_those_that_humans_saw(
    resources: Resources, site: Known, training: Training
) -> None:
    await teach(resources, 300)
    for number in range(210):
        await resources.moderation.submit(site.site, submission(resources, str(number), f"I liked part {number}."))
    await Worker(resources, WordScorer()).drain()
    reference = (await training.train("blog")).card.reference["spam"]
    assert sum(reference) == pytest.approx(1.0)
    assert sum(reference[:5]) > 0.95  # the decisions alone are a third spam
