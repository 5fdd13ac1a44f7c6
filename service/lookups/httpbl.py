"""What Project Honey Pot's http:BL knows of a commenter's IPv4 address, asked by DNS (setting `httpbl`). For entrances.

Off by default, since it tells a third party who comments. It is asked at intake, the only place where the address is in
sight, and no more than it takes: public IPv4 addresses only, each once for as long as its answer is remembered, by digest.
A submission waits for the answer no longer than `patience` and never fails by it. The name that is asked for holds the
address and the access key: neither it nor the text of an exception, which may quote it, is ever logged.

https://www.projecthoneypot.org/httpbl_api.php (the questions, the answers, the test addresses).
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from typing import Final

import dns.asyncresolver
import msgspec
import structlog
from dns.exception import Timeout
from dns.resolver import NXDOMAIN

from service.core.errors import StoreUnavailable
from service.core.identity import Listing
from service.core.submission import Submission
from service.metrics import HTTPBL
from service.store.reputation import ASKED, Lookups

ZONE: Final = "dnsbl.httpbl.org"
TEST_ADDRESS: Final = "127.1.10.1"
"""http:BL answers it with itself: suspicious, threat 10, one day ago. Nobody is told of by asking for it."""
CLEAR: Final = ""
"""The answer for an address that is not listed, as it is remembered."""
_LIFETIME: Final = 2.0
"""Seconds after which a question without an answer is given up; what comes after `patience` helps later comments."""
_NOT_AGAIN: Final = 300
"""Seconds until an address is asked about again of which nobody could tell."""
_MOST_UNDER_WAY: Final = 256
_SUSPICIOUS, _HARVESTER, _SPAMMER = 1, 2, 4

_log = structlog.get_logger("httpbl")


class HttpBl:
    """Call it with a submission and the raw address; the submission comes back with what is known of it.

    `patience` is how many seconds a submission waits, `remember` how many an answer is kept. Belongs to one event loop.
    """

    def __init__(
        self,
        key: str,
        lookups: Lookups,
        *,
        patience: float,
        remember: int,
        resolver: dns.asyncresolver.Resolver | None = None,
    ) -> None:
        self._key = key
        self._lookups = lookups
        self._patience = patience
        self._remember = remember
        self._resolver = resolver
        self._tasks: set[asyncio.Task[str]] = set()

    async def __call__(self, submission: Submission, address: str) -> Submission:
        """The submission with its author's `Listing`, where there is one and it is known in time. Never raises."""
        author, asked = submission.author, public_ipv4(address)
        if author.ip is None or asked is None:
            return submission
        if len(self._tasks) >= _MOST_UNDER_WAY:
            HTTPBL.labels("crowded").inc()
            return submission
        task = asyncio.create_task(self._find(author.ip.digest, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait([task], timeout=self._patience)
        if not done:
            HTTPBL.labels("late").inc()
        listing = read_answer(task.result()) if done and not task.cancelled() else None
        if listing is None:
            return submission
        ip = msgspec.structs.replace(author.ip, listing=listing)
        return msgspec.structs.replace(submission, author=msgspec.structs.replace(author, ip=ip))

    async def settled(self) -> None:
        """Wait until no question is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Drop what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _find(self, digest: str, address: str) -> str:
        try:
            known = await self._lookups.claim(digest, _NOT_AGAIN)
            if known is not None:
                HTTPBL.labels("remembered").inc()
                return known
            answer = await ask(self._key, address, self._resolver)
            if answer != ASKED:
                await self._lookups.keep(digest, answer, self._remember)
        except StoreUnavailable:  # taking the comment in says so itself
            return ASKED
        return answer


async def ask(key: str, address: str, resolver: dns.asyncresolver.Resolver | None = None) -> str:
    """http:BL's answer for an IPv4 address: an address in 127.0.0.0/8, or CLEAR, or ASKED when nobody could tell."""
    began, result, answer, failure = time.perf_counter(), "failed", ASKED, ""
    try:
        asked = resolver or dns.asyncresolver.Resolver()
        name = ".".join([key, *reversed(address.split(".")), ZONE, ""])
        found = [str(record) for record in await asked.resolve(name, "A", lifetime=_LIFETIME)]
        if len(found) == 1 and found[0].startswith("127."):
            result, answer = "listed", found[0]
    except NXDOMAIN:
        result, answer = "clear", CLEAR
    except Timeout:
        result = "timeout"
    except Exception as error:  # whatever a stranger's packets provoke, no comment is lost by it
        failure = type(error).__name__
    HTTPBL.labels(result).inc()
    _log.info("asked http:BL", result=result, error=failure, ms=round((time.perf_counter() - began) * 1000))
    return answer


def public_ipv4(address: str) -> str | None:
    """The address as http:BL may be asked about it; None for all that is not somebody's on the public internet."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else found
    return str(mapped) if mapped is not None and mapped.is_global and not mapped.is_multicast else None


def read_answer(answer: str) -> Listing | None:
    """What an answer says: 127, days since last seen, threat, kind. None: nothing bad, or nothing that we can read.

    The kind is a sum; 0 is a search engine, whose threat is no threat, and kinds that were added since mean nothing here.
    """
    try:
        local, days, threat, kind = ipaddress.IPv4Address(answer).packed
    except ValueError:
        return None
    if local != 127 or kind & (_SUSPICIOUS | _HARVESTER | _SPAMMER) == 0:
        return None
    return Listing(threat, days, bool(kind & _SUSPICIOUS), bool(kind & _HARVESTER), bool(kind & _SPAMMER))
