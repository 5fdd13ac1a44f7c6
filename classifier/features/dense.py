"""Named features of a comment: links, markup, shape of the writing, scripts, disguise, author. For `classifier` only.

They are few, each documented in `FEATURES`, and each lies roughly between 0 and 1, so that a regularised linear model
treats them alike. What can be counted in bytes is counted for a whole batch at once.
"""

import re
from collections.abc import Sequence
from math import log1p
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.normalise import Normalised
from classifier.normalise.links import Link, parse
from classifier.normalise.rules import Evidence

Matrix = npt.NDArray[np.float32]

_SCRIPTS: dict[str, tuple[tuple[int, int], ...]] = {
    "script_latin_accented": ((0xC3, 0xCA),),
    "script_greek": ((0xCD, 0xCF),),
    "script_cyrillic": ((0xD0, 0xD4),),
    "script_hebrew": ((0xD6, 0xD7),),
    "script_arabic": ((0xD8, 0xDD),),
    "script_indic": ((0xE0, 0xE1),),
    "script_symbols": ((0xE2, 0xE2),),
    "script_kana": ((0xE3, 0xE3),),
    "script_han": ((0xE4, 0xE9),),
    "script_hangul": ((0xEA, 0xED),),
    "script_emoji": ((0xEF, 0xF4),),
}

_BYTE_FEATURES: dict[str, str] = {
    "short": "how far it is from the length of an ordinary comment, from which on it is 0",
    "newlines": "log of the line breaks",
    "capitals": "share of ASCII letters in upper case",
    "shouting": "mostly upper case, in more than a few letters",
    "digits": "share of digits",
    "punctuation": "share of ASCII punctuation",
    "exclamations": "log of the exclamation marks",
    "questions": "log of the question marks",
    "money": "log of the signs $, % and the like",
    "quotes": "log of the straight quotation marks",
    "stars": "log of the asterisks (words masked by their writer)",
    "no_lower": "no lower-case ASCII letter at all",
    "spaceless": "hardly any spaces in a text of some length",
} | {name: f"share of characters: {name[7:].replace('_', ' ')}" for name in _SCRIPTS}

_TEXT_FEATURES: dict[str, str] = {
    "empty": "nothing left after folding",
    "links": "log of the different links",
    "links_per_word": "links a word",
    "link_domains": "log of the different hosts",
    "link_bare": "a link without a scheme",
    "link_shortened": "a link that hides where it leads",
    "link_risky": "share of links under top-level domains that spam prefers",
    "link_free_host": "a link to a page that anybody gets for nothing",
    "link_only": "little beyond links",
    "link_deep": "longest path of a link",
    "markup": "log of HTML tags, BBCode tags and Markdown links",
    "markup_links": "markup and links together",
    "emails": "log of the e-mail addresses",
    "mentions": "log of the @handles",
    "obfuscated": "disguise beyond doubt",
} | {f"undone_{name}": "log of the disguises of this kind undone in folding" for name in Evidence._fields}

_AUTHOR_FEATURES: dict[str, str] = {
    "name_given": "there is an author name",
    "name_link": "the name holds a domain or address",
    "name_keyword": "the name looks like a search term",
    "name_sentence": "the name is as long as a sentence",
    "name_keyword_url": "the name looks like a search term, and there is an author URL",
    "name_keyword_in_url": "the name looks like a search term: share of its words found in the author URL",
    "name_lower_url": "the name begins in lower case, and there is an author URL",
    "name_words_url": "words in the name beyond two, where there is an author URL",
    "name_digits_url": "the name has digits, and there is an author URL",
    "url_given": "there is an author URL",
    "url_length": "characters in the author URL",
    "url_depth": "steps in the path of the author URL",
    "url_hyphens": "hyphens in the author URL",
    "url_digits": "the author URL's host has digits",
    "url_risky": "the author URL's top-level domain is one that spam prefers",
    "url_shortened": "the author URL hides where it leads",
    "url_free_host": "the author URL is a page that anybody gets for nothing",
    "url_labels": "labels of the author URL's host",
    "url_in_text": "the text links to the author URL's host",
    "url_and_text_short": "an author URL behind a short text without links",
}

FEATURES: dict[str, str] = _BYTE_FEATURES | _TEXT_FEATURES | _AUTHOR_FEATURES
"""Every dense feature in its column's order, with what it means."""

