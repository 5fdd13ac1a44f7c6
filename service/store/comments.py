"""Comments in Redis: taking in, changing state, erasing, reading and listing. All writing goes through the scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from service.core.appeal import Appeal
from service.core.campaigns import sketch
from service.core.comment import Actor, Change, Comment
from service.core.example import Example
from service.core.lifecycle import ActorKind, Outcome, State, sources
from service.core.queueing import Place
from service.core.submission import Submission
from service.core.tally import words
from service.core.verdict import Verdict
from service.store.client import Argument, Connection, script_command

_encode = msgspec.msgpack.Encoder().encode
_submission = msgspec.msgpack.Decoder(Submission).decode
_verdict = msgspec.msgpack.Decoder(Verdict).decode
_appeal = msgspec.msgpack.Decoder(Appeal).decode
_change = msgspec.msgpack.Decoder(Change).decode
_FIELDS = (
    "site", "pid", "state", "rev", "text_rev", "human", "ruled", "created", "updated", "sub", "ver", "dec", "app",
)  # fmt: skip


class Taken(NamedTuple):
    """What became of a submission; `word` is submit.lua's."""

    word: str
    comment: str
    revision: int
    state: str
    answer: bytes  # the stored answer, when an idempotency key was replayed
    at: int  # when this request came in; a new comment's `created_at`, milliseconds since 1970


class Moved(NamedTuple):
    """What became of a change; `word` is the script's."""

    word: str
    revision: int
    state: str


class Idempotency(Struct, frozen=True):
    """An Idempotency-Key's digest, the digest of the request it came with, and how long it counts (milliseconds)."""

    key: str
    request: str
    ttl: int
    lease: int


class Event(Struct, frozen=True):
    """A call-back to be written together with a change: its id, type and body, and the earliest time to send it."""

    id: str
    type: str
    body: bytes
    not_before: int


class Transition(Struct, frozen=True):
    """A move of one comment, to be applied by `Comments.apply`."""

    comment: str
    site: str
    to: State
    actor: Actor
    seen: int  # the revision that the caller saw
    change: Change
    verdict: Verdict | None = None
    work_entry: str = ""
    event: Event | None = None
    wake: str = ""  # process to wake
    example: Example | None = None  # what the decision teaches
    tell_back: bool = True  # False: the word came from where the return address is
    place: Place | None = None  # among what moderators are to look at: what is held, or approved but to be reviewed
    undo_until: int = (
        0  # until when it can be undone, milliseconds since 1970: call-backs leave no earlier. 0: it can't
    )
    bulk: str = ""  # the bulk decision that it is part of


