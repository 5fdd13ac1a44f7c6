"""`antechamber deliveries …`: call-backs on their way out, what became of them, and those that were given up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import console
from service.commands.console import AsJson, SiteName

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.delivery import Attempt, Delivery, Endpoint, Waiting

app = typer.Typer(help="Call-backs: the log, those given up, replay.", no_args_is_help=True)


@app.command("list")
def list_attempts(
    site: SiteName,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many of the newest attempts.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how a site's receiver is, and the last attempts to reach it, newest first."""

    async def command(services: Services) -> tuple[Endpoint, list[Attempt], bool]:
        endpoint, known = await services.deliveries.endpoint(site), await services.sites.get(site)
        attempts = [one.attempt for one in await services.deliveries.tries([site], limit)]
        return endpoint, attempts, bool(known.site.callback)

    endpoint, attempts, told = console.run(command)
    found = {"endpoint": endpoint._asdict(), "attempts": [one._asdict() for one in attempts]}
    console.show(found, _attempts(endpoint, attempts, told=told), as_json=as_json)


@app.command()
def waiting(site: SiteName, as_json: AsJson = False) -> None:
    """List what waits to be delivered: of each comment the call-back whose turn it is, and when that is."""
    found = console.run(lambda services: services.deliveries.waiting(site))
    rows = [{**_facts(one.delivery), "due_at": one.due_at, "under_way": one.under_way} for one in found]
    console.show(rows, _waiting(found), as_json=as_json)


@app.command()
def dead(site: SiteName, as_json: AsJson = False) -> None:
    """List the call-backs that were given up, oldest first."""
    found = console.run(lambda services: services.deliveries.given_up(site))
    console.show([_facts(one) for one in found], _given_up(found), as_json=as_json)


@app.command()
def replay(
    site: SiteName,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids from `deliveries list` or `dead`.", metavar="[ID]...")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
) -> None:
    """Send call-backs again. Each keeps its webhook-id, so a receiver can tell what it knows already."""
    if everything == bool(ids):
        raise typer.BadParameter("name ids, or say --all")
    count, unknown = console.run(lambda services: services.deliveries.replay(site, ids or ()))
    typer.echo(f"{count} call-back{'' if count == 1 else 's'} will be sent again.")
    if unknown:
        typer.echo(f"Unknown, or too old: {', '.join(unknown)}", err=True)
        raise typer.Exit(1)


@app.command()
def resume(site: SiteName) -> None:
    """End the pause of a receiver that was disabled (it answered 410) or throttled."""
    left = console.run(lambda services: services.deliveries.resume(site))
    waits = {0: "nothing waits", 1: "1 comment has some waiting"}.get(left, f"{left:,} comments have some waiting")
    typer.echo(f"The receiver of {site} gets its call-backs again; {waits}.")


def _attempts(endpoint: Endpoint, attempts: Sequence[Attempt], *, told: bool) -> Iterator[str | Table]:
    state = "fine" if told else "none; the platform asks by itself"
    if endpoint.paused_until:
        state = f"paused until {console.moment(endpoint.paused_until)} UTC: {endpoint.why}"
    elif endpoint.failing_since:
        state = f"failing since {console.moment(endpoint.failing_since)} UTC"
    yield f"Receiver: {state}. Comments with call-backs waiting: {endpoint.waiting}. Given up: {endpoint.undelivered}."
    if not attempts:
        return
    table = console.table("when (UTC)", "event", "comment", "try", "result", "status", "error", "ms")
    for one in attempts:
        table.add_row(
            console.moment(one.at), one.type, one.comment, str(one.tries), one.result,
            str(one.status or "-"), one.error or "-", str(one.took_ms),
        )  # fmt: skip
    yield table


def _waiting(found: Sequence[Waiting]) -> Iterator[str | Table]:
    if not found:
        yield "Nothing."
        return
    table = console.table("id", "event", "comment", "tries", "due (UTC)")
    for one in found:
        due = "under way" if one.under_way else console.moment(one.due_at)
        table.add_row(one.delivery.id, one.delivery.type, one.delivery.comment, str(one.delivery.tries), due)
    yield table


def _given_up(found: Sequence[Delivery]) -> Iterator[str | Table]:
    if not found:
        yield "None: every call-back was delivered, or is still being tried."
        return
    table = console.table("id", "event", "comment", "tries", "since (UTC)")
    for one in found:
        table.add_row(one.id, one.type, one.comment, str(one.tries), console.moment(one.created_at))
    yield table


def _facts(delivery: Delivery) -> dict[str, str | int]:
    facts = delivery._asdict()
    del facts["body"]
    return facts
