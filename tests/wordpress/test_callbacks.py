"""Call-backs to our plugin: signed ones are applied, forged, old and repeated ones change nothing, humans come first."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from tests.system.stack import Stack
from tests.wordpress.api import Api, call_back, event, name_of, signed
from tests.wordpress.blog import ADMIN, Blog
from tests.wordpress.connection import Connect
from tests.wordpress.texts import good, spam

OTHER = "whsec_" + base64.b64encode(b"another secret, as long as ours").decode()
APPLIED, KEPT, OLD = (200, {"status": "applied"}), (200, {"status": "kept"}), (200, {"status": "old"})


@pytest.fixture
def published(blog: Blog) -> dict[str, Any]:
    """A comment that the machine has published."""
    blog.post_comment(text := good())
    comment = blog.comment(text)
    assert comment["status"] == "1"
    return comment


def sealed(secret: str, text: str, page: str) -> str:
    """A seal, after docs/webhooks.md and without our own code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, f"{text}\0{page}".encode(), hashlib.sha256)).decode()


@pytest.fixture
def secret(credentials: dict[str, str]) -> str:
    return credentials["webhook_secret"]


def test_a_decision_by_the_services_moderator_is_applied(blog: Blog, api: Api, published: dict[str, Any]) -> None:
    text = published["content"]
    api.decide(published, "reject", "spam")
    comment = blog.until(text, "spam", _state="rejected")
    assert comment["meta"]["_antechamber"]["actor"] == "platform:blog/mo"
    api.decide(published, "approve")
    blog.until(text, "1", _state="approved")
    api.decide(published, "hold")
    blog.until(text, "0", _state="flagged")
    api.decide(published, "reject", "insult")
    blog.until(text, "trash", _state="rejected")


def test_only_what_is_signed_by_our_secret_and_not_long_ago_is_heard(
    blog: Blog, secret: str, published: dict[str, Any]
) -> None:
    body, now = event(published, "rejected", revision=99), time.time()
    good_headers = signed(secret, "msg_good", body)
    refused = {
        "no headers": {},
        "another secret": signed(OTHER, "msg_1", body),
        "no signature": good_headers | {"webhook-signature": ""},
        "an empty signature": good_headers | {"webhook-signature": "v1,"},
        "another scheme": good_headers
        | {"webhook-signature": good_headers["webhook-signature"].replace("v1,", "v1a,")},
        "another id": good_headers | {"webhook-id": "msg_other"},
        "another time": good_headers | {"webhook-timestamp": str(int(now) - 5)},
        "no time": good_headers | {"webhook-timestamp": "now"},
        "an old one": signed(secret, "msg_2", body, now - 310),
        "one from the future": signed(secret, "msg_3", body, now + 310),
        "another body": signed(secret, "msg_4", body + " "),
    }
    for what, headers in refused.items():
        status, _ = call_back(blog.callback, body, headers)
        assert status == 401, what
    assert blog.comment(published["content"])["status"] == "1"
    assert call_back(blog.callback, body, good_headers) == APPLIED
    assert blog.comment(published["content"])["status"] == "spam"


def test_without_a_secret_nothing_is_heard(blog: Blog, connect: Connect, published: dict[str, Any]) -> None:
    connect(secrets="")
    body = event(published, "rejected", revision=99)
    assert call_back(blog.callback, body, signed("whsec_", "msg_nobodys", body))[0] == 401
    connect(secrets="whsec_c2hvcnQ=")
    assert call_back(blog.callback, body, signed("whsec_c2hvcnQ=", "msg_short", body))[0] == 401


