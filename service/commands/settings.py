"""`antechamber settings` and `antechamber keys`: what there is to set, what is in effect, and the secret files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import console
from service.commands.console import AsJson

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from rich.table import Table


app = typer.Typer(help="The secret files: made, listed, rotated.", no_args_is_help=True)


@app.command()
def init() -> None:
    """Make the secret files, unless they are there. `serve` does so too; this is for when only one may write them."""
    from service import installation, settings

    loaded = settings.load()
    installation.begin(loaded)
    typer.echo(f"The secrets are in {loaded.secrets}. Back them up, apart from the data.")


@app.command()
def replace(yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Go on with other secrets than the data was made with: after they leaked, or were lost. What is missing is made.

    With another master.key every site needs new credentials (`antechamber sites rotate NAME --overlap-days 0`); with other
    identity keys, authors are strangers.
    """
    from service import installation, keyfiles, settings
    from service.container import Opening

    loaded = settings.load()
    installation.check_owner(loaded)
    installation.has_data(loaded)
    if not yes:
        typer.confirm("Platforms are refused until they have new credentials. Go on with the secrets here?", abort=True)
    keyfiles.load(loaded.secrets)
    console.run(lambda services: services.box.keys_replaced(), Opening(waiting=console.say_waiting))
    typer.echo(
        "The data goes with these secrets now. Restart every process of the service, and give each site new credentials: "
        "antechamber sites rotate NAME --overlap-days 0"
    )


@app.command()
def rotate() -> None:
    """Put a new identity key before the present ones. Authors keep their history; the service must be restarted."""
    from service import installation, keyfiles, settings
    from service.core.errors import StoreUnavailable
    from service.installation import InstallationError
    from service.serve import CantStart

    loaded = settings.load()
    installation.keys(loaded, writing=True)
    name = keyfiles.rotate_identity(loaded.secrets)
    try:
        console.run(lambda services: services.box.identity_rotated(name))
    except (
        CantStart,
        StoreUnavailable,
        InstallationError,
    ):  # as in compose, where who writes them reaches nothing
        typer.echo("Redis can't be reached from here: the operators' log does not have it.", err=True)
    typer.echo(
        f"{name} is the active identity key from the next start on; the earlier ones are kept to know authors by."
    )
    typer.echo("Restart every process of the service now, and back the secrets up anew.")


@app.command("list")
def list_keys() -> None:
    """List the identity keys' ids, the active one first; never the keys."""
    from service import installation, settings

    for number, (name, _) in enumerate(installation.keys(settings.load(), writing=False).identity.keys):
        typer.echo(f"{name}  {'active' if number == 0 else 'retired'}")


_INTRODUCTION = """\
# Settings

Everything that can be set, by environment variables. `antechamber settings` shows what is in effect. Durations are
seconds and sizes bytes, unless the name says otherwise. A variable that begins with `ANTECHAMBER_` and is not listed here
is refused at the start: a misspelt limit must not silently be the default.

Secrets are no settings: they are files, made on the first start under `ANTECHAMBER_SECRETS_DIR` ([operations](operations.md)).
What belongs to one site (its address, call-back, policy, required fields) is set with `antechamber sites`.

<!-- made by `make docs` from service/settings.py -->
"""


def settings(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/settings.md.")] = False,
) -> None:
    """Show every setting: its value here, its default, what it means. Secrets are in files, and no setting."""
    from service.settings import Settings, load, variable

    if markdown:
        typer.echo(page(), nl=False)
        return
    loaded = load()
    rows = [(variable(name), getattr(loaded, name), field) for name, field in Settings.model_fields.items()]
    console.show({name: written(value) for name, value, _ in rows}, _explained(rows), as_json=as_json)


def _explained(rows: Sequence[tuple[str, Any, FieldInfo]]) -> Iterator[Table]:
    table = console.table("setting", "value", "default", "meaning")
    for name, value, field in rows:
        style = "" if value == field.default else "bold"
        table.add_row(name, written(value), default(field), field.description, style=style)
    yield table


def page() -> str:
    """The text of `docs/settings.md`, in the sections of the source."""
    import inspect
    import re

    from service.settings import Settings, variable

    lines = [_INTRODUCTION.rstrip()]
    for section, name in re.findall(r"^    (?:# (.+)|(\w+): .*Field\()", inspect.getsource(Settings), re.MULTILINE):
        if section:
            lines += [f"\n## {section}\n", "| variable | default | meaning |", "|---|---|---|"]
        else:
            field = Settings.model_fields[name]
            shown = f"`{default(field)}`" if default(field) else ""
            lines.append(f"| `{variable(name)}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def default(field: FieldInfo) -> str:
    """A setting's default, as one writes it."""
    return written(field.default)


def written(value: Any) -> str:
    """A value as one writes it in the environment; an address of Redis may hold a password and is not shown."""
    from pydantic import SecretStr

    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case SecretStr():
            return "(set)"
        case float():
            return f"{value:g}"
        case tuple():
            return ",".join(map(written, value))
    return str(value)
