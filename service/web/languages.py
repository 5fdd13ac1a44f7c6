"""The languages of the pages: which there are, which one a request asks for, and what a sentence is in it.

The catalogues are the files that the review page reads as well. A sentence's key is what it says in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

COOKIE: Final = "antechamber_language"
DEFAULT: Final = "en"
AMOUNTS: Final = frozenset({"count", "least", "most", "size"})
"""What a sentence has numbers filled in for."""
_PLACE = re.compile(r"\{(\w+)\}")
_RANGE = re.compile(r"(\*|[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*)\s*(?:;\s*[qQ]\s*=\s*([01](?:\.[0-9]{0,3})?))?")
_TELLING = 12  # letters that a sentence has by itself, beside what is filled in, to be known again by them
_MOST = 20  # languages of a request's that are looked at


class Catalogue(NamedTuple):
    """A language: its code (BCP 47), what it calls itself, "ltr" or "rtl", how it writes 1234 and 12345, and its sentences."""

    code: str
    name: str
    direction: str
    numbers: tuple[str, str]
    sentences: Mapping[str, str | Mapping[str, str]]

    def say(self, sentence: str, **values: str | int) -> str:
        """A sentence in this language; what stands in braces is filled in. One that is in no catalogue stays as it is."""
        found = self.sentences.get(sentence, sentence)
        form = found if isinstance(found, str) else found["other"]
        return _PLACE.sub(lambda place: self._written(values.get(place[1], place[0])), form)

    def heard(self, said: str) -> str:
        """What another room says in English, with what it is about filled in already."""
        if said in self.sentences:
            return self.say(said)
        for sentence, pattern in _templates():
            if found := pattern.fullmatch(said):
                return self.say(sentence, **{name: _inner(name, value) for name, value in found.groupdict().items()})
        return said

    def _written(self, value: str | int) -> str:
        """A number as the language writes it; a text as it is."""
        if isinstance(value, str):
            return value
        thousand, more = self.numbers
        if value < 10_000 and thousand.isdecimal():
            return str(value)
        return f"{value:,}".replace(",", more[2:-3])


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """All languages, by code, English first."""
    folder = files("service.web") / "static" / "review" / "languages"
    found = sorted((_read(path.name[:-5], path.read_bytes()) for path in folder.iterdir()), key=_first)
    return {one.code: one for one in found}


def language_of(request: web.Request, *, chosen: str | None = None) -> Catalogue:
    """What a request is answered in: what was `chosen`, by name or by the cookie, else the first that the browser asks for."""
    known = catalogues()
    for code in (chosen, request.cookies.get(COOKIE)):
        if code is not None and code in known:
            return known[code]
    return known[negotiate(request.headers.get("Accept-Language", ""), known)]


def negotiate(header: str, known: Mapping[str, object]) -> str:
    """The language that an `Accept-Language` likes best (RFC 4647, look-up): "pt-PT" finds "pt", and so does "pt-BR"."""
    ranges = [found for part in header.split(",")[:_MOST] if (found := _RANGE.fullmatch(part.strip()))]
    for found in sorted(ranges, key=lambda one: -float(one[2] or 1)):
        if found[2] and not float(found[2]):
            continue
        if (code := found[1].partition("-")[0].lower()) in known:
            return code
        if code == "*":
            break
    return DEFAULT


def _read(code: str, body: bytes) -> Catalogue:
    entries = msgspec.json.decode(body, type=dict[str, str | dict[str, str]])
    head = entries.pop("")
    if isinstance(head, str):
        raise TypeError(code)
    return Catalogue(code, head["name"], head["direction"], (head["1234"], head["12345"]), entries)


def _first(catalogue: Catalogue) -> tuple[bool, str]:
    return catalogue.code != DEFAULT, catalogue.code


def _inner(name: str, value: str) -> str | int:
    """What was filled in: a number where one stands, and no name that looks like one."""
    plain = value.replace(",", "")
    return int(plain) if name in AMOUNTS and plain.isdecimal() and plain.isascii() else value


def _tells(sentence: str) -> bool:
    return len(_PLACE.sub("", sentence)) >= _TELLING


@cache
def _templates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Sentences with something to be filled in, as patterns; those that say most by themselves come first."""
    sentences = {key for one in catalogues().values() for key in one.sentences if "{" in key and _tells(key)}
    return tuple(
        (key, re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(key).replace(r"\{", "{").replace(r"\}", "}")), re.DOTALL))
        for key in sorted(sentences, key=lambda key: (-len(_PLACE.sub("", key)), key))
    )
