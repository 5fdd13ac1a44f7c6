"""A verdict and a policy make a ruling, in a fixed order of phases."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidSubmission
from service.core.lifecycle import MOVES, STATE_OF, ActorKind, Outcome, State, sources
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.thresholds import DEFAULT_THRESHOLDS, PRESETS, Thresholds, check_thresholds
from service.core.submission import bare
from service.core.verdict import LABELS, Case, Verdict

STEPS = Policy(thresholds={"spam": Thresholds(hold=0.4, reject=0.8, discard=0.95)})

CASE = Case(bare("hello"))


def verdict(flags: tuple[str, ...] = (), **scores: float) -> Verdict:
    return Verdict({label: scores.get(label, 0.0) for label in LABELS}, "m1", flags)


@pytest.mark.parametrize(
    ("spam", "outcome", "discard"),
    [
        (0.39, Outcome.APPROVE, False),
        (0.4, Outcome.HOLD, False),
        (0.79, Outcome.HOLD, False),
        (0.8, Outcome.REJECT, False),
        (0.95, Outcome.REJECT, True),
    ],
)
def test_thresholds_decide(spam: float, outcome: Outcome, discard: bool) -> None:
    ruling = evaluate(STEPS, CASE, verdict(spam=spam))
    assert (ruling.outcome, ruling.discard) == (outcome, discard)
    if outcome is not Outcome.APPROVE:
        assert ruling.reasons[0].label == "spam"
        assert ruling.reasons[0].score == spam


def test_the_strictest_label_decides_and_every_reason_is_kept() -> None:
    ruling = evaluate(STEPS, CASE, verdict(spam=0.85, toxicity=0.8, threat=0.7))
    assert ruling.outcome is Outcome.REJECT
    assert [reason.code for reason in ruling.reasons] == ["spam", "toxicity", "threat"]


def test_no_verdict_fails_closed_unless_the_site_says_otherwise() -> None:
    assert evaluate(Policy(), CASE, None).outcome is Outcome.HOLD
    assert evaluate(Policy(), CASE, None).reasons[0].code == "no-verdict"
    assert evaluate(Policy(on_no_verdict=Outcome.APPROVE), CASE, None).outcome is Outcome.APPROVE


def test_hold_everything_holds_spam_and_pearls_alike() -> None:
    policy = Policy(mode="hold-everything")
    assert evaluate(policy, CASE, verdict()).outcome is Outcome.HOLD
    ruling = evaluate(policy, CASE, verdict(spam=0.99))
    assert [reason.code for reason in ruling.reasons] == ["hold-everything", "spam"]
    assert not ruling.discard


def test_an_unknown_language_is_held_unless_the_site_trusts_the_scores() -> None:
    stranger = verdict(("unsupported-language",))
    assert evaluate(Policy(), CASE, stranger).outcome is Outcome.HOLD
    assert evaluate(Policy(unsupported_language=None), CASE, stranger).outcome is Outcome.APPROVE


@pytest.mark.parametrize(
    "steps",
    [Thresholds(hold=1.1), Thresholds(reject=-0.1), Thresholds(hold=0.9, reject=0.5), Thresholds(hold=math.nan)],
)
def test_impossible_thresholds_are_refused(steps: Thresholds) -> None:
    with pytest.raises(InvalidSubmission):
        Policy(thresholds={"spam": steps})


@pytest.mark.parametrize(
    "document", [b'{"mode":"maybe"}', b'{"thresholds":{"ham":{}}}', b'{"colour":1}', b'{"preset":"loud"}']
)
def test_unknown_words_in_a_policy_are_refused(document: bytes) -> None:
    with pytest.raises((msgspec.ValidationError, InvalidSubmission)):
        msgspec.json.decode(document, type=Policy)


def test_a_policy_survives_being_stored() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(STEPS), type=Policy) == STEPS
    assert STEPS.effective["toxicity"] == DEFAULT_THRESHOLDS["toxicity"]


@given(st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1), min_size=1))
def test_a_higher_score_is_never_ruled_milder(scores: dict[str, float]) -> None:
    severity = {Outcome.APPROVE: 0, Outcome.HOLD: 1, Outcome.REJECT: 2}
    mild = evaluate(STEPS, CASE, Verdict(scores, "m"))
    harsh = evaluate(STEPS, CASE, Verdict({label: min(1.0, score + 0.2) for label, score in scores.items()}, "m"))
    assert severity[harsh.outcome] >= severity[mild.outcome]


@given(st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1), min_size=1))
def test_a_stricter_preset_never_rules_milder(scores: dict[str, float]) -> None:
    severity = {Outcome.APPROVE: 0, Outcome.HOLD: 1, Outcome.REJECT: 2}
    ruled = [
        evaluate(Policy(preset=name), CASE, Verdict(scores, "m")).outcome for name in ("quiet", "balanced", "strict")
    ]
    assert [severity[outcome] for outcome in ruled] == sorted(severity[outcome] for outcome in ruled)


def test_each_preset_can_be_used_and_speaks_of_every_label() -> None:
    for steps in PRESETS.values():
        check_thresholds(steps)
        assert tuple(steps) == LABELS


def test_a_policy_of_before_presets_is_the_balanced_one() -> None:
    stored = msgspec.msgpack.encode({"mode": "by-score", "thresholds": {"spam": {"hold": 0.3}}})
    policy = msgspec.msgpack.decode(stored, type=Policy)
    assert policy.effective == PRESETS["balanced"] | {"spam": Thresholds(hold=0.3)}


def test_every_move_of_the_table_is_sane() -> None:
    assert all(State.ERASED not in come_from for come_from in MOVES.values()), "erasure is final"
    for state in STATE_OF.values():
        assert sources(ActorKind.POLICY, state) == {State.PENDING}, "a machine only judges what waits"
        assert sources(ActorKind.MODERATOR, state) >= set(STATE_OF.values()), "a human may always change their mind"
    assert sources(ActorKind.READERS, State.APPROVED) == frozenset()
