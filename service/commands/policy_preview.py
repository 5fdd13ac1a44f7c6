"""`antechamber sites policy try` and `import-lists`: policies tried before they count, and read from files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from service.commands import console
from service.commands.console import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from service.container import Services
    from service.core.errors import InvalidPolicy
    from service.core.policy import Policy
    from service.core.policy.document import Sorted
    from service.core.policy.measures import Then
    from service.core.site import Site
    from service.usecases.policies import ListsImported
    from service.usecases.policy_preview import Preview, Shift

OPERATOR = "operator"
"""The actor of what is done at the command line."""


def read_document(path: str) -> Policy:
    """The policy of a file, TOML or JSON, or of standard input for "-". Raises InvalidPolicy, with the place in words."""
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} can't be read: {error.strerror}") from None
    try:
        return parse(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8") from None


def parse(text: str) -> Policy:
    """The policy of a document, checked. Raises InvalidPolicy, with every mistake and its place in words."""
    from service.core.errors import InvalidPolicy
    from service.core.policy import check
    from service.core.policy.document import policy_of, read_document

    document = read_document(text)
    try:
        policy = policy_of(document)
        check(policy)
    except InvalidPolicy as error:
        raise InvalidPolicy(_in_words(error, document)) from None
    return policy


def check_in_words(policy: Policy) -> None:
    """`core.policy.check`, whose errors name the rule or list and show the place in a condition. Raises InvalidPolicy."""
    import msgspec

    from service.core.errors import InvalidPolicy
    from service.core.policy import check

    try:
        check(policy)
    except InvalidPolicy as error:
        raise InvalidPolicy(_in_words(error, msgspec.to_builtins(policy))) from None


def _in_words(error: InvalidPolicy, document: Any) -> str:
    """What is wrong with a document, a paragraph each."""
    told = [_placed(one, document) for one in error.told]
    if left := len(error.all) - len(told):
        told.append(f"And {left} more.")
    return told[0] if len(told) == 1 else "\n".join([f"There are {len(error.all)} mistakes.", *told])


def _placed(error: InvalidPolicy, document: Any) -> str:
    kind, _, rest = error.pointer.removeprefix("/").partition("/")
    index, _, field = rest.partition("/")
    if kind not in ("rules", "lists") or not index.isdigit():
        where = error.pointer.removeprefix("/").replace("/", " ")
        return f"{console.plain(where)}: {error.detail}" if where else error.detail
    measure = document[kind][int(index)]
    read = measure if isinstance(measure, dict) else {}
    name = f"“{console.plain(str(read['name']))}”" if "name" in read else f"number {int(index) + 1}"
    where = f"The {kind.removesuffix('s')} {name}{', ' if field else ''}{console.plain(field.replace('/', ' '))}"
    if not error.line:
        return f"{where}: {error.detail}"
    lines = str(read["when"]).split("\n")
    shown = console.plain(lines[error.line - 1].replace("\t", " "))
    return f"{where}: {error.detail}\n    {shown}\n    {' ' * (error.column - 1)}^"


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
    last: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many of the newest comments.")] = 5_000,
    as_json: AsJson = False,
) -> None:
    """Try a rule, list entries or a whole policy on the site's history, without saving anything.

    A rule that is tried comes behind the site's own rules, entries behind its own lists.
    """
    if [bool(condition), bool(entry), bool(domain), file is not None].count(True) != 1:
        raise typer.BadParameter("name one thing to try: a condition, --entry, --domain or --file")

    async def command(services: Services) -> tuple[Preview, list[tuple[str, str]]]:
        site = await services.policies.site(name)
        wanted = (
            read_document(str(file))
            if file is not None
            else _with_candidate(site, condition, entry or [], domain or [], then)
        )
        found = await services.policies.preview(site, wanted, last=last)
        hits = found.hits.get(_CANDIDATE)
        return found, await services.policies.texts(hits.newest if hits else [])

    found, texts = console.run(command)
    console.show(found, chain(pieces(found), _excerpts(texts)), as_json=as_json)


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
    from service.core.policy.document import sort_lines

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

    async def command(services: Services) -> ListsImported:
        from service.usecases.policies import ImportedList

        lists = [ImportedList(title, then, lines) for (title, then), lines in found.items()]
        return await services.policies.import_lists(name, lists, by=OPERATOR)

    site, invalid = console.run(command)
    for _ in range(invalid):
        typer.echo("An e-mail address of the list is not a valid one; it was left out.", err=True)
    typer.echo(f"Imported; the policy of {name} is at edition {site.edition.version}.")


def _print_sorted(title: str, then: str, lines: Sorted) -> None:
    typer.echo(f"{title}: {len(lines.words)} words and {len(lines.domains)} domains, which {then}.")
    addresses = len(lines.emails) + len(lines.ips)
    if addresses and then == "reject":
        typer.echo(f"  {addresses} addresses, whose authors are blocked; only keyed digests of them are kept.")
    elif addresses:
        typer.echo(f"  {addresses} addresses are left out: authors can be blocked or trusted, not held.")
    for line, why in lines.left_out:
        typer.echo(f"  line {line} is left out: {why}")


def _excerpts(texts: Sequence[tuple[str, str]]) -> Iterator[str]:
    if texts:
        yield "The newest that it finds:"
    for comment, text in texts:
        line = " ".join(console.plain(text[: _EXCERPT * 4]).split())
        yield f"  {comment}  {line[:_EXCERPT]}{'…' if len(line) > _EXCERPT else ''}"


def pieces(found: Preview) -> Iterator[str | Table]:
    """What a policy would have done, for people."""
    if not found.looked:
        yield "There is no history to try it on yet."
        return
    together = found.all
    before, after = together.before, together.after
    yield f"Tried on {found.looked:,} comments since {console.moment(found.since)[:10]}."
    if found.without_text:
        yield f"{found.without_text:,} more had no text any more."
    if found.scored_now:
        yield (
            f"{found.scored_now:,} of them were never judged here; the model in use scored them now, with the signals that their "
            "text and what came before them show."
        )
    if found.without_scores:
        yield f"{found.without_scores:,} of them have no scores; they count as when there is no verdict, behind rules and lists."
    for name, count in found.unknown.items():
        yield f"Not known of {count:,} of them: {name}. It counts as if nothing had been noticed."
    differences = [
        f"{word} {abs(more):,} {'more' if more > 0 else 'fewer'}"
        for word, more in (
            ("approved", after.approve - before.approve),
            ("held", after.hold - before.hold),
            ("rejected", after.reject - before.reject),
        )
        if more
    ]
    yield f"It would have {', '.join(differences)}." if differences else "It would have changed no outcome."
    table = console.table("comments that humans …", "approved", "held", "rejected")
    for words, shift in (
        ("approved", found.approved_by_humans),
        ("rejected", found.rejected_by_humans),
        ("have not decided", found.undecided),
    ):
        table.add_row(words, *_cells(shift))
    yield table
    if found.hits:
        hits = console.table("rule or list", "found", "of it approved by humans", "rejected by humans", "decided")
        for name, hit in found.hits.items():
            fired, decided = hit.fired, hit.decided
            total = fired.approve + fired.reject + fired.nobody
            hits.add_row(
                name, f"{total:,}", f"{fired.approve:,}", f"{fired.reject:,}",
                f"{decided.approve + decided.reject + decided.nobody:,}",
            )  # fmt: skip
        yield hits


def _cells(shift: Shift) -> list[str]:
    """Before → after of each outcome; one number where they are the same."""
    before, after = shift.before, shift.after
    pairs = ((before.approve, after.approve), (before.hold, after.hold), (before.reject, after.reject))
    return [f"{old:,}" if old == new else f"{old:,} → {new:,}" for old, new in pairs]


def _with_candidate(site: Site, condition: str, entries: list[str], domains: list[str], then: Then) -> Policy:
    import msgspec

    from service.core.policy.measures import WordList
    from service.core.policy.rules import Rule

    policy = site.policy
    if condition:
        rule = Rule(name=_CANDIDATE, when=condition, then=then)
        policy = msgspec.structs.replace(policy, rules=(*policy.rules, rule))
    else:
        kind: Literal["words", "domains"] = "words" if entries else "domains"
        words = WordList(name=_CANDIDATE, entries=tuple(entries or domains), kind=kind, then=then)
        policy = msgspec.structs.replace(policy, lists=(*policy.lists, words))
    check_in_words(policy)
    return policy
