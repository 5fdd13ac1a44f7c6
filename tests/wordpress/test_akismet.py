"""The real Akismet plugin, unchanged, with its calls turned round to the service by ours."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.stack import ROLES, Stack
from tests.wordpress.api import Api
from tests.wordpress.blog import Blog
from tests.wordpress.browser import Browser
from tests.wordpress.connection import add_site, plugin_settings
from tests.wordpress.tap import Tap
from tests.wordpress.texts import good, spam

KEY_PAGE = "/wp-admin/options-general.php?page=akismet-key-config&view=start"
RECHECK = "akismet_schedule_cron_recheck"


@pytest.fixture(scope="module")
def site(service: Stack, akismet_blog: Blog) -> dict[str, str]:
    """The blog's site at the service. Its own rule on newcomers is off, as Akismet's users have it who trust Akismet."""
    asyncio.run(service.up())
    akismet_blog.call("option", name="comment_previously_approved", value="0")
    return add_site(service, "akismet-blog", "")


@pytest.fixture(scope="module")
def api(service: Stack, site: dict[str, str]) -> Api:
    return Api(service.base, site["api_key"])


@pytest.fixture(scope="module")
def admin(akismet_blog: Blog) -> Browser:
    return akismet_blog.moderator()


@pytest.fixture(scope="module")
def tap(service: Stack) -> Iterator[Tap]:
    with Tap.between(service.base) as tap:
        yield tap


@pytest.fixture(scope="module")
def blog(akismet_blog: Blog, service: Stack, site: dict[str, str], admin: Browser, tap: Tap) -> Blog:
    """The blog with its key entered by hand on Akismet's own page."""
    settings = plugin_settings(service, site, url=tap.url, route_akismet=True)
    akismet_blog.call("option", name="antechamber_settings", value=settings)
    page = _enter(admin, site["akismet_key"])
    assert "Akismet is now protecting your site from spam." in page
    return akismet_blog


def _enter(admin: Browser, key: str) -> str:
    (form, *_) = [form for form in admin.get(KEY_PAGE).forms() if form.fields.get("action") == "enter-key"]
    return admin.send(form, key=key).words


def _known(api: Api, text: str) -> dict[str, Any]:
    """The service's one comment with this text."""
    _, page = api.ask("GET", "/v1/comments?limit=200")
    (found,) = [item for item in page["items"] if text in item["content"]]
    return dict(found)


def test_a_wrong_key_is_refused_and_ours_is_verified(
    blog: Blog, admin: Browser, site: dict[str, str], tap: Tap
) -> None:
    page = _enter(admin, "0123456789ab")
    assert "key you entered is invalid" in page.lower()
    assert blog.call("option", name="wordpress_api_key") == site["akismet_key"]
    calls = [said for said in tap.said if said.path == "/1.1/verify-key"]
    assert len(calls) >= 2
    assert all("akismet.com" not in said.headers["host"] for said in calls)


def test_a_good_comment_is_checked_and_published(blog: Blog, api: Api, tap: Tap) -> None:
    before = len(tap.said)
    text = good()
    blog.post_comment(text)
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["akismet_result"]) == ("1", "false")
    assert _known(api, text)["state"] == "approved"
    # The one judge is Akismet's plugin: ours kept out of it.
    assert [said.path for said in tap.said[before:]] == ["/1.1/comment-check"]
    assert not [name for name in comment["meta"] if name.startswith("_antechamber")]


def test_spam_goes_to_the_spam_folder_and_not_spam_arrives(blog: Blog, api: Api, admin: Browser, tap: Tap) -> None:
    text = spam()
    blog.post_comment(text)
    comment = blog.comment(text)
    assert (comment["status"], comment["meta"]["akismet_result"]) == ("spam", "true")
    assert _known(api, text)["state"] == "rejected"
    blog.moderate(admin, "unspamcomment", comment["id"], "spam")
    assert tap.said[-1].path == "/1.1/submit-ham"
    assert blog.comment(text)["meta"]["akismet_user_result"] == "false"
    known = _known(api, text)
    assert known["state"] == "approved"
    _, history = api.ask("GET", f"/v1/comments/{known['id']}/history")
    assert [line["state"] for line in history["items"]] == ["pending", "rejected", "approved"]


def test_spam_that_was_missed_is_reported(blog: Blog, api: Api, admin: Browser, tap: Tap) -> None:
    text = good()
    blog.post_comment(text)
    comment = blog.comment(text)
    blog.moderate(admin, "spamcomment", comment["id"])
    assert tap.said[-1].path == "/1.1/submit-spam"
    assert _known(api, text)["state"] == "rejected"


def test_comments_are_held_while_the_service_is_away_and_judged_when_it_returns(
    blog: Blog, api: Api, service: Stack
) -> None:
    texts = good(), spam()
    for role in ROLES:
        service.stop(role)
    try:
        for text in texts:
            blog.post_comment(text)
            comment = blog.comment(text)
            assert comment["status"] == "0"
            assert "akismet_error" in comment["meta"]
    finally:
        asyncio.run(service.up())
    blog.call("option", name="akismet_ssl_disabled", value="")
    for _ in range(5):  # a service that has just begun may answer too late; then Akismet asks again
        blog.run_cron(RECHECK)
        if blog.comment(texts[1])["status"] == "spam":
            break
    blog.until(texts[0], "1")
    blog.until(texts[1], "spam")
    assert [_known(api, text)["state"] for text in texts] == ["approved", "rejected"]


def test_comments_are_held_while_the_key_is_no_good(blog: Blog, site: dict[str, str]) -> None:
    blog.call("option", name="wordpress_api_key", value="0123456789ab")
    try:
        blog.post_comment(text := good())
    finally:
        blog.call("option", name="wordpress_api_key", value=site["akismet_key"])
    assert blog.comment(text)["status"] == "0"
    blog.run_cron(RECHECK)
    blog.until(text, "1")


