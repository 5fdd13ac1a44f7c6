"""What the service counts, as Prometheus sees it before anything has happened; and reading names and labels in PromQL."""

from __future__ import annotations

import re

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from service import metrics
from service.usecases import health

NAME = re.compile(r"\b((?:antechamber|process)_\w+)")
"""A metric in an expression."""
SELECTED = re.compile(r'\b((?:antechamber|process)_\w+)\{(\w+)=~?"([^"]+)"\}')
"""One with a label: the name, the label, and its values with bars between."""
GROUPED = re.compile(r"\bby \(([^)]*)\)")
"""The labels by which an expression divides."""

assert health.Health  # it lets its counter be there at 0


def families() -> dict[str, MetricWrapperBase]:
    """Every metric that `service.metrics` counts with, by its name without endings."""
    return {one._name: one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)}


def exposed() -> dict[str, set[tuple[str, str]]]:
    """Every name that is scraped, with the labels and values that it has before anything has happened."""
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in metrics.GAUGES}
    for family in REGISTRY.collect():
        found.setdefault(family.name + ("_total" if family.type == "counter" else ""), set())
        if family.type == "histogram":
            for ending in ("_bucket", "_count", "_sum"):
                found.setdefault(family.name + ending, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels.items())
    return found


def labels() -> dict[str, set[str]]:
    """Every name that is scraped, with the labels that it can have."""
    found: dict[str, set[str]] = {name: set() for name in exposed()}
    for name, family in families().items():
        for scraped in found:
            if scraped.removesuffix("_total").removesuffix("_count").removesuffix("_sum") == name:
                found[scraped] = set(family._labelnames)
            elif scraped == f"{name}_bucket":
                found[scraped] = {*family._labelnames, "le"}
    return found
