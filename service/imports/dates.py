"""Reads times as exports write them: ISO 8601, Unix times, dates of many countries. What can be read in two ways is not guessed.

`moment` is for formats whose times are all alike; `Dates` for tables, where whole files have one way of writing them. For the
readers of `service.imports`, and for `usecases.importing`, which says what is wrong with a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.imports.date_words import MONTHS, in_english

UNREADABLE = "a time that can't be read"
TWOFOLD = "a date that can be read in two ways; --dates says what comes first, the day, the month or the year"
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
_SHORT = re.compile(r"\d{1,2}[./-]")  # how dates begin in which it is a question what comes first
_MONTH = re.compile(r"(\d\d)-([A-Za-z]{3})-(\d\d)(?!\d)")
_DAY, _MONTH_FIRST, _YEAR = ORDERS = ("day-first", "month-first", "year-first")
"""What may come first in a date."""
_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(?:(\d\d)(?:\.?\d{1,6})?)?)?Z?\Z")
_SCRIPT = re.compile(r"(?:GMT|UTC)([+-]\d{4})(?:\s*\(.*\))?\Z")
_NAMED = (
    "%B %d %Y", "%d %B %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y", "%a %b %d %Y", "%A %B %d %Y", "%A %d %B %Y", "%Y %B %d",
    "%Y %b %d", "%a %d %b %Y", "%Y-%b-%d", "%d/%b/%Y",
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
_GO = re.compile(r"([+-]\d{4}) [A-Z]{3,4}(?: m=[+-][\d.]+)?\Z")
_REGION = re.compile(
    r"(?:(?<=Z)|(?<=[+-]\d\d:\d\d))\[[A-Za-z]+/[A-Za-z_/+-]+\]\Z"
)  # behind an offset, as Java writes it
_PLAIN = re.compile(r"\d{4}[\dTZ:. +-]*\Z")
_NET = re.compile(r"\\?/Date\((-?\d+)(?:[+-]\d{4})?\)\\?/")
_POWER = re.compile(r"(\d(?:[.,]\d+)?E\+?\d{1,2})", re.IGNORECASE)  # how spreadsheets write large numbers
_EARLIEST = 662_688_000_000  # 1991: what is less as a Unix time is another number, or one of another unit
_LONGEST = 80  # characters


def moment(value: object) -> int:
    """A time in milliseconds since 1970, without a zone: UTC. 0: none that can be read, or before 1970."""
    return max(0, _read(str(value).strip()) or 0)


def reason(said: str, at: int, now: int) -> str:
    """What is wrong with a time, which was read as `at`; "" when nothing is."""
    if 0 < at <= now:
        return ""
    if at > now:
        return FUTURE
    found = _read(said.strip()) if said.strip() else 0
    if not said.strip() or found == 0:
        return MISSING
    if found is None:
        return TWOFOLD if is_twofold(said) else UNREADABLE
    return TOO_OLD


def is_never(said: str) -> bool:
    """Whether it is a time as databases write it where there was none: year 0 or 1, or the beginning of 1970."""
    text = said.strip()
    found = _read(text)
    return found is not None and found <= 0 and not text.startswith("-")


def is_twofold(said: str) -> bool:
    """Whether it is a date of which nobody can tell by itself what comes first."""
    return len(set(_ways(said.strip())[1].values())) > 1


class Dates:
    """The times of one file. `looked` gives what its times say, to see what comes first in them; it is asked at most once.

    `order` is what the operator says, `otherwise` what comes first between strokes where the file does not show it, or shows
    several; "": such dates are not to be read. `told` takes, for each kind of date in question, how it was read, in words.
    """

    def __init__(
        self, order: str, looked: Callable[[], Iterable[str]], told: dict[str, str] | None = None, otherwise: str = ""
    ) -> None:
        self._order = order
        self._looked = looked
        self._told: dict[str, str] = {} if told is None else told
        self._else = otherwise
        self._shown: dict[str, frozenset[str]] | None = None

    def moment(self, said: str) -> int:
        """A time in milliseconds since 1970; 0: none that can be read."""
        text = said.strip()
        if not (_SHORT.match(text) or _MONTH.match(text)):
            return max(0, _read(text) or 0)
        mark, ways = _ways(text)
        if len(set(ways.values())) < 2:
            return max(0, _read(text) or 0)
        order, why = self._decided(mark, ways)
        if order not in ways:
            return 0
        self._told.setdefault(mark, f"Dates like {text} are read with the {order.removesuffix('-first')} first: {why}.")
        return max(0, ways[order])

    def _decided(self, mark: str, ways: Mapping[str, int]) -> tuple[str, str]:
        """What comes first in dates with such marks, and why; "" where that can't be known."""
        if self._order in ways:
            return self._order, "--dates says so"
        if self._shown is None:
            self._shown = _shown(self._looked())
        shown = self._shown.get(mark, frozenset(ORDERS))
        if len(shown) == 1:
            return next(iter(shown)), "others in the file show it"
        if mark == "." and _DAY in shown:
            return _DAY, "that is usual between points; --dates says otherwise"
        return self._else, "this format has it so; --dates says otherwise"


