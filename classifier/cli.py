"""The classifier on the command line: `score` and `evaluate`. Mounted by `antechamber` and by `python -m classifier`.

Answers go to standard output, one JSON line for each line of input; everything meant for people goes to standard error.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from classifier import correction as corrections
from classifier import lines
from classifier.artifact import ArtifactError
from classifier.correction import Correction
from classifier.inputs import Input
from classifier.model import LABELS, Model, Version, load

ModelOption = Annotated[Path | None, typer.Option("--model", help="A model's directory; the shipped one if left out.")]
Explain = Annotated[bool, typer.Option("--explain", help="Add the parts whose sum is each label's logit.")]
LabelsOption = Annotated[list[str] | None, typer.Option("--label", help="Explain only this label; may be repeated.")]
BatchOption = Annotated[int, typer.Option(min=1, help="Lines scored together; 1 answers every line at once.")]
CorrectionOption = Annotated[
    Path | None, typer.Option(help="A site's correction of the model: its directory, named by its version.")
]
NoReader = Annotated[bool, typer.Option("--no-reader", help="Leave the second reader out, if it is installed.")]

app = typer.Typer(
    help="Score comments for spam and toxicity, and measure how well that works.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def score(
    *,
    explain: Explain = False,
    label: LabelsOption = None,
    batch: BatchOption = lines.BATCH,
    model: ModelOption = None,
    correction: CorrectionOption = None,
    no_reader: NoReader = False,
) -> None:
    """Score JSON lines from standard input.

    Each line is an object with "text" and, if known, "author_name", "author_url" and "lang"; an "id" is given back. Each
    answer has "scores", "flags", "language", "model" and "readers"; a line that cannot be read is answered by "line" and
    "error", and makes the exit code 1.
    """
    score_lines(version(model, correction, no_reader=no_reader), batch, label, explain=explain)


def score_lines(
    loaded: Version,
    batch: int,
    label: list[str] | None,
    *,
    explain: bool,
    rule: lines.Ruling | None = None,
    taken_in: Callable[[Input], Input] = lines.as_it_is,
) -> None:
    """Answer standard input line by line on standard output; ends with code 1 if a line could not be read."""
    labels = label or loaded.model.labels
    for name in labels:
        if name not in loaded.model.labels:
            raise typer.BadParameter(f"there is no label {name!r}; this model has {', '.join(loaded.model.labels)}")
    size = 1 if sys.stdin.isatty() else batch
    scoring = lines.Scoring(loaded, labels if explain else (), rule, taken_in)
    if failed := lines.write(scoring.answer(sys.stdin.buffer, size), size):
        typer.echo(f"{failed} {'line' if failed == 1 else 'lines'} could not be scored", err=True)
        raise typer.Exit(1)


def version(model: Path | None, correction: Path | None, *, no_reader: bool = False) -> Version:
    """A model, corrected or not, with the second reader if there is one; ends with what is wrong with it."""
    from classifier.reader import ReaderError  # noqa: PLC0415  (the second reader takes a while)
    from classifier.reader.second import beside  # noqa: PLC0415

    loaded = _load(model)
    try:
        second = None if no_reader else beside(loaded)
    except (ReaderError, ArtifactError) as error:
        _fail(str(error))
    return Version(loaded, _correction(correction), second.everything if second else None)


@app.command()
def evaluate(
    *,
    files: Annotated[list[Path], typer.Argument(help="Labelled comments: .csv or .jsonl, with or without .gz.")],
    output: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("evaluation.html"),
    texts: Annotated[bool, typer.Option(help="Show the texts of the worst errors in the report.")] = True,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most this many comments of each file.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=COLUMN",
            help="Where a file has names of its own: text=comment, author_name=who, toxicity=is_toxic; may be repeated.",
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="How the files' letters are written.")] = "utf-8",
    model: ModelOption = None,
    no_reader: NoReader = False,
) -> None:
    """Measure a model on labelled comments; print a summary and save a report with plots.

    Columns or keys: text, author_name, author_url, lang; the truth stands under the labels' names, as yes or no.
    """
    from classifier import evaluation  # noqa: PLC0415  (scikit-learn takes a second to import)
    from classifier.evaluation import html  # noqa: PLC0415
    from classifier.evaluation.dataset import LabelledFileError  # noqa: PLC0415

    both = version(model, None, no_reader=no_reader)
    loaded = both.model
    columns = _columns(column or [], encoding)
    try:
        scored = evaluation.score(both, _watch(files, limit, columns))
    except LabelledFileError as error:
        _fail(str(error))
    result = evaluation.evaluate(loaded, scored)
    if not result.labels:
        _fail(
            f"none of the files has a column that says what is true of its comments: {', '.join(LABELS)}; or see --column"
        )
    _print(result)
    for each in result.labels:
        if each.positives in (0, each.rows):
            said = "none of them is" if not each.positives else "all of them are"
            typer.echo(f"{each.label}: {said} labelled so, and ranking and recall need both kinds", err=True)
    try:
        with open(output, "w", encoding="utf-8", opener=_for_the_owner) as file:
            file.write(html.html(result, texts=texts))
    except OSError as error:
        _fail(f"{output}: cannot be written ({error.strerror})")
    typer.echo(f"{result.rows} comments, model {result.model}; report in {output}", err=True)


def _for_the_owner(path: str, flags: int) -> int:
    """Open a file that nobody else can read, whoever made it: it quotes comments."""
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)
    return opened


def _columns(given: Sequence[str], encoding: str) -> Any:
    """The columns that options name."""
    from classifier.evaluation.dataset import FIELDS, Columns  # noqa: PLC0415

    named: dict[str, str] = {}
    for one in given:
        name, found, column = one.partition("=")
        if not found or not column or name not in (*FIELDS, *LABELS):
            raise typer.BadParameter(f"{one!r} is not NAME=COLUMN with a name of {', '.join((*FIELDS, *LABELS))}")
        if named.setdefault(name, column) != column:
            raise typer.BadParameter(f"two columns are named for {name}: {named[name]!r} and {column!r}")
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError):
        raise typer.BadParameter(f"there is no encoding {encoding!r}") from None
    return Columns(named, "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding)


def _print(result: Any) -> None:
    """The summary as a table: one row for each label and threshold."""
    table = Table("label", "rows", "positive", "AUC (95 %)", "recall at 1 % FPR", "at", "precision", "recall", "FPR")
    for each in result.labels:
        low, high = each.auc_interval
        start = [
            each.label,
            str(each.rows),
            str(each.positives),
            "–" if isnan(each.auc) else f"{each.auc:.4f} ({low:.4f}–{high:.4f})",
        ]
        start.append(_percent(each.recall_at_1_percent))
        for confusion in each.confusions:
            shares = (confusion.precision, confusion.recall, confusion.false_positive_rate)
            table.add_row(*start, f"{confusion.name} ≥ {confusion.threshold:.3f}", *map(_percent, shares))
            start = [""] * len(start)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _percent(share: float) -> str:
    return "–" if isnan(share) else f"{share:.2%}"


def _load(path: Path | None) -> Model:
    try:
        return load(path)
    except ArtifactError as error:
        _fail(str(error))


def _correction(path: Path | None) -> Correction | None:
    try:
        return corrections.load(path, path.name) if path is not None else None
    except ArtifactError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(2)


def _watch(files: Sequence[Path], limit: int | None, columns: Any) -> Iterator[Any]:
    """The labelled comments of all files, with a progress bar by file."""
    from classifier.evaluation.dataset import read  # noqa: PLC0415

    shown = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}"),
        TimeRemainingColumn(),
    )
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
        overall = progress.add_task("files", total=len(files))
        for path in files:
            task = progress.add_task(path.name, total=limit)
            for number, row in enumerate(read(path, columns), start=1):
                yield row
                progress.advance(task)
                if number == limit:
                    break
            progress.remove_task(task)
            progress.advance(overall)
