"""`antechamber moderators …`: the people who sign in at `/review`: their roles, their sites, their passwords."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import session
from service.core.staff import Role

if TYPE_CHECKING:
    from service.core.staff import Member
    from service.resources import Resources

app = typer.Typer(help="The people who moderate: their roles, sites and passwords.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The moderator's name: letters, digits, dots, hyphens, underscores.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_ROLES = "moderator: the queue; lead: also bulk, marks, undoing others; operator: also policy, replay, audit, models."


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help=_ROLES)] = Role.MODERATOR,
    site: Annotated[
        list[str] | None, typer.Option(help="A site that they see; repeat it for more. Without: all sites.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a moderator. A password may be piped in; otherwise one is made up, and shown this once."""
    password = _piped()

    async def command(resources: Resources) -> str:
        return await resources.staff.add(name, role, site or (), password)

    made = session.run(command)
    _print_password(name, made, as_json=as_json, given=bool(password), done=f"Created {name}, {role}.")


@app.command("list")
def list_moderators(as_json: AsJson = False) -> None:
    """List the moderators, what they are here for, and the sites that they see."""
    members = session.run(lambda resources: resources.staff.all())
    if as_json:
        session.print_json([_shown(member) for member in members])
    elif not members:
        typer.echo("There is no moderator yet; create one with: antechamber moderators add NAME")
    else:
        table = session.table("moderator", "role", "sites", "created (UTC)")
        for member in members:
            sites = ", ".join(member.sites) or "all"
            table.add_row(member.name, member.role, sites, session.moment(member.created_at))
        session.console().print(table)


@app.command()
def password(name: Name, as_json: AsJson = False) -> None:
    """Give a moderator a new password: piped in, or made up and shown this once. It ends all their sessions."""
    wanted = _piped()
    made = session.run(lambda resources: resources.staff.set_password(name, wanted))
    _print_password(name, made, as_json=as_json, given=bool(wanted), done=f"{name} has a new password.")


@app.command()
def access(
    name: Name,
    role: Annotated[Role | None, typer.Option(help=_ROLES)] = None,
    site: Annotated[
        list[str] | None, typer.Option(help="A site that they see from now on; repeat it for more.")
    ] = None,
    all_sites: Annotated[bool, typer.Option("--all-sites", help="They see every site, also those to come.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change what a moderator may do and see. It counts at once, also for who is signed in."""
    if all_sites and site:
        raise typer.BadParameter("name sites, or say --all-sites")
    if role is None and not site and not all_sites:
        raise typer.BadParameter("name at least one thing to change; see --help")

    async def command(resources: Resources) -> Member:
        return await resources.staff.set_access(name, role, [] if all_sites else site)

    member = session.run(command)
    if as_json:
        session.print_json(_shown(member))
    else:
        typer.echo(f"{member.name} is {member.role} of {', '.join(member.sites) or 'all sites'}.")


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Remove a moderator. Their sessions end at once; what they decided keeps their name."""
    if not yes:
        typer.confirm(f"Remove {name}? They are signed out at once.", abort=True)
    session.run(lambda resources: resources.staff.remove(name))
    typer.echo(f"Removed {name}.")


def _piped() -> str:
    """A password from standard input, if something is piped there; without the end of its line."""
    return "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _print_password(name: str, password: str, *, as_json: bool, given: bool, done: str) -> None:
    if as_json:
        session.print_json({"name": name.strip().lower(), "password": password})
        return
    typer.echo(done)
    if not given:
        typer.echo(f"Password: {password}\nIt is shown this once..")


def _shown(member: Member) -> dict[str, object]:
    return {"name": member.name, "role": member.role, "sites": member.sites, "created_at": member.created_at}
