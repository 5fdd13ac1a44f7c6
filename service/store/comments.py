"""Comments in Redis: taking in, changing state, erasing, reading and listing. All writing goes through the scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import msgspec

from service import tracing
from service.core.appeal import Appeal
from service.core.comment import Actor, ByAuthor, Change, Comment, Idempotency, Taken
from service.core.counters import day_of, words
from service.core.delivery import KINDS as DELIVERY_KINDS
from service.core.edit import Edit
from service.core.lifecycle import ActorKind, Outcome, State, sources
from service.core.queue import FOREVER
from service.core.resubmission import Again, compare, differs, kept
from service.core.review import Handed
from service.core.submission import Submission
from service.core.text.similarity import sketch
from service.core.transition import Event, Moved, Transition
from service.store import packing, records
from service.store.client import Connection
from service.store.script import Argument, packed, script_command

_encode = msgspec.msgpack.Encoder().encode
_appeal = msgspec.msgpack.Decoder(Appeal).decode
_edit = msgspec.msgpack.Decoder(Edit).decode
_handed = msgspec.msgpack.Decoder(Handed).decode
_PAGE = 500
_FIELDS = (
    "site", "pid", "state", "rev", "text_rev", "human", "ruled", "created", "updated", "sub", "ver", "dec", "app", "edit", "hand",
)  # fmt: skip


class Comments:
    """The comments of all sites."""

    def __init__(self, connection: Connection, *, severity_hours: float = 12.0) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._severity_hours = severity_hours

    def identify(self, site: str, platform_id: str) -> str:
        """Our id of a comment, by the platform's, whether it is here or not."""
        return self._keys.layout.comment_id(site, platform_id)

    async def submit(
        self,
        *,
        site: str,
        comment: str,
        submission: Submission,
        now: int,
        backlog: int,
        site_backlog: int | None = None,
        waiting: str = "",
        idempotency: Idempotency | None = None,
        evidence: bool = False,
    ) -> Taken:
        """Take a comment in, durably, or not at all; one that is here already as `core.resubmission` has it.

        `backlog`: how many comments may wait, `site_backlog`: of this site (None: as many); `waiting`: the process whose
        request waits for its decision, or "".
        `evidence`: what differs around a text that is no edit is evidence too, and puts it before the machine again unless a
        human has decided.
        """
        taken = self._taking(
            comment,
            submission,
            site=site,
            now=now,
            backlog=backlog,
            site_backlog=backlog if site_backlog is None else site_backlog,
            waiting=waiting,
            idempotency=idempotency,
        )
        reply = await taken(submission, b"", "")
        while reply[0] in (b"differs", b"human"):
            *_, stored, fingerprint, edited = reply
            before, shown = records.submission(stored), _edit(edited).content if edited else ""
            again = compare(before, submission, fingerprint.decode(), shown)
            if again is Again.UPDATED and evidence and reply[0] != b"human" and differs(before, submission):
                again = Again.REQUEUED
            reply = await taken(kept(before, submission, again, shown), stored, again)
        word, revision, state, answer = reply
        return Taken(word.decode(), comment, revision, state.decode(), answer, now)

    def _taking(
        self,
        comment: str,
        submission: Submission,
        *,
        site: str,
        now: int,
        backlog: int,
        site_backlog: int,
        waiting: str,
        idempotency: Idempotency | None,
    ) -> Callable[[Submission, bytes, str], Awaitable[list[Any]]]:
        """Runs the script: (what to keep, what is stored as it was seen, what the new one is beside that)."""  # fmt: skip
        keys = self._keys
        author = submission.author.email
        anchor = keys.comment(comment)
        platform, trace = Actor(ActorKind.PLATFORM, site), tracing.here()
        names = [
            anchor, keys.history(comment), keys.texts(comment), keys.home(site).work,
            keys.site(site, "all"), keys.site(site, "pending"), keys.site_prefix(site),
            keys.author(site, author.digest) if author else anchor,
            keys.idempotency(site, idempotency.key) if idempotency else anchor,
            *([keys.author(site, digest) for digest in author.earlier] if author else ()),
        ]  # fmt: skip

        async def run(keep: Submission, seen: bytes, again: str) -> list[Any]:
            answered = self.identify(site, keep.parent_id) if keep.parent_id else ""
            found: list[Any] = await self._wire.run(
                "comment/submit", names,
                now, comment, site, submission.platform_id, packing.packed(keep), backlog, site_backlog,
                _encode(Change(now, platform, State.PENDING, again or "edited")),
                waiting, "author" if author else "",
                *((idempotency.request, idempotency.ttl, idempotency.lease) if idempotency else ("", 0, 0)),
                seen, again, answered if keep.parent_text else "", answered,
                *([trace] if trace else ()),
            )  # fmt: skip
            return found

        return run

    async def remember_answer(self, site: str, idempotency: Idempotency, answer: bytes) -> None:
        """Store what an idempotency key was answered with; it holds no words of the comment (they may be erased)."""
        name = self._keys.idempotency(site, idempotency.key)
        await self._wire.run(
            "comment/answer", [name], request=idempotency.request, answer=answer, lives=idempotency.ttl
        )

    async def apply(self, transitions: Sequence[Transition]) -> list[Moved]:
        """Apply moves, each atomic by itself, in one write."""
        replies = await self._wire.call_all([self._command(move) for move in transitions])
        return [Moved(word.decode(), revision, state.decode()) for word, revision, state in replies]

    def _command(self, move: Transition) -> tuple[Argument, ...]:
        keys, change, place, home = self._keys, move.change, move.place, self._keys.home(move.site)
        event, back, example = move.event, move.back, move.example
        anchor, decision = keys.comment(move.comment), move.change.decision
        return script_command(
            "comment/transition",
            [
                anchor, keys.history(move.comment), keys.site_prefix(move.site), home.work, keys.queue(move.site, move.comment),
                home.due, keys.example(move.site, example.id) if example else anchor,
                keys.delivery(move.site, event.id) if event else anchor,
                keys.delivery(move.site, back.id) if back else anchor,
            ],
            now=change.at, comment=move.comment, site=move.site, to=move.to,
            sources=_allowed(sources(move.actor.kind, move.to)),
            by="machine" if move.actor.kind is ActorKind.POLICY else "human", seen=move.seen, change=packing.packed(change),
            outcome=decision.outcome if decision else None, verdict=records.kept_verdict(move.verdict) if move.verdict else None,
            work_entry=move.work_entry or None,
            message=event.id if event else None, type=event.type if event else None, body=event.body if event else None,
            not_before=event.not_before if event else None,
            return_message=back.id if back else None, return_type=back.type if back else None,
            wake=keys.wake(move.wake) if move.wake else None, today=day_of(change.at, move.zone).isoformat(),
            example=example.id if example else None, lesson=_encode(example) if example else None,
            facets="\n".join(place.facets) if place else None,
            priority=place.priority(change.at, self._severity_hours) if place else None,
            severest=place.severest(change.at) if place else None,
            actor=str(move.actor), undo_until=move.undo_until, bulk=move.bulk, counts=words(decision) if decision else (),
            edit=_encode(move.edit) if isinstance(move.edit, Edit) else None, unedit=move.edit is None or None,
            faulty=move.faulty or None, trace=move.trace or tracing.here() or None,
        )  # fmt: skip

    async def erase(
        self,
        comment: Comment,
        *,
        now: int,
        history: Sequence[Change],
        event: Event | None,
        earlier: Sequence[Submission] = (),
        withdrawn: int | None = None,
    ) -> Moved:
        """Erase a comment as it was seen; `history` is what remains of its history, `earlier` its earlier texts.

        `withdrawn` says when its platform deleted it, by the platform's clock (milliseconds since 1970): it may come back.
        """
        keys, site = self._keys, comment.site
        said = {sketch(one.content).text for one in (comment.submission, *earlier) if one is not None and one.content}
        word, revision, state = await self._wire.run(
            "comment/erase",
            [
                keys.comment(comment.id), keys.history(comment.id), keys.texts(comment.id), keys.site_prefix(site),
                keys.queue(site, comment.id), keys.delivery(site, event.id if event else ""), keys.home(site).due,
                keys.reporters(comment.id), keys.delivery(site, ""), keys.example(site, ""), keys.names(comment.id),
            ],
            now=now, comment=comment.id, site=site, seen=comment.revision,
            delivery=event.id if event else None, body=event.body if event else None,
            texts=sorted(said), withdrawn=withdrawn, kinds=DELIVERY_KINDS, history=[packing.packed(change) for change in history],
        )  # fmt: skip
        return Moved(word.decode(), revision, state.decode())

    async def withdrawn(self, comment: str) -> int | None:
        """When the platform last deleted a comment, by its own clock; None: never, or it was erased here for good."""
        at = await self._wire.call("HGET", self._keys.comment(comment), "withdrawn")
        return int(at) if at is not None else None

    async def thread(self, site: str, comment: str) -> list[str]:
        """The latest that came in as answers to a comment, which itself need never have come, oldest first; some may be gone."""
        return [row.decode() for row in await self._wire.call("ZRANGE", self._keys.thread(site, comment), 0, -1)]

    async def reported_as(self, comment: str, codes: Sequence[str]) -> dict[str, int]:
        """How many readers gave which of these reasons for their reports, in the order of the codes."""
        rows = await self._wire.call("HMGET", self._keys.comment(comment), *[f"as:{code}" for code in codes])
        return {code: int(row) for code, row in zip(codes, rows, strict=True) if row is not None}

    async def let_return(self, comment: str) -> None:
        """Let the next text of an erased comment be taken in again."""
        await self._wire.call("HSET", self._keys.comment(comment), "returns", 1)

    async def seal(self, comment: str) -> None:
        """Let an erased comment never come back, whatever its platform says."""
        await self._wire.call("HDEL", self._keys.comment(comment), "withdrawn", "returns")

    async def forget_quotes(self, site: str, comment: str) -> None:
        """Take the text of a comment that was erased out of those that answer it."""
        await self.adopt_quotes(site)
        name = self._keys.answers(site, comment)
        for reply in [row.decode() for row in await self._wire.call("SMEMBERS", name)]:
            while not await self._forget_quote(reply, comment):
                pass
        await self._wire.call("DEL", name)

    async def _forget_quote(self, reply: str, comment: str) -> bool:
        """False: it has changed meanwhile."""
        key, texts = self._keys.comment(reply), self._keys.texts(reply)
        site, row = await self._wire.call("HMGET", key, "site", "sub")
        if (
            row is None
            or (now := records.submission(row)).parent_id == ""
            or self.identify(site.decode(), now.parent_id) != comment
        ):
            return True
        earlier = await self.earlier_texts(reply)
        bare = [packing.packed(msgspec.structs.replace(one, parent_text="")) for one in (now, *earlier)]
        word = await self._wire.run("comment/forget_parent", [key, texts], seen=row, submission=bare[0], texts=bare[1:])
        return bool(word == b"applied")

    async def adopt_quotes(self, site: str) -> None:
        """Note which comments quote others, where they came in before that was noted; once for each site."""
        swept = self._keys.site(site, "swept")
        if await self._wire.call("HGET", swept, "answers"):
            return
        after = None
        while page := await self.page(site, "all", newest=FOREVER, oldest=0, after=after, limit=_PAGE):
            found = [
                (one.id, one.submission) for one in await self.get_many([name for name, _ in page]) if one is not None
            ]
            await self._wire.call_all(
                [
                    ("SADD", self._keys.answers(site, self.identify(site, said.parent_id)), name)
                    for name, said in found
                    if said is not None and said.parent_id and said.parent_text
                ]
            )
            after = (page[-1][1], page[-1][0])
        await self._wire.run("store/mark", [swept], name="answers", value=1)

    async def requeue(self, comment: Comment, *, change: Change, dead_entry: str = "") -> Moved:
        """Put a comment before the machine once more."""
        keys = self._keys
        word, revision, state = await self._wire.run(
            "comment/requeue",
            [
                keys.comment(comment.id), keys.history(comment.id), keys.site_prefix(comment.site),
                keys.home(comment.site).dead,
            ],
            now=change.at, comment=comment.id, site=comment.site, seen=comment.revision, change=packing.packed(change),
            dead_entry=dead_entry or None, sources=_allowed(sources(change.actor.kind, State.PENDING)),
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
        return (await self.histories([comment]))[0]

    async def histories(self, comments: Sequence[str]) -> list[list[Change]]:
        """What happened to several, in one round trip."""
        keys = self._keys
        rows = await self._wire.call_all(
            [
                command
                for one in comments
                for command in (
                    ("LRANGE", keys.history(one), 0, -1),
                    ("HMGET", keys.comment(one), *records.FIRST),
                )
            ]
        )
        return [records.history(lines, record) for lines, record in zip(rows[::2], rows[1::2], strict=True)]

    async def earlier_texts(self, comment: str) -> list[Submission]:
        """The texts that an edited comment had before, oldest first."""
        return [records.submission(row) for row in await self._wire.call("LRANGE", self._keys.texts(comment), 0, -1)]

    async def page(
        self, site: str, index: str | ByAuthor, *, newest: int, oldest: int, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[str, int]]:
        """(comment, time) of an index, newest first; `after` is the last one of the page before.

        `index` is "all", a state, or an author's. Members with the same time are ordered by id.
        """
        name = self._index(site, index)
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

    async def since(self, site: str, at: int) -> int:
        """How many comments of a site came in at or after a time (milliseconds since 1970)."""
        return int(await self._wire.call("ZCOUNT", self._keys.site(site, "all"), at, "+inf"))

    async def size(self, site: str, index: str | ByAuthor) -> int:
        """How many comments are in an index; see `page`."""
        return int(await self._wire.call("ZCARD", self._index(site, index)))

    def _index(self, site: str, index: str | ByAuthor) -> str:
        if isinstance(index, ByAuthor):
            return self._keys.author(site, index.digest)
        return self._keys.site(site, index)

    async def oldest(self, site: str, state: State) -> int | None:
        """When the comment that has been longest in a state entered it."""
        rows = await self._wire.call("ZRANGE", self._keys.site(site, state), 0, 0, "WITHSCORES")
        return int(float(rows[1])) if rows else None


@cache
def _allowed(states: frozenset[State]) -> msgspec.Raw:
    """The states as a script looks them up."""
    return packed(dict.fromkeys(sorted(states), True))


def _comment(comment: str, row: Sequence[Any]) -> Comment | None:
    site, pid, state, revision, text_revision, human, ruled, created, updated, *packed = row
    submission, verdict, decision, appeal, edit, handed = packed
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
        submission=records.submission(submission) if submission else None,
        verdict=records.verdict(verdict) if verdict else None,
        decision=records.change(decision).decision if decision else None,
        appeal=_appeal(appeal) if appeal else None,
        edit=_edit(edit) if edit else None,
        handed=_handed(handed) if handed else None,
    )
