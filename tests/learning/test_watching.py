"""The watch notices drift, overturned decisions and scores that mean something else, tells each once, and rolls back
only where it was told to."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import msgspec
import pytest

import classifier
from service.core.comment import Actor
from service.core.drift import shares
from service.core.example import Example, Said
from service.core.lifecycle import ActorKind, Outcome
from service.core.verdict import LABELS
from service.learning.choosing import choose
from service.learning.watching import Limits, Watching
from service.resources import Resources
from service.reviewing.lists import Filters
from service.scorer import LineUp, ModelScorer
from service.store.accounts import Known
from service.store.client import now_ms
from service.workers.classify import Worker
from tests.learning.conftest import card_of, keep
from tests.support.moderation import WordScorer, submission
from tests.support.readers import nuisance, ordinary

LIMITS = Limits(drift=0.25, overturns=0.05, calibration=0.1)
Corrections = Sequence[classifier.Correction]


class As(WordScorer):
    """Words, said by a version of the registry."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version


@pytest.fixture
def watching(resources: Resources) -> Watching:
    return Watching(
        resources.models, resources.comments, resources.examples, resources.correspondence,
        accounts=resources.accounts, outbox=resources.outbox, limits=LIMITS,
    )  # fmt: skip


async def judged(resources: Resources, site: Known, version: str, texts: Sequence[str]) -> list[str]:
    taken = [
        await resources.moderation.submit(site.site, submission(resources, str(number), text))
        for number, text in enumerate(texts)
    ]
    await Worker(resources, As(version)).drain()
    return [one.comment for one in taken]


def decision(number: int, model: str, score: float, said: str, bad: bool) -> Example:
    labels = {"spam": 1.0} if bad else dict.fromkeys(LABELS, 0.0)
    return Example(
        f"x_{number}", "blog", f"c_{number}", "text", "", "", "en", labels, "reject" if bad else "approve",
        "moderator:ann", now_ms() + 10, "review", Said(model, {"spam": score}, said),
    )  # fmt: skip


async def test_little_known_means_no_alert(resources: Resources, site: Known, watching: Watching) -> None:
    look = await watching.look("blog", "base-1")
    assert (look.model, look.drift, look.overturned, look.miscalibration, look.alerts) == (
        "base-1",
        None,
        None,
        None,
        (),
    )


async def test_drift_is_measured_from_the_versions_own_reference(
    resources: Resources, site: Known, watching: Watching, corrections: Corrections
) -> None:
    card = msgspec.structs.replace(card_of(corrections[0]), reference={"spam": shares([0.01] * 90 + [0.97] * 10)})
    await resources.models.add(card, b"")
    await resources.models.promote("blog", card.version, at=1)
    await judged(resources, site, card.version, ["I liked this."] * 180 + ["pills"] * 20)
    calm = await watching.look("blog", "base-1")
    assert calm.drift is not None
    assert calm.drift < 0.05
    assert calm.alerts == ()
    await judged(resources, site, card.version, [f"pills {number}" for number in range(300)])
    wave = await watching.look("blog", "base-1")
    assert [alert.what for alert in wave.alerts] == ["drift"]


async def test_overturned_decisions_are_an_alert_and_told_once(
    resources: Resources, site: Known, watching: Watching, corrections: Corrections
) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    for version in (first, second):
        await resources.models.promote("blog", version, at=1)
    await judged(resources, site, second, [f"I liked {number}." for number in range(60)])
    for number in range(12):
        await resources.examples.add(decision(number, second, 0.01, Outcome.APPROVE, bad=True))
    look = await watching.look("blog", "base-1")
    assert [alert.what for alert in look.alerts] == ["overturns"]
    assert look.overturned is not None
    assert look.overturned.estimate == pytest.approx(0.2)
    told = await watching.tell(site.site, look, roll_back=False)
    assert [alert.what for alert in told] == ["overturns"]
    assert await watching.tell(site.site, look, roll_back=False) == ()
    assert (await resources.models.pointers())["blog"].active == second
    waiting = [one.delivery for one in await resources.outbox.queue("blog")]
    (event,) = [one for one in waiting if one.type == "model.alert"]
    body = json.loads(event.body)
    assert (body["type"], body["data"]["model"], body["data"]["rolled_back_to"]) == ("model.alert", second, "")
    assert body["data"]["alerts"][0]["what"] == "overturns"


async def test_rolling_back_is_for_those_who_opted_in(
    resources: Resources, site: Known, watching: Watching, corrections: Corrections
) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    for version in (first, second):
        await resources.models.promote("blog", version, at=1)
    for number in range(60):
        await resources.examples.add(decision(number, second, 0.7, Outcome.HOLD, bad=False))
    look = await watching.look("blog", "base-1")
    assert [alert.what for alert in look.alerts] == ["calibration"]
    await watching.tell(site.site, look, roll_back=True)
    assert (await resources.models.pointers())["blog"].active == first


async def test_scores_that_mean_what_they_say_are_no_alert(
    resources: Resources, site: Known, watching: Watching, corrections: Corrections
) -> None:
    version = await keep(resources, corrections[0])
    await resources.models.promote("blog", version, at=1)
    rng = random.Random(3)
    for number in range(200):
        await resources.examples.add(decision(number, version, 0.7, Outcome.HOLD, bad=rng.random() < 0.7))
    for number in range(200, 260):  # complaints alone: they say nothing of what the scores mean
        await resources.examples.add(decision(number, version, 0.05, Outcome.APPROVE, bad=True))
    look = await watching.look("blog", "base-1")
    assert look.miscalibration is not None
    assert abs(look.miscalibration) < 0.1
    assert look.alerts == ()


async def test_what_teaches_is_marked_in_the_queue_and_nowhere_else(
    resources: Resources, site: Known, corrections: Corrections
) -> None:
    rng = random.Random(4)
    texts = [f"maybe: {nuisance(rng) if number % 2 else ordinary(rng)}" for number in range(12)]
    comments = await judged(resources, site, "words-1", texts)
    scorer = ModelScorer(line_up=LineUp(active={"blog": corrections[0]}))
    chosen = await choose(resources.comments, resources.models, "blog", scorer, 5)
    assert len(set(chosen)) == 5
    assert set(chosen) <= set(comments)
    assert await _marked(resources) == set(chosen)
    again = await choose(resources.comments, resources.models, "blog", scorer, 3)
    assert await _marked(resources) == set(again)
    moderator = Actor(ActorKind.MODERATOR, "ann")
    await resources.moderation.decide(site.site, again[0], Outcome.APPROVE, actor=moderator)
    assert await _marked(resources) == set(again[1:])
    assert await choose(resources.comments, resources.models, "blog", scorer, 0) == []
    assert await _marked(resources) == set()


async def _marked(resources: Resources) -> set[str]:
    lists = resources.reviewing.lists
    page = await lists.page(["blog"], Filters(facets={"signal": "teaches"}), limit=50, after=None)
    return {seen.comment.id for seen in page.rows}
