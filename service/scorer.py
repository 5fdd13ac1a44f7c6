"""The classifier behind the `Scorer` that the use cases see: cases in, verdicts and explanations out.

Each site's comments are scored by the base model and, where one is active, the site's correction, in one pass over a
batch. What is active is one immutable `ActiveModels`, replaced as a whole (`service.learning.reload`): a batch under way keeps
the one that it began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import time
from types import MappingProxyType
from typing import NamedTuple

import classifier
from service import tracing
from service.core.model_version import EVERYWHERE
from service.core.submission import Submission
from service.core.verdict import Case, Explanation, Part, Verdict
from service.reading import open_reading
from service.settings import Settings

Roles = Mapping[str, classifier.Correction | None]
"""Site (or EVERYWHERE: all that are not named) -> what corrects the base model there; None: nothing does."""


class ActiveModels(NamedTuple):
    """Who scores what: for each site the active correction, and the shadow that scores along silently."""

    active: Roles = MappingProxyType({})
    shadow: Roles = MappingProxyType({})


class ModelScorer:
    """Scores with the base model and the corrections of the present models. Safe to share between threads."""

    def __init__(
        self,
        path: Path | None = None,
        active_models: ActiveModels | None = None,
        settings: Settings | None = None,
    ) -> None:
        """`path`: the base model's directory, else the shipped one. Raises ArtifactError. The second reader reads
        along as the settings say, and not without them.
        """
        self.base = classifier.load(path)
        self.reading = open_reading(settings, self.base) if settings else None
        self.active_models = active_models or ActiveModels()
        self._known: dict[str, classifier.Correction] = {}
        self.use(self.active_models)

    @property
    def version(self) -> str:
        """The base model's version."""
        return self.base.version

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it may be asked about, as two-letter codes."""
        more = self.reading.languages.difference(self.base.languages) if self.reading else ()
        return (*self.base.languages, *sorted(more))

    def use(self, active_models: ActiveModels) -> None:
        """Replace the models; what begins from now on is scored by it."""
        before = self.active_models
        kept = [one for roles in (*before, *active_models) for one in roles.values() if one is not None]
        self._known = {
            one.version: one for one in kept
        }  # also the last one, for what is being explained at this moment
        self.active_models = active_models

    def active_at(self, site: str) -> classifier.Correction | None:
        """What corrects the base model at a site now, if anything does."""
        return _at(self.active_models.active, site)

    def version_at(self, site: str) -> str:
        """The version that scores a site's comments now."""
        correction = self.active_at(site)
        return correction.version if correction else self.base.version

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        """One verdict a case, in order; it carries the case's signals and names the version that made it."""
        tracing.step("words")
        active = self.active_models.active
        second = self.reading.second(_age(cases)) if self.reading and cases else None
        return self._judge(cases, [_at(active, case.site) for case in cases], second)

    def shadows(self, cases: Sequence[Case]) -> list[Verdict | None]:
        """What the shadow says of each case; None where there is none."""
        shadow = self.active_models.shadow
        watched = [(at, found) for at, case in enumerate(cases) if (found := _at(shadow, case.site)) is not None]
        verdicts: list[Verdict | None] = [None] * len(cases)
        if watched:
            tracing.step("shadow")
            again = self.reading.remembered if self.reading else None
            said = self._judge([cases[at] for at, _ in watched], [found for _, found in watched], again)
            for (at, _), verdict in zip(watched, said, strict=True):
                verdicts[at] = verdict
        return verdicts

    def explain(self, case: Case, label: str, version: str = "", readers: Sequence[str] | None = None) -> Explanation:
        """Why a label has its score. The parts add up to the logit; spans carry positions, no words.

        By the version that made a verdict, if it is still known, else by the site's active one; and by the `readers` that
        made it, or by those that there are.
        """
        correction = (
            None
            if version == self.base.version
            else self._known.get(version, _at(self.active_models.active, case.site))
        )
        item = as_input(case.submission)
        wanted = self.reading is not None and (readers is None or classifier.MEANING in readers)
        heard = self.reading.again(self.base.look(item)) if self.reading and wanted else None
        whole = self.base.explain(item, label, case.signals, correction, heard)
        parts = [
            Part(
                kind=part.kind,
                name="" if part.kind == "span" else part.name,
                contribution=part.contribution,
                field=part.field,
                start=part.start,
                end=part.end,
                start_utf16=part.start_utf16,
                end_utf16=part.end_utf16,
            )
            for part in whole.parts
        ]
        return Explanation(label, whole.probability, whole.logit, tuple(parts))

    def _judge(
        self,
        cases: Sequence[Case],
        corrections: Iterable[classifier.Correction | None],
        second: classifier.Second | None,
    ) -> list[Verdict]:
        by = list(corrections)
        inputs = [as_input(case.submission) for case in cases]
        predictions = self.base.score(inputs, [case.signals for case in cases], by, second)
        return [
            Verdict(
                p.scores, one.version if one else self.base.version, p.flags, p.language, dict(case.signals), p.readers
            )
            for p, case, one in zip(predictions, cases, by, strict=True)
        ]


def _age(cases: Sequence[Case]) -> float:
    """Seconds since the oldest was taken in."""
    now = time()
    return max(max(now - case.since / 1000, 0.0) if case.since else 0.0 for case in cases)


def _at(roles: Roles, site: str) -> classifier.Correction | None:
    return roles[site] if site in roles else roles.get(EVERYWHERE)


def as_input(submission: Submission) -> classifier.Input:
    """What the classifier reads of a submission."""
    author = submission.author
    return classifier.Input(submission.content, author.name, author.url)
