"""docs/metrics.md has every metric, as service/metrics.py describes it, and every value that its labels have from the start."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from service import metrics
from service.core.notice import Way
from service.core.resubmission import Again
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


def written(value: ast.expr) -> Iterator[str]:
    """The words that an argument can be, as far as they stand there."""
    match value:
        case ast.Constant(str(word)):
            yield word
        case ast.IfExp(body=body, orelse=orelse):
            yield from written(body)
            yield from written(orelse)


def counted() -> Iterator[tuple[str, str, str]]:
    """The metrics, labels and values that the source counts with."""
    for path in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(name) | ast.Attribute(attr=name), attr="labels")):
                    family = getattr(metrics, name, None)
                    if isinstance(family, MetricWrapperBase):
                        for label, value in zip(family._labelnames, node.args, strict=True):
                            yield from ((f"{family._name}_total", label, word) for word in written(value))
                case ast.keyword(arg="channel", value=ast.Constant(str(word))) if "web" in path.parts:
                    yield "antechamber_submissions_total", "channel", word


def script(name: str) -> str:
    return (ROOT / "service" / "store" / "scripts" / name).read_text(encoding="utf-8")


COUNTED = sorted({one for one in counted() if one[1] != "site" and one[0] != "antechamber_shadow_total"})


def test_the_walk_sees_what_is_counted() -> None:
    assert {name for name, _, _ in COUNTED} > {"antechamber_submissions_total", "antechamber_failures_total"}


@pytest.mark.parametrize(("name", "label", "value"), COUNTED)
def test_what_is_counted_is_there_before_its_first_event(name: str, label: str, value: str) -> None:
    assert value in VALUES[(name, label)]


@pytest.mark.parametrize(
    ("name", "label", "words"),
    [
        (
            "antechamber_judged_total",
            "outcome",
            set(re.findall(r"return '(\w+)' end", script("comment/transition.lua"))),
        ),
        ("antechamber_deliveries_total", "result", set(re.findall(r"word = '(\w+)'", script("delivery/settle.lua")))),
        (
            "antechamber_submissions_total",
            "word",
            {*re.findall(r"word = '(\w+)'", script("comment/submit.lua")), *Again, "replayed", "gone"},
        ),
        ("antechamber_notices_total", "way", set(Way) - {Way.FEED}),
    ],
)
def test_what_a_script_answers_is_there_before_its_first_event(name: str, label: str, words: set[str]) -> None:
    assert words
    assert words <= VALUES[(name, label)]


def test_every_trouble_of_redis_is_explained() -> None:
    table = re.search(r"\| `why` \| Redis … \|\n(.*?)\n\n", OPERATIONS, re.DOTALL)
    assert table is not None
    told = [word for line in table[1].splitlines() for word in re.findall(r"`([a-z-]+)`", line.split("|")[1])]
    assert sorted(told) == sorted(TROUBLES)
