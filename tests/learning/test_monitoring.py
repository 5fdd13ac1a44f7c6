"""The watch notices drift, overturned decisions and scores that mean something else, tells each once, and rolls back
only where it was told to."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import msgspec
import pytest

import classifier
from service.clock import now_ms
from service.container import Services
from service.core.example import Example, Said
from service.core.lifecycle import Outcome
from service.core.site import Known
from service.core.verdict import LABELS
from service.learning.measures import shares
from service.learning.monitoring import Limits, Monitoring
from service.workers.classify import Worker
from tests.learning.conftest import card_of, keep
from tests.support.moderation import WordScorer, submission

LIMITS = Limits(drift=0.25, overturns=0.05, calibration=0.1)
Corrections = Sequence[classifier.Correction]


class As(WordScorer):
    """Words, said by a version of the registry."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version


@pytest.fixture
def monitoring(services: Services) -> Monitoring:
    return Monitoring(
        services.learning.registry, services.comments, services.examples, services.platform_ids,
        outbox=services.outbox, limits=LIMITS,
    )  # fmt: skip


async def judged(services: Services, site: Known, version: str, texts: Sequence[str]) -> list[str]:
    taken = [
        await services.moderation.submit(site.site, submission(services, str(number), text))
        for number, text in enumerate(texts)
    ]
    await Worker(services, As(version)).drain()
    return [one.comment for one in taken]


def decision(number: int, model: str, score: float, said: str, bad: bool) -> Example:
    labels = {"spam": 1.0} if bad else dict.fromkeys(LABELS, 0.0)
    return Example(
        f"x_{number}", "blog", f"c_{number}", "text", "", "", "en", labels, "reject" if bad else "approve",
        "moderator:ann", now_ms() + 10, "review", Said(model, {"spam": score}, said),
    )  # fmt: skip


async def test_little_known_means_no_alert(services: Services, site: Known, monitoring: Monitoring) -> None:
    look = await monitoring.look("blog", "base-1")
    assert (look.model, look.drift, look.overturned, look.miscalibration, look.alerts) == (
        "base-1",
        None,
        None,
        None,
        (),
    )


async def test_drift_is_measured_from_the_versions_own_reference(
    services: Services, site: Known, monitoring: Monitoring, corrections: Corrections
) -> None:
    card = msgspec.structs.replace(card_of(corrections[0]), reference={"spam": shares([0.01] * 90 + [0.97] * 10)})
    await services.models.add(card, b"")
    await services.models.promote("blog", card.version, at=1)
    await judged(services, site, card.version, ["I liked this."] * 180 + ["pills"] * 20)
    calm = await monitoring.look("blog", "base-1")
    assert calm.drift is not None
    assert calm.drift < 0.05
    assert calm.alerts == ()
    await judged(services, site, card.version, [f"pills {number}" for number in range(300)])
    wave = await monitoring.look("blog", "base-1")
    assert [alert.what for alert in wave.alerts] == ["drift"]


async def test_overturned_decisions_are_an_alert_and_told_once(
    services: Services, site: Known, monitoring: Monitoring, corrections: Corrections
) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    for version in (first, second):
        await services.models.promote("blog", version, at=1)
    await judged(services, site, second, [f"I liked {number}." for number in range(60)])
    for number in range(12):
        await services.examples.add(decision(number, second, 0.01, Outcome.APPROVE, bad=True))
    look = await monitoring.look("blog", "base-1")
    assert [alert.what for alert in look.alerts] == ["overturns"]
    assert look.overturned is not None
    assert look.overturned.estimate == pytest.approx(0.2)
    told = await monitoring.tell(site.site, look, roll_back=False)
    assert [alert.what for alert in told] == ["overturns"]
    assert await monitoring.tell(site.site, look, roll_back=False) == ()
    assert (await services.models.pointers())["blog"].active == second
    assert (await services.models.pointers())["blog"].gone == second  # no rollback will lead there
    waiting = [one.delivery for one in await services.outbox.queue("blog")]
    (event,) = [one for one in waiting if one.type == "model.alert"]
    body = json.loads(event.body)
    assert (body["type"], body["data"]["model"], body["data"]["rolled_back_to"]) == ("model.alert", second, "")
    assert body["data"]["alerts"][0]["what"] == "overturns"


async def test_rolling_back_is_for_those_who_opted_in(
    services: Services, site: Known, monitoring: Monitoring, corrections: Corrections
) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    for version in (first, second):
        await services.models.promote("blog", version, at=1)
    for number in range(60):
        await services.examples.add(decision(number, second, 0.7, Outcome.HOLD, bad=False))
    look = await monitoring.look("blog", "base-1")
    assert [alert.what for alert in look.alerts] == ["calibration"]
    await monitoring.tell(site.site, look, roll_back=True)
    assert (await services.models.pointers())["blog"].active == first
    (line, *_) = await services.accounts.audited(1)
    assert (line.what, line.actor, line.site) == ("models.rollback", "watch", "blog")
    assert line.subject == f"blog {first} alert"


async def test_scores_that_mean_what_they_say_are_no_alert(
    services: Services, site: Known, monitoring: Monitoring, corrections: Corrections
) -> None:
    version = await keep(services, corrections[0])
    await services.models.promote("blog", version, at=1)
    rng = random.Random(3)
    for number in range(200):
        await services.examples.add(decision(number, version, 0.7, Outcome.HOLD, bad=rng.random() < 0.7))
    for number in range(200, 260):  # complaints alone: they say nothing of what the scores mean
        await services.examples.add(decision(number, version, 0.05, Outcome.APPROVE, bad=True))
    look = await monitoring.look("blog", "base-1")
    assert look.miscalibration is not None
    assert abs(look.miscalibration) < 0.1
    assert look.alerts == ()
