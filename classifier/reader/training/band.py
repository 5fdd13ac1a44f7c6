"""Learning which comments are worth reading. For training only.

On an ordinary day one comment in ten is trouble. Of such a stream, made of rows that were left out, the band takes the share that
the first reader finds likeliest to be trouble, up to where it is so sure that the second changes nothing.
"""

import numpy as np

from classifier.reader.training.fusing import Rows
from classifier.training.cross_validation import ORDINARY

SHARE = 0.25
"""Of an ordinary stream, what is read of the good comments, by halves for spam and for toxicity."""
TROUBLE = 0.1
"""Of an ordinary stream, what is spam or toxic."""
_SURE = 0.995  # share of the positives that must lie below the upper end
_CERTAIN = 0.99  # the lowest that the upper end can be


def learn(rows: Rows) -> list[float]:
    """The ends of a label's band, as probabilities of the first reader."""
    probabilities = 1 / (1 + np.exp(-rows.words.astype(np.float64)))
    good = probabilities[(rows.truth == 0) & np.isin(rows.corpora, ORDINARY)]
    levels = np.quantile(good, np.linspace(0, 1, 201))
    shares = np.array([(1 - TROUBLE) * (good >= level).mean() for level in levels])
    low = levels[int(np.argmax(shares <= SHARE / 2))]
    high = max(np.quantile(probabilities[rows.truth == 1], _SURE), _CERTAIN)
    return [round(float(low), 5), round(float(high), 5)]
