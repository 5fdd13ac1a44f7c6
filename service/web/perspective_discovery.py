"""The discovery document of the Perspective dialect, so that Google's client libraries build a client from it, unchanged."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from service.core.errors import NotFound
from service.web.parts import PARTS
from service.web.perspective_wire import LABEL_OF, answer

_VERSION = "v1alpha1"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?\Z|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?\Z")

Property = dict[str, Any]


def _text(description: str) -> Property:
    return {"type": "string", "description": description}


def _flag(description: str) -> Property:
    return {"type": "boolean", "description": description}


def _number(description: str) -> Property:
    return {"type": "number", "format": "float", "description": description}


def _position(description: str) -> Property:
    return {"type": "integer", "format": "int32", "description": description}


def _ref(name: str) -> Property:
    return {"$ref": name}


def _list(items: Property, description: str) -> Property:
    return {"type": "array", "items": items, "description": description}


def _map(values: Property, description: str) -> Property:
    return {"type": "object", "additionalProperties": values, "description": description}


def _enum(values: list[str], description: str) -> Property:
    return {"type": "string", "enum": values, "description": description}


_ATTRIBUTES = f"By attribute: {', '.join(LABEL_OF)}."
_TYPES = ["SCORE_TYPE_UNSPECIFIED", "PROBABILITY"]
_COMMON: dict[str, Property] = {
    "languages": _list({"type": "string"}, "BCP 47 codes of the text's languages; without them it is detected."),
    "clientToken": _text("Comes back with the answer."),
    "sessionId": _text("Accepted, not used."),
    "communityId": _text("Accepted, not used."),
    "comment": _ref("TextEntry"),
    "context": _ref("Context"),
}
_SCHEMAS: dict[str, dict[str, Property]] = {
    "TextEntry": {
        "text": _text("The text, at most 20 KiB of UTF-8."),
        "type": _enum(["TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT"], "Its type."),
    },
    "ArticleAndParentComment": {"article": _ref("TextEntry"), "parentComment": _ref("TextEntry")},
    "Context": {
        "entries": _list(_ref("TextEntry"), "What the comment refers to; accepted, not used."),
        "articleAndParentComment": _ref("ArticleAndParentComment"),
    },
    "AttributeParameters": {
        "scoreType": _enum(_TYPES, "PROBABILITY is the only one there is."),
        "scoreThreshold": _number("A score below it is left out of the answer."),
    },
    "Score": {"value": _number("From 0 to 1."), "type": _enum(_TYPES, "What kind of number it is.")},
    "SpanScore": {
        "begin": _position("First UTF-16 code unit."),
        "end": _position("The one after the last."),
        "score": _ref("Score"),
    },
    "AttributeScores": {
        "spanScores": _list(_ref("SpanScore"), "Of each part of the text."),
        "summaryScore": _ref("Score"),
    },
    "AnalyzeCommentRequest": {
        **_COMMON,
        "requestedAttributes": _map(_ref("AttributeParameters"), _ATTRIBUTES),
        "spanAnnotations": _flag("Score each sentence too."),
        "doNotStore": _flag("Accepted; what is analysed is never stored."),
    },
    "AnalyzeCommentResponse": {
        "attributeScores": _map(_ref("AttributeScores"), _ATTRIBUTES),
        "languages": _list({"type": "string"}, "The languages that were asked for, or the one that was detected."),
        "detectedLanguages": _list({"type": "string"}, "The language that was detected; `und` when it was not."),
        "clientToken": _text("As it came."),
    },
    "SuggestCommentScoreRequest": {
        **_COMMON,
        "attributeScores": _map(_ref("AttributeScores"), f"{_ATTRIBUTES} The summary score is what counts."),
    },
    "SuggestCommentScoreResponse": {
        "detectedLanguages": _list({"type": "string"}, "The language that was detected."),
        "clientToken": _text("As it came."),
    },
}
_PARAMETERS: dict[str, Property] = {
    "key": {"type": "string", "location": "query", "description": "A site's API key or Akismet key."},
    "alt": {"type": "string", "location": "query", "enum": ["json"], "default": "json", "description": "Format."},
    "fields": {"type": "string", "location": "query", "description": "Accepted, not used."},
    "prettyPrint": {"type": "boolean", "location": "query", "default": "true", "description": "With line breaks."},
    "quotaUser": {"type": "string", "location": "query", "description": "Accepted, not used."},
}


async def discovery(request: web.Request) -> web.Response:
    """The document. Its addresses are the public one, or the one that it was asked for under."""
    if request.query.get("version", _VERSION) != _VERSION:
        raise NotFound("There is v1alpha1 only.")
    settings = request.app[PARTS].settings
    here = request.host if _HOST.match(request.host) else f"{settings.host}:{settings.port}"
    return answer(document((settings.public_url or f"{request.scheme}://{here}").rstrip("/") + "/"), request)


def document(root: str) -> dict[str, Any]:
    """A RestDescription, as https://developers.google.com/discovery has it."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"commentanalyzer:{_VERSION}",
        "name": "commentanalyzer",
        "version": _VERSION,
        "title": "Antechamber, speaking Comment Analyzer",
        "description": "Scores what a comment may do to a conversation.",
        "protocol": "rest",
        "rootUrl": root,
        "baseUrl": root,
        "basePath": "",
        "servicePath": "",
        "batchPath": "batch",
        "parameters": _PARAMETERS,
        "schemas": {
            name: {"id": name, "type": "object", "properties": properties} for name, properties in _SCHEMAS.items()
        },
        "resources": {
            "comments": {
                "methods": {
                    "analyze": _method("analyze", "AnalyzeComment", "Scores a text."),
                    "suggestscore": _method("suggestscore", "SuggestCommentScore", "Suggests scores for a text."),
                }
            }
        },
    }


def _method(name: str, schema: str, description: str) -> dict[str, Any]:
    path = f"{_VERSION}/comments:{name}"
    return {
        "id": f"commentanalyzer.comments.{name}",
        "description": description,
        "httpMethod": "POST",
        "path": path,
        "flatPath": path,
        "parameters": {},
        "parameterOrder": [],
        "request": {"$ref": f"{schema}Request"},
        "response": {"$ref": f"{schema}Response"},
    }
