"""Writes the types of /review/api for the page's scripts, out of the OpenAPI document: `python .ci/javascript/schema.py`.

They are for the check of types alone; no browser loads them. Another file may be named.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from service.web.openapi import document
from service.web.review import INTERFACE, schema

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "service/web/static/review/lib/schema.d.ts"
REF = "#/components/schemas/"
BASE = "/review/api"
HEAD = """\
// The shapes of /review/api. Written by .ci/javascript/schema.py out of the OpenAPI document; a test says when that is due.

"""
EVENTS = {
    "hello": schema.HelloEvent,
    "comment": schema.CommentEvent,
    "claim": schema.ClaimEvent,
    "bulk": schema.BulkView,
    "bye": schema.ByeEvent,
}
CHOICE = """\
  /** {what}, by the path. */
  type {name}<Path extends string> =
{choices}    never;
"""


def types() -> str:
    """The file's text."""
    described = document(INTERFACE)
    _, events = msgspec.json.schema_components(EVENTS.values(), ref_template=f"{REF}{{name}}")
    shapes = described["components"]["schemas"] | {one.__name__: events[one.__name__] for one in EVENTS.values()}
    sent = set(_reached(shapes, list(described["paths"].values()), "requestBody"))
    left_out = sent | {one.__name__ for one in _structs(msgspec.Struct) if one.__struct_config__.omit_defaults}
    lines = [f"{HEAD}declare namespace Api {{"]
    for name, shape in sorted(shapes.items()):
        lines.append(_comment(shape, "  "))
        if "properties" in shape:
            sure = set(shape.get("required", ())) if name in left_out else set(shape["properties"])
            fields = "".join(_field(field, of, field in sure) for field, of in shape["properties"].items())
            lines.append(f"  interface {name} {{\n{fields}  }}\n")
        else:
            lines.append(f"  type {name} = {_type(shape)};\n")
    pairs = "".join(f"    {name}: {one.__name__};\n" for name, one in EVENTS.items())
    lines.append(f"  /** The events of the live stream, by name. */\n  interface Events {{\n{pairs}  }}\n")
    for method in ("get", "post", "put", "delete"):
        choices = "".join(f"    Path extends `{path}` ? {of} :\n" for path, of in _answers(described, method))
        lines.append(CHOICE.format(what=f"What {method.upper()} answers", name=method.capitalize(), choices=choices))
    for method in ("post", "put", "delete"):
        choices = "".join(f"    Path extends `{path}` ? {of} :\n" for path, of in _bodies(described, method))
        lines.append(
            CHOICE.format(what=f"What {method.upper()} is told", name=f"{method.capitalize()}Body", choices=choices)
        )
    return "\n".join(line for line in lines if line) + "}\n"


def _paths(described: dict[str, Any], method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A method's paths as patterns, each before those that would match it as well, and what is said of them."""
    paths = [path for path, methods in described["paths"].items() if method in methods]
    for path in sorted(paths, key=lambda path: (-path.count("/"), path.count("{"), path)):
        yield re.sub(r"\{\w+\}", "${string}", path.removeprefix(BASE)), described["paths"][path][method]


def _answers(described: dict[str, Any], method: str) -> Iterator[tuple[str, str]]:
    for path, operation in _paths(described, method):
        found = {
            _type(content["schema"]) if "schema" in content else "null"
            for status, answer in operation["responses"].items()
            for content in (answer.get("content") or {"": {}}).values()
            if status.startswith("2")
        }
        yield path, " | ".join(sorted(found)) or "never"


def _bodies(described: dict[str, Any], method: str) -> Iterator[tuple[str, str]]:
    for path, operation in _paths(described, method):
        contents = operation.get("requestBody", {}).get("content", {}).values()
        yield path, " | ".join(_type(content["schema"]) for content in contents) or "undefined | Record<string, never>"


def _reached(shapes: dict[str, Any], within: Any, member: str = "") -> Iterator[str]:
    """The shapes that something refers to, and those that they refer to; with `member`, only from what stands there."""
    todo = [within]
    known = set()
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            name = str(one.get("$ref", "")).removeprefix(REF)
            if name in shapes and name not in known and not member:
                known.add(name)
                yield name
                todo.append(shapes[name])
            todo += list(one.values())
            if member in one:
                yield from _reached(shapes, one[member])


def _structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in base.__subclasses__():
        if one.__module__.startswith("service."):
            yield one
        yield from _structs(one)


def _field(name: str, of: dict[str, Any], sure: bool) -> str:
    spelled = name if name.isidentifier() else f'"{name}"'
    return f"{_comment(of, '    ')}    {spelled}{'' if sure else '?'}: {_type(of)};\n"


def _comment(of: dict[str, Any], indent: str) -> str:
    text = " ".join(of.get("description", "").split()).replace("*/", "* /")
    return f"{indent}/** {text} */\n" if text and indent == "    " else f"{indent}/** {text} */" if text else ""


def _type(of: dict[str, Any]) -> str:
    if "$ref" in of:
        return str(of["$ref"]).removeprefix(REF)
    if "anyOf" in of:
        return " | ".join(dict.fromkeys(_type(one) for one in of["anyOf"]))
    if "enum" in of:
        return " | ".join(msgspec.json.encode(one).decode() for one in of["enum"])
    kinds = of.get("type", [])
    return " | ".join(_kind(kind, of) for kind in ([kinds] if isinstance(kinds, str) else kinds)) or "unknown"


def _kind(kind: str, of: dict[str, Any]) -> str:
    if kind == "array":
        item = _type(of.get("items") or {})
        return f"{item}[]" if item.isidentifier() else f"({item})[]"
    if kind == "object":
        more = of.get("additionalProperties")
        if "properties" in of:
            return "{ " + " ".join(_field(name, one, True).strip() for name, one in of["properties"].items()) + " }"
        return f"Record<string, {_type(more)}>" if isinstance(more, dict) else "Record<string, unknown>"
    return {"integer": "number"}.get(kind, kind)


if __name__ == "__main__":
    Path(*sys.argv[1:] or [TARGET]).write_text(types(), encoding="utf-8")
