"""Exports that are broken, huge or hostile: what is whole is read, what is not is told, and nothing runs away."""

from __future__ import annotations

import contextlib
import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.imports import FORMATS, recognise, records, wordpress
from service.imports.json_stream import Cursor, Damaged
from service.imports.readers import MAX_RECORD, Export, UnreadableExport
from service.imports.record import Fate, Left
from service.imports.xml_stream import MAX_FIELD, pieces
from tests.imports import samples
from tests.imports.conftest import Read

ENTITY_BOMB = """<?xml version="1.0"?>
<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>&c;</title></item></channel></rss>"""
EXTERNAL = """<?xml version="1.0"?>
<!DOCTYPE rss [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>&secret;</title></item></channel></rss>"""
DTD = '<!DOCTYPE rss SYSTEM "https://evil.example/x.dtd"><rss xmlns:wp="http://wordpress.org/export/1.2/"/>'


@pytest.mark.parametrize("content", [ENTITY_BOMB, EXTERNAL, DTD], ids=["bomb", "external", "dtd"])
def test_document_types_and_entities_are_refused(read: Read, content: str) -> None:
    with pytest.raises(UnreadableExport, match="document type or entities"):
        read(content)


def test_a_damaged_comment_costs_only_itself(read: Read) -> None:
    broken = samples.wp_comment(2, "Oops").replace("</wp:comment_content>", "</wp:comment_contents>")
    whole = samples.wxr(samples.wp_comment(1, "One"), broken, samples.wp_comment(3, "Three"))
    found, left = read(whole)
    assert [one.content for one in found] == ["One", "Three"]
    assert found[1].page_url == "https://blog.example/bees/"
    assert [one.why for one in left] == ["the XML is damaged: mismatched tag"]
    assert left[0].place == f"line {whole[: whole.index('contents')].count(chr(10)) + 1}"


def test_after_damage_the_next_page_is_the_next_page(read: Read) -> None:
    second = (
        f"<item><title>Wasps</title><link>https://blog.example/wasps/</link>{samples.wp_comment(3, 'Three')}</item>"
    )
    found, left = read(samples.wxr("<wp:comment><wp:comment_id>1<oops></wp:comment>", more=second))
    assert [(one.content, one.page_url) for one in found] == [("Three", "https://blog.example/wasps/")]
    assert len(left) == 1


def test_a_comments_text_can_not_play_a_record(read: Read) -> None:
    forged = "</wp:comment>" + samples.wp_comment(666, "forged").replace("<![CDATA[", "").replace("]]>", "")
    broken = samples.wp_comment(1, "x").replace("</wp:comment_id>", "</wp:comment_ids>")
    found, left = read(samples.wxr(broken, samples.wp_comment(2, forged)))
    assert [one.platform_id for one in found] == ["2"]
    assert "forged" in found[0].content
    assert len(left) == 1


@pytest.mark.parametrize("part", [0.1, 0.6, 0.9])
def test_a_file_that_is_cut_off_says_so(read: Read, part: float) -> None:
    whole = samples.wxr(samples.wp_comment(1, "One"), samples.wp_comment(2, "Two"))
    found, left = read(whole[: int(part * len(whole))], "wordpress")
    assert [one.content for one in found] == ["One", "Two"][: len(found)]
    assert [one.why.startswith("the XML is damaged") for one in left] == [True]


def test_what_wordpress_lets_through_is_mended(read: Read) -> None:
    (record,), left = read(
        samples.wxr(
            samples.wp_comment(1, "bell \x07 and & <b>&amp;</b>", author_url="http://x.example/?a&b=&#8;&nbsp;")
        )
    )
    assert left == []
    assert record.content == "bell  and & <b>&amp;</b>"
    assert record.url == "http://x.example/?a&b=\N{NO-BREAK SPACE}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_declared_encodings(read: Read, encoding: str) -> None:
    text = samples.wxr(samples.wp_comment(1, "Grüße")).replace("UTF-8", encoding)
    (record,), _ = read(text.encode(encoding), "wordpress")
    assert record.content == "Grüße"


