"""`antechamber train`, `backtest`, `promise` and `doubts`: what a site's human decisions are good for."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import session
from service.commands.deliveries import AsJson
from service.commands.models import print_report, registry, write_page
from service.commands.policy_documents import read_document

if TYPE_CHECKING:
    from service.learning.backtest import Backtest
    from service.learning.doubting import Doubts
    from service.learning.promising import Promised
    from service.learning.training import Trained
    from service.resources import Resources

Site = Annotated[str, typer.Option("--site", help="The site's name.", metavar="SITE")]


def train(
    site: Annotated[str | None, typer.Option("--site", help="The site's name.", metavar="SITE")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every site that has enough decisions, each by itself.")] = False,
    together: Annotated[
        bool, typer.Option("--together", help="One version from all sites' decisions, for those without their own.")
    ] = False,
    promote_if_better: Annotated[
        bool, typer.Option("--promote-if-better", help="Use it when it is better in something and worse in nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a new model version from what humans decided, and put it through the gate.

    The newest decisions are kept from it, and judge it against the version in use. Nothing is switched on unless you
    say so: by --promote-if-better, or by `antechamber models promote`.
    """
    from service.core.model import EVERYWHERE

    if sum((site is not None, every, together)) != 1:
        raise typer.BadParameter("say --site SITE, --all or --together")

    async def command(resources: Resources) -> list[tuple[str, Trained | str, bool]]:
        from service.core.errors import NotEnoughExamples
        from service.learning.training import Training

        models = registry(resources)
        training = Training(resources.examples, resources.comments, resources.accounts, models)
        names = (
            [known.id for known in await resources.accounts.all()]
            if every
            else [EVERYWHERE if together else site or ""]
        )
        done: list[tuple[str, Trained | str, bool]] = []
        for name in names:
            with nullcontext(lambda _: None) if as_json else session.status(f"{name}: collecting decisions") as step:
                try:
                    trained = await training.train(name, step=step)
                except NotEnoughExamples as error:
                    if not every:
                        raise
                    done.append((name, str(error), False))
                    continue
            promoted = promote_if_better and trained.better
            if promoted:
                await models.promote(name, trained.card.version)
            done.append((name, trained, promoted))
        return done

    for name, outcome, promoted in session.run(command):
        if as_json:
            session.print_json(_trained_json(name, outcome, promoted))
        elif isinstance(outcome, str):
            typer.echo(f"{name}: not trained. {outcome}")
        else:
            _print_trained(name, outcome, promoted)


def backtest(
    site: Site,
    *,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what came in from this day on (UTC).")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="A policy, TOML or JSON, in the place of the site's own.")] = None,
    model: Annotated[
        str | None, typer.Option(help="A version; `base` is the shipped one. Left out: the one in use.")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="At most so many comments.")] = 20_000,
    output: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("backtest.html"),
    texts: Annotated[bool, typer.Option(help="Show the texts of the worst errors in the report.")] = True,
    as_json: AsJson = False,
) -> None:
    """What would this model and policy have done with the site's history, against what humans decided?

    A version that was trained on this site is tested on what came after that, unless --since says otherwise.
    """

    async def command(resources: Resources) -> Backtest:
        from service.learning.backtest import backtest as run
        from service.learning.history import history

        models = registry(resources)
        known = (await resources.accounts.get(site)).site
        standing = await models.standing(site)
        name = standing.active if model is None else model
        card = await resources.models.card(name) if name not in ("", "base") else None
        until = card.lineage.until if card else 0
        begin = int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else until + 1 if until else 0
        wanted = known.policy if policy is None else read_document(str(policy))
        pages = history(resources.comments, resources.examples, site, since=begin, last=last)
        with session.progress("comments", None) as advance:
            return await run(
                site, pages, await models.scorer(name), wanted, taught_until=until, progress=advance,
                policy_name="the site's own" if policy is None else policy.name,
            )  # fmt: skip

    result = session.run(command)
    if as_json:
        session.print_json(result)
        return
    from service.learning.backtest_report import about, html, sentences

    write_page(output, html(result, texts=texts))
    _print_backtest(result)
    for line in (*sentences(result), about(result), f"The report, with plots and the worst errors: {output}"):
        typer.echo(line)


