"""The use cases of signing in at the team's own provider (OpenID Connect): going there, coming back, and who may.

Nobody comes in who is not known here: a moderator whom an operator has invited, who is known by the provider's own name of
them from then on, or a member of a group that the settings name (`oidc_groups`), whose account is made at the first sign-in
and follows the groups at each. Names and addresses that the provider tells prove nothing here, since people choose them.

What is remembered of a browser that goes there is in a cookie of its own, a *ticket*: state, nonce and PKCE's verifier are
derived from it, and each ticket does once.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from service.clock import now_ms
from service.core.errors import (
    AntechamberError,
    Busy,
    Conflict,
    NotFound,
    ProviderUnavailable,
    RateLimited,
    Unauthenticated,
)
from service.core.identity import IdentityKeys, digest_ip
from service.core.moderator import Moderator
from service.core.provider import Grant, Identity, NotAdmitted, Why, granted, names
from service.metrics import SIGN_INS
from service.store.moderators import ModeratorStore
from service.store.sites import Accounts
from service.usecases.invitations import Invitations, keyed
from service.usecases.moderators import Moderators, SignedIn, access_of, note_failure

if TYPE_CHECKING:
    from service.lookups.provider import Provider

_TICKET_LIVES = 10 * 60_000  # ms
_BYTES = 24  # of a ticket: 192 bits
_AT_ONCE = 8  # exchanges with the provider under way: of networks where somebody has signed in before, and of others
_SOON = 5  # seconds
_ACTOR = "provider"

_log = structlog.get_logger("sign-in")


class Begun(NamedTuple):
    """Where to send a browser, and the ticket that it is to keep. The repr hides it."""

    address: str
    ticket: str

    def __repr__(self) -> str:
        return "Begun(…)"


class Returned(NamedTuple):
    """What a browser brought back: the ticket that it kept, and the provider's answer. The repr hides it."""

    ticket: str
    state: str
    code: str
    issuer: str | None  # as the answer names it

    def __repr__(self) -> str:
        return "Returned(…)"


