"""The process tree of `antechamber serve`: a parent that starts, watches and stops the roles and the embedded server.

A role is a process of its own (`serve --only api|worker|deliver`), so that one that dies takes nothing else along and
each can be run by itself, on any number of machines, against one Redis. Used by `service.cli` and by the demo.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from service import installation, tracing
from service.core.errors import BackupError
from service.core.server import TROUBLES
from service.keyfiles import KeyFiles
from service.settings import Settings, variable
from service.stopping import Stopped, interruptible, run_until, stop_on_signals, unless_stopped
from service.store import append_only, snapshot
from service.store.box import PARTITIONED
from service.store.server import EmbeddedError, EmbeddedServer, known_commands

ROLES: Final = ("api", "worker", "deliver")
"""In the order in which they are stopped: nothing new comes in while the rest finishes what is there."""
LEARN: Final = "learn"
"""The role that trains by itself, where the settings ask for it."""
CANT_START: Final = 78
"""Exit code of a role that would fail again if it were started again (EX_CONFIG)."""
_STEADY = 60.0  # seconds after which a role that stops has not "failed again"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds before a role is started again; each pause is twice the one before
_JITTER = 0.2  # of a pause, so that many machines don't all come back at once
_API_FIRST = 0.5  # of the time for stopping: nothing new comes in while the rest finishes what is there
_GRACE = 0.3  # seconds beyond its share before a role is killed
_HAND_BACK = 0.4  # seconds beyond it for handing back what is unfinished
_AGAIN = "embedded server started again"
_WATCH = 0.2  # seconds between looks at the embedded server
_TRY_AGAIN = 5.0  # seconds

_log = structlog.get_logger()


class CantStart(Exception):
    """The service can't run like this; the message says why, "" when a role has said so already."""


def say_waiting(why: str, seconds: float) -> None:
    """Log that Redis is waited for."""
    _log.warning("waiting for Redis", why=why, seconds=round(seconds))


