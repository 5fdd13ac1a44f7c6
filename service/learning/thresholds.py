"""A promise instead of thresholds: which thresholds keep it, computed from human decisions that the model had not seen.

For commands and pages. The decisions that humans made are mostly about what looked suspicious, so the good comments among
them score higher, and the rejected ones were harder, than a site's comments in general: both make a bound that is kept here
be kept all the more in use. The bounds are exact (`classifier.correction`) for decisions that had no part in the model. Those
of its gate only let it pass or not: that makes the chance of a broken promise at most its share of passing larger.
"""

from __future__ import annotations

import asyncio
import math

import msgspec
from msgspec import Struct

from classifier.correction import thresholds as exact
from service.core.errors import NotEnoughExamples
from service.core.policy import Policy, Promise
from service.core.policy.thresholds import Thresholds
from service.core.site import Site
from service.learning.examples import collect
from service.learning.registry import Registry
from service.store.examples import Examples


class Bound(Struct, frozen=True):
    """One half of a promise, as `classifier.correction.thresholds.Limit` has it."""

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
    examples: Examples,
    registry: Registry,
    site: str,
    *,
    max_good_held: float,
    reject_precision: float,
    confidence: float,
    label: str = "spam",
) -> Promised:
    """The thresholds that keep a promise, of shares strictly between 0 and 1.

    Raises NotEnoughExamples when no decision on the label is unseen by the model.
    """
    wanted = exact.Promise(max_good_held, reject_precision, confidence)
    name, scores, bad = await _unseen(examples, registry, site, label)
    if not scores:
        raise NotEnoughExamples("There is no decision yet that the model in use has not learnt from.")
    kept = await asyncio.to_thread(exact.keep, wanted, scores, bad)
    return Promised(
        site, name, label, wanted.confidence, len(scores),
        Bound(wanted.max_good_held, *kept.hold), Bound(wanted.min_reject_precision, *kept.reject),
    )  # fmt: skip


class Half(Struct, frozen=True):
    """How one half of a promise stands now."""

    promised: float
    threshold: float | None  # of the policy; None: nothing is done from any score on
    bound: float  # what is certain now, with the promise's confidence
    rows: int  # decisions that it rests on
    mistakes: int
    missing: int  # how many more decisions without a mistake it takes until it is kept; 0: it is

    @property
    def kept(self) -> bool:
        """Whether the decisions bear it out."""
        return not self.missing


class PromiseNow(Struct, frozen=True):
    """What a site was promised of its thresholds, and how it stands by the decisions that the version in use has not seen."""

    site: str
    label: str
    confidence: float
    made_for: str  # the version that it was computed for; "": not known
    model: str  # the version in use
    decisions: int  # on the label, unseen by that version; the newest `JUDGED` of them
    good_held: Half | None  # None: that was not promised
    reject_precision: Half | None


JUDGED = 5_000
"""Decisions by which a promise is looked at again."""


async def promise_now(examples: Examples, registry: Registry, site: Site) -> PromiseNow | None:
    """How a site's promise stands; None when it was made none."""
    promise = site.policy.promise
    if promise is None:
        return None
    wanted = exact.Promise(
        promise.good_held if promise.good_held is not None else 0.5,
        promise.reject_precision if promise.reject_precision is not None else 0.5,
        promise.confidence,
    )
    name, scores, bad = await _unseen(examples, registry, site.id, promise.label, most=JUDGED)
    steps = site.policy.effective.get(promise.label, Thresholds())
    hold = steps.hold if steps.hold is not None else math.inf
    held, rejected = exact.standing(wanted, scores, bad, hold=hold, reject=steps.reject)
    return PromiseNow(
        site.id, promise.label, promise.confidence, promise.model, name, len(scores),
        None if promise.good_held is None else _half(promise.good_held, steps.hold, held),
        None if promise.reject_precision is None else _half(promise.reject_precision, steps.reject, rejected),
    )  # fmt: skip


def _half(promised: float, threshold: float | None, now: exact.Standing) -> Half:
    return Half(promised, threshold, now.bound, now.rows, now.mistakes, now.missing)


async def _unseen(
    examples: Examples, registry: Registry, site: str, label: str, *, most: int | None = None
) -> tuple[str, list[float], list[bool]]:
    """The version in use, and of the decisions on a label that it has not seen its scores, and whether humans say it applies."""
    standing = await registry.standing(site)
    version = await registry.version(standing.active)
    seen_until = next((c.lineage.until for c in standing.cards if c.version == standing.active), 0)
    collected = await collect(examples, [site], since=seen_until + 1 if seen_until else 0)
    rows = [row for row in collected.decisions if label in row.labels]
    rows = rows if most is None else rows[-most:]
    if not rows:
        return version.name, [], []
    predictions = await asyncio.to_thread(version.score, [row.item for row in rows], [row.signals for row in rows])
    return version.name, [one.scores[label] for one in predictions], [row.labels[label] >= 0.5 for row in rows]


def with_promise(site: Site, found: Promised) -> Policy:
    """The site's policy with the thresholds that keep the promise. Raises NotEnoughExamples when they can't be had yet."""
    hold, reject = found.good_held.threshold, found.reject_precision.threshold
    if hold is None or reject is None:
        raise NotEnoughExamples("The decisions can't carry this promise yet.")
    policy = site.policy
    before = policy.effective[found.label]
    reject = max(hold, reject)  # what is rejected is not published either
    discard = (
        before.discard if before.discard is not None and before.discard > reject else None
    )  # not all that is rejected
    steps = Thresholds(*(step if step is not None and step <= 1 else None for step in (hold, reject, discard)))
    promise = Promise(
        found.good_held.promised, found.reject_precision.promised, found.confidence, found.label, found.model
    )
    return msgspec.structs.replace(policy, thresholds={**policy.thresholds, found.label: steps}, promise=promise)
