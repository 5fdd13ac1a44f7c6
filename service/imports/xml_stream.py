"""Reads exports in XML as a stream of elements: bounded, without DTDs or entities, and past damage. For WXR and Disqus.

Expat is the parser, in defusedxml's armour. Real exports are not always well-formed: WordPress writes authors' addresses
with bare ampersands and lets control characters through. These are mended before the parser sees them; where it still stops,
reading goes on with the next record. A comment's text can't play that record: what stands in a CDATA section is not searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.expatreader import create_parser

from service.imports.readers import MAX_RECORD, Export, UnreadableExport
from service.imports.record import Left, Record

MAX_DEPTH = 32  # elements inside one another
MAX_FIELD = 200_000  # characters of one element's text that are kept, the rest is cut
_OPEN, _CLOSE = "<![CDATA[", "]]>"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # in XML 1.0
_AMPERSAND = re.compile(r"&(?:(?:amp|lt|gt|quot|apos);|#(\d{1,7});|#x([0-9A-Fa-f]{1,6});)?")
_DECLARATION = re.compile(r"\A[^<]*(?:<\?xml\b[^>]*\?>)?")
_LONGEST_REFERENCE = 12  # characters


class Elements(ContentHandler):
    """What a format makes of the elements. `opened` and `closed` are its own; what it finds, it puts into `found`.

    `roots` says for each element that a record begins with, inside of which others it stands.
    """

    roots: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []  # names of the open elements
        self.found: list[Record | Left] = []
        self.lines_before = 0  # lines before those that the parser has seen
        self.events = 0
        self.parser: Any = None
        self.muted = False  # while the elements that a record stands in are made up
        self._text: list[str] = []
        self._room = MAX_FIELD

    def opened(self, name: str, attributes: Any) -> None:
        """An element began; `path` ends with it."""

    def closed(self, name: str, text: str) -> None:
        """An element ended; `text` is what stood in it after its last child. `path` is where it stood."""

    def begin_again(self) -> None:
        """Something was damaged, and a record begins. What is half done is to be dropped."""
        self.path.clear()
        self._begin_text()

    @property
    def place(self) -> str:
        """Where the parser stands."""
        return f"line {self.lines_before + (self.parser.getLineNumber() or 0)}"

    def startElement(self, name: str, attrs: Any) -> None:
        """SAX: an element begins."""
        if len(self.path) >= MAX_DEPTH:
            raise SAXParseException("elements are nested too deeply", None, self.parser)
        self.path.append(name)
        self._begin_text()
        if not self.muted:
            self.opened(name, attrs)

    def characters(self, content: str) -> None:
        """SAX: some text."""
        self.events += 1
        if self._room > 0:
            self._text.append(content[: self._room])
            self._room -= len(content)

    def endElement(self, name: str) -> None:
        """SAX: an element ends."""
        self.path.pop()
        text = "".join(self._text)
        self._begin_text()
        self.closed(name, text)

    def _begin_text(self) -> None:
        self.events += 1
        self._text, self._room = [], MAX_FIELD


def walk(export: Export, elements: Elements) -> Iterator[Record | Left]:
    """What the elements find.

    Raises UnreadableExport when there is a DTD or an entity: they have no business in an export, and can be bombs.
    """
    beginning = re.compile(f"<({'|'.join(map(re.escape, elements.roots))})(?=[\\s>])[^>]*(?<!/)>")
    parser: Any = _parser(elements)
    lines, silent, seen = 0, 0, 0
    root = next(iter(elements.roots.values()))[0]
    whole = False
    for piece, begins in _records(pieces(export.texts()), beginning):
        if parser is None and begins:
            elements.begin_again()
            elements.lines_before = lines
            parser = _parser(elements)
            elements.muted = True
            parser.feed("".join(f"<{root}>" for root in elements.roots[begins]))
            elements.muted = False
        lines += piece.count("\n")
        whole = whole or f"</{root}" in piece
        if parser is None:
            continue
        try:
            parser.feed(piece)
            silent = silent + len(piece) if elements.events == seen else 0
            seen = elements.events
            if silent > MAX_RECORD:
                raise SAXParseException("a tag that does not end", None, elements.parser)
        except DefusedXmlException:
            raise UnreadableExport(
                "The file declares a document type or entities. No export does, and they can be harmful; it is refused."
            ) from None
        except SAXParseException as error:
            elements.found.append(_damage(elements, error))
            parser, silent = None, 0
        yield from elements.found
        elements.found.clear()
    if parser is not None:
        try:
            parser.close()
        except SAXParseException as error:
            whole = False
            elements.found.append(_damage(elements, error))
        yield from elements.found
    if not whole:
        export.broken = export.broken or f"it has no end, </{root}> is missing"


def _parser(elements: Elements) -> Any:
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(elements)
    elements.parser = parser
    return parser


def _damage(elements: Elements, error: SAXParseException) -> Left:
    """Expat's messages are its own words, and quote nothing."""
    return Left(elements.place, f"the XML is damaged: {error.getMessage()}")


def _records(found: Iterable[tuple[str, bool]], beginning: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The pieces, parted where records begin, each with the element that it begins with, or ""."""
    for text, markup in found:
        at, name = 0, ""
        for begin in beginning.finditer(text) if markup else ():
            if begin.start() > at:
                yield text[at : begin.start()], name
            at, name = begin.start(), begin.group(1)
        yield text[at:], name


def pieces(texts: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The text mended, in pieces, each with whether it is markup (and not in a CDATA section). No piece ends in a tag."""
    pending, inside, first = "", False, True
    for text in chain(texts, (None,)):
        pending += _ILLEGAL.sub("", text or "")
        if first and pending:
            pending, first = _DECLARATION.sub("", pending, count=1), False
        at = 0
        while (mark := pending.find(_CLOSE if inside else _OPEN, at)) >= 0:
            end = mark + len(_CLOSE) if inside else mark
            if end > at:
                yield _piece(pending[at:end], inside)
            if not inside:
                yield _OPEN, False
                end += len(_OPEN)
            at, inside = end, not inside
        rest = pending[at:]
        end = len(rest) if text is None else _safe(rest, inside)
        if end:
            yield _piece(rest[:end], inside)
        pending = rest[end:]


def _piece(text: str, inside: bool) -> tuple[str, bool]:
    return (text, False) if inside else (_AMPERSAND.sub(_mend, text), True)


def _safe(pending: str, inside: bool) -> int:
    """Up to where the text may be passed on before more of it is known."""
    if inside:
        return max(0, len(pending) - len(_CLOSE) + 1)
    tag, reference = pending.rfind("<"), pending.rfind("&", -_LONGEST_REFERENCE)
    if tag > pending.rfind(">") and len(pending) - tag < MAX_RECORD:
        return tag if reference < 0 else min(tag, reference)
    return len(pending) if reference < 0 else reference


def _mend(found: re.Match[str]) -> str:
    """A reference as it is, unless it names what XML has no character for; a bare ampersand becomes one."""
    decimal, hexadecimal = found.groups()
    if decimal or hexadecimal:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return found.group() if _is_character(code) else ""
    return found.group() if len(found.group()) > 1 else "&amp;"


def _is_character(code: int) -> bool:
    return (
        (code >= 32 or code in (9, 10, 13))
        and not 0xD800 <= code <= 0xDFFF
        and code not in (0xFFFE, 0xFFFF)
        and code <= 0x10FFFF
    )
