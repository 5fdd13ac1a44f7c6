"""Imports in Redis: comments of a blog's history, written as they were decided elsewhere, and how far each import is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from service.core.comment import Change, Comment
from service.core.example import Example
from service.core.queue import place
from service.store import packing, records
from service.store.client import Connection
from service.store.reputation import Lifetimes
from service.store.script import Argument, script_command

_encode = msgspec.msgpack.Encoder().encode
_KEPT = 30 * 86_400_000  # milliseconds that the record of an import lives after its last step


class Imported(Struct, frozen=True):
    """One comment to be brought in, and where the import stands with it."""

    comment: Comment
    fingerprint: str
    arrival: Change  # its first line of history
    decided: Change  # its second one, with the decision
    subjects: tuple[str, ...]  # whose records it counts in: digests of `core/signals/subjects.py`
    ties: tuple[str, ...]  # what shows that an address is its author's
    fate: str  # what had become of it, to be counted
    number: int  # of its record in the file
    notes: bytes  # what the import wants to remember up to here
    example: Example | None = None
    undated: bool = False  # its time is none of its own


class Progress(Struct, frozen=True):
    """How far an import is: its run, records done, what became of them (see comment/import.lua), and its own notes."""

    run: int
    at: int
    counts: dict[str, int]
    notes: bytes


class Run(Struct, frozen=True):
    """An import that was begun: when (milliseconds since 1970), in which format, and what the file was called."""

    at: int
    format: str
    file: str


_run = msgspec.msgpack.Decoder(Run).decode


class Stands(Struct, frozen=True):
    """How a comment stands here: the run that brought it (0: none), the digest of what it says, its state."""

    run: int
    fingerprint: str
    state: str


class Imports:
    """The imports of all sites. `file` names one by a digest of what is imported."""

    def __init__(self, connection: Connection, *, severity_hours: float, lifetimes: Lifetimes) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._severity_hours = severity_hours
        self._lifetimes = lifetimes

    def identify(self, site: str, platform_id: str) -> str:
        """Our id of a comment, by the platform's."""
        return self._keys.layout.comment_id(site, platform_id)

    async def begin(self, site: str, file: str, run: Run, *, goes_on: bool = False) -> int:
        """Begin an import; its number among the site's. What earlier ones brought stays.

        With `goes_on` it is one that an earlier version had begun, without a number.
        """
        runs, record = self._keys.site(site, "runs"), self._keys.importing(site, file)
        number = int(await self._wire.call("HINCRBY", runs, "last", 1))
        await self._wire.call_all(
            [
                ("HSET", runs, number, _encode(run)),
                *(() if goes_on else (("DEL", record),)),
                ("HSET", record, "run", number),
                ("PEXPIRE", record, _KEPT),
            ]
        )
        return number

    async def runs(self, site: str) -> dict[int, Run]:
        """The site's imports by their number, oldest first."""
        flat = await self._wire.call("HGETALL", self._keys.site(site, "runs"))
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return dict(sorted((int(name), _run(value)) for name, value in pairs if name != b"last"))

    async def take_back(self, site: str, run: int, comments: Sequence[str], now: int) -> list[str]:
        """Take comments back that a run brought; the script's word on each."""
        words = await self._wire.call_all(
            [
                script_command(
                    "comment/take_back", [self._keys.comment(comment), self._keys.site_prefix(site)],
                    now=now, comment=comment, site=site, run=run,
                )
                for comment in comments
            ]
        )  # fmt: skip
        return [word.decode() for word in words]

    async def some(self, site: str, cursor: int) -> tuple[int, list[str]]:
        """Some comments of a site, and where to go on (0: nowhere); what is here all the while comes at least once."""
        after, flat = await self._wire.call("ZSCAN", self._keys.site(site, "all"), cursor, "COUNT", 500)
        return int(after), [name.decode() for name in flat[::2]]

    async def forget_run(self, site: str, run: int) -> None:
        """Forget that there was an import, of which everything was taken back."""
        await self._wire.call("HDEL", self._keys.site(site, "runs"), run)

    async def stand(self, comments: Sequence[str]) -> dict[str, Stands]:
        """How some comments stand here; those that are not here are left out."""
        if not comments:
            return {}
        rows = await self._wire.call_all([("HMGET", self._keys.comment(one), "run", "fp", "state") for one in comments])
        return {
            one: Stands(int(run or 0), (fingerprint or b"").decode(), state.decode())
            for one, (run, fingerprint, state) in zip(comments, rows, strict=True)
            if state is not None
        }

    async def bring(
        self,
        site: str,
        file: str,
        comments: Sequence[Imported],
        *,
        run: int,
        at: int,
        notes: bytes,
        replace: bool = False,
    ) -> Progress:
        """Bring comments in, each together with how far the import is then, and how far it is after them; in one write.

        `replace`: what an earlier import brought otherwise, and nobody has touched since, is brought anew.
        """
        record = self._keys.importing(site, file)
        *_, flat = await self._wire.call_all(
            [
                *(self._command(site, record, one, run, replace=replace) for one in comments),
                ("HSET", record, "at", at, "notes", notes),
                ("PEXPIRE", record, _KEPT),
                ("HGETALL", record),
            ]
        )
        return _progress(flat)

    async def look(self, site: str, file: str, comments: Sequence[Imported], *, replace: bool) -> list[str]:
        """What would become of comments that a new import brought in; the script's word on each. Nothing is written."""
        record = self._keys.importing(site, file)
        words = await self._wire.call_all(
            [self._command(site, record, one, 0, replace=replace, look=True) for one in comments]
        )
        return [word.decode() for word in words]

    def _command(
        self, site: str, record: str, one: Imported, run: int, *, replace: bool, look: bool = False
    ) -> tuple[Argument, ...]:
        keys, comment, example = self._keys, one.comment, one.example
        anchor, submission = keys.comment(comment.id), comment.submission
        author = submission.author.email if submission else None
        held = place(comment) if comment.state == "flagged" else None
        return script_command(
            "comment/import",
            [
                anchor, keys.history(comment.id), keys.site_prefix(site), keys.author(site, author.digest) if author else anchor,
                keys.example(site, example.id) if example else anchor, record,
            ],
            now=one.decided.at, comment=comment.id, site=site, platform_id=comment.platform_id,
            submission=packing.packed(submission), plain=_encode(submission), fingerprint=one.fingerprint,
            state=comment.state, written=comment.created_at,
            decided=packing.packed(one.decided), outcome=comment.ruled, by_author=author is not None,
            facets="\n".join(held.facets) if held else "",
            priority=held.priority(one.decided.at, self._severity_hours) if held else 0,
            severest=held.severest(one.decided.at) if held else 0,
            subjects=" ".join(one.subjects), ties=" ".join(one.ties), standing=self._lifetimes.standing,
            example=example.id if example else None, lesson=_encode(example) if example else None,
            fate=one.fate, number=one.number, notes=one.notes, lives=_KEPT, arrival=_encode(one.arrival),
            address=self._lifetimes.address, run=run, replace=True if replace else None,
            undated=True if one.undated else None, look=True if look else None,
        )  # fmt: skip

    async def known(self, comments: Sequence[str], *, live: bool) -> set[str]:
        """Which of some comments are here, or were erased here: those of imports, or with `live` any."""
        if not comments:
            return set()
        if live:
            found = await self._wire.call_all([("EXISTS", self._keys.comment(comment)) for comment in comments])
            return {one for one, there in zip(comments, found, strict=True) if there}
        rows = await self._wire.call_all([("LINDEX", self._keys.history(comment), 0) for comment in comments])
        return {one for one, row in zip(comments, rows, strict=True) if row and records.change(row).what == "imported"}

    async def forgotten(self, site: str) -> dict[str, int]:
        """The tombstones of people who were erased from a site, and when each was set (milliseconds since 1970)."""
        flat = await self._wire.call("HGETALL", self._keys.site(site, "forgotten"))
        return {name.decode(): int(at) for name, at in zip(flat[::2], flat[1::2], strict=True)}

    async def progress(self, site: str, file: str) -> Progress:
        """How far an import is; nowhere when it was never begun, or long ago."""
        return _progress(await self._wire.call("HGETALL", self._keys.importing(site, file)))

    async def forget(self, site: str, file: str) -> None:
        """An import is over: nothing is to be resumed."""
        await self._wire.call("DEL", self._keys.importing(site, file))


def _progress(flat: Sequence[bytes]) -> Progress:
    fields = dict(zip((name.decode() for name in flat[::2]), flat[1::2], strict=True))
    at, notes, run = fields.pop("at", b"0"), fields.pop("notes", b""), fields.pop("run", b"0")
    return Progress(int(run), int(at), {name: int(count) for name, count in fields.items()}, notes)
