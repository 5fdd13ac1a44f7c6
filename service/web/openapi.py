"""A route of our APIs: a handler, what it does as data, and the right that it takes; and OpenAPI 3.1 documents made of them.

A module lists its routes on their handlers, by a `Routes` of its own; the routing table and the document follow from that:

    route = Routes("/v1", tag="comments")

    @route("get", "/comments/{id}", "getComment", answers=(Answer(200, "The comment.", CommentView),), parameters=(ID,))
    async def get_comment(request: web.Request) -> web.Response:
        \"\"\"Look at a comment.\"\"\"

Types are described by the very types that parse and render.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

import service
from service.core import errors
from service.core.errors import AntechamberError
from service.core.moderator import Right
from service.web.requests import JSON
from service.web.responses import CONTENT_TYPE, MethodNotAllowed
from service.web.schema import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)
_REF = "#/components/schemas/{name}"
_ERRORS = "Errors are RFC 9457 problem details; nothing that you sent is quoted in them."


class Parameter(NamedTuple):
    """A parameter of the path, the query or the headers."""

    place: str  # path | query | header
    name: str
    description: str
    schema: dict[str, Any] = {"type": "string"}  # noqa: RUF012  (never changed)
    required: bool = False


COMMENT_ID = Parameter(
    "path", "id", "Our id of the comment.", {"type": "string", "pattern": "^c[0-9a-f]{26}$"}, required=True
)
CURSOR = Parameter("query", "cursor", "Where the page before ended: its `next`.")


class Answer(NamedTuple):
    """An answer that is no problem."""

    status: int
    description: str
    type: type[Struct] | None = None
    media: str = JSON
    headers: Mapping[str, Any] = {}  # beyond those that every answer has; see `header`


class Operation(NamedTuple):
    """One method of one path."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    answers: tuple[Answer, ...]
    problems: tuple[type[AntechamberError], ...]
    takes: type[Struct] | None = None
    media: str = JSON
    parameters: tuple[Parameter, ...] = ()
    tag: str = "comments"
    key: bool = True  # needs the site's API key, or a moderator's session


class Route(NamedTuple):
    """One operation, and who answers to it. In the review API, who asks must have the right; None: nobody need be signed in."""

    operation: Operation
    handler: Handler
    right: Right | None = None


class Routes:
    """The routes below `prefix` that a module declares on its handlers, in order; `right` is what each takes unless told."""

    def __init__(self, prefix: str, *, tag: str, right: Right | None = None) -> None:
        self._prefix = prefix
        self._tag = tag
        self._right = right
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __call__(
        self,
        method: str,
        path: str,
        name: str,
        *,
        answers: tuple[Answer, ...],
        problems: tuple[type[AntechamberError], ...],
        takes: type[Struct] | None = None,
        media: str = JSON,
        parameters: tuple[Parameter, ...] = (),
        tag: str = "",
        key: bool = True,
        right: Right | None = None,
        more: str = "",
    ) -> Callable[[H], H]:
        """Declare that a handler answers to this. Its docstring's first paragraph is the summary, the rest the description;
        `more` is what of that is computed."""

        def declare(handler: H) -> H:
            summary, *rest = (inspect.getdoc(handler) or name).split("\n\n")
            description = " ".join(
                [*(" ".join(paragraph.split("\n")) for paragraph in rest), *([more] if more else [])]
            )
            operation = Operation(
                method, self._prefix + path, name, summary.removesuffix("."), description, answers, problems,
                takes, media, parameters, tag or self._tag, key,
            )  # fmt: skip
            self._routes.append(Route(operation, handler, (right or self._right) if key else None))
            return handler

        return declare


def definition(route: Route, mount: str, handler: Handler) -> web.RouteDef:
    """A route as aiohttp takes it, in the sub-app that is mounted at `mount`: parameters of the path match what they describe."""
    operation = route.operation
    path = operation.path.removeprefix(mount)
    for parameter in operation.parameters:
        pattern = parameter.schema.get("pattern", "")
        if parameter.place == "path" and pattern:
            path = path.replace(f"{{{parameter.name}}}", f"{{{parameter.name}:{pattern.strip('^$')}}}")
    more = {"allow_head": False} if operation.method == "get" else {}
    return web.route(operation.method.upper(), path, handler, **more)


class Interface(NamedTuple):
    """An API as its document describes it."""

    title: str
    description: str
    routes: Sequence[Route]
    security: Mapping[str, Mapping[str, str]]  # one scheme: how to show who asks
    limited: Mapping[str, Any] = {}  # headers of a 429, beyond Retry-After


def document(interface: Interface) -> dict[str, Any]:
    """The document of an interface, ready to be encoded."""
    operations = [route.operation for route in interface.routes]
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
    found = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, AntechamberError) and "slug" in vars(kind)
    ]
    return sorted([*found, MethodNotAllowed], key=lambda kind: (kind.status, kind.slug))


def _operation(operation: Operation, interface: Interface) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": {
            **{str(answer.status): _answer(answer) for answer in operation.answers},
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


def _answer(answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"description": answer.description, "headers": {**_HEADERS, **answer.headers}}
    if answer.type is not None:
        said["content"] = _content(answer.type, answer.media)
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


def header(description: str, kind: str = "string") -> dict[str, Any]:
    """A header of an answer, as the document describes it."""
    return {"description": description, "schema": {"type": kind}}


_HEADERS = {"X-Request-Id": header("The request's id, as our log has it; yours, if you sent a sensible one.")}
_RETRY = {"Retry-After": header("Seconds until it is worth trying again.", "integer")}
_MORE_HEADERS: dict[int, dict[str, Any]] = {
    503: _RETRY,
    401: {"WWW-Authenticate": header("How to authenticate.")},
    429: _RETRY,
}


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