def test_a_repeated_call_back_changes_nothing(blog: Blog, secret: str, published: dict[str, Any]) -> None:
    first, second = event(published, "rejected", revision=50), event(published, "approved", revision=51)
    assert call_back(blog.callback, first, signed(secret, "msg_first", first)) == APPLIED
    assert call_back(blog.callback, second, signed(secret, "msg_second", second)) == APPLIED
    assert call_back(blog.callback, first, signed(secret, "msg_first", first)) == (200, {"status": "repeated"})
    # Signed anew under another id it is still old news: a later revision is known.
    assert call_back(blog.callback, first, signed(secret, "msg_again", first)) == OLD
    assert blog.comment(published["content"])["status"] == "1"


def test_while_a_secret_is_changed_both_are_good(
    blog: Blog, connect: Connect, secret: str, published: dict[str, Any]
) -> None:
    body = event(published, "rejected", revision=60)
    both = signed(OTHER, "msg_both", body)
    both["webhook-signature"] += " " + signed(secret, "msg_both", body)["webhook-signature"]
    assert call_back(blog.callback, body, both) == APPLIED  # two signatures, the second is by the one that we know
    connect(secrets=f"{secret} {OTHER}")
    body = event(published, "approved", revision=61)
    assert call_back(blog.callback, body, signed(OTHER, "msg_new", body)) == APPLIED


def test_the_services_own_rotation_is_followed(blog: Blog, service: Stack, api: Api, published: dict[str, Any]) -> None:
    """After a rotation the service signs by both secrets, so that a blog that knows the old one still hears it."""
    service.command("sites", "rotate", "blog")
    api.decide(published, "reject", "spam")
    blog.until(published["content"], "spam", _state="rejected")


def test_no_machine_changes_what_a_human_has_decided(blog: Blog, secret: str, published: dict[str, Any]) -> None:
    admin = blog.moderator()
    blog.moderate(admin, "spamcomment", published["id"])
    blog.until(published["content"], "spam", _state="rejected")
    for number, actor in enumerate(("policy:base", "readers", "platform:blog", "operator")):
        body = event(published, "approved", revision=70 + number, actor=actor)
        assert call_back(blog.callback, body, signed(secret, f"msg_m{number}", body)) == KEPT
    comment = blog.comment(published["content"])
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("spam", "approved")  # shown, not done


def test_no_machine_changes_what_another_plugin_has_done(blog: Blog, secret: str, published: dict[str, Any]) -> None:
    blog.call("set_status", id=published["id"], status="hold")
    body = event(published, "rejected", revision=80)
    assert call_back(blog.callback, body, signed(secret, "msg_other_plugin", body)) == KEPT
    assert blog.comment(published["content"])["status"] == "0"


def test_a_later_word_of_the_services_moderator_follows_ours(blog: Blog, api: Api, published: dict[str, Any]) -> None:
    admin = blog.moderator()
    blog.moderate(admin, "unapprovecomment", published["id"])
    blog.until(published["content"], "0", _state="flagged")
    api.decide(published, "approve")
    blog.until(published["content"], "1", _state="approved")


def test_what_we_have_no_use_for_is_taken_and_dropped(blog: Blog, secret: str, published: dict[str, Any]) -> None:
    """The service would repeat for days what is not answered with success."""

    def named(number: int) -> dict[str, Any]:
        home = name_of(published).partition("#")[0]
        return {"meta": {"_antechamber": {"name": f"{home}#{number}"}}}

    nobodys = event(named(987654321), "approved", revision=1)
    assert call_back(blog.callback, nobodys, signed(secret, "msg_nobodys", nobodys)) == (200, {"status": "unknown"})
    unknown = event(named(1), "rejected", revision=1)  # WordPress's own first comment was never sent
    assert call_back(blog.callback, unknown, signed(secret, "msg_unsent", unknown)) == (200, {"status": "unknown"})
    for number, body in enumerate(('{"type":"comment.approved"}', "[]", '{"type":"site.changed","data":{}}', "{")):
        status, _ = call_back(blog.callback, body, signed(secret, f"msg_odd{number}", body))
        assert status in (200, 400), body  # 400 is WordPress's own answer to a body that is no JSON


