"""Each format as its system writes it: what is read of it, and what is said of it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.imports import recognise, records
from service.imports.dates import moment
from service.imports.readers import Export, UnreadableExport
from service.imports.record import Fate, Record
from tests.imports import samples
from tests.imports.conftest import Read


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (samples.wxr(), "wordpress"), (samples.wxr(link="http://disqus.com"), "wordpress"),
        (samples.DISQUS, "disqus"), ("`" + samples.DISQUS, "disqus"), (samples.ISSO, "isso"),
        (samples.REMARK42, "remark42"), (samples.COMMENTO, "commento"), (samples.COMENTARIO, "comentario"),
        (samples.ARTALK, "artalk"), (samples.CSV, "csv"),
        (samples.JSONL, "jsonl"), ('\n [ {"text": "x"} ]', "json"), ("\ufefftext;spam\na;0\n", "csv"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_formats_are_recognised(tmp_path: Path, content: str, name: str, pack: type[bytes]) -> None:
    path = tmp_path / "export"
    path.write_bytes(pack(content.encode()))
    assert recognise(Export(path)).name == name


@pytest.mark.parametrize(
    "content", [b"", b"hello\nworld\n", b"<html></html>", b"PK\x03\x04zip", b"\x1f\x8b\x08cut", b"a,b\n1,2\n"]
)
def test_what_is_no_export_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "export"
    path.write_bytes(content)
    with pytest.raises(UnreadableExport, match=r"zip|archive|recognised|column|empty|an export"):
        list(records(export := Export(path), recognise(export)))


def test_wordpress(read: Read) -> None:
    (first, reply), left = read(
        samples.wxr(
            samples.wp_comment(5, "I keep <b>bees</b> too."),
            samples.wp_comment(6, "Not yet.", "0", parent="5", type="", date_gmt="0000-00-00 00:00:00"),
        )
    )
    assert left == []
    assert first._replace(place="", said_at="") == Record(
        place="", platform_id="5", content="I keep <b>bees</b> too.", fate=Fate.APPROVED,
        page_url="https://blog.example/bees/", page_title="Of bees & wasps", name="Ann & Bob", email="ann@example.com",
        url="https://ann.example/?a=1&b=2", ip="192.0.2.7", created_at=at("2019-03-01 13:00"),
    )  # fmt: skip
    assert (reply.platform_id, reply.parent_id, reply.fate, reply.kind) == ("6", "5", Fate.HELD, "comment")
    assert reply.created_at == at("2019-03-01 14:00")


@pytest.mark.parametrize(
    ("approved", "meta", "fate"),
    [
        ("1", {}, Fate.APPROVED),
        ("1", {"akismet_result": "true"}, Fate.APPROVED),
        ("0", {"akismet_result": "true"}, Fate.HELD),
        ("trash", {}, Fate.REMOVED),
        ("trash", {"akismet_result": "false"}, Fate.REMOVED),
        ("trash", {"akismet_result": "true"}, Fate.SPAM),
        ("trash", {"akismet_result": "true", "akismet_user_result": "false"}, Fate.REMOVED),
        ("trash", {"akismet_result": "false", "akismet_history": samples.REPORTED}, Fate.SPAM),
        ("trash", {"akismet_history": 'O:8:"stdClass":0:{}'}, Fate.REMOVED),
        ("trash", {"antispam_bee_reason": "css"}, Fate.SPAM),
        ("post-trashed", {}, Fate.ORPHANED),
    ],
)
def test_what_became_of_a_wordpress_comment(read: Read, approved: str, meta: dict[str, str], fate: Fate) -> None:
    (record,), _ = read(samples.wxr(samples.wp_comment(5, "Hm.", approved, meta)))
    assert record.fate is fate


def test_wordpress_keeps_notes_among_its_comments(read: Read) -> None:
    found, left = read(
        samples.wxr(
            samples.wp_comment(1, "Order shipped", type="order_note"),
            samples.wp_comment(2, "They link here", type="pingback"),
            samples.wp_comment(3, " "),
            samples.wp_comment(4, "x", "maybe"),
        )
    )
    assert [record.kind for record in found] == ["pingback"]
    assert [one.why for one in left] == [
        "a note of a plugin, not a comment", "a comment without text", "a comment in a state that WordPress does not have",
    ]  # fmt: skip


def test_disqus(read: Read) -> None:
    (first, spam, nameless), left = read(samples.DISQUS)
    assert first._replace(place="", said_at="") == Record(
        place="", platform_id="disqus:501", content="<p>I keep bees too.</p>", fate=Fate.APPROVED,
        page_url="https://blog.example/bees/", page_title="Of bees", name="Ann", email="ann@example.com",
        ip="192.0.2.7", created_at=at("2011-08-31 15:16:29"),
    )  # fmt: skip
    assert (spam.fate, spam.parent_id, spam.email) == (Fate.SPAM, "disqus:501", "")
    assert (nameless.platform_id, nameless.fate) == ("disqus:9", Fate.REMOVED)
    assert [one.why for one in left] == ["a deleted comment, of which no text is left"]


def test_isso_generic(read: Read) -> None:
    found, left = read(samples.ISSO)
    assert left == []
    assert [(one.platform_id, one.page_url, one.name) for one in found] == [
        ("isso:bees:1", "/bees/", "Ann"), ("isso:bees:2", "/bees/", ""), ("isso:wasps:1", "/wasps/", ""),
    ]  # fmt: skip
    assert found[0].created_at == at("2015-02-03 04:05:06")
    assert (found[0].email, found[0].ip, found[0].url) == ("ann@example.com", "192.0.2.0", "https://ann.example")


def test_isso_database(tmp_path: Path) -> None:
    export = Export(samples.isso_database(tmp_path / "comments.db"))
    first, held, deleted = records(export, recognise(export))
    assert isinstance(first, Record)
    assert isinstance(held, Record)
    assert (first.platform_id, first.fate, first.created_at) == ("isso:1", Fate.APPROVED, 1_420_070_400_250)
    assert (held.parent_id, held.fate) == ("isso:1", Fate.HELD)
    assert not isinstance(deleted, Record)


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.executescript("CREATE TABLE threads (id); CREATE VIEW comments AS SELECT 1 AS id, 'x' AS text;")
    export = Export(tmp_path / "db")
    with pytest.raises(UnreadableExport, match="none of Isso's"):
        list(records(export, recognise(export)))


def test_remark42(read: Read) -> None:
    (first, reply), left = read(samples.REMARK42)
    assert (first.platform_id, first.content, first.name) == ("f1b2", "I keep **bees** too.", "Ann")
    assert first.created_at == at("2020-01-02 09:04:05.123")
    assert (reply.content, reply.parent_id, reply.page_url) == ("So do I.", "f1b2", "https://blog.example/bees/")
    assert first.ip == ""  # what stands there is Remark42's digest
    assert [(one.place, one.why) for one in left] == [("line 4", "a deleted comment, of which no text is left")]


def test_commento(read: Read) -> None:
    (first, held, spam, deleted), left = read(samples.COMMENTO)
    assert (first.name, first.email, first.url, first.fate) == (
        "Ann",
        "ann@example.com",
        "https://ann.example",
        Fate.APPROVED,
    )
    assert (first.page_url, first.parent_id) == ("https://blog.example/bees/", "")
    assert (held.fate, held.name, held.parent_id) == (Fate.HELD, "", f"commento:{1:064x}")
    assert (spam.fate, deleted.fate) == (Fate.SPAM, Fate.REMOVED)
    assert [one.place for one in left] == ["comment 4"]


def test_the_first_version_of_comentario_is_commentos_with_other_names(read: Read) -> None:
    said = samples.commento_comment(
        1, "I keep bees too.", commenterHex="c1", host="blog.example", path="/bees/", url="x"
    )
    del said["domain"]
    commenter = {"commenterHex": "c1", "email": "ann@example.com", "name": "Ann", "websiteUrl": "https://ann.example"}
    ((first,), _) = read(
        json.dumps({"version": 1, "comments": [said | {"parentHex": "0" * 64}], "commenters": [commenter]})
    )
    assert (first.page_url, first.url, first.parent_id) == ("https://blog.example/bees/", "https://ann.example", "")


@pytest.mark.parametrize("other", ['{"version": 3, "comments": [], "commenters": []}', '{"version": 4, "pages": []}'])
def test_another_version_is_refused(read: Read, other: str) -> None:
    with pytest.raises(UnreadableExport, match="another version"):
        read(other)


def test_comentario(read: Read) -> None:
    (first, held, rejected, shown, deleted), left = read(samples.COMENTARIO)
    assert first._replace(place="", said_at="") == Record(
        place="", platform_id="comentario:00000001-0000-4000-8000-000000000000", content="I keep bees too.",
        fate=Fate.APPROVED, page_url="/bees/", page_title="Of bees", name="Ann", email="ann@example.com",
        url="https://ann.example", created_at=at("2024-03-17 12:09:47.722"),
    )  # fmt: skip
    assert (held.fate, held.parent_id) == (Fate.HELD, first.platform_id)
    assert (rejected.fate, rejected.name, rejected.email) == (Fate.REMOVED, "Pill man", "")
    assert (shown.fate, deleted.fate) == (Fate.SHOWN, Fate.REMOVED)
    assert [(one.place, one.why) for one in left] == [("comment 4", "a deleted comment, of which no text is left")]


def test_artalk(read: Read) -> None:
    (first, held), left = read(samples.ARTALK)
    assert left == []
    assert (first.page_url, first.page_title, first.user_agent) == (
        "https://blog.example/bees/",
        "Of bees",
        "Mozilla/5.0",
    )
    assert first.created_at == at("2021-10-28 12:50:15")
    assert (held.fate, held.parent_id, held.page_url) == (Fate.HELD, "artalk:12", "https://blog.example/x")


def test_csv(read: Read) -> None:
    (ham, spam), left = read(samples.CSV)
    assert left == []
    assert (ham.content, ham.fate, ham.page_url) == (
        'I keep bees, "too".\nReally.',
        Fate.APPROVED,
        "https://blog.example/bees/",
    )
    assert (spam.platform_id, spam.fate, spam.name, spam.place) == ("y2", Fate.SPAM, "Pills", "line 4")


def test_json_lines(read: Read) -> None:
    (first, rude, spam), left = read(samples.JSONL)
    assert left == []
    assert (first.name, first.email, first.page_title, first.fate) == (
        "Ann",
        "ann@example.com",
        "Of bees",
        Fate.APPROVED,
    )
    assert first.created_at == 1_425_340_800_000
    assert (rude.labels, rude.fate) == ({"toxicity": 0.9, "insult": 1.0}, Fate.REMOVED)
    assert spam.fate is Fate.SPAM


def test_what_says_nothing_of_approval_teaches_nothing(read: Read) -> None:
    (record,), _ = read("text\nhello there\n")
    assert record.fate is Fate.SHOWN
    assert read("text\nhello there\n")[0][0].platform_id == record.platform_id


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2021-05-11T15:43:01.852651Z", 1_620_747_781_852), ("2021-05-11 15:43:01", 1_620_747_781_000),
        ("2021-05-11T15:43:01.852651999+02:00", 1_620_740_581_852), ("2021-05-11 15:43:01 UTC", 1_620_747_781_000),
        ("1620747781", 1_620_747_781_000), ("1620747781852", 1_620_747_781_852), ("1620747781.5", 1_620_747_781_500),
        ("0000-00-00 00:00:00", 0), ("yesterday", 0), ("", 0), ("2011-x09-30T22:48:43Z", 0), ("1890-01-01", 0),
    ],
)  # fmt: skip
def test_times(text: str, milliseconds: int) -> None:
    assert moment(text) == milliseconds
