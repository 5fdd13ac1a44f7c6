"""`antechamber keys …`: the secret files, and the keys in them that people's digests are made with."""

from __future__ import annotations

import typer

app = typer.Typer(help="The secret files: made, listed, rotated.", no_args_is_help=True)


@app.command()
def init() -> None:
    """Make the secret files, unless they are there. `serve` does so too; this is for when only one may write them."""
    from service import keyfiles, settings

    folder = settings.load().secrets
    keyfiles.load(folder)
    typer.echo(f"The secrets are in {folder}. Back them up, apart from the data.")


@app.command()
def rotate() -> None:
    """Put a new identity key before the present ones. Authors keep their history; the service must be restarted."""
    from service import keyfiles, settings

    name = keyfiles.rotate_identity(settings.load().secrets)
    typer.echo(
        f"{name} is the active identity key from the next start on; the earlier ones are kept to know authors by."
    )
    typer.echo("Restart every process of the service now, and back the secrets up anew.")


@app.command("list")
def list_keys() -> None:
    """List the identity keys' ids, the active one first; never the keys."""
    from service import keyfiles, settings

    for number, (name, _) in enumerate(keyfiles.load(settings.load().secrets).identity.keys):
        typer.echo(f"{name}  {'active' if number == 0 else 'retired'}")
