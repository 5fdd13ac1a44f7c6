"""Exports of comment services and blog hosts beyond the first ones, as each writes them; and archives."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from service.imports import recognise, records
from service.imports.dates import moment
from service.imports.readers import Export, UnreadableExport
from service.imports.record import Fate, Left, Record
from tests.imports import samples
from tests.imports.conftest import Read

STATIC = {
    "nick": "Ann",
    "mail": "ann@example.com",
    "link": "https://ann.example",
    "ip": "192.0.2.7",
    "ua": "Mozilla/5.0",
    "url": "/bees/",
    "comment": "I keep bees too.",
    "pid": "",
    "rid": "",
}
WALINE = json.dumps(
    {
        "type": "waline",
        "version": 1,
        "time": 1_640_000_000_000,
        "tables": ["Comment", "Counter", "Users"],
        "data": {
            "Comment": [
                STATIC
                | {"objectId": 1, "status": "approved", "insertedAt": "2021-12-20T11:33:20.000Z", "user_id": None},
                STATIC | {"objectId": 2, "status": "waiting", "comment": "Not yet.", "pid": 1, "rid": 1},
                STATIC | {"objectId": 3, "status": "spam", "comment": "Cheap pills"},
                STATIC | {"objectId": 4, "status": "odd", "comment": "Hm."},
            ],
            "Counter": [{"url": "/bees/", "time": 7}],
            "Users": [{"display_name": "Owner", "email": "owner@example.com", "password": "x"}],
        },
    }
)
VALINE = STATIC | {
    "objectId": "5bb4",
    "insertedAt": {"__type": "Date", "iso": "2018-10-03T10:09:40.272Z"},
    "createdAt": "2018-10-04T00:00:00Z",
    "ACL": {"*": {"read": True}},
}
LEANCLOUD = (
    "\n".join(
        [
            '#filetype:JSON-streaming {"type":"Class","class":"Comment"}',
            *(json.dumps(one) for one in (VALINE, VALINE | {"objectId": "5bb5", "isSpam": True})),
        ]
    )
    + "\n"
)
TWIKOO = [
    STATIC
    | {
        "_id": "t1",
        "uid": "u",
        "mailMd5": "ab",
        "href": "https://blog.example/bees/",
        "isSpam": False,
        "created": 1_620_747_781_852,
        "master": False,
    },
    STATIC
    | {
        "_id": {"$oid": "t2"},
        "uid": "u",
        "mailMd5": "ab",
        "href": "https://blog.example/bees/",
        "isSpam": True,
        "created": {"$numberLong": "1620747781852"},
        "pid": "t1",
    },
]
CUSDIS = {
    "data": {
        "commentCount": 2,
        "pageCount": 1,
        "data": [
            {
                "id": "k1",
                "by_nickname": "Ann",
                "by_email": "ann@example.com",
                "content": "I keep bees too.",
                "approved": True,
                "createdAt": "2022-01-02T03:04:05.000Z",
                "page": {"id": "p", "slug": "/bees/", "url": "https://blog.example/bees/", "title": "Of bees"},
                "replies": {
                    "data": [
                        {
                            "id": "k2",
                            "by_nickname": "Owner",
                            "content": "So do I.",
                            "approved": True,
                            "createdAt": "2022-01-03T03:04:05.000Z",
                        }
                    ]
                },
            },
            {
                "id": "k3",
                "by_nickname": "Pills",
                "content": "Cheap pills",
                "approved": False,
                "createdAt": "2022-01-04T03:04:05.000Z",
            },
            {
                "id": "k4",
                "by_nickname": "Bob",
                "content": "Forget it.",
                "approved": True,
                "deletedAt": "2022-01-05T03:04:05.000Z",
            },
        ],
    }
}
REST = [
    {
        "id": 12,
        "post": 3,
        "parent": 0,
        "author": 0,
        "author_name": "Ann &amp; Bob",
        "author_email": "ann@example.com",
        "author_url": "https://ann.example",
        "author_ip": "192.0.2.7",
        "author_user_agent": "Mozilla/5.0",
        "date": "2019-03-01T14:00:00",
        "date_gmt": "2019-03-01T13:00:00",
        "content": {"rendered": "<p>I keep bees too.</p>\n", "raw": "I keep bees too."},
        "link": "https://blog.example/bees/comment-page-2/#comment-12",
        "status": "approved",
        "type": "comment",
        "meta": [],
        "_links": {"self": [{"href": "https://blog.example/wp-json/wp/v2/comments/12"}]},
    },
    {
        "id": 13,
        "post": 3,
        "parent": 12,
        "author": 0,
        "author_name": "Pills",
        "author_url": "",
        "date": "2019-03-02T14:00:00",
        "date_gmt": "2019-03-02T13:00:00",
        "content": {"rendered": "<p>Cheap pills</p>\n"},
        "link": "https://blog.example/bees/#comment-13",
        "status": "spam",
        "type": "comment",
    },
]
BLOGGER = """<?xml version='1.0' encoding='utf-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
  <id>tag:blogger.com,1999:blog-1</id><title>A blog</title>
  <entry>
    <id>tag:blogger.com,1999:blog-1.post-301</id><blogger:parent>tag:blogger.com,1999:blog-1.post-101</blogger:parent>
    <blogger:inReplyTo/><blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>
    <author><name>Ann</name><uri>https://ann.example</uri><blogger:type>ANONYMOUS</blogger:type></author>
    <content type='html'>I keep &lt;b&gt;bees&lt;/b&gt; too.</content>
    <published>2019-03-01T13:00:00Z</published><blogger:trashed/>
  </entry>
  <entry>
    <id>tag:blogger.com,1999:blog-1.post-101</id><blogger:type>POST</blogger:type><blogger:status>LIVE</blogger:status>
    <author><name>Owner</name></author><title>Of bees</title><content type='html'>Buzz.</content>
    <published>2019-02-01T13:00:00Z</published><blogger:filename>/2019/02/bees.html</blogger:filename>
  </entry>
  <entry>
    <id>tag:blogger.com,1999:blog-1.post-302</id><blogger:parent>tag:blogger.com,1999:blog-1.post-101</blogger:parent>
    <blogger:inReplyTo>tag:blogger.com,1999:blog-1.post-301</blogger:inReplyTo><blogger:type>COMMENT</blogger:type>
    <blogger:status>SPAM</blogger:status><author><name>Pills</name></author><content type='html'>Cheap pills</content>
    <published>2019-03-02T13:00:00Z</published>
  </entry>
  <entry>
    <id>tag:blogger.com,1999:blog-1.post-303</id><blogger:type>COMMENT</blogger:type><blogger:status>STRANGE</blogger:status>
    <content type='html'>Hm.</content>
  </entry>
