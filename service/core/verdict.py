"""A verdict: what the machine says of a comment. It decides nothing; `policy.py` turns it into a decision."""

from __future__ import annotations

from msgspec import Struct

LABELS = ("spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack")
"""The labels, in the order in which they are shown; the six after `spam` mean what Perspective's attributes mean."""


Signal = bool | int | float | str
"""One named piece of evidence beyond the text; `signals.py` names them all."""


class Verdict(Struct, frozen=True):
    """Scores (label -> calibrated probability), evidence beyond them, and the model that said so."""

    scores: dict[str, float]
    model: str
    flags: tuple[str, ...] = ()  # "obfuscated", "unsupported-language", …
    language: str = ""  # BCP 47; "" when unknown
    signals: dict[str, Signal] = {}  # named evidence beyond the text


class Part(Struct, frozen=True, omit_defaults=True):
    """One additive part of a score's logit: a span of the text, a named feature, the intercept, or the named rest.

    The `name` of a span is "": positions say where it stands, so that no words of a comment live on in its verdict.
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
