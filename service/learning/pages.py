"""HTML pages that need nothing else, for the reports of `service.learning`: a frame that allows no scripts, and tables."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --approve: #2f8f5b; --hold: #c58a1a; --reject: #b8453a; --faint: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--faint); }
.lead { font-size: 1.1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .2rem .9rem .2rem 0; text-align: right; font-variant-numeric: tabular-nums; vertical-align: top; }
th:first-child, td:first-child, .text { text-align: left; }
td.text { overflow-wrap: anywhere; white-space: pre-line; max-width: 40rem; }
svg { display: block; max-width: 100%; height: auto; font-size: 11px; } svg text { fill: currentColor; }
.approve { fill: var(--approve); } .hold { fill: var(--hold); } .reject { fill: var(--reject); }
.axis { stroke: var(--faint); } .load { fill: none; stroke: var(--hold); stroke-width: 2; }
.note { color: color-mix(in srgb, currentColor 70%, transparent); }
"""


def page(title: str, *parts: str) -> str:
    """A page of `parts`, which are HTML; `title` is text."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def lead(lines: Iterable[str]) -> str:
    """What it comes to, a paragraph a line."""
    return "".join(f'<p class="lead">{escape(line)}</p>' for line in lines)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
