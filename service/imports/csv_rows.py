"""The rows of a CSV file with a header, or what is left out in place of one, as a stream. For `service.imports.tables`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from service.imports.columns import COLUMNS, DECIDING, field_of, knows, rank, stamp_of
from service.imports.csv_dialect import NULL, Dialect, Votes, delimiter_of, is_spaced, separator
from service.imports.fates import Word, is_nothing
from service.imports.readers import MAX_RECORD, Export, UnreadableExport
from service.imports.record import Left
from service.imports.words import refuses

_RETRIES = 50  # quotation marks without an end that are forgiven in one file
_UNREADABLE = "a row that can't be read: a quotation mark is missing, or stands where none may, or a cell is too large"
_WRITTEN = frozenset({"content", "name", "page_title"})  # fields that people write, in which "none" may be a word
_CUT_ROW = "a row that is cut off"


class _Lines:
    """Lines for the csv module, and those of the row under way. One that is too long becomes an empty row."""

    def __init__(self, export: Export) -> None:
        self._lines = export.lines()
        self._again: list[tuple[int, str]] = []
        self.number = 0
        self.row: list[tuple[int, str]] = []
        self.long = False  # whether the row under way had a line that was too long
        self.is_marked = False  # whether the row under way begins as a file does
        self.dialect = Dialect(",")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        kept = self._next()
        while self.dialect.goes_on(kept) and len(kept) < MAX_RECORD:
            kept += self._next()
        if not self.row:
            self.is_marked = kept.startswith("\ufeff")
            kept = kept.lstrip("\ufeff")
        self.row.append((self.number, kept))
        return self.dialect.hidden(kept)

    def _next(self) -> str:
        self.number, line = self._again.pop() if self._again else next(self._lines, (self.number, ""))
        self.long = self.long or line is None
        if line == "":
            raise StopIteration
        return line or "\n"

    def begin_row(self) -> str:
        """Begin the next row; where it stands."""
        self.row.clear()
        self.long = False
        return f"line {self.number + 1}"

    @property
    def has_end(self) -> bool:
        """Whether the last line of the row has an end."""
        return not self.row or self.row[-1][1].endswith("\n")

    def take_back(self) -> None:
        """Give the lines of the row out again, but for its first."""
        self._again += reversed(self.row[1:])
        self.number = self.row[0][0]


class _Row(NamedTuple):
    """A row: where it stands, its cells, and why there are none."""

    place: str
    cells: list[str]
    wrong: str = ""


class Said(NamedTuple):
    """What a row says: of several columns for one field what the best known one does, and all on what became of the comment.

    `unheard`: what a column that is not known says, if it is a word that refuses a comment.
    """

    fields: dict[str, str]
    decided: list[Word]
    unheard: str = ""


def rows(export: Export, *, note: bool = True) -> Iterator[tuple[str, Said | Left]]:
    """(place, what a row says) of a CSV file. Raises UnreadableExport when no column holds the comments' texts."""
    csv.field_size_limit(MAX_RECORD)
    lines, header = _begun(export)
    if note:
        lines.dialect = _dialect(export, lines.dialect)
        export.dialect = lines.dialect
    elif isinstance(export.dialect, Dialect):
        lines.dialect = export.dialect
    fields = _noted(export, header) if note else list(map(field_of, header))
    for row in _read(lines, len(header)):
        if row.wrong:
            wrong = row.wrong
        elif _is_header(row.cells, header, begins=lines.is_marked):
            header = row.cells
            fields = _noted(export, header) if note else list(map(field_of, header))
            continue
        else:
            wrong = _CUT_ROW if _is_cut(lines, row.cells, fields) else _wrong(row.cells, fields)
        export.open_end = not lines.has_end
        if wrong == _CUT_ROW:
            export.broken = export.broken or "its last row is cut off"
        yield row.place, Left(row.place, wrong) if wrong else said_by(zip(header, row.cells, strict=False))


def _begun(export: Export) -> tuple[_Lines, list[str]]:
    """The lines of a file behind its header, and the header."""
    lines = _Lines(export)
    head = next((line for line in lines if line.strip("\ufeff \r\n")), "").lstrip("\ufeff")
    said = separator(head)
    head = next(lines, "") if said else head
    header = columns(head)
    if said and not knows(header):
        header = columns(head, said)
    delimiter = said if said and said in head else delimiter_of(head)
    lines.dialect = Dialect(delimiter, spaced=is_spaced(head, delimiter))
    if all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in map(str.strip, header)):
        lines.dialect = lines.dialect._replace(quote="'")
        header = [cell.strip()[1:-1] for cell in header]
    if not knows(header):
        raise UnreadableExport(
            f"No column holds the comments' texts; name one of them: {', '.join(COLUMNS['content'])}."
        )
    return lines, header


