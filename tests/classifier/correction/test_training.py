"""A site's correction: learnt from few decisions, scored beside others, explained exactly, bound to its base."""

import json
import random
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier import ArtifactError, Correction, Decided, Input, Model, Version, artifact, load
from classifier.correction import load as load_correction
from classifier.correction.decisions import in_order, signal_features
from classifier.correction.training import TooFew, train
from classifier.evaluation.cases import cases
from tests.classifier.conftest import COMMENTS
from tests.classifier.decisions import PLEASANT, SPAMMY, moderated, text

READERS = (
    "Does the {thing} still cost {number} pounds at your shop?",
    "I bought a {thing} last year, for {number} pounds, and it was worth it.",
    "Where do you order a {thing}? Mine came from a shop online for {number}.",
    "My sister sells {thing}s at the market on Sundays.",
    "Call me about the {thing} when you are home, {number}.",
    "I wrote about the {thing} too, see http://garden{number}.org/{thing}",
)
SELLERS = (
    "Best prices on {thing}s, order now at http://{thing}deals{number}.com",
    "We repair every {thing}, call {number}00 123 or see http://{thing}fix{number}.net",
    "Nice post. My {thing} shop has discounts: http://cheap{thing}{number}.biz",
    "Buy a {thing} online with free shipping, http://www.{thing}store{number}.com/buy",
)
SIGNALS = {"honeypot": True, "links": 3, "author_standing": -0.5, "author_mark": "blocked"}


@pytest.fixture(scope="module")
def base() -> Model:
    return load()


@pytest.fixture(scope="module")
def correction(base: Model) -> Correction:
    rows = moderated(240)
    return train(base, [row._replace(signals=SIGNALS if at % 6 == 1 else {}) for at, row in enumerate(rows)], "blog-1")


@pytest.fixture(scope="module")
def other(base: Model) -> Correction:
    toxic = [row._replace(labels={"toxicity": row.labels["spam"]}) for row in moderated(120, 5, ("turnip", "parsnip"))]
    return train(base, toxic, "forum-1")


def test_it_learns_what_the_site_calls_spam(base: Model, correction: Correction) -> None:
    fresh = moderated(200, seed=9)
    items = [row.item for row in fresh]
    spam = np.array([row.labels["spam"] == 1 for row in fresh])
    before = np.array([prediction.scores["spam"] for prediction in base.score(items)])
    after = np.array([prediction.scores["spam"] for prediction in Version(base, correction).score(items)])
    assert (after[spam] > after[~spam].max()).mean() > 0.98 > (before[spam] > before[~spam].max()).mean()
    assert (after[~spam] < 0.5).all()


def test_what_it_was_not_taught_stays_the_base_models(base: Model, correction: Correction) -> None:
    assert correction.labels == ("spam",)
    for plain, corrected in zip(base.score(COMMENTS), Version(base, correction).score(COMMENTS), strict=True):
        assert {k: v for k, v in plain.scores.items() if k != "spam"} == {
            k: v for k, v in corrected.scores.items() if k != "spam"
        }
        assert corrected.scores["spam"] != plain.scores["spam"]
        assert (plain.flags, plain.language) == (corrected.flags, corrected.language)


def test_rows_of_many_sites_in_one_batch_score_as_by_themselves(
    base: Model, correction: Correction, other: Correction
) -> None:
    plan = [None, correction, other, correction, None]
    corrections = [plan[at % len(plan)] for at in range(3 * len(COMMENTS))]
    inputs = COMMENTS * 3
    signals = [SIGNALS if at % 2 else {} for at in range(len(inputs))]
    together = base.score(inputs, signals, corrections)
    for at, item in enumerate(inputs):
        (alone,) = base.score([item], [signals[at]], [corrections[at]])
        assert together[at].scores == pytest.approx(alone.scores, abs=1e-5)
    assert base.score(inputs) == base.score(inputs, signals, [None] * len(inputs))


def test_signals_are_heard(base: Model, correction: Correction) -> None:
    item = Input(text(random.Random(3), ()))
    quiet, loud = Version(base, correction).score([item, item], [{}, SIGNALS])
    assert loud.scores["spam"] > quiet.scores["spam"]
    assert set(correction.signals) == {"author_mark=blocked", "author_standing", "honeypot", "links"}


