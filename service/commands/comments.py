"""`antechamber comments …`, `erase` and `dead …`: single comments, what becomes of them, and those nobody could judge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import session
from service.commands.deliveries import AsJson, SiteName

if TYPE_CHECKING:
    from service.core.site import Site
    from service.core.views import ChangeView, CommentView
    from service.resources import Resources
    from service.store.work import Dead

comments = typer.Typer(help="Look at comments.", no_args_is_help=True)
dead = typer.Typer(help="Comments that no worker could judge.", no_args_is_help=True)

_PAGE = 500


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

    async def command(resources: Resources) -> list[CommentView]:
        from service.store.client import now_ms

        await resources.accounts.get(site)
        page = await resources.comments.page(site, state, newest=now_ms(), oldest=0, after=None, limit=limit)
        found = await resources.comments.get_many([name for name, _ in page])
        return [comment_view(comment) for comment in found if comment is not None]

    views = session.run(command)
    if as_json:
        session.print_json(views)
        return
    table = session.table("comment", "state", "came in", "author", "top reason")
    for view in views:
        reasons = view.decision.reasons if view.decision else ()
        table.add_row(
            view.id, view.state, view.created_at[:19], session.plain(view.author.name) if view.author else "-",
            reasons[0].text or reasons[0].code if reasons else "-",
        )  # fmt: skip
    session.console().print(table)


@comments.command()
def show(
    site: SiteName,
    comment: Annotated[str, typer.Argument(help="Our id, or the platform's.")],
    as_json: AsJson = False,
) -> None:
    """Show one comment: its state, its decision, its history."""
    from service.core.views import change_views, comment_view

    async def command(resources: Resources) -> tuple[CommentView, list[ChangeView]]:
        known = await resources.accounts.get(site)
        found = await resources.moderation.get(known.site, await _our_id(resources, site, comment))
        return comment_view(found), change_views(found, await resources.comments.history(found.id))

    view, history = session.run(command)
    if as_json:
        session.print_json({"comment": view, "history": history})
        return
    console = session.console()
    console.print(f"{view.id}  {view.state}  revision {view.revision}  platform id {view.platform_id}")
    author, page = view.author.name if view.author else "-", view.page.url if view.page else "-"
    console.print(session.plain(f"by {author} on {page}"), soft_wrap=True)
    content = view.content if view.text_kept else "(the text has been dropped)"
    console.print(f"\n{session.plain(content)}\n", soft_wrap=True)
    for reason in view.decision.reasons if view.decision else ():
        console.print(f"  because: {reason.text or reason.code}")
    if view.verdict:
        console.print("  scores:  " + ", ".join(f"{label} {score:.2f}" for label, score in view.verdict.scores.items()))
    table = session.table("revision", "when", "who", "what", "state")
    for change in history:
        table.add_row(str(change.revision), change.at[:19], change.actor, change.what, change.state)
    console.print(table)


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
        _forget_suggestions(site, sys.stdin.read())
        return
    if email_stdin and sys.stdin.isatty():
        typer.echo("Address: ", nl=False, err=True)
    address = sys.stdin.readline().strip() if email_stdin else ""
    if everything and not yes:
        typer.confirm(f"Erase every comment of {site}? There is no way back.", abort=True)

    async def command(resources: Resources) -> int:
        if comment:
            return await _erase(resources, site, [await _our_id(resources, site, comment)])
        if everything:
            await _forget_all_suggestions(resources, site)
        indexes = _author_indexes(resources, address) if email_stdin else ["all"]
        return sum([await _erase_index(resources, site, index) for index in indexes])

    count = session.run(command)
    typer.echo(f"Erased {count} comment{'' if count == 1 else 's'}.")
    if count:
        typer.echo("They leave Redis's file with its next rewrite; antechamber compact rewrites it now.", err=True)


def compact() -> None:
    """Rewrite Redis's append-only file now, so that what was erased leaves the disk too."""

    async def command(resources: Resources) -> int:
        from service.store.compaction import compact as rewrite

        return await rewrite(resources.connection)

    size = session.run(command)
    typer.echo(f"Rewritten; the file has {size / 1e6:.1f} MB now. Back-ups made earlier still hold what was erased.")


@dead.command("list")
def list_dead(as_json: AsJson = False) -> None:
    """List the comments that no worker could judge. They are held for a moderator meanwhile."""
    letters = session.run(lambda resources: resources.work.dead())
    if as_json:
        session.print_json([letter._asdict() for letter in letters])
    elif not letters:
        typer.echo("None.")
    else:
        table = session.table("entry", "site", "comment", "revision", "when (UTC)", "why")
        for one in letters:
            table.add_row(one.entry, one.site, one.comment, str(one.revision), session.moment(one.at), one.why)
        session.console().print(table)


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

    async def command(resources: Resources) -> tuple[list[tuple[Dead, str]], set[str]]:
        letters = [one for one in await resources.work.dead(100_000) if everything or one.entry in wanted]
        outcome = [(one, (await resources.moderation.revive(one)).word) for one in letters]
        return outcome, wanted - {one.entry for one in letters}

    outcome, unknown = session.run(command)
    for letter, word in outcome:
        typer.echo(f"{letter.comment}: {word}")
    if unknown:
        typer.echo(f"No such entry: {', '.join(sorted(unknown))}", err=True)
        raise typer.Exit(1)


async def _our_id(resources: Resources, site: str, given: str) -> str:
    """The id that is meant: ours as it is, else the one that belongs to the platform's."""
    from service.core.submission import comment_id

    return given if await resources.comments.get(given) is not None else comment_id(site, given)


def _author_indexes(resources: Resources, address: str) -> list[str]:
    """The indexes in which an address's comments may stand: the active key's and those of retired keys."""
    from service.core.identity import digest_email

    digest = digest_email(address, resources.secrets.identity)
    return [f"a:{one}" for one in (digest.digest, *digest.earlier)]


async def _erase_index(resources: Resources, site: str, index: str) -> int:
    """Erase what an index lists, page by page."""
    from service.store.client import now_ms

    now, count, after = now_ms(), 0, None
    while page := await resources.comments.page(site, index, newest=now, oldest=0, after=after, limit=_PAGE):
        count += await _erase(resources, site, [name for name, _ in page])
        after = (page[-1][1], page[-1][0])
    return count


async def _erase(resources: Resources, name: str, ids: list[str]) -> int:
    from service.core.comment import Actor
    from service.core.lifecycle import ActorKind

    known = await resources.accounts.find(name)
    site = known.site if known is not None else _removed(name)
    for one in ids:
        await resources.moderation.erase(site, one, Actor(ActorKind.OPERATOR))
    await resources.accounts.audit("comments.erase", name, site=name)
    return len(ids)


def _forget_suggestions(site: str, text: str) -> None:
    from service.core.identity import mask_addresses

    async def command(resources: Resources) -> int:
        count = await resources.examples.forget(site, mask_addresses(text))
        await resources.accounts.audit("suggestions.erase", site, site=site)
        return count

    count = session.run(command)
    typer.echo(f"Erased {count} suggestion{'' if count == 1 else 's'}.")


async def _forget_all_suggestions(resources: Resources, site: str) -> None:
    texts = [one.text async for one in resources.examples.all(site) if not one.comment]
    for text in texts:
        await resources.examples.forget(site, text)


def _removed(name: str) -> Site:
    """Stands for a site that was removed, whose comments are still to be erased."""
    from service.core.site import Site

    return Site(name, "", 0, ())
