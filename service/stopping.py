"""How a process is asked to stop, and that it then does, within a bound: whatever it is at, and whatever does not answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from types import FrameType
from typing import Any, TypeVar

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_HURRY = 0.5  # seconds that what was told to stop has to do so
_LEFT = 0.4  # seconds that a process may take to end when it has stopped
T = TypeVar("T")


class Stopped(BaseException):
    """The process was asked to stop before it had begun its work; no error."""


@contextlib.asynccontextmanager
async def stop_on_signals(within: float | None = None) -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once.

    `within`: so many seconds after the first one it has `_HURRY` and little more left, and is ended if it is still there. That
    loses nothing: everything may die at any moment.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_or_leave() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        if within is not None:
            end = threading.Timer(within + _HURRY + _LEFT, _end)
            end.daemon = True
            end.start()

    for name in SIGNALS:
        loop.add_signal_handler(name, stop_or_leave)
    try:
        yield stop
    finally:
        for name in SIGNALS:
            loop.remove_signal_handler(name)


def _end() -> None:
    sys.stderr.flush()
    os._exit(0)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Outside of an event loop: a signal raises Stopped in the main thread, so that what was begun is undone."""

    def stop(_: int, __: FrameType | None) -> None:
        raise Stopped

    before = {name: signal.signal(name, stop) for name in SIGNALS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; when it is asked to stop first, `work` is cancelled. Raises Stopped, and what it raises."""
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if task.cancelled():
        raise Stopped
    return task.result()


async def run_until(
    stop: asyncio.Event,
    *,
    drain: float,
    draining: Iterable[Coroutine[Any, Any, None]],
    idle: Iterable[Coroutine[Any, Any, None]],
) -> None:
    """Run all of it until `stop` is set, or one of it fails.

    What is `draining` knows of `stop` by itself, and has `drain` seconds to finish; what is `idle` is cancelled at once, as
    is what takes longer. Raises what one of them raises.
    """
    slow = [asyncio.ensure_future(one) for one in draining]
    quick = [asyncio.ensure_future(one) for one in idle]
    stopping: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
    waited: set[asyncio.Future[Any]] = {stopping, *slow, *quick}
    try:
        while not stop.is_set() and not any(map(_error, waited)) and len(waited) > 1:
            done, waited = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            waited |= {task for task in done if _error(task)}
        for one in quick:
            one.cancel()
        if stop.is_set() and slow:
            await asyncio.wait(slow, timeout=drain)
    finally:
        for each in (stopping, *slow, *quick):
            each.cancel()
        await asyncio.wait({stopping, *slow, *quick}, timeout=_HURRY)
    for one in (*slow, *quick):
        if (error := _error(one)) is not None:
            raise error


def _error(task: asyncio.Future[Any]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
