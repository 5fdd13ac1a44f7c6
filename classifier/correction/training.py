"""Learning a site's correction from its moderators' decisions, in seconds. Public: `train`, `TooFew`, `Settings`.

For each label that the site has decided often enough: a logistic regression whose starting point is the base model.
What is penalised is the distance from it, so few decisions move little, and they add to what the base model says
without ever taking it back as a whole; what it knows is rehearsed beside them (`classifier.correction.rehearsal`). Text and
author also teach each by itself (`classifier.correction.logistic` says why). The oldest decisions teach; the newest choose
whether to learn at all, and calibrate; then all teach once more. Needs scipy.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy
from scipy import sparse, special
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from classifier import artifact
from classifier.calibration import Line
from classifier.correction import Correction, label_quality, logistic, rehearsal
from classifier.correction.decisions import Decided, fingerprint, in_order, signal_features, signal_rows
from classifier.correction.label_quality import near_duplicates
from classifier.features.dense import FEATURES
from classifier.features.ngrams import BUCKETS, Hasher
from classifier.features.transformer import parts
from classifier.inputs import Batch, Input
from classifier.model import Model

Numbers = npt.NDArray[np.float64]

KINDS = ("text", "author", "signals")
"""The kinds of evidence."""
_TEXT, _AUTHOR = 0, 1
_OF_AUTHORS = np.array([float(name.startswith(("name_", "url_"))) for name in FEATURES], np.float32)
_PRIOR = 0.1
_CHUNK = 512
_MOST_VOICES = 8
_LOUD = 0.02
_FEW = 10
_LEAST_TRUST = 1 / 8
_FORGOTTEN = 1e-3
_HELD, _MOST_RAISED = 0.015, 2.0
"""The largest share of good comments that are held so that the next wave is found, and how many logits that may take."""


class Settings(NamedTuple):
    """How corrections are learnt. The defaults are measured: `docs/learning.md`."""

    fewest: int = 20
    """Decisions that a label needs with it, and without it, to be corrected."""
    strengths: tuple[float, ...] = (1.0, 10.0, 100.0)
    """Inverses of the regularisation, all of which are learnt with, and averaged: the held decisions can't tell which is best,
    since what a greater one gains on the wave that teaches, it may lose on the next."""
    held: float = 0.25
    """The newest share of each class, which chooses and calibrates."""
    rare_signal: int = 5
    """A signal is listened to when it was raised in this many decisions or more."""
    most_signals: int = 400
    """At most this many signals are listened to: those raised most often."""


DEFAULTS = Settings()


class TooFew(Exception):
    """No label has been decided often enough. `missing` says what is: label to (more with it, more without it)."""

    def __init__(self, missing: Mapping[str, tuple[int, int]]) -> None:
        self.missing = dict(missing)
        label, (more_with, more_without) = min(missing.items(), key=lambda item: sum(item[1]))
        wants = [f"{more_with} more rejected as {label}"] * (more_with > 0)
        wants += [f"{more_without} more approved"] * (more_without > 0)
        super().__init__(f"{' and '.join(wants)} needed to learn from")


class _Rows(NamedTuple):
    """Everything that is the same for all labels."""

    decisions: Sequence[Decided]
    features: tuple[sparse.csr_matrix, ...]
    """Of the text, of the author, signals: only columns in which anything stands. Decisions, then what is rehearsed."""
    columns: npt.NDArray[np.intp]
    """Which they are, of hashed, dense and signals side by side."""
    signals: tuple[str, ...]
    logits: Numbers
    """What each of the kinds adds to the base model's: (rows, kinds, labels)."""
    rehearsed: tuple[rehearsal.Known, ...]
    near: npt.NDArray[np.intp]
    """The group of near-duplicates of each decision."""


class _Learnt(NamedTuple):
    fit: logistic.Fit
    knots: dict[str, list[float]]
    card: dict[str, Any]


def train(
    model: Model,
    decisions: Sequence[Decided],
    name: str,
    settings: Settings = DEFAULTS,
    *,
    without: Collection[str] = (),
) -> Correction:
    """A correction of `model`, whose version begins with `name`. The same decisions give the same bytes.

    `without` names kinds of evidence that are not learnt from, and stay the base model's: of text, author, signals.
    Raises `TooFew` if no label was decided often enough.
    """
    rows = in_order(decisions)
    missing = {label: short(rows, label, settings.fewest) for label in model.labels}
    labels = [label for label in model.labels if missing[label] == (0, 0)]
    if not labels:
        raise TooFew(missing)
    prepared = _prepare(model, rows, settings, without)
    # Beside other work, threads that wait for each other in small products take five times as long as one does.
    with threadpool_limits(limits=1, user_api="blas"):
        learnt = {label: _learn(model, prepared, label, settings) for label in labels}
    return Correction(_packed(model, name, prepared, learnt))