def test_what_declares_an_old_encoding_and_is_none_is_read_as_it_is(read: Read) -> None:
    text = samples.wxr(samples.wp_comment(1, "Grüße, déjà vu")).replace("UTF-8", "iso-8859-1")
    assert [read(text.encode(encoding), "wordpress")[0][0].content for encoding in ("utf-8", "iso-8859-1")] == [
        "Grüße, déjà vu"
    ] * 2


def test_an_encoding_that_runs_code_is_none(read: Read) -> None:
    (record,), _ = read(samples.wxr(samples.wp_comment(1, "plain")).replace("UTF-8", "rot13"), "wordpress")
    assert record.content == "plain"


def test_bad_bytes_are_replaced(read: Read) -> None:
    whole = "Gr\u00fc\u00dfe, d\u00e9j\u00e0 vu"
    text = samples.wxr(samples.wp_comment(1, "caf?"), samples.wp_comment(2, whole))
    record, other = read(text.encode().replace(b"caf?", b"caf\xe9"))[0]
    assert other.content == whole
    assert record.content == "caf\N{REPLACEMENT CHARACTER}"


def test_deep_nesting_is_damage(read: Read) -> None:
    _, left = read(samples.wxr("<a>" * 50 + "</a>" * 50, samples.wp_comment(1, "after")))
    assert left[0].why == "the XML is damaged: elements are nested too deeply"


