"""Prometheus's own tool takes the alert rules that we ship."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMTOOL = ROOT / "build" / "clients" / "prometheus" / "usr" / "bin" / "promtool"
RULES = ROOT / "integrations" / "prometheus" / "alerts.yml"


def test_prometheus_takes_the_alert_rules() -> None:
    done = subprocess.run([PROMTOOL, "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
