"""docs/metrics.md has every metric, as service/metrics.py describes it, and every value that its labels have from the start."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from service.core.server import TROUBLES
from service.metrics import GAUGES, MODEL_ALERT_KINDS
from tests.support.metrics import exposed, families

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def row(family: MetricWrapperBase) -> str:
    ending = "_total" if family._type == "counter" else ""
    labels = ", ".join(f"`{label}`" for label in family._labelnames)
    return f"| `{family._name}{ending}` | {family._type} | {labels} | {family._documentation} |"


def test_every_gauge_is_there() -> None:
    expected = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in GAUGES.items())
    assert f"\n{expected}\n\n" in PAGE, f"docs/metrics.md should hold:\n{expected}"


def test_everything_that_is_counted_is_there() -> None:
    expected = "\n".join(map(row, families().values()))
    assert f"\n{expected}\n\n" in PAGE, f"docs/metrics.md should hold:\n{expected}"


def values() -> dict[tuple[str, str], set[str]]:
    """Of each metric and label the values that are there from the start."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    found[("antechamber_model_alerts_total", "what")] = set(MODEL_ALERT_KINDS)
    for name, pairs in exposed().items():
        for label, value in pairs:
            if name.startswith("antechamber_") and name.endswith("_total") and label not in ("site", "le"):
                found[(name, label)].add(value)
    return found


VALUES = values()  # while tests are collected: what they count comes later


@pytest.mark.parametrize(("name", "label"), sorted(VALUES))
def test_every_value_of_a_label_is_there(name: str, label: str) -> None:
    told = re.search(rf"^\| `{name}` \| `{label}` \| (.*) \|$", PAGE, re.MULTILINE)
    assert told is not None
    assert set(re.findall(r"`([^`]+)`", told[1])) == VALUES[(name, label)]


def test_every_trouble_of_redis_is_explained() -> None:
    table = re.search(r"\| `why` \| Redis … \|\n(.*?)\n\n", OPERATIONS, re.DOTALL)
    assert table is not None
    told = [word for line in table[1].splitlines() for word in re.findall(r"`([a-z-]+)`", line.split("|")[1])]
    assert sorted(told) == sorted(TROUBLES)
