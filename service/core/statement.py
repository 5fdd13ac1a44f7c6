"""A statement of reasons: what an author is told of a rejection, as article 17 of the Digital Services Act wants it.

The law exempts deceptive high-volume commercial content, so spam needs none; it is made for every other rejection. It
says in plain words what was decided, why, on which ground, by whom or what, and what can be done. It shows no scores
and no operator's notes: those are the moderators'.
Source: Regulation (EU) 2022/2065, article 17 (3) (a) to (f).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from service.core.comment import Decision
from service.core.lifecycle import ActorKind, Outcome

SENTENCES = {
    "spam": "It was taken for advertising or another unwanted mass message.",
    "toxicity": "It is rude or disrespectful in a way that drives others out of a conversation.",
    "severe_toxicity": "It is very hateful, aggressive or disrespectful.",
    "insult": "It insults somebody.",
    "profanity": "It uses obscene language.",
    "threat": "It threatens somebody.",
    "identity_attack": "It attacks people for what they are.",
    "off-topic": "It has nothing to do with the page that it was written under.",
    "personal-data": "It tells personal data of somebody.",
    "illegal": "It was found to be against the law.",
}
OTHER = "It was found to be against the rules of this site."


class Statement(Struct, frozen=True):
    """Why a comment is not shown. The letters name what each field answers in article 17 (3)."""

    restriction: str = "not-published"  # (a)
    territory: str = "everywhere"  # (a)
    duration: str = "until the decision is changed"  # (a)
    codes: tuple[str, ...] = ()  # (b) reason codes
    facts: tuple[str, ...] = ()  # (b) the same in words
    prompted_by: str = "own-initiative"  # (b) or "reports", of readers
    automated_detection: bool = False  # (c) a machine had picked it out
    automated_decision: bool = False  # (c) no human has decided
    ground: str = "terms"  # (d) "law", or (e) "terms": the site's rules


def is_spam(decision: Decision) -> bool:
    """Whether a rejection is for spam alone, for which the law wants no statement."""
    codes = _codes(decision)
    return bool(codes) and all(code in ("spam", "test-trigger") for code in codes)


def statement(decision: Decision, earlier: Sequence[Decision] = ()) -> Statement | None:
    """The statement of a rejection; None for any other decision. `earlier`: decisions before it, about the same text."""
    if decision.outcome is not Outcome.REJECT:
        return None
    codes = _codes(decision) or ("other",)
    machines = [one for one in earlier if one.actor.kind is ActorKind.POLICY and one.outcome is not Outcome.APPROVE]
    automated = decision.actor.kind is ActorKind.POLICY
    return Statement(
        codes=codes,
        facts=_facts(decision, codes),
        prompted_by="reports" if any(one.actor.kind is ActorKind.READERS for one in earlier) else "own-initiative",
        automated_detection=automated or bool(machines),
        automated_decision=automated,
        ground="law" if "illegal" in codes else "terms",
    )


def _facts(decision: Decision, codes: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence for each code; for a house rule of the site, its own."""
    own = {} if decision.actor.kind is ActorKind.POLICY else {one.code: one.text for one in decision.reasons}
    house = [text for code, text in own.items() if text and code not in SENTENCES]
    plain = [SENTENCES.get(code, OTHER) for code in codes if not (code == "other" and house)]
    return tuple(dict.fromkeys([*plain, *house]))


def _codes(decision: Decision) -> tuple[str, ...]:
    """The codes that an author may know: of a machine's reasons the one that decided, of a human's all that they gave."""
    reasons = decision.reasons[:1] if decision.actor.kind is ActorKind.POLICY else decision.reasons
    codes = [reason.label or reason.code for reason in reasons]
    return tuple(dict.fromkeys(code if code in SENTENCES or code == "test-trigger" else "other" for code in codes))