def short(decisions: Sequence[Decided], label: str, fewest: int = DEFAULTS.fewest) -> tuple[int, int]:
    """How many more decisions a label needs to be corrected: with the label, without it."""
    said = [row.labels[label] for row in decisions if label in row.labels]
    positives = sum(value >= 0.5 for value in said)
    return max(fewest - positives, 0), max(fewest - (len(said) - positives), 0)


def _prepare(model: Model, rows: Sequence[Decided], settings: Settings, without: Collection[str]) -> _Rows:
    rehearsed = rehearsal.known()
    raised: dict[str, int] = {}
    for row in rows:
        for signal in signal_features(row.signals):
            raised[signal] = raised.get(signal, 0) + 1
    often = sorted(
        (name for name, times in raised.items() if times >= settings.rare_signal), key=lambda s: (-raised[s], s)
    )
    signals = tuple(sorted(often[: settings.most_signals]))
    beyond = sparse.csr_matrix(signal_rows([*(row.signals for row in rows), *({} for _ in rehearsed)], signals))
    decided, known = read(model, [row.item for row in rows]), _read_rehearsed(model)
    text, author = (sparse.vstack(pair, format="csr") for pair in zip(decided.kinds, known.kinds, strict=True))
    silent, nothing = sparse.csr_matrix(beyond.shape), sparse.csr_matrix(text.shape)
    pairs = [(text, silent), (author, silent), (nothing, beyond)]
    for at, kind in enumerate(KINDS):
        if kind in without:
            pairs[at] = (nothing, silent)
    features, columns = logistic.narrowed([sparse.hstack(pair, format="csr") for pair in pairs])
    logits = np.concatenate([decided.logits, known.logits])
    return _Rows(rows, features, columns, signals, logits, rehearsed, near_duplicates(decided.own))


class Read(NamedTuple):
    """Comments as a model sees them, whoever decided on them and how."""

    own: sparse.csr_matrix
    kinds: tuple[sparse.csr_matrix, sparse.csr_matrix]
    """The same in two: of the text, and of the author."""
    logits: Numbers
    """What each of the kinds adds to the base model's: (rows, kinds, labels)."""


def read(model: Model, items: Sequence[Input]) -> Read:
    hasher = Hasher(model.orders)
    chunks = [_read_batch(model, Batch(items[at : at + _CHUNK], hasher)) for at in range(0, len(items), _CHUNK)]
    own, text, author = (
        sparse.vstack(matrices, format="csr", dtype=np.float32)
        for matrices in zip(*((one.own, *one.kinds) for one in chunks), strict=True)
    )
    return Read(own, (text, author), np.concatenate([one.logits for one in chunks]))


def _read_batch(model: Model, batch: Batch) -> Read:
    read = parts(batch)
    author = sparse.hstack([read.author, read.dense @ sparse.diags(_OF_AUTHORS)], format="csr")
    text = sparse.hstack([read.text, read.dense @ sparse.diags(1 - _OF_AUTHORS)], format="csr")
    for kind in (author, text):
        kind.eliminate_zeros()
    logits, added = model.read(batch)
    authors = np.zeros_like(logits, np.float64)
    authors[:, model.labels.index("spam")] = added
    return Read(read.together(), (text, author), np.stack([logits - authors, authors, np.zeros_like(authors)], axis=1))


@lru_cache(maxsize=1)
def _read_rehearsed(model: Model) -> Read:
    return read(model, [one.item for one in rehearsal.known()])


