"""Models as bytes: an `.npz` of arrays and a JSON beside it, checksummed, without pickle. For models and corrections.

`pack` and `unpack` are for whoever keeps the two elsewhere than in files; `write` and `read` keep them in a directory.
The same content gives the same bytes. Nothing in an artefact is executed, and everything in it is checked before use:
checksums, shapes, finite numbers, calibration that never falls.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

ARRAYS = "model.npz"
METADATA = "model.json"
FORMAT = 1
LARGEST = 16 * 1024 * 1024
"""Most bytes that an artefact's arrays may take on disk."""
_LARGEST_UNPACKED = 8 * LARGEST

Arrays = Mapping[str, npt.NDArray[Any]]


class ArtifactError(Exception):
    """A model is missing, damaged, or made for another version of this package. The message says which file and why."""


class Packed(NamedTuple):
    """An artefact as it is kept."""

    version: str
    arrays: bytes
    metadata: bytes


def pack(name: str, arrays: Arrays, metadata: Mapping[str, Any]) -> Packed:
    """An artefact, its version being `name`, a hyphen and eight digits of the content hash.

    `metadata` must be plain JSON. Raises `ArtifactError` if it is not, or if the arrays are too large.
    """
    packed = _pack(arrays)
    if len(packed) > LARGEST:
        raise ArtifactError(f"the model's arrays take {len(packed)} bytes, more than the {LARGEST} allowed")
    body = {"format": FORMAT, "name": name, "arrays": _describe(arrays), **metadata}
    digest = _digest(body)
    version = f"{name}-{digest[:8]}"
    document = {"version": version, "sha256": digest, **body}
    return Packed(version, packed, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())


def unpack(packed: Packed) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Check an artefact and take it apart: its arrays and its metadata, with `version`. Raises `ArtifactError`."""
    document = _metadata(Path(packed.version) / METADATA, packed.metadata)
    if document["version"] != packed.version:
        raise ArtifactError(f"{packed.version}: holds another version, {document['version']}")
    return _arrays(Path(packed.version) / ARRAYS, packed.arrays, document), document


def write(directory: Path, name: str, arrays: Arrays, metadata: Mapping[str, Any]) -> str:
    """Write an artefact into `directory` and return its version. Raises `ArtifactError` as `pack` does."""
    packed = pack(name, arrays, metadata)
    keep(directory, packed)
    return packed.version


def keep(directory: Path, packed: Packed) -> None:
    """Put an artefact into `directory`; what was there stays until all of it is written. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=directory) as draft:
            files = [Path(draft, name) for name in (ARRAYS, METADATA)]
            for file, content in zip(files, (packed.arrays, packed.metadata), strict=True):
                file.write_bytes(content)
            for file in files:
                file.replace(directory / file.name)
    finally:
        with suppress(OSError):
            directory.rmdir()  # which is empty where nothing came of it


def read(directory: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read and check an artefact: its arrays and its metadata, with `version`. Raises `ArtifactError`."""
    document = _metadata(directory / METADATA, _bytes(directory / METADATA))
    return _arrays(directory / ARRAYS, _bytes(directory / ARRAYS), document), document


def find(directory: Path, version: str) -> Packed:
    """An artefact that `keep` put there, unchecked, to be of a version. Raises `ArtifactError`."""
    return Packed(version, _bytes(directory / ARRAYS), _bytes(directory / METADATA))


def checked(arrays: Arrays, name: str, shape: tuple[int, ...], *, whose: str) -> npt.NDArray[Any]:
    """One of the arrays, if it has that shape and is finite. Raises `ArtifactError`."""
    array = arrays.get(name)
    if array is None or array.shape != shape or array.dtype.kind not in "fi":
        raise ArtifactError(f"the {whose}'s array {name!r} is missing or has another shape than {shape}")
    if not np.isfinite(array).all():
        raise ArtifactError(f"the {whose}'s array {name!r} holds numbers that are not finite")
    return array


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from error


def _arrays(path: Path, packed: bytes, document: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    arrays = _unpack(path, packed)
    if _describe(arrays) != document["arrays"]:
        raise ArtifactError(f"{path}: the arrays are not those that {METADATA} describes (damaged or mixed up)")
    return arrays


def _metadata(path: Path, text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ArtifactError(f"{path}: not JSON ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("arrays"), dict):
        raise ArtifactError(f"{path}: not the description of a model")
    if document.get("format") != FORMAT:
        raise ArtifactError(f"{path}: format {document.get('format')!r}, but this version reads {FORMAT}")
    body = {key: value for key, value in document.items() if key not in ("version", "sha256")}
    digest = _digest(body)
    if document.get("sha256") != digest or document.get("version") != f"{document.get('name')}-{digest[:8]}":
        raise ArtifactError(f"{path}: the checksum does not match (damaged or edited by hand)")
    return document


def _digest(body: Mapping[str, Any]) -> str:
    try:
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise ArtifactError(f"the model's metadata is not plain JSON ({error})") from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def _describe(arrays: Arrays) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "shape": list(array.shape),
            "type": array.dtype.str,
            "sha256": hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest(),
        }
        for name, array in sorted(arrays.items())
    }


def _pack(arrays: Arrays) -> bytes:
    """An `.npz` with fixed dates and a fixed order of members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, array in sorted(arrays.items()):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.getvalue(), compresslevel=9)
    return packed.getvalue()


def _unpack(path: Path, packed: bytes) -> dict[str, npt.NDArray[Any]]:
    if len(packed) > LARGEST:
        raise ArtifactError(f"{path}: {len(packed)} bytes, more than the {LARGEST} allowed")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_UNPACKED:
                raise ArtifactError(f"{path}: unpacks to more than {_LARGEST_UNPACKED} bytes")
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except ArtifactError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged input
        raise ArtifactError(f"{path}: not an archive of arrays ({type(error).__name__})") from error
