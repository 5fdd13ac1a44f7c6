"""`antechamber moderators …`: the people who sign in at `/review`: their roles, their sites, their passwords."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import console
from service.commands.console import AsJson
from service.core.errors import Conflict
from service.core.moderator import Role, fold_name

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.moderator import Moderator
    from service.usecases.team import Link

app = typer.Typer(help="The people who moderate: their roles, sites and passwords.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The moderator's name: letters, digits, dots, hyphens, underscores.")]
_ROLES = "moderator: the queue; lead: also bulk, marks, undoing others; operator: also policy, replay, audit, models, the team."


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

    async def command(services: Services) -> str:
        return await services.moderators.add(name, role, site or (), password)

    made = console.run(command)
    _show_password(name, made, as_json=as_json, given=bool(password), done=f"Created {name}, {role}.")


@app.command()
def invite(
    name: Name,
    role: Annotated[Role | None, typer.Option(help=f"For somebody new. {_ROLES}")] = None,
    site: Annotated[
        list[str] | None, typer.Option(help="For somebody new: a site that they see; repeat it for more.")
    ] = None,
    *,
    by_password: Annotated[
        bool, typer.Option("--password", help="They choose a password, although you have a provider.")
    ] = False,
    forget_second_factor: Annotated[
        bool, typer.Option("--forget-second-factor", help="Using the link takes away a second factor that was lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Invite somebody new, or give somebody who is there a link for a new password: good once, for a week.

    Where you have a provider, a link connects them with who they are there, unless they have a password or you say --password.
    """

    async def command(services: Services) -> Link:
        there = next((one for one in await services.moderators.all() if one.name == fold_name(name)), None)
        password = by_password or not services.provider.label or (there is not None and bool(there.password))
        if there is None:
            return await services.team.invite(None, name, role or Role.MODERATOR, site or (), password=password)
        if role is not None or site:
            raise Conflict(f"There is a moderator named {there.name} already; see: antechamber moderators access")
        return await services.team.link(None, name, password=password, forget_second=forget_second_factor)

    made = console.run(command)
    _show_link(made, as_json=as_json)


@app.command("list")
def list_moderators(as_json: AsJson = False) -> None:
    """List the moderators, what they are here for, and the sites that they see."""
    found = console.run(lambda services: services.moderators.all())
    console.show([_facts(one) for one in found], _listed(found), as_json=as_json)


@app.command()
def password(name: Name, as_json: AsJson = False) -> None:
    """Give a moderator a new password: piped in, or made up and shown this once. It ends all their sessions."""
    wanted = _piped()
    made = console.run(lambda services: services.moderators.set_password(name, wanted))
    _show_password(name, made, as_json=as_json, given=bool(wanted), done=f"{name} has a new password.")


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
    """Change what a moderator may do and see. It ends their sessions."""
    if all_sites and site:
        raise typer.BadParameter("name sites, or say --all-sites")
    if role is None and not site and not all_sites:
        raise typer.BadParameter("name at least one thing to change; see --help")

    async def command(services: Services) -> Moderator:
        return await services.team.set_access(None, name, role, [] if all_sites else site)

    changed = console.run(command)
    line = f"{changed.name} is {changed.role} of {', '.join(changed.sites) or 'all sites'}."
    console.show(_facts(changed), [line], as_json=as_json)


@app.command("second-factor")
def second_factor(
    name: Name,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away: the app and the codes are lost.")] = False,
) -> None:
    """Take away a moderator's second factor, after you made sure that it is they who ask. It ends all their sessions."""
    if not remove:
        raise typer.BadParameter("say --remove; a moderator sets one up at the page, under Settings")
    console.run(lambda services: services.team.forget_second_factor(None, name))
    typer.echo(f"{name} has no second factor any more.")


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Remove a moderator. Their sessions end at once; what they decided keeps their name."""
    if not yes:
        typer.confirm(f"Remove {name}? They are signed out at once.", abort=True)
    console.run(lambda services: services.team.remove(None, name))
    typer.echo(f"Removed {name}.")


@app.command("sign-out")
def sign_out(name: Name) -> None:
    """End all sessions of a moderator, on every device."""
    console.run(lambda services: services.team.sign_out(None, name))
    typer.echo(f"{name} is signed out everywhere.")


@app.command()
def lock(name: Name) -> None:
    """Let a moderator sign in no more. Their sessions end at once; nothing else of theirs changes."""
    console.run(lambda services: services.team.lock(None, name, locked=True))
    typer.echo(f"{name} is locked.")


@app.command()
def unlock(name: Name) -> None:
    """Let a moderator sign in again who was locked."""
    console.run(lambda services: services.team.lock(None, name, locked=False))
    typer.echo(f"{name} may sign in again.")


def _piped() -> str:
    """A password from standard input, if something is piped there; without the end of its line."""
    return "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _show_password(name: str, password: str, *, as_json: bool, given: bool, done: str) -> None:
    lines = [done] if given else [done, f"Password: {password}\nIt is shown this once.."]
    console.show({"name": name.strip().lower(), "password": password}, lines, as_json=as_json)


def _show_link(made: Link, *, as_json: bool) -> None:
    line = f"Give {made.name} this link, and nobody else; it is good once, until {console.moment(made.until)} UTC:"
    console.show({"name": made.name, "link": made.address}, [f"{line}\n{made.address}"], as_json=as_json)


def _listed(found: Sequence[Moderator]) -> Iterator[str | Table]:
    if not found:
        yield "There is no moderator yet; create one with: antechamber moderators add NAME"
        return
    table = console.table("moderator", "role", "sites", "signs in", "second factor", "created (UTC)")
    for one in found:
        second, sites = "yes" if one.second else "no", ", ".join(one.sites) or "all"
        table.add_row(one.name, one.role, sites, _way(one), second, console.moment(one.created_at))
    yield table


def _facts(moderator: Moderator) -> dict[str, object]:
    return {
        "name": moderator.name, "role": moderator.role, "sites": moderator.sites, "created_at": moderator.created_at,
        "second_factor": moderator.second is not None, "password": bool(moderator.password),
        "provider": bool(moderator.provider), "managed": moderator.managed, "locked": bool(moderator.locked_at),
    }  # fmt: skip


def _way(moderator: Moderator) -> str:
    if moderator.locked_at:
        return "no (locked)"
    ways = [*(["password"] if moderator.password else []), *(["provider"] if moderator.provider else [])]
    return ", ".join(ways) or "not yet (invited)"
