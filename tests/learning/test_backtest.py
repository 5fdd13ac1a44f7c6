"""A backtest counts what would have become of a history, against what humans decided; a scan, what another version changes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

import classifier
from service.container import Services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.policy import Policy
from service.core.site import Known
from service.learning.backtest import Backtest, backtest, scan
from service.learning.history import history
from service.learning.reports import backtest_page, sentences
from service.scorer import ActiveModels, ModelScorer
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission
from tests.support.readers import nuisance, ordinary

MODERATOR = Actor(ActorKind.MODERATOR, "ann")
GOOD, BAD, UNDECIDED = 12, 6, 3
HOSTILE = "</td><script>alert(1)</script> buy cheap viagra and cialis without prescription http://pills.example"


@pytest.fixture
async def past(services: Services, site: Known) -> list[str]:
    """Comments that were all approved by the machine; humans approved 12, rejected 6, and said nothing of 3."""
    rng = random.Random(8)
    texts = [*(ordinary(rng) for _ in range(GOOD)), *(nuisance(rng) for _ in range(BAD)), *["I agree."] * UNDECIDED]
    texts[0] = HOSTILE  # a human approved even this
    taken = [
        await services.moderation.submit(site.site, submission(services, str(number), text))
        for number, text in enumerate(texts)
    ]
    await Worker(services, WordScorer()).drain()
    for place, one in enumerate(taken[: GOOD + BAD]):
        outcome = Outcome.APPROVE if place < GOOD else Outcome.REJECT
        await services.moderation.decide(
            site.site, one.comment, outcome, actor=MODERATOR, reasons=["spam"] if place >= GOOD else []
        )
    return [one.comment for one in taken]


async def run(services: Services, scorer: ModelScorer, policy: Policy | None = None) -> Backtest:
    pages = history(services.comments, services.examples, "blog", last=1_000)
    return await backtest("blog", pages, scorer, policy or Policy())


def matrix(result: Backtest) -> dict[str, int]:
    return {f"{human} {outcome}": n for human, row in result.outcomes.items() for outcome, n in row.items()}


async def test_the_base_model_lets_the_blogs_own_nuisance_through(services: Services, past: list[str]) -> None:
    result = await run(services, ModelScorer())
    assert matrix(result) == {
        "approve approve": GOOD - 1, "approve reject": 1, "reject approve": BAD, "nobody approve": UNDECIDED,
    }  # fmt: skip
    assert (result.comments, result.decided, result.bare) == (GOOD + BAD + UNDECIDED, GOOD + BAD, 0)
    assert result.shares["bad_through"].estimate == 1.0
    assert (result.shares["good_held"].estimate, result.shares["good_lost"].estimate) == (0.0, pytest.approx(1 / GOOD))
    assert sum(count for _, count in result.days.values()) == GOOD + BAD + UNDECIDED
    assert result.labels["spam"].bad_through == BAD
    assert [one.comment for one in result.good_lost] == [past[0]]
    assert {one.comment for one in result.bad_through} == set(past[GOOD : GOOD + BAD])


async def test_a_trained_version_catches_it(
    services: Services, past: list[str], corrections: Sequence[classifier.Correction]
) -> None:
    result = await run(services, ModelScorer(active_models=ActiveModels(active={"blog": corrections[0]})))
    assert result.model == corrections[0].version
    assert result.total.bad_through == 0
    assert result.total.good_held <= 1  # the hostile one


async def test_the_policy_counts(services: Services, past: list[str]) -> None:
    result = await run(services, ModelScorer(), Policy(mode="hold-everything"))
    assert result.total.good_held == GOOD
    assert result.queue_a_day == GOOD + BAD + UNDECIDED


async def test_examples_stand_in_for_texts_that_were_dropped(services: Services, past: list[str]) -> None:
    comments = [comment for comment in await services.comments.get_many(past) if comment and comment.submission]
    stripped = [msgspec.structs.replace(one.submission, content="") for one in comments if one.submission]
    await services.retention.drop_texts(comments, stripped)
    result = await run(services, ModelScorer())
    assert (result.comments, result.bare) == (GOOD + BAD, GOOD + BAD)
    assert result.total.bad_through == BAD
    assert result.days == {}


async def test_the_report_can_be_read_and_runs_nothing(services: Services, past: list[str]) -> None:
    result = await run(services, ModelScorer())
    page = backtest_page(result)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert f"Of {BAD} that humans rejected, {BAD} would have been published" in " ".join(sentences(result))
    assert "viagra" not in backtest_page(result, texts=False)
    assert msgspec.json.decode(msgspec.json.encode(result))["total"]["bad"] == BAD


async def test_nothing_to_compare_is_said(services: Services, site: Known) -> None:
    result = await run(services, ModelScorer())
    assert "nothing to compare with" in sentences(result)[0]
    assert "no time at all" in backtest_page(result)


async def test_a_scan_tells_what_would_change(
    services: Services, past: list[str], corrections: Sequence[classifier.Correction]
) -> None:
    pages = history(services.comments, services.examples, "blog", last=1_000)
    candidate = ModelScorer(active_models=ActiveModels(active={"blog": corrections[0]}))
    found = await scan(pages, ModelScorer(), candidate, Policy(), site="blog")
    assert found.comments == GOOD + BAD + UNDECIDED
    assert sum(count for pair, count in found.pairs.items() if pair.startswith("approve>")) >= BAD
    assert found.better >= BAD
    assert {one.comment for one in found.changes} >= set(past[GOOD : GOOD + BAD])
