"""The shipped model behind the scorer that the use cases see."""

from __future__ import annotations

import pytest

import classifier
from service.core.case import Case
from service.core.phases import rule
from service.core.policy import DEFAULT_THRESHOLDS, Policy, Thresholds
from service.core.submission import Author, Page, Submission
from service.core.verdict import LABELS, largest
from service.scorer import ModelScorer

PAGE = Page("https://blog.example/post")
ORDINARY = Submission("1", PAGE, Author("Ann"), "I liked the part about the bees, and tried it at home. It worked.")
SPAM = Submission(
    "2", PAGE, Author("Cheap Pills", url="http://pills.example"),
    "Buy cheap viagra and cialis online without prescription, best price! http://pills.example http://more.example",
)  # fmt: skip
INSULT = Submission("3", PAGE, Author("Bob"), "You are a pathetic idiot.")


@pytest.fixture(scope="module")
def scorer() -> ModelScorer:
    return ModelScorer()


def test_the_default_policy_is_what_the_models_card_recommends() -> None:
    recommended = {label: Thresholds(**steps) for label, steps in classifier.load().thresholds.items()}
    assert recommended == DEFAULT_THRESHOLDS


def test_labels_are_the_classifiers() -> None:
    assert classifier.LABELS == LABELS


def test_verdicts_come_in_order_and_the_policy_can_use_them(scorer: ModelScorer) -> None:
    verdicts = scorer.judge([Case(ORDINARY), Case(SPAM), Case(INSULT)])
    outcomes = [rule(Policy(), Case(ORDINARY), verdict).outcome for verdict in verdicts]
    assert outcomes == ["approve", "reject", "reject"]
    assert all(verdict.model == scorer.version for verdict in verdicts)


@pytest.mark.parametrize(("submission", "label"), [(SPAM, "spam"), (INSULT, "toxicity"), (ORDINARY, "threat")])
def test_an_explanation_adds_up_and_so_do_its_largest_parts(
    scorer: ModelScorer, submission: Submission, label: str
) -> None:
    explanation = scorer.explain(Case(submission), label)
    assert sum(part.contribution for part in explanation.parts) == pytest.approx(explanation.logit, abs=1e-6)
    (verdict,) = scorer.judge([Case(submission)])
    assert explanation.probability == pytest.approx(verdict.scores[label], abs=1e-6)
    kept = largest(explanation, 4)
    assert len(kept.parts) == 5
    assert sum(part.contribution for part in kept.parts) == pytest.approx(explanation.logit, abs=1e-6)
    assert all(part.name == "" for part in explanation.parts if part.kind == "span"), "no words are kept"
