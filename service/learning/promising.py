"""A promise instead of thresholds: which thresholds keep it, computed from human decisions that the model had not seen.

For commands and pages. The decisions that humans made are mostly about what looked suspicious, so the good comments among
them score higher, and the rejected ones were harder, than a site's comments in general: both make a bound that is kept here
be kept all the more in use. The bounds are exact (`classifier.promise`).
"""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import Struct

from classifier import promise as exact
from service.core.errors import NotEnoughExamples
from service.core.policy import Policy, Promise, Thresholds
from service.core.site import Site
from service.learning.collecting import collect
from service.learning.registry import Registry
from service.store.examples import Examples


class Bound(Struct, frozen=True):
    """One half of a promise. `threshold` None: the decisions can't carry it yet, and `missing` says how many more could."""

    promised: float
    threshold: float | None
    bound: float  # what is certain of the threshold, at the promise's confidence
    rows: int  # decisions that it rests on
    missing: int
    safe_threshold: float | None = None  # what can be promised now …
    safe_bound: float | None = None  # … and how much


class Promised(Struct, frozen=True):
    """Which thresholds keep a promise at a site, for one label and the version in use."""

    site: str
    model: str
    label: str
    confidence: float
    decisions: int
    good_held: Bound
    reject_precision: Bound

    @property
    def kept(self) -> bool:
        """Whether both halves can be promised."""
        return self.good_held.threshold is not None and self.reject_precision.threshold is not None


async def promised(
    examples: Examples, registry: Registry, site: str, promise: Promise, label: str = "spam"
) -> Promised:
    """The thresholds that keep a promise. Raises NotEnoughExamples when no decision on the label is unseen by the model."""
    standing = await registry.standing(site)
    version = await registry.version(standing.active)
    seen_until = next((c.lineage.until for c in standing.cards if c.version == standing.active), 0)
    collected = await collect(examples, [site], since=seen_until + 1 if seen_until else 0)
    rows = [row for row in collected.decisions if label in row.labels]
    if not rows:
        raise NotEnoughExamples("There is no decision yet that the model in use has not learnt from.")
    predictions = await asyncio.to_thread(version.score, [row.item for row in rows], [row.signals for row in rows])
    scores, bad = [one.scores[label] for one in predictions], [row.labels[label] >= 0.5 for row in rows]
    wanted = exact.Promise(
        max_good_held=promise.good_held or 1.0,
        min_reject_precision=promise.reject_precision or 0.0,
        confidence=promise.confidence,
    )
    kept = await asyncio.to_thread(exact.keep, wanted, scores, bad)
    return Promised(
        site, version.name, label, promise.confidence, len(rows),
        _bound(wanted.max_good_held, kept.hold), _bound(wanted.min_reject_precision, kept.reject),
    )  # fmt: skip


def with_promise(site: Site, promise: Promise, found: Promised) -> Policy:
    """The site's policy with the thresholds that keep the promise. Raises NotEnoughExamples when they can't be had yet."""
    hold, reject = found.good_held.threshold, found.reject_precision.threshold
    if hold is None or reject is None:
        raise NotEnoughExamples("The decisions can't carry this promise yet.")
    policy = site.policy
    before = policy.effective[found.label]
    reject = max(hold, reject)  # what is rejected is not published either
    discard = max(before.discard, reject) if before.discard is not None else None
    steps = Thresholds(hold=hold, reject=reject, discard=discard)
    return msgspec.structs.replace(policy, thresholds={**policy.thresholds, found.label: steps}, promise=promise)


def _bound(wanted: float, limit: exact.Limit) -> Bound:
    safe, bound = limit.safe_now or (None, None)
    return Bound(wanted, limit.threshold, limit.bound, limit.rows, limit.missing, safe, bound)
