"""Whatever columns, encodings and dates are spelt like: the same comments are read, or it is said what is not understood."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.imports import FORMATS, recognise, records
from service.imports.columns import COLUMNS
from service.imports.dates import UNREADABLE, Dates, moment, reason
from service.imports.encodings import is_garbled
from service.imports.readers import Export, UnreadableExport
from service.imports.record import Fate, Left, Record
from tests.imports.conftest import Read

NOW = 1_800_000_000_000


def spelt(words: list[str], style: int) -> str:
    """A column's name in some spelling."""
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    ways = (
        "_".join(words),
        camel,
        camel[0].upper() + camel[1:],
        " ".join(words).title(),
        "-".join(words),
        "_".join(words).upper(),
        "".join(words),
        ".".join(words),
        f" {camel} ",
        "__".join(words),
    )
    return ways[style % len(ways)]


SAID = {
    "content": "Cheap pills",
    "id": "a7",
    "spam": "true",
    "name": "Ann",
    "email": "ann@example.com",
    "url": "https://ann.example",
    "ip": "192.0.2.7",
    "user_agent": "Mozilla/5.0",
    "page_url": "https://blog.example/bees",
    "page_title": "Of bees",
    "parent_id": "a6",
    "created_at": "2020-01-02T03:04:05Z",
}


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_a_known_column_is_known_in_every_spelling(tmp_path: Path, data: st.DataObject) -> None:
    named = {
        spelt(data.draw(st.sampled_from(COLUMNS[field])).split("_"), data.draw(st.integers(0, 9))): said
        for field, said in SAID.items()
    }
    path = tmp_path / "export"
    if data.draw(st.booleans()):
        path.write_text(json.dumps(named) + "\n")
    else:
        out = io.StringIO()
        csv.writer(out, delimiter=data.draw(st.sampled_from(",;\t|"))).writerows([list(named), list(named.values())])
        path.write_text(out.getvalue())
    export = Export(path)
    (one,) = records(export, recognise(export))
    assert isinstance(one, Record)
    assert (one.fate, one.platform_id, one.parent_id) == (Fate.SPAM, "a7", "a6")
    assert (one.content, one.name, one.email, one.url) == (
        "Cheap pills",
        "Ann",
        "ann@example.com",
        "https://ann.example",
    )
    assert (one.ip, one.user_agent, one.page_url, one.page_title) == (
        "192.0.2.7",
        "Mozilla/5.0",
        "https://blog.example/bees",
        "Of bees",
    )
    assert one.created_at == moment("2020-01-02T03:04:05Z")
    assert export.columns.ignored == []


def test_what_is_not_known_of_a_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text('[{"text": "One", "isSpam": false, "likes": 3, "author": {"name": "Ann", "karma": 7}}]')
    export = Export(path)
    (one,) = records(export, recognise(export))
    assert isinstance(one, Record)
    assert (one.name, one.fate, one.labels) == ("Ann", Fate.APPROVED, {"spam": 0.0})
    assert export.columns.ignored == ["likes", "author_karma"]


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        ({"isSpam": True}, Fate.SPAM),
        ({"isSpam": "False"}, Fate.APPROVED),
        ({"is_ham": 0}, Fate.SPAM),
        ({"Not spam": "yes"}, Fate.APPROVED),
        ({"ham": "spam"}, Fate.SPAM),
        ({"isHam": True, "deleted": True}, Fate.REMOVED),
        ({"IS_SPAM": "Y"}, Fate.SPAM),
        ({"isApproved": False}, Fate.HELD),
        ({"isApproved": 1}, Fate.APPROVED),
        ({"isDeleted": True, "isApproved": True}, Fate.REMOVED),
        ({"isPending": True}, Fate.HELD),
        ({"isPending": False}, Fate.APPROVED),
        ({"commentStatus": "Not Approved"}, Fate.HELD),
        ({"comment_approved": "spam"}, Fate.SPAM),
        ({"comment_approved": "trash"}, Fate.REMOVED),
        ({"comment_approved": "0"}, Fate.HELD),
        ({"status": "APPROVED", "isSpam": True}, Fate.SPAM),
        ({"status": "post-trashed"}, Fate.ORPHANED),
        ({"published": False}, Fate.HELD),
        ({"published": "2020-01-01"}, Fate.SHOWN),
        ({"deletedAt": "2020-01-01T00:00:00Z"}, Fate.REMOVED),
        ({"deletedAt": None}, Fate.SHOWN),
        ({"label": "ham"}, Fate.APPROVED),
        ({"label": "rejected"}, Fate.REMOVED),
        ({"class": "not spam"}, Fate.APPROVED),
        ({}, Fate.SHOWN),
        ({"isRejected": "yes", "status": "approved"}, Fate.REMOVED),
        ({"state": "held", "spam": "no"}, Fate.HELD),
        ({"status": "approved", "isDeleted": "no"}, Fate.APPROVED),
        ({"toxicity": 0.8, "isSpam": "no"}, Fate.REMOVED),
        ({"toxicity": "85%", "isSpam": "no"}, Fate.REMOVED),
        ({"deleted": False, "rejected": True}, Fate.REMOVED),
        ({"spam": 0, "isJunk": 1}, Fate.SPAM),
        ({"status": "published", "moderation_status": "rejected"}, Fate.REMOVED),
        ({"approved": True, "isVisible": False}, Fate.HELD),
        ({"status": ["spam"]}, Fate.SPAM),
        ({"isSpam": {"value": True}}, Fate.SPAM),
        ({"deletedAt": {"_seconds": 1_700_000_000, "_nanoseconds": 0}}, Fate.REMOVED),
        ({"deletedAt": "0000-00-00 00:00:00", "state": "ok"}, Fate.APPROVED),
        ({"deletedAt": "0001-01-01T00:00:00Z", "state": "ok"}, Fate.APPROVED),
        ({"isSpam": "NULL"}, Fate.SHOWN),
        ({"isSpam": "1.0"}, Fate.SPAM),
        ({"type": "ham"}, Fate.APPROVED),
        ({"type": "spam"}, Fate.SPAM),
        ({"state": "ok", "rejectedAt": "2020-01-01"}, Fate.REMOVED),
        ({"state": "ok", "unapproved": 1}, Fate.HELD),
    ],
)
def test_what_was_decided_is_kept(read: Read, said: dict[str, object], fate: Fate) -> None:
    (one,), left = read(json.dumps({"text": "One"} | said))
    assert (one.fate, left) == (fate, [])


