"""Every pair of changes of a person or a site, one reading before the other writes: both survive, or one is refused."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from argon2 import PasswordHasher

from service.container import Services, open_services
from service.core.errors import AntechamberError, Conflict, NotFound, Unauthenticated
from service.core.moderator import Moderator, Role
from service.core.policy import Policy
from service.core.site import Known, Site
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.store.client import Wire
from service.store.directory import Directory
from service.store.script import Argument, Field
from service.store.server import EmbeddedServer
from tests.support.desk import PASSWORD

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OLDER = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
NUMBERS = itertools.count()
HOLD = Policy(release_after=3)


class SlowWire(Wire):
    """A wire whose first replacing of a record waits until it may."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reached = asyncio.Event()
        self.may = asyncio.Event()

    async def run(self, script: str, keys: Sequence[str], /, *args: Argument, **fields: Field) -> Any:
        if script == "store/compare_and_set":
            self.reached.set()
            await self.may.wait()
        return await super().run(script, keys, *args, **fields)


class Act(NamedTuple):
    """A change: how it is made, what it touches, how the record shows it, and what the log says of it."""

    make: Callable[[Services], Awaitable[object]]
    touches: str
    shows: Callable[[Any], bool]
    line: str = ""


def _replace(**fields: Any) -> Callable[[Site], Site]:
    return lambda site: msgspec.structs.replace(site, **fields)


PEOPLE = {
    "role": Act(
        lambda s: s.team.set_access(None, "ann", Role.MODERATOR),
        "role",
        lambda ann: ann.role is Role.MODERATOR,
        "moderators.access",
    ),
    "sites": Act(
        lambda s: s.team.set_access(None, "ann", sites=["blog"]),
        "sites",
        lambda ann: ann.sites == ("blog",),
        "moderators.access",
    ),
    "both": Act(
        lambda s: s.team.set_access(None, "ann", Role.LEAD, ["shop"]),
        "role sites",
        lambda ann: (ann.role, ann.sites) == (Role.LEAD, ("shop",)),
        "moderators.access",
    ),
    "password": Act(
        lambda s: s.moderators.set_password("ann", "another one, then"),
        "password",
        lambda ann: _fits(ann.password, "another one, then") and ann.generation >= 1,
        "moderators.password",
    ),
    "sign out": Act(
        lambda s: s.moderators.sign_out_everywhere("ann"),
        "generation",
        lambda ann: ann.generation >= 1,
        "session.end-all",
    ),
    "sign in": Act(
        lambda s: s.moderators.sign_in("ann", PASSWORD, "192.0.2.7"),
        "hash",
        lambda ann: True,
        "session.begin",
    ),
    "remove": Act(lambda s: s.team.remove(None, "ann"), "all", lambda ann: ann is None, "moderators.remove"),
    "add": Act(
        lambda s: s.moderators.add("ann", Role.OPERATOR, (), PASSWORD),
        "all",
        lambda ann: ann is not None,
        "moderators.add",
    ),
}
SITES = {
    "url": Act(
        lambda s: s.accounts.change("blog", _replace(url=f"https://b{next(NUMBERS)}.example"), "sites.set"),
        "url",
        lambda site: site.url.startswith("https://b") and site.url != "https://blog.example",
        "sites.set",
    ),
    "callback": Act(
        lambda s: s.accounts.change(
            "blog", _replace(callback=f"https://c{next(NUMBERS)}.example/hook"), "sites.callback"
        ),
        "callback",
        lambda site: site.callback.startswith("https://c"),
        "sites.callback",
    ),
    "rotate": Act(
        lambda s: s.accounts.rotate("blog", 60), "keys", lambda site: len(site.generations) >= 2, "sites.rotate"
    ),
    "policy": Act(
        lambda s: s.policies.save("blog", HOLD, by="operator"),
        "policy",
        lambda site: site.policy == HOLD and site.edition.version >= 1,
        "sites.policy",
    ),
    "restore": Act(
        lambda s: s.policies.restore("blog", 0, by="operator"),
        "policy",
        lambda site: site.policy == Policy() and site.edition.version >= 1,
        "sites.policy.restore",
    ),
    "remove": Act(lambda s: s.accounts.remove("blog"), "all", lambda site: site is None, "sites.remove"),
    "add": Act(
        lambda s: s.accounts.add("blog", "https://blog.example"), "all", lambda site: site is not None, "sites.add"
    ),
}


def _fits(hashed: str, password: str) -> bool:
    return bool(CHEAP.verify(hashed, password))


