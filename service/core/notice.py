"""Notices: who is told that comments wait, by which way, from when on, and when not. Values and rules; `docs/notifications.md`.

Whom to tell is an address of somebody's, and where to is often a secret: so notices stand in a file beside the other secrets
(`keyfiles.notices`), never in Redis, and what is told of a comment is an allow-list without its words and its author.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from service.core.comment import Comment
from service.core.moderator import Moderator, is_name
from service.core.push import SERVICES, is_service
from service.core.queue import severity
from service.core.text.addresses import mask_addresses
from service.core.web_address import is_web_address

MINUTE: Final = 60_000
"""Milliseconds."""
HOUR: Final = 60 * MINUTE
LISTS: Final = ("flagged", "escalated", "appealed")
"""The lists of what waits for a moderator; see `core.queue.LISTS`."""
SENT: Final = "sent"
"""How a test ended that went well; else it is a word for the problem."""
SHOWN: Final = 10
"""So many comments are named in one message."""
_MOST_TITLE = 80  # characters
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}\Z")
_EVERY = re.compile(r"([1-9][0-9]{0,3})(m|h|d)\Z")
_UNITS = {"m": MINUTE, "h": HOUR, "d": 24 * HOUR}
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])\Z")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


class InvalidNotice(ValueError):
    """The file of the notices says what it can't mean; the message says where and why, and quotes no address."""


class Way(StrEnum):
    """How somebody is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    SLACK = "slack"
    DISCORD = "discord"
    MATRIX = "matrix"
    PUSH = "push"
    FEED = "feed"


LEAST: Final[Mapping[Way, int]] = {**dict.fromkeys(Way, 5 * MINUTE), Way.MAIL: HOUR, Way.PUSH: HOUR}
"""Milliseconds that pass at least between two messages of a notice."""


EVERYBODY: Final = ("*",)
"""Stands for all moderators."""


class Quiet(NamedTuple):
    """When nobody is told: a span of the day (minutes since midnight; it may pass midnight), or, with `day`, a whole day."""

    begin: int = 0
    end: int = 0
    day: int = -1  # 0 is Monday

    def holds(self, day: int, minute: int) -> bool:
        """Whether a day of the week and a minute of it are quiet."""
        if self.day >= 0:
            return day == self.day
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


class Notice(Struct, frozen=True):
    """One notice. The repr hides whom it goes to."""

    name: str
    way: Way
    to: tuple[str, ...] = ()  # addresses, or one URL, or moderators' names
    sites: tuple[str, ...] = ()  # none: all
    at_least: int = 1  # tell from so many that wait; 0: the number is no reason
    severe: float = 0.0  # … or when a new one is so severe (0 to 1); 0: that is no reason
    every: int = 0  # milliseconds between two messages
    quiet: tuple[Quiet, ...] = ()
    zone: str = "UTC"
    number: int = 0  # of a feed: another number is another address

    def __repr__(self) -> str:
        return f"Notice({self.name}, {self.way})"

    def sees(self, site: str) -> bool:
        """Whether it is about a site."""
        return not self.sites or site in self.sites

    def of(self, member: Moderator) -> Notice | None:
        """The same for one moderator's browsers, about the sites that they see; None: they are not to be told."""
        if self.way is not Way.PUSH or (self.to != EVERYBODY and member.name not in self.to):
            return None
        sites = tuple(site for site in self.sites or member.sites if member.sees(site))
        if not sites and (self.sites or member.sites):
            return None
        return msgspec.structs.replace(self, name=f"{self.name}@{member.name}", to=(member.name,), sites=sites)

    def wanted(self, waiting: int, severest: float) -> bool:
        """Whether that many, or one new comment so severe, is reason to tell."""
        return 0 < self.at_least <= waiting or 0 < self.severe <= severest

    def is_quiet(self, day: int, minute: int) -> bool:
        """Whether nobody is to be told on a day of the week (0 is Monday), at a minute of it, by the notice's own clock."""
        return any(one.holds(day, minute) for one in self.quiet)


class MailServer(Struct, frozen=True):
    """Where mail is handed in. `tls`: "smtps" from the start, "smtp" by STARTTLS, "smtp+plain" not at all."""

    tls: str
    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


class Notices(Struct, frozen=True):
    """What the file says."""

    notices: tuple[Notice, ...] = ()
    mail: MailServer | None = None
    push_services: tuple[str, ...] = SERVICES

    def of(self, member: Moderator) -> list[Notice]:
        """The notices that reach a moderator's browsers."""
        return [personal for one in self.notices if (personal := one.of(member)) is not None]

    def get(self, name: str) -> Notice | None:
        """A notice by its name."""
        return next((one for one in self.notices if one.name == name), None)


