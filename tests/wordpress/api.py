"""The service's native API with a site's key, for looking at what the service knows and deciding as its moderators do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.request
from typing import Any


class Api:
    """One site's API."""

    def __init__(self, base: str, key: str) -> None:
        self.base, self.key = base, key

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request: status and JSON."""
        request = urllib.request.Request(f"{self.base}{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        return _json(request)

    def comment(self, comment: dict[str, Any]) -> dict[str, Any] | None:
        """What the service knows of a comment of the blog, if it knows it."""
        _, page = self.ask("GET", "/v1/comments?limit=100")
        found = [one for one in page["items"] if re.split("[#-]", one["platform_id"])[-1] == str(comment["id"])]
        return found[0] if found else None

    def history(self, comment: dict[str, Any]) -> list[dict[str, Any]]:
        """What happened to it, oldest first."""
        status, history = self.ask("GET", f"/v1/comments/{self._id(comment)}/history")
        assert status == 200, history
        return list(history["items"])

    def words(self, comment: dict[str, Any]) -> list[tuple[str, list[str], str]]:
        """What humans decided about it: outcome, reason codes, note."""
        decisions = [line["decision"] for line in self.history(comment) if "/" in line["actor"]]
        return [(d["outcome"], [reason["code"] for reason in d["reasons"]], d["note"]) for d in decisions]

    def decide(self, comment: dict[str, Any], decision: str, *reasons: str, moderator: str = "mo") -> None:
        """A word of a moderator at the service."""
        body = {"decision": decision, "reasons": reasons, "moderator": moderator}
        status, answer = self.ask("POST", f"/v1/comments/{self._id(comment)}/decision", body)
        assert status == 200, answer

    def _id(self, comment: dict[str, Any]) -> str:
        return str(comment["meta"]["_antechamber"]["id"])


def name_of(comment: dict[str, Any]) -> str:
    """The name that the plugin gave a comment when it was sent."""
    return str(comment["meta"]["_antechamber"]["name"])


def event(comment: dict[str, Any], state: str, *, revision: int, actor: str = "policy:model", seal: str = "") -> str:
    """The body of a call-back."""
    decision = {"actor": actor, "revision": revision, "reasons": [{"code": "spam"}], "scores": {"spam": 0.9}}
    data = {"id": "c1", "platform_id": name_of(comment), "site": "blog", "state": state, "revision": revision}
    data |= {"seal": seal} if seal else {}
    return json.dumps(
        {"type": f"comment.{state}", "timestamp": "2026-01-01T00:00:00Z", "data": data | {"decision": decision}}
    )


def signed(secret: str, message: str, body: str, at: float | None = None) -> dict[str, str]:
    """The headers that sign a call-back, after the letter of Standard Webhooks and without our own code."""
    timestamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message}.{timestamp}.{body}".encode(), hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message, "webhook-timestamp": timestamp, "webhook-signature": signature}


def call_back(address: str, body: str, headers: dict[str, str]) -> tuple[int, Any]:
    """Post a call-back: status and JSON."""
    request = urllib.request.Request(address, data=body.encode(), method="POST")
    for name, value in (headers | {"content-type": "application/json"}).items():
        request.add_header(name, value)
    return _json(request)


def _json(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            raw, status = response.read(), response.status
    except urllib.error.HTTPError as error:
        with error:
            raw, status = error.read(), error.code
    return status, json.loads(raw) if raw else None
