"""What is said, normalised: texts, names and web addresses without what differs between two ways of writing the same. Pure.

By this an edit is told from a repetition (`core.resubmission`), and a comment without an id is known again.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from service.core.identity import mask_addresses


def spoken(channel: str, content: str, name: str, url: str, trigger: str) -> tuple[str, ...]:
    """What is judged of a comment, normalised as its channel needs it."""
    return words(content) if channel == "akismet" else plain(content), plain(name), place(url), trigger


def plain(text: str) -> str:
    """A text without what differs between two ways of storing it: NFC, one kind of line end, no space where a line ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(map(str.rstrip, text.split("\n"))).strip()


def place(url: str) -> str:
    """A web address without what differs between two ways of writing it: scheme, case of the host, a slash at the end."""
    url = plain(url)
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        address = parts.netloc.lower() + parts.path.rstrip("/")
    except ValueError:
        return url
    return address + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


_TAGS: Final = (
    "a|abbr|acronym|address|article|aside|b|bdi|bdo|big|blockquote|br|caption|center|cite|code|col|dd|del|details|dfn|div|dl|dt|"
    "em|figcaption|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|mark|nav|ol|p|pre|q|rp|rt|ruby|s|samp|section|small|"
    "span|strike|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|wbr"
)
_TAG = re.compile(rf"</?(?:{_TAGS})(?=[\s/>])([^<>]*)>", re.IGNORECASE)
_VALUE = r"""\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+)"""
_LAYOUT = re.compile(rf"(?<![\w-])(?:rel|target|class|style){_VALUE}", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])[a-z-]{1,20}\s*=\s*["']?|["']|/\s*\Z""", re.IGNORECASE)


def words(text: str) -> str:
    """What a text says that may have been through a blog's hands: entities, slashes, markup and white space aside.

    Of a tag that HTML has, everything stays that it could say, such as where it links: only its name, and attributes that
    blogs add for layout, go. What merely looks like a tag is text.
    """
    text = text.replace("\\", "")
    if "<" in text:
        text = _TAG.sub(lambda tag: f" {_ATTRIBUTE.sub(' ', _LAYOUT.sub(' ', tag[1]))} ", text)
    return " ".join(unicodedata.normalize("NFC", mask_addresses(html.unescape(text))).split())
