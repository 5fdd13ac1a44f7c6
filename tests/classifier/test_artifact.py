"""Artefacts: the same bytes for the same content, and a clear refusal of anything damaged."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import ArtifactError, Input, load
from classifier.artifact import ARRAYS, METADATA, read, write
from classifier.features import vocabulary
from classifier.features.dense import FEATURES
from classifier.features.ngrams import AUTHOR_BUCKETS, BUCKETS
from classifier.model import DEFAULT, LABELS, Model

from .conftest import description


def content() -> tuple[dict[str, Any], dict[str, Any]]:
    arrays = {
        "hashed": np.zeros((BUCKETS, len(LABELS)), np.float16),
        "dense": np.ones((len(FEATURES), len(LABELS)), np.float32),
        "intercept": np.zeros(len(LABELS), np.float32),
        "author_hashed": np.zeros(AUTHOR_BUCKETS, np.float16),
        "author_dense": np.zeros(len(FEATURES), np.float32),
        "words": np.zeros(vocabulary.BYTES, np.uint8),
    }
    return arrays, {key: value for key, value in description().items() if key != "version"}


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    write(tmp_path, "small", *content())
    return tmp_path


def test_what_is_written_is_read(artefact: Path) -> None:
    arrays, metadata = read(artefact)
    assert metadata["version"].startswith("small-")
    assert (arrays["dense"] == 1).all()
    model = load(artefact)
    assert model.version == metadata["version"]
    assert model.languages == ("en", "id")
    assert model.card["title"] == "random weights"
    assert model.thresholds["spam"]["hold"] == 0.5
    assert model.score([Input("hello")])[0].scores.keys() == set(LABELS)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write(tmp_path / "a", "small", *content())
    time.sleep(0.01)
    second = write(tmp_path / "b", "small", *content())
    assert first == second
    for name in (ARRAYS, METADATA):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_other_content_gives_another_version(tmp_path: Path) -> None:
    arrays, metadata = content()
    first = write(tmp_path, "small", arrays, metadata)
    assert write(tmp_path, "small", arrays | {"intercept": np.ones(len(LABELS), np.float32)}, metadata) != first
    assert write(tmp_path, "small", arrays, metadata | {"languages": ["de"]}) != first


@pytest.mark.parametrize("name", [ARRAYS, METADATA])
def test_a_missing_file_is_named(artefact: Path, name: str) -> None:
    (artefact / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        load(artefact)


@pytest.mark.parametrize("at", [0, 10, 100, -200, -30, -1])
def test_any_flipped_byte_of_the_arrays_is_noticed_or_harmless(artefact: Path, at: int) -> None:
    data = bytearray((artefact / ARRAYS).read_bytes())
    data[at] ^= 0xFF
    (artefact / ARRAYS).write_bytes(data)
    try:
        arrays, _ = read(artefact)
    except ArtifactError as error:
        assert ARRAYS in str(error)  # noqa: PT017
    else:
        assert (arrays["dense"] == 1).all()


@pytest.mark.parametrize("keep", [0, 1, 50, 0.5])
def test_a_truncated_archive_is_refused(artefact: Path, keep: float) -> None:
    data = (artefact / ARRAYS).read_bytes()
    (artefact / ARRAYS).write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(ArtifactError):
        load(artefact)


def test_metadata_edited_by_hand_is_refused(artefact: Path) -> None:
    document = json.loads((artefact / METADATA).read_text())
    document["calibration"]["spam"]["y"][0] = 0.0
    (artefact / METADATA).write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match="checksum"):
        load(artefact)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"arrays": {}}', '{"arrays": {}, "format": 99}', "\ufeffnot json"])
def test_metadata_of_something_else_is_refused(artefact: Path, text: str) -> None:
    (artefact / METADATA).write_text(text)
    with pytest.raises(ArtifactError, match=METADATA):
        load(artefact)


def test_arrays_of_another_model_are_refused(artefact: Path, tmp_path: Path) -> None:
    arrays, metadata = content()
    write(tmp_path / "other", "small", arrays | {"intercept": np.ones(len(LABELS), np.float32)}, metadata)
    (artefact / ARRAYS).write_bytes((tmp_path / "other" / ARRAYS).read_bytes())
    with pytest.raises(ArtifactError, match="mixed up"):
        load(artefact)


def test_nothing_is_ever_unpickled(artefact: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    np.savez(artefact / ARRAYS, hashed=np.array([Bomb()], dtype=object))
    with pytest.raises(ArtifactError):
        load(artefact)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"dense": np.ones((3, len(LABELS)), np.float32)},
        {"hashed": np.zeros((4, len(LABELS)), np.float16)},
        {"intercept": np.full(len(LABELS), np.nan, np.float32)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    arrays, metadata = content()
    write(tmp_path, "small", arrays | change, metadata)
    with pytest.raises(ArtifactError, match=next(iter(change))):
        load(tmp_path)


@pytest.mark.parametrize("key", ["labels", "languages", "orders", "features", "calibration", "card"])
def test_a_missing_description_is_refused(tmp_path: Path, key: str) -> None:
    arrays, metadata = content()
    del metadata[key]
    write(tmp_path, "small", arrays, metadata)
    with pytest.raises(ArtifactError, match=key):
        load(tmp_path)


def test_a_model_for_other_features_is_refused(tmp_path: Path) -> None:
    arrays, metadata = content()
    write(tmp_path, "small", arrays, metadata | {"features": ["length"]})
    with pytest.raises(ArtifactError, match="other dense features"):
        load(tmp_path)


def test_metadata_that_is_not_json_is_refused_on_writing(tmp_path: Path) -> None:
    arrays, metadata = content()
    with pytest.raises(ArtifactError, match="JSON"):
        write(tmp_path, "small", arrays, metadata | {"card": {"auc": float("nan")}})


def test_the_shipped_model_loads_fast_and_is_small() -> None:
    start = time.thread_time()
    Model(*read(DEFAULT))
    assert time.thread_time() - start < 0.3
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) < 16 * 1024 * 1024
    assert load() is load()
