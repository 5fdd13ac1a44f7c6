"""`antechamber import`: bring a blog's history in, from the files that other systems export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import session
from service.commands.deliveries import AsJson

if TYPE_CHECKING:
    from service.bringing import Bringing, Import, Report
    from service.imports.formats import Format
    from service.imports.reading import Export
    from service.resources import Resources

_FATES = {
    "approved": "approved",
    "shown": "shown (nothing says who approved)",
    "held": "held",
    "spam": "spam",
    "removed": "removed",
    "orphaned": "gone with their pages",
}


def bring(
    file: Annotated[Path, typer.Argument(help="The export, as it is or gzipped.", exists=True, dir_okay=False)],
    *,
    site: Annotated[str, typer.Option(help="The site whose history it is.")],
    format_name: Annotated[
        str, typer.Option("--format", help="Its format, when that is not recognised; docs/import.md lists them.")
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an import that was stopped had come.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look: say what would be brought in.")] = False,
    left_out: Annotated[
        Path | None, typer.Option(help="Where to list what is left out; default: FILE.left-out.jsonl, here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a blog's history in: its comments as they were decided there, and what that teaches.

    Nothing is judged and nobody is told. What is here already is left alone, so importing a file again does no harm.
    """
    from service.imports.formats import FORMATS, recognise
    from service.imports.reading import Export

    if format_name and format_name not in FORMATS:
        raise typer.BadParameter(f"the format is one of: {', '.join(FORMATS)}", param_hint="--format")
    export = Export(file)
    kind = FORMATS[format_name] if format_name else recognise(export)
    listing = left_out or Path(f"{file.name}.left-out.jsonl")

    async def command(resources: Resources) -> Report:
        from service.bringing import Import, Source
        from service.imports.formats import records
        from service.imports.leftovers import Leftovers

        known = await resources.accounts.get(site)
        with Leftovers(listing) as leftovers:
            job = Import(known.site, Source(kind.name, kind.title, export.digest()), records(export, kind), leftovers)
            if not dry_run:
                _greet(await resources.bringing.done(job.site, job.source), resume=resume)
                await resources.accounts.audit("comments.import", site)
            return await _follow(resources.bringing, job, export, resume=resume, dry_run=dry_run)

    report = session.run(command)
    if as_json:
        session.print_json(_facts(report, kind, export, site, listing) | {"dry_run": dry_run})
    else:
        _tell(report, kind, site, listing, dry_run=dry_run)
    if export.broken:
        typer.echo(f"The file ends early: {export.broken}. What came before that is in.", err=True)
        raise typer.Exit(1)


def _greet(done: int, *, resume: bool) -> None:
    if resume:
        typer.echo(
            f"Going on after record {done:,}." if done else "Nothing to resume; beginning at the start.", err=True
        )
    elif done:
        typer.echo(
            f"An import of this file was stopped after {done:,} records. This one begins at the start and leaves alone what is "
            "here; --resume would go on instead.",
            err=True,
        )


async def _follow(bringing: Bringing, job: Import, export: Export, *, resume: bool, dry_run: bool) -> Report:
    """Import, showing how far it is when somebody watches; what it came to."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Reading", total=export.size)
        async for report in bringing.look(job) if dry_run else bringing.bring(job, resume=resume):
            bar.update(task, completed=export.done, description=f"{report.records:,} records")
    return report


def _facts(report: Report, kind: Format, export: Export, site: str, listing: Path) -> dict[str, Any]:
    return {
        "site": site,
        "format": kind.name,
        "records": report.records,
        "brought": report.brought,
        "known": report.known,
        "erased": report.gone,
        "examples": report.examples,
        "left_out": report.left,
        "mended": report.mended,
        "list": str(listing) if report.left else "",
        "lacks": list(kind.lacks),
        "ended_early": export.broken,
    }


def _tell(report: Report, kind: Format, site: str, listing: Path, *, dry_run: bool) -> None:
    """What was imported, in words, and what to do next."""
    brought = sum(report.brought.values())
    said = ", ".join(f"{count:,} {_FATES[fate]}" for fate, count in report.brought.items())
    typer.echo(f"{kind.title}: {_counted(report.records, 'record')}.")
    if brought:
        verb = "Would be brought" if dry_run else "Brought"
        typer.echo(f"{verb} into {site}: {_counted(brought, 'comment')} ({said}).")
    if report.examples:
        typer.echo(
            f"{_counted(report.examples, 'of them teaches', 'of them teach')}: examples for training and backtest."
        )
    if report.known:
        typer.echo(f"Left alone: {report.known:,}, here already.")
    if report.gone:
        typer.echo(f"Left out: {_counted(report.gone, 'comment')} that had been erased here.")
    if report.left:
        typer.echo(f"Left out: {_counted(sum(report.left.values()), 'record')}; {listing} lists them.")
        _list(report.left)
    if report.mended:
        typer.echo("Mended:")
        _list(report.mended)
    if kind.lacks:
        typer.echo(f"This kind of export does not tell: {'; '.join(kind.lacks)}.")
    if dry_run:
        typer.echo("Nothing was written. Without --dry-run it is brought in.")
        return
    if held := report.brought.get("held", 0):
        typer.echo(f"{_counted(held, 'held one waits', 'held ones wait')} in the moderators' queue.")
    if report.examples:
        typer.echo(f"Next: antechamber backtest --site {site} shows what the model would have made of it.")


def _list(reasons: dict[str, int]) -> None:
    for why, count in sorted(reasons.items(), key=lambda item: -item[1]):
        typer.echo(f"  {count:>8,}  {why}")


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"
