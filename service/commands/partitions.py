"""`antechamber partitions`: where the sites' data lies, how much of it there is, and which server has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import astuple

from service.commands import console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from service.usecases.partitions import Load, PartitionLoad

_LOAD = ("comments", "to judge", "held", "call-backs", "given up")


def partitions(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show in which partition each site lies, how much waits there, and which server of a cluster has it.

    What moves load is the cluster: move a partition's slot to another server.
    """
    found = console.run(lambda services: services.spread.look())
    value = [
        {"partition": one.partition, "slot": one.slot, "server": one.server, "load": one.load, "sites": one.sites}
        for one in found
    ]
    console.show(value, _tables(found), as_json=as_json)


def _tables(found: list[PartitionLoad]) -> Iterator[Table]:
    partitions = console.table("partition", "slot", "server", "sites", *_LOAD)
    sites = console.table("site", "partition", *_LOAD)
    for one in found:
        partitions.add_row(f"{one.partition}", f"{one.slot}", one.server, f"{len(one.sites)}", *_cells(one.load))
        for name, load in one.sites.items():
            sites.add_row(name, f"{one.partition}", *_cells(load))
    yield partitions
    yield sites


def _cells(load: Load) -> list[str]:
    return [f"{number:,}" for number in astuple(load)]
