"""`antechamber sites policy …`: what a site wants done with which comment: show it, change it, its editions."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import console, policy_preview
from service.commands.console import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.errors import InvalidPolicy
    from service.core.policy import Policy
    from service.core.site import KeptPolicy, Site
    from service.usecases.policy_preview import Preview

app = typer.Typer(help="What a site wants done with which comment.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The site's name.")]
Note = Annotated[str, typer.Option(help="Why, for the history.")]
_FIELD = re.compile(r"[\w-]{1,60}(?:\.[\w-]{1,60}){0,9}")
_MOST_EDITIONS = 1_000_000_000
_LONGEST = 200  # characters of a FIELD=VALUE that a message quotes

app.command("try")(policy_preview.try_policy)
app.command("import-lists")(policy_preview.import_lists)


@app.command()
def show(
    name: Name,
    edition: Annotated[
        int | None, typer.Option(min=0, max=_MOST_EDITIONS, help="An earlier edition; see `history`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a site's policy, in the form that `set` takes. As JSON with the thresholds that apply, defaults among them."""

    async def command(services: Services) -> Policy:
        if edition is not None:
            return (await services.policies.edition(name, edition)).policy
        return (await services.policies.site(name)).policy

    import msgspec

    from service.core.policy.document import to_toml

    found = console.run(command)
    if as_json:
        whole = msgspec.structs.replace(found, thresholds=found.effective)
        typer.echo(msgspec.json.format(msgspec.json.encode(whole)).decode())
    else:
        typer.echo(to_toml(found), nl=False)


@app.command("set")
def set_policy(
    name: Name,
    changes: Annotated[
        list[str], typer.Argument(help="FIELD=VALUE, such as mode=hold-everything; or a file (TOML, JSON), or -.")
    ],
    note: Note = "",
) -> None:
    """Replace a site's policy by a document, or change fields of it. What a document leaves out is the default."""
    fields = [change for change in changes if "=" in change]
    if len(fields) not in (0, len(changes)) or (not fields and len(changes) != 1):
        raise typer.BadParameter("name one file, or fields as FIELD=VALUE")

    async def command(services: Services) -> Site:
        site = await services.policies.site(name)
        wanted = _with_fields(site.policy, fields) if fields else policy_preview.read_document(changes[0])
        # The fields were changed as we saw them; a whole document replaces whatever is there.
        version = site.edition.version if fields else None
        return await services.policies.save(name, wanted, by=policy_preview.OPERATOR, note=note, version=version)

    _say_saved(console.run(command))


@app.command()
def edit(name: Name, note: Note = "") -> None:
    """Edit a site's policy in $EDITOR: it is checked, compared, tried on the site's history, and saved if you say so."""
    from service.core.policy.document import to_toml

    async def look(services: Services) -> Site:
        return await services.policies.site(name)

    site = console.run(look)
    before = to_toml(site.policy)
    wanted = _edited(before)
    if wanted is None:
        typer.echo("Nothing was changed.")
        return

    async def preview(services: Services) -> Preview:
        return await services.policies.preview(site, wanted)

    _print_difference(before, to_toml(wanted), "now", "edited")
    found = console.run(preview)
    console.show(found, policy_preview.pieces(found), as_json=False)
    typer.confirm("Save it?", abort=True)

    async def save(services: Services) -> Site:
        return await services.policies.save(
            name, wanted, by=policy_preview.OPERATOR, note=note, version=site.edition.version
        )

    _say_saved(console.run(save))


@app.command()
def diff(
    name: Name,
    other: Annotated[str, typer.Argument(help="A file, the number of an edition, or `default`.")] = "default",
) -> None:
    """Show how a site's policy differs from the default, from an earlier edition, or from a file."""
    from service.core.policy import Policy
    from service.core.policy.document import to_toml

    async def command(services: Services) -> tuple[Site, Policy]:
        site = await services.policies.site(name)
        if other == "default":
            return site, Policy()
        if other.isascii() and other.isdigit():
            return site, (await services.policies.edition(name, int(other))).policy
        return site, policy_preview.read_document(other)

    site, theirs = console.run(command)
    live = f"{name}, edition {site.edition.version}"
    if other == "default" or other.isdigit():
        same = _print_difference(to_toml(theirs), to_toml(site.policy), other, live)
    else:
        same = _print_difference(to_toml(site.policy), to_toml(theirs), live, other)
    if same:
        typer.echo("They are the same.")


@app.command()
def history(name: Name, as_json: AsJson = False) -> None:
    """List the editions of a site's policy, newest first: when, by whom, and why."""

    async def command(services: Services) -> list[KeptPolicy]:
        return await services.policies.history(name)

    kept = console.run(command)
    console.show(kept, _editions(kept), as_json=as_json)


