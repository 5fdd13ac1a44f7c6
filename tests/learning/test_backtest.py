"""A backtest counts what would have become of a history, against what humans decided; a scan, what another version changes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

import classifier
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.policy import Policy
from service.learning.backtest import Backtest, backtest, scan
from service.learning.backtest_report import html, sentences
from service.learning.history import history
from service.resources import Resources
from service.scorer import LineUp, ModelScorer
from service.store.accounts import Known
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission
from tests.support.readers import nuisance, ordinary

MODERATOR = Actor(ActorKind.MODERATOR, "ann")
GOOD, BAD, UNDECIDED = 12, 6, 3
HOSTILE = "</td><script>alert(1)</script> buy cheap viagra and cialis without prescription http://pills.example"


@pytest.fixture
async def past(resources: Resources, site: Known) -> list[str]:
    """Comments that were all approved by the machine; humans approved 12, rejected 6, and said nothing of 3."""
    rng = random.Random(8)
    texts = [*(ordinary(rng) for _ in range(GOOD)), *(nuisance(rng) for _ in range(BAD)), *["I agree."] * UNDECIDED]
    texts[0] = HOSTILE  # a human approved even this
    taken = [
        await resources.moderation.submit(site.site, submission(resources, str(number), text))
        for number, text in enumerate(texts)
    ]
    await Worker(resources, WordScorer()).drain()
    for place, one in enumerate(taken[: GOOD + BAD]):
        outcome = Outcome.APPROVE if place < GOOD else Outcome.REJECT
        await resources.moderation.decide(
            site.site, one.comment, outcome, actor=MODERATOR, reasons=["spam"] if place >= GOOD else []
        )
    return [one.comment for one in taken]


async def run(resources: Resources, scorer: ModelScorer, policy: Policy | None = None) -> Backtest:
    pages = history(resources.comments, resources.examples, "blog", last=1_000)
    return await backtest("blog", pages, scorer, policy or Policy())


def matrix(result: Backtest) -> dict[str, int]:
    return {f"{human} {outcome}": n for human, row in result.outcomes.items() for outcome, n in row.items()}


async def test_the_base_model_lets_the_blogs_own_nuisance_through(resources: Resources, past: list[str]) -> None:
    result = await run(resources, ModelScorer())
    assert matrix(result) == {
        "approve approve": GOOD - 1, "approve hold": 1, "reject approve": BAD, "nobody approve": UNDECIDED,
    }  # fmt: skip
    assert (result.comments, result.decided, result.bare) == (GOOD + BAD + UNDECIDED, GOOD + BAD, 0)
    assert result.shares["bad_through"].estimate == 1.0
    assert result.shares["good_held"].estimate == pytest.approx(1 / GOOD)
    assert sum(count for _, count in result.days.values()) == GOOD + BAD + UNDECIDED
    assert result.labels["spam"].bad_through == BAD
    assert [one.comment for one in result.good_lost] == [past[0]]
    assert {one.comment for one in result.bad_through} == set(past[GOOD : GOOD + BAD])


async def test_a_trained_version_catches_it(
    resources: Resources, past: list[str], corrections: Sequence[classifier.Correction]
) -> None:
    result = await run(resources, ModelScorer(line_up=LineUp(active={"blog": corrections[0]})))
    assert result.model == corrections[0].version
    assert result.total.bad_through == 0
    assert result.total.good_held <= 1  # the hostile one


async def test_the_policy_counts(resources: Resources, past: list[str]) -> None:
    result = await run(resources, ModelScorer(), Policy(mode="hold-everything"))
    assert result.total.good_held == GOOD
    assert result.queue_a_day == GOOD + BAD + UNDECIDED


async def test_examples_stand_in_for_texts_that_were_dropped(resources: Resources, past: list[str]) -> None:
    comments = [comment for comment in await resources.comments.get_many(past) if comment and comment.submission]
    stripped = [msgspec.structs.replace(one.submission, content="") for one in comments if one.submission]
    await resources.retention.drop_texts(comments, stripped)
    result = await run(resources, ModelScorer())
    assert (result.comments, result.bare) == (GOOD + BAD, GOOD + BAD)
    assert result.total.bad_through == BAD
    assert result.days == {}


async def test_the_report_can_be_read_and_runs_nothing(resources: Resources, past: list[str]) -> None:
    result = await run(resources, ModelScorer())
    page = html(result)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert f"Of {BAD} that humans rejected, {BAD} would have been published" in " ".join(sentences(result))
    assert "viagra" not in html(result, texts=False)
    assert msgspec.json.decode(msgspec.json.encode(result))["total"]["bad"] == BAD


async def test_nothing_to_compare_is_said(resources: Resources, site: Known) -> None:
    result = await run(resources, ModelScorer())
    assert "nothing to compare with" in sentences(result)[0]
    assert "no time at all" in html(result)


async def test_a_scan_tells_what_would_change(
    resources: Resources, past: list[str], corrections: Sequence[classifier.Correction]
) -> None:
    pages = history(resources.comments, resources.examples, "blog", last=1_000)
    candidate = ModelScorer(line_up=LineUp(active={"blog": corrections[0]}))
    found = await scan(pages, ModelScorer(), candidate, Policy(), site="blog")
    assert found.comments == GOOD + BAD + UNDECIDED
    assert sum(count for pair, count in found.pairs.items() if pair.startswith("approve>")) >= BAD
    assert found.better >= BAD
    assert {one.comment for one in found.changes} >= set(past[GOOD : GOOD + BAD])
