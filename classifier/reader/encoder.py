"""The encoder: passages of a comment in, one vector each out. For `classifier.reader`.

It was trained by others on a thousand million pairs of texts in a hundred languages; its last layers are tuned to our labels
(`classifier.reader.tuned`), its first ones are as they came. The vector of a passage is the mean of the hidden states of its
pieces, at two layers: the middle ones know words and tone, the last ones meaning across languages (measured in `docs/adr/0019`
and `0036`). Nothing is downloaded; see `classifier.reader.weights`.
"""

import os
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifier.reader.tokens import Tokeniser
from classifier.reader.tuned import Tuned
from classifier.reader.weights import SHA256, Floats, ReaderError, Weights, unpacked

TAKEN = (6, 12)
"""The layers whose states are taken."""
WINDOW = 192
"""Most pieces that are read together; what is longer is read in several windows."""
MOST = 384
"""Most pieces of a comment that are read at all: about 1,500 characters of English."""
PREFIX = "query: "
"""What the encoder was trained to see before a text."""
NAME = f"multilingual-e5-small-{SHA256[:8]}-{'-'.join(map(str, TAKEN))}"
"""Names what the vectors depend on, beside what is tuned."""


class Encoder:
    """A loaded encoder: one thread, about 0.2 GB. Safe to share between threads: they take turns."""

    def __init__(self, tuned: Tuned | None = None) -> None:
        """Takes about a second. Raises `ReaderError` if what it needs is not installed, ValueError if `tuned` does not fit."""
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else it would keep a diary at home, and send it to its makers
        try:
            import onnxruntime  # noqa: PLC0415 - an extra

            from classifier.reader.graph import build  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ReaderError(f"{error.name} is not installed: pip install antechamber[reader]") from error
        weights = Weights()
        self._tokenise = Tokeniser(weights.vocabulary)
        self._words = weights.packed("emb.word", weights.width)
        places = weights.floats("emb.pos").reshape(-1, weights.width)
        self._places = places + weights.floats("emb.type")[: weights.width]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            build(weights, TAKEN, tuned),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # that fusion is slower than what it replaces
        )
        self._outputs = [f"pooled{layer}" for layer in TAKEN]
        self.width = len(TAKEN) * weights.width
        known = weights.vocabulary
        self._before = [known.begin, *self._tokenise(PREFIX)]
        self._after = [known.end]
        self._turn = threading.Lock()

    def embed(self, passages: Sequence[str]) -> tuple[Floats, npt.NDArray[np.intp]]:
        """A vector for each passage of one comment, read in the context of its neighbours, and its number of pieces.

        Passages without a single piece, and what lies beyond `MOST` pieces, have vectors of zeros and no pieces.
        """
        vectors = np.zeros((len(passages), self.width), np.float32)
        sizes = np.zeros(len(passages), np.intp)
        window: list[tuple[int, list[int]]] = []
        held = read = 0
        for at, passage in enumerate(passages):
            pieces = self._tokenise(passage)[: min(WINDOW, MOST - read)]
            if not pieces:
                continue
            if held + len(pieces) > WINDOW:
                self._read(window, vectors)
                window, held = [], 0
            window.append((at, pieces))
            sizes[at] = len(pieces)
            held += len(pieces)
            read += len(pieces)
        if window:
            self._read(window, vectors)
        return vectors, sizes

    def _read(self, window: Sequence[tuple[int, list[int]]], vectors: Floats) -> None:
        numbers = [*self._before, *(one for _, pieces in window for one in pieces), *self._after]
        pool = np.zeros((1, len(window), len(numbers)), np.float32)
        start = len(self._before)
        for row, (_, pieces) in enumerate(window):
            pool[0, row, start : start + len(pieces)] = 1.0 / len(pieces)
            start += len(pieces)
        embedded = unpacked(self._words[numbers]).reshape(1, len(numbers), -1) + self._places[: len(numbers)]
        with self._turn:
            pooled = self._session.run(self._outputs, {"embedded": embedded, "pool": pool})
        vectors[[at for at, _ in window]] = np.concatenate([one[0] for one in pooled], axis=1)
