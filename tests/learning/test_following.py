"""A process's scorer follows the registry, whole batches at a time, and survives versions that can't be loaded."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import classifier
from service.core.case import Case
from service.core.model import EVERYWHERE
from service.core.submission import bare
from service.following import Following
from service.resources import Resources
from service.scorer import ModelScorer
from service.store import keys as names
from tests.learning.conftest import keep
from tests.support.readers import nuisance

Corrections = Sequence[classifier.Correction]


def case(site: str = "blog") -> Case:
    return Case(bare(nuisance(random.Random(5))), site)


def models_of(scorer: ModelScorer, *sites: str) -> list[str]:
    return [verdict.model for verdict in scorer.judge([case(site) for site in sites])]


async def test_each_site_is_scored_by_its_own_version(resources: Resources, corrections: Corrections) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    scorer = ModelScorer()
    base = scorer.version
    await resources.models.promote("blog", first, at=1)
    await resources.models.promote(EVERYWHERE, second, at=1)
    await resources.models.promote("forum", "", at=1)
    await Following(resources.models, scorer).equip()
    assert models_of(scorer, "blog", "forum", "news", "blog") == [first, base, second, first]
    by_first, by_base = scorer.judge([case("blog"), case("forum")])
    assert by_first.scores["spam"] > 0.5 > by_base.scores["spam"]


async def test_a_promotion_is_followed_without_being_asked(resources: Resources, corrections: Corrections) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    scorer = ModelScorer()
    task = asyncio.create_task(Following(resources.models, scorer).run())
    try:
        async with asyncio.timeout(20):
            for version in (first, second):
                await resources.models.promote("blog", version, at=1)
                while scorer.version_at("blog") != version:
                    await asyncio.sleep(0.01)
            await resources.models.roll_back("blog", at=2)
            while scorer.version_at("blog") != first:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_version_that_cannot_be_loaded_leaves_the_old_one(
    resources: Resources, corrections: Corrections
) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    scorer = ModelScorer()
    following = Following(resources.models, scorer)
    await resources.models.promote("blog", first, at=1)
    await following.equip()
    await resources.connection.client.hset(names.model(second), "artefact", b"broken")  # type: ignore[misc]
    await resources.models.promote("blog", second, at=2)
    await following.equip()
    assert models_of(scorer, "blog") == [first]
    await resources.models.roll_back("blog", at=3)
    await following.equip()
    assert models_of(scorer, "blog") == [first]


async def test_a_shadow_scores_along_and_decides_nothing(resources: Resources, corrections: Corrections) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    scorer = ModelScorer()
    await resources.models.promote("blog", first, at=1)
    await resources.models.shadow("blog", second, at=1)
    await Following(resources.models, scorer).equip()
    assert models_of(scorer, "blog") == [first]
    rival, nobody = scorer.rivals([case("blog"), case("forum")])
    assert rival is not None
    assert (rival.model, nobody) == (second, None)


async def test_an_explanation_is_by_the_version_that_judged(resources: Resources, corrections: Corrections) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    scorer = ModelScorer()
    following = Following(resources.models, scorer)
    await resources.models.promote("blog", first, at=1)
    await following.equip()
    (verdict,) = scorer.judge([case()])
    await resources.models.promote("blog", second, at=2)
    await following.equip()  # between the verdict and its explanation
    explanation = scorer.explain(case(), "spam", verdict.model)
    assert abs(explanation.probability - verdict.scores["spam"]) < 1e-6
    assert abs(sum(part.contribution for part in explanation.parts) - explanation.logit) < 1e-5
