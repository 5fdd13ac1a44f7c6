"""`antechamber keys …`: the keys that people's digests are made with."""

from __future__ import annotations

import typer

app = typer.Typer(help="The secret keys behind authors' digests.", no_args_is_help=True)


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
