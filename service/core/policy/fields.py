"""What rules and lists can look at in a comment: the `FIELDS`, their types, and `Facts`, which reads them. For `core`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from service.core.signals import CATALOGUE
from service.core.submission import Submission
from service.core.text.search import Text
from service.core.verdict import LABELS, Case, Signal, Verdict

Kind = Literal["text", "number", "yes-no"]
Value = Signal | None
"""What a field holds; None: it is not known, and no condition on it is met."""


class Field(NamedTuple):
    """Something that a condition can name."""

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Facts], Value]
    lost: bool = False  # it is gone when retention drops the comment's text


class Facts:
    """A case and its verdict as conditions see them. Readings of texts are made once, when first asked for."""

    __slots__ = ("_texts", "case", "scores", "verdict")

    def __init__(self, case: Case, verdict: Verdict | None) -> None:
        self.case = case
        self.verdict = verdict
        self.scores: Mapping[str, float] = verdict.scores if verdict is not None else {}
        self._texts: dict[str, Text] = {}

    def text(self, written: str) -> Text:
        """The readings of a text."""
        found = self._texts.get(written)
        if found is None:
            found = self._texts[written] = Text(written)
        return found


TEXTS: Final[Mapping[str, tuple[str, Callable[[Submission], str]]]] = {
    "content": ("The comment.", lambda s: s.content),
    "author.name": ("The author's name.", lambda s: s.author.name),
    "author.url": ("The author's web address.", lambda s: s.author.url),
    "author.role": ("The author's role on the platform.", lambda s: s.author.role),
    "author.user_agent": ("The author's browser, as it names itself.", lambda s: s.author.user_agent),
    "page.url": ("The address of the page.", lambda s: s.page.url),
    "page.title": ("The page's title.", lambda s: s.page.title),
    "parent_text": ("The comment that is replied to.", lambda s: s.parent_text),
    "kind": ("comment, pingback, trackback, review, …", lambda s: s.kind),
    "channel": ("How it came in: api, webhook, akismet, import, …", lambda s: s.channel),
}
"""The texts of a submission: what each is, and how it is read."""

_KEPT = frozenset({"author.role", "page.url", "kind", "channel"})
_FORM = re.compile(r"form\.([A-Za-z0-9_.-]{1,64})\Z")


def _text_field(name: str, meaning: str, read: Callable[[Submission], str]) -> Field:
    return Field(name, "text", meaning, lambda facts: read(facts.case.submission), lost=name not in _KEPT)


def _score_field(label: str) -> Field:
    return Field(
        label,
        "number",
        f"The probability of {label.replace('_', ' ')}, from 0 to 1.",
        lambda facts: facts.scores.get(label),
    )


def _flag_field(name: str, flag: str, meaning: str) -> Field:
    return Field(name, "yes-no", meaning, lambda facts: flag in facts.verdict.flags if facts.verdict else None)


def _signal_field(name: str) -> Field:
    signal = CATALOGUE[name]
    kind: Kind = "text" if signal.type is str else "yes-no" if signal.type is bool else "number"
    return Field(name, kind, signal.meaning, lambda facts: facts.case.signals.get(name, signal.quiet))


FIELDS: Final[Mapping[str, Field]] = {
    field.name: field
    for field in (
        *(_text_field(name, meaning, read) for name, (meaning, read) in TEXTS.items()),
        Field(
            "content.length",
            "number",
            "Characters of the comment.",
            lambda facts: len(facts.case.submission.content),
            lost=True,
        ),
        Field(
            "language",
            "text",
            "The language of the comment as the model sees it: en, de, …",
            lambda facts: (facts.verdict.language or None) if facts.verdict else None,
        ),
        _flag_field("obfuscated", "obfuscated", "The comment hides words from machines."),
        _flag_field("link_shortener", "shortened-link", "A link goes through a shortener, which hides where it leads."),
        _flag_field("unsupported_language", "unsupported-language", "The model was not trained in its language."),
        _flag_field("unknown_language", "unknown-language", "It can't be told in which language it is."),
        _flag_field(
            "partly_supported_language", "partly-supported-language", "Only some labels were learnt in its language."
        ),
        *map(_score_field, LABELS),
        *map(_signal_field, CATALOGUE),
    )
}
"""Everything that a condition can name, beside `form.<name>`."""


def find_field(name: str) -> Field | None:
    """The field of a name; `form.<name>` is a field of the comment form, as text."""
    if form := _FORM.match(name):
        key = form[1]
        return Field(name, "text", "A form field.", lambda facts: facts.case.submission.form.get(key), lost=True)
    return FIELDS.get(name)
