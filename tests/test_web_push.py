"""Messages for browsers: the RFC's own vectors, and what anybody else would make of them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from service.core.errors import InvalidSubmission
from service.core.push import SERVICES, is_allowed, is_service, read_subscription
from service.web_push import MOST, Sender, UnusableKey, encrypt, seal

# RFC 8291, 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
OWN = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
GOOGLE = "https://fcm.googleapis.com/fcm/send/abc"


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_vector_of_rfc_8291() -> None:
    own = ec.derive_private_key(int.from_bytes(raw(OWN)), ec.SECP256R1())
    assert encrypt(PLAIN + b"\x02", raw(KEY), raw(AUTH), own=own, salt=raw(SALT)) == raw(SEALED)


def test_every_message_is_as_long_and_none_is_like_another() -> None:
    sealed = [seal(message, raw(KEY), raw(AUTH)) for message in (b"", b"short", b"x" * MOST, b"short")]
    assert {len(one) for one in sealed} == {len(sealed[0])}
    assert len(sealed[0]) <= 4096  # RFC 8030: what every push service takes
    assert (
        len({one[:16] for one in sealed}) == len({one[21:86] for one in sealed}) == 4
    )  # salt, and our half of the key


@pytest.mark.parametrize("key", [bytes(65), b"\x04" + b"\xff" * 64, b"\x04" + bytes(64)])
def test_a_key_that_is_no_point_is_refused(key: bytes) -> None:
    with pytest.raises(UnusableKey):
        seal(b"", key, bytes(16))


def test_a_push_service_can_tell_that_it_is_us() -> None:
    sender = Sender(b"m" * 32, "https://antechamber.example")
    scheme, _, rest = sender.authorization(f"{GOOGLE}?x=1", 1_000).partition(" ")
    said = dict(part.strip().split("=", 1) for part in rest.split(","))
    point = raw(said["k"])
    assert (scheme, said["k"], len(point), point[0]) == ("vapid", sender.public_key, 65, 4)
    curve = {"kty": "EC", "crv": "P-256"} | {
        axis: base64.urlsafe_b64encode(point[at : at + 32]).rstrip(b"=").decode() for axis, at in (("x", 1), ("y", 33))
    }
    token = jwt.decode(said["t"], ECKey.import_key(curve), algorithms=["ES256"])
    assert token.claims == {
        "aud": "https://fcm.googleapis.com", "exp": 1_000 + 12 * 3_600, "sub": "https://antechamber.example",
    }  # fmt: skip
    assert Sender(b"m" * 32, "").public_key == sender.public_key != Sender(b"n" * 32, "").public_key


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x", "https://fcm.googleapis.com.evil.example/x", "https://evil.example/fcm.googleapis.com",
        "https://fcm.googleapis.com@127.0.0.1/x", "https://127.0.0.1/x", "https://[::1]/x", "https://push.apple.com/x",
        "https://evilpush.apple.com/x", "https://evil.example/.push.apple.com", "https://evil.example#.push.apple.com",
        "https://evil.example?.push.apple.com", "https://evil.example\\.push.apple.com/x", "https://web.push.apple.com:22/x",
        "https://web.push.apple.com./x", "https://fcm.googleapis.com:8443/x", "file:///etc/passwd", "", "https://", "https://*.push.apple.com/",
        "https://fcm.googleapis.com/ x", "https://fcm.googleapis.com/x\r\nHost: y", f"https://fcm.googleapis.com/{'x' * 1_000}",
        "https://fcm.googleapis.com/ü", "https://fcm。googleapis.com/x",
    ],
)  # fmt: skip
def test_what_is_no_push_service_is_not_written_to(endpoint: str) -> None:
    assert not is_allowed(endpoint, SERVICES)
    with pytest.raises(InvalidSubmission) as refused:
        read_subscription(endpoint, KEY, AUTH, SERVICES)
    assert not endpoint or endpoint not in str(refused.value.detail)


def test_the_push_services_of_browsers_are() -> None:
    for endpoint in (
        GOOGLE, "https://updates.push.services.mozilla.com/wpush/v2/x", "https://web.push.apple.com/x", "https://FCM.googleapis.com/x",
        "https://wns2-db5p.notify.windows.com/w/?token=x", "https://fcm.googleapis.com:443/x",
    ):  # fmt: skip
        assert is_allowed(endpoint, SERVICES), endpoint
        assert read_subscription(endpoint, KEY, AUTH + "==", SERVICES).auth == raw(AUTH)
    for service in (*SERVICES, "http://127.0.0.1:9", "http://[::1]:9"):
        assert is_service(service), service
    for service in (
        "push.example",
        "https://push.example/",
        "https://*",
        "https://a.*.example",
        "https://*.*.example",
        "",
    ):
        assert not is_service(service), service


@pytest.mark.parametrize(
    ("key", "auth"), [("", AUTH), (KEY[:-4], AUTH), (KEY, ""), (KEY, "ü" * 22), (KEY + KEY, AUTH), ("!" * 87, AUTH)]
)
def test_keys_that_are_none_are_refused(key: str, auth: str) -> None:
    with pytest.raises(InvalidSubmission):
        read_subscription(GOOGLE, key, auth, SERVICES)
