"""The Akismet dialect over HTTP: exact bytes, the key wherever it is, one record a comment, human words, statistics."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import msgspec
import pytest
from aiohttp import ClientResponse

from service.core.comment import Actor
from service.core.identity import digest_email
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.policy import Policy
from service.core.policy.thresholds import Thresholds
from service.core.site import Known
from service.settings import Settings
from tests.support.akismet import BLOG, COMMENT, AkismetClient, classification
from tests.support.platform import Platform

THANKS = "Thanks for making the web a better place."
NEVER_WITH_AN_ANSWER = ("X-akismet-debug-help", "X-akismet-alert-code", "X-akismet-alert-msg")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"akismet_deadline": 5.0})


@pytest.fixture
async def akismet(platform: Platform, site: Known) -> AsyncIterator[AkismetClient]:
    """A client of a service whose worker is awake."""
    async with classification(platform):
        yield AkismetClient(platform, site)


def exactly(response: ClientResponse, body: bytes) -> bool:
    """Status, bytes, type, and none of the headers that make clients stumble over a good answer."""
    return (
        response.status == 200
        and response._body == body
        and response.headers["Content-Type"] == "text/plain; charset=utf-8"
        and not any(name in response.headers for name in NEVER_WITH_AN_ANSWER)
    )


async def test_ham_is_false_and_spam_is_true(akismet: AkismetClient) -> None:
    ham = await akismet.call("comment-check")
    assert exactly(ham, b"false")
    assert "X-akismet-pro-tip" not in ham.headers
    assert "X-akismet-recheck-after" not in ham.headers
    assert "X-akismet-error" not in ham.headers
    spam = await akismet.call("comment-check", comment_content="Buy pills")
    assert exactly(spam, b"true")
    assert spam.headers["X-akismet-pro-tip"] == "discard"  # as sure as that
    rude = await akismet.call("comment-check", comment_content="You idiot")
    assert exactly(rude, b"true")
    assert "X-akismet-pro-tip" not in rude.headers
    assert "X-akismet-classification" not in spam.headers


@pytest.mark.parametrize(
    "kind", ["contact-form", "contact_form", "gravity_form", "signup", "fraud-report", "message", "formidable"]
)
async def test_an_angry_message_to_the_site_arrives(akismet: AkismetClient, kind: str) -> None:
    angry = {"comment_content": f"Where is my money, you idiot? {kind}"}
    assert exactly(await akismet.call("comment-check", comment_type=kind, **angry), b"false")
    assert exactly(await akismet.call("comment-check", comment_type=kind, comment_content=f"pills {kind}"), b"true")
    for published in ("comment", "review", "forum-post"):
        assert exactly(
            await akismet.call("comment-check", comment_type=published, permalink=f"/{published}", **angry), b"true"
        )


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2024-05-06 07:08:09", 1_714_979_289_000),
        ("2024-05-06T09:08:09+02:00", 1_714_979_289_000),
        ("yesterday", 0),
        ("", 0),
    ],
)
async def test_when_it_was_written_is_what_the_platform_says(akismet: AkismetClient, said: str, at: int) -> None:
    await akismet.call("comment-check", comment_date_gmt=said)
    comment = await akismet.only()
    assert comment.written_at == (at or comment.created_at)


async def test_how_a_visitor_came_makes_no_other_comment(akismet: AkismetClient) -> None:
    page = COMMENT["permalink"]
    guids = {
        (await akismet.call("comment-check", permalink=page + more)).headers["X-akismet-guid"]
        for more in ("", "/", "#comment-5", "?utm_source=mail&fbclid=x", "/?replytocom=3#respond")
    }
    assert len(guids) == 1
    assert len(await akismet.kept()) == 1
    other = await akismet.call("comment-check", permalink=page + "?p=2")
    assert other.headers["X-akismet-guid"] not in guids


async def test_a_check_is_a_submission_like_any_other(akismet: AkismetClient) -> None:
    answer = await akismet.call("comment-check")
    comment = await akismet.only()
    assert answer.headers["X-akismet-guid"] == comment.id
    assert comment.state is State.APPROVED
    assert comment.submission is not None
    assert comment.submission.channel == "akismet"
    assert comment.submission.page.url == COMMENT["permalink"]
    assert comment.submission.author.name == "Ann"
    assert comment.submission.author.email == digest_email(
        "ann@example.com", akismet.platform.services.secrets.identity.within(akismet.platform.site.circles)
    )
    assert comment.submission.author.ip is not None
    assert comment.submission.author.url == "https://ann.example"


async def test_the_same_check_again_is_the_same_comment(akismet: AkismetClient) -> None:
    first = await akismet.call("comment-check")
    again = await akismet.call("comment-check")
    assert exactly(again, b"false")
    assert first.headers["X-akismet-guid"] == again.headers["X-akismet-guid"] == (await akismet.only()).id


async def test_blatant_spam_need_not_be_kept(akismet: AkismetClient) -> None:
    site = msgspec.structs.replace(akismet.known.site, policy=Policy(thresholds={"spam": Thresholds(0.5, 0.9, 0.95)}))
    await akismet.platform.services.accounts.change(site.id, lambda _: site, "test")
    akismet.platform.site = site
    answer = await akismet.call("comment-check", comment_content="Buy pills")
    assert exactly(answer, b"true")
    assert answer.headers["X-akismet-pro-tip"] == "discard"


async def test_what_is_held_is_not_published_by_a_client_that_can_hold(akismet: AkismetClient) -> None:
    """`false` loses nothing where a client knows only two words; the error header holds it where the client reads it."""
    answer = await akismet.call("comment-check", comment_content="maybe")
    assert exactly(answer, b"false")
    assert answer.headers["X-akismet-error"] == "held-for-moderation"
    assert answer.headers["X-akismet-guid"] == (await akismet.only()).id
    assert "X-akismet-recheck-after" not in answer.headers  # after twice that time WordPress publishes
    again = await akismet.call("comment-check", comment_content="maybe", recheck_reason="retry")
    assert (again.status, await again.text()) == (503, "undecided")  # to a retry, `false` would mean: publish
    edited = await akismet.call("comment-check", comment_content="maybe", recheck_reason="recheck_queue")
    assert exactly(edited, b"false")
    assert edited.headers["X-akismet-error"] == "held-for-moderation"


@pytest.mark.parametrize(("content", "word"), [("fine", "ham"), ("Buy pills", "spam"), ("maybe", "spam")])
async def test_classify_asks_for_a_word(akismet: AkismetClient, content: str, word: str) -> None:
    answer = await akismet.call("comment-check", comment_content=content, classify="1")
    assert answer.headers["X-akismet-classification"] == word


async def test_a_humans_reason_is_the_word(akismet: AkismetClient) -> None:
    guid = (await akismet.call("comment-check")).headers["X-akismet-guid"]
    site, eve = akismet.known.site, Actor(ActorKind.MODERATOR, "eve")
    for reasons, word in ((["off-topic"], "spam"), (["off-topic", "insult"], "insult")):
        await akismet.platform.services.moderation.decide(site, guid, Outcome.REJECT, actor=eve, reasons=reasons)
        answer = await akismet.call("comment-check", classify="1")
        assert exactly(answer, b"true")
        assert answer.headers["X-akismet-classification"] == word


@pytest.mark.parametrize(
    "fields",
    [
        {"comment_author": "akismet-guaranteed-spam"},
        {"comment_author": "viagra-test-123"},
        {"comment_author_email": "akismet-guaranteed-spam@example.com"},
        {"comment_author": "akismet-guaranteed-spam", "is_test": "1"},
    ],
)
async def test_documented_test_values_are_always_spam(akismet: AkismetClient, fields: dict[str, str]) -> None:
    assert exactly(await akismet.call("comment-check", **fields), b"true")
    assert exactly(await akismet.call("comment-check"), b"false")  # … and the same words without it are not
    decisions = [comment.decision for comment in await akismet.kept() if comment.state is State.REJECTED]
    assert [reason.code for decision in decisions if decision for reason in decision.reasons] == ["test-trigger"]


@pytest.mark.parametrize("role", ["administrator", "editor,administrator"])
async def test_an_administrator_is_ham(akismet: AkismetClient, role: str) -> None:
    assert exactly(await akismet.call("comment-check", comment_content="Buy pills", user_role=role), b"false")
    assert exactly(await akismet.call("comment-check", comment_content="More pills", user_role="editor"), b"true")


async def test_the_key_is_found_wherever_clients_put_it(akismet: AkismetClient) -> None:
    for where in ({"api_key": akismet.key}, {"key": akismet.key}, {"api_key": akismet.key, "key": "ffffffffffff"}):
        assert exactly(await akismet.post("/1.1/comment-check", COMMENT | where), b"false")
    for host in (
        f"{akismet.key}.rest.akismet.com",
        f"{akismet.key}.rest.akismet.com:443",
        f"{akismet.key}.localhost:8080",
    ):
        assert exactly(await akismet.post("/1.1/comment-check", COMMENT, Host=host), b"false")
    assert exactly(await akismet.post("/1.1/comment-check", COMMENT | {"api_key": akismet.key.upper()}), b"false")


@pytest.mark.parametrize(
    "call", ["comment-check", "submit-spam", "submit-ham", "deactivate", "token", "get-stats", "get-subscription"]
)
@pytest.mark.parametrize("key", ["", "ffffffffffff", "x" * 10_000, "ключ"])
async def test_an_unknown_key_is_invalid_and_says_why(akismet: AkismetClient, call: str, key: str) -> None:
    answer = await akismet.post(f"/1.1/{call}", COMMENT | {"api_key": key})
    assert (answer.status, await answer.read()) == (200, b"invalid")
    assert answer.headers["X-akismet-debug-help"]
    assert await akismet.kept() == []


async def test_an_api_key_is_no_akismet_key(akismet: AkismetClient) -> None:
    answer = await akismet.post("/1.1/verify-key", {"key": akismet.known.credentials[0].api_key, "blog": BLOG})
    assert await answer.read() == b"invalid"


async def test_verify_key_asks_about_key_even_when_api_key_is_another(akismet: AkismetClient) -> None:
    assert exactly(await akismet.post("/1.1/verify-key", {"key": akismet.key, "blog": BLOG}), b"valid")
    assert exactly(await akismet.post("/1.1/verify-key", {"api_key": akismet.key, "blog": BLOG}), b"valid")
    assert exactly(
        await akismet.post("/1.1/verify-key", {"key": akismet.key, "api_key": "ffffffffffff", "blog": BLOG}), b"valid"
    )
    wrong = await akismet.post("/1.1/verify-key", {"key": "ffffffffffff", "api_key": akismet.key, "blog": BLOG})
    assert await wrong.read() == b"invalid"
    assert wrong.headers["X-akismet-debug-help"]


async def test_the_lesser_calls(akismet: AkismetClient) -> None:
    key = {"key": akismet.key, "blog": BLOG}
    assert exactly(await akismet.post("/1.1/deactivate", key), b"deactivated")
    token = await akismet.post("/1.1/token", {"api_key": akismet.key})
    assert token.status == 200
    assert len(await token.text()) == 32
    connected = await akismet.platform.client.get("/1.1/test")
    assert await connected.read() == b"connected"
    subscription = await (await akismet.post("/1.1/get-subscription", key)).json()
    assert subscription["status"] == "active"
    assert subscription["limit_reached"] is False
    plugins = await akismet.platform.client.get("/1.2/compatible-plugins")
    assert await plugins.json() == []
    unknown = await akismet.post("/1.1/no-such-call", key)
    assert (unknown.status, await unknown.text()) == (404, "invalid")
    wrong = await akismet.platform.client.get("/1.1/comment-check")
    assert (wrong.status, await wrong.text()) == (405, "invalid")


async def test_wordpress_sends_everything_twice_slashed_and_in_arrays(akismet: AkismetClient) -> None:
    content = (
        r"He said \"<a href=\\\"https://x.example\\\">look</a>\" and it\'s fine. " + "Lots of words here. " * 2_800
    )
    fields = COMMENT | {
        "api_key": akismet.key,
        "comment_content": content,
        "POST_comment": content,
        "POST_ak_js": "1700000000000",
        "POST_ak_bkp": "12;80,",
        "POST_email": "ann@example.com",
        "HTTP_X_FORWARDED_FOR": "192.0.2.7",
        "REMOTE_ADDR": "192.0.2.7",
        "akismet_comment_nonce": "passed",
    }
    body = (
        urlencode(fields).encode()
        + b"&comment_context[0]=News&comment_context[1]=Caf%C3%A9&user_ID&comment_meta[a][b]=1"
    )
    assert len(body) > 111_000
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    answer = await akismet.post("/1.1/comment-check", body, **headers)
    assert exactly(answer, b"false")
    submission = (await akismet.only()).submission
    assert submission is not None
    assert submission.content.startswith('He said "<a href=')
    assert "it's fine" in submission.content
    assert submission.form == {
        "POST_ak_js": "1700000000000",
        "POST_ak_bkp": "12;80,",
        "akismet_comment_nonce": "passed",
        "comment_context": "News\nCafé",
        "referrer": "https://blog.example/post",
    }


async def test_a_trap_that_the_request_names_is_kept(akismet: AkismetClient) -> None:
    await akismet.call("comment-check", honeypot_field_name="trap", trap="gotcha")
    submission = (await akismet.only()).submission
    assert submission is not None
    assert submission.form["honeypot"] == "gotcha"


@pytest.mark.parametrize(
    "fields",
    [
        {"comment_author_email": ""},
        {"comment_author_email": "not an address"},
        {"comment_author_email": "a" * 300 + "@example.com"},
        {"user_ip": "::ffff:192.0.2.7"},
        {"user_ip": "unknown"},
        {"user_ip": ""},
        {"comment_author": ""},
        {"comment_author": "x" * 400},
        {"comment_author_url": "https://x.example/" + "y" * 400},
        {"permalink": "/relative/path"},
        {"permalink": ""},
        {"permalink": "", "blog": ""},
        {"comment_type": "", "content_type": "forum-post"},
        {"comment_type": "a kind\nwith lines"},
        {"is_test": "False"},
        {"is_test": "0"},
        {"is_test": "true"},
        {"blog_lang": "en,pl", "blog_charset": "UTF-8", "charset": "utf-8"},
        {"comment_date_gmt": "2026-11-24T01:02:03Z"},
        {"comment_date_gmt": "2026-11-24T01:02:03.123456+00:00"},
        {"comment_content": "a\0b \ud83d\ude00 \u202e".encode("utf-16", "surrogatepass").decode("utf-16")},
        {"comment_content": "word " * 30_000},
        {"comment_content": "", "comment_type": "signup"},
        {"comment_parent": "0"},
        {"comment_parent": "17"},
        {"user_role": "some_custom_role"},
    ],
)  # fmt: skip
async def test_what_akismet_lets_pass_we_let_pass(akismet: AkismetClient, fields: dict[str, str]) -> None:
    assert exactly(await akismet.call("comment-check", **fields), b"false")
    await akismet.only()


async def test_an_odd_address_is_no_address_and_is_not_kept_either(akismet: AkismetClient) -> None:
    odd = '"ann b"@[10.0.0.1'
    await akismet.call(
        "comment-check", comment_author_email=odd, user_ip="999.1.2.3", comment_content=f"ask {odd} or 999.1.2.3"
    )
    comment = await akismet.only()
    kept = msgspec.json.encode(comment).decode()
    assert "ann b" not in kept
    assert "999.1.2.3" not in kept


async def test_other_character_sets_are_read(akismet: AkismetClient) -> None:
    body = urlencode(
        COMMENT | {"api_key": akismet.key, "comment_content": "Übung macht den Meister"}, encoding="iso-8859-1"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=ISO-8859-1"}
    assert exactly(await akismet.post("/1.1/comment-check", body.encode(), **headers), b"false")
    submission = (await akismet.only()).submission
    assert submission is not None
    assert submission.content == "Übung macht den Meister"


async def test_nothing_to_check_is_invalid(akismet: AkismetClient) -> None:
    answer = await akismet.call("comment-check", comment_content="", comment_author="", comment_author_url="")
    assert (answer.status, await answer.text()) == (200, "invalid")
    assert "comment_content" in answer.headers["X-akismet-debug-help"]


async def test_too_much_is_refused(akismet: AkismetClient) -> None:
    answer = await akismet.call("comment-check", comment_content="x" * 300_000)
    assert (answer.status, await answer.text()) == (413, "too-large")
    fields = b"&".join(b"f%d=1" % number for number in range(3_000))
    answer = await akismet.post("/1.1/comment-check", fields)
    assert (answer.status, await answer.text()) == (200, "invalid")


@pytest.mark.parametrize(
    ("call", "outcome", "state", "labels"),
    [
        ("submit-spam", Outcome.REJECT, State.REJECTED, {"spam": 1.0}),
        ("submit-ham", Outcome.APPROVE, State.APPROVED, {"spam": 0.0}),
    ],
)
async def test_a_correction_is_a_human_decision_and_an_example(
    akismet: AkismetClient, call: str, outcome: Outcome, state: State, labels: dict[str, float]
) -> None:
    content = "I liked this." if call == "submit-spam" else "Buy pills"
    before = await akismet.says("comment-check", comment_content=content)
    answer = await akismet.call(call, comment_content=content, reporter="eve", comment_check_response=before)
    assert exactly(answer, THANKS.encode())
    comment = await akismet.only()
    assert (comment.state, comment.human, comment.ruled) == (state, True, outcome)
    assert comment.decision is not None
    assert str(comment.decision.actor).startswith("platform:blog/")
    assert "eve" not in comment.decision.actor.name
    (example,) = await akismet.examples()
    assert (example.comment, example.text, example.labels, example.source) == (comment.id, content, labels, "akismet")
    assert example.actor == str(comment.decision.actor)
    assert example.said.outcome == ("approve" if call == "submit-spam" else "reject")
    assert example.said.model == "words-1"
    # said again, it changes nothing; and a later check hears the human
    assert await akismet.says(call, comment_content=content, reporter="eve") == THANKS
    assert (await akismet.only()).revision == comment.revision
    assert len(await akismet.examples()) == 1
    assert await akismet.says("comment-check", comment_content=content) == str(outcome is Outcome.REJECT).lower()


async def test_a_changed_mind_is_another_decision_and_forgets_nothing(akismet: AkismetClient) -> None:
    await akismet.call("comment-check")
    await akismet.call("submit-spam", reporter="eve")
    await akismet.call("submit-ham", reporter="adam")
    comment = await akismet.only()
    history = await akismet.platform.services.comments.history(comment.id)
    outcomes = [change.decision.outcome for change in history if change.decision]
    assert outcomes == [Outcome.APPROVE, Outcome.REJECT, Outcome.APPROVE]
    assert [example.outcome for example in await akismet.examples()] == ["reject", "approve"]


async def test_a_correction_of_what_we_never_saw_is_taken_in(akismet: AkismetClient) -> None:
    assert exactly(await akismet.call("submit-spam", comment_ID="77"), THANKS.encode())
    comment = await akismet.only()
    assert comment.state is State.REJECTED
    assert len(await akismet.examples()) == 1


async def test_a_test_correction_teaches_nothing(akismet: AkismetClient) -> None:
    assert exactly(await akismet.call("submit-spam", is_test="1"), THANKS.encode())
    assert (await akismet.only()).state is State.REJECTED
    assert await akismet.examples() == []


async def test_wordpress_finds_its_comment_again(akismet: AkismetClient) -> None:
    """The check comes before the comment has an id, slashed; the correction after, plain, from the database."""
    check = {"comment_post_ID": "7", "comment_content": r"It\'s \"good\": <a href=\"https://x.example/\">x</a>"}
    stored = {
        "comment_post_ID": "7", "comment_ID": "12",
        "comment_content": 'It\'s "good": <a href="https://x.example/" rel="nofollow ugc">x</a>',
    }  # fmt: skip
    guid = (await akismet.call("comment-check", **check)).headers["X-akismet-guid"]
    await akismet.call("submit-spam", **stored)
    comment = await akismet.only()
    assert comment.id == guid
    assert comment.state is State.REJECTED
    # from now on the platform's id finds it, also when the text was edited
    edited = stored | {"comment_content": "Something else", "recheck_reason": "edit"}
    again = await akismet.call("comment-check", **edited)
    assert again.headers["X-akismet-guid"] == guid
    comment = await akismet.only()
    assert comment.submission is not None
    assert comment.submission.content == "Something else"
    assert comment.state is State.FLAGGED  # a human rejected the text before; a machine does not approve this one
    assert again.headers["X-akismet-error"]


async def test_a_recheck_with_other_fields_around_the_text_does_not_undo_a_human(akismet: AkismetClient) -> None:
    await akismet.call("comment-check")
    await akismet.call("submit-spam")
    answer = await akismet.call(
        "comment-check", comment_author_url="http://ann.example/", comment_ID="12", comment_date_gmt="2026-11-24 01:02:03",
        recheck_reason="recheck_queue",
    )  # fmt: skip
    assert exactly(answer, b"true")
    comment = await akismet.only()
    assert comment.human
    assert (await akismet.platform.services.work.backlog()) == 0


async def test_links_are_part_of_what_is_said(akismet: AkismetClient) -> None:
    await akismet.call("comment-check", comment_content='<a href="https://good.example">nice</a>')
    await akismet.call("comment-check", comment_content='<a href="https://bad.example">nice</a>')
    assert len(await akismet.kept()) == 2


async def test_our_id_finds_a_comment(akismet: AkismetClient) -> None:
    guid = (await akismet.call("comment-check")).headers["X-akismet-guid"]
    await akismet.call("submit-spam", guid=guid, permalink="https://blog.example/moved")
    assert (await akismet.only()).state is State.REJECTED


async def test_erased_words_said_again_are_another_comment(akismet: AkismetClient) -> None:
    first = (await akismet.call("comment-check", comment_ID="5")).headers["X-akismet-guid"]
    await akismet.call("submit-spam", comment_ID="5")
    services, site = akismet.platform.services, akismet.known.site
    await services.moderation.erase(site, first, Actor(ActorKind.PLATFORM, site.id))
    assert await akismet.examples() == []
    assert [key for key in await services.connection.client.keys("*") if b":n:" in key or b":e:" in key] == []
    again = await akismet.call("comment-check", comment_ID="5")
    assert exactly(again, b"false")
    assert again.headers["X-akismet-guid"] != first


async def test_another_sites_key_reaches_nothing(akismet: AkismetClient) -> None:
    guid = (await akismet.call("comment-check")).headers["X-akismet-guid"]
    other = await akismet.platform.services.accounts.add("other", "https://other.example")
    stranger = AkismetClient(akismet.platform, other)
    assert exactly(await stranger.call("submit-spam", guid=guid), THANKS.encode())
    assert (await akismet.only()).state is State.APPROVED
    assert (await stranger.only()).state is State.REJECTED


async def test_statistics_are_what_happened(akismet: AkismetClient) -> None:
    for content in ("one", "two", "three", "pills 1", "pills 2", "maybe"):
        await akismet.call("comment-check", comment_content=content)
    await akismet.call("submit-spam", comment_content="one")
    await akismet.call("submit-ham", comment_content="pills 1")
    await akismet.call("submit-ham", comment_content="pills 2")
    await akismet.call("submit-spam", comment_content="pills 2")  # it was spam after all
    await akismet.call("submit-spam", comment_content="maybe")  # it was held: nothing was missed
    for span in ("60-days", "6-months", "all", ""):
        answer = await akismet.post("/1.1/get-stats", {"key": akismet.key, "blog": BLOG, "from": span})
        assert answer.content_type == "application/json"
        stats = await answer.json()
        counted = {name: stats[name] for name in ("spam", "ham", "missed_spam", "false_positives", "accuracy")}
        assert counted == {"spam": 2, "ham": 4, "missed_spam": 1, "false_positives": 1, "accuracy": "66.67"}
        ((month, row),) = stats["breakdown"].items()
        assert row == {"spam": 2, "ham": 4, "missed_spam": 1, "false_positives": 1, "da": f"{month}-01"}
    by_key = await (await akismet.platform.client.get("/1.2/get-key-stats", params={"key": akismet.key})).json()
    assert by_key["blogs"] == [BLOG]
    usage = await (await akismet.platform.client.get("/1.2/usage-limit", params={"api_key": akismet.key})).json()
    assert usage == {"limit": "none", "usage": 11, "percentage": "0.0", "throttled": False}
    sites = await (await akismet.platform.client.get("/1.2/key-sites", params={"api_key": akismet.key})).json()
    assert sites[month] == [
        {
            "site": BLOG,
            "api_calls": 11,
            "spam": 2,
            "ham": 4,
            "missed_spam": 1,
            "false_positives": 1,
            "is_revoked": False,
        }
    ]
    assert (sites["limit"], sites["offset"], sites["total"]) == (500, 0, 1)
    table = await akismet.platform.client.get("/1.2/key-sites", params={"api_key": akismet.key, "format": "csv"})
    lines = (await table.text()).splitlines()
    assert list(csv.reader(lines[1:])) == [
        ["Site", "Total API Calls", "Spam", "Ham", "Missed Spam", "False Positives", "Is Revoked"],
        [BLOG, "11", "2", "4", "1", "1", "False"],
    ]
    empty = await (
        await akismet.platform.client.get("/1.2/key-sites", params={"api_key": akismet.key, "month": "2020-01"})
    ).json()
    assert (empty["2020-01"], empty["total"]) == ([], 0)


async def test_nothing_said_has_no_accuracy(akismet: AkismetClient) -> None:
    stats = await (await akismet.post("/1.1/get-stats", {"key": akismet.key})).json()
    assert (stats["spam"], stats["ham"], stats["accuracy"], stats["breakdown"]) == (0, 0, "0.00", {})


async def test_old_http_and_requests_through_a_proxy_are_understood(akismet: AkismetClient) -> None:
    """The plugin may speak HTTP/1.0; a client behind a proxy names the whole address."""
    form = urlencode(COMMENT).encode()
    for target, version in (
        ("/1.1/comment-check", "1.0"),
        (f"http://{akismet.key}.rest.akismet.com/1.1/comment-check", "1.1"),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", akismet.platform.client.port)
        head = f"POST {target} HTTP/{version}\r\nHost: {akismet.key}.rest.akismet.com\r\nConnection: close\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
        writer.write(head.encode() + form)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.split(b" ")[1] == b"200"
        assert answer.endswith(b"\r\n\r\nfalse")


class TestBusy:
    """With a rate limit, and room for one comment."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit": 2, "max_backlog": 1, "akismet_deadline": 0.1})

    async def test_clients_are_told_to_come_again(self, platform: Platform, site: Known) -> None:
        client = AkismetClient(platform, site)
        assert await client.says("comment-check") == "false"
        full = await client.call("comment-check", comment_content="another")
        assert (full.status, await full.text()) == (503, "backlog-full")
        assert full.headers["X-akismet-guid"], "newer plugins hold what could not be checked only if they have an id"
        limited = await client.call("comment-check", comment_content="a third")
        assert (limited.status, await limited.text()) == (429, "rate-limited")
        for answer in (full, limited):
            assert int(answer.headers["Retry-After"]) > 0
        assert len(await client.kept()) == 1
