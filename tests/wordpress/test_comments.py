"""New comments through our plugin: the real comment form, the real service."""

from __future__ import annotations

import json
import os
import re
import signal
import time

from tests.system.stack import Stack
from tests.wordpress.api import Api
from tests.wordpress.blog import ADMIN, Blog
from tests.wordpress.browser import Browser
from tests.wordpress.connection import Connect
from tests.wordpress.tap import Tap
from tests.wordpress.texts import good, insult, spam


def test_a_good_comment_is_published_at_once(blog: Blog, api: Api) -> None:
    text = good()
    visitor = Browser(blog.url)
    page = blog.post_comment(text, browser=visitor)
    assert page.status == 200
    assert text in Browser(blog.url).get("/?p=1").words  # everybody sees it
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("1", "approved")
    known = api.comment(comment)
    assert known is not None
    assert known["state"] == "approved"


def test_spam_goes_to_the_spam_folder_and_says_why(blog: Blog) -> None:
    text = spam()
    blog.post_comment(text)
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("spam", "rejected")
    assert comment["meta"]["_antechamber"]["reasons"][0]["code"] == "spam"
    assert text not in Browser(blog.url).get("/?p=1").words


def test_what_is_rejected_for_another_reason_goes_to_the_trash(blog: Blog) -> None:
    text = insult()
    blog.post_comment(text)
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("trash", "rejected")


def test_a_flagged_comment_is_held_and_moderators_hear_of_it_once(blog: Blog, service: Stack, api: Api) -> None:
    policy = service.command("sites", "policy", "show", "blog")
    service.command("sites", "policy", "set", "blog", "-", text='{"mode": "hold-everything"}')
    before = len(blog.mails())
    try:
        text = good()
        page = blog.post_comment(text)
    finally:
        service.command("sites", "policy", "set", "blog", "-", text=policy)
    assert "awaiting moderation" in page.words
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "flagged")
    assert [mail["subject"] for mail in blog.mails()[before:]] == ['[A test blog] Please moderate: "Hello world!"']


def test_the_author_of_the_post_gets_one_mail_about_a_published_comment(blog: Blog) -> None:
    before = len(blog.mails())
    blog.post_comment(good())
    assert [mail["subject"] for mail in blog.mails()[before:]] == ['[A test blog] Comment: "Hello world!"']


def test_nobody_is_mailed_about_spam(blog: Blog) -> None:
    before = len(blog.mails())
    blog.post_comment(spam())
    assert blog.mails()[before:] == []


def test_what_discussion_settings_hold_stays_held(blog: Blog) -> None:
    blog.call("option", name="moderation_keys", value="chapter")
    try:
        text = good()
        blog.post_comment(text)
    finally:
        blog.call("option", name="moderation_keys", value="")
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "approved")


def test_a_newcomer_can_be_left_to_moderators(blog: Blog, connect: Connect) -> None:
    connect(trust_new=False)
    text = good()
    blog.post_comment(text, author="Somebody New", email="new@example.com")
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "approved")


def test_what_wordpress_itself_calls_trash_is_not_sent(blog: Blog, tap: Tap) -> None:
    blog.call("option", name="disallowed_keys", value="xyzzy")
    try:
        blog.post_comment(f"xyzzy {good()}")
    finally:
        blog.call("option", name="disallowed_keys", value="")
    comment = blog.comment("xyzzy")
    assert comment["status"] == "trash"
    assert not tap.said


def test_moderators_own_comments_are_published_and_not_sent(blog: Blog, tap: Tap) -> None:
    admin = blog.moderator(*ADMIN)
    text = good()
    form = admin.get("/?p=1").form("commentform")
    admin.send(form, comment=text)
    assert blog.comment(text)["status"] == "1"
    assert not tap.said


def test_nothing_is_sent_that_the_service_does_not_need(blog: Blog, tap: Tap) -> None:
    text = good()
    blog.post_comment(text, author="Ann O'Neill & Co", url="https://ann.example")
    (said,) = tap.said
    sent = said.json
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", sent.pop("created_at"))
    assert sent == {
        "id": f"{blog.url.removeprefix('http://')}#{blog.comment(text)['id']}",
        "page": {"url": f"{blog.url}/?p=1"},
        "author": {"name": "Ann O'Neill & Co", "email": "ann@example.com", "url": "https://ann.example"},
        "content": text,
    }
    assert said.headers["user-agent"].startswith("antechamber-wordpress/")
    assert "127.0.0.1" not in json.dumps(sent).replace(blog.url, "").replace(blog.url.removeprefix("http://"), "")
    assert not {"cookie", "x-forwarded-for"} & said.headers.keys()
    assert blog.url not in " ".join(said.headers.values())


def test_a_comment_by_wordpress_own_rest_api_is_judged_too(blog: Blog) -> None:
    blog.call("user", user="reader", password="rests-a-lot", role="subscriber")
    reader = blog.moderator("reader", "rests-a-lot")
    nonce = reader.get("/wp-admin/admin-ajax.php?action=rest-nonce").text
    text = spam()
    page = reader.post("/index.php?rest_route=/wp/v2/comments", {"post": "1", "content": text, "_wpnonce": nonce})
    assert page.status == 201, page.text
    assert blog.comment(text)["status"] == "spam"
    assert json.loads(page.text)["status"] == "spam"  # the state that it has, not the one that it came in with
    page = reader.post("/index.php?rest_route=/wp/v2/comments", {"post": "1", "content": good(), "_wpnonce": nonce})
    assert json.loads(page.text)["status"] == "approved"


def test_a_visitor_never_waits_longer_than_the_owner_allows(blog: Blog, service: Stack, connect: Connect) -> None:
    connect(max_wait=1)
    text = good()
    visitor = Browser(blog.url)
    visitor.get("/?p=1")
    api = service.processes["api"].pid
    os.kill(api, signal.SIGSTOP)  # it takes connections, and never answers
    try:
        began = time.monotonic()
        blog.post_comment(text, browser=visitor)
        took = time.monotonic() - began
        assert blog.comment(text)["status"] == "0"
    finally:
        os.kill(api, signal.SIGCONT)
    assert 1 <= took < 5  # the second, and the time that WordPress needs for three pages on a busy machine
    blog.run_cron()
    blog.until(text, "1", _state="approved")


def test_nobody_waits_at_all_if_the_owner_says_so(blog: Blog, connect: Connect, tap: Tap) -> None:
    connect(url=tap.url, max_wait=0)
    text = good()
    blog.post_comment(text)
    assert not tap.said
    assert blog.comment(text)["meta"]["_antechamber_state"] == "waiting"
    blog.run_cron()
    blog.until(text, "1", _state="approved")


def test_an_author_who_edits_a_published_comment_has_it_judged_again(blog: Blog) -> None:
    text = good()
    blog.post_comment(text)
    comment = blog.comment(text)
    assert comment["status"] == "1"
    blog.call("edit", id=comment["id"], content=(edited := spam()))
    blog.until(edited, "spam", _state="rejected")


def test_a_moderators_edit_is_not_judged(blog: Blog, tap: Tap) -> None:
    blog.post_comment(text := good())
    comment, sent = blog.comment(text), len(tap.said)
    blog.call("edit", id=comment["id"], content=(edited := spam()), user=ADMIN[0])
    assert blog.comment(edited)["status"] == "1"
    assert len(tap.said) == sent
