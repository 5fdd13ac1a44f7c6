"""Bodies on their way in: until when each must be here, and how much of them strangers may have us hold.

A body whose sender has not proved who they are yet is a stranger's. All of theirs together may take `most` bytes of memory: when
they are more, the oldest of them is given up, since honest ones are here within a moment. For `web.requests`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from service.core.errors import Busy, TooSlow

KNOWN = web.RequestKey("known", bool)
"""Where a request notes that its sender has proved who they are."""
_SHORTLY = 2  # seconds


class Arriving:
    """One body of which not all is here."""

    def __init__(self, bodies: Bodies, *, known: bool) -> None:
        self._bodies = bodies
        self.known = known
        self.size = 0
        self.given_up = False
        self.deadline: asyncio.Timeout | None = None

    def grow(self, size: int) -> None:
        """So many bytes more are here."""
        self.size += size
        if not self.known:
            self._bodies.make_room(size)

    def give_up(self) -> None:
        """Free what it holds, at the next turn of the loop."""
        self.given_up = True
        if self.deadline is not None:
            self.deadline.reschedule(asyncio.get_running_loop().time())


class Bodies:
    """Those of this process. Times are seconds, `most` is bytes."""

    def __init__(self, *, known_seconds: float, stranger_seconds: float, most: int) -> None:
        self._seconds = {True: known_seconds, False: stranger_seconds}
        self._most = most
        self._held = 0
        self._strangers: dict[Arriving, None] = {}  # the oldest first

    @contextmanager
    def _counted(self, body: Arriving) -> Iterator[None]:
        if not body.known:
            self._strangers[body] = None
        try:
            yield
        finally:
            if not body.known:
                del self._strangers[body]
                self._held -= body.size

    async def read(self, request: web.Request, limit: int) -> bytearray:
        """What is to come of a request's body, until it is more than `limit`. Raises TooSlow, Busy, and what reading raises."""
        body, content, read = Arriving(self, known=request.get(KNOWN, False)), request.content, bytearray()
        with self._counted(body):
            try:
                async with asyncio.timeout(self._seconds[body.known]) as body.deadline:
                    while len(read) <= limit and (chunk := await content.readany()):
                        read += chunk
                        body.grow(len(chunk))
            except TimeoutError:
                if body.given_up:
                    raise Busy("Too many requests are on their way in; try again.", retry_after=_SHORTLY) from None
                raise TooSlow from None
        return read

    def make_room(self, size: int) -> None:
        """Count bytes of a stranger's body, and give up the oldest ones while all of them are too many."""
        self._held += size
        over = self._held - self._most
        for body in self._strangers:
            if over <= 0:
                return
            if not body.given_up:
                body.give_up()
            over -= body.size