def test_a_late_verdict_reaches_a_plugin_that_waits_for_it(blog: Blog, api: Api, service: Stack) -> None:
    """Versions that know of late verdicts hold the comment until ours comes by call-back. Older ones, like Debian 12's, have
    no call-back and publish what the first answer let pass: nothing that we answer makes them wait."""
    service.stop("worker")
    text = good()
    try:
        blog.post_comment(text)
        waits = blog.call("akismet_version") >= [5, 5]
        assert blog.comment(text)["status"] == ("0" if waits else "1")
    finally:
        service.start("worker")
    blog.until(text, "1")
    while _known(api, text)["state"] == "pending":
        time.sleep(0.1)
    assert _known(api, text)["state"] == "approved"


def test_statistics_and_status_pages_work(blog: Blog, admin: Browser, tap: Tap) -> None:
    before = len(tap.said)
    page = admin.get("/wp-admin/options-general.php?page=akismet-key-config")
    assert page.status == 200
    asked = {said.path for said in tap.said[before:]}
    assert {"/1.1/get-stats", "/1.1/get-subscription"} <= asked
    assert "Active" in page.words


def test_no_page_embeds_frames_of_automattic(blog: Blog, admin: Browser) -> None:
    """Their addresses would tell it the site's, and the key."""
    for page in ("akismet-key-config", "akismet-key-config&view=stats"):
        text = admin.get(f"/wp-admin/options-general.php?page={page}").text
        assert "tools.akismet.com" not in text
    assert (
        "Statistics are with your own service"
        in admin.get("/wp-admin/options-general.php?page=akismet-key-config&view=stats").words
    )


def test_a_routed_check_waits_no_longer_than_the_owner_allows(
    blog: Blog, api: Api, service: Stack, site: dict[str, str], tap: Tap
) -> None:
    settings = plugin_settings(service, site, url=service.base, route_akismet=True, max_wait=1)
    blog.call("option", name="antechamber_settings", value=settings)
    visitor = Browser(blog.url)
    visitor.get("/?p=1")
    text, process = good(), service.processes["api"].pid
    os.kill(process, signal.SIGSTOP)  # it takes connections, and never answers
    try:
        began = time.monotonic()
        blog.post_comment(text, browser=visitor)
        took = time.monotonic() - began
        assert blog.comment(text)["status"] == "0"
    finally:
        os.kill(process, signal.SIGCONT)
        blog.call("option", name="antechamber_settings", value=settings | {"url": tap.url, "max_wait": 5})
    assert took < 10  # that plugin itself would wait for 15 seconds
    blog.run_cron(RECHECK)
    blog.until(text, "1")


def test_without_a_key_in_akismets_settings_a_notice_says_that_nobody_judges(
    blog: Blog, admin: Browser, site: dict[str, str]
) -> None:
    blog.call("option", name="wordpress_api_key", value="")
    try:
        words = admin.get("/wp-admin/index.php").words
    finally:
        blog.call("option", name="wordpress_api_key", value=site["akismet_key"])
    assert "Antechamber is off" in words
    assert "The Akismet plugin is to have comments judged, and has no key" in words
    assert "Antechamber is off" not in admin.get("/wp-admin/index.php").words


def test_without_the_option_akismets_calls_are_left_alone(
    blog: Blog, service: Stack, site: dict[str, str], tap: Tap
) -> None:
    """Then they go to akismet.com, which these blogs may not reach, and our plugin judges by itself."""
    settings = plugin_settings(service, site, url=tap.url, route_akismet=False)
    blog.call("option", name="antechamber_settings", value=settings)
    before = len(tap.said)
    try:
        blog.post_comment(text := good())
    finally:
        blog.call("option", name="antechamber_settings", value=settings | {"route_akismet": True})
    assert {said.path for said in tap.said[before:]} <= {"/v1/comments"}
    assert blog.comment(text)["status"] in ("0", "1")


def test_an_old_clients_key_in_the_hosts_name_is_carried_along(blog: Blog, site: dict[str, str], tap: Tap) -> None:
    key = site["akismet_key"]
    for body in ("blog=http%3A%2F%2Fa.example", {"blog": "http://a.example"}):
        answer = blog.call("http_post", url=f"https://{key}.rest.akismet.com/1.1/get-subscription", body=body)
        assert '"status":"active"' in answer.replace(" ", ""), answer
        assert key in tap.said[-1].body.decode()


def test_a_forms_angry_message_arrives_and_spam_does_not(blog: Blog, api: Api) -> None:
    """As docs/forms.md has it. The fields are those of Contact Form 7, the key and the way those of the real Akismet plugin."""
    angry = f"This is the third time that I write to you, you useless idiots, where is my money? {good()}"
    said = {
        "comment_type": "contact-form",
        "comment_author": "Ann",
        "comment_author_email": "ann@example.com",
        "comment_author_url": "",
    }
    assert blog.call("form", fields=said | {"comment_content": angry}) is False
    assert blog.call("form", fields=said | {"comment_content": spam()}) is True
    marked = {"comment_author": "akismet-guaranteed-spam", "comment_content": good()}
    assert blog.call("form", fields=said | marked) is True
    assert _known(api, angry)["state"] == "approved"


def test_deactivating_says_good_bye(blog: Blog, admin: Browser, tap: Tap) -> None:
    page = admin.get("/wp-admin/plugins.php")
    admin.get(page.link("action=deactivate", "akismet"))
    assert tap.said[-1].path == "/1.1/deactivate"