def _shown(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """What may come first in all dates with the same marks; none, where they contradict each other."""
    shown: dict[str, frozenset[str]] = {}
    for text in texts:
        mark, ways = _ways(text.strip())
        if ways:
            shown[mark] = shown.get(mark, frozenset(ORDERS)) & ways.keys()
    return shown


def _ways(text: str) -> tuple[str, dict[str, int]]:
    """(mark, order -> milliseconds) of a date in which it is a question what comes first; no order, where it is none."""
    text = _CLOCK.sub(lambda found: _CLOCKS[found.group()], text[: _LONGEST + 1])
    text = _MONTH.sub(_numbered, text) if _MONTH.match(text) else text
    found = _PARTS.match(text)
    if found is None or len(found["a"]) > 2 or len(found["c"]) == 3:
        return "", {}
    first, second, third = int(found["a"]), int(found["b"]), int(found["c"])
    years = {4: third, 2: third + (2_000 if third < 70 else 1_900)}
    dates: dict[str, tuple[int, int, int]] = {}
    if len(found["c"]) in years:
        dates[_DAY] = years[len(found["c"])], second, first
        if found["mark"] != ".":
            dates[_MONTH_FIRST] = years[len(found["c"])], first, second
    if len(found["a"]) == 2 and len(found["c"]) <= 2:
        dates[_YEAR] = first + (2_000 if first < 70 else 1_900), second, third
    latest = datetime.now(UTC).year
    ways = {
        order: at for order, date in dates.items() if date[0] <= latest and (at := _timed(found, *date)) is not None
    }
    return found["mark"], ways or {
        order: at for order, date in dates.items() if (at := _timed(found, *date)) is not None
    }


def _numbered(found: re.Match[str]) -> str:
    """A date with the month's name in its middle, as one between points, where the month comes second too."""
    month = found[2].lower()
    return f"{found[1]}.{MONTHS.index(month) + 1}.{found[3]}" if month in MONTHS else found.group()


def _read(text: str) -> int | None:
    """Milliseconds since 1970, of any year; None: not to be read. "Zero" dates of databases are 0."""
    if not text or len(text) > _LONGEST:
        return None
    if re.match(r"0{4}-0\d-0\d", text):
        return 0
    text = _CLOCK.sub(lambda found: _CLOCKS[found.group()], _plain(text))
    try:
        if _MONTH.match(text):
            return _parts(text)
        for way in (_number, _iso, _packed, _named):
            at = way(text)
            if at is not None:
                return at
        return _parts(text)
    except (ValueError, OverflowError):
        return None


def _plain(text: str) -> str:
    """A time as others write it: without what Go and .NET put around it, with English words."""
    if _PLAIN.match(text):
        return text
    text = _GO.sub(r"\1", text).strip()
    if found := _NET.fullmatch(text) or _POWER.fullmatch(text):
        return f"{float(found[1].replace(',', '.')):.0f}"
    if text[-1:] == "z" and text[-2:-1].isdigit():
        return text[:-1] + "Z"
    return in_english(_REGION.sub("", text))


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


def _parts(text: str) -> int | None:
    """Dates of numbers that can be read in one way only: 2.1.2023, 13/1/2023, 2023/1/2."""
    found = _PARTS.match(text)
    if found is not None and len(found["a"]) == 4:
        return _timed(found, int(found["a"]), int(found["b"]), int(found["c"]))
    ways = set(_ways(text)[1].values())
    return ways.pop() if len(ways) == 1 else None


def _timed(found: re.Match[str], year: int, month: int, day: int) -> int | None:
    """A date with the hour and zone that stand behind it; None for one that there is not."""
    hour, half, zone = int(found["h"] or 0), found["half"], found["zone"] or ""
    if half:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    try:
        at = datetime(year, month, day, hour, int(found["m"] or 0), int(found["s"] or 0))  # noqa: DTZ001
        return _milliseconds(datetime.fromisoformat(at.isoformat() + zone) if zone[:1] in ("+", "-") else at)
    except (ValueError, OverflowError):
        return None


def _milliseconds(at: datetime) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _zone(found: re.Match[str]) -> str:
    return "+00:00" if found.group().strip() else ""
