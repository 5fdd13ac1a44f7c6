"""`antechamber import`: bring a blog's history in, from the files that other systems export; and take an import back."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from service.commands import console
from service.commands.console import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.site import Site
    from service.imports import Format
    from service.imports.readers import Export
    from service.imports.record import Left, Record
    from service.usecases.importing import Report, TakenBack

_FATES = {
    "approved": "approved",
    "shown": "shown (nothing says who approved)",
    "held": "held",
    "spam": "spam",
    "removed": "removed",
    "orphaned": "gone with their pages",
}
_SAMPLE = 10  # rows that a dry run shows
_EXCERPT = 60  # characters of a text in it
_TITLE = 40  # characters of a name or a page's address in it
_IGNORED = 12  # ignored columns that are named


class _Wanted(NamedTuple):
    """What the operator asked for."""

    site: str
    same_platform: bool
    resume: bool
    dry_run: bool
    replace: bool
    left_out: Path | None


def import_history(
    file: Annotated[
        str,
        typer.Argument(
            help="The export, as it is, gzipped or in a zip archive; - reads standard input.", metavar="FILE"
        ),
    ] = "",
    *,
    site: Annotated[str, typer.Option(help="The site whose history it is.")] = "",
    format_name: Annotated[
        str, typer.Option("--format", help="Its format, when that is not recognised; docs/import.md lists them.")
    ] = "",
    encoding: Annotated[
        str, typer.Option(help="How its letters are encoded, when that is not recognised: windows-1252, gbk, …")
    ] = "",
    dates: Annotated[
        Literal["day-first", "month-first", "year-first"] | None,
        typer.Option(help="What comes first in dates like 02/01/2023 or 23-01-02."),
    ] = None,
    same_platform: Annotated[
        bool,
        typer.Option(
            "--same-platform",
            help="The site stays on the platform that it comes from: comments keep their bare ids, so that the platform's own "
            "word of them finds them.",
        ),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an import that was stopped had come.")] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Bring anew what an earlier import brought otherwise, unless somebody has decided or edited it here since.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only look: say what would be brought in, and show ten rows of it.")
    ] = False,
    undo: Annotated[
        str, typer.Option(metavar="RUN", help="Take an import back, by the name that it gave; no file is needed.")
    ] = "",
    left_out: Annotated[
        Path | None,
        typer.Option(help="Where to list what is left out; - is standard error. Default: the data directory."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a blog's history in: its comments as they were decided there, and what that teaches.

    Nothing is judged and nobody is told. What is here already is left alone, so importing a file again does no harm.
    """
    if undo:
        _take_back(undo, file, as_json=as_json)
        return
    if not (file and site):
        raise typer.BadParameter("name a file (- for standard input) and --site SITE")
    with ExitStack() as kept:
        export, kind = _opened(file, kept, format_name, encoding.lower(), dates or "")
        wanted = _Wanted(site, same_platform, resume, dry_run, replace, left_out)
        _bring(export, kind, wanted, as_json=as_json)


def _opened(file: str, kept: ExitStack, format_name: str, encoding: str, dates: str) -> tuple[Export, Format]:
    """The export and its format. Raises UnreadableExport."""
    from service.imports import FORMATS, recognise
    from service.imports.encodings import ENCODINGS, known_as
    from service.imports.readers import Export, spooled

    if format_name and format_name not in FORMATS:
        raise typer.BadParameter(f"the format is one of: {', '.join(FORMATS)}", param_hint="--format")
    encoding = known_as(encoding)
    if encoding and encoding not in ENCODINGS:
        raise typer.BadParameter(f"the encoding is one of: {', '.join(sorted(ENCODINGS))}", param_hint="--encoding")
    if file == "-":
        if sys.stdin.isatty():
            raise typer.BadParameter("nothing comes on standard input: antechamber import - --site SITE < FILE")
        path = kept.enter_context(spooled(sys.stdin.buffer))
    else:
        path = _found(file, kept)
    export = Export(path, encoding=encoding, dates=dates, name="standard input" if file == "-" else "")
    return export, FORMATS[format_name] if format_name else recognise(export)


