"""One reading of a text by the rules of the normaliser. For `classifier.normalise` only.

The order of the rules matters: escapes and Unicode first, since they can hide anything; then markup, so that words are
whole; then letters of other scripts, links, and last the spelling of words.
"""

import re
from typing import NamedTuple

from classifier.normalise import disguises, links
from classifier.normalise.links import Link
from classifier.normalise.rewriting import Rewriting
from classifier.normalise.scan import ANYTHING, APART, CODED, DRAWN, LINKED, MIXED, look
from classifier.unicode.confusables import BIDI_CONTROLS, FLAG_LETTERS, folds, unfurl

_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrt])(?![a-z])|(.?))", re.DOTALL)
_ENTITY = re.compile(r"&(?:#0{0,99}[0-9]{1,7}|#[xX]0{0,99}[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_ROUNDS = 4
_FIRST = {"\\": "", "`": "'"}
# What has a meaning in markup is spelt otherwise in the end, so that a folded text never means anything when read again.
_LAST = {"<": "{", ">": "}", "[": "(", "]": ")", "&": "+", "@": "+"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_ASCII_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_WORD = re.compile(r"[^\W\d_]+")
_MENTION = re.compile(r"@(?<![\w@/.]@)[a-z0-9_]{2,}(?![@$])")
_HIDDEN = re.compile("(?<=[A-Za-z])[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]+(?=[A-Za-z])")

EMAIL_TOKEN = "{email}"  # noqa: S105
"""Stands for any e-mail address in a folded text."""
MENTION_TOKEN = "{user}"  # noqa: S105
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


class Reading:
    """One run of the rules over one text."""

    __slots__ = ("counts", "cut", "emails", "links", "markup", "mentions", "pen", "rounds", "signs", "spelt")

    def __init__(self, pen: Rewriting, signs: int = ANYTHING) -> None:
        self.pen = pen
        self.signs = signs
        self.links: list[Link] = []
        self.counts = dict.fromkeys(Evidence._fields, 0)
        self.markup = 0
        self.emails = 0
        self.mentions = 0
        self.cut = False
        self.spelt = False
        self.rounds = 0

    @property
    def evidence(self) -> Evidence:
        """How often each disguise was undone."""
        return Evidence(**self.counts)

    def run(self) -> None:
        """Read to the end."""
        self.open()
        while not self.close(look(self.pen.text)):
            pass

    def open(self) -> None:
        """The rules up to the spelling of words: decode, unwrap, find links."""
        pen = self.pen
        if self.signs & (CODED | APART):
            if self.signs & CODED:
                self._decode()
            if self.signs & APART and "  " in pen.text:
                # Letters set apart by one space and words by more: once squeezed, the words would be lost.
                self.counts["spaced"] += disguises.close_up(pen, gaps=True)
            pen.squeeze()
        if self.signs & LINKED:
            self._respell(_FIRST)
            self._unwrap()
            if not pen.text.isascii():
                self._unmask()
            pen.tidy()
            self._find_links()
            pen.tidy()

    def as_seen(self) -> bool:
        """After `open`: whether the signs seen at first still hold, the text being as it came but for
        links."""
        joined = self.signs & LINKED and disguises.STREAK.search(
            self.pen.text
        )  # what a shorter address has brought together
        return not (self.signs & CODED or self.markup or self.counts["spaced"] or joined)

    def close(self, signs: int) -> bool:
        """One round of spelling by the signs of the present text. False calls for another: look again, close again.

        One rule's work can call for another's, a word put right may complete a link, and a link or an address cut short may
        have hidden which script the rest is in.
        """
        self.rounds += 1
        if self._spell(signs) and self.rounds % _ROUNDS:
            return False
        if self.signs & LINKED and self._respell(_LAST):
            disguises.thin(self.pen)
        if self.rounds >= 3 * _ROUNDS or not (self.spelt or (self.cut and not self.pen.text.isascii())):
            return True
        self.spelt = self.cut = False
        self.rounds += -self.rounds % _ROUNDS
        self.open()
        return False

    def _decode(self) -> None:
        """Undo escapes, entities, control characters, whatever Unicode can do, and case."""
        pen = self.pen
        if "\\" in pen.text:
            pen.sub(links.BACKSLASHED, lambda match: f"{match[1]}//{match[2]}{'/' if match[3] else ''}")
            pen.sub(links.CUT_SHORT, lambda match: f"{match[1]}/")
            pen.sub(_ESCAPE, self._escape)
        if "&" in pen.text:
            pen.sub(_ENTITY, self._entity)
        if not pen.text.isascii() and ("://" in pen.text or "www" in pen.text.lower()):
            pen.sub(links.ABROAD, self._abroad)
        if pen.text.isascii():
            pen.sub(_CONTROL, self._control)
        else:
            self._undress()
        pen.fold_case()
        if not pen.text.isascii():
            pen.compose()

    def _respell(self, table: dict[str, str]) -> bool:
        hits = {character for character in table if character in self.pen.text}
        if hits:
            self.pen.translate(table, hits)
        return bool(hits)

    def _control(self, match: re.Match[str]) -> str:
        self.counts["controls"] += 1
        return ""

    def _escape(self, match: re.Match[str]) -> str:
        self.counts["escaped"] += 1
        code = match[1] or match[2]
        if code:
            return chr(int(code, 16))
        return " " if match[3] else match[4]

    def _entity(self, match: re.Match[str]) -> str:
        self.counts["escaped"] += 1
        return self.pen.unescape(match)

    def _abroad(self, match: re.Match[str]) -> str:
        """Hosts before anything is folded: `bücher.de` is not `bucher.de`."""
        address, posing = links.at_home(match)
        self.counts["lookalike"] += posing
        return address

    def _undress(self) -> None:
        """Take off what only characters beyond ASCII can put on: invisible ones, costumes, accents."""
        pen, tables = self.pen, folds()
        distinct = set(pen.text)
        hidden = tables.invisible.keys() & distinct
        if hidden:
            self.counts["invisible"] += len(_HIDDEN.findall(pen.text))
            self.counts["bidi"] += sum(pen.text.count(c) for c in hidden & BIDI_CONTROLS)
            self.counts["controls"] += sum(pen.text.count(c) for c in hidden)
            pen.translate(tables.invisible, hidden)
        costumes = [c for c in distinct if c > "\u249b" and _in_costume(c)]
        self.counts["styled"] += sum(pen.text.count(c) for c in costumes)
        pen.compose()
        if max(distinct) >= "\U0001f1e6" and any("\U0001f1e6" <= c <= "\U0001f1ff" for c in distinct):
            before = pen.text
            pen.sub(FLAG_LETTERS, unfurl)
            self.counts["styled"] += sum(a != b for a, b in zip(before, pen.text, strict=True))
        hits = tables.plain.keys() & set(pen.text)
        if hits:
            self.counts["styled"] += sum(pen.text.count(c) for c in hits & tables.styled.keys())
            self.counts["marks"] += sum(pen.text.count(c) for c in hits if not tables.plain[c])
            pen.translate(tables.plain, hits)
            pen.compose()

    def _unmask(self) -> None:
        """Give letters of another script that pose as a word's own their due."""
        tables = folds()
        distinct = set(self.pen.text)
        if distinct.isdisjoint(tables.lookalike):
            return
        foreign = any(c > "\x7f" and c.isalpha() and c not in tables.lookalike for c in distinct)
        if foreign and distinct.isdisjoint(_ASCII_LETTERS):
            return

        def unmask(match: re.Match[str]) -> str:
            folded = disguises.unmask(match[0], tables, whole_words=not foreign)
            self.counts["lookalike"] += folded != match[0]
            return folded

        self.pen.sub(_WORD, unmask)

    def _unwrap(self) -> None:
        """Turn markup into its text and its links."""
        pen = self.pen
        if "<" in pen.text:
            pen.sub(links.TAG, self._tag)
        if "[" in pen.text:
            if "](" in pen.text:
                pen.sub(links.MARKDOWN, self._markdown)
            pen.sub(links.BBCODE, self._bbcode)

    def _find_links(self) -> None:
        """Note links, addresses and handles, and put short forms in their place."""
        pen = self.pen
        if "://" in pen.text:
            pen.sub_near(links.SCHEME_ANCHOR, links.ADDRESSED, self._addressed)
        if "www." in pen.text:
            pen.sub_near(links.WWW_ANCHOR, links.ADDRESSED, self._addressed)
        if "@" in pen.text:
            pen.sub_near(links.ADDRESSEE, links.EMAIL, self._email)
            pen.sub(_MENTION, self._mention)
        pen.sub_near(links.DOMAIN_ENDING, links.BARE, self._bare)

    def _link(self, address: str, *, bare: bool = False) -> str:
        link = links.parse(address, bare=bare)
        if not link.host:
            return link.path
        if all(link[:2] != known[:2] for known in self.links[-8:]):
            self.links.append(link)
        return link.text

    def _tag(self, match: re.Match[str]) -> str:
        self.markup += 1
        self.cut = True
        target = links.tag_target(match[0])
        if target and not target.startswith(("#", "/", "data:", "javascript:")):
            return f" {self._link(target)} "
        return " " if links.breaks_line(match[0]) else ""

    def _markdown(self, match: re.Match[str]) -> str:
        self.markup += 1
        self.cut = True
        return f"{match[1]} {self._link(match[2])} "

    def _bbcode(self, match: re.Match[str]) -> str:
        self.markup += 1
        self.cut = True
        target = (match[1] or "").strip("\"' ")
        return f" {self._link(target)} " if "." in target else " " if match[0][1:4] in ("url", "img", "lin") else ""

    def _addressed(self, match: re.Match[str]) -> str:
        self.cut = True
        glued = match.start() > 0 and match.string[match.start() - 1].isalnum()
        return f" {self._link(match[0])}" if glued else self._link(match[0])

    def _bare(self, match: re.Match[str]) -> str:
        if not links.known_ending(match):
            return match[0]
        return self._link(match[0], bare=True)

    def _email(self, match: re.Match[str]) -> str:
        self.emails += 1
        self.cut = True
        return EMAIL_TOKEN

    def _mention(self, match: re.Match[str]) -> str:
        if disguises.starts_with_sign(match[0]):
            return match[0]
        self.mentions += 1
        return MENTION_TOKEN

    def _spell(self, signs: int) -> bool:
        """Put letters in the places of what stands for them. True if there were any."""
        pen = self.pen
        before = pen.text
        if signs & APART or not pen.text.isascii():
            self.counts["spaced"] += disguises.close_up(pen)
        if signs & MIXED or pen.text is not before:
            self.counts["leet"] += disguises.unleet(pen)
        if signs & DRAWN or pen.text is not before or not pen.text.isascii():
            self.counts["repeated"] += disguises.shorten(pen)
        changed = pen.text != before
        if changed and "." in pen.text:
            self.signs |= LINKED
        self.spelt |= changed and self.signs & LINKED > 0
        return changed


def _in_costume(character: str) -> bool:
    """A letter from one of the blocks of styled letters that NFKC turns plain."""
    return (
        "\U0001d400" <= character <= "\U0001d7ff"
        or "\u249c" <= character <= "\u24e9"
        or "\uff21" <= character <= "\uff5a"
        or "\U0001f110" <= character <= "\U0001f12b"
    )
