"""`antechamber export`: everything of a site as JSON lines, so that nobody is locked in."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from service.commands import console
from service.commands.console import SiteName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.container import Services


def export(
    site: SiteName,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to; default: standard output. An existing file is kept."),
    ] = None,
) -> None:
    """Write everything of a site as JSON lines: its policy, its comments, every decision about them.

    `antechamber import` reads it, and so does whoever reads JSON. No address is in it, as none is kept.
    """
    import msgspec

    encode = msgspec.json.Encoder().encode

    async def command(services: Services) -> int:
        count = 0
        with _opened(output) as file, console.progress("Comments", None) as advance:
            async for record in services.exporting.records(site):
                file.write(encode(record) + b"\n")
                count += 1
                advance(1)
        return count - 1  # the first is the site

    count = console.run(command)
    typer.echo(f"Exported {count} comment{'' if count == 1 else 's'}.", err=True)


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Where the lines go."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with console.new_file(output) as file:
        yield file
