"""What reaches the log: allowed fields, no text of anybody's, one line a request."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient

from service import logs
from service.app import api_application
from service.container import Services
from service.core.site import Known
from service.settings import Settings
from tests.support.moderation import WordScorer
from tests.support.platform import Platform, body

SECRET = "zqxwv@example.com"


@pytest.fixture
def written(settings: Settings, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[Any]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(settings)

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capfdbinary.readouterr().err.splitlines()]

    yield read
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_only_allowed_fields_are_written(written: Any) -> None:
    structlog.get_logger().warning(
        "something happened", site="blog", email=SECRET, content=SECRET, count=3, error=object()
    )
    (line,) = written()
    assert {key: line[key] for key in ("event", "level", "site", "count", "error")} == {
        "event": "something happened", "level": "warning", "site": "blog", "count": 3, "error": "object",
    }  # fmt: skip
    assert set(line) == {"event", "level", "timestamp", "site", "count", "error"}


def test_other_libraries_are_reduced_to_place_and_kind(written: Any) -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    try:
        fail()
    except ValueError:
        logging.getLogger("somebody.else").exception("it failed for %s", SECRET)
    logging.getLogger("asyncio").error("Task exception was never retrieved %s", SECRET)
    logging.getLogger("chatty").info("nothing worth it")
    failed, task = written()
    assert failed["logger"] == "somebody.else"
    assert failed["error"] == "ValueError"
    assert failed["frames"][-1].endswith(" fail")
    assert task["logger"] == "asyncio"
    assert SECRET not in json.dumps([failed, task])


class _Broken(WordScorer):
    def explain(self, case: object, label: str, version: str = "", readers: object = None) -> Any:
        raise RuntimeError(f"can't explain {SECRET}")


async def test_one_line_a_request_and_nothing_of_the_request(
    written: Any, aiohttp_client: Any, services: Services, site: Known
) -> None:
    client: TestClient[Any, Any] = await aiohttp_client(api_application(services, load_scorer=_Broken))
    platform = Platform(client, services, site)
    await platform.submit(content=f"write to {SECRET}", headers={"X-Request-Id": "trace-0001"})
    await platform.ask("GET", f"/v1/comments/{SECRET}?author={SECRET}")
    await platform.ask("GET", f"/{SECRET}")
    await platform.ask("PURGE", f"/{SECRET}")
    broken = await platform.ask("GET", platform.path(more="/explanation"))
    assert broken.status == 500
    assert SECRET not in await broken.text()
    assert (await broken.json())["type"] == "/problems/internal"
    found = written()
    assert SECRET not in json.dumps(found)
    assert "zqxwv" not in json.dumps(found)
    requests = [line for line in found if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("POST", "/v1/comments", 202),
        ("GET", "unmatched", 404),
        ("GET", "unmatched", 404),
        ("other", "unmatched", 404),
        ("GET", "/v1/comments/{id}/explanation", 500),
    ]
    assert requests[0] | {"ms": 0, "timestamp": ""} == {
        "event": "request", "level": "info", "timestamp": "", "method": "POST", "route": "/v1/comments", "status": 202,
        "ms": 0, "site": "blog", "request_id": "trace-0001",
    }  # fmt: skip
    (failed,) = [line for line in found if line["event"] == "request failed"]
    assert failed["error"] == "RuntimeError"
    assert failed["request_id"] == requests[-1]["request_id"]
    assert failed["frames"][-1].endswith(" explain")


async def test_a_forgotten_task_is_noticed_without_its_words(written: Any) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    task = asyncio.get_running_loop().create_task(fail())
    await asyncio.wait([task])
    asyncio.get_running_loop().call_exception_handler({"message": SECRET, "exception": task.exception()})
    (line,) = written()
    assert line["logger"] == "asyncio"
    assert line["error"] == "ValueError"
    assert SECRET not in json.dumps(line)


def test_a_body_is_not_among_the_fields() -> None:
    assert not set(body()) & logs.FIELDS - {"id"}