class Held(NamedTuple):
    """A comment that waits, as people are told of it: neither its words nor its author."""

    comment: str
    site: str
    list: str  # of `LISTS`
    at: int  # since when it waits, milliseconds since 1970
    severity: float
    why: str
    title: str  # the page's, masked


class SiteCount(NamedTuple):
    """How many wait at a site: in the queue, passed on, and as appeals; and how many of them are new."""

    site: str
    flagged: int
    escalated: int
    appealed: int
    new: int

    @property
    def waiting(self) -> int:
        """All that wait."""
        return self.flagged + self.escalated + self.appealed


class Summary(NamedTuple):
    """What waits, for one notice."""

    sites: tuple[SiteCount, ...]  # those where something waits
    held: tuple[Held, ...]  # of the new ones the most severe, at most `SHOWN`
    severest: float  # of the new ones
    upto: int  # the time up to which comments are told of; milliseconds since 1970

    @property
    def waiting(self) -> int:
        """How many wait in all."""
        return sum(one.waiting for one in self.sites)

    @property
    def new(self) -> int:
        """How many of them nobody was told of yet."""
        return sum(one.new for one in self.sites)


class Told(NamedTuple):
    """What became of a notice so far; times are milliseconds since 1970, 0: never."""

    at: int = 0  # the last message
    upto: int = 0  # what it told of
    tries: int = 0  # failed ones since
    not_before: int = 0  # the next one
    problem: str = ""  # of the last one, in a word of ours
    asked: int = 0  # when somebody asked for a test
    tried: int = 0  # when it was sent
    test: str = ""  # how that ended


def held(comment: Comment, name: str, at: int) -> Held:
    """A comment of a list, as people are told of it."""
    decision, submission = comment.decision, comment.submission
    reasons = decision.reasons if decision else ()
    why = ", ".join(dict.fromkeys(reason.label or reason.rule or reason.code for reason in reasons[:3]))
    title = submission.page.title if submission else ""
    return Held(
        comment.id, comment.site, name, at, severity(comment.verdict), one_line(why), one_line(mask_addresses(title))
    )


def one_line(text: str) -> str:
    """A few words of somebody's, as one short line that moves no cursor and turns no reading direction."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _MOST_TITLE else f"{line[: _MOST_TITLE - 1]}…"


def feed_token(master: bytes, notice: Notice) -> str:
    """The secret part of a feed's address."""
    return _token(master, f"feed\0{notice.name}\0{notice.number}")


def webhook_secret(master: bytes, notice: Notice) -> str:
    """What a notice's webhooks are signed with."""
    mac = hmac.digest(master, f"notice\0{notice.name}".encode(), hashlib.sha256)
    return f"whsec_{base64.b64encode(mac).decode()}"


def _token(master: bytes, what: str) -> str:
    return base64.b32encode(hmac.digest(master, what.encode(), hashlib.sha256)[:20]).decode().lower()


# How the file reads.


class _MailFile(Struct, frozen=True, forbid_unknown_fields=True):
    server: str
    sender: str = msgspec.field(name="from")
    user: str = ""
    password: str = ""


class _PushFile(Struct, frozen=True, forbid_unknown_fields=True):
    services: list[str] = []


class _NoticeFile(Struct, frozen=True, forbid_unknown_fields=True):
    mail: str | list[str] | None = None
    webhook: str | None = None
    slack: str | None = None
    discord: str | None = None
    matrix: str | None = None
    push: str | list[str] | None = None
    feed: int | None = None
    sites: list[str] = []
    at_least: int | None = None
    severe: float | None = None
    every: str | None = None
    quiet: str | list[str] = []
    zone: str | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    mail: _MailFile | None = None
    push: _PushFile = _PushFile()
    notices: dict[str, _NoticeFile] = {}


def read_notices(document: Mapping[str, Any]) -> Notices:
    """The notices of a parsed file. Raises InvalidNotice."""
    try:
        file = msgspec.convert(document, _File)
    except msgspec.ValidationError as error:
        raise InvalidNotice(str(error)) from None
    notices = tuple(_notice(name, rule) for name, rule in file.notices.items())
    if file.mail is None and any(one.way is Way.MAIL for one in notices):
        raise InvalidNotice("[mail] is missing: mail needs a server")
    if not all(is_service(one) for one in file.push.services):
        raise InvalidNotice('push.services: each "https://push.example" or "https://*.push.example", and no path')
    mail = _mail_server(file.mail) if file.mail is not None else None
    return Notices(notices, mail, (*SERVICES, *file.push.services))


