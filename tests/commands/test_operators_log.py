"""Every command that changes something leaves its line in the operators' log, which never holds an address or a secret."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import typer.main

from service import cli, keyfiles
from service.clock import now_ms
from service.commands import console
from service.container import Services
from service.core.comment import Actor, Comment
from service.core.delivery import Settlement
from service.core.errors import Conflict
from service.core.example import suggestion
from service.core.identity import mask_addresses
from service.core.moderator import Role, SecondFactor
from service.core.site import LogEntry, Site
from service.core.submission import comment_id
from service.core.verdict import Verdict
from service.store.moderators import ModeratorStore
from service.store.server import EmbeddedError, EmbeddedServer
from service.usecases.moderation import Moderation
from service.workers.classify import Worker
from tests.commands.conftest import Run
from tests.support.learning import DAY, examples
from tests.support.moderation import WordScorer, submission

ADDRESS, OTHER_ADDRESS, IP = "ann@example.com", "bob@example.com", "198.51.100.7"
PASSWORD = "a very long password"
READING = {
    "backtest", "check", "comments list", "comments show", "dead list", "deliveries dead", "deliveries list",
    "deliveries waiting", "doctor", "doubts", "evaluate", "keys list", "models diff", "models list", "models scan", "models show",
    "privacy export", "privacy scan",
    "moderators list", "notices list", "notices show", "partitions", "score", "settings", "version",
    "sites list", "sites policy diff", "sites policy history",
    "sites policy show", "sites policy try", "sites show", "tls-front show",
}  # fmt: skip
RUNNING = {
    "demo": "runs the service; its site and its moderator are made by the same use cases as everybody's",
    "keys init": "makes the secrets before there is anything to keep a log in",
    "repair": "mends files that no server uses; what it loads then it only reads",
    "restore": "needs a back-up and a stopped service: tests/commands/test_care.py tries it",
    "other-reader": "needs a reader that answers: tests/lookups/test_other_reader.py has one",
    "notices try": "has a test sent, by the running service; it says so in the log",
    "serve": "runs the service",
    "tls-front make": "makes certificates, where no Redis need be reached; it changes nothing of the service",
    "tls-front serve": "passes calls on to the service",
}


class Writing(NamedTuple):
    """A command line that changes something, and the lines that it leaves: what, subject, site (`{…}` is what was made)."""

    words: str
    lines: tuple[tuple[str, str, str], ...]
    text: str = ""


def policy(what: str = "sites.policy") -> tuple[tuple[str, str, str], ...]:
    return ((what, "blog", "blog"),)


WRITING = {
    "backup": [Writing("backup a-backup", (("data.backup", "back-up", ""),))],
    "keys replace": [Writing("keys replace --yes", (("keys.replace", "master.key, identity.keys", ""),))],
    "compact": [Writing("compact", (("redis.compact", "append-only file", ""),))],
    "dead replay": [Writing("dead replay --all", (("comments.requeue", "blog", "blog"),))],
    "deliveries replay": [Writing("deliveries replay blog --all", (("deliveries.replay", "blog", "blog"),))],
    "deliveries resume": [Writing("deliveries resume blog", (("deliveries.resume", "blog", "blog"),))],
    "erase": [
        Writing("erase blog --comment c1", (("comments.erase", "blog", "blog"),)),
        Writing("erase blog --email-stdin", (("comments.erase", "blog", "blog"),), ADDRESS),
        Writing("erase blog --suggested-stdin", (("suggestions.erase", "blog", "blog"),), f"Buy pills from {ADDRESS}"),
        Writing("erase blog --all --yes", (("suggestions.erase", "blog", "blog"), ("comments.erase", "blog", "blog"))),
    ],
    "export": [Writing("export blog", (("comments.export", "blog", "blog"),))],
    "import": [
        Writing("import history.csv --site blog", (("comments.import", "blog", "blog"),)),
        Writing("import --undo blog-import-1", (("comments.import.undo", "blog", "blog"),)),
    ],
    "keys rotate": [Writing("keys rotate", (("keys.rotate", "k2", ""),))],
    "models promote": [Writing("models promote {version} --site blog", (("models.promote", "blog {version}", "blog"),))],
    "models rollback": [Writing("models rollback --site blog", (("models.rollback", "blog base", "blog"),))],
    "models shadow": [
        Writing("models shadow {version} --site blog", (("models.shadow", "blog {version}", "blog"),)),
        Writing("models shadow --site blog --end", (("models.shadow", "blog -", "blog"),)),
    ],
    "moderators access": [Writing("moderators access mo --role lead", (("moderators.access", "mo", ""),))],
    "moderators add": [Writing("moderators add new", (("moderators.add", "new", ""),), PASSWORD)],
    "moderators invite": [
        Writing("moderators invite new --role lead --site blog", (("moderators.invite", "new", ""),)),
        Writing("moderators invite mo --forget-second-factor", (("moderators.link", "mo", ""),)),
    ],
    "moderators lock": [Writing("moderators lock mo", (("moderators.lock", "mo", ""),))],
    "moderators password": [Writing("moderators password mo", (("moderators.password", "mo", ""),), PASSWORD)],
    "moderators remove": [Writing("moderators remove mo --yes", (("moderators.remove", "mo", ""),))],
    "moderators sign-out": [Writing("moderators sign-out mo", (("session.end-all", "mo", ""),))],
    "moderators unlock": [Writing("moderators unlock mo", (("moderators.lock", "mo", ""),))],
    "moderators second-factor": [
        Writing("moderators second-factor mo --remove", (("moderators.second-factor", "mo", ""),))
    ],
    "privacy erase": [
        Writing(
            "privacy erase --email-stdin", (("comments.erase", "blog", "blog"), ("privacy.erase", "an author", "")), ADDRESS
        )
    ],
    "promise": [
        Writing(
            "promise --site blog --max-good-held 10% --reject-precision 50% --confidence 80% --save", policy()
        )
    ],
    "sites add": [Writing("sites add other --url https://other.example", (("sites.add", "other", "other"),))],
    "sites policy edit": [Writing("sites policy edit blog", policy(), "y\n")],
    "sites policy import-lists": [
        Writing(
            "sites policy import-lists blog --disallowed disallowed.txt --yes",
            (*policy(), *(("authors.blocked", "{digest}", "blog"),) * 3),
        )
    ],
    "sites policy restore": [Writing("sites policy restore blog 0", policy("sites.policy.restore"))],
    "sites policy set": [Writing("sites policy set blog mode=hold-everything", policy())],
    "sites remove": [Writing("sites remove blog --yes", (("sites.remove", "blog", "blog"),))],
    "sites rotate": [Writing("sites rotate blog", (("sites.rotate", "blog", "blog"),))],
    "sites set": [Writing("sites set blog --callback https://new.example/hook", (("sites.set", "blog", "blog"),))],
    "train": [
        Writing(
            "train --site blog --promote-if-better",
            (("models.train", "blog {trained}", "blog"), ("models.promote", "blog {trained}", "blog")),
        )
    ],
}  # fmt: skip
LEARNT = ("models promote", "models rollback", "models shadow", "promise")


def commands(group: Any, path: str = "") -> Iterator[str]:
    """The path of every command."""
    if not hasattr(group, "commands"):
        yield path
        return
    for name, command in group.commands.items():
        yield from commands(command, f"{path} {name}".strip())


def test_every_command_takes_a_side() -> None:
    found = sorted(commands(typer.main.get_command(cli.app)))
    assert found == sorted([*READING, *RUNNING, *WRITING])


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command lines read, and secrets that may be rotated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTECHAMBER_SECRETS_DIR", str(tmp_path / "secrets"))
    keyfiles.load(tmp_path / "secrets")
    (tmp_path / "history.csv").write_text(
        f"id,content,name,email,url,date,status\n1,Hello,Ann,{ADDRESS},https://blog.example/p,2020-01-01,approved\n"
    )
    (tmp_path / "disallowed.txt").write_text(f"viagra\n{ADDRESS}\n{OTHER_ADDRESS}\n{IP}\nnobody@-\n")
    editor = tmp_path / "editor.py"
    editor.write_text("import pathlib, sys\npathlib.Path(sys.argv[1]).write_text('mode = \"hold-everything\"')\n")
    monkeypatch.setenv("VISUAL", f"{sys.executable} {editor}")


async def furnish(services: Services) -> None:
    """A comment of Ann's, one that no worker could judge, a call-back that was given up, and a suggestion."""
    site = (await services.accounts.get("blog")).site
    await services.moderation.submit(site, submission(services, "c1", "I liked this.", email=ADDRESS))
    await Worker(services, WordScorer()).drain()
    await services.moderation.submit(site, submission(services, "c2", "poison", email=ADDRESS))
    for job in await services.work.claim("worker", count=10, idle_ms=1_000, block_ms=10):
        await services.work.bury(job, "timeout")
    now = now_ms() + 1
    for one in await services.outbox.claim(now=now, leased_until=now + 60_000, most=5, per_site=5, room={}):
        await services.outbox.settle(one, Settlement("dead", error="timeout"), now=now, log=10)
    text = mask_addresses(f"Buy pills from {ADDRESS}")
    said = suggestion(
        "blog", text, {"spam": 1.0}, actor="platform:blog", at=1, source="perspective",
        verdict=Verdict({"spam": 0.5}, "m"), token="",
    )  # fmt: skip
    await services.examples.add(said)
    await services.moderators.add("mo", Role.MODERATOR, (), PASSWORD)
    store = ModeratorStore(services.connection, services.secrets.master)
    await store.change("mo", lambda mo: msgspec.structs.replace(mo, second=SecondFactor("seed", 1)))


