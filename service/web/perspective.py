"""The Perspective dialect, `/v1alpha1`: scores by what the key's site uses, under Perspective's names, for clients of a service
that ends with 2026. Nothing is stored of what is analysed; suggested scores become examples. `docs/perspective.md`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from service.core.errors import Unauthenticated
from service.core.site import Site
from service.core.verdict import Verdict
from service.web.bodies import read_body
from service.web.limits import spend
from service.web.parts import DIALECT, PARTS, Dialect, Parts
from service.web.perspective_discovery import discovery
from service.web.perspective_wire import (
    LABEL_OF,
    MAX_TEXT,
    AnalyzeRequest,
    AttributeParameters,
    AttributeScores,
    Refused,
    Score,
    SpanScore,
    SuggestRequest,
    TextEntry,
    answer,
    problem,
    unreadable,
)
from service.web.sentences import Span, sentences, utf16_length

T = TypeVar("T")
_analyze = msgspec.json.Decoder(AnalyzeRequest)
_suggest = msgspec.json.Decoder(SuggestRequest)
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*\Z")
_PROBABILITY = ("PROBABILITY", "SCORE_TYPE_UNSPECIFIED")
_OTHER_TYPES = ("STD_DEV_SCORE", "PERCENTILE", "RAW")
_UNDETERMINED = "und"
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)


def perspective(parts: Parts) -> list[tuple[str, web.Application]]:
    """The sub-apps and where they go."""
    calls, directory = web.Application(), web.Application()
    for app in (calls, directory):
        app[PARTS] = parts
        app[DIALECT] = Dialect(problem)
    calls.router.add_post("/comments:analyze", analyze)
    calls.router.add_post("/comments:suggestscore", suggest)
    directory.router.add_get("/rest", discovery, allow_head=False)
    return [("/v1alpha1", calls), ("/$discovery", directory)]


async def analyze(request: web.Request) -> web.Response:
    """Score a text."""
    parts = request.app[PARTS]
    site = await _caller(request)
    asked = await _read(request, _analyze)
    text = _text(asked.comment, asked.context)
    attributes = _requested(asked.requestedAttributes)
    languages = _languages(asked.languages)
    await spend(parts, request, site, 1)
    spans = sentences(text) if asked.spanAnnotations else [Span(0, utf16_length(text), text)]
    several = [span.text for span in spans] if len(spans) > 1 else []
    verdict, *by_span = await parts.scoring.score([text, *several], site.id)
    await _check_languages(parts, list(attributes), languages, verdict)
    detected = [verdict.language or _UNDETERMINED]
    scores = {
        name: _scores(LABEL_OF[name], verdict, spans, by_span or [verdict])
        for name, parameters in attributes.items()
        if verdict.scores[LABEL_OF[name]] >= parameters
    }
    said: dict[str, Any] = {
        "attributeScores": scores,
        "languages": languages or detected,
        "detectedLanguages": detected,
    }
    if asked.clientToken is not None:
        said["clientToken"] = asked.clientToken
    return answer(said, request)


async def suggest(request: web.Request) -> web.Response:
    """Keep the scores that somebody suggests for a text, as an example; beside them what the model says of it."""
    parts = request.app[PARTS]
    site = await _caller(request)
    asked = await _read(request, _suggest)
    text = _text(asked.comment, asked.context)
    labels = _suggested(asked.attributeScores)
    _languages(asked.languages)
    await spend(parts, request, site, 1)
    (verdict,) = await parts.scoring.score([text], site.id)
    token = asked.clientToken or ""
    await parts.conversation.suggest(site, text, labels, verdict, source="perspective", token=token)
    said: dict[str, Any] = {"detectedLanguages": [verdict.language or _UNDETERMINED]}
    if asked.clientToken is not None:
        said["clientToken"] = asked.clientToken
    return answer(said, request)


async def _caller(request: web.Request) -> Site:
    """The site whose key comes as parameter or header. Raises Unauthenticated."""
    key = request.query.get("key") or request.headers.get("X-Goog-Api-Key", "")
    if not key:
        raise Unauthenticated(_NO_KEY)
    site = await request.app[PARTS].gate.any_key(request, key.strip())
    if site is None:
        raise Unauthenticated("API key not valid. Please pass a valid API key.", pointer="key")
    return site


async def _read(request: web.Request, decoder: msgspec.json.Decoder[T]) -> T:
    body = await read_body(request, request.app[PARTS].settings.max_body, None)
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(error) from None


def _text(comment: TextEntry | None, context: Any) -> str:
    text = comment.text if comment is not None else None
    if not text or not text.strip():
        raise Refused("Comment must be non-empty.", "COMMENT_EMPTY")
    if len(text) > MAX_TEXT or len(text.encode()) > MAX_TEXT:
        raise Refused("Comment text too long.", "COMMENT_TOO_LONG")
    kind = comment.type if comment is not None else None
    if kind == "HTML":
        raise Refused("Currently, only 'PLAIN_TEXT' comments are supported")
    if kind not in (None, "PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"):
        raise Refused("Unknown text type")
    if context is not None and context.entries and context.articleAndParentComment:
        raise Refused("Context can have either entries or article_and_parent_comment, but both fields were populated.")
    return text


def _requested(asked: Mapping[str, AttributeParameters | None] | None) -> dict[str, float]:
    """The attributes that are asked for, with the score below which each is left out."""
    if not asked:
        raise Refused("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    wanted = {}
    for name, parameters in asked.items():
        _check_attribute(name)
        kind = parameters.scoreType if parameters else None
        if kind in _OTHER_TYPES:
            raise Refused(f"Requested score type {kind} is not supported by attribute {name}")
        if kind is not None and kind not in _PROBABILITY:
            raise Refused("Unknown score type")
        wanted[name] = (parameters.scoreThreshold or 0.0) if parameters else 0.0
    return wanted


def _suggested(scores: Mapping[str, AttributeScores] | None) -> dict[str, float]:
    if not scores:
        raise Refused("Missing attribute_scores")
    labels = {}
    for name, given in scores.items():
        _check_attribute(name)
        value = given.summaryScore.value if given.summaryScore else None
        if value is None or not math.isfinite(value) or not 0 <= value <= 1:
            raise Refused(f"The summary score of attribute {name} must be a probability from 0 to 1.")
        labels[LABEL_OF[name]] = value
    return labels


def _check_attribute(name: str) -> None:
    if name not in LABEL_OF:
        shown = f": {name}" if _NAME.match(name) else ""  # what is no such name is not repeated
        raise Refused("Unknown requested attribute" + shown)


def _languages(languages: Sequence[str] | None) -> list[str]:
    if any(_LANGUAGE.match(language) is None for language in languages or ()):
        raise Refused("Invalid language code.")
    return list(languages or ())


async def _check_languages(parts: Parts, names: Sequence[str], languages: Sequence[str], verdict: Verdict) -> None:
    """Refuse what the model was not trained in, as Perspective does: by the first attribute that was asked for."""
    known = await parts.scoring.languages()
    if languages:
        unknown = [language for language in languages if language.split("-")[0].lower() not in known]
        field = "requestedLanguages"
    else:
        unknown = [verdict.language] if "unsupported-language" in verdict.flags else []
        field = "detectedLanguages"
    if unknown:
        raise Refused(
            f"Attribute {names[0]} does not support request languages: {', '.join(unknown)}",
            "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            languageNotSupportedByAttributeError={field: unknown, "attribute": names[0]},
        )


def _scores(label: str, verdict: Verdict, spans: Sequence[Span], by_span: Sequence[Verdict]) -> AttributeScores:
    return AttributeScores(
        spanScores=[
            SpanScore(span.begin, span.end, _score(said.scores[label]))
            for span, said in zip(spans, by_span, strict=True)
        ],
        summaryScore=_score(verdict.scores[label]),
    )


def _score(value: float) -> Score:
    return Score(value=round(value, 8), type="PROBABILITY")
