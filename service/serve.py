"""The process tree of `antechamber serve`: a parent that starts, watches and stops the roles and the embedded server.

A role is a process of its own (`serve --only api|worker|deliver`), so that one that dies takes nothing else along and
each can be run by itself, on any number of machines, against one Redis. Used by `service.cli` and by the demo.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final

import structlog

from service import keyfiles
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.store.embedded import EmbeddedError, EmbeddedServer

ROLES: Final = ("api", "worker", "deliver")
"""In the order in which they are stopped: nothing new comes in while the rest finishes what is there."""
CANT_START: Final = 78
"""Exit code of a role that would fail again if it were started again (EX_CONFIG)."""
_STEADY = 30.0  # seconds after which a role that stops has not "failed again"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0  # seconds before a role is started again
_GRACE = 5.0  # seconds beyond the drain time-out before a role is killed
_AGAIN = "embedded server started again"
_WATCH = 0.2  # seconds between looks at the embedded server

_log = structlog.get_logger()


class CantStart(Exception):
    """The service can't run like this; the message says why, "" when a role has said so already."""


@contextlib.asynccontextmanager
async def stop_on_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_or_leave() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop_or_leave)
    try:
        yield stop
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)


class Supervisor:
    """Keeps the roles running until it is told to stop. `environment` is added to theirs."""

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._environment = {**os.environ, **(environment or {})}
        self._children: dict[str, asyncio.subprocess.Process] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Start everything, return after a clean stop. Raises CantStart."""
        keepers = [asyncio.create_task(self._keep(role, stop), name=role) for role in ROLES]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopped, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            for role in ROLES:
                await self._stop(role)
            stopped.cancel()
            results = await asyncio.gather(*keepers, return_exceptions=True)
        for failure in [result for result in results if isinstance(result, BaseException)]:
            raise failure

    async def _keep(self, role: str, stop: asyncio.Event) -> None:
        """Run a role, again and again if it must be."""
        pause, starts = _FIRST_PAUSE, 0
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
            pause = _FIRST_PAUSE if time.monotonic() - began > _STEADY else min(pause * 2, _LONGEST_PAUSE)
            _log.warning("role stopped", role=role, exit_code=code, again_in=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

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

    async def _stop(self, role: str) -> None:
        """Ask a role to finish what it is at; kill it when it takes too long."""
        child = self._children.get(role)
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), self._settings.drain_timeout + _GRACE)
        except TimeoutError:
            _log.warning("role did not stop in time and is killed", role=role)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


@contextlib.contextmanager
def store_url(settings: Settings, *, runs: bool = False) -> Iterator[str]:
    """The address of the Redis to use. An embedded one is started if need be, and again whenever it is gone.

    `runs`: somebody has started it before us. Raises EmbeddedError when it can't be started at first.
    """
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    with EmbeddedServer(settings.data_dir, settings.fsync) as server:
        if runs and server.began:
            _log.warning(_AGAIN)
        stop = threading.Event()
        keeper = threading.Thread(target=_keep_server, args=(server, stop), daemon=True)
        keeper.start()
        try:
            yield server.url
        finally:
            stop.set()
            keeper.join()


def _keep_server(server: EmbeddedServer, stop: threading.Event) -> None:
    while not stop.wait(_WATCH):
        if server.answers():
            continue
        try:
            if server.start():
                _log.warning(_AGAIN)
        except (EmbeddedError, OSError) as error:
            _log.error("embedded server can't be started", why=str(error))
            stop.wait(_LONGEST_PAUSE)


async def check_store(url: str) -> None:
    """Refuse a Redis that can't be used, in words. Raises CantStart."""
    from service.core.errors import StoreUnavailable  # noqa: PLC0415  (each role imports what it needs)
    from service.store.client import Connection  # noqa: PLC0415
    from service.store.inspection import OLDEST_VERSION, inspect  # noqa: PLC0415

    async with Connection(url) as connection:
        try:
            await connection.wait_ready()
            server = await inspect(connection)
        except StoreUnavailable:
            raise CantStart("Redis does not answer, or refuses us: is REDIS_URL right?") from None
    if server.too_old:
        oldest = ".".join(map(str, OLDEST_VERSION))
        raise CantStart(f"{server.name} is too old: Redis {oldest} or newer is needed, or any Valkey")


