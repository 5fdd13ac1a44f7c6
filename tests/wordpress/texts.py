"""What visitors of the test blogs write. Each text is its author's only one, so that a test can find it again."""

from __future__ import annotations

import itertools

_NUMBER = itertools.count(1)
_GOOD = (
    "I read this twice. The second half explains well why the first half matters.",
    "Thank you for the recipe, we cooked it on Sunday and the children asked for more.",
    "Does the second example also work when the file is empty? I could not find it in the manual.",
)


def good() -> str:
    """A comment that nobody minds."""
    number = next(_NUMBER)
    return f"{_GOOD[number % len(_GOOD)]} This was in chapter {number}."


def spam() -> str:
    """One that nobody wants. With a single link, since WordPress itself holds what has two."""
    words = (
        "Buy cheap viagra, cialis and levitra online without prescription! Best casino bonus, free spins, payday loans"
    )
    return f"{words}: http://cheap-pills.example offer {next(_NUMBER)}"


def insult() -> str:
    """One that hurts."""
    return f"You are a stupid fucking idiot and everybody hates you, asshole, for the {next(_NUMBER)}th time"
