"""How good the shipped model is, beside TF-IDF with logistic regression on the same rows and ready-made packages.

    python benchmarks/quality.py --corpora FOLDER [--out quality.json] [--skip-baseline]

Prints Markdown tables for `docs/model-card.md`. Every figure has a fixed seed; intervals are 95 % bootstrap intervals
over rows. The evaluation corpora are those that `classifier.corpora` marks so: nothing learns from them.
"""

import argparse
import json
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from disguises import DISGUISES, TERMS, harmless
from opponents import Scorer, ready_made, tfidf_regression
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedKFold

from classifier import LABELS, Input, Model, corpora, load, mixture
from classifier.corpora import Table
from classifier.features import CommentFeatures
from classifier.train import LEARNERS, ORDERS, SEED

SPAM, TOXICITY = LABELS.index("spam"), LABELS.index("toxicity")
MOST_ROWS = 4000
MOST_ROWS_WITHIN = 5200
MOST_ROWS_OF_PACKAGES = 300
ROUNDS = 500
Numbers = npt.NDArray[np.floating[Any]]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


def interval(truth: Flags, scores: Numbers) -> tuple[float, float, float]:
    """AUC and its 95 % bootstrap interval over rows."""
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(ROUNDS):
        rows = rng.integers(0, len(truth), len(truth))
        if 0 < truth[rows].sum() < len(rows):
            drawn.append(roc_auc_score(truth[rows], scores[rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(roc_auc_score(truth, scores)), float(low), float(high)


def recall_at(truth: Flags, scores: Numbers, false_positive_rate: float) -> float:
    """Recall at a false-positive rate, interpolated on the ROC curve."""
    false, true, _ = roc_curve(truth, scores)
    return float(np.interp(false_positive_rate, false, true))


def sample(table: Table, most: int) -> Table:
    """At most `most` rows, drawn with the seed."""
    if len(table) <= most:
        return table
    return table.take(np.sort(np.random.default_rng(SEED).choice(len(table), most, replace=False)))


def table_of(title: str, header: list[str], rows: list[list[Any]]) -> None:
    """Print a Markdown table."""
    print(f"\n**{title}**\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(f'{cell:.3f}' if isinstance(cell, float) else str(cell) for cell in row)} |")


def probabilities(model: Model, items: list[Input]) -> Numbers:
    """All labels' probabilities, one row a comment."""
    return np.array([list(prediction.scores.values()) for prediction in model.score(items)])


def baselines(root: Path) -> dict[str, Callable[[Table], Numbers]]:
    """TF-IDF and logistic regression on the rows that the model learns from, without what this project made up."""
    mixed = mixture.assemble(root, SEED)
    found: dict[str, Callable[[Table], Numbers]] = {}
    _, first = np.unique(mixed.origins, return_index=True)
    for label in ("spam", "toxicity"):
        at = LABELS.index(label)
        rows = np.array([row for row in first if mixed.origins[row] >= 0 and mixed.weights[row, at] > 0])
        table = mixed.table.take(rows)
        pipeline = tfidf_regression().fit([item.text for item in table.items], table.labels[:, at] == 1)
        found[label] = lambda table, fitted=pipeline: fitted.decision_function([item.text for item in table.items])
    return found


def across_corpora(model: Model, root: Path, baseline: dict[str, Callable[[Table], Numbers]]) -> dict[str, Any]:
    """Every evaluation corpus, with the packages on a sample of it."""
    packages = ready_made()
    found: dict[str, Any] = {}
    rows: dict[str, list[list[Any]]] = {"spam": [], "toxicity": []}
    for source in corpora.CATALOGUE:
        if source.use != "evaluate":
            continue
        table = sample(corpora.load(root, [source.name]), MOST_ROWS)
        at = LABELS.index(source.task)
        truth = table.labels[:, at] == 1
        ours = probabilities(model, table.items)[:, at]
        hold = model.thresholds[source.task]["hold"]
        figures: dict[str, Any] = {"rows": len(table), "positives": int(truth.sum())}
        figures["fpr_half"] = float((ours[~truth] >= 0.5).mean())
        figures["fpr_hold"] = float((ours[~truth] >= hold).mean())
        if truth.any():
            figures["auc"], figures["low"], figures["high"] = interval(truth, ours)
            figures["recall_at_5"] = recall_at(truth, ours, 0.05)
            if source.task in baseline:
                figures["tfidf"] = float(roc_auc_score(truth, baseline[source.task](table)))
            figures |= {
                name: _package(scorer, table, truth)
                for name, (label, scorer) in packages.items()
                if label == source.task
            }
        found[source.name] = figures
        langs = "/".join(source.languages)
        rows[source.task].append(
            [source.name, langs, figures["rows"], _auc(figures), figures.get("tfidf", "–")]
            + [figures.get(name, "–") for name, (label, _) in packages.items() if label == source.task]
            + [figures.get("recall_at_5", "–"), figures["fpr_half"], figures["fpr_hold"]]
        )
    for task, lines in rows.items():
        names = [name for name, (label, _) in packages.items() if label == task]
        header = ["corpus", "language", "rows", "AUC (95 %)", "TF-IDF + LR", *names]
        table_of(
            f"{task}, corpora never learnt from", [*header, "recall at 5 % FPR", "FPR at 0.5", "FPR at hold"], lines
        )
    return found


def _auc(figures: dict[str, Any]) -> str:
    return f"{figures['auc']:.3f} ({figures['low']:.3f}–{figures['high']:.3f})" if "auc" in figures else "–"


def _package(scorer: Scorer, table: Table, truth: Flags) -> float:
    chosen = np.random.default_rng(SEED).permutation(len(table))[:MOST_ROWS_OF_PACKAGES]
    return float(roc_auc_score(truth[chosen], scorer([table.items[row].text for row in chosen])))


def within(root: Path) -> dict[str, Any]:
    """In domain, texts alone, with models made for it: videos left out in turn, messages and talk 5-fold.

    Both models balance the classes, and F1 is at the cut that was best within the rows that taught them.
    """
    found: dict[str, Any] = {}
    lines = []
    for name, at in (("tubespam", SPAM), ("sms_uci", SPAM), ("jigsaw_wiki_sample", TOXICITY)):
        table = sample(corpora.load(root, [name]), MOST_ROWS_WITHIN)
        found[name] = _within_one(table, at, by_group=name == "tubespam")
        lines.append([name, *found[name]["ours"], *found[name]["tfidf"]])
    table_of("In domain", ["corpus", "AUC", "F1", "TF-IDF + LR: AUC", "F1"], lines)
    return found


def _within_one(table: Table, at: int, *, by_group: bool) -> dict[str, list[float]]:
    """Mean AUC and F1 over the parts, of our features and of TF-IDF."""
    truth = table.labels[:, at] == 1
    features = CommentFeatures(ORDERS).transform([item.text for item in table.items])
    texts = np.array([item.text for item in table.items], dtype=object)
    learner = LEARNERS[LABELS[at]]._replace(strength=100.0, dense=0.5, rounds=300)

    def ours(taught: Rows, asked: Rows) -> Numbers:
        weights = np.where(truth[taught], (~truth[taught]).sum() / truth[taught].sum(), 1.0)
        return learner.fit(features[taught], truth[taught].astype(np.float32), weights).logits(features[asked])

    def plain(taught: Rows, asked: Rows) -> Numbers:
        model = tfidf_regression().set_params(logisticregression__class_weight="balanced")
        return model.fit(texts[taught], truth[taught]).decision_function(texts[asked])

    if by_group:
        groups = np.array(table.groups)
        splits = [(np.flatnonzero(groups != group), np.flatnonzero(groups == group)) for group in np.unique(groups)]
    else:
        splits = list(StratifiedKFold(5, shuffle=True, random_state=0).split(texts, truth))
    means = {}
    for kind, judge in (("ours", ours), ("tfidf", plain)):
        results = []
        for taught, asked in splits:
            scores = judge(taught, asked)
            above = scores > _best_cut(judge, taught, truth)
            results.append((roc_auc_score(truth[asked], scores), f1_score(truth[asked], above)))
        means[kind] = [float(mean) for mean in np.mean(results, axis=0)]
    return means


def _best_cut(judge: Callable[[Rows, Rows], Numbers], taught: Rows, truth: Flags) -> float:
    """The score with the best F1 among the rows that teach, each judged while it was left out (4-fold)."""
    scores = np.empty(len(taught))
    for first, last in StratifiedKFold(4, shuffle=True, random_state=1).split(taught, truth[taught]):
        scores[last] = judge(taught[first], taught[last])
    precision, recall, cuts = precision_recall_curve(truth[taught], scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return float(cuts[f1[:-1].argmax()])


def identity(model: Model) -> dict[str, Any]:
    """Harmless sentences that name a group: share held, for each term."""
    pairs = list(harmless(SEED, 200))
    scores = probabilities(model, [Input(text) for _, text in pairs])
    terms = np.array([term for term, _ in pairs])
    held = {
        label: scores[:, LABELS.index(label)] >= model.thresholds[label]["hold"]
        for label in ("toxicity", "identity_attack")
    }
    held["toxicity at 0.5"] = scores[:, TOXICITY] >= 0.5
    found = {}
    lines = []
    for name, flags in held.items():
        each = {term: float(flags[terms == term].mean()) for term in TERMS}
        worst = sorted(each.items(), key=lambda pair: -pair[1])[:3]
        found[name] = {"all": float(flags.mean()), "worst": dict(worst)}
        lines.append([name, float(flags.mean()), ", ".join(f"{term} {share:.3f}" for term, share in worst)])
    table_of(
        f"Identity terms ({len(TERMS)}): harmless sentences held", ["threshold", "all", "worst three terms"], lines
    )
    return found


def disguised(model: Model, root: Path) -> dict[str, Any]:
    """Toxic rows in disguise among plain harmless ones."""
    found = {}
    lines = []
    for name in ("jigsaw_wiki_sample", "olid_tweets"):
        table = sample(corpora.load(root, [name]), 3000)
        truth = table.labels[:, TOXICITY] == 1
        plain = probabilities(model, table.items)[:, TOXICITY]
        figures = {"plain": float(roc_auc_score(truth, plain))}
        for kind, disguise in DISGUISES.items():
            rng = random.Random(SEED)
            scores = plain.copy()
            hidden = [Input(disguise(table.items[row].text, rng)) for row in np.flatnonzero(truth)]
            scores[truth] = probabilities(model, hidden)[:, TOXICITY]
            figures[kind] = float(roc_auc_score(truth, scores))
        found[name] = figures
        lines.append([name, *figures.values()])
    table_of("Toxic rows in disguise, AUC", ["corpus", "plain", *DISGUISES], lines)
    return found


def main() -> None:
    """Run everything and print it."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of the labelled corpora")
    parser.add_argument("--model", type=Path, help="an artefact; the shipped model otherwise")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    parser.add_argument("--skip-baseline", action="store_true", help="leave out TF-IDF + LR, which takes the longest")
    options = parser.parse_args()
    root = corpora.folder(options.corpora)
    model = load(options.model)
    print(f"Model {model.version}")
    figures = {"model": model.version, "identity": identity(model), "disguised": disguised(model, root)}
    figures["across"] = across_corpora(model, root, {} if options.skip_baseline else baselines(root))
    if not options.skip_baseline:
        figures["within"] = within(root)
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
