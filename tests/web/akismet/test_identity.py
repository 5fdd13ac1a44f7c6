"""Comments without an id: whoever they are by, whatever they say, no verdict is about anything that it has not seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.signals import value
from service.core.site import Known
from service.core.text.spoken import place, words
from service.settings import Settings
from tests.support.akismet import BLOG, COMMENT, AkismetClient, classification
from tests.support.platform import Platform

WORDS = "Nice post, thanks for sharing! I learnt a lot about bees and honey here."


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"akismet_deadline": 5.0, "rate_limit": 0})


@pytest.fixture
async def akismet(platform: Platform, site: Known) -> AsyncIterator[AkismetClient]:
    async with classification(platform):
        yield AkismetClient(platform, site)


FIELDS = {
    "comment_author": ["John", "Jane", "john"],
    "comment_author_url": ["", "https://john.example", "https://loans.example/cheap"],
    "comment_author_email": ["", "john@example.com", "jane@example.com"],
    "user_ip": ["192.0.2.1", "198.51.100.9"],
    "user_agent": ["Mozilla/5.0", "curl/8.0"],
    "comment_content": [WORDS, WORDS + " pills", "maybe"],
    "permalink": ["", f"{BLOG}/one", f"{BLOG}/two"],
    "comment_post_title": ["", "Bees"],
    "comment_date_gmt": ["", "2026-11-24 01:02:03", "2026-11-25 01:02:03"],
    "comment_type": ["comment", "trackback"],
    "recheck_reason": ["", "edit", "recheck_queue"],
}
CHECK = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in FIELDS.items()})


def evidence(fields: dict[str, str]) -> tuple[str, ...]:
    """What a verdict about a check must have seen."""
    return (
        fields["comment_author"], place(fields["comment_author_url"]), fields["user_agent"], fields["comment_content"],
        fields["permalink"] or BLOG, fields["comment_type"],
    )  # fmt: skip


async def seen(akismet: AkismetClient, guid: str) -> Comment:
    comment = await akismet.platform.services.comments.get(guid)
    assert comment is not None
    assert comment.submission is not None
    return comment


@trying(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(checks=st.lists(CHECK, min_size=2, max_size=5))
async def test_a_verdict_is_never_reused_for_evidence_that_it_has_not_seen(
    akismet: AkismetClient, checks: list[dict[str, str]]
) -> None:
    """Whatever was checked before: what a check is answered by is a comment that is, by now, this very one."""
    keys = akismet.platform.services.secrets.identity.within(akismet.platform.site.circles)
    judged: dict[tuple[str, int], tuple[Any, ...]] = {}
    for check in checks:
        answer = await akismet.call("comment-check", **check)
        comment = await seen(akismet, answer.headers["X-akismet-guid"])
        kept = comment.submission
        assert kept is not None
        assert comment.state is not State.PENDING
        said = (
            kept.author.name,
            place(kept.author.url),
            kept.author.user_agent,
            kept.content,
            kept.page.url,
            kept.kind,
        )
        assert said == evidence(check)
        assert words(kept.content) == words(check["comment_content"])
        if check["comment_author_email"]:
            assert kept.author.email is not None
            assert kept.author.email.digest == keys.of_people("e", check["comment_author_email"])[0]
        assert kept.author.ip is not None
        assert kept.author.ip.digest == keys.of_people("i", bytes(map(int, check["user_ip"].split("."))).hex())[0]
        if check["comment_date_gmt"]:
            assert kept.form["comment_date_gmt"] == check["comment_date_gmt"]
        around = (said[:4], kept.kind, kept.author.email and kept.author.email.digest, kept.author.ip.digest)
        assert judged.setdefault((comment.id, comment.text_revision), around) == around


async def test_a_copy_with_a_link_is_another_comment(akismet: AkismetClient) -> None:
    honest = {"comment_author": "Greta", "comment_author_url": "", "comment_content": WORDS}
    first = await akismet.call("comment-check", **honest)
    copy = honest | {
        "comment_author_url": "https://loans.example/",
        "user_ip": "203.0.113.9",
        "comment_author_email": "x@y.example",
    }
    second = await akismet.call("comment-check", **copy)
    assert first.headers["X-akismet-guid"] != second.headers["X-akismet-guid"]
    third = await akismet.call("comment-check", **(honest | {"comment_author_url": "https://loans.example/"}))
    assert third.headers["X-akismet-guid"] != first.headers["X-akismet-guid"]


@pytest.mark.parametrize("there", [{}, {"comment_ID": "{n}"}])
async def test_three_strangers_called_john_are_three(akismet: AkismetClient, there: dict[str, str]) -> None:
    """A correction of one condemns no other, whether or not the platform has numbers for them by then."""
    johns = [
        {"comment_author": "John", "comment_author_url": "", "comment_content": "Thanks!"} | one
        for one in (
            {"comment_author_email": "john@a.example", "user_ip": "192.0.2.1"},
            {"comment_author_email": "john@b.example", "user_ip": "192.0.2.1"},
            {"comment_author_email": "", "user_ip": "192.0.2.9"},
        )
    ]
    guids = [(await akismet.call("comment-check", **john)).headers["X-akismet-guid"] for john in johns]
    assert len(set(guids)) == 3
    for number, john in enumerate(johns):
        known = {name: value.format(n=number + 7) for name, value in there.items()}
        await akismet.call("submit-spam", **(john | known))
        states = [(await seen(akismet, guid)).state for guid in guids]
        assert states == [State.REJECTED] * (number + 1) + [State.APPROVED] * (2 - number)
    assert len(await akismet.kept()) == 3


async def test_who_leaves_out_what_tells_johns_apart_condemns_neither(akismet: AkismetClient) -> None:
    john = {"comment_author": "John", "comment_author_url": "", "comment_content": "Thanks!"}
    for email in ("john@a.example", "john@b.example"):
        await akismet.call("comment-check", **john, comment_author_email=email)
    await akismet.call("submit-spam", **john, comment_author_email="", user_ip="")
    assert sorted(one.state for one in await akismet.kept()) == ["approved", "approved", "rejected"]


async def test_words_without_a_permalink_do_not_merge_across_pages(akismet: AkismetClient) -> None:
    for post in ("1", "2"):
        await akismet.call("comment-check", permalink="", referrer="", comment_post_ID=post)
    assert len(await akismet.kept()) == 2


async def test_an_edit_without_an_id_is_the_same_comment_and_no_campaign(akismet: AkismetClient) -> None:
    first = await akismet.call("comment-check", comment_content=WORDS)
    for number in range(4):
        edit = await akismet.call("comment-check", comment_content=f"{WORDS} Edit {number}.", recheck_reason="edit")
        assert edit.headers["X-akismet-guid"] == first.headers["X-akismet-guid"]
    comment = await akismet.only()
    assert comment.verdict is not None
    for signal in ("repeats", "campaign_size", "email_10m", "ip_10m", "network_1d"):
        assert value(comment.verdict.signals, signal) == 0
    assert len(await akismet.platform.services.comments.earlier_texts(comment.id)) == 4


async def test_an_edit_finds_which_of_several_it_is(akismet: AkismetClient) -> None:
    other = "Something else entirely, about wolves in the forest at night and the moon."
    bees = (await akismet.call("comment-check", comment_content=WORDS)).headers["X-akismet-guid"]
    wolves = (await akismet.call("comment-check", comment_content=other)).headers["X-akismet-guid"]
    for guid, text in ((wolves, other + " And snow."), (bees, "Well: " + WORDS)):
        edit = await akismet.call("comment-check", comment_content=text, recheck_reason="edit")
        assert edit.headers["X-akismet-guid"] == guid


async def test_what_was_edited_is_not_brought_back_by_its_first_words(akismet: AkismetClient) -> None:
    first = (await akismet.call("comment-check", comment_content=WORDS)).headers["X-akismet-guid"]
    await akismet.call("comment-check", comment_content="Buy pills", recheck_reason="edit")
    again = await akismet.call("comment-check", comment_content=WORDS)
    assert again.headers["X-akismet-guid"] != first
    assert (await seen(akismet, first)).state is State.REJECTED


async def test_a_trap_that_a_later_check_tells_of_is_seen(akismet: AkismetClient) -> None:
    await akismet.call("comment-check")
    comment = await akismet.only()
    await akismet.call("comment-check", honeypot_field_name="trap", trap="gotcha")
    again = await akismet.only()
    assert again.text_revision > comment.text_revision
    assert again.verdict is not None
    assert again.verdict.signals["honeypot"] is True
    await akismet.call(
        "comment-check", recheck_reason="recheck_queue", user_agent=""
    )  # says less, and takes nothing back
    assert (await akismet.only()).revision == again.revision


async def test_a_human_word_outlasts_a_recheck_with_another_browser(akismet: AkismetClient) -> None:
    await akismet.call("comment-check", comment_content="Buy pills")
    await akismet.call("submit-ham", comment_content="Buy pills")
    await akismet.call("comment-check", comment_content="Buy pills", user_agent="curl/8.0")
    comment = await akismet.only()
    assert (comment.state, comment.human) == (State.APPROVED, True)
    assert comment.submission is not None
    assert comment.submission.author.user_agent == "curl/8.0"


async def test_nothing_of_an_address_is_in_what_a_comment_is_known_by(akismet: AkismetClient) -> None:
    await akismet.call("comment-check", comment_ID="5")
    client = akismet.platform.services.connection.client
    names = b" ".join(await client.keys("*"))
    assert b":kin:a1." in names
    assert COMMENT["comment_author_email"].encode() not in names
    comment = await akismet.only()
    services, site = akismet.platform.services, akismet.known.site
    await services.moderation.erase(site, comment.id, services.feedback.actor(site, ""))
    assert [name for name in await client.keys("*") if b":kin:" in name or b":n:" in name] == []


async def test_a_retry_of_what_was_never_seen_is_no_other_comment_however_alike(akismet: AkismetClient) -> None:
    """The same author writes much the same under the same page; each is its own."""
    first = await akismet.call("comment-check", comment_content=WORDS + " Chapter 1.")
    retry = await akismet.call(
        "comment-check", comment_content=WORDS + " Chapter 2.", comment_ID="7", recheck_reason="retry"
    )
    assert retry.headers["X-akismet-guid"] != first.headers["X-akismet-guid"]
    edit = await akismet.call(
        "comment-check", comment_content=WORDS + " Chapter 3.", comment_ID="8", recheck_reason="edit"
    )
    assert edit.headers["X-akismet-guid"] == first.headers["X-akismet-guid"], "the other has a name of its own by now"


async def test_twins_with_numbers_of_their_own_are_two(akismet: AkismetClient) -> None:
    await akismet.call("comment-check", comment_ID="7")
    await akismet.call("submit-spam", comment_ID="8")
    assert sorted(one.state for one in await akismet.kept()) == ["approved", "rejected"]
    assert await akismet.says("comment-check", comment_ID="7", recheck_reason="recheck_queue") == "false"
