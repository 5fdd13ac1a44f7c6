"""The features: the transformer keeps scikit-learn's contract, and serving sees what training saw."""

import sys
from subprocess import run

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator

from classifier import LABELS, Input, Model
from classifier.features.dense import FEATURES
from classifier.features.ngrams import BUCKETS, Hasher
from classifier.features.transformer import CommentFeatures
from classifier.training.author import Author
from classifier.training.bags import Head, bags

TEXT_BUCKETS = [169986, 237171, 52634, 127801, 144640, 61724, 22814]
FIELD_BUCKETS = [14162, 54938, 164299, 56589, 106582]


def test_scikit_learn_knows_that_it_takes_strings_and_skips_the_rest() -> None:
    with pytest.warns(SkipTestWarning, match="string=True"):
        check_estimator(CommentFeatures())


@pytest.mark.parametrize(
    "check",
    [
        "check_dont_overwrite_parameters",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimators_fit_returns_self",
        "check_estimators_overwrite_params",
        "check_fit_check_is_fitted",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_output_transform",
        "check_set_params",
        "check_transformer_get_feature_names_out",
        "check_valid_tag_types",
    ],
)
def test_it_is_an_estimator(check: str) -> None:
    """The checks that ask nothing about arrays of numbers, run one by one."""
    getattr(estimator_checks, check)("CommentFeatures", CommentFeatures())


@pytest.mark.parametrize("wrong", [None, 3, ("a", "b", "c", "d", "e"), (), ("text", None)])
def test_what_is_no_comment_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="a comment is"):
        CommentFeatures().transform([wrong])


def test_it_takes_inputs_tuples_and_texts() -> None:
    matrix = CommentFeatures().fit_transform([Input("hello there"), ("hello there", "", ""), "hello there"])
    rows = CommentFeatures().transform(np.array([["hello there", "", ""]]))
    assert (matrix[0] != rows[0]).nnz == 0
    assert (matrix[0] != matrix[1]).nnz == 0
    assert (matrix[0] != matrix[2]).nnz == 0


def test_shape_type_and_names(comments: list[Input]) -> None:
    features = CommentFeatures()
    matrix = features.transform(comments)
    assert sparse.isspmatrix_csr(matrix)
    assert matrix.dtype == np.float32
    assert matrix.shape == (len(comments), BUCKETS + len(FEATURES))
    assert len(features.get_feature_names_out()) == matrix.shape[1]
    assert features.feature_names == list(FEATURES)
    assert features.transform([]).shape == (0, matrix.shape[1])


def test_every_dense_feature_stays_small(comments: list[Input]) -> None:
    dense = CommentFeatures().transform(comments)[:, BUCKETS:].toarray()
    assert np.isfinite(dense).all()
    assert dense.min() >= 0
    assert dense.max() <= 2


def test_a_text_alone_has_length_one_and_fields_add_one_each() -> None:
    def length(item: Input) -> float:
        return float((CommentFeatures().transform([item])[:, :BUCKETS].power(2)).sum())

    assert length(Input("some ordinary words")) == pytest.approx(1, abs=1e-5)
    assert length(Input("some ordinary words", "name")) == pytest.approx(2, abs=0.1)
    assert length(Input("some ordinary words", "name", "http://a.example")) == pytest.approx(3, abs=0.2)


def test_fields_do_not_share_features() -> None:
    def columns(item: Input) -> set[int]:
        return set(CommentFeatures().transform([item])[:, :BUCKETS].indices.tolist())

    text, name, url = columns(Input("casino")), columns(Input("", "casino")), columns(Input("", "", "casino"))
    assert not text & name
    assert not name & url


def test_repeats_count_with_their_logarithm() -> None:
    once = CommentFeatures().transform(["abcd efgh"])[:, :BUCKETS].data
    often = CommentFeatures().transform(["abcd abcd abcd abcd efgh"])[:, :BUCKETS].data
    assert once.max() == pytest.approx(once.min())
    assert often.max() == pytest.approx(often.min() * (1 + np.log(4)))


def test_order_and_batch_do_not_matter(comments: list[Input]) -> None:
    features = CommentFeatures()
    together = features.transform(comments)
    backwards = features.transform(comments[::-1])[::-1]
    alone = sparse.vstack([features.transform([item]) for item in comments])
    assert abs(together - backwards).max() < 1e-6
    assert abs(together - alone).max() < 1e-6


def test_a_long_batch_is_cut_without_a_seam() -> None:
    texts = [f"comment number {n} " + "word " * (n % 50) for n in range(1100)]
    matrix = CommentFeatures().transform(texts)
    assert abs(matrix[1000] - CommentFeatures().transform([texts[1000]])).max() < 1e-6


@pytest.mark.parametrize("orders", [(), (1, 2), (3, 3), (5, 3)])
def test_bad_orders_are_refused(orders: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="orders"):
        CommentFeatures(orders).fit([])


def test_hashing_spreads_evenly() -> None:
    buckets = np.concatenate(
        [grams.buckets for grams in Hasher().texts([f"word{n} other{n * 7} thing".encode() for n in range(5000)])]
    )
    loads = np.bincount(np.unique(buckets) >> 8, minlength=BUCKETS >> 8)
    assert loads.std() < 3 * np.sqrt(loads.mean())


def test_buckets_never_change() -> None:
    """A model's weights belong to buckets: the same words must fall into the same ones, whatever the versions."""
    (grams,) = Hasher().texts([b"spam and ham"])
    fields = Hasher().fields([b"ann", b""], [b"", b"a.example"])
    assert grams.buckets[[0, 5, 12, 13, 25, 26, -1]].tolist() == TEXT_BUCKETS
    assert fields.buckets[[0, 1, 7, 8, -1]].tolist() == FIELD_BUCKETS


def test_serving_computes_what_training_saw(comments: list[Input], random_model: Model) -> None:
    made = bags(comments, random_model.orders, random_model._pooling)
    found = random_model.logits(comments)
    author = Author(random_model._author_hashed, random_model._author_dense)
    for at, label in enumerate(LABELS):
        head = Head(random_model._hashed[:, at], random_model._dense[:, at], float(random_model._intercept[at]))
        expected = head.logits(made) + (author.adds(made) if label == "spam" else 0)
        if label == "toxicity":
            assert (found[:, at] >= expected - 1e-4).all()
        else:
            assert np.abs(found[:, at] - expected).max() < 1e-4


def test_it_learns_in_a_pipeline() -> None:
    texts = ["buy cheap pills now", "thanks for your help", "cheap watches online", "i agree with the author"] * 5
    pipeline = make_pipeline(clone(CommentFeatures()), LogisticRegression(C=10))
    pipeline.fit(texts, [1, 0, 1, 0] * 5)
    assert pipeline.predict(["cheap pills online", "thanks, i agree"]).tolist() == [1, 0]


def test_scoring_needs_neither_scikit_learn_nor_scipy() -> None:
    code = (
        "import sys, classifier; from classifier import Input, load; load().score([Input('hello')]);"
        "sys.exit(any(name.split('.')[0] in ('sklearn', 'scipy') for name in sys.modules))"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
