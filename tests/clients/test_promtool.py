"""Prometheus's own tool takes what we ship for it; our rules fire when they should, and our dashboard finds something to show."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.metrics import GAUGES
from tests.support.metrics import exposed, families

ROOT = Path(__file__).parents[2]
PROMTOOL = ROOT / "build" / "clients" / "prometheus" / "usr" / "bin" / "promtool"
PROMETHEUS = ROOT / "integrations" / "prometheus"
RULES = PROMETHEUS / "alerts.yml"
ALERTS = {rule["alert"]: rule for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
DASHBOARD = json.loads((ROOT / "integrations" / "grafana" / "antechamber.json").read_text(encoding="utf-8"))

QUIET = {
    "antechamber_store_up": "1x120",
    "antechamber_store_writable": "1x120",
    "antechamber_backlog": "3x120",
    "antechamber_oldest_pending_seconds": "0.4x120",
    "antechamber_dead_letters": "0x120",
    "antechamber_undelivered": "2x120",
    "antechamber_backup_timestamp_seconds": "0x120",
    "antechamber_sites_due": "1x120",
    "antechamber_sites_failing": "0x120",
    'antechamber_deliveries_total{result="delivered"}': "0+60x120",
    'antechamber_submissions_total{channel="api", word="accepted"}': "0+60x120",
    'antechamber_submissions_total{channel="api", word="backlog-full"}': "4x120",
    'antechamber_submissions_total{channel="api", word="store-unavailable"}': "7x120",
    'antechamber_judged_total{outcome="approve"}': "0+40x120",
    'antechamber_judged_total{outcome="hold"}': "0+20x120",
    'antechamber_store_failures_total{why="down"}': "9x120",
    'antechamber_model_loads_total{result="loaded"}': "0+1x120",
    'antechamber_model_loads_total{result="failed"}': "1x120",
    'antechamber_model_alerts_total{site="blog", what="drift"}': "1x120",
    'antechamber_notices_total{way="mail", result="failed"}': "3x120",
    'antechamber_sign_ins_total{result="wrong"}': "0+1x120",
    'antechamber_failures_total{where="request"}': "1x120",
    'antechamber_httpbl_total{result="timeout"}': "5x120",
    'antechamber_other_reader_total{result="failed"}': "5x120",
}
"""Two hours of a service that is well, and was not always: series and what they are, minute by minute."""
GROWS = "0+1x120"
TROUBLE: dict[str, dict[str, str]] = {
    "AntechamberGone": {"antechamber_store_up": "1x10 _x110", "antechamber_store_writable": "1x10 _x110"},
    "AntechamberRedisAway": {"antechamber_store_up": "0x120"},
    "AntechamberRedisTakesNoWrites": {"antechamber_store_writable": "0x120"},
    "AntechamberRefuses": {'antechamber_submissions_total{channel="api", word="backlog-full"}': GROWS},
    "AntechamberNobodyJudges": {"antechamber_oldest_pending_seconds": "61x120"},
    "AntechamberBacklog": {"antechamber_backlog": "50001x120"},
    "AntechamberNobodyDelivers": {'antechamber_deliveries_total{result="delivered"}': "0+60x30 _x90"},
    "AntechamberRedisFails": {'antechamber_store_failures_total{why="down"}': GROWS},
    "AntechamberDeadLetters": {"antechamber_dead_letters": "1x120"},
    "AntechamberReceiverFails": {"antechamber_sites_failing": "1x120"},
    "AntechamberUndelivered": {"antechamber_undelivered": GROWS},
    "AntechamberHoldsMore": {'antechamber_judged_total{outcome="hold"}': "0+50x120"},
    "AntechamberModelNotLoaded": {'antechamber_model_loads_total{result="failed"}': GROWS},
    "AntechamberModelDrifts": {'antechamber_model_alerts_total{site="blog", what="drift"}': "0x100 1x19"},
    "AntechamberNoticesFail": {'antechamber_notices_total{way="mail", result="failed"}': "0x100 1x19"},
    "AntechamberSignInsFail": {'antechamber_sign_ins_total{result="wrong"}': "0+10x120"},
    "AntechamberBackupOld": {"antechamber_backup_timestamp_seconds": f"1x{37 * 60}"},
    "AntechamberUnexpected": {'antechamber_failures_total{where="request"}': "0x115 1x4"},
    "AntechamberHttpblFails": {'antechamber_httpbl_total{result="timeout"}': GROWS},
    "AntechamberOtherReaderFails": {'antechamber_other_reader_total{result="failed"}': GROWS},
}
"""What each alert is for: how the series are then that differ."""


def promtool(*words: object) -> None:
    done = subprocess.run([PROMTOOL, *map(str, words)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def rule_test(file: Path, rules: Path, cases: list[dict[str, Any]]) -> None:
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": cases}))
    promtool("test", "rules", file)


def series(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": how} for name, how in values.items()]


def expected(name: str, labels: dict[str, str]) -> dict[str, Any]:
    rule = ALERTS[name]
    told = dict(rule["annotations"])
    for label, value in labels.items():
        told["summary"] = told["summary"].replace(f"{{{{ $labels.{label} }}}}", value)
    return {"exp_labels": {"severity": rule["labels"]["severity"], **labels}, "exp_annotations": told}


def test_prometheus_takes_the_alert_rules_and_the_settings() -> None:
    promtool("check", "rules", RULES)
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


def test_no_alert_fires_while_all_is_well(tmp_path: Path) -> None:
    quiet = [{"eval_time": "2h", "alertname": name, "exp_alerts": []} for name in ALERTS]
    rule_test(
        tmp_path / "quiet.yml", RULES, [{"interval": "1m", "input_series": series(QUIET), "alert_rule_test": quiet}]
    )


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_when_it_should(name: str, tmp_path: Path) -> None:
    labels = {
        "AntechamberRefuses": {"word": "backlog-full"},
        "AntechamberRedisFails": {"why": "down"},
        "AntechamberModelDrifts": {"site": "blog", "what": "drift"},
        "AntechamberNoticesFail": {"way": "mail"},
        "AntechamberUnexpected": {"where": "request"},
    }.get(name, {})
    when = "37h" if name == "AntechamberBackupOld" else "2h"
    fires = [{"eval_time": when, "alertname": name, "exp_alerts": [expected(name, labels)]}]
    case = {"interval": "1m", "input_series": series(QUIET | TROUBLE[name]), "alert_rule_test": fires}
    rule_test(tmp_path / "trouble.yml", RULES, [case])


def everything_counts() -> dict[str, str]:
    """Every series that is scraped before anything has happened, and one of each metric that has none then; all of them grow."""
    found = dict.fromkeys(GAUGES, GROWS)
    for name, pairs in exposed().items():
        family = families().get(name.removesuffix("_total").removesuffix("_bucket").removesuffix("_count"))
        by_label: dict[str, set[str]] = {label: {"some"} for label in (family._labelnames if family else ())}
        for label, value in pairs:
            by_label.setdefault(label, set()).add(value)
        if name == "antechamber_shadow_total":
            by_label["word"] |= {"agreed", "disagreed"}
        if name.startswith("process_"):
            by_label["job"] = {"antechamber-worker"}
        if name.endswith("_bucket"):
            by_label["le"] = {"0.5", "1", "+Inf"}
        longest = max((len(values) for values in by_label.values()), default=1)
        for number in range(longest):  # each value of each label once
            labels = [f'{label}="{sorted(values)[number % len(values)]}"' for label, values in sorted(by_label.items())]
            found[f"{name}{{{', '.join(labels)}}}" if labels else name] = GROWS
    found['ALERTS{alertname="AntechamberBacklog", alertstate="firing"}'] = "1x120"
    return found


def test_every_panel_of_the_dashboard_has_something_to_show(tmp_path: Path) -> None:
    queries = {
        f"panel_{panel['id']}_{target['refId']}": target["expr"].replace("$__rate_interval", "5m")
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    }
    assert len(queries) > 30
    shows = [{"alert": name, "expr": f"count({query}) > 0"} for name, query in queries.items()]
    rules = tmp_path / "dashboard.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": shows}]}))
    promtool("check", "rules", rules)
    there = [{"eval_time": "2h", "alertname": name, "exp_alerts": [{"exp_labels": {}}]} for name in queries]
    case = {"interval": "1m", "input_series": series(everything_counts()), "alert_rule_test": there}
    rule_test(tmp_path / "shown.yml", rules, [case])
