"""What is sent for a call-back, to whom, and what the answer means: ours are signed, Akismet's have a shape of their own.

For `workers/deliver.py`. A delivery of type `comment.*` or `model.*` goes to its site's call-back address, signed as
Standard Webhooks has it. One of type `akismet.*` keeps a promise: it goes to the return address that a comment-check
named, with the key that the platform used then, and counts as delivered when the platform says that it found the comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from service.core.lifecycle import State
from service.signatures import sign
from service.store.accounts import Known
from service.store.correspondence import ReturnAddress, read_address
from service.store.outbox import Delivery
from service.workers.answers import Answer

_encode = msgspec.json.Encoder().encode
_AKISMET = "akismet."


class Letter(NamedTuple):
    """One call-back, ready to be sent. `guid` is what an Akismet client calls the comment; "" when it is not for one."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    guid: str = ""


def compose(delivery: Delivery, known: Known, at: int) -> Letter | str:
    """What to send; `at` is in seconds. A string says why nothing can be sent any more, in a word of the delivery log."""
    if delivery.type.startswith(_AKISMET):
        return _akismet(delivery, known)
    if not known.site.callback:
        return "no-receiver"
    secrets = [credentials.webhook_secret for credentials in known.credentials]
    return Letter(known.site.callback, sign(secrets, delivery.id, at, delivery.body), delivery.body)


def heard(letter: Letter, answer: Answer) -> Answer:
    """What an answer amounts to. An Akismet client may say with a 200 that it knows no such comment (yet)."""
    if not letter.guid:
        return answer
    if answer.status == 410:  # says nothing of the site's own receiver, which this would pause
        return Answer(error="gone")
    if 200 <= answer.status < 300 and _not_found(answer.body, letter.guid):
        return Answer(error="unknown-comment")
    return answer


def _akismet(delivery: Delivery, known: Known) -> Letter | str:
    address: ReturnAddress = read_address(delivery.body)
    keys = [credentials.akismet_key for credentials in known.credentials if credentials.mark == address.mark]
    if not keys:
        return "key-expired"
    comment = {"guid": delivery.comment, "result": "true" if delivery.type == _AKISMET + State.REJECTED else "false"}
    if address.post:  # these two only make the platform's search quicker
        comment |= {"comment_post_ID": address.post, "comment_parent": address.parent or "0"}
    body = {"key": keys[0], "endpoint": "comment-check", "comments": [comment]}
    return Letter(address.url, {"X-Akismet-Webhook": "1"}, _encode(body), delivery.comment)


def _not_found(body: bytes, guid: str) -> bool:
    try:
        said: Any = msgspec.json.decode(body)
        return bool(said["comments"][guid]["status"] == "error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, IndexError):
        return False