def run_tree(settings: Settings) -> None:
    """`antechamber serve`: the whole service, until SIGTERM or Ctrl-C. Raises CantStart and EmbeddedError."""

    async def run(url: str, metrics: str) -> None:
        async with stop_on_signals() as stop:
            await check_store(url)
            await Supervisor(settings, shared_metrics(metrics)).run(stop)

    with store_url(settings) as url, tempfile.TemporaryDirectory(prefix="antechamber-metrics-") as metrics:
        asyncio.run(run(url, metrics))


def shared_metrics(folder: str) -> dict[str, str]:
    """The variable that lets all roles count into one folder, so that the API's /metrics speaks for all of them."""
    return {"PROMETHEUS_MULTIPROC_DIR": folder}


def run_role(role: str, settings: Settings, *, with_parent: bool) -> None:
    """`antechamber serve --only ROLE`: one role in this process. `with_parent`: stop when standard input ends.

    Raises KeyFileError, EmbeddedError, and what the role raises.
    """
    secrets = keyfiles.load(settings.secrets)
    if with_parent:
        threading.Thread(target=_stop_with_parent, daemon=True).start()
    with store_url(settings, runs=with_parent) as url:
        if role == "api":
            from service.app import run_api  # noqa: PLC0415

            try:
                run_api(settings, secrets, url)
            except OSError as error:
                raise _cant_listen("the API", settings.host, settings.port, error) from None
        else:
            import uvloop  # noqa: PLC0415

            uvloop.run(_run_worker(role, settings, secrets, url, metrics=not with_parent))


def _serve_metrics(host: str, port: int) -> None:
    """The numbers of a role that has no HTTP side of its own. Raises CantStart."""
    from prometheus_client import start_http_server  # noqa: PLC0415

    try:
        start_http_server(port, host)
    except OSError as error:
        raise _cant_listen("/metrics", host, port, error) from None


def _cant_listen(what: str, host: str, port: int, error: OSError) -> CantStart:
    reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "the address is not usable"
    return CantStart(f"{what} can't listen on {host}:{port}: {reason}")


async def _run_worker(role: str, settings: Settings, secrets: KeyFiles, url: str, *, metrics: bool) -> None:
    async with stop_on_signals() as stop:  # before anything shows that we are there, or takes a while
        if settings.metrics_port and metrics:
            _serve_metrics(settings.host, settings.metrics_port)
        await _work(role, settings, secrets, url, stop)


async def _work(role: str, settings: Settings, secrets: KeyFiles, url: str, stop: asyncio.Event) -> None:
    from service.resources import open_resources  # noqa: PLC0415

    async with open_resources(settings, secrets, url) as resources, asyncio.TaskGroup() as group:
        if role == "worker":
            from service.workers.classify import run_classify  # noqa: PLC0415
            from service.workers.housekeeping import run_housekeeping  # noqa: PLC0415
            from service.workers.model import load_model, run_following, run_watch  # noqa: PLC0415

            following = await load_model(resources)
            group.create_task(run_classify(resources, stop, following.scorer if following else None))
            group.create_task(run_housekeeping(resources, stop))
            if following is not None:
                group.create_task(run_following(following, stop))
                group.create_task(run_watch(resources, stop, following.scorer))
        else:
            from service.workers.deliver import run_deliver  # noqa: PLC0415

            group.create_task(run_deliver(resources, stop))


def _stop_with_parent() -> None:
    """Wait for the end of standard input, which the parent holds open, and then stop as if asked to."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
