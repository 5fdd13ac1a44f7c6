"""How fast the classifier scores, beside scikit-learn's own vectorisers in the same run: `python -m benchmarks.scoring`.

Everything counted: normaliser, hashed and dense features, all labels, calibration, language. The comments are made up
here, of about 375 characters, some with links, markup, disguise, author and other scripts. Times are CPU seconds of one
thread, the best of several rounds; ratios are what to compare between machines.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from copy import copy

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import FeatureUnion
from threadpoolctl import threadpool_limits

from classifier import LABELS, Input, load
from classifier.features.language import detect
from classifier.features.ngrams import Buckets, Hasher, Values
from classifier.normalise import normalise_all

VOCABULARY = """
the of and to a in is it you that he was for on are with as I his they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said an each she which do their time if will way about
many then them would write like so these her long make thing see him two has look more day could go come did my sound
no most number who over know water than call first people may down side been now find any new work part take get place
made live where after back little only round man year came show every good me give our under name very through just
form much great think say help low line before turn cause same mean differ move right boy old too does tell sentence
set three want air well also play small end put home read hand port large spell add even land here must big high such
follow act why ask men change went light kind off need house picture try us again animal point mother world near build
self earth father head stand own page should country found answer school grow study still learn plant cover food sun
moderation comment article author website opinion government experience database configuration interesting wonderful
"""
WORDS = VOCABULARY.split()
SPICE = (
    "http://www.example.com/some/page?id=7",
    "v1agra",
    "<b>bold</b>",
    "AWESOME!!!",
    "&amp;",
    "@somebody",
    "café",
    "$100",
)
COUNT = 1024


def make(count: int, length: int = 375, *, spice: float = 0.0075, seed: int = 1) -> list[Input]:
    """Made-up comments of about `length` characters; a share of words is out of the ordinary."""
    draw = random.Random(seed)
    weights = [1 / rank for rank in range(1, len(WORDS) + 1)]
    comments = []
    for _ in range(count):
        size = int(draw.lognormvariate(0, 0.6) * length * 0.84)
        words: list[str] = []
        while size > 0:
            word = draw.choice(SPICE) if draw.random() < spice else draw.choices(WORDS, weights)[0]
            if draw.random() < 0.1:
                word += draw.choice(".,;!?")
            words.append(word)
            size -= len(word) + 1
        name, url = draw.choice([("", ""), ("Ann Example", ""), ("cheap watches", "http://watches.example.biz/")])
        comments.append(Input(" ".join(words).capitalize(), name, url))
    return comments


def microseconds(work: Callable[[], object], comments: int, rounds: int = 2) -> float:
    """CPU time for one comment, the best round."""
    best = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
    return best / comments * 1e6


class RawCounts(Hasher):
    """Grams that count as often as they come, without the logarithm: what the second look at each gram costs."""

    def _values(self, buckets: Buckets, table: object) -> Values:
        return np.full(len(buckets), 1 / np.sqrt(len(buckets)), np.float32)


def in_batches(work: Callable[[Sequence[Input]], object], comments: Sequence[Input], size: int) -> Callable[[], object]:
    batches = [comments[at : at + size] for at in range(0, len(comments), size)]
    return lambda: [work(batch) for batch in batches]


def speed(console: Console) -> None:
    model = load()
    comments = make(COUNT)
    texts = [item.text for item in comments]
    mean = sum(map(len, texts)) / len(texts)
    union = FeatureUnion(
        [
            ("word", HashingVectorizer(ngram_range=(1, 2), n_features=2**18)),
            ("char", HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**18)),
        ]
    )
    coefficients = np.random.default_rng(0).normal(size=(2**19, len(LABELS)))
    folded = normalise_all(texts)
    raw = copy(model)
    raw._hasher = RawCounts(model._hasher.orders)
    plain = [Input(text) for text in texts]  # theirs has no authors either
    spicy = [Input(item.text) for item in make(COUNT, spice=0.05)]
    chunks = [texts[at : at + 64] for at in range(0, COUNT, 64)]
    theirs = "scikit-learn word(1,2) + char_wb(2,5), dot product"
    works: dict[str, Callable[[], object]] = {
        theirs: lambda: [union.transform(chunk) @ coefficients for chunk in chunks],
        "ours, batch of 64": in_batches(model.score, plain, 64),
        "ours, one at a time": in_batches(model.score, plain, 1),
        "ours, batch of 64, raw counts": in_batches(raw.score, plain, 64),
        "ours, batch of 64, with authors": in_batches(model.score, comments, 64),
        "ours, batch of 64, a link or disguise in nearly every comment": in_batches(model.score, spicy, 64),
        "  of which: normaliser": lambda: [normalise_all(chunk) for chunk in chunks],
        "  of which: language": lambda: [detect(text) for text in folded],
    }
    best = dict.fromkeys(works, float("inf"))
    for _ in range(7):  # in turns, so that a noisy neighbour disturbs all alike
        for name, work in works.items():
            best[name] = min(best[name], microseconds(work, COUNT, rounds=1))
    table = Table("", "µs a comment", "ratio", title=f"{COUNT} made-up comments, {mean:.0f} characters on average")
    for name, each in best.items():
        table.add_row(name, f"{each:.1f}", "" if name.startswith(" ") else f"{best[theirs] / each:.1f} ×")
    console.print(table)


def length(console: Console) -> None:
    model = load()
    table = Table("characters", "ns a character, ordinary", *HOSTILE, title="Linear in length, whatever it is made of")
    for size in (1_000, 8_000, 65_000, 1_000_000):
        ordinary = " ".join(item.text for item in make(1 + size // 300))[:size]
        cells = []
        for text in (ordinary, *((unit * size)[:size] for unit in HOSTILE.values())):
            item = [Input(text)]
            cells.append(f"{microseconds(lambda item=item: model.score(item), size) * 1e3:.0f}")
        table.add_row(f"{size:,}", *cells)
    console.print(table)


HOSTILE = {
    "a": "a",
    "marks": "\u0301",
    "<": "<",
    "http://": "http://",
    "a.": "a.",
    "1a": "1a",
    "styled": "𝐚",
    "а|a": "аa",
}
"""What else long comments are made of: one unit repeated."""

_FRESH = """
import time
import numpy
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
before = resident()
start = time.perf_counter()
from classifier import Input, load
imported = time.perf_counter()
model = load()
loaded = time.perf_counter()
model.score([Input("a first comment, with an é")])
scored = time.perf_counter()
print(f"import {1000 * (imported - start):.0f} ms, load {1000 * (loaded - imported):.0f} ms, "
      f"first comment {1000 * (scored - loaded):.0f} ms; memory beyond numpy's {(resident() - before) / 1024:.0f} MB")
"""


def main() -> None:
    sys.stdout.flush()
    console = Console(width=None if sys.stdout.isatty() else 150)
    subprocess.run([sys.executable, "-c", _FRESH], check=True)  # reads /proc, so on Linux
    with threadpool_limits(1):
        speed(console)
        length(console)


if __name__ == "__main__":
    main()
