"""The classifier on the command line: `score` and `evaluate`. Mounted by `antechamber` and by `python -m classifier`.

Answers go to standard output, one JSON line for each line of input; everything meant for people goes to standard error.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from classifier import correction as corrections
from classifier.artifact import ArtifactError
from classifier.comments import Input
from classifier.correction import Correction
from classifier.model import Model, Version, load

_BATCH = 64
_FIELDS = Input._fields

ModelOption = Annotated[Path | None, typer.Option("--model", help="A model's directory; the shipped one if left out.")]

app = typer.Typer(
    help="Score comments for spam and toxicity, and measure how well that works.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def score(
    explain: Annotated[bool, typer.Option("--explain", help="Add the parts whose sum is each label's logit.")] = False,
    label: Annotated[list[str] | None, typer.Option(help="Explain only this label; may be repeated.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Lines scored together; 1 answers every line at once.")] = _BATCH,
    model: ModelOption = None,
    correction: Annotated[
        Path | None, typer.Option(help="A site's correction of the model: its directory, named by its version.")
    ] = None,
) -> None:
    """Score JSON lines from standard input.

    Each line is an object with "text" and, if known, "author_name", "author_url" and "lang". Each answer has "scores",
    "flags", "language" and "model"; a line that cannot be read is answered by "line" and "error", and makes the exit
    code 1.
    """
    loaded = Version(_load(model), _correction(correction))
    labels = label or loaded.model.labels
    for name in labels:
        if name not in loaded.model.labels:
            raise typer.BadParameter(f"there is no label {name!r}; this model has {', '.join(loaded.model.labels)}")
    size = 1 if sys.stdin.isatty() else batch
    failed = 0
    for lines in _batches(sys.stdin.buffer, size):
        for answer in _answers(loaded, lines, labels if explain else ()):
            failed += "error" in answer
            sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
        sys.stdout.flush()
    if failed:
        typer.echo(f"{failed} {'line' if failed == 1 else 'lines'} could not be scored", err=True)
        raise typer.Exit(1)


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="Labelled comments: .csv or .jsonl, with or without .gz.")],
    output: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("evaluation.html"),
    texts: Annotated[bool, typer.Option(help="Show the texts of the worst errors in the report.")] = True,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most this many comments of each file.")] = None,
    model: ModelOption = None,
) -> None:
    """Measure a model on labelled comments; print a summary and save a report with plots."""
    from classifier import evaluate as evaluation  # noqa: PLC0415  (scikit-learn takes a second to import)
    from classifier import report  # noqa: PLC0415
    from classifier.labelled import LabelledFileError  # noqa: PLC0415

    loaded = _load(model)
    try:
        scored = evaluation.score(loaded, _watch(files, limit))
    except LabelledFileError as error:
        _fail(str(error))
    result = evaluation.evaluate(loaded, scored)
    if not result.labels:
        _fail("none of the files has a column that says what is true of its comments")
    _print(result)
    try:
        output.write_text(report.html(result, texts=texts), encoding="utf-8")
    except OSError as error:
        _fail(f"{output}: cannot be written ({error.strerror})")
    typer.echo(f"{result.rows} comments, model {result.model}; report in {output}", err=True)


def _print(result: Any) -> None:
    """The summary as a table: one row for each label and threshold."""
    table = Table("label", "rows", "positive", "AUC (95 %)", "recall at 1 % FPR", "at", "precision", "recall", "FPR")
    for each in result.labels:
        low, high = each.auc_interval
        start = [each.label, str(each.rows), str(each.positives), f"{each.auc:.4f} ({low:.4f}–{high:.4f})"]
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


def _batches(stream: BinaryIO, size: int) -> Iterator[list[tuple[int, bytes]]]:
    """Numbered lines in batches; blank ones are passed over."""
    batch: list[tuple[int, bytes]] = []
    for number, line in enumerate(stream, start=1):
        if line.strip():
            batch.append((number, line))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _answers(model: Version, lines: Sequence[tuple[int, bytes]], explained: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One answer for each line, in order."""
    parsed = [_parse(line) for _, line in lines]
    predictions = iter(model.score([item for item in parsed if isinstance(item, Input)]))
    for (number, _), item in zip(lines, parsed, strict=True):
        if not isinstance(item, Input):
            yield {"line": number, "error": item}
            continue
        prediction = next(predictions)
        answer: dict[str, Any] = {
            "scores": {label: round(probability, 6) for label, probability in prediction.scores.items()},
            "flags": prediction.flags,
            "language": prediction.language,
            "model": model.name,
        }
        if explained:
            answer["explanations"] = {label: _explanation(model, item, label) for label in explained}
        yield answer


def _explanation(model: Version, item: Input, label: str) -> dict[str, Any]:
    explanation = model.explain(item, label)
    return {
        "logit": explanation.logit,
        "probability": explanation.probability,
        "parts": [part._asdict() if part.kind == "span" else _short(part) for part in explanation.parts],
    }


def _short(part: Any) -> dict[str, Any]:
    return {"kind": part.kind, "name": part.name, "contribution": part.contribution}


def _parse(line: bytes) -> Input | str:
    """A comment, or what is wrong with the line."""
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(row, dict):
        return 'not an object with "text"'
    if not isinstance(row.get("text"), str):
        return '"text" is missing or not a string'
    for name in _FIELDS:
        if not isinstance(row.get(name), str | None):
            return f'"{name}" is not a string'
    return Input(*(row.get(name) or "" for name in _FIELDS))


def _watch(files: Sequence[Path], limit: int | None) -> Iterator[Any]:
    """The labelled comments of all files, with a progress bar by file."""
    from classifier.labelled import read  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        overall = progress.add_task("files", total=len(files))
        for path in files:
            task = progress.add_task(path.name, total=limit)
            for number, row in enumerate(read(path), start=1):
                yield row
                progress.advance(task)
                if number == limit:
                    break
            progress.remove_task(task)
            progress.advance(overall)
