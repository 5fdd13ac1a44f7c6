"""Learning, on small corpora that are made up here: loading, mixing, leaving out, calibrating, and the same bytes twice."""

import csv
import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from classifier import load, training
from classifier.calibration import Line
from classifier.features.dense import FEATURES
from classifier.inputs import Input
from classifier.model import LABELS
from classifier.pooling import Pooling
from classifier.training import author, corpora, cross_validation, mixture
from classifier.training import mixture as synthetic
from classifier.training.author import Signed
from classifier.training.bags import bags
from classifier.training.corpora import CATALOGUE, CorpusError
from classifier.training.cross_validation import Held
from classifier.training.learner import Learner
from classifier.training.padding import pad

SPAM, TOXICITY = LABELS.index("spam"), LABELS.index("toxicity")
PLEASANT = ["the", "garden", "bread", "river", "music", "train", "letter", "winter", "window", "friend", "coffee"]
SPAMMY = ["pills", "casino", "cheap", "loans", "winner", "replica", "jackpot"]
RUDE = ["idiot", "moron", "scumbag", "loser", "jerk"]


def _words(rng: random.Random, extra: list[str]) -> str:
    words = rng.choices(PLEASANT, k=8) + (rng.choices(extra, k=3) if extra else [])
    rng.shuffle(words)
    return " ".join(words)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def _spam_row(rng: random.Random, number: int, spam: bool) -> dict[str, str]:
    return {
        "text": _words(rng, SPAMMY if spam else []),
        "author": rng.choice(("Ann", "Bo", "Cy Dee")),
        "url": "http://pills.example.biz" if spam and number % 3 else "",
        "created_at": "",
        "label": "spam" if spam else "ham",
        "group": f"g{number % 5}",
        "id": str(number),
    }


def _toxicity_row(rng: random.Random, number: int, toxic: bool, lang: str) -> dict[str, str]:
    part = str(int(toxic))
    return {
        "text": _words(rng, RUDE if toxic else []),
        "toxic": part,
        "severe_toxic": str(int(toxic and number % 4 == 0)),
        "obscene": part,
        "threat": str(int(toxic and number % 6 == 0)),
        "insult": part,
        "identity_hate": str(int(toxic and number % 5 == 0)),
        "lang": lang,
        "group": f"p{number // 2}",
        "id": str(number),
    }


