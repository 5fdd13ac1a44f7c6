"""The alert rules are about metrics that there are, with labels and values that these have.

Each has a heading in docs/alerts.md that says what to do, in commands that there are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from service import cli
from service.settings import Settings
from tests.support.metrics import NAME, SELECTED, exposed

ROOT = Path(__file__).parents[1]
ALERTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "integrations/prometheus/alerts.yml").read_text())["groups"][0][
    "rules"
]
PAGE = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\S+)\n\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


@each_alert
def test_an_alert_is_about_something_that_is_there_before_it_happens(alert: dict[str, Any]) -> None:
    there = exposed()
    assert NAME.findall(alert["expr"])
    assert set(NAME.findall(alert["expr"])) <= set(there)
    for name, label, values in SELECTED.findall(alert["expr"]):
        for value in values.split("|"):
            assert (label, value) in there[name]


@each_alert
def test_an_alert_says_what_to_type(alert: dict[str, Any]) -> None:
    program, *words = alert["annotations"]["type"].split()
    assert program == "antechamber"
    command: Any = typer.main.get_command(cli.app)
    for word in words:
        if not hasattr(command, "commands"):
            break
        command = command.commands[word]


@each_alert
def test_an_alert_leads_to_what_it_means_and_what_to_look_at_and_to_type(alert: dict[str, Any]) -> None:
    page, _, heading = alert["annotations"]["runbook"].partition("#")
    assert (page, heading) == ("docs/alerts.md", alert["alert"].lower())
    section = SECTIONS[alert["alert"]]
    assert section.startswith(f"*{alert['labels']['severity']}: ")
    for part in ("Means", "Look at", "Type"):
        assert f"\n- **{part}:** " in section, part
    assert f"`{alert['annotations']['type']}`" in section


def test_the_page_has_no_alert_that_is_none() -> None:
    assert sorted(SECTIONS) == sorted(alert["alert"] for alert in ALERTS)


def test_the_page_says_the_limits_that_are_the_defaults() -> None:
    defaults = Settings()
    assert f"`ANTECHAMBER_SITE_BACKLOG` ({defaults.site_backlog:,})" in PAGE
    assert f"`ANTECHAMBER_MAX_BACKLOG` ({defaults.max_backlog:,})" in PAGE
    (backlog,) = [alert for alert in ALERTS if alert["alert"] == "AntechamberBacklog"]
    assert int(backlog["expr"].rpartition(" ")[2]) < defaults.site_backlog


def test_the_alerts_that_get_somebody_up_are_about_all_that_stands_still() -> None:
    """Nothing taken in, nothing judged, nothing told: each is a page."""
    pages = {alert["alert"] for alert in ALERTS if alert["labels"]["severity"] == "page"}
    assert {"AntechamberGone", "AntechamberRefuses", "AntechamberNobodyJudges", "AntechamberNobodyDelivers"} <= pages
    assert {alert["labels"]["severity"] for alert in ALERTS} == {"page", "ticket"}
