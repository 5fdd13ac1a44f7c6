"""Judging a label by comments from places it has not learnt from, and what follows: calibration and thresholds.

For `classifier.training` only. Rows of one corpus look alike, so probabilities calibrated on rows of corpora that were
learnt from are too sure of themselves everywhere else. Here every corpus is left out once, whole where that is fair:
the only blog with spam and the videos are split by their own order, the only corpora of a language by lot.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from classifier.calibration import Line
from classifier.training import author
from classifier.training.author import Signed
from classifier.training.bags import Bags, Head
from classifier.training.learner import Learner
from classifier.training.lessons import Lessons
from classifier.training.mixture import SPAM, Mixture

FOLDS = 4
_WHOLE_SPAM = {
    "ham_blog_made_mistakes": 0,
    "ham_blog_haacked_early": 1,
    "civil_toxicspans": 2,
    "jigsaw_wiki_sample": 3,
    "wiki_cat_large": 3,
}
_WHOLE_TOXIC = {
    "jigsaw_wiki_sample": 0,
    "wiki_cat_large": 0,
    "civil_toxicspans": 1,
    "convabuse": 1,
    "paradetox_pairs": 2,
    "ham_blog_made_mistakes": 2,
    "davidson_tweets": 3,
    "hatexplain_processed": 3,
    "hatemojibuild": 3,
    "ham_blog_haacked_early": 3,
}
_VIDEOS = ("tubespam",)
_YEARS = ("blog_wp_caffeinated",)
_CALIBRATING = {
    True: (
        *("blog_wp_caffeinated", "tubespam", "sms_uci", "judol_yt_id", "tg_spam_ru_en", "jigsaw_wiki_sample"),
        *("ham_blog_haacked_early", "ham_blog_made_mistakes", "civil_toxicspans"),
    ),
    False: (
        *("jigsaw_wiki_sample", "wiki_cat_large", "paradetox_pairs", "convabuse", "davidson_tweets", "germeval2018_de"),
        *("told_br_pt", "beep_ko", "ham_blog_haacked_early", "ham_blog_made_mistakes"),
    ),
}
"""What spam (True) and the other labels (False) are calibrated on: corpora that were not gathered for being hard."""
PRIORS = {
    "spam": 0.1,
    "toxicity": 0.1,
    "severe_toxicity": 0.01,
    "insult": 0.06,
    "profanity": 0.05,
    "threat": 0.01,
    "identity_attack": 0.03,
}
"""The share of comments with each label for which the probabilities are right: a site that attracts trouble."""
ORDINARY = ("ham_blog_haacked_early", "ham_blog_made_mistakes", "wiki_cat_large", "sms_uci", "jigsaw_wiki_sample")
"""Sources whose negatives are what people write on an ordinary day."""
_MOST_ROWS = 48_000
_FEWEST = 50
_STEPS = np.round(np.append(np.arange(0.1, 0.991, 0.01), (0.995, 0.998, 0.999)), 3)
_REJECTED = {"reject": 0.002, "discard": 0.0005}
PRESETS = {
    "quiet": {"spam": 0.02, "toxicity": 0.003},
    "balanced": {"spam": 0.055, "toxicity": 0.014},
    "strict": {"spam": 0.12, "toxicity": 0.028, "profanity": 0.003},
}
"""The most good comments of any ordinary source that a label may hold, while its learner has not seen that source: with
all of them seen, strangers' comments fare about twice as well. The kinds of toxicity may hold a quarter as many as toxicity;
swearing that attacks nobody is no kind of it, and holds only where the preset says so."""
_NO_KINDS = ("spam", "profanity")
_LEANS = (0.0, 0.5, 1.0, 2.0)


class Held(NamedTuple):
    """Logits of one label for rows that the learner of their fold had not seen; NaN for rows that are never judged."""

    logits: npt.NDArray[np.float32]
    truth: npt.NDArray[np.float32]
    corpora: npt.NDArray[np.str_]
    fold: npt.NDArray[np.int8]
    heads: tuple[Head, ...]
    """The head of each fold, which has not seen it."""


def folds(mixture: Mixture, at: int) -> npt.NDArray[np.int8]:
    """The fold in which each row is left out for label number `at`; -1 for made-up rows, which always teach."""
    whole = _WHOLE_SPAM if at == SPAM else _WHOLE_TOXIC
    found = np.full(len(mixture.table), -1, np.int8)
    for name in np.unique(mixture.table.corpora):
        rows = np.flatnonzero(mixture.table.corpora == name)
        if name in whole:
            found[rows] = whole[name]
        elif not name.startswith("made_"):
            found[rows] = _in_parts(mixture, str(name), rows)
    return found


def _in_parts(mixture: Mixture, name: str, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
    """Videos in turn, a blog's years one after the other, rows of any other corpus by lot."""
    origins = mixture.origins[rows]
    first, last = origins.min(), origins.max() + 1
    if name in _VIDEOS:
        groups = [mixture.table.groups[row] for row in rows]
        order = {group: at for at, group in enumerate(dict.fromkeys(groups))}
        return np.array([order[group] % FOLDS for group in groups], np.int8)
    if name in _YEARS:
        return np.asarray((origins - first) * FOLDS // (last - first), np.int8)
    lot = np.random.default_rng(0).integers(0, FOLDS, last - first)
    return np.asarray(lot[origins - first], np.int8)


def without(lessons: Lessons, at: int, number: int, learner: Learner) -> tuple[Head, npt.NDArray[np.float32]]:
    """A label learnt without one fold: the head, and the logits of that fold's rows, those that are asked about, in order.

    Learners see at most a fixed number of rows, with the regularisation to match. Padded rows are never asked about, and
    teach neither when their comment is left out nor when their sentences are.
    """
    fold, strangers = folds(lessons.mixed, at), _strangers(lessons, at)
    around = np.concatenate([fold, fold[lessons.padded.rows]])
    labels, weights = lessons.labels[:, at], lessons.weights[:, at]
    taught = np.flatnonzero((around != number) & (strangers != number) & (weights > 0))
    strength = learner.strength
    if len(taught) > _MOST_ROWS:
        strength *= len(taught) / _MOST_ROWS
        rng = np.random.default_rng((learner.seed, number))
        taught = np.sort(rng.choice(taught, _MOST_ROWS, replace=False))
    learner = learner._replace(strength=strength)
    head = learner.fit(lessons.bags.take(taught), labels[taught], weights[taught])
    asked = _asked(lessons, at, fold, number)
    return head, head.logits(lessons.bags.take(asked)) if len(asked) else np.empty(0, np.float32)


def held(lessons: Lessons, at: int, parts: Sequence[tuple[Head, npt.NDArray[np.float32]]]) -> Held:
    """What came of leaving out each fold once."""
    fold = folds(lessons.mixed, at)
    logits = np.full(len(fold), np.nan, np.float32)
    for number, (_, found) in enumerate(parts):
        logits[_asked(lessons, at, fold, number)] = found
    table = lessons.mixed.table
    return Held(logits, table.labels[:, at], table.corpora, fold, tuple(head for head, _ in parts))


def _asked(lessons: Lessons, at: int, fold: npt.NDArray[np.int8], number: int) -> npt.NDArray[np.intp]:
    return np.flatnonzero((fold == number) & (lessons.weights[: len(fold), at] > 0))


def _strangers(lessons: Lessons, at: int) -> npt.NDArray[np.int8]:
    """The fold that the sentences around each row are from; -1 if there are none, or their corpus is in all folds."""
    whole = _WHOLE_SPAM if at == SPAM else _WHOLE_TOXIC
    from_folds = [whole.get(str(source), -1) for source in lessons.padded.sources]
    return np.array([-1] * len(lessons.mixed.table) + from_folds, np.int8)


def authors(lessons: Lessons, held: Held, praise: Signed) -> tuple[Held, author.Author]:
    """Spam with what authors add, each fold by those of the others; and what authors add, learnt from all.

    `praise` is made up and always teaches.
    """
    bags, weights = lessons.bags, lessons.weights[: len(held.logits), SPAM].astype(np.float64)
    known = np.flatnonzero(author.given(bags)[: len(held.logits)] & ~np.isnan(held.logits) & (weights > 0))
    logits = held.logits.copy()

    def learn(rows: npt.NDArray[np.intp]) -> author.Author:
        own = Signed.of(bags.take(rows), held.logits[rows], held.truth[rows], weights[rows])
        return author.learn(own.beside(praise))

    for number in range(FOLDS):
        asked = known[held.fold[known] == number]
        if len(asked):
            logits[asked] += learn(known[held.fold[known] != number]).adds(bags.take(asked))
    return held._replace(logits=logits), learn(known)


def praised(held: Held, bags: Bags, truth: Sequence[float], weight: float) -> Signed:
    """Made-up praise as the learners of all folds judge its text: `bags` and whether each is spam."""
    text = np.mean([head.logits(bags) for head in held.heads], axis=0)
    return Signed.of(bags, text, np.array(truth), np.full(len(truth), weight))


def lean(lessons: Lessons, held: Held, toxicity: Held) -> tuple[float, Held]:
    """How much of the toxicity head a rarer label's head should be mixed with, by mean AUC over corpora left out.

    The rarer labels have few positives, and few corpora that tell of them; what is toxic anywhere tells of them too.
    The sum of two heads is a head, so nothing is lost of the exact explanation. Returns the share and what it held.
    """
    tried = {share: np.full(len(held.logits), np.nan, np.float32) for share in _LEANS}
    for number, (own, other) in enumerate(zip(held.heads, toxicity.heads, strict=True)):
        asked = np.flatnonzero((held.fold == number) & ~np.isnan(held.logits))
        if len(asked):
            bags = lessons.bags.take(asked)
            said, more = bags.passages @ own.hashed, bags.passages @ other.hashed
            for share, logits in tried.items():
                both = own.mixed_with(other, share)
                text = bags.pooled(said + np.float32(share) * more)
                logits[asked] = text + bags.dense @ both.dense + both.intercept
    best = steadiest(held, tried)
    return best, held._replace(logits=tried[best])


def steadiest(held: Held, tried: Mapping[float, npt.NDArray[np.float32]]) -> float:
    """Of several logits for the rows of `held` those which rank best, by mean AUC over corpora; the first of equals."""
    scores = {}
    for share, logits in tried.items():
        aucs = []
        for name in np.unique(held.corpora):
            rows = np.flatnonzero((held.corpora == name) & ~np.isnan(logits))
            positive = held.truth[rows] == 1
            if min(positive.sum(), (~positive).sum()) >= _FEWEST:
                aucs.append(roc_auc_score(positive, logits[rows]))
        scores[share] = float(np.mean(aucs)) if aucs else 0.0
    return max(scores, key=lambda share: scores[share])


def calibrate(held: Held, prior: float, *, spam: bool) -> Line:
    """Platt's line from logit to calibrated logit, every corpus counting by the root of its size, for a given prior."""
    rows = np.flatnonzero(~np.isnan(held.logits) & np.isin(held.corpora, _CALIBRATING[spam]))
    weights = np.zeros(len(rows))
    for name in np.unique(held.corpora[rows]):
        chosen = held.corpora[rows] == name
        weights[chosen] = 1 / np.sqrt(chosen.sum())
    positive = held.truth[rows] == 1
    weights[positive] *= prior / weights[positive].sum()
    weights[~positive] *= (1 - prior) / weights[~positive].sum()
    model = LogisticRegression(C=1e6, solver="lbfgs").fit(
        held.logits[rows, None], positive, sample_weight=weights * 1e4
    )
    return Line(max(float(model.coef_[0, 0]), 0.05), float(model.intercept_[0]))


def implied(label: Line, kind: Line) -> tuple[float, float]:
    """Scale and shift from a kind's logit to that of a label which is just as probable."""
    return round(kind.slope / label.slope, 6), round((kind.shift - label.shift) / label.slope, 6)


def at_least(held: Held, implied: Mapping[str, tuple[float, float]], helds: Mapping[str, Held]) -> Held:
    """A label that is never less probable than its kinds."""
    logits = held.logits.copy()
    for kind, (scale, shift) in implied.items():
        known = ~np.isnan(logits) & ~np.isnan(helds[kind].logits)
        logits[known] = np.maximum(logits[known], helds[kind].logits[known] * np.float32(scale) + np.float32(shift))
    return held._replace(logits=logits)


def thresholds(
    held: Held, line: Line, label: str, steps: tuple[str, ...], preset: str = "balanced"
) -> dict[str, float]:
    """The lowest probability for each step at which every ordinary source keeps within its false-positive rate.

    None of a label that holds nothing with this preset.
    """
    costs, found = PRESETS[preset], dict[str, float]()
    if label in _NO_KINDS and label not in costs:
        return found
    allowed = {"hold": costs.get(label, costs["toxicity"] / 4), **_REJECTED}
    for step in steps:
        level = max([_STEPS[0], *found.values()])
        for _, probabilities in _ordinary(held, line):
            within = [p for p in _STEPS if (probabilities >= p).mean() <= allowed[step]]
            level = max(level, within[0] if within else _STEPS[-1])
        found[step] = float(level)
    return found


def figures(held: Held, line: Line, limits: dict[str, float]) -> dict[str, dict[str, float]]:
    """For each corpus: rows, positives, AUC where it has both classes, and the false-positive rate at each step."""
    probabilities = line.probabilities(held.logits)
    found: dict[str, dict[str, float]] = {}
    for name in np.unique(held.corpora):
        rows = np.flatnonzero((held.corpora == name) & ~np.isnan(held.logits))
        positive = held.truth[rows] == 1
        if len(rows) < _FEWEST:
            continue
        figure: dict[str, float] = {"rows": len(rows), "positives": int(positive.sum())}
        if min(positive.sum(), (~positive).sum()) >= 10:
            figure["auc"] = round(float(roc_auc_score(positive, held.logits[rows])), 4)
        if (~positive).sum() >= _FEWEST:
            for step, limit in {"half": 0.5, **limits}.items():
                figure[f"fpr_{step}"] = round(float((probabilities[rows][~positive] >= limit).mean()), 4)
        found[str(name)] = figure
    return found


def _ordinary(held: Held, line: Line) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """Probabilities of the negatives of each ordinary source that has enough of them."""
    found = []
    for name in ORDINARY:
        rows = (held.corpora == name) & (held.truth == 0) & ~np.isnan(held.logits)
        if rows.sum() >= _FEWEST:
            found.append((name, line.probabilities(held.logits[rows])))
    return found
