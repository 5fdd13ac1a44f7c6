"""How good the shipped judge is at the shipped thresholds: by preset, kind, language and corpus, beside others.

    PYTHONPATH=. python benchmarks/quality.py --corpora FOLDER [--write] [--skip-baseline]

What counts is what the default policy does: a comment is caught if it is held or rejected. Prints Markdown; with --write the
tables go between their marks in `docs/model-card.md` and `docs/policy.md`. Nothing here was learnt from: corpora that are kept
for evaluating, templates that were kept from training, and probes where the folder has them. Seeds are fixed.
"""

import argparse
import csv
import importlib
import json
import random
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from disguises import DISGUISES, TERMS, harmless
from opponents import Scorer, bogofilter, ready_made, tfidf_regression
from sklearn.metrics import roc_auc_score

from classifier import LABELS, Input, Model, Prediction, load
from classifier.training import SEED, corpora, mixture, writing
from classifier.training.corpora import Table
from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.thresholds import PRESETS
from service.core.submission import bare
from service.core.verdict import Case, Verdict

DOCS = Path(__file__).parent.parent / "docs"
SPAM, TOXICITY = LABELS.index("spam"), LABELS.index("toxicity")
MOST_ROWS, MOST_READ, MOST_PADDED, MOST_OF_OTHERS, MOST_TAUGHT = 2000, 400, 200, 300, 40_000
PADS: Final = (0, 2, 5)
VARIANTS = 40
"""Comments that are made of each template, to be compared with the probes."""
GLANCE, STREAM = 10, {"ordinary": 800, "spam": 100, "abuse": 100}
"""Seconds that a moderator looks at a held comment, and what 1,000 comments of a troubled site are."""
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.floating[Any]]
Judge = Callable[[Sequence[Input]], list[Prediction]]


class Said(NamedTuple):
    """What a judge says of some comments, and what each preset does with them."""

    scores: Numbers
    """One row a comment, one column a label."""
    caught: dict[str, Flags]
    """By preset: held or rejected."""
    rejected: dict[str, Flags]


class Probes(NamedTuple):
    """Comments of known kinds."""

    items: list[Input]
    kinds: list[str]
    langs: list[str]
    bad: list[str]
    """"spam", "toxicity", or "" of a good one."""


def judges(model: Model) -> dict[str, Judge]:
    """The first reader alone, and both, where the second is installed."""
    found: dict[str, Judge] = {"words": lambda items: model.score(list(items))}
    try:
        module = importlib.import_module("classifier.reader")
    except ImportError as error:
        print(f"(the second reader is left out: {error})")
        return found
    try:
        second = importlib.import_module("classifier.reader.second").SecondReader(module.load(), model)
    except module.ReaderError as error:
        print(f"(the second reader is left out: {error})")
        return found
    score: Any = model.score
    found["both"] = lambda items: score(list(items), second=second.everything)
    return found


def ask(judge: Judge, items: Sequence[Input]) -> Said:
    """What is said and done."""
    predictions = [one for at in range(0, len(items), 64) for one in judge(items[at : at + 64])]
    verdicts = [Verdict(one.scores, "", one.flags, one.language) for one in predictions]
    case = Case(bare(""))
    outcomes = {
        preset: np.array([evaluate(Policy(preset=preset), case, verdict).outcome for verdict in verdicts])
        for preset in PRESETS
    }
    return Said(
        np.array([[one.scores[label] for label in LABELS] for one in predictions]),
        {preset: said != Outcome.APPROVE for preset, said in outcomes.items()},
        {preset: said == Outcome.REJECT for preset, said in outcomes.items()},
    )


def probes(root: Path) -> dict[str, Probes]:
    """What was kept from training of what is written for this project, and strangers' probes if there are any."""
    table = writing.comments(SEED, 8, held_back=True)
    bad = ["spam" if row[SPAM] == 1 else "toxicity" if row[TOXICITY] == 1 else "" for row in table.labels]
    kinds = [re.sub(r"^made_", "", str(kind)) for kind in table.corpora]
    found = {"kept back": Probes(table.items, kinds, table.langs, bad)}
    path = root / "probes" / "comments.jsonl"
    if path.is_file():
        every = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        taught = learnt_runs()
        rows = [row for row in every if not repeats(row["text"], taught)]
        print(f"{len(every) - len(rows)} of {len(every)} probes nearly repeat what was learnt, and are left out")
        found["probes"] = Probes(
            [Input(row["text"], row.get("author_name") or "", row.get("author_url") or "") for row in rows],
            [row["kind"] for row in rows],
            [row.get("lang") or "" for row in rows],
            ["spam" if row["want"]["spam"] else "toxicity" if row["want"]["toxicity"] else "" for row in rows],
        )
    return found


