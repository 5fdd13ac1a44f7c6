"""The normaliser: one reading of a comment for training and serving alike. Public: `normalise`.

Writers of spam and abuse hide words from machines and not from people. `normalise` undoes what they do (look-alikes from
other scripts, styled and accented letters, invisible characters, digits for letters, spaced-out and repeated letters,
markup, escapes), keeps count of what it undid, and can say for each folded character which part of the original it
stands for. It is idempotent, linear in the length of the text, and defined for every string.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from classifier import links, obfuscation
from classifier.folding import BIDI_CONTROLS, folds
from classifier.links import Link
from classifier.rewriting import Rewriting, Traced

# One class per byte, so that one substring search each tells whether a stage has anything to do:
# a letter, 1 leet digit, 2 other digit, s sign used as letter, e "!", - joiner, . dot, X markup or control, , the rest.
_CLASSES = bytearray(b"," * 256)
for _members, _class in (
    (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", b"a"),
    (b"013457", b"1"),
    (b"2689", b"2"),
    (b"$@", b"s"),
    (b"!", b"e"),
    (b"-_*", b"-"),
    (b".", b"."),
    (b" \t\n\v\f\r\x1c\x1d\x1e\x1f", b" "),
    (b"<>[]&\\`", b"X"),
    (bytes(range(9)) + bytes(range(14, 28)) + b"\x7f", b"X"),
):
    for _byte in _members:
        _CLASSES[_byte] = _class[0]
_CLASSES_TABLE = bytes(_CLASSES)

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrt])(?![a-z])|(.?))", re.DOTALL)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_REST = {"<": "{", ">": "}", "[": "(", "]": ")", "&": "+", "\\": "", "`": "'"}
_ASCII_CONTROLS = dict.fromkeys(map(chr, (*range(9), *range(14, 28), 127)), "")
_WORD = re.compile(r"[^\W\d_]+")
_MENTION = re.compile(r"(?<![\w@/.])@[a-z0-9_]{2,}(?![@$])")
_HIDDEN = re.compile("(?<=[A-Za-z])[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]+(?=[A-Za-z])")

EMAIL_TOKEN = "{email}"  # noqa: S105
"""Stands for any e-mail address in a folded text."""
MENTION_TOKEN = "@user"  # noqa: S105
"""Stands for any @handle in a folded text."""


class Evidence(NamedTuple):
    """How often each disguise was undone."""

    invisible: int = 0
    """Runs of zero-width characters inside Latin words."""
    bidi: int = 0
    """Characters that override the direction of writing."""
    controls: int = 0
    """Control and other invisible characters of any kind, dropped."""
    lookalike: int = 0
    """Words with letters of another script posing as this one's."""
    styled: int = 0
    """Letters in mathematical, squared, circled, full-width or small-capital dress."""
    marks: int = 0
    """Combining marks piled on letters."""
    leet: int = 0
    """Runs of digits and signs that stand for letters."""
    spaced: int = 0
    """Words whose letters were set apart."""
    repeated: int = 0
    """Runs of a letter repeated three times and more."""
    escaped: int = 0
    """Backslash escapes and HTML entities."""

    @property
    def obfuscated(self) -> bool:
        """Enough was undone to say that the text hides something; drawn-out letters and accents alone do not."""
        return (
            self.invisible + self.lookalike + self.spaced > 0
            or self.leet >= 2
            or self.styled >= 3
            or self.marks >= 4
            or self.bidi >= 2
        )


NO_EVIDENCE = Evidence()


