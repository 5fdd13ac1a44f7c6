"""`antechamber check`: whether everything is as it should be, one line each.

Nothing is changed and nothing is started; what can't be looked at is a line too, and the rest is looked at all the same.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp

from service import installation, keyfiles
from service.container import Opening, Services, open_services
from service.core.errors import StoreUnavailable, WrongInstallation
from service.core.lifecycle import Outcome
from service.core.model_version import EVERYWHERE
from service.core.server import ServerState, read_address
from service.core.site import Site
from service.installation import InstallationError, Note
from service.keyfiles import KeyFileError, KeyFiles, NoKeyFile
from service.lookups.httpbl import TEST_ADDRESS, ask
from service.lookups.receivers import Guard, reach
from service.serve import embedded_runs, existing_url
from service.settings import Settings, variable

OK, WARN, FAIL = "ok", "warn", "fail"
_SLOW_MS = 5.0  # a round trip beyond this is felt in every request
_SKEW_WARN_MS, _SKEW_FAIL_MS = 1_000.0, 60_000.0
_SPACE_WARN, _SPACE_FAIL = 2_000_000_000, 200_000_000  # bytes
_MEMORY_WARN, _MEMORY_FAIL = 0.8, 0.97  # of maxmemory
_REACH_SECONDS = 5.0
_PATIENCE = 3.0  # seconds
_PRIVILEGED = 1024
_UNITS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "s": 1_000}  # milliseconds


class Finding(NamedTuple):
    """One line of the check."""

    level: str  # ok | warn | fail
    subject: str
    line: str


async def findings(settings: Settings, wrong: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Everything that can be said, in the order in which it is found out. `wrong`: variables that can't be used, and why."""
    for name, why in wrong.items():
        yield Finding(FAIL, "settings", f"{name}: {why}")
    if not wrong:
        yield Finding(OK, "settings", f"read; the API listens on {settings.host}:{settings.port}")
    yield _data_dir(settings.data_dir)
    yield _owner(settings)
    for finding in [*await _listening(settings), *await _reached(settings)]:
        yield finding
    secrets: KeyFiles | None = None
    try:
        secrets = keyfiles.read(settings.secrets)
        for finding in _secrets(settings.secrets):
            yield finding
    except (KeyFileError, OSError) as error:
        gone = installation.lost(settings, error) if isinstance(error, NoKeyFile) else None
        anew = "; put it back, or begin anew with antechamber keys init" if isinstance(error, NoKeyFile) else ""
        yield Finding(FAIL, "secrets", str(gone or f"{error}{anew}"))
    for finding in _notices(settings):
        yield finding
    for path in settings.list_files:
        if not path.is_file() or not os.access(path, os.R_OK):
            name = variable("list_files")
            yield Finding(WARN, "lists", f"{name}: {path} can't be read; comments are taken in without it")
    yield _model()
    if settings.httpbl:
        yield await _httpbl(settings.secrets)
    for finding in _other_reader(settings):
        yield finding
    if variable("redis_url") in wrong:
        yield Finding(FAIL, "redis", "is not looked at, since REDIS_URL can't be used")
        return
    async for finding in _box(settings, secrets):
        yield finding


async def _box(settings: Settings, secrets: KeyFiles | None) -> AsyncIterator[Finding]:
    """What can be said of Redis, and of all that is in it."""
    if settings.embedded and not embedded_runs(settings):
        if installation.no_room(settings):
            yield Finding(FAIL, "redis", StoreUnavailable(why="disk").amiss)
            return
        server = settings.data_dir / installation.SERVER
        there = server.is_dir()
        if there and not os.access(server, os.X_OK):
            yield Finding(FAIL, "redis", f"can't be looked at: {server.absolute()} is closed to our user")
            return
        what = "its embedded Redis is not up" if there else f"there is no data in {settings.data_dir.absolute()}"
        yield Finding(FAIL, "redis", f"nothing runs here ({what}); start it with antechamber serve")
        return
    opening = Opening(patience=_PATIENCE, writing=False)
    try:
        async with open_services(
            settings, secrets or keyfiles.throwaway(), existing_url(settings), opening
        ) as services:
            async for finding in _store(services, known=secrets is not None):
                yield finding
    except StoreUnavailable as error:
        yield Finding(FAIL, "redis", error.amiss)


