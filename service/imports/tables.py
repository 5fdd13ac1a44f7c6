"""Comments from anywhere, one a row: CSV with a header, JSON lines, or a JSON array. Columns are known by many names.

`COLUMNS` is what is understood, in any spelling (`isSpam`, `Is Spam`, `is_spam`); docs/import.md shows it, and a test holds it
to that. What became of a comment is told by its state, or by yes and no (spam, approved, pending, deleted), or by shares from 0
to 1 in columns named like the labels. What is not known is not guessed: such a row is left out, and its word is named.

`fate_in` and `weighed` read the same words for formats of their own, so that none of them passes over what refuses a comment.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from service.core.verdict import LABELS
from service.imports.dates import Dates, is_never, moment
from service.imports.json_stream import Cursor, Damaged, listed
from service.imports.readers import MAX_RECORD, Export, UnreadableExport
from service.imports.record import Fate, Left, Record, made, name, quoted, text

COLUMNS = {
    "content": (
        "content", "text", "comment", "body", "message", "comment_content", "comment_text", "comment_body", "content_raw",
        "markdown", "orig", "content_rendered", "html", "content_html",
    ),
    "id": ("id", "comment_id", "platform_id", "object_id", "uuid", "guid"),
    "state": ("state", "status", "comment_status", "comment_state", "moderation_status", "moderation"),
    "approved": (
        "approved", "is_approved", "comment_approved", "accepted", "is_accepted", "visible", "is_visible", "public", "is_public",
    ),
    "pending": (
        "pending", "is_pending", "held", "is_held", "awaiting_moderation", "in_moderation", "needs_moderation", "unapproved",
    ),
    "deleted": (
        "deleted", "is_deleted", "removed", "is_removed", "trashed", "is_trashed", "rejected", "is_rejected", "hidden",
        "is_hidden", "deleted_at", "removed_at", "rejected_at", "trashed_at", "hidden_at", "trash", "blocked", "is_blocked",
    ),
    "spam": ("spam", "is_spam", "class", "label", "spam_label", "junk", "is_junk", "marked_as_spam"),
    "ham": ("ham", "is_ham", "not_spam", "is_not_spam"),
    "name": (
        "author_name", "author", "name", "nick", "nickname", "user", "username", "user_name", "display_name",
        "author_display_name", "user_nick", "comment_author", "author_nick", "commenter", "commenter_name", "poster",
        "by_nickname",
    ),
    "email": (
        "author_email", "email", "mail", "e_mail", "email_address", "user_email", "comment_author_email", "author_mail",
        "author_email_address", "commenter_email", "by_email",
    ),
    "url": (
        "author_url", "website", "link", "url", "comment_author_url", "author_website", "author_link", "user_url", "homepage",
        "user_website", "web_site",
    ),
    "ip": ("ip", "author_ip", "remote_addr", "comment_author_ip", "ip_address", "user_ip", "remote_ip", "client_ip"),
    "user_agent": ("user_agent", "ua", "comment_agent", "agent", "author_user_agent", "http_user_agent", "browser"),
    "page_url": (
        "page_url", "permalink", "page", "post_url", "uri", "page_path", "path", "page_uri", "post_permalink", "post_link",
        "article_url", "thread_url", "thread_uri", "url_path", "slug", "page_slug", "post_slug", "page_link", "page_key",
    ),
    "page_title": ("page_title", "title", "post_title", "article_title", "thread_title"),
    "parent_id": ("parent_id", "parent", "comment_parent", "reply_to", "in_reply_to", "parent_comment_id", "reply_to_id", "pid"),
    "created_at": (
        "created_at", "created_utc", "comment_date_gmt", "date_gmt", "created", "date", "time", "timestamp", "comment_date",
        "inserted_at", "posted_at", "posted", "published_at", "submitted_at", "submitted", "created_time", "create_time",
        "create_at", "creation_date", "creation_time", "created_date", "created_on", "date_created", "date_time", "posted_on",
        "added", "added_at", "publish_date", "pub_date", "written_at",
    ),
    "published": ("published", "is_published"),
    "kind": ("kind", "type", "comment_type"),
}  # fmt: skip
STATES = {
    Fate.APPROVED: (
        "approved", "approve", "published", "publish", "ham", "1", "true", "yes", "accepted", "visible", "public", "live", "ok",
        "allowed", "not_spam", "normal", "valid",
    ),
    Fate.HELD: (
        "held", "hold", "pending", "unapproved", "flagged", "waiting", "0", "false", "no", "queued", "in_moderation",
        "awaiting_moderation", "not_approved", "unpublished", "pending_moderation", "review", "in_review",
    ),
    Fate.SPAM: ("spam", "junk", "is_spam"),
    Fate.REMOVED: (
        "removed", "rejected", "reject", "deleted", "trash", "trashed", "denied", "declined", "refused", "blocked", "hidden",
        "discarded", "delete", "remove",
    ),
    Fate.ORPHANED: ("post-trashed",),
}  # fmt: skip
MEANINGS = {
    "content": "the text",
    "id": "the platform's id",
    "state": "state",
    "approved": "approved: yes or no",
    "pending": "held: yes or no",
    "deleted": "removed: yes or no",
    "spam": "spam or not",
    "ham": "not spam, or spam",
    "name": "author",
    "email": "e-mail address (kept as a keyed digest)",
    "url": "website",
    "ip": "IP address (kept as keyed digests)",
    "user_agent": "browser",
    "page_url": "page",
    "page_title": "page's title",
    "parent_id": "answers to",
    "created_at": "time",
    "published": "published: yes or no, or when",
    "kind": "kind",
    "": "ignored",
}
"""What is made of a column, in words; a label's column is its share."""
_YES = frozenset({"1", "true", "yes", "y", "t", "on", "ja", "oui", "si", "x"})
_NO = frozenset({"0", "false", "no", "n", "f", "off", "nein", "non"})
_NOTHING = frozenset({"null", "none", "nil", "nan", "undefined", "\\n"})  # how programs write that nothing is said
_SPAM, _HAM = (
    frozenset({"spam", "junk"}),
    frozenset({"ham", "notspam", "nospam", "legit", "legitimate", "good", "clean"}),
)
_SQUEEZE = re.compile(r"[\W_]+")
_JOINT = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_KIND = re.compile(r"[a-z0-9_-]{1,32}\Z")
_DELIMITERS = ",;\t|"
_WRAPPERS = (
    *("$oid", "$date", "$numberLong", "$numberInt", "iso", "objectId", "value", "seconds", "_seconds"),
    *("stringValue", "booleanValue", "integerValue", "timestampValue"),
)
"""How databases and their exports call the one value of an object."""
_DECIDING = frozenset({"state", "approved", "pending", "deleted", "spam", "ham", "published"})
"""Fields that say what became of a comment: of these all columns count."""
_OF_TABLES = frozenset({"class", "label", "published"})  # columns that mean something else in formats of their own
_WEIGHTS = {
    fate: weight
    for weight, fate in enumerate((Fate.SHOWN, Fate.APPROVED, Fate.HELD, Fate.REMOVED, Fate.ORPHANED, Fate.SPAM))
}
_NOT_SPAM, _NOT_HELD = "not spam", "not held"
_EITHER: Mapping[str, tuple[str, str | None]] = {
    "pending": (Fate.HELD, _NOT_HELD),
    "deleted": (Fate.REMOVED, None),
    "spam": (Fate.SPAM, _NOT_SPAM),
    "ham": (_NOT_SPAM, Fate.SPAM),
}
"""What yes and no say."""
_ANSWERS = frozenset({"replies", "children", "answers", "responses"})  # lists of comments within a comment
_DEEPEST = 20  # answers to answers that are gone into
_RETRIES = 50  # quotation marks without an end that are forgiven in one file
NO_TEXT = "a comment without text"
NOT_KNOWN = "a state that is not known; docs/import.md lists the words"
NO_SHARE = "a label's share that is no number from 0 to 1"


