"""Readings are sums over passages, and one verdict of two readers is an exact sum too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import LABELS, Input, Model, load
from classifier.artifact import ArtifactError
from classifier.calibration import Calibration
from classifier.model import MEANING, WORDS, Look
from classifier.reader.encoder import Encoder
from classifier.reader.fusion import LONG, SHORT, Band, group_of, line_of, slide
from classifier.reader.reader import Pooling, Reader, pooled
from classifier.reader.second import SecondReader

RUDE = "You are a worthless idiot and everybody here knows it."
POLITE = "Thank you for the detailed explanation of the new timetable, it helped a lot."
COMMENTS = [
    RUDE,
    f"{POLITE} {RUDE} {POLITE}",
    "Kendini çok akıllı sanan zavallı bir aptalsın.",
    "你是个白痴。我们都知道。" * 8,
    "y‌o‌u are an id1ot " * 9,
    '<b>Hello</b> <a href="http://x.example">click here for the best price on the whole internet</a> ' * 3,
    "Ｉ ｈａｔｅ ｙｏｕ 😀",
]


@pytest.fixture(scope="module")
def second(reader: Reader, random_model: Model) -> SecondReader:
    return SecondReader(reader, random_model)


@given(
    st.lists(st.tuples(st.floats(-5, 5, width=32), st.integers(0, 50)), min_size=1, max_size=9),
    st.floats(0, 1),
)
def test_a_comment_is_as_bad_as_its_worst_passage(passages: list[tuple[float, int]], chance: float) -> None:
    said = np.array([[one] for one, _ in passages], np.float32)
    sizes = np.array([size for _, size in passages])
    parts, rest, lengths = pooled(said, sizes, Pooling(chance))
    read = sizes > 0
    assert (parts[~read] == 0).all()
    if not read.any():
        assert parts.sum() == rest.sum() == 0
        return
    assert parts.sum() + rest[0] == pytest.approx(said[read].max() - chance * np.log(read.sum()), abs=1e-4)
    assert lengths[0] in sizes[(said[:, 0] == parts.sum()) & read]


@pytest.mark.parametrize("text", COMMENTS)
def test_a_reading_adds_up_and_points_into_the_text(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.logits == pytest.approx(reading.parts.sum(axis=0) + reading.rest)
    places = reading.places()
    assert len(places) == len(reading.parts)
    assert all(0 <= start <= end <= len(text) for start, end in places)
    assert reader.read(text) is reading  # remembered
    assert reader.remembered(text) is reading
    assert reader.remembered(text + " never read") is None


def test_neighbours_do_not_hide_the_worst_passage(reader: Reader) -> None:
    """The passage that is rude stays the one that says most, wherever it stands."""
    for text in (f"{RUDE} {POLITE}", f"{POLITE} {RUDE}", f"{POLITE} {RUDE} {POLITE}"):
        assert any(RUDE[:20] in text[start:end] for start, end in reader.read(text).places())


@pytest.mark.parametrize("text", COMMENTS)
@pytest.mark.parametrize("label", LABELS)
def test_explanations_of_both_readers_add_up(second: SecondReader, random_model: Model, text: str, label: str) -> None:
    item = Input(text, "Ann", "http://ann.example")
    (prediction,) = random_model.score([item], second=second.everything)
    (heard,) = second.everything([random_model.look(item)])
    explanation = random_model.explain(item, label, heard=heard)
    assert prediction.readers == (WORDS, MEANING)
    assert explanation.probability == pytest.approx(prediction.scores[label], abs=1e-6)
    assert sum(part.contribution for part in explanation.parts) == pytest.approx(explanation.logit)
    assert random_model.version
    meant = [part for part in explanation.parts if part.kind == "meaning"]
    assert meant
    assert all(text[part.start : part.end].strip() for part in meant)


def test_the_probability_is_that_of_a_times_words_plus_b_times_meaning_plus_c(
    second: SecondReader, reader: Reader, random_model: Model
) -> None:
    """For labels that nothing implies: in calibrated logits, with a, b and c of the text's length."""
    for text in (RUDE, RUDE * 20):
        item = Input(text)
        (alone,), (both,) = random_model.score([item]), random_model.score([item], second=second.everything)
        for label in ("spam", "profanity"):
            at = reader.labels.index(label)
            slope, shift = line_of(random_model.knots[label])
            raw = float(random_model.logits([item])[0, random_model.labels.index(label)])
            length = int(reader.read(text).lengths[at])
            words, meaning, rest = (column[at] for column in reader.fusion.weights("english", length))
            calibrated = words * (slope * raw + shift) + meaning * reader.read(text).logits[at] + rest
            calibration = Calibration([random_model.knots[label]])
            expected = calibration.probabilities(np.array([[(calibrated - shift) / slope]]))[0, 0]
            assert both.scores[label] == pytest.approx(expected, abs=1e-5)
            assert both.scores[label] != alone.scores[label]


