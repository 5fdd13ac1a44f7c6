"""What the box holds of a person or of a removed site, across all its keys, in Redis: found, forgotten, looked through.

For `usecases/privacy.py` and `usecases/sites.py`. What is forgotten leaves a tombstone, a digest of a digest, so that an import
brings nothing of it back.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec

from service.core.moderator import Mark
from service.core.signals.subjects import tie_moved
from service.core.site import Site, circle_of
from service.core.submission import Author
from service.store import keys as names
from service.store import packing, records
from service.store.client import Connection

_circles = msgspec.msgpack.Decoder(tuple[str, ...]).decode
_mark = msgspec.msgpack.Decoder(Mark).decode
_encode = msgspec.msgpack.Encoder().encode
_PAGE = 1_000
_GLOB = re.compile(r"[*?\[\]\\^-]")  # what means something else than itself in a pattern
_READ: dict[bytes, tuple[str, tuple[str | int, ...]]] = {
    b"string": ("GET", ()),
    b"hash": ("HGETALL", ()),
    b"list": ("LRANGE", (0, -1)),
    b"set": ("SMEMBERS", ()),
    b"zset": ("ZRANGE", (0, -1)),
    b"stream": ("XRANGE", ("-", "+")),
}


class PersonalData:
    """All keys together."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def sites(self) -> list[str]:
        """Every site that has comments, also those that were removed."""
        return sorted([self._keys.site_of(key.decode()) async for key in self._scan(self._keys.some_site)])

    async def has_people(self, site: str) -> bool:
        """Whether anything of people is kept of a site: comments, tombstones, examples, marks."""
        indexes = ("all", "erased", "examples")
        sizes = await self._wire.call_all(
            [
                *(("ZCARD", self._keys.site(site, name)) for name in indexes),
                *(("HLEN", self._keys.site(site, name)) for name in ("people", "forgotten")),
            ]
        )
        return any(sizes)

    async def circles(self, site: str) -> tuple[str, ...]:
        """The circles of a site that was removed, as they were noted then; its own when they were not."""
        noted = await self._wire.call("HGET", self._keys.site(site, "swept"), "circles")
        return _circles(noted) if noted is not None else (circle_of(site, ""),)

    async def note_circles(self, site: Site) -> None:
        """Remember the circles of a site that goes: whoever asks to be erased is to be found."""
        await self._wire.call("HSET", self._keys.site(site.id, "swept"), "circles", _encode(site.circles))

    async def into_circles(self, site: str, moved: Callable[[str], str]) -> None:
        """Put the digests of a site's people in the place of those that `moved` makes them of; once, marks first.

        What is told of a comment's people is moved before the comment itself, so that who is interrupted goes on.
        """
        swept = self._keys.site(site, "swept")
        if await self._wire.call("HGET", swept, "circle"):
            return
        people = self._keys.site(site, "people")
        for digest in [row.decode() for row in await self._wire.call("HKEYS", people)]:
            row = await self._wire.call("HGET", people, digest)
            if row is None or (now := moved(digest)) == digest:
                continue
            mark = _mark(row)
            ties = tuple(tie_moved(tie, moved) for tie in mark.ties) if mark.ties is not None else None
            await self._wire.call("HSETNX", people, now, _encode(msgspec.structs.replace(mark, ties=ties)))
            await self._wire.call("HDEL", people, digest)
        after = 0
        while True:
            after, flat = await self._wire.call("ZSCAN", self._keys.site(site, "all"), after, "COUNT", _PAGE)
            for comment in (row.decode() for row in flat[::2]):
                while not await self._into_circle(site, comment, moved):
                    pass
            if int(after) == 0:
                break
        await self._wire.call("HSET", swept, "circle", 1)

    async def _into_circle(self, site: str, comment: str, moved: Callable[[str], str]) -> bool:
        """False: it has changed meanwhile."""
        key, texts = self._keys.comment(comment), self._keys.texts(comment)
        row = await self._wire.call("HGET", key, "sub")
        if row is None:
            return True
        rows = [row, *await self._wire.call("LRANGE", texts, 0, -1)]
        said = [records.submission(one) for one in rows]
        old = {digest for one in said for digest in _people(one.author) if moved(digest) != digest}
        if not old:
            return True
        pairs = [part for digest in sorted(old) for part in (digest, moved(digest))]
        await self._wire.run("reputation/into_circle", [key, self._keys.site_prefix(site)], pairs=pairs)
        fresh = [packing.packed(msgspec.structs.replace(one, author=_moved(one.author, moved))) for one in said]
        word = await self._wire.run(
            "comment/forget_parent", [key, texts], seen=row, submission=fresh[0], texts=fresh[1:]
        )
        return bool(word == b"applied")

    async def purge(self, site: str) -> None:
        """Drop what is left of a removed site whose comments are erased: tombstones, marks, tallies, policies."""
        prefix = _GLOB.sub(r"\\\g<0>", self._keys.site_prefix(site))
        erased = await self._wire.call("ZRANGE", self._keys.site(site, "erased"), 0, -1)
        for comment in (row.decode() for row in erased):
            await self._wire.call("DEL", self._keys.comment(comment), self._keys.history(comment))
        async for key in self._scan(f"{prefix}*"):
            await self._wire.call("DEL", key)

    async def forget(self, site: str, digests: Collection[str], tombstone: str, now: int) -> None:
        """Forget a person of a site beside their comments: records, notes on marks; and leave a tombstone."""
        keys = self._keys
        for digest in digests:
            await self._wire.call(
                "DEL", keys.subject(site, digest, beyond=True), keys.subject(site, digest), keys.author(site, digest)
            )
            row = await self._wire.call("HGET", keys.site(site, "people"), digest)
            if row is not None and (mark := _mark(row)).note:
                blank = _encode(msgspec.structs.replace(mark, note=""))
                await self._wire.run("store/mark", [keys.site(site, "people")], name=digest, value=blank)
        await self._wire.run("store/mark", [keys.site(site, "forgotten")], name=tombstone, value=now)

    async def unlog(self, digests: Collection[str]) -> int:
        """Take the lines about somebody out of the operators' log; how many those were."""
        about = {digest.encode() for digest in digests}
        rows = await self._wire.call("XRANGE", names.AUDIT, "-", "+")
        gone = [entry for entry, fields in rows if about & set(fields[1::2])]
        if gone:
            await self._wire.call("XDEL", names.AUDIT, *gone)
        return len(gone)

    async def everything(self) -> AsyncIterator[tuple[str, list[bytes]]]:
        """Every key with all that is in it, also what is packed, models' artefacts aside."""
        async for key in self._scan("*"):
            if key.startswith(names.model("").encode()):
                continue
            kind = await self._wire.call("TYPE", key)
            kind = kind.encode() if isinstance(kind, str) else kind
            if kind not in _READ:
                continue
            command, more = _READ[kind]
            values = _flat(await self._wire.call(command, key, *more))
            yield key.decode(errors="replace"), [*values, *(one for value in values for one in packing.opened(value))]

    async def _scan(self, pattern: str) -> AsyncIterator[bytes]:
        for master in await self._wire.masters():
            cursor = b"0"
            while True:
                cursor, found = await master.call("SCAN", cursor, "MATCH", pattern, "COUNT", _PAGE)
                for key in found:
                    yield key
                if int(cursor) == 0:
                    break


def _flat(value: Any) -> Sequence[bytes]:
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, list | tuple | set):
        return [piece for one in value for piece in _flat(one)]
    return []


def _people(author: Author) -> Iterator[str]:
    """The digests that a comment has of its author."""
    if author.email is not None:
        yield from (author.email.digest, *author.email.earlier)
    if author.ip is not None:
        yield from (author.ip.digest, author.ip.network)
    if author.link:
        yield author.link


def _moved(author: Author, moved: Callable[[str], str]) -> Author:
    email, ip = author.email, author.ip
    if email is not None:
        email = msgspec.structs.replace(email, digest=moved(email.digest), earlier=tuple(map(moved, email.earlier)))
    if ip is not None:
        ip = msgspec.structs.replace(ip, digest=moved(ip.digest), network=moved(ip.network))
    return msgspec.structs.replace(author, email=email, ip=ip, link=moved(author.link))
