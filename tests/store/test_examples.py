"""Examples: written with the decision, once, never changed, erased with the comment."""

from __future__ import annotations

import msgspec

from service.core.comment import Actor
from service.core.example import Example, Lesson, labels_of, suggestion
from service.core.lifecycle import ActorKind, Outcome
from service.core.submission import comment_id
from service.core.verdict import LABELS, Verdict
from service.resources import Resources
from service.store.accounts import Known
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")


async def _judged(resources: Resources, site: Known, content: str = "Buy pills") -> str:
    await resources.moderation.submit(site.site, submission(resources, "1", content))
    jobs = await resources.work.claim("w", count=10, idle_ms=60_000, block_ms=1)
    await resources.judging.judge(jobs, {site.site.id: site.site}, WordScorer())
    return comment_id(site.site.id, "1")


async def _all(resources: Resources) -> list[Example]:
    return [example async for example in resources.examples.all("blog")]


async def test_a_decision_is_an_example_with_what_the_machine_had_said(resources: Resources, site: Known) -> None:
    comment = await _judged(resources, site)
    decided = await resources.moderation.decide(site.site, comment, Outcome.APPROVE, actor=EVE)
    (example,) = await _all(resources)
    assert example.id == f"x_{comment}_{decided.revision}"
    assert (example.text, example.author_name, example.outcome) == ("Buy pills", "Ann", "approve")
    assert example.labels == dict.fromkeys(LABELS, 0.0)
    assert (example.actor, example.source, example.at) == ("moderator:eve", "api", decided.updated_at)
    assert example.said is not None
    assert (example.said.outcome, example.said.model, example.said.scores["spam"]) == ("reject", "words-1", 0.97)


async def test_holding_teaches_nothing(resources: Resources, site: Known) -> None:
    comment = await _judged(resources, site)
    await resources.moderation.decide(site.site, comment, Outcome.HOLD, actor=EVE)
    assert await _all(resources) == []


async def test_a_lesson_may_be_left_out_or_say_less(resources: Resources, site: Known) -> None:
    comment = await _judged(resources, site)
    await resources.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE, lesson=None)
    assert await _all(resources) == []
    lesson = Lesson("akismet", {"spam": 0.0})
    await resources.moderation.decide(site.site, comment, Outcome.APPROVE, actor=EVE, lesson=lesson)
    (example,) = await _all(resources)
    assert (example.labels, example.source) == ({"spam": 0.0}, "akismet")
    assert example.said is not None
    assert example.said.outcome == ""  # a human had decided before: this contradicts no machine


async def test_the_text_of_the_lesson_stands_in_for_one_that_was_dropped(resources: Resources, site: Known) -> None:
    comment = await _judged(resources, site)
    seen = await resources.comments.get(comment)
    assert seen is not None
    assert seen.submission is not None
    await resources.comments.drop_texts([seen], [msgspec.structs.replace(seen.submission, content="")])
    await resources.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE)
    assert await _all(resources) == []
    lesson = Lesson("akismet", {"spam": 1.0}, submission(resources, "1", "Buy pills"))
    await resources.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE, lesson=lesson)
    assert [example.text for example in await _all(resources)] == ["Buy pills"]


async def test_examples_are_erased_with_their_comment(resources: Resources, site: Known) -> None:
    comment = await _judged(resources, site)
    for outcome in (Outcome.APPROVE, Outcome.REJECT):
        await resources.moderation.decide(site.site, comment, outcome, actor=EVE)
    assert await resources.examples.count("blog") == 2
    await resources.moderation.erase(site.site, comment, EVE)
    assert await resources.examples.count("blog") == 0
    assert await _all(resources) == []
    assert await resources.connection.client.keys("*:e:*") == []


async def test_examples_come_in_order_and_since_a_time(resources: Resources, site: Known) -> None:
    for number in range(1_001):
        assert await resources.examples.add(_suggestion(number))
    assert not await resources.examples.add(_suggestion(7))
    found = await _all(resources)
    assert [example.at for example in found] == list(range(1_001))
    late = [example async for example in resources.examples.all("blog", since=990)]
    assert [example.at for example in late] == list(range(990, 1_001))


def _suggestion(number: int) -> Example:
    verdict = Verdict({"spam": 0.5}, "m")
    return suggestion(
        "blog",
        f"text {number}",
        {"spam": 1.0},
        actor="platform:blog",
        at=number,
        source="perspective",
        verdict=verdict,
        token="",
    )


def test_what_a_decision_says_of_each_label() -> None:
    assert labels_of(Outcome.REJECT, ["spam", "off-topic", "insult"]) == {"spam": 1.0, "insult": 1.0}
    assert labels_of(Outcome.REJECT, []) == {}
    assert labels_of(Outcome.APPROVE, ["spam"]) == dict.fromkeys(LABELS, 0.0)
