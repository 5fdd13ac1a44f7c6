"""A site's policy, as data: mode, thresholds, lists and rules. `core.policy.evaluate` applies it; `check` is asked before saving.

A policy that was stored by an older version is still read; what of its rules and lists can't be used any more is skipped,
named, and nothing that comes after it approves (see `core.policy.evaluate`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from service.core.errors import InvalidPolicy, ValidationErrors
from service.core.lifecycle import Outcome
from service.core.policy.house_rules import MAX_HOUSE_RULES, HouseRule, check_house_rules
from service.core.policy.measures import MAX_ALL_ENTRIES, MAX_LISTS, CompiledList, WordList, compile_list
from service.core.policy.rules import MAX_RULES, CompiledRule, Rule, compile_rule
from service.core.policy.thresholds import DEFAULT_PRESET, PRESETS, Preset, Thresholds, check_thresholds


class Promise(Struct, frozen=True, forbid_unknown_fields=True):
    """What a site was promised of its thresholds, which the learning loop then computes. None: nothing of that kind."""

    good_held: float | None = None  # at most this share of good comments is held or rejected
    reject_precision: float | None = None  # at least this share of what is rejected is bad
    confidence: float = 0.95
    label: str = "spam"  # whose thresholds these are
    model: str = ""  # the version that it was computed for; "": not known

    def __post_init__(self) -> None:
        for field in ("good_held", "reject_precision", "confidence"):
            share = getattr(self, field)
            if share is not None and not 0 < share < 1:
                raise InvalidPolicy("A share lies between 0 and 1.", pointer=f"/promise/{field}")


MODES = ("by-score", "hold-everything", "hold-new-authors", "approve-first")
Mode = Literal["by-score", "hold-everything", "hold-new-authors", "approve-first"]


SPAM_ONLY = ("contact-form", "signup", "fraud-report", "message", "gravity-form", "formidable")
"""Kinds that are written to the site rather than published on it: an angry customer's message must arrive."""
MAX_SPAM_ONLY = 50
_KIND = re.compile(r"[a-z0-9-]{1,32}\Z")


def kind_name(kind: str) -> str:
    """A kind as policies write it: platforms don't agree on case, nor on what stands between its words."""
    return kind.lower().replace("_", "-")


class Policy(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What a site wants done with which verdict."""

    mode: Annotated[
        Mode,
        Meta(
            description="`by-score`; `hold-everything`; `hold-new-authors`: until `release_after` of theirs are approved; "
            "`approve-first`: what scores would hold is approved, and tagged `review`."
        ),
    ] = "by-score"
    preset: Annotated[
        Preset,
        Meta(
            description="Thresholds of labels that `thresholds` leaves out: `quiet` asks moderators less, `strict` misses less."
        ),
    ] = DEFAULT_PRESET
    thresholds: Annotated[dict[str, Thresholds], Meta(description="By label; what differs from the preset.")] = {}
    unsupported_language: Annotated[
        Outcome | None,
        Meta(description="For languages that the model has not learnt or can't tell; null: trust the scores."),
    ] = Outcome.HOLD
    spam_only: Annotated[
        tuple[str, ...],
        Meta(
            max_length=MAX_SPAM_ONLY,
            description="Kinds of which the scores judge nothing but spam, as letters, digits and hyphens.",
        ),
    ] = SPAM_ONLY
    on_no_verdict: Annotated[Outcome, Meta(description="When no machine verdict can be had.")] = Outcome.HOLD
    release_after: Annotated[int, Meta(ge=1, le=100, description="For `hold-new-authors`.")] = 1
    lists: Annotated[tuple[WordList, ...], Meta(max_length=MAX_LISTS)] = ()
    rules: Annotated[tuple[Rule, ...], Meta(max_length=MAX_RULES, description="In order: the first decides.")] = ()
    house_rules: Annotated[
        tuple[HouseRule, ...],
        Meta(max_length=MAX_HOUSE_RULES, description="Reasons of the site's own that moderators may give."),
    ] = ()
    promise: Annotated[Promise | None, Meta(description="What the thresholds were computed to keep.")] = None
    audit_share: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="Share of automatic decisions that moderators judge blind; null: as the service is set."),
    ] = None

    @cached_property
    def effective(self) -> dict[str, Thresholds]:
        """The thresholds that apply: the preset's, and over them what this site set."""
        return {**PRESETS[self.preset], **self.thresholds}

    @cached_property
    def house(self) -> dict[str, HouseRule]:
        """The house rules by their codes."""
        return {rule.code: rule for rule in self.house_rules}

    @cached_property
    def compiled(self) -> Compiled:
        """Rules and lists made ready. Equal ones are made ready once per process, however often they are read."""
        return _compiled(_encode((self.lists, self.rules))) if self.lists or self.rules else _NOTHING

    def __post_init__(self) -> None:
        if len(self.spam_only) > MAX_SPAM_ONLY or any(_KIND.match(kind) is None for kind in self.spam_only):
            raise InvalidPolicy(
                f"At most {MAX_SPAM_ONLY} kinds, each of 1 to 32 lower-case letters, digits or hyphens.",
                pointer="/spam_only",
            )
        if self.mode not in MODES:
            raise InvalidPolicy(f"A policy's mode is one of: {', '.join(MODES)}.", pointer="/mode")
        if self.preset not in PRESETS:
            raise InvalidPolicy(f"A policy's preset is one of: {', '.join(PRESETS)}.", pointer="/preset")
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
    mistakes = ValidationErrors()
    if not 1 <= policy.release_after <= 100:
        mistakes.add("Authors are released after 1 to 100 approvals.", "/release_after")
    if policy.audit_share is not None and not 0 <= policy.audit_share <= 1:
        mistakes.add("The audit's share lies between 0 and 1.", "/audit_share")
    check_measures(dict(enumerate(policy.lists)), dict(enumerate(policy.rules)), mistakes)
    check_house_rules(dict(enumerate(policy.house_rules)), mistakes)
    mistakes.refuse()


def check_measures(lists: Mapping[int, WordList], rules: Mapping[int, Rule], mistakes: ValidationErrors) -> None:
    """Note what is wrong with the lists and rules of a policy, by where they stand in it."""
    before = len(mistakes.found)
    if len(rules) > MAX_RULES:
        mistakes.add(f"A policy has at most {MAX_RULES} rules.", "/rules")
    if len(lists) > MAX_LISTS:
        mistakes.add(f"A policy has at most {MAX_LISTS} lists.", "/lists")
    if sum(len(words.entries) for words in lists.values()) > MAX_ALL_ENTRIES:
        mistakes.add(f"The lists of a policy have at most {MAX_ALL_ENTRIES:,} entries together.", "/lists")
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
