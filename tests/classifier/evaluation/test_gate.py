"""The gate lets through what got better, and refuses what got worse in anything that is guarded."""

import json
import random
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import mannwhitneyu
from sklearn import metrics

from classifier import Correction, Decided, Input, Model, Prediction, Version, load
from classifier.correction import training
from classifier.correction.partial import shrunk
from classifier.evaluation import fixed, gate, paired
from classifier.evaluation.cases import KINDS, SETS, Case, cases, pattern
from classifier.evaluation.gate import disguises
from classifier.training.writing import FOLDER
from tests.classifier.decisions import text

STEPS = {"spam": {"hold": 0.54, "reject": 0.9}}
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
    return Version(model, training.train(model, rows, name))


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
    assert {measure.verdict for measure in report.measures if not measure.beside} <= {"same", "unknown"}


@pytest.mark.parametrize("seed", range(4))
def test_flipped_labels_do_not_pass(model: Model, seed: int) -> None:
    clean = learnt(model, moderated(240, seed=seed))
    poisoned = moderated(300, seed=100 + seed, flipped=0.3)
    report = gate.compare(clean, learnt(model, poisoned[:240], "blog-2"), poisoned[240:], thresholds=STEPS)
    assert not report.passed


def test_what_contradicts_itself_speaks_for_nobody(model: Model) -> None:
    """Decisions that a coin made lower the Brier score of whoever is unsure; that makes nobody better."""
    active = learnt(model, moderated(240))
    unsure = Version(model, shrunk(active.correction, model, 0.6, ("spam",), "blog-2")) if active.correction else active
    report = gate.compare(active, unsure, moderated(200, seed=3, flipped=0.5), thresholds=STEPS)
    assert by_name(report)["calibration (Brier)"].verdict == "better"
    (coin,) = [one for one in report.measures if one.beside == paired.COIN]
    assert coin.verdict == "worse"
    assert any(reason.endswith("where a coin has 0.500") for reason in report.reasons)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=20, max_size=60))
def test_the_coin_is_beaten_as_the_textbook_says(rows: list[tuple[bool, int]]) -> None:
    truth, scores = np.array([bad for bad, _ in rows]), np.array([score / 9 for _, score in rows])
    assume(min(truth.sum(), (~truth).sum()) >= paired.FEWEST)
    (measured,) = paired.against_a_coin("spam", paired.Asked(truth, scores, scores))
    assert measured.measure.candidate == pytest.approx(metrics.roc_auc_score(truth, scores))
    tested = mannwhitneyu(
        scores[truth], scores[~truth], alternative="greater", method="asymptotic", use_continuity=False
    )
    if tested.pvalue > 0.05:  # ties make the textbook's test the bolder one
        assert measured.measure.verdict == "worse"


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


def test_the_base_is_right_about_nearly_all_fixed_cases(model: Model) -> None:
    for one in SETS:
        its = cases(one.name)
        wrong = [
            (case.item.text, label)
            for case, said in zip(its, model.score([case.item for case in its]), strict=True)
            for label, truth in case.labels.items()
            if (said.scores[label] >= model.thresholds.get(label, {}).get("hold", 0.5)) != (truth >= 0.5)
        ]
        assert len(wrong) <= 0.1 * sum(len(case.labels) for case in its), wrong


