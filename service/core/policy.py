"""A site's policy, as data: mode, thresholds, lists and rules. `core.phases.rule` applies it; `check` is asked before saving.

A policy that was stored by an older version is still read; what of its rules and lists can't be used any more is skipped,
named, and nothing that comes after it approves (see `core.phases`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from service.core.errors import InvalidPolicy
from service.core.lifecycle import Outcome
from service.core.lists import MAX_ALL_ENTRIES, MAX_LISTS, CompiledList, WordList, compile_list
from service.core.mistakes import Mistakes
from service.core.rules import MAX_RULES, CompiledRule, Rule, compile_rule
from service.core.ruling import HUMAN_REASONS, Reason, Ruling
from service.core.thresholds import DEFAULT_THRESHOLDS, Promise, Thresholds, check_thresholds

__all__ = [
    "DEFAULT_THRESHOLDS",
    "HUMAN_REASONS",
    "MODES",
    "Policy",
    "Promise",
    "Reason",
    "Ruling",
    "Thresholds",
    "check",
]

MODES = ("by-score", "hold-everything", "hold-new-authors", "approve-first")
Mode = Literal["by-score", "hold-everything", "hold-new-authors", "approve-first"]


class Policy(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What a site wants done with which verdict."""

    mode: Annotated[
        Mode,
        Meta(
            description="`by-score`; `hold-everything`; `hold-new-authors`: until `release_after` of theirs are approved; "
            "`approve-first`: what scores would hold is approved, and tagged `review`."
        ),
    ] = "by-score"
    thresholds: Annotated[dict[str, Thresholds], Meta(description="By label; what differs from the defaults.")] = {}
    unsupported_language: Annotated[
        Outcome | None, Meta(description="For languages that the model was not trained in; null: trust the scores.")
    ] = Outcome.HOLD
    on_no_verdict: Annotated[Outcome, Meta(description="When no machine verdict can be had.")] = Outcome.HOLD
    release_after: Annotated[int, Meta(ge=1, le=100, description="For `hold-new-authors`.")] = 1
    lists: Annotated[tuple[WordList, ...], Meta(max_length=MAX_LISTS)] = ()
    rules: Annotated[tuple[Rule, ...], Meta(max_length=MAX_RULES, description="In order: the first decides.")] = ()
    promise: Annotated[Promise | None, Meta(description="What the thresholds were computed to keep.")] = None
    audit_share: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="Share of automatic decisions that moderators judge blind; null: as the service is set."),
    ] = None

    @cached_property
    def effective(self) -> dict[str, Thresholds]:
        """The thresholds that apply: the defaults, and over them what this site set."""
        return {**DEFAULT_THRESHOLDS, **self.thresholds}

    @cached_property
    def compiled(self) -> Compiled:
        """Rules and lists made ready. Equal ones are made ready once per process, however often they are read."""
        return _compiled(_encode((self.lists, self.rules))) if self.lists or self.rules else _NOTHING

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidPolicy(f"A policy's mode is one of: {', '.join(MODES)}.", pointer="/mode")
        check_thresholds(self.thresholds)


class Compiled(NamedTuple):
    """The rules and lists that can be used, in their order, and the names of those that can't."""

    lists: tuple[CompiledList, ...] = ()
    rules: tuple[CompiledRule, ...] = ()
    broken: tuple[str, ...] = ()  # live ones only

    @property
    def needs_text(self) -> bool:
        """Whether a comment whose text was dropped can't be ruled about as it was."""
        return bool(self.lists) or any(rule.needs_text for rule in self.rules)


_NOTHING = Compiled()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[tuple[WordList, ...], tuple[Rule, ...]]).decode


def check(policy: Policy) -> None:
    """Refuse a policy that can't be used, as it must be before it is saved. Raises InvalidPolicy with every mistake."""
    mistakes = Mistakes()
    if not 1 <= policy.release_after <= 100:
        mistakes.add("Authors are released after 1 to 100 approvals.", "/release_after")
    if policy.audit_share is not None and not 0 <= policy.audit_share <= 1:
        mistakes.add("The audit's share lies between 0 and 1.", "/audit_share")
    check_measures(dict(enumerate(policy.lists)), dict(enumerate(policy.rules)), mistakes)
    mistakes.refuse()


def check_measures(lists: Mapping[int, WordList], rules: Mapping[int, Rule], mistakes: Mistakes) -> None:
    """Note what is wrong with the lists and rules of a policy, by where they stand in it."""
    before = len(mistakes.found)
    if len(rules) > MAX_RULES:
        mistakes.add(f"A policy has at most {MAX_RULES} rules.", "/rules")
    if len(lists) > MAX_LISTS:
        mistakes.add(f"A policy has at most {MAX_LISTS} lists.", "/lists")
    if sum(len(words.entries) for words in lists.values()) > MAX_ALL_ENTRIES:
        mistakes.add(f"The lists of a policy have at most {MAX_ALL_ENTRIES} entries together.", "/lists")
    if len(mistakes.found) > before:
        return  # so many are not even looked at
    names: set[str] = set()
    for kind, measures in (("lists", lists), ("rules", rules)):
        for index, measure in measures.items():
            if measure.name in names:
                mistakes.add("Another rule or list has this name.", f"/{kind}/{index}/name")
            names.add(measure.name)
    for index, words in lists.items():
        with mistakes.gathered(f"/lists/{index}"):
            compile_list(words)
    for index, rule in rules.items():
        with mistakes.gathered(f"/rules/{index}"):
            compile_rule(rule)


@lru_cache(maxsize=256)
def _compiled(encoded: bytes) -> Compiled:
    lists, rules = _decode(encoded)
    ready_lists, ready_rules, broken = [], [], []
    for words in lists:
        try:
            ready_lists.append(compile_list(words))
        except InvalidPolicy:
            broken += [words.name] if words.status == "live" else []
    for rule in rules:
        try:
            ready_rules.append(compile_rule(rule))
        except InvalidPolicy:
            broken += [rule.name] if rule.status == "live" else []
    return Compiled(tuple(ready_lists), tuple(ready_rules), tuple(broken))
