"""Examples: written with the decision, once, never changed, erased with the comment."""

from __future__ import annotations

import msgspec

from service.container import Services
from service.core.comment import Actor
from service.core.example import Example, Lesson, labels_of, suggestion
from service.core.identity import mask_addresses
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Known
from service.core.submission import comment_id
from service.core.verdict import LABELS, Verdict
from service.store.examples import Examples
from tests.support.moderation import WordScorer, submission
from tests.support.waiting import until

EVE = Actor(ActorKind.MODERATOR, "eve")


async def _judged(services: Services, site: Known, content: str = "Buy pills") -> str:
    await services.moderation.submit(site.site, submission(services, "1", content))
    jobs = await services.work.claim("w", count=10, idle_ms=60_000, block_ms=1)
    await services.classification.judge(jobs, {site.site.id: site.site}, WordScorer())
    return comment_id(site.site.id, "1")


async def _all(services: Services) -> list[Example]:
    return [example async for example in services.examples.all("blog")]


async def test_a_decision_is_an_example_with_what_the_machine_had_said(services: Services, site: Known) -> None:
    comment = await _judged(services, site)
    decided = await services.moderation.decide(site.site, comment, Outcome.APPROVE, actor=EVE)
    (example,) = await _all(services)
    assert example.id == f"x_{comment}_{decided.revision}"
    assert (example.text, example.author_name, example.outcome) == ("Buy pills", "Ann", "approve")
    assert example.labels == dict.fromkeys(LABELS, 0.0)
    assert (example.actor, example.source, example.at) == ("moderator:eve", "api", decided.updated_at)
    assert example.said is not None
    assert (example.said.outcome, example.said.model, example.said.scores["spam"]) == ("reject", "words-1", 0.97)


async def test_holding_teaches_nothing(services: Services, site: Known) -> None:
    comment = await _judged(services, site)
    await services.moderation.decide(site.site, comment, Outcome.HOLD, actor=EVE)
    assert await _all(services) == []


async def test_a_lesson_may_be_left_out_or_say_less(services: Services, site: Known) -> None:
    comment = await _judged(services, site)
    await services.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE, lesson=None)
    assert await _all(services) == []
    lesson = Lesson("akismet", {"spam": 0.0})
    await services.moderation.decide(site.site, comment, Outcome.APPROVE, actor=EVE, lesson=lesson)
    (example,) = await _all(services)
    assert (example.labels, example.source) == ({"spam": 0.0}, "akismet")
    assert example.said is not None
    assert example.said.outcome == ""  # a human had decided before: this contradicts no machine


async def test_the_text_of_the_lesson_stands_in_for_one_that_was_dropped(services: Services, site: Known) -> None:
    comment = await _judged(services, site)
    seen = await services.comments.get(comment)
    assert seen is not None
    assert seen.submission is not None
    await services.retention.drop_texts([seen], [msgspec.structs.replace(seen.submission, content="")])
    await services.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE)
    assert await _all(services) == []
    lesson = Lesson("akismet", {"spam": 1.0}, submission(services, "1", "Buy pills"))
    await services.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE, lesson=lesson)
    assert [example.text for example in await _all(services)] == ["Buy pills"]


async def test_examples_are_erased_with_their_comment(services: Services, site: Known) -> None:
    comment = await _judged(services, site)
    for outcome in (Outcome.APPROVE, Outcome.REJECT):
        await services.moderation.decide(site.site, comment, outcome, actor=EVE)
    assert await services.examples.count("blog") == 2
    await services.moderation.erase(site.site, comment, EVE)
    assert await services.examples.count("blog") == 0
    assert await _all(services) == []
    assert await services.connection.client.keys("*:e:*") == []


async def test_examples_come_in_order_and_since_a_time(services: Services, site: Known) -> None:
    for number in range(1_001):
        assert await services.examples.add(_suggestion(number))
    assert not await services.examples.add(_suggestion(7))
    found = await _all(services)
    assert [example.at for example in found] == list(range(1_001))
    late = [example async for example in services.examples.all("blog", since=990)]
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


async def _suggest(services: Services, *texts: str) -> None:
    for text in texts:
        said = suggestion(
            "blog", mask_addresses(text), {"spam": 1.0}, actor="platform:blog", at=1, source="perspective",
            verdict=Verdict({"spam": 0.5}, "m"), token="",
        )  # fmt: skip
        await services.examples.add(said)


async def _traces(services: Services) -> set[bytes]:
    client = services.connection.client
    found = {*await client.keys("*:e:*"), *await client.keys("*:said:*")}
    return found | {
        name for key in ("suggested", "examples") for name in await client.zrange(f"ac:{{p0}}:s:blog:{key}", 0, -1)
    }


async def test_what_was_suggested_about_a_text_goes_with_a_comment_that_says_it(
    services: Services, site: Known
) -> None:
    await services.moderation.submit(site.site, submission(services, "1", "I sell roofs, write to ann@example.com"))
    await services.moderation.submit(site.site, submission(services, "1", "Now it says something else"))
    await _suggest(services, "I SELL roofs, write to ann@example.com!", "now it says something  else", "Other words")
    await services.moderation.erase(site.site, comment_id("blog", "1"), EVE)
    assert [one.text for one in await _all(services)] == ["Other words"]


async def test_also_when_the_comments_text_has_been_dropped(services: Services, site: Known) -> None:
    comment = await _judged(services, site)
    seen = await services.comments.get(comment)
    assert seen is not None
    assert seen.submission is not None
    await services.retention.drop_texts([seen], [msgspec.structs.replace(seen.submission, content="")])
    await _suggest(services, "Buy pills")
    await services.moderation.erase(site.site, comment, EVE)
    assert await _traces(services) == set()


async def test_suggestions_are_erased_by_their_text_alone(services: Services, site: Known) -> None:
    await _suggest(services, "Buy pills", "buy PILLS!", "Sell pills")
    assert await services.examples.forget("blog", "Buy pills") == 2
    assert await services.examples.forget("blog", "Buy pills") == 0
    assert [one.text for one in await _all(services)] == ["Sell pills"]
    assert await services.examples.forget("blog", "Sell pills") == 1
    assert await _traces(services) == set()


async def test_suggestions_end_by_themselves(services: Services, site: Known) -> None:
    short = Examples(services.connection, lifetime=1)
    for number in range(3):
        assert await short.add(_suggestion(number))
    client = services.connection.client

    async def ended() -> bool:
        return not (await client.keys("*:e:*") or await client.keys("*:said:*"))

    await until(ended)
    assert await _all(services) == []
    await _suggest(services, "Buy pills")
    assert await services.examples.count("blog") == 1  # the names of those that ended went with the next one