_INDEX = {name: at for at, name in enumerate(FEATURES)}
_LINKS = slice(_INDEX["links"], _INDEX["link_deep"] + 1)
_MARKUP = slice(_INDEX["markup"], _INDEX["obfuscated"] + 1)
_NAME = slice(_INDEX["name_given"], _INDEX["name_digits_url"] + 1)
_URL = slice(_INDEX["url_given"], _INDEX["url_and_text_short"] + 1)
_LONGEST_FIELD = 1024
_EVIDENCE = [_INDEX[f"undone_{name}"] for name in Evidence._fields]
_NAME_LINK = re.compile(r"://|www\.|\.(?:com|net|org|info|biz|ru|co|de|uk)")
_DIGIT = re.compile(r"\d")
_NAME_WORD = re.compile(r"\w+")
_TRADE = """
attorney bags best bet buy cam cams cash casino cheap cialis code codes company coupon coupons credit dating dentist
diet discount download drugs earn escort escorts free game games girls gucci hack hair handbag handbags hotel hotels
insurance jewelry job jobs jordan lawyer lawyers loan loans loss marketing money movie movies nike online outlet
pharmacy pill pills plumber poker porn price prices rental repair replica review reviews sale sales seo service
services sex shoes shop slot slots software solutions store supplies teeth the tours travel ugg viagra vuitton watches
weight wholesale xxx
"""
_KEYWORDS = frozenset(_TRADE.split())
_PHRASES = ("how to", "what is")
# Classes of bytes: all characters and white space; what is counted and enters as a logarithm; shares of all characters.
_CHARACTERS = [b for b in range(256) if not 0x80 <= b < 0xC0]
_SPACES = [9, 10, 11, 12, 13, 32]
_COUNTED: dict[str, list[int]] = {
    "newlines": [10],
    "exclamations": [33],
    "questions": [63],
    "money": [0x24, 0x25],
    "quotes": [34],
    "stars": [42],
}
_SHARED: dict[str, list[int]] = {
    "digits": list(range(48, 58)),
    "punctuation": [b for b in range(33, 127) if not chr(b).isalnum()],
} | {name: [b for first, last in ranges for b in range(first, last + 1)] for name, ranges in _SCRIPTS.items()}
_CLASSES = [_CHARACTERS, _SPACES, [*range(65, 91)], [*range(97, 123)], *_COUNTED.values(), *_SHARED.values()]
_FIRST_COUNTED = 4
_FIRST_SHARED = _FIRST_COUNTED + len(_COUNTED)
_BANDS = np.zeros((256, len(_CLASSES)), np.float32)
for _at, _bytes in enumerate(_CLASSES):
    _BANDS[_bytes, _at] = 1.0
_COUNTED_COLUMNS = np.array([_INDEX[name] for name in _COUNTED])
_COUNTED_SCALES = np.array([1 / 4, *[1 / 3] * (len(_COUNTED) - 1)], np.float32)
_SHAPE_COLUMNS = [_INDEX[name] for name in ("capitals", "shouting", "no_lower", "spaceless")]
_ORDINARY = np.float32(60)
_SHORT = _INDEX["short"]
_SHARED_COLUMNS = np.array([_INDEX[name] for name in _SHARED])


def dense(originals: Sequence[bytes], texts: Sequence[Normalised], authors: Sequence[tuple[str, str]]) -> Matrix:
    """The dense features of a batch: one row a comment, columns as in `FEATURES`.

    `originals` are the texts as written, in UTF-8; `authors` holds name and URL.
    """
    matrix = np.zeros((len(texts), len(FEATURES)), np.float32)
    _fill_bytes(matrix, originals)
    for row, text in enumerate(texts):
        if text.links or text.markup or text.emails or text.mentions or text.evidence is not _NONE:
            _fill_text(matrix[row], text)
        if not text.text:
            matrix[row, _INDEX["empty"]] = 1.0
        name, url = authors[row]
        link = None
        if url:
            url = url[:_LONGEST_FIELD]
            link = parse(url)
            matrix[row, _URL] = _url_features(url, link, text)
        if name:
            matrix[row, _NAME] = _name_features(name[:_LONGEST_FIELD], f"{link.host}{url}".lower() if link else "")
    return matrix


_NONE = Normalised("", "").evidence


