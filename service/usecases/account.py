"""The use cases of somebody's own account: a new password, a second factor, recovery codes, preferences.

Each but the last asks for the password again, since a session may be somebody else's by now, and ends all other sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from service.clock import now_ms
from service.core.errors import CodeNeeded, Conflict, Forbidden, InvalidSubmission, Unauthenticated
from service.core.moderator import Moderator, check_password
from service.store.moderators import ModeratorStore
from service.store.sites import Accounts
from service.usecases.moderators import Moderators, SignedIn
from service.usecases.second_factor import Enrolment, confirmed, enrolment, recovery_codes, seed

_ISSUER = "Antechamber"
_CHANGED = "Your account has been changed meanwhile; begin again."


class Renewed(NamedTuple):
    """A new session, and the recovery codes to be shown this once."""

    me: SignedIn
    codes: list[str]

    def __repr__(self) -> str:
        return f"Renewed({self.me})"


class Account:
    """The use cases. `clock` gives milliseconds since 1970, `master` is the master secret."""

    def __init__(
        self,
        moderators: Moderators,
        moderator_store: ModeratorStore,
        accounts: Accounts,
        *,
        master: bytes,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderators = moderators
        self._moderator_store = moderator_store
        self._accounts = accounts
        self._master = master
        self._clock = clock

    async def set_password(self, me: SignedIn, current: str, new: str, address: str, code: str = "") -> SignedIn:
        """A new password; a new session, and the end of all others. Raises InvalidSubmission, RateLimited, Busy, Conflict."""
        check_password(new)
        member = await self._prove(me, current, address, code)
        hashed = await self._moderators.hash(new)
        kept = await self._change(member, lambda now: msgspec.structs.replace(now, password=hashed))
        return await self._renew(me, kept, "account.password")

    async def enrol(self, me: SignedIn, current: str, address: str) -> Enrolment:
        """Begin with a second factor: the secret for an app. Raises InvalidSubmission, RateLimited, Busy, Conflict."""
        if me.member.second is not None:
            raise Conflict("You have a second factor already; take it away first.")
        fresh = seed()
        member = await self._prove(me, current, address, "")
        await self._moderator_store.change(member.name, lambda now: msgspec.structs.replace(now, enrolling=fresh))
        return enrolment(self._master, member.name, fresh, _ISSUER)

    async def confirm(self, me: SignedIn, code: str) -> Renewed:
        """A code shows that the app has the secret: from now on it is needed. Raises InvalidSubmission, Conflict."""
        member = me.member
        second = confirmed(self._master, member, code, self._clock())
        if second is None:
            raise InvalidSubmission("This is not the code that the app shows now.", pointer="/code")
        codes, kept = recovery_codes(self._master, member.name)
        second = msgspec.structs.replace(second, recovery=kept)

        def with_it(now: Moderator) -> Moderator:
            if now.enrolling != second.seed:
                raise Conflict(_CHANGED)
            return msgspec.structs.replace(now, second=second, enrolling="")

        return Renewed(await self._renew(me, await self._change(member, with_it), "account.second-factor"), codes)

    async def new_codes(self, me: SignedIn, current: str, address: str, code: str) -> Renewed:
        """New recovery codes; the old ones are good no more. Raises InvalidSubmission, RateLimited, Busy, Conflict."""
        member = await self._prove(me, current, address, code)
        codes, kept = recovery_codes(self._master, member.name)

        def with_them(now: Moderator) -> Moderator:
            if now.second is None:
                raise Conflict("You have no second factor.")
            return msgspec.structs.replace(now, second=msgspec.structs.replace(now.second, recovery=kept))

        return Renewed(await self._renew(me, await self._change(member, with_them), "account.recovery-codes"), codes)

    async def end(self, me: SignedIn, current: str, address: str, code: str) -> SignedIn:
        """Do without a second factor. Raises InvalidSubmission, RateLimited, Busy, Forbidden where one is needed."""
        if await self._moderators.needs_second_factor(me.member):
            raise Forbidden("Your role, or a site that you see, needs a second factor.")
        member = await self._prove(me, current, address, code)
        kept = await self._change(member, lambda now: msgspec.structs.replace(now, second=None, enrolling=""))
        return await self._renew(me, kept, "account.second-factor", "taken away")

    async def preferences(self, me: SignedIn) -> dict[str, bytes]:
        """What somebody prefers at the page: name to JSON, as it was put."""
        return await self._moderator_store.preferences(me.member.name)

    async def prefer(self, me: SignedIn, changes: Mapping[str, bytes | None]) -> dict[str, bytes]:
        """Keep some preferences, None forgets one; all that are kept then."""
        await self._moderator_store.prefer(me.member.name, changes)
        return await self.preferences(me)

    async def _prove(self, me: SignedIn, current: str, address: str, code: str) -> Moderator:
        """See that it is they who ask. Wrong guesses count and cost pauses as those at the door do."""
        if not me.member.password:
            raise Conflict("You sign in at your organisation, and have no password here.")
        try:
            return await self._moderators.prove(me.member.name, current, address, code)
        except CodeNeeded as error:
            raise InvalidSubmission("A code of your second factor is needed too.", pointer="/code") from error
        except Unauthenticated as error:
            said = error.detail if error.pointer else "This is not your password."
            raise InvalidSubmission(said, pointer=error.pointer or "/current") from error

    async def _change(self, proved: Moderator, change: Callable[[Moderator], Moderator]) -> Moderator:
        """Change an account that nobody has changed since, and end its sessions and its link. Raises Conflict."""

        def changed(now: Moderator) -> Moderator:
            if now.generation != proved.generation:
                raise Conflict(_CHANGED)
            return msgspec.structs.replace(change(now), generation=now.generation + 1, invited="", invited_until=0)

        return (await self._moderator_store.change(proved.name, changed)).after

    async def _renew(self, me: SignedIn, member: Moderator, what: str, note: str = "") -> SignedIn:
        await self._accounts.audit(what, member.name, actor=me.actor, note=note)
        await self._moderator_store.close(me.token)
        return await self._moderators.begin(member, provider=me.provider)
