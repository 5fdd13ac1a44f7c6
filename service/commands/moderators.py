"""`antechamber moderators …`: the people who sign in at `/review`: their roles, their sites, their passwords."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import console
from service.commands.console import AsJson
from service.core.errors import Conflict
from service.core.moderator import Role

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.moderator import Moderator

app = typer.Typer(help="The people who moderate: their roles, sites and passwords.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The moderator's name: letters, digits, dots, hyphens, underscores.")]
_ROLES = "moderator: the queue; lead: also bulk, marks, undoing others; operator: also policy, replay, audit, models."


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help=_ROLES)] = Role.MODERATOR,
    site: Annotated[
        list[str] | None, typer.Option(help="A site that they see; repeat it for more. Without: all sites.")
    ] = None,
    invited: Annotated[
        bool, typer.Option("--invite", help="No password: they sign in at your provider, by a link that is shown.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a moderator. A password may be piped in; otherwise one is made up, and shown this once."""
    if invited:

        async def expected(services: Services) -> str:
            if not services.provider.label:
                raise Conflict("There is no provider; set ANTECHAMBER_OIDC_ISSUER first.")
            await services.moderators.expect(name, role, site or ())
            return await services.provider.invite(name)

        _show_link(name, console.run(expected), as_json=as_json, done=f"Created {name}, {role}.")
        return
    password = _piped()

    async def command(services: Services) -> str:
        return await services.moderators.add(name, role, site or (), password)

    made = console.run(command)
    _show_password(name, made, as_json=as_json, given=bool(password), done=f"Created {name}, {role}.")


@app.command()
def invite(name: Name, as_json: AsJson = False) -> None:
    """Invite a moderator to sign in at your provider from now on: a link for them, good once and for a week."""
    _show_link(name, console.run(lambda services: services.provider.invite(name)), as_json=as_json, done="")


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
    """Change what a moderator may do and see. It counts at once, also for who is signed in."""
    if all_sites and site:
        raise typer.BadParameter("name sites, or say --all-sites")
    if role is None and not site and not all_sites:
        raise typer.BadParameter("name at least one thing to change; see --help")

    async def command(services: Services) -> Moderator:
        return await services.moderators.set_access(name, role, [] if all_sites else site)

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
    console.run(lambda services: services.moderators.forgive_second_factor(name))
    typer.echo(f"{name} has no second factor any more.")


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Remove a moderator. Their sessions end at once; what they decided keeps their name."""
    if not yes:
        typer.confirm(f"Remove {name}? They are signed out at once.", abort=True)
    console.run(lambda services: services.moderators.remove(name))
    typer.echo(f"Removed {name}.")


def _piped() -> str:
    """A password from standard input, if something is piped there; without the end of its line."""
    return "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _show_password(name: str, password: str, *, as_json: bool, given: bool, done: str) -> None:
    lines = [done] if given else [done, f"Password: {password}\nIt is shown this once.."]
    console.show({"name": name.strip().lower(), "password": password}, lines, as_json=as_json)


def _show_link(name: str, link: str, *, as_json: bool, done: str) -> None:
    lines = [*filter(None, [done]), f"Give them this link, and nobody else; it is good once, for a week:\n{link}"]
    console.show({"name": name.strip().lower(), "link": link}, lines, as_json=as_json)


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
        "provider": bool(moderator.provider), "managed": moderator.managed,
    }  # fmt: skip


def _way(moderator: Moderator) -> str:
    ways = [*(["password"] if moderator.password else []), *(["provider"] if moderator.provider else [])]
    return ", ".join(ways) or "not yet (invited)"
