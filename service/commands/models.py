"""`antechamber models …`: the model versions of a site, what is known of each, and which one is used."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from service.commands import console
from service.commands.console import AsJson
from service.core.model_version import EVERYWHERE
from service.core.text.shares import decimal

if TYPE_CHECKING:
    from rich.table import Table

    from classifier import Correction
    from service.container import Services
    from service.core.model_version import ModelCard, Switched
    from service.core.policy import Promise
    from service.learning.backtest import Scan
    from service.learning.registry import Registry, ShadowReport, Standing

T = TypeVar("T")
app = typer.Typer(help="Model versions: what a site has, and which one it uses.", no_args_is_help=True)

Site = Annotated[str, typer.Option("--site", help="The site's name; `*` for what all others use.", metavar="SITE")]
Version = Annotated[str, typer.Argument(help="A version that `models list` shows; `base` is the shipped model.")]


@app.command("list")
def list_models(site: Site, as_json: AsJson = False) -> None:
    """List a site's versions, newest first, and which of them is used."""
    standing = _asked(site, lambda registry: registry.standing(site))
    console.show(standing, _listed(standing), as_json=as_json)


@app.command()
def show(
    version: Version,
    output: Annotated[Path | None, typer.Option(help="Write it as a page (HTML) instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a version was made from, and what the gate said of it."""
    from service.learning.reports import version_page

    card = console.run(lambda services: services.learning.registry.card(version))
    if output is not None:
        write_page(output, version_page(card))
        typer.echo(f"The report: {output}")
    else:
        console.show(card, _described(card), as_json=as_json)


@app.command()
def promote(
    version: Version,
    site: Site,
    force: Annotated[bool, typer.Option("--force", help="Also a version that the gate refused.")] = False,
    as_json: AsJson = False,
) -> None:
    """Use a version from now on. Every process switches within about two seconds; nothing waits or is judged twice."""
    _switch(site, lambda registry: registry.promote(site, version, force=force), as_json=as_json)


@app.command()
def rollback(site: Site, as_json: AsJson = False) -> None:
    """Use the version again that was used before; in the end, that is the shipped model.

    What was rolled back, or has alerted, is not gone back to.
    """
    _switch(site, lambda registry: registry.roll_back(site), as_json=as_json)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="A version, or `base`, the shipped model.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    as_json: AsJson = False,
) -> None:
    """Compare two versions: what they learnt from, and what the gate measured of each."""

    async def command(services: Services) -> list[ModelCard | None]:
        return [None if name == "base" else await services.learning.registry.card(name) for name in (first, second)]

    cards = console.run(command)
    console.show(cards, _compared(cards), as_json=as_json)


@app.command()
def shadow(
    site: Site,
    version: Annotated[
        str | None, typer.Argument(help="The version to try silently; leave out to see how it does.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Stop trying it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a version score live comments silently, and see where it would decide otherwise."""
    if version is not None or end:
        named = "" if end or version is None else version
        _asked(site, lambda registry: registry.shadow(site, named))
        said = "no shadow any more" if end else f"{version} scores along from now on, and decides nothing"
        console.show({"site": site, "shadow": named}, [f"{site}: {said}."], as_json=as_json)
        return

    found = _asked(site, lambda registry: registry.shadow_report(site))
    counts = [{"ours": ours, "theirs": theirs, "count": n} for (ours, theirs), n in sorted(found.pairs.items())]
    facts = {"shadow": found.shadow, "pairs": counts, "disagreements": found.disagreements}
    console.show(facts, _shadow(site, found), as_json=as_json)


@app.command()
def scan(
    version: Version,
    site: Site,
    *,
    days: Annotated[float, typer.Option(min=0.01, max=36_500, callback=console.number, help="How far back.")] = 30.0,
    last: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many comments.")] = 5_000,
    texts: Annotated[bool, typer.Option(help="Show the beginnings of the texts.")] = True,
    as_json: AsJson = False,
) -> None:
    """What would this version have decided otherwise in the last days?"""

    async def command(services: Services) -> Scan:
        from service.clock import now_ms

        await services.sites.get(site)  # before a bar is drawn
        since = now_ms() - int(days * 86_400_000)
        with console.progress("comments", None) as advance:
            return await services.learning.scan(site, version, since=since, last=last, progress=advance)

    found = console.run(command)
    console.show(found, _scanned(found, texts=texts), as_json=as_json)


@contextmanager
def version_paths(site: str, model: str) -> Iterator[tuple[Path | None, Path | None]]:
    """The directories of the base model and of a correction that a site uses or a version is, for as long as this lasts."""
    if site and model:
        raise typer.BadParameter("say --site or --model, not both")
    if not site and (not model or Path(model).exists()):
        yield (Path(model) if model else None), None
        return

    async def command(services: Services) -> Correction | None:
        registry = services.learning.registry
        if site:
            await services.sites.get(site)
        return (await registry.version((await registry.standing(site)).active if site else model)).correction

    correction = console.run(command)
    if correction is None:
        yield None, None
        return
    with tempfile.TemporaryDirectory(prefix="antechamber-score-") as folder:
        path = Path(folder, correction.version)
        correction.write(path)
        yield None, path


def role(standing: Standing, version: str) -> str:
    """Which roles a version has at a site."""
    roles = {"in use": standing.active, "shadow": standing.shadow or "-", "before": standing.previous}
    if not standing.since:
        roles.pop("before")
    return ", ".join(name for name, which in roles.items() if which == version)


def report(card: ModelCard) -> Iterator[str | Table]:
    """What was measured when a version was trained: the gate's table with its verdict."""
    from service.learning.reports import (
        HEAD,
        LOST_HEAD,
        about_disputes,
        about_excused,
        about_part,
        lost_cases,
        measures,
        verdict,
    )

    table = console.table(*HEAD)
    for row in measures(card.gate):
        table.add_row(*row)
    yield table
    yield verdict(card.gate)
    for reason in card.gate.get("reasons", ()):
        yield f"  {reason}"
    yield from about_part(card.gate)
    yield from about_disputes(card.gate)
    yield from about_excused(card.gate)
    if lost := list(lost_cases(card.gate)):
        cases = console.table(*LOST_HEAD)
        for row in lost:
            cases.add_row(*(console.plain(cell) for cell in row))
        yield "Cases that it gets wrong, the worst first:"
        yield cases


def _for_the_owner(path: str, flags: int) -> int:
    """Open a file that nobody else can read, whoever made it."""
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)
    return opened


def write_page(path: Path, page: str) -> None:
    """Write a report that nobody else can read, since it may quote comments, or end with what went wrong."""
    try:
        with open(path, "w", encoding="utf-8", opener=_for_the_owner) as file:
            file.write(page)
    except OSError as error:
        typer.echo(f"antechamber: {path} can't be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None


def what_to_do(card: ModelCard) -> Iterator[str]:
    """What an operator can do about a version that the gate refused."""
    site = f"'{card.site}'" if card.site == "*" else card.site
    yield "What to do:"
    if any(one["verdict"] == "worse" and not one.get("fixed") for one in card.gate.get("measures", ())):
        yield f"  Look at decisions that contradict the others: antechamber doubts --site {site}"
    if card.gate.get("disputes"):
        yield f"  See what moderators disagree about, and settle it among them: antechamber doubts --site {site}"
    if card.gate.get("lost"):
        yield "  Read the cases above. Where the version in use is right about them, let it stay."
    yield "  Decide on, and train again: more decisions teach more, and tell more surely."
    yield f"  Or try it silently: antechamber models shadow {card.version} --site {site}"
    yield f"  To use it all the same: antechamber models promote {card.version} --site {site} --force"


def _asked(site: str, how: Callable[[Registry], Awaitable[T]]) -> T:
    """What the registry says of a site, which there must be."""

    async def command(services: Services) -> T:
        if site != EVERYWHERE:
            await services.sites.get(site)
        return await how(services.learning.registry)

    return console.run(command)


def _switch(site: str, how: Callable[[Registry], Awaitable[Switched]], *, as_json: bool) -> None:
    """Switch, and say what is used now; a promise was made for one version."""

    async def command(services: Services) -> tuple[Switched, Promise | None]:
        known = None if site == EVERYWHERE else await services.sites.get(site)
        switched = await how(services.learning.registry)
        return switched, known.site.policy.promise if known is not None else None

    switched, promise = console.run(command)
    console.show(switched, _switched(switched, promise), as_json=as_json)


def _switched(switched: Switched, promise: Promise | None) -> Iterator[str]:
    site, now, before = switched.site, switched.active or "base", switched.before or "base"
    if now == before:
        yield f"{site}: {now} was used already."
        return
    yield f"{site}: {now} is used from now on; before, it was {before}."
    if now == "base":
        yield "That is the shipped model; there is nothing before it."
    else:
        yield f"A rollback would go to {switched.previous or 'base'}."
    if promise and now != promise.model:
        yield (
            f"Its thresholds keep a promise that was made for {promise.model or 'another version'}: "
            f"antechamber promise --site {site}"
        )


def _listed(standing: Standing) -> Iterator[str | Table]:
    table = console.table("version", "made (UTC)", "decisions", "corrects", "gate", "role")
    for card in standing.cards:
        table.add_row(
            card.version, console.moment(card.made_at)[:16], f"{card.lineage.examples:,}", ", ".join(card.labels),
            "passed" if card.passed else "refused", role(standing, card.version),
        )  # fmt: skip
    table.add_row("base", "", "", "", "", role(standing, ""))
    yield table
    if not standing.cards:
        yield f"Nothing was trained yet: antechamber train --site {standing.site}"


def _described(card: ModelCard) -> Iterator[str | Table]:
    from service.learning.reports import about_version

    for name, value in about_version(card).items():
        yield f"{name:<18}{value}"
    yield from report(card)


def _compared(cards: Sequence[ModelCard | None]) -> Iterator[str | Table]:
    """A column for each; None is the shipped model, which learnt from no decisions of a site."""
    from service.learning.reports import figure

    def row(name: str, fact: Callable[[ModelCard], str]) -> None:
        table.add_row(name, *("-" if card is None else fact(card) for card in cards))

    table = console.table("", *("base" if card is None else card.version for card in cards))
    row("decisions", lambda card: f"{card.lineage.examples:,}")
    row("up to", lambda card: console.moment(card.lineage.until))
    row("base", lambda card: card.lineage.base)
    row("corrects", lambda card: ", ".join(card.labels))
    row("gate", lambda card: "passed" if card.passed else "refused")
    measured = [{(m["name"], m["label"]): m for m in (card.gate if card else {}).get("measures", ())} for card in cards]
    for name, label in dict.fromkeys(key for found in measured for key in found):
        figures = [figure(found.get((name, label), {}).get("candidate")) for found in measured]
        table.add_row(f"{name}, {label}", *figures)
    yield table
    yield "Each was measured on the newest decisions of its own time; `models scan` compares them on the same ones."


def _shadow(site: str, found: ShadowReport) -> Iterator[str | Table]:
    if not found.shadow:
        yield f"{site} has no shadow. Try one with: antechamber models shadow VERSION --site {site}"
        return
    total = found.pairs.total()
    otherwise = total - sum(count for (ours, theirs), count in found.pairs.items() if ours is theirs)
    yield f"{found.shadow} scored {total:,} comments along, and would have decided {otherwise:,} of them otherwise."
    table = console.table("decided", "shadow", "how often")
    for (ours, theirs), count in sorted(found.pairs.items()):
        if ours is not theirs:
            table.add_row(ours, theirs, f"{count:,}")
    if otherwise:
        yield table
    listed = console.table("when (UTC)", "comment", "decided", "shadow", "because of", "scores")
    for one in found.disagreements:
        listed.add_row(
            console.moment(one.at), one.comment, one.ours, one.theirs, one.label,
            f"{decimal(one.our_score)}, shadow {decimal(one.their_score)}",
        )  # fmt: skip
    if found.disagreements:
        yield listed


def _scanned(found: Scan, *, texts: bool) -> Iterator[str | Table]:
    changed = sum(found.pairs.values())
    yield f"Of {found.comments:,} comments, {found.candidate} would decide {changed:,} otherwise than {found.active}."
    if found.better + found.worse:
        yield f"Where a human had decided: {found.better:,} come nearer to the human's word, {found.worse:,} go away."
    table = console.table("comment", "now", "then", "human", *(["text"] if texts else []))
    for one in found.changes:
        text = [console.plain(one.text)[:200]] if texts else []
        table.add_row(one.comment or "-", one.ours, one.theirs, one.human or "-", *text)
    if found.changes:
        yield table
