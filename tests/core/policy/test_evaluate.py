"""The phases of a policy: each decides in its turn, an earlier one is never overruled, and shadows change nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidPolicy
from service.core.lifecycle import Outcome
from service.core.policy import Policy, Promise, check
from service.core.policy.document import read_policy, to_toml
from service.core.policy.evaluate import PHASES, REVIEW, evaluate
from service.core.policy.measures import MAX_LISTS, WordList
from service.core.policy.rules import MAX_RULES, Rule
from service.core.policy.thresholds import Thresholds
from service.core.submission import bare
from service.core.verdict import LABELS, Case, Signal, Verdict

TEXT = bare("Buy pills at https://shop.example")


def case(**signals: Signal) -> Case:
    return Case(TEXT, "blog", signals, 1_800_000_000_000)


def verdict(spam: float = 0.0, *flags: str) -> Verdict:
    return Verdict(dict.fromkeys(LABELS, 0.0) | {"spam": spam}, "m1", flags)


def listing(then: Any = "reject", **more: Any) -> WordList:
    return WordList(**{"name": "words", "then": then, "entries": ("pills",)} | more)


def ruling(when: str = "links >= 1", then: Any = "hold", **more: Any) -> Rule:
    return Rule(**{"name": "rule", "when": when, "then": then} | more)


STRICT = Policy(mode="hold-everything", lists=(listing("reject"),), rules=(ruling(then="approve"),))


def test_the_order_of_the_phases() -> None:
    """Take away the deciding phase, and the next one decides; all that fired is said each time."""
    whole = ["author", "lists", "rules", "mode", "language", "scores"]
    assert [phase for phase in PHASES if phase != "no-verdict"] == whole
    policy = Policy(mode="hold-everything", lists=(listing(),), rules=(ruling(),))
    signals: dict[str, Signal] = {"author_mark": "trusted", "links": 2}
    found = verdict(0.95, "unsupported-language")
    decided = evaluate(policy, case(**signals), found)
    assert [reason.phase for reason in decided.reasons] == whole
    assert (decided.outcome, decided.reasons[0].code) == (Outcome.APPROVE, "trusted-author")
    signals["author_mark"] = ""
    assert evaluate(policy, case(**signals), found).reasons[0].phase == "lists"
    policy = msgspec.structs.replace(policy, lists=())
    assert evaluate(policy, case(**signals), found).reasons[0].phase == "rules"
    policy = msgspec.structs.replace(policy, rules=())
    assert evaluate(policy, case(**signals), found).reasons[0].phase == "mode"
    assert [reason.phase for reason in evaluate(policy, case(**signals), None).reasons] == ["mode", "no-verdict"]
    policy = msgspec.structs.replace(policy, mode="by-score")
    assert evaluate(policy, case(**signals), found).reasons[0].phase == "language"
    assert evaluate(policy, case(**signals), verdict(0.95)).reasons[0].phase == "scores"


@pytest.mark.parametrize(
    ("signals", "outcome", "code"),
    [
        ({"author_mark": "blocked"}, Outcome.REJECT, "blocked-author"),
        ({"network_mark": "blocked"}, Outcome.REJECT, "blocked-network"),
        ({"network_mark": "trusted"}, Outcome.APPROVE, "trusted-network"),
        ({"author_mark": "trusted", "network_mark": "blocked"}, Outcome.APPROVE, "trusted-author"),
        ({"author_mark": "blocked", "network_mark": "trusted"}, Outcome.REJECT, "blocked-author"),
    ],
)
def test_marks_decide_first_and_the_authors_own_before_the_networks(
    signals: dict[str, Signal], outcome: Outcome, code: str
) -> None:
    for found in (verdict(0.99), verdict(), None):
        decided = evaluate(STRICT, case(**signals), found)
        assert (decided.outcome, decided.reasons[0].code) == (outcome, code)


@pytest.mark.parametrize(
    ("then", "outcome", "discard"),
    [("approve", Outcome.APPROVE, False), ("hold", Outcome.HOLD, False), ("reject", Outcome.REJECT, False),
     ("discard", Outcome.REJECT, True), ("tag", Outcome.APPROVE, False)],
)  # fmt: skip
def test_what_lists_and_rules_do(then: Any, outcome: Outcome, discard: bool) -> None:
    for policy in (
        Policy(lists=(listing(then, tags=("t",), code="because"),)),
        Policy(rules=(ruling(then=then, tags=("t",), code="because"),)),
    ):
        check(policy)
        decided = evaluate(policy, case(links=1), verdict())
        assert (decided.outcome, decided.discard, decided.tags) == (outcome, discard, ("t",))
        fired = [reason for reason in decided.reasons if reason.rule]
        assert [reason.code for reason in fired] == ["because"]
        assert (decided.reasons[0] in fired) is (then != "tag")


def test_the_first_rule_decides_and_the_others_are_said() -> None:
    rules = (
        ruling(name="a", then="tag", tags=("x",)),
        ruling(name="b", then="approve"),
        ruling(name="c", then="reject"),
    )
    decided = evaluate(Policy(rules=rules), case(links=1), verdict())
    assert decided.outcome is Outcome.APPROVE
    assert [reason.rule for reason in decided.reasons] == ["b", "a", "c"]


def test_drafts_and_what_has_expired_are_not_looked_at() -> None:
    for more in ({"status": "draft"}, {"expires": date(2027, 1, 14)}):
        assert evaluate(Policy(rules=(ruling(**more),), lists=(listing(**more),)), case(links=1), verdict()).reasons[
            0
        ].code == ("below-thresholds")
    for last_day in (date(2027, 1, 15), None):
        assert evaluate(Policy(rules=(ruling(expires=last_day),)), case(links=1), verdict()).outcome is Outcome.HOLD


def test_without_a_verdict_lists_and_rules_hold_and_reject_but_do_not_approve() -> None:
    for then, outcome in (("approve", Outcome.HOLD), ("hold", Outcome.HOLD), ("reject", Outcome.REJECT)):
        for policy in (Policy(rules=(ruling(then=then),)), Policy(lists=(listing(then),))):
            assert evaluate(policy, case(links=1), None).outcome is outcome
    trusting = Policy(rules=(ruling("spam > 90%", "reject"), ruling("links >= 0", "approve", name="b")))
    assert evaluate(trusting, case(), None).outcome is Outcome.HOLD


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_failure_policy_is_said_in_the_answer(outcome: Outcome) -> None:
    decided = evaluate(Policy(on_no_verdict=outcome), case(), None)
    assert decided.outcome is outcome
    assert decided.reasons[0].text.endswith(f"this site's policy then says: {outcome}.")


def test_new_authors_are_held_until_enough_are_approved() -> None:
    policy = Policy(mode="hold-new-authors", release_after=2)
    assert [evaluate(policy, case(author_approved=count), verdict()).outcome for count in (0, 1, 2, 9)] == [
        Outcome.HOLD, Outcome.HOLD, Outcome.APPROVE, Outcome.APPROVE,
    ]  # fmt: skip
    assert evaluate(policy, case(), verdict()).reasons[0].code == "new-author"
    assert evaluate(policy, case(author_approved=9), verdict(0.95)).outcome is Outcome.REJECT


def test_approve_first_publishes_what_scores_would_hold_and_nothing_else() -> None:
    policy = Policy(mode="approve-first", rules=(ruling("links >= 5"),))
    held = evaluate(policy, case(), verdict(0.7))
    assert (held.outcome, held.tags, [reason.code for reason in held.reasons]) == (
        Outcome.APPROVE, (REVIEW,), ["approve-first", "spam"],
    )  # fmt: skip
    assert evaluate(policy, case(), verdict(0, "unsupported-language")).tags == (REVIEW,)
    assert evaluate(policy, case(), verdict(0.95)).outcome is Outcome.REJECT
    assert evaluate(policy, case(links=5), verdict(0.7)).outcome is Outcome.HOLD
    assert evaluate(policy, case(), None).outcome is Outcome.HOLD
    assert evaluate(policy, case(), verdict()).tags == ()


def test_behind_a_rule_that_cant_be_read_nothing_is_approved() -> None:
    """As when a version before this one knew a signal of another name."""
    broken = Policy(rules=(Rule(name="old", when="gone_signal > 3", then="hold"), ruling(name="b", then="reject")))
    with pytest.raises(InvalidPolicy):
        check(broken)
    decided = evaluate(broken, case(), verdict())
    assert (decided.outcome, decided.reasons[0].code) == (Outcome.HOLD, "unreadable-rule")
    assert "old" in decided.reasons[0].text
    assert evaluate(broken, case(links=1), verdict()).outcome is Outcome.REJECT
    assert evaluate(broken, case(author_mark="trusted"), verdict()).outcome is Outcome.APPROVE
    for status in ("shadow", "draft"):
        quiet = Policy(rules=(Rule(name="old", when="gone_signal > 3", then="hold", status=status),))  # type: ignore[arg-type]
        assert evaluate(quiet, case(), verdict()).outcome is Outcome.APPROVE


def test_policies_that_cant_be_are_refused() -> None:
    wrong = [
        (Policy(rules=(ruling(), ruling())), "/rules/1/name"),
        (Policy(rules=(ruling(name="words"),), lists=(listing(),)), "/rules/0/name"),
        (Policy(rules=tuple(ruling(name=f"r{n}") for n in range(MAX_RULES + 1))), "/rules"),
        (Policy(lists=tuple(listing(name=f"r{n}") for n in range(MAX_LISTS + 1))), "/lists"),
        (Policy(lists=tuple(listing(name=f"r{n}", entries=("x",) * 4_500) for n in range(5))), "/lists"),
        (Policy(release_after=0), "/release_after"),
        (Policy(audit_share=1.01), "/audit_share"),
        (Policy(audit_share=float("nan")), "/audit_share"),
    ]
    for policy, pointer in wrong:
        with pytest.raises(InvalidPolicy) as caught:
            check(policy)
        assert caught.value.pointer == pointer
    with pytest.raises(InvalidPolicy):
        Promise(good_held=1.5)


SIGNALS = st.fixed_dictionaries(
    {},
    optional={
        "links": st.integers(0, 5),
        "author_mark": st.sampled_from(["", "trusted", "blocked"]),
        "network_mark": st.sampled_from(["", "trusted", "blocked"]),
        "author_approved": st.integers(0, 3),
        "honeypot": st.booleans(),
    },
)
VERDICTS = st.none() | st.builds(verdict, st.floats(0, 1), st.sampled_from(["obfuscated", "unsupported-language"]))
CONDITIONS = st.sampled_from(
    ["links >= 1", "spam > 30%", "honeypot", "not honeypot", 'content mentions "pills"', "links < 9"]
)
THEN = st.sampled_from(["approve", "hold", "reject", "discard"])
STATUS = st.sampled_from(["live", "live", "shadow", "draft"])


def named(measures: tuple[Any, ...], prefix: str) -> tuple[Any, ...]:
    return tuple(msgspec.structs.replace(one, name=f"{prefix}{at}") for at, one in enumerate(measures))


RULES = st.lists(st.builds(ruling, CONDITIONS, THEN, status=STATUS), max_size=4).map(
    lambda found: named(tuple(found), "r")
)
LISTS = st.lists(
    st.builds(listing, THEN, status=STATUS, entries=st.sampled_from([("pills",), ("nothing",)])), max_size=3
).map(lambda found: named(tuple(found), "l"))
THRESHOLDS = st.builds(lambda hold: {"spam": Thresholds(hold=hold, reject=min(1.0, hold + 0.2))}, st.floats(0, 1))
POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(["by-score", "hold-everything", "hold-new-authors", "approve-first"]),
    thresholds=THRESHOLDS,
    on_no_verdict=st.sampled_from(list(Outcome)),
    unsupported_language=st.none() | st.sampled_from(list(Outcome)),
    lists=LISTS,
    rules=RULES,
)


@given(POLICIES, SIGNALS, VERDICTS, POLICIES)
def test_what_belongs_to_later_phases_never_changes_what_an_earlier_one_decides(
    policy: Policy, signals: dict[str, Signal], found: Verdict | None, other: Policy
) -> None:
    decided = evaluate(policy, case(**signals), found)
    phase = decided.reasons[0].phase
    later = {
        "author": other,
        "lists": msgspec.structs.replace(other, lists=policy.lists),
        "rules": msgspec.structs.replace(other, lists=policy.lists, rules=policy.rules),
    }
    if phase in later:
        again = evaluate(later[phase], case(**signals), found)
        assert (again.outcome, again.reasons[0], again.discard) == (
            decided.outcome,
            decided.reasons[0],
            decided.discard,
        )


@given(POLICIES, SIGNALS, VERDICTS)
def test_a_trusted_author_is_approved_whatever_the_policy(
    policy: Policy, signals: dict[str, Signal], found: Verdict | None
) -> None:
    assert evaluate(policy, case(**signals | {"author_mark": "trusted"}), found).outcome is Outcome.APPROVE
    assert evaluate(policy, case(**signals | {"author_mark": "blocked"}), found).outcome is Outcome.REJECT


@given(POLICIES, SIGNALS, VERDICTS)
def test_shadows_and_drafts_never_change_a_ruling(
    policy: Policy, signals: dict[str, Signal], found: Verdict | None
) -> None:
    live = msgspec.structs.replace(
        policy,
        lists=tuple(one for one in policy.lists if one.status == "live"),
        rules=tuple(one for one in policy.rules if one.status == "live"),
    )
    with_all, without = evaluate(policy, case(**signals), found), evaluate(live, case(**signals), found)
    assert msgspec.structs.replace(with_all, shadow=()) == without
    assert not {reason.rule for reason in with_all.shadow} & {one.name for one in (*live.lists, *live.rules)}


@given(POLICIES, SIGNALS, VERDICTS)
def test_all_that_fired_is_said_once(policy: Policy, signals: dict[str, Signal], found: Verdict | None) -> None:
    names = [reason.rule for reason in evaluate(policy, case(**signals), found).reasons if reason.rule]
    assert len(names) == len(set(names))
    alone = [
        one.name for one in (*policy.lists, *policy.rules)
        if one.status == "live"
        and any(reason.rule for reason in evaluate(
            Policy(lists=(one,)) if isinstance(one, WordList) else Policy(rules=(one,)), case(**signals), found
        ).reasons)
    ]  # fmt: skip
    assert sorted(names) == sorted(alone)


@given(POLICIES)
def test_a_policy_survives_its_document_and_the_store(policy: Policy) -> None:
    check(policy)
    assert read_policy(to_toml(policy)) == policy
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(policy), type=Policy) == policy
    assert read_policy(msgspec.json.encode(policy).decode()) == policy


@given(st.text(max_size=60), st.text(max_size=30))
def test_whatever_texts_hold_they_survive_the_document(text: str, name: str) -> None:
    policy = Policy(rules=(ruling(text, note=name),), lists=(listing(entries=(text, name, text, name, text)),))
    assert read_policy(to_toml(policy)) == policy


def test_an_old_policy_is_still_read() -> None:
    old = {"mode": "by-score", "thresholds": {"spam": {"hold": 0.4, "reject": None, "discard": None}},
           "unsupported_language": None, "on_no_verdict": "hold"}  # fmt: skip
    policy = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=Policy)
    assert policy == Policy(thresholds={"spam": Thresholds(hold=0.4)}, unsupported_language=None)


@given(
    st.fixed_dictionaries(dict.fromkeys(LABELS, st.floats(0, 1))),
    st.sampled_from(["contact-form", "Contact_Form", "gravity_form", "signup", "fraud-report", "message"]),
)
def test_what_is_written_to_the_site_is_judged_by_spam_alone(scores: dict[str, float], kind: str) -> None:
    said = Verdict(scores, "m1")
    written = case()._replace(submission=msgspec.structs.replace(TEXT, kind=kind))
    only = Verdict({"spam": scores["spam"]}, "m1")
    assert evaluate(Policy(), written, said) == evaluate(Policy(), case(), only)
    assert evaluate(Policy(spam_only=()), written, said) == evaluate(Policy(), case(), said)
    assert evaluate(Policy(), case(), said) == evaluate(Policy(spam_only=("comment-not",)), case(), said)


def test_a_rule_still_looks_at_all_of_it() -> None:
    written = case()._replace(submission=msgspec.structs.replace(TEXT, kind="contact-form"))
    angry = Verdict(dict.fromkeys(LABELS, 0.0) | {"toxicity": 0.95, "threat": 0.9}, "m1")
    assert evaluate(Policy(), written, angry).outcome is Outcome.APPROVE
    rule = ruling('kind == "contact-form" and threat > 80%')
    assert evaluate(Policy(rules=(rule,)), written, angry).outcome is Outcome.HOLD


@pytest.mark.parametrize("kinds", [("Contact-Form",), ("contact_form",), ("",), ("x" * 33,), tuple("abc") * 20])
def test_kinds_are_written_in_one_way(kinds: tuple[str, ...]) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Policy(spam_only=kinds)
    assert refused.value.pointer == "/spam_only"


@pytest.mark.parametrize("kinds", [(), ("contact-form",), ("signup", "my-kind", "a", "b", "c", "d")])
def test_kinds_survive_being_written_down(kinds: tuple[str, ...]) -> None:
    assert read_policy(to_toml(Policy(spam_only=kinds))).spam_only == kinds
