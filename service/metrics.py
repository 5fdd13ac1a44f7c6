"""What is counted, for operators: Prometheus metrics of every role, and the text that /metrics answers.

The processes of one `antechamber serve` share a folder (prometheus_client's multiprocess mode, `PROMETHEUS_MULTIPROC_DIR`,
set before this module is imported), so that the API's /metrics speaks for all of them. A role that runs by itself serves
its own numbers on `ANTECHAMBER_METRICS_PORT`. Labels hold names of ours only: no ids, no addresses, no text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import product
from typing import TypeVar

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

SUBMISSIONS = Counter(
    "antechamber_submissions_total", "Submissions by entrance and by what became of them.", ["channel", "word"]
)
REQUESTS = Histogram("antechamber_request_seconds", "Time to answer a request.", ["route", "status"], buckets=_FAST)
JUDGED = Counter(
    "antechamber_judged_total", "Jobs judged, by outcome of the policy or why there was none.", ["outcome"]
)
JUDGE_SECONDS = Histogram("antechamber_judge_seconds", "Time to judge one batch.", buckets=_FAST)
PENDING_SECONDS = Histogram(
    "antechamber_pending_seconds", "Time from a comment's acceptance to its verdict.", buckets=_SLOW
)
HTTPBL = Counter(
    "antechamber_httpbl_total",
    "Looks at http:BL: asked (listed, clear, timeout, failed), or not (remembered, crowded); late: a comment went on without.",
    ["result"],
)
READINGS = Counter(
    "antechamber_readings_total",
    "Comments before the second reader: read, or not, since that would change nothing (sure), or for want of time (crowded).",
    ["result"],
)
READER_SECONDS = Histogram(
    "antechamber_reader_seconds", "Time that the second reader takes for a comment.", buckets=_FAST
)
OTHER_READER = Counter(
    "antechamber_other_reader_total",
    "Comments before the other reader: answered, failed, or spared (not asked: over its rate, or after failures).",
    ["result"],
)
SIGN_INS = Counter(
    "antechamber_sign_ins_total",
    "Attempts of moderators to sign in: right, code-needed, wrong, wrong-code, paused (too many failures), busy (too many wait); "
    "by the provider or a link: refused, unavailable.",
    ["result"],
)
FAILURES = Counter("antechamber_failures_total", "Unexpected failures, by where.", ["where"])
DELIVERIES = Counter("antechamber_deliveries_total", "Tries of call-backs, by how they ended.", ["result"])
DELIVERY_SECONDS = Histogram("antechamber_delivery_seconds", "Time of one try of a call-back.", buckets=_SLOW)

MODEL_SWITCHES = Counter(
    "antechamber_model_loads_total", "Model versions that a process was told to use: loaded, or failed.", ["result"]
)
MODEL_TRAININGS = Counter(
    "antechamber_model_trainings_total",
    "Trainings that began by themselves, by what came of them: promoted, passed, refused, nothing.",
    ["result"],
)
MODEL_ALERTS = Counter("antechamber_model_alerts_total", "Alerts about a site's model.", ["site", "what"])
MODEL_DRIFT = Gauge(
    "antechamber_model_drift",
    "Population stability index of the newest spam scores against the version's reference.",
    ["site"],
    multiprocess_mode="mostrecent",
)
MODEL_OVERTURNED = Gauge(
    "antechamber_model_overturned",
    "Share of automatic decisions since the last switch that humans overturned.",
    ["site"],
    multiprocess_mode="mostrecent",
)
MODEL_MISCALIBRATION = Gauge(
    "antechamber_model_miscalibration",
    "Share that humans call spam less what the scores said, since the last switch.",
    ["site"],
    multiprocess_mode="mostrecent",
)
SHADOWED = Counter(
    "antechamber_shadow_total", "Comments that a shadow scored too, by whether it agreed.", ["site", "word"]
)
NOTICES = Counter("antechamber_notices_total", "Notices to people, by their way and how they ended.", ["way", "result"])

STORE_FAILURES = Counter(
    "antechamber_store_failures_total",
    "Calls that Redis failed, by what was wrong with it (docs/operations.md).",
    ["why"],
)

GAUGES = {
    "antechamber_store_up": "1 when Redis answers; else 0, and the gauges that need it are left out.",
    "antechamber_store_writable": "1 when a write to Redis has just succeeded; else 0.",
    "antechamber_sites_failing": "Sites whose receiver does not take call-backs: the last try failed, or it is paused.",
    "antechamber_backlog": "Comments that wait to be judged or are being judged.",
    "antechamber_oldest_pending_seconds": "Age of the oldest of them.",
    "antechamber_dead_letters": "Comments that no worker could judge.",
    "antechamber_sites_due": "Sites with call-backs that are due now.",
    "antechamber_sites_waiting": "Sites with call-backs that wait.",
    "antechamber_undelivered": "Call-backs that were given up.",
    "antechamber_backup_timestamp_seconds": "When a back-up was last written whole, in seconds since 1970; 0 before the first.",
}
"""Gauges computed when somebody asks, from Redis, so that any process may answer."""


Labelled = TypeVar("Labelled", Counter, Histogram)


def begin(metric: Labelled, *values: Iterable[str]) -> Labelled:
    """Let a metric be there at 0 for all combinations of these values of its labels: a rate sees the first event then."""
    for labels in product(*values):
        metric.labels(*labels)
    return metric


begin(
    SUBMISSIONS,
    (
        "api", "batch", "webhook", "akismet", "artalk", "coral", "cusdis", "discourse", "remark42", "waline", "webmention",
    ),
    (
        "accepted", "edited", "same", "updated", "requeued", "older", "replayed", "gone", "invalid", "backlog-full",
        "store-unavailable",
    ),
)  # fmt: skip
begin(JUDGED, ("approve", "hold", "reject", "dead", "human", "stale", "illegal", "missing"))
begin(HTTPBL, ("listed", "clear", "timeout", "failed", "remembered", "crowded", "late"))
begin(READINGS, ("read", "sure", "crowded"))
begin(OTHER_READER, ("answered", "failed", "spared"))
begin(SIGN_INS, ("right", "code-needed", "wrong", "wrong-code", "paused", "busy", "refused", "unavailable"))
begin(
    FAILURES,
    (
        "request",
        "classify",
        "deliver",
        "housekeeping",
        "learn",
        "model",
        "notices",
        "other-reader",
        "reader",
        "shadow",
        "watch",
    ),
)
begin(DELIVERIES, ("delivered", "retry", "dead", "back", "late", "gone", "unsettled"))
begin(MODEL_SWITCHES, ("loaded", "failed"))
begin(NOTICES, ("mail", "webhook", "slack", "discord", "matrix", "push"), ("sent", "failed"))
begin(MODEL_TRAININGS, ("promoted", "passed", "refused", "nothing"))
MODEL_ALERT_KINDS = ("drift", "overturns", "calibration")


def render(gauges: Mapping[str, float]) -> bytes:
    """The exposition text: what all processes counted, and the given values of `GAUGES`."""
    registry = REGISTRY
    if os.environ.get(MULTIPROCESS_DIR):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    now = CollectorRegistry()
    now.register(_Gauges(gauges))
    return generate_latest(registry) + generate_latest(now)


class _Gauges(Collector):
    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = values

    def collect(self) -> Iterable[Metric]:
        for name, value in self._values.items():
            yield GaugeMetricFamily(name, GAUGES[name], value=value)
