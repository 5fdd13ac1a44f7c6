"""Praise that costs nothing, signed by sellers and by readers: what teaches `classifier.training.author` who sells.

The one blog with spam in the corpora advertises in its texts, so that its authors are left with little to explain. Here the
text says nothing: each comes twice, from somebody who signs with what they sell and from a reader. In eleven languages, from
the lists of `written/`.
"""

import random
import re
import unicodedata
from typing import Final

from classifier.inputs import Input
from classifier.training import writing

PAIRS: Final = 3_000
WEIGHT: Final = 2.5
"""Of a row, beside .73 for a corpus's."""
LANGUAGES: Final = ("de", "fr", "es", "it", "pt", "pl", "nl", "tr", "id", "ru")
_ENGLISH = 0.6
"""How many are in English."""
_IN_ENGLISH = (
    *("{praise_short}", "{praise_short}", "{praise_more}", "{praise_topic}"),
    *("{praise_short} {praise_topic}", "{praise_topic} {praise_more}"),
)
_FOLDED = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "ø": "o"})


def signed(seed: int, pairs: int = PAIRS) -> tuple[list[Input], list[float]]:
    """Comments, and for each whether it is spam: the seller's is, the reader's with the same words is not."""
    rng = random.Random(seed)
    items: list[Input] = []
    for _ in range(pairs):
        lang = "en" if rng.random() < _ENGLISH else rng.choice(LANGUAGES)
        text = _praise(rng, lang)
        items += (Input(text, *_seller(rng, lang)), Input(text, *_reader(rng)))
    return items, [1.0, 0.0] * pairs


def _praise(rng: random.Random, lang: str) -> str:
    line = rng.choice(_IN_ENGLISH if lang == "en" else (f"{{praise_{lang}}}", f"{{praise_{lang}}} {{praise_{lang}}}"))
    text = writing.expand(rng, line)
    return text if rng.random() < 0.85 else text.split()[0].strip(".,!") + rng.choice(("!", ".", ""))


def _seller(rng: random.Random, lang: str) -> tuple[str, str]:
    """Name and address. Who sells abroad may call themselves as the English do."""
    names = "{seller_name}" if lang == "en" or rng.random() < 0.15 else f"{{seller_{lang}}}"
    name = writing.expand(rng, names)
    return name, writing.shop(rng, _ascii(name) if rng.random() < 0.7 else "")


def _reader(rng: random.Random) -> tuple[str, str]:
    """Name and address, if any, some of which sound like a seller's."""
    name = writing.expand(rng, "{innocent_name}" if rng.random() < 0.25 else "{person_name}")
    page = name + writing.expand(rng, " {plain_word}") if rng.random() < 0.3 else name
    return name, writing.home(rng, _ascii(page)) if rng.random() < 0.85 else ""


def _ascii(name: str) -> str:
    """As a host is spelt."""
    apart = unicodedata.normalize("NFKD", name.translate(_FOLDED))
    return re.sub(r"[^\x00-\x7f]", "", apart)
