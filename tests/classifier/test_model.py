"""The model: predictions, flags and exact explanations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classifier
from classifier import LABELS, Input, Model
from classifier.calibration import Calibration
from classifier.features.language import detect
from classifier.normalise import normalise
from tests.classifier.conftest import description

ANY_INPUT = st.builds(
    Input,
    st.text(max_size=60) | st.text(alphabet="abc v1@$.<>&\u200bа日😀", max_size=60),
    st.text(max_size=12),
    st.text(max_size=20),
)


def test_the_interface_is_as_agreed() -> None:
    assert set(classifier.__all__) >= {
        "LABELS",
        "ArtifactError",
        "Explanation",
        "Input",
        "Model",
        "Part",
        "Prediction",
        "load",
    }


def test_scores_are_probabilities_in_order(comments: list[Input], random_model: Model) -> None:
    for prediction in random_model.score(comments):
        assert tuple(prediction.scores) == LABELS
        assert all(0 < score < 1 for score in prediction.scores.values())
        assert all(type(score) is float for score in prediction.scores.values())
    assert random_model.score([]) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(ANY_INPUT, max_size=6), st.randoms())
def test_order_of_a_batch_does_not_matter(random_model: Model, items: list[Input], random: "object") -> None:
    order = list(range(len(items)))
    random.shuffle(order)  # type: ignore[attr-defined]
    together = random_model.score(items)
    shuffled = random_model.score([items[at] for at in order])
    for at, prediction in zip(order, shuffled, strict=True):
        assert prediction.flags == together[at].flags
        assert prediction.scores == together[at].scores


@settings(max_examples=100, deadline=None)
@given(ANY_INPUT, st.sampled_from(LABELS))
def test_an_explanation_adds_up(random_model: Model, item: Input, label: str) -> None:
    explanation = random_model.explain(item, label)
    assert math.fsum(part.contribution for part in explanation.parts) == pytest.approx(explanation.logit, abs=1e-9)
    computed = float(random_model.logits([item])[0, LABELS.index(label)])
    assert explanation.logit == pytest.approx(computed, abs=2e-5)
    assert explanation.probability == pytest.approx(random_model.score([item])[0].scores[label], abs=1e-12)
    for part in explanation.parts:
        if part.kind == "span":
            original = getattr(item, {"text": "text"}.get(part.field, part.field))
            assert original[part.start : part.end] == part.name
            before = original[: part.start].encode("utf-16-le", "surrogatepass")
            assert part.start_utf16 == len(before) // 2
            assert part.end_utf16 - part.start_utf16 == len(part.name.encode("utf-16-le", "surrogatepass")) // 2


def test_an_explanation_is_sorted_and_begins_with_the_intercept(random_model: Model, comments: list[Input]) -> None:
    parts = random_model.explain(comments[4], "spam").parts
    assert parts[0].kind == "intercept"
    sizes = [abs(part.contribution) for part in parts[1:]]
    assert sizes == sorted(sizes, reverse=True)
    assert {part.kind for part in parts} == {"intercept", "span", "feature"}


@settings(max_examples=50, deadline=None)
@given(ANY_INPUT)
def test_an_author_only_ever_adds_to_spam(random_model: Model, item: Input) -> None:
    text = item._replace(author_name="", author_url="")
    with_author, without = random_model.logits([item, text])
    assert with_author[0] >= without[0]
    assert (with_author[1:] == without[1:]).all()
    parts = random_model.explain(item, "spam").parts
    said = sum(part.contribution for part in parts if part.field in ("author_name", "author_url"))
    said += sum(
        part.contribution for part in parts if part.kind == "feature" and part.name.startswith(("name_", "url_"))
    )
    assert said == pytest.approx(with_author[0] - without[0], abs=1e-4)


@settings(max_examples=50, deadline=None)
@given(ANY_INPUT)
def test_what_implies_a_label_never_passes_it(random_model: Model, item: Input) -> None:
    logits = dict(zip(LABELS, random_model.logits([item])[0].tolist(), strict=True))
    for kind, (scale, shift) in description()["implied"]["toxicity"].items():  # type: ignore[index]
        assert logits["toxicity"] >= scale * logits[kind] + shift - 1e-4


def test_a_comment_scores_the_same_alone_and_among_others(random_model: Model, comments: list[Input]) -> None:
    together = random_model.score(comments * 20)
    assert [random_model.score([item])[0].scores for item in comments] == [one.scores for one in together[:10]]


def test_an_explanation_is_local(random_model: Model) -> None:
    """A word far from another does not get any of its contribution."""
    alone = {part.name: part.contribution for part in random_model.explain(Input("aaa bbbb   cccc dddd"), "spam").parts}
    assert set(alone) >= {"aaa", "bbbb", "cccc", "dddd"}


def test_scripts_without_spaces_are_explained_by_character(random_model: Model) -> None:
    parts = random_model.explain(Input("普通の コメント ok"), "spam").parts
    assert {part.name for part in parts if part.kind == "span"} == {*"普通のコメント", "ok"}


def test_explaining_an_unknown_label_says_which_there_are(random_model: Model) -> None:
    with pytest.raises(KeyError, match="no label 'nonsense'"):
        random_model.explain(Input("x"), "nonsense")


@pytest.mark.parametrize(
    ("item", "flags"),
    [
        (Input(""), ("empty",)),
        (Input("\u200b \x00"), ("empty",)),
        (Input("an ordinary comment about the weather and the garden"), ()),
        (Input("v\u200bi\u200ba\u200bg\u200br\u200ba"), ("obfuscated",)),
        (Input("Das ist ein ganz gewöhnlicher Kommentar über das Wetter"), ("unsupported-language",)),
        (Input("ok"), ()),
        (Input("Thanks!"), ()),
        (Input("+1"), ()),
        (Input("😀"), ()),
        (Input("https://example.com/va/te/faire/foutre"), ()),
        (Input("去死吧"), ("unsupported-language",)),
        (Input("死ね"), ("unsupported-language",)),
        (Input("иди ты"), ("unsupported-language",)),
        (Input("Va te faire foutre"), ("unknown-language",)),
        (Input("Siktir git"), ("unknown-language",)),
        (Input("Spierdalaj"), ("unknown-language",)),
        (Input("whatever it says", lang="fr-CA"), ("unsupported-language",)),
        (Input("whatever it says", lang="id"), ("partly-supported-language",)),
        (Input("whatever it says", lang="ms-MY"), ("partly-supported-language",)),
        (Input("Das ist ein ganz gewöhnlicher Kommentar", lang="en"), ()),
    ],
)
def test_flags(random_model: Model, item: Input, flags: tuple[str, ...]) -> None:
    assert random_model.score([item])[0].flags == flags


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I think that the author is right and you are not", "en"),
        ("Ich glaube nicht, dass der Autor recht hat", "de"),
        ("Eu acho que o autor tem razão e você não tem", "pt"),
        ("Я думаю, что автор статьи совершенно прав", "ru"),
        ("저는 이 기사의 작가가 옳다고 생각합니다", "ko"),
        ("この記事の著者は正しいと思います", "ja"),
        ("http://example.com/ http://example.org/", ""),
        ("lol", ""),
        ("😀😀😀😀😀😀😀😀", ""),
        ("12345 67890 12345 67890", ""),
        ("\x01\x02\x03\x04 \ud800 text", ""),
    ],
)
def test_languages_are_named_or_left_open(text: str, language: str) -> None:
    assert detect(normalise(text)) == language


@pytest.mark.parametrize(
    "text",
    [
        "😀" * 500,
        "http://only.example/link",
        "\x00\x01\x02",
        "\ud800\udfff",
        "a" * 1_000_000,
        "\u0301" * 70_000,
        "<" * 70_000,
    ],
    ids=["emoji", "link", "controls", "surrogates", "megabyte", "marks", "brackets"],
)
def test_odd_and_hostile_comments_are_scored(random_model: Model, text: str) -> None:
    (prediction,) = random_model.score([Input(text)])
    assert all(0 < score < 1 for score in prediction.scores.values())


def test_calibration_follows_its_knots_and_goes_on_beyond() -> None:
    calibration = Calibration([{"x": [-2, 0, 1, 5], "y": [-3, -1, -1, 7]}, {"x": [0, 1], "y": [0, 2]}])
    x = np.array([-4.0, -2, -1, 0, 0.5, 1, 3, 5, 7])
    probabilities = calibration.probabilities(np.stack([x, x], axis=1))
    logits = np.log(probabilities / (1 - probabilities))
    assert logits[:, 0] == pytest.approx([-5, -3, -2, -1, -1, -1, 3, 7, 11])
    assert logits[:, 1] == pytest.approx(2 * x)


@pytest.mark.parametrize(
    "knots",
    [
        {"x": [0], "y": [0]},
        {"x": [0, 0], "y": [0, 1]},
        {"x": [0, 1], "y": [1, 0]},
        {"x": [0, float("nan")], "y": [0, 1]},
    ],
)
def test_a_calibration_that_falls_is_refused(knots: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="calibration"):
        Calibration([knots])
