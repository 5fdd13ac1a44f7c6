"""Appeals and statements of reasons, from the rejection's call-back over the author's page to another moderator's word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.core.appeal import Links, Ticket, read, sign
from service.core.submission import comment_id
from service.settings import Settings
from service.workers.housekeeping import drop_old_texts
from tests.support.legible import legible
from tests.support.moderation import LINKS
from tests.support.platform import Platform

COMMENT = comment_id("blog", "1")


async def _reject(platform: Platform, *reasons: str, moderator: str = "Eve", content: str = "maybe you fool") -> Any:
    await platform.submit(content=content)
    await platform.judge()
    answer = await platform.ask(
        "POST", platform.path(more="/decision"),
        json={"decision": "reject", "reasons": list(reasons), "moderator": moderator, "note": "a secret of ours"},
    )  # fmt: skip
    assert answer.status == 200
    return await answer.json()


async def _statement(platform: Platform) -> Any:
    return await (await platform.ask("GET", platform.path(more="/statement"))).json()


async def _link(platform: Platform) -> str:
    url = str((await _statement(platform))["appeal"]["url"])
    assert url.startswith("http://127.0.0.1:8080/appeals/")
    return url.removeprefix("http://127.0.0.1:8080")


async def _told(platform: Platform) -> list[Any]:
    """The bodies of the comment's call-backs, in order."""
    keys, client = platform.services.connection.keys, platform.services.connection.client
    names = await client.lrange(keys.queue("blog", COMMENT), 0, -1)
    return [json.loads(await client.hget(keys.delivery("blog", name.decode()), "body"))["data"] for name in names]


async def test_a_rejection_carries_a_statement_of_reasons(platform: Platform) -> None:
    await _reject(platform, "insult")
    said = await _statement(platform)
    link = said.pop("appeal")
    assert said == {
        "restriction": "not-published",
        "territory": "everywhere",
        "duration": "until the decision is changed",
        "codes": ["insult"],
        "facts": ["It insults somebody."],
        "prompted_by": "own-initiative",
        "automated_detection": True,
        "automated_decision": False,
        "ground": "terms",
    }
    held, rejected = await _told(platform)
    assert held["statement"] is None
    assert rejected["statement"] == said | {"appeal": link}


async def test_spam_needs_no_statement_but_its_author_may_appeal_all_the_same(platform: Platform) -> None:
    await platform.submit(content="pills")
    await platform.judge()
    (told,) = await _told(platform)
    assert told["state"] == "rejected"
    assert told["statement"] is None
    said = await _statement(platform)
    assert said["automated_decision"] is True
    assert said["codes"] == ["spam"]
    assert said["appeal"] is not None