def _mail_server(file: _MailFile) -> MailServer:
    try:
        parts = urlsplit(file.server)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", 0
    if not host or parts.scheme not in _PORTS or parts.path.strip("/") or "@" in parts.netloc or port == 0:
        ways = "smtps://host, smtp://host (STARTTLS) or smtp+plain://host"
        raise InvalidNotice(f"mail.server: {ways}, and perhaps a port; user and password have lines of their own")
    if parts.scheme == "smtp+plain" and file.password:
        raise InvalidNotice("mail.server: a password goes by TLS only; use smtps:// or smtp://")
    if not _MAIL.match(file.sender):
        raise InvalidNotice("mail.from: one bare address")
    return MailServer(parts.scheme, host, port or _PORTS[parts.scheme], file.sender, file.user, file.password)


def _notice(name: str, rule: _NoticeFile) -> Notice:
    where = f"notices.{name}" if _NAME.match(name) else "notices"
    if where == "notices":
        raise InvalidNotice("notices: a name has 1 to 32 lower-case letters, digits or hyphens")
    ways = [way for way in Way if getattr(rule, way) is not None]
    if len(ways) != 1:
        raise InvalidNotice(f"{where}: name one way: {', '.join(Way)}")
    way = ways[0]
    if way is Way.FEED:
        return _feed(where, name, rule)
    severe, at_least = rule.severe, rule.at_least
    if severe is not None and not 0 < severe <= 1:
        raise InvalidNotice(f"{where}.severe: more than 0, at most 1")
    if at_least is not None and at_least < 1:
        raise InvalidNotice(f"{where}.at_least: 1 or more")
    return Notice(
        name=name,
        way=way,
        to=_to(where, way, getattr(rule, way)),
        sites=tuple(rule.sites),
        at_least=at_least if at_least is not None else 0 if severe is not None else 1,
        severe=severe or 0.0,
        every=_every(where, way, rule.every),
        quiet=tuple(_quiet(where, one) for one in ([rule.quiet] if isinstance(rule.quiet, str) else rule.quiet)),
        zone=rule.zone or "UTC",
    )


def _feed(where: str, name: str, rule: _NoticeFile) -> Notice:
    """A feed is fetched, so when and from how many on is up to who fetches."""
    if rule.at_least is not None or rule.every is not None or rule.quiet or rule.zone is not None:
        raise InvalidNotice(f"{where}: a feed knows sites and severe, and nothing else")
    if rule.severe is not None and not 0 < rule.severe <= 1:
        raise InvalidNotice(f"{where}.severe: more than 0, at most 1")
    return Notice(name, Way.FEED, sites=tuple(rule.sites), severe=rule.severe or 0.0, number=rule.feed or 0)


def _to(where: str, way: Way, given: str | list[str]) -> tuple[str, ...]:
    to = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
    if way is Way.MAIL:
        if not to or not all(_MAIL.match(one) for one in to):
            raise InvalidNotice(f"{where}.mail: one bare address, or a list of them")
    elif way is Way.PUSH:
        if to != EVERYBODY and not (to and all(is_name(one) for one in to)):
            raise InvalidNotice(f'{where}.push: a moderator\'s name, a list of them, or "*" for all')
    elif not is_web_address(to[0]):
        raise InvalidNotice(f"{where}.{way}: an address that begins with https:// or http://")
    return to


def _every(where: str, way: Way, given: str | None) -> int:
    if given is None:
        return LEAST[way]
    found = _EVERY.match(given)
    every = int(found.group(1)) * _UNITS[found.group(2)] if found else 0
    if every < LEAST[way]:
        least = "1h" if LEAST[way] == HOUR else "5m"
        raise InvalidNotice(f'{where}.every: a time such as "{least}" or "1d", and no less than {least}')
    return every


def _quiet(where: str, given: str) -> Quiet:
    if given in _DAYS:
        return Quiet(day=_DAYS.index(given))
    found = _SPAN.match(given)
    if found is None:
        raise InvalidNotice(f'{where}.quiet: spans such as "22:00-07:00" and days such as "sun"')
    hours = [int(one) for one in found.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if begin == end:
        raise InvalidNotice(f"{where}.quiet: a span begins and ends at different times")
    return Quiet(begin, end)
