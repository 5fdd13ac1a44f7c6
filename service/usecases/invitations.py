"""The use cases of links for moderators: making one, looking at it, and accepting it with a name and a password.

A link is good once and for a week. Its token is shown when it is made and kept as a keyed digest alone; it stands behind the
`#` of the address, which no browser sends to anybody, so that it is in no log and no Referer. Accepting one begins no session:
whoever accepted signs in as everybody does, with the second factor if they have one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec

from service.clock import now_ms
from service.core.errors import Conflict, InvalidSubmission, NotFound, RateLimited
from service.core.identity import IdentityKeys, digest_ip
from service.core.moderator import Moderator, check_password, fold_name
from service.store.moderators import ModeratorStore
from service.store.sites import Accounts
from service.usecases.moderators import Moderators, name_taken, note_failure

LINK_LIVES = 7 * 86_400_000
"""For how long a link is good, ms."""
_BYTES = 24  # of a token: 192 bits
_GONE = "This link is not good any more. Ask for another."


class Kept(NamedTuple):
    """What is kept of a link."""

    digest: str
    until: int  # milliseconds since 1970


class Invitations:
    """The use cases. `home` is the page's address, `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderators: Moderators,
        moderator_store: ModeratorStore,
        accounts: Accounts,
        *,
        master: bytes,
        identity: IdentityKeys,
        home: str = "",
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderators = moderators
        self._moderator_store = moderator_store
        self._accounts = accounts
        self._master = master
        self._identity = identity
        self._home = home
        self._clock = clock

    def __repr__(self) -> str:
        return "Invitations(…)"

    def make(self) -> tuple[str, Kept]:
        """A new token, and what is to be kept of it."""
        token = secrets.token_hex(_BYTES)  # no sign that a mail program takes for the end of the link
        return token, Kept(self.digest(token), self._clock() + LINK_LIVES)

    def address(self, token: str) -> str:
        """The link of a token."""
        return f"{self._home}#/invited/{token}"

    def digest(self, token: str) -> str:
        """What is kept of a token: 43 letters that nobody else can make."""
        return keyed(self._master, "provider invitation", token)

    def whose(self, digest: str, everybody: Iterable[Moderator]) -> Moderator | None:
        """For whom a link is, if it is good now. Every one that there is is compared, each in constant time."""
        found = [one for one in everybody if one.invited and hmac.compare_digest(one.invited, digest)]
        return next((one for one in found if self._good(one, digest)), None)

    async def look(self, token: str, address: str) -> Moderator:
        """For whom a link is. Raises NotFound, RateLimited. `address` is where whoever has it comes from."""
        async with self._counted(address):
            return await self._opened(token)

    async def accept(self, token: str, name: str, password: str, address: str) -> Moderator:
        """Use a link: the moderator with this password from now on. Who is new may take another name than was thought of.

        It ends all their sessions and pauses. Raises NotFound, InvalidSubmission, Conflict, RateLimited, Busy.
        """
        name, digest = fold_name(name), self.digest(token)
        async with self._counted(address):
            before = await self._opened(token)
        if not before.link_sets_password:
            raise Conflict("This link connects you with your organisation; sign in there.")
        check_password(password)
        if name != before.name:
            if before.accepted:
                raise InvalidSubmission("Your name stays as it is.", pointer="/name")
            await self._moderators.check_free(name, but=before.name)
        hashed = await self._moderators.hash(password)

        def accepted(now: Moderator) -> Moderator:
            if not self._good(now, digest):
                raise NotFound(_GONE)
            second = None if now.link_forgets_second else now.second
            return msgspec.structs.replace(
                now, name=name, password=hashed, second=second, enrolling="", invited="", invited_until=0,
                link_sets_password=False, link_forgets_second=False, generation=now.generation + 1,
                created_at=now.created_at if name == now.name else self._clock(),
            )  # fmt: skip

        kept = await self._keep(before.name, name, accepted)
        await self._moderator_store.pardon(kept.name)
        await self._accounts.audit(
            "account.accept", kept.name, actor=f"moderator:{kept.name}", note=_described(before, kept)
        )
        return kept

    async def _keep(self, name: str, to: str, change: Callable[[Moderator], Moderator]) -> Moderator:
        """Under the name that was thought of, or another one; whoever is second has no link any more."""
        try:
            if name == to:
                return (await self._moderator_store.change(name, change)).after
            kept = await self._moderator_store.rename(name, to, change)
        except NotFound as error:
            raise NotFound(_GONE) from error
        if kept is None:
            raise name_taken(to)
        return kept

    async def _opened(self, token: str) -> Moderator:
        found = self.whose(self.digest(token), await self._moderator_store.all())
        if found is None:
            raise NotFound(_GONE)
        return found

    def _good(self, one: Moderator, digest: str) -> bool:
        mine = hmac.compare_digest(one.invited, digest)
        return mine and not one.locked_at and self._clock() <= one.invited_until

    @asynccontextmanager
    async def _counted(self, address: str) -> AsyncIterator[None]:
        """Slow down who brings links that are none, as at the door: what fails counts where nobody has signed in before."""
        network = digest_ip(address, self._identity).network
        known = await self._moderator_store.welcomed(network)
        try:
            if not known:
                await self._moderators.from_strangers(network)
            yield
        except (NotFound, RateLimited) as error:
            note_failure("paused" if isinstance(error, RateLimited) else "refused", network)
            raise
        if not known:
            await self._moderators.no_strangers_fault(network)


def keyed(master: bytes, what: str, said: str) -> str:
    """43 letters of base64url that nobody without the master secret can make, for one purpose each."""
    mac = hmac.digest(master, f"{what}\0{said}".encode(errors="replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _described(before: Moderator, kept: Moderator) -> str:
    if not before.accepted:
        return "by invitation" if before.name == kept.name else f"by invitation, as {before.name} → {kept.name}"
    gone = before.second is not None and kept.second is None
    return "by a link: new password, second factor on → taken away" if gone else "by a link: new password"