def test_huge_fields_are_cut_and_memory_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    comment = samples.wp_comment(1, "x" * 40_000_000)
    path.write_text(samples.wxr(comment, samples.wp_comment(2, "after")))
    export = Export(path)
    tracemalloc.start()
    first, second = records(export, FORMATS["wordpress"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not isinstance(first, Left)
    assert not isinstance(second, Left)
    assert (len(first.content), second.content) == (MAX_FIELD, "after")
    assert peak < 8_000_000


def test_a_tag_that_does_not_end_is_damage(read: Read) -> None:
    found, left = read(samples.wxr(f'<x y="{"z" * (2 * MAX_RECORD)}"/>', samples.wp_comment(1, "after")))
    assert [one.why for one in left] in ([], ["the XML is damaged: a tag that does not end"])
    assert [one.content for one in found] == ["after"]


def test_an_archive_that_swells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as file:
        file.write(b'{"text": "x"}\n')
        for _ in range(64):
            file.write(b" " * 1_000_000)
    with pytest.raises(UnreadableExport, match="times its own size"):
        list(records(export := Export(path), recognise(export)))


def test_an_archive_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    lines = b"".join(b'{"text": "comment %d"}\n' % number for number in range(50_000))
    path.write_bytes(gzip.compress(lines)[:-2_000])
    export = Export(path)
    found = [one for one in records(export, recognise(export)) if not isinstance(one, Left)]
    assert len(found) > 40_000
    assert export.broken == "the archive is damaged or cut off"


def test_a_damaged_element_of_an_array_costs_only_itself(read: Read) -> None:
    found, left = read('[{"text": "One"}, {"text": "Two" "oops"}, {"text": "Three"}, 7, {"text": ""}]')
    assert [one.content for one in found] == ["One", "Three"]
    assert [one.place for one in left] == ["record 2", "record 4", "record 5"]


def test_arrays_that_are_cut_off(read: Read) -> None:
    found, left = read('[{"text": "One"}, {"text": "Tw', "json")
    assert [one.content for one in found] == ["One"]
    assert len(left) == 1


def test_a_damaged_thread_of_isso_costs_only_itself(read: Read) -> None:
    found, left = read(
        '[{"id": "/a/", "title" "oops"}, {"id": "/b/", "title": "b", "comments": [{"id": 1, "text": "Two"}]}]', "isso"
    )
    assert [(one.content, one.page_url) for one in found] == [("Two", "/b/")]
    assert len(left) == 1


def test_a_record_larger_than_any_comment_is_left_out(read: Read) -> None:
    huge = json.dumps({"text": "x" * (2 * MAX_RECORD)})
    for content in (
        f'[{{"text": "One"}}, {huge}, {{"text": "Two"}}]',
        f'{{"text": "One"}}\n{huge}\n{{"text": "Two"}}\n',
    ):
        found, left = read(content)
        assert [one.content for one in found] == ["One", "Two"]
        assert len(left) == 1


def test_deeply_nested_json_is_damage(read: Read) -> None:
    found, left = read('{"text": "One"}\n{"text": ' + "[" * 100_000 + '\n{"text": "Two"}\n', "jsonl")
    assert [one.content for one in found] == ["One", "Two"]
    assert len(left) == 1


@pytest.mark.parametrize("depth", [5, 19, 25, 900, 5_000, 100_000])
def test_objects_within_objects_are_gone_into_so_far_and_no_further(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "export.json"
    path.write_text('{"a":' * depth + '{"comments":[{"id":"1","content":"x","url":"https://b.example"}]}' + "}" * depth)
    found: list[object] = []
    with contextlib.suppress(UnreadableExport):
        found += records(Export(path), FORMATS["json"])
    assert len([one for one in found if not isinstance(one, Left)]) == (depth < 20)


def test_damaged_rows_of_a_table(read: Read) -> None:
    found, left = read("id,text,state\n1,One,approved\n2,Two,approved,more,cells\n3,Three,nonsense\n4\n5,Five,spam\n")
    assert [(one.content, one.fate) for one in found] == [("One", Fate.APPROVED), ("Five", Fate.SPAM)]
    assert [one.place for one in left] == ["line 3", "line 4", "line 5"]


@given(st.text(alphabet='[]{},:"\\ \n1an', max_size=60))
def test_no_json_makes_the_cursor_fail_otherwise(text: str) -> None:
    export = [text[:7], text[7:20], text[20:]]
    with contextlib.suppress(Damaged):
        for _, _ in Cursor(export).elements():
            pass


@given(st.lists(st.one_of(st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=3))), st.integers(1, 9))
def test_json_is_read_as_it_is_however_it_is_cut(values: list[object], size: int) -> None:
    text = json.dumps(values)
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    assert [value for _, value in Cursor(cut).elements()] == values


@given(st.text(alphabet="<>&;![]CDATA#x1amp \n", max_size=80), st.integers(1, 9))
def test_mending_does_not_depend_on_how_the_text_is_cut(text: str, size: int) -> None:
    text = "<r>" + text
    whole = "".join(piece for piece, _ in pieces([text]))
    assert "".join(piece for piece, _ in pieces([text[at : at + size] for at in range(0, len(text), size)])) == whole


@pytest.mark.parametrize(
    ("serialised", "value"),
    [
        ('a:2:{s:5:"event";s:11:"report-spam";s:4:"user";N;}', {"event": "report-spam", "user": None}),
        ('a:1:{i:0;a:2:{i:0;d:1.5;i:1;b:1;}}', {0: {0: 1.5, 1: True}}),
        ('a:1:{s:4:"name";s:6:"Grüß";}', {"name": "Grüß"}),
        ("a:0:{}", {}),
    ],
)  # fmt: skip
def test_php_arrays(serialised: str, value: object) -> None:
    assert wordpress.array(serialised) == value


@pytest.mark.parametrize(
    "serialised",
    [
        'O:8:"stdClass":1:{s:1:"a";i:1;}', 'a:1:{i:0;O:8:"stdClass":0:{}}', 'a:1:{i:0;C:3:"Foo":0:{}}', "a:1:{i:0;R:1;}",
        'a:1:{s:9:"event";i:1;}', 'a:2:{i:0;i:1;}', "a:1:{i:0;i:1;}x", "i:1;", "", "a:99999:{}", 'a:1:{d:1.5;i:1;}',
        "a:1:{i:0;" * 20, "a:1:{i:0;i:1e5;}", 'a:1:{s:1:"a";d:x;}',
    ],
)  # fmt: skip
def test_what_php_arrays_may_not_hold(serialised: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        wordpress.array(serialised)


@given(st.text(alphabet='abdsiNORC:;{}"0123456789', max_size=60))
def test_php_fails_in_one_way(serialised: str) -> None:
    with contextlib.suppress(ValueError):
        wordpress.array(serialised)