def _found(file: str, kept: ExitStack) -> Path:
    """The file that is meant; of a pipe, one with what comes through it. Raises UnreadableExport."""
    from service.imports.readers import spooled

    try:
        mode = os.stat(file).st_mode
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError)
        why = "does not exist" if is_missing else f"can't be read: {os.strerror(error.errno or 0)}"
        raise typer.BadParameter(f"{file} {why}", param_hint="FILE") from None
    if stat.S_ISFIFO(mode):
        with Path(file).open("rb") as source:
            return kept.enter_context(spooled(source))
    if not stat.S_ISREG(mode):
        raise typer.BadParameter(f"{file} is {'a folder' if stat.S_ISDIR(mode) else 'no file'}", param_hint="FILE")
    return Path(file)


def _bring(export: Export, kind: Format, wanted: _Wanted, *, as_json: bool) -> None:
    with suppress(OSError):
        if wanted.left_out is not None and wanted.left_out.samefile(export.path):
            raise typer.BadParameter("that is the export itself, which it would overwrite", param_hint="--left-out")
    sample: list[Record] = []

    async def command(services: Services) -> tuple[Report, str, Path]:
        from service.imports import records
        from service.imports.record import Leftovers
        from service.usecases.importing import Begun, Import, Source

        known = (await services.sites.get(wanted.site)).site
        source = Source(kind.name, kind.title, export.digest(), export.name)
        begun = Begun(f"{known.id}-dry-run", 0)
        if not wanted.dry_run:
            _say_what_was_before(await services.importing.done(known, source), resume=wanted.resume)
            begun = await services.importing.begin(known, source, resume=wanted.resume)
        listing = wanted.left_out or _place(services.settings.data_dir, begun.run)
        found = records(export, kind)
        with Leftovers(listing) as leftovers:
            job = Import(
                known, source, _sampled(found, sample) if wanted.dry_run else found, leftovers,
                _prefix(kind, known, same_platform=wanted.same_platform), joins=wanted.same_platform, replace=wanted.replace,
            )  # fmt: skip
            reports = services.importing.look(job) if wanted.dry_run else services.importing.bring(job, begun)
            return await _with_progress(reports, export), begun.run, listing

    report, run, listing = console.run(command)
    facts = _facts(report, kind, export, wanted) | {
        "run": "" if wanted.dry_run else run, "list": str(listing) if report.left else "", "rows": [_row(one) for one in sample],
    }  # fmt: skip
    pieces = _pieces(report, kind, export, wanted, _Where(run, listing, sample))
    console.show(facts, pieces, as_json=as_json)
    if export.broken:
        typer.echo(f"The file ends early: {export.broken}. {_before_the_end(report, wanted)}", err=True)
    elif not report.brought and not report.known and not report.kept:
        typer.echo("Nothing would be brought in." if wanted.dry_run else "Nothing was brought in.", err=True)
    else:
        return
    raise typer.Exit(1)


def _place(data: Path, run: str) -> Path:
    """Where the list of what a run left out is, wherever one stands."""
    folder = data / "imports"
    with suppress(OSError):  # whoever writes the list says so
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve() / f"{run}.left-out.jsonl"


def _listing(where: _Where) -> str:
    if str(where.listing) == "-":
        return "standard error lists them"
    return f"{where.listing} lists them"


def _before_the_end(report: Report, wanted: _Wanted) -> str:
    """What there is of a file that ends early."""
    if not report.brought and not report.known and not report.kept:
        return "Nothing of it can be brought in."
    return f"What came before that {'would be brought in' if wanted.dry_run else 'is in'}; the rest is missing."


def _take_back(run: str, file: str, *, as_json: bool) -> None:
    if file:
        raise typer.BadParameter("an import is taken back without a file", param_hint="--undo")

    async def command(services: Services) -> TakenBack:
        return await services.importing.take_back(run)

    console.show(done := console.run(command), _taken_back(done), as_json=as_json)