async def test_what_is_not_rejected_has_no_statement(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    assert (await platform.ask("GET", platform.path(more="/statement"))).status == 409


async def test_readers_reports_and_the_law_are_named(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    for reader in ("a", "b", "c"):
        await platform.ask("POST", platform.path(more="/report"), json={"reporter": reader})
    await platform.ask("POST", platform.path(more="/decision"), json={"decision": "reject", "reasons": ["illegal"]})
    said = await _statement(platform)
    assert (said["prompted_by"], said["ground"], said["automated_detection"]) == ("reports", "law", False)


async def test_an_author_appeals_once_and_another_moderator_judges(platform: Platform) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    platform.key = None
    page = await platform.ask("GET", link)
    text = await page.text()
    assert page.status == 200
    assert "It insults somebody." in text
    assert "maybe you fool" in text
    assert "secret" not in text, "a moderator's note is not the author's"
    assert "Eve" not in text, "nor is the moderator's name"
    assert "script" not in page.headers["Content-Security-Policy"]
    sent = await platform.ask(
        "POST", link, data={"text": "I meant the <b>song</b>; ask me@example.com"}, allow_redirects=False
    )
    assert (sent.status, sent.headers["Location"]) == (303, link.rpartition("/")[2])
    text = await (await platform.ask("GET", link)).text()
    assert "I meant the &lt;b&gt;song&lt;/b&gt;" in text
    assert "me@example.com" not in text
    assert "<textarea" not in text, "there is one appeal"
    assert (await platform.ask("POST", link, data={"text": "again"})).status == 409

    platform.key = (await platform.services.accounts.get("blog")).credentials[0].api_key
    keys, client = platform.services.connection.keys, platform.services.connection.client
    assert await client.zcard(keys.site("blog", "appealed")) == 1
    own = await platform.ask(
        "POST", platform.path(more="/decision"), json={"decision": "reject", "reasons": ["insult"], "moderator": "Eve"}
    )
    assert own.status == 409
    other = await platform.ask(
        "POST", platform.path(more="/decision"), json={"decision": "approve", "moderator": "Bo"}
    )  # fmt: skip
    assert (await other.json())["state"] == "approved"
    assert await client.zcard(keys.site("blog", "appealed")) == 0
    assert "approved after all" in await (await platform.ask("GET", link)).text()
    history = (await (await platform.ask("GET", platform.path(more="/history"))).json())["items"]
    assert [line["what"] for line in history] == ["submitted", "decided", "decided", "appealed", "decided"]
    assert [line["revision"] for line in history] == [1, 2, 3, 4, 5]


async def test_the_page_speaks_the_authors_language_and_keeps_no_cookie(platform: Platform) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    page = await platform.ask("GET", link, headers={"Accept-Language": "fr-FR, en;q=0.5"})
    text = await page.text()
    assert '<html lang="fr" dir="ltr"' in text
    assert "Il insulte quelqu’un." in text
    assert "Set-Cookie" not in page.headers
    refused = await platform.ask("POST", f"{link}?language=de", data={"text": " "})
    assert "Sagen Sie in ein paar Worten" in await refused.text()
    sent = await platform.ask("POST", f"{link}?language=de", data={"text": "Nein"}, allow_redirects=False)
    assert sent.headers["Location"] == f"{link.rpartition('/')[2]}?language=de"
    nobody = await platform.ask("GET", "/appeals/nothing", headers={"Accept-Language": "id"})
    assert "Tautan ini tidak berlaku" in await nobody.text()


async def test_an_appeal_that_is_turned_down_stays_down(platform: Platform) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    assert (await platform.ask("POST", link, data={"text": "why?"})).status == 200
    await platform.ask("POST", platform.path(more="/decision"), json={"decision": "reject", "reasons": ["insult"]})
    assert (await _statement(platform))["appeal"] is None
    assert "the decision stands" in await (await platform.ask("GET", link)).text()
    assert (await _told(platform))[-1]["statement"]["appeal"] is None


@pytest.mark.parametrize("text", ["", "   ", "x" * 2_001])
async def test_an_appeal_says_something_and_not_too_much(platform: Platform, text: str) -> None:
    await _reject(platform, "insult")
    refused = await platform.ask("POST", await _link(platform), data={"text": text})
    assert refused.status == 422
    assert "role='alert'" in await refused.text()


async def test_links_are_ours_and_expire(platform: Platform) -> None:
    await _reject(platform, "insult")
    token = (await _link(platform)).rpartition("/")[2]
    for wrong in (token[:-1], token[:-3] + "AAA", "x", "x" * 500, "é", "A" * 80):
        assert (await platform.ask("GET", f"/appeals/{wrong}")).status == 404
    master = platform.services.secrets.master
    ticket = read(master, token)
    assert ticket is not None
    old = sign(master, Ticket(ticket.site, ticket.comment, ticket.against, 1))
    assert (await platform.ask("GET", f"/appeals/{old}")).status == 404
    assert read(b"another secret, of sixteen bytes", token) is None


async def test_a_new_text_ends_what_was_about_the_old_one(platform: Platform) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    await platform.ask("POST", link, data={"text": "why?"})
    await platform.submit(content="a kinder text")
    assert (await platform.ask("GET", link)).status == 404
    await platform.judge()
    assert (
        await platform.services.connection.client.zcard(platform.services.connection.keys.site("blog", "appealed")) == 0
    )


@pytest.mark.parametrize(
    ("code", "long", "large"),
    [
        ("en", "An appeal has at most 2,000 characters.", "A body here has at most 25,024 bytes."),
        ("de", "Ein Einspruch hat höchstens 2.000 Zeichen.", "Eine Anfrage hat hier höchstens 25.024 Bytes."),
        ("es", "Una apelación tiene como mucho 2000 caracteres.", "Aquí una solicitud tiene como mucho 25.024 bytes."),
    ],
)
async def test_what_is_too_long_is_said_as_the_language_writes_it(
    platform: Platform, code: str, long: str, large: str
) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    for text, said in (("x" * 2_001, long), ("x" * 30_000, large)):
        answer = await platform.client.post(link, data={"text": text}, headers={"Accept-Language": code})
        assert answer.status in (413, 422)
        assert said in await answer.text()


async def test_erasing_takes_the_appeal_along(platform: Platform) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    await platform.ask("POST", link, data={"text": "an unmistakable answer"})
    assert (await platform.ask("DELETE", platform.path())).status == 204
    assert (await platform.ask("GET", link)).status in (404, 410)
    client = platform.services.connection.client
    for name in await client.keys("*"):
        if await client.type(name) == b"hash":
            assert b"unmistakable" not in legible(await client.hgetall(name))


async def test_a_waiting_appeal_keeps_the_text(platform: Platform) -> None:
    await _reject(platform, "insult")
    await platform.ask("POST", await _link(platform), data={"text": "why?"})
    far = 10**14
    assert await drop_old_texts(platform.services, far) == 0
    await platform.ask("POST", platform.path(more="/decision"), json={"decision": "reject", "reasons": ["insult"]})
    await platform.services.retention.mark_swept("blog", "rejected", 0)  # type: ignore[arg-type]
    assert await drop_old_texts(platform.services, far) == 1
    kept = await platform.services.comments.get(COMMENT)
    assert kept is not None
    assert kept.appeal is not None
    assert kept.appeal.text == ""


async def test_reports_weigh_what_their_readers_were_right_about(platform: Platform) -> None:
    """Somebody whose reports were all wrong can't flag alone with another; two who were right can."""

    async def report(number: str, *readers: str) -> str:
        await platform.submit(id=number, content="fine words")
        await platform.judge()
        for reader in readers:
            await platform.ask("POST", platform.path(number, "/report"), json={"reporter": reader})
        return str((await (await platform.ask("GET", platform.path(number))).json())["state"])

    async def decide(number: str, outcome: str) -> None:
        answer = await platform.ask("POST", platform.path(number, "/decision"), json={"decision": outcome})
        assert answer.status == 200

    for number in range(10, 15):
        await report(str(number), "good", "better", "wrong", "worse", "worst")
        await decide(str(number), "reject")
    assert await report("20", "good", "better") == "flagged", "two who were always right weigh more than 3"
    for number in range(30, 50):
        await report(str(number), "wrong", "worse", "worst")
        await decide(str(number), "approve")
    assert await report("60", "wrong", "worse", "worst") == "approved", "three who are mostly wrong do not"


async def test_answered_reports_do_not_count_again(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    path = platform.path(more="/report")
    for reader in ("a", "b", "c"):
        await platform.ask("POST", path, json={"reporter": reader})
    await platform.ask("POST", platform.path(more="/decision"), json={"decision": "approve"})
    again = await platform.ask("POST", path, json={"reporter": "a"})
    assert (await again.json())["reports"] == 3
    assert (await (await platform.ask("GET", platform.path())).json())["state"] == "approved"


def test_the_secret_of_links_is_not_shown() -> None:
    assert "xxx" not in repr(Links(b"x" * 32, "https://a.example", 1.0)) + repr(LINKS)
    assert Settings().address == "http://127.0.0.1:8080"


async def test_a_link_is_good_in_one_spelling_only(platform: Platform) -> None:
    """A token's last letter has bits that say nothing, and lenient decoders skip what is no letter of theirs."""
    await _reject(platform, "insult")
    token = (await _link(platform)).removeprefix("/appeals/")
    master = platform.services.secrets.master
    assert read(master, token) is not None
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.! \n"
    others = [token[:at] + letter + token[at + 1 :] for at in range(len(token)) for letter in letters]
    others += [token[:at] + letter + token[at:] for at in range(len(token) + 1) for letter in "=!. \n\r\t*~$"]
    others += [token + "=" * number for number in range(1, 5)] + [token[:-1], token.swapcase(), token.replace("-", "+")]
    assert [one for one in others if one != token and read(master, one) is not None] == []
    assert (await platform.client.get(f"/appeals/{token}=")).status == 404


async def test_a_link_is_of_one_site_and_not_of_the_next_of_its_name(platform: Platform) -> None:
    await _reject(platform, "insult")
    link = await _link(platform)
    master, site = platform.services.secrets.master, (await platform.services.accounts.get("blog")).site
    ticket = read(master, link.removeprefix("/appeals/"))
    assert ticket is not None
    before = "/appeals/" + sign(master, Ticket("blog", ticket.comment, ticket.against, ticket.expires_at))
    assert ticket.since == site.created_at
    for one in (link, before):  # an earlier version did not say of which site
        assert (await platform.client.get(one)).status == 200
    await platform.services.sites.remove("blog")
    for one in (link, before):
        assert (await platform.client.get(one)).status == 404
    await platform.services.sites.add("blog", "https://elsewhere.example", adopt=True)
    for one in (link, before):
        assert (await platform.client.get(one)).status == 404
        assert (await platform.client.post(one, data={"text": "It was right."})).status == 404
