"""The settings page, and what remains when the plugin is deleted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.system.stack import Stack
from tests.wordpress.blog import Blog
from tests.wordpress.browser import Browser
from tests.wordpress.connection import Away, Connect
from tests.wordpress.texts import good

PAGE = "/wp-admin/options-general.php?page=antechamber"
OPTION = "antechamber_settings"


@pytest.fixture(scope="module")
def admin(_ours: Blog) -> Browser:
    return _ours.moderator()


@pytest.fixture
def press(admin: Browser) -> Callable[[str], str]:
    """Press one of the page's buttons; what the page says then."""

    def press(button: str) -> str:
        page = admin.get(PAGE)
        (form,) = [form for form in page.forms() if form.fields.get("action") == f"antechamber_{button}"]
        return admin.send(form).words

    return press


def test_settings_are_saved_and_secrets_never_shown(
    blog: Blog, service: Stack, credentials: dict[str, str], admin: Browser
) -> None:
    blog.call("option", name=OPTION, value={})
    form = admin.get(PAGE).form("options.php")
    fields = {"url": f" {service.base}/ ", "api_key": credentials["api_key"], "secrets": credentials["webhook_secret"]}
    page = admin.send(form, **{f"{OPTION}[{name}]": value for name, value in fields.items()})
    saved = blog.call("option", name=OPTION)
    assert saved["url"] == service.base
    assert saved["api_key"] == credentials["api_key"]
    assert saved["secrets"] == credentials["webhook_secret"]
    assert saved["max_wait"] == 1
    assert credentials["api_key"] not in page.text
    assert credentials["webhook_secret"] not in page.text
    admin.send(page.form("options.php"), **{f"{OPTION}[max_wait]": "99"})
    changed = blog.call("option", name=OPTION)
    assert changed == saved | {"max_wait": 10}  # the empty fields kept the secrets


def test_the_connection_can_be_tested(blog: Blog, press: Callable[[str], str]) -> None:
    said = press("test")
    assert 'the service knows this site as "blog"' in said
    assert "But" not in said.split("Connected", 1)[1].split("Settings", 1)[0][:300]


def test_a_bad_key_a_missing_secret_and_a_dead_service_are_named(
    blog: Blog, connect: Connect, press: Callable[[str], str], away: Away
) -> None:
    connect(api_key="wrong")
    assert "No connection. The service answered 401." in press("test")
    connect(secrets="")
    assert "the webhook secret is not set" in press("test")
    connect()
    with away():
        assert "No connection." in press("test")


def test_what_waits_can_be_tried_again_at_once(blog: Blog, press: Callable[[str], str], away: Away) -> None:
    with away():
        blog.post_comment(text := good())
        assert "1 comment still waits." in press("run")
    assert "Nothing waits any more." in press("run")
    blog.until(text, "1", _state="approved")


def test_buttons_and_page_are_for_administrators_and_need_a_nonce(blog: Blog, admin: Browser) -> None:
    assert admin.post("/wp-admin/admin-post.php", {"action": "antechamber_test"}).status == 403
    assert admin.post("/wp-admin/admin-post.php", {"action": "antechamber_run", "_wpnonce": "0123456789"}).status == 403
    blog.call("user", user="ed", password="edits-only", role="editor")
    editor = blog.moderator("ed", "edits-only")
    assert editor.get(PAGE).status == 403
    assert editor.post("/wp-admin/admin-post.php", {"action": "antechamber_test"}).status == 403
    forged = {"option_page": "antechamber", "action": "update", f"{OPTION}[url]": "https://evil.example"}
    assert admin.post("/wp-admin/options.php", forged).status == 403
    assert "evil" not in str(blog.call("option", name=OPTION))


def test_deleting_the_plugin_leaves_comments_and_nothing_else(spare_blog: Blog) -> None:
    settings = {"url": "http://127.0.0.1:9", "api_key": "key", "secrets": "", "max_wait": 1, "trust_new": True}
    spare_blog.call("option", name=OPTION, value=settings)
    spare_blog.post_comment(text := good())
    assert spare_blog.comment(text)["meta"]["_antechamber_state"] == "waiting"
    assert spare_blog.call("traces")
    assert spare_blog.call("uninstall", plugin="antechamber/antechamber.php")
    assert spare_blog.call("traces") == []
    comment = spare_blog.comment(text)
    assert (comment["status"], comment["meta"]) == ("0", {})