@given(
    words=st.lists(st.sampled_from([*PLEASANT, *SPAMMY, "<b>", "😀", "http://x.example/y", "\ud800"]), max_size=30),
    name=st.text(max_size=12),
    signals=st.fixed_dictionaries({}, optional={"honeypot": st.booleans(), "links": st.integers(-5, 10**9)}),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_explanation_adds_up(
    base: Model, correction: Correction, words: list[str], name: str, signals: dict[str, bool | int]
) -> None:
    item = Input(" ".join(words), name, "http://shop.example/" if words else "")
    version = Version(base, correction)
    why = version.explain(item, "spam", signals)
    assert why.probability == pytest.approx(version.score([item], [signals])[0].scores["spam"], abs=1e-6)
    assert sum(part.contribution for part in why.parts) == pytest.approx(why.logit)
    calibrated = correction.calibration.probabilities(np.array([[why.logit]]))[0, 0]
    assert calibrated == pytest.approx(why.probability, abs=1e-4)
    assert {part.kind for part in why.parts} <= {"span", "feature", "signal", "intercept"}
    assert {part.name for part in why.parts if part.kind == "signal"} == set(signal_features(signals))


def test_the_same_decisions_give_the_same_bytes(base: Model) -> None:
    rows = moderated(80)
    shuffled = random.Random(1).sample(rows, len(rows))
    assert train(base, rows, "blog-1").packed == train(base, shuffled, "blog-1").packed


def test_few_decisions_do_not_hurt(base: Model) -> None:
    """Forty decisions that tell nothing, on comments that the base model knows: it hardly moves."""
    rng = random.Random(4)
    rows = [Decided(Input(text(rng, ())), {"spam": float(rng.random() < 0.5)}, at, "moderator:ann") for at in range(60)]
    fresh = [Input(text(rng, ())) for _ in range(100)]
    scores = [p.scores["spam"] for p in Version(base, train(base, rows, "blog-1")).score(fresh)]
    assert max(scores) < 0.5


def test_a_site_s_first_wave_does_not_take_back_what_the_base_model_knows(base: Model) -> None:
    """Decisions about one wave, which the base model has never heard of; then comes another, which it knows well."""
    version = Version(base, train(base, moderated(120, spammy=("turnip", "parsnip", "celeriac")), "blog-1"))
    rng, hold = random.Random(9), base.thresholds["spam"]["hold"]
    wave = [
        Input(
            f"{' '.join(rng.choices(SPAMMY, k=6))} http://shop{at}.example/buy http://pills{at}.example", "Cheap Pills"
        )
        for at in range(60)
    ]
    known = [item for item, one in zip(wave, base.score(wave), strict=True) if one.scores["spam"] >= hold]
    assert len(known) > 20
    assert np.mean([one.scores["spam"] >= hold for one in version.score(known)]) > 0.9


def test_what_a_wave_teaches_does_not_hide_the_next(base: Model) -> None:
    """Sure of one wave, a correction would score all else lower; as many good comments held as before, it holds the next wave."""
    rng, hold = random.Random(3), base.thresholds["spam"]["hold"]

    def written(lines: tuple[str, ...], count: int, name: str = "") -> list[Input]:
        thing = ("spade", "kettle", "hose", "ladder", "rake", "lamp")
        texts = [rng.choice(lines).format(thing=rng.choice(thing), number=rng.randrange(10, 90)) for _ in range(count)]
        return [Input(text, name) for text in texts]

    wave = [Input(text(rng, ("turnip", "parsnip", "celeriac"))) for _ in range(200)]
    rows = [
        Decided(item, {"spam": float(at % 2)}, at, "moderator:ann")
        for at, item in enumerate(one for pair in zip(written(READERS, 200), wave, strict=True) for one in pair)
    ]
    learnt, good, coming = (
        Version(base, train(base, rows, "blog-1")),
        written(READERS, 300),
        written(SELLERS, 200, "Ann"),
    )

    def held(version: Version, items: list[Input]) -> float:
        return float(np.mean([one.scores["spam"] >= hold for one in version.score(items)]))

    assert held(learnt, good) < 0.03
    assert held(learnt, coming) > held(Version(base), coming) > 0.8


def test_text_and_author_are_each_enough(base: Model) -> None:
    """All spam so far came from one author with words of his own; each is known again without the other."""
    rows = [
        row._replace(item=row.item._replace(author_name="Best Turnip Deals") if row.labels["spam"] else row.item)
        for row in moderated(200, spammy=("turnip", "parsnip", "celeriac"))
    ]
    version = Version(base, train(base, rows, "blog-1"))
    rng = random.Random(12)
    pleasant = [Input(text(rng, ()), "Ann") for _ in range(50)]
    his_words = [Input(text(rng, ("turnip", "parsnip", "celeriac")), "Ann") for _ in range(50)]
    his_name = [item._replace(author_name="Best Turnip Deals") for item in pleasant]
    quiet, words, name = (
        np.array([one.scores["spam"] for one in version.score(items)]) for items in (pleasant, his_words, his_name)
    )
    assert (words > quiet.max()).mean() > 0.95
    assert (name > quiet.max()).mean() > 0.95


def test_too_few_decisions_are_refused_by_number(base: Model) -> None:
    with pytest.raises(TooFew, match="3 more rejected as spam and 2 more approved needed") as refused:
        train(base, moderated(36)[:-1], "blog-1")
    assert refused.value.missing["spam"] == (3, 2)


def test_it_is_written_read_and_checked(base: Model, correction: Correction, tmp_path: Path) -> None:
    version = correction.write(tmp_path)
    again = load_correction(tmp_path, version)
    assert again.version == version == correction.version
    assert version.startswith("blog-1-")
    assert Version(base, again).score(COMMENTS) == Version(base, correction).score(COMMENTS)
    assert len(correction.packed.arrays) < 200_000
    (tmp_path / artifact.METADATA).write_bytes(correction.packed.metadata.replace(b'"links"', b'"kinks"'))
    with pytest.raises(ArtifactError, match="checksum"):
        load_correction(tmp_path, version)


def test_it_corrects_its_own_base_only(random_model: Model, correction: Correction) -> None:
    with pytest.raises(ArtifactError, match=r"corrects base-.*this is random-00000000"):
        random_model.score(COMMENTS, None, [correction] * len(COMMENTS))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: arrays | {"buckets": np.array([-1], np.int32), "hashed": np.zeros((1, 1), np.float16)},
        lambda arrays: arrays | {"intercept": np.array([np.nan], np.float32)},
        lambda arrays: {name: array for name, array in arrays.items() if name != "signals"},
        lambda arrays: arrays | {"hashed": arrays["hashed"][:-1]},
    ],
    ids=["bucket", "nan", "missing", "shape"],
)
def test_arrays_that_do_not_fit_are_refused(correction: Correction, spoil) -> None:  # type: ignore[no-untyped-def]
    arrays, metadata = artifact.unpack(correction.packed)
    rest = {
        key: value for key, value in metadata.items() if key not in ("version", "sha256", "format", "name", "arrays")
    }
    with pytest.raises(ArtifactError):
        Correction(artifact.pack("blog-1", spoil(arrays), rest))


