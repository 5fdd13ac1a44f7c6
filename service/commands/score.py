"""`antechamber score`: comments as JSON lines, each answered with its scores and with what a policy does with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import console, models, policy_preview

if TYPE_CHECKING:
    from classifier.inputs import Input
    from classifier.lines import Ruling
    from classifier.model import Prediction
    from service.container import Services
    from service.core.policy import Policy

_BATCH = 64  # classifier.lines.BATCH, which is slow to import


def score(
    *,
    site: Annotated[
        str, typer.Option(help="Score as this site's comments are scored now, and rule by its policy.")
    ] = "",
    model: Annotated[str, typer.Option(help="A version that `models list` shows, or a base model's directory.")] = "",
    policy: Annotated[
        str, typer.Option(metavar="FILE", help="Rule by this policy (TOML, JSON) instead of the default one.")
    ] = "",
    preset: Annotated[
        str | None,
        typer.Option(help="Rule by a preset's thresholds: quiet, balanced, strict."),
    ] = None,
    no_reader: Annotated[
        bool, typer.Option("--no-reader", help="Leave the second reader out, if it is installed.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Add the parts whose sum is each label's logit.")] = False,
    label: Annotated[list[str] | None, typer.Option(help="Explain only this label; may be repeated.")] = None,
    batch: Annotated[
        int, typer.Option(min=1, max=10_000, help="Lines scored together; 1 answers every line at once.")
    ] = _BATCH,
) -> None:
    """Score JSON lines from standard input, and say what a policy does with each comment.

    Each line is an object with "text" and, if known, "author_name", "author_url" and "lang"; an "id" is given back. Each
    answer has "scores", "flags", "language", "model", "readers", and "outcome" (approve, hold, reject) with its "reasons". A
    line that can't be read is answered by "line" and "error", and makes the exit code 1. Nothing is stored. Signals are not
    known here, so that rules that look at them stay silent. Without --site or a version the service is not needed.
    """
    from service.core.policy import Policy
    from service.core.policy.thresholds import PRESETS

    if policy and preset:
        raise typer.BadParameter("say --policy or --preset, not both")
    if preset is not None and preset not in PRESETS:
        raise typer.BadParameter(f"a preset is one of {', '.join(PRESETS)}", param_hint="--preset")
    wanted = policy_preview.read_document(policy) if policy else Policy(preset=preset) if preset else None
    with _version(site, model) as (path, correction, theirs):
        from classifier.cli import score_lines, version

        rule = ruling(wanted or theirs or Policy())
        one = version(path, correction, no_reader=no_reader)
        score_lines(one, batch, label, explain=explain, rule=rule, taken_in=taken_in)


def taken_in(item: Input) -> Input:
    """A comment as the service would score it: without what no text may hold, and with e-mail addresses dotted out."""
    from service.core.submission import bare

    submission = bare(item.text, item.author_name, item.author_url)
    author = submission.author
    return item._replace(text=submission.content, author_name=author.name, author_url=author.url)


def ruling(policy: Policy) -> Ruling:
    """What the service would decide by a policy about comments of nobody it knows, to be added to an answer."""
    import msgspec

    from service.core.policy.evaluate import evaluate
    from service.core.submission import bare
    from service.core.verdict import Case, Verdict

    def rule(item: Input, prediction: Prediction) -> dict[str, Any]:
        submission = bare(item.text, item.author_name, item.author_url)
        verdict = Verdict(prediction.scores, "", prediction.flags, prediction.language)
        said = evaluate(policy, Case(submission), verdict)
        found = {"outcome": said.outcome, "reasons": msgspec.to_builtins(said.reasons)}
        return found | ({"tags": said.tags} if said.tags else {})

    return rule


@contextmanager
def _version(site: str, model: str) -> Iterator[tuple[Path | None, Path | None, Policy | None]]:
    """The base model's directory, the correction's, and the site's policy, for as long as this lasts."""

    async def command(services: Services) -> Policy:
        return (await services.policies.site(site)).policy

    with models.version_paths(site, model) as (path, correction):
        yield path, correction, console.run(command) if site else None
