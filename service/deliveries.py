"""The use cases of call-backs on their way out: how receivers are, what became of each try, and sending again.

For the command line and the moderators' page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from service.store.accounts import OPERATOR, Accounts
from service.store.outbox import Attempt, Delivery, Endpoint, Outbox

__all__ = ["Attempt", "Deliveries", "Delivery", "Endpoint", "Log", "Replayed"]  # callers need not reach into the store

MOST_REPLAYED = 100_000
"""Call-backs sent again at one request."""


class Log(NamedTuple):
    """A site's receiver, the last tries (newest first), and what was given up (oldest first)."""

    endpoint: Endpoint
    attempts: list[Attempt]
    given_up: list[Delivery]


class Replayed(NamedTuple):
    """How many call-backs will be sent again, and the ids among those asked for that are unknown, or too old."""

    sent: int
    unknown: list[str]


class Deliveries:
    """The use cases."""

    def __init__(self, outbox: Outbox, accounts: Accounts) -> None:
        self._outbox = outbox
        self._accounts = accounts

    async def log(self, site: str, limit: int) -> Log:
        """What there is to see of a site; at most `limit` tries, and as many of what was given up."""
        outbox = self._outbox
        return Log(await outbox.endpoint(site), await outbox.log(site, limit), await outbox.undelivered(site, limit))

    async def replay(self, site: str, ids: Sequence[str], *, actor: str = OPERATOR) -> Replayed:
        """Send call-backs again, each under the webhook-id that it had. No ids: all that were given up."""
        outbox = self._outbox
        if ids:
            found = {name: await outbox.find(site, name) for name in ids}
            sent = {name for name, one in found.items() if one is not None and await outbox.replay(one)}
            replayed = Replayed(len(sent), sorted(set(found) - sent))
        else:
            given_up = await outbox.undelivered(site, MOST_REPLAYED)
            replayed = Replayed(sum([await outbox.replay(one) for one in given_up]), [])
        await self._accounts.audit("deliveries.replay", site, actor=actor, site=site, note=f"{replayed.sent}")
        return replayed

    async def resume(self, site: str, *, actor: str = OPERATOR) -> int:
        """End a receiver's pause; how many comments have call-backs that wait."""
        waiting = await self._outbox.resume(site)
        await self._accounts.audit("deliveries.resume", site, actor=actor, site=site)
        return waiting
