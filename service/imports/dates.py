"""Reads times as exports write them: ISO 8601, Unix times, dates of many countries. What can be read in two ways is not guessed.

`moment` is for formats whose times are all alike; `Dates` for tables, where whole files have one way of writing them. For the
readers of `service.imports`, and for `usecases.importing`, which says what is wrong with a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

UNREADABLE = "a time that can't be read"
TWOFOLD = "a date that can be read in two ways; --dates says which comes first, the day or the month"
TOO_OLD = "a time before 1970, when there were no comments"
FUTURE = "a time that is yet to come"
MISSING = "no time is given"

_FRACTION = re.compile(r"([.,]\d{1,6})\d*(?=\D*\Z|[+-]\d\d:?\d\d\Z)")
_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d\Z)|\s+(?:UTC|GMT|Z)\Z")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?\Z")
_PARTS = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[./-])\s*(?P<b>\d{1,2})(?P=mark)\s*(?P<c>\d{1,4})\.?"
    r"(?:[,T]?\s*(?:at\s+|um\s+|à\s+)?(?P<h>\d{1,2})[:.](?P<m>\d\d)(?:[:.](?P<s>\d\d)(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|Uhr|[+-]\d\d:?\d\d)?\Z"
)
_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(?:(\d\d)(?:\.?\d{1,6})?)?)?Z?\Z")
_SCRIPT = re.compile(r"(?:GMT|UTC)([+-]\d{4})(?:\s*\(.*\))?\Z")
_NAMED = (
    "%B %d %Y", "%d %B %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y", "%a %b %d %Y", "%A %B %d %Y", "%A %d %B %Y", "%Y %B %d",
    "%Y %b %d", "%a %d %b %Y",
)  # fmt: skip
_HOURS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M %z", " %H:%M:%S %z")
_KNOWN_ZONE = r"(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T)"
_MAIL = re.compile(
    rf"(?:[A-Za-z]{{3}}, *)?\d{{1,2}}[ -][A-Za-z]{{3}}[ -]\d{{2,4}} +\d{{1,2}}:\d\d(?::\d\d)?(?: *{_KNOWN_ZONE})?(?: *\(.*\))?\Z"
    rf"|[A-Za-z]{{3}} +[A-Za-z]{{3}} +\d{{1,2}} +\d{{1,2}}:\d\d:\d\d +(?:{_KNOWN_ZONE} +)?\d{{4}}\Z"
)
"""What is left to the reader of mails' dates, which passes over all that it does not know."""
_CLOCKS = {
    "CET": "+0100", "MEZ": "+0100", "CEST": "+0200", "MESZ": "+0200", "EET": "+0200", "EEST": "+0300", "WET": "+0000",
    "WEST": "+0100", "BST": "+0100", "MSK": "+0300", "JST": "+0900", "KST": "+0900", "AEST": "+1000", "AEDT": "+1100",
    "EST": "-0500", "EDT": "-0400", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}  # fmt: skip
"""Clocks by their short names, but those that are used of several (CST, IST)."""
_CLOCK = re.compile(rf"(?<=[\d\sMm.])(?:{'|'.join(_CLOCKS)})(?=\Z|\s+\d{{4}}\Z)")
_EARLIEST = 662_688_000_000  # 1991: what is less as a Unix time is another number, or one of another unit
_LONGEST = 80  # characters


def moment(value: object) -> int:
    """A time in milliseconds since 1970, without a zone: UTC. 0: none that can be read, or before 1970."""
    return max(0, _read(str(value).strip(), None) or 0)


def reason(said: str, at: int, now: int) -> str:
    """What is wrong with a time, which was read as `at`; "" when nothing is."""
    if 0 < at <= now:
        return ""
    if at > now:
        return FUTURE
    found = _read(said.strip(), None) if said.strip() else 0
    if not said.strip() or found == 0:
        return MISSING
    if found is None:
        return TWOFOLD if is_twofold(said) else UNREADABLE
    return TOO_OLD


def is_never(said: str) -> bool:
    """Whether it is a time as databases write it where there was none: year 0 or 1, or the beginning of 1970."""
    text = said.strip()
    found = _read(text, None)
    return found is not None and found <= 0 and not text.startswith("-")


def is_twofold(said: str) -> bool:
    """Whether it is a date of which nobody can tell whether the day or the month comes first."""
    return _order(said) is None and _read(said.strip(), False) is not None