@pytest.mark.parametrize(
    "said",
    [
        {"state": "maybe"},
        {"isSpam": "perhaps"},
        {"isDeleted": "sort of"},
        {"approved": "ask ann@example.com"},
        {"approved": "-1"},
        {"isDeleted": "-1"},
        {"state": "!approved"},
        {"isSpam": ".1"},
        {"state": "approved?"},
        {"toxicity": "0,85"},
        {"insult": "85"},
    ],
)
def test_a_word_that_is_not_known_is_named_and_nothing_is_guessed(read: Read, said: dict[str, str]) -> None:
    found, (left,) = read(json.dumps({"text": "One"} | said))
    assert found == []
    assert "ann" not in left.word
    assert left.word[:3] == next(iter(said.values()))[:3]


def test_answers_that_stand_within_a_comment_are_comments(read: Read) -> None:
    inner = {"id": 3, "text": "Three", "isSpam": True, "children": [4]}
    answer = {"id": 2, "text": "Two", "state": "ok", "replies": [inner]}
    for write in (json.dumps, lambda listed: json.dumps(listed[0]) + "\n"):
        found, left = read(write([{"id": 1, "text": "One", "state": "ok", "replies": [answer], "children": []}]))
        assert [(one.platform_id, one.parent_id, one.fate) for one in found] == [
            ("1", "", Fate.APPROVED), ("2", "1", Fate.APPROVED), ("3", "2", Fate.SPAM),
        ]  # fmt: skip
        assert left == []


def test_what_is_no_single_word_is_not_taken_for_silence(read: Read) -> None:
    found, left = read('[{"text": "One", "status": {"mood": "spam"}}, {"text": "Two", "isSpam": [true, false]}]')
    assert (found, [one.word[:8] for one in left]) == ([], ["{'mood':", "[True, F"])


def test_a_row_that_ends_too_early_is_not_taken_for_approved(read: Read) -> None:
    """A line break that nobody put between quotation marks parts a row in two."""
    found, left = read("id,text,is_spam\n1,first line\nsecond line,1\n3,ok,0\n")
    assert [(one.platform_id, one.fate) for one in found] == [("3", Fate.APPROVED)]
    assert [one.place for one in left] == ["line 2", "line 3"]


def test_of_several_columns_for_one_the_best_that_says_something_counts(read: Read) -> None:
    table = "text,author,username,date,date_gmt,parent_id\nOne,,bob,2023-01-02 12:00,2023-01-02 10:00,12.0\n"
    ((one,), _) = read(table)
    assert (one.name, one.created_at, one.parent_id) == ("bob", day("2023-01-02 10:00"), "12")
    ((one,), _) = read(table.replace("2023-01-02 10:00", "0000-00-00 00:00:00"))
    assert one.created_at == day("2023-01-02 12:00")


