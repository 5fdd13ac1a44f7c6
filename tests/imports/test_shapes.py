"""The same comments in whatever shape a file has: JSON of any nesting, CSV of any dialect, line ends, encodings, marks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.imports import FORMATS, recognise, records
from service.imports.readers import Export, UnreadableExport
from service.imports.record import Fate, Left, Record
from tests.imports.conftest import Read

ONE = {"text": "I keep bees too.", "author": "Ann", "isApproved": True, "timestamp": 1_672_653_600_000}
TWO = {"text": "Cheap pills", "author": "Pills", "isSpam": True, "timestamp": 1_672_653_601_000}
BOTH = [("I keep bees too.", Fate.APPROVED), ("Cheap pills", Fate.SPAM)]
SHAPES: dict[str, Any] = {
    "list": [ONE, TWO],
    "list with gaps": {"comments": [None, ONE, TWO]},
    "map": {"-N1": ONE, "-N2": TWO},
    "wrapped map": {"comments": {"-N1": ONE, "-N2": TWO}},
    "threads": {"my-post": {"-N1": ONE}, "other-post": {"-N2": TWO}},
    "wrapped threads": {"comments": {"my-post": {"-N1": ONE}, "other-post": {"-N2": TWO}}, "users": {"u1": {"name": "Ann"}}},
    "deep": {"export": {"site": {"comments": {"-N1": ONE, "-N2": TWO}}}},
    "pages": {"posts": {"my-post": {"title": "Of bees", "comments": {"-N1": ONE, "-N2": TWO}}}},
    "list of pages": {"posts": [{"id": 1, "title": "Of bees", "url": "/bees/", "body": "Buzz.", "comments": [ONE, TWO]}]},
    "Firestore": {"__collections__": {"comments": {"a": ONE | {"__collections__": {}}, "b": TWO}}},
    "Django": [{"model": "comments.comment", "pk": 1, "fields": ONE}, {"model": "comments.comment", "pk": 2, "fields": TWO}],
    "JSON:API": {"data": [{"id": "1", "attributes": ONE}, {"id": "2", "attributes": TWO}], "meta": {"total": 2}},
    "GraphQL": {"data": {"comments": {"edges": [{"node": ONE}, {"node": TWO}]}}},
    "Elasticsearch": {"hits": {"total": 2, "hits": [{"_id": "a", "_source": ONE}, {"_id": "b", "_source": TWO}]}},
    "an answer": {"code": 0, "message": "success", "data": {"list": [ONE, TWO], "total": 2}},
    "another answer": {"status": "ok", "message": "done", "comments": [ONE, TWO]},
    "phpMyAdmin": [
        {"type": "header", "version": "5.2.1", "comment": "Export to JSON plugin for phpMyAdmin"},
        {"type": "database", "name": "blog"},
        {"type": "table", "name": "comments", "database": "blog", "data": [ONE, TWO]},
    ],
    "Ghost": {"db": [{"meta": {}, "data": {"posts": [], "users": [{"name": "x"}], "comments": [ONE, TWO]}}]},
}  # fmt: skip


def whole(path: Path, content: str | bytes, name: str = "") -> tuple[list[Record | Left], Export]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    export = Export(path)
    return list(records(export, FORMATS[name] if name else recognise(export))), export


def told(found: list[Record | Left]) -> list[tuple[str, Fate]]:
    return [(one.content, one.fate) for one in found if isinstance(one, Record)]


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("shape", SHAPES)
def test_comments_are_found_in_json_of_any_shape(tmp_path: Path, shape: str, indent: int | str | None) -> None:
    found, export = whole(tmp_path / "export", json.dumps(SHAPES[shape], indent=indent))
    assert told(found) == BOTH
    assert (len(found), export.broken) == (2, "")


@pytest.mark.parametrize("shape", ["map", "wrapped threads", "pages", "phpMyAdmin", "Ghost"])
def test_shapes_of_any_size_are_walked_through(tmp_path: Path, shape: str) -> None:
    """What is larger than what is taken into memory at once is read the same, and a cut is known."""
    many = {f"-N{number:05}": ONE | {"text": f"Comment {number} {'x' * 400}"} for number in range(600)}
    text = json.dumps(SHAPES[shape]).replace('"-N1": ' + json.dumps(ONE), json.dumps(many)[1:-1])
    text = text.replace(f"[{json.dumps(ONE)}", f"[{json.dumps(list(many.values()))[1:-1]}")
    found, export = whole(tmp_path / "export", text)
    assert (len(told(found)), len(found), export.broken) == (601, 601, "")
    found, export = whole(tmp_path / "export", text[: len(text) * 2 // 3])
    assert 300 < len(told(found)) < 601
    assert export.broken


def test_what_a_map_says_by_its_keys_is_kept(read: Read) -> None:
    inner = {"text": "So do I.", "author": "Bob"}
    found, left = read(json.dumps({"my-post": {"n1": ONE | {"replies": {"n2": inner}}}, "other": {"n3": TWO}}))
    assert [(one.platform_id, one.parent_id, one.page_url) for one in found] == [
        ("n1", "", "my-post"), ("n2", "n1", ""), ("n3", "", "other"),
    ]  # fmt: skip
    assert left == []


def test_what_is_no_comment_is_told_and_not_brought(read: Read) -> None:
    post = {"id": 1, "title": "Of bees", "body": "Buzz."}
    found, left = read(json.dumps({"posts": [post], "comments": [ONE, TWO], "tags": [{"name": "bees"}]}))
    assert told([*found]) == BOTH
    assert [one.why for one in left] == ["a post of the blog, not a comment"]
    found, left = read(json.dumps([ONE, TWO]) + "\n2 rows\n")
    assert (told([*found]), [one.why for one in left]) == (BOTH, ["something that is no JSON"])


def test_a_damaged_member_of_a_map_costs_only_itself(read: Read) -> None:
    text = json.dumps({"comments": {f"-N{number}": ONE | {"text": f"{number} {'x' * 900}"} for number in range(200)}})
    found, left = read(text.replace('{"text": "70 ', '{"text" "70 '))
    assert (len(found), len(left)) == (199, 1)


SEVERAL: dict[str, Callable[[], str]] = {
    "a line each": lambda: json.dumps(ONE) + "\n" + json.dumps(TWO) + "\n",
    "with commas": lambda: json.dumps(ONE) + ",\n" + json.dumps(TWO) + ",\n",
    "in brackets": lambda: "[\n" + json.dumps(ONE) + ",\n" + json.dumps(TWO) + "\n]\n",
    "on one line": lambda: json.dumps(ONE) + json.dumps(TWO),
    "pretty": lambda: json.dumps(ONE, indent=2) + "\n" + json.dumps(TWO, indent=2) + "\n",
    "a pretty list": lambda: json.dumps([ONE, TWO], indent=2) + "\n",
    "with marks": lambda: "\ufeff" + json.dumps(ONE) + "\n\ufeff" + json.dumps(TWO) + "\n",
    "lists behind one another": lambda: json.dumps([ONE]) + "\n" + json.dumps([TWO]) + "\n",
    "old line ends": lambda: json.dumps(ONE) + "\r" + json.dumps(TWO) + "\r",
}


@pytest.mark.parametrize("name", ["", "jsonl"])
@pytest.mark.parametrize("several", SEVERAL)
def test_several_texts_behind_one_another(tmp_path: Path, several: str, name: str) -> None:
    found, export = whole(tmp_path / "export", SEVERAL[several](), name)
    assert (told(found), len(found), export.broken) == (BOTH, 2, "")


@pytest.mark.parametrize("name", ["", "jsonl"])
def test_damage_in_pretty_json_costs_its_object_and_a_cut_is_known(tmp_path: Path, name: str) -> None:
    first, second = json.dumps(ONE, indent=2), json.dumps(TWO, indent=2)
    found, export = whole(tmp_path / "export", f"{first}\n{second[:-2]}\n{second}\n", name)
    assert (told(found), len(found), export.broken) == (BOTH, 3, "")
    found, export = whole(tmp_path / "export", f"{first}\n{second[:-9]}", name)
    assert (told(found), len(found)) == (BOTH[:1], 2)
    assert export.broken


def mysql(cells: list[str | None], *, quoted: bool, delimiter: str) -> str:
    """A row as `SELECT … INTO OUTFILE` writes it."""

    def written(cell: str | None) -> str:
        if cell is None:
            return "\\N"
        for char in ("\\", '"' if quoted else delimiter, "\n"):
            cell = cell.replace(char, "\\" + char)
        return f'"{cell}"' if quoted else cell

    return delimiter.join(map(written, cells)) + "\n"


@given(
    st.lists(st.text(alphabet='ab ,;"\\\n\té', min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=8),
    st.booleans(),
    st.sampled_from(",;\t"),
)
@example(texts=['a\n"\n\\'], quoted=True, delimiter=";")  # more lines that go on than lines that begin
@example(texts=['",";;\na'], quoted=True, delimiter=";")  # which could be read without backslashes, too
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_what_a_database_wrote_with_backslashes_is_read_as_it_was(
    tmp_path: Path, texts: list[str], quoted: bool, delimiter: str
) -> None:
    """One row shows how the file is written: a quotation mark within a text, and a cell in which nothing is."""
    texts = ['It says "bees", \\ and', *(text.strip('" \n\t') or "a" for text in texts)]
    rows = [[str(number), text, "approved" if number % 2 else "spam", None] for number, text in enumerate(texts)]
    content = delimiter.join(["id", "text", "state", "author"]) + "\n"
    content += "".join(mysql(row, quoted=quoted, delimiter=delimiter) for row in rows)  # type: ignore[arg-type]
    found, export = whole(tmp_path / "export", content)
    assert [(one.platform_id, one.content, one.name) for one in found if isinstance(one, Record)] == [
        (str(number), text, "") for number, text in enumerate(texts)
    ]
    assert export.broken == ""


@given(st.lists(st.text(alphabet='ab ,"\\\n', min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_what_a_spreadsheet_wrote_with_backslashes_in_it_is_read_as_it_was(tmp_path: Path, texts: list[str]) -> None:
    rows = [(text, f'{number},"{text.replace(chr(34), 2 * chr(34))}",spam\n') for number, text in enumerate(texts)]
    found, export = whole(tmp_path / "export", "id,text,state\n" + "".join(row for _, row in rows))
    assert [one.content for one in found if isinstance(one, Record)] == texts
    assert export.broken == ""


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('id\ttext\tapproved\tauthor\n1\tHe "said\\nso"\t1\tNULL\n2\t"Not closed\t1\tAnn\n', ['He "said\nso"', '"Not closed']),
        ("id\ttext\tstate\temail\n1\tOne\\nTwo \\\\ three\tapproved\t\\N\n2\tFour\tspam\tA\n", ["One\nTwo \\ three", "Four"]),
        ('"id";"text";"approved"\n"1";"5\\" screen; so";"1"\n"2";"ok";"1"\n', ['5" screen; so', "ok"]),
        ('id,text,state\n1,"C:\\",approved\n2,"say ""x\\""",spam\n', ["C:\\", 'say "x\\"']),
        ('id,text,state\n1,"A 5" screen",approved\n2,ok,spam\n', ['A 5" screen', "ok"]),
        ("sep=^\nid^text^state\n1^A, b; c^spam\n", ["A, b; c"]),
        ("id|text|state\n1|A, b|spam\n", ["A, b"]),
        ('"id" , "text" , "state"\n"1" , "A, b" , "spam"\n', ["A, b"]),
        ('id, text, state\n1, "A, b", spam\n', ["A, b"]),
        ("id,text,state\n1,One,spam\n\ufeffid,text,state\n2,Two,spam\n", ["One", "Two"]),
        ("id,text,state\n1,One,spam\n\ufeffstate,text,id\nspam,Two,2\n", ["One", "Two"]),
        ("text,state\ntext,approved\nComment,spam\n", ["text", "Comment"]),
    ],
    ids=["mysql --batch", "COPY", "phpMyAdmin", "paths", "nobody doubled", "sep",
         "bars", "more spaces", "spaces", "twice", "another header", "words"],
)  # fmt: skip
def test_csv_of_many_programs(read: Read, content: str, texts: list[str]) -> None:
    found, left = read(content)
    assert ([one.content for one in found], left) == (texts, [])
    assert all(one.name != "NULL" for one in found)


