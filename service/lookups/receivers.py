"""Where receivers are: a name resolved, and which of its addresses may be connected to, decided where the socket is made.

A site's call-back address is chosen by somebody else, and names resolve to what their owner likes. So not the name is
checked but each address, after resolution, at the moment of connecting: what was checked is what is connected to, and a
name that answers differently the second time gains nothing. For the deliverer and `antechamber check`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Beyond what the standard library calls global, which differs between Python versions (IANA's special-purpose registries).
_REFUSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's host agent, on a public address
    )
)  # fmt: skip
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_REFUSED_IPV6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
)
_SIXTOFOUR, _NAT64 = IPv6Network("2002::/16"), IPv6Network("64:ff9b::/96")
_MAPPED, _COMPATIBLE = IPv6Network("::ffff:0:0/96"), IPv6Network("::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # the upper half of the interface identifier
_WEB_PORTS = (80, 443)
_FREE_PORTS = 1024  # from here on, ports belong to nobody in particular
# The first that fits; the words are those of the delivery log.
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TimeoutError, "timeout"),
    (aiohttp.InvalidURL, "bad-address"),
    (aiohttp.NonHttpUrlClientError, "bad-address"),
    (aiohttp.ClientConnectorCertificateError, "tls"),
    (aiohttp.ClientConnectorSSLError, "tls"),
    (aiohttp.ClientConnectorDNSError, "unknown-host"),
    (aiohttp.ClientPayloadError, "broken-answer"),
    (aiohttp.ClientResponseError, "broken-answer"),
    (aiohttp.ClientError, "connection"),
    (OSError, "connection"),
)


class BlockedAddress(OSError):
    """The guard refused; a connection was not attempted."""

    def __init__(self) -> None:
        super().__init__("the address is not one that call-backs may reach")


class Guard:
    """Decides about addresses. `allow` are the operator's exceptions, for receivers on a private network."""

    def __init__(self, allow: Sequence[Network] = ()) -> None:
        self._allow = tuple(allow)

    def permits(self, host: str, port: int) -> bool:
        """Whether a call-back may go to this address (an IP address as text) and port."""
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        inner = _embedded(address)
        if any(candidate in network for candidate in (address, inner) if candidate for network in self._allow):
            return True
        if port < _FREE_PORTS and port not in _WEB_PORTS:
            return False  # mail, remote shells and the like would read a request as their own language
        if inner is not None:
            return _public(inner) and (address in _NAT64 or address in _SIXTOFOUR)
        return _public(address)

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for one resolved address, as aiohttp's `socket_factory`. Raises BlockedAddress."""
        family, kind, protocol, _, sockaddr = info
        if not self.permits(str(sockaddr[0]), int(sockaddr[1])):
            raise BlockedAddress
        return socket.socket(family=family, type=kind, proto=protocol)


def guarded_connector(guard: Guard, *, keepalive: float) -> aiohttp.TCPConnector:
    """A connector that reaches nothing but what the guard permits. `keepalive`: seconds that an idle connection is kept."""
    return aiohttp.TCPConnector(
        limit=0,  # the deliverer counts itself, and fairly
        keepalive_timeout=keepalive,
        ttl_dns_cache=10,
        resolver=Resolver(),
        socket_factory=guard.socket,
    )


def word_of(error: Exception) -> str:
    """Why a receiver did not answer, in one of the delivery log's words; "" for what is no failure of a connection."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, BlockedAddress):
        return "blocked-address"
    return next((word for kind, word in _WORDS if isinstance(error, kind)), "")


async def reach(url: str, guard: Guard, seconds: float) -> str:
    """Whether a receiver can be connected to: "" if so, else why not, in one of the delivery log's words."""
    try:
        target = URL(url)
        async with asyncio.timeout(seconds):
            return await _connect(target.host or "", target.port or 0, guard)
    except TimeoutError:
        return "timeout"
    except ValueError:
        return "bad-address"
    except OSError:
        return "unknown-host"


async def _connect(host: str, port: int, guard: Guard) -> str:
    if not host or not port:
        return "bad-address"
    found = await Resolver().resolve(host, port)
    permitted = [entry for entry in found if guard.permits(entry["host"], entry["port"])]
    for entry in permitted:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(entry["host"], entry["port"])
            writer.close()
            return ""
    return "connection" if permitted else "blocked-address"


class Resolver(AbstractResolver):
    """Asks the system, in a thread for each name, so that a name server which never answers holds up no other name.

    The threads are daemons: a lookup that hangs does not keep the process from ending.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a name. Raises OSError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def settle(found: list[Any] | None, error: Exception | None) -> None:
            if not answer.done():
                if error is not None:
                    answer.set_exception(error)
                else:
                    answer.set_result(found or [])

        def look() -> None:
            found, failure = None, None
            try:
                found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                failure = error if isinstance(error, OSError) else OSError("not a host name")
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, found, failure)

        threading.Thread(target=look, name="resolve", daemon=True).start()
        return [
            ResolveResult(
                hostname=host, host=_with_scope(sockaddr), port=sockaddr[1], family=kind, proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, sockaddr in await answer
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is held."""


def _with_scope(sockaddr: tuple[Any, ...]) -> str:
    """An address as text; a link-local one names its interface."""
    if len(sockaddr) == 4 and sockaddr[3] and "%" not in sockaddr[0]:
        return f"{sockaddr[0]}%{sockaddr[3]}"
    return str(sockaddr[0])


def _public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_IPV4)
    return address in _GLOBAL_IPV6 and not any(address in network for network in _REFUSED_IPV6)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address carries and may be forwarded to, if any."""
    if isinstance(address, IPv4Address):
        return None
    number = int(address)
    if address in _MAPPED or address in _COMPATIBLE or address in _NAT64:
        return IPv4Address(number & 0xFFFF_FFFF)
    if address in _SIXTOFOUR:
        return IPv4Address(number >> 80 & 0xFFFF_FFFF)
    if number >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(number & 0xFFFF_FFFF)
    return None