async def _store(services: Services, *, known: bool) -> AsyncIterator[Finding]:
    parts: list[tuple[str, Callable[[Services], AsyncIterator[Finding]]]] = [
        ("redis", _server), ("data", _belongs if known else _ownerless), ("model", _versions), ("policy", _policies),
        ("backlog", _work), ("call-backs", _receivers),
    ]  # fmt: skip
    for subject, look in parts:
        try:
            async for finding in look(services):
                yield finding
        except StoreUnavailable as error:
            yield Finding(FAIL, subject, error.amiss)
        except Exception as error:  # a record that can't be read must not hide the rest
            yield Finding(FAIL, subject, f"can't be looked at ({type(error).__name__})")


def _owner(settings: Settings) -> Finding:
    try:
        installation.check_owner(settings)
    except InstallationError as error:
        return Finding(WARN, "owner", str(error))
    return Finding(OK, "owner", "the data is our user's, or there is none yet")


async def _listening(settings: Settings) -> list[Finding]:
    """Whether the API is where it is to be, or could be there."""
    host, port = settings.host, settings.port
    where = f"{host}:{port}"
    try:
        family, kind, _, _, address = (
            await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )[0]
    except (OSError, UnicodeError):
        return [Finding(FAIL, "listening", f"{variable('host')}: {host} names no address")]
    try:
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                return [await _who_listens(host, port)]
            case errno.EADDRNOTAVAIL:
                return [Finding(FAIL, "listening", f"{variable('host')}: {host} is no address of this machine")]
            case errno.EACCES if port < _PRIVILEGED:
                return [Finding(FAIL, "listening", f"{where} needs rights that we lack: take a port from 1024 on")]
        return [Finding(FAIL, "listening", f"{where} can't be listened on: {os.strerror(error.errno or 0).lower()}")]
    return [Finding(FAIL, "listening", f"nothing listens on {where}: is the service running? antechamber serve")]


async def _who_listens(host: str, port: int) -> Finding:
    where, base = f"{host}:{port}", base_address(host, port)
    try:
        patience = aiohttp.ClientTimeout(total=_PATIENCE)
        async with aiohttp.ClientSession(base, timeout=patience) as http, http.get("/readyz") as answer:
            ours = answer.headers.get("Server") == "antechamber"
            said = await answer.json(content_type=None) if ours else {}
            if ours and answer.status == 200:
                return Finding(OK, "listening", f"the API answers on {where}, and takes comments in")
            if ours:
                return Finding(
                    FAIL, "listening", f"the API answers on {where}, and takes nothing in: {said.get('detail')}"
                )
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
        pass
    return Finding(FAIL, "listening", f"another program listens on {where}; another port: {variable('port')}")


def base_address(host: str, port: int) -> str:
    """Where to ask the API on this machine, when it listens there."""
    found = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (not bound here)
    return f"http://[{found}]:{port}" if ":" in found else f"http://{found}:{port}"


async def _reached(settings: Settings) -> list[Finding]:
    """Whether others can reach the service as the settings say, and are told apart."""
    found = []
    everywhere = not _is_loopback(settings.host)
    url = settings.public_url
    host = urlsplit(url).hostname or ""
    name = variable("public_url")
    if not url and everywhere:
        found.append(Finding(WARN, "address", f"{name} is not set: links in answers lead to {settings.address}"))
    elif host in ("0.0.0.0", "::"):  # noqa: S104  (not bound here)
        found.append(Finding(FAIL, "address", f"{name}: nobody can reach {host}"))
    elif host:
        try:
            await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo(host, None), _REACH_SECONDS)
            found.append(Finding(OK, "address", f"{url}"))
        except (OSError, UnicodeError, TimeoutError):
            found.append(Finding(FAIL, "address", f"{name}: no name server knows {host}"))
    if everywhere and settings.trusted_proxies == Settings.model_fields["trusted_proxies"].default:
        found.append(Finding(
            WARN, "proxies", f"the API listens beyond this machine, and {variable('trusted_proxies')} is not set: behind a "
            "proxy everybody has one address, and cookies are not marked Secure",
        ))  # fmt: skip
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _data_dir(folder: Path) -> Finding:
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding(FAIL, "data", f"{existing} can't be written to")
    free = shutil.disk_usage(existing).free
    level = FAIL if free < _SPACE_FAIL else WARN if free < _SPACE_WARN else OK
    hint = "; make room" if level != OK else ""
    return Finding(level, "data", f"{folder.absolute()}, {free / 1e9:.1f} GB free{hint}")


