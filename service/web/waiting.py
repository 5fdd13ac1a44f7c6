"""Requests that wait for a verdict (`Prefer: wait=N`). There is one path: a waited-for comment goes through the queue too."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from service.core.comment import Comment
from service.core.lifecycle import State

_WAIT = re.compile(r"wait\s*=\s*\"?([0-9]{1,6})\"?\Z", re.IGNORECASE)
_FIRST_LOOK, _LONGEST_PAUSE = 0.05, 0.5  # seconds between looks at a comment nobody will wake us for
_SAFETY_LOOK = 1.0  # seconds between looks at one that we expect to be woken for


class Preferences(NamedTuple):
    """What a Prefer header (RFC 7240) asks for."""

    wait: int | None = None  # seconds
    respond_async: bool = False


_NO_PREFERENCES = Preferences()


def preferences(header: str | None) -> Preferences:
    """Parse a Prefer header; preferences that we don't know or can't read don't count, as the RFC says."""
    if not header:
        return _NO_PREFERENCES
    wait, respond_async = None, False
    for item in header.split(","):
        name = item.partition(";")[0].strip()
        if found := _WAIT.match(name):
            wait = int(found.group(1)) if wait is None else wait
        elif name.lower() == "respond-async":
            respond_async = True
    return Preferences(wait, respond_async)


class Waiting:
    """The requests of this process that wait, by comment."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(6)
        self._wakers: dict[str, set[asyncio.Event]] = {}
        self._closed = False

    def heard(self, comment: str) -> None:
        """Somebody says that a comment has been decided."""
        for waker in self._wakers.get(comment, ()):
            waker.set()

    def close(self) -> None:
        """Stop waiting: every request gets its answer now."""
        self._closed = True
        for wakers in self._wakers.values():
            for waker in wakers:
                waker.set()

    @contextmanager
    def expecting(self, comment: str) -> Iterator[asyncio.Event]:
        """Listen for a comment; enter this before it is submitted, so that nothing is missed."""
        waker = asyncio.Event()
        self._wakers.setdefault(comment, set()).add(waker)
        try:
            yield waker
        finally:
            wakers = self._wakers[comment]
            wakers.discard(waker)
            if not wakers:
                del self._wakers[comment]

    async def decided(
        self,
        waker: asyncio.Event,
        look: Callable[[], Awaitable[Comment]],
        *,
        seconds: float,
        will_be_woken: bool,
    ) -> Comment | None:
        """The comment once it is decided, or None when it isn't in time. `look` reads it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        pause = _SAFETY_LOOK if will_be_woken else _FIRST_LOOK
        while not self._closed and (left := deadline - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(pause, left)):
                    await waker.wait()
            except TimeoutError:
                pause = max(pause, min(pause * 1.5, _LONGEST_PAUSE))
            waker.clear()
            comment = await look()
            if comment.state is not State.PENDING:
                return comment
        return None
