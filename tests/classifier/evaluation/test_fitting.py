"""Of a candidate that would harm, what does no harm is taken, and it is said what that was and what it cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Decided, Input, Model, Version, load
from classifier.correction.partial import only, shrunk
from classifier.correction.training import short, train
from classifier.evaluation import gate
from classifier.evaluation.fitting import LEAST, _stages, fit
from tests.classifier.evaluation.test_gate import STEPS, moderated

BOTH = {"spam": STEPS["spam"], "toxicity": {"hold": 0.5, "reject": 0.9}}


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def two_labels(size: int, *, flipped: bool) -> list[Decided]:
    """As `moderated`, and every third of the good ones is called toxic or not; `flipped`: the wrong way round half the time."""
    rows = []
    for at, row in enumerate(moderated(size)):
        rude = at % 4 == 0
        said = rude != (flipped and at % 8 == 0)
        text = f"{row.item.text} {'you stupid fool, shut up' if rude else 'thank you'}"
        rows.append(
            row._replace(item=Input(text, row.item.author_name), labels={**row.labels, "toxicity": float(said)})
        )
    return rows


def test_what_passes_is_taken_whole(model: Model) -> None:
    rows = moderated(300)
    fitted = fit(Version(model), rows[:240], rows[240:], "blog-1", thresholds=STEPS)
    assert fitted.report.passed
    assert fitted.report.part is None
    assert fitted.correction.packed == train(model, rows[:240], "blog-1").packed


def test_a_label_that_harms_stays_the_bases(model: Model) -> None:
    """Half of what was said of toxicity is the wrong way round; what was said of spam is not lost by that."""
    rows = two_labels(400, flipped=True)
    judges = two_labels(500, flipped=False)[320:]
    whole = gate.compare(
        Version(model), Version(model, train(model, rows[:320], "blog-1")), judges, thresholds=BOTH, taught=rows[:320]
    )
    fitted = fit(Version(model), rows[:320], judges, "blog-1", thresholds=BOTH)
    assert fitted.report.passed, fitted.report.reasons
    if whole.passed:
        pytest.fail("the decisions were to harm, or nothing is shown")
    assert fitted.report.part is not None
    assert fitted.report.part.because == whole.reasons
    assert any(one.label == "spam" for one in fitted.report.better)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_a_share_of_a_correction_lies_that_far_from_the_base(model: Model, share: float) -> None:
    rows = moderated(200)
    whole = train(model, rows, "blog-1")
    part = shrunk(whole, model, share, ["spam"], "blog-1")
    items = [row.item for row in moderated(60, seed=5)]

    def logits(version: Version) -> np.ndarray:
        scores = np.array([one.scores["spam"] for one in version.score(items)])
        return np.asarray(np.log(scores / (1 - scores)))

    base, far = logits(Version(model)), logits(Version(model, whole))
    assert logits(Version(model, part)) == pytest.approx(base + share * (far - base), abs=0.05)


def test_some_labels_alone_leave_the_others_to_the_base(model: Model) -> None:
    rows = two_labels(300, flipped=False)
    whole = train(model, rows, "blog-1")
    assert whole.labels == ("spam", "toxicity")
    part = only(whole, ["toxicity"], "blog-1")
    asked = [row.item for row in two_labels(40, flipped=False)]
    scored = [Version(model, one).score(asked) for one in (None, whole, part)]
    for base, all_of_it, its in zip(*scored, strict=True):
        assert its.scores["spam"] == base.scores["spam"]
        assert its.scores["toxicity"] == pytest.approx(all_of_it.scores["toxicity"], abs=1e-6)


def test_what_is_left_out_of_learning_stays_the_bases(model: Model) -> None:
    """All bad comments here come from one name; learnt without the author, the name says next to nothing."""
    rows = [
        row._replace(item=row.item._replace(author_name="Quentin Zielinski" if row.labels["spam"] else f"Reader {at}"))
        for at, row in enumerate(moderated(200))
    ]
    asked = [Input("an ordinary line on the garden", name) for name in ("Quentin Zielinski", "Wanda Oduya")]

    def says(version: Version) -> float:
        named, other = (one.scores["spam"] for one in version.score(asked))
        return float(np.log(named / (1 - named)) - np.log(other / (1 - other)))

    base = says(Version(model))
    learnt = says(Version(model, train(model, rows, "blog-1")))
    without = says(Version(model, train(model, rows, "blog-1", without=("author",))))
    assert learnt - base > 1
    assert abs(without - base) < 0.25 * (learnt - base)


def lopsided(size: int, every: int) -> list[Decided]:
    """Decisions of which each so-manieth rejects, so that the newest fifth has few of those."""
    good = iter(row for row in moderated(4 * size) if not row.labels["spam"])
    bad = iter(row for row in moderated(4 * size, seed=2) if row.labels["spam"])
    return [next(bad if at % every == 0 else good)._replace(at=at) for at in range(size)]


@pytest.mark.parametrize("every", [9, 15])
def test_where_the_newest_are_few_those_before_them_judge_too(model: Model, every: int) -> None:
    rows = lopsided(400, every)
    taught, newest = rows[:320], rows[320:]
    alone = gate.compare(
        Version(model), Version(model, train(model, taught, "blog-1")), newest, thresholds=STEPS, taught=taught
    )
    fitted = fit(Version(model), taught, newest, "blog-1", thresholds=STEPS)
    assert "too few decisions to tell" in " ".join(alone.reasons)
    assert fitted.report.passed, fitted.report.reasons
    assert any(one.name == "average precision" for one in fitted.report.better)


@given(size=st.integers(40, 400), seen=st.floats(0, 1), moments=st.integers(1, 50), few=st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_a_stage_is_judged_by_what_neither_it_nor_the_version_in_use_has_learnt_from(
    size: int, seen: float, moments: int, few: int
) -> None:
    """Whatever the decisions, and however many of one moment: what judges is newer than all that taught, and each row once."""
    rows = [
        Decided(Input(f"said {at}"), {"spam": float(at % few == 0)}, at // moments, "moderator:ann")
        for at in range(size)
    ]
    known = int(seen * size)
    stages = _stages(rows, known, rows[-10:], ["spam"])
    judging = [row for stage in stages for row in stage.after]
    assert len({id(row) for row in judging}) == len(judging)
    for stage in stages:
        assert max(row.at for row in stage.taught) < min(row.at for row in stage.after)
        assert not {id(row) for row in rows[:known]} & {id(row) for row in stage.after}
        assert short(stage.taught, "spam", LEAST) == (0, 0)