@app.command()
def restore(
    name: Name,
    edition: Annotated[int, typer.Argument(min=0, max=_MOST_EDITIONS, help="Its number; see `history`.")],
    note: Note = "",
) -> None:
    """Put an earlier edition of a site's policy in force again. It becomes a new edition."""

    async def command(services: Services) -> Site:
        return await services.policies.restore(name, edition, by=policy_preview.OPERATOR, note=note)

    _say_saved(console.run(command))


def _editions(kept: Sequence[KeptPolicy]) -> Iterator[Table]:
    table = console.table("edition", "since", "by", "note")
    for edition in (one.edition for one in kept):
        since = console.moment(edition.at) if edition.at else "the beginning"
        table.add_row(str(edition.version), since, edition.by or "-", console.plain(edition.note))
    yield table


def _say_saved(site: Site) -> None:
    typer.echo(
        f"The policy of {site.id} is at edition {site.edition.version}; it applies to comments that are judged from now on."
    )


def _with_fields(policy: Policy, fields: list[str]) -> Policy:
    """The policy with some fields changed; `thresholds.spam.hold=0.4` names one inside another."""
    import tomllib

    import msgspec

    from service.core.errors import InvalidPolicy
    from service.core.policy.document import policy_of

    document: dict[str, Any] = msgspec.to_builtins(policy)
    named: set[str] = set()
    for field in fields:
        path, _, text = field.partition("=")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            value = text  # a word needs no quotation marks
        if not _FIELD.fullmatch(path.strip()):
            raise typer.BadParameter(f"{_short(field)}: there is no such field")
        if path.strip() in named:
            raise typer.BadParameter(f"{_short(field)}: this field is there twice")
        named.add(path.strip())
        *outer, last = path.strip().split(".")
        inside = document
        labels = document["thresholds"]
        if (
            outer[:1] == ["thresholds"]
            and len(outer) == 2
            and outer[1] in policy.effective
            and isinstance(labels, dict)
        ):
            # A label that is named has no defaults any more: what is not changed stays as it applied.
            labels.setdefault(outer[1], msgspec.to_builtins(policy.effective[outer[1]]))
        for key in outer:
            inside = inside.setdefault(key, {})
            if not isinstance(inside, dict):
                raise typer.BadParameter(f"{_short(field)}: this can't be set by itself; use `edit`, or a file")
        inside[last] = value
    try:
        return policy_of(document)
    except InvalidPolicy as error:
        raise InvalidPolicy("\n".join(_named(one, fields) for one in error.told)) from None


def _named(error: InvalidPolicy, fields: list[str]) -> str:
    """What is wrong, with the FIELD=VALUE that it is about, and the place in it."""
    places = {field: "/" + field.partition("=")[0].strip().replace(".", "/") for field in fields}
    for field, at in places.items():
        if error.pointer == at or error.pointer.startswith(f"{at}/"):
            inside = error.pointer.removeprefix(at).strip("/")
            return f"{_short(field)}: {error.detail}{f' (at {inside} in it)' if inside else ''}"
    within = [field for field, at in places.items() if at.startswith(f"{error.pointer}/")]
    if within and error.pointer:
        return f"{', '.join(map(_short, within))}: {error.detail}"
    return f"{error.pointer.strip('/').replace('/', '.') or 'the policy'}: {error.detail}"


def _short(field: str) -> str:
    """A FIELD=VALUE as a line has room for it."""
    return console.plain(field if len(field) <= _LONGEST else f"{field[:_LONGEST]}…")


def _in_editor(text: str) -> str:
    """What `text` is after the operator's editor ($VISUAL, $EDITOR or vi) was closed."""
    editor = (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "").strip() or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)  # noqa: S603  (the operator's own choice)
            return path.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError, subprocess.CalledProcessError):  # also one that took the file away
            raise typer.BadParameter(f"the editor {editor} failed; set EDITOR to another") from None


def _edited(before: str) -> Policy | None:
    """What the operator makes of a document, once it can be used; None when nothing was changed."""
    from service.core.errors import InvalidPolicy

    text = before
    while True:
        edited = _in_editor(text)
        if edited == before:
            return None
        try:
            return policy_preview.parse(edited)
        except InvalidPolicy as error:
            typer.echo(str(error), err=True)
            typer.confirm("Edit it again?", default=True, abort=True)
            text = edited


def _print_difference(before: str, after: str, old: str, new: str) -> bool:
    """Print what differs between two documents; whether nothing does."""
    import difflib

    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="", n=2))
    colours = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}
    for line in lines:
        typer.secho(console.plain(line), fg=colours.get(line[:1]))
    return not lines
