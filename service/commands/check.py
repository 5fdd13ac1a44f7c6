"""`antechamber check`: whether everything is as it should be, one line each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from service.commands import session
from service.commands.deliveries import AsJson

if TYPE_CHECKING:
    from service.checks import Finding
    from service.settings import Settings


def check(as_json: AsJson = False) -> None:
    """Check settings, secrets, model, Redis, clock and the platforms' receivers. Exits with 1 when something is wrong."""
    from service import checks, settings

    found = asyncio.run(_collect(settings.load(), quiet=as_json))
    failed = sum(finding.level == checks.FAIL for finding in found)
    if as_json:
        session.print_json([finding._asdict() for finding in found])
    else:
        warned = sum(finding.level == checks.WARN for finding in found)
        typer.echo(f"{len(found)} checked, {warned} worth a look, {failed} wrong.")
    if failed:
        raise typer.Exit(1)


async def _collect(settings: Settings, *, quiet: bool) -> list[Finding]:
    from service.checks import findings

    found = []
    async for finding in findings(settings):
        found.append(finding)
        if not quiet:
            _print(finding)
    return found


def _print(finding: Finding) -> None:
    colour = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}[finding.level]
    typer.echo(f"{typer.style(finding.level.ljust(4), fg=colour)}  {finding.subject.ljust(12)}  {finding.line}")
