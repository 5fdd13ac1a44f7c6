"""`antechamber settings`: what there is to set, and what is in effect here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import session
from service.commands.deliveries import AsJson

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


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
    if as_json:
        session.print_json({name: written(value) for name, value, _ in rows})
        return
    table = session.table("setting", "value", "default", "meaning")
    for name, value, field in rows:
        style = "" if value == field.default else "bold"
        table.add_row(name, written(value), default(field), field.description, style=style)
    session.console().print(table)


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
