"""`antechamber deliveries …`: call-backs on their way out, what became of them, and those that were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import session

if TYPE_CHECKING:
    from service.deliveries import Deliveries, Replayed
    from service.resources import Resources
    from service.store.outbox import Attempt, Delivery, Endpoint

app = typer.Typer(help="Call-backs: the log, those given up, replay.", no_args_is_help=True)

SiteName = Annotated[str, typer.Argument(help="The site's name.", metavar="SITE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("list")
def list_attempts(
    site: SiteName,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest attempts.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how a site's receiver is, and the last attempts to reach it, newest first."""

    async def command(resources: Resources) -> tuple[Endpoint, list[Attempt]]:
        await resources.accounts.get(site)
        return await resources.outbox.endpoint(site), await resources.outbox.log(site, limit)

    endpoint, attempts = session.run(command)
    if as_json:
        session.print_json({"endpoint": endpoint._asdict(), "attempts": [one._asdict() for one in attempts]})
        return
    state = f"paused until {session.moment(endpoint.paused_until)}: {endpoint.why}" if endpoint.paused_until else "fine"
    typer.echo(
        f"Receiver: {state}. Comments with call-backs waiting: {endpoint.waiting}. Given up: {endpoint.undelivered}."
    )
    if attempts:
        table = session.table("when (UTC)", "event", "comment", "try", "result", "status", "error", "ms")
        for one in attempts:
            table.add_row(
                session.moment(one.at), one.type, one.comment, str(one.tries), one.result,
                str(one.status or "-"), one.error or "-", str(one.took_ms),
            )  # fmt: skip
        session.console().print(table)


@app.command()
def waiting(site: SiteName, as_json: AsJson = False) -> None:
    """List what waits to be delivered: of each comment the call-back whose turn it is, and when that is."""
    found = session.run(lambda resources: resources.outbox.queue(site))
    if as_json:
        session.print_json(
            [{**_shown(one.delivery), "due_at": one.due_at, "under_way": one.under_way} for one in found]
        )
    elif not found:
        typer.echo("Nothing.")
    else:
        table = session.table("id", "event", "comment", "tries", "due (UTC)")
        for one in found:
            due = "under way" if one.under_way else session.moment(one.due_at)
            table.add_row(one.delivery.id, one.delivery.type, one.delivery.comment, str(one.delivery.tries), due)
        session.console().print(table)


@app.command()
def dead(site: SiteName, as_json: AsJson = False) -> None:
    """List the call-backs that were given up, oldest first."""
    found = session.run(lambda resources: resources.outbox.undelivered(site))
    if as_json:
        session.print_json([_shown(one) for one in found])
    elif not found:
        typer.echo("None: every call-back was delivered, or is still being tried.")
    else:
        table = session.table("id", "event", "comment", "tries", "since (UTC)")
        for one in found:
            table.add_row(one.id, one.type, one.comment, str(one.tries), session.moment(one.created_at))
        session.console().print(table)


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

    async def command(resources: Resources) -> Replayed:
        return await _use_cases(resources).replay(site, ids or ())

    count, unknown = session.run(command)
    typer.echo(f"{count} call-back{'' if count == 1 else 's'} will be sent again.")
    if unknown:
        typer.echo(f"Unknown, or too old: {', '.join(unknown)}", err=True)
        raise typer.Exit(1)


@app.command()
def resume(site: SiteName) -> None:
    """End the pause of a receiver that was disabled (it answered 410) or throttled."""

    async def command(resources: Resources) -> int:
        await resources.accounts.get(site)
        return await _use_cases(resources).resume(site)

    waiting = session.run(command)
    typer.echo(f"The receiver of {site} gets its call-backs again; {waiting} comments have some waiting.")


def _use_cases(resources: Resources) -> Deliveries:
    from service.deliveries import Deliveries

    return Deliveries(resources.outbox, resources.accounts)


def _shown(delivery: Delivery) -> dict[str, str | int]:
    facts = delivery._asdict()
    del facts["body"]
    return facts
