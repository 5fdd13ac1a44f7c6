"""The use case of importing a blog's history: records of another system become comments and examples of ours.

They are stored as they were decided there, with their own time; nothing is judged and nobody is told. What is here already is
left alone. An import that was stopped, however rudely, goes on where it was; one that was a mistake can be taken back.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from service.clock import now_ms
from service.core.comment import Actor, Change, Comment, Decision
from service.core.errors import InvalidSubmission, NotFound
from service.core.example import Example
from service.core.identity import IdentityKeys, digest_email, tombstones
from service.core.lifecycle import STATE_OF, ActorKind, Outcome, State
from service.core.signals.subjects import subjects_of
from service.core.site import Site
from service.core.submission import Lenient, RawComment, Submission, prepare
from service.core.verdict import Reason
from service.imports import dates
from service.imports.encodings import is_garbled
from service.imports.record import MEANINGS, Fate, Left, Leftovers, Record, prefixed, quoted
from service.store.imports import Imported, Imports, Run, Stands
from service.store.sites import Accounts

_BATCH = 64  # comments written at once
_LOOK = 2_000  # records read between two reports when none of them was written
_ERASED = "its author was erased here"
_TWICE = "another comment of this file has the same id; give each its own, or none"
_DAMAGED = "a text with damaged letters: it teaches nothing"
_COUNTS_AS = {True: "it counts as written with the one before it", False: "it counts as written now"}
_RECENT = 50_000  # comments of a file whose ids are remembered, to see two with one id in a dry run
_WORDS = 5  # words that are named of those that were not known
_RUN = re.compile(r"(?P<site>.+)-import-(?P<number>\d{1,9})\Z")


class Notes(Struct):
    """What an import remembers beside what the store counts."""

    left: dict[str, int] = {}  # why -> how many records were left out
    mended: dict[str, int] = {}  # what was cut or left out of a comment -> how often
    listed: int = 0  # bytes of the list of what was left out
    words: dict[str, list[str]] = {}  # why -> the first words of the file that it is about

    def note(self, why: str, word: str) -> None:
        """Note a word, if it is among the first."""
        if word and word not in (found := self.words.setdefault(why, [])) and len(found) < _WORDS:
            found.append(word)


class Report(Struct, frozen=True):
    """How far an import is."""

    records: int  # looked at, also in earlier runs of the same import
    brought: dict[str, int]  # what had become of a comment -> how many were brought in
    known: int  # were here already
    gone: int  # were erased here
    examples: int
    left: dict[str, int]
    mended: dict[str, int]
    words: dict[str, list[str]] = {}
    replaced: int = 0  # of those brought in, how many take the place of what an earlier import brought
    kept: int = 0  # would have been replaced, but were decided or edited here since


class Begun(NamedTuple):
    """An import that was begun, or is to go on: its run, and how many records were done before."""

    run: str
    done: int


class TakenBack(Struct, frozen=True):
    """What became of the comments that a run brought."""

    run: str
    taken: int
    kept: int  # somebody has decided, edited or erased them since


class Source(NamedTuple):
    """What is imported: the format's name and title, a digest of the file, and what it is called."""

    format: str
    title: str
    file: str
    name: str = ""


class Import(NamedTuple):
    """One import: where to, what is found, and where to list what is left out."""

    site: Site
    source: Source
    found: Iterable[Record | Left]
    leftovers: Leftovers
    prefix: str = ""  # what stands before ids of the source; "": they stay as they are
    joins: bool = False  # they are the platform's own, so that what is here under a bare id is the same comment
    replace: bool = False  # what an earlier import brought otherwise is brought anew


