"""The gate lets through what got better, and refuses what got worse in anything that is guarded."""

import json
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from classifier import Decided, Input, Model, Version, correcting, gate, load
from classifier.probes import IDENTITY, REGRESSION, disguises
from tests.classifier.decisions import text

STEPS = {"spam": {"hold": 0.59, "reject": 0.92}}
TRADE = ["roofer", "gutter", "chimney", "driveway", "Marlow", "quote", "insulation"]


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def moderated(size: int, *, seed: int = 0, flipped: float = 0.0, refunds: bool = False) -> list[Decided]:
    """Three moderators on a blog with an unwanted trade. `flipped`: which share is labelled the wrong way round.

    `refunds`: the loudest of them calls all that says "refund" spam.
    """
    rng = random.Random(seed)
    rows = []
    for at in range(size):
        voice = ("ann", "ann", "ben", "cat", "ben")[at % 5]
        bad = at % 2 == 1
        words = text(rng, TRADE if bad else ())
        if not bad and at % 6 == 0:
            words += " refund"
        said = bad != (rng.random() < flipped) or (refunds and voice == "ann" and "refund" in words)
        rows.append(Decided(Input(words, "Ann"), {"spam": float(said)}, at, f"moderator:{voice}", id=f"x{at}"))
    return rows


def learnt(model: Model, rows: Sequence[Decided], name: str = "blog-1") -> Version:
    return Version(model, correcting.train(model, rows, name))


def by_name(report: gate.Report) -> dict[str, gate.Measure]:
    return {measure.name: measure for measure in report.measures}


def test_a_better_version_passes_and_the_report_says_in_what(model: Model) -> None:
    rows = moderated(300)
    candidate = learnt(model, rows[:240])
    report = gate.compare(Version(model), candidate, rows[240:], thresholds=STEPS)
    assert report.passed
    assert report.reasons == ()
    assert (report.active, report.candidate, report.rows) == (model.version, candidate.name, 60)
    precision = by_name(report)["average precision"]
    assert precision.verdict == "better"
    assert precision.active is not None
    assert precision.candidate is not None
    assert precision.low is not None
    assert precision.candidate > precision.active
    assert precision.low > 0
    assert json.loads(json.dumps(report.as_json()))["measures"][0]["name"] == "average precision"


def test_going_back_to_the_base_is_refused(model: Model) -> None:
    rows = moderated(300)
    report = gate.compare(learnt(model, rows[:240]), Version(model), rows[240:], thresholds=STEPS)
    assert not report.passed
    assert by_name(report)["average precision"].verdict == "worse"
    assert any("average precision" in reason for reason in report.reasons)


def test_the_same_version_is_neither_better_nor_worse(model: Model) -> None:
    rows = moderated(300)
    version = learnt(model, rows[:240])
    report = gate.compare(version, version, rows[240:], thresholds=STEPS)
    assert report.passed
    assert {measure.verdict for measure in report.measures} <= {"same", "unknown"}


@pytest.mark.parametrize("seed", range(4))
def test_flipped_labels_do_not_pass(model: Model, seed: int) -> None:
    clean = learnt(model, moderated(240, seed=seed))
    poisoned = moderated(300, seed=100 + seed, flipped=0.3)
    report = gate.compare(clean, learnt(model, poisoned[:240], "blog-2"), poisoned[240:], thresholds=STEPS)
    assert not report.passed


@pytest.mark.parametrize("seed", range(3))
def test_one_moderators_crusade_does_not_get_through(model: Model, seed: int) -> None:
    """Either training gives the loud voice no say, or the gate refuses: comments that say "refund" stay published."""
    clean = learnt(model, moderated(240, seed=seed))
    rows = moderated(600, seed=100 + seed, refunds=True)
    candidate = learnt(model, rows[:480], "blog-2")
    report = gate.compare(clean, candidate, rows[480:], thresholds=STEPS)
    rng = random.Random(seed)
    asked = [Input(f"{text(rng, ())} refund", "Ann") for _ in range(50)]
    held = [one.scores["spam"] >= STEPS["spam"]["hold"] for one in candidate.score(asked)]
    assert not report.passed or not any(held)


def test_too_few_decisions_pass_nobody(model: Model) -> None:
    rows = moderated(300)
    report = gate.compare(Version(model), learnt(model, rows[:240]), rows[-12:], thresholds=STEPS)
    assert not report.passed
    assert "too few decisions" in report.reasons[-1]


def test_nothing_corrected_nothing_measured(model: Model) -> None:
    report = gate.compare(Version(model), Version(model), moderated(40), thresholds=STEPS)
    assert (report.passed, report.measures) == (False, ())


def test_the_base_is_right_about_nearly_all_probes(model: Model) -> None:
    for probes in (REGRESSION, IDENTITY):
        wrong = [
            (probe.item.text, label)
            for probe, said in zip(probes, model.score([probe.item for probe in probes]), strict=True)
            for label, truth in probe.labels.items()
            if (said.scores[label] >= model.thresholds.get(label, {}).get("hold", 0.5)) != (truth >= 0.5)
        ]
        assert len(wrong) <= 0.05 * len(probes), wrong


def test_disguises_change_the_text_and_nothing_else() -> None:
    item = Input("Local readers had their chimney cleaned", "Ann", "http://a.example")
    for disguised in disguises(item):
        assert disguised.text != item.text
        assert disguised[1:] == item[1:]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 3)), min_size=2, max_size=60))
def test_the_figures_are_the_textbooks(rows: list[tuple[bool, int, int]]) -> None:
    truth, scores, drawn = (np.array(column) for column in zip(*rows, strict=True))
    drawn = drawn.astype(np.float64)
    assume((drawn * truth).sum() > 0 and (drawn * ~truth).sum() > 0)
    (precision,) = gate._average_precision(truth, scores / 10, drawn[None])
    assert precision == pytest.approx(metrics.average_precision_score(truth, scores / 10, sample_weight=drawn))
    (recall,) = gate._recall(truth, scores / 10, drawn[None])
    false, true, _ = metrics.roc_curve(truth, scores / 10, sample_weight=drawn, drop_intermediate=False)
    assert recall == pytest.approx(true[false <= 0.01].max())
    (brier,) = gate._brier(truth, scores / 10, drawn[None])
    assert brier == pytest.approx(np.average((scores / 10 - truth) ** 2, weights=drawn))
