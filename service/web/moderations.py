"""OpenAI's moderation wire, `POST /v1/moderations`: our scores under its categories. Nothing is stored.

What is judged and how is said in `docs/moderations.md`; categories that we don't judge are false with score 0.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.errors import AntechamberError, NotFound, RateLimited, Unauthenticated
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.thresholds import Thresholds
from service.core.submission import MAX_CONTENT_BYTES, bare
from service.core.verdict import Case, Verdict
from service.web.context import CONTEXT, DIALECT, Context, Dialect, authenticated
from service.web.intake import spend
from service.web.requests import read_body
from service.web.responses import MethodNotAllowed, json_answer

CATEGORIES: Final = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
"""OpenAI's categories, in its order."""
JUDGED: Final = ("harassment", "harassment/threatening", "hate", "hate/threatening", "violence")
"""Those that our labels say something of."""
_AT_ONCE = 64  # texts scored together; other requests get their turn in between
_HARASSMENT = ("insult", "toxicity", "severe_toxicity")


class _Request(Struct, frozen=True):
    """What a client asks. Fields that we don't know are let pass, as OpenAI's clients may send more from release to release."""

    input: str | list[Any]
    model: str | None = None


class Refused(AntechamberError):
    """What OpenAI refuses with 400; `param` names the field, `code` the cause."""

    slug, status, title = "invalid", 400, "The request is not right."

    def __init__(self, detail: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(detail)
        self.param = param
        self.code = code


_NO_TEXTS = "input must be a string, or an array of strings or of text parts."
_encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(_Request)


def moderations(context: Context) -> web.Application:
    """The sub-app of `/v1/moderations`."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(problem)
    app.router.add_post("", moderate)
    return app


async def moderate(request: web.Request) -> web.Response:
    """Judge a text, or each of several."""
    context = request.app[CONTEXT]
    site = await authenticated(request)
    body = await read_body(request, context.settings.max_batch_body)
    try:
        asked = _request.decode(body)
    except msgspec.ValidationError:
        raise Refused(_NO_TEXTS, "input") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("We could not parse the JSON body of your request.") from None
    texts = texts_of(asked.input, context.settings.max_batch_items)
    await spend(context, request, site, len(texts))
    verdicts: list[Verdict] = []
    for first in range(0, len(texts), _AT_ONCE):
        verdicts += await context.scoring.score(texts[first : first + _AT_ONCE], site.id)
    results = [result(site.policy, text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]
    return json_answer(_encode({"id": f"modr-{secrets.token_hex(16)}", "model": verdicts[0].model, "results": results}))


def texts_of(given: str | list[Any], most: int) -> list[str]:
    """The texts of an `input`, one for each result: strings are judged one by one, parts together. Raises Refused.

    What can't be judged is refused rather than left out: nobody shall take an image for harmless that nobody has looked at.
    """
    parts: list[Any] = given if isinstance(given, list) else [given]
    if not parts:
        raise Refused("input must not be empty.", "input", "empty_array")
    if len(parts) > most:
        raise Refused(f"input has at most {most} elements.", "input", "array_above_max_length")
    if all(isinstance(part, str) for part in parts):
        texts = parts
    elif all(isinstance(part, dict) for part in parts):
        texts = ["\n\n".join(_words(part) for part in parts)]
    else:
        raise Refused(_NO_TEXTS, "input")
    for text in texts:
        if len(text.encode(errors="replace")) > MAX_CONTENT_BYTES:
            raise Refused(f"A text has at most {MAX_CONTENT_BYTES} bytes.", "input", "string_above_max_length")
    return texts


def _words(part: Mapping[str, Any]) -> str:
    words = part.get("text")
    if part.get("type") != "text":
        raise Refused("Only parts of the type text are judged here.", "input", "unsupported_input_type")
    if not isinstance(words, str):
        raise Refused("A part of the type text has a text.", "input")
    return words


def result(policy: Policy, text: str, verdict: Verdict) -> dict[str, Any]:
    """One text's result. A category is true from the score on at which the site's policy holds for one of its labels."""
    scores, found = categories(verdict.scores, policy.effective)
    ruling = evaluate(policy, Case(bare(text)), verdict)
    return {
        "flagged": any(found.values()),
        "categories": {name: found.get(name, False) for name in CATEGORIES},
        "category_scores": {name: round(scores.get(name, 0.0), 8) for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] if name in JUDGED else [] for name in CATEGORIES},
        "antechamber": {
            "scores": verdict.scores,
            "outcome": ruling.outcome,
            "reasons": [reason.code for reason in ruling.reasons],
            "language": verdict.language or "und",
            "flags": verdict.flags,
        },
    }


def categories(
    scores: Mapping[str, float], thresholds: Mapping[str, Thresholds]
) -> tuple[dict[str, float], dict[str, bool]]:
    """The categories that we judge: their scores, and which of them are found.

    An attack on somebody's identity is hate, and toxic as well. So where it is found, toxicity makes harassment of what is left
    when it is taken off, since that is the probability of being toxic without such an attack; elsewhere of all of it.
    Of two things that must both be there, the less probable one bounds the probability.
    """
    said = {label: scores.get(label, 0.0) for label in (*_HARASSMENT, "identity_attack", "threat")}
    reached = {label: value >= _from(thresholds.get(label)) for label, value in said.items()}
    if reached["identity_attack"]:
        for label in ("toxicity", "severe_toxicity"):
            said[label] = max(0.0, said[label] - said["identity_attack"])
            reached[label] = said[label] >= _from(thresholds.get(label))
    values = {
        "harassment": max(said[label] for label in _HARASSMENT),
        "hate": said["identity_attack"],
        "violence": said["threat"],
    }
    found = {
        "harassment": any(reached[label] for label in _HARASSMENT),
        "hate": reached["identity_attack"],
        "violence": reached["threat"],
    }
    for name in ("harassment", "hate"):
        values[f"{name}/threatening"] = min(values[name], values["violence"])
        found[f"{name}/threatening"] = found[name] and found["violence"]
    return values, found


def _from(steps: Thresholds | None) -> float:
    """From which score on a policy does anything about a label."""
    taken = [step for step in (steps.hold, steps.reject, steps.discard) if step is not None] if steps else []
    return min(taken, default=float("inf"))


def problem(error: AntechamberError, _: str) -> web.Response:
    """An error as OpenAI writes it."""
    status, kind = error.status, "invalid_request_error"
    message, param, code = error.detail or error.title, None, None
    if isinstance(error, Refused):
        param, code = error.param, error.code
    elif isinstance(error, Unauthenticated):
        code = "invalid_api_key"
    elif isinstance(error, RateLimited):
        kind, code = "requests", "rate_limit_exceeded"
    elif isinstance(error, MethodNotAllowed):
        code = "method_not_supported"
    elif isinstance(error, NotFound):
        code = "unknown_url"
    elif status >= 500:
        kind = "server_error"
    said = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    response = json_answer(_encode(said), status)
    if error.retry_after is not None or status == 503:
        response.headers["Retry-After"] = str(error.retry_after or 2)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = error.allowed
    return response
