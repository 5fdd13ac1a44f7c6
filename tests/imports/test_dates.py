"""Dates of numbers, in which the day, the month or the year may come first: read as the file shows, or not at all, and said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.imports import recognise, records
from service.imports.date_words import NAMES
from service.imports.dates import TWOFOLD, Dates, moment, reason
from service.imports.readers import Export

NOW = 1_800_000_000_000
ORDERS = {
    "day-first": "{d:02}{m}{mo:02}{m}{y}",
    "month-first": "{mo:02}{m}{d:02}{m}{y}",
    "year-first": "{y}{m}{mo:02}{m}{d:02}",
}
days = st.dates(min_value=date(2001, 1, 1), max_value=date(2025, 12, 31))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def written(day: object, order: str, mark: str, *, short: bool) -> str:
    year = f"{day:%y}" if short else f"{day:%Y}"
    return ORDERS[order].format(d=int(f"{day:%d}"), mo=int(f"{day:%m}"), y=year, m=mark)


@given(st.lists(days, min_size=1, max_size=12), st.sampled_from(sorted(ORDERS)), st.sampled_from("-/"), st.booleans())
def test_a_date_is_read_as_it_was_written_or_not_at_all(
    found: list[object],
    order: str,
    mark: str,
    short: bool,
) -> None:
    said = [written(day, order, mark, short=short) for day in found]
    notes: dict[str, str] = {}
    dates = Dates("", lambda: said, notes)
    for day, text in zip(found, said, strict=True):
        read = dates.moment(text)
        assert read in (0, at(f"{day:%Y-%m-%d}"))
        if read and not moment(text):
            assert order.removesuffix("-first") in notes[mark]
        if not read:
            assert reason(text, 0, NOW) == TWOFOLD
    for text, day in zip(said, found, strict=True):
        assert Dates(order, list).moment(text) == at(f"{day:%Y-%m-%d}")


@given(days, st.sampled_from(sorted(ORDERS)), st.sampled_from("-/"))
def test_a_month_of_comments_shows_the_order(first: object, order: str, mark: str) -> None:
    """Among the days of a month some can be read in one way only, with four digits of the year; others are in question."""
    month = [first + timedelta(days=day) for day in range(40)]  # type: ignore[operator]
    said = [written(day, order, mark, short=False) for day in month]
    dates = Dates("", lambda: said)
    assert [dates.moment(text) for text in said] == [at(f"{day:%Y-%m-%d}") for day in month]


@pytest.mark.parametrize(
    ("said", "others", "read", "why"),
    [
        ("23-01-02", [], "", ""),
        ("23-01-02", ["23-01-31"], "2023-01-02", "year first: others"),
        ("02-01-23", ["31-12-22"], "2023-01-02", "day first: others"),
        ("23/01/02 10:00", ["22/12/31 10:00"], "2023-01-02 10:00", "year first: others"),
        ("02.01.23", [], "2023-01-02", "day first: that is usual"),
        ("23.01.02", ["22.12.31"], "2023-01-02", "year first: others"),
        ("02-JAN-23 10.30.00 PM", [], "2023-01-02 22:30", "day first: that is usual"),
        ("02/01/2023", ["25/12/2022"], "2023-01-02", "day first: others"),
        ("02/01/2023", ["25/12/2022", "12/25/2022"], "", ""),
        ("02-01-2023", ["25/12/2022"], "", ""),
        ("02/02/2023", [], "2023-02-02", ""),
        ("13/01/2023", [], "2023-01-13", ""),
    ],
)
def test_the_report_says_how_dates_were_read(tmp_path: Path, said: str, others: list[str], read: str, why: str) -> None:
    path = tmp_path / "export"
    path.write_text("text,date\n" + "".join(f"One,{one}\n" for one in [said, *others]))
    export = Export(path)
    first = next(iter(records(export, recognise(export))))
    assert first.created_at == (at(read) if read else 0)  # type: ignore[union-attr]
    assert why in " ".join(export.dates_told.values())
    assert bool(export.dates_told) == bool(why)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2021-12-20 11:33:20 +0000 UTC", "2021-12-20 11:33:20"),
        ("2021-12-20 11:33:20.123456 +0100 CET m=+0.5", "2021-12-20 10:33:20"),
        ("/Date(1672653600000)/", "2023-01-02 10:00"),
        ("/Date(1672653600000+0100)/", "2023-01-02 10:00"),
        ("1,6726536E9", "2023-01-02 10:00"),
        ("1.6726536E+12", "2023-01-02 10:00"),
        ("2023年1月2日 10:00", "2023-01-02 10:00"),
        ("2. Januar 2023", "2023-01-02"),
        ("2 janvier 2023 10:00", "2023-01-02 10:00"),
        ("2 de enero de 2023", "2023-01-02"),
        ("3 března 2023", "2023-03-03"),
        ("2. Jän. 2023", "2023-01-02"),
        ("Mittwoch, 4. Januar 2023, 14:05 Uhr", "2023-01-04 14:05"),
        ("mercredi 4 janvier 2023 à 10h05", "2023-01-04 10:05"),
        ("1er févr. 2023", "2023-02-01"),
        ("15 de enero de 2023 a las 10:15", "2023-01-15 10:15"),
        ("15/ene/2023", "2023-01-15"),
        ("2 мая 2023 г. 10:15", "2023-05-02 10:15"),
        ("2 stycznia 2023", "2023-01-02"),
        ("2023. január 2.", "2023-01-02"),
        ("2023年1月2日(月) 10時5分", "2023-01-02 10:05"),
        ("2023年1月2日 午後3:04", "2023-01-02 15:04"),
        ("2023. 1. 2. 오전 3:04", "2023-01-02 03:04"),
        ("２０２３－０１－０２", "2023-01-02"),
        ("Sept. 2, 2023", "2023-09-02"),
        ("2/1/2023 3:04 p. m.", ""),
        ("13/1/2023 3:04 p. m.", "2023-01-13 15:04"),
        ("2023-01-02T10:00:00z", "2023-01-02 10:00"),
        ("2023-01-02T10:00:00+01:00[Europe/Berlin]", "2023-01-02 09:00"),
        ("2023-01-02T10:00:00[Europe/Berlin]", ""),
        ("mar, 3 ene 2023", ""),
        ("44928.4166", ""),
        ("2023-01", ""),
        ("2023-01-02 25:00", ""),
    ],
)
def test_times_of_other_programs(said: str, read: str) -> None:
    assert moment(said) // 1000 * 1000 == (at(read) if read else 0)


@given(
    st.sampled_from(NAMES),
    days,
    st.sampled_from(["{d}. {m} {y}", "{d} {m} {y} 00:00", "{d} de {m} de {y}", "{y} {m} {d}"]),
)
def test_a_months_name_in_any_language_is_that_month(names: str, day: date, form: str) -> None:
    month = names.split()[day.month - 1]
    said = {word: form.format(d=day.day, m=word, y=day.year) for word in (month, month.upper(), month[:4], month[:3])}
    assert moment(said[month]) == moment(said[month.upper()]) == at(f"{day}")
    assert {moment(said[month[:4]]), moment(said[month[:3]])} <= {at(f"{day}"), 0}
