"""The measures of an evaluation, on scores whose measures are known."""

import math
import random

import pytest

from classifier import Input, Model
from classifier.evaluation import Scored, evaluate, score
from classifier.evaluation.dataset import Labelled
from classifier.evaluation.html import html


def scored(pairs: list[tuple[float, bool]], languages: list[str] | None = None) -> Scored:
    rows = [Labelled(Input(f"comment {at}"), {"spam": truth}, "file", at) for at, (_, truth) in enumerate(pairs)]
    return Scored(rows, [{"spam": value} for value, _ in pairs], languages or ["en"] * len(pairs), {})


def test_a_perfect_ranking(random_model: Model) -> None:
    (label,) = evaluate(random_model, scored([(0.1, False), (0.2, False), (0.8, True), (0.95, True)])).labels
    assert (label.rows, label.positives) == (4, 2)
    assert label.auc == 1
    assert label.auc_interval == (1, 1)
    assert label.average_precision == 1
    assert label.recall_at_1_percent == 1
    hold, reject = label.confusions
    assert (hold.name, hold.true_positives, hold.false_positives) == ("hold", 2, 0)
    assert (reject.precision, reject.recall, reject.false_positive_rate) == (1, 0.5, 0)
    assert label.false_alarms == []
    assert label.misses == []


def test_mistakes_are_listed_worst_first(random_model: Model) -> None:
    (label,) = evaluate(
        random_model, scored([(0.6, False), (0.99, False), (0.2, False), (0.3, True), (0.01, True)])
    ).labels
    assert [mistake.line for mistake in label.false_alarms] == [1, 0]
    assert [mistake.line for mistake in label.misses] == [4, 3]


def test_a_calibrated_model_has_little_calibration_error(random_model: Model) -> None:
    draw = random.Random(1)
    pairs = [(p, draw.random() < p) for p in (draw.random() for _ in range(4000))]
    (label,) = evaluate(random_model, scored(pairs)).labels
    assert label.calibration_error < 0.03
    assert label.auc_interval[0] < label.auc < label.auc_interval[1]
    assert label.auc_interval[1] - label.auc_interval[0] < 0.04
    assert sum(map(sum, label.histogram)) == 4000
    (skewed,) = evaluate(random_model, scored([(p**3, truth) for p, truth in pairs])).labels
    assert skewed.calibration_error > 0.1
    assert skewed.auc == pytest.approx(label.auc)


def test_one_class_alone_has_no_ranking_but_a_report(random_model: Model) -> None:
    result = evaluate(random_model, scored([(0.1, False), (0.7, False)]))
    (label,) = result.labels
    assert math.isnan(label.auc)
    assert label.confusions[0].false_positive_rate == 0.5
    assert math.isnan(label.confusions[0].recall)
    assert "–" in html(result)


def test_subsets_are_measured_apart(random_model: Model) -> None:
    pairs = [(at / 100, at >= 50) for at in range(100)]
    (label,) = evaluate(random_model, scored(pairs, ["en", "de"] * 50)).labels
    assert [(part.name, part.rows) for part in label.parts] == [("language de", 50), ("language en", 50)]


def test_comments_are_scored_as_in_serving(random_model: Model) -> None:
    rows = [Labelled(Input(f"comment {at}" if at else ""), {"spam": False}, "file", at) for at in range(70)]
    found = score(random_model, rows)
    assert len(found.scores) == 70
    assert found.scores[69] == pytest.approx(random_model.score([rows[69].item])[0].scores)
    assert found.flags == {"empty": 1}
