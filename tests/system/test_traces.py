"""One trace from the request that brings a comment to its call-back, through real processes to a real collector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.collector import Collector, Span, collector
from tests.support.waiting import until
from tests.system.stack import comment, running

TRACE, PARENT = "ab" * 16, "cd" * 8
STEPS = ["look up", "signals", "words", "policy", "decide"]
CARRIED = {
    "http.request.method", "http.route", "http.response.status_code", "error.type",
    *(f"antechamber.{name}" for name in (
        "batch", "channel", "comment", "delivery", "outcome", "result", "site", "tries", "type", "word",
    )),
}  # fmt: skip


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collector() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield found


def named(spans: list[Span], name: str) -> Span:
    (found,) = [one for one in spans if one.name == name]
    return found


async def test_one_trace_from_the_request_to_the_call_back_and_nobody_in_it(
    tmp_path: Path, collected: Collector
) -> None:
    strange = [f"distinctive{number}x" for number in range(14)]
    (text, name, mail, page, title, agent, identity, parent, form, request, state, bag, nowhere, key) = strange
    async with running(tmp_path, reader="off") as (stack, receiver, site):
        bearer = {"Authorization": f"Bearer {site['api_key']}"}
        async with aiohttp.ClientSession(stack.base) as session:
            said = comment(identity, f"{text} I liked this.", name=name, email=f"{mail}@example.com", user_agent=agent)
            said["page"] = {"url": f"https://blog.example/{page}", "title": title}
            said |= {"parent_id": parent, "context": {"parent_text": parent}, "form": {"more": form}}
            headers = {
                "Prefer": "wait=10", "traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": f"other={state}",
                "baggage": f"who={bag}", "X-Request-Id": request, "Idempotency-Key": key,
            }  # fmt: skip
            async with session.post("/v1/comments", json=said, headers=bearer | headers) as response:
                assert response.status == 200
                ours = await response.json()
            await until(lambda: receiver.headers)
            async with session.post(f"/{nowhere}?{nowhere}", data=nowhere) as response:
                assert response.status == 404
            async with session.get("/v1/comments", headers=bearer) as response:
                assert response.status == 200
            decision = {"decision": "reject", "reasons": ["spam"]}
            async with session.post(f"/v1/comments/{ours['id']}/decision", json=decision, headers=bearer) as response:
                assert response.status == 200, await response.text()
            await until(lambda: len(receiver.headers) == 2)
            await until(lambda: len([one for one in collected.spans if one.name == "call-back"]) == 2)
        log = stack.log.read_text()
    spans = collected.of(TRACE)  # everything has stopped, and sent what was left
    assert collected.paths == {"/v1/traces"}

    asked, taken, judged = named(spans, "POST /v1/comments"), named(spans, "take in"), named(spans, "judge")
    queue, told = named(spans, "queue"), named(spans, "call-back")
    assert sorted(one.name for one in spans) == sorted(
        ["POST /v1/comments", "take in", "queue", "judge", *STEPS, "call-back"]
    )
    assert [one.parent for one in (asked, taken, queue, judged, told)] == [
        PARENT, asked.id, taken.id, taken.id, judged.id,
    ]  # fmt: skip
    assert [one.name for one in spans if one.parent == judged.id] == [*STEPS, "call-back"]
    assert [(one.service, one.kind) for one in (asked, taken, judged, told)] == [
        ("antechamber-api", "server"), ("antechamber-api", "producer"),
        ("antechamber-worker", "consumer"), ("antechamber-deliver", "client"),
    ]  # fmt: skip
    assert queue.ended == judged.began <= judged.ended
    assert asked.began <= taken.began <= taken.ended <= asked.ended
    assert judged.carries == {
        "antechamber.comment": ours["id"], "antechamber.site": "blog", "antechamber.tries": 1, "antechamber.batch": 1,
        "antechamber.word": "applied", "antechamber.outcome": ours["decision"]["outcome"],
    }  # fmt: skip
    assert asked.carries["http.response.status_code"] == 200
    assert told.carries["antechamber.result"] == "delivered"
    assert receiver.headers[0]["traceparent"] == f"00-{TRACE}-{told.id}-01"
    assert not [one for one in spans if one.failed]

    # A moderator's word has a trace of its own, which leads to its call-back; what only reads has none.
    decided = named(collected.spans, "POST /v1/comments/{id}/decision")
    (second,) = [one for one in collected.of(decided.trace) if one.name == "call-back"]
    assert (second.parent, decided.parent) == (decided.id, "")
    assert receiver.headers[1]["traceparent"].startswith(f"00-{decided.trace}-")
    assert not [one for one in collected.spans if one.name.startswith("GET")]

    assert {field for one in collected.spans for field in one.carries} <= CARRIED
    sent = b"".join(collected.bodies).lower()
    for trace in [*strange, ours["author"]["digest"].rpartition(".")[2], "192.0.2.7", "someone", site["api_key"]]:
        assert trace.lower().encode() not in sent, trace
    assert "not traced" not in log
