"""Comments and a small model for the classifier's tests. The model is made up: its weights are random."""

from collections import Counter

import numpy as np
import pytest

from classifier import LABELS, Input, Model
from classifier.features import vocabulary
from classifier.features.dense import FEATURES
from classifier.features.ngrams import AUTHOR_BUCKETS, BUCKETS
from classifier.model import Model as LoadedModel

OF_AUTHORS = np.array([name.startswith(("name_", "url_")) for name in FEATURES], np.float32)
KNOWN = "an ordinary comment about the weather and garden ok whatever it says thanks great photo viagra"
COMMENTS = [
    Input(""),
    Input("Thanks for the article, it helped me a lot."),
    Input("You are an 1diot and a b@stard!!! 😀", "Troll"),
    Input("Nice post", "cheap replica watches", "http://replica-watches.example.biz/buy-now"),
    Input(
        '<a href="http://pills.example.ru">v i a g r a</a> [url=http://x.example]now[/url]', "Bob", "http://bob.example"
    ),
    Input("Это совершенно обычный комментарий на русском языке, ничего особенного."),
    Input("普通の日本語のコメントです。とても良い記事でした。"),
    Input("the same words the same words the same words"),
    Input("\x00\u200b\ud800"),
    Input("a" * 3000 + " and more"),
]


@pytest.fixture(scope="session")
def comments() -> list[Input]:
    return list(COMMENTS)


@pytest.fixture(scope="session")
def random_model() -> Model:
    random = np.random.default_rng(7)
    arrays = {
        "hashed": random.normal(0, 1, (BUCKETS, len(LABELS))).astype(np.float16),
        "dense": random.normal(0, 1, (len(FEATURES), len(LABELS))).astype(np.float32) * (1 - OF_AUTHORS[:, None]),
        "intercept": random.normal(0, 1, len(LABELS)).astype(np.float32),
        "author_hashed": random.normal(0, 1, AUTHOR_BUCKETS).astype(np.float16),
        "author_dense": random.normal(0, 1, len(FEATURES)).astype(np.float32) * OF_AUTHORS,
        "words": vocabulary.pack(Counter(KNOWN.split()), 1),
    }
    return LoadedModel(arrays, description())


def description() -> dict[str, object]:
    return {
        "version": "random-00000000",
        "labels": list(LABELS),
        "languages": ["en", "id"],
        "partial_languages": ["id"],
        "orders": [3, 5],
        "pooling": {"damping": 40.0},
        "implied": {"toxicity": {"threat": [0.8, 0.5], "insult": [1.2, -0.3]}},
        "features": list(FEATURES),
        "calibration": {label: {"x": [-4.0, 0.0, 4.0], "y": [-3.0, -0.5, 5.0]} for label in LABELS},
        "thresholds": {"spam": {"hold": 0.5, "reject": 0.9}},
        "card": {"title": "random weights"},
    }
