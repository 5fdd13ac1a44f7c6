"""Made-up comments for training: identity terms without malice, negation, quotation, today's advertising, home pages.

Corpora of abuse name groups of people mostly to abuse them, so a model that learns from them alone holds the naming
against the writer: "I am a gay man" scores as an attack. They also hold little negation, quotation and counter-speech,
and little of the advertising that is common under videos and posts today. The phrases in `phrases.txt`, written for
this project, fill the gaps. Insults there are generic on purpose: slurs reach the training by quotation (`quoted`).

For `classifier.mixture` only. What is made depends on the seed alone.
"""

import random
import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from classifier.comments import Input
from classifier.corpora import Table, from_rows
from classifier.model import LABELS

_SLOT = re.compile(r"\{(\w+)\}")
_HARMLESS = dict.fromkeys(LABELS, 0.0)
_ATTACK = {"spam": 0.0, "toxicity": 1.0, "identity_attack": 1.0, "threat": 0.0}
_THREAT = {"spam": 0.0, "toxicity": 1.0, "threat": 1.0}
_SPAM = _HARMLESS | {"spam": 1.0}
# Abuse that is quoted to be condemned attacks nobody, whatever words it holds.
_CONDEMNED = {"spam": 0.0, "toxicity": 0.0, "severe_toxicity": 0.0, "identity_attack": 0.0, "threat": 0.0}
_LONGEST_QUOTE = 90

_FIRST = "code pixel blue north river quiet stone bright data garden paper green cloud little daily open simple night"
_SECOND = "cabin journal notes works lab studio house blog log space tales days craft shed loop desk corner diary life"
_HOMES = (
    *(
        "http://{}.com",
        "http://www.{}.com/",
        "https://{}.net",
        "http://{}.org/",
        "https://{}.com/blog",
        "http://{}.me/",
    ),
    *("http://{}.wordpress.com", "http://{}.blogspot.com/", "https://{}.github.io", "https://twitter.com/{}"),
    *(
        "https://github.com/{}",
        "http://blog.{}.com",
        "https://{}.dev",
        "http://{}.co.uk",
        "https://www.facebook.com/{}",
    ),
    *("https://{}.io", "http://{}.livejournal.com/", "https://medium.com/@{}", "http://{}.tumblr.com", "http://{}.de"),
    *("http://{}.ca", "http://{}.info", "https://www.linkedin.com/in/{}", "http://{}.com.au", "https://{}.nl/about/"),
)


def comments(seed: int, size: int) -> Table:
    """About `size` made-up comments of every kind, without repeats, each a source of its own ("made_...")."""
    rng = random.Random(seed)
    plan = (
        ("neutral", "made_neutral", 0.34, _HARMLESS),
        ("denied", "made_denied", 0.12, _HARMLESS),
        ("attack", "made_attack", 0.16, _ATTACK),
        ("threat", "made_threat", 0.06, _THREAT),
        ("aimless", "made_aimless", 0.04, _HARMLESS),
        ("technical", "made_technical", 0.02, _HARMLESS),
        ("ordinary", "made_ordinary", 0.04, _HARMLESS),
        ("video_spam", "made_video_spam", 0.10, _SPAM),
        ("scam", "made_scam", 0.06, _SPAM),
        ("blog_spam", "made_blog_spam", 0.08, _SPAM),
    )
    rows = []
    names = []
    for symbol, source, share, labels in plan:
        for text in _distinct(partial(_line, rng, symbol), int(size * share)):
            rows.append((Input(text), labels, symbol, "en"))
            names.append(source)
    table = from_rows("made", rows)
    table.corpora[:] = names
    return table


def quoted(seed: int, texts: Sequence[str], size: int) -> Table:
    """Short abusive `texts` from the corpora, quoted by somebody who condemns them."""
    rng = random.Random(seed)
    short = [text for text in texts if len(text) <= _LONGEST_QUOTE and '"' not in text]
    chosen = rng.sample(short, min(size, len(short)))
    frames = grammar()["frame"]
    rows = [(Input(rng.choice(frames).replace("{quote}", text)), _CONDEMNED, "frame", "en") for text in chosen]
    return from_rows("made_quoted", rows)


def home_page(rng: random.Random, name: str) -> str:
    """An address such as somebody called `name` might give as their home page."""
    words = re.sub(r"[^a-z0-9 ]", "", name.lower()).split()
    if not words or rng.random() < 0.35:
        slug = rng.choice(_FIRST.split()) + rng.choice(("", "-", "")) + rng.choice(_SECOND.split())
    elif rng.random() < 0.25:
        slug = words[0] + rng.choice(_SECOND.split())
    else:
        slug = rng.choice(("", "-")).join(words)
    return rng.choice(_HOMES).format(slug[:40])


@cache
def grammar() -> dict[str, tuple[str, ...]]:
    """The lists of `phrases.txt` by name."""
    lists: dict[str, list[str]] = {}
    entries: list[str] = []
    for line in Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            entries = lists.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            entries += (entry.strip() for entry in line.split("|") if entry.strip())
    return {name: tuple(map(_unescape, entries)) for name, entries in lists.items()}


def _unescape(entry: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), entry)


def expand(rng: random.Random, symbol: str) -> str:
    """A random line of the grammar, with nothing left to fill in."""
    line = rng.choice(grammar()[symbol])
    while _SLOT.search(line):
        line = _SLOT.sub(lambda match: rng.choice(grammar()[match[1]]), line)
    return line


def _line(rng: random.Random, symbol: str) -> str:
    return _dress(rng, expand(rng, symbol))


def _dress(rng: random.Random, line: str) -> str:
    """Vary case and ending, as people do."""
    if rng.random() < 0.6:
        line = line[:1].upper() + line[1:]
    line += rng.choice(("", "", ".", ".", "!", "!!", "...")) if line[-1:].isalnum() else ""
    return line.upper() if rng.random() < 0.02 else line


def _distinct(make: Callable[[], str], size: int) -> list[str]:
    """Up to `size` different texts; fewer if the grammar has no more to give."""
    found: dict[str, None] = {}
    for _ in range(size * 4):
        found[make()] = None
        if len(found) == size:
            break
    return list(found)
