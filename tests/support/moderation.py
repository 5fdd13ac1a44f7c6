"""Submissions and a scorer for tests: the scorer and the clock are the only things that are ever made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.container import Services
from service.core.appeal import Links
from service.core.identity import IdentityKeys
from service.core.submission import RawComment, Requirements, Strict, Submission, prepare
from service.core.verdict import LABELS, Case, Explanation, Part, Verdict

LINKS = Links(b"x" * 32, "https://antechamber.example", 21)


def submission(
    services: Services,
    platform_id: str = "1",
    content: str = "I liked this.",
    requires: Requirements = Requirements(),  # noqa: B008  (never changed)
    keys: IdentityKeys | None = None,
    **more: Any,
) -> Submission:
    fields: dict[str, Any] = {
        "platform_id": platform_id,
        "content": content,
        "page_url": "https://blog.example/post",
        "name": "Ann",
        "email": "ann@example.com",
        "ip": "192.0.2.7",
    }
    return prepare(RawComment(**(fields | more)), keys or services.secrets.identity, Strict(requires)).submission


class WordScorer:
    """Says spam 0.97 of "pills", 0.7 of "maybe", 0.01 of everything else; toxicity 0.97 of "idiot"; raises on "poison"."""

    version = "words-1"
    languages = ("en", "de")

    def __init__(self) -> None:
        self.batches: list[int] = []

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        self.batches.append(len(cases))
        return [self._judge(case) for case in cases]

    def shadows(self, cases: Sequence[Case]) -> list[Verdict | None]:
        return [None] * len(cases)

    def version_at(self, site: str) -> str:
        return self.version

    def explain(self, case: Case, label: str, version: str = "", readers: Sequence[str] | None = None) -> Explanation:
        return Explanation(label, 0.97, 3.5, (Part("intercept", "intercept", 3.5),))

    def _judge(self, case: Case) -> Verdict:
        content = case.submission.content
        if "poison" in content:
            raise RuntimeError("this model can't read that")
        spam = 0.97 if "pills" in content else 0.7 if "maybe" in content else 0.01
        toxicity = 0.97 if "idiot" in content else 0.0
        return Verdict(
            dict.fromkeys(LABELS, 0.0) | {"spam": spam, "toxicity": toxicity}, self.version, signals=dict(case.signals)
        )