@pytest.mark.parametrize(
    ("listed", "fate"),
    [
        ([{"url": "/a", "comments": [{"author": "x", "text": "Buy", "status": "spam"}]}], Fate.SPAM),
        ([{"nick": "n", "mail": "a@example.com", "comment": "Buy", "approved": False}], Fate.HELD),
        ([{"page_key": "/a", "content": "Buy", "nick": "n", "is_deleted": True}], Fate.REMOVED),
        ([{"by_nickname": "n", "content": "Buy", "approved": True, "is_spam": True}], Fate.SPAM),
    ],
)
def test_a_list_that_looks_like_anothers_loses_no_decision(read: Read, listed: list[object], fate: Fate) -> None:
    (one,), left = read(json.dumps(listed))
    assert (one.fate, left) == (fate, [])


def test_a_relative_address_is_a_page_and_nobodys_website(read: Read) -> None:
    (one, two), _ = read('{"text": "One", "url": "/2020/bees/"}\n{"text": "Two", "url": "https://ann.example"}\n')
    assert (one.page_url, one.url) == ("/2020/bees/", "")
    assert (two.page_url, two.url) == ("", "https://ann.example")


TEXTS = {
    "windows-1252": "Très bien, ça va? C’est déjà l’été à Noël…",
    "windows-1251": "Привет всем, отличная статья",
    "koi8-r": "Спасибо большое за материал",
    "windows-1250": "Zażółć gęślą jaźń, świetny artykuł",
    "gb18030": "这篇文章写得很好，谢谢分享",
    "shift_jis": "とても良い記事でした",
    "euc-kr": "좋은 글 감사합니다",
    "windows-1253": "Πολύ ωραίο άρθρο, ευχαριστώ",
    "windows-1254": "Çok güzel bir yazı, teşekkürler ığdır",
}


@pytest.mark.parametrize(
    "encoding", [*TEXTS, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_letters_are_read_as_they_were_written(tmp_path: Path, encoding: str) -> None:
    text = TEXTS.get(encoding, TEXTS["windows-1252"])
    path = tmp_path / "export.csv"
    path.write_bytes(("id,text\n" + "".join(f'{number},"{text}"\n' for number in range(5))).encode(encoding))
    export = Export(path)
    found = list(records(export, recognise(export)))
    assert [one.content for one in found if isinstance(one, Record)] == [text] * 5
    assert export.guessed == (not encoding.startswith("utf-") or encoding in ("utf-16-le", "utf-16-be"))


@given(
    st.lists(st.sampled_from("abc xyz.,éèàüößñçłąřšğıžćп日한"), min_size=4, max_size=60).map("".join),
    st.sampled_from(sorted(TEXTS)),
)
@example("aćłła", "windows-1250")
@example("aaßła", "windows-1250")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_no_letter_is_ever_another_one_that_teaches(tmp_path: Path, text: str, encoding: str) -> None:
    """Whatever an old encoding holds: it is read as it was, or refused, or it says so and teaches nothing."""
    raw = f'id,text\n1,"x{text}x"\n'.encode(encoding, errors="ignore")
    path = tmp_path / "export.csv"
    path.write_bytes(raw)
    export = Export(path)
    try:
        (one,) = records(export, recognise(export))
    except UnreadableExport as error:
        assert "--encoding" in str(error) or "not recognised" in str(error)  # noqa: PT017
        return
    assert isinstance(one, Record)
    true = raw.decode(encoding).split('"')[1]
    if not raw.isascii() and not export.guessed:
        assert one.content == true or is_garbled(one.content)


def test_an_encoding_that_is_not_clear_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("id,text\n1,Привет всем\n2,".encode("iso-8859-5") + bytes([0xFD, 0xFE, 0xFF, 0xF0, 0xB3, 10]))
    with pytest.raises(UnreadableExport, match="--encoding"):
        recognise(Export(path))
    export = Export(path, encoding="iso-8859-5")
    assert any("Привет" in one.content for one in records(export, recognise(export)) if isinstance(one, Record))


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("02.01.2023", "2023-01-02"),
        ("2.1.23 15:04", "2023-01-02 15:04"),
        ("13/01/2023", "2023-01-13"),
        ("01/13/2023 3:04 PM", "2023-01-13 15:04"),
        ("Mon, 02 Jan 2023 10:00:00 GMT", "2023-01-02 10:00"),
        ("January 2, 2023 at 3:04 pm", "2023-01-02 15:04"),
        ("20230102150405", "2023-01-02 15:04:05"),
        ("2023/1/2", "2023-01-02"),
        ("Mon Jan 02 2023 10:00:00 GMT+0100 (CET)", "2023-01-02 09:00"),
        ("02.01.2023, 14:05 Uhr", "2023-01-02 14:05"),
        ("1672671845", "2023-01-02 15:04:05"),
        ("1672671845000000", "2023-01-02 15:04:05"),
        ("202301021504", "2023-01-02 15:04"),
        ("20230102150405123", "2023-01-02 15:04:05"),
        ("2023-01-02 15:04:05 CET", "2023-01-02 14:04:05"),
        ("Mon Jan 02 10:00:00 CET 2023", "2023-01-02 09:00"),
        ("Mon, 02 Jan 2023 10:00:00 EST", "2023-01-02 15:00"),
    ],
)
def test_dates_of_many_countries(said: str, at: str) -> None:
    assert moment(said) == day(at)
    assert reason(said, moment(said), NOW) == ""