def plain(word: str) -> str:
    """A column's name as it is compared: neither case nor signs matter, so that isSpam is IS_SPAM."""
    return _SQUEEZE.sub("", unicodedata.normalize("NFKC", word).casefold())


def _word(said: str) -> str:
    """A word on what became of a comment as it is compared. Signs count but between its parts: -1 is not 1, nor !spam spam."""
    text = unicodedata.normalize("NFKC", said).strip().casefold()
    if _NUMBER.match(text):
        return f"{float(text):g}".removeprefix("-") if float(text) == 0 else f"{float(text):g}"
    return _JOINT.sub("", text)


_FATES = {_word(word): fate for fate, words in STATES.items() for word in words}
_FIELD_OF = {plain(column): field for field, columns in COLUMNS.items() for column in columns}
_LABEL_OF = {plain(label): label for label in LABELS if label != "spam"}
_RANK = {plain(column): rank for columns in COLUMNS.values() for rank, column in enumerate(columns)}


@lru_cache(1_000)
def field_of(column: str) -> str:
    """What a column holds; "" for one that is not known."""
    word = plain(column)
    return _LABEL_OF.get(word) or _FIELD_OF.get(word) or _FIELD_OF.get(word.removeprefix("comment"), "")


def read_csv(export: Export) -> Iterator[Record | Left]:
    """The rows of a table. Raises UnreadableExport when no column holds the comments' texts."""
    dates = Dates(
        export.dates, lambda: _times(row for _, row in _rows(export, note=False) if not isinstance(row, Left))
    )
    for place, row in _rows(export):
        one = row if isinstance(row, Left) else _record(place, row, dates)
        if export.open_end and isinstance(one, Left):
            export.broken = export.broken or "its last row is cut off"
        yield one