def _secrets(folder: Path) -> Iterator[Finding]:
    """Whether others can read what lies there, whoever has put it there and whatever it is called."""
    ours = [folder / "master.key", folder / "identity.keys"]
    for path in (*ours, *sorted(path for path in folder.rglob("*") if path.is_file() and path not in ours)):
        found = path.stat()
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(FAIL, "secrets", f"{path} is open to others; chmod 600 it")
        elif found.st_uid != os.geteuid():
            yield Finding(WARN, "secrets", f"{path} belongs to another user")
        else:
            yield Finding(OK, "secrets", f"{path} is readable for its owner alone")


def _notices(settings: Settings) -> Iterator[Finding]:
    """Who is told that comments wait; nothing when nobody is."""
    try:
        found = keyfiles.notices(settings.secrets).notices
    except KeyFileError as error:
        yield Finding(FAIL, "notices", f"{error}; nobody is told that comments wait")
        return
    if any(one.way == "push" for one in found) and not settings.public_url.startswith("https://"):
        yield Finding(WARN, "notices", "browsers are told only at a page on https://; set ANTECHAMBER_PUBLIC_URL to it")
    elif found and not settings.public_url:
        yield Finding(WARN, "notices", f"their links go to {settings.address}; set ANTECHAMBER_PUBLIC_URL")
    elif found:
        yield Finding(OK, "notices", f"{len(found)} tell people that comments wait; antechamber notices list")


def _model() -> Finding:
    import classifier

    began = time.perf_counter()
    try:
        model = classifier.load()
        loaded = time.perf_counter()
        (prediction,) = model.score([classifier.Input("Thank you, this was a pleasure to read.")])
    except classifier.ArtifactError as error:
        return Finding(FAIL, "model", f"{error}; comments are held until there is one")
    scored = time.perf_counter()
    return Finding(
        OK,
        "model",
        f"{model.version} loads in {(loaded - began) * 1000:.0f} ms and scores a sentence in "
        f"{(scored - loaded) * 1000:.1f} ms (spam {prediction.scores['spam']:.2f})",
    )


async def _httpbl(folder: Path) -> Finding:
    try:
        answer = await ask(keyfiles.httpbl_key(folder), TEST_ADDRESS)
    except KeyFileError as error:
        return Finding(FAIL, "http:BL", str(error))
    if answer == TEST_ADDRESS:
        return Finding(OK, "http:BL", "answers; it learns the commenters' public IPv4 addresses")
    return Finding(WARN, "http:BL", "does not answer as it should: is the access key right? comments go on without it")


def _other_reader(settings: Settings) -> Iterator[Finding]:
    """Whether what it gives can be read, where it gives vectors."""
    from classifier import ArtifactError
    from service.container import other_reader_whereabouts
    from service.learning import other_reader

    try:
        if not other_reader_whereabouts(settings).gives_vectors:
            return
        heads = other_reader.heads(settings.data_dir)
    except (KeyFileError, ArtifactError) as error:
        yield Finding(FAIL, "other reader", str(error))
        return
    if heads is None:
        yield Finding(
            WARN, "other reader", "is not asked: what its vectors say was not learnt; antechamber other-reader"
        )
    else:
        yield Finding(OK, "other reader", f"its vectors of {heads.width:,} numbers are read by what was learnt here")


async def _server(services: Services) -> AsyncIterator[Finding]:
    servers = await services.box.inspect()
    yield _version(servers, "embedded" if services.settings.embedded else "of your own")
    for look in (_writes, _durability, _eviction, _latency, _clock):
        yield _worst(look, servers)
    wanted = read_address(existing_url(services.settings)).replicas
    if wanted or len(servers) > 1:
        yield _followed(servers, wanted)


def _version(servers: list[ServerState], whose: str) -> Finding:
    cluster = f"a cluster of {len(servers)} masters, " if len(servers) > 1 else ""
    return Finding(OK, "redis", f"{servers[0].name}, {cluster}{whose}")


