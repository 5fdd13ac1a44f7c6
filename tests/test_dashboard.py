"""The dashboard asks for metrics that there are, by labels and values that these have.

It shows all of them, and says what it shows.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.metrics import GAUGES
from tests.support.metrics import GROUPED, NAME, SELECTED, exposed, families, labels

FILE = Path(__file__).parents[1] / "integrations" / "grafana" / "antechamber.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
UNITS = {"short", "none", "s", "bytes", "cps", "reqps", "percentunit", "bool_yes_no"}  # Grafana's ids of those in use
BY_PROMETHEUS = {"job", "instance"}  # labels that every metric gets when it is scraped
each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def asks_for_alerts(expression: str) -> bool:
    """Whether it is about our alerts, which Prometheus counts by itself."""
    return 'ALERTS{alertname=~"Antechamber' in expression


@each_panel
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    for target in (panel, *panel["targets"]):
        assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_panel
def test_a_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    there, may_have = exposed(), labels()
    for target in panel["targets"]:
        expression = target["expr"]
        names = set(NAME.findall(expression))
        assert names or asks_for_alerts(expression)
        assert names <= set(there)
        for name, label, values in SELECTED.findall(expression):
            assert label in may_have[name] | BY_PROMETHEUS
            if there[name]:  # not where values come with the first event
                assert all((label, value) in there[name] for value in values.split("|"))
        grouped = {label.strip() for found in GROUPED.findall(expression) for label in found.split(",")}
        for name in names:
            assert grouped <= may_have[name] | BY_PROMETHEUS, name
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert shown <= grouped | (BY_PROMETHEUS if not grouped else set()), "a legend of a label that is summed away"


@each_panel
def test_a_unit_is_that_of_what_is_asked_for(panel: dict[str, Any]) -> None:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for expression in expressions(panel):
        seconds = "histogram_quantile" in expression or expression.endswith("_seconds)")
        assert (unit == "s") == seconds, expression
        assert (unit in ("cps", "reqps")) == (
            "rate(" in expression and not seconds and "/" not in expression and "cpu" not in expression
        ), expression
        assert (unit == "bytes") == ("_bytes" in expression), expression


def test_it_shows_everything_that_is_counted() -> None:
    asked = {name for panel in PANELS for expression in expressions(panel) for name in NAME.findall(expression)}
    bare = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in asked}
    assert {*families(), *GAUGES} <= bare | asked


def test_the_first_rows_say_whether_all_is_well() -> None:
    first = {panel["title"]: expressions(panel)[0] for panel in PANELS if panel["gridPos"]["y"] < 8}
    for name in (
        "antechamber_store_up", "antechamber_store_writable", "antechamber_backlog", "antechamber_oldest_pending_seconds",
        "antechamber_sites_failing", "antechamber_undelivered", "antechamber_dead_letters", "ALERTS",
    ):  # fmt: skip
        assert any(name in expression for expression in first.values()), name


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_it_can_be_put_into_any_grafana() -> None:
    """No data source, folder or number of the machine that it was made on."""
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource"]
    assert DASHBOARD["templating"]["list"][0]["query"] == "prometheus"
    assert "id" not in DASHBOARD
    assert "__inputs" not in DASHBOARD
