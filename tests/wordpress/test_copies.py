"""A copy of the site, with its settings and its comments' numbers: it stops, says so, and touches nothing of the original."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.stack import Stack
from tests.wordpress.api import Api, call_back, event, signed
from tests.wordpress.blog import Blog
from tests.wordpress.connection import add_site, plugin_settings
from tests.wordpress.texts import good, spam

PAGE = "/wp-admin/options-general.php?page=antechamber"
STOPPED = "Antechamber is stopped: new comments are held, and nothing is sent."


@pytest.fixture
def copy(wordpress: Path, folder: Path, database: Path, blog: Blog) -> Iterator[Blog]:
    """The same database under another address."""
    copied = Blog(wordpress, folder, "ours", database)
    with copied.served():
        yield copied
    blog.call("option", name="antechamber_bound", value="")


@pytest.fixture
def published(blog: Blog) -> dict[str, Any]:
    blog.post_comment(text := good())
    comment = blog.comment(text)
    assert comment["status"] == "1"
    return comment


def test_a_copy_stops_with_a_notice_and_sends_nothing(
    blog: Blog, copy: Blog, api: Api, service: Stack, published: dict[str, Any]
) -> None:
    before = service.command("comments", "list", "blog", "--json")
    copy.post_comment(text := spam())
    comment = copy.comment(text)
    assert (comment["status"], comment["meta"]["_antechamber_state"]) == ("0", "waiting")
    admin = copy.moderator()
    assert STOPPED in admin.get("/wp-admin/").words
    copy.moderate(admin, "spamcomment", published["id"])
    copy.moderate(admin, "unspamcomment", published["id"], listed="spam")
    copy.run_cron()
    assert service.command("comments", "list", "blog", "--json") == before
    assert api.words(published) == []
    body = event(published, "rejected", revision=99)
    secret = blog.call("option", name="antechamber_settings")["secrets"]
    assert call_back(copy.callback, body, signed(secret, "msg_to_copy", body))[0] == 503
    assert STOPPED not in blog.moderator().get("/wp-admin/").words


def test_a_site_that_has_moved_goes_on(blog: Blog, copy: Blog, published: dict[str, Any], api: Api) -> None:
    copy.post_comment(text := good())
    admin = copy.moderator()
    (form,) = [one for one in admin.get(PAGE).forms() if one.fields.get("action") == "antechamber_moved"]
    assert "The settings are this address" in admin.send(form).words
    copy.run_cron()
    deadline = time.monotonic() + 30
    while (known := api.comment(copy.comment(text))) is None or known["state"] == "pending":
        assert time.monotonic() < deadline, (known, copy.comment(text))
        time.sleep(0.1)
    copy.run_cron()  # the site's call-backs still go to its old address, so it asks
    copy.until(text, "1", _state="approved")
    copy.moderate(admin, "spamcomment", published["id"])
    copy.run_cron()
    assert [decision for decision, *_ in api.words(published)] == ["reject"]


def test_a_copy_with_a_key_of_its_own_begins_anew(
    blog: Blog, copy: Blog, service: Stack, published: dict[str, Any], api: Api
) -> None:
    own = add_site(service, "staging", copy.callback)
    copy.call("option", name="antechamber_settings", value=plugin_settings(service, own))
    copy.post_comment(text := good())
    copy.until(text, "1", _state="approved")
    admin = copy.moderator()
    copy.moderate(admin, "spamcomment", published["id"])
    copy.run_cron()
    assert api.words(published) == []
    assert not [name for name in copy.comment(published["content"])["meta"] if name.startswith("_antechamber")]
