"""The use cases of platforms that don't speak of comments by an id of their own: finding the comment that they mean, correcting
what was said of it, promising a later word, suggesting labels, counting. For the Akismet and Perspective dialects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import msgspec

from service.clock import now_ms
from service.core.comment import Actor, Comment, platform_moderator
from service.core.counters import Day, day_of
from service.core.delivery import ReturnAddress, back
from service.core.errors import Gone
from service.core.example import Lesson, suggestion
from service.core.identity import IdentityKeys, mask_addresses
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.likeness import Meant, choose, is_it, is_whole
from service.core.site import Site
from service.core.verdict import Verdict
from service.store.examples import Examples
from service.store.outbox import Outbox
from service.store.platform_ids import PlatformIds
from service.usecases.moderation import Moderation

_MOST_LIVES = 50  # how often the same words may be erased and said again


class Feedback:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderation: Moderation,
        platform_ids: PlatformIds,
        examples: Examples,
        keys: IdentityKeys,
        *,
        outbox: Outbox,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderation = moderation
        self._platform_ids = platform_ids
        self._examples = examples
        self._keys = keys
        self._outbox = outbox
        self._clock = clock

    async def find(self, site: Site, meant: Meant) -> tuple[str, Comment | None]:
        """The platform id of the comment that is meant, and the comment, if it is here.

        It is meant by our own id, by the platform's, or by what it is known by (`core.likeness`). What was erased stays erased,
        what was edited is no longer what it was, and what the platform has a name for is nothing else: the same said again is
        another comment then, with the next id. Raises Gone.
        """
        for identity in (meant.guid, await self._platform_ids.named(site.id, meant.name) if meant.name else ""):
            comment = await self._live(site, identity) if identity else None
            if comment is not None:
                return comment.platform_id, comment
        ids = meant.likeness.ids
        free, comment = await self._lives(site, ids[0], meant)
        if comment is None:
            comment = await self._others(site, [*ids[1:], meant.earlier_id], meant)
        if comment is not None:
            return comment.platform_id, comment
        if not free:
            raise Gone
        return free, None

    async def _lives(self, site: Site, base: str, meant: Meant) -> tuple[str, Comment | None]:
        """The first platform id of those made of `base` that is free, "" when none is; or the comment that is meant."""
        for life in range(1, _MOST_LIVES + 1):
            platform_id = base if life == 1 else f"{base}-{life}"
            comment = await self._moderation.comments.get(self._moderation.identify(site.id, platform_id))
            if comment is None:
                return platform_id, None
            said = comment.submission is not None and is_it(comment.submission, meant.submission)
            if said and not (meant.name and await self._platform_ids.named_otherwise([comment.id], meant.name)):
                return platform_id, comment
        return "", None

    async def _others(self, site: Site, bases: Sequence[str], meant: Meant) -> Comment | None:
        """The comment that is meant, under an id of earlier keys or an earlier version, or among the author's on the page."""
        kin = await self._platform_ids.kin(site.id, meant.likeness.kin) if meant.again else []
        names = dict.fromkeys([*(self._moderation.identify(site.id, base) for base in bases if base), *kin])
        others = await self._platform_ids.named_otherwise(list(names), meant.name) if meant.name else set()
        found = [
            one
            for one in await self._moderation.comments.get_many([name for name in names if name not in others])
            if one is not None and one.site == site.id and one.submission is not None
        ]
        for one in found:
            if one.submission is not None and is_whole(one.submission, meant.submission):
                return one
        return choose(found, meant) if meant.again else None

    async def remember(self, site: Site, meant: Meant, comment: str) -> None:
        """Remember what a comment is known by: the platform's own name of it, and the indexes of its author and page."""
        await self._platform_ids.name(site.id, meant.name, comment, meant.likeness.noted, self._clock())

    async def promise(self, comment: str, address: ReturnAddress) -> State | None:
        """Note where a later word on a comment goes; the state of the comment at that moment, None when it is gone."""
        return await self._platform_ids.promise(comment, address)

    async def promise_approval(self, site: Site, comment: str, address: ReturnAddress) -> None:
        """Note where an approval goes, and say it at once if the comment was approved before anybody could note that."""
        if await self._platform_ids.promise(comment, address) is not State.APPROVED:
            return
        found = await self._moderation.comments.find(site.id, comment)
        if found is None or found.decision is None or found.state is not State.APPROVED:
            return
        word = back(comment, found.decision.revision, State.APPROVED)
        body = msgspec.json.encode(address)
        await self._outbox.announce(site.id, comment, id=word.id, kind=word.type, body=body, now=self._clock())

    async def correct(
        self,
        site: Site,
        comment: str,
        outcome: Outcome,
        *,
        reporter: str,
        reasons: Sequence[str],
        lesson: Lesson | None,
    ) -> None:
        """A human on the platform contradicts or confirms what was said. Said again, it changes nothing.

        `reporter` is who said so on the platform, and known to us by a digest. Raises NotFound, Gone, Conflict.
        """
        seen = await self._moderation.get(site, comment)
        if seen.human and seen.ruled is outcome:
            return
        await self._moderation.decide(
            site, comment, outcome, actor=self.actor(site, reporter), reasons=reasons, lesson=lesson, tell_back=False
        )

    async def suggest(
        self, site: Site, text: str, labels: Mapping[str, float], verdict: Verdict, *, source: str, token: str
    ) -> bool:
        """Keep a suggestion of labels for a text that is no comment of ours. False: it was made before."""
        actor = str(Actor(ActorKind.PLATFORM, site.id))
        masked = mask_addresses(text)
        once = self._keys.digest("s", f"{masked}\0{token}")  # so that the example's id is a keyed digest
        return await self._examples.add(
            suggestion(
                site.id, masked, labels, actor=actor, at=self._clock(), source=source, verdict=verdict, token=once
            )
        )

    async def count_check(self, site: Site) -> None:
        """Count a request, for the statistics."""
        await self._platform_ids.count_check(site.id, self.today(site))

    async def days(self, site: Site, since: date) -> list[Day]:
        """What was said on each day since `since` on which anything was, in order."""
        begun = day_of(site.created_at, site.time_zone).replace(day=1)
        return await self._platform_ids.days(site.id, max(since, begun), self.today(site))

    def today(self, site: Site) -> date:
        """The day that is counted on, by the site's midnight."""
        return day_of(self._clock(), site.time_zone)

    def actor(self, site: Site, reporter: str) -> Actor:
        """Who speaks: a moderator on the platform, known by a digest, or just the platform."""
        if not reporter:
            return Actor(ActorKind.PLATFORM, site.id)
        return platform_moderator(site.id, self._keys.digest("m", f"{site.id}\0{reporter.lower()}"))

    async def _live(self, site: Site, comment: str) -> Comment | None:
        found = await self._moderation.comments.find(site.id, comment)
        return found if found is not None and found.state is not State.ERASED else None
