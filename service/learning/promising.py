"""A promise instead of thresholds: which thresholds keep it, computed from human decisions that the model had not seen.

For commands and pages. The decisions that humans made are mostly about what looked suspicious, so the good comments among
them score higher, and the rejected ones were harder, than a site's comments in general: both make a bound that is kept here
be kept all the more in use. The bounds are exact (`classifier.promise`) for decisions that had no part in the model. Those
of its gate only let it pass or not: that makes the chance of a broken promise at most its share of passing larger.
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
    """One half of a promise, as `classifier.promise.Limit` has it."""

    promised: float
    threshold: float | None  # None: the decisions can't carry it yet
    bound: float  # what is certain at the threshold, or at `safe`
    safe: float | None  # the threshold that is safe now; None: nothing is
    rows: int  # decisions that it rests on
    missing: int  # how many more of them it takes, at least


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
    examples: Examples, registry: Registry, site: str, wanted: exact.Promise, label: str = "spam"
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
    kept = await asyncio.to_thread(exact.keep, wanted, scores, bad)
    return Promised(
        site, version.name, label, wanted.confidence, len(rows),
        Bound(wanted.max_good_held, *kept.hold), Bound(wanted.min_reject_precision, *kept.reject),
    )  # fmt: skip


def with_promise(site: Site, found: Promised) -> Policy:
    """The site's policy with the thresholds that keep the promise. Raises NotEnoughExamples when they can't be had yet."""
    hold, reject = found.good_held.threshold, found.reject_precision.threshold
    if hold is None or reject is None:
        raise NotEnoughExamples("The decisions can't carry this promise yet.")
    policy = site.policy
    before = policy.effective[found.label]
    hold, reject = min(hold, 1.0), min(max(hold, reject), 1.0)  # what is rejected is not published either
    discard = max(before.discard, reject) if before.discard is not None else None
    steps = Thresholds(hold=hold, reject=reject, discard=discard)
    promise = Promise(found.good_held.promised, found.reject_precision.promised, found.confidence)
    return msgspec.structs.replace(policy, thresholds={**policy.thresholds, found.label: steps}, promise=promise)
