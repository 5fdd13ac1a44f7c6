"""One comment with all its evidence; explanations; marks; the audit, which is blind."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor
from service.core.example import SampledDecision
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from service.core.policy.thresholds import DEFAULT_THRESHOLDS
from service.core.signals import ELSEWHERE
from service.core.submission import comment_id
from service.store.quality import QualitySample
from tests.support.desk import Desk, seat
from tests.support.platform import Platform
from tests.support.queue import author, hold


async def test_everything_is_there(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1, text="maybe the parent")
    await platform.submit(id="2", content="fine")
    await platform.judge()
    text = "maybe 𝕒 see https://EXAMPLE.com/x. and [shop](http://xn--mnchen-3ya.de/y)"
    await platform.submit(id="3", content=text, parent_id="1", context={"parent_text": "maybe the parent"})
    await platform.judge()
    await platform.submit(id="3", content=text + " edited", parent_id="1")
    await platform.judge()
    view = await moderator.get(f"/comments/{comment_id('blog', '3')}")
    assert view["content"] == text + " edited"
    assert view["parent"]["id"] == comment_id("blog", "1")
    assert [one["content"] for one in view["earlier"]] == [text]
    assert [change["what"] for change in view["history"]] == ["submitted", "decided", "edited", "decided"]
    first, second = view["links"]
    assert text[first["start"] : first["end"]] == first["url"] == "https://EXAMPLE.com/x"
    assert (first["start_utf16"], first["host"]) == (first["start"] + 1, "example.com")
    assert (second["host"], second["host_unicode"], second["text"]) == ("xn--mnchen-3ya.de", "münchen.de", "shop")
    spam = view["scores"][0]
    assert (spam["label"], spam["hold"], spam["reject"]) == (
        "spam",
        DEFAULT_THRESHOLDS["spam"].hold,
        DEFAULT_THRESHOLDS["spam"].reject,
    )
    assert view["explanation"]["label"] == "spam"
    signals = {one["name"]: one for one in view["signals"]}
    assert signals["links"]["meaning"]
    assert view["author"]["total"] == 3
    assert view["author"]["states"] == {"flagged": 2, "approved": 1}
    assert comment_id("blog", "3") not in [row["id"] for row in view["author"]["last"]]


async def test_an_explanation_of_any_label(platform: Platform, moderator: Desk) -> None:
    (held,) = await hold(platform, 1)
    view = await moderator.get(f"/comments/{held}/explanation", label="insult")
    assert view["explanation"]["label"] == "insult"
    await moderator.get(f"/comments/{held}/explanation", status=400, label="beauty")


async def test_marks(
    client: TestClient[Any, Any], platform: Platform, shop: Platform, moderator: Desk, services: Services
) -> None:
    lead = await seat(client, services, "lea", Role.LEAD, ["blog"])
    (held,) = await hold(platform, 1)
    digest = (await moderator.get(f"/comments/{held}"))["comment"]["author"]["digest"]
    mark = {"site": "blog", "digest": digest, "what": "blocked", "note": "see bo@example.com"}
    await moderator.send("PUT", "/authors", mark, status=403)
    await lead.send("PUT", "/authors", mark | {"site": "shop"}, status=404)
    for wrong, pointer in (
        ({"digest": "ann@example.com"}, "/digest"), ({"what": "loved"}, "/what"), ({"until": "2020-01-01T00:00:00Z"}, "/until"),
    ):  # fmt: skip
        assert (await lead.send("PUT", "/authors", mark | wrong, status=422))["pointer"] == pointer
    kept = await lead.send("PUT", "/authors", mark)
    assert (kept["by"], kept["what"], kept["until"]) == ("moderator:lea", "blocked", None)
    assert "bo@" not in kept["note"]
    assert (await moderator.get("/authors"))["items"] == [kept]
    assert (await moderator.get(f"/comments/{held}"))["marks"] == [kept]
    await lead.send("DELETE", "/authors", {"site": "blog", "digest": digest}, status=204)
    await lead.send("DELETE", "/authors", {"site": "blog", "digest": digest}, status=404)
    assert (await moderator.get("/authors"))["items"] == []


async def _sample(services: Services, platform: Platform, number: int, content: str, outcome: Outcome) -> str:
    await platform.submit(id=str(number), content=content, author=author(f"Ann{number}"))
    await platform.judge()
    identity = comment_id("blog", str(number))
    drawn = SampledDecision(identity, now_ms(), outcome, 1.0, "words-1")
    await QualitySample(services.connection).add([("blog", drawn)])
    return identity


async def test_an_audit_is_blind(platform: Platform, moderator: Desk, services: Services) -> None:
    drawn = await _sample(services, platform, 1, "pills", Outcome.REJECT)
    (row,) = (await moderator.get("/comments", list="audit"))["items"]
    view = await moderator.get(f"/comments/{drawn}", list="audit")
    for one in (row, view["comment"]):
        assert one["state"] is one["decision"] is one["campaign"] is None
        assert (one["scores"], one["reasons"], one["signals"], one["model"], one["severity"]) == ({}, [], [], "", 0)
        assert one["excerpt"] == "pills"
    assert view["explanation"] is view["author"] is view["undo"] is None
    assert view["scores"] == view["signals"] == view["history"] == view["marks"] == []


async def test_an_answer_counts_and_is_a_decision(platform: Platform, moderator: Desk, services: Services) -> None:
    drawn = await _sample(services, platform, 1, "pills", Outcome.REJECT)
    answered = await moderator.send("POST", f"/comments/{drawn}/audit", {"outcome": "approve"})
    (entry,) = await QualitySample(services.connection).entries("blog")
    assert (entry.answer, entry.by) == (Outcome.APPROVE, "moderator:mo")
    assert (await moderator.get(f"/comments/{drawn}"))["comment"]["state"] == "approved"
    assert (await moderator.get("/counts"))["audit"] == 0
    assert [example.source async for example in services.examples.all("blog")] == ["audit"]
    await moderator.send("POST", f"/comments/{drawn}/audit", {"outcome": "approve"}, status=404)
    await moderator.send("POST", f"/comments/{drawn}/undo", {"revision": answered["undo"]["revision"]})
    (entry,) = await QualitySample(services.connection).entries("blog")
    assert (entry.answer, entry.by) == (None, "")
    assert (await moderator.get("/counts"))["audit"] == 1
    assert (await moderator.get(f"/comments/{drawn}"))["comment"]["state"] == "rejected"
    assert [example.source async for example in services.examples.all("blog")] == []


async def test_a_blind_word_about_another_text_does_not_count(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    drawn = await _sample(services, platform, 1, "pills", Outcome.REJECT)
    body = {"outcome": "approve", "revision": 1}
    await moderator.send("POST", f"/comments/{drawn}/audit", body, status=409)
    (entry,) = await QualitySample(services.connection).entries("blog")
    assert entry.answer is None
    assert (await moderator.get("/counts"))["audit"] == 1


async def test_an_audit_can_be_passed_on_but_not_answered_without_a_reason(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    drawn = await _sample(services, platform, 1, "fine", Outcome.APPROVE)
    await moderator.send("POST", f"/comments/{drawn}/audit", {"outcome": "reject"}, status=422)
    assert (await moderator.get("/counts"))["audit"] == 1
    await moderator.send("POST", f"/comments/{drawn}/audit", {"outcome": "hold"}, status=204)
    assert (await moderator.get("/counts"))["audit"] == 0
    assert (await moderator.get(f"/comments/{drawn}"))["comment"]["state"] == "approved"


@pytest.mark.parametrize("more", ["", "/explanation"])
async def test_another_sites_comment_is_not_found(shop: Platform, moderator: Desk, more: str) -> None:
    (hidden,) = await hold(shop, 1)
    await moderator.get(f"/comments/{hidden}{more}", status=404)


async def test_who_sees_one_site_sees_no_standing_made_on_another(
    platform: Platform, shop: Platform, moderator: Desk, operator: Desk
) -> None:
    """The machine's evidence may be of the whole box; people are shown what was made of somebody on their own sites."""
    for name in ("blog", "shop"):
        await platform.services.sites.change(name, circle="family")  # they know people as one
    await shop.submit(id="9", content="cheap pills")
    await shop.judge()
    (held,) = await hold(platform, 1)
    theirs = {one["name"] for one in (await moderator.get(f"/comments/{held}"))["signals"]}
    everything = {one["name"] for one in (await operator.get(f"/comments/{held}"))["signals"]}
    assert theirs == everything - ELSEWHERE
    assert "author_box_rejected" in everything - theirs


