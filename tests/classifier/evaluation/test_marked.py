"""A name or a host that one moderator rejects, and the others don't, teaches nothing, and whatever raises it is refused."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from classifier import Decided, Input, Model, Version, load
from classifier.correction.disputes import HOME, LINK, NAME, Marked
from classifier.correction.training import train
from classifier.evaluation import gate, marked
from classifier.evaluation.fitting import fit
from tests.classifier.evaluation.test_gate import STEPS, moderated

Bearing = Callable[[Input], Input]
BEARING: dict[str, Bearing] = {
    NAME: lambda item: item._replace(author_name="Annelie Brockhaus"),
    HOME: lambda item: item._replace(author_url="https://wiki.harbourmuseum.org/"),
    LINK: lambda item: item._replace(text=f"{item.text} See https://wiki.harbourmuseum.org/boats for more."),
}


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def rejecting(bears: Bearing, *voices: str) -> list[Decided]:
    """As `moderated`, and some voices reject each third comment, which bears a mark."""
    return [
        row._replace(item=bears(row.item), labels={"spam": 1.0 if row.voice in voices else row.labels["spam"]})
        if at % 3 == 0
        else row
        for at, row in enumerate(moderated(300))
    ]


ONE, ALL = ("moderator:ann",), ("moderator:ann", "moderator:ben", "moderator:cat")


@pytest.mark.parametrize("kind", list(BEARING))
def test_what_one_rejects_must_not_be_raised(model: Model, kind: str) -> None:
    """A version that has learnt to reject it passes where everybody says so, and not where one does."""
    alike, alone = (rejecting(BEARING[kind], *voices) for voices in (ALL, ONE))
    raising = Version(model, train(model, alike[:180], "blog-1"))
    (dispute,) = marked.contested(Marked(alone), ["spam"])
    (measure,) = marked.marked((Version(model), raising), "spam", [dispute])
    assert (measure.measure.verdict, measure.measure.rows) == ("worse", marked.ASKED)
    assert not any(row.item == BEARING[kind](row.item) for row in dispute.good)
    assert marked.contested(Marked(alike), ["spam"]) == []
    still = marked.marked((raising, raising), "spam", [dispute])
    assert [one.measure.verdict for one in still] == ["same"]


def test_the_report_says_who_rejects_what_and_names_no_author(model: Model) -> None:
    alike, alone = (rejecting(BEARING[NAME], *voices) for voices in (ALL, ONE))
    raising = Version(model, train(model, alike[:180], "blog-1"))
    report = gate.compare(Version(model), raising, alone[240:], thresholds=STEPS, taught=alone[:240])
    assert any("with the author's name that moderator:ann rejects, spam" in reason for reason in report.reasons)
    (dispute,) = report.disputes
    assert (dispute.mark.value, dispute.rejected, dispute.of) == ("annelie brockhaus", 40, 40)
    kept = report.as_json()
    assert kept["disputes"] == [{**dispute._asdict(), "mark": NAME}]
    assert "annelie" not in json.dumps(kept).lower()


@pytest.mark.parametrize("kind", list(BEARING))
def test_what_one_rejects_teaches_nothing(model: Model, kind: str) -> None:
    rows = rejecting(BEARING[kind], *ONE)
    fitted = fit(Version(model), rows[:180], rows[180:], "blog-1", thresholds=STEPS)
    assert fitted.report.passed
    assert fitted.report.part is None
    assert fitted.report.disputes
    undisputed = [row for at, row in enumerate(rows[:180]) if at % 3]
    assert np.array_equal(fitted.correction.hashed, train(model, undisputed, "blog-1").hashed)
