"""Writes `data.tar.gz` and `expected.json` into a folder, by the version whose command is given; see the package."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import struct
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.readers import nuisance, ordinary
from tests.support.waiting import until
from tests.system.stack import Receiver
from tests.system.stored import DATA, EXPECTED, LONG_AFTER, PASSWORD, Embedded, Http, speaking
from tests.system.stored.reading import OPERATOR, read, statistics

PROBE = "The boiler was sealed by Marlow and Sons of Colne last spring, ask for Terry. More of this, please."
POLICIES = {
    "forum": {"mode": "hold-everything"},
    "news": {"mode": "approve-first"},
    "bulky": {"mode": "hold-everything"},
    "late": {"mode": "hold-everything"},
}
_UNTIL = b"\xa5until\xcf"  # in MessagePack that holds bytes, so that only a script can read it
_numbers = itertools.count(1)


def comment(content: str, *, number: str = "", author: str = "Ann", **more: Any) -> dict[str, Any]:
    """A submission of somebody made up."""
    return {
        "id": number or f"p{next(_numbers)}",
        "page": {"url": "https://blog.example/bread", "title": "A post about bread"},
        "author": {
            "name": author,
            "email": f"{author.lower()}@example.com",
            "ip": "192.0.2.7",
            "user_agent": "Firefox",
        },
        "content": content,
        **more,
    }


class Making:
    """One running service, and what has been kept in it."""

    def __init__(self, stack: Embedded, http: Http, receiver: Receiver) -> None:
        self.stack, self.http, self.receiver = stack, http, receiver
        self.keys: dict[str, dict[str, str]] = {}

    async def site(self, name: str, callback: str = "") -> None:
        words = ["sites", "add", name, "--url", f"https://{name}.example", "--json"]
        self.keys[name] = json.loads(await self.stack.run(*words, *(["--callback", callback] if callback else [])))
        if name in POLICIES:
            await self.stack.run("sites", "policy", "set", name, "-", text=json.dumps(POLICIES[name]))

    async def ask(self, site: str, method: str, path: str, **more: Any) -> Any:
        return await self.http.platform(self.keys[site]["api_key"], method, path, **more)

    async def submit(self, site: str, *contents: str, wait: bool = True, **more: Any) -> list[dict[str, Any]]:
        """Comments, as they stand when they are judged."""
        found = []
        for content in contents:
            one = await self.ask(site, "POST", "/comments", json=comment(content, **more))

            async def judged(identity: str = one["id"]) -> Any:
                seen = await self.ask(site, "GET", f"/comments/{identity}")
                return seen if seen["state"] != "pending" else None

            found.append(await until(judged, seconds=120) if wait else one)
        return found

    async def decide(self, session: Mapping[str, str], one: dict[str, Any], outcome: str, *reasons: str) -> Any:
        body = {"outcome": outcome, "revision": one["revision"], "reasons": list(reasons)}
        return await self.http.moderator(session, "POST", f"/comments/{one['id']}/decision", json=body)


async def make(command: str, folder: Path, target: Path) -> None:
    """All of it: fill a data directory, move what would pass with time, read it, pack it."""
    stack = Embedded(folder, command, deliver_schedule="0,0.3")
    receiver, second = Receiver(), Receiver()
    await receiver.start()
    await second.start()
    try:
        await stack.role("api", "worker", "deliver")
        async with speaking(stack) as http:
            this = Making(stack, http, receiver)
            await this.site("forum", second.url)
            second.secret = this.keys["forum"]["webhook_secret"]
            expected = await _fill(this)
            await _stop(stack, "worker", "deliver")
            expected |= await _leave_work(this)
            _lasting(stack)
            expected["read"] = await read(stack, http, this.keys)
            expected["statistics"] = {site: await statistics(http, site) for site in ("blog", "forum")}
            expected["made_at"] = int(time.time() * 1000)
            expected["keys"] = this.keys
            await _compact(stack)
    except BaseException:
        print(stack.log.read_text()[-5_000:], file=sys.stderr)
        raise
    finally:
        stack.down()
        await receiver.stop()
        await second.stop()
    (target / EXPECTED).write_text(
        json.dumps(expected, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    _pack(stack.data, target / DATA)


async def _fill(this: Making) -> dict[str, Any]:
    """Sites, people, policies, and comments in every state but `pending`."""
    stack, http, receiver = this.stack, this.http, this.receiver
    for name, role in ((OPERATOR, "operator"), ("lena", "lead"), ("max", "moderator")):
        await stack.run("moderators", "add", name, "--role", role, text=PASSWORD + "\n")
    for name in ("blog", "gone", "deaf"):
        await this.site(name, receiver.url)
    for name in ("news", "bulky", "late", "learned"):
        await this.site(name)
    receiver.secret = this.keys["blog"]["webhook_secret"]
    sessions = {name: await http.sign_in(name) for name in (OPERATOR, "lena", "max")}
    before = dict(this.keys["blog"])

    await _policies(this, sessions[OPERATOR])
    await _blog(this)
    this.keys["blog"] = json.loads(await stack.run("sites", "rotate", "blog", "--json"))
    undo = await _forum(this, sessions)
    await this.submit("news", "The second chart left me with a question.", "Buy cheap pills http://pills.example now!")
    await _unheard(this)
    trained = await _model(this)
    bulk = await _bulk(this, sessions["lena"])
    return {"sessions": sessions, "before": before, "undo": undo, "learned": trained, "bulk": bulk}


async def _policies(this: Making, ada: Mapping[str, str]) -> None:
    """Three editions of a policy by three kinds of people, an earlier one restored; marks; saved views."""
    first = (await this.ask("blog", "GET", "/policy"))["policy"]
    await this.ask("blog", "PUT", "/policy", json={"policy": first | {"audit_share": 1.0}, "note": "Look at all."})
    policy = first | {"audit_share": 1.0, "thresholds": {"spam": {"hold": 0.4, "reject": 0.8}}}
    await this.http.moderator(ada, "PUT", "/sites/blog/policy", json={"policy": policy, "note": "Stricter."})
    await this.stack.run("sites", "policy", "restore", "blog", "1")
    query = {"list": "flagged", "site": "forum", "q": "bridge"}
    await this.http.moderator(ada, "PUT", "/views", json={"items": [{"name": "Bridges", "query": query}]})


async def _blog(this: Making) -> None:
    """Decided by the machine and told: approved, held, rejected, edited, reported, erased, appealed, suggested."""
    fine = await this.submit("blog", "Soaking the beans overnight solved it, thank you.", "My sister says the same.")
    spam = await this.submit(
        "blog",
        "Buy cheap viagra pills online, best casino bonus http://pills.example/buy click here now!!!",
        author="Spammer",
    )
    rude = await this.submit("blog", "You are a stupid idiot.", "What a moron wrote this?", author="Rude")
    await this.submit("blog", "A first text.", number="edited")
    await this.submit("blog", "A second text, since the first had mistakes.", number="edited")
    for reader in ("r1", "r2", "r3"):
        await this.ask("blog", "POST", f"/comments/{fine[1]['id']}/report", json={"reporter": reader})
    gone = await this.submit("blog", "This one is taken back by its author.", number="erased")
    await this.ask("blog", "DELETE", f"/comments/{gone[0]['id']}")
    body = {"decision": "reject", "reasons": ["insult"], "moderator": "Eve", "note": "Not like this."}
    await this.ask("blog", "POST", f"/comments/{rude[0]['id']}/decision", json=body)
    link = (await this.ask("blog", "GET", f"/comments/{rude[0]['id']}/statement"))["appeal"]["url"]
    path = link.removeprefix("http://stored.example")
    await this.http.ask("POST", path, data={"text": "I meant my own brother."})
    suggestion = {
        "comment": {"text": "A text that somebody finds rude."},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.9}}},
        "communityId": "blog",
    }
    key = this.keys["blog"]["api_key"]
    await this.http.ask("POST", "/v1alpha1/comments:suggestscore", params={"key": key}, json=suggestion)
    await _akismet(this)
    await until(lambda: len(this.receiver.ids) >= len([*fine, *spam, *rude]) + 1, seconds=120)


async def _akismet(this: Making) -> None:
    """A check by an Akismet client, and its word that it was wrong."""
    fields = {
        "api_key": this.keys["blog"]["akismet_key"], "blog": "https://blog.example", "user_ip": "192.0.2.9",
        "user_agent": "Mozilla/5.0", "comment_type": "comment", "comment_author": "Bea",
        "comment_author_email": "bea@example.com", "comment_content": "Did you try it in winter?",
        "permalink": "https://blog.example/winter",
    }  # fmt: skip
    for name in ("comment-check", "submit-spam"):
        await this.http.ask("POST", f"/1.1/{name}", data=fields)


async def _forum(this: Making, sessions: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What moderators do: decide, escalate, snooze, note, mark, and a decision that can be undone."""
    http, ada, max_ = this.http, sessions[OPERATOR], sessions["max"]
    texts = [
        f"The part about that old bridge was new to me, {word}."
        for word in ("one", "two", "three", "four", "five", "six")
    ]
    held = [(await this.submit("forum", text, author=f"Reader{at}"))[0] for at, text in enumerate(texts)]
    await this.decide(max_, held[0], "approve")
    await this.decide(max_, held[1], "reject", "spam")
    body = {"revision": held[2]["revision"], "note": "Is this the builder again?"}
    await http.moderator(max_, "POST", f"/comments/{held[2]['id']}/escalate", json=body)
    until_ = (datetime.now(UTC) + timedelta(days=80)).isoformat()
    body = {"revision": held[3]["revision"], "until": until_}
    await http.moderator(max_, "POST", f"/comments/{held[3]['id']}/snooze", json=body)
    await http.moderator(max_, "POST", f"/comments/{held[4]['id']}/notes", json={"text": "Ask Lena first."})
    digest = held[4]["author"]["digest"]
    mark = {"site": "forum", "digest": digest, "what": "trusted", "note": "A regular."}
    await http.moderator(ada, "PUT", "/authors", json=mark)
    return {"approved": held[0]["id"], "rejected": held[1]["id"], "noted": held[4]["id"], "untouched": held[5]["id"]}


