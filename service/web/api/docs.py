"""The readable pages of the native API: `/v1/docs`, its style sheet, the OpenAPI document, and what problem types point to.

Plain semantic HTML, made once from the OpenAPI document; every piece of text is escaped. No scripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

import msgspec
from aiohttp import web

from service.core.errors import NotFound
from service.web.openapi import Interface, document, problem_types
from service.web.responses import style_sheet

_CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PUBLIC = {"Cache-Control": "public, max-age=300", "Content-Security-Policy": _CSP}
_FIRST_STEPS = """curl -X POST http://127.0.0.1:8080/v1/comments \\
  -H 'Authorization: Bearer <your API key>' \\
  -H 'Content-Type: application/json' \\
  -H 'Prefer: wait=5' \\
  -d '{"id": "1001", "page": {"url": "https://blog.example/first-post"},
       "author": {"name": "Ada", "email": "ada@example.org"}, "content": "A lovely post, thank you!"}'"""


def api_pages(interface: Interface) -> list[web.RouteDef]:
    """The routes of the native API's pages, for everybody."""

    @cache
    def openapi() -> bytes:
        return msgspec.json.encode(document(interface))

    @cache
    def page() -> bytes:
        return readable(interface)

    async def get_openapi(_: web.Request) -> web.Response:
        return web.Response(body=openapi(), headers={**_PUBLIC, "Content-Type": "application/json"})

    async def get_docs(_: web.Request) -> web.Response:
        return web.Response(body=page(), headers={**_PUBLIC, "Content-Type": "text/html; charset=utf-8"})

    return [
        web.get("/openapi.json", get_openapi),
        web.get("/docs", get_docs),
        web.get("/docs.css", get_css),
    ]


def problem_pages() -> list[web.RouteDef]:
    """The routes of what problem types point to."""
    return [web.get("/problems/{slug}", get_problem, allow_head=False)]


async def get_css(_: web.Request) -> web.Response:
    """Its style."""
    return web.Response(body=style_sheet(), headers={**_PUBLIC, "Content-Type": "text/css; charset=utf-8"})


async def get_problem(request: web.Request) -> web.Response:
    """Where a problem's type leads: to its line on the readable page."""
    slug = request.match_info["slug"]
    if slug not in {kind.slug for kind in problem_types()}:
        raise NotFound
    return web.Response(status=303, headers={"Location": f"/v1/docs#problem-{slug}"})


def readable(interface: Interface) -> bytes:
    """The readable page."""
    api = document(interface)
    operations = [
        (path, method, said) for path, methods in api["paths"].items() for method, said in methods.items()
    ]  # fmt: skip
    body = [
        "<header><h1>Antechamber</h1>",
        f"<p>{_prose(api['info']['description'])}</p>",
        f'<p>Version {escape(api["info"]["version"])} · <a href="/v1/openapi.json">OpenAPI document</a></p></header>',
        "<nav aria-label='Operations'><h2>Operations</h2><ul>",
        *[
            f'<li><a href="#{said["operationId"]}"><span class="method">{method.upper()}</span><code>{escape(path)}</code>'
            f"</a> <span>{_prose(said['summary'])}</span></li>"
            for path, method, said in operations
        ],
        "</ul></nav><main>",
        f"<section><h2>First steps</h2><pre tabindex='0'><code>{escape(_FIRST_STEPS)}</code></pre></section>",
        *[_operation(path, method, said) for path, method, said in operations],
        _problem_table(),
        "<section><h2>Types</h2>",
        *[_schema(name, schema) for name, schema in api["components"]["schemas"].items()],
        "</section></main>",
    ]
    page = (
        '<!doctype html><html lang="en" class="plain"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Antechamber API</title>'
        '<link rel="icon" href="/review/static/icon.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="/v1/docs.css"></head><body class="docs">{"".join(body)}</body></html>'
    )
    return page.encode()


def _operation(path: str, method: str, said: dict[str, Any]) -> str:
    heading = f'<span class="method">{method.upper()}</span> <code>{escape(path)}</code>'
    sections = [
        f'<section id="{said["operationId"]}"><h2>{_prose(said["summary"])}</h2><p class="request">{heading}</p>',
        f"<p>{_prose(said['description'])}</p>" if "description" in said else "",
        "" if said["security"] else "<p>Needs no API key.</p>",
    ]
    if "parameters" in said:
        rows = [
            (
                f"<code>{escape(item['name'])}</code>",
                str(item["in"]),
                _kind(item["schema"]),
                _prose(item["description"]),
            )
            for item in said["parameters"]
        ]
        sections.append(_table("Parameters", ("Name", "Where", "Type", "Meaning"), rows))
    if "requestBody" in said:
        ((media, content),) = said["requestBody"]["content"].items()
        sections.append(f"<p>Body: <code>{escape(media)}</code>, {_kind(content['schema'])}</p>")
    answers = [
        (status, _prose(answer["description"]), _answer_kind(answer)) for status, answer in said["responses"].items()
    ]
    sections.append(_table("Answers", ("Status", "When", "Body"), answers))
    return "".join([*sections, "</section>"])


def _answer_kind(answer: dict[str, Any]) -> str:
    return ", ".join(_kind(content["schema"]) for content in answer.get("content", {}).values())


def _problem_table() -> str:
    rows = [
        (f'<code id="problem-{kind.slug}">{kind.slug}</code>', str(kind.status), escape(kind.title))
        for kind in problem_types()
    ]
    table = _table("", ("Type (after /problems/)", "Status", "Title"), rows)
    return f'<section id="problems"><h2>Problems</h2>{table}</section>'


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(field)}</code>" + (" <small>required</small>" if field in required else ""),
            _kind(kind),
            _prose(kind.get("description", "")),
        )
        for field, kind in schema.get("properties", {}).items()
    ]
    fields = _table("", ("Field", "Type", "Meaning"), rows) if rows else f"<p>{_kind(schema)}</p>"
    about = f"<p>{_prose(schema.get('description', ''))}</p>"
    return f'<article id="type-{escape(name)}"><h3>{escape(name)}</h3>{about}{fields}</article>'


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, with links to named types."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#type-{name}">{name}</a>'
    if "enum" in schema:
        return "one of " + ", ".join(
            f"<code>{escape(str(value or 'null'))}</code>" for value in schema["enum"] if value != ""
        )
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(option) for option in schema["anyOf"]))
    kind = schema.get("type", "anything")
    name = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    if (longest := schema.get("maxLength")) is not None:
        name += f", at most {longest} long"
    return escape(name + (f" ({schema['format']})" if "format" in schema else ""))


def _table(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; the cells are HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="scroll"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _prose(text: str) -> str:
    """Escaped text, `code` in backquotes."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
