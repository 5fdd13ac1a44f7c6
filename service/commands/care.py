"""`antechamber backup`, `restore` and `repair`: the data written down while it is used, brought back, and saved from damage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import console

if TYPE_CHECKING:
    from service.container import Services
    from service.settings import Settings

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


def backup(
    file: Annotated[Path, typer.Argument(help="A new file, which nobody else may read.")],
) -> None:
    """Write all data down, as it is at this moment, while the service goes on. The secrets are not in it: keep them apart."""

    async def command(services: Services) -> int:
        with console.new_file(file, "FILE") as out:
            size = await services.box.back_up(out)
        await services.box.backed_up(size)
        return size

    size = console.run(command)
    typer.echo(f"Written to {file}: {size / 1e6:.1f} MB. The secrets are not in it; back them up apart from it.")


def restore(file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")], yes: Yes = False) -> None:
    """Bring the embedded server's data back from a back-up, with the service stopped. What was there is kept beside it.

    The secrets that it goes with may be put back before or afterwards; none are made.
    """
    from service import installation, settings
    from service.serve import CantStart, restore_embedded

    loaded = _embedded(settings.load())
    try:
        file.open("rb").close()
    except OSError as error:
        raise CantStart(f"{file}: {error.strerror or 'it can not be read'}") from None
    installation.check_owner(loaded)
    fingerprints = _fingerprints(loaded)
    if not yes and (loaded.data_dir / installation.SERVER / "appendonlydir").exists():
        typer.confirm("There is data here, which is laid aside. Put the back-up in its place?", abort=True)
    try:
        head, aside = restore_embedded(loaded, file, fingerprints)
    except OSError as error:
        raise CantStart(f"{file} can't be put back: {error.strerror or 'nobody says why'}") from None
    if aside is not None:
        typer.echo(f"What was here is in {aside} now; remove it when you need it no more.")
    back = f"The data of {console.moment(head.made_at * 1000)} UTC is back"
    if fingerprints:
        console.run(lambda services: services.box.restored(head))
        typer.echo(f"{back}. Start the service: antechamber serve")
        return
    _remember(loaded, head.box)
    typer.echo(
        f"{back}, and its secrets are not in {loaded.secrets.absolute()}: put them back there, and start the service. "
        "If they are lost for good: antechamber keys replace"
    )


def _fingerprints(loaded: Settings) -> Mapping[str, str]:
    """Of the secrets that are here; of none where one is missing. Raises KeyFileError."""
    from service import keyfiles

    try:
        return keyfiles.read(loaded.secrets).fingerprints
    except keyfiles.NoKeyFile:
        return {}


def _remember(loaded: Settings, box: str) -> None:
    """Let the data directory know that there is data, so that nobody makes other secrets for it."""
    from service.container import Opening, open_services, remember
    from service.keyfiles import throwaway
    from service.serve import store_url

    async def note(url: str) -> None:
        async with open_services(loaded, throwaway(), url, Opening(writing=False)) as services:
            await remember(services, box)

    with store_url(loaded, watched=False, waiting=console.say_waiting) as url:
        asyncio.run(note(url))


def repair(
    yes: Yes = False,
    start_anew: Annotated[
        bool, typer.Option("--start-anew", help="Give up what is lost: go on with the data that is there, if any.")
    ] = False,
) -> None:
    """Look what is wrong with the data, and save what can be saved, step by step, with the service stopped."""
    from service import installation, settings
    from service.serve import repairs

    loaded = settings.load()
    installation.check_owner(loaded)
    note = installation.Note.read(loaded.data_dir)
    if start_anew:
        installation.check_noted(loaded)
        if not yes:
            typer.confirm(f"There was data of {note.sites} sites. Is it lost for good?", abort=True)
        installation.Note.forget(loaded.data_dir)
        typer.echo("It is not looked for any more. Start the service: antechamber serve")
        return
    if loaded.embedded:
        for step in repairs(loaded):
            typer.echo(step.what)
            if step.do is None:
                continue
            if not yes:
                typer.confirm(step.question, abort=True)
            _take(step.do)
    else:
        typer.echo("The data is in a Redis of your own (REDIS_URL); its files are repaired with its own tools.")
    _load()
    typer.echo("The data can be used. `antechamber check` looks at the rest.")


def _take(do: Callable[[], str]) -> None:
    """Take a step of a repair, and say what was done. Raises CantStart."""
    from service.serve import CantStart

    try:
        typer.echo(do())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CantStart(f"nothing was repaired: {where}{error.strerror or 'the files can not be copied'}") from None


def _load() -> None:
    """See whether the data can be used. Raises CantStart, with what is left to do."""
    from service.core.errors import StoreUnavailable
    from service.serve import CantStart

    try:
        console.run(lambda services: services.sites.all())
    except CantStart as error:
        raise CantStart(
            f"the data can't be loaded still ({error}); restore a back-up: antechamber restore FILE"
        ) from None
    except StoreUnavailable as error:
        if error.why != "empty":
            raise
        raise CantStart(
            "Redis is empty, and there was data before; restore a back-up, or put back a folder that was laid aside. "
            "If it is lost for good: antechamber repair --start-anew"
        ) from None


def _embedded(loaded: Settings) -> Settings:
    from service.serve import CantStart

    if not loaded.embedded:
        raise CantStart(
            "a back-up is put back into the embedded server. With a Redis of your own: restore with REDIS_URL unset, and let "
            "your Redis follow that server (REPLICAOF), or use its own tools"
        )
    return loaded
