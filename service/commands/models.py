"""`antechamber models …`: the model versions of a site, what is known of each, and which one is used."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands import session
from service.commands.deliveries import AsJson

if TYPE_CHECKING:
    from collections import Counter

    from classifier import Correction
    from service.core.lifecycle import Outcome
    from service.core.model import ModelCard, Pointers
    from service.learning.backtest import Scan
    from service.learning.registry import Registry, Standing
    from service.resources import Resources
    from service.store.rivalry import Disagreement

app = typer.Typer(help="Model versions: what a site has, and which one it uses.", no_args_is_help=True)

Site = Annotated[str, typer.Option("--site", help="The site's name; `*` for what all others use.", metavar="SITE")]
Version = Annotated[str, typer.Argument(help="A version that `models list` shows; `base` is the shipped model.")]


@app.command("list")
def list_models(site: Site, as_json: AsJson = False) -> None:
    """List a site's versions, newest first, and which of them is used."""
    standing = session.run(lambda resources: registry(resources).standing(site))
    if as_json:
        session.print_json(standing)
        return
    table = session.table("version", "made (UTC)", "decisions", "corrects", "gate", "role")
    for card in standing.cards:
        table.add_row(
            card.version, session.moment(card.made_at)[:16], f"{card.lineage.examples:,}", ", ".join(card.labels),
            "passed" if card.passed else "refused", role(standing, card.version),
        )  # fmt: skip
    table.add_row("base", "", "", "", "", role(standing, ""))
    session.console().print(table)
    if not standing.cards:
        typer.echo(f"Nothing was trained yet: antechamber train --site {site}")