</feed>
"""
BLOGGER_BEFORE = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0' xmlns:gd='http://schemas.google.com/g/2005'>
  <generator version='7.00' uri='https://www.blogger.com'>Blogger</generator>
  <entry>
    <id>tag:blogger.com,1999:blog-1.post-100</id>
    <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/>
    <title type='text'>Of bees</title><link rel='alternate' type='text/html' href='https://blog.example/2010/bees.html'/>
  </entry>
  <entry>
    <id>tag:blogger.com,1999:blog-1.post-200</id><published>2010-05-01T10:00:00.000-07:00</published>
    <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#comment'/>
    <content type='html'>I keep bees too.</content>
    <link rel='related' href='https://www.blogger.com/feeds/1/100/comments/default/199?v=2'/>
    <author><name>Ann</name><email>noreply@blogger.com</email></author>
    <thr:in-reply-to href='https://blog.example/2010/bees.html' ref='tag:blogger.com,1999:blog-1.post-100' type='text/html'/>
  </entry>
</feed>
"""
MOVABLE = """TITLE: Of bees
AUTHOR: Owner
DATE: 01/31/2002 03:31:05 PM
BASENAME: bees
-----
BODY:
Buzz.
AUTHOR: nobody
-----
COMMENT:
AUTHOR: Ann
EMAIL: ann@example.com
IP: 192.0.2.7
URL: https://ann.example
DATE: 02/01/2002 04:31:05 PM
I keep bees too.
DATE: this is text.
-----
PING:
TITLE: Bees elsewhere
URL: https://other.example/1
IP: 192.0.2.8
BLOG NAME: Other
DATE: 02/02/2002 16:31:05
They keep bees.
-----
--------
TITLE: Of wasps
-----
COMMENT:
AUTHOR: Bob
DATE: 02/03/2002 16:31:05

Ouch.
-----
--------
"""


