"""The use case of bringing a blog's history in: records of another system become comments and examples of ours.

They are stored as they were decided there, with their own time; nothing is judged and nobody is told. What is here already is
left alone. An import that was stopped, however rudely, goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from service.core.comment import Actor, Change, Comment, Decision
from service.core.errors import InvalidSubmission
from service.core.example import Example
from service.core.identity import IdentityKeys
from service.core.leniency import lenient
from service.core.lifecycle import STATE_OF, ActorKind, Outcome, State
from service.core.policy import Reason
from service.core.sighting import sight
from service.core.site import Site
from service.core.submission import Submission, comment_id, fingerprint
from service.imports.leftovers import Leftovers
from service.imports.record import MEANINGS, Fate, Left, Record
from service.store.client import now_ms
from service.store.imports import Brought, Imports

_BATCH = 64  # comments written at once
_LOOK = 2_000  # records read between two reports when none of them was written
_NO_TIME = "a comment without a time that can be read counts as written now"


class Notes(Struct):
    """What an import remembers beside what the store counts."""

    left: dict[str, int] = {}  # why -> how many records were left out
    mended: dict[str, int] = {}  # what was cut or left out of a comment -> how often
    listed: int = 0  # bytes of the list of what was left out


class Report(Struct, frozen=True):
    """How far an import is."""

    records: int  # looked at, also in earlier runs of the same import
    brought: dict[str, int]  # what had become of a comment -> how many were brought in
    known: int  # were here already
    gone: int  # were erased here
    examples: int
    left: dict[str, int]
    mended: dict[str, int]


class Source(NamedTuple):
    """What is imported: the format's name and title, and a digest of the file."""

    format: str
    title: str
    file: str


class Import(NamedTuple):
    """One import: where to, what is found, and where to list what is left out."""

    site: Site
    source: Source
    found: Iterable[Record | Left]
    leftovers: Leftovers


