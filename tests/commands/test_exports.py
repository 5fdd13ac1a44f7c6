"""What is exported is everything, and comes in again as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.clock import now_ms
from service.commands import console
from service.container import Services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.submission import comment_id
from service.workers.classify import Worker
from tests.commands.conftest import Run
from tests.support.moderation import WordScorer, submission

ADDRESS = "ann@example.com"
EVE = Actor(ActorKind.MODERATOR, "eve")
WRITTEN = 1_700_000_000_123


async def furnish(services: Services) -> None:
    """A comment of each fate, one edited, one erased, one still waiting."""
    site = (await services.accounts.get("blog")).site
    more: dict[str, Any] = {"email": ADDRESS, "created_at": WRITTEN, "page_title": "A post", "parent_id": "0x"}
    for name, text in (
        ("fine", f"I liked this, says {ADDRESS}."), ("bad", "cheap pills"), ("held", "maybe"), ("gone", "Forget me."),
        ("edited", "As it was."),
    ):  # fmt: skip
        await services.moderation.submit(site, submission(services, name, text, kind="review", **more))
    await services.moderation.submit(site, submission(services, "edited", "As it is.", **more))
    await Worker(services, WordScorer()).drain()
    decide = services.moderation.decide
    await decide(site, comment_id("blog", "edited"), Outcome.REJECT, actor=EVE, reasons=("insult",), note="Rude.")
    await services.moderation.erase(site, comment_id("blog", "gone"), EVE)
    await services.moderation.submit(site, submission(services, "waits", "Not yet.", **more))


@pytest.fixture
def lines(run: Run, tmp_path: Path) -> dict[str, Any]:
    """What was exported, by the platform's id; beside it `file`."""
    run("sites", "add", "blog", "--url", "https://blog.example")
    console.run(furnish)
    file = tmp_path / "blog.jsonl"
    ended = run("export", "blog", "--output", str(file))
    assert (ended.code, ended.out, ended.err.strip()) == (0, "", "Exported 5 comments.")
    records = [json.loads(line) for line in file.read_text().splitlines()]
    return {record["id"]: record for record in records} | {"file": file}


def test_everything_is_there(run: Run, lines: dict[str, Any]) -> None:
    file = lines.pop("file")
    assert file.stat().st_mode & 0o777 == 0o600
    assert ADDRESS not in file.read_text()
    assert set(lines) == {"blog", "fine", "bad", "held", "edited", "waits"}
    assert lines["blog"]["record"] == "site"
    assert lines["blog"]["policy"]["mode"] == "by-score"
    fine, bad, edited = lines["fine"], lines["bad"], lines["edited"]
    assert (fine["state"], fine["spam"], fine["kind"], fine["created_at"]) == (
        "approved", None, "review", "2023-11-14T22:13:20.123Z",
    )  # fmt: skip
    assert fine["page_url"] == "https://blog.example/post"
    assert fine["comment"]["author"]["digest"].startswith("e1.")
    assert (bad["state"], bad["spam"]) == ("rejected", True)
    assert bad["history"][-1]["decision"]["reasons"][0]["code"] == "spam"
    assert (edited["state"], edited["spam"], edited["earlier"]) == ("rejected", None, [{"content": "As it was."}])
    assert edited["history"][-1]["actor"] == "moderator:eve"
    assert edited["history"][-1]["decision"]["note"] == "Rude."
    assert run("export", "blog", "--output", str(file)).code == 2  # what is there is kept
    assert run("export", "nowhere").code == 1


def test_it_comes_in_again_as_it_was(run: Run, lines: dict[str, Any], tmp_path: Path) -> None:
    run("sites", "add", "other", "--url", "https://other.example")
    done = run(
        "import",
        str(lines.pop("file")),
        "--site",
        "other",
        "--same-platform",
        "--json",
        "--left-out",
        str(tmp_path / "left"),
    )
    assert done.code == 0, done.err
    for name, state in (("fine", "approved"), ("bad", "rejected"), ("held", "flagged"), ("edited", "rejected")):
        shown = run("comments", "show", "other", name, "--json")
        assert shown.code == 0, (name, shown.err, done.out)
        there = shown.json["comment"]
        assert there["state"] == state
        for field in ("content", "created_at", "platform_id", "parent_id"):
            assert there[field] == lines[name]["comment"][field], (name, field)
        assert there["author"]["name"] == "Ann"
        assert there["page"] == lines[name]["comment"]["page"]


def test_it_goes_to_standard_output(run: Run, lines: dict[str, Any]) -> None:
    ended = run("export", "blog")
    assert json.loads(ended.out.splitlines()[0])["id"] == "blog"
    assert len(ended.out.splitlines()) == len(lines) - 1


def test_what_came_in_under_a_wrong_clock_is_exported_listed_and_erased_too(
    run: Run, blog: dict[str, str], tmp_path: Path
) -> None:
    """The clock was a day ahead, and is put right now."""

    async def furnish(services: Services) -> None:
        services.moderation._clock = lambda: now_ms() + 86_400_000
        site = (await services.accounts.get("blog")).site
        await services.moderation.submit(site, submission(services, "ahead", "I liked this.", email=ADDRESS))

    console.run(furnish)
    assert len(run("comments", "list", "blog", "--json").json) == 1
    assert run("export", "blog", "--output", str(tmp_path / "blog.jsonl")).err.strip() == "Exported 1 comment."
    assert "Erased 1 comment." in run("erase", "blog", "--all", "--yes").out
