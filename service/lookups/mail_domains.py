"""Does a mail domain accept mail? Looked up in DNS in the background (setting `email_dns`), never while a request waits.

A domain that was not looked up yet is "unknown", and so is one whose name servers don't answer. Whoever asks gets what is
known now; the next comment from the same domain gets the answer. What is remembered and what is under way are bounded,
since anybody may send any number of domains.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import dns.resolver
import structlog
from dns.exception import DNSException
from email_validator import EmailUndeliverableError
from email_validator.deliverability import validate_email_deliverability

from service.core.identity import email_domain

_LIFETIME = {"yes": 86_400.0, "no": 3_600.0, "unknown": 300.0}  # seconds that an answer is believed
_MOST_DOMAINS = 20_000
_MOST_UNDER_WAY = 256
_THREADS = 4
_NOT_THERE = dns.resolver.NXDOMAIN | dns.resolver.NoAnswer
_LOOKUP_TIMEOUT = 5.0  # seconds

_log = structlog.get_logger("deliverability")


class Deliverability:
    """Call it with an address; "yes", "no" or "unknown" comes back at once. Belongs to one event loop."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._under_way: set[str] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, address: str) -> str:
        """What is known of the address's domain now."""
        domain = email_domain(address)
        if not domain:
            return "unknown"
        until, answer = self._known.get(domain, (0.0, "unknown"))
        if time.monotonic() >= until and domain not in self._under_way and len(self._under_way) < _MOST_UNDER_WAY:
            self._under_way.add(domain)
            task = asyncio.get_running_loop().create_task(self._look_up(domain))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return answer

    async def settled(self) -> None:
        """Wait until no lookup is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Drop what is under way."""
        for task in self._tasks:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, domain: str) -> None:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, domain)
            self._known[domain] = (time.monotonic() + _LIFETIME[answer], answer)
            self._known.move_to_end(domain)
            if len(self._known) > _MOST_DOMAINS:
                self._known.popitem(last=False)
        finally:
            self._under_way.discard(domain)

    def _ask(self, domain: str) -> str:
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver()
                self._resolver.lifetime = _LOOKUP_TIMEOUT
            info = validate_email_deliverability(domain, domain, dns_resolver=self._resolver)
        except EmailUndeliverableError as error:
            # Other causes than these are troubles of ours, which the library reports in the same way.
            return "no" if isinstance(error.__cause__, _NOT_THERE | None) else "unknown"
        except (DNSException, OSError, ValueError) as error:
            _log.warning("DNS lookup failed", error=type(error).__name__)
            return "unknown"
        return "unknown" if "unknown-deliverability" in info else "yes"