def runs(text: str) -> set[tuple[str, ...]]:
    """What stands together in a text, four words at a time."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 4]) for at in range(len(words) - 3)}


def learnt_runs() -> dict[tuple[str, ...], set[int]]:
    """In which of many comments that were written for this project, as they are learnt, each run of words stands."""
    found: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for at, item in enumerate(writing.comments(SEED, VARIANTS).items):
        for run in runs(item.text):
            found[run].add(at)
    return found


def repeats(text: str, taught: dict[tuple[str, ...], set[int]]) -> bool:
    """Whether half and more of a text's runs stand in one comment that was learnt: it would flatter the pupil."""
    own = runs(text)
    beside = Counter(at for run in own for at in taught.get(run, ()))
    return bool(own) and max(beside.values(), default=0) >= len(own) / 2


def share(flags: Flags) -> str:
    """A share as people read it; "–" of nothing."""
    return f"{flags.mean():.0%}" if len(flags) else "–"


def fine(flags: Flags) -> str:
    """A small share."""
    return f"{flags.mean():.1%}" if len(flags) else "–"


def table_of(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def by_group(found: Probes, groups: list[str], asked: dict[str, Said], least: int = 1) -> str:
    """For each group, how many are caught by each preset and reader: of bad ones it is recall, of good ones a cost."""
    rows: list[list[Any]] = []
    for bad in ("spam", "toxicity", ""):
        counted = Counter(group for group, what in zip(groups, found.bad, strict=True) if what == bad)
        for group, size in sorted(counted.items()):
            if size < least:
                continue
            at = np.array([g == group and b == bad for g, b in zip(groups, found.bad, strict=True)])
            cells = [share(said.caught[preset][at]) for said in asked.values() for preset in PRESETS]
            rows.append([{"": "good"}.get(bad, bad), group or "unknown", size, *cells])
        at = np.array([b == bad for b in found.bad])
        cells = [share(said.caught[preset][at]) for said in asked.values() for preset in PRESETS]
        rows.append([f"**{bad or 'good'}**", "**all**", int(at.sum()), *cells])
    header = ["", "", "comments", *(f"{name}: {preset}" for name in asked for preset in PRESETS)]
    return table_of(header, rows)


def taught(root: Path) -> dict[str, tuple[Table, Flags]]:
    """By label, rows that the model learns from, without what this project made up: for those who are compared."""
    mixed = mixture.assemble(root, SEED)
    _, first = np.unique(mixed.origins, return_index=True)
    found = {}
    for at, label in ((SPAM, "spam"), (TOXICITY, "toxicity")):
        rows = np.array([row for row in first if mixed.origins[row] >= 0 and mixed.weights[row, at] > 0])
        rows = np.random.default_rng(SEED).permutation(rows)
        table = mixed.table.take(rows)
        found[label] = table, table.labels[:, at] == 1
    return found


def others(root: Path, *, slow: bool) -> dict[str, dict[str, Scorer]]:
    """By label, what we are compared with. Those that learn see a sample of the rows."""
    found: dict[str, dict[str, Scorer]] = {"spam": {}, "toxicity": {}}
    for label, (table, labelled) in taught(root).items() if slow else ():
        texts, truth = [item.text for item in table.items][:MOST_TAUGHT], labelled[:MOST_TAUGHT]
        fitted = tfidf_regression().fit(texts, truth)
        found[label]["TF-IDF + LR"] = lambda asked, fitted=fitted: fitted.predict_proba(list(asked))[:, 1]  # type: ignore[misc]
        bad = [text for text, is_bad in zip(texts, truth, strict=True) if is_bad]
        good = [text for text, is_bad in zip(texts, truth, strict=True) if not is_bad]
        if (filtered := bogofilter(bad, good)) is not None:
            found[label]["bogofilter"] = filtered
    for name, (label, scorer) in ready_made().items():
        found[label][name] = scorer
    return found


def across(root: Path, judged: dict[str, Judge], compared: dict[str, dict[str, Scorer]]) -> dict[str, str]:
    """Corpora that nothing learns from: what each preset catches of bad and good comments, and AUC beside others."""
    kept: list[list[Any]] = []
    ranked: dict[str, list[list[Any]]] = {"spam": [], "toxicity": []}
    for source in corpora.CATALOGUE:
        if source.use != "evaluate":
            continue
        table = sample(corpora.load(root, [source.name]), MOST_ROWS)
        at = LABELS.index(source.task)
        aucs = []
        for name, judge in judged.items():
            some = table if name == "words" else sample(table, MOST_READ)
            said, truth = ask(judge, some.items), some.labels[:, at] == 1
            cells = [f"{share(said.caught[p][truth])} / {fine(said.caught[p][~truth])}" for p in PRESETS]
            kept.append([source.name, "/".join(source.languages), name, len(some), *cells])
            aucs.append(interval(truth, said.scores[:, at]))
        truth = table.labels[:, at] == 1
        if truth.any():
            few = np.random.default_rng(SEED).permutation(len(table))[:MOST_OF_OTHERS]
            texts = [table.items[row].text for row in few]
            cells = [_beside(scorer(texts), truth[few]) for scorer in compared[source.task].values()]
            ranked[source.task].append([source.name, "/".join(source.languages), *aucs, *cells])
    header = ["corpus", "language", "readers", "comments", *(f"{preset}: bad / good caught" for preset in PRESETS)]
    found = {"corpora": table_of(header, kept)}
    for task, rows in ranked.items():
        names = [f"{name} (95 %)" for name in judged]
        found[f"others-{task}"] = table_of(["corpus", "language", *names, *compared[task]], rows)
    return found


def _beside(scores: Numbers, truth: Flags) -> str:
    """AUC, and what is caught of bad and of good ones where a package itself says yes."""
    if not 0 < truth.sum() < len(truth):
        return "–"
    above = scores >= 0.5
    return f"{roc_auc_score(truth, scores):.2f} · {share(above[truth])} / {share(above[~truth])}"


def interval(truth: Flags, scores: Numbers, rounds: int = 200) -> str:
    """AUC with its 95 % bootstrap interval over comments."""
    if not 0 < truth.sum() < len(truth):
        return "–"
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(rounds):
        rows = rng.integers(0, len(truth), len(truth))
        if 0 < truth[rows].sum() < len(rows):
            drawn.append(roc_auc_score(truth[rows], scores[rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{roc_auc_score(truth, scores):.3f} ({low:.2f}–{high:.2f})"


def sample(table: Table, most: int) -> Table:
    """At most `most` rows, drawn with the seed."""
    if len(table) <= most:
        return table
    return table.take(np.sort(np.random.default_rng(SEED).choice(len(table), most, replace=False)))


def padded(root: Path, judged: dict[str, Judge]) -> str:
    """What of bad comments is still caught when ordinary sentences stand around them."""
    sentences = writing.sentences(SEED)
    rows = []
    for name, at in (
        ("jigsaw_wiki_sample", TOXICITY),
        ("olid_tweets", TOXICITY),
        ("judionline_yt_id", SPAM),
        ("tubespam", SPAM),
    ):
        table = corpora.load(root, [name])
        bad = sample(table.take(table.labels[:, at] == 1), MOST_PADDED)
        for reader, judge in judged.items():
            cells = []
            for pads in PADS:
                for where in ("after", "around") if pads else ("",):
                    rng = random.Random(SEED)
                    items = [_pad(item, rng.sample(sentences, pads), where) for item in bad.items]
                    cells.append(share(ask(judge, items).caught["balanced"]))
            rows.append([name, reader, len(bad), *cells])
    header = [f"{pads} {where}".strip() for pads in PADS for where in (("after", "around") if pads else ("",))]
    return table_of(["corpus", "readers", "bad comments", *header], rows)


def _pad(item: Input, sentences: Sequence[str], where: str) -> Input:
    half = len(sentences) // 2 if where == "around" else 0
    return item._replace(text=" ".join([*sentences[:half], item.text, *sentences[half:]]))


def emoji(judged: dict[str, Judge]) -> str:
    """Single emoji and repeated ones that are held, though nothing is said."""
    lists = writing.written().lists
    rng = random.Random(SEED)
    rows = []
    for name in ("face", "hand", "being", "identity_emoji", "flag", "thing_emoji"):
        drawn = sorted({writing.expand(rng, f"{{{name}}}") for _ in range(20 * len(lists[name]))})
        for times in (1, 3):
            items = [Input(one * times) for one in drawn]
            cells = [fine(ask(judge, items).caught["balanced"]) for judge in judged.values()]
            rows.append([name.replace("_emoji", ""), times, len(items), *cells])
    return table_of(["emoji", "times", "different ones", *judged], rows)


def identity(judged: dict[str, Judge]) -> str:
    """Harmless sentences that name a group: how many are held, and for which terms."""
    pairs = list(harmless(SEED, 60))
    terms = np.array([term for term, _ in pairs])
    rows = []
    for name, judge in judged.items():
        said = ask(judge, [Input(text) for _, text in pairs])
        for preset in PRESETS:
            each = {term: float(said.caught[preset][terms == term].mean()) for term in TERMS}
            worst = sorted(each.items(), key=lambda pair: -pair[1])[:3]
            told = ", ".join(f"{term} {value:.0%}" for term, value in worst if value)
            rows.append([name, preset, fine(said.caught[preset]), told or "–"])
    return table_of(["readers", "preset", "held", "worst terms"], rows)


def disguised(model: Model, root: Path) -> str:
    """Toxic comments in disguise: how many are still caught at balanced."""
    rows = []
    for name in ("jigsaw_wiki_sample", "olid_tweets"):
        table = corpora.load(root, [name])
        bad = sample(table.take(table.labels[:, TOXICITY] == 1), 1000)
        cells = [share(ask(model.score, bad.items).caught["balanced"])]
        for disguise in DISGUISES.values():
            rng = random.Random(SEED)
            hidden = [Input(disguise(item.text, rng)) for item in bad.items]
            cells.append(share(ask(model.score, hidden).caught["balanced"]))
        rows.append([name, *cells])
    return table_of(["corpus", "plain", *DISGUISES], rows)


def price(asked: dict[str, Said], found: Probes, news: dict[str, Said]) -> str:
    """What each preset costs on 1,000 comments of a troubled site: a moderator's minutes, and what slips through."""
    truth = np.array(found.bad)
    rows = []
    for name, said in asked.items():
        for preset in PRESETS:
            held = said.caught[preset] & ~said.rejected[preset]
            shares = {"spam": truth == "spam", "abuse": truth == "toxicity"}
            looked = {kind: held[at].mean() for kind, at in shares.items()}
            missed = {kind: 1 - said.caught[preset][at].mean() for kind, at in shares.items()}
            ordinary = news[name].caught[preset].mean()
            glances = STREAM["ordinary"] * ordinary + sum(STREAM[kind] * looked[kind] for kind in looked)
            rows.append(
                [preset, name, fine(news[name].caught[preset]), fine(said.caught[preset][truth == ""])]
                + [f"{STREAM[kind] * missed[kind]:.0f} of {STREAM[kind]}" for kind in ("spam", "abuse")]
                + [f"{glances * GLANCE / 60:.0f} min"]
            )
    header = [
        "preset",
        "readers",
        "of news comments held",
        "of good look-alikes held",
        "spam missed",
        "abuse missed",
        "to look at",
    ]
    return table_of(header, rows)


def kinds(root: Path, judged: dict[str, Judge]) -> dict[str, str]:
    """Probes by kind and by language, and what the presets cost."""
    found = probes(root)
    asked = {name: {reader: ask(judge, one.items) for reader, judge in judged.items()} for name, one in found.items()}
    sections = {}
    for name, one in found.items():
        marks = name.replace(" ", "-")
        sections[f"kinds-{marks}"] = by_group(one, one.kinds, asked[name])
        sections[f"languages-{marks}"] = by_group(one, one.langs, asked[name])
    news = sample(corpora.load(root, ["ham_globe_mail"]), MOST_READ).items
    strange = "probes" if "probes" in found else "kept back"
    ordinary = {reader: ask(judge, news) for reader, judge in judged.items()}
    return sections | {"presets": price(asked[strange], found[strange], ordinary)}


def learnt(model: Model) -> dict[str, str]:
    """Out of the artefact: each label on corpora while they were left out, and its thresholds."""
    held_out = model.card["held_out"]
    names = sorted({name for label in LABELS for name, figures in held_out[label].items() if "auc" in figures})
    rows = []
    for name in names:
        cells = []
        for label in LABELS:
            figures = held_out[label].get(name, {})
            cells.append(f"{figures['auc']:.3f} ({figures['positives']:,})" if "auc" in figures else "–")
        rows.append([name, *cells])
    ordinary = ("ham_blog_haacked_early", "ham_blog_made_mistakes", "wiki_cat_large", "jigsaw_wiki_sample")
    steps = []
    for label in LABELS:
        usual = PRESETS["balanced"][label]
        levels = [*(PRESETS[preset][label].hold for preset in PRESETS), usual.reject, usual.discard]
        chosen = ["–" if value is None else f"{value:g}" for value in levels]
        good = [held_out[label].get(name, {}).get("fpr_hold") for name in ordinary]
        held = ["–" if one is None else f"{one:.1%}" for one in good]
        steps.append([label, *chosen, *held])
    header = [
        "label",
        *(f"{preset}: hold" for preset in PRESETS),
        "reject",
        "discard",
        *(f"{name}: held" for name in ordinary),
    ]
    return {
        "left-out": table_of(["corpus left out", *LABELS], rows),
        "thresholds": table_of(header, steps),
        "rows": table_of(
            ["source", "rows, with variants", "what", "licence seen"],
            [
                [name, f"{one['rows']:,}", one["what"], one["licence"]]
                for name, one in _together(model.card["data"]).items()
            ],
        ),
    }


def _together(data: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The sources, those that this project made up as one."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"rows": 0, "what": "see below", "licence": "Apache-2.0"})
    for name, one in data.items():
        if name.startswith(writing.PREFIX):
            found["made up"]["rows"] += one["rows"]
        else:
            found[name] = one
    return dict(found)


def write(sections: dict[str, str]) -> None:
    """Put each section between its marks, in whichever page has them."""
    for page in ("model-card.md", "policy.md"):
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        for name, section in sections.items():
            mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
            text = mark.sub(lambda found, section=section: found[1] + section + found[2], text)  # type: ignore[misc]
        path.write_text(text, encoding="utf-8")


def main() -> None:
    """Run everything and print it."""
    warnings.filterwarnings("ignore")
    csv.field_size_limit(16_000_000)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of the labelled corpora")
    parser.add_argument("--model", type=Path, help="an artefact; the shipped model otherwise")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/")
    parser.add_argument("--only", nargs="*", help="of learnt, kinds, emoji, identity, disguised, padded, corpora")
    parser.add_argument(
        "--skip-baseline", action="store_true", help="leave out TF-IDF and bogofilter, which take the longest"
    )
    options = parser.parse_args()
    root = corpora.folder(options.corpora)
    model = load(options.model)
    judged = judges(model)
    told = f"Model `{model.version}`, readers: {', '.join(judged)}.\n"

    def wanted(name: str) -> bool:
        return options.only is None or name.startswith(tuple(options.only))

    parts: dict[str, Callable[[], dict[str, str]]] = {
        "learnt": lambda: {"model": told, **learnt(model)},
        "kinds": lambda: kinds(root, judged),
        "emoji": lambda: {"emoji": emoji(judged)},
        "identity": lambda: {"identity": identity(judged)},
        "disguised": lambda: {"disguised": disguised(model, root)},
        "padded": lambda: {"padded": padded(root, judged)},
        "corpora": lambda: across(root, judged, others(root, slow=not options.skip_baseline)),
    }
    for name, part in parts.items():
        if wanted(name):
            sections = part()
            for title, section in sections.items():
                print(f"\n**{title}**\n\n{section}", flush=True)
            if options.write:
                write(sections)


if __name__ == "__main__":
    main()