async def _unheard(this: Making) -> None:
    """A receiver that is gone (410), and one that fails until its call-backs are given up."""
    from aiohttp import web  # noqa: PLC0415

    this.receiver.behave = lambda: web.Response(status=500)
    await this.submit("deaf", "Nobody will hear of this.", "Nor of that.")
    await until(lambda: _zcard(this.stack, "ac:{p0}:s:deaf:undelivered") == 2, seconds=120)
    this.receiver.behave = lambda: web.Response(status=410)
    await this.submit("gone", "The receiver has moved away.")
    await until(lambda: _hlen(this.stack, "ac:{p0}:s:gone:endpoint") > 0, seconds=120)
    this.receiver.behave = None


async def _model(this: Making) -> dict[str, Any]:
    """A history of decisions, a version trained on it and in use, a second one as its shadow; what it says of a text."""
    rng, begin = random.Random(3), time.time() - 400 * 3_600
    rows = []
    for number in range(260):
        unwanted = number % 3 == 0
        rows.append(
            {
                "id": f"old-{number}", "content": nuisance(rng) if unwanted else ordinary(rng),
                "state": "spam" if unwanted else "approved", "author_name": "Reader",
                "created_at": int(begin + number * 3_600), "page_url": "https://learned.example/p",
            }
        )  # fmt: skip
    file = this.stack.folder / "history.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    await this.stack.run("import", str(file), "--site", "learned", "--json")
    first = json.loads(await this.stack.run("train", "--site", "learned", "--json"))["version"]
    await this.stack.run("models", "promote", first, "--site", "learned", "--force")
    second = json.loads(await this.stack.run("train", "--site", "learned", "--json"))["version"]
    await this.stack.run("models", "shadow", second, "--site", "learned")
    await asyncio.sleep(4)  # every process switches within about two seconds
    (judged,) = await this.submit("learned", PROBE)
    return {"version": first, "shadow": second, "text": PROBE, "scores": judged["verdict"]["scores"]}


