"""`antechamber train`, `backtest`, `promise` and `doubts`: what a site's human decisions are good for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import console
from service.commands.console import AsJson
from service.commands.models import report, what_to_do, write_page
from service.commands.policy_preview import read_document
from service.core.text.shares import percent

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.learning.backtest import Backtest
    from service.learning.examples import Doubts
    from service.learning.thresholds import Promised
    from service.usecases.learning import Learnt

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
    from service.core.model_version import EVERYWHERE

    if sum((site is not None, every, together)) != 1:
        raise typer.BadParameter("say --site SITE, --all or --together")

    async def command(services: Services) -> list[tuple[str, Learnt | str]]:
        from service.core.errors import NotEnoughExamples

        names = [one.id for one in await services.sites.all()] if every else [EVERYWHERE if together else site or ""]
        done: list[tuple[str, Learnt | str]] = []
        for name in names:
            with nullcontext(lambda _: None) if as_json else console.status(f"{name}: collecting decisions") as step:
                try:
                    learnt = await services.learning.train(name, promote_if_better=promote_if_better, step=step)
                    done.append((name, learnt))
                except NotEnoughExamples as error:
                    if not every:
                        raise
                    done.append((name, str(error)))
        return done

    for name, outcome in console.run(command):
        lines = _trained(name, outcome, wanted=promote_if_better)
        console.show(_facts(name, outcome), lines, as_json=as_json)


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
    last: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many comments.")] = 20_000,
    output: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("backtest.html"),
    texts: Annotated[bool, typer.Option(help="Show the texts of the worst errors in the report.")] = True,
    as_json: AsJson = False,
) -> None:
    """What would this model and policy have done with the site's history, against what humans decided?

    A version that was trained on this site is tested on what came after that, unless --since says otherwise.
    """

    async def command(services: Services) -> Backtest:
        begin = int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else None
        await services.sites.get(site)  # before a bar is drawn
        wanted = None if policy is None else (policy.name, read_document(str(policy)))
        with console.progress("comments", None) as advance:
            return await services.learning.backtest(
                site, model=model, policy=wanted, since=begin, last=last, progress=advance
            )

    result = console.run(command)
    if not as_json:
        from service.learning.reports import backtest_page

        write_page(output, backtest_page(result, texts=texts))
    console.show(result, _backtested(result, output), as_json=as_json)


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
    held, precise, sure = [_share(one) for one in (max_good_held, reject_precision, confidence)]

    async def command(services: Services) -> tuple[Promised, bool]:
        return await services.learning.promise(
            site, max_good_held=held, reject_precision=precise, confidence=sure, label=label, save=save
        )

    found, saved = console.run(command)
    facts = {"promised": found, "kept": found.kept, "saved": saved}
    console.show(facts, _promised(found, saved), as_json=as_json)
    if save and not saved:
        raise typer.Exit(1)


def doubts(
    site: Site,
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many of each kind.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List decisions that are worth a second look: the others speak against them, contradict them, or make nothing of them."""

    found = console.run(lambda services: services.learning.doubts(site, most=most))
    disputed = [
        quarrel._asdict()
        | {"mark": quarrel.mark.kind, "value": quarrel.mark.value, "examples": ids, "comments": comments}
        for quarrel, ids, comments in found.disputed
    ]
    console.show(found._asdict() | {"disputed": disputed}, _doubtful(found), as_json=as_json)


def _doubtful(found: Doubts) -> Iterator[str | Table]:
    if not (found.doubtful or found.contradicting or found.disputed):
        yield "Nothing that looks doubtful."
    table = console.table("comment", "who", "label", "said", "expected", "text")
    for one in found.doubtful:
        said = "yes" if one.said >= 0.5 else "no"
        table.add_row(one.comment or "-", one.voice, one.label, said, percent(one.expected), console.plain(one.text))
    if found.doubtful:
        yield table
    for pair in found.contradicting:
        yield f"{len(pair.examples)} decisions disagree on {pair.label}: {console.plain(pair.text)[:120]}"
    for quarrel, _, comments in found.disputed:
        mark = f'{quarrel.mark.kind} "{console.plain(quarrel.mark.value)}"'
        yield (
            f"{quarrel.voice} rejected {quarrel.rejected:,} of {quarrel.of:,} comments with the {mark} as {quarrel.label}, "
            f"the others {quarrel.others_rejected:,} of {quarrel.others_of:,}: {' '.join(comments[-5:])}"
        )


