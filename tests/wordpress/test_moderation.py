"""What moderators do in wp-admin: seen with reasons, told to the service, final."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.wordpress.api import Api
from tests.wordpress.blog import ADMIN, QUEUE, Blog
from tests.wordpress.browser import Browser
from tests.wordpress.connection import Away
from tests.wordpress.texts import good, spam


@pytest.fixture(scope="module")
def admin(_ours: Blog) -> Browser:
    return _ours.moderator()


@pytest.fixture
def published(blog: Blog) -> dict[str, Any]:
    blog.post_comment(text := good())
    return blog.until(text, "1")


@pytest.fixture
def caught(blog: Blog) -> dict[str, Any]:
    """A comment in the spam folder."""
    blog.post_comment(text := spam())
    return blog.until(text, "spam")


def test_not_spam_publishes_the_comment_and_reaches_the_service(
    blog: Blog, api: Api, admin: Browser, caught: dict[str, Any]
) -> None:
    blog.moderate(admin, "unspamcomment", caught["id"], "spam")
    comment = blog.until(caught["content"], "1", _state="approved")
    assert "_antechamber_feedback" not in comment["meta"]
    assert api.words(comment) == [("approve", [], "")]
    known = api.comment(comment)
    assert known is not None
    assert known["state"] == "approved"
    # It says who contradicted what: the machine's word is still in the history.
    assert [line["state"] for line in api.history(comment)] == ["pending", "rejected", "approved"]


def test_not_spam_leaves_held_what_discussion_settings_hold(blog: Blog, api: Api, admin: Browser) -> None:
    text = f"{spam()} and http://another.example"  # two links
    blog.post_comment(text)
    caught = blog.until(text, "spam")
    blog.moderate(admin, "unspamcomment", caught["id"], "spam")
    comment = blog.until(text, "0", _state="flagged")
    assert api.words(comment) == [("hold", [], "Not spam, but held.")]


def test_every_word_reaches_the_service(blog: Blog, api: Api, admin: Browser, published: dict[str, Any]) -> None:
    number = published["id"]
    blog.moderate(admin, "unapprovecomment", number)
    blog.moderate(admin, "approvecomment", number)
    blog.moderate(admin, "spamcomment", number)
    blog.moderate(admin, "unspamcomment", number, "spam")
    blog.moderate(admin, "trashcomment", number)
    blog.moderate(admin, "untrashcomment", number, "trash")
    assert api.words(published) == [
        ("hold", [], ""),
        ("approve", [], ""),
        ("reject", ["spam"], ""),
        ("approve", [], ""),
        ("reject", ["other"], "Put in the trash."),
        ("approve", [], ""),
    ]


def test_moderators_go_by_a_pseudonym(blog: Blog, api: Api, admin: Browser, published: dict[str, Any]) -> None:
    blog.call("user", user="edith", password="editing", role="editor")
    edith = blog.moderator("edith", "editing")
    blog.moderate(admin, "unapprovecomment", published["id"])
    blog.moderate(edith, "approvecomment", published["id"])
    blog.moderate(admin, "spamcomment", published["id"])
    names = [line["actor"] for line in api.history(published) if "/" in line["actor"]]
    assert names[0] == names[2] != names[1]
    assert all(name.startswith("platform:blog/wp-") and len(name) == len("platform:blog/wp-") + 12 for name in names)


def test_words_spoken_while_the_service_is_away_are_kept_and_the_last_one_counts(
    blog: Blog, api: Api, admin: Browser, away: Away, published: dict[str, Any]
) -> None:
    with away():
        blog.moderate(admin, "spamcomment", published["id"])
        blog.moderate(admin, "unspamcomment", published["id"], "spam")
        blog.moderate(admin, "trashcomment", published["id"])
        comment = blog.until(published["content"], "trash")
        assert comment["meta"]["_antechamber_feedback"]["reasons"] == ["other"]
    blog.run_cron()
    assert api.words(published) == [("reject", ["other"], "Put in the trash.")]
    assert "_antechamber_feedback" not in blog.comment(published["content"])["meta"]


def test_a_word_on_a_comment_that_still_waits_stands_when_the_machine_has_spoken(
    blog: Blog, api: Api, admin: Browser, away: Away
) -> None:
    text = spam()
    with away():
        blog.post_comment(text)
        comment = blog.comment(text)
        blog.moderate(admin, "approvecomment", comment["id"])
        assert blog.comment(text)["status"] == "1"
    blog.run_cron()
    comment = blog.until(text, "1", _state="approved")
    assert api.words(comment) == [("approve", [], "")]
    assert [line["state"] for line in api.history(comment)][1] in ("rejected", "approved")


def test_many_at_once(blog: Blog, api: Api, admin: Browser) -> None:
    found = []
    for text in (good(), good(), good()):
        blog.post_comment(text)
        found.append(blog.until(text, "1"))
    form = admin.get("/wp-admin/edit-comments.php").form("comments-form")
    chosen = [(f"delete_comments[{index}]", str(comment["id"])) for index, comment in enumerate(found)]
    page = admin.get(f"{blog.url}/wp-admin/edit-comments.php?{_query(form.fields, chosen, action='spam')}")
    assert page.status == 200
    for comment in found:
        blog.until(comment["content"], "spam", _state="rejected")
        assert api.words(comment) == [("reject", ["spam"], "")]


def test_reasons_and_scores_stand_beside_the_comment(blog: Blog, admin: Browser, caught: dict[str, Any]) -> None:
    listed = admin.get("/wp-admin/edit-comments.php?comment_status=spam")
    assert "id='antechamber'" in listed.text  # the column
    reason = caught["meta"]["_antechamber"]["reasons"][0]["text"]
    assert "threshold 60%" in reason
    assert reason in listed.words
    edited = admin.get(f"/wp-admin/comment.php?action=editcomment&c={caught['id']}")
    assert reason in edited.words
    assert "identity attack" in edited.words
    assert caught["meta"]["_antechamber"]["model"] in edited.words


def test_what_the_service_says_is_shown_as_text(
    blog: Blog, api: Api, admin: Browser, published: dict[str, Any]
) -> None:
    evil = "<script>alert(1)</script>"
    blog.call(
        "record", id=published["id"], changes={"reasons": [{"code": evil, "text": evil}], "model": evil, "detail": evil}
    )
    for address in ("edit-comments.php", f"comment.php?action=editcomment&c={published['id']}"):
        page = admin.get(f"/wp-admin/{address}")
        assert "&lt;script&gt;alert(1)" in page.text
        assert evil not in page.text


def test_a_comment_deleted_for_good_is_erased_at_the_service(
    blog: Blog, api: Api, admin: Browser, caught: dict[str, Any]
) -> None:
    service_id = caught["meta"]["_antechamber"]["id"]
    blog.moderate(admin, "deletecomment", caught["id"], "spam")
    assert api.ask("GET", f"/v1/comments/{service_id}")[0] == 410


def test_an_erasure_waits_for_the_service(
    blog: Blog, api: Api, admin: Browser, away: Away, caught: dict[str, Any]
) -> None:
    service_id = caught["meta"]["_antechamber"]["id"]
    with away():
        blog.moderate(admin, "deletecomment", caught["id"], "spam")
    assert api.ask("GET", f"/v1/comments/{service_id}")[0] == 200
    blog.run_cron()
    assert api.ask("GET", f"/v1/comments/{service_id}")[0] == 410


def test_emptying_the_spam_folder_while_the_service_is_away_is_made_up_for(
    blog: Blog, api: Api, admin: Browser, away: Away
) -> None:
    caught = []
    for text in (spam(), spam(), spam()):
        blog.post_comment(text)
        caught.append(blog.until(text, "spam")["meta"]["_antechamber"]["id"])
    with away():
        form = admin.get("/wp-admin/edit-comments.php?comment_status=spam").form("comments-form")
        # WordPress spares what came after the page was made, to the second; these may have come in the same one.
        later = {"comment_status": "spam", "delete_all": "Empty Spam", "pagegen_timestamp": "2099-01-01 00:00:00"}
        query = urlencode(form.fields | later)
        assert admin.get(f"/wp-admin/edit-comments.php?{query}").status == 200
        assert not [comment for comment in blog.comments() if comment["status"] == "spam"]
    blog.run_cron()
    assert [api.ask("GET", f"/v1/comments/{service_id}")[0] for service_id in caught] == [410, 410, 410]
    assert blog.call("cron", hook=QUEUE) is None


def test_comments_that_were_never_sent_are_not_spoken_of(blog: Blog, api: Api, admin: Browser) -> None:
    old = next(comment for comment in blog.comments() if comment["id"] == 1)
    blog.moderate(admin, "unapprovecomment", 1)
    blog.moderate(admin, "approvecomment", 1)
    assert api.comment(old) is None
    assert {comment["id"]: comment for comment in blog.comments()}[1]["meta"] == {}


def test_personal_data_can_be_exported_and_erased(blog: Blog, api: Api) -> None:
    texts = good(), good()
    for text in texts:
        blog.post_comment(text, email="subject@example.com", author="Subject")
    comments = [blog.until(text, "1") for text in texts]
    exported = blog.call("personal_data", what="exporters", email="subject@example.com")["antechamber"]
    assert exported["done"]
    assert len(exported["data"]) == 2
    lines = {line["name"]: line["value"] for line in exported["data"][0]["data"]}
    assert lines["State"] == "approved"
    assert '"spam"' in lines["Scores"]
    erased = blog.call("personal_data", what="erasers", email="subject@example.com")
    assert next(iter(erased)) == "antechamber"  # before core's, which takes the address off
    assert erased["antechamber"]["items_removed"]
    for comment in comments:
        assert api.ask("GET", f"/v1/comments/{comment['meta']['_antechamber']['id']}")[0] == 410
        after = next(found for found in blog.comments() if found["id"] == comment["id"])
        assert after["meta"] == {}
        assert after["email"] == ""


def test_only_moderators_words_count(blog: Blog, api: Api, published: dict[str, Any]) -> None:
    """A reader who guesses the address of the link gets nowhere, in WordPress or at the service."""
    blog.call("user", user="guesser", password="guessing", role="subscriber")
    guesser = blog.moderator("guesser", "guessing")
    address = f"/wp-admin/comment.php?action=spamcomment&c={published['id']}&_wpnonce=0123456789"
    assert guesser.get(address).status in (403, 500)
    assert api.words(published) == []
    assert blog.comment(published["content"])["status"] == "1"


def _query(fields: dict[str, str], chosen: list[tuple[str, str]], *, action: str) -> str:
    return urlencode([*(fields | {"action": action, "action2": "-1"}).items(), *chosen])


def test_after_a_humans_word_the_column_says_whose(
    blog: Blog, api: Api, admin: Browser, published: dict[str, Any]
) -> None:
    number, text = published["id"], published["content"]
    assert "decided" not in _cell(admin, number)
    blog.moderate(admin, "unapprovecomment", number)
    assert f"decided here by {ADMIN[0]}" in _cell(admin, number)
    known = api.comment(published)
    assert known is not None
    word = {"decision": "approve", "reasons": [], "moderator": "bo", "revision": known["revision"]}
    status, _ = api.ask("POST", f"/v1/comments/{known['id']}/decision", word)
    assert status == 200
    blog.until(text, "1", _state="approved")
    assert "decided at the service by bo" in _cell(admin, number)
    blog.moderate(admin, "spamcomment", number)
    assert f"decided here by {ADMIN[0]}" in _cell(admin, number, "spam")
    assert "bo" not in _cell(admin, number, "spam").split("decided", 1)[1].split("approved", 1)[0][:30]


def _cell(admin: Browser, number: int, status: str = "all") -> str:
    """Our column of a comment's row."""
    page = admin.get(f"/wp-admin/edit-comments.php?comment_status={status}").text
    row = page.split(f'id="comment-{number}"', 1)[1].split("</tr>", 1)[0] if f'id="comment-{number}"' in page else page
    return row.split("antechamber column-antechamber", 1)[1].split("</td>", 1)[0]