@pytest.mark.parametrize("said", ["133171000000000000", "638082000000000000", "13317100000000000", "167265360"])
def test_a_number_of_another_clock_is_no_time(said: str) -> None:
    """Windows's and .NET's ticks, Chrome's microseconds, and a number that was cut."""
    assert (moment(said), reason(said, 0, NOW)) == (0, UNREADABLE)


@pytest.mark.parametrize("others", [["13/02/2020"], ["02/13/2020"], ["02/03/2020"], ["14/02/2020", "02/14/2020"]])
def test_which_comes_first_is_seen_from_the_whole_file_or_asked(tmp_path: Path, others: list[str]) -> None:
    path = tmp_path / "export.csv"
    path.write_text("text,date\n" + "".join(f"One,{said}\n" for said in ["02/01/2023", *others]))
    export = Export(path)
    first = next(iter(records(export, recognise(export))))
    assert isinstance(first, Record)
    assert first.created_at == {"13": day("2023-01-02"), "02/13": day("2023-02-01")}.get(
        others[0][:2] if others[0] == "13/02/2020" else others[0][:5], 0
    )
    said = Export(path, dates="day-first")
    one = next(iter(records(said, FORMATS["csv"])))
    assert isinstance(one, Record)
    assert one.created_at == day("2023-01-02")


@given(st.text(max_size=40))
def test_no_time_makes_reading_fail(text: str) -> None:
    at = Dates("", lambda: [text]).moment(text)
    assert at >= 0
    assert reason(text, at, NOW) != "" or 0 < at <= NOW


CUT: dict[str, Callable[[], str]] = {
    "csv": lambda: "id,text,state\n" + "".join(f'{number},"Comment, {number}",approved\n' for number in range(50)),
    "quoted": lambda: "id,text,state\n" + "".join(f'{number},"Two\nlines {number}",approved\n' for number in range(50)),
    "jsonl": lambda: "".join(json.dumps({"text": f"Comment {number}", "state": "spam"}) + "\n" for number in range(50)),
    "json": lambda: json.dumps([{"text": f"Comment {number}", "state": "spam"} for number in range(50)]),
    "map": lambda: json.dumps({f"n{number}": {"text": f"Comment {number}", "state": "spam"} for number in range(50)}),
    "pretty": lambda: "".join(
        json.dumps({"text": f"Comment {number}", "state": "spam"}, indent=1) + "\n" for number in range(50)
    ),
    "wrapped": lambda: json.dumps({"total": 50, "comments": [{"text": f"Comment {number}"} for number in range(50)]}),
}


@pytest.mark.parametrize("kind", CUT)
@given(share=st.floats(0.2, 0.99))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_a_file_that_is_cut_off_is_known_as_such(tmp_path: Path, kind: str, share: float) -> None:
    whole = CUT[kind]()
    path = tmp_path / "export"
    path.write_text(whole)
    export = Export(path)
    assert len([one for one in records(export, recognise(export)) if isinstance(one, Record)]) == 50
    assert export.broken == ""
    cut = whole[: int(len(whole) * share)]
    path.write_text(cut)
    export = Export(path)
    found = [one for one in records(export, recognise(export)) if isinstance(one, Record)]
    whole_row = cut.endswith(("approved", "approve", "approved\n", "}", "}\n"))  # what is left is a file of its own
    assert export.broken or whole_row
    assert all(one.fate is not Fate.SHOWN or kind == "wrapped" for one in found)


def test_a_quotation_mark_without_an_end_costs_its_row_alone(read: Read) -> None:
    rows = "".join(f"{number},Comment {number},approved\n" for number in range(3, 50))
    found, left = read(f'id,text,state\n1,"Stray,approved\n2,Two,approved\n{rows}')
    assert len(found) == 48
    assert [one.place for one in left] == ["line 2"]


def test_a_row_of_a_table_keeps_what_excel_does(read: Read) -> None:
    found, left = read('\n\nsep=;\nid;Comment Text;Author;State\n1;"Say ""hi""";Ann;Approved\n2;5" screen;Bob;Spam\n')
    assert [(one.content, one.fate) for one in found] == [('Say "hi"', Fate.APPROVED), ('5" screen', Fate.SPAM)]
    assert [one for one in left if isinstance(one, Left)] == []
