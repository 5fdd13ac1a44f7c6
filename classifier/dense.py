"""Named features of a comment: links, markup, shape of the writing, scripts, disguise, author. For `classifier` only.

They are few, each documented in `FEATURES`, and each lies roughly between 0 and 1, so that a regularised linear model
treats them alike. What can be counted in bytes is counted for a whole batch at once.
"""

import re
from collections.abc import Sequence
from math import log1p

import numpy as np
import numpy.typing as npt

from classifier.links import Link, parse
from classifier.text import Evidence, Normalised

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
    "length": "log of the characters",
    "words": "log of the words",
    "word_length": "mean characters a word",
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
    "name_words": "words in the name",
    "name_length": "characters in the name",
    "name_lower": "the name begins in lower case",
    "name_capitals": "the name is in upper case",
    "name_digits": "the name has digits",
    "name_link": "the name holds a domain or address",
    "name_keyword": "the name looks like a search term",
    "name_foreign": "the name is not in ASCII",
    "name_in_url": "share of the name's words found in the author URL",
    "name_sentence": "the name is as long as a sentence",
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

_FIRST_TEXT = len(_BYTE_FEATURES)
_INDEX = {name: at for at, name in enumerate(FEATURES)}
_EVIDENCE = [_INDEX[f"undone_{name}"] for name in Evidence._fields]
_NAME_TLDS = ("com", "net", "org", "info", "biz", "ru", "co", "de", "uk")
_KEYWORD = re.compile(
    r"\b(?:buy|cheap|online|free|best|discount|sale|sales|price|prices|loan|loans|credit|insurance|casino|poker|bet|slots?|"
    r"games?|download|hack|seo|marketing|services?|company|reviews?|replica|watches|handbags?|bags|shoes|outlet|store|shop|"
    r"pills?|viagra|cialis|pharmacy|drugs|weight|diet|loss|hair|teeth|lawyers?|attorney|plumber|dentist|repair|hotels?|"
    r"travel|tours|rental|sex|porn|xxx|girls|escorts?|dating|cams?|movies?|jobs?|money|cash|earn|coupons?|codes?|software|"
    r"solutions|supplies|wholesale|jewelry|ugg|vuitton|gucci|nike|jordan|how to|what is|the)\b"
)
# Classes of bytes. The first are counted and enter as logarithms, the rest as shares of all characters.
_COUNTED: dict[str, list[int]] = {
    "length": [b for b in range(256) if not 0x80 <= b < 0xC0],
    "words": [9, 10, 11, 12, 13, 32],
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
_UPPER, _LOWER = len(_COUNTED), len(_COUNTED) + 1
_BANDS = np.zeros((256, len(_COUNTED) + 2 + len(_SHARED)), np.float32)
for _at, _bytes in enumerate([*_COUNTED.values(), [*range(65, 91)], [*range(97, 123)], *_SHARED.values()]):
    _BANDS[_bytes, _at] = 1.0
_COUNTED_COLUMNS = [_INDEX[name] for name in _COUNTED]
_COUNTED_SCALES = np.array([1 / 8, 1 / 6, 1 / 4, *[1 / 3] * (len(_COUNTED) - 3)], np.float32)
_SHARED_COLUMNS = [_INDEX[name] for name in _SHARED]


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
        if name or url:
            _fill_author(matrix[row], name, url, text)
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
    chars = np.maximum(counts[:, 0], 1.0)
    spaces, upper, lower = counts[:, 1], counts[:, _UPPER], counts[:, _LOWER]
    letters = upper + lower
    capitals = upper / np.maximum(letters, 1.0)
    matrix[:, _COUNTED_COLUMNS] = np.minimum(np.log1p(counts[:, : len(_COUNTED)]) * _COUNTED_SCALES, 1.5)
    matrix[:, _SHARED_COLUMNS] = counts[:, len(_COUNTED) + 2 :] / chars[:, None]
    matrix[:, _INDEX["capitals"]] = capitals
    matrix[:, _INDEX["shouting"]] = (capitals > 0.6) & (letters > 7)
    matrix[:, _INDEX["word_length"]] = np.minimum(chars / (spaces + 1), 20) / 20
    matrix[:, _INDEX["no_lower"]] = lower == 0
    matrix[:, _INDEX["spaceless"]] = (spaces * 25 < chars) & (chars > 24)


def _fill_text(row: Matrix, text: Normalised) -> None:
    """Links, markup and disguise, of a comment that has any."""
    values = {
        "markup": log1p(text.markup) / 4,
        "emails": log1p(text.emails) / 2,
        "mentions": log1p(text.mentions) / 3,
        "obfuscated": float(text.obfuscated),
    }
    if text.links:
        values |= _link_features(text.links, text)
    for name, value in values.items():
        row[_INDEX[name]] = value
    for at, count in zip(_EVIDENCE, text.evidence, strict=True):
        if count:
            row[at] = min(log1p(count) / 3, 1.5)


def _link_features(links: Sequence[Link], text: Normalised) -> dict[str, float]:
    words = text.text.count(" ") + 1
    written = sum(len(link.text) for link in links)
    return {
        "links": min(log1p(len(links)) / 3, 1.5),
        "links_per_word": min(len(links) / words, 1.0),
        "link_domains": min(log1p(len({link.host for link in links})) / 3, 1.5),
        "link_bare": float(any(link.bare for link in links)),
        "link_shortened": float(any(link.shortened for link in links)),
        "link_risky": sum(link.risky for link in links) / len(links),
        "link_free_host": float(any(link.free_host for link in links)),
        "link_only": float(written * 2 > len(text.text)),
        "link_deep": max(len(link.path) for link in links) / 80,
        "markup_links": float(text.markup > 0),
    }


def _fill_author(row: Matrix, name: str, url: str, text: Normalised) -> None:
    """What author name and URL look like, alone and beside the text."""
    host = ""
    values: dict[str, float] = {}
    if url:
        link = parse(url[:2048])
        host = link.host
        values |= {
            "url_given": 1.0,
            "url_length": min(len(url), 100) / 100,
            "url_depth": min(link.path.count("/"), 5) / 5,
            "url_hyphens": min(url.count("-"), 5) / 5,
            "url_digits": float(any(c.isdigit() for c in host)),
            "url_risky": float(link.risky),
            "url_shortened": float(link.shortened),
            "url_free_host": float(link.free_host),
            "url_labels": min(host.count("."), 5) / 5,
            "url_in_text": float(any(other.host == host for other in text.links)),
            "url_and_text_short": float(not text.links and len(text.original) < 300),
        }
    if name:
        lowered = name.lower()
        words = lowered.split()
        long_words = [word for word in words if len(word) > 3]
        address = f"{host}{url}".lower()
        values |= {
            "name_given": 1.0,
            "name_words": min(len(words), 6) / 6,
            "name_length": min(len(name), 60) / 60,
            "name_lower": float(name[0].islower()),
            "name_capitals": float(name.isupper()),
            "name_digits": float(any(c.isdigit() for c in name)),
            "name_link": float("://" in name or "www." in lowered or any(f".{tld}" in lowered for tld in _NAME_TLDS)),
            "name_keyword": float(len(words) > 3 or _KEYWORD.search(lowered) is not None),
            "name_foreign": float(not name.isascii()),
            "name_in_url": sum(word in address for word in long_words) / len(long_words) if long_words and url else 0.0,
            "name_sentence": float(len(words) > 4 or len(name) > 40),
        }
    for feature, value in values.items():
        row[_INDEX[feature]] = value
