"""docs/webhooks.md and docs/notifications.md keep up with what the deliverer does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.core.lifecycle import State
from service.settings import Settings

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs/webhooks.md").read_text()
NOTIFICATIONS = (ROOT / "docs/notifications.md").read_text()


def words() -> list[str]:
    """Every word that the delivery log may give as an error."""
    found: set[str] = set()
    for path in ((ROOT / "service/lookups/receivers.py"), *(ROOT / "service/workers/deliver").glob("*.py")):
        source = path.read_text()
        found.update(re.findall(r'(?:error=|return |, |else |or )"([a-z]+(?:-[a-z]+)+)"', source))
        found.update(re.findall(r'(?:error=|return |Error, |or )"([a-z]+)"', source))
    return sorted(found)


def test_the_words_are_found() -> None:
    assert {"timeout", "refused", "blocked-address", "broken-answer", "no-receiver", "gone", "internal"} <= set(words())


@pytest.mark.parametrize("word", words())
def test_every_error_is_explained(word: str) -> None:
    assert f"| `{word}`" in DOCS or f"| `{word}`" in NOTIFICATIONS


@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_every_event_is_explained(state: State) -> None:
    assert f"| `comment.{state}`" in DOCS


def test_the_schedule_is_the_default_one() -> None:
    rows = re.findall(r"^\| (\d+) +\| ([a-z0-9 ]+?) +\| ", DOCS, re.MULTILINE)
    units = {"seconds": 1, "minutes": 60, "hours": 3_600}
    told = [0 if delay == "at once" else int(delay.split()[0]) * units[delay.split()[1]] for _, delay in rows]
    assert tuple(told) == Settings().deliver_schedule
