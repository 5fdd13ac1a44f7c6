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


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("antechamber.example:8443", "Did you mean https://antechamber.example:8443?"),
        ("antechamber.example/", "Did you mean https://antechamber.example?"),
        ("ftp://antechamber.example", "It begins with https:// or http://"),
        ("https://", "It begins with https:// or http://"),
        ("https://user:word@antechamber.example", "no name, password or question mark"),
        ("https://antechamber.example/?x=1", "no name, password or question mark"),
        ("javascript:alert(1)", "It begins with https:// or http://"),
        ("<b>hello</b>", "It begins with https:// or http://"),
    ],
)
def test_an_address_that_can_not_be_one_changes_nothing_and_is_explained(
    blog: Blog, service: Stack, admin: Browser, given: str, meant: str
) -> None:
    form = admin.get(PAGE).form("options.php")
    page = admin.send(form, **{f"{OPTION}[url]": given})
    assert "The address of the service was not saved." in page.words
    assert meant in page.words
    assert f"It is still {service.base}." in page.words
    assert "Settings saved." not in page.words
    assert "Antechamber is off" not in page.words
    assert "<b>hello" not in page.text
    assert blog.call("option", name=OPTION)["url"] == service.base


OFF = "Antechamber is off: new comments go their usual way, and nobody judges them."


def test_wherever_protection_is_off_a_notice_says_so_and_why(blog: Blog, connect: Connect, admin: Browser) -> None:
    for more, why in (
        ({"url": ""}, "The address of the service is not set."),
        ({"api_key": ""}, "The API key is not set."),
        ({"url": "", "api_key": ""}, "The address of the service is not set."),
    ):
        connect(**more)
        for page in ("index.php", "edit-comments.php", "plugins.php"):
            words = admin.get(f"/wp-admin/{page}").words
            assert OFF in words
            assert why in words
    connect()
    assert OFF not in admin.get("/wp-admin/index.php").words


def test_the_notice_is_for_administrators(blog: Blog, connect: Connect) -> None:
    connect(url="")
    blog.call("user", user="ada", password="writes-only", role="author")
    assert OFF not in blog.moderator("ada", "writes-only").get("/wp-admin/index.php").words


def test_plain_http_over_more_than_this_machine_is_warned_of(blog: Blog, connect: Connect, admin: Browser) -> None:
    warning = "Antechamber is reached by plain http:"
    for url, warned in (
        ("http://antechamber.example", True), ("http://10.0.0.7:8080", True), ("http://127.0.0.1.example", True),
        ("https://antechamber.example", False), ("http://localhost:8080", False), ("http://[::1]:8080", False),
    ):  # fmt: skip
        connect(url=url)
        assert (warning in admin.get("/wp-admin/index.php").words) is warned, url


def test_the_test_says_completely_what_the_service_would_have_to_relax(
    blog: Blog, service: Stack, press: Callable[[str], str]
) -> None:
    try:
        blog.call("option", name="default_ping_status", value="closed")
        assert "It refuses" not in press("test")
        blog.call("option", name="require_name_email", value="0")
        assert "antechamber sites set blog --no-require-email --no-require-name" in press("test")
        service.command("sites", "set", "blog", "--no-require-email", "--no-require-name")
        assert "It refuses" not in press("test")
        service.command("sites", "set", "blog", "--require-email", "--require-name")
        blog.call("option", name="require_name_email", value="1")
        blog.call("option", name="default_ping_status", value="open")
        said = press("test")
        assert "antechamber sites set blog --no-require-email" in said
        assert "--no-require-name" not in said
    finally:
        service.command("sites", "set", "blog", "--require-email", "--require-name")
        blog.call("option", name="require_name_email", value="1")
        blog.call("option", name="default_ping_status", value="open")
