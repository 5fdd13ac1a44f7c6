"""A process's scorer follows the registry, whole batches at a time, and survives versions that can't be loaded."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import classifier
from service.container import Services
from service.core.model_version import EVERYWHERE
from service.core.submission import bare
from service.core.verdict import Case
from service.learning.reload import ModelReloader
from service.scorer import ModelScorer
from service.store import keys as names
from tests.learning.conftest import keep
from tests.support.readers import nuisance

Corrections = Sequence[classifier.Correction]


def case(site: str = "blog") -> Case:
    return Case(bare(nuisance(random.Random(5))), site)


def models_of(scorer: ModelScorer, *sites: str) -> list[str]:
    return [verdict.model for verdict in scorer.judge([case(site) for site in sites])]


async def test_each_site_is_scored_by_its_own_version(services: Services, corrections: Corrections) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    scorer = ModelScorer()
    base = scorer.version
    await services.models.promote("blog", first, at=1)
    await services.models.promote(EVERYWHERE, second, at=1)
    await services.models.promote("forum", "", at=1)
    await ModelReloader(services.models, scorer).refresh()
    assert models_of(scorer, "blog", "forum", "news", "blog") == [first, base, second, first]
    by_first, by_base = scorer.judge([case("blog"), case("forum")])
    assert by_first.scores["spam"] > 0.5 > by_base.scores["spam"]


async def test_a_promotion_is_followed_without_being_asked(services: Services, corrections: Corrections) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    scorer = ModelScorer()
    task = asyncio.create_task(ModelReloader(services.models, scorer).run())
    try:
        async with asyncio.timeout(20):
            for version in (first, second):
                await services.models.promote("blog", version, at=1)
                while scorer.version_at("blog") != version:
                    await asyncio.sleep(0.01)
            await services.models.roll_back("blog", at=2)
            while scorer.version_at("blog") != first:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_version_that_cannot_be_loaded_leaves_the_old_one(services: Services, corrections: Corrections) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    scorer = ModelScorer()
    reloader = ModelReloader(services.models, scorer)
    await services.models.promote("blog", first, at=1)
    await reloader.refresh()
    await services.connection.client.hset(names.model(second), "artefact", b"broken")  # type: ignore[misc]
    await services.models.promote("blog", second, at=2)
    await reloader.refresh()
    assert models_of(scorer, "blog") == [first]
    await services.models.roll_back("blog", at=3)
    await reloader.refresh()
    assert models_of(scorer, "blog") == [first]


async def test_a_shadow_scores_along_and_decides_nothing(services: Services, corrections: Corrections) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    scorer = ModelScorer()
    await services.models.promote("blog", first, at=1)
    await services.models.shadow("blog", second, at=1)
    await ModelReloader(services.models, scorer).refresh()
    assert models_of(scorer, "blog") == [first]
    shadow, nobody = scorer.shadows([case("blog"), case("forum")])
    assert shadow is not None
    assert (shadow.model, nobody) == (second, None)


async def test_an_explanation_is_by_the_version_that_judged(services: Services, corrections: Corrections) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    scorer = ModelScorer()
    reloader = ModelReloader(services.models, scorer)
    await services.models.promote("blog", first, at=1)
    await reloader.refresh()
    (verdict,) = scorer.judge([case()])
    await services.models.promote("blog", second, at=2)
    await reloader.refresh()  # between the verdict and its explanation
    explanation = scorer.explain(case(), "spam", verdict.model)
    assert abs(explanation.probability - verdict.scores["spam"]) < 1e-6
    assert abs(sum(part.contribution for part in explanation.parts) - explanation.logit) < 1e-5
