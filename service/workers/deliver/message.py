"""What is sent for a call-back, and what a receiver's answer means: delivered, try again then, wait with all, or give up. Pure.

2xx is success and nothing else is. 410 says that the receiver is gone: its site's call-backs wait until somebody resumes
them. 429, 502 and 504, and 503 with Retry-After, ask us to slow down: the whole site pauses, not only this call-back.
"""

from __future__ import annotations

import email.utils
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from service.core.delivery import NEVER, Delivery, ReturnAddress, Settlement, read_address
from service.core.lifecycle import State
from service.core.site import Known
from service.signatures import sign

_LONGEST_WAIT = 86_400.0  # seconds; a Retry-After may not ask for more
_LONGEST_PAUSE = 60.0  # seconds that a site pauses when it is asked to slow down but not told for how long
_SLOW_DOWN = (429, 502, 504)


class Response(NamedTuple):
    """What came back: a status, or why there is none."""

    status: int = 0
    retry_after: str = ""
    error: str = ""
    body: bytes = b""  # as much of it as was read; heard and forgotten


def settlement(
    response: Response, *, tries: int, schedule: Sequence[float], now: int, jitter: float, took_ms: int
) -> Settlement:
    """How the try number `tries` ends. `schedule` has the delay in seconds before each try; `now` is in milliseconds."""
    status, error = response.status, response.error
    if not error and 200 <= status < 300:
        return Settlement("delivered", status=status, took_ms=took_ms)
    if status == 410:
        return Settlement("retry", now, NEVER, "gone", status, "gone", took_ms)
    given_up = tries >= len(schedule)
    delay = 0.0 if given_up else schedule[tries] * jitter
    asked = seconds_asked(response.retry_after, now / 1000)
    pause = 0.0
    if status in _SLOW_DOWN or (status == 503 and asked):
        pause = asked or min(delay or _LONGEST_PAUSE, _LONGEST_PAUSE)
    return Settlement(
        "dead" if given_up else "retry",
        retry_at=now + int(max(delay, asked) * 1000),
        pause_until=now + int(pause * 1000) if pause else 0,
        pause_why="slow-down" if pause else "",
        status=status,
        error=error or "refused",
        took_ms=took_ms,
    )


def seconds_asked(retry_after: str, now: float) -> float:
    """How long a Retry-After header asks to wait (RFC 9110: seconds, or a date), within reason; 0 when it says nothing."""
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), _LONGEST_WAIT)
    try:
        at = email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, at - now), _LONGEST_WAIT)


# What is sent for a call-back, to whom, and what the answer means: ours are signed, Akismet's have a shape of their own.
#
# A delivery of type `comment.*` or `model.*` goes to its site's call-back address, signed as
# Standard Webhooks has it. One of type `akismet.*` keeps a promise: it goes to the return address that a comment-check
# named, with the key that the platform used then, and counts as delivered when the platform says that it found the comment;
# or, of kind `cusdis`, to the link that approves the comment there.


_encode = msgspec.json.Encoder().encode
_AKISMET = "akismet."


class Message(NamedTuple):
    """One call-back, ready to be sent. `guid` is what an Akismet client calls the comment; "" when it is not for one."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    guid: str = ""


def compose(delivery: Delivery, known: Known, at: int) -> Message | str | None:
    """What to send; `at` is in seconds. A string says why nothing can be sent any more, in a word of the delivery log.

    None: whoever listens there has no word for it, so there is nothing to send.
    """
    if delivery.type.startswith(_AKISMET):
        return _back(delivery, known)
    if not known.site.callback:
        return "no-receiver"
    secrets = [credentials.webhook_secret for credentials in known.credentials]
    return Message(known.site.callback, sign(secrets, delivery.id, at, delivery.body), delivery.body)


def heard(message: Message, response: Response) -> Response:
    """What an answer amounts to. An Akismet client may say with a 200 that it knows no such comment (yet)."""
    if not message.guid:
        return response
    if response.status == 410:  # says nothing of the site's own receiver, which this would pause
        return Response(error="gone")
    if 200 <= response.status < 300 and _not_found(response.body, message.guid):
        return Response(error="unknown-comment")
    return response


def _back(delivery: Delivery, known: Known) -> Message | str | None:
    address = read_address(delivery.body)
    if address.kind == "cusdis":
        return Message(address.url, {}, b"{}", delivery.comment) if delivery.type == _AKISMET + State.APPROVED else None
    return _akismet(delivery, known, address)


def _akismet(delivery: Delivery, known: Known, address: ReturnAddress) -> Message | str:
    keys = [credentials.akismet_key for credentials in known.credentials if credentials.mark == address.mark]
    if not keys:
        return "key-expired"
    comment = {"guid": delivery.comment, "result": "true" if delivery.type == _AKISMET + State.REJECTED else "false"}
    if address.post:  # these two only make the platform's search quicker
        comment |= {"comment_post_ID": address.post, "comment_parent": address.parent or "0"}
    body = {"key": keys[0], "endpoint": "comment-check", "comments": [comment]}
    return Message(address.url, {"X-Akismet-Webhook": "1"}, _encode(body), delivery.comment)


def _not_found(body: bytes, guid: str) -> bool:
    try:
        said: Any = msgspec.json.decode(body)
        return bool(said["comments"][guid]["status"] == "error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, IndexError):
        return False
