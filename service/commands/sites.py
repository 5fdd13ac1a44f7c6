"""`antechamber sites …`: the sites that send comments, their credentials and their policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import policy, session

if TYPE_CHECKING:
    from service.resources import Resources
    from service.store.accounts import Known

app = typer.Typer(help="Sites that send comments: their credentials and policies.", no_args_is_help=True)
app.add_typer(policy.app, name="policy")

Name = Annotated[str, typer.Argument(help="The site's name: lower-case letters, digits, hyphens.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
RequireEmail = Annotated[
    bool | None, typer.Option("--require-email/--no-require-email", help="Must a comment carry an e-mail address?")
]
RequireName = Annotated[
    bool | None, typer.Option("--require-name/--no-require-name", help="Must a comment carry a name?")
]


@app.command()
def add(
    name: Name,
    url: Annotated[str, typer.Option(help="The site's address.")],
    callback: Annotated[str, typer.Option(help="Where decisions are told; leave out to poll instead.")] = "",
    *,
    require_email: RequireEmail = True,
    require_name: RequireName = True,
    as_json: AsJson = False,
) -> None:
    """Create a site and print its credentials."""

    async def command(resources: Resources) -> Known:
        return await resources.accounts.add(
            name, url, callback, require_email=require_email is not False, require_name=require_name is not False
        )

    _print_credentials(session.run(command), as_json)


@app.command("list")
def list_sites(as_json: AsJson = False) -> None:
    """List the sites, and how many comments of each stand in which state."""

    async def command(resources: Resources) -> list[dict[str, Any]]:
        return [
            {
                "site": site.id,
                "url": site.url,
                "callback": site.callback,
                "comments": await resources.comments.counts(site.id),
            }
            for site in await resources.accounts.all()
        ]

    rows = session.run(command)
    if as_json:
        session.print_json(rows)
    elif not rows:
        typer.echo("There is no site yet; create one with: antechamber sites add NAME --url URL")
    else:
        table = session.table("site", "address", "call-back", "comments")
        for row in rows:
            table.add_row(row["site"], row["url"], row["callback"] or "-", _counted(row["comments"]))
        session.console().print(table)


@app.command()
def show(
    name: Name,
    secrets: Annotated[bool, typer.Option("--secrets", help="Show the credentials too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a site, its receiver and, on demand, its credentials."""

    async def command(resources: Resources) -> tuple[Known, dict[str, Any]]:
        known = await resources.accounts.get(name)
        site, endpoint = known.site, await resources.outbox.endpoint(name)
        return known, {
            "site": site.id,
            "url": site.url,
            "callback": site.callback,
            "require_name": site.require_name,
            "require_email": site.require_email,
            "mode": site.policy.mode,
            "comments": await resources.comments.counts(name),
            "created": session.moment(site.created_at),
            "key_generations": len(known.credentials),
            "receiver_paused": endpoint.why if endpoint.paused_until else "",
            "callbacks_waiting": endpoint.waiting,
            "callbacks_given_up": endpoint.undelivered,
        }

    known, facts = session.run(command)
    if secrets:
        facts["credentials"] = [one._asdict() for one in known.credentials]
    if as_json:
        session.print_json(facts)
        return
    generations = facts.pop("credentials", [])
    facts["comments"] = _counted(facts["comments"])
    for number, one in enumerate(generations):
        facts |= {key if number == 0 else f"{key} (retiring)": value for key, value in one.items()}
    _print_facts(facts)


@app.command("set")
def set_site(
    name: Name,
    url: Annotated[str | None, typer.Option(help="The site's address.")] = None,
    callback: Annotated[str | None, typer.Option(help='Where decisions are told; "" to tell nobody.')] = None,
    require_email: RequireEmail = None,
    require_name: RequireName = None,
) -> None:
    """Change a site. Only what is named changes."""
    import msgspec

    wanted = {"url": url, "callback": callback, "require_email": require_email, "require_name": require_name}
    changes = {key: value for key, value in wanted.items() if value is not None}
    if not changes:
        raise typer.BadParameter("name at least one thing to change; see --help")

    async def command(resources: Resources) -> None:
        await resources.accounts.change(name, lambda site: msgspec.structs.replace(site, **changes), "sites.set")
        if callback is not None:
            await resources.outbox.resume(name)  # a pause was the old receiver's

    session.run(command)
    typer.echo(f"Changed {name}: {', '.join(changes)}.")


@app.command()
def rotate(
    name: Name,
    overlap_days: Annotated[
        float | None, typer.Option(min=0, help="How long the old keys keep working; default: KEY_OVERLAP_DAYS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a site new credentials. The old ones keep working for a while, so that nothing is refused meanwhile."""

    async def command(resources: Resources) -> Known:
        days = resources.settings.key_overlap_days if overlap_days is None else overlap_days
        return await resources.accounts.rotate(name, days * 86_400)

    _print_credentials(session.run(command), as_json)


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Remove a site and its keys. Its comments stay; `antechamber erase NAME --all` beforehand erases them."""
    if not yes:
        typer.confirm(f"Remove the site {name}? Its keys stop working at once.", abort=True)

    async def command(resources: Resources) -> None:
        await resources.accounts.remove(name)
        await resources.models.forget_site(name)
        await resources.outbox.resume(name)  # what still waits is given up, even if its receiver was paused

    session.run(command)
    typer.echo(f"Removed {name}.")


def _print_credentials(known: Known, as_json: bool) -> None:
    newest = known.credentials[0]
    facts = {"site": known.site.id, **newest._asdict()}
    if as_json:
        session.print_json(facts)
    else:
        _print_facts(facts)
        typer.echo(f"Keep these secret. To see them again: antechamber sites show {known.site.id} --secrets")


def _counted(comments: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in comments.items() if count) or "none"


def _print_facts(facts: dict[str, Any]) -> None:
    width = max(map(len, facts))
    for key, value in facts.items():
        shown = {True: "yes", False: "no", "": "-"}.get(value, value) if isinstance(value, (bool, str)) else value
        typer.echo(f"{key.replace('_', ' ').ljust(width)}  {shown}")