async def _bulk(this: Making, lena: Mapping[str, str]) -> dict[str, Any]:
    """A bulk decision that is done, one that is planned, and one whose process died."""
    for number in range(12):
        await this.submit("bulky", f"Number {number} of a dozen that say {'much the same' * (number % 3 + 1)}.")
    page = await this.http.moderator(lena, "GET", "/comments", params={"site": "bulky", "list": "flagged"})
    ids = [row["id"] for row in page["items"]]
    done = await _begin(this, lena, ids[:4])

    async def finished() -> bool:
        return bool((await this.http.moderator(lena, "GET", f"/bulk/{done}"))["state"] == "done")

    await until(finished, seconds=120)
    action = {"outcome": "reject", "reasons": ["spam"]}
    plan = await this.http.moderator(lena, "POST", "/bulk", json={"ids": ids[4:8], "action": action})
    return {"done": done, "plan": plan["token"]}


async def _begin(this: Making, lena: Mapping[str, str], ids: Sequence[str]) -> str:
    body = {"ids": ids, "action": {"outcome": "approve"}}
    plan = await this.http.moderator(lena, "POST", "/bulk", json=body)
    started = await this.http.moderator(lena, "POST", "/bulk", json={"token": plan["token"], "confirm": plan["count"]})
    return str(started["id"])


