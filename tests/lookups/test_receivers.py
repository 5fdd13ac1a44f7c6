"""Which addresses call-backs may reach, and that nothing gets around it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from service.lookups.receivers import BlockedAddress, Guard, Resolver, reach
from service.settings import Settings
from service.workers.deliver.client import Client
from tests.support.receivers import http_receiver

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.9.10",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.9", "203.0.113.7", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8",
    "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:4136:e378::", "2001:db8::1",
    "2001:10::1", "2001:20::1", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fe80::1%1", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "e000::1",
    "2a00:1450:4001:82a:0:5efe:10.0.0.1", "2a00:1450:4001:82a:200:5efe:127.0.0.1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1",
    "11.0.0.1", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2001:4860:4860::8888",
    "2001:200::1", "64:ff9b::8.8.8.8", "2002:808:808::1",
]  # fmt: skip
NOT_ADDRESSES = ["", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.1.1.1 ", "blog.example"]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_special_use_is_permitted(address: str) -> None:
    assert not Guard().permits(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert Guard().permits(address, 443)


@pytest.mark.parametrize("host", NOT_ADDRESSES)
def test_what_is_no_address_is_not_permitted(host: str) -> None:
    assert not Guard((ip_network("0.0.0.0/0"), ip_network("::/0"))).permits(host, 443)


@pytest.mark.parametrize(
    ("port", "permitted"), [(80, 1), (443, 1), (1024, 1), (8080, 1), (22, 0), (25, 0), (587, 0), (0, 0)]
)
def test_ports_of_other_services_are_not_permitted(port: int, permitted: int) -> None:
    assert Guard().permits("1.1.1.1", port) == bool(permitted)


def test_the_operator_may_allow_networks() -> None:
    guard = Guard((ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    assert guard.permits("10.1.2.3", 25)
    assert guard.permits("::ffff:10.1.2.3", 443)
    assert guard.permits("fd00::9", 8080)
    assert not guard.permits("10.2.0.1", 443)
    assert not guard.permits("127.0.0.1", 443)
    assert not guard.permits("::ffff:10.2.0.1", 443)


def test_a_socket_is_made_for_permitted_addresses_only() -> None:
    with Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("1.1.1.1", 443))) as made:
        assert made.family == socket.AF_INET
    with pytest.raises(BlockedAddress):
        Guard().socket((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", 443, 0, 0)))


async def ask(url: str, **settings: Any) -> str:
    async with Client(Settings(deliver_timeout=2, **settings)) as receivers:
        answer = await receivers.ask(url, {}, b"{}")
        return answer.error or str(answer.status)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::ffff:127.0.0.1]"])
async def test_nothing_arrives_at_a_private_receiver(host: str) -> None:
    async with http_receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", host)
        assert await ask(url) == "blocked-address"
        assert receiver.heard == []
        assert await ask(url, callback_allow="127.0.0.0/8,::/96") == "200"
        assert len(receiver.heard) == 1


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.0.0.1", "017700000001", "[::1]", "[::]", "0.0.0.0", "0", "localhost."]
)
async def test_disguised_loopback_is_not_reached(host: str) -> None:
    async with http_receiver() as receiver:
        assert await ask(receiver.url.replace("127.0.0.1", host)) in ("blocked-address", "bad-address", "unknown-host")
        assert receiver.heard == []


@pytest.mark.parametrize(
    "url", ["http:///hook", "ftp://blog.example/", "file:///etc/passwd", "http://blog.example:99999/", "", "x"]
)
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert await ask(url) == "bad-address"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """Names that resolve to what a test says: each lookup takes the next answer, the last one stays."""
    answers: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in answers:
            return real(host, port, *rest, **more)
        found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [info for one in found.split() for info in real(one, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return answers


async def test_a_name_that_resolves_to_private_addresses_is_not_reached(names: dict[str, list[str]]) -> None:
    async with http_receiver() as receiver:
        for found in ("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1 10.0.0.1 ::1"):
            names["hook.example"] = [found]
            assert await ask(receiver.url.replace("127.0.0.1", "hook.example")) == "blocked-address"
        assert receiver.heard == []


async def test_a_name_with_public_and_private_addresses_is_tried_at_the_permitted_ones_only(
    names: dict[str, list[str]],
) -> None:
    async with http_receiver() as receiver:
        names["hook.example"] = ["127.0.0.2 127.0.0.1 ::1"]
        url = receiver.url.replace("127.0.0.1", "hook.example")
        assert await ask(url, callback_allow="127.0.0.1/32") == "200"
        assert await ask(url, callback_allow="127.0.0.2/32") in ("connection", "blocked-address")
        assert len(receiver.heard) == 1


async def test_a_name_that_changes_its_mind_gains_nothing(names: dict[str, list[str]]) -> None:
    """DNS rebinding: permitted at first, private afterwards. Every connection is checked by itself."""
    async with (
        http_receiver() as receiver,
        Client(Settings(deliver_timeout=2, callback_allow="127.0.0.2/32")) as receivers,
    ):
        names["hook.example"] = ["127.0.0.2", "127.0.0.1"]
        url = receiver.url.replace("127.0.0.1", "hook.example")
        assert (await receivers.ask(url, {}, b"{}")).error == "connection"
        names["again.example"] = ["127.0.0.1"]
        assert (await receivers.ask(url.replace("hook", "again"), {}, b"{}")).error == "blocked-address"
        assert receiver.heard == []


async def test_an_unknown_name_is_told_apart(names: dict[str, list[str]]) -> None:
    names["hook.example"] = [""]
    assert await ask("http://hook.example/") == "unknown-host"
    assert await ask("http://" + "a" * 70 + ".example/") in ("unknown-host", "bad-address")


async def test_a_name_server_that_never_answers_delays_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    real, hanging = socket.getaddrinfo, asyncio.Event()
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[None] = loop.create_future()

    def look(host: Any, *rest: Any, **more: Any) -> Any:
        if host.startswith("hang"):
            loop.call_soon_threadsafe(hanging.set)
            asyncio.run_coroutine_threadsafe(asyncio.wait_for(asyncio.shield(answer), 20), loop).result()
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    lookups = [asyncio.create_task(Resolver().resolve(f"hang{number}.example", 80)) for number in range(40)]
    await hanging.wait()
    (found,) = await asyncio.wait_for(Resolver().resolve("fine.example", 80), 10)
    assert found["host"] == "127.0.0.1"
    assert not any(task.done() for task in lookups)
    answer.set_result(None)
    await asyncio.gather(*lookups)


async def test_reach_says_why_not(names: dict[str, list[str]]) -> None:
    allowed = Guard((ip_network("127.0.0.0/8"),))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert await reach(nobody, allowed, 5) == "connection"
    names["hook.example"] = [""]
    async with http_receiver() as receiver:
        assert await reach(receiver.url, allowed, 5) == ""
        assert await reach(receiver.url, Guard(), 5) == "blocked-address"
    assert await reach("http://hook.example/", allowed, 5) == "unknown-host"
    assert await reach("nonsense", allowed, 5) == "bad-address"
    assert await reach("http://blog.example:99999/", allowed, 5) == "bad-address"