def test_metadata_holds_no_text(correction: Correction) -> None:
    told = json.loads(correction.packed.metadata)
    assert not [word for word in (*PLEASANT, *SPAMMY) if len(word) > 5 and word in json.dumps(told["card"])]
    assert told["card"]["labels"]["spam"]["positives"] == 120


def test_only_the_newest_word_on_a_comment_counts() -> None:
    first = Decided(Input("a"), {"spam": 1.0}, at=1, comment="c1")
    changed = Decided(Input("a"), {"spam": 0.0}, at=5, comment="c1")
    mute = Decided(Input("b"), {"spam": 1.0}, at=2, weight=0.0)
    alone = Decided(Input("c"), {"spam": 1.0}, at=3)
    assert in_order([changed, mute, alone, first]) == [alone, changed]


@given(st.floats(allow_nan=True) | st.integers() | st.booleans() | st.text())
def test_signals_become_small_numbers(value: float | bool | str) -> None:
    assert all(-1.5 <= number <= 1.5 for number in signal_features({"s": value}).values())


def test_training_takes_seconds(base: Model) -> None:
    begun = time.process_time()
    train(base, moderated(1000), "blog-1")
    assert time.process_time() - begun < 20


def test_a_wave_makes_it_forget_no_other(base: Model) -> None:
    known = [case.item for case in (*cases("plain rubbish"), *cases("plain talk"))]
    before, after = (
        np.array([one.scores["spam"] for one in Version(base, correction).score(known)])
        for correction in (None, train(base, moderated(240, spammy=("roofer", "gutter", "Marlow")), "blog-1"))
    )
    assert np.abs(after - before).mean() < 0.08
    assert ((after >= 0.5) == (before >= 0.5)).mean() > 0.9
