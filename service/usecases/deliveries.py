"""The use cases of call-backs on their way out: how receivers are, what became of each try, and sending again.

For the command line and the moderators' page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from service.core.delivery import Attempt, Delivery, Endpoint, Waiting
from service.store.outbox import Outbox
from service.store.sites import OPERATOR, Accounts

Place = tuple[int, int, str]
"""Where a try stands in the log of several sites: when (milliseconds since 1970), which of that moment, of which site."""
MOST_REPLAYED = 100_000
"""Call-backs sent again at one request."""


class Receiver(NamedTuple):
    """How a site's receiver is, and what was given up, oldest first."""

    endpoint: Endpoint
    given_up: list[Delivery]


class Try(NamedTuple):
    """One try to deliver, of a site. Tries of several sites are ordered by their places."""

    site: str
    attempt: Attempt

    @property
    def place(self) -> Place:
        """Where it stands."""
        return (*self.attempt.entry, self.site)


class Replayed(NamedTuple):
    """How many call-backs will be sent again, and the ids among those asked for that are unknown, or too old."""

    sent: int
    unknown: list[str]


class Deliveries:
    """The use cases."""

    def __init__(self, outbox: Outbox, accounts: Accounts) -> None:
        self._outbox = outbox
        self._accounts = accounts

    async def endpoint(self, site: str) -> Endpoint:
        """How a site's receiver is. Raises NotFound."""
        await self._accounts.get(site)
        return await self._outbox.endpoint(site)

    async def waiting(self, site: str) -> list[Waiting]:
        """What waits: of each comment the call-back whose turn it is, the next one due first. Raises NotFound."""
        await self._accounts.get(site)
        return await self._outbox.queue(site)

    async def given_up(self, site: str) -> list[Delivery]:
        """The call-backs that were given up, oldest first. Raises NotFound."""
        await self._accounts.get(site)
        return await self._outbox.undelivered(site)

    async def receiver(self, site: str, limit: int) -> Receiver:
        """A site's receiver, and at most `limit` of what was given up."""
        return Receiver(await self._outbox.endpoint(site), await self._outbox.undelivered(site, limit))

    async def tries(self, sites: Sequence[str], limit: int, *, before: Place | None = None) -> list[Try]:
        """The last tries of some sites, newest first, at most `limit`; those before a place."""
        found: list[Try] = []
        for site in sites:
            upto = before[:2] if before else None
            found += [Try(site, one) for one in await self._outbox.log(site, limit + 1, upto=upto)]
        found.sort(key=lambda one: one.place, reverse=True)
        return [one for one in found if before is None or one.place < before][:limit]

    async def replay(self, site: str, ids: Sequence[str], *, actor: str = OPERATOR) -> Replayed:
        """Send call-backs again, each under the webhook-id that it had. No ids: all that were given up. Raises NotFound."""
        await self._accounts.get(site)
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

    async def put_right(self, site: str, longest_lease: int) -> int:
        """Bring back what a wrong clock put ahead; how many call-backs. A lease lasts at most so many milliseconds."""
        return await self._outbox.put_right(site, longest_lease=longest_lease)

    async def resume(self, site: str, *, actor: str = OPERATOR) -> int:
        """End a receiver's pause; how many comments have call-backs that wait. Raises NotFound."""
        await self._accounts.get(site)
        waiting = await self._outbox.resume(site)
        await self._accounts.audit("deliveries.resume", site, actor=actor, site=site)
        return waiting
