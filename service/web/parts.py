"""What handlers find in the application, under one typed key. `service.app` puts it there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from service.conversation import Conversation
from service.core.case import Case
from service.core.errors import AntechamberError
from service.core.identity import IdentityKeys
from service.core.submission import Submission
from service.core.verdict import Explanation
from service.moderation import Moderation
from service.policies import Policies
from service.redress import Redress
from service.settings import Settings
from service.web.auth import Gate
from service.web.scoring import Scoring
from service.web.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Parts:
    """The use cases and what surrounds them."""

    settings: Settings
    gate: Gate
    moderation: Moderation
    redress: Redress
    conversation: Conversation
    policies: Policies
    identity: IdentityKeys
    waiting: Waiting
    deliverable: Callable[[str], str]  # e-mail address -> "yes" | "no" | "unknown", at once
    listed: Callable[[Submission, str], Awaitable[Submission]]  # + raw IP address -> with what http:BL knows of it
    scoring: Scoring
    explain: Callable[[Case, str], Awaitable[tuple[str, Explanation]]]  # -> (model version, explanation)
    spend: Callable[
        [str, int], Awaitable[tuple[bool, int, int]]
    ]  # site, cost -> (allowed, left, seconds to the next window)
    measure: Callable[[], Awaitable[Mapping[str, float]]]  # the gauges of service.metrics


@dataclass(frozen=True, slots=True)
class Dialect:
    """What sets a sub-app's answers apart: how it renders an error, given the request's id."""

    render: Callable[[AntechamberError, str], web.Response]


PARTS = web.AppKey("parts", Parts)
DIALECT = web.AppKey("dialect", Dialect)