class Normalised:
    """A folded text and what was learnt while folding it."""

    __slots__ = ("_trace", "emails", "evidence", "links", "markup", "mentions", "original", "text")

    def __init__(
        self,
        original: str,
        text: str,
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
    def offsets(self) -> tuple[Sequence[int], Sequence[int]]:
        """For each character of `text` the start and end (exclusive) in `original`, in code points.

        Worked out on first use: scoring never asks for it.
        """
        if self._trace is None:
            traced = Traced(self.original)
            _Folding(traced).run()
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
    handles as `@user`.
    """
    if text.isascii():
        classes = text.encode().translate(_CLASSES_TABLE)
        folded = text.lower()
        if not _suspicious(classes, folded):
            return Normalised(text, " ".join(folded.split()))
    folding = _Folding(Rewriting(text))
    folding.run()
    return folding.result(text)


def _suspicious(classes: bytes, folded: str) -> bool:
    """Whether an ASCII text may need more than lower case; errs towards yes."""
    return (
        b"X" in classes
        or b"a1a" in classes
        or b"a11" in classes
        or b"s" in classes
        or b"aea" in classes
        or b"a.a" in classes
        or b"1.a" in classes
        or b"2.a" in classes
        or b"a-a-a" in classes
        or b" a a a " in classes
        or classes.startswith(b"a a a ")
        or "://" in folded
        or obfuscation.drawn_out(folded)
    )


class _Folding:
    """One run of the rules over one text."""

    __slots__ = ("counts", "emails", "links", "markup", "mentions", "pen")

    def __init__(self, pen: Rewriting) -> None:
        self.pen = pen
        self.links: list[Link] = []
        self.counts = dict.fromkeys(Evidence._fields, 0)
        self.markup = 0
        self.emails = 0
        self.mentions = 0

    def result(self, original: str) -> Normalised:
        evidence = Evidence(**self.counts)
        return Normalised(original, self.pen.text, tuple(self.links), evidence, self.markup, self.emails, self.mentions)

    def run(self) -> None:
        pen = self.pen
        if "\\" in pen.text:
            pen.sub(_ESCAPE, self._escape)
        if "&" in pen.text:
            pen.sub(_ENTITY, self._entity)
        if pen.text.isascii():
            self._translate(_ASCII_CONTROLS, "controls")
        else:
            self._unicode()
        pen.fold_case()
        if not pen.text.isascii():
            pen.compose()
        self._unwrap()
        self._letters()
        self._translate(_REST)
        pen.squeeze()

    def _translate(self, table: dict[str, str], count: str = "") -> None:
        hits = table.keys() & set(self.pen.text)
        if hits:
            if count:
                self.counts[count] += sum(self.pen.text.count(c) for c in hits)
            self.pen.translate(table, hits)

    def _escape(self, match: re.Match[str]) -> str:
        self.counts["escaped"] += 1
        code = match[1] or match[2]
        if code:
            return chr(int(code, 16))
        return " " if match[3] else match[4]

    def _entity(self, match: re.Match[str]) -> str:
        self.counts["escaped"] += 1
        return self.pen.unescape(match)

    def _unicode(self) -> None:
        """Undo what only characters beyond ASCII can do."""
        pen, tables = self.pen, folds()
        distinct = set(pen.text)
        hidden = tables.invisible.keys() & distinct
        if hidden:
            self.counts["invisible"] += len(_HIDDEN.findall(pen.text))
            self.counts["bidi"] += sum(pen.text.count(c) for c in hidden & BIDI_CONTROLS)
            self.counts["controls"] += sum(pen.text.count(c) for c in hidden)
            pen.translate(tables.invisible, hidden)
        self.counts["styled"] += sum(pen.text.count(c) for c in distinct if _in_costume(c))
        pen.compose()
        distinct = set(pen.text)
        hits = tables.plain.keys() & distinct
        if hits:
            self.counts["styled"] += sum(pen.text.count(c) for c in hits & tables.styled.keys())
            self.counts["marks"] += sum(pen.text.count(c) for c in hits if not tables.plain[c])
            pen.translate(tables.plain, hits)
            pen.compose()
            distinct = set(pen.text)
        suspects = tables.lookalike.keys() & distinct
        if suspects:
            foreign = any(c > "\x7f" and c.isalpha() and c not in suspects for c in distinct)
            if foreign and not any("a" <= c <= "z" or "A" <= c <= "Z" for c in distinct):
                return
            pen.sub(_WORD, lambda match: self._unmask(match[0], whole_words=not foreign))

    def _unmask(self, word: str, *, whole_words: bool) -> str:
        folded = obfuscation.unmask(word, folds(), whole_words=whole_words)
        if folded != word:
            self.counts["lookalike"] += 1
        return folded

    def _unwrap(self) -> None:
        """Turn markup into text, and note the links."""
        pen = self.pen
        if "<" in pen.text:
            pen.sub(links.TAG, self._tag)
        if "[" in pen.text:
            if "](" in pen.text:
                pen.sub(links.MARKDOWN, self._markdown)
            pen.sub(links.BBCODE, self._bbcode)
        if "://" in pen.text or "www." in pen.text:
            pen.sub(links.ADDRESSED, self._addressed)
        if "@" in pen.text:
            pen.sub(links.EMAIL, self._email)
            pen.sub(_MENTION, self._mention)
        if "." in pen.text:
            pen.sub(links.BARE, self._bare)

    def _link(self, address: str, *, bare: bool = False) -> str:
        link = links.parse(address, bare=bare)
        if not link.host:
            return link.path
        if all(link[:2] != known[:2] for known in self.links[-8:]):
            self.links.append(link)
        return link.text

    def _tag(self, match: re.Match[str]) -> str:
        self.markup += 1
        target = links.tag_target(match[0])
        if target and not target.startswith(("#", "/", "data:", "javascript:")):
            return f" {self._link(target)} "
        return " " if links.breaks_line(match[0]) else ""

    def _markdown(self, match: re.Match[str]) -> str:
        self.markup += 1
        return f"{match[1]} {self._link(match[2])} "

    def _bbcode(self, match: re.Match[str]) -> str:
        self.markup += 1
        target = (match[1] or "").strip("\"' ")
        return f" {self._link(target)} " if "." in target else " " if match[0][1:4] in ("url", "img", "lin") else ""

    def _addressed(self, match: re.Match[str]) -> str:
        return self._link(match[0])

    def _bare(self, match: re.Match[str]) -> str:
        return self._link(match[0], bare=True)

    def _email(self, match: re.Match[str]) -> str:
        self.emails += 1
        return EMAIL_TOKEN

    def _mention(self, match: re.Match[str]) -> str:
        if obfuscation.starts_with_sign(match[0]):
            return match[0]
        self.mentions += 1
        return MENTION_TOKEN

    def _letters(self) -> None:
        """Put letters in the places of what stands for them."""
        self.counts["spaced"] += obfuscation.close_up(self.pen)
        self.counts["leet"] += obfuscation.unleet(self.pen)
        self.counts["repeated"] += obfuscation.shorten(self.pen)


def _in_costume(character: str) -> bool:
    """A letter from one of the blocks of styled letters that NFKC turns plain."""
    return (
        "\U0001d400" <= character <= "\U0001d7ff"
        or "\u249c" <= character <= "\u24e9"
        or "\uff21" <= character <= "\uff5a"
        or "\U0001f110" <= character <= "\U0001f12b"
    )