class Dates:
    """The times of one file. `looked` gives what its times say, to see which comes first; it is asked at most once. Where they
    do not show it, or show both, the day comes first if `otherwise` says so; None: such dates are not to be read."""

    def __init__(self, order: str, looked: Callable[[], Iterable[str]], otherwise: bool | None = None) -> None:
        self._day_first = {"day-first": True, "month-first": False}.get(order)
        self._looked = looked
        self._else = otherwise
        self._known = self._day_first is not None

    def moment(self, said: str) -> int:
        """A time in milliseconds since 1970; 0: none that can be read."""
        text = said.strip()
        if not self._known and is_twofold(text):
            self._known = True
            orders = {order for one in self._looked() if (order := _order(one)) is not None}
            self._day_first = orders.pop() if len(orders) == 1 else self._else
        return max(0, _read(text, self._day_first) or 0)


def _order(said: str) -> bool | None:
    """Whether the day comes first in a date that shows it; None: it does not show, or there is no such question."""
    found = _PARTS.match(said.strip())
    if found is None or found["mark"] == "." or len(found["a"]) == 4:
        return None
    first, second = int(found["a"]), int(found["b"])
    return True if 12 < first <= 31 and second <= 12 else False if first <= 12 < second <= 31 else None


def _read(text: str, day_first: bool | None) -> int | None:
    """Milliseconds since 1970, of any year; None: not to be read. "Zero" dates of databases are 0."""
    if not text or len(text) > _LONGEST:
        return None
    if re.match(r"0{4}-0\d-0\d", text):
        return 0
    text = _CLOCK.sub(lambda found: _CLOCKS[found.group()], text)
    try:
        for way in (_number, _iso, _packed, _named):
            at = way(text)
            if at is not None:
                return at
        return _parts(text, day_first)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> int | None:
    if not _NUMBER.match(text):
        return None
    size = len(text.lstrip("-").partition(".")[0])
    if size in (8, 14) and _PACKED.match(text) and 1_900 <= int(text[:4]) <= 2_200:
        return None  # a date without marks between its parts
    for digits, divisor in ((11, 1_000), (14, 1), (17, 1e-3), (20, 1e-6)):
        if size < digits:
            at = int(float(text) * divisor)
            return at if at <= 0 or at >= _EARLIEST else None
    return None


def _iso(text: str) -> int | None:
    try:
        return _milliseconds(datetime.fromisoformat(_ZONE.sub(_zone, _FRACTION.sub(r"\1", text))))
    except ValueError:
        return None


def _packed(text: str) -> int | None:
    found = _PACKED.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return _milliseconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def _named(text: str) -> int | None:
    """Dates with the month's English name."""
    if not re.search(r"[A-Za-z]{3}", text):
        return None
    plain = " ".join(_SCRIPT.sub(r"\1", text).replace(",", " ").replace(" at ", " ").split())
    plain = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", r"\1", plain).replace("a.m.", "AM").replace("p.m.", "PM")
    plain = re.sub(r" (?:UTC|GMT|Z)\Z", " +0000", plain)
    for form in _NAMED:
        for hours in _HOURS:
            try:
                return _milliseconds(datetime.strptime(plain, form + hours))  # noqa: DTZ007  (no zone: UTC)
            except ValueError:
                continue
    try:
        return _milliseconds(parsedate_to_datetime(text)) if _MAIL.match(text) else None
    except (ValueError, TypeError):
        return None


def _parts(text: str, day_first: bool | None) -> int | None:
    """Dates of numbers: 2.1.2023, 2/1/2023, 2023/1/2."""
    found = _PARTS.match(text)
    if found is None:
        return None
    first, second, third = int(found["a"]), int(found["b"]), int(found["c"])
    if len(found["a"]) == 4:
        year, month, day = first, second, third
    elif len(found["c"]) not in (2, 4):
        return None
    else:
        order = True if found["mark"] == "." else _order(text)
        order = day_first if order is None else order
        if order is None and first != second:
            return None
        day, month = (first, second) if order else (second, first)
        year = third if len(found["c"]) == 4 else third + (2_000 if third < 70 else 1_900)
    hour = int(found["h"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    at = datetime(year, month, day, hour, int(found["m"] or 0), int(found["s"] or 0))  # noqa: DTZ001
    zone = found["zone"] or ""
    return _milliseconds(datetime.fromisoformat(at.isoformat() + zone) if zone[:1] in ("+", "-") else at)


def _milliseconds(at: datetime) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _zone(found: re.Match[str]) -> str:
    return "+00:00" if found.group().strip() else ""
