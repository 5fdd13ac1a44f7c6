"""A site's house rules: reasons of its own that moderators may give beside ours, each with its words for the author.

A decision keeps the words of the rule as they were; a rule that is taken away later changes nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from service.core.errors import InvalidSubmission, ValidationErrors
from service.core.verdict import HUMAN_REASONS, LABELS, Reason

MAX_HOUSE_RULES = 20
MAX_NAME = 60
MAX_TEXT = 500
MAX_CODE = 40
_CODE = re.compile(r"[a-z][a-z0-9-]*\Z")


class HouseRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of a site, and what a rejection for it says and teaches."""

    code: Annotated[
        str, Meta(max_length=MAX_CODE, description="Lower-case letters, digits and hyphens; decisions carry it.")
    ]
    name: Annotated[str, Meta(max_length=MAX_NAME, description="What moderators read in the menu.")]
    text: Annotated[str, Meta(max_length=MAX_TEXT, description="What the author is told; empty: the name.")] = ""
    teaches: Annotated[
        Literal["", "spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack"],
        Meta(description="The label that the model learns from such a rejection; empty: none."),
    ] = ""

    @property
    def words(self) -> str:
        """What the author is told."""
        return self.text or self.name


def check_house_rules(rules: Mapping[int, HouseRule], mistakes: ValidationErrors) -> None:
    """Note what is wrong with house rules, by where they stand in the policy."""
    if len(rules) > MAX_HOUSE_RULES:
        mistakes.add(f"A policy has at most {MAX_HOUSE_RULES} house rules.", "/house_rules")
        return
    seen: set[str] = set()
    for index, rule in rules.items():
        at = f"/house_rules/{index}"
        if _CODE.match(rule.code) is None or len(rule.code) > MAX_CODE:
            mistakes.add(
                f"A code is a lower-case letter, then at most {MAX_CODE - 1} letters, digits and hyphens.", f"{at}/code"
            )
        elif rule.code in HUMAN_REASONS:
            mistakes.add("Every site has this reason already; choose another code.", f"{at}/code")
        elif rule.code in seen:
            mistakes.add("Another house rule has this code.", f"{at}/code")
        seen.add(rule.code)
        for field, text, most in (("name", rule.name, MAX_NAME), ("text", rule.text, MAX_TEXT)):
            if len(text) > most or any(not char.isprintable() for char in text):
                mistakes.add(f"At most {most} characters in one line.", f"{at}/{field}")
        if not rule.name.strip():
            mistakes.add("A house rule needs a name.", f"{at}/name")
        if rule.teaches and rule.teaches not in LABELS:
            mistakes.add(f"A rule teaches one of {', '.join(LABELS)}, or nothing.", f"{at}/teaches")


def check_reasons(codes: Sequence[str], house: Mapping[str, HouseRule], pointer: str = "/reasons") -> None:
    """Refuse reasons that a moderator of a site can't give. Raises InvalidSubmission."""
    known = (*HUMAN_REASONS, *house)
    if any(code not in known for code in codes):
        raise InvalidSubmission(f"A reason is one of: {', '.join(known)}.", pointer=pointer)


def reasons_of(codes: Sequence[str], house: Mapping[str, HouseRule]) -> tuple[Reason, ...]:
    """A moderator's reasons as a decision keeps them: those of the house with their words."""
    return tuple(Reason(code, house[code].words) if code in house else Reason(code) for code in codes)


def taught(codes: Sequence[str], house: Mapping[str, HouseRule]) -> tuple[str, ...]:
    """What a rejection for these reasons teaches: the codes that are labels, and what house rules teach."""
    return tuple(dict.fromkeys(house[code].teaches if code in house else code for code in codes))
