"""What signals and campaigns add to text: a blog's spam replayed in order of arrival, through the real store.

    python -m benchmarks.flattery --corpora FOLDER [--decided 0.2] [--out flattery.json]

"Great post, thanks for sharing!" can't be told from a reader's by its text. This replays all comments of the corpus
`blog_wp_caffeinated` (2008 to 2012) with the comments of two other blogs between them, each in its own order: submitted,
looked at, its signals computed, and for a share of them decided by a moderator who is 100 comments behind. Then, in
eighths of the whole, always forward in time: a model of the text, or of text and author fields, learns from strangers'
comments and all eighths before, a small logistic regression over its logits of those eighths (each by the model that
had not seen it) and the signals as they stood then learns too, and the next eighth is judged. What is compared differs in
nothing else.

What the corpora lack, the replay lacks: there are no e-mail and IP addresses, browsers and form fields (so no rates,
standing or behaviour), and exact repeats are taken out of them. Authors of the programmer's blog come without web
addresses, which would give them away: 45 % of them, the share of the other blog, are given one that looks like a home
page's, each their own and always the same. The signals that would tell the sources apart by their kind alone are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

from classifier import Input
from classifier.features.transformer import CommentFeatures
from classifier.model import LABELS
from classifier.training import LEARNERS, ORDERS, SEED, corpora
from classifier.training.mixture import home_page
from service.container import Services, open_services
from service.core.comment import Actor
from service.core.errors import InvalidSubmission
from service.core.lifecycle import ActorKind, Outcome
from service.core.signals import CATALOGUE
from service.core.signals.compute import signals
from service.core.signals.subjects import subjects_of
from service.core.submission import RawComment, Requirements, Strict, comment_id, prepare
from service.core.verdict import Signal
from service.keyfiles import load as load_keys
from service.settings import Settings
from service.store.server import EmbeddedServer

BLOG, HAM = "blog_wp_caffeinated", ("ham_blog_haacked_early", "ham_blog_made_mistakes")
STRANGERS = {"tubespam": 1669, "sms_uci": 3000, "ham_civil_comments": 3000, "ham_wiki_talk": 3000}
STEPS = 8
STRENGTH, FREE = 0.03, 30.0  # of the regression: C, and a factor that frees the logit's own weight from it
LAG = 100  # comments that the moderator is behind
WITH_URL = 0.45
FALSE_POSITIVES = 0.01
LEFT_OUT = ("words", "author_url", "campaign")
_PRAISE = re.compile(
    r"\b(great|nice|thanks?|thank you|loved?|awesome|good|excellent|useful|interesting|amazing|helpful|wonderful|fantastic"
    r"|enjoy\w*|appreciate|keep up|bookmark\w*|well written|informative|brilliant)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://|www\.|\[url|<a ", re.IGNORECASE)
_MOST_WORDS = 80
Numbers = npt.NDArray[np.float64]


class Row(NamedTuple):
    """One comment of the replay."""

    item: Input
    spam: bool
    source: str
    at: float  # seconds since 1970 on the blog's clock

    @property
    def flattery(self) -> bool:
        """Spam that praises, is short and has no link in its text."""
        text = self.item.text
        return (
            self.spam
            and not _LINK.search(text)
            and _PRAISE.search(text) is not None
            and len(text.split()) <= _MOST_WORDS
        )


RULES: dict[str, Callable[[dict[str, Signal]], bool]] = {
    "campaign_refused >= 1 and campaign_vouched == 0": lambda found: (
        int(found.get("campaign_refused", 0)) >= 1 and not found.get("campaign_vouched")
    ),
    "domain_refused >= 2 and domain_vouched == 0": lambda found: (
        int(found.get("domain_refused", 0)) >= 2 and not found.get("domain_vouched")
    ),
}
"""Rules that an operator might write, and how they read signals."""
KINDS: dict[str, Callable[[Row], bool]] = {
    "flattery": lambda row: row.flattery,
    "spam": lambda row: row.spam,
    "ham": lambda row: not row.spam,
}


def timeline(root: Path) -> list[Row]:
    """The blog's comments in order of arrival, the other blogs' evenly between them."""
    blog = sorted(read(root, BLOG), key=lambda row: row.at)
    rng = random.Random(SEED)
    placed = [(at / len(blog), row) for at, row in enumerate(blog)]
    for name in HAM:
        others = sorted(read(root, name), key=lambda row: row.at)
        homes: dict[str, str] = {}
        for at, row in enumerate(others):
            item = row.item
            if name == HAM[0]:
                if item.author_name not in homes:
                    homes[item.author_name] = home_page(rng, item.author_name) if rng.random() < WITH_URL else ""
                item = item._replace(author_url=homes[item.author_name])
            share = at / len(others)
            placed.append((share, row._replace(item=item, at=blog[int(share * len(blog))].at)))
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def read(root: Path, name: str) -> Iterator[Row]:
    """The rows of one spam corpus with their times."""
    csv.field_size_limit(10_000_000)
    with gzip.open(root / "spam" / "train" / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            said = re.sub(r" ([+-]\d\d)(\d\d)$", r"\1:\2", row["created_at"])
            moment = datetime.fromisoformat(said)
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            yield Row(Input(row["text"], row["author"], row["url"]), row["label"] == "spam", name, at)


async def replay(rows: Sequence[Row], decided: float) -> list[dict[str, Signal]]:
    """The signals that each comment had when it came."""
    rng = random.Random(SEED)
    found: list[dict[str, Signal]] = []
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), fsync="everysec") as server:
        secrets = load_keys(Path(folder) / "secrets")
        async with open_services(Settings(data_dir=Path(folder), max_backlog=10**9), secrets, server.url) as services:
            site = (await services.accounts.add("blog", "https://blog.example", "")).site
            actor = Actor(ActorKind.MODERATOR, "replay")
            for number, row in enumerate(rows):
                found.append(await one(services, site, number, row))
                late = number - LAG
                if late >= 0 and found[late] and rng.random() < decided:
                    outcome = Outcome.REJECT if rows[late].spam else Outcome.APPROVE
                    await services.moderation.decide(
                        site, comment_id(site.id, str(late)), outcome, actor=actor, lesson=None
                    )
                if number % 500 == 0:
                    await forget_campaigns(services, int(row.at * 1000))
    return found


async def one(services: Services, site: Any, number: int, row: Row) -> dict[str, Signal]:
    """Submit one comment and look at it, at the blog's time."""
    now = int(row.at * 1000)
    item = row.item
    try:
        raw = RawComment(
            platform_id=str(number), content=item.text[:16_000], page_url="https://blog.example/p",
            name=item.author_name[:245], url=item.author_url[:200],
        )  # fmt: skip
        said = prepare(raw, services.secrets.identity, Strict(Requirements(name=False, email=False))).submission
    except InvalidSubmission:
        return {}
    await services.moderation.submit(site, said)
    comment = await services.comments.get(comment_id(site.id, str(number)))
    if comment is None:
        raise RuntimeError("a comment that was taken in is not there")
    subjects = subjects_of(said)
    (known,) = await services.reputations.look([(comment, subjects)], now)
    return signals(said, subjects, known, now)


