"""What `antechamber check` looks at: one finding a line, from the settings to the platforms' receivers.

Nothing is changed, save that an embedded server is started for as long as the check lasts.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

from service import keyfiles
from service.core.errors import NotFound, StoreUnavailable
from service.core.lifecycle import Outcome
from service.core.model import EVERYWHERE
from service.core.site import Site
from service.httpbl import TEST_ADDRESS, ask
from service.keyfiles import KeyFileError
from service.resources import Resources, open_resources
from service.serve import store_url
from service.settings import Settings
from service.store.embedded import EmbeddedError
from service.store.inspection import OLDEST_VERSION, ServerState, inspect
from service.store.models import DamagedVersion

OK, WARN, FAIL = "ok", "warn", "fail"
_SLOW_MS = 5.0  # a round trip beyond this is felt in every request
_SKEW_WARN_MS, _SKEW_FAIL_MS = 1_000.0, 60_000.0
_SPACE_WARN, _SPACE_FAIL = 2_000_000_000, 200_000_000  # bytes
_REACH_SECONDS = 5.0


class Finding(NamedTuple):
    """One line of the check."""

    level: str  # ok | warn | fail
    subject: str
    line: str


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Everything that can be said, in the order in which it is found out."""
    yield Finding(OK, "settings", f"read; the API listens on {settings.host}:{settings.port}")
    yield _data_dir(settings.data_dir)
    try:
        secrets = keyfiles.load(settings.secrets)
    except KeyFileError as error:
        yield Finding(FAIL, "secrets", str(error))
        return
    for finding in _secrets(settings.secrets):
        yield finding
    yield _model()
    if settings.httpbl:
        yield await _httpbl(settings.secrets)
    try:
        with store_url(settings) as url:
            async with open_resources(settings, secrets, url) as resources:
                async for finding in _store(resources):
                    yield finding
    except EmbeddedError as error:
        yield Finding(FAIL, "redis", str(error))
    except StoreUnavailable:
        yield Finding(FAIL, "redis", "does not answer, or refuses us")


def _data_dir(folder: Path) -> Finding:
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding(FAIL, "data", f"{existing} can't be written to")
    free = shutil.disk_usage(existing).free
    level = FAIL if free < _SPACE_FAIL else WARN if free < _SPACE_WARN else OK
    return Finding(level, "data", f"{folder.absolute()}, {free / 1e9:.1f} GB free")


def _secrets(folder: Path) -> Iterator[Finding]:
    given = (*folder.glob("httpbl.key"), *sorted((folder / "platforms").glob("*")))
    for path in (folder / "master.key", folder / "identity.keys", *given):
        found = path.stat()
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(FAIL, "secrets", f"{path} is open to others; chmod 600 it")
        elif found.st_uid != os.geteuid():
            yield Finding(WARN, "secrets", f"{path} belongs to another user")
        else:
            yield Finding(OK, "secrets", f"{path} is readable for its owner alone")


def _model() -> Finding:
    import classifier  # noqa: PLC0415  (numpy takes a while)

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


async def _store(resources: Resources) -> AsyncIterator[Finding]:
    server = await inspect(resources.connection)
    if server.too_old:
        oldest = ".".join(map(str, OLDEST_VERSION))
        yield Finding(FAIL, "redis", f"{server.name} is too old; {oldest} or newer is needed")
    else:
        yield Finding(OK, "redis", f"{server.name}, {'embedded' if resources.settings.embedded else 'of your own'}")
    yield _durability(server)
    yield _eviction(server)
    slow = server.round_trip_ms > _SLOW_MS
    yield Finding(WARN if slow else OK, "latency", f"a round trip to Redis takes {server.round_trip_ms:.2f} ms")
    yield _clock(server)
    async for finding in _versions(resources):
        yield finding
    for site in await resources.accounts.all():
        for finding in _policy(site):
            yield finding
    async for finding in _work(resources):
        yield finding
    async for finding in _receivers(resources):
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
    return Finding(level, "clock", f"{skew:.0f} ms {side} Redis's")


async def _versions(resources: Resources) -> AsyncIterator[Finding]:
    """The sites' own versions: whether they can be used with the base model that is installed."""
    import classifier  # noqa: PLC0415  (numpy takes a while)

    pointers = await resources.models.pointers()
    for site, active in sorted((site, known.active) for site, known in pointers.items() if known.active):
        where = "the sites without one of their own" if site == EVERYWHERE else site
        try:
            base = (await resources.models.card(active)).lineage.base
            await resources.models.artefact(active)
            if base == classifier.load().version:
                yield Finding(OK, "model", f"{where}: {active} is used, and whole")
            else:
                hint = f"it corrects {base}; until it is trained again, the shipped model is used"
                yield Finding(WARN, "model", f"{where}: {active} does not fit, {hint}")
        except (NotFound, DamagedVersion, classifier.ArtifactError) as error:
            yield Finding(FAIL, "model", f"{where}: {active} can't be used ({error}); antechamber models rollback")


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


async def _work(resources: Resources) -> AsyncIterator[Finding]:
    backlog, limit = await resources.work.backlog(), resources.settings.max_backlog
    age = await resources.work.oldest_age(int(time.time() * 1000))
    level = FAIL if backlog >= limit else WARN if backlog > limit / 2 or age > 60 else OK
    waiting = f", the oldest for {age:.0f} s" if backlog else ""
    yield Finding(level, "backlog", f"{backlog} of at most {limit} comments wait for the classifier{waiting}")
    if dead := await resources.work.dead_count():
        yield Finding(WARN, "dead letters", f"{dead} comments could not be judged; antechamber dead list")


async def _receivers(resources: Resources) -> AsyncIterator[Finding]:
    from service.workers.guard import Guard, reach  # noqa: PLC0415  (aiohttp takes a while)

    guard = Guard(resources.settings.callback_allow)
    for site in await resources.accounts.all():
        if not site.callback:
            yield Finding(OK, site.id, "has no call-back; the platform asks by itself")
            continue
        endpoint = await resources.outbox.endpoint(site.id)
        why = await reach(site.callback, guard, _REACH_SECONDS)
        if why == "blocked-address":
            hint = "its address is private; ANTECHAMBER_CALLBACK_ALLOW may allow it"
            yield Finding(FAIL, site.id, f"call-backs go nowhere: {hint}")
        elif why:
            yield Finding(FAIL, site.id, f"the receiver of its call-backs can't be reached ({why})")
        elif endpoint.paused_until > time.time() * 1000:
            yield Finding(
                WARN, site.id, f"call-backs are paused ({endpoint.why}); antechamber deliveries resume {site.id}"
            )
        elif endpoint.undelivered:
            given_up = f"{endpoint.undelivered} call-backs were given up; antechamber deliveries dead {site.id}"
            yield Finding(WARN, site.id, given_up)
        else:
            yield Finding(OK, site.id, "the receiver of its call-backs can be reached")
