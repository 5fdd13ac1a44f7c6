"""How a CSV file parts its cells and writes quotation marks: as spreadsheets do, or with backslashes, as databases do.

MySQL (`INTO OUTFILE`, `mysql --batch`), PostgreSQL (`COPY`) and phpMyAdmin put a backslash before what would end a cell or a row,
and write `\\N` where nothing is. For `service.imports.csv_rows`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r"sep=(.)\s*")  # Excel's own first line
_PLACES = 0xF0000  # letters for private use, which stand for those that a backslash was before while cells are parted
_BACK = {_PLACES + code: code for code in range(256)}
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*\\"')  # a quotation mark that a backslash is before, which is none behind another
_QUOTED = re.compile(r'"[^"]*"')
_VOTES = 50  # rows with a quotation mark behind a backslash after which it is clear what it means
NULL = "\\N"


class Dialect(NamedTuple):
    """`escaped`: a backslash takes what follows as it is; `bare`: quotation marks are letters like others, and a backslash
    before a letter may stand for the end of a line or a tab."""

    delimiter: str
    escaped: bool = False
    bare: bool = False
    spaced: bool = False  # a space follows each delimiter
    quote: str = '"'

    def reader(self, lines: Iterable[str]) -> Any:
        """The csv module's reader for such lines. It raises csv.Error where a quotation mark stands where none may."""
        if self.bare:
            return csv.reader(lines, delimiter=self.delimiter, strict=True, quoting=csv.QUOTE_NONE)
        return csv.reader(
            lines, delimiter=self.delimiter, strict=True, skipinitialspace=self.spaced, quotechar=self.quote
        )

    def goes_on(self, line: str) -> bool:
        """Whether the end of a line has a backslash before it, so that the row goes on."""
        if not self.escaped or not line.endswith(("\\\n", "\\\r\n")):
            return False
        bare = line.rstrip("\r\n")
        return (len(bare) - len(bare.rstrip("\\"))) % 2 == 1

    def hidden(self, line: str) -> str:
        """A line in which nothing that a backslash was before parts cells."""
        return _ESCAPE.sub(self._hide, line) if self.escaped and "\\" in line else line

    def _hide(self, found: re.Match[str]) -> str:
        char = found[1]
        if char in ('"', "\\", "\n", "\r", self.delimiter):
            return chr(_PLACES + ord(char))
        return chr(_PLACES + ord(_LETTERS[char])) if self.bare and char in _LETTERS else found.group()

    def shown(self, row: list[str]) -> list[str]:
        """The cells as they were meant; none is empty."""
        if not self.escaped:
            return row
        return ["" if cell == NULL else cell.translate(_BACK) if not cell.isascii() else cell for cell in row]


def separator(line: str) -> str:
    """The sign that Excel names in a first line of its own; "" in another line."""
    found = _SEPARATOR.fullmatch(line.lstrip("\ufeff"))
    return found[1] if found else ""


def delimiter_of(head: str) -> str:
    """What parts the cells of a header; what stands in quotation marks parts none."""
    return max(_DELIMITERS, key=_QUOTED.sub("", head).count)


def is_spaced(head: str, delimiter: str) -> bool:
    """Whether a space follows each delimiter of a header."""
    return delimiter in head and head.count(delimiter) == head.count(f"{delimiter} ")


class Votes:
    """What the rows of a file say of its dialect, as they are read without one."""

    def __init__(self, delimiter: str, head: str) -> None:
        self._delimiter = delimiter
        self._spaced = is_spaced(head, delimiter)
        self._cells = head.count(delimiter) + 1
        mark = re.escape(delimiter)
        self._null = re.compile(rf"(?:\A|{mark})\\N(?:[{mark}\r\n]|\Z)")
        self._quoted = re.compile(rf'(?:\A|{mark})"[^{mark}]*"(?:[{mark}\r\n]|\Z)')
        self._has_null = self._has_letters = False
        self._fits = '"' not in head
        self._parted = 0  # cells of a row that goes on
        self._goes_on = False  # the line before ends with a backslash
        self._begun = 0  # lines that begin a row
        self._quoted_begun = 0  # … in which quotation marks hold a cell
        self._for = self._against = 0

    @property
    def are_clear(self) -> bool:
        """Whether no more rows need be looked at."""
        return abs(self._for - self._against) >= _VOTES and not self._fits

    def look(self, lines: list[str], *, is_read: bool) -> None:
        """Look at the lines of a row; `is_read`: it was read without backslashes having a meaning."""
        for line in lines:
            if not self._goes_on:
                self._begun += 1
                self._quoted_begun += self._quoted.search(line) is not None
            bare = _ESCAPE.sub("", line)
            self._goes_on = line.endswith("\n") and not bare.endswith("\n")
            self._fits = self._fits and self._fit(bare)
            if "\\" in line:
                self._has_null = self._has_null or self._null.search(line) is not None
                self._has_letters = self._has_letters or re.search(r"\\[nt\\]", line) is not None
        if any(_QUOTE.search(line) for line in lines):
            self._for, self._against = self._for + (not is_read), self._against + is_read

    def _fit(self, bare: str) -> bool:
        """Whether a line has as many cells as the header, if quotation marks mean nothing and backslashes do.

        `bare`: without what backslashes were before.
        """
        self._parted += bare.count(self._delimiter)
        if self._goes_on:
            return True
        cells, self._parted = self._parted + 1, 0
        return cells == self._cells

    def dialect(self) -> Dialect:
        """The dialect that they come to."""
        is_quoted = 3 * self._quoted_begun >= 2 * self._begun
        if self._fits and not is_quoted and (self._has_null or (self._has_letters and self._delimiter == "\t")):
            return Dialect(self._delimiter, escaped=True, bare=True)
        return Dialect(
            self._delimiter,
            spaced=self._spaced,
            escaped=self._for > self._against or (self._has_null and self._for == self._against),
        )
