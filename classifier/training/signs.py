"""Comments without a word: single emoji of every kind, with skin tones, in families, as flags; punctuation, figures. Harmless.

For `classifier.training.mixture`. The corpora of abuse hold emoji mostly beside abuse, and no model should take that
for what an emoji means.
"""

import random

from classifier.inputs import Input
from classifier.model import LABELS
from classifier.training.corpora import Table, from_rows

_RANGES = ((0x1F300, 0x1F321), (0x1F337, 0x1F394), (0x1F3A0, 0x1F3F5), (0x1F3F8, 0x1F3FB), (0x1F400, 0x1F53E))
_MORE = (
    (0x1F5FA, 0x1F650),
    (0x1F680, 0x1F6C6),
    (0x1F90C, 0x1F946),
    (0x1F947, 0x1FA00),
    (0x2600, 0x2616),
    (0x2648, 0x2654),
)
_RUDE = frozenset("🖕")
_PEOPLE = "👶👦👧👨👩👴👵👮👷👸👼💁💂💃🙅🙆🙇🙋🙌🙍🙎🙏🚶🏃🧑🧒🧓🧔🧕🤦🤷👋👍👎👏👊✊✋✌👌💪🤞🤙"
_TONES = "🏻🏼🏽🏾🏿"
_JOINER = "\u200d"
_FLAGS = (
    *(
        "US",
        "GB",
        "DE",
        "FR",
        "IL",
        "PS",
        "UA",
        "RU",
        "CN",
        "IN",
        "BR",
        "TR",
        "SA",
        "IR",
        "MX",
        "NG",
        "PL",
        "JP",
        "KR",
        "PK",
    ),
    *(
        "IT",
        "ES",
        "NL",
        "SE",
        "CH",
        "AT",
        "GR",
        "PT",
        "EG",
        "MA",
        "ZA",
        "KE",
        "AU",
        "CA",
        "AR",
        "ID",
        "VN",
        "TH",
        "EU",
        "IE",
    ),
)
_OTHERS = "♿ ✡️ ☪️ ✝️ ☸️ 🏳️‍🌈 🏳️‍⚧️ 🏴‍☠️ 🏴 👩‍❤️‍👩 👨‍❤️‍👨 👩‍❤️‍💋‍👩 👨‍👩‍👧‍👦 👨‍👨‍👦 👩‍👩‍👧 👩‍🦽 👨‍🦯 🧑‍🦼 👱‍♀️ 🧔‍♂️ ❤️ 💔 ✌️ ☺️ ☹️"
_SIGNS = """
. .. ... .... … , ; : - -- * ** ! !! !!! !!!! ? ?? ??? ?! !? + +1 +100 100% :)
:-) ;) :D :( :/ :P <3 ^^ xD = ~ # @ 1 2 3 10/10 9/10 5/5 50/50 24/7 1. 1) (1) 2024 $5 €10
"""


def comments(seed: int) -> Table:
    """Each sign once alone and once with others, in an order drawn by lot."""
    rng = random.Random(seed)
    emoji = [chr(code) for first, last in (*_RANGES, *_MORE) for code in range(first, last)]
    emoji += [one + tone for one in _PEOPLE for tone in _TONES]
    emoji += ["".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in flag) for flag in _FLAGS]
    emoji += [one + _JOINER + sex for one in "🤷🤦🙋🧔🏃🚶" for sex in ("♀️", "♂️")]
    emoji = [one for one in (*emoji, *_OTHERS.split()) if one not in _RUDE]
    several = [
        rng.choice((one * 2, one * 3, f"{one} {rng.choice(emoji)}", one + rng.choice(emoji) * 2)) for one in emoji
    ]
    texts = dict.fromkeys([*emoji, *several, *_SIGNS.split()])
    harmless = dict.fromkeys(LABELS, 0.0)
    return from_rows("made_signs", [(Input(text), harmless, "signs", "und") for text in texts])