def _learn(model: Model, prepared: _Rows, label: str, settings: Settings) -> _Learnt:
    column = model.labels.index(label)
    known = [at for at, row in enumerate(prepared.decisions) if label in row.labels]
    chosen, told = [prepared.decisions[at] for at in known], rehearsal.told(label)
    asked = [*known, *(len(prepared.decisions) + at for at in told)]
    truth = np.array([row.labels[label] for row in chosen], np.float64)
    prior = float(model.card.get("priors", {}).get(label, _PRIOR))
    # The base model's calibrated logits are right where the label is as rare as `prior`; rows are weighed as if it were even.
    lift, line = -float(special.logit(prior)), Line.through(model.knots[label])
    base = prepared.logits[asked, :, column] * line.slope
    base[:, _TEXT] += line.shift + lift
    features, back = logistic.spanned(tuple(kind[asked] for kind in prepared.features))
    kinds = logistic.Kinds(features, base)
    rows = _Label(
        kinds.take(np.arange(len(known))),
        truth,
        label_quality.weigh(chosen, truth, prepared.near[known]),
        np.array([row.voice for row in chosen]),
        kinds.take(np.arange(len(known), len(asked))),
        np.array([prepared.rehearsed[at].labels[label] for at in told]),
    )
    held = _newest(truth, settings.held)
    late = rows.take(held)
    factors = _trusted(rows, held, settings)
    rows = rows._replace(weights=rows.weights * factors)
    early = rows.take(~held).fits(settings.strengths)
    learnt, nothing = logistic.mean(early), logistic.unmoved(kinds.features[0].shape[1])
    scales, logits = [], []
    said, weights = late.kinds.whole() - lift, _at_prior(late, prior)
    for fit in (learnt, nothing):
        added = fit.added(late.kinds)
        scales.append(logistic.calibrate(said, added, late.truth, weights))
        logits.append(scales[-1].logits(said, added))
    better = not _harms(_losses(logits[0], late.truth) - _losses(logits[1], late.truth), weights)
    final = back(logistic.mean(rows.fits(settings.strengths, early)) if better else nothing)
    scale = _as_dear(model, label, scales[0], (said, logits[0]), weights * (late.truth < 0.5)) if better else scales[1]
    calibrated = Line(line.slope * scale.base, line.shift * scale.base + scale.shift)
    card = {
        "positives": int((truth >= 0.5).sum()),
        "negatives": int((truth < 0.5).sum()),
        "scale": {
            "base": round(scale.base, 4),
            "learnt": round(scale.share * better, 4),
            "shift": round(scale.shift, 4),
        },
        "held": {"rows": int(held.sum()), **_figures(late, learnt if better else nothing)},
        "voices": _voices(rows, factors),
    }
    return _Learnt(_scaled(final, scale.share / calibrated.slope), calibrated.knots(), card)


def _as_dear(
    model: Model, label: str, scale: logistic.Scale, logits: tuple[Numbers, Numbers], weights: Numbers
) -> logistic.Scale:
    """With as many good comments at the threshold to hold as the base model has there, or `_HELD` if those are more.

    Calibrated on the wave that teaches, a correction is sure of that and holds next to nothing else, for which the next wave
    pays. What a site's good comments are like changes less: so they say how much is held (Neyman and Pearson 1933). `logits`
    are of held rows, by the base model and by the correction; `weights` are 0 for all that are not good.
    """
    limit, good = model.thresholds.get(label, {}).get("hold"), weights > 0
    if limit is None or not good.any():
        return scale
    before, after = (one[good] for one in logits)
    more = logistic.raised(before, after, weights[good], float(special.logit(limit)), _HELD)
    return scale._replace(shift=scale.shift + min(more, _MOST_RAISED))


def _scaled(fit: logistic.Fit, share: float) -> logistic.Fit:
    """What is learnt in calibrated logits, as it is added to raw ones."""
    return logistic.Fit(fit.weights * share, fit.intercept * share)


class _Label(NamedTuple):
    """The rows that speak of one label; parallel."""

    kinds: logistic.Kinds
    truth: Numbers
    weights: Numbers
    voices: npt.NDArray[np.str_]
    rehearsed: logistic.Kinds
    """What the base model knows, whichever rows are taken."""
    known: Numbers
    """What is true of that."""

    def take(self, rows: npt.NDArray[np.bool_]) -> "_Label":
        return self._replace(
            kinds=self.kinds.take(rows), truth=self.truth[rows], weights=self.weights[rows], voices=self.voices[rows]
        )

    def fits(self, strengths: Sequence[float], begin: Sequence[logistic.Fit] = ()) -> list[logistic.Fit]:
        """What is learnt with each strength. `begin`: where each search begins, else where the one before ended."""
        even = label_quality.balanced(self.known, np.full(len(self.known), 1 / max(len(self.known), 1)))
        weights = np.append(
            label_quality.balanced(self.truth, self.weights), even * rehearsal.SHARE * self.weights.sum()
        )
        rows, truth = self.kinds.below(self.rehearsed), np.append(self.truth, self.known)
        return logistic.fits(rows, truth, weights, strengths, begin, alone=(_TEXT, _AUTHOR))


def _newest(truth: Numbers, share: float) -> npt.NDArray[np.bool_]:
    """The newest `share` of either answer, so that both are among them; rows are in order of time."""
    held = np.zeros(len(truth), np.bool_)
    for answer in (truth >= 0.5, truth < 0.5):
        rows = np.flatnonzero(answer)
        held[rows[len(rows) - max(int(len(rows) * share), 1) :]] = True
    return held