class ProviderSignIn:
    """The use cases. `provider` None: the operator has none. `back` is where it sends people, `home` the page."""

    def __init__(
        self,
        provider: Provider | None,
        moderators: Moderators,
        invitations: Invitations,
        moderator_store: ModeratorStore,
        accounts: Accounts,
        *,
        master: bytes,
        identity: IdentityKeys,
        grants: Sequence[Grant] = (),
        label: str = "",
        home: str = "",
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._provider = provider
        self._moderators = moderators
        self._invitations = invitations
        self._moderator_store = moderator_store
        self._accounts = accounts
        self._master = master
        self._identity = identity
        self._grants = tuple(grants)
        self._label = label
        self._home = home
        self._clock = clock
        self._lanes = {known: asyncio.Semaphore(_AT_ONCE) for known in (True, False)}

    def __repr__(self) -> str:
        return "ProviderSignIn(…)"

    @property
    def label(self) -> str:
        """What the provider is called on the button; "" when there is none."""
        return self._label if self._provider is not None else ""

    async def close(self) -> None:
        """Close what is open."""
        if self._provider is not None:
            await self._provider.close()

    async def begin(self, invitation: str = "") -> Begun:
        """Send a browser to the provider. Raises NotFound when there is none, ProviderUnavailable."""
        if self._provider is None:
            raise NotFound
        parts = (
            str(self._clock()),
            secrets.token_urlsafe(_BYTES),
            self._invitations.digest(invitation) if invitation else "",
        )
        said = ".".join(parts)
        ticket = f"{said}.{self._mac('ticket', said)}"
        address = await self._provider.address(
            back=self._back, state=self._mac("state", ticket), nonce=self._mac("nonce", ticket),
            verifier=self._mac("verifier", ticket),
        )  # fmt: skip
        return Begun(address, ticket)

    async def finish(self, returned: Returned, address: str, *, before: str = "") -> SignedIn:
        """Somebody comes back: a session of theirs; that of the token `before` ends. `address` is where they come from.

        Anybody can come with a code that is none, and each costs a question to the provider. So strangers' networks are slowed as
        they are at the door, and have a lane of their own.

        Raises NotFound, Unauthenticated, RateLimited, Busy, ProviderUnavailable.
        """
        if self._provider is None:
            raise NotFound
        network = digest_ip(address, self._identity).network
        async with self._noted(network):
            invitation = self._opened(returned)
            if not returned.code:
                raise NotAdmitted(Why.CANCELLED)
            async with self._turn(network):
                if not await self._moderator_store.use_ticket(returned.ticket, _TICKET_LIVES):
                    raise NotAdmitted(Why.REFUSED)
                who = await self._provider.identify(
                    returned.code, back=self._back, nonce=self._mac("nonce", returned.ticket),
                    verifier=self._mac("verifier", returned.ticket), issuer=returned.issuer,
                )  # fmt: skip
            member = await self._member(who, invitation)
            await self._moderator_store.welcome(member.name, network, self._clock())
            if before:
                await self._moderator_store.close(before)
            return await self._moderators.begin(member, provider=True)

    async def leaving(self, me: SignedIn) -> str:
        """Where somebody goes on who signs out and came by the provider; "" for nowhere."""
        return await self._provider.leaving(self._home) if self._provider is not None and me.provider else ""

    @property
    def _back(self) -> str:
        return f"{self._home}/api/provider/answer"

    def _opened(self, returned: Returned) -> str:
        """The digest of the invitation in a ticket of ours, which is of this browser and of just now. Raises NotAdmitted."""
        said, _, mac = returned.ticket.rpartition(".")
        ours = hmac.compare_digest(mac.encode(errors="replace"), self._mac("ticket", said).encode())
        state = self._mac("state", returned.ticket)
        if not ours or not hmac.compare_digest(returned.state.encode(errors="replace"), state.encode()):
            raise NotAdmitted(Why.REFUSED)
        at, _, invitation = said.split(".")
        if self._clock() - int(at) > _TICKET_LIVES:
            raise NotAdmitted(Why.LATE)
        return invitation

    async def _member(self, who: Identity, invitation: str) -> Moderator:
        """Whose account it is. Raises NotAdmitted, Conflict."""
        subject = self._mac("subject", who.subject)
        everybody = await self._moderator_store.all()
        known = next((one for one in everybody if one.provider and hmac.compare_digest(one.provider, subject)), None)
        if invitation:
            return await self._connected(everybody, known, subject, invitation)
        if known is not None and known.locked_at:
            raise NotAdmitted(Why.UNKNOWN)
        allowed = granted(self._grants, who.groups)
        if known is None:
            if allowed is None:
                raise NotAdmitted(Why.UNKNOWN)
            return await self._made(who, subject, allowed)
        return await self._following(known, allowed) if known.managed else known

    async def _connected(
        self, everybody: Sequence[Moderator], known: Moderator | None, subject: str, invitation: str
    ) -> Moderator:
        invited = self._invitations.whose(invitation, everybody)
        if invited is None:
            raise NotAdmitted(Why.INVITATION)
        if known is not None and known.name != invited.name:
            raise NotAdmitted(Why.ANOTHER)

        def connected(now: Moderator) -> Moderator:
            if self._invitations.whose(invitation, [now]) is None:
                raise NotAdmitted(Why.INVITATION)
            return msgspec.structs.replace(
                now, provider=subject, invited="", invited_until=0, link_sets_password=False, link_forgets_second=False,
                second=None if now.link_forgets_second else now.second, generation=now.generation + 1,
            )  # fmt: skip

        kept = (await self._moderator_store.change(invited.name, connected)).after
        await self._accounts.audit("account.provider", kept.name, actor=f"moderator:{kept.name}", note="connected")
        return kept

    async def _made(self, who: Identity, subject: str, allowed: Grant) -> Moderator:
        """A new account, by a name that nobody has."""
        for name in names(who.name):
            now = self._clock()
            member = Moderator(
                name,
                allowed.role,
                allowed.sites,
                "",
                now,
                generation=secrets.randbits(53),
                provider=subject,
                managed=True,
            )
            if await self._moderator_store.add(member):
                await self._accounts.audit("moderators.add", name, actor=_ACTOR, note=access_of(member))
                return member
        raise Conflict("There are too many of that name.")

    async def _following(self, known: Moderator, allowed: Grant | None) -> Moderator:
        """Somebody whose groups say what they are: as these stand now. Who is in none is signed out everywhere."""

        def followed(now: Moderator) -> Moderator:
            if allowed is None:
                return msgspec.structs.replace(now, generation=now.generation + 1)
            kept = msgspec.structs.replace(now, role=allowed.role, sites=allowed.sites)
            return msgspec.structs.replace(kept, generation=now.generation + 1) if kept != now else now

        changed = await self._moderator_store.change(known.name, followed)
        if allowed is None:
            await self._accounts.audit("session.end-all", known.name, actor=_ACTOR, note="in no group any more")
            raise NotAdmitted(Why.UNKNOWN)
        if changed.saved:
            note = f"{access_of(changed.before)} → {access_of(changed.after)}"
            await self._accounts.audit("moderators.access", known.name, actor=_ACTOR, note=note)
        return changed.after

    @asynccontextmanager
    async def _turn(self, network: str) -> AsyncIterator[None]:
        """A place in the lane of a network, at once or not at all. Raises Busy, and RateLimited where strangers failed often."""
        known = await self._moderator_store.welcomed(network)
        lane = self._lanes[known]
        if lane.locked():
            raise Busy("Too many sign in just now; try again in a moment.", retry_after=_SOON)
        async with lane:
            if not known:
                await self._moderators.from_strangers(network)
            try:
                yield
            except ProviderUnavailable:
                if not known:
                    await self._moderators.no_strangers_fault(network)
                raise

    @asynccontextmanager
    async def _noted(self, network: str) -> AsyncIterator[None]:
        """Count how it ends, and log it when it fails."""
        try:
            yield
        except (Unauthenticated, RateLimited, Busy, ProviderUnavailable, Conflict) as error:
            note_failure(_why(error), network)
            raise
        SIGN_INS.labels("right").inc()

    def _mac(self, what: str, said: str) -> str:
        return keyed(self._master, f"provider {what}", said)


def _why(error: AntechamberError) -> str:
    if isinstance(error, ProviderUnavailable):
        return "unavailable"
    if isinstance(error, RateLimited):
        return "paused"
    return "busy" if isinstance(error, Busy) else "refused"