class Supervisor:
    """Keeps the roles running until it is told to stop. `environment` is added to theirs."""

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        each = {
            variable("drain_timeout"): f"{settings.drain_timeout * _API_FIRST:g}"
        }  # the API's share, and the others'
        self._environment = {**os.environ, **each, **(environment or {})}
        self._children: dict[str, asyncio.subprocess.Process] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Start everything, return after a clean stop. Raises CantStart."""
        roles = (*ROLES, LEARN) if self._settings.learn_interval else ROLES
        keepers = [asyncio.create_task(self._keep(role, stop), name=role) for role in roles]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopped, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            share = self._settings.drain_timeout * _API_FIRST + _GRACE
            await self._stop(roles[0], share)
            await asyncio.gather(*(self._stop(role, share) for role in roles[1:]))
            stopped.cancel()
            results = await asyncio.gather(*keepers, return_exceptions=True)
        for failure in [result for result in results if isinstance(result, BaseException)]:
            raise failure

    async def _keep(self, role: str, stop: asyncio.Event) -> None:
        """Run a role, again and again if it must be."""
        pause, starts = 0.0, 0
        while not stop.is_set():
            began = time.monotonic()
            child = await self._spawn(role)
            starts += 1
            if stop.is_set():  # while it was being started, when there was nothing to stop yet
                child.terminate()
            code = await child.wait()
            if stop.is_set():
                return
            if code == CANT_START and starts == 1:
                raise CantStart
            pause = next_pause(pause, time.monotonic() - began)
            jittered = pause * random.uniform(1 - _JITTER, 1 + _JITTER)
            _log.warning("role stopped", role=role, exit_code=code, again_in=round(jittered, 1))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), jittered)

    async def _spawn(self, role: str) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "service.cli", "serve", "--only", role, "--with-parent",
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            start_new_session=True,  # Ctrl-C is for the parent, which stops the roles in order
            env=self._environment,
        )  # fmt: skip
        self._children[role] = child
        _log.info("role started", role=role, pid=child.pid)
        return child

    async def _stop(self, role: str, seconds: float) -> None:
        """Ask a role to finish what it is at; kill it when it takes too long."""
        child = self._children.get(role)
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), seconds)
        except TimeoutError:
            _log.warning("role did not stop in time and is killed", role=role)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def next_pause(pause: float, ran: float) -> float:
    """Seconds before a role that ran for so long is started again, after a pause of so many (0: none yet)."""
    return _FIRST_PAUSE if not pause or ran > _STEADY else min(pause * 2, _LONGEST_PAUSE)


@contextlib.contextmanager
def store_url(
    settings: Settings,
    *,
    runs: bool = False,
    watched: bool = True,
    waiting: Callable[[str, float], None] = say_waiting,
) -> Iterator[str]:
    """The address of the Redis to use. An embedded one is started if need be, and again whenever it is gone if it is `watched`.

    `runs`: somebody has started it before us. Raises CantStart when it can't be started at first.
    """
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    with contextlib.ExitStack() as left_last:
        try:
            server = left_last.enter_context(EmbeddedServer(settings.data_dir, settings.fsync, waiting))
        except EmbeddedError as error:
            raise CantStart(str(error)) from None
        if runs and server.began:
            _log.warning(_AGAIN)
        if not watched:
            yield server.url
            return
        stop = threading.Event()
        keeper = threading.Thread(
            target=_keep_server, args=(server, stop, lambda: installation.no_room(settings)), daemon=True
        )
        keeper.start()
        try:
            yield server.url
        finally:
            stop.set()
            keeper.join(_WATCH * 2)  # longer, when it has just started one that loads


def embedded_runs(settings: Settings) -> bool:
    """Whether the embedded server is up. It is not started."""
    return EmbeddedServer(settings.data_dir, settings.fsync).answers()


def existing_url(settings: Settings) -> str:
    """The address of the Redis to look at, which is not started."""
    return settings.redis_url.get_secret_value() if settings.redis_url else EmbeddedServer(settings.data_dir).url


def restore_embedded(
    settings: Settings, file: Path, fingerprints: Mapping[str, str]
) -> tuple[snapshot.Head, Path | None]:
    """Put a back-up in the place of the embedded server's data: what it says of itself, and where the data before is, if any.

    `fingerprints`: of the keys that are here, which must be those that the back-up goes with. Raises CantStart, OSError.
    """
    if embedded_runs(settings):
        raise CantStart("the service runs, or a command does; stop it first")
    try:
        head = snapshot.check(file)
        known = {name: one for name, one in head.fingerprints.items() if name in fingerprints}
        if any(fingerprints[name] != one for name, one in known.items()):
            raise CantStart(
                "the back-up was made with other secrets than those here; put those back first. If they are lost: move "
                "those here away, restore, and then antechamber keys replace"
            )
        if head.format > PARTITIONED:
            raise CantStart("the back-up was made by a newer Antechamber; install that version")
        installation.make_folder(settings.data_dir / installation.SERVER)
        return head, snapshot.put_back(file, settings.data_dir / installation.SERVER)
    except BackupError as error:
        raise CantStart(f"{file}: {error}") from None


class Step(NamedTuple):
    """A step of a repair: what was found, and, if something can be done about it, what to ask first, and doing it."""

    what: str
    question: str = ""
    do: Callable[[], str] | None = None


def repairs(settings: Settings) -> Iterator[Step]:
    """What is wrong with the embedded server's files, one after the other, each looked for when those before are done.

    Raises CantStart when a server uses them.
    """
    if embedded_runs(settings):
        raise CantStart("the service runs, so its data can be read; to look at the files, stop it first")
    folder = Path(os.path.realpath(settings.data_dir)) / installation.SERVER / append_only.FOLDER
    try:
        append_only.check_list(folder)
    except append_only.Damaged as error:
        parts = append_only.newest(append_only.there(folder))
        if not parts:
            yield Step(f"{error}. Nothing of it is left to save: antechamber restore FILE brings a back-up back")
            return
        names = ", ".join(part.name for part in parts)

        def list_anew() -> str:
            copy = _copied(folder)
            append_only.write_list(folder, parts)
            return f"Listed. The files as they were are in {copy}."

        yield Step(f"{error}. There are: {names}", "List these files anew, after a copy of all?", list_anew)
    if not append_only.there(folder):
        yield Step(f"There is no data in {folder}. antechamber restore FILE brings a back-up back")
        return
    yield from _broken_parts(folder)


def _broken_parts(folder: Path) -> Iterator[Step]:
    try:
        known = known_commands()
    except EmbeddedError as error:
        raise CantStart(f"the files can't be looked at: {error}") from None
    for part in append_only.listed(folder):
        if part.kind == "i" and (found := append_only.broken(folder / part.name, known)) is not None:

            def cut(found: append_only.Broken = found) -> str:
                copy = _copied(folder)
                os.truncate(found.path, found.good)
                return f"Cut. The files as they were are in {copy}."

            yield Step(
                f"{found.path.name} breaks off after {found.commands} commands: the last {found.size - found.good} of its "
                f"{found.size} bytes can't be read",
                "Cut it there, after a copy of all?",
                cut,
            )
    yield Step("The files of commands are whole.")


def _copied(folder: Path) -> Path:
    copy = folder.with_name(f"{folder.name}.before-repair-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    return copy


def _keep_server(server: EmbeddedServer, stop: threading.Event, full: Callable[[], bool]) -> None:
    while not stop.wait(_WATCH):
        if server.answers():
            continue
        why = TROUBLES["disk"] if full() else server.last_words()
        try:
            if server.start():
                _log.warning(_AGAIN, why=why)
        except EmbeddedError as error:
            _log.error("embedded server can't be started", why=str(error))
            stop.wait(_TRY_AGAIN)


async def check_store(url: str) -> None:
    """Wait for Redis, with a line every few seconds, and refuse one that can't be used, in words. Raises CantStart."""
    from service.core.errors import StoreUnavailable  # noqa: PLC0415  (each role imports what it needs)
    from service.store.client import Connection  # noqa: PLC0415

    async with Connection(url) as connection:
        try:
            await connection.wait_ready(None, say_waiting)
        except StoreUnavailable as error:
            raise CantStart(error.amiss) from None


