"""What became of notices, in Redis: when each was told last, and of what. Whom they go to is in no key (`core/notice.py`)."""

from __future__ import annotations

from service.core.notice import Told
from service.store import keys as names
from service.store.client import Connection

_NUMBERS = ("at", "upto", "tries", "not_before", "asked", "tried")
_WORDS = ("problem", "test")
_KEPT = 90 * 86_400_000  # ms


class NoticeStore:
    """The notices of this box, by name."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire

    async def told(self, name: str) -> Told:
        """What became of a notice so far."""
        row = await self._wire.call("HMGET", names.notice(name), *_NUMBERS, *_WORDS)
        at, upto, tries, not_before, asked, tried = (int(one or 0) for one in row[: len(_NUMBERS)])
        problem, test = ((one or b"").decode() for one in row[len(_NUMBERS) :])
        return Told(at, upto, tries, not_before, problem, asked, tried, test)

    async def claim(self, name: str, *, now: int, every: int, upto: int, lease: int) -> bool:
        """Whether it is this process's to tell a notice now: nobody was faster, and it was not told within `every` ms."""
        word = await self._wire.run("notice/claim", [names.notice(name)], now=now, every=every, upto=upto, lease=lease)
        return bool(word == b"yours")

    async def note(self, name: str, **fields: str | int) -> None:
        """Keep some fields of `Told`."""
        key = names.notice(name)
        said = ("HSET", key, *[word for pair in fields.items() for word in pair])
        await self._wire.call_all([said, ("PEXPIRE", key, _KEPT)])