def _taken_back(done: TakenBack) -> Iterator[str]:
    yield f"{done.run}: {_counted(done.taken, 'comment was', 'comments were')} taken back, with what they taught."
    if done.kept:
        yield f"Left alone: {done.kept:,}, which somebody has decided, edited or erased here since."
    yield "A version that was trained meanwhile has learnt from them: antechamber models list; train makes another one."


def _sampled(found: Iterator[Record | Left], sample: list[Record]) -> Iterator[Record | Left]:
    from service.imports.record import Left

    for one in found:
        if len(sample) < _SAMPLE and not isinstance(one, Left):
            sample.append(one)
        yield one


def _row(record: Record) -> dict[str, Any]:
    """A record as a dry run shows it: no address in it but those of pages and websites."""
    from service.core.identity import mask_addresses

    def shown(text: str, most: int) -> str:
        line = " ".join(console.plain(mask_addresses(text)).split())
        return line if len(line) <= most else line[:most] + "…"

    return {
        "place": record.place,
        "when": console.moment(record.created_at) if record.created_at else "not known",
        "who": shown(record.name, _TITLE),
        "email": bool(record.email),
        "ip": bool(record.ip),
        "website": shown(record.url, _TITLE),
        "page": shown(record.page_url, _TITLE),
        "becomes": str(record.fate),
        "labels": dict(record.labels) if record.labels is not None else None,
        "text": shown(record.content, _EXCERPT),
    }


def _prefix(kind: Format, site: Site, *, same_platform: bool) -> str:
    """What stands before the ids of a format; our plugin for WordPress puts the blog's address before its own."""
    from service.core.text.spoken import place

    if same_platform:
        return f"{place(site.url)}#" if kind.system == "wordpress" else ""
    return f"{kind.system}:" if kind.system else ""


def _say_what_was_before(done: int, *, resume: bool) -> None:
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


