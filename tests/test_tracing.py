"""Spans: when there are any, what they may carry, and how their place travels beside a comment."""

from __future__ import annotations

import ast
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service import tracing
from service.container import Services
from service.core.site import Known
from service.core.work import Job
from service.workers.classify import Worker
from tests.support.collector import Collector, Span, collector
from tests.support.moderation import WordScorer, submission

SOURCE = Path(tracing.__file__)
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collector() as found:
        monkeypatch.setenv(ENDPOINT, found.url)
        yield found
        tracing.end()


def sent(collected: Collector) -> list[Span]:
    """Everything, once tracing has ended."""
    assert tracing._provider is not None
    tracing._provider.force_flush()  # a stop is in more of a hurry
    tracing.end()
    return collected.spans


def test_where_nobody_asks_there_are_no_spans_and_opentelemetry_is_not_imported() -> None:
    """It is imported by one module, in functions that are called only then."""
    named = [path for path in SOURCE.parent.rglob("*.py") if "opentelemetry" in path.read_text().lower()]
    assert named == [SOURCE]
    at_once = [node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [node for node in at_once if "opentelemetry" in ast.unparse(node)]
    assert not tracing.on()
    tracing.begin("api")
    assert not tracing.on()
    with tracing.root("request", within=f"00-{'1' * 32}-{'2' * 16}-01") as span, tracing.span("take in") as inner:
        assert span is inner is tracing.NOTHING
        assert tracing.here() == ""


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({ENDPOINT: "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "console, otlp"}, True),
    ],
)
def test_the_standard_variables_switch_it_on(
    environment: dict[str, str], asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tracing.asked() is asked


@pytest.mark.parametrize("what", ["missing", "grpc", "nonsense"])
def test_what_keeps_a_process_from_being_traced_keeps_it_from_nothing_else(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    if what == "missing":
        monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    if what == "grpc":
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    if what == "nonsense":
        monkeypatch.setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "many")
    with capture_logs() as lines:
        tracing.begin("worker")
    assert not tracing.on()
    assert [(line["event"], line["role"]) for line in lines] == [("not traced", "worker")]


def test_a_stop_does_not_wait_for_a_collector_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3")
        tracing.begin("deliver")
        with tracing.root("request"):
            pass
        began = time.monotonic()
        tracing.end()
        assert time.monotonic() - began < 2.5


def test_a_span_carries_what_is_on_the_list_and_nothing_else(collected: Collector) -> None:
    tracing.begin("api")
    others = dict.fromkeys(("text", "author", "email", "address", "digest"), "secret")
    with tracing.root("request", **dict.fromkeys(tracing.FIELDS, "x" * 300), **others) as span:
        span.note(content="secret", **others)
    (only,) = sent(collected)
    assert only.carries == dict.fromkeys(tracing.FIELDS.values(), "x" * 100)
    assert b"secret" not in b"".join(collected.bodies)


def test_the_page_for_operators_names_every_field() -> None:
    text = (SOURCE.parent.parent / "docs/operations.md").read_text()
    assert [name for name in tracing.FIELDS.values() if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("header", "goes_on"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", True),
        (f"00-{'a' * 32}-{'b' * 16}-03", True),
        (f"01-{'a' * 32}-{'b' * 16}-01-more", True),
        (f"00-{'a' * 32}-{'b' * 16}-00", None),  # whoever asks leaves it out, and so do we
        (f"ff-{'a' * 32}-{'b' * 16}-01", False),
        (f"00-{'0' * 32}-{'b' * 16}-01", False),
        (f"00-{'A' * 32}-{'b' * 16}-01", False),
        (f"00-{'a' * 32}-{'b' * 16}-01\n", False),
        ("ann@example.com", False),
        ("", False),
    ],
)
def test_a_trace_of_the_platforms_goes_on_if_it_can_be_read(
    header: str, goes_on: bool | None, collected: Collector
) -> None:
    tracing.begin("api")
    with tracing.root("request", "server", header), tracing.span("take in"):
        here = tracing.here()
    spans = sent(collected)
    if goes_on is None:
        assert (here, spans) == ("", [])
        return
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", here)
    assert (spans[-1].trace == "a" * 32) is goes_on
    assert len({one.trace for one in spans}) == 1


def test_what_fails_is_marked_by_its_kind_alone(collected: Collector) -> None:
    tracing.begin("api")
    with pytest.raises(ValueError, match="secret"), tracing.root("request"), tracing.span("take in"):
        raise ValueError("secret words")
    assert [(one.failed, one.carries) for one in sent(collected)] == [(True, {"error.type": "ValueError"})] * 2
    assert b"secret" not in b"".join(collected.bodies)


async def test_comments_that_are_judged_together_have_a_trace_each(
    services: Services, site: Known, collected: Collector
) -> None:
    tracing.begin("worker")
    places = {}
    for number in range(3):
        with tracing.root("request") if number else tracing.NOTHING:
            places[(await services.moderation.submit(site.site, submission(services, str(number)))).comment] = (
                tracing.here()
            )
    assert await Worker(services, WordScorer()).drain() == 3
    spans = sent(collected)
    judged = [one for one in spans if one.name == "judge"]
    assert {(one.carries["antechamber.comment"], one.trace) for one in judged} == {
        (name, place.split("-")[1]) for name, place in places.items() if place
    }
    assert {one.carries["antechamber.batch"] for one in judged} == {3}
    for one in judged:
        assert [step.name for step in spans if step.parent == one.id] == ["look up", "signals", "policy", "decide"]


async def test_who_is_not_traced_hands_on_what_others_trace(
    services: Services, site: Known, collected: Collector
) -> None:
    """An API that is traced, a worker that is not, a deliverer that is: what an older version wrote has no place at all."""
    tracing.begin("api")
    with tracing.root("request"):
        here = tracing.here()
        await services.moderation.submit(site.site, submission(services, "1"))
    await services.moderation.submit(site.site, submission(services, "2"))
    tracing.end()
    jobs = await services.work.claim("w", count=9, idle_ms=60_000, block_ms=1)
    assert [job.trace for job in jobs] == [here, ""]
    await services.classification.judge(jobs, {site.site.id: site.site}, WordScorer())
    told = await services.outbox.claim(now=2**42, leased_until=2**42 + 1, most=9, per_site=9, room={})
    assert sorted(one.trace for one in told) == ["", here]
    assert Job("1-1", "c", "s", 1, "", 1).trace == ""