async def forget_campaigns(services: Services, now: int) -> None:
    """Redis's clock is not the blog's: forget by hand the campaigns that have been quiet for longer than they live."""
    client, lives = services.connection.client, services.settings.campaign_days * 86_400_000
    for campaign in await services.reputations.campaigns(10_000):
        if campaign.last < now - lives:
            await client.delete(services.connection.keys.campaign(campaign.id))


def matrix(found: Sequence[dict[str, Signal]]) -> Numbers:
    """Signals as numbers: counts as logarithms, yes as 1; what is missing as 0."""
    names = [name for name, kind in CATALOGUE.items() if kind.type is not str and name not in LEFT_OUT]
    values = np.array([[float(row.get(name) or 0.0) for name in names] for row in found])
    return np.sign(values) * np.log1p(np.abs(values))


def strangers(root: Path) -> tuple[list[Input], Numbers]:
    """Comments from elsewhere, without their authors: what a model can have learnt before it sees this blog."""
    items: list[Input] = []
    spam: list[float] = []
    rng = np.random.default_rng(SEED)
    for name, most in STRANGERS.items():
        table = corpora.load(root, [name])
        for at in rng.choice(len(table), min(most, len(table)), replace=False):
            items.append(Input(table.items[at].text))
            spam.append(float(table.labels[at, LABELS.index("spam")]))
    return items, np.array(spam)


