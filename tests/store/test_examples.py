"""Examples: written with the decision, once, never changed, erased with the comment."""

from __future__ import annotations

import msgspec

from service.core.comment import Actor
from service.core.example import Example, Lesson, labels_of, suggestion
from service.core.identity import mask_addresses
from service.core.lifecycle import ActorKind, Outcome
from service.core.submission import comment_id
from service.core.verdict import LABELS, Verdict
from service.learning.collecting import collect
from service.resources import Resources
from service.store.accounts import Known
from service.store.examples import Examples
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
    assert (example.said.outcome, example.said.model, example.said.scores["spam"]) == ("reject", "words-1", 0.95)


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
    await resources.retention.drop_texts([seen], [msgspec.structs.replace(seen.submission, content="")])
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


async def _suggest(resources: Resources, *texts: str) -> None:
    for text in texts:
        said = suggestion(
            "blog", mask_addresses(text), {"spam": 1.0}, actor="platform:blog", at=1, source="perspective",
            verdict=Verdict({"spam": 0.5}, "m"), token="",
        )  # fmt: skip
        await resources.examples.add(said)


async def _traces(resources: Resources) -> set[bytes]:
    client = resources.connection.client
    found = {*await client.keys("*:e:*"), *await client.keys("*:said:*")}
    return found | {
        name for key in ("suggested", "examples") for name in await client.zrange(f"ac:{{p0}}:s:blog:{key}", 0, -1)
    }


async def test_what_was_suggested_about_a_text_goes_with_a_comment_that_says_it(
    resources: Resources, site: Known
) -> None:
    await resources.moderation.submit(site.site, submission(resources, "1", "I sell roofs, write to ann@example.com"))
    await resources.moderation.submit(site.site, submission(resources, "1", "Now it says something else"))
    await _suggest(resources, "I SELL roofs, write to ann@example.com!", "now it says something  else", "Other words")
    await resources.moderation.erase(site.site, comment_id("blog", "1"), EVE)
    assert [one.text for one in await _all(resources)] == ["Other words"]


async def test_also_when_the_comments_text_has_been_dropped(resources: Resources, site: Known) -> None:
    comment = await _judged(resources, site)
    seen = await resources.comments.get(comment)
    assert seen is not None
    assert seen.submission is not None
    await resources.retention.drop_texts([seen], [msgspec.structs.replace(seen.submission, content="")])
    await _suggest(resources, "Buy pills")
    await resources.moderation.erase(site.site, comment, EVE)
    assert await _traces(resources) == set()


async def test_suggestions_are_erased_by_their_text_alone(resources: Resources, site: Known) -> None:
    await _suggest(resources, "Buy pills", "buy PILLS!", "Sell pills")
    assert await resources.examples.forget("blog", "Buy pills") == 2
    assert await resources.examples.forget("blog", "Buy pills") == 0
    assert [one.text for one in await _all(resources)] == ["Sell pills"]
    assert await resources.examples.forget("blog", "Sell pills") == 1
    assert await _traces(resources) == set()


async def test_suggestions_end_by_themselves(resources: Resources, site: Known) -> None:
    short = Examples(resources.connection, lifetime=1)
    for number in range(3):
        assert await short.add(_suggestion(number))
    client = resources.connection.client
    while await client.keys("*:e:*") or await client.keys("*:said:*"):
        pass
    assert await _all(resources) == []
    await _suggest(resources, "Buy pills")
    assert await resources.examples.count("blog") == 1  # the names of those that ended went with the next one


async def test_what_was_chosen_for_what_it_teaches_is_known_until_it_is_erased(
    resources: Resources, site: Known
) -> None:
    await resources.moderation.submit(site.site, submission(resources, "1", "maybe"))
    await resources.moderation.submit(site.site, submission(resources, "2", "maybe not"))
    jobs = await resources.work.claim("w", count=10, idle_ms=60_000, block_ms=1)
    await resources.judging.judge(jobs, {"blog": site.site}, WordScorer())
    first, second = comment_id("blog", "1"), comment_id("blog", "2")
    assert await resources.models.teach("blog", [first]) == 1
    for comment in (first, second):
        await resources.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE, reasons=["spam"])
    assert await resources.examples.chosen("blog") == {first}
    await resources.moderation.decide(
        site.site, first, Outcome.APPROVE, actor=EVE
    )  # second thoughts change nothing of it
    found = await collect(resources.examples, ["blog"])
    assert found.queued == {one.id for one in await _all(resources)}
    assert {one.comment for one in await _all(resources) if one.id in found.chosen} == {first}
    await resources.moderation.erase(site.site, first, EVE)
    assert await resources.examples.chosen("blog") == set()
