"""A DNS server as tests need one: real, on the loopback, answering as a test tells it; and a resolver that asks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset

Answering = Callable[[str], list[str] | bytes | None]
"""The name that is asked for -> its addresses (none: there is no such name), raw bytes to send, or None: silence."""


class NameServer(asyncio.DatagramProtocol):
    """Hears questions and answers them; `asked` are the names, in order."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.asked: list[str] = []
        self.resolver = dns.asyncresolver.Resolver(configure=False)
        """Asks this server and no other."""
        self.resolver.nameservers = ["127.0.0.1"]

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.resolver.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text()
        self.asked.append(name)
        said = self.answering(name)
        if isinstance(said, bytes):
            self._transport.sendto(said, addr)
        elif said is not None:
            answer = dns.message.make_response(query)
            if said:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", *said))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._transport.sendto(answer.to_wire(), addr)

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def name_server(answering: Answering) -> AsyncIterator[NameServer]:
    """A name server that answers as `answering` says."""
    loop = asyncio.get_running_loop()
    _, server = await loop.create_datagram_endpoint(lambda: NameServer(answering), local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        server.close()