def read_lines(export: Export) -> Iterator[Record | Left]:
    """The objects of a file with one JSON object a line."""
    yield from _objects(export, json_lines)


def read_array(export: Export) -> Iterator[Record | Left]:
    """The objects of a JSON array."""
    yield from _objects(export, _from_array)


def _objects(export: Export, values: Any) -> Iterator[Record | Left]:
    def found() -> Iterator[tuple[str, Any]]:
        for place, value in values(export):
            yield from _with_answers(place, value)

    def looked() -> Iterator[str]:
        broken = export.broken
        with suppress(Damaged):
            yield from _times(_said(_flat(value).items()) for _, value in found() if isinstance(value, dict))
        export.broken = broken

    dates = Dates(export.dates, looked)
    for place, value in found():
        if isinstance(value, Left):
            yield value
        elif isinstance(value, dict):
            cells = _flat(value)
            for column in cells:
                export.columns.note(column, field_of(column))
            yield _record(place, _said(cells.items()), dates)
        else:
            yield Left(place, "not a JSON object, or longer than any comment")


def _with_answers(place: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(place, value) of a comment, and behind it of those that stand within it as its answers."""
    answers = {
        key: found
        for key, found in (value.items() if isinstance(value, dict) and depth < _DEEPEST else ())
        if plain(key) in _ANSWERS and isinstance(found, list) and all(isinstance(one, dict) for one in found)
    }
    if not answers:
        yield place, value
        return
    identity = next((item for key, item in value.items() if field_of(key) == "id"), None)
    yield place, {key: item for key, item in value.items() if key not in answers}
    for one in (one for found in answers.values() for one in found):
        told = one if "parent_id" in map(field_of, one) else one | {"parent_id": identity}
        yield from _with_answers(f"{place}, an answer", told, depth + 1)


def _times(rows: Iterable[Said]) -> Iterator[str]:
    return (row.fields["created_at"] for row in rows if "created_at" in row.fields)


def json_lines(export: Export) -> Iterator[tuple[str, Any]]:
    """(place, value) of a file with one JSON value a line; in place of a damaged one a `Left`."""
    for number, line in export.lines():
        place = f"line {number}"
        if line is not None and (not line.strip() or line.startswith("#filetype:")):
            continue
        try:
            yield place, json.loads(line.lstrip("\ufeff")) if line is not None else None
        except (ValueError, RecursionError):
            if line is not None and not line.endswith("\n"):
                export.broken = export.broken or "its last line is cut off"
            yield place, Left(place, "not JSON, or cut off")


def _from_array(export: Export) -> Iterator[tuple[str, Any]]:
    for number, value in listed(Cursor(export.texts())):
        yield f"record {number}", value


class _Lines:
    """Lines for the csv module, and those of the row under way. One that is too long becomes an empty row."""

    def __init__(self, export: Export) -> None:
        self._lines = export.lines()
        self._again: list[tuple[int, str]] = []
        self.number = 0
        self.row: list[tuple[int, str]] = []
        self.long = False  # whether the row under way had a line that was too long

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = self._again.pop() if self._again else next(self._lines)
        self.long = self.long or line is None
        kept = line or "\n"
        self.row.append((self.number, kept))
        return kept

    def begin_row(self) -> str:
        """Begin the next row; where it stands."""
        self.row.clear()
        self.long = False
        return f"line {self.number + 1}"

    def is_open(self, delimiter: str) -> bool:
        """Whether a quotation mark of the row under way has no end."""
        texts = [line for _, line in self.row]
        if sum(line.count('"') for line in texts) % 2 == 0:
            return False
        try:
            for _ in csv.reader(texts, delimiter=delimiter, strict=True):
                pass
        except csv.Error as error:
            return "unexpected end" in str(error)
        return False

    def take_back(self) -> None:
        """Give the lines of the row out again, but for its first."""
        self._again += reversed(self.row[1:])
        self.number = self.row[0][0]


def _rows(export: Export, *, note: bool = True) -> Iterator[tuple[str, Said | Left]]:
    """(place, what a row says) of a CSV file, or what is left out in place of one."""
    csv.field_size_limit(MAX_RECORD)
    lines = _Lines(export)
    head = next((line for line in lines if line.strip("\ufeff \r\n")), "").lstrip("\ufeff")
    if re.fullmatch(r"sep=(.)\s*", head):  # Excel's own first line
        head = next(lines, "")
    delimiter = max(_DELIMITERS, key=head.count)
    header = columns(head)
    if not knows(header):
        raise UnreadableExport(
            f"No column holds the comments' texts; name one of them: {', '.join(COLUMNS['content'])}."
        )
    fields = [field_of(column) for column in header]
    for column, field in zip(header, fields, strict=True) if note else ():
        export.columns.note(column.strip(), field)
    rows, retries = csv.reader(lines, delimiter=delimiter), 0
    while True:
        place = lines.begin_row()
        try:
            row = next(rows, None)
            unreadable = row is not None and len(lines.row) > 1 and lines.is_open(delimiter)
        except csv.Error:
            row, unreadable = [], True
        if row is None:
            return
        if unreadable:
            retries += 1
            if retries <= _RETRIES and lines.row:
                lines.take_back()
                rows = csv.reader(lines, delimiter=delimiter)
            yield place, Left(place, "a row that can't be read: a quotation mark is missing, or a cell is too large")
        elif lines.long:
            yield place, Left(place, "a row that is longer than any comment")
        elif _is_cut(lines, row, fields, delimiter):
            export.broken = export.broken or "its last row is cut off"
            yield place, Left(place, "a row that is cut off")
        elif row:
            export.open_end = not lines.row[-1][1].endswith("\n")
            wrong = _wrong(row, fields)
            yield place, Left(place, wrong) if wrong else _said(zip(header, row, strict=False))


def _wrong(row: list[str], fields: list[str]) -> str:
    """Why the cells of a row can't be told apart; "" when they can. Excel leaves out cells at the end that are empty."""
    if len(row) > len(fields):
        return "a row with more cells than there are columns"
    if not _DECIDING.isdisjoint(fields[len(row) :]):
        return "a row that ends before it says what became of the comment"
    return ""


def _is_cut(lines: _Lines, row: list[str], fields: list[str], delimiter: str) -> bool:
    """Whether the file ends in this row: it has no end of line, and lacks cells or the end of its text."""
    if not row or lines.is_open(delimiter):
        return bool(row)
    if lines.row[-1][1].endswith("\n"):
        return False
    if len(row) == len(fields) and fields[-1] in _DECIDING and not row[-1].strip():
        return True
    return len(row) < len(fields) and len(fields) > 1


def knows(header: list[str]) -> bool:
    """Whether these columns hold comments."""
    return "content" in {field_of(column) for column in header}


def columns(line: str) -> list[str]:
    """The cells of a header line; none, when it can't be one."""
    try:
        return next(csv.reader([line], delimiter=max(_DELIMITERS, key=line.count)), [])
    except csv.Error:
        return []


class Said(NamedTuple):
    """What a row says: of several columns for one field what the best known one does, and all on what became of the comment."""

    fields: dict[str, str]
    decided: list[tuple[str, str]]  # (field, word)


def _said(cells: Iterable[tuple[str, str]]) -> Said:
    said, ranks = Said({}, []), dict[str, int]()
    for column, cell in cells:
        field = field_of(column)
        if not field or not cell.strip() or (field == "created_at" and cell.startswith("0000-")):
            continue
        if field in _DECIDING:
            said.decided.append((field, cell))
        elif field not in ranks or _rank(column) < ranks[field]:
            said.fields[field], ranks[field] = cell, _rank(column)
    return said


@lru_cache(1_000)
def _rank(column: str) -> int:
    """How well a name says what it holds: 0 is best."""
    return _RANK.get(plain(column), 99)


def _flat(value: Mapping[str, Any]) -> dict[str, str]:
    """The columns of an object; `author` and `page` may be objects themselves, as in our own API."""
    flat: dict[str, str] = {}
    for key, item in value.items():
        one = single(item)
        inside = {f"{key}_{inner}": text(single(part)) for inner, part in one.items()} if isinstance(one, dict) else {}
        if field_of(key) in _DECIDING and _DECIDING.isdisjoint(map(field_of, inside)):
            flat[key] = _spelt(one)
        else:
            flat |= inside if isinstance(one, dict) else {key: text(one)}
    return flat


def _spelt(one: Any) -> str:
    """What became of a comment, as it stands there; what is no single value stays a word, which nobody knows."""
    return text(one) if not isinstance(one, dict | list) else str(one) if one else ""


def single(item: Any) -> Any:
    """A value, unwrapped where a database has wrapped it into an object or a list: ids, times, large numbers."""
    if isinstance(item, list) and len(item) == 1:
        found = single(item[0])
        return item if isinstance(found, dict | list) else found
    if isinstance(item, dict) and len(item) <= 3:
        for key in _WRAPPERS:
            if key in item:
                return single(item[key])
    return item


def _record(place: str, row: Said, dates: Dates) -> Record | Left:
    said = row.fields
    content, kind = said.get("content", ""), said.get("kind", "").strip().lower()
    if not content.strip():
        return Left(place, NO_TEXT)
    if _word(kind) in _SPAM | _HAM:  # of tables whose rows are of the one kind or the other
        row.decided.append(("spam", kind))
        kind = ""
    try:
        labels = {label: share for label in _LABEL_OF.values() if (share := _share(said.get(label, ""))) is not None}
        fate, spam = fate_of(row.decided, labels)
    except UnknownWord as unknown:
        return Left(place, unknown.why, quoted(unknown.word))
    if spam is not None:
        labels["spam"] = float(spam)
    identity, parent = _identity(said.get("id", "")), _identity(said.get("parent_id", ""))
    created = said.get("created_at", "") or _when(row)
    page, url = said.get("page_url", ""), said.get("url", "").strip()
    if not page and _is_path(url):
        page, url = url, ""
    return Record(
        place=place,
        platform_id=name(identity) if identity else made(content, created, said.get("name", "")),
        content=content,
        fate=fate,
        page_url=page,
        page_title=said.get("page_title", ""),
        name=said.get("name", ""),
        email=said.get("email", ""),
        url=url,
        ip=said.get("ip", ""),
        user_agent=said.get("user_agent", ""),
        parent_id=name(parent)
        if parent.lower() not in ("", "0", "-1", "root") and _word(parent) not in _NOTHING
        else "",
        created_at=dates.moment(created),
        said_at=created,
        kind=kind if _KIND.match(kind) else "comment",
        labels=labels or None,
    )


def _identity(said: str) -> str:
    """An id; a table that once had gaps among its numbers writes 12 as 12.0."""
    return re.sub(r"\A(\d+)\.0\Z", r"\1", said.strip())


def _when(row: Said) -> str:
    """When it was published, in a column that may also say whether it was."""
    return next((word for field, word in row.decided if field == "published" and _word(word) not in _YES | _NO), "")


def _is_path(url: str) -> bool:
    """Whether an address is none of an author: it is relative, and so it is a page's."""
    return url.startswith(("/", "./", "?", "#")) and not url.startswith("//")


class UnknownWord(Exception):
    """A word that says what became of a comment, or how much of a label it has, and is not known."""

    def __init__(self, word: str, why: str = NOT_KNOWN) -> None:
        super().__init__("a word that is not known")
        self.word = word
        self.why = why


def fate_of(decided: Iterable[tuple[str, str]], labels: Mapping[str, float]) -> tuple[Fate, bool | None]:
    """What became of it, and whether that is only a word on spam (True: it is). Raises UnknownWord.

    What refuses outweighs what approves: a comment that is approved and spam is spam.
    """
    found = {_meant(field, word) for field, word in decided}
    if Fate.SPAM in found:
        return Fate.SPAM, True
    for fate in (Fate.ORPHANED, Fate.REMOVED, Fate.HELD, Fate.APPROVED):
        if fate in found:
            return fate, None
    spam = False if _NOT_SPAM in found else None
    if any(share >= 0.5 for share in labels.values()):
        return Fate.REMOVED, spam
    if labels or spam is False:
        return Fate.APPROVED, spam
    return (Fate.APPROVED if _NOT_HELD in found else Fate.SHOWN), None


def fate_in(value: Mapping[str, Any]) -> Fate:
    """What an object of a format of its own says of what became of a comment. Raises UnknownWord."""
    columns = {key: field_of(key) for key in value if plain(key) not in _OF_TABLES}
    said = [(field, _spelt(single(value[key]))) for key, field in columns.items() if field in _DECIDING]
    return fate_of([(field, word) for field, word in said if word.strip()], {})[0]


def weighed(one: Record, value: Mapping[str, Any]) -> Record | Left:
    """A record of a format of its own, with the fate that all of its object tells, also what that format does not have."""
    try:
        fate = fate_in(value)
    except UnknownWord as unknown:
        return Left(one.place, unknown.why, quoted(unknown.word))
    return one._replace(fate=max(one.fate, fate, key=_WEIGHTS.__getitem__))


def _meant(field: str, said: str) -> str | None:
    """What one column says: a fate, or that it is not spam, or not held; None: nothing. Raises UnknownWord."""
    word = _word(said)
    if field in ("state", "approved"):
        return _state(said)
    if word in _NOTHING:
        return None
    if field == "published":
        return (Fate.APPROVED if word in _YES else Fate.HELD) if word in _YES | _NO else None
    if field == "spam" and word not in _YES | _NO:
        return Fate.SPAM if word in _SPAM else _NOT_SPAM if word in _HAM else _state(said)
    if field == "ham" and word in _SPAM | _HAM:
        return Fate.SPAM if word in _SPAM else _NOT_SPAM
    yes, no = _EITHER[field]
    return yes if _is(said) else no


def _is(said: str) -> bool:
    """Yes or no. Raises UnknownWord."""
    word = _word(said)
    if word in _YES | _NO:
        return word in _YES
    if is_never(said):
        return False
    if not moment(said):
        raise UnknownWord(said)
    return True  # a time says since when


def _state(said: str) -> Fate:
    """A state. Raises UnknownWord."""
    word = _word(said)
    if word in _NOTHING:
        return Fate.HELD  # nobody has approved it
    return _FATES[word] if word in _FATES else Fate.APPROVED if _is(said) else Fate.HELD


def _share(said: str) -> float | None:
    """A share from 0 to 1; None where nothing is said. Raises UnknownWord."""
    word = _word(said)
    if not word or word in _NOTHING:
        return None
    if word in _YES | _NO:
        return float(word in _YES)
    try:
        share = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise UnknownWord(said, NO_SHARE)
    return share
