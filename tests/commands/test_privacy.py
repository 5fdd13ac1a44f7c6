"""A person's rights at the command line: what is kept of an address, erasing it everywhere, and proof that no address is here."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
import redis

from service.commands import console
from service.container import Services
from service.core.comment import Actor
from service.core.identity import digest_email
from service.core.lifecycle import ActorKind, Outcome
from service.core.submission import comment_id
from service.store.server import EmbeddedServer
from service.workers.classify import Worker
from tests.commands.conftest import Run
from tests.support.legible import legible
from tests.support.moderation import WordScorer, submission

ZOE, BOB = "zoe@hidden.example", "bob@other.example"
SECRET = "xylophones at midnight"
MO = Actor(ActorKind.MODERATOR, "mo")


async def furnish(services: Services) -> None:
    """Zoe on two sites, one of them removed since; Bob, who quotes her; and a note on why she is blocked."""
    for name in ("blog", "gone"):
        site = (await services.sites.add(name, f"https://{name}.example")).site
        await services.moderation.submit(site, submission(services, "1", f"I like {SECRET}", email=ZOE, name="Zoe"))
        reply = submission(services, "2", "So do I", email=BOB, parent_id="1", parent_text=f"I like {SECRET}")
        await services.moderation.submit(site, reply)
        await services.moderation.submit(
            site, submission(services, "2", "So do I!", email=BOB, parent_id="1", parent_text=SECRET)
        )
        await Worker(services, WordScorer()).drain()
        await services.moderation.decide(
            site, comment_id(name, "1"), Outcome.REJECT, actor=MO, reasons=["spam"], note="Zoe again"
        )
        digest = digest_email(ZOE, services.secrets.identity).digest
        await services.review.marking.mark(site, digest, "blocked", until=0, note=f"says {SECRET}", by="moderator:mo")
    await services.sites.remove("gone")


def everything(data: Path) -> bytes:
    """All keys and values."""
    found: list[object] = []
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        reading = {
            b"string": client.get, b"hash": client.hgetall, b"set": client.smembers, b"stream": client.xrange,
            b"list": lambda key: client.lrange(key, 0, -1), b"zset": lambda key: client.zrange(key, 0, -1),
        }  # fmt: skip
        for key in client.scan_iter("*"):
            found += [key, reading[client.type(key)](key)]  # type: ignore[operator]
    return legible(found)


def test_an_export_has_everything_on_every_site(run: Run, tmp_path: Path) -> None:
    console.run(furnish)
    found = run("privacy", "export", "--email-stdin", text=f"{ZOE}\n").json
    assert sorted(found["sites"]) == ["blog", "gone"]
    (comment,) = found["sites"]["blog"]["comments"]
    assert SECRET in comment["as_submitted"]["content"]
    assert comment["history"][-1]["decision"]["note"] == "Zoe again"
    assert [one["note"] for one in found["sites"]["blog"]["marks"].values()] == [f"says {SECRET}"]
    assert [one["text"] for one in found["sites"]["blog"]["examples"]] == [f"I like {SECRET}"]
    assert ZOE not in json.dumps(found)
    path = tmp_path / "export.json"
    assert run("privacy", "export", "--email-stdin", "--output", str(path), text=f"{ZOE}\n").code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_bytes()) == found
    theirs = tmp_path / "theirs.json"
    theirs.touch(0o666)
    assert run("privacy", "export", "--email-stdin", "--output", str(theirs), text=f"{ZOE}\n").code == 2
    assert theirs.read_bytes() == b"", "a file that somebody else has made, and may read, gets nothing"
    assert run("privacy", "export", text=ZOE).code == 2
    assert (
        run("privacy", "export", "--email-stdin", text="nobody@").err
        == "antechamber: The e-mail address is not a valid one.\n"
    )


def test_an_erasure_reaches_what_others_quote_note_and_log(run: Run, data: Path) -> None:
    console.run(furnish)
    before = everything(data)
    digest = console.run(_digest).encode()
    for trace in (SECRET.encode(), b"Zoe", digest):
        assert trace in before
    ended = run("privacy", "erase", "--email-stdin", "--json", text=f"{ZOE}\n")
    assert ended.json["comments"] == {"blog": 1, "gone": 1}
    after = everything(data)
    assert SECRET.encode() not in after
    assert b"Zoe" not in after
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        about = {key for key in client.scan_iter("*") if digest in repr((key, client.dump(key))).encode()}
    assert all(key.endswith(b":people") for key in about), "the block stays, without its note"
    # Bob's reply comes again, with what it quotes
    console.run(_reply_again)
    assert SECRET.encode() not in everything(data)


async def _digest(services: Services) -> str:
    return digest_email(ZOE, services.secrets.identity).digest


async def _reply_again(services: Services) -> None:
    site = (await services.sites.get("blog")).site
    await services.moderation.submit(
        site, submission(services, "2", "So do I?", email=BOB, parent_id="1", parent_text=SECRET)
    )


def test_an_import_brings_nothing_back_of_who_was_erased(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the list of what is left out goes
    console.run(furnish)
    run("privacy", "erase", "--email-stdin", text=ZOE)
    export = tmp_path / "history.csv"
    export.write_text(
        "id,content,name,email,url,date,status\n"
        f"1,I like {SECRET},Zoe,{ZOE},https://blog.example/p,2020-01-01,approved\n"
        f"77,More {SECRET},Zoe,{ZOE},https://blog.example/p,2020-01-01,approved\n"
        f"78,Hello,Bob,{BOB},https://blog.example/p,2020-01-01,approved\n"
    )
    report = run("import", str(export), "--site", "blog", "--json")
    assert report.code == 0, report.err
    assert "its author was erased here" in report.out
    listed = run("comments", "list", "blog", "--state", "approved", "--json").out
    assert "Hello" in listed
    assert SECRET not in listed


def test_a_scan_finds_what_should_not_be_there_and_says_where(run: Run, data: Path, tmp_path: Path) -> None:
    console.run(furnish)
    assert run("privacy", "scan", "--email-stdin", text=f"{ZOE}\n{BOB}\n").out == "Nothing found.\n"
    planted = {
        "plain.log": f"mail from {ZOE}".encode(),
        "hex.log": hashlib.md5(ZOE.encode()).hexdigest().encode(),
        "raw.bin": b"\0\1" + hashlib.sha256(ZOE.upper().encode()).digest(),
        "base64.txt": base64.b64encode(hashlib.sha1(ZOE.encode()).digest()),
        "short.txt": hashlib.blake2b(ZOE.encode(), digest_size=16).hexdigest().upper().encode(),
        "stranger.log": b"somebody.else+x@mail.example.org wrote",
        "fine.log": "•••@••••• wrote, as e1.k1.0123456789abcdef did, @zoe".encode(),
    }
    for name, content in planted.items():
        (tmp_path / name).write_bytes(content)
    ended = run("privacy", "scan", str(tmp_path), "--email-stdin", "--json", text=f"{ZOE}\n")
    assert ended.code == 1
    assert {Path(one["place"]).name for one in ended.json} == set(planted) - {"fine.log"}
    assert "hidden" not in ended.out
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        client.hset("ac:{p0}:s:blog:swept", "x", ZOE)
        client.set(f"ac:{{p0}}:s:blog:n:{hashlib.sha256(ZOE.encode()).hexdigest()}", "1")
    ended = run("privacy", "scan", "--email-stdin", "--json", text=ZOE)
    assert {one["what"] for one in ended.json if one["place"].startswith("Redis")} == {
        "a given address", "a digest of a given address without a key",
    }  # fmt: skip


@pytest.mark.parametrize("adopt", [False, True])
def test_a_name_that_is_used_again_shows_nothing_of_the_one_before(run: Run, adopt: bool) -> None:
    console.run(furnish)
    again = ("sites", "add", "gone", "--url", "https://new.example", "--json")
    refused = run(*again)
    assert refused.code == 1
    assert "left comments here" in refused.err
    if adopt:
        assert run(*again, "--adopt").code == 0
        assert SECRET in run("comments", "list", "gone", "--json").out
        return
    assert run("erase", "gone", "--all", "--yes").code == 0
    assert run(*again).code == 0
    assert run("comments", "list", "gone", "--state", "erased", "--json").json == []
    shown = run("sites", "show", "gone", "--json").json
    assert not any(shown["comments"].values())
