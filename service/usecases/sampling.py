"""What is noted beside the decisions of the machine: the quality sample, and what a shadow would have decided otherwise.

Nothing here changes a decision, and what can't be noted is not worth losing a comment for.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from service import metrics
from service.core.example import AUDITABLE, Disagreement, SampledDecision
from service.core.lifecycle import Outcome
from service.core.verdict import Verdict
from service.store.quality import QualitySample, ShadowVerdicts


class Carried(NamedTuple):
    """A decision that the machine made and the store carried out, and what the shadow, if there is one, would have said."""

    site: str
    comment: str
    at: int
    outcome: Outcome
    verdict: Verdict | None
    theirs: Outcome | None = None
    shadow: Verdict | None = None
    share: float | None = None  # the site's of the quality sample; None: the service's


class Sampling:
    """Draws the quality sample, and counts agreement with shadows.

    `share` is the probability of being drawn at sites that set none of their own; `draw` gives numbers below 1.
    """

    def __init__(
        self,
        quality_sample: QualitySample,
        shadow_verdicts: ShadowVerdicts,
        *,
        share: float = 0.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._quality_sample = quality_sample
        self._shadow_verdicts = shadow_verdicts
        self._share = share
        self._draw = draw

    async def note(self, carried: Iterable[Carried]) -> None:
        """Note a batch. Raises StoreUnavailable."""
        drawn: list[tuple[str, SampledDecision]] = []
        seconds: dict[tuple[str, str], list[Carried]] = defaultdict(list)
        for one in carried:
            share = self._share if one.share is None else one.share
            if one.outcome in AUDITABLE and self._draw() < share:
                model = one.verdict.model if one.verdict else ""
                drawn.append((one.site, SampledDecision(one.comment, one.at, one.outcome, share, model)))
            if one.shadow is not None:
                seconds[one.site, one.shadow.model].append(one)
        await self._quality_sample.add(drawn)
        for (site, shadow), ones in seconds.items():
            pairs = Counter((one.outcome, one.theirs) for one in ones if one.theirs is not None)
            for (ours, theirs), count in pairs.items():
                metrics.SHADOWED.labels(site, "agreed" if ours is theirs else "disagreed").inc(count)
            await self._shadow_verdicts.note(
                site, shadow, pairs, [found for one in ones if (found := _disagreement(one))]
            )


def _disagreement(one: Carried) -> Disagreement | None:
    ours, theirs = one.verdict, one.shadow
    if ours is None or theirs is None or one.theirs is None or one.theirs is one.outcome:
        return None
    label = max(ours.scores, key=lambda name: abs(ours.scores[name] - theirs.scores.get(name, 0.0)))
    return Disagreement(
        one.comment, one.at, ours.model, theirs.model, one.outcome, one.theirs, label,
        round(ours.scores[label], 4), round(theirs.scores.get(label, 0.0), 4),
    )  # fmt: skip