async def test_a_thread_is_shown_around_a_comment(
    platform: Platform, shop: Platform, moderator: Desk, services: Services
) -> None:
    """What answers the same comment, on either side, and what answers this one; of many, the nearest and the latest."""
    (first,) = await hold(platform, 1)
    answers = await hold(platform, *range(10, 24), parent_id="1")
    deeper = await hold(platform, *range(30, 42), parent_id="15")
    await hold(shop, 50, parent_id="1")
    (orphan, sister) = await hold(platform, 60, 61, parent_id="never-came")

    async def thread(comment: str) -> tuple[list[str], list[str]]:
        found = await moderator.get(f"/comments/{comment}")
        return [row["id"] for row in found["siblings"]], [row["id"] for row in found["replies"]]

    assert await thread(first) == ([], answers[-10:])
    assert await thread(answers[5]) == ([*answers[0:5], *answers[6:11]], deeper[-10:])
    assert await thread(answers[0]) == (answers[1:6], [])
    assert await thread(orphan) == ([sister], [])
    await platform.submit(id="23", content="maybe 23", parent_id="22")
    await services.moderation.erase(
        (await services.accounts.get("blog")).site, answers[12], Actor(ActorKind.MODERATOR, "mo")
    )
    assert await thread(answers[11]) == (answers[6:11], [])
    assert (await thread(first))[1] == answers[4:12]
    assert (await moderator.get(f"/comments/{first}", list="audit"))["replies"] == []
