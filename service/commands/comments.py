"""`antechamber comments …`, `erase` and `dead …`: single comments, what becomes of them, and those nobody could judge."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import console
from service.commands.console import AsJson, SiteName
from service.core.text.shares import decimal

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from service.container import Services
    from service.core.comment import Change, Comment
    from service.core.views import ChangeView, CommentView
    from service.core.work import Dead

comments = typer.Typer(help="Look at comments.", no_args_is_help=True)
dead = typer.Typer(help="Comments that no worker could judge.", no_args_is_help=True)


@comments.command("list")
def list_comments(
    site: SiteName,
    state: Annotated[str, typer.Option(help="pending, approved, flagged, rejected, erased, or all.")] = "all",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List a site's newest comments, and why each stands where it stands."""
    from service.core.lifecycle import State
    from service.core.views import comment_view

    if state not in ("all", *State):
        raise typer.BadParameter(f"the state is one of: all, {', '.join(State)}")

    async def command(services: Services) -> list[Comment]:
        return await services.moderation.newest((await services.sites.get(site)).site, state, limit)

    views = [comment_view(comment) for comment in console.run(command)]
    console.show(views, _listed(views), as_json=as_json)


@comments.command()
def show(
    site: SiteName,
    comment: Annotated[str, typer.Argument(help="Our id, or the platform's.")],
    as_json: AsJson = False,
) -> None:
    """Show one comment: its state, its decision, its history."""
    from service.core.views import change_views, comment_view

    async def command(services: Services) -> tuple[Comment, list[Change]]:
        known, moderation = (await services.sites.get(site)).site, services.moderation
        found = await moderation.get(known, await moderation.our_id(site, comment))
        return found, await moderation.history(found)

    found, changes = console.run(command)
    view, history = comment_view(found), change_views(found, changes)
    console.show({"comment": view, "history": history}, _shown(view, history), as_json=as_json)


def erase(
    site: SiteName,
    *,
    comment: Annotated[str, typer.Option(help="One comment, by our id or the platform's.")] = "",
    email_stdin: Annotated[
        bool, typer.Option("--email-stdin", help="All comments of one author; the address is read from standard input.")
    ] = False,
    suggested_stdin: Annotated[
        bool,
        typer.Option("--suggested-stdin", help="What was suggested about a text, which is read from standard input."),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every comment of the site, and all suggestions.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Erase comments: text, identity, scores and notes. The platform is told `comment.erased`.

    What was suggested about the same text (Perspective's suggestscore) goes with a comment.
    """
    if bool(comment) + email_stdin + suggested_stdin + everything != 1:
        raise typer.BadParameter("say one of --comment, --email-stdin, --suggested-stdin, --all")
    if suggested_stdin:
        _erase_suggestions(site, sys.stdin.read())
        return
    if email_stdin and sys.stdin.isatty():
        typer.echo("Address: ", nl=False, err=True)
    address = sys.stdin.readline().strip() if email_stdin else ""
    if everything and not yes:
        typer.confirm(f"Erase every comment of {site}? There is no way back.", abort=True)

    async def command(services: Services) -> int:
        if comment:
            return await services.erasure.comment(site, comment)
        if email_stdin:
            return await services.erasure.author(site, address)
        count = await services.erasure.everything(site)
        if await services.sites.find(site) is None:  # nobody is told any more, and the name is free again
            await services.sites.purge(site)
        return count

    async def erased(services: Services) -> int:
        count = await command(services)
        if not count:
            await services.sites.get(site)  # a name that was mistyped is no site whose comments are erased
        return count

    count = console.run(erased)
    typer.echo(f"Erased {count} comment{'' if count == 1 else 's'}.")
    if count:
        typer.echo("They leave Redis's file with its next rewrite; antechamber compact rewrites it now.", err=True)


def compact() -> None:
    """Rewrite Redis's append-only file now, so that what was erased leaves the disk too."""
    size = console.run(lambda services: services.box.compact())
    typer.echo(f"Rewritten; the file has {size / 1e6:.1f} MB now. Back-ups made earlier still hold what was erased.")


@dead.command("list")
def list_dead(as_json: AsJson = False) -> None:
    """List the comments that no worker could judge. They are held for a moderator meanwhile."""
    found = console.run(lambda services: services.work_stream.dead())
    console.show([one._asdict() for one in found], _dead(found), as_json=as_json)


@dead.command()
def replay(
    entries: Annotated[
        list[str] | None, typer.Argument(help="Entries that `dead list` shows.", metavar="[ENTRY]...")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Put comments before the classifier once more."""
    wanted = set(entries or ())
    if everything == bool(wanted):
        raise typer.BadParameter("name entries, or say --all")
    outcomes, unknown = console.run(lambda services: services.work_stream.revive(wanted))
    for one, word in outcomes:
        typer.echo(f"{one.comment}: {word}")
    if unknown:
        typer.echo(f"No such entry: {', '.join(sorted(unknown))}", err=True)
        raise typer.Exit(1)


def _erase_suggestions(site: str, text: str) -> None:
    async def command(services: Services) -> int:
        await services.sites.get(site)
        return await services.erasure.suggestions(site, text)

    count = console.run(command)
    typer.echo(f"Erased {count} suggestion{'' if count == 1 else 's'}.")


def _listed(views: Sequence[CommentView]) -> Iterator[Table]:
    table = console.table("comment", "state", "written", "author", "top reason")
    for view in views:
        reasons = view.decision.reasons if view.decision else ()
        table.add_row(
            view.id, view.state, view.created_at[:19], console.plain(view.author.name) if view.author else "-",
            reasons[0].text or reasons[0].code if reasons else "-",
        )  # fmt: skip
    yield table


def _shown(view: CommentView, history: Sequence[ChangeView]) -> Iterator[str | Text | Table]:
    from rich.text import Text

    yield Text(f"{view.id}  {view.state}  revision {view.revision}  platform id {view.platform_id}")
    author, page = view.author.name if view.author else "-", view.page.url if view.page else "-"
    yield console.plain(f"by {author} on {page}")
    content = view.content if view.text_kept else "(the text has been dropped)"
    yield f"\n{console.plain(content)}\n"
    for reason in view.decision.reasons if view.decision else ():
        yield Text(f"  because: {reason.text or reason.code}")
    if view.verdict:
        yield Text(
            "  scores:  " + ", ".join(f"{label} {decimal(score)}" for label, score in view.verdict.scores.items())
        )
    table = console.table("revision", "when", "who", "what", "state")
    for change in history:
        table.add_row(str(change.revision), change.at[:19], change.actor, change.what, change.state)
    yield table


def _dead(found: Sequence[Dead]) -> Iterator[str | Table]:
    if not found:
        yield "None."
        return
    table = console.table("entry", "site", "comment", "revision", "when (UTC)", "why")
    for one in found:
        table.add_row(one.entry, one.site, one.comment, str(one.revision), console.moment(one.at), one.why)
    yield table
