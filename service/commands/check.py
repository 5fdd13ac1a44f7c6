"""`antechamber check` and `doctor`: whether everything is as it should be, one line each; or only what is not."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import typer

from service.commands import console
from service.commands.console import AsJson

if TYPE_CHECKING:
    from service.commands.findings import Finding
    from service.settings import Settings


_MOST_TRIES = 3
_SCREEN = 15  # lines


def check(as_json: AsJson = False) -> None:
    """Check settings, secrets, model, Redis, clock and the platforms' receivers. Exits with 1 when something is wrong."""
    from service.commands import findings

    found = asyncio.run(_collect(*_usable(), quiet=as_json))
    failed = sum(finding.level == findings.FAIL for finding in found)
    if as_json:
        console.print_json([finding._asdict() for finding in found])
    else:
        warned = sum(finding.level == findings.WARN for finding in found)
        typer.echo(f"{len(found)} checked, {warned} worth a look, {failed} wrong.")
    if failed:
        raise typer.Exit(1)


def doctor() -> None:
    """Say what is wrong here, worst first, and what to type; on one screen. Exits with 1 when something is."""
    from service.commands import findings

    found = asyncio.run(_collect(*_usable(), quiet=True))
    amiss = [one for level in (findings.FAIL, findings.WARN) for one in found if one.level == level]
    if not amiss:
        typer.echo(f"All is well: {len(found)} things were looked at.")
        return
    for one in amiss[:_SCREEN]:
        _print(one)
    if len(amiss) > _SCREEN:
        typer.echo(f"And {len(amiss) - _SCREEN} more: antechamber check")
    failed = sum(one.level == findings.FAIL for one in amiss)
    typer.echo(f"{failed} wrong, {len(amiss) - failed} worth a look, of {len(found)}. Mend the first, and look again.")
    if failed:
        raise typer.Exit(1)


def _usable() -> tuple[Settings, dict[str, str]]:
    """The settings, with those left out that can't be used; and which these are, and why."""
    from service import settings

    wrong: dict[str, str] = {}
    before = dict(os.environ)
    try:
        for _ in range(_MOST_TRIES):
            try:
                return settings.load(), wrong
            except settings.SettingsError as error:
                wrong |= error.problems
                for name in error.problems:
                    os.environ.pop(name, None)
        return settings.Settings(), wrong
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _collect(settings: Settings, wrong: dict[str, str], *, quiet: bool) -> list[Finding]:
    from service.commands.findings import findings

    found = []
    async for finding in findings(settings, wrong):
        found.append(finding)
        if not quiet:
            _print(finding)
    return found


def _print(finding: Finding) -> None:
    colour = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}[finding.level]
    typer.echo(f"{typer.style(finding.level.ljust(4), fg=colour)}  {finding.subject.ljust(12)}  {finding.line}")
