"""OpenAPI 3.1 documents, generated from operations as data and the very types that parse and render."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

import service
from service.core import errors
from service.core.errors import AntechamberError
from service.web.operations import OPERATIONS, Operation
from service.web.problems import CONTENT_TYPE, MethodNotAllowed
from service.web.wire import Problem

_REF = "#/components/schemas/{name}"
_ERRORS = "Errors are RFC 9457 problem details; nothing that you sent is quoted in them."


class Interface(NamedTuple):
    """An API as its document describes it."""

    title: str
    description: str
    operations: Sequence[Operation]
    security: Mapping[str, Mapping[str, str]]  # one scheme: how to show who asks
    limited: Mapping[str, Any] = {}  # headers of a 429, beyond Retry-After


def document(interface: Interface | None = None) -> dict[str, Any]:
    """The document of an interface, the native one unless told, ready to be encoded."""
    interface = interface or NATIVE
    operations = interface.operations
    types = {t for op in operations for t in (op.takes, *(answer.type for answer in op.answers)) if t is not None}
    _, schemas = msgspec.json.schema_components(sorted(types | {Problem}, key=lambda t: t.__name__), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, interface)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": interface.title,
            "version": service.__version__,
            "description": f"{interface.description} {_ERRORS}",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": {name: _simplified(schema) for name, schema in sorted(schemas.items())},
            "securitySchemes": {name: dict(scheme) for name, scheme in interface.security.items()},
        },
    }


def problem_types() -> list[type[AntechamberError]]:
    """Every kind of problem that our APIs know, by status."""
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AntechamberError)]
    return sorted([*found, MethodNotAllowed], key=lambda kind: (kind.status, kind.slug))


def _operation(operation: Operation, interface: Interface) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": {
            **{str(answer.status): _answer(operation, answer.status) for answer in operation.answers},
            **_problems((*operation.problems, AntechamberError), interface),
        },
        "security": [{name: []} for name in interface.security] if operation.key else [],
    }
    if operation.description:
        said["description"] = operation.description
    if operation.parameters:
        said["parameters"] = [
            {
                "in": parameter.place,
                "name": parameter.name,
                "required": parameter.required,
                "description": parameter.description,
                "schema": parameter.schema,
            }
            for parameter in operation.parameters
        ]
    if operation.takes is not None:
        said["requestBody"] = {"required": True, "content": _content(operation.takes, operation.media)}
    return said


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    (answer,) = [answer for answer in operation.answers if answer.status == status]
    said: dict[str, Any] = {"description": answer.description, "headers": dict(_HEADERS)}
    if answer.type is not None:
        said["content"] = _content(answer.type, answer.media)
    if operation.name in ("submitComment", "receiveWebhook"):
        said["headers"]["Location"] = _header("Where the comment can be looked at.")
    if operation.name == "submitComment":
        said["headers"]["Preference-Applied"] = _header("Which preference was followed (RFC 7240).")
        said["headers"]["Idempotency-Replayed"] = _header("`true`: this request had been answered before.")
    return said


def _content(kind: type[msgspec.Struct], media: str) -> dict[str, Any]:
    """NDJSON has no schema of its own in OpenAPI 3.1: it is a string whose lines are described."""
    if media == "application/json":
        return {media: {"schema": {"$ref": _REF.format(name=kind.__name__)}}}
    lines = {"type": "string", "description": f"One JSON object a line, each a `{kind.__name__}`."}
    return {media: {"schema": lines}}


def _problems(kinds: Iterable[type[AntechamberError]], interface: Interface) -> dict[str, Any]:
    by_status: dict[int, list[type[AntechamberError]]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): {
            "description": "; ".join(f"{kind.title} (`{kind.slug}`)" for kind in same),
            "headers": {**_HEADERS, **_MORE_HEADERS.get(status, {}), **(interface.limited if status == 429 else {})},
            "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
        }
        for status, same in sorted(by_status.items())
    }


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


_HEADERS = {"X-Request-Id": _header("The request's id, as our log has it; yours, if you sent a sensible one.")}
_RETRY = {"Retry-After": _header("Seconds until it is worth trying again.", "integer")}
_MORE_HEADERS: dict[int, dict[str, Any]] = {
    503: _RETRY,
    401: {"WWW-Authenticate": _header("How to authenticate.")},
    429: _RETRY,
}
NATIVE = Interface(
    "Antechamber",
    "Comments wait in the antechamber until they are cleared. Submit them here; the decision comes by call-back, in the same "
    "answer if you ask to wait, or by looking.",
    OPERATIONS,
    {"key": {"type": "http", "scheme": "bearer", "description": "The site's API key."}},
    {
        "RateLimit": _header("What is left of the minute's submissions."),
        "RateLimit-Policy": _header("The limit."),
    },
)
"""The native API."""


def _simplified(schema: Any) -> Any:
    """`anyOf` a type and null, as a list of types: shorter, and easier on the eyes."""
    if isinstance(schema, list):
        return [_simplified(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: _simplified(value) for name, value in schema.items()}
    options = schema.get("anyOf", [])
    if len(options) == 2 and options[1] == {"type": "null"} and isinstance(options[0].get("type"), str):
        inner = {**options[0], "type": [options[0]["type"], "null"]}
        if "enum" in inner:
            inner["enum"] = [*inner["enum"], None]
        return {**inner, **{name: value for name, value in schema.items() if name != "anyOf"}}
    return schema
