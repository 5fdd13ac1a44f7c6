"""Hides addresses in texts: e-mail addresses in every spelling that a reader, a browser or a program undoes, and what an author
gave as their own. For `core.submission`, `core.identity` and who keeps what a human typed.

Liberal on purpose: hiding too much costs a reader little, hiding too little breaks the promise under the comment form. What has
an at-sign between two words is hidden. What needs more good will to be read as an address ("me (at) h", "me at h dot com", spaces
around the sign) must end in a domain that there is. `tests/core/text/test_addresses.py` has the spellings.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from classifier.unicode.hosts import Host
from service.core.text.rendering import Placed, decoded, placed

MASK: Final = "•"
_STOPS = frozenset(" \t\r\n\f\v\u00a0\u2028\u2029@<>\"'(),;:[]{}|\\/?=&#“”„«»")
_RIGHT_STOPS = _STOPS - set("@")
_LONGEST = 66  # characters of a quoted local part, or of a comment
_NEAR = 16  # characters between the two parts of an author's own address: a sign, or a word for it in any language
_TELLING = 3  # characters of a local part from which on that is no chance
_ROUNDS = 3  # what is hidden may bring another address to light
_DOT_WORDS = "dot|punkt|punto|ponto|point"
_AT_WORDS = "at|ät|arroba|chiocciola"
_SPACE = r"[ \t\u00a0+]"
_BOXED = rf"[\[({{<«]{{1,2}}\s{{0,2}}(?:{_AT_WORDS}|@)\s{{0,2}}[\])}}>»]{{1,2}}"
# An at-sign, one in words between brackets or hyphens, or the bare word.
_AT = re.compile(
    rf"(?P<sign>@+)|(?P<boxed>{_BOXED})|(?P<joined>(?<=\w)[-_*](?:{_AT_WORDS})[-_*](?=\w))"
    rf"|(?P<word>(?<=[\w\"”)]){_SPACE}{{1,3}}(?:{_AT_WORDS}){_SPACE}{{1,3}}(?=\w))",
    re.IGNORECASE,
)
_DOT = (
    rf"(?:\s{{0,2}}[\[({{<]\s?(?:\.|{_DOT_WORDS})\s?[\])}}>]\s{{0,2}}"
    rf"|{_SPACE}{{1,3}}(?:{_DOT_WORDS}){_SPACE}{{1,3}}|[-_](?:{_DOT_WORDS})[-_])"
)
_DOTTED = re.compile(_DOT, re.IGNORECASE)
_COMMENT = rf"\([^()\n]{{0,{_LONGEST}}}\)"
_MORE = re.compile(rf"(?:{_DOT}\w[\w-]*|{_COMMENT}(?=[\w.])[\w.-]+)+", re.IGNORECASE)
_NAMED = re.compile(rf"\w[\w-]*(?:(?:{_DOT}|\.)\w[\w-]*)+", re.IGNORECASE)
_LITERAL = re.compile(r"\s{0,3}\[\s?(?:IPv6:)?[0-9A-F:.]{2,45}(?:%\w{1,16})?\s?\]", re.IGNORECASE)
_BEHIND = re.compile(rf"\s{{0,3}}(?:{_COMMENT}\s{{0,3}})?(?=[^\s])")
_DOTS_BEFORE = re.compile(rf"(?:[^\s@<>\"'(),;:\[\]{{}}|\\/?=&#]+{_DOT}){{1,3}}\Z", re.IGNORECASE)
# What stands behind "at" and is no domain's name: "look at the dot in …".
_COMMON = re.compile(
    r"an?|the|th[ai][st]|th[eo]se|my|y?our|his|her|its|their|each|every|any|some|one|two|three|which", re.IGNORECASE
)
_RESERVED = re.compile(r".*\.(?:example|test|invalid|local|localhost|internal|lan|onion|arpa)", re.IGNORECASE)
_ENDING = re.compile(r"(?:xn--[\w-]+|[^\W\d_]{2,})\Z")
_HINT = re.compile(
    rf"[\[({{<«]\s{{0,2}}(?:(?:{_AT_WORDS}|{_DOT_WORDS})\b|\.\s?[\])}}>])"
    rf"|[-_*](?:{_AT_WORDS})[-_*]|{_SPACE}(?:{_DOT_WORDS}){_SPACE}"
)
_IPV6 = re.compile(r"[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f:.]*", re.IGNORECASE)
_COLONS = re.compile(r":[0-9a-fA-F]{0,4}:")  # each of the above has these
_PART = r"(?:0x[0-9a-f]{1,8}|[0-9]{1,11})"
# It begins with a plain class of characters, and what may stand before that comes second: such a pattern is looked for fast.
_IPV4 = re.compile(
    r"[0-9](?<![\w.][0-9])"
    rf"(?:(?:(?<=0)x[0-9a-f]{{1,8}}|[0-9]{{0,10}})(?:\.{_PART}){{1,3}}|(?<=0)x[0-9a-f]{{6,8}}|[0-9]{{7,10}})(?!\w)",
    re.IGNORECASE,
)
_IPV4_MAPPED = b"\0" * 10 + b"\xff\xff"
Span = tuple[int, int]


class _Own(NamedTuple):
    """What an author gave, as it is looked for in a decoded text."""

    said: str  # as it was given
    parts: tuple[str, str] | None  # local part and domain, when it is an e-mail address
    pieces: tuple[str, ...]  # what every spelling of that has of the local part
    packed: bytes  # when it is an IP address


def mask_addresses(text: str, own: Sequence[str] = ()) -> str:
    """`text` with e-mail addresses, and any of the strings `own` in any spelling, dotted out.

    Code points are replaced one by one, so that positions in the text stay what they were; white space stays. `own` holds what
    the author gave as e-mail and IP address: these are hidden in any case, however odd they look.
    """
    return _hidden(text, _known(own))


def _hidden(text: str, known: Sequence[_Own]) -> str:
    for _ in range(_ROUNDS):
        hidden = _masked(text, known)
        if hidden == text:
            break
        text = hidden
    return text


def masker(own: Sequence[str], texts: str) -> Callable[[str], str]:
    """`mask_addresses` for several texts of one submission; `texts` is all of them together.

    Most submissions have nothing to hide outside their own fields, and one look at everything tells.
    """
    known = _known(own)
    if _may_hold(decoded(texts), texts, known):
        return lambda text: _hidden(text, known)
    return str


def has_address(text: str) -> bool:
    """Whether `mask_addresses` would hide something in `text`."""
    return mask_addresses(text) != text


def _masked(text: str, known: Sequence[_Own]) -> str:
    if not text or not _may_hold(decoded(text), text, known):
        return text
    view = placed(text)
    own = [span for one in known for span in _own_spans(view, text, one)]
    others = [(view.starts[start], view.ends[end - 1]) for start, end in _spans(view.text)]
    characters = list(text)
    for spans, keeps in ((others, "@"), (own, "")):
        for start, end in spans:
            for place in range(start, end):
                if characters[place] != keeps and not characters[place].isspace():
                    characters[place] = MASK
    return "".join(characters)


def _may_hold(plain: str, text: str, known: Sequence[_Own]) -> bool:
    """A quick look that lets most texts pass unsearched; `plain` is the text decoded."""
    lower = plain.lower()
    if "@" in lower or _HINT.search(lower) is not None:
        return True
    return any(_may_be(one, plain, text) for one in known)


def _may_be(own: _Own, plain: str, text: str) -> bool:
    folded = _folded(plain)
    if own.said.casefold() in folded or own.said in text:
        return True
    if own.parts is not None and _folded(own.parts[1].partition(".")[0]) in folded and _all_in(own.pieces, folded):
        return True
    return next(_ips(plain, own.packed), None) is not None


def _all_in(pieces: Sequence[str], folded: str) -> bool:
    return all(piece in folded for piece in pieces)


def _folded(text: str) -> str:
    """For a quick look: whatever a pattern finds in a text regardless of case is in here too, a Turkish capital İ as an i."""
    return text.lower() if text.isascii() else text.casefold().replace("i\u0307", "i")


# Of others: an at-sign in some dress, a local part on its left, a domain on its right.


def _spans(view: str) -> Iterator[Span]:
    """Where addresses stand in a decoded text. Linear: what was looked at is not looked at again."""
    done = 0
    for at in _AT.finditer(view):
        if at.start() < done:
            continue
        found = _around(view, at, done)
        if found is None:
            continue
        yield found
        done = found[1]


def _around(view: str, at: re.Match[str], done: int) -> Span | None:
    start, touching = _left(view, at.start(), done)
    if start < 0:
        return None
    if at["word"] is not None or at["joined"] is not None:
        end = _words_behind(view, at.end(), bare=at["joined"] is not None)
        return (_dotted_left(view, start, done), end) if end > 0 else None
    literal = _LITERAL.match(view, at.end())
    if literal is not None:
        return start, literal.end()
    behind = _BEHIND.match(view, at.end())
    begin = behind.end() if behind is not None else at.end()
    run = _run(view, begin)
    end = _domain_end(view, run)
    if at["boxed"] is not None:
        start, touching = _dotted_left(view, start, done), True
    elif behind is not None and behind[0][:1].isspace():
        touching = False
    # "thanks @ann.smith" need be no address, "me @ example.shop" is one.
    said = run > begin and (touching or _is_domain(view[begin:end], known=begin == at.end()))
    return (start, end) if said else None


def _left(view: str, at: int, done: int) -> tuple[int, bool]:
    """Where the local part before `at` begins, and whether it touches; -1: there is none."""
    place, spaces = at, 0
    while spaces < 3 and place > done and view[place - 1] in " \t\u00a0":
        place, spaces = place - 1, spaces + 1
    if place > done and view[place - 1] == ")":
        opened = view.rfind("(", max(done, place - _LONGEST), place)
        if opened < 0:
            return -1, False
        place = opened
        while place > done and view[place - 1] in " \t\u00a0" and opened - place < 3:
            place -= 1
    start = place
    while start > done and view[start - 1] not in _STOPS:
        start -= 1
    if start < place:
        return start, spaces == 0
    if place > done and view[place - 1] in "\"'”“’":
        opened = max(view.rfind(quote, max(done, place - _LONGEST), place - 1) for quote in "\"'“„‘")
        if 0 <= opened < place - 2 and "\n" not in view[opened:place]:
            return opened, spaces == 0
    return -1, False


def _run(view: str, begin: int) -> int:
    """Where what touches `begin` on its right ends."""
    end = begin
    while end < len(view) and view[end] not in _RIGHT_STOPS:
        end += 1
    return end


def _domain_end(view: str, end: int) -> int:
    """Where a domain ends that may go on with dots in words, or behind a comment."""
    more = _MORE.match(view, end)
    return more.end() if more is not None else end


def _dotted_left(view: str, start: int, done: int) -> int:
    """Where a local part begins that may have dots in words."""
    before = _DOTS_BEFORE.search(view, max(done, start - 3 * _LONGEST), start)
    return before.start() if before is not None else start


def _words_behind(view: str, begin: int, *, bare: bool) -> int:
    """Where a domain ends that is said with the word for a dot (`bare`: or with dots); 0: there is none."""
    found = _NAMED.match(view, begin)
    if found is None or not (bare or _DOTTED.search(found[0])):
        return 0
    first = _DOTTED.sub(".", found[0]).partition(".")[0]
    return found.end() if _COMMON.fullmatch(first) is None and _is_domain(found[0], known=True) else 0


def _is_domain(said: str, *, known: bool) -> bool:
    """Whether a domain was said; `known`: under an ending that there is."""
    name = re.sub(_COMMENT, "", _DOTTED.sub(".", said)).strip(".!*_-`~").lower()
    if "." not in name or _ENDING.search(name) is None:
        return False
    return not known or _RESERVED.fullmatch(name) is not None or Host.named(name).public


# What an author gave as their own, however it is written.


def _known(own: Sequence[str]) -> list[_Own]:
    return [_own(secret) for secret in own if len(secret) >= 3]


def _own(secret: str) -> _Own:
    plain = decoded(secret.strip()).casefold()
    local, at, domain = plain.rpartition("@")
    if not (at and local and domain):
        return _Own(secret, None, (), _packed(plain))
    local = local.strip('"')
    return _Own(secret, (local, domain), tuple(map(_folded, local.split("."))), b"")


def _own_spans(view: Placed, text: str, own: _Own) -> Iterator[Span]:
    if own.said.casefold() in text.casefold():
        yield from (found.span() for found in re.finditer(re.escape(own.said), text, re.IGNORECASE))
    within: list[Span] = []
    if own.parts is not None and _all_in(own.pieces, _folded(view.text)):
        within += (found.span() for found in _spelt(*own.parts).finditer(view.text))
    within += _ips(view.text, own.packed)
    yield from ((view.starts[start], view.ends[end - 1]) for start, end in within)


def _spelt(local: str, domain: str) -> re.Pattern[str]:
    """All spellings of an address, in a decoded text: its two parts, with whatever word for the sign between them."""
    dot = rf"(?:\s{{0,2}}\.\s{{0,2}}|{_DOT}|[^\w\n]{{1,3}}\w{{2,6}}[^\w\n]{{1,3}})"
    between = rf"\s{{0,3}}(?:{_COMMENT}\s{{0,3}})?"

    def dotted(name: str) -> str:
        return rf"(?:{_COMMENT})?{dot}".join(map(re.escape, name.split(".")))

    hosts = {domain, str(Host.named(domain)), Host.named(domain).unicode}
    host = "|".join(dotted(host) for host in sorted(hosts, reverse=True))
    at = rf"(?:@+|{_BOXED}|[-_*+\s]{{1,3}}(?:{_AT_WORDS})[-_*+\s]{{1,3}}"
    at += rf"|(?!\w)[^\n]{{1,{_NEAR}}}?(?<!\w))" if len(local) >= _TELLING else ")"
    return re.compile(rf"[\"“']?{dotted(local)}[\"”']?{between}{at}{between}(?:{host})", re.IGNORECASE)


def _packed(address: str) -> bytes:
    """The bytes of an IP address; b"" when it is none. IPv4 in IPv6 clothes counts as IPv4."""
    bare = address.strip().strip("[]").partition("%")[0]
    with contextlib.suppress(OSError, ValueError):
        return socket.inet_pton(socket.AF_INET6 if ":" in bare else socket.AF_INET, bare).removeprefix(_IPV4_MAPPED)
    return b""


def _ips(view: str, packed: bytes) -> Iterator[Span]:
    """Where an IP address stands in a decoded text; nowhere when it is b""."""
    patterns = [_IPV4] if len(packed) == 4 else []
    if packed and _COLONS.search(view) is not None:
        patterns.append(_IPV6)
    for pattern in patterns:
        for found in pattern.finditer(view):
            if _is_ip(found[0], packed):
                yield found.span()


def _is_ip(written: str, packed: bytes) -> bool:
    """Whether something is a spelling of an IP address; a leading zero is nothing, or means octal."""
    written = written.rstrip(".")
    if ":" in written:
        parts = [written, written.rstrip(":"), written.rpartition(":")[0]]  # a colon of the sentence, or a port
        return any(_packed(part) == packed for part in parts)
    if len(packed) != 4:
        return False
    first, dot, _ = written.partition(".")
    if dot and first.isdigit() and first[0] != "0" and int(first) != packed[0]:  # most numbers with a point
        return False
    if packed == _packed(".".join(part.lstrip("0") or "0" for part in written.split("."))):
        return True
    with contextlib.suppress(OSError, ValueError):
        return socket.inet_aton(written) == packed
    return False