def _worst(look: Callable[[ServerState], Finding], servers: list[ServerState]) -> Finding:
    """What is worst among several servers, with the address of the one."""
    found = [(look(server), server.where) for server in servers]
    worst, where = max(found, key=lambda one: (OK, WARN, FAIL).index(one[0].level))
    return worst if len(servers) == 1 else worst._replace(line=f"{worst.line} ({where})")


def _followed(servers: list[ServerState], wanted: int) -> Finding:
    """Whether replicas follow: as many as REDIS_URL wants, and one of each master of a cluster."""
    few = [server.where for server in servers if server.replicas < wanted]
    if few:
        return Finding(FAIL, "replicas", f"REDIS_URL wants {wanted}, and fewer follow {', '.join(few)}")
    alone = [server.where for server in servers if not server.replicas]
    if alone:
        return Finding(WARN, "replicas", f"none follows {', '.join(alone)}: when that dies, all waits until it is back")
    return Finding(OK, "replicas", "enough follow")


def _latency(server: ServerState) -> Finding:
    level = WARN if server.round_trip_ms > _SLOW_MS else OK
    return Finding(level, "latency", f"a round trip to Redis takes {server.round_trip_ms:.2f} ms")


def _writes(server: ServerState) -> Finding:
    """Whether it takes writes, as far as that can be told by reading."""
    if server.replica:
        return Finding(FAIL, "writes", StoreUnavailable(why="read-only").amiss)
    if not server.disk_ok:
        return Finding(FAIL, "writes", StoreUnavailable(why="disk").amiss)
    if server.memory_limit:
        share = server.memory / server.memory_limit
        level = FAIL if share > _MEMORY_FAIL else WARN if share > _MEMORY_WARN else OK
        used = f"{share:.0%} of" if share < 1 else "all of"
        return Finding(level, "writes", f"Redis uses {used} its maxmemory ({server.memory_limit / 1e6:.0f} MB)")
    return Finding(OK, "writes", f"taken; Redis uses {server.memory / 1e6:.0f} MB, and has no limit but the machine's")


async def _belongs(services: Services) -> AsyncIterator[Finding]:
    """Whether data and keys belong together."""
    note = Note.read(services.settings.data_dir)
    try:
        sites = await services.box.recognise(note.id if note.sites else "", writing=False)
    except WrongInstallation as error:
        yield Finding(FAIL, "data", str(error))
        return
    if services.box.lost:
        yield Finding(
            FAIL, "data", f"Redis is empty, and there was data of {note.sites} sites before; antechamber repair"
        )
    else:
        yield Finding(OK, "data", f"{sites} sites; keys and data belong together")


async def _ownerless(services: Services) -> AsyncIterator[Finding]:
    sites = await services.sites.all()
    yield Finding(
        FAIL if sites else WARN, "data", f"{len(sites)} sites, and the keys that they were made with are missing"
    )


async def _policies(services: Services) -> AsyncIterator[Finding]:
    for site in await services.sites.all():
        for finding in _policy(site):
            yield finding


def _durability(server: ServerState) -> Finding:
    if not server.append_only:
        return Finding(FAIL, "durability", "the append-only file is off: comments are lost when Redis stops")
    match server.fsync:
        case "always":
            return Finding(OK, "durability", "append-only file, fsync before every answer")
        case "everysec":
            return Finding(WARN, "durability", "appendfsync is everysec: a crash may lose a second of comments")
        case "":
            return Finding(WARN, "durability", "append-only file; the server does not tell its appendfsync policy")
    return Finding(FAIL, "durability", f"appendfsync is {server.fsync}: a crash may lose many comments")


def _eviction(server: ServerState) -> Finding:
    if server.eviction == "noeviction":
        return Finding(OK, "eviction", "never: a full server refuses instead of forgetting")
    if not server.eviction:
        return Finding(WARN, "eviction", "the server does not tell its maxmemory-policy; it must be noeviction")
    return Finding(FAIL, "eviction", f"maxmemory-policy is {server.eviction}: comments may be evicted; use noeviction")


def _clock(server: ServerState) -> Finding:
    skew = abs(server.clock_ahead_ms)
    level = FAIL if skew > _SKEW_FAIL_MS else WARN if skew > _SKEW_WARN_MS else OK
    side = "ahead of" if server.clock_ahead_ms > 0 else "behind"
    hint = "; put the clocks right, on both machines: timedatectl" if level != OK else ""
    return Finding(level, "clock", f"{_spoken(skew)} {side} Redis's{hint}")


