"""The pages of this process that want to hear what happens, and what each of them may hear. `service.app` feeds it.

What happens to one comment while a page is slow to read is told once, as it is in the end; a page that falls further behind
is let go, and fetches everything anew when it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from service.core.errors import Busy

MOST_UNREAD = 2_000
"""Comments that a page may be behind with."""


class Message(Struct, frozen=True):
    """What the scripts and bulk decisions publish: of a comment, of a claim (`till`), or of a bulk decision (`bulk`)."""

    site: str = ""
    comment: str = ""
    state: str = ""
    list: str = ""
    revision: int = 0
    actor: str = ""
    what: str = ""
    by: str = ""
    till: int | None = None
    bulk: str = ""


class Listener:
    """One page. `sees` tells whether it may hear of a site; `actor` whose it is."""

    def __init__(self, actor: str, sees: Callable[[str], bool]) -> None:
        self.actor = actor
        self.sees = sees
        self.ended = ""  # why: shutdown, or slow
        self._unread: dict[tuple[str, str], Message] = {}
        self._waker = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Hear of something, if it is for this page."""
        if message.bulk:
            if message.by != self.actor:
                return
        elif not self.sees(message.site):
            return
        key = (
            ("bulk", message.bulk)
            if message.bulk
            else ("claim" if message.till is not None else "comment", message.comment)
        )
        self._unread.pop(key, None)
        self._unread[key] = message
        if len(self._unread) > MOST_UNREAD:
            self.end("slow")
        self._waker.set()

    def end(self, why: str) -> None:
        """Let the page go."""
        self.ended = self.ended or why
        self._waker.set()

    async def unread(self) -> list[Message]:
        """What happened since the last time, in order; waits until something has."""
        await self._waker.wait()
        self._waker.clear()
        messages = list(self._unread.values())
        self._unread.clear()
        return messages


class Live:
    """The pages of this process, at most `most`, and of one moderator at most `each`."""

    def __init__(self, most: int, each: int = 10) -> None:
        self._most = most
        self._each = each
        self._listeners: set[Listener] = set()
        self._closed = False

    def heard(self, raw: bytes) -> None:
        """Something happened."""
        try:
            message = _message(raw)
        except msgspec.DecodeError:
            return  # another version of us may say more than we know
        for listener in self._listeners:
            listener.offer(message)

    @contextmanager
    def joined(self, listener: Listener) -> Iterator[Listener]:
        """Let a page hear. Raises Busy when there are too many, or too many of its moderator's."""
        if sum(other.actor == listener.actor for other in self._listeners) >= self._each:
            raise Busy("You have too many pages open; close some of them.", retry_after=30)
        if self._closed or len(self._listeners) >= self._most:
            raise Busy("Too many pages are kept up to date by this process.", retry_after=30)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let every page go."""
        self._closed = True
        for listener in self._listeners:
            listener.end("shutdown")


_message = msgspec.json.Decoder(Message).decode
