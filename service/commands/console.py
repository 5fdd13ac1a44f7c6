"""What a command needs to do its work: settings, secrets, Redis, and a way to print. Used by `service.commands` only."""

from __future__ import annotations

import asyncio
import errno
import math
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from service.container import Opening, Services

_ENDLESS = 10_000  # columns
T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
SiteName = Annotated[str, typer.Argument(help="The site's name.", metavar="SITE")]


def say_waiting(why: str, seconds: float) -> None:
    """Say on standard error that Redis is waited for, and why."""
    from service.core.server import TROUBLES

    typer.echo(f"Waiting for Redis ({seconds:.0f} s): {TROUBLES.get(why, why)}", err=True)


def run(command: Callable[[Services], Awaitable[T]], opening: Opening | None = None) -> T:
    """Run a command's coroutine with everything opened; the running embedded server is used, or one is started for that long.

    Raises InstallationError, SettingsError, KeyFileError, CantStart, WrongInstallation, StoreUnavailable.
    """
    from service import installation, settings
    from service.container import Opening, open_services
    from service.core.errors import StoreUnavailable
    from service.serve import store_url

    loaded = settings.load()
    keys = installation.find(loaded)
    how = opening or Opening(waiting=say_waiting, recognise=True)

    async def inside(url: str) -> T:
        async with open_services(loaded, keys, url, how) as services:
            if services.box.lost:
                raise StoreUnavailable(why="empty")
            return await command(services)

    with store_url(loaded, watched=False, waiting=say_waiting) as url:
        return _interruptible(inside(url))


def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. Ctrl-C cancels it, and does not wait for what a thread computes: that writes nothing."""
    from concurrent.futures import ThreadPoolExecutor

    with asyncio.Runner() as runner:
        try:
            return runner.run(work)
        except KeyboardInterrupt:
            runner.get_loop().set_default_executor(ThreadPoolExecutor())  # the loop waits for its last one alone
            raise


def number(value: float | None) -> float | None:
    """For an option: what `min` and `max` let through and is no number. Raises BadParameter."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number to reckon with")
    return value


def show(value: Any, pieces: Iterable[str | Table | Text], *, as_json: bool) -> None:
    """Print what a command has found: as JSON for programs, else piece by piece, which are not made unless they are printed."""
    if as_json:
        print_json(value)
        return
    for piece in pieces:
        if isinstance(piece, str):
            typer.echo(piece)
        else:
            terminal().print(piece)


def terminal() -> Console:
    """Where tables for people go. What a comment's author wrote is never read as markup.

    What is piped or written to a file is as wide as it need be, so that nothing of an id is cut or wrapped.
    """
    from rich.console import Console

    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _ENDLESS)


def table(*columns: str, title: str = "") -> Table:
    """An empty table in the house's style."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for as long as this lasts; call what it gives with how many more are done.

    Without a terminal there is none.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    error = Console(stderr=True)
    with Progress(*columns, console=error, transient=True, disable=not error.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def status(first: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being done; call what it gives with the next thing."""
    from rich.console import Console

    with Console(stderr=True, markup=False).status(f"{first} …") as line:
        yield lambda what: line.update(f"{what} …")


@contextmanager
def new_file(path: Path, hint: str = "--output") -> Iterator[IO[bytes]]:
    """A new file for the operator alone, since comments are people's; it is there when all of it is written, and not before.

    Never one that is there, whose mode and owner somebody else may have chosen. Raises BadParameter.
    """
    from service import keyfiles

    try:
        if os.path.lexists(path):
            raise FileExistsError
        with keyfiles.new_file(path, _name) as file:
            yield file
    except FileExistsError:
        raise typer.BadParameter(f"{path} is there already", param_hint=hint) from None
    except OSError as error:
        why = error.strerror or "nobody says why"
        raise typer.BadParameter(f"{path} can't be written: {why}", param_hint=hint) from None


def _name(draft: Path, path: Path) -> None:
    """Give a file its name, unless that is another's by now. Raises OSError."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP) or os.path.lexists(path):
            raise
        draft.rename(path)  # a file system without hard links, as memory sticks have


def plain(text: str) -> str:
    """What somebody wrote, unable to move the cursor, recolour the terminal or turn the reading direction."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def print_json(value: Any) -> None:
    """One JSON document on standard output, for programs."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def moment(milliseconds: int) -> str:
    """A time as people write it, in UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
