"""What the machine says of a comment (verdict), what it is shown (case), and what a policy makes of it (ruling, reasons).

A verdict decides nothing; `core.policy.evaluate` turns it into a ruling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from service.core.lifecycle import Outcome
from service.core.submission import Submission

LABELS = ("spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack")
"""The labels, in the order in which they are shown; the six after `spam` mean what Perspective's attributes mean."""


Signal = bool | int | float | str
"""One named piece of evidence beyond the text; `signals.py` names them all."""
Says = Callable[[Sequence[Sequence[float]]], list[dict[str, Signal]]]
"""What vectors of texts say, as signals. Raises ValueError for vectors that it was not made for."""


class Verdict(Struct, frozen=True, omit_defaults=True):
    """Scores (label -> calibrated probability), evidence beyond them, and the model that said so."""

    scores: dict[str, float]
    model: str
    flags: tuple[str, ...] = ()  # "obfuscated", "unsupported-language", …
    language: str = ""  # BCP 47; "" when unknown
    signals: dict[str, Signal] = {}  # named evidence beyond the text
    readers: tuple[str, ...] = ("words",)  # who read the text: "words", or "words" and "meaning"


class Part(Struct, frozen=True):
    """One additive part of a score's logit: a span of the text, what a passage means, a named feature, the intercept, or the
    named rest.

    The `name` of a span is "" where it is kept: positions say where it stands, so that no words of a comment live on in its
    verdict. Whoever asks for an explanation gets the words (`spelt_out`).
    """

    kind: str
    name: str
    contribution: float
    field: str = ""
    start: int = 0  # code points, end exclusive
    end: int = 0
    start_utf16: int = 0
    end_utf16: int = 0


class Explanation(Struct, frozen=True):
    """Why a label has its score: the parts' contributions add up to the logit."""

    label: str
    probability: float
    logit: float
    parts: tuple[Part, ...]  # the intercept, then the others by size


def largest(explanation: Explanation, most: int) -> Explanation:
    """An explanation by its first `most` parts; the others are summed into one named "rest", so that it still adds up."""
    parts = explanation.parts
    if len(parts) <= most + 1:
        return explanation
    rest = Part("rest", "everything else", sum(part.contribution for part in parts[most:]))
    return Explanation(explanation.label, explanation.probability, explanation.logit, (*parts[:most], rest))


def spelt_out(explanation: Explanation, submission: Submission) -> Explanation:
    """An explanation whose spans and passages are named by their words in the submission that it explains."""
    author = submission.author
    texts = {"text": submission.content, "author_name": author.name, "author_url": author.url}
    parts = [
        replace(part, name=texts[part.field][part.start : part.end]) if part.field else part
        for part in explanation.parts
    ]
    return replace(explanation, parts=tuple(parts))


# A case: one comment and what is known around it, as it is put before the model and the policy.


class Case(NamedTuple):
    """What is judged. A text by itself, of no site and with no signals, is a case as well."""

    submission: Submission
    site: str = ""
    signals: Mapping[str, Signal] = {}
    at: int = 0  # when it is judged, milliseconds since 1970
    since: int = 0  # when it was taken in, likewise; 0: just now


# What a policy says of a comment: an outcome, and every reason for it. Made by `core.policy.evaluate`, kept with decisions.


HUMAN_REASONS = (*LABELS, "off-topic", "personal-data", "illegal", "other")
"""Reason codes that a moderator may give."""


class Reason(Struct, frozen=True, omit_defaults=True):
    """One line of why: a code, and where a number decided, the number and the threshold that it passed."""

    code: str
    text: str = ""
    label: str = ""
    score: float | None = None
    threshold: float | None = None
    explanation: Explanation | None = None
    rule: str = ""  # the rule or list of the policy that it comes from
    phase: str = ""  # of the policy, see `core.policy.evaluate.PHASES`


class Ruling(Struct, frozen=True):
    """What the policy says: the outcome, whether it need not be kept at all, and every reason that fired."""

    outcome: Outcome
    reasons: tuple[Reason, ...]  # the deciding one first, then the others in the order of the phases
    discard: bool = False
    tags: tuple[str, ...] = ()  # what rules and lists tagged it with
    shadow: tuple[Reason, ...] = ()  # what rules and lists in shadow would have said
