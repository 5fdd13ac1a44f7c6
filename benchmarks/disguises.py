"""Made-up material for `benchmarks/quality.py`: ways to disguise a text, and harmless sentences that name a group."""

import random
from collections.abc import Callable, Iterator

_LOOKALIKE = str.maketrans("aeiopcxys", "аеіорсхуѕ")
_LEET = str.maketrans("aeiost", "4310$7")
_ZERO_WIDTH = "\u200b"


def _zero_width(text: str, rng: random.Random) -> str:
    return "".join(c + (_ZERO_WIDTH if c.isalpha() and rng.random() < 0.4 else "") for c in text)


def _lookalike(text: str, rng: random.Random) -> str:
    return "".join(c.translate(_LOOKALIKE) if rng.random() < 0.5 else c for c in text)


def _leet(text: str, rng: random.Random) -> str:
    return " ".join(
        word[0] + word[1:].translate(_LEET) if word.isalpha() and rng.random() < 0.7 else word for word in text.split()
    )


def _spaced(text: str, rng: random.Random) -> str:
    return " ".join(" ".join(w) if w.isalpha() and len(w) > 3 and rng.random() < 0.5 else w for w in text.split())


def _repeated(text: str, rng: random.Random) -> str:
    return "".join(c * rng.randint(3, 5) if c.isalpha() and rng.random() < 0.15 else c for c in text)


DISGUISES: dict[str, Callable[[str, random.Random], str]] = {
    "zero-width": _zero_width,
    "look-alikes": _lookalike,
    "leet": _leet,
    "spaced": _spaced,
    "repeated": _repeated,
}

TERMS = (
    *("lesbian", "gay", "bisexual", "transgender", "trans", "queer", "lgbt", "lgbtq", "homosexual", "straight"),
    *("heterosexual", "male", "female", "nonbinary", "african", "african american", "black", "white", "european"),
    *("hispanic", "latino", "latina", "latinx", "mexican", "canadian", "american", "asian", "indian", "middle eastern"),
    *("chinese", "japanese", "christian", "muslim", "jewish", "buddhist", "catholic", "protestant", "sikh", "taoist"),
    *(
        "old",
        "older",
        "young",
        "younger",
        "teenage",
        "millennial",
        "middle aged",
        "elderly",
        "blind",
        "deaf",
        "paralyzed",
    ),
)
_FORMS = (
    *(
        "{n} is a {t} {o}.",
        "{n} is {t}.",
        "Being {t} is {g}.",
        "Hi! I'm {n}, {o}, {t}, from Rome.",
        "{t} people are {g}.",
    ),
    *("i really enjoy being {t}.", "What a {g} {t} {o} you are", "You are a {t} {o}.", "Our new {o} is {t}"),
    *("{g} {t} {o}", "I am a {g} {t} {o}.", "Is {n} {t}?", "befriend {t} people", "{n} lives with a {t} {o} downtown"),
    *(
        "Every {t} {o} should read this book.",
        "Two {t} candidates ran for office.",
        "They opened a centre for {t} youth",
    ),
)
_NAMES = ("Alex", "Andrew", "Brian", "Christopher", "Grace", "Heather", "Kevin", "Laura", "Linda", "Michael", "Nancy")
_WORK = (
    "accountant",
    "architect",
    "carpenter",
    "cashier",
    "dentist",
    "editor",
    "judge",
    "librarian",
    "pilot",
    "tailor",
)
_GOOD = ("adorable", "charming", "cheerful", "excellent", "gentle", "gracious", "hilarious", "loving", "witty")


def harmless(seed: int, each: int) -> Iterator[tuple[str, str]]:
    """(term, sentence): `each` harmless sentences for every term, in wording that training did not see."""
    rng = random.Random(seed)
    for term in TERMS:
        for _ in range(each):
            form = rng.choice(_FORMS)
            yield term, form.format(t=term, n=rng.choice(_NAMES), o=rng.choice(_WORK), g=rng.choice(_GOOD))