class Importing:
    """Brings histories in. `clock` gives milliseconds since 1970."""

    def __init__(
        self, imports: Imports, keys: IdentityKeys, accounts: Accounts, *, clock: Callable[[], int] = now_ms
    ) -> None:
        self._imports = imports
        self._keys = keys
        self._accounts = accounts
        self._clock = clock
        self._forgotten: dict[str, int] = {}  # of the site whose import is under way

    async def done(self, site: Site, source: Source) -> int:
        """How many records of this file an import that was stopped has done; 0 when there was none."""
        return (await self._imports.progress(site.id, self._file(source))).at

    async def begin(self, site: Site, source: Source, *, resume: bool = False) -> Begun:
        """Begin an import, or with `resume` go on where an earlier one of the same file stopped."""
        progress = await self._imports.progress(site.id, self._file(source))
        number, done = progress.run, progress.at
        if not (resume and number):
            run, goes_on = Run(self._clock(), source.format, quoted(source.name)), resume and done > 0
            number = await self._imports.begin(site.id, self._file(source), run, goes_on=goes_on)
            done = done if goes_on else 0
        name = _run_name(site.id, number)
        await self._accounts.audit("comments.import", site.id, site=site.id, note=f"{name}, {source.title}")
        return Begun(name, done)

    async def bring(self, job: Import, begun: Begun | None = None, *, resume: bool = False) -> AsyncIterator[Report]:
        """Bring in what is found behind what was done before, reporting after each step. Begins it, unless it was begun."""
        begun = begun or await self.begin(job.site, job.source, resume=resume)
        site, file, run = job.site.id, self._file(job.source), _number(begun.run)
        self._forgotten = await self._imports.forgotten(site)
        progress = await self._imports.progress(site, file)
        notes = msgspec.msgpack.decode(progress.notes, type=Notes) if progress.notes else Notes()
        job.leftovers.go_on(notes.listed)
        batch: list[Imported] = []
        met = _Met(4 * _BATCH)

        async def write(at: int) -> Report:
            job.leftovers.flush()  # before the store is told that these lines are there
            said = msgspec.msgpack.encode(notes)
            written = await self._imports.bring(site, file, batch, run=run, at=at, notes=said, replace=job.replace)
            batch.clear()
            return _report(at, written.counts, notes)

        number = 0
        async for chunk in self._chunks(job, begun.done):
            made = [self._made(job, one) for one in chunk]
            stand = await self._imports.stand([one.comment.id for one, _ in made if isinstance(one, Imported)])
            met.note_all({comment: how for comment, how in stand.items() if how.run == run})
            for found, (one, mended) in zip(chunk, made, strict=True):
                number = found.number
                kept = _settled(job, notes, met, _Made(found, one, mended))
                if kept is not None:
                    batch.append(kept)
                if len(batch) == _BATCH or number % _LOOK == 0:
                    yield await write(number)
        last = await write(max(number, begun.done))
        await self._imports.forget(site, file)
        yield last

    async def _chunks(self, job: Import, done: int) -> AsyncIterator[list[_Found]]:
        """What is found behind the first `done` records, some at a time, with the ids that are theirs here."""
        found = self._timed(job.found)
        while chunk := list(islice(found, _BATCH)):
            left = [one for one in chunk if one.number > done]
            bare = {
                word
                for _, one, _ in left
                if isinstance(one, Record)
                for word in (one.platform_id, one.parent_id)
                if word
            }
            ours = {self._imports.identify(job.site.id, word): word for word in bare} if job.prefix else {}
            earlier = await self._imports.known(list(ours), live=job.joins)
            kept = frozenset(ours[comment] for comment in earlier)
            yield [one._replace(one=_renamed(job, one.one, kept)) for one in left]

    def _timed(self, found: Iterable[Record | Left]) -> Iterator[_Found]:
        """What is found, numbered. A record whose time can't be read has that of the one before it, and it is said why."""
        before = 0
        for number, one in enumerate(found, 1):
            if isinstance(one, Left):
                yield _Found(number, one)
                continue
            now = self._clock()
            wrong = dates.reason(one.said_at, one.created_at, now)
            if not wrong:
                before = one.created_at
            timed = one._replace(created_at=before or now) if wrong else one
            yield _Found(number, timed, f"{wrong}: {_COUNTS_AS[before > 0]}" if wrong else "")

    async def look(self, job: Import) -> AsyncIterator[Report]:
        """What `bring` would do. Nothing is written but the list of what would be left out."""
        self._forgotten = await self._imports.forgotten(job.site.id)
        notes, counts, number, met = Notes(), Counter[str](), 0, _Met(_RECENT)
        job.leftovers.go_on(0)
        async for chunk in self._chunks(job, 0):
            asked: list[tuple[Imported, bool]] = []
            for found in chunk:
                number = found.number
                one = _settled(job, notes, met, _Made(found, *self._made(job, found)))
                if one is not None:
                    asked.append((one, one.comment.id in met.again))
                if number % _LOOK == 0:
                    yield _report(number, counts, notes)
            words = await self._imports.look(
                job.site.id, self._file(job.source), [one for one, _ in asked], replace=job.replace
            )
            for (one, is_again), word in zip(asked, words, strict=True):
                if word not in ("brought", "replaced"):
                    counts[word] += 1
                elif is_again:
                    counts["known"] += 1
                else:
                    counts[f"brought:{one.fate}"] += 1
                    counts["replaced"] += word == "replaced"
                    counts["taught"] += one.example is not None
        job.leftovers.flush()
        yield _report(number, counts, notes)

    async def take_back(self, run: str) -> TakenBack:
        """Take back what a run brought, as if it had never come; what somebody has touched since stays. Raises NotFound."""
        found = _RUN.match(run)
        site = (await self._accounts.get(found["site"])).site.id if found else ""
        runs = await self._imports.runs(site) if found else {}
        number = int(found["number"]) if found else 0
        if number not in runs:
            raise NotFound(
                f"There is no such import. {_told(site, runs) if runs else 'An import says its name when it ends.'}"
            )
        await self._accounts.audit("comments.import.undo", site, site=site, note=run)
        counts, cursor, is_over = Counter[str](), 0, False
        while not is_over:
            cursor, comments = await self._imports.some(site, cursor)
            counts.update(await self._imports.take_back(site, number, comments, self._clock()))
            is_over = cursor == 0
        if not counts["kept"]:
            await self._imports.forget_run(site, number)
        return TakenBack(run, counts["taken"], counts["kept"])

    def _erased(self, site: Site, created_at: int, address: str) -> bool:
        """Whether its author was erased here after it was written."""
        if not self._forgotten or not address:
            return False
        try:
            email = digest_email(address, self._keys.within((*site.circles, "")))  # earlier versions knew plain ones
        except InvalidSubmission:
            return False
        ways = [way for digest in (email.digest, *email.earlier) for way in tombstones(digest, self._keys)]
        return any(created_at <= self._forgotten.get(way, -1) for way in ways)

    def _file(self, source: Source) -> str:
        """What a file is known by while its import goes on: it holds addresses, so that its digest is keyed."""
        return self._keys.digest("x", source.file)

    def _made(self, job: Import, found: _Found) -> tuple[Imported | Left, Mended]:
        """A record as it is to be written, or why it is left out; and what had to be mended, with the words that it is about."""
        one = found.one
        if isinstance(one, Left):
            return one, ()
        try:
            submission, mended = self._submission(job.site, one)
        except InvalidSubmission as error:
            return Left(one.place, error.detail), ()
        if self._erased(job.site, submission.created_at, one.email):
            return Left(one.place, _ERASED), ()
        told = [(what, "") for what in (*mended, *one.doubts)]
        if found.wrong:
            told.append((found.wrong, quoted(one.said_at)))
        damaged = is_garbled(submission.content) or is_garbled(submission.author.name)
        if damaged:
            told.append((_DAMAGED, ""))
        brought = self._brought(job, found.number, one, submission, teaches=not damaged)
        return msgspec.structs.replace(brought, undated=bool(found.wrong)), tuple(told)

    def _submission(self, site: Site, record: Record) -> tuple[Submission, tuple[str, ...]]:
        """The record, cleansed, and what had to be mended. Raises InvalidSubmission."""
        page, url = _page_and_website(site, record)
        raw = RawComment(
            platform_id=record.platform_id,
            content=record.content,
            page_url=page,
            page_title=record.page_title,
            name=record.name,
            email=record.email,
            url=url,
            ip=record.ip,
            user_agent=record.user_agent,
            parent_id=record.parent_id,
            created_at=record.created_at,
            kind=record.kind,
            channel="import",
        )
        return prepare(raw, self._keys.within(site.circles), Lenient(site.url))

    def _brought(self, job: Import, number: int, record: Record, submission: Submission, *, teaches: bool) -> Imported:
        site, source, meaning, now = job.site, job.source, MEANINGS[record.fate], self._clock()
        actor = Actor(ActorKind.PLATFORM, site.id)
        reasons = [Reason("imported", f"It came with the site's history: {source.title}.")]
        if record.fate is Fate.SPAM:
            reasons.append(Reason("spam"))
        decision = Decision(meaning.outcome, actor, tuple(reasons), now, revision=2)
        comment = Comment(
            id=self._imports.identify(site.id, record.platform_id),
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
        known_by = subjects_of(submission)
        return Imported(
            comment=comment,
            fingerprint=submission.fingerprint,
            arrival=Change(now, actor, State.PENDING, "imported"),
            decided=Change(now, actor, comment.state, "decided", decision),
            subjects=known_by.subjects,
            ties=known_by.ties,
            fate=record.fate,
            number=number,
            notes=b"",
            example=_example(comment, submission, record, source) if teaches else None,
        )


class _Found(NamedTuple):
    """A record of the file by its number, and what is wrong with its time."""

    number: int
    one: Record | Left
    wrong: str = ""


Mended = Sequence[tuple[str, str]]


class _Met:
    """The comments of this file that were met last: by their ids the digest of what they say, and how they stand."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._met: OrderedDict[str, str] = OrderedDict()
        self.again: frozenset[str] = frozenset()  # the one that was met just now, if it was the same before

    def note_all(self, stand: Mapping[str, Stands]) -> None:
        """Note how comments stand that this import brought earlier."""
        for comment, how in stand.items():
            self._note(comment, f"{how.fingerprint} {how.state}")

    def is_other(self, one: Imported) -> bool:
        """Whether another comment of this file has its id; if not, it is noted."""
        mine, comment = f"{one.fingerprint} {one.comment.state.value}", one.comment.id
        earlier = self._met.get(comment)
        self.again = frozenset((comment,) if earlier == mine else ())
        if earlier is not None:
            return earlier != mine
        self._note(comment, mine)
        return False

    def _note(self, comment: str, stands: str) -> None:
        self._met.setdefault(comment, stands)
        if len(self._met) > self._most:
            self._met.popitem(last=False)


class _Made(NamedTuple):
    """What became of a record, and what had to be mended of it."""

    found: _Found
    one: Imported | Left
    mended: Mended


def _settled(job: Import, notes: Notes, met: _Met, made: _Made) -> Imported | None:
    """A comment with the notes up to here; None when it is left out, which is noted."""
    found, one = made.found, made.one
    if isinstance(one, Imported) and isinstance(found.one, Record) and met.is_other(one):
        one = Left(found.one.place, _TWICE, quoted(found.one.platform_id))
    if isinstance(one, Imported):
        for what, word in made.mended:
            notes.mended[what] = notes.mended.get(what, 0) + 1
            notes.note(what, word)
        return msgspec.structs.replace(one, notes=msgspec.msgpack.encode(notes))
    notes.left[one.why] = notes.left.get(one.why, 0) + 1
    notes.note(one.why, one.word)
    job.leftovers.add(found.number, one)
    notes.listed = job.leftovers.size
    return None


def _page_and_website(site: Site, record: Record) -> tuple[str, str]:
    """A comment's page and its author's website. Where no page is named, an address on the site itself is the page."""
    if record.page_url or not record.url:
        return record.page_url, record.url
    try:
        given, ours = urlsplit(record.url.strip()), urlsplit(site.url)
    except ValueError:
        return "", record.url
    inside = _bare(given.hostname) == _bare(ours.hostname) and given.path.rstrip("/") != ours.path.rstrip("/")
    return (record.url, "") if inside else ("", record.url)


def _bare(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def _run_name(site: str, number: int) -> str:
    """What a run is called."""
    return f"{site}-import-{number}"


def _told(site: str, runs: Mapping[int, Run]) -> str:
    """A site's imports, in words."""
    named = (f"{_run_name(site, number)} ({_day(run.at)}, {run.file or run.format})" for number, run in runs.items())
    return f"Of this site there are: {'; '.join(named)}."


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _number(run: str) -> int:
    return int(run.rpartition("-")[2])


def _renamed(job: Import, one: Record | Left, kept: frozenset[str]) -> Record | Left:
    """A record under the ids that are its own here; `kept` are those that are here as they are."""
    if not job.prefix or isinstance(one, Left):
        return one

    def own(word: str) -> str:
        return word if word in kept else prefixed(job.prefix, word)

    return one._replace(platform_id=own(one.platform_id), parent_id=own(one.parent_id))


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
        words={why: list(words) for why, words in notes.words.items()},
        replaced=counts.get("replaced", 0),
        kept=counts.get("kept", 0),
    )
