"""`antechamber settings`: what there is to set, and what is in effect here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.commands import session
from service.commands.deliveries import AsJson

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def settings(as_json: AsJson = False) -> None:
    """Show every setting: its value here, its default, what it means. Secrets are in files, and no setting."""
    from service.settings import Settings, load, variable

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
