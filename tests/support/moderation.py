"""Submissions and a scorer for tests: the scorer and the clock are the only things that are ever made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.core.appeal import Links
from service.core.case import Case
from service.core.submission import Requirements, Submission, prepare
from service.core.verdict import LABELS, Explanation, Part, Verdict
from service.resources import Resources

LINKS = Links(b"x" * 32, "https://antechamber.example", 21)


def submission(resources: Resources, platform_id: str = "1", content: str = "I liked this.", **more: Any) -> Submission:
    fields: dict[str, Any] = {
        "keys": resources.secrets.identity,
        "requires": Requirements(),
        "platform_id": platform_id,
        "content": content,
        "page_url": "https://blog.example/post",
        "name": "Ann",
        "email": "ann@example.com",
        "ip": "192.0.2.7",
    }
    return prepare(**(fields | more))


class WordScorer:
    """Says spam 0.95 of "pills", 0.7 of "maybe", raises on "poison", and 0.01 of everything else."""

    version = "words-1"
    languages = ("en", "de")

    def __init__(self) -> None:
        self.batches: list[int] = []

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        self.batches.append(len(cases))
        return [self._judge(case) for case in cases]

    def rivals(self, cases: Sequence[Case]) -> list[Verdict | None]:
        return [None] * len(cases)

    def version_at(self, site: str) -> str:
        return self.version

    def explain(self, case: Case, label: str, version: str = "") -> Explanation:
        return Explanation(label, 0.95, 3.5, (Part("intercept", "intercept", 3.5),))

    def _judge(self, case: Case) -> Verdict:
        content = case.submission.content
        if "poison" in content:
            raise RuntimeError("this model can't read that")
        spam = 0.95 if "pills" in content else 0.7 if "maybe" in content else 0.01
        return Verdict(dict.fromkeys(LABELS, 0.0) | {"spam": spam}, self.version, signals=dict(case.signals))
