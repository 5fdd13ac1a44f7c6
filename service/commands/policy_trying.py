"""`antechamber sites policy try` and `import-lists`: a policy's test bench, and WordPress's lists. For `commands.policy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.commands import policy_documents, session

if TYPE_CHECKING:
    from service.core.measures import Then
    from service.core.policy import Policy
    from service.core.site import Site
    from service.core.wordpress_lists import Sorted
    from service.rehearsal import Rehearsal, Shift
    from service.resources import Resources

_CANDIDATE = "tried"
_EXCERPT = 100  # characters
Source = Annotated[
    Path | None, typer.Option(help="Its lines: `wp option get …` prints them.", exists=True, dir_okay=False)
]


def try_policy(
    name: Annotated[str, typer.Argument(help="The site's name.")],
    condition: Annotated[str, typer.Argument(help="A rule's condition, such as 'links >= 3 and spam > 40%'.")] = "",
    *,
    entry: Annotated[list[str] | None, typer.Option(help="An entry of a list of words; may be repeated.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="An entry of a list of domains; may be repeated.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A whole policy, TOML or JSON.", exists=True, dir_okay=False)
    ] = None,
    then: Annotated[Literal["approve", "hold", "reject"], typer.Option(help="What it would do.")] = "hold",
    last: Annotated[int, typer.Option(min=1, help="So many of the newest comments.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Try a rule, list entries or a whole policy on the site's history, without saving anything.

    A rule that is tried comes behind the site's own rules, entries behind its own lists.
    """
    if [bool(condition), bool(entry), bool(domain), file is not None].count(True) != 1:
        raise typer.BadParameter("name one thing to try: a condition, --entry, --domain or --file")

    async def command(resources: Resources) -> tuple[Rehearsal, list[tuple[str, str]]]:
        site = await resources.policies.site(name)
        wanted = (
            policy_documents.read_document(str(file))
            if file is not None
            else _with_candidate(site, condition, entry or [], domain or [], then)
        )
        found = await resources.policies.rehearse(site, wanted, last=last)
        hits = found.hits.get(_CANDIDATE)
        shown = await resources.comments.get_many(hits.newest if hits else [])
        return found, [(one.id, one.submission.content) for one in shown if one is not None and one.submission]

    found, texts = session.run(command)
    if as_json:
        session.print_json(found)
        return
    print_rehearsal(found)
    if texts:
        typer.echo("The newest that it finds:")
    for comment, text in texts:
        line = " ".join(session.plain(text[: _EXCERPT * 4]).split())
        typer.echo(f"  {comment}  {line[:_EXCERPT]}{'…' if len(line) > _EXCERPT else ''}")


