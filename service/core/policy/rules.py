"""Rules: a condition and what follows from it. `compile_rule` makes a condition a function; nothing is ever `eval`ed.

A condition is true, false, or unknown (None) where a fact is missing. "not" of unknown is unknown; "and" and "or" are
unknown only where the known parts don't settle it (Kleene's three values). A rule fires when its condition is true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, NamedTuple

from msgspec import Meta

from service.core.errors import InvalidPolicy, ValidationErrors
from service.core.policy.fields import Facts, Value
from service.core.policy.grammar import MAX_LENGTH, Both, Compare, Either, Node, Not, parse, place
from service.core.policy.measures import Measure, check_measure
from service.core.text.folding import fold
from service.core.text.search import Entries, Text, compiled
from service.core.verdict import Signal

MAX_RULES = 200

Condition = Callable[[Facts], bool | None]


class Rule(Measure, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One rule of a policy: when its condition is true of a comment, it does what `then` says."""

    when: Annotated[str, Meta(max_length=MAX_LENGTH, description="The condition, such as `links >= 3 and spam > 40%`.")]


class CompiledRule(NamedTuple):
    """A rule, its condition as a function, and whether that needs what retention drops."""

    rule: Rule
    holds: Condition
    needs_text: bool


def compile_rule(rule: Rule) -> CompiledRule:
    """Check a rule and make it ready. Raises InvalidPolicy; places are those in the rule."""
    mistakes = ValidationErrors()
    check_measure(rule, mistakes)
    with mistakes.gathered("/when"):
        tree = parse(rule.when)
        holds = _function(tree, rule.when)
    mistakes.refuse()
    return CompiledRule(rule, holds, needs_text=any(compare.field.lost for compare in _compares(tree)))


def _compares(node: Node) -> Iterator[Compare]:
    if isinstance(node, Compare):
        yield node
    elif isinstance(node, Not):
        yield from _compares(node.of)
    else:
        for part in node.parts:
            yield from _compares(part)


def _function(node: Node, source: str) -> Condition:
    match node:
        case Compare():
            try:
                return _comparing(node)
            except InvalidPolicy as error:
                line, column = place(source, node.at)
                raise InvalidPolicy(error.said, line=line, column=column, values=error.values) from None
        case Not(of):
            return _negated(_function(of, source))
        case Both(parts):
            return _all([_function(part, source) for part in parts])
        case Either(parts):
            return _any([_function(part, source) for part in parts])


def _negated(holds: Condition) -> Condition:
    def negated(facts: Facts) -> bool | None:
        found = holds(facts)
        return None if found is None else not found

    return negated


def _all(conditions: Sequence[Condition]) -> Condition:
    def all_of(facts: Facts) -> bool | None:
        unknown = False
        for holds in conditions:
            found = holds(facts)
            if found is False:
                return False
            unknown = unknown or found is None
        return None if unknown else True

    return all_of


def _any(conditions: Sequence[Condition]) -> Condition:
    def any_of(facts: Facts) -> bool | None:
        unknown = False
        for holds in conditions:
            found = holds(facts)
            if found:
                return True
            unknown = unknown or found is None
        return None if unknown else False

    return any_of


_SIZES: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _comparing(compare: Compare) -> Condition:
    if compare.operator in ("contains", "mentions", "matches"):
        return _in_text(compare.field.read, _searching(compare))
    return _known(compare.field.read, _measuring(compare))


def _searching(compare: Compare) -> Callable[[Text], bool]:
    wanted = [str(value) for value in compare.values]
    if compare.operator == "contains":
        views = {view for text in wanted for view in (text.casefold(), fold(text)) if view}
        return lambda text: any(needle in view for view in text.signs for needle in views)
    if compare.operator == "mentions":
        entries = Entries(wanted)
        return lambda text: entries.found(text) is not None
    expression = compiled(wanted[0], ignore_case=compare.ignore_case)
    if compare.ignore_case:  # the reading in plain letters has lost the case
        return lambda text: any(expression.search(view) for view in text.signs)
    return lambda text: any(expression.search(view) for view in {text.written, text.shown})


def _measuring(compare: Compare) -> Callable[[Signal], bool]:
    """A test of a value that is known; the parser has seen to it that both sides are of one kind."""
    if compare.operator == "is":
        return bool
    if compare.field.kind == "number" and compare.operator != "in":
        size, bound = _SIZES[compare.operator], float(compare.values[0])
        return lambda value: size(float(value), bound)
    among = frozenset(_caseless(value) for value in compare.values)
    if compare.operator == "!=":
        return lambda value: _caseless(value) not in among
    return lambda value: _caseless(value) in among


def _caseless(value: Signal) -> Signal:
    return value.casefold() if isinstance(value, str) else value


def _known(read: Callable[[Facts], Value], test: Callable[[Signal], bool]) -> Condition:
    def holds(facts: Facts) -> bool | None:
        value = read(facts)
        return None if value is None else test(value)

    return holds


def _in_text(read: Callable[[Facts], Value], test: Callable[[Text], bool]) -> Condition:
    def holds(facts: Facts) -> bool | None:
        value = read(facts)
        return None if value is None else test(facts.text(str(value)))

    return holds