def _fill_bytes(matrix: Matrix, originals: Sequence[bytes]) -> None:
    """Everything that a histogram of bytes tells."""
    data = np.frombuffer(b"".join(originals), np.uint8)
    if len(originals) == 1:
        histograms = np.bincount(data, minlength=256)
    else:
        rows = np.repeat(np.arange(0, 256 * len(originals), 256), [len(original) for original in originals])
        rows += data
        histograms = np.bincount(rows, minlength=256 * len(originals))
    counts = histograms.reshape(-1, 256).astype(np.float32) @ _BANDS
    logs = np.log1p(counts[:, _FIRST_COUNTED:_FIRST_SHARED])
    logs *= _COUNTED_SCALES
    matrix[:, _COUNTED_COLUMNS] = np.minimum(logs, 1.5, out=logs)
    matrix[:, _SHARED_COLUMNS] = counts[:, _FIRST_SHARED:] / np.maximum(counts[:, :1], 1.0)
    matrix[:, _SHORT] = np.maximum(1 - np.log1p(counts[:, 0]) / np.log1p(_ORDINARY), 0.0)
    if len(originals) == 1:
        chars, spaces, upper, lower = counts[0, :_FIRST_COUNTED].tolist()
        matrix[0, _SHAPE_COLUMNS] = _shape(chars, spaces, upper, lower, larger=max)
    else:
        shape = _shape(*counts[:, :_FIRST_COUNTED].T, larger=np.maximum)
        for at, values in zip(_SHAPE_COLUMNS, shape, strict=True):
            matrix[:, at] = values


def _shape(chars: Any, spaces: Any, upper: Any, lower: Any, *, larger: Any) -> tuple[Any, ...]:
    """In the order of `_SHAPE_COLUMNS`, for one comment's numbers or a batch's arrays: one is slow by arrays of one."""
    letters = upper + lower
    capitals = upper / larger(letters, 1.0)
    return (
        capitals,
        (capitals > 0.6) & (letters > 7),
        lower == 0,
        (spaces * 25 < larger(chars, 1.0)) & (chars > 24),
    )


def _fill_text(row: Matrix, text: Normalised) -> None:
    """Links, markup and disguise, of a comment that has any."""
    if text.links:
        row[_LINKS] = _link_features(text.links, text)
    row[_MARKUP] = (
        log1p(text.markup) / 4,
        float(text.markup > 0 and len(text.links) > 0),
        log1p(text.emails) / 2,
        log1p(text.mentions) / 3,
        float(text.obfuscated),
    )
    for at, count in zip(_EVIDENCE, text.evidence, strict=True):
        if count:
            row[at] = min(log1p(count) / 3, 1.5)


def _link_features(links: Sequence[Link], text: Normalised) -> list[float]:
    """In the order of `_TEXT_FEATURES`, from `links` to `link_deep`."""
    words = text.text.count(" ") + 1
    written = sum(len(link.host) + len(link.path) for link in links)
    return [
        min(log1p(len(links)) / 3, 1.5),
        min(len(links) / words, 1.0),
        min(log1p(len({link.host for link in links})) / 3, 1.5),
        float(any(link.bare for link in links)),
        float(any(link.shortened for link in links)),
        sum(link.risky for link in links) / len(links),
        float(any(link.free_host for link in links)),
        float(written * 2 > len(text.text)),
        max(len(link.path) for link in links) / 80,
    ]


def _url_features(url: str, link: Link, text: Normalised) -> list[float]:
    """In the order of `_AUTHOR_FEATURES`, from `url_given` to `url_and_text_short`."""
    host = link.host
    return [
        1.0,
        min(len(url), 100) / 100,
        min(link.path.count("/"), 5) / 5,
        min(url.count("-"), 5) / 5,
        float(_DIGIT.search(host) is not None),
        float(link.risky),
        float(link.shortened),
        float(link.free_host),
        min(host.count("."), 5) / 5,
        float(any(other.host == host for other in text.links)),
        float(not text.links and len(text.original) < 300),
    ]


def _name_features(name: str, address: str) -> list[float]:
    """In the order of `_AUTHOR_FEATURES`, from `name_given` to `name_digits_url`. Without an address a name says little."""
    lowered = name.lower()
    words = lowered.split()
    keyword = len(words) > 3 or _commercial(lowered)
    beside = address != ""
    long_words = [word for word in words if len(word) > 3] if keyword and beside else []
    return [
        1.0,
        float(_NAME_LINK.search(lowered) is not None),
        float(keyword),
        float(len(words) > 4 or len(name) > 40),
        float(keyword and beside),
        sum(word in address for word in long_words) / len(long_words) if long_words else 0.0,
        float(beside and name[0].islower()),
        max(min(len(words), 6) - 2, 0) / 4 * beside,
        float(beside and _DIGIT.search(name) is not None),
    ]


def _commercial(lowered: str) -> bool:
    """A name with a word of trade in it."""
    return any(phrase in lowered for phrase in _PHRASES) or not _KEYWORDS.isdisjoint(_NAME_WORD.findall(lowered))
