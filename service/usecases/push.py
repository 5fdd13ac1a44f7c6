"""The use cases of Web Push: a moderator's browser is told that comments wait, until they sign out in it or say otherwise.

A browser belongs to one moderator, and to the session in which it was last seen. Sessions end by themselves, and it goes on
being told all the same, since that is what it is for; it is forgotten when somebody signs out there or everywhere, when the
password changes elsewhere, when the push service says that it is gone, and when the page was not opened for a month.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from service.clock import now_ms
from service.core.errors import NotFound
from service.core.moderator import Moderator
from service.core.notice import Notice
from service.core.push import KEPT_DAYS, Browser, Subscription
from service.store.moderators import ModeratorStore
from service.store.push import PushStore
from service.usecases.moderators import SignedIn

_KEPT = KEPT_DAYS * 86_400_000  # ms


class Reader(NamedTuple):
    """Somebody whom a notice reaches: the notice as it is for them, and their browsers by id."""

    member: Moderator
    notice: Notice
    browsers: dict[str, Browser]


class Push:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(self, store: PushStore, moderator_store: ModeratorStore, *, clock: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._moderator_store = moderator_store
        self._clock = clock

    async def subscribe(self, me: SignedIn, subscription: Subscription) -> None:
        """Tell this browser from now on. It is told for nobody else any more."""
        others = [one.name for one in await self._moderator_store.all() if one.name != me.member.name]
        await self._store.keep(me.member.name, self._browser(me, subscription), others)

    async def renew(self, me: SignedIn, subscription: Subscription) -> None:
        """Note that the page is open in a browser that is theirs already. Raises NotFound when it is not."""
        name = me.member.name
        kept = (await self._store.of(name)).get(self._id(subscription.endpoint))
        if kept is None or kept.generation != me.member.generation or kept.seen < self._clock() - _KEPT:
            raise NotFound("This browser is not told for you.")
        await self._store.keep(name, self._browser(me, subscription))

    async def unsubscribe(self, me: SignedIn, endpoint: str) -> None:
        """Tell a browser no more, if it is theirs."""
        await self._store.forget(me.member.name, self._id(endpoint))

    async def readers(self, notice: Notice) -> list[Reader]:
        """Whom a notice reaches, and in which browsers; those that are good no more are forgotten."""
        found = []
        for member in await self._moderator_store.all():
            personal = notice.of(member)
            browsers = await self._store.of(member.name) if personal is not None else {}
            over = [one for one, browser in browsers.items() if not self._is_good(member, browser)]
            await self._store.forget(member.name, *over)
            left = {one: browser for one, browser in browsers.items() if one not in over}
            if personal is not None and left:
                found.append(Reader(member, personal, left))
        return found

    async def gone(self, reader: Reader, one: str) -> None:
        """A push service says that a browser is gone."""
        await self._store.forget(reader.member.name, one)

    def _is_good(self, member: Moderator, browser: Browser) -> bool:
        return browser.generation == member.generation and browser.seen >= self._clock() - _KEPT

    def _browser(self, me: SignedIn, subscription: Subscription) -> Browser:
        return Browser(
            *subscription, generation=me.member.generation, session=self._store.digest(me.token, b"session"), seen=self._clock()
        )  # fmt: skip

    def _id(self, endpoint: str) -> str:
        return self._store.digest(endpoint, b"push")
