"""What a command needs to do its work: settings, secrets, Redis, and a way to print. Used by `service.commands` only."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from service.resources import Resources

T = TypeVar("T")


@asynccontextmanager
async def opened() -> AsyncIterator[Resources]:
    """This process's parts. The running embedded server is used, or one is started for as long as this lasts.

    Raises SettingsError, KeyFileError, EmbeddedError, StoreUnavailable.
    """
    from service import keyfiles, settings
    from service.resources import open_resources
    from service.store.embedded import EmbeddedServer

    loaded = settings.load()
    secrets = keyfiles.load(loaded.secrets)
    if loaded.redis_url is not None:
        async with open_resources(loaded, secrets, loaded.redis_url.get_secret_value()) as resources:
            yield resources
    else:
        with EmbeddedServer(loaded.data_dir, loaded.fsync) as server:
            async with open_resources(loaded, secrets, server.url) as resources:
                yield resources


def run(command: Callable[[Resources], Awaitable[T]]) -> T:
    """Run a command's coroutine with everything opened."""

    async def inside() -> T:
        async with opened() as resources:
            return await command(resources)

    return asyncio.run(inside())


def console() -> Console:
    """Where tables for people go. What a comment's author wrote is never read as markup."""
    from rich.console import Console

    return Console(markup=False, highlight=False)


def table(*columns: str, title: str = "") -> Table:
    """An empty table in the house's style."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold")
    for name in columns:
        made.add_column(name)
    return made


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for as long as this lasts; call what it gives with how many more are done.

    Without a terminal there is none.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def status(first: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being done; call what it gives with the next thing."""
    from rich.console import Console

    with Console(stderr=True, markup=False).status(f"{first} …") as line:
        yield lambda what: line.update(f"{what} …")


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