def run_tree(settings: Settings) -> None:
    """`antechamber serve`: the whole service, until SIGTERM or Ctrl-C. Raises CantStart."""

    async def run(url: str, metrics: str) -> None:
        async with stop_on_signals() as stop:
            await unless_stopped(stop, check_store(url))
            await Supervisor(settings, shared_metrics(metrics)).run(stop)

    with contextlib.suppress(Stopped), contextlib.ExitStack() as left_last:
        with interruptible():
            metrics = left_last.enter_context(tempfile.TemporaryDirectory(prefix="antechamber-metrics-"))
            url = left_last.enter_context(store_url(settings))
        asyncio.run(run(url, metrics))


def shared_metrics(folder: str) -> dict[str, str]:
    """The variable that lets all roles count into one folder, so that the API's /metrics speaks for all of them."""
    return {"PROMETHEUS_MULTIPROC_DIR": folder}


def run_role(role: str, settings: Settings, *, with_parent: bool) -> None:
    """`antechamber serve --only ROLE`: one role in this process. `with_parent`: stop when standard input ends.

    Raises InstallationError, KeyFileError, WrongInstallation, CantStart, and what the role raises.
    """
    secrets = installation.begin(settings)
    if with_parent:
        threading.Thread(target=_stop_with_parent, daemon=True).start()
    with contextlib.suppress(Stopped), contextlib.ExitStack() as left_last:
        with interruptible():
            url = left_last.enter_context(store_url(settings, runs=with_parent))
        tracing.begin(role)
        left_last.callback(tracing.end)
        _run_role(role, settings, secrets, url, metrics=not with_parent)


