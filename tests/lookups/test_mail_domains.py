"""Mail domains in DNS: asked in the background, remembered within bounds, with a third answer. Only the resolver is made up."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from typing import Any

import dns.exception
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from service.app import api_application
from service.container import Services
from service.core.site import Known
from service.lookups import mail_domains
from service.lookups.mail_domains import Deliverability
from service.settings import Settings
from tests.support.platform import Platform


class Resolver(dns.resolver.Resolver):
    """Answers from a table: domain -> record type -> texts, or an exception. Counts what it is asked."""

    def __init__(self, table: dict[str, Any]) -> None:
        super().__init__(configure=False)
        self.table = table
        self.asked: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def resolve(self, qname: Any, rdtype: Any = "A", *_: Any, **__: Any) -> Any:
        self.open.wait(10)
        if rdtype == "MX":
            self.asked.append(str(qname))
        found = self.table.get(str(qname), dns.resolver.NXDOMAIN())
        if isinstance(found, Exception):
            raise found
        if rdtype not in found:
            raise dns.resolver.NoAnswer(response=_Silent())
        return dns.rrset.from_text(
            str(qname) + ".", 60, dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), *found[rdtype]
        )


class _Silent:
    question = "nothing"


TABLE = {
    "good.example": {"MX": ["10 mx.good.example."]},
    "address.example": {"A": ["93.184.216.34"]},
    "private.example": {"A": ["10.0.0.1"]},
    "null.example": {"MX": ["0 ."]},
    "never-sends.example": {"A": ["93.184.216.34"], "TXT": ['"v=spf1 -all"']},
    "broken.example": dns.resolver.NoNameservers(),
    "slow.example": dns.exception.Timeout(),
    "odd.example": dns.exception.FormError(),
    "xn--bcher-kva.example": {"MX": ["10 mx.good.example."]},
}


@pytest.fixture
async def resolver() -> Resolver:
    return Resolver(TABLE)


@pytest.fixture
async def ask(resolver: Resolver) -> AsyncIterator[Deliverability]:
    ask = Deliverability(resolver)
    yield ask
    resolver.open.set()
    await ask.close()


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("ann@good.example", "yes"), ("ann@GOOD.example", "yes"), ("ann@bücher.example", "yes"), ("ann@address.example", "yes"),
        ("ann@private.example", "no"), ("ann@null.example", "no"), ("ann@never-sends.example", "no"),
        ("ann@nowhere.example", "no"), ("ann@broken.example", "unknown"), ("ann@slow.example", "unknown"),
        ("ann@odd.example", "unknown"),
    ],
)  # fmt: skip
async def test_the_answer_is_there_the_next_time(
    ask: Deliverability, resolver: Resolver, address: str, answer: str
) -> None:
    assert ask(address) == "unknown"
    await ask.settled()
    assert ask(address) == answer
    assert ask(address.replace("ann", "bob")) == answer
    await ask.settled()
    assert len(resolver.asked) == 1  # one domain, one question


async def test_what_is_no_address_asks_nothing(ask: Deliverability, resolver: Resolver) -> None:
    for address in ("", "ann", "ann@", "@", "ann@localhost", "x" * 300 + "@good.example"):
        assert ask(address) == "unknown"
    await ask.settled()
    assert resolver.asked == []


async def test_answers_are_asked_for_again_when_they_are_old(
    ask: Deliverability, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("ann@nowhere.example")
    await ask.settled()
    now = mail_domains.time.monotonic()
    monkeypatch.setattr(mail_domains.time, "monotonic", lambda: now + 3_700)
    resolver.table = TABLE | {"nowhere.example": {"MX": ["10 mx.good.example."]}}
    assert ask("ann@nowhere.example") == "no"  # what was known, until the new answer is here
    await ask.settled()
    assert ask("ann@nowhere.example") == "yes"


async def test_what_is_kept_and_what_is_under_way_are_bounded(
    ask: Deliverability, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_domains, "_MOST_DOMAINS", 20)
    monkeypatch.setattr(mail_domains, "_MOST_UNDER_WAY", 50)
    resolver.open.clear()
    for n in range(1_000):
        assert ask(f"ann@d{n}.example") == "unknown"
    assert len(ask._tasks) == 50
    resolver.open.set()
    await ask.settled()
    assert len(resolver.asked) == 50
    assert len(ask._known) == 20


async def test_requests_do_not_wait_for_it(
    aiohttp_client: Any, services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(TABLE)
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: resolver)
    resolver.open.clear()
    settings = services.settings.model_copy(update={"email_dns": True})
    object.__setattr__(services, "settings", settings)
    client = await aiohttp_client(api_application(services))
    platform = Platform(client, services, site)
    author = {"name": "Ann", "email": "ann@null.example"}
    async with asyncio.timeout(10):
        first = await (await platform.submit(author=author)).json()
    resolver.open.set()
    for number in itertools.count(2):
        view = await (await platform.submit(id=str(number), author=author)).json()
        comment = await services.comments.get(view["id"])
        assert comment is not None
        assert comment.submission is not None
        assert comment.submission.author.email is not None
        if comment.submission.author.email.deliverable == "no":
            break
    assert first["state"] == "pending"


def test_it_is_off_unless_it_is_turned_on() -> None:
    assert Settings().email_dns is False