async def _leave_work(this: Making) -> dict[str, Any]:
    """With nobody at work: a dead letter, comments that wait to be judged, call-backs that wait to be told."""
    stack = this.stack
    (poison,) = await this.submit("late", "No worker will get over this.", wait=False)
    with stack.redis() as client:
        client.xreadgroup("classify", "ghost", {"ac:{p0}:work": ">"}, count=10)
    await asyncio.sleep(0.6)
    stack.environment |= {"ANTECHAMBER_MAX_ATTEMPTS": "1", "ANTECHAMBER_CLAIM_IDLE": "0.5"}
    await stack.role("worker")
    await until(lambda: _xlen(stack, "ac:{p0}:dead") == 1, seconds=120)
    await _stop(stack, "worker")
    del stack.environment["ANTECHAMBER_MAX_ATTEMPTS"], stack.environment["ANTECHAMBER_CLAIM_IDLE"]
    await stack.role("worker")
    (due,) = await this.submit("blog", "Its call-back waits to be told.", number="due")
    await _stop(stack, "worker")
    pending = await this.submit("blog", "Nobody has judged this yet.", "Nor this.", wait=False)
    return {"poison": poison["id"], "due": due["id"], "pending": [one["id"] for one in pending]}


async def _stop(stack: Embedded, *roles: str) -> None:
    for role in roles:
        await asyncio.to_thread(stack.stop, role)


def _lasting(stack: Embedded) -> None:
    """Move to the year 2100 what would pass: every key's lifetime, the end of a snooze, the ends of chances to undo."""
    with stack.redis() as client:
        for key in client.scan_iter(count=1_000):
            if client.pttl(key) > 0:
                client.pexpireat(key, LONG_AFTER)
        for key in client.scan_iter("ac:{p0}:s:*:snoozed"):
            for member in client.zrange(key, 0, -1):
                client.zadd(key, {member: LONG_AFTER})
        for key in client.scan_iter("ac:{p0}:was:*"):
            head, _, tail = client.get(key).partition(_UNTIL)
            assert tail, "the end of the chance to undo is a 64-bit number"
            client.set(key, head + _UNTIL + struct.pack(">Q", LONG_AFTER) + tail[8:], pxat=LONG_AFTER)
            identity = key.rpartition(b":")[2]
            site = client.hget(b"ac:{p0}:c:" + identity, "site")
            client.zadd(b"ac:{p0}:s:" + site + b":due", {identity: LONG_AFTER}, xx=True)
        for key in client.scan_iter("ac:{p0}:bulk:*", _type="hash"):
            if client.hexists(key, "undo_until"):
                client.hset(key, "undo_until", LONG_AFTER)


async def _compact(stack: Embedded) -> None:
    """One file, of plain commands: any server can read it."""
    with stack.redis() as client:
        client.config_set("aof-use-rdb-preamble", "no")
        client.bgrewriteaof()
        await until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], seconds=120)


def _pack(data: Path, file: Path) -> None:
    with tarfile.open(file, "w:gz", compresslevel=9) as archive:
        for name in ("redis/appendonlydir", "secrets"):
            for path in sorted((data / name).rglob("*")):
                archive.add(path, path.relative_to(data), recursive=False, filter=_of_nobody)


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _zcard(stack: Embedded, key: str) -> int:
    with stack.redis() as client:
        return int(client.zcard(key))


def _hlen(stack: Embedded, key: str) -> int:
    with stack.redis() as client:
        return int(client.hlen(key))


def _xlen(stack: Embedded, key: str) -> int:
    with stack.redis() as client:
        return int(client.xlen(key))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="stored-") as directory:
        asyncio.run(make(sys.argv[1], Path(directory), Path(sys.argv[2])))
