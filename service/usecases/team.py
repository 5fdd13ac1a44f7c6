"""The use cases of keeping a team: who there is, inviting, changing what somebody may do and see, links, locking, removing.

Whoever acts at the page is a *witness* of what they do: it is done only while they are still one who may, in the same step.
Nobody changes themself here, so that whoever changes somebody stays, and a team never loses the last who may. The command line
may do everything. Each act is in the audit log, with what was before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from service.clock import now_ms
from service.core.errors import Conflict, Forbidden, InvalidSubmission, NotFound
from service.core.moderator import MAY, Moderator, Right, Role, fold_name
from service.store.moderators import MISSING, ModeratorStore
from service.store.sites import OPERATOR, Accounts
from service.usecases.invitations import Invitations
from service.usecases.moderators import Moderators, SignedIn, access_of, name_taken

_NOT_YOU = "Your role does not allow this."
_NOT_ONESELF = "Nobody changes themself here; ask another operator."
_BEYOND = "They see sites that you don't; ask an operator who sees them all."
_OTHERS_SITES = "You can give only sites that you see yourself; name them."
_LOCKED = "They are locked; unlock them first."
_Change = Callable[[Moderator], Moderator | None]


class Person(NamedTuple):
    """Somebody of the team, as whoever looks sees them."""

    member: Moderator
    seen_at: int  # when they were last here, milliseconds since 1970, 0: never
    required: bool  # whether they must have a second factor
    governed: bool  # whether whoever looks may change them
    link_good: bool  # whether there is a link for them that is good now


class Link(NamedTuple):
    """A link for somebody, to be shown this once. The repr hides it."""

    name: str
    address: str
    until: int  # milliseconds since 1970

    def __repr__(self) -> str:
        return f"Link({self.name})"


class Team:
    """The use cases. `by` is who acts, None: the command line. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderators: Moderators,
        invitations: Invitations,
        moderator_store: ModeratorStore,
        accounts: Accounts,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderators = moderators
        self._invitations = invitations
        self._moderator_store = moderator_store
        self._accounts = accounts
        self._clock = clock

    def __repr__(self) -> str:
        return "Team(…)"

    async def people(self, me: Moderator) -> list[Person]:
        """Who works on a site that `me` sees, by name."""
        seen, now = await self._moderator_store.last_seen(), self._clock()
        return [
            Person(
                one,
                seen.get(one.name, 0),
                await self._moderators.needs_second_factor(one),
                me.governs(one),
                bool(one.invited) and now <= one.invited_until,
            )
            for one in await self._moderator_store.all()
            if me.works_with(one)
        ]

    async def person(self, me: Moderator, name: str) -> Person:
        """One of them. Raises NotFound."""
        found = next((one for one in await self.people(me) if one.member.name == name), None)
        if found is None:
            raise NotFound(MISSING)
        return found

    async def invite(
        self, by: SignedIn | None, name: str, role: Role, sites: Sequence[str] = (), *, password: bool = True
    ) -> Link:
        """Invite somebody new: a link by which they choose a password, or else connect with who they are at the provider.

        Raises InvalidSubmission, NotFound, Conflict, Forbidden.
        """
        name, given = fold_name(name), await self._given(by, sites)
        await self._moderators.check_free(name)
        token, link = self._invitations.make()
        fresh = msgspec.structs.replace(
            self._moderators.fresh(name, role, given), invited=link.digest, invited_until=link.until,
            link_sets_password=password,
        )  # fmt: skip

        def invited(witness: Moderator | None, there: Moderator | None) -> Moderator:
            self._check(by, witness, fresh)
            if there is not None:
                raise name_taken(name)
            return fresh

        await self._moderator_store.transform(name, invited, witness=_name(by))
        await self._audit("moderators.invite", name, by, f"new: {access_of(fresh)}")
        return Link(name, self._invitations.address(token), link.until)

    async def link(self, by: SignedIn | None, name: str, *, password: bool = True, forget_second: bool = False) -> Link:
        """A link for somebody who is there; an earlier one is good no more. Nothing else changes before it is used.

        With it they choose a password (`password`), or connect with who they are at the provider; `forget_second` takes their
        second factor away then. Raises NotFound, Conflict, Forbidden.
        """
        token, link = self._invitations.make()

        def linked(now: Moderator) -> Moderator:
            if now.managed:
                raise Conflict(f"{now.name} comes in by their groups at the provider; they need no link.")
            if now.locked_at:
                raise Conflict(_LOCKED)
            return msgspec.structs.replace(
                now, invited=link.digest, invited_until=link.until, link_sets_password=password,
                link_forgets_second=forget_second,
            )  # fmt: skip

        before, _ = await self._act(by, name, linked)
        what = "for a new password" if password else "for the provider"
        if forget_second:
            what += ", second factor taken away by it"
        await self._audit("moderators.link", before.name, by, what if before.accepted else f"again, {what}")
        return Link(before.name, self._invitations.address(token), link.until)

    async def set_access(
        self, by: SignedIn | None, name: str, role: Role | None = None, sites: Sequence[str] | None = None
    ) -> Moderator:
        """Change role or sites (none: all), which ends their sessions. Raises NotFound, Conflict, Forbidden, InvalidSubmission.

        What is not given stays as it is then, whoever changes it meanwhile, and the log says what was and what was kept.
        """
        seen = None if sites is None else await self._given(by, sites)

        def changed(now: Moderator) -> Moderator:
            if now.managed:
                raise Conflict(f"What {now.name} may do and see is what their groups at the provider say.")
            kept = msgspec.structs.replace(now, role=role or now.role, sites=now.sites if seen is None else seen)
            if by is not None:
                self._check(by, by.member, kept)
            return _out(kept) if kept != now else now

        before, after = await self._act(by, name, changed)
        if after is None:
            raise NotFound(MISSING)
        if before != after:
            await self._audit("moderators.access", after.name, by, f"{access_of(before)} → {access_of(after)}")
        return after

    async def forget_second_factor(self, by: SignedIn | None, name: str) -> None:
        """Take a moderator's second factor away, since they lost it; it ends all their sessions. Raises NotFound, Conflict."""

        def bare(now: Moderator) -> Moderator:
            if now.second is None:
                raise Conflict(f"{now.name} has no second factor.")
            return _out(msgspec.structs.replace(now, second=None, enrolling=""))

        await self._act(by, name, bare)
        await self._audit("moderators.second-factor", fold_name(name), by, "on → taken away")

    async def sign_out(self, by: SignedIn | None, name: str) -> None:
        """End all sessions of somebody. Raises NotFound, Forbidden."""
        await self._act(by, name, _out)
        await self._audit("session.end-all", fold_name(name), by)

    async def lock(self, by: SignedIn | None, name: str, *, locked: bool) -> None:
        """Let somebody sign in no more, or again. It ends their sessions, and no link for them is good.

        Raises NotFound, Forbidden.
        """
        at = self._clock() if locked else 0

        def turned(now: Moderator) -> Moderator:
            if bool(now.locked_at) == locked:
                return now
            return _out(msgspec.structs.replace(now, locked_at=at, invited="", invited_until=0))

        before, after = await self._act(by, name, turned)
        if before != after:
            await self._audit("moderators.lock", before.name, by, "active → locked" if locked else "locked → active")

    async def remove(self, by: SignedIn | None, name: str) -> None:
        """Remove somebody; their sessions end at once. What they decided keeps their name. Raises NotFound, Forbidden."""
        before, _ = await self._act(by, name, lambda now: None)
        await self._audit("moderators.remove", before.name, by, f"was {access_of(before)}")

    async def _act(self, by: SignedIn | None, name: str, change: _Change) -> tuple[Moderator, Moderator | None]:
        """Change somebody who is there, in one step with seeing that `by` still may; what was and what is."""

        def changed(witness: Moderator | None, there: Moderator | None) -> Moderator | None:
            self._check(by, witness, there)
            if there is None:
                raise NotFound(MISSING)
            return change(there)

        before, after = await self._moderator_store.transform(fold_name(name), changed, witness=_name(by))
        if before is None:
            raise NotFound(MISSING)
        return before, after

    def _check(self, by: SignedIn | None, witness: Moderator | None, other: Moderator | None) -> None:
        """Refuse what `by`, as the store has them now (`witness`), may not do to somebody. Raises Forbidden, NotFound."""
        if by is None:
            return
        if (
            witness is None
            or witness.generation != by.member.generation
            or witness.locked_at
            or not witness.may(Right.TEAM)
        ):
            raise Forbidden(_NOT_YOU)
        if other is None or not witness.works_with(other):
            raise NotFound(MISSING)
        if other.name == witness.name:
            raise Forbidden(_NOT_ONESELF)
        if not MAY[other.role] <= MAY[witness.role]:
            raise Forbidden(_NOT_YOU)
        if not witness.governs(other):
            raise Forbidden(_BEYOND)

    async def _given(self, by: SignedIn | None, sites: Sequence[str]) -> tuple[str, ...]:
        """Sites that `by` may give. Raises NotFound, InvalidSubmission."""
        if by is not None:
            for site in sites:
                await self._moderators.site(by.member, site)
            if not by.member.covers(sites):
                raise InvalidSubmission(_OTHERS_SITES, pointer="/sites")
        return await self._moderators.known_sites(sites)

    async def _audit(self, what: str, name: str, by: SignedIn | None, note: str = "") -> None:
        await self._accounts.audit(what, name, actor=by.actor if by is not None else OPERATOR, note=note)


def _name(by: SignedIn | None) -> str:
    return by.member.name if by is not None else ""


def _out(member: Moderator) -> Moderator:
    """The same without any session."""
    return msgspec.structs.replace(member, generation=member.generation + 1)