async def teach(services: Services) -> None:
    for one in examples(300, begin=20_000 * DAY):
        await services.examples.add(one)


def log() -> list[LogEntry]:
    """The operators' log, oldest line first."""
    return console.run(lambda services: services.accounts.audited(1_000))[::-1]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("name", "writing"),
    [pytest.param(name, one, id=one.words) for name, some in WRITING.items() for one in some],
)
def test_every_command_that_changes_something_leaves_its_lines(run: Run, name: str, writing: Writing) -> None:
    blog = run(
        "sites", "add", "blog", "--url", "https://blog.example", "--callback", "https://blog.example/h", "--json"
    )
    secrets = [value for key, value in blog.json.items() if key != "site"]
    console.run(furnish)
    version = ""
    if name == "train" or name in LEARNT:
        console.run(teach)
    if name in LEARNT:
        version = run("train", "--site", "blog", "--json").json["version"]
        if name != "models promote":
            run("models", "promote", version, "--site", "blog")
    if "--undo" in writing.words:
        run("import", "history.csv", "--site", "blog")
    if name == "sites policy restore":
        run("sites", "policy", "set", "blog", "mode=hold-everything")
    if name == "moderators unlock":
        run("moderators", "lock", "mo")
    before = len(log())
    ended = run(*writing.words.format(version=version).split(), text=writing.text)
    assert ended.code == 0, ended.err
    lines = log()[before:]
    assert {one.actor for one in lines} == {"operator"}
    trained = ended.out.partition(":")[0] if name == "train" else ""
    expected = [
        (what, subject.format(version=version, trained=trained, digest="-"), of) for what, subject, of in writing.lines
    ]
    found = [(one.what, "-" if one.what.startswith("authors.") else one.subject, one.site) for one in lines]
    assert found == expected
    whole = json.dumps(lines)
    for word in (ADDRESS, OTHER_ADDRESS, IP, "nobody@-", PASSWORD, *secrets, "Hello", "liked", "pills"):
        assert word not in whole


