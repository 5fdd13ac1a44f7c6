"""`antechamber privacy …`: what is kept of a person, erasing it everywhere, and a search for addresses that should not be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import console
from service.commands.console import AsJson

if TYPE_CHECKING:
    from service.container import Services
    from service.usecases.privacy import Finding

app = typer.Typer(help="What is kept of a person, over all sites.", no_args_is_help=True)
EmailStdin = Annotated[
    bool, typer.Option("--email-stdin", help="Read the address from standard input, so that no shell remembers it.")
]


@app.command()
def export(
    *,
    email_stdin: EmailStdin = False,
    output: Annotated[
        Path | None, typer.Option(help="A new file, which nobody else may read, instead of standard output.")
    ] = None,
) -> None:
    """Write down everything that is kept under an e-mail address, on all sites, as JSON."""
    address = _address(email_stdin)
    found = console.run(lambda services: services.privacy.export(address))
    if output is None:
        console.print_json(found)
        return
    import msgspec

    with console.new_file(output) as file:
        file.write(msgspec.json.format(msgspec.json.encode(found)))
    typer.echo(f"Written to {output}.")


@app.command()
def erase(*, email_stdin: EmailStdin = False, as_json: AsJson = False) -> None:
    """Erase everything under an e-mail address, on all sites. The platforms are told `comment.erased`."""
    address = _address(email_stdin)
    erased = console.run(lambda services: services.privacy.erase(address))
    lines = [f"Erased {count} comment{'' if count == 1 else 's'} of {site}." for site, count in erased.comments.items()]
    lines.append("It leaves Redis's file with its next rewrite; antechamber compact rewrites it now.")
    console.show(
        erased._asdict(), lines if erased.comments else ["There was no comment.", *lines[-1:]], as_json=as_json
    )


@app.command()
def scan(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders to look through as well, such as logs.")
    ] = None,
    *,
    email_stdin: Annotated[
        bool,
        typer.Option(
            "--email-stdin", help="Read addresses from standard input, one a line, and look for their digests too."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for e-mail addresses, and for digests of given ones without a key, in Redis, in the data directory and in logs.

    Ends with 1 when something is found; says where, and never what.
    """
    addresses = sys.stdin.read().splitlines() if email_stdin else []

    async def command(services: Services) -> list[Finding]:
        own = [path for path in services.settings.data_dir.iterdir() if path.name not in ("models", "secrets")]
        return [one async for one in services.privacy.scan(addresses, [*own, *(paths or ())])]

    found = console.run(command)
    lines: list[Any] = [f"{one.place}: {one.what}" for one in found]
    console.show([one._asdict() for one in found], lines or ["Nothing found."], as_json=as_json)
    if found:
        raise typer.Exit(1)


def _address(email_stdin: bool) -> str:
    if not email_stdin:
        raise typer.BadParameter("say --email-stdin, and pipe the address in")
    if sys.stdin.isatty():
        typer.echo("Address: ", nl=False, err=True)
    return sys.stdin.readline().strip()