def test_a_row_whose_quotation_marks_are_wrong_is_left_out_and_not_mangled(read: Read) -> None:
    found, left = read('id,text,state\n1,"he said "hi", ok",spam\n2,ok,spam\n')
    assert ([one.content for one in found], [one.place for one in left]) == (["ok"], ["line 2"])
    assert "quotation mark" in left[0].why


ENDS = ("\n", "\r\n", "\r", "\r\r\n")
TABLE = "id,text,state\n1,This text is about bees,approved\n2,这篇文章写得很好谢谢分享这篇文章写得很好谢谢,spam\n3,Привет,held\n"
FILES = {
    "table": TABLE,
    "lines": "".join(
        json.dumps(dict(zip(("id", "text", "state"), row.split(","), strict=True)), ensure_ascii=False) + "\n"
        for row in TABLE.splitlines()[1:]
    ),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ENDS, ids=["lf", "crlf", "cr", "crcrlf"])
@pytest.mark.parametrize("kind", FILES)
def test_line_ends_and_marks_change_nothing(tmp_path: Path, kind: str, end: str, encoding: str) -> None:
    content = FILES[kind].replace("\n", end).encode(encoding)
    found, export = whole(tmp_path / "export", content)
    assert [one.fate for one in found if isinstance(one, Record)] == [Fate.APPROVED, Fate.SPAM, Fate.HELD]
    assert "".join(one.content for one in found if isinstance(one, Record)) == "".join(
        row.split(",")[1] for row in TABLE.splitlines()[1:]
    )
    assert export.broken == ""
    if encoding.startswith("utf-8"):  # files that were put together, each with its mark
        found, _ = whole(tmp_path / "export", content + content)
        assert len([one for one in found if isinstance(one, Record)]) == 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n \n", "is empty"),
        (b"1,Hello there,approved\n2,Buy,spam\n", "first line that names its columns"),
        (b'{"code": "rest_forbidden", "message": "No.", "data": {"status": 401}}', "no export"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"-- MySQL dump\nINSERT INTO `wp_comments` VALUES (1,'Hi');\n", "dump of a database"),
        (b'{"error": "x", "message": "No."}', "no export"),
    ],
)
def test_what_can_not_be_read_is_refused_with_what_is_the_matter(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableExport, match=words):
        whole(tmp_path / "export", content)