def recall(truth: npt.NDArray[np.bool_], scores: Numbers) -> float:
    """Recall at FALSE_POSITIVES, interpolated on the ROC curve."""
    false, true, _ = roc_curve(truth, scores)
    return float(np.interp(FALSE_POSITIVES, false, true))


def forward(rows: Sequence[Row], evidence: Numbers, root: Path, *, authors: bool) -> dict[str, dict[str, float]]:
    """Recall and AUC of text, and of text with signals, over the steps that have two steps of past."""
    items = [row.item if authors else Input(row.item.text) for row in rows]
    spam = np.array([row.spam for row in rows])
    flattery = np.array([row.flattery for row in rows])
    early, labels = strangers(root)
    features = CommentFeatures(ORDERS).transform([*early, *items])
    bounds = [len(rows) * step // STEPS for step in range(STEPS + 1)]
    logits = np.zeros((len(rows), 1))  # of each comment by the model that had learnt from all eighths before its own
    gathered: dict[str, list[tuple[int, float, float]]] = {}
    for step in range(1, STEPS):
        past, now = slice(bounds[1], bounds[step]), slice(bounds[step], bounds[step + 1])
        taught = len(early) + bounds[step]
        known = np.concatenate([labels, spam[: bounds[step]]]).astype(np.float32)
        head = LEARNERS["spam"].fit(features[:taught], known, np.ones(taught, np.float32))
        logits[now, 0] = head.logits(features[len(early) :][now])
        if step == 1:
            continue  # nothing has both a logit and a later eighth yet
        scale = evidence[past].std(axis=0)
        scaled = evidence[:, scale > 0] / scale[scale > 0]
        for name, columns in (("text", logits * FREE), ("with signals", np.hstack([logits * FREE, scaled]))):
            judge = LogisticRegression(C=STRENGTH, max_iter=5_000).fit(columns[past], spam[past])
            scores = judge.decision_function(columns[now])
            for what, wanted in (("all spam", spam[now]), ("flattery", flattery[now])):
                kept = wanted | ~spam[now]
                if wanted.sum():
                    pair = recall(wanted[kept], scores[kept]), float(roc_auc_score(wanted[kept], scores[kept]))
                    gathered.setdefault(f"{name}: {what}", []).append((int(wanted.sum()), *pair))
    return {
        name: {
            "rows": float(sum(count for count, _, _ in steps)),
            "recall": sum(count * found for count, found, _ in steps) / sum(count for count, _, _ in steps),
            "auc": sum(count * area for count, _, area in steps) / sum(count for count, _, _ in steps),
        }
        for name, steps in gathered.items()
    }


def main() -> None:
    """Replay, learn, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--decided", type=float, default=0.2, help="share of comments that a moderator decides")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    root = corpora.folder(options.corpora)
    rows = timeline(root)
    found = asyncio.run(replay(rows, options.decided))
    evidence = matrix(found)
    figures: dict[str, Any] = {"rows": len(rows), "spam": sum(row.spam for row in rows), "decided": options.decided}
    for authors in (False, True):
        figures["with author names and addresses" if authors else "text alone"] = forward(
            rows, evidence, root, authors=authors
        )
    figures["rules alone"] = {
        name: {
            kind: float(np.mean([fires(got) for got, row in zip(found, rows, strict=True) if wanted(row)]))
            for kind, wanted in KINDS.items()
        }
        for name, fires in RULES.items()
    }
    clustered = [int(row.get("campaign_size", 1)) > 1 for row in found]
    figures["in campaigns"] = {
        kind: float(np.mean([got for got, row in zip(clustered, rows, strict=True) if row.spam == spam]))
        for kind, spam in (("spam", True), ("ham", False))
    }
    print(json.dumps(figures, indent=1))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
