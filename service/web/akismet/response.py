"""How Akismet's words are said: exact bytes, no newline, the right headers and never a wrong one. Pure.

How each of our decisions is said, and what clients make of it, is tabled in `docs/akismet.md`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from service.core.comment import Comment
from service.core.errors import AntechamberError, InvalidSubmission, MalformedRequest
from service.core.lifecycle import State
from service.core.verdict import LABELS

THANKS: Final = "Thanks for making the web a better place."
HELP: Final = "X-akismet-debug-help"
RECHECK_AFTER: Final = 120
"""Seconds after which a client that is not called back may ask again."""
RECHECK_FALLBACK: Final = 86_400
"""Seconds told to a client that is called back. The WordPress plugin publishes by itself what it has heard nothing of for
twice as long, so this is long: the call-back comes within the second that the verdict is there."""
_encode = msgspec.json.Encoder().encode


def word(text: str, headers: Mapping[str, str] | None = None, status: int = 200) -> web.Response:
    """One word."""
    return web.Response(text=text, content_type="text/plain", charset="utf-8", headers=headers, status=status)


def document(value: object) -> web.Response:
    """JSON."""
    return web.Response(body=_encode(value), content_type="application/json", charset="utf-8")


def invalid(help_text: str) -> web.Response:
    """A refusal as Akismet makes it: 200, and the reason in a header."""
    return word("invalid", {HELP: help_text})


def unchecked(help_text: str) -> web.Response:
    """The refusal of a check."""
    return word("invalid", {HELP: help_text, **_nameless()})


def _nameless() -> dict[str, str]:
    """An id that names nothing. The WordPress plugin, from 5.5 on, holds a comment that could not be checked only if the
    answer carries one: it knows the comment again by it. Without it, it publishes."""
    return {"X-akismet-guid": secrets.token_hex(16)}


def verdict(comment: Comment, *, classify: bool, retrying: bool, called_back: bool) -> web.Response:
    """What is said of a comment. `retrying`: the client asks again because it had no answer, and publishes on `false`."""
    headers = {"X-akismet-guid": comment.id}
    undecided = comment.state in (State.PENDING, State.FLAGGED)
    if undecided and retrying:
        return word("undecided", {"Retry-After": str(RECHECK_AFTER), **headers}, status=503)
    if comment.state is State.PENDING:
        headers["X-akismet-recheck-after"] = str(RECHECK_FALLBACK if called_back else RECHECK_AFTER)
        return word("false", headers)
    decision = comment.decision
    if classify:
        headers["X-akismet-classification"] = _classification(comment)
    if comment.state is State.REJECTED:
        if decision is not None and decision.discard:
            headers["X-akismet-pro-tip"] = "discard"
        return word("true", headers)
    if comment.state is State.FLAGGED:
        headers["X-akismet-error"] = "held-for-moderation"
    return word("false", headers)


def problem(error: AntechamberError, _: str) -> web.Response:
    """An error that is no word of Akismet's: a status that clients take for a failed request, and hold or try again."""
    if isinstance(error, InvalidSubmission | MalformedRequest):
        return unchecked(error.detail)
    headers = {HELP: error.detail or error.title}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status in (404, 405):
        return word("invalid", {HELP: "There is no such call."}, status=error.status)
    return word(error.slug, headers | _nameless(), status=error.status)


def _classification(comment: Comment) -> str:
    if comment.state is State.APPROVED:
        return "ham"
    codes = [reason.label or reason.code for reason in comment.decision.reasons] if comment.decision else []
    labels = [code for code in codes if code in LABELS]
    if comment.state is State.FLAGGED:
        return labels[0] if labels else "unsure"
    return labels[0] if labels else "spam"