def _run_role(role: str, settings: Settings, secrets: KeyFiles, url: str, *, metrics: bool) -> None:
    from service.core.errors import StoreUnavailable  # noqa: PLC0415
    from service.core.server import HOPELESS  # noqa: PLC0415

    try:
        if role == "api":
            from service.app import run_api  # noqa: PLC0415

            try:
                run_api(settings, secrets, url, waiting=say_waiting)
            except (OSError, UnicodeError) as error:
                raise _cant_listen("the API", settings.host, settings.port, error, "ANTECHAMBER_PORT") from None
        else:
            import uvloop  # noqa: PLC0415

            uvloop.run(_run_worker(role, settings, secrets, url, metrics=metrics))
    except StoreUnavailable as error:
        if error.why in HOPELESS:
            raise CantStart(error.amiss) from None
        raise


def _serve_metrics(host: str, port: int) -> None:
    """The numbers of a role that has no HTTP side of its own. Raises CantStart."""
    from prometheus_client import start_http_server  # noqa: PLC0415

    try:
        start_http_server(port, host)
    except (OSError, UnicodeError) as error:
        raise _cant_listen("/metrics", host, port, error, "ANTECHAMBER_METRICS_PORT") from None


def _cant_listen(what: str, host: str, port: int, error: Exception, variable: str) -> CantStart:
    number = error.errno if isinstance(error, OSError) else None
    reason = os.strerror(number).lower() if number and number > 0 else "the address is not usable"
    hint = f"; {variable} names another port" if number == errno.EADDRINUSE else ""
    return CantStart(f"{what} can't listen on {host}:{port}: {reason}{hint}")


async def _run_worker(role: str, settings: Settings, secrets: KeyFiles, url: str, *, metrics: bool) -> None:
    async with stop_on_signals(
        settings.drain_timeout
    ) as stop:  # before anything shows that we are there, or takes a while
        if settings.metrics_port and metrics:
            _serve_metrics(settings.host, settings.metrics_port)
        await _work(role, settings, secrets, url, stop)


async def _work(role: str, settings: Settings, secrets: KeyFiles, url: str, stop: asyncio.Event) -> None:
    from service.container import Opening, open_services  # noqa: PLC0415

    opening = open_services(
        settings, secrets, url, Opening(patience=None, waiting=say_waiting, recognise=True, logged=True)
    )
    async with contextlib.AsyncExitStack() as left_last:
        services = await unless_stopped(stop, left_last.enter_async_context(opening))
        if role == "deliver":
            from service.workers.deliver import run_deliver  # noqa: PLC0415
            from service.workers.deliver.notices import run_notices  # noqa: PLC0415

            draining, idle = [run_deliver(services, stop)], [run_notices(services, stop)]
            await run_until(stop, drain=settings.drain_timeout + _HAND_BACK, draining=draining, idle=idle)
            return
        if role == LEARN:
            from service.workers.models import run_learning  # noqa: PLC0415

            await run_until(stop, drain=0, draining=[], idle=[run_learning(services, stop)])
            return
        from service.workers.classify import run_classify  # noqa: PLC0415
        from service.workers.housekeeping import run_housekeeping  # noqa: PLC0415
        from service.workers.models import load_model, run_reloader, run_watch  # noqa: PLC0415

        reloader = await unless_stopped(stop, load_model(services))
        idle = [run_housekeeping(services, stop)]
        if reloader is not None:
            idle += [run_reloader(reloader, stop), run_watch(services, stop, reloader.scorer)]
        judging = run_classify(services, stop, reloader.scorer if reloader else None)
        await run_until(stop, drain=settings.drain_timeout + _HAND_BACK, draining=[judging], idle=idle)


def _stop_with_parent() -> None:
    """Wait for the end of standard input, which the parent holds open, and then stop as if asked to."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