def promise(
    site: Site,
    *,
    max_good_held: Annotated[str, typer.Option(help="At most this share of good comments is held back.")] = "0.5%",
    reject_precision: Annotated[str, typer.Option(help="At least this share of what is rejected is bad.")] = "99%",
    confidence: Annotated[str, typer.Option(help="How sure that must be.")] = "95%",
    label: Annotated[str, typer.Option(help="Which label's thresholds.")] = "spam",
    save: Annotated[bool, typer.Option("--save", help="Put the thresholds into the site's policy.")] = False,
    as_json: AsJson = False,
) -> None:
    """State what must hold, and get the thresholds that keep it, computed from human decisions with an exact bound."""
    shares = [_share(one) for one in (max_good_held, reject_precision, confidence)]

    async def command(resources: Resources) -> tuple[Promised, bool]:
        from classifier.promise import Promise
        from service.learning.promising import promised, with_promise

        known = (await resources.accounts.get(site)).site
        found = await promised(resources.examples, registry(resources), site, Promise(*shares), label)
        if save and found.kept:
            note = f"Promised by {found.model}, from {found.decisions} decisions."
            await resources.policies.save(site, with_promise(known, found), by="operator", note=note)
        return found, save and found.kept

    found, saved = session.run(command)
    if as_json:
        session.print_json({"promised": found, "kept": found.kept, "saved": saved})
    else:
        _print_promise(found, saved)
    if save and not saved:
        raise typer.Exit(1)


def doubts(
    site: Site,
    most: Annotated[int, typer.Option(min=1, help="At most so many of each kind.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List decisions that are worth a second look: the others speak against them, or contradict them outright."""

    async def command(resources: Resources) -> Doubts:
        from service.learning.doubting import doubtful

        await resources.accounts.get(site)
        return await doubtful(resources.examples, registry(resources), site, most=most)

    found = session.run(command)
    if as_json:
        session.print_json(found)
        return
    if not found.doubtful and not found.contradicting:
        typer.echo("Nothing that looks doubtful.")
    table = session.table("comment", "who", "label", "said", "expected", "text")
    for one in found.doubtful:
        said = "yes" if one.said >= 0.5 else "no"
        table.add_row(one.comment or "-", one.voice, one.label, said, f"{one.expected:.0%}", session.plain(one.text))
    if found.doubtful:
        session.console().print(table)
    for pair in found.contradicting:
        typer.echo(f"{len(pair.examples)} decisions disagree on {pair.label}: {session.plain(pair.text)[:120]}")


def _trained_json(site: str, outcome: Trained | str, promoted: bool) -> dict[str, Any]:
    if isinstance(outcome, str):
        return {"site": site, "version": None, "gate": None, "report": {"why": outcome}, "promoted": False}
    gate = "passed" if outcome.card.passed else "refused"
    return {
        "site": site, "version": outcome.card.version, "gate": gate, "report": outcome.card.gate,
        "chosen": outcome.card.chosen, "promoted": promoted,
    }  # fmt: skip


def _print_trained(site: str, trained: Trained, promoted: bool) -> None:
    card = trained.card
    typer.echo(f"{card.version}: learnt {', '.join(card.labels)} from {card.lineage.examples:,} decisions.")
    print_report(card)
    if promoted:
        typer.echo(f"{site} uses it from now on. Take it back with: antechamber models rollback --site {site}")
    else:
        typer.echo(f"The report as a page: antechamber models show {card.version} --output report.html")
    if card.passed and not promoted:
        typer.echo(f"Use it with: antechamber models promote {card.version} --site {site}")


def _print_backtest(result: Backtest) -> None:
    table = session.table("", "approved", "held", "rejected")
    for who in ("approve", "reject", "nobody"):
        if counted := result.outcomes.get(who):
            label = {"approve": "humans approved", "reject": "humans rejected", "nobody": "no human decided"}[who]
            table.add_row(label, *(f"{counted.get(outcome, 0):,}" for outcome in ("approve", "hold", "reject")))
    session.console().print(table)


def _print_promise(found: Promised, saved: bool) -> None:
    typer.echo(f"{found.site}, {found.label}, model {found.model}, from {found.decisions:,} decisions it had not seen:")
    held, precise, sure = found.good_held, found.reject_precision, f"at {found.confidence:.0%} confidence"
    if held.threshold is not None:
        typer.echo(
            f"  hold from {held.threshold:.3f} on: at most {held.bound:.2%} of good comments are held back, {sure}."
        )
    else:
        typer.echo(
            f"  hold: {held.promised:.2%} can't be promised yet; {held.missing:,} more good comments are needed."
        )
        if held.safe is not None:
            typer.echo(
                f"    Safe now: hold from {held.safe:.3f} on, which holds back at most {held.bound:.2%} of them."
            )
    if precise.threshold is not None:
        typer.echo(
            f"  reject from {precise.threshold:.3f} on: at least {precise.bound:.2%} of what is rejected is bad, {sure}."
        )
    else:
        typer.echo(
            f"  reject: {precise.promised:.1%} can't be promised yet; {precise.missing:,} more decisions are needed."
        )
        if precise.safe is not None:
            typer.echo(
                f"    The surest now: reject from {precise.safe:.3f} on, of which at least {precise.bound:.2%} is bad."
            )
    if saved:
        typer.echo("Saved in the site's policy; it applies to what is judged from now on.")
    elif found.kept:
        typer.echo("Put them into the policy with --save.")


def _share(text: str) -> float:
    """ "0.5%" or "0.005" as a number from 0 to 1."""
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise typer.BadParameter("a share is written like 0.5% or 0.005, between 0 and 1")
    return value
