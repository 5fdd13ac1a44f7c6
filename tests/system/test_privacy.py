"""The promise: an e-mail or IP address goes in at any entrance, and comes out nowhere. Neither does a plain hash of it."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from standardwebhooks import Webhook

from service.store.packing import opened
from tests.support.waiting import until
from tests.system.stack import comment, running

# Addresses that are unmistakable: each names the entrance that it is fed through.
IP = "203.0.113.77"
IP6 = "2001:db8:feed:beef::77"


class Addresses:
    """Hands out addresses and remembers them."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def new(self, where: str, form: str = "{}@hidden-{}.example") -> str:
        number = len(self.given)
        address = form.format(f"leak{number}x{where}", number)
        self.given.append(address)
        return address

    def traces(self) -> list[bytes]:
        """What must be found nowhere: the addresses, their local parts, and plain digests of them."""
        found = []
        for address in self.given:
            bare = address.strip().lower().encode()
            found += [bare, bare.partition(b"@")[0]]
            for name in ("md5", "sha1", "sha256"):
                digest = hashlib.new(name, bare).digest()
                found += [digest, digest.hex().encode(), base64.b64encode(digest)]
        return [trace for trace in found if len(trace) > 6]


async def test_no_address_is_kept_logged_answered_or_told(tmp_path: Path) -> None:
    addresses = Addresses()
    said: list[bytes] = []
    async with running(tmp_path, log_level="debug") as (stack, receiver, site):
        bearer = {"Authorization": f"Bearer {site['api_key']}"}
        async with aiohttp.ClientSession(stack.base) as session:

            async def send(
                method: str, path: str, body: Any = None, expect: set[int] | None = None, **more: Any
            ) -> Any:
                data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
                headers = {"Content-Type": "application/json", **bearer, **more}
                async with session.request(method, path, data=data, headers=headers) as response:
                    answer = await response.read()
                    said.append(answer + str(response.headers).encode() + str(response.reason).encode())
                    assert response.status < 500, (path, response.status)
                    assert expect is None or response.status in expect, (path, response.status, answer)
                    return (
                        json.loads(answer)
                        if answer and response.content_type.endswith("json") and b"\n{" not in answer
                        else None
                    )

            new = addresses.new
            full = comment(1, f"Write to {new('content')} or to {new('case').upper()} now", email=new("email"), ip=IP)
            full["author"] |= {
                "name": new("name"),
                "url": f"https://x.example/?m={new('url')}",
                "user_agent": new("agent"),
            }
            full["page"] = {"url": f"https://blog.example/?u={new('page')}", "title": new("title")}
            full |= {
                "context": {"parent_text": new("parent")},
                "form": {"mail2": new("form"), "ip": IP},
                "parent_id": "7",
            }
            taken = await send("POST", "/v1/comments", full, {200}, Prefer="wait=10")
            await send("POST", "/v1/comments", full | {"id": "2"}, {202}, **{"Idempotency-Key": new("key")})
            await send("POST", "/v1/comments", comment(3, f"From {IP6}", email=new("six"), ip=IP6), {202})
            await send("POST", "/v1/comments", comment(4, "%40 " + new("percent", "{}%40hidden-{}.example")), {202})
            await send("POST", "/v1/comments", comment(4, "Edited: " + new("edit"), email=new("again")), {200, 202})

            # malformed, each in its own way: refused, and still not repeated anywhere
            for number, form in enumerate(
                ("{}@@hidden..{}", "{} at hidden-{}", "{}@hidden_{}.example", "{}@", "<{}@h{}.example>")
            ):
                await send("POST", "/v1/comments", comment(f"m{number}", email=new("bad", form)), {422})
            await send("POST", "/v1/comments", comment(new("id")), {422})
            await send("POST", "/v1/comments", comment(5) | {"parent_id": new("pid")}, {202})
            await send("POST", "/v1/comments", comment(5) | {new("field"): 1})
            await send("POST", "/v1/comments", comment(5, role=new("role")), {422})
            await send("POST", "/v1/comments", comment(5, ip=new("ip")), {422})
            await send("POST", "/v1/comments", f'{{"id": "{new("json")}'.encode(), {400})
            await send(
                "POST", "/v1/comments", json.dumps({"id": new("types"), "author": [new("list")]}).encode(), {400, 422}
            )
            lines = [
                json.dumps(comment(6, email=new("batch"))),
                f'{{"id": "{new("line")}"',
                json.dumps(comment(new("bid"))),
            ]
            await send(
                "POST",
                "/v1/comments/batch",
                "\n".join(lines).encode(),
                {200},
                **{"Content-Type": "application/x-ndjson"},
            )
            await send("GET", f"/v1/comments/{new('path')}", None, {404})
            await send("GET", f"/v1/comments?author={new('query')}&state=approved")
            await send("GET", f"/{new('nowhere')}?{new('qs')}", None, {404})
            await send("GET", "/v1/comments", None, {401}, Authorization=f"Bearer {new('bearer')}")
            await send("GET", "/v1/site", None, None, **{"X-Request-Id": new("request"), "User-Agent": new("ua")})
            decision = {
                "decision": "reject",
                "reasons": ["spam"],
                "note": f"by {new('note')}",
                "moderator": new("moderator"),
            }
            await send("POST", f"/v1/comments/{taken['id']}/decision", decision, {200})
            await send("POST", f"/v1/comments/{taken['id']}/decision", decision | {"reasons": [new("reason")]}, {422})
            await send(
                "POST", f"/v1/comments/{taken['id']}/report", {"reporter": new("reporter"), "reason": new("why")}
            )
            form = {"api_key": site["akismet_key"], "blog": "https://blog.example", "user_ip": IP}
            for number, method in enumerate(("comment-check", "submit-spam", "submit-ham", "verify-key")):
                fields = form | {
                    "comment_content": f"Ask {new('akismet')} about it", "comment_author": new("by"),
                    "key": site["akismet_key"],
                    "comment_author_email": new("odd", "{} at hidden{}") if number else new("mail"),
                    "comment_author_url": f"https://x.example/{new('link')}", "POST_email": new("post"), "reporter": new("who"),
                    "user_agent": new("browser"), "permalink": f"https://blog.example/?{new('perma')}",
                    "HTTP_X_FORWARDED_FOR": IP,
                }  # fmt: skip
                async with session.post(f"/1.1/{method}", data=fields) as response:
                    said.append(await response.read() + str(response.headers).encode())
                    assert response.status == 200, (method, response.status)
            text, analyze = {"text": f"You fool, {new('asked')}"}, f"/v1alpha1/comments:analyze?key={site['api_key']}"
            asked = {"comment": text, "requestedAttributes": {"TOXICITY": {}}, "clientToken": "t"}
            await send("POST", analyze, asked, {200})
            await send("POST", analyze, asked | {new("unknown"): 1}, {400})
            await send("POST", analyze, asked | {"requestedAttributes": {new("attribute"): {}}}, {400})
            await send("POST", analyze, asked | {"languages": [new("language")]}, {400})
            await send("POST", f"/v1alpha1/comments:analyze?key={new('pkey')}", asked, {400})
            taught = {"comment": text, "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}}}
            taught |= {"communityId": new("community")}
            await send("POST", analyze.replace("analyze", "suggestscore"), taught, {200})
            waline = {"type": "new_comment", "data": {"comment": {"mail": new("waline")}}}
            await send("POST", "/hooks/blog/waline", waline)
            await hook(session, site, comment(8, email=new("hook")), said)
            for path in ("", "/history", "/explanation?label=spam"):
                await send("GET", f"/v1/comments/{taken['id']}{path}", None, {200})
            await send("GET", "/v1/comments?limit=100", None, {200})
            await send("GET", "/metrics")

        stack.command("erase", "blog", "--email-stdin", text=addresses.given[2])
        await until(lambda: len(receiver.bodies) >= 6)
        with stack.redis() as client:
            said += [key + (client.dump(key) or b"") for key in client.keys("*")]
    places = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    places = {name: b"\n".join((content, *opened(content))) for name, content in places.items()}
    assert any("appendonly" in path and b"Write to " in content for path, content in places.items()), "texts are there"
    places |= {"answers": b"\n".join(said), "call-backs": "\n".join(receiver.bodies).encode()}
    for place, content in places.items():
        lower = content.lower()
        for trace in [*addresses.traces(), IP.encode(), IP6.encode()]:
            assert trace.lower() not in lower, f"{trace!r} is in {place}"
    assert len(addresses.given) > 70


async def hook(session: aiohttp.ClientSession, site: dict[str, str], body: dict[str, Any], said: list[bytes]) -> None:
    """Submit by signed webhook."""
    text, now = json.dumps(body), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(site["webhook_secret"]).sign("msg_1", now, text),
        "Content-Type": "application/json",
    }
    async with session.post("/hooks/blog", data=text, headers=headers) as response:
        said.append(await response.read())
        assert response.status in (200, 202), response.status
