"""`antechamber tls-front …`: lead the names that platforms have built in to the service, with certificates of its own."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.front.certificates import Front

app = typer.Typer(
    help="Lead names that platforms have built in (rest.akismet.com, …) here. docs/tls-front.md.", no_args_is_help=True
)
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where certificates are; default: DATA_DIR/tls.", file_okay=False)
]
Address = Annotated[str, typer.Option(help="Under which address platforms reach the front.")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="A site's Akismet key; again for each site.")]


@app.command()
def make(
    names: Annotated[list[str], typer.Argument(help="akismet, perspective, openai, or names of hosts.")],
    *,
    folder: Folder = None,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="For how long.")] = 825,
    address: Address = "ADDRESS",
    key: Keys = None,
) -> None:
    """Make an authority and its certificate for these names, and print how to trust it. What was made before is replaced.

    The authority's key is thrown away: it can vouch for nothing else, and is good for these names only.
    """
    from service.front import certificates
    from service.front.names import names_of

    try:
        wanted = names_of(names)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAMES") from None
    where = _folder(folder, writing=True)
    try:
        certificates.save(where, certificates.make(wanted, days=days, now=certificates.present()))
    except OSError as error:
        _end(f"{error.filename or where}: {error.strerror or 'it can not be written'}")
    _print(where, certificates.read(where), address, key or [])


@app.command()
def show(folder: Folder = None, address: Address = "ADDRESS", key: Keys = None) -> None:
    """Print names, and how to trust the authority, once more."""
    where = _folder(folder)
    _print(where, _read(where), address, key or [])


@app.command()
def serve(
    folder: Folder = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0: all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; platforms call 443.")] = 8443,
    plain_port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, help="Port for clients that speak no TLS (npm akismet); they call 80. 0: none."
        ),
    ] = 0,
    to: Annotated[str, typer.Option(help="Where the API is.")] = "http://127.0.0.1:8080",
) -> None:
    """Answer calls to these names with what the API says. Needs the folder alone: no secrets, no Redis, no rights."""
    from service.front import certificates, proxy

    where = _folder(folder)
    front = _read(where)
    if front.until <= certificates.present():
        _end(f"The certificate has expired on {front.until:%Y-%m-%d}; make another: antechamber tls-front make …")

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        say = f"Leading {', '.join(front.names)} to {to}, until {front.until:%Y-%m-%d}."
        at = proxy.Listening(host, port, plain_port, certificates.context(where))
        await proxy.serve(proxy.application(front.names, to), at, stop=stop, ready=lambda: typer.echo(say, err=True))

    try:
        asyncio.run(run())
    except OSError as error:
        _end(f"{host}:{port}: {error.strerror or error}")


def _folder(folder: Path | None, *, writing: bool = False) -> Path:
    from service import installation, settings

    if folder is not None:
        return folder
    loaded = settings.load()
    if writing:
        installation.check_owner(loaded)
    return loaded.data_dir / "tls"


def _read(folder: Path) -> Front:
    from service.front import certificates

    try:
        return certificates.read(folder)
    except PermissionError as error:
        _end(f"{error.filename}: {error.strerror}")
        raise
    except (OSError, ValueError):
        _end(f"{folder} holds no certificate; make one: antechamber tls-front make akismet perspective")
        raise


def _print(folder: Path, front: Front, address: str, keys: list[str]) -> None:
    from service.front import certificates
    from service.front.names import instructions

    typer.echo(f"# Certificates in {folder}, good until {front.until:%Y-%m-%d} for {', '.join(front.names)}.")
    for line in instructions(front.names, address=address, keys=keys, certificate=folder / certificates.AUTHORITY):
        typer.echo(line)


def _end(line: str) -> None:
    typer.echo(line, err=True)
    raise typer.Exit(1)
