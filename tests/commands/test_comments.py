"""`comments`, `erase`, `dead` and `deliveries`: looking at what is there, and the few things an operator may do to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import redis

from service.clock import now_ms
from service.commands import console
from service.container import Services
from service.core.delivery import Settlement
from service.core.example import suggestion
from service.core.identity import mask_addresses
from service.core.submission import comment_id
from service.core.verdict import Verdict
from service.store.server import EmbeddedServer
from service.workers.classify import Worker
from tests.commands.conftest import Run
from tests.support.legible import legible
from tests.support.moderation import WordScorer, submission

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("blog")


def prepare(command: Callable[[Services], Awaitable[T]]) -> T:
    """Do something with a process's resources before a command line looks at it."""
    return console.run(command)


def judge(**contents: str) -> None:
    """Comments of Ann's by platform id, judged."""

    async def command(services: Services) -> None:
        site = (await services.accounts.get("blog")).site
        for name, content in contents.items():
            await services.moderation.submit(site, submission(services, name, content))
        await Worker(services, WordScorer()).drain()

    prepare(command)


def own_keys(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have the keys as a copy of this test's own, which it changes."""
    shutil.copytree(Path(os.environ["ANTECHAMBER_DATA_DIR"]) / "secrets", folder, dirs_exist_ok=True)
    monkeypatch.setenv("ANTECHAMBER_SECRETS_DIR", str(folder))


def test_comments_are_listed_with_their_reason(run: Run) -> None:
    judge(c1="I liked this.", c2="buy pills", c3="maybe")
    rows = run("comments", "list", "blog", "--json").json
    assert {row["platform_id"]: row["state"] for row in rows} == {"c1": "approved", "c2": "rejected", "c3": "flagged"}
    assert [row["platform_id"] for row in run("comments", "list", "blog", "--state", "rejected", "--json").json] == [
        "c2"
    ]
    assert "spam 97% is at or above the discard threshold" in run("comments", "list", "blog").out
    assert run("comments", "list", "blog", "--state", "nonsense").code == 2


def test_a_comment_is_shown_by_either_id_with_its_history(run: Run) -> None:
    judge(c2="buy pills")
    ours = comment_id("blog", "c2")
    shown = run("comments", "show", "blog", "c2", "--json").json
    assert shown == run("comments", "show", "blog", ours, "--json").json
    assert [change["what"] for change in shown["history"]] == ["submitted", "decided"]
    text = run("comments", "show", "blog", "c2").out
    assert "buy pills" in text
    assert "because: spam 97%" in text
    assert run("comments", "show", "blog", "c9").code == 1


def test_markup_in_a_comment_is_only_text(run: Run) -> None:
    judge(c1="[bold]loud[/bold] [link=https://evil.example]x[/link]")
    assert "[bold]loud[/bold] [link=https://evil.example]x[/link]" in run("comments", "show", "blog", "c1").out


def test_control_characters_in_a_comment_do_not_reach_the_terminal(run: Run) -> None:
    judge(c1="be\x1b[2Jep\x07")
    out = run("comments", "show", "blog", "c1").out
    assert "\x1b[2J" not in out
    assert "\x07" not in out


def test_erasing_one_comment(run: Run) -> None:
    judge(c1="I liked this.", c2="me too")
    assert run("erase", "blog", "--comment", "c1").out == "Erased 1 comment.\n"
    assert run("comments", "show", "blog", "c1").err.startswith("antechamber: The comment was erased: ")
    assert [row["platform_id"] for row in run("comments", "list", "blog", "--json").json] == ["c2"]


def test_erasing_an_author_by_address_also_after_a_rotation_of_keys(
    run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_keys(monkeypatch, tmp_path_factory.mktemp("secrets"))

    async def begin(services: Services) -> None:
        site = (await services.accounts.add("other", "https://other.example")).site
        await services.moderation.submit(site, submission(services, "o1", "mine"))
        await services.moderation.submit(site, submission(services, "o2", "his", email="bob@example.com"))

    prepare(begin)
    run("keys", "rotate")
    assert run("erase", "other", "--email-stdin", text="Ann@Example.com\n").out == "Erased 1 comment.\n"
    assert [row["platform_id"] for row in run("comments", "list", "other", "--json").json] == ["o2"]


def test_erasing_an_authors_comments_from_before_and_after_a_rotation(
    run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_keys(monkeypatch, tmp_path_factory.mktemp("secrets"))

    def submit(name: str) -> None:
        async def command(services: Services) -> None:
            site = (await services.accounts.get("blog")).site
            await services.moderation.submit(site, submission(services, name, name))

        prepare(command)

    run("sites", "remove", "blog", "--yes")
    run("sites", "add", "blog", "--url", "https://blog.example")
    submit("before")
    run("keys", "rotate")
    submit("after")
    assert run("erase", "blog", "--email-stdin", text="ann@example.com\n").out == "Erased 2 comments.\n"
    assert run("comments", "list", "blog", "--json").json == []


def test_an_address_that_is_none_is_refused_and_not_quoted(run: Run) -> None:
    ended = run("erase", "blog", "--email-stdin", text="not an address\n")
    assert ended.code == 1
    assert "not an address" not in ended.err


def test_erasing_everything_asks_first_and_works_for_a_removed_site(run: Run) -> None:
    judge(c1="one", c2="two", c3="three")
    assert run("erase", "blog", "--all", text="n\n").code == 1
    assert len(run("comments", "list", "blog", "--json").json) == 3
    run("sites", "remove", "blog", "--yes")
    assert run("erase", "blog", "--all", "--yes").out == "Erased 3 comments.\n"


@pytest.mark.parametrize("words", [[], ["--all", "--comment", "1"], ["--all", "--email-stdin"]])
def test_erasing_wants_exactly_one_thing_named(run: Run, words: list[str]) -> None:
    assert run("erase", "blog", *words).code == 2


def test_dead_letters_are_listed_and_replayed(run: Run) -> None:
    async def bury(services: Services) -> None:
        site = (await services.accounts.get("blog")).site
        await services.moderation.submit(site, submission(services, "c1", "poison"))
        (job,) = await services.work.claim("w", count=1, idle_ms=1000, block_ms=100)
        await services.classification.give_up(job, site, "judging failed again and again")

    assert run("dead", "list").out == "None.\n"
    prepare(bury)
    (letter,) = run("dead", "list", "--json").json
    assert letter["comment"] == comment_id("blog", "c1")
    assert "judging failed again and again" in run("dead", "list").out
    assert run("dead", "replay").code == 2
    ended = run("dead", "replay", "1-1")
    assert (ended.code, ended.err) == (1, "No such entry: 1-1\n")
    assert run("dead", "replay", letter["entry"]).code == 0
    assert run("dead", "list", "--json").json == []
    assert prepare(lambda services: services.work.backlog()) == 1


def test_call_backs_that_were_given_up_are_listed_and_replayed(run: Run) -> None:
    judge(c1="I liked this.")

    async def give_up(services: Services) -> None:
        now = now_ms() + 1
        (delivery,) = await services.outbox.claim(now=now, leased_until=now + 60_000, most=5, per_site=5, room={})
        await services.outbox.settle(delivery, Settlement("dead", status=500), now=now, log=10)

    assert run("deliveries", "dead", "blog").out.startswith("None")
    prepare(give_up)
    (dead,) = run("deliveries", "dead", "blog", "--json").json
    assert dead["type"] == "comment.approved"
    assert "body" not in dead
    listed = run("deliveries", "list", "blog", "--json").json
    assert [(one["result"], one["status"]) for one in listed["attempts"]] == [("dead", 500)]
    assert "Given up: 1." in run("deliveries", "list", "blog").out
    assert run("deliveries", "replay", "blog", "msg_unknown").code == 1
    assert run("deliveries", "replay", "blog", dead["id"]).out == "1 call-back will be sent again.\n"
    assert run("deliveries", "dead", "blog", "--json").json == []
    assert run("deliveries", "list", "blog", "--json").json["endpoint"]["waiting"] == 1


def test_call_backs_that_wait_are_listed(run: Run) -> None:
    assert run("deliveries", "waiting", "blog").out == "Nothing.\n"
    judge(c1="I liked this.")
    (one,) = run("deliveries", "waiting", "blog", "--json").json
    assert (one["type"], one["tries"], one["under_way"]) == ("comment.approved", 0, False)
    assert one["id"] in run("deliveries", "waiting", "blog").out


def test_a_call_back_that_was_delivered_can_be_sent_again(run: Run) -> None:
    judge(c1="I liked this.")

    async def deliver(services: Services) -> str:
        now = now_ms() + 1
        (delivery,) = await services.outbox.claim(now=now, leased_until=now + 60_000, most=5, per_site=5, room={})
        await services.outbox.settle(delivery, Settlement("delivered", status=204), now=now, log=10)
        return delivery.id

    name = prepare(deliver)
    assert run("deliveries", "waiting", "blog", "--json").json == []
    assert run("deliveries", "replay", "blog", name).code == 0
    assert [one["id"] for one in run("deliveries", "waiting", "blog", "--json").json] == [name]


def test_a_paused_receiver_is_shown_and_resumed(run: Run) -> None:
    judge(c1="I liked this.")

    async def disable(services: Services) -> None:
        now = now_ms() + 1
        (delivery,) = await services.outbox.claim(now=now, leased_until=now + 60_000, most=5, per_site=5, room={})
        pause = Settlement("retry", now + 60_000, pause_until=now + 3_600_000, pause_why="gone", status=410)
        await services.outbox.settle(delivery, pause, now=now, log=10)

    prepare(disable)
    assert "paused until" in run("deliveries", "list", "blog").out
    assert run("deliveries", "resume", "blog").code == 0
    assert "Receiver: fine." in run("deliveries", "list", "blog").out


def test_compacting_takes_what_was_erased_off_the_disk(run: Run, data: Path) -> None:
    judge(c1="a very particular remark", c2="I liked this.")
    run("erase", "blog", "--comment", "c1")

    def on_disk(words: bytes) -> bool:
        return any(words in legible(path.read_bytes()) for path in (data / "redis" / "appendonlydir").iterdir())

    assert on_disk(b"a very particular remark")
    assert run("compact").out.startswith("Rewritten")
    assert not on_disk(b"a very particular remark")


def test_nothing_tells_any_more_that_an_erased_author_wrote_something(
    run: Run, data: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_keys(monkeypatch, tmp_path_factory.mktemp("secrets"))

    def submit(name: str) -> None:
        async def command(services: Services) -> None:
            site = (await services.accounts.get("other")).site
            await services.moderation.submit(site, submission(services, name, name))

        prepare(command)

    run("sites", "add", "other", "--url", "https://other.example")
    submit("before")
    run("keys", "rotate")
    submit("after")
    run("erase", "other", "--email-stdin", text="ann@example.com\n")
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        assert [key for key in client.scan_iter("*") if b":a:" in key] == []


def test_erasing_what_was_suggested(run: Run) -> None:
    async def suggest(services: Services) -> None:
        for text in ("Buy pills from ann@example.com", "Sell pills"):
            said = suggestion(
                "blog", mask_addresses(text), {"spam": 1.0}, actor="platform:blog", at=1, source="perspective",
                verdict=Verdict({"spam": 0.5}, "m"), token="",
            )  # fmt: skip
            await services.examples.add(said)

    prepare(suggest)
    erased = run("erase", "blog", "--suggested-stdin", text="buy pills from ann@example.com\n")
    assert (erased.code, erased.out) == (0, "Erased 1 suggestion.\n")
    assert run("erase", "blog", "--suggested-stdin", "--all").code == 2
    assert run("erase", "blog", "--all", "--yes").code == 0
    assert prepare(lambda services: services.examples.count("blog")) == 0