def test_waline(read: Read) -> None:
    (first, held, spam), (left,) = read(WALINE)
    assert (first.platform_id, first.fate, first.page_url, first.url, first.email) == (
        "waline:1",
        Fate.APPROVED,
        "/bees/",
        "https://ann.example",
        "ann@example.com",
    )
    assert first.created_at == moment("2021-12-20T11:33:20Z")
    assert (held.fate, held.parent_id, spam.fate) == (Fate.HELD, "waline:1", Fate.SPAM)
    assert (left.place, left.word) == ("comment 4", "odd")
    assert len(read(json.dumps({"errno": 0, "errmsg": "", "data": json.loads(WALINE)}))[0]) == 3


def test_leancloud(read: Read) -> None:
    (first, spam), left = read(LEANCLOUD)
    assert left == []
    assert (first.platform_id, first.fate, first.created_at) == (
        "leancloud:5bb4",
        Fate.SHOWN,
        moment("2018-10-03T10:09:40.272Z"),
    )
    assert spam.fate is Fate.SPAM
    for other in (json.dumps([VALINE]), json.dumps({"results": [VALINE]}, indent=2), json.dumps(VALINE) + "\n"):
        assert [one.platform_id for one in read(other)[0]] == ["leancloud:5bb4"]
    with pytest.raises(UnreadableExport, match="class Comment"):
        read(LEANCLOUD.replace('"Comment"', '"Counter"'))


@pytest.mark.parametrize(
    "write", [json.dumps, lambda all_: "\n".join(map(json.dumps, all_)) + "\n"], ids=["array", "lines"]
)
def test_twikoo(read: Read, write: object) -> None:
    (first, spam), left = read(write(TWIKOO))  # type: ignore[operator]
    assert left == []
    assert (first.platform_id, first.fate, first.page_url, first.url) == (
        "twikoo:t1",
        Fate.APPROVED,
        "https://blog.example/bees/",
        "https://ann.example",
    )
    assert (spam.platform_id, spam.fate, spam.parent_id, spam.created_at) == (
        "twikoo:t2",
        Fate.SPAM,
        "twikoo:t1",
        1_620_747_781_852,
    )


def test_cusdis(read: Read) -> None:
    (first, reply, held, gone), left = read(json.dumps(CUSDIS))
    assert left == []
    assert (first.platform_id, first.name, first.email, first.page_title) == (
        "cusdis:k1",
        "Ann",
        "ann@example.com",
        "Of bees",
    )
    assert (reply.parent_id, held.fate, gone.fate) == ("cusdis:k1", Fate.HELD, Fate.REMOVED)
    tables = {
        "pages": [{"id": "p", "url": "https://blog.example/bees/", "title": "Of bees"}],
        "comments": [{"id": "k1", "pageId": "p", "by_nickname": "Ann", "content": "Hi", "approved": 1}],
    }
    ((one,), _) = read(json.dumps(tables))
    assert (one.page_url, one.fate) == ("https://blog.example/bees/", Fate.APPROVED)


def test_wordpress_rest(read: Read) -> None:
    (first, spam), left = read(json.dumps(REST))
    assert left == []
    assert first._replace(place="", said_at="") == Record(
        place="",
        platform_id="12",
        content="I keep bees too.",
        fate=Fate.APPROVED,
        page_url="https://blog.example/bees/",
        name="Ann & Bob",
        email="ann@example.com",
        url="https://ann.example",
        ip="192.0.2.7",
        user_agent="Mozilla/5.0",
        created_at=moment("2019-03-01 13:00:00"),
    )
    assert (spam.fate, spam.parent_id, spam.content) == (Fate.SPAM, "12", "<p>Cheap pills</p>\n")
    pages = json.dumps(REST[:1]) + "\n" + json.dumps(REST[1:]) + "\n"
    assert [one.platform_id for one in read(pages)[0]] == ["12", "13"]


def test_blogger(read: Read) -> None:
    (first, spam), (left,) = read(BLOGGER)
    assert (first.platform_id, first.fate, first.page_url, first.page_title) == (
        "blogger:301",
        Fate.APPROVED,
        "/2019/02/bees.html",
        "Of bees",
    )
    assert (first.content, first.name, first.url) == ("I keep <b>bees</b> too.", "Ann", "https://ann.example")
    assert (spam.fate, spam.parent_id, left.word) == (Fate.SPAM, "blogger:301", "STRANGE")
    text = BLOGGER.replace("<blogger:trashed/>", "<blogger:trashed>false</blogger:trashed>")
    assert [one.fate for one in read(text)[0]] == [Fate.APPROVED, Fate.SPAM]
    ((before,), _) = read(BLOGGER_BEFORE)
    assert (before.platform_id, before.fate, before.page_url, before.parent_id) == (
        "blogger:200",
        Fate.SHOWN,
        "https://blog.example/2010/bees.html",
        "blogger:199",
    )
    assert (before.email, before.created_at) == ("", moment("2010-05-01T17:00:00Z"))