def test_a_machines_later_word_is_followed_while_no_human_has_spoken(blog: Blog, secret: str) -> None:
    blog.post_comment(text := spam())
    comment = blog.until(text, "spam")
    body = event(comment, "approved", revision=90)
    assert call_back(blog.callback, body, signed(secret, "msg_second_thought", body)) == APPLIED
    assert blog.comment(text)["status"] == "1"


def test_what_is_about_another_text_or_page_changes_nothing(blog: Blog, secret: str, published: dict[str, Any]) -> None:
    """A copy of the site with the same numbers has other texts; what it hears is not about ours."""
    kept = published["meta"]["_antechamber"]["seal"]
    assert sealed(secret, published["content"], f"{blog.url}/?p=1") in kept.split(), (
        "anybody with the secret can make it"
    )
    for number, seal in enumerate((sealed(secret, "pills", f"{blog.url}/?p=1"), sealed(OTHER, "x", "y"), "nonsense")):
        body = event(published, "rejected", revision=200 + number, seal=seal)
        assert call_back(blog.callback, body, signed(secret, f"msg_seal{number}", body)) == (200, {"status": "another"})
    assert blog.comment(published["content"])["status"] == "1"
    body = event(published, "rejected", revision=300, seal=kept)
    assert call_back(blog.callback, body, signed(secret, "msg_sealed", body)) == APPLIED


def test_names_of_another_address_are_nobodys(blog: Blog, secret: str, published: dict[str, Any]) -> None:
    name = name_of(published)
    assert name == f"{blog.url.removeprefix('http://')}#{published['id']}"
    for other in (f"staging.example#{published['id']}", str(published["id"]), f"1-{published['id']}", name + "0"):
        stranger = {"meta": {"_antechamber": {"name": other}}}
        body = event(stranger, "rejected", revision=400)
        status, said = call_back(blog.callback, body, signed(secret, f"msg_{len(other)}x", body))
        assert (status, said["status"] in ("ignored", "unknown")) == (200, True), other
    assert blog.comment(published["content"])["status"] == "1"


def _edited(comment: dict[str, Any], content: str | None, revision: int) -> str:
    """The body of a call-back that approves what a moderator made of a comment; None: the author's own words."""
    body = json.loads(event(comment, "approved", revision=revision, actor="moderator:mo"))
    edit = {"content": content, "by": "moderator:mo", "at": "2026-01-01T00:00:00Z", "revision": revision}
    body["data"]["edit"] = edit if content is not None else None
    return json.dumps(body)


def test_a_moderators_edit_is_shown_and_the_authors_words_are_kept(
    blog: Blog, api: Api, secret: str, published: dict[str, Any]
) -> None:
    text, number = published["content"], published["id"]

    def hear(content: str | None, revision: int) -> dict[str, Any]:
        body = _edited(published, content, revision)
        assert call_back(blog.callback, body, signed(secret, f"msg_e{revision}", body)) == APPLIED
        (comment,) = [one for one in blog.comments() if one["id"] == number]
        return comment

    markup = "Call me: ••• <script>alert(1)</script>it's \\ fine"
    first = hear(markup, 50)
    assert (first["status"], first["meta"]["_antechamber"]["original"]) == ("1", text)
    assert "•••" in first["content"]
    assert "<script" not in first["content"]
    assert "it's \\ fine" in first["content"]
    assert api.history(published)[-1]["what"] == "decided"  # nothing was sent back as if its author had written it
    second = hear("Call me", 51)
    assert (second["content"], second["meta"]["_antechamber"]["original"]) == ("Call me", text)
    back = hear(None, 52)
    assert (back["content"], back["meta"]["_antechamber"]["original"]) == (text, None)
    hear("Call me", 53)
    blog.call("edit", id=number, content="as wp-admin has it", user=ADMIN[0])
    assert hear("Call me again", 54)["content"] == "as wp-admin has it"
    assert blog.complaints() == ""
