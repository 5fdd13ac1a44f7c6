"""What is learnt from: human decisions alone, weighed by where they came from, and never the future."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from classifier.correction.decisions import Decided
from service.container import Services
from service.core.errors import NotEnoughExamples
from service.core.policy import check
from service.core.site import Known
from service.learning.examples import WEIGHTS, as_decided, collect, cut, doubtful
from service.learning.registry import Registry
from service.learning.thresholds import promised, with_promise
from tests.support.learning import examples

DOCS = Path(__file__).parents[2] / "docs"


async def teach(services: Services, count: int, **more: object) -> None:
    for one in examples(count, **more):  # type: ignore[arg-type]
        await services.examples.add(one)


async def test_collected_in_order_and_named_by_content(services: Services, site: Known) -> None:
    await teach(services, 30, seed=2, begin=10_000_000)
    await teach(services, 30, seed=1)
    found = await collect(services.examples, ["blog"])
    assert [one.at for one in found.decisions] == sorted(one.at for one in found.decisions)
    assert found.sources == {"review": 60}
    assert (await collect(services.examples, ["blog"])).fingerprint == found.fingerprint
    await teach(services, 1, seed=3)
    assert (await collect(services.examples, ["blog"])).fingerprint != found.fingerprint


def test_a_moderator_counts_more_than_an_import() -> None:
    (seen,) = examples(1)
    brought = msgspec.structs.replace(seen, source="import:disqus", actor="platform:blog")
    assert as_decided(seen).weight == WEIGHTS["review"] == 1.0
    assert as_decided(brought).weight == WEIGHTS["import"] < 1.0
    assert (as_decided(seen).voice, as_decided(brought).voice) == ("moderator:ann", "import:disqus")


def test_every_weight_is_documented() -> None:
    page = (DOCS / "learning.md").read_text(encoding="utf-8")
    for source, weight in WEIGHTS.items():
        assert f"| `{source}` | {weight} |" in page


def test_the_future_is_cut_off_whole() -> None:
    times = [1, 2, 3, 4, 5, 5, 5, 8, 9, 10]
    rows = [as_decided(next(examples(1)))._replace(at=at) for at in times]
    assert cut(rows, share=0.2) == 8
    assert cut(rows, share=0.4) == 7  # not between two of one moment
    assert cut(rows, share=0.5, seen_until=8) == 8  # not what the active version has seen
    assert cut(rows, share=0.2, seen_until=99) == 10
    none: list[Decided] = []
    assert cut(none, share=0.2) == 0


async def test_a_promise_that_can_be_kept_becomes_thresholds(
    services: Services, site: Known, registry: Registry
) -> None:
    await teach(services, 900)
    loose = await promised(
        services.examples, registry, "blog", max_good_held=0.05, reject_precision=0.2, confidence=0.9
    )
    assert loose.kept
    policy = with_promise(site.site, loose)
    check(policy)
    steps = policy.effective["spam"]
    assert steps.hold is not None
    assert steps.reject is not None
    assert steps.hold <= steps.reject
    assert policy.promise is not None
    assert policy.promise.good_held == 0.05


async def test_a_promise_that_is_too_much_says_what_is_missing(
    services: Services, site: Known, registry: Registry
) -> None:
    await teach(services, 60)
    found = await promised(
        services.examples, registry, "blog", max_good_held=0.001, reject_precision=0.999, confidence=0.99
    )
    assert not found.kept
    assert found.good_held.missing > 1_000
    with pytest.raises(NotEnoughExamples):
        with_promise(site.site, found)


async def test_no_decisions_no_promise(services: Services, site: Known, registry: Registry) -> None:
    with pytest.raises(NotEnoughExamples):
        await promised(services.examples, registry, "blog", max_good_held=0.005, reject_precision=0.99, confidence=0.95)


async def test_doubtful_and_contradicting_labels_are_named(services: Services, site: Known, registry: Registry) -> None:
    await teach(services, 200, flipped=0.04)
    (one,) = examples(1, seed=7)
    for number, labels in enumerate(({"spam": 1.0}, {"spam": 0.0})):
        said = msgspec.structs.replace(one, id=f"x_c_{number}", comment=f"c_{number}", labels=labels)
        await services.examples.add(said)
    found = await doubtful(services.examples, registry, "blog")
    wrong = {
        e.id for e, right in zip(examples(200, flipped=0.04), examples(200), strict=True) if e.labels != right.labels
    }
    assert wrong
    named = {one.example for one in found.doubtful}
    assert len(named & wrong) >= 0.7 * len(wrong)
    assert any(set(pair.examples) >= {"x_c_0", "x_c_1"} for pair in found.contradicting)