def test_movable_type(read: Read) -> None:
    (first, ping, other), left = read(MOVABLE)
    assert left == []
    assert (first.content, first.name, first.email, first.ip) == (
        "I keep bees too.\nDATE: this is text.",
        "Ann",
        "ann@example.com",
        "192.0.2.7",
    )
    assert (first.created_at, first.page_title, first.fate) == (moment("2002-02-01 16:31:05"), "Of bees", Fate.SHOWN)
    assert (ping.kind, ping.name, ping.url) == ("trackback", "Other", "https://other.example/1")
    assert (other.content, other.page_title) == ("Ouch.", "Of wasps")


def test_movable_type_by_its_hosts(read: Read) -> None:
    """FC2 has fields of its own, others write days first, and say what became of a comment."""
    text = MOVABLE.replace("AUTHOR: Ann", "SECRET: 0\nPASS: 5f4dcc3b\nAUTHOR: Ann\nSTATUS: spam")
    (first, *_), left = read(text.replace("01/31/2002", "31/01/2002"))
    assert left == []
    assert (first.content[:11], first.name, first.fate) == ("I keep bees", "Ann", Fate.SPAM)
    assert first.created_at == moment("2002-01-02 16:31:05")


@pytest.mark.parametrize(
    ("flags", "fate"),
    [
        ("<isSpam>1</isSpam>", Fate.SPAM),
        ("<isSpam>True</isSpam>", Fate.SPAM),
        ("<isSpam>0</isSpam><isDeleted>1</isDeleted>", Fate.REMOVED),
        ("<isSpam>false</isSpam><isApproved>false</isApproved>", Fate.HELD),
        ("<isSpam>false</isSpam><isDeleted>false</isDeleted>", Fate.APPROVED),
        ("", Fate.APPROVED),
    ],
)
def test_disqus_says_yes_and_no_as_its_schema_allows(read: Read, flags: str, fate: Fate) -> None:
    post = f"<post dsq:id='1'><message>Hi</message><createdAt>2020-01-02T03:04:05Z</createdAt>{flags}</post>"
    (one,), left = read(f"<disqus xmlns:dsq='http://disqus.com/disqus-internals'>{post}</disqus>")
    assert (one.fate, left) == (fate, [])


def test_a_line_each_of_wordpress_is_wordpress_too(read: Read) -> None:
    found, _ = read("\n".join(map(json.dumps, REST)))
    assert [(one.platform_id, one.name, one.created_at) for one in found] == [
        ("12", "Ann & Bob", moment("2019-03-01 13:00:00")),
        ("13", "Pills", moment("2019-03-02 13:00:00")),
    ]
    ((one,), _) = read(json.dumps([REST[0] | {"date_gmt": "0000-00-00T00:00:00"}]))
    assert one.created_at == moment("2019-03-01 14:00:00")


def test_an_error_that_was_saved_is_no_comment(read: Read) -> None:
    with pytest.raises(UnreadableExport, match="no export"):
        read('{"code": "rest_forbidden", "message": "Sorry, you may not.", "data": {"status": 401}}')


def test_a_list_inside_of_an_object_is_found(read: Read) -> None:
    found, left = read(
        json.dumps(
            {"meta": {"total": 2}, "comments": [{"body": "One", "isSpam": True}, {"body": "Two", "isSpam": False}]},
            indent=1,
        )
    )
    assert ([one.fate for one in found], left) == ([Fate.SPAM, Fate.APPROVED], [])


def test_a_wordpress_comment_of_which_nothing_is_said_is_shown(read: Read) -> None:
    text = samples.wxr(samples.wp_comment(5, "Hm.")).replace("<wp:comment_approved>1</wp:comment_approved>", "")
    ((one,), left) = read(text)
    assert (one.fate, left) == (Fate.SHOWN, [])


@pytest.mark.parametrize(("text", "before"), [(samples.COMMENTO, 3), (samples.COMENTARIO, 4), (samples.REMARK42, 2)])
def test_what_came_before_a_cut_is_read(tmp_path: Path, text: str, before: int) -> None:
    path = tmp_path / "export"
    path.write_text(text.rstrip()[: -40 if text is samples.REMARK42 else -5])
    export = Export(path)
    found = [one for one in records(export, recognise(export)) if isinstance(one, Record)]
    assert export.broken
    assert len(found) >= before


