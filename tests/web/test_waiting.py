"""`Prefer: wait=N`: the verdict in the answer, by the same durable path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.container import Services
from service.core.comment import Comment
from service.core.lifecycle import State
from service.settings import Settings
from service.web.waiting import Preferences, Waiting, preferences
from service.workers.classify import run_classify
from tests.support.moderation import WordScorer
from tests.support.platform import Platform
from tests.support.waiting import until

WAIT = {"Prefer": "wait=5"}


@pytest.fixture
async def worker(services: Services) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_classify(services, stop, WordScorer()))
    yield
    stop.set()
    await task


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Preferences()),
        ("", Preferences()),
        ("wait=3", Preferences(3)),
        ("Wait = 3", Preferences(3)),
        ('wait="3"', Preferences(3)),
        ("respond-async", Preferences(None, True)),
        ("respond-async, wait=10", Preferences(10, True)),
        ("handling=lenient; x=1, wait=2;y=3", Preferences(2)),
        ("wait=3, wait=9", Preferences(3)),
        ("wait=-1", Preferences()),
        ("wait=1.5", Preferences()),
        ("wait=9999999", Preferences()),
        ("wait", Preferences()),
        ("wait=٣", Preferences()),
    ],
)
def test_preferences(header: str | None, expected: Preferences) -> None:
    assert preferences(header) == expected


@pytest.mark.usefixtures("worker")
async def test_the_decision_comes_in_the_answer(platform: Platform) -> None:
    response = await platform.submit(headers=WAIT, content="cheap pills")
    view = await response.json()
    assert response.status == 200
    assert response.headers["Preference-Applied"] == "wait=5"
    assert view["state"] == "rejected"
    assert view["decision"]["reasons"][0]["code"] == "spam"
    assert view["decision"]["model"] == "words-1"
    assert await (await platform.ask("GET", platform.path())).json() == view
    edited = await platform.submit(headers=WAIT, content="I liked this after all.")
    assert edited.status == 200
    assert (await edited.json())["state"] == "approved"
    known = await platform.submit(headers=WAIT, content="I liked this after all.")
    assert await known.json() == await edited.json()


@pytest.mark.usefixtures("worker")
async def test_many_wait_at_once_and_each_gets_its_own(platform: Platform) -> None:
    texts = ["cheap pills" if n % 3 == 0 else "fine" for n in range(60)]
    answers = await asyncio.gather(
        *[platform.submit(headers=WAIT, id=str(n), content=text) for n, text in enumerate(texts)]
    )
    views = [await answer.json() for answer in answers]
    assert {answer.status for answer in answers} == {200}
    assert [view["platform_id"] for view in views] == [str(n) for n in range(60)]
    assert [view["state"] for view in views] == ["rejected" if "pills" in text else "approved" for text in texts]


@pytest.mark.usefixtures("worker")
async def test_a_waited_for_answer_is_remembered(platform: Platform) -> None:
    first = await platform.submit(headers=WAIT | {"Idempotency-Key": "k"}, content="cheap pills")
    again = await platform.submit(headers={"Idempotency-Key": "k"}, content="cheap pills")
    assert again.status == first.status == 200
    assert await again.json() == await first.json()


async def test_a_request_that_somebody_else_made_is_waited_for_too(platform: Platform) -> None:
    await platform.submit()  # the work entry names nobody to wake
    waiting = asyncio.create_task(platform.submit(headers=WAIT))
    await asyncio.sleep(0)
    await platform.judge()
    response = await waiting
    assert response.status == 200
    assert (await response.json())["state"] == "approved"


@pytest.mark.usefixtures("worker")
async def test_a_lost_subscription_costs_time_but_no_answer(platform: Platform, services: Services) -> None:
    await until(services.connection.client.pubsub_channels)
    assert await services.connection.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub") > 0
    response = await platform.submit(headers=WAIT)
    assert response.status == 200


@pytest.mark.usefixtures("worker")
async def test_a_decision_wakes_the_request(
    platform: Platform, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.waiting._SAFETY_LOOK", 60.0)  # so that only being woken helps
    await until(services.connection.client.pubsub_channels)
    assert (await platform.submit(headers=WAIT)).status == 200


class TestShortWaits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_wait": 0.1})

    async def test_without_a_verdict_in_time_it_is_taken_in_all_the_same(self, platform: Platform) -> None:
        response = await platform.submit(headers=WAIT)
        assert response.status == 202
        assert response.headers["Preference-Applied"] == "wait=0.1"
        assert (await response.json())["state"] == "pending"
        assert await platform.services.work.backlog() == 1

    async def test_not_waiting_is_a_preference_too(self, platform: Platform) -> None:
        response = await platform.submit(headers={"Prefer": "respond-async"})
        assert response.status == 202
        assert response.headers["Preference-Applied"] == "respond-async"
        assert "Preference-Applied" not in (await platform.submit(id="2", headers={"Prefer": "wait=0"})).headers


async def test_an_erasure_ends_the_wait(platform: Platform) -> None:
    await platform.submit()
    waiting = asyncio.create_task(platform.submit(headers=WAIT))
    await asyncio.sleep(0)
    await platform.ask("DELETE", platform.path())
    assert (await waiting).status == 410


async def test_a_stop_answers_at_once() -> None:
    waiting = Waiting()

    pending = Comment("c1", "blog", "1", State.PENDING, 1, 1, False, None, 0, 0)

    async def look() -> Comment:
        return pending

    with waiting.expecting("c1") as waker:
        asyncio.get_running_loop().call_soon(waiting.close)
        async with asyncio.timeout(10):
            assert await waiting.decided(waker, look, seconds=60, will_be_woken=True) is None
