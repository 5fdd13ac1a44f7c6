"""The classifier behind the `Scorer` that the use cases see: cases in, verdicts and explanations out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import classifier
from service.core.case import Case
from service.core.submission import Submission
from service.core.verdict import Explanation, Part, Verdict

KEPT_PARTS = 8
"""How many of an explanation's largest parts are kept with a decision; the others are summed into one named "rest"."""


class ModelScorer:
    """Scores with one model version, loaded on first use."""

    def __init__(self, path: Path | None = None) -> None:
        self._model = classifier.load(path)

    @property
    def version(self) -> str:
        """The model's version."""
        return self._model.version

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it was trained in, as two-letter codes."""
        return self._model.languages

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        """One verdict a case, in order; it carries the case's signals."""
        predictions = self._model.score([_input(case.submission) for case in cases])
        version = self._model.version
        return [
            Verdict(p.scores, version, p.flags, p.language, dict(case.signals))
            for p, case in zip(predictions, cases, strict=True)
        ]

    def explain(self, case: Case, label: str) -> Explanation:
        """Why a label has its score. The parts add up to the logit; spans carry positions, no words."""
        whole = self._model.explain(_input(case.submission), label)
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
        if len(parts) > KEPT_PARTS + 1:
            rest = sum(part.contribution for part in parts[KEPT_PARTS:])
            parts = [*parts[:KEPT_PARTS], Part("rest", "everything else", rest)]
        return Explanation(label, whole.probability, whole.logit, tuple(parts))


def _input(submission: Submission) -> classifier.Input:
    author = submission.author
    return classifier.Input(submission.content, author.name, author.url)
