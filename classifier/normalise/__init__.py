"""The normaliser: one reading of a comment for training and serving alike. Public: `normalise`.

Writers of spam and abuse hide words from machines and not from people. `normalise` undoes what they do (look-alikes from
other scripts, styled and accented letters, invisible characters, digits for letters, spaced-out and repeated letters,
markup, escapes), keeps count of what it undid, and can say for each folded character which part of the original it
stands for. It is idempotent, linear in the length of the text, and defined for every string.
"""

from collections.abc import Sequence

from classifier.normalise.links import SOLE, Link, parse
from classifier.normalise.rewriting import Rewriting, Traced
from classifier.normalise.rules import Evidence, Reading
from classifier.normalise.scan import ANYTHING, APART, CODED, LINKED, look_all

__all__ = ["Evidence", "Normalised", "normalise", "normalise_all"]

NO_EVIDENCE = Evidence()


class Normalised:
    """A folded text and what was learnt while folding it."""

    __slots__ = ("_trace", "emails", "evidence", "links", "markup", "mentions", "original", "text")

    def __init__(
        self,
        original: str,
        text: str,
        *,
        found: tuple[Link, ...] = (),
        evidence: Evidence = NO_EVIDENCE,
        markup: int = 0,
        emails: int = 0,
        mentions: int = 0,
    ) -> None:
        self.original = original
        self.text = text
        self.links = found
        self.evidence = evidence
        self.markup = markup
        self.emails = emails
        self.mentions = mentions
        self._trace: tuple[list[int], list[int]] | None = None

    @property
    def obfuscated(self) -> bool:
        """Enough was undone to say that the text hides something; drawn-out letters and accents alone do not."""
        undone = self.evidence
        return (
            undone.invisible + undone.lookalike + undone.spaced > 0
            or undone.styled >= 3
            or undone.marks >= 4
            or undone.bidi >= 2
            or (undone.leet >= 2 and undone.leet * 12 > self.text.count(" "))
        )

    @property
    def offsets(self) -> tuple[Sequence[int], Sequence[int]]:
        """For each character of `text` the start and end (exclusive) in `original`, in code points.

        Worked out on first use: scoring never asks for it.
        """
        if self._trace is None:
            traced = Traced(self.original)
            Reading(traced).run()
            if traced.text != self.text:  # pragma: no cover - both run the same rules
                raise AssertionError("the traced normaliser disagrees with the plain one")
            self._trace = traced.starts, traced.ends
        return self._trace

    def __repr__(self) -> str:
        return f"Normalised(text={self.text!r}, links={len(self.links)}, evidence={self.evidence})"


def normalise(text: str) -> Normalised:
    """Fold `text` to lower-case plain words, with the links it holds and evidence of disguise.

    The result's `text` has no upper case, no invisible characters, no markup and single spaces; it is ASCII where the
    original was Latin, and keeps other scripts. Links stand in it as `host/path`, e-mail addresses as `{email}`,
    handles as `{user}`.
    """
    return normalise_all([text])[0]


def normalise_all(texts: Sequence[str]) -> list[Normalised]:
    """`normalise` for each text; faster together, since most texts need nothing but lower case."""
    plain = [_lowered(text) if text.isascii() else "" for text in texts]
    signs = [seen if text.isascii() else ANYTHING for text, seen in zip(texts, look_all(plain), strict=True)]
    readings = {
        at: Reading(Rewriting(_start(text, folded, seen)), seen)
        for at, (text, folded, seen) in enumerate(zip(texts, plain, signs, strict=True))
        if seen and not (seen == LINKED and SOLE.fullmatch(folded))
    }
    _read(list(readings.values()))
    return [
        _result(text, readings[at])
        if at in readings
        else _sole_link(text, folded)
        if seen
        else Normalised(text, folded)
        for at, (text, folded, seen) in enumerate(zip(texts, plain, signs, strict=True))
    ]


def _lowered(text: str) -> str:
    """An ASCII text in lower case with single spaces."""
    spaced = "  " in text or text[:1] == " " or text[-1:] == " "
    # One by one: each is a memchr, which a loop would cost more than.
    spaced = spaced or "\n" in text or "\r" in text or "\t" in text or "\v" in text or "\f" in text
    spaced = spaced or "\x1c" in text or "\x1d" in text or "\x1e" in text or "\x1f" in text
    return " ".join(text.lower().split()) if spaced else text.lower()


def _read(readings: list[Reading]) -> None:
    """Read side by side: what all of them wait for, a look at their texts, is cheap for all at once."""
    waiting = []
    for reading in readings:
        reading.open()
        if not reading.as_seen() or not reading.close(reading.signs):
            waiting.append(reading)
    while waiting:
        signs = look_all([reading.pen.text for reading in waiting])
        waiting = [reading for reading, seen in zip(waiting, signs, strict=True) if not reading.close(seen)]


def _start(text: str, plain: str, signs: int) -> str:
    """Where a reading may start: an ASCII text without codes is in lower case with single spaces already."""
    return text if signs & CODED else text.lower() if signs & APART else plain


def _sole_link(text: str, plain: str) -> Normalised:
    """A text that is one plain address, as most author URLs are."""
    link = parse(plain)
    return Normalised(text, link.text, found=(link,) if link.host else ())


def _result(text: str, reading: Reading) -> Normalised:
    return Normalised(
        text,
        reading.pen.text,
        found=tuple(reading.links),
        evidence=reading.evidence,
        markup=reading.markup,
        emails=reading.emails,
        mentions=reading.mentions,
    )
