"""The alert rules are about metrics that there are, with labels and values that these have, and name commands that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from prometheus_client import REGISTRY

from service import cli, metrics
from service.usecases import health

RULES = Path(__file__).parents[1] / "integrations" / "prometheus" / "alerts.yml"
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
_SELECTED = re.compile(r"(antechamber_\w+)(?:\{(\w+)=(~?)\"([^\"]+)\"\})?")


def known() -> dict[str, set[tuple[str, str]]]:
    """Every metric as it is scraped before anything has happened, and the labels that it has then."""
    assert health.Health
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in metrics.GAUGES}
    for family in REGISTRY.collect():
        found.setdefault(family.name + ("_total" if family.type == "counter" else ""), set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels.items())
    return found


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_about_something_that_is_there_before_it_happens(alert: dict[str, Any]) -> None:
    there = known()
    selected = _SELECTED.findall(alert["expr"])
    assert selected
    for name, label, _, values in selected:
        assert name in there
        for value in values.split("|") if label else ():
            assert (label, value) in there[name]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_to_type_and_the_page_has_it(alert: dict[str, Any]) -> None:
    program, *words = alert["annotations"]["type"].split()
    assert program == "antechamber"
    command: Any = typer.main.get_command(cli.app)
    for word in words:
        if not hasattr(command, "commands"):
            break
        command = command.commands[word]
    page = (RULES.parents[2] / "docs" / "operations.md").read_text()
    assert all(name in page for name, *_ in _SELECTED.findall(alert["expr"]))