@pytest.mark.usefixtures("files")
def test_imported_addresses_are_marks_as_a_moderators_are(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "policy", "import-lists", "blog", "--disallowed", "disallowed.txt", "--yes").code == 0
    digests = [one.subject for one in log() if one.what == "authors.blocked"]

    async def marks(services: Services) -> set[str]:
        return {
            digest for digest, mark in await services.review.marking.marks((await services.accounts.get("blog")).site)
        }

    assert set(digests) == console.run(marks)
    assert [one for one in digests if not re.fullmatch(r"[ei]2\.[A-Za-z0-9]{1,16}\.[0-9a-f]{32}", one)] == []


def test_what_could_not_be_done_leaves_no_line(run: Run, blog: dict[str, str]) -> None:
    before = log()
    for words in (
        "sites add blog --url https://blog.example", "sites set nobody --url https://x.example", "sites rotate nobody",
        "sites remove nobody --yes", "sites policy set blog mode=fast", "erase blog --comment c9",
        "moderators remove nobody --yes", "models promote blog-9-00000000 --site blog", "models rollback --site blog",
        "deliveries resume nobody", "train --site blog",
    ):  # fmt: skip
        assert run(*words.split()).code == 1, words
    assert log() == before


def test_an_erasure_that_stops_half_way_is_in_the_log(
    run: Run, blog: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def submit(services: Services) -> None:
        site = (await services.accounts.get("blog")).site
        for name in ("c1", "c2"):
            await services.moderation.submit(site, submission(services, name, "I liked this."))
            await asyncio.sleep(0.01)  # so that their order is certain

    console.run(submit)
    erase = Moderation.erase

    async def busy(self: Moderation, site: Site, comment: str, actor: Actor) -> Comment:
        if comment == comment_id("blog", "c1"):
            raise Conflict("The comment keeps changing; look at it again.")
        return await erase(self, site, comment, actor)

    monkeypatch.setattr(Moderation, "erase", busy)
    assert run("erase", "blog", "--all", "--yes").code == 1
    assert [one.what for one in log()][-1] == "comments.erase"


@pytest.mark.usefixtures("files")
def test_a_key_is_rotated_also_where_redis_cannot_be_reached(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in compose, where only one container may write the secrets, and reaches nothing."""
    monkeypatch.setattr("service.store.server.EmbeddedServer.start", _no_server)
    ended = run("keys", "rotate")
    assert (ended.code, ended.out.partition(" ")[0]) == (0, "k2")
    assert ended.err == "Redis can't be reached from here: the operators' log does not have it.\n"


def _no_server(_: EmbeddedServer) -> bool:
    raise EmbeddedError("no Redis server found")
