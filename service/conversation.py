"""The use cases of platforms that don't speak of comments by an id of their own: finding the comment that they mean, correcting
what was said of it, promising a later word, suggesting labels, counting. For the Akismet and Perspective dialects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from service.core.comment import Actor, Comment
from service.core.days import day_of
from service.core.errors import Gone
from service.core.example import Lesson, suggestion
from service.core.identity import IdentityKeys, mask_addresses
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.site import Site
from service.core.submission import comment_id
from service.core.verdict import Verdict
from service.moderation import Moderation
from service.store.client import now_ms
from service.store.correspondence import Correspondence, Day, ReturnAddress
from service.store.examples import Examples

__all__ = ["Conversation", "Day", "ReturnAddress"]  # callers need not reach into the store

_MOST_LIVES = 50  # how often the same words may be erased and said again


class Conversation:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderation: Moderation,
        correspondence: Correspondence,
        examples: Examples,
        keys: IdentityKeys,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderation = moderation
        self._correspondence = correspondence
        self._examples = examples
        self._keys = keys
        self._clock = clock

    async def find(self, site: Site, *, guid: str, name: str, base: str) -> tuple[str, Comment | None]:
        """The platform id of the comment that is meant, and the comment, if it is here.

        It is meant by our own id (`guid`), by a `name` that was remembered, or by `base`, a platform id made of what it
        says. What was erased stays erased: the same words said again are another comment, with the next id.
        """
        ids = [guid, await self._correspondence.named(site.id, name) if name else ""]
        for identity in [identity for identity in ids if identity]:
            comment = await self._live(site, identity)
            if comment is not None:
                return comment.platform_id, comment
        for life in range(1, _MOST_LIVES + 1):
            platform_id = base if life == 1 else f"{base}-{life}"
            comment = await self._moderation.comments.get(comment_id(site.id, platform_id))
            if comment is None or comment.state is not State.ERASED:
                return platform_id, comment
        raise Gone

    async def remember(self, site: Site, name: str, comment: str) -> None:
        """Remember the platform's own name of a comment (a digest)."""
        await self._correspondence.name(site.id, name, comment)

    async def promise(self, comment: str, address: ReturnAddress) -> State | None:
        """Note where a later word on a comment goes; the state of the comment at that moment, None when it is gone."""
        return await self._correspondence.promise(comment, address)

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
        return await self._examples.add(
            suggestion(
                site.id, masked, labels, actor=actor, at=self._clock(), source=source, verdict=verdict, token=token
            )
        )

    async def count_check(self, site: Site) -> None:
        """Count a request, for the statistics."""
        await self._correspondence.count_check(site.id, self.today())

    async def days(self, site: Site, since: date) -> list[Day]:
        """What was said on each day since `since` on which anything was, in order."""
        begun = day_of(site.created_at).replace(day=1)
        return await self._correspondence.days(site.id, max(since, begun), self.today())

    def today(self) -> date:
        """The day that is counted on, in UTC."""
        return day_of(self._clock())

    def actor(self, site: Site, reporter: str) -> Actor:
        """Who speaks: a moderator on the platform, known by a digest, or just the platform."""
        if not reporter:
            return Actor(ActorKind.PLATFORM, site.id)
        return Actor(ActorKind.MODERATOR, self._keys.digest("m", f"{site.id}\0{reporter.lower()}"))

    async def _live(self, site: Site, comment: str) -> Comment | None:
        found = await self._moderation.comments.find(site.id, comment)
        return found if found is not None and found.state is not State.ERASED else None
