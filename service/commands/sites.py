"""`antechamber sites …`: the sites that send comments, their credentials and their policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import console, policy
from service.commands.console import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.site import Known
    from service.usecases.sites import Overview, State

app = typer.Typer(help="Sites that send comments: their credentials and policies.", no_args_is_help=True)
app.add_typer(policy.app, name="policy")

Name = Annotated[str, typer.Argument(help="The site's name: lower-case letters, digits, hyphens.")]
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
    adopt: Annotated[bool, typer.Option("--adopt", help="Take over what a removed site of this name left.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create a site and print its credentials."""

    async def command(services: Services) -> Known:
        return await services.sites.add(
            name,
            url,
            callback,
            require_email=require_email is not False,
            require_name=require_name is not False,
            adopt=adopt,
        )

    _show_credentials(console.run(command), as_json)


@app.command("list")
def list_sites(as_json: AsJson = False) -> None:
    """List the sites, and how many comments of each stand in which state."""
    found = console.run(lambda services: services.sites.overview())
    rows = [
        {"site": one.site.id, "url": one.site.url, "callback": one.site.callback, "comments": one.comments}
        for one in found
    ]
    console.show(rows, _listed(found), as_json=as_json)


@app.command()
def show(
    name: Name,
    secrets: Annotated[bool, typer.Option("--secrets", help="Show the credentials too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a site, its receiver and, on demand, its credentials."""
    found = console.run(lambda services: services.sites.show(name))
    facts, credentials = _facts(found), [one._asdict() for one in found.known.credentials] if secrets else []
    for_people = facts | {"comments": _counted(found.comments)}
    for number, one in enumerate(credentials):
        for_people |= {key if number == 0 else f"{key} (retiring)": value for key, value in one.items()}
    if secrets:
        facts["credentials"] = credentials
    console.show(facts, _lines(for_people), as_json=as_json)


@app.command("set")
def set_site(
    name: Name,
    url: Annotated[str | None, typer.Option(help="The site's address.")] = None,
    callback: Annotated[str | None, typer.Option(help='Where decisions are told; "" to tell nobody.')] = None,
    *,
    require_email: RequireEmail = None,
    require_name: RequireName = None,
    second_factor: Annotated[
        bool | None,
        typer.Option("--second-factor/--no-second-factor", help="Must whoever sees it have a second factor?"),
    ] = None,
    accepts_edits: Annotated[
        bool | None,
        typer.Option(
            "--accepts-edits/--no-accepts-edits",
            help="Does its platform show the text that a moderator made of a comment's?",
        ),
    ] = None,
    circle: Annotated[
        str | None,
        typer.Option(help='Join it with the sites of this circle, which know authors together; "" to part it.'),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(help='By whose midnight its days are counted from now on, such as Europe/Berlin; "": UTC.'),
    ] = None,
) -> None:
    """Change a site. Only what is named changes."""
    wanted = {
        "url": url, "callback": callback, "require_email": require_email, "require_name": require_name,
        "second_factor": second_factor, "accepts_edits": accepts_edits, "circle": circle,
        "time_zone": time_zone,
    }  # fmt: skip
    named = [field for field, value in wanted.items() if value is not None]
    if not named:
        raise typer.BadParameter("name at least one thing to change; see --help")

    async def command(services: Services) -> None:
        await services.sites.change(
            name, url=url, callback=callback, require_email=require_email, require_name=require_name,
            second_factor=second_factor, accepts_edits=accepts_edits, circle=circle,
            time_zone=time_zone,
        )  # fmt: skip

    console.run(command)
    typer.echo(f"Changed {name}: {', '.join(named)}.")


@app.command()
def rotate(
    name: Name,
    overlap_days: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=36_500,
            callback=console.number,
            help="How long the old keys keep working; default: ANTECHAMBER_KEY_OVERLAP_DAYS.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a site new credentials. The old ones keep working for a while, so that nothing is refused meanwhile."""

    async def command(services: Services) -> Known:
        days = services.settings.key_overlap_days if overlap_days is None else overlap_days
        return await services.sites.rotate(name, days)

    _show_credentials(console.run(command), as_json)


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Remove a site, its keys and its platforms' secrets. Its comments stay; `antechamber erase NAME --all` erases them."""
    if not yes:
        typer.confirm(f"Remove the site {name}? Its keys stop working at once.", abort=True)
    console.run(lambda services: services.sites.remove(name))
    typer.echo(f"Removed {name}.")


def _show_credentials(known: Known, as_json: bool) -> None:
    facts = {"site": known.site.id, **known.credentials[0]._asdict()}
    hint = f"Keep these secret. To see them again: antechamber sites show {known.site.id} --secrets"
    console.show(facts, [*_lines(facts), hint], as_json=as_json)


def _listed(found: list[Overview]) -> Iterator[str | Table]:
    if not found:
        yield "There is no site yet; create one with: antechamber sites add NAME --url URL"
        return
    table = console.table("site", "address", "call-back", "comments")
    for one in found:
        table.add_row(one.site.id, one.site.url, one.site.callback or "-", _counted(one.comments))
    yield table


def _facts(found: State) -> dict[str, Any]:
    site, receiver = found.known.site, found.receiver
    return {
        "site": site.id,
        "url": site.url,
        "callback": site.callback,
        "require_name": site.require_name,
        "require_email": site.require_email,
        "second_factor": site.second_factor,
        "accepts_edits": site.accepts_edits,
        "circle": site.circle,
        "time_zone": site.time_zone or "UTC",
        "mode": site.policy.mode,
        "comments": found.comments,
        "created": console.moment(site.created_at),
        "key_generations": len(found.known.credentials),
        "receiver_paused": receiver.why if receiver.paused_until else "",
        "callbacks_waiting": receiver.waiting,
        "callbacks_given_up": receiver.undelivered,
    }


def _counted(comments: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in comments.items() if count) or "none"


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    width = max(map(len, facts))
    for key, value in facts.items():
        shown = {True: "yes", False: "no", "": "-"}.get(value, value) if isinstance(value, (bool, str)) else value
        yield f"{key.replace('_', ' ').ljust(width)}  {shown}"
