"""Sites to replay: every corpus that has dates or an order, cut into sites, and made-up ones. For benchmarks.

Each site's comments come in order, each with the truth, which moderators are taken to say; three of them take turns by lot.
Sites go with the base model that has learnt nothing from their corpus (`benchmarks.strangers`). Made-up sites are readers'
comments from a corpus with a local trade's advertisements between them, written here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.flattery import BLOG, HAM, WITH_URL, read
from benchmarks.strangers import stranger
from classifier import Decided, Input, Model
from classifier.training import SEED, corpora
from classifier.training.corpora import Table
from classifier.training.mixture import SPAM, home_page

VOICES: Final = ("ann", "ann", "ann", "ben", "ben", "cat")
_LONGEST = 4_000  # characters of a text that training reads
_BLOG_LEFT_OUT = (BLOG, HAM[1])
_ELSEWHERE = ("tubespam", "sms_uci", "judol_yt_id", "tg_spam_ru_en")


class Site(NamedTuple):
    """One site's comments, oldest first."""

    name: str
    base: str
    """Which base model knows nothing of it: a name of `BASES`."""
    rows: list[Decided]


def later_half(root: Path) -> list[Input]:
    """The comments of the programmer's blog that the base for blogs has not learnt from."""
    rows = list(read(root, HAM[0]))
    return [row.item for row in rows[len(rows) // 2 :]]


def _unseen(root: Path, table: Table) -> np.typing.NDArray[np.bool_]:
    later = {item.text[:_LONGEST] for item in later_half(root)}
    pairs = zip(table.corpora, table.items, strict=True)
    return np.array([name == HAM[0] and item.text in later for name, item in pairs])


BASES: Final[dict[str, Callable[[Path, Path], Model]]] = {
    "blog": lambda root, folder: stranger(root, folder / "blog", _BLOG_LEFT_OUT, partial(_unseen, root)),
    "elsewhere": lambda root, folder: stranger(root, folder / "elsewhere", _ELSEWHERE),
}
"""Base models by what they have not learnt from: corpora and folder -> the model, made once and kept in the folder."""


def readers(root: Path) -> list[Input]:
    """What readers of blogs wrote, that the base for blogs has not learnt from, in a random order."""
    rng, homes = random.Random(SEED), dict[str, str]()
    found = [row.item for row in read(root, BLOG) if not row.spam] + [row.item for row in read(root, HAM[1])]
    for item in later_half(root):
        home = home_page(rng, item.author_name) if rng.random() < WITH_URL else ""
        found.append(item._replace(author_url=homes.setdefault(item.author_name, home)))
    rng.shuffle(found)
    return found


def sites(root: Path) -> Iterator[Site]:
    """All sites, corpus by corpus."""
    good = readers(root)
    spam = [row for row in read(root, BLOG) if row.spam]
    for order, rows in (("by date", sorted(spam, key=lambda row: row.at)), ("post by post", spam)):
        every = _between([row.item for row in rows], good)
        yield from _parts(f"blog, {order}", "blog", every, 4)
    press = [item for item, bad in _loaded(root, "ham_globe_mail") if not bad]
    every = _between([row.item for row in sorted(spam, key=lambda row: row.at)], press[: len(spam)])
    yield from _parts("newspaper with that blog's spam", "blog", every, 3)
    yield from _by_group(root, "tubespam", "video", least=100)
    yield from _by_group(root, "judionline_yt_id", "video with gambling", least=85, by_lot=True)
    yield from _by_group(root, "enron_spam_sample", "mailbox", least=100)
    yield from _parts("text messages", "elsewhere", list(_loaded(root, "sms_uci")), 3)
    yield from _parts("videos with gambling", "elsewhere", list(_loaded(root, "judol_yt_id")), 8)
    for at, trade in enumerate(TRADES):
        rng = random.Random(f"{SEED} {trade}")
        own = good[at * 700 : (at + 1) * 700]
        yield _site(f"a {trade} firm", "blog", _between([_advertised(rng, trade) for _ in range(350)], own))


TRADES: Final = ("roofing", "piano tuning", "translation", "catering", "well drilling", "tutoring")
_TOWNS = ("Aldham", "Brisley", "Colne", "Dunston", "Elsworth", "Fritton", "Garboldisham", "Hinderclay")
_PITCHES = (
    "Our family had {trade} done by {firm} of {town} {when}, and we can only recommend them.",
    "If anybody near {town} needs {trade}: {firm} came the same day. Ask for {who}.",
    "{firm} ({town}) do {trade} at a fair price, tell {who} that you read it here.",
    "Nice post! We at {firm} have done {trade} around {town} for {n} years.",
    "What the article says is right, and {trade} is best left to somebody like {firm}.",
    "For {trade} in {town} there is only {firm}, number {n} in the book.",
)


def _advertised(rng: random.Random, trade: str) -> Input:
    firm = (
        f"{rng.choice(('Marlow', 'Pike', 'Osgood', 'Tindall'))} {rng.choice(('& Sons', 'Brothers', 'Ltd', ''))}".strip()
    )
    text = rng.choice(_PITCHES).format(
        trade=trade, firm=firm, town=rng.choice(_TOWNS), when=rng.choice(("last week", "in spring", "twice")),
        who=rng.choice(("Terry", "Jo", "Mrs Pike")), n=rng.randrange(2, 60),
    )  # fmt: skip
    return Input(text, rng.choice(("Carol", "Dennis", firm, "a reader", "Sue P.")))


Row = tuple[Input, bool]


def _loaded(root: Path, name: str) -> list[Row]:
    table = corpora.load(root, [name])
    return [(item, bool(said == 1)) for item, said in zip(table.items, table.labels[:, SPAM], strict=True)]


def _by_group(root: Path, name: str, what: str, *, least: int, by_lot: bool = False) -> Iterator[Site]:
    """A site for each video or mailbox that has enough of both kinds; `by_lot` where the corpus lists one kind first."""
    table = corpora.load(root, [name])
    groups: dict[str, list[Row]] = {}
    for item, said, group in zip(table.items, table.labels[:, SPAM], table.groups, strict=True):
        groups.setdefault(group, []).append((item, bool(said == 1)))
    for number, rows in enumerate(groups.values(), 1):
        bad = sum(spam for _, spam in rows)
        if by_lot:
            random.Random(number).shuffle(rows)
        if min(bad, len(rows) - bad) >= least:
            yield _site(f"{what} {number}", "elsewhere", rows)


def _between(bad: Sequence[Input], good: Sequence[Input]) -> list[Row]:
    """Bad ones in their order, good ones evenly between."""
    rows: list[Row] = []
    for at, item in enumerate(bad):
        rows.append((item, True))
        rows += [(one, False) for one in good[at * len(good) // len(bad) : (at + 1) * len(good) // len(bad)]]
    return rows


def _parts(name: str, base: str, rows: Sequence[Row], count: int) -> Iterator[Site]:
    for part in range(count):
        yield _site(f"{name}, part {part + 1}", base, rows[part * len(rows) // count : (part + 1) * len(rows) // count])


def _site(name: str, base: str, rows: Sequence[Row]) -> Site:
    rng = random.Random(f"{SEED} {name}")
    decided = [
        Decided(item._replace(text=item.text[:20_000]), {"spam": float(bad)}, at, f"moderator:{rng.choice(VOICES)}")
        for at, (item, bad) in enumerate(rows)
    ]
    return Site(name, base, decided)
