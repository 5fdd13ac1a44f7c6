"""The service is away, slow, or does not know us: comments are held, and none is lost."""

from __future__ import annotations

import time

from tests.system.stack import ROLES, Stack
from tests.wordpress.api import Api
from tests.wordpress.blog import QUEUE, Blog
from tests.wordpress.connection import Away, Connect
from tests.wordpress.texts import good, spam

MINUTE, HOUR, DAY = 60, 3600, 86400


def test_comments_are_held_while_the_service_is_away_and_judged_when_it_returns(blog: Blog, away: Away) -> None:
    texts = good(), spam()
    before = len(blog.mails())
    with away(*ROLES):
        for text in texts:
            page = blog.post_comment(text)
            assert "awaiting moderation" in page.words
            comment = blog.comment(text)
            assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "waiting")
        assert 19 * MINUTE < blog.call("cron", hook=QUEUE) <= 20 * MINUTE
        blog.run_cron()  # still away: another 20 minutes
        assert 19 * MINUTE < blog.call("cron", hook=QUEUE) <= 20 * MINUTE
        assert {blog.comment(text)["status"] for text in texts} == {"0"}
        assert blog.mails()[before:] == []  # moderators need not hear of what will be decided without them
    blog.run_cron()
    blog.until(texts[0], "1", _state="approved")
    blog.until(texts[1], "spam", _state="rejected")
    blog.run_cron()
    assert blog.call("cron", hook=QUEUE) is None  # nothing is left to do


def test_a_comment_that_gets_through_shortens_the_pause(blog: Blog, away: Away) -> None:
    with away():
        blog.post_comment(first := good())
        assert blog.call("cron", hook=QUEUE) > 19 * MINUTE
    blog.post_comment(second := good())
    assert blog.comment(second)["status"] == "1"
    assert blog.call("cron", hook=QUEUE) <= 5 * MINUTE
    blog.run_cron()
    blog.until(first, "1", _state="approved")


def test_with_a_bad_key_comments_are_held_and_the_pause_is_long(blog: Blog, connect: Connect) -> None:
    connect(api_key="not-our-key")
    text = good()
    blog.post_comment(text)
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "waiting")
    listed = blog.moderator().get("/wp-admin/edit-comments.php").words
    assert "1 comment is held because the moderation service has not taken it yet. The service answered 401." in listed
    assert 5 * HOUR < blog.call("cron", hook=QUEUE) <= 6 * HOUR
    connect()
    blog.run_cron()
    blog.until(text, "1", _state="approved")


def test_moderators_are_told_after_a_day_and_get_the_comment_after_fifteen(blog: Blog, away: Away) -> None:
    with away():
        blog.post_comment(text := good())
        comment = blog.comment(text)
        before = len(blog.mails())
        blog.call("age", id=comment["id"], seconds=DAY)
        blog.run_cron()
        blog.run_cron()
        assert ["moderate" in mail["subject"] for mail in blog.mails()[before:]] == [True]  # once
        blog.call("age", id=comment["id"], seconds=14 * DAY)
        blog.run_cron()
        comment = blog.comment(text)
        assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "abandoned")
        assert blog.call("cron", hook=QUEUE) is None
        assert len(blog.mails()) == before + 1


def test_what_the_service_refuses_is_left_to_moderators_with_its_reason(blog: Blog) -> None:
    blog.call("option", name="require_name_email", value="0")
    before = len(blog.mails())
    try:
        blog.post_comment(text := good(), author="", email="")
    finally:
        blog.call("option", name="require_name_email", value="1")
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "refused")
    assert "422" in comment["meta"]["_antechamber"]["detail"]
    assert ["moderate" in mail["subject"] for mail in blog.mails()[before:]] == [True]


def test_a_late_decision_arrives_by_call_back(blog: Blog, service: Stack, connect: Connect) -> None:
    connect(max_wait=2)
    service.stop("worker")
    blog.post_comment(text := good())
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "pending")
    service.start("worker")
    blog.until(text, "1", _state="approved")  # without WP-Cron


def test_a_late_decision_that_nobody_tells_is_asked_for(blog: Blog, service: Stack, connect: Connect, api: Api) -> None:
    connect(max_wait=2, secrets="")  # call-backs are refused here
    service.stop("worker")
    blog.post_comment(text := good())
    service.start("worker")
    comment = blog.comment(text)
    while (known := api.comment(comment)) is None or known["state"] == "pending":
        time.sleep(0.1)
    assert blog.comment(text)["status"] == "0"
    blog.run_cron()
    blog.until(text, "1", _state="approved")
