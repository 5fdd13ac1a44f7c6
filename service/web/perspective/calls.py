"""The two calls of the Perspective dialect, on what a request carries: alone, or as one of a batch.

Nothing is stored of what is analysed; suggested scores become examples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from aiohttp import web

from service.core.errors import Unauthenticated
from service.core.site import Site
from service.core.verdict import Verdict
from service.web.context import CONTEXT, Context, site_of_key
from service.web.intake import spend
from service.web.perspective.schema import (
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
    unreadable,
)

# Where sentences begin and end, counted in UTF-16 code units, as JavaScript and Perspective count. Pure.


_SENTENCE = re.compile(r"[^\s.!?。！？…\n][^.!?。！？…\n]*(?:[.!?。！？…]+[\"'”’)\]]*)?|[.!?。！？…]+")
_MOST = 200  # spans of one text; the last one holds what remains


class Span(NamedTuple):
    """A part of a text; `end` is exclusive."""

    begin: int
    end: int
    text: str


def utf16_length(text: str) -> int:
    """How many UTF-16 code units a text has."""
    return len(text) + sum(char > "\uffff" for char in text)


def sentences(text: str) -> list[Span]:
    """The sentences of a text, without the white space around them. Never empty for a text that is not."""
    ends = [found.span() for found in _SENTENCE.finditer(text)][: _MOST + 1]
    if len(ends) > _MOST:
        ends = [*ends[: _MOST - 1], (ends[_MOST - 1][0], len(text.rstrip()))]
    spans, seen, units = [], 0, 0
    for start, end in ends:
        units += utf16_length(text[seen:start])
        part = text[start:end].rstrip()
        begin, units, seen = units, units + utf16_length(part), start + len(part)
        spans.append(Span(begin, units, part))
    return spans or [Span(0, utf16_length(text), text)]


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


async def analyze(request: web.Request, site: Site, body: bytes) -> dict[str, Any]:
    """Score a text. Raises what is refused; `request` is what it came in, a batch perhaps."""
    context = request.app[CONTEXT]
    asked = _read(body, _analyze)
    drop = bool(asked.dropUnsupportedAttributes)
    text = _text(asked.comment, asked.context)
    attributes = _requested(asked.requestedAttributes, drop=drop)
    languages = _languages(asked.languages)
    await spend(context, request, site, 1)
    spans = sentences(text) if asked.spanAnnotations else [Span(0, utf16_length(text), text)]
    several = [span.text for span in spans] if len(spans) > 1 else []
    verdict, *by_span = await context.scoring.score([text, *several], site.id)
    unknown = await _unknown_languages(context, languages, verdict)
    if unknown and drop:
        attributes = {}
    elif unknown and attributes and context.settings.perspective_languages == "refuse":
        raise _not_in(unknown, next(iter(attributes)), named=bool(languages))
    detected = [verdict.language or _UNDETERMINED]
    said: dict[str, Any] = {
        "attributeScores": {
            name: _scores(LABEL_OF[name], verdict, spans, by_span or [verdict])
            for name, least in attributes.items()
            if verdict.scores[LABEL_OF[name]] >= least
        },
        "languages": languages or detected,
        "detectedLanguages": detected,
    }
    if unknown:
        said["unsupportedLanguages"] = unknown
    if asked.clientToken is not None:
        said["clientToken"] = asked.clientToken
    return said


async def suggest(request: web.Request, site: Site, body: bytes) -> dict[str, Any]:
    """Keep the scores that somebody suggests for a text, as an example; beside them what the model says of it."""
    context = request.app[CONTEXT]
    asked = _read(body, _suggest)
    text = _text(asked.comment, asked.context)
    labels = _suggested(asked.attributeScores)
    _languages(asked.languages)
    await spend(context, request, site, 1)
    (verdict,) = await context.scoring.score([text], site.id)
    token = asked.clientToken or ""
    await context.services.feedback.suggest(site, text, labels, verdict, source="perspective", token=token)
    said: dict[str, Any] = {"detectedLanguages": [verdict.language or _UNDETERMINED]}
    if asked.clientToken is not None:
        said["clientToken"] = asked.clientToken
    return said


def key_of(query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The key that comes as parameter or header; "" when there is none."""
    return (query.get("key") or headers.get("X-Goog-Api-Key", "")).strip()


async def caller(request: web.Request, key: str) -> Site:
    """The site whose key it is. Raises Unauthenticated."""
    if not key:
        raise Unauthenticated(_NO_KEY)
    site = await site_of_key(request, key)
    if site is None:
        raise Unauthenticated("API key not valid. Please pass a valid API key.", pointer="key")
    return site


def _read(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """A call's fields; nothing at all is a call without any, as it is to Google."""
    try:
        return decoder.decode(body or b"{}")
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


def _requested(asked: Mapping[str, AttributeParameters | None] | None, *, drop: bool) -> dict[str, float]:
    """The attributes that are asked for, with the score below which each is left out; `drop`: unknown ones as well."""
    if not asked:
        raise Refused("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    wanted = {}
    for name, parameters in asked.items():
        if drop and name not in LABEL_OF:
            continue
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


async def _unknown_languages(context: Context, languages: Sequence[str], verdict: Verdict) -> list[str]:
    """Those that nobody here can judge: of the ones that are named, or the one that the text is written in."""
    if languages:
        known = await context.scoring.languages()
        return [language for language in languages if language.split("-")[0].lower() not in known]
    return [verdict.language or _UNDETERMINED] if "unsupported-language" in verdict.flags else []


def _not_in(unknown: Sequence[str], attribute: str, *, named: bool) -> Refused:
    """Perspective's refusal, which is about the first attribute that was asked for."""
    field = "requestedLanguages" if named else "detectedLanguages"
    return Refused(
        f"Attribute {attribute} does not support request languages: {', '.join(unknown)}",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        languageNotSupportedByAttributeError={field: list(unknown), "attribute": attribute},
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