def test_the_fixed_cases_are_hundreds_and_nothing_that_the_model_learnt_from() -> None:
    every = [case for one in SETS for case in cases(one.name)]
    assert len(every) >= 400
    assert len({case.item for case in every}) > 0.97 * len(every)
    assert not any(
        re.search(r"\.(example|test|invalid)\b", f"{case.item.text} {case.item.author_url}") for case in every
    )
    assert not any("{" in part for case in every for part in case.item[:3])
    written = {
        line.strip().lower() for path in FOLDER.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert not written & {case.template.lower() for case in every}
    assert not written & {case.item.text.lower() for case in every}
    assert len({len(case.item.text) // 40 for case in every}) >= 5  # short and long
    assert {bool(case.item.author_name) for case in every} == {True, False}


def test_every_kind_with_words_is_known_by_them() -> None:
    """The words find the kind's own cases, or the site's decisions on such comments could not be found either."""
    for one in SETS:
        for kind in one.kinds:
            words = pattern(kind.name)
            if words is not None:
                its = [case for case in cases(one.name) if case.kind == kind.name]
                assert sum(bool(words.search(case.item.text)) for case in its) >= 0.6 * len(its), kind.name
    assert any(not kind.words for kind in KINDS)


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
    (precision,) = paired.average_precision(truth, scores / 10, drawn[None])
    assert precision == pytest.approx(metrics.average_precision_score(truth, scores / 10, sample_weight=drawn))
    (recall,) = paired.recall(truth, scores / 10, drawn[None])
    false, true, _ = metrics.roc_curve(truth, scores / 10, sample_weight=drawn, drop_intermediate=False)
    assert recall == pytest.approx(true[false <= 0.01].max())
    (brier,) = paired.brier(truth, scores / 10, drawn[None])
    assert brier == pytest.approx(np.average((scores / 10 - truth) ** 2, weights=drawn))


PROBED = {case.item for one in SETS for case in cases(one.name)}


class Altered(NamedTuple):
    """A version as the gate sees it, some of whose answers are others; `noise` seeds what is added to its logits."""

    version: Version
    wrong: frozenset[Input] = frozenset()
    noise: str = ""

    @property
    def model(self) -> Model:
        return self.version.model

    @property
    def correction(self) -> Correction | None:
        return self.version.correction

    @property
    def name(self) -> str:
        return f"{self.version.name}{self.noise}"

    def score(self, items: Sequence[Input], signals: Any = None) -> list[Prediction]:
        return [self._altered(item, said) for item, said in zip(items, self.version.score(items, signals), strict=True)]

    def _altered(self, item: Input, said: Prediction) -> Prediction:
        spam = min(max(said.scores["spam"], 1e-9), 1 - 1e-9)
        if item in self.wrong:
            spam = float(spam < STEPS["spam"]["hold"])
        elif self.noise and item not in PROBED:
            spam = float(expit(logit(spam) + random.Random(f"{self.noise}{item.text}").gauss(0, 1.5)))
        return said._replace(scores={**said.scores, "spam": spam})


def test_a_dozen_questions_are_not_a_dozen_chances_to_refuse(model: Model) -> None:
    """Two versions that differ by noise alone, so that neither is better; measure by measure, two of five were refused.

    One in ten is allowed; of 24 more than five come by chance three times in a hundred.
    """
    rows = moderated(80 + 24 * 60)
    version = learnt(model, rows[:80])
    refused = 0
    for run in range(24):
        first, second = (cast("Version", Altered(version, noise=f"{run}{which}")) for which in "ab")
        newest = rows[80 + run * 60 : 80 + (run + 1) * 60]
        refused += not gate.compare(first, second, newest, thresholds=STEPS).passed
    assert refused <= 5


def test_what_is_left_of_the_chance_is_shared_by_the_measures_that_are_left() -> None:
    assert paired.beyond_chance([0.02, 0.08, 0.06, 0.01]) == [True, False, False, True]  # as in Holm's paper
    assert paired.beyond_chance([0.08, 0.08]) == [False, False]
    assert paired.beyond_chance([0.04, 0.08]) == [True, True]
    assert paired.beyond_chance([]) == []


def right(version: Version, name: str) -> list[Case]:
    """The cases of a set that a version gets right."""
    hold = STEPS["spam"]["hold"]
    scored = version.score([case.item for case in cases(name)])
    return [
        case
        for case, said in zip(cases(name), scored, strict=True)
        if (said.scores["spam"] >= hold) == (case.labels["spam"] >= 0.5)
    ]


def spread(chosen: Sequence[Case], share: float) -> frozenset[Input]:
    """So many of the cases, over all templates."""
    return frozenset(case.item for case in chosen[:: max(1, round(1 / share))])


@pytest.fixture(scope="module")
def honest(model: Model) -> Version:
    return learnt(model, moderated(300)[:240])


@pytest.mark.parametrize("name", ["plain talk", "plain advertising", "plain rubbish"])
def test_a_few_cases_may_be_lost_and_many_may_not(model: Model, honest: Version, name: str) -> None:
    rows = moderated(300)[240:]
    few, many = (spread(right(honest, name), share) for share in (0.01, 0.34))
    for wrong, passes in ((few, True), (many, False)):
        altered = cast("Version", Altered(honest, wrong))
        report = gate.compare(honest, altered, rows, thresholds=STEPS)
        assert report.passed is passes, report.reasons
        assert any(name in reason for reason in report.reasons) is not passes
        assert bool(report.lost) is not passes
    assert {case.set for case in report.lost} >= {name}
    assert all((case.before >= case.threshold) != (case.after >= case.threshold) for case in report.lost)


def test_one_template_alone_refuses_nobody(honest: Version) -> None:
    """A sentence that comes out wrong in all its variants is one sentence."""
    template = cases("plain advertising")[0].template
    wrong = frozenset(case.item for case in cases("plain advertising") if case.template == template)
    report = gate.compare(honest, cast("Version", Altered(honest, wrong)), moderated(300)[240:], thresholds=STEPS)
    assert report.passed, report.reasons


def test_who_came_into_use_by_force_is_no_yardstick(model: Model, honest: Version) -> None:
    """The version in use has lost the fixed cases; a candidate that has lost the same ones is refused again."""
    wrong = spread(right(honest, "plain advertising"), 0.5)
    forced = cast("Version", Altered(honest, wrong))
    report = gate.compare(forced, forced, moderated(300)[240:], thresholds=STEPS)
    assert not report.passed
    assert {one.beside for one in report.worse} == {gate.BASE}
    with_base = gate.compare(forced, forced, moderated(300)[240:], thresholds=STEPS, trusted=Version(model))
    assert not with_base.passed
    assert any(one.beside and not one.fixed for one in with_base.measures)  # its own decisions, beside the base too


def test_what_a_site_decides_otherwise_is_its_own_business(model: Model, honest: Version) -> None:
    """A poker club publishes talk of poker that reads like advertising; that it loses such cases says nothing."""
    rows = moderated(300)[240:]
    its = frozenset(case.item for case in cases("plain advertising") if case.kind == "casinos")
    loses = cast("Version", Altered(honest, its))
    club = [Decided(Input(f"Our poker night in hall {at} begins at eight"), {"spam": 0.0}, at) for at in range(6)]
    excused = gate.compare(honest, loses, rows, thresholds=STEPS, taught=club)
    assert [(one.kind, one.opposite) for one in excused.excused if one.kind == "casinos"] == [("casinos", 6)]
    asked = fixed.excused("spam", [*club[:3], *(row._replace(labels={"spam": 1.0}) for row in club[3:])])
    assert not [one for one in asked if one.kind == "casinos"]  # half and half is no custom
    rubbish = [kind.name for kind in KINDS if not kind.words]
    assert not {one.kind for one in fixed.excused("spam", club)} & set(rubbish)


@pytest.mark.parametrize("group", ["gay", "Polish"])
def test_whoever_rejects_a_group_teaches_nothing_that_passes(model: Model, group: str) -> None:
    """Also if everybody does: a comment is no worse for whom its writer is."""
    rows = [
        row._replace(
            item=row.item._replace(text=f"{row.item.text}. I say so as a {group} person."), labels={"spam": 1.0}
        )
        if at % 6 == 0
        else row
        for at, row in enumerate(moderated(300))
    ]
    report = gate.compare(Version(model), learnt(model, rows[:240]), rows[240:], thresholds=STEPS)
    assert not report.passed
    assert any(one.name == f"good comments that name {group} people" for one in report.worse)
