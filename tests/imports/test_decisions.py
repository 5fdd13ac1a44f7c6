"""What other systems decided, in whatever way they write it down: kept as it was, or said that it can't be known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.imports import recognise, records
from service.imports.columns import field_of, may_decide
from service.imports.fates import NO_WORD_ON_SPAM, NOT_YET, UNSAID
from service.imports.readers import Export
from service.imports.record import Fate, Left, Record
from tests.imports.conftest import Read

WHEN = ("2023-01-02 10:00:00", "2023-01-02T10:00:00Z", "1672653600", "1672653600000", "02/01/2023", "02.01.23 10:00")
NEVER = ("", "NULL", "\\N", "None", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "0")
FILLED = {  # a word on a decision -> what became of a comment when it has a time
    "approved": Fate.APPROVED, "accepted": Fate.APPROVED, "deleted": Fate.REMOVED, "removed": Fate.REMOVED,
    "trashed": Fate.REMOVED, "rejected": Fate.REMOVED, "hidden": Fate.REMOVED, "declined": Fate.REMOVED, "spam": Fate.SPAM,
    "spammed": Fate.SPAM, "marked as spam": Fate.SPAM, "held": Fate.HELD, "unpublished": Fate.HELD, "published": Fate.SHOWN,
}  # fmt: skip
SHAPES = ("{} at", "{} on", "{} date", "{} time", "date {}", "comment {} at")
SPELT = (str, str.title, str.upper, lambda words: words.replace(" ", "_"), lambda words: words.title().replace(" ", ""))


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_a_time_of_a_decision_says_that_it_was_made(tmp_path: Path, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(sorted(FILLED)))
    column = data.draw(st.sampled_from(SPELT))(data.draw(st.sampled_from(SHAPES)).format(word))
    times = [data.draw(st.sampled_from(WHEN)), data.draw(st.sampled_from(NEVER))]
    path = tmp_path / "export"
    if data.draw(st.booleans()):
        path.write_text(
            f"text,{column},id\n" + "".join(f"Some text,{time},{number}\n" for number, time in enumerate(times))
        )
    else:
        path.write_text(
            json.dumps([{"text": "Some text", column: time, "id": number} for number, time in enumerate(times)])
        )
    export = Export(path)
    filled, empty = records(export, recognise(export))
    assert isinstance(filled, Record)
    assert isinstance(empty, Record)
    waits = FILLED[word] is Fate.APPROVED or word == "published"
    assert (filled.fate, filled.doubts) == (FILLED[word], ())
    assert (empty.fate, empty.doubts) == ((Fate.HELD, (NOT_YET,)) if waits else (Fate.SHOWN, ()))
    assert export.columns.ignored == []


@pytest.mark.parametrize(
    ("said", "fate", "doubts"),
    [
        ({"approvedAt": "2023-01-02", "deletedAt": "2023-01-03"}, Fate.REMOVED, ()),
        ({"approvedAt": "2023-01-02", "deletedAt": None, "spamAt": None}, Fate.APPROVED, ()),
        ({"status": "approved", "approvedAt": None}, Fate.APPROVED, ()),
        ({"status": "approved", "moderatedAt": "2023-01-02"}, Fate.APPROVED, ()),
        ({"status": "pending", "moderatedAt": None}, Fate.HELD, ()),
        ({"moderatedAt": None}, Fate.HELD, (NOT_YET,)),
        ({"approvedBy": "ann", "rejectedBy": None}, Fate.APPROVED, ()),
        ({"approvedBy": None, "rejectedBy": "bob"}, Fate.REMOVED, ()),
        ({"rejectionReason": "rude"}, Fate.REMOVED, ()),
        ({"rejectionReason": "", "state": "ok"}, Fate.APPROVED, ()),
        ({"publishedAt": None}, Fate.HELD, (NOT_YET,)),
        ({"approved": None}, Fate.HELD, (UNSAID,)),
        ({"approved": ""}, Fate.HELD, (UNSAID,)),
        ({"approved": "NULL"}, Fate.HELD, (UNSAID,)),
        ({"status": "\\N"}, Fate.HELD, (UNSAID,)),
        ({"approved": None, "isSpam": False}, Fate.HELD, (UNSAID,)),
        ({"approved": None, "isSpam": True}, Fate.SPAM, ()),
        ({"approved": None, "status": "published"}, Fate.APPROVED, ()),
        ({"approved": None, "deleted": True}, Fate.REMOVED, ()),
        ({"isSpam": None}, Fate.SHOWN, (NO_WORD_ON_SPAM,)),
        ({"deleted": None, "hidden": ""}, Fate.SHOWN, ()),
        ({"approvalStatus": "REJECTED"}, Fate.REMOVED, ()),
        ({"mode": 1}, Fate.APPROVED, ()),
        ({"mode": 2}, Fate.HELD, ()),
        ({"mode": 4}, Fate.REMOVED, ()),
        ({"mode": "html"}, Fate.SHOWN, ()),
    ],
)
def test_what_is_empty_speaks_where_nothing_else_does(
    read: Read, said: dict[str, object], fate: Fate, doubts: tuple[str, ...]
) -> None:
    (one,), left = read(json.dumps({"text": "One"} | said))
    assert (one.fate, one.doubts, left) == (fate, doubts, [])


def test_an_empty_cell_of_a_table_is_neither_yes_nor_no(read: Read) -> None:
    found, left = read("text,approved\nOne,1\nTwo,\nThree,0\n")
    assert [(one.fate, one.doubts) for one in found] == [
        (Fate.APPROVED, ()), (Fate.HELD, (UNSAID,)), (Fate.HELD, ()),
    ]  # fmt: skip
    assert left == []


def test_that_somebody_moderated_does_not_say_with_what_end(read: Read) -> None:
    found, (left,) = read("text,moderated_at\nOne,2023-01-02\n")
    assert (found, left.why) == ([], "it was moderated, and nothing says with what end")


@pytest.mark.parametrize("said", ["soon", "maybe", "ask ann"])
@pytest.mark.parametrize("column", ["deleted_at", "approvedAt", "Spam Date"])
def test_a_time_that_is_none_is_named(read: Read, column: str, said: str) -> None:
    found, (left,) = read(json.dumps({"text": "One", column: said}))
    assert (found, left.word) == ([], said)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("ja", "nein"), ("WAHR", "FALSCH"), ("oui", "non"), ("VRAI", "FAUX"), ("sí", "no"), ("VERDADERO", "FALSO"),
        ("sim", "não"), ("VERDADEIRO", "falso"), ("да", "нет"), ("ИСТИНА", "ЛОЖЬ"), ("tak", "nie"), ("evet", "HAYIR"),
        ("igen", "nem"), ("waar", "onwaar"), ("是", "否"), ("はい", "いいえ"), ("✓", "✗"), ("Ya", "Tidak"),
    ],
)  # fmt: skip
def test_yes_and_no_in_many_languages(read: Read, yes: str, no: str) -> None:
    found, left = read(f"text,spam,deleted\nOne,{yes},{no}\nTwo,{no},{no}\nThree,{no},{yes}\n")
    assert ([one.fate for one in found], left) == ([Fate.SPAM, Fate.APPROVED, Fate.REMOVED], [])


def test_columns_that_sound_like_a_decision_are_pointed_at() -> None:
    names = ("flagged_at", "spam_score", "moderation_note", "http_status", "likes", "subject", "deleted_at", "status")
    assert [name for name in names if may_decide(name)] == [
        "flagged_at",
        "spam_score",
        "moderation_note",
        "http_status",
    ]
    assert field_of("reported_by") == ""


def test_ids_are_kept_to_the_last_digit_or_not_at_all(read: Read) -> None:
    found, _ = read('[{"id": 12345678901234567890, "text": "One", "parent": 9007199254740993}]')
    assert (found[0].platform_id, found[0].parent_id) == ("12345678901234567890", "9007199254740993")
    found, left = read("id;text;parent\n1,23457E+18;One;\n1,23457E+18;Two;1,23457E+18\n")
    assert len({one.platform_id for one in found}) == 2
    assert {one.parent_id for one in found} == {""}
    assert ([one.doubts[0][:5] for one in found], left) == (["an id"] * 2, [])


def test_cells_without_what_html_writes_for_letters(read: Read) -> None:
    (one,), _ = read(
        "text,author,title,permalink\nHi,Ann &amp; Bob,Bees &#8211; all,https://blog.example/?a=1&amp;b=2&copy=3\n"
    )
    assert (one.name, one.page_title, one.page_url) == (
        "Ann & Bob",
        "Bees – all",
        "https://blog.example/?a=1&b=2&copy=3",
    )


def test_tables_of_other_programs(read: Read) -> None:
    drupal = "cid,pid,nid,comment_body_value,status,name,hostname,created\n1,0,5,Hi,1,Ann,192.0.2.1,1672653600\n"
    (one,), _ = read(drupal)
    assert (one.platform_id, one.content, one.fate, one.ip) == ("1", "Hi", Fate.APPROVED, "192.0.2.1")
    typecho = "coid,cid,created,author,ip,text,type,status,parent\n1,5,1672653600,Ann,192.0.2.1,Hi,comment,approved,0\n"
    (one,), _ = read(typecho)
    assert (one.platform_id, one.fate) == ("1", Fate.APPROVED)
    isso = "tid,id,parent,created,mode,text\n1,1,,1672653600.5,4,Hi\n1,2,1,1672653601,2,Ho\n"
    found, left = read(isso)
    assert ([one.fate for one in found], left) == ([Fate.REMOVED, Fate.HELD], [])
    ours = '{"record":"site","id":"blog"}\n{"record":"comment","id":"1","state":"approved","content":"Hi"}\n'
    found, left = read(ours)
    assert ([one.fate for one in found], left) == ([Fate.APPROVED], [])


def test_left_is_named_by_place(read: Read) -> None:
    _, left = read('[{"text": ""}, 7, {"text": "One", "state": "odd"}]')
    assert left == [
        Left("record 1", "a comment without text"),
        Left("record 2", "not a JSON object, or longer than any comment"),
        Left("record 3", "a state that is not known; docs/import.md lists the words", "odd"),
    ]
