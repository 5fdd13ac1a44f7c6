"""Signatures as Standard Webhooks has them, checked against its own library."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict
from standardwebhooks import Webhook, WebhookVerificationError

from service.core.errors import Unauthenticated
from service.core.site import derive
from service.signatures import sign, verify

OLD, NEW, OTHER = (derive(b"m" * 32, "blog", nonce).webhook_secret for nonce in ("old", "new", "other"))
BODY = json.dumps({"type": "comment.approved", "name": "Ärger 🙂"}, ensure_ascii=False).encode()
NOW = 1_800_000_000


def signed(secrets: list[str], at: int = NOW, message: str = "msg_1") -> CIMultiDict[str]:
    return CIMultiDict(sign(secrets, message, at, BODY))


def check(
    headers: CIMultiDict[str], body: bytes = BODY, now: float = NOW, secrets: tuple[str, ...] = (NEW, OLD)
) -> str:
    return verify(secrets, headers, body, now=now, tolerance=300)


def test_both_secrets_of_a_rotation_verify_with_the_library() -> None:
    headers = sign([NEW, OLD], "msg_1", int(time.time()), BODY)
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(BODY, headers)


def test_the_specs_example_has_its_signature() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_library_signs_is_accepted() -> None:
    signature = Webhook(OLD).sign("msg_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    headers = CIMultiDict(
        {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(NOW), "Webhook-Signature": f"v1a,xyz {signature}"}
    )
    assert check(headers) == "msg_1"


@pytest.mark.parametrize("drift", [-301, 301, 10_000_000])
def test_a_time_that_is_too_far_from_now_is_refused(drift: int) -> None:
    assert check(signed([NEW], NOW + (300 if drift > 0 else -300)))
    with pytest.raises(Unauthenticated):
        check(signed([NEW], NOW + drift))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(name: str) -> None:
    headers = signed([NEW])
    del headers[name]
    with pytest.raises(Unauthenticated):
        check(headers)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"}, {"webhook-id": "ä"}, {"webhook-id": "a b"}, {"webhook-id": "x" * 257},
        {"webhook-timestamp": "1e9"}, {"webhook-timestamp": "-1"}, {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "١٨٠٠٠٠٠٠٠٠"}, {"webhook-timestamp": "9" * 30}, {"webhook-timestamp": f" {NOW}"},
        {"webhook-signature": "v1"}, {"webhook-signature": "v1,"}, {"webhook-signature": ",,,"},
        {"webhook-signature": "v1,!!!"}, {"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()},
        {"webhook-signature": "v1,\udcff"}, {"webhook-signature": "v1,ä"},
    ],
)  # fmt: skip
def test_headers_that_are_not_right_are_refused(change: dict[str, str]) -> None:
    headers = signed([NEW])
    headers.update(change)
    with pytest.raises(Unauthenticated):
        check(headers)


def test_only_live_secrets_count() -> None:
    with pytest.raises(Unauthenticated):
        check(signed([OTHER]))
    with pytest.raises(Unauthenticated):
        check(signed([NEW]), secrets=())


@pytest.mark.parametrize("body", [BODY + b" ", b"", b"\xff\xfe", BODY[:-1]])
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(Unauthenticated):
        check(signed([NEW]), body=body)


def test_a_signature_far_down_the_list_is_found_within_reason() -> None:
    headers = signed([NEW])
    good = headers["webhook-signature"]
    headers["webhook-signature"] = " ".join(["v1,AAAA"] * 15 + [good])
    assert check(headers) == "msg_1"
    headers["webhook-signature"] = " ".join(["v1,AAAA"] * 100 + [good])
    with pytest.raises(Unauthenticated):
        check(headers)
