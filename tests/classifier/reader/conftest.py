"""The real encoder, and heads whose weights are random: what holds must hold for any."""

import numpy as np
import pytest

from classifier import LABELS
from classifier.reader.encoder import NAME, Encoder
from classifier.reader.fusion import GROUPS
from classifier.reader.reader import Reader


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="session")
def reader(encoder: Encoder) -> Reader:
    random = np.random.default_rng(3)
    ends = {"short": [0.4, 0.8, -0.2], "long": [0.9, 0.5, 0.1]}
    arrays = {
        "heads": random.normal(0, 0.2, (encoder.width, len(LABELS))).astype(np.float16),
        "intercept": random.normal(0, 0.2, len(LABELS)).astype(np.float32),
    }
    metadata = {
        "version": "random-reader-1",
        "labels": list(reversed(LABELS)),
        "encoder": NAME,
        "pooling": {"chance": 0.3},
        "languages": ["en", "de", "tr", "zh", "ru", "ja"],
        "fusion": {
            "weights": {group: dict.fromkeys(LABELS, ends) for group in GROUPS},
            "band": {"spam": [0.1, 0.99], "toxicity": [0.1, 0.99]},
        },
        "card": {},
    }
    return Reader(arrays, metadata, encoder)