class Comments:
    """The comments of all sites."""

    def __init__(self, connection: Connection, *, severity_hours: float = 12.0) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._severity_hours = severity_hours

    async def submit(
        self,
        *,
        site: str,
        comment: str,
        submission: Submission,
        fingerprint: str,
        now: int,
        backlog: int,
        waiting: str = "",
        idempotency: Idempotency | None = None,
    ) -> Taken:
        """Take a comment in, durably, or not at all."""
        keys = self._keys
        author = submission.author.email
        anchor = keys.comment(comment)
        platform = Actor(ActorKind.PLATFORM, site)
        word, revision, state, answer = await self._wire.run(
            "submit",
            [
                anchor, keys.history(comment), keys.texts(comment), keys.work,
                keys.site(site, "all"), keys.site(site, "pending"), keys.site(site, ""),
                keys.author(site, author.digest) if author else anchor,
                keys.idempotency(site, idempotency.key) if idempotency else anchor,
                *([keys.author(site, digest) for digest in author.earlier] if author else ()),
            ],
            now, comment, site, submission.platform_id, _encode(submission), fingerprint, backlog,
            _encode(Change(now, platform, State.PENDING, "submitted")),
            _encode(Change(now, platform, State.PENDING, "edited")),
            waiting, "author" if author else "",
            *((idempotency.request, idempotency.ttl, idempotency.lease) if idempotency else ("", 0, 0)),
        )  # fmt: skip
        return Taken(word.decode(), comment, revision, state.decode(), answer, now)

    async def remember_answer(self, site: str, idempotency: Idempotency, answer: bytes) -> None:
        """Store what an idempotency key was answered with; it holds no words of the comment (they may be erased)."""
        name = self._keys.idempotency(site, idempotency.key)
        await self._wire.call_all([("HSET", name, "answer", answer), ("PEXPIRE", name, idempotency.ttl)])

    async def apply(self, transitions: Sequence[Transition]) -> list[Moved]:
        """Apply moves, each atomic by itself, in one write."""
        replies = await self._wire.call_all([self._command(move) for move in transitions])
        return [Moved(word.decode(), revision, state.decode()) for word, revision, state in replies]

    def _command(self, move: Transition) -> tuple[Argument, ...]:
        keys, event, example = self._keys, move.event, move.example
        return script_command(
            "transition",
            [
                keys.comment(move.comment), keys.history(move.comment), keys.site(move.site, ""), keys.work,
                keys.queue(move.comment), keys.delivery(event.id if event else ""), keys.due,
                keys.delivery(""), keys.example(example.id if example else ""),
            ],
            move.change.at, move.comment, move.site, move.to, _words(sources(move.actor.kind, move.to)),
            "machine" if move.actor.kind is ActorKind.POLICY else "human", move.seen,
            _encode(move.change), move.change.decision.outcome if move.change.decision else "",
            _encode(move.verdict) if move.verdict else "", move.work_entry,
            *((event.id, event.type, event.body, event.not_before) if event else ("", "", "", 0)),
            keys.wake(move.wake) if move.wake else "", _day(move.change.at),
            *((example.id, _encode(example)) if example else ("", "")), "tell" if move.tell_back else "",
            *self._standing(move.place, move.change.at), str(move.actor), move.undo_until, move.bulk,
            "\n".join(words(move.change.decision)) if move.change.decision else "",
        )  # fmt: skip

    def _standing(self, place: Place | None, at: int) -> tuple[str, int | str]:
        return ("\n".join(place.facets), place.priority(at, self._severity_hours)) if place else ("", "")

    async def erase(
        self,
        comment: Comment,
        *,
        now: int,
        history: Sequence[Change],
        event: Event | None,
        earlier: Sequence[Submission] = (),
    ) -> Moved:
        """Erase a comment as it was seen; `history` is what remains of its history, `earlier` its earlier texts."""
        keys = self._keys
        said = {sketch(one.content).text for one in (comment.submission, *earlier) if one is not None and one.content}
        word, revision, state = await self._wire.run(
            "erase",
            [
                keys.comment(comment.id), keys.history(comment.id), keys.texts(comment.id), keys.site(comment.site, ""),
                keys.queue(comment.id), keys.delivery(event.id if event else ""), keys.due,
                keys.reporters(comment.id), keys.delivery(""), keys.example(""), keys.names(comment.id),
            ],
            now, comment.id, comment.site, comment.revision,
            *((event.id, event.body) if event else ("", "")), " ".join(sorted(said)),
            *[_encode(change) for change in history],
        )  # fmt: skip
        return Moved(word.decode(), revision, state.decode())

    async def requeue(self, comment: Comment, *, change: Change, dead_entry: str = "") -> Moved:
        """Put a comment before the machine once more."""
        keys = self._keys
        word, revision, state = await self._wire.run(
            "requeue",
            [
                keys.comment(comment.id), keys.history(comment.id), keys.site(comment.site, ""),
                keys.work, keys.dead,
            ],
            change.at, comment.id, comment.site, _words(sources(change.actor.kind, State.PENDING)),
            comment.revision, _encode(change), dead_entry,
        )  # fmt: skip
        return Moved(word.decode(), revision, state.decode())

    async def get(self, comment: str) -> Comment | None:
        """One comment."""
        return (await self.get_many([comment]))[0]

    async def find(self, site: str, comment: str) -> Comment | None:
        """One comment, erased or not, if it is of that site."""
        found = await self.get(comment)
        return found if found is not None and found.site == site else None

    async def get_many(self, comments: Sequence[str]) -> list[Comment | None]:
        """Several comments, in one round trip."""
        if not comments:
            return []
        rows = await self._wire.call_all([("HMGET", self._keys.comment(comment), *_FIELDS) for comment in comments])
        return [_comment(comment, row) for comment, row in zip(comments, rows, strict=True)]

    async def history(self, comment: str) -> list[Change]:
        """What happened to a comment, oldest first."""
        return [_change(row) for row in await self._wire.call("LRANGE", self._keys.history(comment), 0, -1)]

    async def earlier_texts(self, comment: str) -> list[Submission]:
        """The texts that an edited comment had before, oldest first."""
        return [_submission(row) for row in await self._wire.call("LRANGE", self._keys.texts(comment), 0, -1)]

    async def page(
        self, site: str, index: str, *, newest: int, oldest: int, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[str, int]]:
        """(comment, time) of an index, newest first; `after` is the last one of the page before.

        `index` is "all", a state, or "a:<digest>" for an author's. Members with the same time are ordered by id.
        """
        name = self._keys.site(site, index)
        top = newest if after is None else min(newest, after[0])
        found: list[tuple[str, int]] = []
        offset = 0
        while len(found) < limit:
            rows = await self._wire.call(
                "ZREVRANGEBYSCORE", name, top, oldest, "WITHSCORES", "LIMIT", offset, limit + 1
            )
            for member, score in zip(rows[::2], rows[1::2], strict=True):
                entry = (member.decode(), int(float(score)))
                if after is None or (entry[1], entry[0]) < after:
                    found.append(entry)
            if len(rows) < 2 * (limit + 1):
                break
            offset += limit + 1
        return found[:limit]

    async def counts(self, site: str) -> dict[str, int]:
        """How many comments stand in each state."""
        sizes = await self._wire.call_all([("ZCARD", self._keys.site(site, state)) for state in State])
        return {str(state): size for state, size in zip(State, sizes, strict=True)}

    async def size(self, site: str, index: str) -> int:
        """How many comments are in an index; see `page`."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, index)))

    async def oldest(self, site: str, state: State) -> int | None:
        """When the comment that has been longest in a state entered it."""
        rows = await self._wire.call("ZRANGE", self._keys.site(site, state), 0, 0, "WITHSCORES")
        return int(float(rows[1])) if rows else None


def _day(at: int) -> str:
    return _date(at // 86_400_000)


@lru_cache(maxsize=4)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


@cache
def _words(states: frozenset[State]) -> str:
    return f" {' '.join(sorted(states))} "


def _comment(comment: str, row: Sequence[Any]) -> Comment | None:
    site, pid, state, revision, text_revision, human, ruled, created, updated, *packed = row
    submission, verdict, decision, appeal = packed
    if state is None:
        return None
    return Comment(
        id=comment,
        site=site.decode(),
        platform_id=pid.decode(),
        state=State(state.decode()),
        revision=int(revision),
        text_revision=int(text_revision),
        human=human == b"1",
        ruled=Outcome(ruled.decode()) if ruled else None,
        created_at=int(created),
        updated_at=int(updated),
        submission=_submission(submission) if submission else None,
        verdict=_verdict(verdict) if verdict else None,
        decision=_change(decision).decision if decision else None,
        appeal=_appeal(appeal) if appeal else None,
    )