def _noted(export: Export, header: list[str]) -> list[str]:
    """What the columns hold; noted, also of two that are called alike."""
    fields = [field_of(column) for column in header]
    for at, (column, field) in enumerate(zip(header, fields, strict=True)):
        times = header[:at].count(column)
        export.columns.note(f"{column.strip()} ({times + 1})" if times else column.strip(), field)
    return fields


def _dialect(export: Export, plain: Dialect) -> Dialect:
    """The dialect of a file. It is read once more where there is a backslash in it, since a late row may show what it means."""
    if plain.quote == "'" or not any("\\" in text for text in export.texts()):
        return plain
    lines, header = _begun(export)
    lines.row.clear()
    votes = Votes(plain.delimiter, plain.delimiter.join(header))
    for row in _read(lines, len(header), repairs=False):
        votes.look([line for _, line in lines.row], is_read=not row.wrong and len(row.cells) == len(header))
        if votes.are_clear:
            break
    export.begin_again()
    return votes.dialect()


def _read(lines: _Lines, count: int, *, repairs: bool = True) -> Iterator[_Row]:
    """The rows behind a header of so many columns."""
    reader, retries = lines.dialect.reader(lines), 0
    while True:
        place = lines.begin_row()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            repaired = _repaired(lines, count) if repairs else None
            if repaired is not None:
                yield _Row(place, repaired)
                continue
            is_cut = len(lines.row) == 1 and "unexpected end" in str(error)
            if len(lines.row) > 1 and (retries := retries + 1) <= _RETRIES:
                yield _Row(place, [], _UNREADABLE)
                lines.take_back()
                reader = lines.dialect.reader(lines)
                continue
            yield _Row(place, [], _CUT_ROW if is_cut else _UNREADABLE)
            continue
        if cells is None:
            return
        if lines.long:
            yield _Row(place, [], "a row that is longer than any comment")
        elif cells:
            yield _Row(place, lines.dialect.shown(cells))


def _repaired(lines: _Lines, count: int) -> list[str] | None:
    """The cells of a row with spaces around quotation marks, or with some in its texts that nobody doubled; None where that makes
    no whole row."""
    if len(lines.row) != 1 or lines.dialect.quote == "'" or lines.dialect.escaped or '\\"' in lines.row[0][1]:
        return None
    mark = re.escape(lines.dialect.delimiter)
    line = re.sub(rf'(?<=[{mark}]) +(?=")|(?<=") +(?=[{mark}]|\Z)', "", lines.row[0][1].rstrip("\r\n"))
    line = re.sub(rf'(?<=[^{mark}"])"(?=[^{mark}"])', '""', line)
    try:
        cells: list[str] = next(lines.dialect.reader([line]), [])
    except csv.Error:
        return None
    return cells if len(cells) == count else None


def _is_header(cells: list[str], header: list[str], *, begins: bool) -> bool:
    """Whether a row is a header again, as where two files were put together."""
    return cells == header or (begins and knows(cells)) or (len(cells) > 2 and sorted(cells) == sorted(header))


def _wrong(row: list[str], fields: list[str]) -> str:
    """Why the cells of a row can't be told apart; "" when they can. Excel leaves out cells at the end that are empty."""
    if any(cell.strip() for cell in row[len(fields) :]):
        return "a row with more cells than there are columns"
    if not DECIDING.isdisjoint(fields[len(row) :]):
        return "a row that ends before it says what became of the comment"
    return ""


def _is_cut(lines: _Lines, row: list[str], fields: list[str]) -> bool:
    """Whether the file ends in this row: it has no end of line, and lacks cells or the end of its text."""
    if lines.has_end:
        return False
    if len(row) == len(fields) and fields[-1] in DECIDING and not row[-1].strip():
        return True
    return len(row) < len(fields) and len(fields) > 1


def columns(line: str, delimiter: str = "") -> list[str]:
    """The cells of a header line; none, when it can't be one."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter or delimiter_of(line)), [])
    except csv.Error:
        return []


def said_by(cells: Iterable[tuple[str, str]]) -> Said:
    """What the cells of a row say, or those of an object."""
    said, ranks, unheard = Said({}, []), dict[str, int](), ""
    for column, cell in cells:
        field = field_of(column)
        if field in DECIDING:
            said.decided.append(Word(field, cell, stamp_of(column)))
        elif not field:
            unheard = unheard or (f"{column.strip()}: {cell.strip()}" if refuses(cell.strip()) else "")
        elif _is_empty(field, cell):
            continue
        elif field not in ranks or rank(column) < ranks[field]:
            said.fields[field], ranks[field] = cell, rank(column)
    return said._replace(unheard=unheard)


def _is_empty(field: str, cell: str) -> bool:
    """Whether a cell holds nothing, or what programs write for that."""
    text = cell.strip()
    if not text or text in (NULL, "NULL") or (field == "created_at" and text.startswith("0000-")):
        return True
    return field not in _WRITTEN and is_nothing(text)
