"""Looking at campaigns: which there are, how far they spread, where their comments stand. For `web.review`.

A campaign may reach over sites that whoever asks does not see: its size, spread and states are of all of it, its comments are
those of the sites that are asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple

from service.core.errors import NotFound
from service.core.lifecycle import State
from service.store.comments import Comments
from service.store.queue import QueueFacets
from service.store.reputation import Campaign, Reputations
from service.usecases.review.queue import Lists, Seen

MOST_LISTED = 100
"""Campaigns in the list, the latest."""
_LATEST = 50  # of a campaign's comments, among which the list looks for one that may be seen


class CampaignMembers(NamedTuple):
    """A campaign; `held` and `members` are of the sites that the moderator sees, the oldest first."""

    campaign: Campaign
    held: int
    members: list[Seen]


class Campaigns:
    """The use case."""

    def __init__(self, comments: Comments, facets: QueueFacets, reputations: Reputations, lists: Lists) -> None:
        self._comments = comments
        self._facets = facets
        self._reputations = reputations
        self._lists = lists

    async def all(self, sites: Collection[str]) -> list[CampaignMembers]:
        """The campaigns with a comment on one of the sites, the latest first, each with its latest comment there."""
        found = await self._reputations.campaigns(MOST_LISTED)
        around = await asyncio.gather(*[self._look(campaign, sites, latest=_LATEST, most=1) for campaign in found])
        return [one for one in around if one.members]

    async def one(self, name: str, sites: Collection[str], most: int) -> CampaignMembers:
        """A campaign with its latest comments. Raises NotFound, also when none of them may be seen."""
        found = await self.around(name, sites, most)
        if found is None or not found.members:
            raise NotFound("There is no such campaign, or it is no longer remembered.")
        return found

    async def around(self, name: str, sites: Collection[str], most: int, *, but: str = "") -> CampaignMembers | None:
        """A campaign with its latest comments without `but`; None when it is not remembered."""
        campaign = await self._reputations.campaign(name) if name else None
        return await self._look(campaign, sites, but=but, most=most) if campaign is not None else None

    async def _look(
        self, campaign: Campaign, sites: Collection[str], *, most: int, latest: int = 0, but: str = ""
    ) -> CampaignMembers:
        held, members = await asyncio.gather(
            asyncio.gather(*[self._facets.count(site, {"campaign": (campaign.id,)}) for site in sorted(sites)]),
            self._reputations.members(campaign.id, latest=latest),
        )
        names = [comment for site, comment in members if site in sites and comment != but]
        return CampaignMembers(campaign, sum(held), await self._some(names[-most:]))

    async def _some(self, comments: Sequence[str]) -> list[Seen]:
        found = await self._comments.get_many(comments)
        return await self._lists.seen([one for one in found if one is not None and one.state is not State.ERASED])