def _spoken(milliseconds: float) -> str:
    """A span as people say it."""
    for unit, length in _UNITS.items():
        if milliseconds >= 2 * length:
            return f"{milliseconds / length:.0f} {unit}"
    return f"{milliseconds:.0f} ms"


async def _versions(services: Services) -> AsyncIterator[Finding]:
    """The sites' own versions: whether they can be used with the base model that is installed."""
    import classifier

    for one in await services.learning.registry.in_use():
        where = f"{'the sites without one of their own' if one.site == EVERYWHERE else one.site}: {one.version}"
        why, fits = one.broken, False
        if not why:
            try:
                fits = one.base == classifier.load().version
            except classifier.ArtifactError as error:
                why = str(error)
        if why:
            yield Finding(FAIL, "model", f"{where} can't be used ({why}); antechamber models rollback")
        elif fits:
            yield Finding(OK, "model", f"{where} is used, and whole")
        else:
            again = "--together" if one.site == EVERYWHERE else f"--site {one.site}"
            hint = f"antechamber train {again} --promote-if-better learns the same decisions anew"
            why = f"it corrects {one.base}; until it is trained again, the shipped model is used"
            yield Finding(WARN, "model", f"{where} does not fit, {why}. {hint}")


def _policy(site: Site) -> Iterator[Finding]:
    """What is remarkable about a site's policy; nothing when it is in order."""
    policy, edit = site.policy, f"antechamber sites policy edit {site.id}"
    if broken := policy.compiled.broken:
        yield Finding(
            FAIL, "policy", f"{site.id}: can't be read: {', '.join(broken)}; nothing is approved meanwhile; {edit}"
        )
    now = int(time.time() * 1000)
    expired = [one.name for one in (*policy.lists, *policy.rules) if one.status != "draft" and not one.counts(now)]
    if expired:
        yield Finding(OK, "policy", f"{site.id}: expired and not looked at any more: {', '.join(expired)}")
    if policy.on_no_verdict is Outcome.APPROVE:
        yield Finding(WARN, "policy", f"{site.id}: publishes what no model has judged (on_no_verdict); {edit}")


async def _work(services: Services) -> AsyncIterator[Finding]:
    backlog, limit = await services.work_stream.backlog(), services.settings.max_backlog
    waiting = backlog.waiting
    level = FAIL if waiting >= limit else WARN if waiting > limit / 2 or backlog.oldest > 60 else OK
    oldest = f", the oldest for {backlog.oldest:.0f} s" if waiting else ""
    yield Finding(level, "backlog", f"{waiting} of at most {limit} comments wait for the classifier{oldest}")
    if backlog.dead:
        yield Finding(WARN, "dead letters", f"{backlog.dead} comments could not be judged; antechamber dead list")


async def _receivers(services: Services) -> AsyncIterator[Finding]:
    guard = Guard(services.settings.callback_allow)
    for site in await services.sites.all():
        if not site.callback:
            yield Finding(OK, site.id, "has no call-back; the platform asks by itself")
            continue
        endpoint = await services.deliveries.endpoint(site.id)
        why = await reach(site.callback, guard, _REACH_SECONDS)
        if why == "blocked-address":
            hint = "its address is private; ANTECHAMBER_CALLBACK_ALLOW may allow it"
            yield Finding(FAIL, site.id, f"call-backs go nowhere: {hint}")
        elif why:
            hint = f"is its address right? antechamber sites set {site.id} --callback URL"
            yield Finding(FAIL, site.id, f"the receiver of its call-backs can't be reached ({why}); {hint}")
        elif endpoint.paused_until > time.time() * 1000:
            yield Finding(
                WARN, site.id, f"call-backs are paused ({endpoint.why}); antechamber deliveries resume {site.id}"
            )
        elif endpoint.failing_since:
            since = time.strftime("%Y-%m-%d %H:%M", time.gmtime(endpoint.failing_since / 1000))
            yield Finding(WARN, site.id, f"call-backs fail since {since} UTC; antechamber deliveries list {site.id}")
        elif endpoint.undelivered:
            given_up = f"{endpoint.undelivered} call-backs were given up; antechamber deliveries dead {site.id}"
            yield Finding(WARN, site.id, given_up)
        else:
            yield Finding(OK, site.id, "the receiver of its call-backs can be reached")