@pytest.fixture(scope="module")
def small_corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every corpus of the mixture, each with some dozens of rows."""
    root = tmp_path_factory.mktemp("corpora")
    rng = random.Random(3)
    for source in CATALOGUE:
        if source.name not in mixture.SOURCES:
            continue
        path = root / source.task / "train" / f"{source.name}.csv.gz"
        if source.task == "spam":
            ham_only = source.name.startswith("ham_")
            _write(path, [_spam_row(rng, n, not ham_only and n % 2 == 0) for n in range(80)])
        else:
            _write(path, [_toxicity_row(rng, n, n % 2 == 0, source.languages[0]) for n in range(80)])
    return root


def test_loads_rows_with_what_is_known_of_them(small_corpora: Path) -> None:
    table = corpora.load(small_corpora, ["tubespam", "jigsaw_wiki_sample"])
    assert len(table) == 160
    assert set(table.corpora) == {"tubespam", "jigsaw_wiki_sample"}
    spam, toxic = table.labels[:80], table.labels[80:]
    assert not np.isnan(spam[:, SPAM]).any()
    assert np.isnan(spam[:, TOXICITY:]).all()
    assert np.isnan(toxic[:, SPAM]).all()
    assert not np.isnan(toxic[:, TOXICITY]).any()
    assert table.items[0].author_name in {"Ann", "Bo", "Cy Dee"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([{"text": "hello", "label": "maybe"}], "label must be spam or ham, not 'maybe'"),
        ([{"body": "hello", "label": "spam"}], "no column named text"),
    ],
)
def test_says_which_row_is_wrong(tmp_path: Path, content: list[dict[str, str]], complaint: str) -> None:
    _write(tmp_path / "spam" / "train" / "tubespam.csv.gz", content)
    with pytest.raises(CorpusError, match=complaint):
        corpora.load(tmp_path, ["tubespam"])


def test_refuses_corpora_it_does_not_know_or_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="not in the catalogue"):
        corpora.load(tmp_path, ["letters_to_santa"])
    with pytest.raises(CorpusError, match="tubespam is missing"):
        corpora.load(tmp_path, ["tubespam"])
    monkeypatch.delenv(corpora.ENVIRONMENT, raising=False)
    with pytest.raises(CorpusError, match="--corpora"):
        corpora.folder(None)
    with pytest.raises(CorpusError, match="not there"):
        corpora.folder(tmp_path / "nowhere")


def test_never_learns_from_what_it_is_measured_on() -> None:
    for name in mixture.SOURCES:
        source = corpora.corpus(name)
        assert source.use == "train"
        assert "NC" not in source.licence


def test_made_up_comments_depend_on_the_seed_alone() -> None:
    first, again, other = (synthetic.comments(seed, 700) for seed in (1, 1, 2))
    assert first.items == again.items
    assert first.items != other.items
    assert len({item.text for item in first.items}) > 600
    assert not any("{" in item.text for item in first.items)


def test_made_up_identity_comments_name_every_group_without_malice() -> None:
    table = synthetic.comments(5, 10_000)
    neutral = [
        item.text.lower() for item, kind in zip(table.items, table.corpora, strict=True) if kind == "made_neutral"
    ]
    for term in synthetic.grammar()["adjective"]:
        assert sum(term in text for text in neutral) >= 10, term
    kinds = np.isin(table.corpora, ["made_neutral", "made_denied"])
    assert (table.labels[kinds] == 0).all()
    assert (table.labels[table.corpora == "made_attack", TOXICITY] == 1).all()


def test_quotations_hold_the_quoted_words_and_no_blame() -> None:
    table = synthetic.quoted(1, ["you are a fool", "x" * 500], 10)
    assert [("you are a fool" in item.text) for item in table.items] == [True]
    assert table.labels[0, TOXICITY] == 0
    assert np.isnan(table.labels[0, LABELS.index("profanity")])


def test_author_fields_do_not_give_the_source_away(small_corpora: Path) -> None:
    mixed = mixture.assemble(small_corpora, 11)
    table = mixed.table
    for name in ("ham_blog_haacked_early", "blog_wp_caffeinated", "jigsaw_wiki_sample"):
        rows = [item for item, corpus in zip(table.items, table.corpora, strict=True) if corpus == name]
        assert {bool(item.author_url) for item in rows} == {True, False}
    spam = table.labels[:, SPAM] == 1
    ham = table.labels[:, SPAM] == 0
    with_url = np.array([bool(item.author_url) for item in table.items])
    assert with_url[spam].any()
    assert with_url[ham].any()


def test_weights_cover_exactly_what_is_known(small_corpora: Path) -> None:
    mixed = mixture.assemble(small_corpora, 11)
    known = ~np.isnan(mixed.table.labels)
    for at in range(len(LABELS)):
        assert mixed.weights[known[:, at], at].mean() == pytest.approx(1, abs=1e-3)
    assert not mixed.weights[~known].any()


def test_no_variant_of_a_comment_is_on_both_sides(small_corpora: Path) -> None:
    mixed = mixture.assemble(small_corpora, 11)
    for at in (SPAM, TOXICITY):
        fold = cross_validation.folds(mixed, at)
        assert set(fold) == {-1, *range(cross_validation.FOLDS)}
        for origin in np.unique(mixed.origins[mixed.origins >= 0]):
            assert len(set(fold[mixed.origins == origin])) == 1


def test_whole_corpora_are_left_out(small_corpora: Path) -> None:
    mixed = mixture.assemble(small_corpora, 11)
    fold = cross_validation.folds(mixed, TOXICITY)
    for name in ("jigsaw_wiki_sample", "civil_toxicspans", "paradetox_pairs"):
        assert len(set(fold[mixed.table.corpora == name])) == 1


def test_learner_is_linear_blind_where_told_and_repeatable() -> None:
    rng = random.Random(1)
    texts = [_words(rng, RUDE if n % 2 else []) + "!" * (n % 2) for n in range(120)]
    labels = np.array([n % 2 for n in range(120)], np.float32)
    made = bags([Input(text) for text in texts], (3, 5), Pooling())
    learner = Learner(blind=("exclamations",))
    head, again = (learner.fit(made, labels, np.ones(120)) for _ in range(2))
    assert (head.hashed == again.hashed).all()
    assert ((head.logits(made) > 0) == (labels == 1)).all()
    assert head.dense[list(FEATURES).index("exclamations")] == 0
    with pytest.raises(ValueError, match="class"):
        learner.fit(made, np.zeros(120), np.ones(120))


@pytest.mark.parametrize("worst_part", [0.0, 0.85])
def test_the_passage_that_is_bad_is_found_out(worst_part: float) -> None:
    """Nobody says which sentence of a bad comment is bad; harmless ones around it are in good comments too."""
    rng = random.Random(2)
    calm = [f"{_words(rng, [])} and so on." for _ in range(200)]
    items, labels = [], []
    for n in range(200):
        sentences = rng.sample(calm, 3)
        if n % 2:
            sentences[n % 3] = f"{_words(rng, RUDE)} and so on."
        items.append(Input(" ".join(sentences)))
        labels.append(n % 2)
    made = bags(items, (3, 5), Pooling())
    head = Learner(worst=worst_part).fit(made, np.array(labels, np.float32), np.ones(200))
    worst = made.worst(head.hashed) - made.starts[:-1]
    assert np.mean([worst[n] == n % 3 for n in range(1, 200, 2)]) > 0.9


def test_padding_leaves_the_class_and_adds_good_sentences(small_corpora: Path) -> None:
    table = _with_sentences(mixture.assemble(small_corpora, 11).table)
    padded = pad(table, 100, 3)
    assert len(padded.items) == len(padded.rows) == len(padded.sources) == 100
    again = pad(table, 100, 3)
    assert padded.items == again.items
    for item, row in zip(padded.items, padded.rows, strict=True):
        assert table.items[row].text.strip() in item.text
        assert len(item.text) > len(table.items[row].text)


def _with_sentences(table: corpora.Table) -> corpora.Table:
    """Padding wants a few hundred sentences in a language."""
    rng = random.Random(9)
    good = corpora.from_rows(
        "jigsaw_wiki_sample",
        [
            (Input(f"{_words(rng, [])}. {_words(rng, [])}."), {"spam": 0.0, "toxicity": 0.0}, "", "en")
            for _ in range(300)
        ],
    )
    return corpora.join([table, good])


def test_an_ordinary_name_is_no_alibi_and_a_commercial_one_counts() -> None:
    text = "Very nice post, thank you for sharing it with us."
    spam = [Input(text, f"cheap {word}", f"http://cheap-{word}.example/") for word in SPAMMY * 10]
    good = [Input(text, name, f"https://{name}.example") for name in ("anna", "bo", "cy", "dee", "eve", "finn") * 10]
    made = bags([*spam, *good], (3, 5), Pooling())
    truth = np.array([1.0] * len(spam) + [0.0] * len(good))
    learnt = author.learn(Signed.of(made, np.full(len(truth), -1.0), truth, np.ones(len(truth))))
    adds = learnt.adds(made)
    assert (adds >= 0).all()
    assert adds[: len(spam)].min() > 1
    assert adds[len(spam) :].max() < 0.5
    assert learnt.adds(bags([Input(text)], (3, 5), Pooling())) == 0


def _held(shift: float = 0.0) -> Held:
    rng = np.random.default_rng(0)
    truth = (rng.random(6000) < 0.3).astype(np.float32)
    logits = (rng.normal(0, 1.5, 6000) + 3 * truth - 1.5 + shift).astype(np.float32)
    corpora_of = np.repeat(["ham_blog_made_mistakes", "ham_blog_haacked_early", "tubespam"], 2000)
    return Held(logits, truth, corpora_of, np.zeros(6000, np.int8), ())


def test_calibration_makes_probabilities_mean_what_they_say() -> None:
    held = _held(shift=2.0)
    line = cross_validation.calibrate(held, prior=0.3, spam=True)
    probabilities = line.probabilities(held.logits)
    for low in (0.1, 0.3, 0.5, 0.7):
        chosen = (probabilities >= low) & (probabilities < low + 0.2)
        assert held.truth[chosen].mean() == pytest.approx(low + 0.1, abs=0.08)
    rarer = cross_validation.calibrate(held, prior=0.05, spam=True).probabilities(held.logits)
    assert (rarer < probabilities).all()


def test_thresholds_rise_and_keep_their_promise() -> None:
    held = _held()
    line = cross_validation.calibrate(held, prior=0.3, spam=True)
    limits = cross_validation.thresholds(held, line, "spam", ("hold", "reject", "discard"))
    assert 0.1 <= limits["hold"] <= limits["reject"] <= limits["discard"] < 1
    figures = cross_validation.figures(held, line, limits)
    assert figures["ham_blog_made_mistakes"]["fpr_hold"] <= cross_validation.PRESETS["balanced"]["spam"]
    assert figures["ham_blog_haacked_early"]["fpr_reject"] <= 0.002
    assert 0.5 < figures["tubespam"]["auc"] <= 1
    quiet, strict = (
        cross_validation.thresholds(held, line, "spam", ("hold",), one)["hold"] for one in ("quiet", "strict")
    )
    assert strict < limits["hold"] < quiet


def test_a_rare_label_leans_on_toxicity_where_that_helps() -> None:
    toxicity = _held()
    noise = np.random.default_rng(1).normal(0, 1, 6000).astype(np.float32)
    leaning = {share: noise + np.float32(share) * toxicity.logits for share in (0.0, 1.0, 2.0)}
    assert cross_validation.steadiest(toxicity, leaning) == 2.0
    perfect = {share: 100 * toxicity.truth + np.float32(share) * noise for share in (0.0, 1.0, 200.0)}
    assert cross_validation.steadiest(toxicity, perfect) == 0.0


def test_line_is_what_the_artefact_reads() -> None:
    line = Line(0.5, -1.0)
    assert line.knots() == {"x": [-10.0, 10.0], "y": [-6.0, 4.0]}
    assert line.probabilities(np.array([2.0])) == pytest.approx([0.5])


def test_spam_that_got_through_is_put_aside_with_its_variants(small_corpora: Path) -> None:
    mixed = mixture.assemble(small_corpora, 11)
    rows = np.flatnonzero(mixed.table.corpora == "ham_blog_haacked_early")
    logits = np.full(len(mixed.table), -5.0)
    logits[rows[0]] = 9.0
    doubtful = mixture.suspects(mixed, "ham_blog_haacked_early", SPAM, logits, 1.01 / len(rows))
    assert rows[0] in doubtful
    assert set(mixed.origins[doubtful]) == {mixed.origins[rows[0]]}


def test_trains_a_model_that_works_and_is_the_same_every_time(
    small_corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixture, "_MADE", 600)
    monkeypatch.setattr(mixture, "_WRITTEN", 2)
    monkeypatch.chdir(tmp_path)  # what was left out is kept in build/, and is not to be that of a real training
    quiet = Console(quiet=True)
    versions = {training.train(small_corpora, tmp_path / name, quiet) for name in ("one", "two")}
    assert len(versions) == 1
    assert (tmp_path / "one/model.npz").read_bytes() == (tmp_path / "two/model.npz").read_bytes()
    assert (tmp_path / "one/model.json").read_bytes() == (tmp_path / "two/model.json").read_bytes()
    model = load(tmp_path / "one")
    plain, spam, rude = model.score(
        [Input("the garden letter train"), Input("pills casino cheap jackpot"), Input("idiot moron scumbag loser")]
    )
    assert spam.scores["spam"] > 0.5 > plain.scores["spam"]
    assert rude.scores["toxicity"] > 0.5 > plain.scores["toxicity"]
    assert model.card["data"]["tubespam"]["licence"] == "CC BY 4.0"
