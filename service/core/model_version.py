"""Model versions as the service keeps them: the card, with lineage and report, and which version has which role."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

EVERYWHERE = "*"
"""In the place of a site: all sites that have no version of their own."""


class Lineage(Struct, frozen=True):
    """What a version was made from."""

    base: str  # the base model's version
    parent: str  # the version that was active when it was trained; the base's when none was
    fingerprint: str  # digest of the examples' ids and labels, in order
    code: str  # our version
    examples: int
    sources: dict[str, int]  # source -> how many examples
    since: int  # the oldest example's time, milliseconds since 1970
    until: int  # the newest one that taught
    left_out: dict[str, int] = {}  # why -> how many examples did not teach
    seen: int = 0  # how many examples the site had; 0: it is not known
    newest: int = 0  # the newest example's time, those that judged counted


class ModelCard(Struct, frozen=True):
    """One immutable version: everything about it but its weights."""

    version: str  # "<site>-<number>-<8 digits of its content's hash>"
    site: str  # a site, or EVERYWHERE
    made_at: int  # milliseconds since 1970
    sha256: str  # of the artefact's bytes
    size: int  # in bytes
    lineage: Lineage
    labels: tuple[str, ...]  # the labels that it corrects; the others stay the base's
    passed: bool  # whether the gate let it through
    gate: dict[str, Any]  # the gate's report, plain JSON
    reference: dict[
        str, tuple[float, ...]
    ] = {}  # label -> shares of held-out scores in ten bins; what drift is measured from


class Pointers(Struct, frozen=True):
    """Which version has which role at a site; "" is the base model, or nothing for the shadow."""

    active: str = ""
    previous: str = ""  # where a rollback would go
    shadow: str = ""
    since: int = 0  # when the active one was switched to, milliseconds since 1970
    beneath: str = ""  # what was active before, the newest last, a blank between; "base" for the base model
    gone: str = ""  # what was rolled back or has alerted, and is not gone back to


class Switched(Struct, frozen=True):
    """What a switch came to: the version in use now, the one before, and where a rollback would go; "" is the base model."""

    site: str
    active: str
    before: str
    previous: str


def active_at(pointers: dict[str, Pointers], site: str) -> str:
    """The version that scores a site's comments; "" for the base model."""
    own = pointers.get(site)
    if own is not None and own.since:
        return own.active
    return pointers[EVERYWHERE].active if EVERYWHERE in pointers else ""


def shadow_at(pointers: dict[str, Pointers], site: str) -> str:
    """The candidate that scores a site's comments silently; "" for none."""
    return next(
        (pointers[name].shadow for name in (site, EVERYWHERE) if name in pointers and pointers[name].shadow), ""
    )


class DamagedVersion(Exception):
    """A version's artefact is not what its card says."""