def import_lists(
    name: Annotated[str, typer.Argument(help="The site's name.")],
    moderation: Source = None,
    disallowed: Source = None,
    inside_words: Annotated[
        bool, typer.Option("--inside-words", help="Find words inside other words too, as WordPress does.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Import WordPress's lists: `moderation_keys`, which hold, and `disallowed_keys`, which reject.

    Importing again replaces what was imported. Addresses among the disallowed become blocked authors, as digests.
    """
    from service.core.wordpress_lists import lists_of, sort_lines

    asked: list[tuple[str, Then, Path | None]] = [
        ("wordpress-moderation", "hold", moderation),
        ("wordpress-disallowed", "reject", disallowed),
    ]
    found = {
        (title, then): sort_lines(path.read_text(encoding="utf-8", errors="replace"), inside_words=inside_words)
        for title, then, path in asked
        if path is not None
    }
    if not found:
        raise typer.BadParameter("name at least one file: --moderation or --disallowed")
    for (title, then), lines in found.items():
        _print_sorted(title, then, lines)
    if not yes:
        typer.confirm("Import that?", abort=True)

    async def command(resources: Resources) -> Site:
        import msgspec

        site = await resources.policies.site(name)
        titles = tuple(title for title, _ in found)
        kept = [one for one in site.policy.lists if not one.name.startswith(titles)]
        fresh = [made for (title, then), lines in found.items() for made in lists_of(lines, title, then)]
        wanted = msgspec.structs.replace(site.policy, lists=(*kept, *fresh))
        note = "Lists imported from WordPress."
        saved = await resources.policies.save(name, wanted, by="operator", note=note, version=site.edition.version)
        for (_, then), lines in found.items():
            if then == "reject":
                await _block(resources, name, lines)
        return saved

    site = session.run(command)
    typer.echo(f"Imported; the policy of {name} is at edition {site.edition.version}.")


async def _block(resources: Resources, site: str, lines: Sorted) -> None:
    """Mark the authors of a list's addresses as blocked. The addresses go no further than this."""
    from service.core.errors import InvalidSubmission
    from service.core.identity import digest_email, digest_ip
    from service.core.marks import Mark
    from service.store.client import now_ms

    keys = resources.secrets.identity
    digests = []
    for address in lines.emails:
        try:
            digests.append(digest_email(address, keys).digest)
        except InvalidSubmission:
            typer.echo("An e-mail address of the list is not a valid one; it was left out.", err=True)
    digests += [digest_ip(address, keys).digest for address in lines.ips]
    mark = Mark("blocked", note="Imported from WordPress.", by="operator", at=now_ms())
    for digest in digests:
        await resources.evidence.mark(site, digest, mark)


def _print_sorted(title: str, then: str, lines: Sorted) -> None:
    typer.echo(f"{title}: {len(lines.words)} words and {len(lines.domains)} domains, which {then}.")
    addresses = len(lines.emails) + len(lines.ips)
    if addresses and then == "reject":
        typer.echo(f"  {addresses} addresses, whose authors are blocked; only keyed digests of them are kept.")
    elif addresses:
        typer.echo(f"  {addresses} addresses are left out: authors can be blocked or trusted, not held.")
    for line, why in lines.left_out:
        typer.echo(f"  line {line} is left out: {why}")


def print_rehearsal(found: Rehearsal) -> None:
    """What a policy would have done, for people."""
    if not found.looked:
        typer.echo("There is no history to try it on yet.")
        return
    together = found.all
    before, after = together.before, together.after
    typer.echo(f"Tried on {found.looked:,} comments since {session.moment(found.since)[:10]}.")
    if found.without_text:
        typer.echo(f"{found.without_text:,} more had no text any more.")
    if found.without_scores:
        typer.echo(f"{found.without_scores:,} of them have no scores; on these, rules and lists only were tried.")
    differences = [
        f"{word} {abs(more):,} {'more' if more > 0 else 'fewer'}"
        for word, more in (
            ("approved", after.approve - before.approve),
            ("held", after.hold - before.hold),
            ("rejected", after.reject - before.reject),
        )
        if more
    ]
    typer.echo(f"It would have {', '.join(differences)}." if differences else "It would have changed no outcome.")
    table = session.table("comments that humans …", "approved", "held", "rejected")
    for words, shift in (
        ("approved", found.approved_by_humans),
        ("rejected", found.rejected_by_humans),
        ("have not decided", found.undecided),
    ):
        table.add_row(words, *_cells(shift))
    session.console().print(table)
    if found.hits:
        hits = session.table("rule or list", "found", "of it approved by humans", "rejected by humans", "decided")
        for name, hit in found.hits.items():
            fired, decided = hit.fired, hit.decided
            total = fired.approve + fired.reject + fired.nobody
            hits.add_row(
                name, f"{total:,}", f"{fired.approve:,}", f"{fired.reject:,}",
                f"{decided.approve + decided.reject + decided.nobody:,}",
            )  # fmt: skip
        session.console().print(hits)


def _cells(shift: Shift) -> list[str]:
    """Before → after of each outcome; one number where they are the same."""
    before, after = shift.before, shift.after
    pairs = ((before.approve, after.approve), (before.hold, after.hold), (before.reject, after.reject))
    return [f"{old:,}" if old == new else f"{old:,} → {new:,}" for old, new in pairs]


def _with_candidate(site: Site, condition: str, entries: list[str], domains: list[str], then: Then) -> Policy:
    import msgspec

    from service.core.lists import WordList
    from service.core.rules import Rule

    policy = site.policy
    if condition:
        rule = Rule(name=_CANDIDATE, when=condition, then=then)
        policy = msgspec.structs.replace(policy, rules=(*policy.rules, rule))
    else:
        kind: Literal["words", "domains"] = "words" if entries else "domains"
        words = WordList(name=_CANDIDATE, entries=tuple(entries or domains), kind=kind, then=then)
        policy = msgspec.structs.replace(policy, lists=(*policy.lists, words))
    policy_documents.check_in_words(policy)
    return policy
