"""The shipped model behind the scorer that the use cases see."""

from __future__ import annotations

import msgspec
import pytest

import classifier
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.thresholds import DEFAULT_THRESHOLDS, PRESETS, Thresholds
from service.core.submission import Author, Page, Submission
from service.core.verdict import LABELS, Case, largest, spelt_out
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


def test_the_presets_are_what_the_models_card_recommends() -> None:
    model = classifier.load()
    assert {label: Thresholds(**steps) for label, steps in model.thresholds.items()} == DEFAULT_THRESHOLDS
    for name, steps in PRESETS.items():
        assert {label: Thresholds(**each[name]) for label, each in model.card["presets"].items()} == steps


def test_labels_are_the_classifiers() -> None:
    assert classifier.LABELS == LABELS


def test_verdicts_come_in_order_and_the_policy_can_use_them(scorer: ModelScorer) -> None:
    verdicts = scorer.judge([Case(ORDINARY), Case(SPAM), Case(INSULT)])
    outcomes = [evaluate(Policy(), Case(ORDINARY), verdict).outcome for verdict in verdicts]
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


def test_who_asks_for_an_explanation_gets_the_words_and_where_they_begin(scorer: ModelScorer) -> None:
    told = msgspec.to_builtins(spelt_out(scorer.explain(Case(INSULT), "toxicity"), INSULT))
    spans = [part for part in told["parts"] if part["kind"] == "span"]
    assert spans
    for part in spans:
        assert part["name"] == INSULT.content[part["start"] : part["end"]] != ""
    assert min(part["start"] for part in spans) == 0