def test_who_else_is_in_the_batch_changes_no_digit(second: SecondReader, random_model: Model) -> None:
    items = [Input(text) for text in COMMENTS]
    together = random_model.score(items, second=second.everything)
    assert together == [random_model.score([item], second=second.everything)[0] for item in items]


SENTENCES = [
    f"{who} {what} {when}."
    for who in ("My aunt", "The baker", "Our teacher", "A sailor", "The old doctor", "Her brother")
    for what in ("found a wooden boat", "sold two baskets of apples", "painted the village church", "repaired the gate")
    for when in ("last summer", "on Sunday", "before the rain")
]


@settings(max_examples=20, deadline=None)
@given(st.permutations(SENTENCES), st.integers(40, 72), st.sampled_from(LABELS))
def test_what_it_has_not_read_is_judged_by_the_first_reader_alone(
    reader: Reader, sentences: list[str], count: int, label: str
) -> None:
    model = load()
    second = SecondReader(reader, model)
    item = Input(" ".join((*sentences[:count], RUDE)), "Ann", "http://ann.example")
    (heard,) = second.everything([model.look(item)])
    assert heard is not None
    if heard.unread is None:
        assert len(item.text) < 2400
        return
    rest = item._replace(text=item.text[heard.unread :])
    assert rest.text.endswith(RUDE)
    (both,), (alone,) = model.score([item], second=second.everything), model.score([rest])
    assert all(both.scores[one] >= alone.scores[one] for one in LABELS)
    explanation = model.explain(item, label, heard=heard)
    assert explanation.probability == both.scores[label]
    for part in explanation.parts:
        if part.kind == "span":
            assert getattr(item, part.field)[part.start : part.end] == part.name


def test_what_is_repeated_is_read_once(reader: Reader) -> None:
    reading = reader.read(f"{POLITE} " * 40 + RUDE)
    assert reading.unread is None, "forty times the same does not use up what it reads"
    assert (reading.parts != 0).any(axis=1).sum() <= 2
    assert reading.logits == pytest.approx(reader.read(f"{POLITE} {RUDE}").logits, abs=1e-5)
    assert "everybody here knows" in reading.prepared.texts[-1]


def test_what_it_reads_is_supported(second: SecondReader, random_model: Model) -> None:
    turkish = Input("Bugün hava çok güzel, herkese iyi günler dilerim.", lang="tr")
    assert "unsupported-language" in random_model.score([turkish])[0].flags
    assert random_model.score([turkish], second=second.everything)[0].flags == ()
    zulu = turkish._replace(lang="zu")
    assert "unsupported-language" in random_model.score([zulu], second=second.everything)[0].flags


def look(text: str, spam: float = 0.0, toxicity: float = 0.0, *, known: bool = True) -> Look:
    scores = dict.fromkeys(LABELS, 0.0) | {"spam": spam, "toxicity": toxicity}
    return Look(Input(text), scores, "en" if known else "tr", known)