def _trusted(rows: _Label, held: npt.NDArray[np.bool_], settings: Settings) -> Numbers:
    """How much each row's voice is trusted, from 1 down to 0: halved until it no longer harms what others decided.

    Harm is measured on the newest decisions of the others, none of which took part: how much worse they are predicted
    with the voice than without it. Only voices that carry enough weight to matter are tried, the loudest first.
    """
    factors = np.ones(len(rows.truth))
    strength = sorted(settings.strengths)[len(settings.strengths) // 2]
    total = rows.weights.sum()
    loud = [(float(rows.weights[rows.voices == voice].sum()), str(voice)) for voice in np.unique(rows.voices)]
    early = ~held
    for weight, voice in sorted(loud, reverse=True)[:_MOST_VOICES]:
        its = rows.voices == voice
        asked = held & ~its
        if weight < _LOUD * total or min((rows.truth[asked] >= 0.5).sum(), (rows.truth[asked] < 0.5).sum()) < _FEW:
            continue
        others = rows.take(asked)

        def loss(factor: float, its: npt.NDArray[np.bool_] = its, others: _Label = others) -> float:
            taught = rows._replace(weights=rows.weights * factors * np.where(its, factor, 1.0)).take(early)
            logits = taught.fits([strength])[0].logits(others.kinds)
            return _loss(logits, others.truth, label_quality.balanced(others.truth, others.weights))

        without = loss(0.0)
        factor = 1.0
        while factor and loss(factor) > without + label_quality.HARM:
            factor = factor / 2 if factor > _LEAST_TRUST else 0.0
        factors[its] *= factor
    return factors


def _at_prior(rows: _Label, prior: float) -> Numbers:
    """Weights by which the share of the label is `prior`, as in the base model: what its thresholds were chosen for.

    What moderators see is no sample of what is written: mostly it was held because it looked bad.
    """
    weights = np.where(rows.weights > 0, rows.weights, 0.0)
    yes, no = weights * rows.truth, weights * (1 - rows.truth)
    return np.asarray(weights.sum() * (prior * yes / max(yes.sum(), 1e-12) + (1 - prior) * no / max(no.sum(), 1e-12)))


def _losses(logits: Numbers, truth: Numbers) -> Numbers:
    """Each row's log loss in nats."""
    return np.asarray(np.logaddexp(0.0, logits) - truth * logits)


def _loss(logits: Numbers, truth: Numbers, weights: Numbers) -> float:
    """Mean log loss in nats."""
    return float(weights @ _losses(logits, truth) / max(weights.sum(), 1e-12))


def _harms(more: Numbers, weights: Numbers) -> bool:
    """Whether the held rows lose `more` by what was learnt, and by more than one standard error of the mean.

    They are few at first: what they say by chance is no reason to learn nothing.
    """
    total = max(float(weights.sum()), 1e-12)
    mean = float(weights @ more) / total
    return mean > float(np.sqrt((weights**2) @ (more - mean) ** 2)) / total


def _figures(late: _Label, fit: logistic.Fit) -> dict[str, float]:
    """How the base model and the correction rank the held rows."""
    yes = late.truth >= 0.5
    return {
        "auc_base": round(float(roc_auc_score(yes, late.kinds.whole())), 4),
        "auc": round(float(roc_auc_score(yes, fit.logits(late.kinds))), 4),
    }


def _voices(rows: _Label, factors: Numbers) -> dict[str, dict[str, float]]:
    total = max(float(rows.weights.sum()), 1e-12)
    return {
        str(voice): {
            "rows": int((rows.voices == voice).sum()),
            "share": round(float(rows.weights[rows.voices == voice].sum()) / total, 4),
            "trust": float(factors[rows.voices == voice].min()),
        }
        for voice in np.unique(rows.voices)
    }


def _packed(model: Model, name: str, prepared: _Rows, learnt: Mapping[str, _Learnt]) -> artifact.Packed:
    labels = list(learnt)
    weights = np.zeros((BUCKETS + len(FEATURES) + len(prepared.signals), len(labels)), np.float32)
    weights[prepared.columns] = np.stack([learnt[label].fit.weights for label in labels], axis=1)
    hashed, rest = weights[:BUCKETS], weights[BUCKETS:]
    buckets = np.flatnonzero((np.abs(hashed) > _FORGOTTEN).any(axis=1)).astype(np.int32)
    arrays: dict[str, npt.NDArray[Any]] = {
        "buckets": buckets,
        "hashed": hashed[buckets].astype(np.float16),
        "dense": rest[: len(FEATURES)],
        "signals": rest[len(FEATURES) :],
        "intercept": np.array([learnt[label].fit.intercept for label in labels], np.float32),
    }
    decisions = prepared.decisions
    metadata = {
        "base": model.version,
        "labels": labels,
        "signals": list(prepared.signals),
        "features": list(FEATURES),
        "calibration": {label: learnt[label].knots for label in labels},
        "card": {
            "decisions": len(decisions),
            "from": decisions[0].at,
            "to": decisions[-1].at,
            "fingerprint": fingerprint(decisions),
            "labels": {label: learnt[label].card for label in labels},
            "libraries": {"numpy": np.__version__, "scipy": scipy.__version__},
        },
    }
    return artifact.pack(name, arrays, metadata)
