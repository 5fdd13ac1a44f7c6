"""The use cases of sites: add, change, remove one, rotate its credentials, list and show; with what follows from each.

What changes a site leaves its line in the operators' log together with the record, in the store. For the command line and
the demo.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from service.core.counters import check_zone
from service.core.delivery import Endpoint
from service.core.errors import Conflict
from service.core.site import Known, Site, check_circle, check_name, check_site
from service.store.comments import Comments
from service.store.models import Models
from service.store.moderators import ModeratorStore
from service.store.outbox import Outbox
from service.store.personal import PersonalData
from service.store.sites import Accounts

DAY = 86_400
"""Seconds."""


class Overview(NamedTuple):
    """A site, and how many of its comments stand in which state."""

    site: Site
    comments: dict[str, int]


class State(NamedTuple):
    """A site with its credentials, its comments by state, and how its receiver is."""

    known: Known
    comments: dict[str, int]
    receiver: Endpoint


class Sites:
    """The use cases."""

    def __init__(
        self,
        accounts: Accounts,
        comments: Comments,
        outbox: Outbox,
        models: Models,
        moderator_store: ModeratorStore,
        *,
        personal: PersonalData,
        forget_secrets: Callable[[str], None],
    ) -> None:
        self._personal = personal
        self._forget_secrets = forget_secrets
        self._moderator_store = moderator_store
        self._accounts = accounts
        self._comments = comments
        self._outbox = outbox
        self._models = models

    async def add(
        self,
        name: str,
        url: str,
        callback: str = "",
        *,
        require_email: bool = True,
        require_name: bool = True,
        adopt: bool = False,
    ) -> Known:
        """Create a site with its first credentials. `adopt`: take over what a removed site of this name left.

        Raises InvalidSubmission, or Conflict when the name is taken, or when something was left and is not taken over: a
        name that is used again need not be the same owner's.
        """
        check_site(name, url, callback)  # before anything is dropped
        if await self._accounts.find(name) is None:
            if not adopt:
                await self._begin_anew(name)
            await self._moderator_store.forget_site(
                name
            )  # who saw an earlier one of that name sees nothing of this one
        return await self._accounts.add(
            name, url, callback, require_email=require_email, require_name=require_name
        )  # fmt: skip

    async def purge(self, name: str) -> None:
        """Drop what a removed site left beside its comments, tombstones too.

        Raises InvalidSubmission, or Conflict when there is such a site.
        """
        check_name(name)
        if await self._accounts.find(name) is not None:
            raise Conflict(f"There is a site named {name}.")
        await self._personal.purge(name)
        await self._accounts.audit("sites.purge", name, site=name)

    async def _begin_anew(self, name: str) -> None:
        if await self._personal.has_people(name):
            raise Conflict(
                f"A removed site named {name} left comments here. `antechamber erase {name} --all` drops them, "
                "`sites add --adopt` takes them over."
            )
        await self._personal.purge(name)  # settings and counts alone

    async def change(
        self,
        name: str,
        *,
        url: str | None = None,
        callback: str | None = None,
        require_email: bool | None = None,
        require_name: bool | None = None,
        second_factor: bool | None = None,
        accepts_edits: bool | None = None,
        circle: str | None = None,
        time_zone: str | None = None,
    ) -> Known:
        """Change what is named of a site; None leaves it as it is. A call-back that is named ends a pause of the one before.

        Raises NotFound, InvalidSubmission, Conflict.
        """
        wanted = {
            "url": url, "callback": callback, "require_email": require_email, "require_name": require_name,
            "second_factor": second_factor, "accepts_edits": accepts_edits,
            "time_zone": time_zone,
        }  # fmt: skip
        changes = {field: value for field, value in wanted.items() if value is not None}
        check_circle(circle or "")
        check_zone(time_zone or "")

        def changed(site: Site) -> Site:
            after = msgspec.structs.replace(site, **changes)
            if circle is None or circle == site.circle:
                return after
            before = dict.fromkeys((site.circle, *site.circles_before))
            before.pop(circle, None)
            return msgspec.structs.replace(after, circle=circle, circles_before=tuple(before))

        known = await self._accounts.change(name, changed, "sites.set")
        if callback is not None:
            await self._outbox.resume(name)  # a pause was the old receiver's
        return known

    async def rotate(self, name: str, overlap_days: float) -> Known:
        """Give a site new credentials; the present ones keep working for some days. Raises NotFound, Conflict."""
        return await self._accounts.rotate(name, overlap_days * DAY)

    async def remove(self, name: str) -> None:
        """Remove a site, its keys, its platforms' secrets and its model versions, and let no moderator see it. Raises NotFound.

        Its comments stay until they are erased; their texts go at their time. What `forget_secrets` raises is raised last.
        """
        await self._personal.note_circles((await self._accounts.get(name)).site)
        await self._accounts.remove(name)
        await self._moderator_store.forget_site(name)
        await self._models.forget_site(name)
        await self._outbox.resume(name)  # what still waits is given up, even if its receiver was paused
        await asyncio.to_thread(self._forget_secrets, name)

    async def left(self) -> list[str]:
        """The names of removed sites that left comments. Goes through all keys."""
        there = {site.id for site in await self._accounts.all()}
        return [name for name in await self._personal.sites() if name not in there]

    async def all(self) -> list[Site]:
        """Every site, by name."""
        return await self._accounts.all()

    async def get(self, name: str) -> Known:
        """A site by its name. Raises NotFound."""
        return await self._accounts.get(name)

    async def find(self, name: str) -> Known | None:
        """A site by its name, or None."""
        return await self._accounts.find(name)

    async def overview(self) -> list[Overview]:
        """Every site, by name, with its counts."""
        return [Overview(site, await self._comments.counts(site.id)) for site in await self._accounts.all()]

    async def show(self, name: str) -> State:
        """All that there is to say of a site. Raises NotFound."""
        known = await self._accounts.get(name)
        return State(known, await self._comments.counts(name), await self._outbox.endpoint(name))
