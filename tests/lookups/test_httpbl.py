"""http:BL: asked over real DNS, about public addresses alone, once each; whatever it answers, comments come in."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import dns.asyncresolver
import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from service import keyfiles, logs
from service.app import api_application
from service.commands.findings import findings
from service.container import Services
from service.core.identity import IdentityKeys, Listing
from service.core.server import read_address
from service.core.signals import CATALOGUE
from service.core.signals.compute import signals
from service.core.signals.subjects import NOTHING_KNOWN, subjects_of
from service.core.site import Known
from service.core.submission import RawComment, Requirements, Strict, prepare
from service.core.verdict import Signal
from service.keyfiles import KeyFileError
from service.lookups import httpbl
from service.lookups.httpbl import TEST_ADDRESS, HttpBl, public_ipv4, read_answer
from service.metrics import HTTPBL
from service.settings import Settings
from service.store.reputation import Lookups
from tests.support.akismet import AkismetClient
from tests.support.moderation import WordScorer, submission
from tests.support.name_server import NameServer, name_server
from tests.support.platform import Platform
from tests.support.waiting import until

KEY = "abcdefghijkl"
ADDRESS = "93.184.216.34"
NAME = f"{KEY}.34.216.184.93.dnsbl.httpbl.org."
SPAMMER = Listing(threat=58, days=3, suspicious=True, harvester=False, spammer=True)
RAISED: dict[str, Signal] = {
    "httpbl_threat": 58, "httpbl_days": 3, "httpbl_suspicious": True, "httpbl_spammer": True,
}  # fmt: skip
NOT_PUBLIC = (
    "10.0.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "192.0.2.7", "198.51.100.1",
    "203.0.113.9", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "2001:4860:4860::8888", "::ffff:10.0.0.1",
    "", "nonsense",
)  # fmt: skip


@pytest.fixture
async def asked() -> AsyncIterator[NameServer]:
    """A name server that lists ADDRESS and nobody else."""
    async with name_server(lambda name: ["127.3.58.5"] if name == NAME else []) as answering:
        yield answering


def by(ip: str) -> dict[str, str]:
    return {"name": "Ann", "email": "ann@example.com", "ip": ip}


def counted(result: str) -> float:
    return HTTPBL.labels(result)._value.get()  # type: ignore[attr-defined]


def looking(services: Services, server: NameServer, **more: Any) -> HttpBl:
    how = {"patience": 5.0, "remember": 3_600} | more
    return HttpBl(KEY, Lookups(services.connection), resolver=server.resolver, **how)


async def listing(look: HttpBl, services: Services, address: str = ADDRESS) -> Listing | None:
    found = await look(submission(services, ip=address), address)
    assert found.author.ip is not None
    return found.author.ip.listing


class TestAddresses:
    @pytest.mark.parametrize("address", NOT_PUBLIC)
    async def test_nobody_is_asked_about_what_is_not_public_ipv4(
        self, services: Services, asked: NameServer, address: str
    ) -> None:
        said = submission(services, ip=address if address != "nonsense" else "")
        assert await looking(services, asked)(said, address) is said
        assert asked.asked == []

    def test_ipv4_in_ipv6_clothes_counts_as_ipv4(self) -> None:
        assert public_ipv4(f" ::ffff:{ADDRESS} ") == ADDRESS

    @given(st.ip_addresses(v=4))
    def test_an_answer_is_read_or_is_nothing(self, address: ipaddress.IPv4Address) -> None:
        found = read_answer(str(address))
        local, days, threat, kind = address.packed
        if local != 127 or kind % 8 == 0:
            assert found is None
        else:
            assert found == Listing(threat, days, bool(kind & 1), bool(kind & 2), bool(kind & 4))

    @pytest.mark.parametrize("answer", ["", "?", "127.1.1.0", "127.1.1.8", "203.0.113.5", "127.1.1", "nonsense"])
    def test_a_search_engine_and_what_can_not_be_read_say_nothing(self, answer: str) -> None:
        assert read_answer(answer) is None


class TestAsking:
    async def test_who_is_listed_is_known_and_who_is_not_is_not(self, services: Services, asked: NameServer) -> None:
        look = looking(services, asked)
        assert await listing(look, services) == SPAMMER
        assert await listing(look, services, "8.8.8.8") is None
        assert asked.asked == [NAME, f"{KEY}.8.8.8.8.dnsbl.httpbl.org."]

    async def test_each_address_is_asked_about_once_by_all_processes(
        self, services: Services, asked: NameServer
    ) -> None:
        before = counted("remembered")
        for look in (looking(services, asked), looking(services, asked)):
            assert await listing(look, services) == SPAMMER
            assert await listing(look, services, "8.8.8.8") is None
        assert len(asked.asked) == 2
        assert counted("remembered") == before + 2

    async def test_an_answer_is_asked_for_again_when_it_is_forgotten(
        self, services: Services, asked: NameServer
    ) -> None:
        look = looking(services, asked)
        await listing(look, services)
        (key,) = await services.connection.client.keys("*bl:*")
        assert ADDRESS.encode() not in key
        assert 3_500 < await services.connection.client.ttl(key) <= 3_600
        await services.connection.client.delete(key)
        assert await listing(look, services) == SPAMMER
        assert len(asked.asked) == 2

    async def test_two_at_once_ask_once(self, services: Services, asked: NameServer) -> None:
        look = looking(services, asked)
        await asyncio.gather(*[listing(look, services) for _ in range(10)])
        await look.settled()
        assert asked.asked == [NAME]
        assert await listing(look, services) == SPAMMER

    async def test_silence_is_not_waited_for_and_nobody_is_asked_again_soon(self, services: Services) -> None:
        before = counted("timeout"), counted("late")
        async with name_server(lambda _: None) as silent:
            look = looking(services, silent, patience=0.05)
            began = time.monotonic()
            assert await listing(look, services) is None
            assert time.monotonic() - began < 1.5  # the question itself is given up after 2 seconds
            await look.settled()
            assert await listing(look, services) is None
            assert set(silent.asked) == {NAME}
            assert (counted("timeout"), counted("late")) == (before[0] + 1, before[1] + 1)

    async def test_a_late_answer_is_there_for_the_next_comment(self, services: Services, asked: NameServer) -> None:
        look = looking(services, asked, patience=0.0)
        assert await listing(look, services) is None
        await look.settled()
        assert await listing(looking(services, asked), services) == SPAMMER
        assert asked.asked == [NAME]

    @pytest.mark.parametrize(
        "said",
        [
            ["203.0.113.5"],
            ["10.0.0.1"],
            ["127.3.58.5", "127.1.1.1"],
            ["127.0.0.0"],
            ["127.1.1.248"],
            ["255.255.255.255"],
        ],
    )
    async def test_answers_that_are_none_say_nothing(self, services: Services, said: list[str]) -> None:
        async with name_server(lambda _: said) as hostile:
            assert await listing(looking(services, hostile), services) is None
            assert hostile.asked == [NAME]

    @pytest.mark.parametrize("said", [b"", b"\0", b"\xff" * 512, bytes(range(156, 256))])
    async def test_garbage_says_nothing(self, services: Services, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(httpbl, "_LIFETIME", 0.2)
        async with name_server(lambda _: said) as broken:
            look = looking(services, broken)
            assert await listing(look, services) is None
            assert broken.asked

    async def test_no_resolver_no_redis_and_too_many_questions_lose_no_comment(
        self, services: Services, asked: NameServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dns.asyncresolver, "Resolver", _fail)
        nobody = HttpBl(KEY, Lookups(services.connection), patience=5.0, remember=60)
        assert await listing(nobody, services) is None
        monkeypatch.setattr(httpbl, "_MOST_UNDER_WAY", 0)
        before = counted("crowded")
        assert await listing(looking(services, asked), services, "8.8.8.8") is None
        assert counted("crowded") == before + 1
        monkeypatch.undo()
        await services.connection.close()
        monkeypatch.setattr(services.connection.wire._server, "address", read_address("unix:///nowhere.sock"))
        assert await listing(looking(services, asked), services, "8.8.4.4") is None
        assert asked.asked == []

    async def test_closing_drops_what_is_under_way(self, services: Services) -> None:
        async with name_server(lambda _: None) as silent:
            look = looking(services, silent)
            waiting = asyncio.create_task(listing(look, services))
            await until(lambda: silent.asked)
            await look.close()
            assert await waiting is None


def test_what_is_listed_raises_signals() -> None:
    keys = IdentityKeys((("k1", b"secret"),))
    raw = RawComment(platform_id="1", content="Hello.", page_url="https://blog.example/", ip=ADDRESS)
    said = prepare(raw, keys, Strict(Requirements(False, False))).submission
    assert said.author.ip is not None
    ip = msgspec.structs.replace(said.author.ip, listing=Listing(58, 3, True, True, True))
    listed = msgspec.structs.replace(said, author=msgspec.structs.replace(said.author, ip=ip))
    raised = signals(listed, subjects_of(listed), NOTHING_KNOWN, 0)
    about = {name for name in CATALOGUE if name.startswith("httpbl_")}
    assert {name: raised[name] for name in about} == RAISED | {"httpbl_harvester": True}


def _fail(*_: Any) -> Any:
    raise dns.resolver.NoResolverConfiguration(KEY)


class TestEntrances:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "httpbl.key").write_text(KEY + "\n")
        (tmp_path / "secrets" / "httpbl.key").chmod(0o600)
        return Settings(
            data_dir=tmp_path, site_cache=0.0, httpbl=True, httpbl_patience=2.0, akismet_deadline=0.1, log_level="debug"
        )

    @pytest.fixture
    async def platform(
        self,
        aiohttp_client: Any,
        services: Services,
        site: Known,
        asked: NameServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Platform:
        monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: asked.resolver)
        return Platform(await aiohttp_client(api_application(services, load_scorer=WordScorer)), services, site)

    async def test_the_native_api_knows_in_the_verdict_and_keeps_no_address(
        self, platform: Platform, services: Services, asked: NameServer
    ) -> None:
        view = await (await platform.submit(author=by(ADDRESS))).json()
        await platform.judge()
        comment = await services.comments.get(view["id"])
        assert comment is not None
        assert comment.verdict is not None
        assert RAISED.items() <= comment.verdict.signals.items()
        assert asked.asked == [NAME]
        assert ADDRESS not in repr(comment)
        assert not [name async for name in services.connection.client.scan_iter(f"*{ADDRESS}*")]

    async def test_an_invalid_submission_asks_nobody(self, platform: Platform, asked: NameServer) -> None:
        assert (await platform.submit(author={"name": "Ann", "ip": ADDRESS})).status == 422
        assert asked.asked == []

    async def test_akismets_clients_ask_too(self, platform: Platform, site: Known, asked: NameServer) -> None:
        client = AkismetClient(platform, site)
        await client.call("comment-check", user_ip=ADDRESS)
        await client.call("submit-spam", user_ip=ADDRESS)
        assert asked.asked == [NAME]
        kept = (await client.only()).submission
        assert kept is not None
        assert kept.author.ip is not None
        assert kept.author.ip.listing == SPAMMER

    async def test_walines_webhook_asks_too(self, platform: Platform, site: Known, asked: NameServer) -> None:
        comment = {"objectId": 7, "comment": "Hello.", "nick": "Ann", "url": "/post", "ip": ADDRESS}
        path = f"/hooks/blog/waline?key={site.credentials[0].api_key}"
        heard = await platform.client.post(path, json={"type": "new_comment", "data": {"comment": comment}})
        assert heard.status == 200
        assert asked.asked == [NAME]

    async def test_neither_address_nor_key_is_logged(
        self,
        platform: Platform,
        settings: Settings,
        asked: NameServer,
        monkeypatch: pytest.MonkeyPatch,
        capfdbinary: pytest.CaptureFixture[bytes],
    ) -> None:
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        logs.configure(settings)
        try:
            for number, answering in enumerate((asked.answering, lambda _: [], lambda _: [ADDRESS])):
                asked.answering = answering
                assert (await platform.submit(id=str(number), author=by(f"93.184.216.3{number + 4}"))).status == 202
            monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: Leaking(configure=False))
            assert (await platform.submit(id="9", author=by("93.184.216.99"))).status == 202
            written = capfdbinary.readouterr()
        finally:
            structlog.reset_defaults()
            root.handlers[:] = handlers
            root.setLevel(level)
        assert written.err.count(b"asked http:BL") == 4
        for secret in (KEY, "93.184.216", "216.184.93", "httpbl.org"):
            assert secret.encode() not in written.err + written.out

    async def test_the_check_looks_whether_it_answers(
        self, settings: Settings, asked: NameServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: asked.resolver)
        assert await _checked(settings) == "warn"
        asked.answering = lambda _: [TEST_ADDRESS]
        assert await _checked(settings) == "ok"
        assert set(asked.asked) == {f"{KEY}.1.10.1.127.dnsbl.httpbl.org."}
        (settings.secrets / "httpbl.key").unlink()
        assert await _checked(settings) == "fail"


async def test_it_is_off_unless_it_is_turned_on(
    aiohttp_client: Any, services: Services, site: Known, asked: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: asked.resolver)
    platform = Platform(await aiohttp_client(api_application(services, load_scorer=WordScorer)), services, site)
    assert (await platform.submit(author=by(ADDRESS))).status == 202
    assert asked.asked == []
    assert Settings().httpbl is False


@pytest.mark.parametrize(
    "written", [None, "", "short", "ABCDEFGHIJKL", "abcdefghijk.", "abcdefghijklm", "abcdefghijkl\nx"]
)
def test_a_key_that_is_none_is_refused_and_not_quoted(tmp_path: Path, written: str | None) -> None:
    if written is not None:
        (tmp_path / "httpbl.key").write_text(written)
    with pytest.raises(KeyFileError) as refused:
        keyfiles.httpbl_key(tmp_path)
    assert not written or written not in str(refused.value).removeprefix(str(tmp_path))


def test_it_does_not_start_without_its_key(services: Services) -> None:
    wanting = Settings(data_dir=services.settings.data_dir, httpbl=True)
    object.__setattr__(services, "settings", wanting)
    with pytest.raises(KeyFileError, match=r"httpbl\.key"):
        api_application(services)


class Leaking(dns.asyncresolver.Resolver):
    """Fails by an exception that quotes the name that was asked for."""

    async def resolve(self, name: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        raise RuntimeError(name)


async def _checked(settings: Settings) -> str:
    (level,) = [found.level async for found in findings(settings, {}) if found.subject == "http:BL"]
    return level
