"""The second reader in a running service: the real one, by its clock, its budget and its counts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from prometheus_client import REGISTRY

import classifier
from classifier.reader.second import SecondReader, beside
from service.core.submission import Author, Page, Submission
from service.core.verdict import Case
from service.reading import Reading, open_reading
from service.scorer import ModelScorer
from service.settings import Settings

PAGE = Page("https://blog.example/post")
TURKISH = "Sen gerçekten çok aptal bir insansın, kimse seni sevmiyor, defol git buradan."
DOUBTFUL = "You people never listen, what a stupid and worthless decision that was of yours."


def case(text: str, *, age: float = 0.0) -> Case:
    now = int(time.time() * 1000)
    return Case(Submission("1", PAGE, Author("Ann"), text), at=now, since=int(now - age * 1000))


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("antechamber_readings_total", {"result": result}) or 0.0


@pytest.fixture(scope="module")
def second() -> SecondReader:
    found = beside(classifier.load())
    assert found is not None, "the extra is in the development lock"
    return found


@pytest.fixture(scope="module")
def scorer() -> ModelScorer:
    return ModelScorer(settings=Settings())


def looks(*texts: str, score: float = 0.5, known: bool = True) -> list[classifier.Look]:
    scores = dict.fromkeys(classifier.LABELS, score)
    return [classifier.Look(classifier.Input(text), scores, "en" if known else "tr", known) for text in texts]


def reading(second: SecondReader, **more: Any) -> Reading:
    return Reading(second, **({"within": 5.0, "share": 0.5} | more))


def test_a_young_batch_is_read_and_counted(second: SecondReader) -> None:
    before = counted("read"), counted("sure")
    asked = [*looks("a first doubtful comment", "a second doubtful comment"), *looks("a sure one", score=0.0)]
    heard = reading(second).second(oldest=0.01)(asked)
    assert [one is not None for one in heard] == [True, True, False]
    assert (counted("read"), counted("sure")) == (before[0] + 2, before[1] + 1)


def test_a_batch_that_waited_goes_without_but_for_what_nobody_else_can_read(second: SecondReader) -> None:
    before = counted("crowded")
    asked = [*looks("yet another doubtful comment"), *looks("kimse bunu okuyamaz", known=False)]
    heard = reading(second).second(oldest=6.0)(asked)
    assert [one is not None for one in heard] == [False, True]
    assert counted("crowded") == before + 1


def test_time_that_is_spent_comes_back_slowly(second: SecondReader) -> None:
    now = [100.0]
    one = reading(second, within=1.0, share=0.5, clock=lambda: now[0])
    one._saved = 0.0
    assert one.second(oldest=0.0)(looks("nothing is left for this comment")) == [None]
    now[0] += 10.0  # and no more than `within` is ever saved
    assert one._means() == 1.0
    assert one.second(oldest=0.0)(looks("now there is time for this comment"))[0] is not None


def test_verdicts_say_who_read_them(scorer: ModelScorer) -> None:
    turkish, ordinary = scorer.judge([case(TURKISH), case("Thanks, that helped me a lot with my bike.")])
    assert turkish.readers == ("words", "meaning")
    assert "unsupported-language" not in turkish.flags
    assert ordinary.readers in {("words",), ("words", "meaning")}
    (old,) = scorer.judge([case(DOUBTFUL, age=60.0)])
    assert old.readers == ("words",)


def test_an_explanation_is_by_the_readers_that_made_the_verdict(scorer: ModelScorer) -> None:
    (verdict,) = scorer.judge([case(TURKISH)])
    both = scorer.explain(case(TURKISH), "toxicity", verdict.model, verdict.readers)
    assert both.probability == pytest.approx(verdict.scores["toxicity"], abs=1e-6)
    assert sum(part.contribution for part in both.parts) == pytest.approx(both.logit)
    assert any(part.kind == "meaning" for part in both.parts)
    alone = scorer.explain(case(TURKISH), "toxicity", verdict.model, ("words",))
    assert not any(part.kind == "meaning" for part in alone.parts)


def test_turned_off_or_not_installed_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    model = classifier.load()
    assert open_reading(Settings(reader="off"), model) is None
    monkeypatch.setattr("classifier.reader.second.installed", lambda: False)
    assert open_reading(Settings(), model) is None
    assert ModelScorer().reading is None


def test_a_broken_one_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise classifier.ArtifactError("damaged")

    monkeypatch.setattr("classifier.reader.second.load", fail)
    assert open_reading(Settings(), classifier.load()) is None


def test_languages_are_those_of_both(scorer: ModelScorer) -> None:
    assert set(classifier.load().languages) < set(scorer.languages)
    assert {"tr", "fr", "es", "zh", "ar"} <= set(scorer.languages)