def _facts(site: str, outcome: Learnt | str) -> dict[str, Any]:
    if isinstance(outcome, str):
        return {
            "site": site,
            "version": None,
            "gate": None,
            "report": {"why": outcome},
            "promoted": False,
            "why": outcome,
        }
    card = outcome.card
    facts = {"site": site, "version": card.version, "gate": "passed" if card.passed else "refused", "report": card.gate}
    return facts | {"promoted": outcome.promoted, "new": outcome.new, "why": outcome.said or outcome.why_not}


def _trained(site: str, outcome: Learnt | str, *, wanted: bool) -> Iterator[str | Table]:
    if isinstance(outcome, str):
        yield f"{site}: not trained. {outcome}"
        return
    card, promote = outcome.card, f"antechamber models promote {outcome.card.version} --site {_quoted(site)}"
    if outcome.new:
        yield f"{card.version}: learnt {', '.join(card.labels)} from {card.lineage.examples:,} decisions."
        yield from report(card)
    else:
        yield f"{site}: {outcome.said}"
    if outcome.promoted:
        yield f"{site} uses {card.version} from now on. Take it back with: antechamber models rollback --site {_quoted(site)}"
        return
    if wanted and outcome.why_not:
        yield f"Not switched to: {outcome.why_not}."
    if outcome.new:
        yield f"The report as a page: antechamber models show {card.version} --output report.html"
    if not card.passed:
        yield from what_to_do(card)
    elif outcome.new or not outcome.why_not:
        yield f"Use it with: {promote}"


def _quoted(site: str) -> str:
    """A site as a shell takes it."""
    return f"'{site}'" if site == "*" else site


def _backtested(result: Backtest, output: Path) -> Iterator[str | Table]:
    from service.learning.reports import PRESET_HEAD, about_backtest, preset_rows, sentences

    table = console.table("", "approved", "held", "rejected")
    for who in ("approve", "reject", "nobody"):
        if counted := result.outcomes.get(who):
            label = {"approve": "humans approved", "reject": "humans rejected", "nobody": "no human decided"}[who]
            table.add_row(label, *(f"{counted.get(outcome, 0):,}" for outcome in ("approve", "hold", "reject")))
    yield table
    yield from sentences(result)
    if result.decided:
        presets = console.table(
            *PRESET_HEAD, title="The presets side by side, with this model and the policy's lists and rules"
        )
        for row in preset_rows(result):
            presets.add_row(*row)
        yield presets
        yield result.why
        if result.advice:
            yield f"Choose it with: antechamber sites policy set {result.site} preset={result.advice}"
    yield about_backtest(result)
    yield f"The report, with plots and the worst errors: {output}"


def _promised(found: Promised, saved: bool) -> Iterator[str]:
    yield f"{found.site}, {found.label}, model {found.model}, from {found.decisions:,} decisions it had not seen:"
    held, precise, sure = found.good_held, found.reject_precision, f"at {found.confidence:.0%} confidence"
    if held.threshold is not None:
        yield f"  hold from {held.threshold:.3f} on: at most {held.bound:.2%} of good comments are held back, {sure}."
    else:
        yield f"  hold: {held.promised:.2%} can't be promised yet; {held.missing:,} more good comments are needed."
        if held.safe is not None:
            yield f"    Safe now: hold from {held.safe:.3f} on, which holds back at most {held.bound:.2%} of them."
    if precise.threshold is not None:
        yield f"  reject from {precise.threshold:.3f} on: at least {precise.bound:.2%} of what is rejected is bad, {sure}."
    else:
        yield f"  reject: {precise.promised:.1%} can't be promised yet; {precise.missing:,} more decisions are needed."
        if precise.safe is not None:
            yield f"    The surest now: reject from {precise.safe:.3f} on, of which at least {precise.bound:.2%} is bad."
    if found.kept and held.threshold == precise.threshold:
        yield "  Nothing is held between the two: what reaches the one threshold is rejected."
    if saved:
        yield "Saved in the site's policy; it applies to what is judged from now on."
    elif found.kept:
        yield "Put them into the policy with --save."


def _share(text: str) -> float:
    """ "0.5%" or "0.005" as a number from 0 to 1."""
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise typer.BadParameter("a share is written like 0.5% or 0.005, between 0 and 1")
    return value