@app.command()
def show(
    version: Version,
    output: Annotated[Path | None, typer.Option(help="Write it as a page (HTML) instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a version was made from, what the gate said of it, and what chosen comments bought."""
    from service.learning.version_report import about, html

    card = session.run(lambda resources: resources.models.card(version))
    if output is not None:
        write_page(output, html(card))
        typer.echo(f"The report: {output}")
    elif as_json:
        session.print_json(card)
    else:
        for name, value in about(card).items():
            typer.echo(f"{name:<18}{value}")
        print_report(card)


@app.command()
def promote(
    version: Version,
    site: Site,
    force: Annotated[bool, typer.Option("--force", help="Also a version that the gate refused.")] = False,
) -> None:
    """Use a version from now on. Every process switches within about two seconds; nothing waits or is judged twice."""
    _switch(site, lambda models: models.promote(site, version, force=force))


@app.command()
def rollback(site: Site) -> None:
    """Take the last switch back: use the version again that was used before it."""
    _switch(site, lambda models: models.roll_back(site))


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="A version.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    as_json: AsJson = False,
) -> None:
    """Compare two versions: what they learnt from, and what the gate measured of each."""

    async def command(resources: Resources) -> list[ModelCard]:
        return [await resources.models.card(name) for name in (first, second)]

    cards = session.run(command)
    if as_json:
        session.print_json(cards)
        return
    table = session.table("", *(card.version for card in cards))
    table.add_row("decisions", *(f"{card.lineage.examples:,}" for card in cards))
    table.add_row("up to", *(session.moment(card.lineage.until) for card in cards))
    table.add_row("base", *(card.lineage.base for card in cards))
    table.add_row("corrects", *(", ".join(card.labels) for card in cards))
    from service.learning.version_report import figure

    table.add_row("gate", *("passed" if card.passed else "refused" for card in cards))
    measured = [{(m["name"], m["label"]): m for m in card.gate.get("measures", ())} for card in cards]
    for name, label in dict.fromkeys(key for found in measured for key in found):
        table.add_row(
            f"{name}, {label}", *(figure(found.get((name, label), {}).get("candidate")) for found in measured)
        )
    session.console().print(table)
    typer.echo(
        "Each was measured on the newest decisions of its own time; `models scan` compares them on the same ones."
    )


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
        session.run(lambda resources: registry(resources).shadow(site, "" if end or version is None else version))
        typer.echo(
            f"{site}: {'no shadow any more' if end else f'{version} scores along from now on, and decides nothing'}."
        )
        return

    async def command(resources: Resources) -> tuple[str, Counter[tuple[Outcome, Outcome]], list[Disagreement]]:
        standing = await registry(resources).standing(site)
        return (
            standing.shadow,
            await resources.rivalry.counts(site, standing.shadow),
            await resources.rivalry.disagreements(site, standing.shadow),
        )

    name, pairs, found = session.run(command)
    if as_json:
        counts = [{"ours": ours, "theirs": theirs, "count": n} for (ours, theirs), n in sorted(pairs.items())]
        session.print_json({"shadow": name, "pairs": counts, "disagreements": found})
    elif not name:
        typer.echo(f"{site} has no shadow. Try one with: antechamber models shadow VERSION --site {site}")
    else:
        _print_shadow(name, pairs, found)


@app.command()
def scan(
    version: Version,
    site: Site,
    *,
    days: Annotated[float, typer.Option(min=0.01, help="How far back.")] = 30.0,
    last: Annotated[int, typer.Option(min=1, help="At most so many comments.")] = 5_000,
    texts: Annotated[bool, typer.Option(help="Show the beginnings of the texts.")] = True,
    as_json: AsJson = False,
) -> None:
    """What would this version have decided otherwise in the last days?"""

    async def command(resources: Resources) -> Scan:
        from service.learning.backtest import scan as scan_history
        from service.learning.history import history
        from service.store.client import now_ms

        site_policy = (await resources.accounts.get(site)).site.policy
        models = registry(resources)
        active = await models.scorer((await models.standing(site)).active)
        since = now_ms() - int(days * 86_400_000)
        pages = history(resources.comments, resources.examples, site, since=since, last=last)
        with session.progress("comments", None) as advance:
            return await scan_history(
                pages, active, await models.scorer(version), site_policy, site=site, progress=advance
            )

    found = session.run(command)
    if as_json:
        session.print_json(found)
        return
    changed = sum(found.pairs.values())
    typer.echo(
        f"Of {found.comments:,} comments, {found.candidate} would decide {changed:,} otherwise than {found.active}."
    )
    if found.better + found.worse:
        typer.echo(
            f"Where a human had decided: {found.better:,} come nearer to the human's word, {found.worse:,} go away."
        )
    table = session.table("comment", "now", "then", "human", *(["text"] if texts else []))
    for one in found.changes:
        text = [session.plain(one.text)[:200]] if texts else []
        table.add_row(one.comment or "-", one.ours, one.theirs, one.human or "-", *text)
    if found.changes:
        session.console().print(table)


@contextmanager
def on_disk(site: str, model: str) -> Iterator[list[str]]:
    """The classifier's options that make it score with what a site uses, or with a version, for as long as this lasts."""
    if site and model:
        raise typer.BadParameter("say --site or --model, not both")
    if not site and (not model or Path(model).exists()):
        yield ["--model", model] if model else []
        return

    async def command(resources: Resources) -> Correction | None:
        versions = registry(resources)
        if site:
            await resources.accounts.get(site)
        return (await versions.version((await versions.standing(site)).active if site else model)).correction

    correction = session.run(command)
    if correction is None:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="antechamber-score-") as folder:
        path = Path(folder, correction.version)
        correction.write(path)
        yield ["--correction", str(path)]


def registry(resources: Resources) -> Registry:
    """The use cases of model versions."""
    from service.learning.registry import Registry

    return Registry(resources.models, resources.accounts, resources.rivalry)


def role(standing: Standing, version: str) -> str:
    """Which roles a version has at a site."""
    roles = {"in use": standing.active, "shadow": standing.shadow or "-", "before": standing.previous}
    if not standing.since:
        roles.pop("before")
    return ", ".join(name for name, which in roles.items() if which == version)


def print_report(card: ModelCard) -> None:
    """What was measured when a version was trained: the gate's table with its verdict, and what chosen comments bought."""
    from service.learning.version_report import HEAD, chosen, measures, verdict

    table = session.table(*HEAD)
    for row in measures(card.gate):
        table.add_row(*row)
    session.console().print(table)
    typer.echo(verdict(card.gate))
    for reason in card.gate.get("reasons", ()):
        typer.echo(f"  {reason}")
    for line in chosen(card.chosen):
        typer.echo(line)


def write_page(path: Path, page: str) -> None:
    """Write a report, or end with what went wrong."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        typer.echo(f"antechamber: {path} can't be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None


def _switch(site: str, how: Callable[[Registry], Awaitable[Pointers]]) -> None:
    """Switch, and say what is used now; a promise was made for the version before."""

    async def command(resources: Resources) -> tuple[Pointers, bool]:
        pointers = await how(registry(resources))
        known = await resources.accounts.find(site)
        return pointers, known is not None and known.site.policy.promise is not None

    pointers, promised = session.run(command)
    now, before = pointers.active or "base", pointers.previous or "base"
    typer.echo(f"{site}: {now} is used from now on; before, it was {before}.")
    if promised and now != before:
        typer.echo(f"Its thresholds keep a promise that was made for {before}: antechamber promise --site {site}")


def _print_shadow(name: str, pairs: Counter[tuple[Outcome, Outcome]], found: list[Disagreement]) -> None:
    total, agreed = pairs.total(), sum(count for (ours, theirs), count in pairs.items() if ours is theirs)
    typer.echo(f"{name} scored {total:,} comments along, and would have decided {total - agreed:,} of them otherwise.")
    table = session.table("decided", "shadow", "how often")
    for (ours, theirs), count in sorted(pairs.items()):
        if ours is not theirs:
            table.add_row(ours, theirs, f"{count:,}")
    if total - agreed:
        session.console().print(table)
    listed = session.table("when (UTC)", "comment", "decided", "shadow", "because of", "scores")
    for one in found:
        listed.add_row(
            session.moment(one.at), one.comment, one.ours, one.theirs, one.label,
            f"{one.our_score:.2f}, shadow {one.their_score:.2f}",
        )  # fmt: skip
    if found:
        session.console().print(listed)
