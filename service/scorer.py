"""The classifier behind the `Scorer` that the use cases see: cases in, verdicts and explanations out.

Each site's comments are scored by the base model and, where one is active, the site's correction, in one pass over a
batch. What is active is one immutable line-up, replaced as a whole (`service.following`): a batch under way keeps the
one that it began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import classifier
from service.core.case import Case
from service.core.model import EVERYWHERE
from service.core.submission import Submission
from service.core.verdict import Explanation, Part, Verdict

Roles = Mapping[str, classifier.Correction | None]
"""Site (or EVERYWHERE: all that are not named) -> what corrects the base model there; None: nothing does."""


class LineUp(NamedTuple):
    """Who scores what: for each site the active correction, and the shadow that scores along silently."""

    active: Roles = MappingProxyType({})
    shadow: Roles = MappingProxyType({})


class ModelScorer:
    """Scores with the base model and the corrections of the present line-up. Safe to share between threads."""

    def __init__(self, path: Path | None = None, line_up: LineUp | None = None) -> None:
        """`path`: the base model's directory, else the shipped one. Raises ArtifactError."""
        self.base = classifier.load(path)
        self.line_up = line_up or LineUp()
        self._known: dict[str, classifier.Correction] = {}
        self.use(self.line_up)

    @property
    def version(self) -> str:
        """The base model's version."""
        return self.base.version

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it was trained in, as two-letter codes."""
        return self.base.languages

    def use(self, line_up: LineUp) -> None:
        """Replace the line-up; what begins from now on is scored by it."""
        before = self.line_up
        kept = [one for roles in (*before, *line_up) for one in roles.values() if one is not None]
        self._known = {
            one.version: one for one in kept
        }  # also the last one, for what is being explained at this moment
        self.line_up = line_up

    def active_at(self, site: str) -> classifier.Correction | None:
        """What corrects the base model at a site now, if anything does."""
        return _at(self.line_up.active, site)

    def version_at(self, site: str) -> str:
        """The version that scores a site's comments now."""
        correction = self.active_at(site)
        return correction.version if correction else self.base.version

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        """One verdict a case, in order; it carries the case's signals and names the version that made it."""
        active = self.line_up.active
        return self._judge(cases, [_at(active, case.site) for case in cases])

    def rivals(self, cases: Sequence[Case]) -> list[Verdict | None]:
        """What the shadow says of each case; None where there is none."""
        shadow = self.line_up.shadow
        watched = [(at, found) for at, case in enumerate(cases) if (found := _at(shadow, case.site)) is not None]
        verdicts: list[Verdict | None] = [None] * len(cases)
        if watched:
            said = self._judge([cases[at] for at, _ in watched], [found for _, found in watched])
            for (at, _), verdict in zip(watched, said, strict=True):
                verdicts[at] = verdict
        return verdicts

    def explain(self, case: Case, label: str, version: str = "") -> Explanation:
        """Why a label has its score. The parts add up to the logit; spans carry positions, no words.

        By the version that made a verdict, if it is still known, else by the site's active one.
        """
        correction = (
            None if version == self.base.version else self._known.get(version, _at(self.line_up.active, case.site))
        )
        whole = self.base.explain(as_input(case.submission), label, case.signals, correction)
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

    def _judge(self, cases: Sequence[Case], corrections: Iterable[classifier.Correction | None]) -> list[Verdict]:
        by = list(corrections)
        inputs = [as_input(case.submission) for case in cases]
        predictions = self.base.score(inputs, [case.signals for case in cases], by)
        return [
            Verdict(p.scores, one.version if one else self.base.version, p.flags, p.language, dict(case.signals))
            for p, case, one in zip(predictions, cases, by, strict=True)
        ]


def _at(roles: Roles, site: str) -> classifier.Correction | None:
    return roles[site] if site in roles else roles.get(EVERYWHERE)


def as_input(submission: Submission) -> classifier.Input:
    """What the classifier reads of a submission."""
    author = submission.author
    return classifier.Input(submission.content, author.name, author.url)