def _pairs(acts: dict[str, Act]) -> list[tuple[str, str]]:
    return [(late, quick) for late in acts for quick in acts]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are many pairs; what is tried here is not how much hashing costs."""
    monkeypatch.setattr("service.usecases.moderators._HASHER", CHEAP)


@pytest.fixture
async def late(
    server: EmbeddedServer, secrets: KeyFiles, settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Services, SlowWire]]:
    """Another process, which is slow to write."""
    wire = SlowWire(server.url)
    with monkeypatch.context() as patched:
        patched.setattr("service.store.client.Wire", lambda url, published=None: wire)
        opening = open_services(settings, secrets, server.url)
        other = await opening.__aenter__()
    yield other, wire
    wire.may.set()
    await opening.__aexit__(None, None, None)


async def _interleave(
    first: Act, second: Act, services: Services, late: tuple[Services, SlowWire]
) -> tuple[BaseException | None, BaseException | None]:
    """`first` reads, `second` is done from beginning to end, then `first` writes; what each of them raised."""
    other, wire = late
    going = asyncio.ensure_future(first.make(other))
    reached = asyncio.ensure_future(wire.reached.wait())
    await asyncio.wait([going, reached], return_when=asyncio.FIRST_COMPLETED)
    reached.cancel()
    quick: BaseException | None = None
    try:
        await second.make(services)
    except AntechamberError as error:
        quick = error
    wire.may.set()
    (slow,) = await asyncio.gather(going, return_exceptions=True)
    return (slow if isinstance(slow, BaseException) else None), quick


def _check(
    record: Moderator | Site | None, acts: tuple[Act, Act], raised: tuple[BaseException | None, BaseException | None]
) -> None:
    """What was not refused shows in the record; where both touch the same, the later one does."""
    (slow, quick), (slow_raised, quick_raised) = acts, raised
    for error in raised:
        assert error is None or isinstance(error, (Conflict, NotFound, Unauthenticated)), error
    if slow_raised is None and record is not None:
        assert slow.shows(record)
    if slow_raised is None and slow.touches == "all":
        assert slow.shows(record)
    overwritten = slow_raised is None and ({*slow.touches.split()} & {*quick.touches.split()} or slow.touches == "all")
    if quick_raised is None and not overwritten:
        assert quick.shows(record)


async def _lines(services: Services, began: int) -> list[tuple[str, str]]:
    """What was done since; who was refused stands in the log too, and changes nothing."""
    found = [(line.what, line.note) for line in await services.accounts.audited(100)]
    return [line for line in found[: len(found) - began][::-1] if line[0] != "session.refused"]


@pytest.mark.parametrize(("slow", "quick"), _pairs(PEOPLE))
async def test_no_change_of_a_moderator_is_lost(
    slow: str, quick: str, services: Services, late: tuple[Services, SlowWire]
) -> None:
    await services.accounts.add("blog", "https://blog.example")
    await services.accounts.add("shop", "https://shop.example")
    if slow != "add":
        late[1].reached.clear()
        await services.moderators.add("ann", Role.OPERATOR, (), PASSWORD)
        await _weaken(services)
    began = len(await services.accounts.audited(100))
    acts = (PEOPLE[slow], PEOPLE[quick])
    raised = await _interleave(*acts, services, late)
    people = {one.name: one for one in await services.moderators.all()}
    record = people.get("ann")
    _check(record, acts, raised)

    lines = await _lines(services, began)
    done = [act.line for act, error in zip(acts, raised, strict=True) if error is None]
    said = sorted(what for what, _ in lines)
    assert said == sorted(done) or (slow == quick and said == done[:1]), "the log says what was done, and nothing else"
    access = [note for what, note in lines if what in ("moderators.access", "moderators.add")]
    if record is not None and access:
        assert access[-1].rpartition("→ ")[2] == f"{record.role}, {', '.join(record.sites) or 'all sites'}"


async def _weaken(services: Services) -> None:
    """Her password was hashed with parameters of another time: signing in writes her record."""
    hashed = OLDER.hash(PASSWORD)
    people = Directory(services.connection, "ac:staff", Moderator, "moderator", "")
    await people.change("ann", lambda ann: msgspec.structs.replace(ann, password=hashed))


@pytest.mark.parametrize(("slow", "quick"), _pairs(SITES))
async def test_no_change_of_a_site_is_lost(
    slow: str, quick: str, services: Services, late: tuple[Services, SlowWire]
) -> None:
    if slow != "add":
        await services.accounts.add("blog", "https://blog.example")
        await services.policies.save("blog", Policy(release_after=2), by="operator")
    began = len(await services.accounts.audited(100))
    acts = (SITES[slow], SITES[quick])
    raised = await _interleave(*acts, services, late)
    known: Known | None = await services.accounts.find("blog")
    _check(known.site if known else None, acts, raised)
    done = [act.line for act, error in zip(acts, raised, strict=True) if error is None]
    said = sorted(what for what, _ in await _lines(services, began))
    assert said == sorted(done) or (slow == quick and said == done[:1]), "who finds it so already changes nothing"
    if known is not None:
        editions = [kept.edition.version for kept in await services.policies.history("blog")]
        assert editions == [*range(known.site.edition.version, -1, -1)], "no edition is skipped"


async def test_who_signs_in_while_their_password_changes_is_out(
    services: Services, late: tuple[Services, SlowWire]
) -> None:
    await services.moderators.add("ann", Role.OPERATOR, (), PASSWORD)
    await _weaken(services)
    refused, done = await _interleave(PEOPLE["sign in"], PEOPLE["password"], services, late)
    assert isinstance(refused, Unauthenticated)
    assert done is None
    assert [what for what, _ in await _lines(services, 0)] == ["moderators.add", "moderators.password"]