@pytest.mark.parametrize(
    "text",
    [
        samples.wxr(*(samples.wp_comment(number, f"Comment {number}") for number in range(50))),
        samples.DISQUS,
        BLOGGER,
        MOVABLE,
        WALINE,
        LEANCLOUD,
    ],
)
@pytest.mark.parametrize("share", [0.55, 0.8, 0.97])
def test_what_is_cut_off_says_so(tmp_path: Path, text: str, share: float) -> None:
    path = tmp_path / "export"
    path.write_text(text)
    whole = Export(path)
    count = len([one for one in records(whole, recognise(whole)) if isinstance(one, Record)])
    assert whole.broken == ""
    path.write_text(text[: int(len(text) * share)])
    export = Export(path)
    found = [one for one in records(export, recognise(export)) if isinstance(one, Record)]
    assert export.broken
    assert len(found) <= count


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def opened(tmp_path: Path, content: bytes) -> tuple[str, list[Record], list[Left], Export]:
    path = tmp_path / "export.zip"
    path.write_bytes(content)
    export = Export(path)
    kind = recognise(export)
    found = list(records(export, kind))
    return (
        kind.name,
        [one for one in found if isinstance(one, Record)],
        [one for one in found if isinstance(one, Left)],
        export,
    )


def test_zip_archives_are_read_as_they_are(tmp_path: Path) -> None:
    parts = {
        f"blog.{number:03}.xml": samples.wxr(
            samples.wp_comment(number, f"Comment {number}"), samples.wp_comment(9, "")
        ).encode()
        for number in (1, 2)
    }
    kind, found, left, export = opened(
        tmp_path, packed(parts | {"__MACOSX/._blog.xml": b"x", "readme.txt": b"Hello, you"})
    )
    assert (kind, export.broken) == ("wordpress", "")
    assert [one.platform_id for one in found] == ["1", "2"]
    assert left[1].place.startswith("blog.002.xml, line ")
    kind, found, _, _ = opened(
        tmp_path,
        packed(
            {
                "Takeout/Blogger/Blogs/A blog/feed.atom": BLOGGER.encode(),
                "Takeout/Blogger/Blogs/A blog/theme.html": b"<html></html>",
            }
        ),
    )
    assert (kind, len(found)) == ("blogger", 2)
    database = samples.isso_database(tmp_path / "comments.db").read_bytes()
    assert opened(tmp_path, packed({"comments.db": database}))[0] == "isso-db"
    assert len(opened(tmp_path, packed({"comments.db": database}))[1]) == 2
    (tmp_path / "comments.db.gz").write_bytes(gzip.compress(database))
    export = Export(tmp_path / "comments.db.gz")
    assert len([one for one in records(export, recognise(export)) if isinstance(one, Record)]) == 2


def test_a_file_of_an_archive_that_is_not_recognised_is_listed(tmp_path: Path) -> None:
    table = b"text,state\nOne,spam\n"
    inner = packed({"c.csv": table})
    archive = packed({"a.csv": table, "b.csv": b"what,when\nTwo,1\n", "c.zip": inner, "notes.txt": b"Hello"})
    _, found, left, _ = opened(tmp_path, archive)
    assert [one.fate for one in found] == [Fate.SPAM]
    assert [one.place for one in left] == ["b.csv", "c.zip"]
    assert {one.why for one in left} == {"a file of the archive whose format is not recognised"}
    for twice in (gzip.compress(inner), gzip.compress(gzip.compress(table)), bz2.compress(table)):
        with pytest.raises(UnreadableExport, match="unpack it"):
            opened(tmp_path, twice)


def test_archives_that_can_not_be_read_are_refused_in_words(tmp_path: Path) -> None:
    whole = packed({"a.xml": samples.wxr().encode(), "b.csv": samples.CSV.encode()})
    for content, words in (
        (whole, "several formats"),
        (whole[:-30], "damaged or cut off"),
        (packed({"a.txt": b"Hello"}), "no file whose format"),
    ):
        with pytest.raises(UnreadableExport, match=words):
            opened(tmp_path, content)
    with pytest.raises(UnreadableExport, match="times its own size"):
        opened(tmp_path, packed({"a.csv": b"text\n" + b"x" * 30_000_000}))
