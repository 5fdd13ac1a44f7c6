"""`antechamber notices …`: who is told that comments wait. The rules are in a file beside the secrets (docs/notifications.md)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from service.commands import console
from service.commands.console import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.notice import Notice, Told

app = typer.Typer(help="Who is told that comments wait.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The notice's name, as the file has it.")]
_PATIENCE = 60.0  # seconds for the deliverer to send a test
_LOOK, _SAY = 0.2, 5.0


@app.command("list")
def list_notices(as_json: AsJson = False) -> None:
    """List the notices: which way, how many recipients, when, and how the last one ended."""

    async def command(services: Services) -> list[tuple[Notice, Told, list[str]]]:
        sites = [site.id for site in await services.sites.all()]
        return [
            (one, await _told(services, one), [name for name in one.sites if name not in sites])
            for one in _read(services)
        ]

    found = console.run(command)
    console.show([_facts(*one) for one in found], _listed(found), as_json=as_json)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a notice with its secrets: whom it goes to, a feed's address, what a webhook is signed with."""

    async def command(services: Services) -> dict[str, Any]:
        return _secrets(_one(services, name), services)

    facts = console.run(command)
    width = max(map(len, facts))
    lines = (
        f"{key.ljust(width)}  {', '.join(value) if isinstance(value, tuple) else value}" for key, value in facts.items()
    )
    console.show(facts, lines, as_json=as_json)


@app.command("try")
def try_notice(name: Name) -> None:
    """Have the running deliverer send a test now, whatever the rules say, and wait until it has."""

    async def command(services: Services) -> str:
        from service.core.notice import Way

        notice = _one(services, name)
        if notice.way is Way.FEED:
            raise typer.BadParameter("a feed is fetched; its address: antechamber notices show " + name)
        asked = await services.notices.ask_for_test(notice)
        begun, said = time.monotonic(), False
        while (waited := time.monotonic() - begun) < _PATIENCE:
            told = await services.notices.told(notice)
            if told.tried >= asked:
                return told.test
            if waited > _SAY and not said:
                said = True
                typer.echo("Nobody has sent it yet; waiting for the service, a minute at most.", err=True)
            await asyncio.sleep(_LOOK)
        return ""

    ended = console.run(command)
    if ended == "sent":
        typer.echo(f"Sent by the way of {name}.")
        return
    why = f"It could not be sent: {ended}." if ended else "Nobody sent it within a minute: is the service running?"
    typer.echo(why, err=True)
    raise typer.Exit(1)


async def _told(services: Services, notice: Notice) -> Told:
    """What became of a notice; of one for browsers, of the reader whose failed, or else who was told last."""
    from service.core.notice import Told, Way

    if notice.way is not Way.PUSH:
        return await services.notices.told(notice)
    each = [await services.notices.told(one.notice) for one in await services.push.readers(notice)]
    return max(each, key=lambda one: (bool(one.problem), one.at), default=Told())


def _read(services: Services) -> Sequence[Notice]:
    from service import keyfiles

    return keyfiles.notices(services.settings.secrets).notices


def _one(services: Services, name: str) -> Notice:
    from service.core.errors import NotFound

    found = next((one for one in _read(services) if one.name == name), None)
    if found is None:
        raise NotFound("There is no notice of that name in notices.toml.")
    return found


def _secrets(notice: Notice, services: Services) -> dict[str, Any]:
    from service.core.notice import Way, feed_token, webhook_secret

    facts: dict[str, Any] = {"name": notice.name, "way": notice.way, "to": notice.to}
    if notice.way is Way.FEED:
        facts["to"] = f"{services.settings.address.rstrip('/')}/notices/{feed_token(services.secrets.master, notice)}"
    if notice.way is Way.WEBHOOK:
        facts["secret"] = webhook_secret(services.secrets.master, notice)
    return facts


def _facts(notice: Notice, told: Told, missing: list[str]) -> dict[str, Any]:
    return {
        "name": notice.name, "way": notice.way, "to": _to(notice), "sites": notice.sites, "unknown_sites": missing,
        "at_least": notice.at_least, "severe": notice.severe, "every_minutes": notice.every // 60_000,
        "told_at": told.at, "problem": told.problem, "failed_tries": told.tries,
    }  # fmt: skip


def _to(notice: Notice) -> str:
    """Whom it goes to, as far as a terminal or a log may see it."""
    if notice.way == "mail":
        return f"{len(notice.to)} address{'' if len(notice.to) == 1 else 'es'}"
    if notice.way == "push":
        return "all moderators" if notice.to == ("*",) else ", ".join(notice.to)
    return (urlsplit(notice.to[0]).hostname or "") if notice.to else ""


def _when(notice: Notice) -> str:
    if notice.way == "feed":
        return f"severity {notice.severe:g}" if notice.severe else "all"
    parts = [f"{notice.at_least} wait"] if notice.at_least else []
    parts += [f"severity {notice.severe:g}"] if notice.severe else []
    return " or ".join(parts)


def _listed(found: Sequence[tuple[Notice, Told, list[str]]]) -> Iterator[str | Table]:
    if not found:
        yield "Nobody is told: there is no notices.toml beside the secrets (docs/notifications.md)."
        return
    table = console.table("notice", "way", "to", "sites", "from", "told (UTC)", "problem")
    for notice, told, missing in found:
        problem = told.problem or (f"no such site: {', '.join(missing)}" if missing else "-")
        at = console.moment(told.at) if told.at else "-"
        table.add_row(
            notice.name, notice.way, _to(notice), ", ".join(notice.sites) or "all", _when(notice), at, problem
        )
    yield table
