"""An evaluation as one HTML page that needs nothing else: tables, and plots drawn as SVG. Public: `html`.

Comments are untrusted: every piece of text is escaped, and the page forbids scripts and anything from outside.
"""

from collections.abc import Iterable, Sequence
from html import escape
from math import isnan

from classifier.evaluation import LabelResult, Mistake, Result

_SIDE = 190
_MARGIN = 34
_LONGEST_TEXT = 400
_STYLE = """
:root { color-scheme: light dark; --line: #3566c4; --other: #c4553a; --faint: #8886; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--faint); }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; font-variant-numeric: tabular-nums; vertical-align: top; }
th:first-child, td:first-child, th.text, td.text { text-align: left; }
td.text { overflow-wrap: anywhere; white-space: pre-line; max-width: 44rem; }
figure { display: inline-block; margin: 0 .4rem .5rem 0; }
figcaption { font-size: .85rem; text-align: center; }
svg { overflow: visible; font-size: 10px; }
svg text { fill: currentColor; }
.frame { fill: none; stroke: var(--faint); }
.curve { fill: none; stroke: var(--line); stroke-width: 2; }
.even { stroke: var(--faint); stroke-dasharray: 4 4; }
.good { fill: var(--line); opacity: .6; } .bad { fill: var(--other); opacity: .6; } .dot { fill: var(--line); }
"""
_TEXT_HEAD = '<th class="text">text</th>'
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(result: Result, *, texts: bool = True) -> str:
    """The page. `texts=False` leaves out the texts of the worst errors, for reports that are passed on."""
    flags = ", ".join(f"{escape(name)} {count}" for name, count in result.flags.items()) or "none"
    sections = "".join(_label(label, texts=texts) for label in result.labels)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation of {escape(result.model)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><style>{_STYLE}</style></head><body>'
        f"<h1>Evaluation of {escape(result.model)}</h1><p>{result.rows} comments. Flags raised: {flags}.</p>"
        f"{_summary(result)}{sections}</body></html>\n"
    )


def _summary(result: Result) -> str:
    rows = [
        (
            label.label,
            str(label.rows),
            str(label.positives),
            f"{_number(label.auc)} ({_number(label.auc_interval[0])}–{_number(label.auc_interval[1])})",
            _number(label.average_precision),
            _percent(label.recall_at_1_percent),
            _number(label.brier),
            _number(label.calibration_error),
        )
        for label in result.labels
    ]
    head = (
        "label",
        "rows",
        "positive",
        "AUC (95 %)",
        "average precision",
        "recall at 1 % FPR",
        "Brier",
        "calibration error",
    )
    return _table(head, rows)


def _label(label: LabelResult, *, texts: bool) -> str:
    confusions = [
        (
            f"{each.name} ≥ {each.threshold:.3f}",
            *map(str, (each.true_positives, each.false_positives, each.false_negatives, each.true_negatives)),
            *map(_percent, (each.precision, each.recall, each.false_positive_rate)),
        )
        for each in label.confusions
    ]
    head = ("threshold", "caught", "false alarms", "missed", "passed", "precision", "recall", "false-positive rate")
    parts = [
        (p.name, str(p.rows), str(p.positives), _number(p.auc), _percent(p.false_positive_rate)) for p in label.parts
    ]
    return (
        f"<h2>{escape(label.label)}</h2>"
        + _curve("ROC: false positives, caught", label.roc, diagonal=True)
        + _curve("recall, precision", label.precision_recall)
        + _curve(
            "calibration: said, true", [(b.predicted, b.observed) for b in label.calibration], diagonal=True, dots=True
        )
        + _histogram("scores: good (blue), bad (red), logarithmic", *label.histogram)
        + _table(head, confusions)
        + (_table(("subset", "rows", "positive", "AUC", "false-positive rate"), parts) if parts else "")
        + _mistakes("False alarms", label.false_alarms, texts=texts)
        + _mistakes("Misses", label.misses, texts=texts)
    )


def _mistakes(title: str, mistakes: Sequence[Mistake], *, texts: bool) -> str:
    if not mistakes:
        return ""
    rows = "".join(
        f"<tr><td>{mistake.score:.3f}</td><td>{escape(mistake.source)}:{mistake.line}</td>"
        + (f'<td class="text">{escape(mistake.text[:_LONGEST_TEXT])}</td></tr>' if texts else "</tr>")
        for mistake in mistakes
    )
    return (
        f"<h3>{title}</h3><table><tr><th>how wrong</th><th>where</th>{_TEXT_HEAD if texts else ''}</tr>{rows}</table>"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _figure(caption: str, content: str, *, share: bool = True) -> str:
    size = _SIDE + 2 * _MARGIN
    ticks = "".join(
        f'<text x="{_SIDE * at:.0f}" y="{_SIDE + 14}" text-anchor="middle">{at}</text>'
        + (f'<text x="-6" y="{_SIDE * (1 - at) + 3:.0f}" text-anchor="end">{at}</text>' if share else "")
        for at in (0, 0.5, 1)
    )
    return (
        f'<figure><svg width="{size}" height="{size}" viewBox="{-_MARGIN} {-_MARGIN} {size} {size}" role="img" '
        f'aria-label="{escape(caption)}"><rect class="frame" width="{_SIDE}" height="{_SIDE}"/>{ticks}{content}</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _curve(caption: str, points: Sequence[tuple[float, float]], *, diagonal: bool = False, dots: bool = False) -> str:
    path = " ".join(f"{_SIDE * x:.1f},{_SIDE * (1 - y):.1f}" for x, y in points)
    content = f'<line class="even" x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0"/>' if diagonal else ""
    content += f'<polyline class="curve" points="{path}"/>'
    if dots:
        content += "".join(
            f'<circle class="dot" r="3" cx="{_SIDE * x:.1f}" cy="{_SIDE * (1 - y):.1f}"/>' for x, y in points
        )
    return _figure(caption, content)


def _histogram(caption: str, good: Sequence[int], bad: Sequence[int]) -> str:
    tallest = max(*good, *bad, 1)
    width = _SIDE / len(good)
    content = ""
    for name, counts in (("good", good), ("bad", bad)):
        for at, count in enumerate(counts):
            if count:
                height = _SIDE * (1 + count).bit_length() / (1 + tallest).bit_length()
                place = f'x="{at * width:.1f}" y="{_SIDE - height:.1f}" width="{width:.1f}" height="{height:.1f}"'
                content += f'<rect class="{name}" {place}/>'
    return _figure(caption, content, share=False)


def _number(value: float) -> str:
    return "–" if isnan(value) else f"{value:.4f}"


def _percent(value: float) -> str:
    return "–" if isnan(value) else f"{100 * value:.2f} %"