class Bringing:
    """Brings histories in. `clock` gives milliseconds since 1970."""

    def __init__(self, imports: Imports, keys: IdentityKeys, *, clock: Callable[[], int] = now_ms) -> None:
        self._imports = imports
        self._keys = keys
        self._clock = clock

    async def done(self, site: Site, source: Source) -> int:
        """How many records of this file an import that was stopped has done; 0 when there was none."""
        return (await self._imports.progress(site.id, source.file)).at

    async def bring(self, job: Import, *, resume: bool = False) -> AsyncIterator[Report]:
        """Bring in what is found, reporting after each step; with `resume` from where an earlier import of it stopped."""
        site, file = job.site.id, job.source.file
        if not resume:
            await self._imports.forget(site, file)
        progress = await self._imports.progress(site, file)
        notes = msgspec.msgpack.decode(progress.notes, type=Notes) if progress.notes else Notes()
        job.leftovers.go_on(notes.listed)
        batch: list[Brought] = []

        async def write(at: int) -> Report:
            job.leftovers.flush()  # before the store is told that these lines are there
            written = await self._imports.bring(site, file, batch, at=at, notes=msgspec.msgpack.encode(notes))
            batch.clear()
            return _report(at, written.counts, notes)

        number = 0
        for number, one in enumerate(job.found, 1):
            if number <= progress.at:
                continue
            made = self._made(job, notes, number, one)
            if made is not None:
                batch.append(made)
            if len(batch) == _BATCH or number % _LOOK == 0:
                yield await write(number)
        last = await write(max(number, progress.at))
        await self._imports.forget(site, file)
        yield last

    async def look(self, job: Import) -> AsyncIterator[Report]:
        """What `bring` would do with an empty site. Nothing is written but the list of what would be left out."""
        notes, counts, number = Notes(), Counter[str](), 0
        job.leftovers.go_on(0)
        for number, one in enumerate(job.found, 1):
            made = self._made(job, notes, number, one)
            if made is not None:
                counts[f"brought:{made.fate}"] += 1
                counts["taught"] += made.example is not None
            if number % _LOOK == 0:
                yield _report(number, counts, notes)
        job.leftovers.flush()
        yield _report(number, counts, notes)

    def _made(self, job: Import, notes: Notes, number: int, one: Record | Left) -> Brought | None:
        """A record as it is to be written; None when it is left out, which is noted."""
        if isinstance(one, Record):
            try:
                submission, mended = self._submission(job.site, one)
            except InvalidSubmission as error:
                one = Left(one.place, error.detail)
            else:
                for what in mended:
                    notes.mended[what] = notes.mended.get(what, 0) + 1
                return self._brought(job, notes, number, one, submission)
        notes.left[one.why] = notes.left.get(one.why, 0) + 1
        job.leftovers.add(number, one)
        notes.listed = job.leftovers.size
        return None

    def _submission(self, site: Site, record: Record) -> tuple[Submission, tuple[str, ...]]:
        """The record, cleansed, and what had to be mended. Raises InvalidSubmission."""
        now = self._clock()
        known = 0 < record.created_at <= now
        submission, mended = lenient(
            self._keys,
            site,
            platform_id=record.platform_id,
            content=record.content,
            page_url=record.page_url,
            page_title=record.page_title,
            name=record.name,
            email=record.email,
            url=record.url,
            ip=record.ip,
            user_agent=record.user_agent,
            parent_id=record.parent_id,
            created_at=record.created_at if known else now,
            kind=record.kind,
            channel="import",
        )
        return submission, mended if known else (*mended, _NO_TIME)

    def _brought(self, job: Import, notes: Notes, number: int, record: Record, submission: Submission) -> Brought:
        site, source, meaning, now = job.site, job.source, MEANINGS[record.fate], self._clock()
        actor = Actor(ActorKind.PLATFORM, site.id)
        reasons = [Reason("imported", f"It came with the site's history: {source.title}.")]
        if record.fate is Fate.SPAM:
            reasons.append(Reason("spam"))
        decision = Decision(meaning.outcome, actor, tuple(reasons), now, revision=2)
        comment = Comment(
            id=comment_id(site.id, record.platform_id),
            site=site.id,
            platform_id=record.platform_id,
            state=STATE_OF[meaning.outcome],
            revision=2,
            text_revision=1,
            human=meaning.judged,
            ruled=meaning.outcome if meaning.judged else None,
            created_at=submission.created_at,
            updated_at=now,
            submission=submission,
            decision=decision,
        )
        return Brought(
            comment=comment,
            fingerprint=fingerprint(submission),
            arrival=Change(now, actor, State.PENDING, "imported"),
            decided=Change(now, actor, comment.state, "decided", decision),
            subjects=sight(submission).subjects,
            fate=record.fate,
            number=number,
            notes=msgspec.msgpack.encode(notes),
            example=_example(comment, submission, record, source),
        )


def _example(comment: Comment, submission: Submission, record: Record, source: Source) -> Example | None:
    """What the source's own verdict teaches; None when it says nothing."""
    meaning = MEANINGS[record.fate]
    labels = record.labels if record.labels is not None else meaning.labels
    if labels is None or meaning.outcome is Outcome.HOLD:
        return None
    return Example(
        id=f"x_{comment.id}_{comment.revision}",
        site=comment.site,
        comment=comment.id,
        text=submission.content,
        author_name=submission.author.name,
        author_url=submission.author.url,
        language="",
        labels=dict(labels),
        outcome=meaning.outcome,
        actor=f"platform:{comment.site}",
        at=comment.created_at,
        source=f"import:{source.format}",
    )


def _report(records: int, counts: Mapping[str, int], notes: Notes) -> Report:
    return Report(
        records=records,
        brought={str(fate): counts[f"brought:{fate}"] for fate in Fate if f"brought:{fate}" in counts},
        known=counts.get("known", 0),
        gone=counts.get("gone", 0),
        examples=counts.get("taught", 0),
        left=dict(notes.left),
        mended=dict(notes.mended),
    )