def test_time_goes_to_what_the_first_cannot_read_and_then_to_what_may_change(
    reader: Reader, random_model: Model
) -> None:
    second = SecondReader(reader, random_model)
    looks = [
        look("this is sure to be good", 0.01),
        look("this is perhaps bad", 0.3),
        look("hors de portée", known=False),
        look("this is likelier bad", 0.2, 0.8),
        look("this is sure to be bad", 0.999),
        look("   ", known=False),
    ]
    assert [at for at, _ in second.order(looks)] == [2, 3, 1]
    read = [at for at, one in enumerate(second.within(looks, second.order(looks), 10.0, 0.0)) if one]
    assert read == [1, 2, 3]


def test_when_time_runs_out_it_reads_no_more(reader: Reader, random_model: Model) -> None:
    ticks = iter(range(1000))
    second = SecondReader(reader, random_model, clock=lambda: next(ticks) * 0.01)  # each reading takes 10 ms
    looks = [look(f"comment number {at}", 0.5) for at in range(9)]
    assert sum(one is not None for one in second.within(looks, second.order(looks), 0.035, 0.0)) == 4
    unread = [look(f"numéro {at}", known=False) for at in range(9)]
    assert second.within(looks, second.order(looks), -1.0, 0.0) == [None] * 9
    assert sum(one is not None for one in second.within(unread, second.order(unread), -1.0, 0.025)) == 3


def test_a_damaged_or_foreign_artefact_is_refused(encoder: Encoder, reader: Reader) -> None:
    arrays = {"heads": np.zeros((3, 7), np.float16), "intercept": np.zeros(7, np.float32)}
    with pytest.raises(ArtifactError, match="incomplete"):
        Reader(arrays, {"version": "x"}, encoder)
    metadata = {
        "version": "x-1",
        "labels": list(LABELS),
        "encoder": "another",
        "pooling": {"chance": 0},
        "languages": [],
        "card": {},
        "fusion": {
            "weights": {
                group: {label: {"short": [1, 1, 0], "long": [1, 1, 0]} for label in LABELS}
                for group in ("english", "learnt", "unknown", "other")
            },
            "band": {},
        },
    }
    with pytest.raises(ArtifactError, match="another"):
        Reader(arrays, metadata, encoder)


def test_length_and_language_choose_the_weights(reader: Reader) -> None:
    assert (slide(0), slide(SHORT), slide(LONG), slide(10**6)) == (0, 0, 1, 1)
    assert 0 < slide(10) < slide(20) < 1
    assert reader.fusion.weights("english", 1).words == pytest.approx(0.4)
    assert reader.fusion.weights("other", 10_000).words == pytest.approx(0.9)
    assert [group_of(code, ["de"]) for code in ("en", "de", "fr", "")] == ["english", "de", "other", "unknown"]
    assert group_of("", ["de"], familiar=False) == "other"
    assert np.array_equal(reader.fusion.weights("de", 9), reader.fusion.weights("learnt", 9)), "it has none of its own"
    assert reader.fusion.band["spam"] == Band(0.1, 0.99)


@settings(max_examples=30)
@given(st.floats(0.2, 3), st.floats(-3, 3))
def test_a_straight_calibration_is_its_own_line(slope: float, shift: float) -> None:
    knots = {"x": [-10.0, 10.0], "y": [-10 * slope + shift, 10 * slope + shift]}
    assert line_of(knots) == pytest.approx((slope, shift), abs=1e-6)


def test_what_the_author_adds_is_the_same_whoever_reads_the_text(reader: Reader) -> None:
    model = load()
    second = SecondReader(reader, model)
    plain, signed = Input("Great post!"), Input("Great post!", "Cheap Car Insurance", "https://cheap-cars-quotes.net")
    heard = second.everything([model.look(plain), model.look(signed)])
    alone = [model.explain(item, "spam").logit for item in (plain, signed)]
    both = [model.explain(item, "spam", heard=one).logit for item, one in zip((plain, signed), heard, strict=True)]
    assert alone[1] - alone[0] > 1
    assert both[1] - both[0] == pytest.approx(alone[1] - alone[0], abs=1e-4)
