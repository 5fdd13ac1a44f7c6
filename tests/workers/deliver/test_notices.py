"""People hear of what waits: by mail, webhook and chat; when they are to hear, and when not; and never a commenter's address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor
from service.core.leaks import Leaks
from service.core.lifecycle import ActorKind, Outcome
from service.core.notice import Notice, Way, webhook_secret
from service.settings import Settings
from service.workers.deliver.client import Client
from service.workers.deliver.notices import run_notices
from tests.support.address_spellings import ATS, DOTS
from tests.support.mail import CERTIFICATE, Post, mail_server
from tests.support.receivers import Receiver
from tests.support.telling import HOUR, MINUTE, Desk
from tests.support.waiting import until
from tests.workers.deliver.conftest import quick

LINK = "https://antechamber.example/review#/queue?id="


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return quick(tmp_path, public_url="https://antechamber.example")


@pytest.fixture
async def desk(services: Services, settings: Settings) -> AsyncIterator[Desk]:
    known = await services.accounts.add("blog", "https://blog.example")
    async with Client(settings) as client:
        desk = Desk(services, known, client)
        async with mail_server(desk.post):
            desk.write('[notices.desk]\nmail = "mo@mods.example"\n')
            yield desk


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


async def test_a_digest_comes_at_most_once_an_hour_and_leads_to_the_comments(desk: Desk) -> None:
    first, second = await desk.hold(1, 2, page_title="How to bake bread")
    await desk.look()
    (mail,) = desk.post.mails
    assert (mail["To"], mail["From"]) == ("mo@mods.example", "antechamber@box.example")
    assert mail["Subject"] == "2 comments wait, 2 new: blog"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "blog: 2 in the queue (2 new)" in desk.post.texts[0]
    assert '* blog "How to bake bread": spam' in desk.post.texts[0]
    assert f"{LINK}{first}\n" in desk.post.texts[0]
    assert f"{LINK}{second}\n" in desk.post.texts[0]
    (third,) = await desk.hold(3)
    for _ in range(59):
        await desk.look(MINUTE)
    assert len(desk.post.mails) == 1
    await desk.look(MINUTE)
    assert desk.post.mails[1]["Subject"] == "3 comments wait, 1 new: blog"
    assert third in desk.post.texts[1]
    assert first not in desk.post.texts[1]
    for _ in range(5):
        await desk.look(HOUR)
    assert len(desk.post.mails) == 2  # nothing is new


async def test_what_is_decided_or_put_aside_by_then_is_not_told(desk: Desk) -> None:
    first, second, third = await desk.hold(1, 2, 3)
    mo = Actor(ActorKind.MODERATOR, "mo")
    await desk.services.moderation.decide(desk.site, first, Outcome.APPROVE, actor=mo)
    await desk.services.review.decisions.snooze(
        desk.site, second, (await desk.seen(second)).revision, by=mo, until=now_ms() + 100 * HOUR
    )
    await desk.look()
    (text,) = desk.post.texts
    assert third in text
    assert first not in text
    assert second not in text


async def test_many_are_counted_and_the_most_severe_are_named(desk: Desk) -> None:
    await desk.hold_everything()
    mild = await desk.hold(*range(1, 13))
    (grave,) = await desk.hold(20, text="you idiot maybe {}")
    await desk.look()
    (text,) = desk.post.texts
    assert text.index(grave) < min(text.index(one) for one in mild if one in text)
    assert text.count(LINK) == 10
    assert "3 more are new." in text


@pytest.mark.parametrize(
    ("rule", "held", "told"),
    [
        ("at_least = 3", (1, 2), 0),
        ("at_least = 3", (1, 2, 3), 1),
        ("severe = 0.7", (1, 2, 3), 0),
        ("severe = 0.7", (1, 66), 1),
        ("at_least = 9\nsevere = 0.7", (1, 66), 1),
        ('sites = ["news"]', (1,), 0),
        ('sites = ["blog"]', (1,), 1),
        ('quiet = ["00:00-12:00", "12:00-00:00"]', (1,), 0),
        ('quiet = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]', (1,), 0),
    ],
)
async def test_rules_say_from_when_on(desk: Desk, rule: str, held: tuple[int, ...], told: int) -> None:
    desk.write(f'[notices.desk]\nmail = "mo@mods.example"\n{rule}\n')
    await desk.hold_everything()
    for number in held:
        await desk.hold(number, text="you idiot {}" if number == 66 else "maybe {}")
    await desk.look()
    assert len(desk.post.mails) == told


async def test_quiet_hours_are_those_of_the_readers_clock_and_keep_nothing_back_for_good(desk: Desk) -> None:
    desk.write('[notices.desk]\nmail = "mo@mods.example"\nquiet = "22:00-07:00"\nzone = "America/New_York"\n')
    await desk.hold(1)
    day = desk.now // (24 * HOUR) * 24 * HOUR + 24 * HOUR  # midnight in Greenwich, some hours earlier in New York
    desk.now = day + 6 * HOUR
    await desk.look()
    assert desk.post.mails == []
    desk.now = day + 13 * HOUR
    await desk.look()
    assert len(desk.post.mails) == 1


async def test_each_recipient_has_a_message_of_their_own(desk: Desk) -> None:
    desk.write('[notices.desk]\nmail = ["mo@mods.example", "bo@mods.example"]\n')
    await desk.hold(1)
    await desk.look()
    assert [mail["To"] for mail in desk.post.mails] == ["mo@mods.example", "bo@mods.example"]


async def test_two_processes_tell_once(desk: Desk) -> None:
    await desk.hold(1)
    await asyncio.gather(*[desk.teller.look() for _ in range(8)])
    assert len(desk.post.mails) == 1


async def test_a_server_that_refuses_is_asked_again_and_one_that_may_have_taken_it_only_after_the_hour(
    desk: Desk,
) -> None:
    await desk.hold(1)
    desk.post.answer = "451 later"
    await desk.look()
    assert (await desk.told()).problem == "refused"
    await desk.look(MINUTE // 2)
    assert (await desk.told()).tries == 1
    await desk.look(MINUTE)
    assert (await desk.told()).tries == 2
    desk.post.answer = "250 taken"
    await desk.look(5 * MINUTE)
    assert len(desk.post.mails) == 1
    told = await desk.told()
    assert (told.tries, told.problem) == (0, "")


async def test_a_mail_that_may_have_arrived_is_not_followed_by_another_within_the_hour(desk: Desk) -> None:
    await desk.hold(1)

    async with raw_smtp(stop_after=b"DATA") as port:
        desk.write('[notices.desk]\nmail = "mo@mods.example"\n', f"smtp+plain://127.0.0.1:{port}")
        await desk.look()
    assert (await desk.told()).problem in ("timeout", "broken-answer")
    desk.write('[notices.desk]\nmail = "mo@mods.example"\n')
    await desk.look(59 * MINUTE)
    assert desk.post.mails == []
    await desk.look(2 * MINUTE)
    assert len(desk.post.mails) == 1


class raw_smtp:
    """A mail server that says yes to everything, and dies when it is handed a message."""

    def __init__(self, *, stop_after: bytes) -> None:
        self.stop_after = stop_after

    async def __aenter__(self) -> int:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return int(self.server.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            if line.upper().startswith(self.stop_after):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                break
            writer.write(b"250 fine\r\n")
        writer.close()


async def test_one_refused_address_keeps_nobody_else_from_theirs_and_nobody_hears_twice(desk: Desk) -> None:
    desk.post.refused = ("gone@mods.example",)
    desk.write('[notices.desk]\nmail = ["gone@mods.example", "mo@mods.example"]\n')
    await desk.hold(1)
    await desk.look()
    await desk.look(59 * MINUTE)
    assert [mail["To"] for mail in desk.post.mails] == ["mo@mods.example"]
    assert (await desk.told()).problem == "refused"


@pytest.mark.usefixtures("trusted")
async def test_a_password_goes_by_tls_alone(desk: Desk) -> None:
    await desk.hold(1)
    text = 'password = "open sesame"\n[notices.desk]\nmail = "mo@mods.example"\n'
    for tls, user in ((False, "box"), (True, "box")):
        async with mail_server(Post(), tls=tls) as post:
            desk.write(text, f"smtp://localhost:{post.port}")
            path = desk.folder / "notices.toml"
            path.write_text(path.read_text().replace('user = ""', f'user = "{user}"'))
            await desk.look(2 * HOUR)
            assert post.logins == ([("box", "open sesame")] if tls else [])
            assert len(post.mails) == (1 if tls else 0)


async def test_a_server_nobody_vouches_for_gets_neither_password_nor_mail(desk: Desk) -> None:
    await desk.hold(1)
    async with mail_server(Post(), tls=True) as post:
        desk.write('[notices.desk]\nmail = "mo@mods.example"\n', f"smtp://localhost:{post.port}")
        await desk.look()
        assert post.mails == []
    assert (await desk.told()).problem


async def test_a_webhook_is_signed_as_standard_webhooks_has_it(desk: Desk, receiver: Receiver) -> None:
    desk.write(f'[notices.desk]\nwebhook = "{receiver.url}"\n')
    (comment,) = await desk.hold(1, page_title="Bread")
    receiver.answer = lambda _: web.Response(status=500)
    await desk.look()
    receiver.answer = lambda _: web.Response()
    await desk.look(2 * MINUTE)
    assert len(receiver.heard) == 2
    secret = webhook_secret(desk.services.secrets.master, Notice("desk", Way.WEBHOOK))
    event = Webhook(secret).verify(receiver.heard[1].body, dict(receiver.heard[1].headers))
    assert event["type"] == "queue.waiting"
    assert event["data"]["waiting"] == event["data"]["new"] == 1
    (said,) = event["data"]["comments"]
    assert (said["id"], said["site"], said["url"], said["why"]) == (comment, "blog", LINK + comment, "spam")
    assert set(said) == {"id", "site", "list", "since", "severity", "why", "title", "url"}
    page = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text(encoding="utf-8")
    documented = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert set(documented["data"]) == set(event["data"])
    assert set(documented["data"]["sites"][0]) == set(event["data"]["sites"][0])
    assert set(documented["data"]["comments"][0]) == set(said)


async def test_a_receiver_that_asks_to_wait_is_left_alone_for_so_long(desk: Desk, receiver: Receiver) -> None:
    desk.write(f'[notices.desk]\nslack = "{receiver.url}"\n')
    await desk.hold(1)
    receiver.answer = lambda _: web.Response(status=429, headers={"Retry-After": "1800"})
    await desk.look()
    await desk.look(29 * MINUTE)
    assert len(receiver.heard) == 1
    await desk.look(2 * MINUTE)
    assert len(receiver.heard) == 2


HOSTILE = "<!channel> @everyone @room [x](http://e.vil) *b* <b>&amp; \u202e|~ `c`"


async def test_chats_read_their_own_shapes_and_a_title_calls_nobody(desk: Desk, receiver: Receiver) -> None:
    base = receiver.url
    desk.write("".join(f'[notices.{way}]\n{way} = "{base}/{way}"\n' for way in ("slack", "discord", "matrix")))
    (comment,) = await desk.hold(1, page_title=HOSTILE)
    await desk.look()
    bodies = [json.loads(heard.body) for heard in receiver.heard]
    slack = next(one for one in bodies if "unfurl_links" in one)
    discord = next(one for one in bodies if "allowed_mentions" in one)
    matrix = next(one for one in bodies if "html" in one)
    assert f"<{LINK}{comment}|" in slack["text"]
    assert "<!channel>" not in slack["text"]
    assert "&lt;!channel&gt;" in slack["text"]
    assert discord["allowed_mentions"] == {"parse": []}
    assert f"](<{LINK}{comment}>)" in discord["content"]
    assert "[x](" not in discord["content"]
    assert "@room" not in matrix["text"] + matrix["html"]
    assert "<b>" not in matrix["html"]
    assert f'href="{LINK}{comment}"' in matrix["html"]
    assert "\u202e" not in json.dumps(bodies, ensure_ascii=False)


async def test_a_long_list_fits_into_one_message_of_discord(desk: Desk, receiver: Receiver) -> None:
    desk.write(f'[notices.desk]\ndiscord = "{receiver.url}"\n')
    await desk.hold(*range(30), page_title="[*]" * 90)
    await desk.look()
    content = json.loads(receiver.heard[0].body)["content"]
    assert len(content) <= 2_000
    assert content.endswith(">)")


async def test_private_addresses_are_refused_as_for_call_backs(
    services: Services, receiver: Receiver, tmp_path: Path
) -> None:
    known = await services.accounts.add("blog", "https://blog.example")
    async with Client(quick(tmp_path, callback_allow="")) as client:
        desk = Desk(services, known, client)
        desk.write(f'[notices.desk]\nslack = "{receiver.url}"\n', "smtps://mail.example")
        await desk.hold(1)
        await desk.look()
        assert receiver.heard == []
        assert (await desk.told()).problem == "blocked-address"


async def test_no_redirect_is_followed(desk: Desk, receiver: Receiver) -> None:
    desk.write(f'[notices.desk]\nslack = "{receiver.url}"\n')
    await desk.hold(1)
    receiver.answer = lambda _: web.Response(status=302, headers={"Location": receiver.url})
    await desk.look()
    assert len(receiver.heard) == 1
    assert (await desk.told()).problem == "status-302"


async def test_no_message_holds_an_address_a_name_or_a_word_of_a_comment(desk: Desk, receiver: Receiver) -> None:
    base = receiver.url
    ways = ("webhook", "slack", "discord", "matrix")
    desk.write(
        '[notices.desk]\nmail = "mo@mods.example"\n'
        + "".join(f'[notices.{way}]\n{way} = "{base}/{way}"\n' for way in ways)
    )
    spelt = [f"leakzoe{at}hidden-7.example" for at in ATS if at.strip() not in ("", "at")]
    spelt += [f"leakzoe@hidden-7{dot}example" for dot in DOTS]
    titles = [f"{one} writes" for one in ("leakzoe@hidden-7.example", *spelt)]
    for start in range(0, len(titles), 10):
        for number, title in enumerate(titles[start : start + 10], start):
            await desk.hold(
                number, text="maybe secretword {}", name="Zoë Hushed", email="leakzoe@hidden-7.example",
                page_title=title, page_url="https://blog.example/?who=leakzoe@hidden-7.example",
            )  # fmt: skip
        await desk.look(2 * HOUR)
    bodies = [heard.body for heard in receiver.heard] + [text.encode() for text in desk.post.texts]
    assert len(bodies) >= 5 * len(titles) // 10
    leaks = Leaks(["leakzoe@hidden-7.example"])
    for body in bodies:
        assert list(leaks.found(body)) == []
        for word in (b"secretword", b"Hushed", b"leakzoe", b"hidden-7"):
            assert word not in body


async def test_a_test_is_sent_when_asked_for_and_says_that_it_is_one(desk: Desk) -> None:
    desk.write('[notices.desk]\nmail = "mo@mods.example"\nat_least = 99\n')
    asked = await desk.services.notices.ask_for_test(Notice("desk", Way.MAIL))
    await desk.look()
    await desk.look(MINUTE)
    told = await desk.told()
    assert (told.tried, told.test, told.at) == (asked, "sent", 0)
    (mail,) = desk.post.mails
    assert mail["Subject"] == "Test: Nothing waits"
    assert "This is a test" in desk.post.texts[0]


async def test_a_file_that_can_not_be_read_stops_no_call_back(services: Services, desk: Desk) -> None:
    (desk.folder / "notices.toml").write_text("[notices.desk\n")
    stop = asyncio.Event()
    await desk.hold(1)
    task = asyncio.create_task(run_notices(services, stop))
    await until(lambda: services.connection.wire.call("EXISTS", "ac:{models}:turn:notices"))
    assert not task.done()
    stop.set()
    await task
