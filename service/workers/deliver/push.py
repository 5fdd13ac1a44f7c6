"""Messages to browsers on their way out: one POST to each browser's push service, sealed for it alone (RFC 8030)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from service.core.push import Browser, is_allowed
from service.web_push import Sender, UnusableKey, seal
from service.workers.deliver.client import Client
from service.workers.deliver.mail import Outcome
from service.workers.deliver.message import Response, seconds_asked

_KEPT: Final = 12 * 3_600  # seconds that a push service keeps a message for a device that is off
_GONE: Final = (404, 410)


class Posted(NamedTuple):
    """How it ended: for how many milliseconds we are asked to wait, and the ids of the browsers that are gone."""

    outcome: Outcome
    after: int
    gone: list[str]


class PushPost:
    """Hands messages in at push services. `contact`: where their people find us."""

    def __init__(self, client: Client, master: bytes, contact: str) -> None:
        self._client = client
        self._sender = Sender(master, contact)

    async def post(
        self, message: bytes, topic: str, browsers: Mapping[str, Browser], services: Sequence[str]
    ) -> Posted:
        """Send one message to each browser; a newer one of the topic takes the place of one that still waits there.

        That one browser can't be reached keeps no other from it. Never raises, except when cancelled.
        """
        answers = await asyncio.gather(*[self._hand_in(message, topic, one, services) for one in browsers.values()])
        gone = [one for one, answer in zip(browsers, answers, strict=True) if answer.status in _GONE]
        wrong = [one for one in answers if one.status not in _GONE and (one.error or not 200 <= one.status < 300)]
        problem = next((one.error or f"status-{one.status}" for one in wrong), "")
        after = max((seconds_asked(one.retry_after, time.time()) for one in wrong), default=0.0)
        # Where all are gone, there is nobody left to tell: that is no failure.
        return Posted(Outcome(len(wrong) + len(gone) < len(answers) or not wrong, problem), int(after * 1000), gone)

    async def _hand_in(self, message: bytes, topic: str, browser: Browser, services: Sequence[str]) -> Response:
        """What a push service answers; 410 also where nothing may be sent: an operator has taken it away, or the key is none."""
        if not is_allowed(browser.endpoint, services):
            return Response(410)
        try:
            sealed = seal(message, browser.key, browser.auth)
        except UnusableKey:
            return Response(410)
        return await self._client.ask(browser.endpoint, self._headers(browser.endpoint, topic), sealed)

    def _headers(self, endpoint: str, topic: str) -> dict[str, str]:
        return {
            "Authorization": self._sender.authorization(endpoint, int(time.time())),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_KEPT),
            "Topic": self._sender.topic(topic),
        }