async def _with_progress(reports: AsyncIterator[Report], export: Export) -> Report:
    """Import, showing how far it is when somebody watches; what it came to."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    terminal = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("Reading", total=export.size)
        async for report in reports:
            bar.update(task, completed=export.done, description=f"{report.records:,} records")
    return report


def _facts(report: Report, kind: Format, export: Export, wanted: _Wanted) -> dict[str, Any]:
    return {
        "site": wanted.site,
        "format": kind.name,
        "encoding": export.encoding_used,
        "dry_run": wanted.dry_run,
        "records": report.records,
        "brought": report.brought,
        "replaced": report.replaced,
        "known": report.known,
        "kept": report.kept,
        "erased": report.gone,
        "examples": report.examples,
        "left_out": report.left,
        "mended": report.mended,
        "words": report.words,
        "columns": export.columns.meanings,
        "dates": list(export.dates_told.values()),
        "lacks": list(kind.lacks),
        "ended_early": export.broken,
    }


class _Where(NamedTuple):
    """What an import is called, where its list is, and the first records that were found."""

    run: str
    listing: Path
    sample: list[Record]


def _pieces(report: Report, kind: Format, export: Export, wanted: _Wanted, where: _Where) -> Iterator[str | Table]:
    """What was imported, in words, and what to do next."""
    yield f"{kind.title}: {_counted(report.records, 'record')}."
    if export.guessed:
        yield f"Its letters are no UTF-8; they are read as {export.encoding_used}. If that is wrong, say --encoding."
    if wanted.dry_run:
        yield from _as_read(export, where.sample)
    elif export.columns.ignored:
        yield f"Ignored columns: {_some(export.columns.ignored)}."
    if doubtful := _doubtful(export):
        yield f"Ignored, though they are called as if they told what became of comments: {_some(doubtful)}."
    yield from map(console.plain, export.dates_told.values())
    yield from _counts(report, wanted)
    if report.left:
        verb = "Would be left out" if wanted.dry_run else "Left out"
        yield f"{verb}: {_counted(sum(report.left.values()), 'record')}; {_listing(where)}."
        yield from _reasons(report.left, report.words)
    if report.mended:
        yield "Would be mended:" if wanted.dry_run else "Mended:"
        yield from _reasons(report.mended, report.words)
    if kind.lacks:
        yield f"This kind of export does not tell: {'; '.join(kind.lacks)}."
    if wanted.dry_run:
        yield from _only_looked(report, wanted)
        return
    if held := report.brought.get("held", 0):
        yield f"{_counted(held, 'held one waits', 'held ones wait')} in the moderators' queue."
    if report.brought:
        yield f"This import is called {where.run}; antechamber import --undo {where.run} takes it back."
    if report.examples:
        yield f"Next: antechamber backtest --site {wanted.site} shows what the model would have made of it."


def _is_listed(report: Report, wanted: _Wanted) -> bool:
    return bool(report.left) and str(wanted.left_out) != "-"


def _only_looked(report: Report, wanted: _Wanted) -> Iterator[str]:
    """What a dry run did, which writes one thing at most."""
    written = "; only the list of what would be left out was written" if _is_listed(report, wanted) else ""
    yield f"Only looked: {wanted.site} is as it was{written}."
    if report.brought:
        yield "Without --dry-run it is brought in."


def _doubtful(export: Export) -> list[str]:
    """Ignored columns that may say what became of comments."""
    from service.imports.columns import may_decide

    return [name for name in export.columns.ignored if may_decide(name)]


def _counts(report: Report, wanted: _Wanted) -> Iterator[str]:
    brought = sum(report.brought.values())
    said = ", ".join(f"{count:,} {_FATES[fate]}" for fate, count in report.brought.items())
    if brought:
        verb = "Would be brought" if wanted.dry_run else "Brought"
        yield f"{verb} into {wanted.site}: {_counted(brought, 'comment')} ({said})."
    if report.replaced:
        yield f"{report.replaced:,} of them in place of what an earlier import had brought."
    if report.examples:
        yield f"{_counted(report.examples, 'of them teaches', 'of them teach')}: examples for training and backtest."
    left_alone = "Would be left alone" if wanted.dry_run else "Left alone"
    if report.known:
        more = "" if wanted.replace else " If the file was mended since, --replace brings it anew."
        yield f"{left_alone}: {report.known:,}, here already{', or twice in this file' if wanted.dry_run else ''}.{more}"
    if report.kept:
        yield f"{left_alone}: {report.kept:,}, which were decided or edited here since the earlier import."
    if report.gone:
        yield f"Left out: {_counted(report.gone, 'comment')} that had been erased here."


def _as_read(export: Export, sample: list[Record]) -> Iterator[str | Table]:
    """The columns of a table with what each is taken for, and the first rows as they are read."""
    if export.columns.meanings:
        from service.imports.columns import MEANINGS

        columns = console.table("column", "is read as")
        for name, field in export.columns.meanings.items():
            columns.add_row(console.plain(name), MEANINGS.get(field, f"share of {field}"))
        yield columns
    if not sample:
        return
    rows = console.table("where", "when (UTC)", "who", "page", "becomes", "text")
    for row in map(_row, sample):
        labels = ", ".join(f"{label} {share:g}" for label, share in (row["labels"] or {}).items())
        with_more = ", ".join(word for word, there in (("e-mail", row["email"]), ("IP", row["ip"])) if there)
        rows.add_row(
            row["place"], row["when"], f"{row['who']}{f' ({with_more})' if with_more else ''}", row["page"],
            f"{row['becomes']}{f' ({labels})' if labels else ''}", row["text"],
        )  # fmt: skip
    yield rows


def _some(names: list[str]) -> str:
    more = len(names) - _IGNORED
    return ", ".join(map(console.plain, names[:_IGNORED])) + (f" and {more} more" if more > 0 else "")


def _reasons(reasons: dict[str, int], words: dict[str, list[str]]) -> Iterator[str]:
    for why, count in sorted(reasons.items(), key=lambda item: -item[1]):
        named = ", ".join(f"“{console.plain(word)}”" for word in words.get(why, ()))
        yield f"  {count:>8,}  {why}{f' ({named})' if named else ''}"


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"
