"""The use cases of the people who moderate: keeping their accounts, signing in and out, and who may go on.

Passwords are hashed with Argon2id (argon2-cffi) with the parameters that RFC 9106 names for little memory; a hash made with
others is renewed when its owner signs in. Guessing costs exponentially growing pauses, counted in such a way that nobody
can lock out somebody else (`docs/operations.md`): see `store/staff.py` for the counters.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from service.core.errors import Conflict, NotFound, RateLimited, Unauthenticated
from service.core.identity import IdentityKeys, digest_ip
from service.core.site import Site
from service.core.staff import MAX_PASSWORD, Member, Role, Session, check_name, check_password, fold_name
from service.store.accounts import Accounts, Audited
from service.store.client import now_ms
from service.store.staff import Roster

_FREE = (1, 4, 6)
"""How many times `Limits.attempts` cost no pause: of a name in one network, of a name in unknown networks, in an unknown one."""
_REMEMBERED = 86_400_000  # ms that failures count
_WRONG = "The name or the password is not right."
_PASSWORD_BYTES = 15  # of a generated one: 120 bits
_TOKEN_BYTES = 32
_TOUCH = 60_000  # ms between notes that a session is used
_AT_ONCE = 2  # hashings under way in one process: each takes 64 MiB and four threads
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_NOBODYS = (  # what a password is compared with when there is nobody of that name: it takes as long, and never matches
    "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


class Limits(NamedTuple):
    """How long sessions last and how guessing is slowed; times are seconds."""

    idle: float
    absolute: float
    attempts: int  # failures before each costs a pause
    pause: float  # the first one
    longest_pause: float


class SignedIn(NamedTuple):
    """Somebody with a good session. `token` is what their browser holds, `csrf` what their page proves itself with."""

    member: Member
    token: str
    csrf: str
    expires_at: int  # unless it is used before then; milliseconds since 1970

    def __repr__(self) -> str:
        return f"SignedIn({self.member.name})"

    @property
    def actor(self) -> str:
        """As histories and the audit log name them."""
        return f"moderator:{self.member.name}"


class Staff:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        roster: Roster,
        accounts: Accounts,
        *,
        identity: IdentityKeys,
        master: bytes,
        limits: Limits,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._roster = roster
        self._accounts = accounts
        self._identity = identity
        self._master = master
        self._limits = limits
        self._clock = clock
        self._hashing = asyncio.Semaphore(_AT_ONCE)

    def __repr__(self) -> str:
        return "Staff(…)"

    async def add(self, name: str, role: Role, sites: Sequence[str] = (), password: str = "") -> str:
        """Create a moderator; their password, generated unless one is given. Raises InvalidSubmission, NotFound, Conflict."""
        name, password = fold_name(name), password or secrets.token_urlsafe(_PASSWORD_BYTES)
        check_name(name)
        check_password(password)
        seen = await self._known_sites(sites)
        member = Member(name, role, seen, await self._hash(password), self._clock())
        if not await self._roster.add(member):
            raise Conflict(f"There is a moderator named {name} already.")
        await self._accounts.audit("moderators.add", name, note=f"{role}, {_sites(seen)}")
        return password

    async def get(self, name: str) -> Member:
        """A moderator by name. Raises NotFound."""
        member = await self._roster.get(fold_name(name))
        if member is None:
            raise NotFound("There is no moderator of that name.")
        return member

    async def all(self) -> list[Member]:
        """Every moderator, by name."""
        return await self._roster.all()

    async def remove(self, name: str) -> None:
        """Remove a moderator; their sessions end at once. Raises NotFound."""
        if not await self._roster.remove(fold_name(name)):
            raise NotFound("There is no moderator of that name.")
        await self._accounts.audit("moderators.remove", fold_name(name))

    async def set_password(self, name: str, password: str = "") -> str:
        """Give a moderator a new password, generated unless one is given; it ends all their sessions and pauses.

        Raises NotFound, InvalidSubmission.
        """
        member, password = await self.get(name), password or secrets.token_urlsafe(_PASSWORD_BYTES)
        check_password(password)
        hashed = await self._hash(password)
        await self._roster.save(msgspec.structs.replace(member, password=hashed, generation=member.generation + 1))
        await self._roster.pardon(member.name)
        await self._accounts.audit("moderators.password", member.name)
        return password

    async def set_access(self, name: str, role: Role | None = None, sites: Sequence[str] | None = None) -> Member:
        """Change role or sites (none: all); it counts from their next request on. Raises NotFound."""
        member = await self.get(name)
        seen = member.sites if sites is None else await self._known_sites(sites)
        changed = msgspec.structs.replace(member, role=role or member.role, sites=seen)
        await self._roster.save(changed)
        await self._accounts.audit("moderators.access", member.name, note=f"{changed.role}, {_sites(seen)}")
        return changed

    async def sign_in(self, name: str, password: str, address: str, *, before: str = "") -> SignedIn:
        """Begin a session; that of the token `before` ends. Raises Unauthenticated, RateLimited."""
        name, now, limits = fold_name(name), self._clock(), self._limits
        network = digest_ip(address, self._identity).network
        member = await self._roster.get(name)
        wait = await self._roster.attempt(
            name, network, now=now, free=[limits.attempts * times for times in _FREE], pause=_ms(limits.pause),
            longest=_ms(limits.longest_pause), remembered=_REMEMBERED,
        )  # fmt: skip
        if wait:
            raise RateLimited("Too many failed attempts to sign in; wait a little.", retry_after=-(-wait // 1000))
        right = await self._verify(member.password if member is not None else _NOBODYS, password)
        if member is None or not right:
            raise Unauthenticated(_WRONG)
        await self._roster.welcome(name, network, now)
        if _HASHER.check_needs_rehash(member.password):
            member = msgspec.structs.replace(member, password=await self._hash(password))
            await self._roster.save(member)
        if before:
            await self._roster.close(before)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(name, member.generation, now, now)
        await self._roster.open(token, session, self._left(session))
        await self._accounts.audit("session.begin", name, actor=f"moderator:{name}")
        return self._signed_in(member, token, session)

    async def session(self, token: str, *, touch: bool = True) -> SignedIn:
        """Who goes on with a token; unless `touch` is off, that keeps the session from idling. Raises Unauthenticated."""
        session = await self._roster.session(token)
        now = self._clock()
        member = await self._roster.get(session.name) if session is not None else None
        if session is None or member is None or member.generation != session.generation:
            raise Unauthenticated("Please sign in.")
        if now >= self._ends(session):
            await self._roster.close(token)
            raise Unauthenticated("The session has ended; please sign in again.")
        if touch and now - session.seen >= min(_TOUCH, _ms(self._limits.idle) // 10):
            session = msgspec.structs.replace(session, seen=now)
            await self._roster.touch(token, session, self._left(session))
        return self._signed_in(member, token, session)

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await self._roster.close(token)

    async def sign_out_everywhere(self, name: str) -> None:
        """End all sessions of a moderator. Raises NotFound."""
        member = await self.get(name)
        await self._roster.save(msgspec.structs.replace(member, generation=member.generation + 1))
        await self._accounts.audit("session.end-all", member.name, actor=f"moderator:{member.name}")

    async def sites(self, member: Member) -> list[Site]:
        """The sites that somebody sees, by name."""
        return [site for site in await self._accounts.all() if member.sees(site.id)]

    async def site(self, member: Member, name: str) -> Site:
        """One of the sites that somebody sees. Raises NotFound for any other, whether it is there or not."""
        known = await self._accounts.find(name) if member.sees(name) else None
        if known is None:
            raise NotFound("There is no such site.")
        return known.site

    async def audit_log(self, member: Member, limit: int, before: str = "") -> tuple[list[Audited], str]:
        """The newest lines of the audit log that somebody may see, and the cursor of those before them, "" at the end.

        Who sees only some sites sees what was done to them, and what they did themselves.
        """
        found: list[Audited] = []
        while True:
            page = await self._accounts.audited(limit, before)
            for line in page:
                if not member.sites or line.site in member.sites or line.actor == f"moderator:{member.name}":
                    found.append(line)
                    if len(found) == limit:
                        return found, line.id
            if len(page) < limit:
                return found, ""
            before = page[-1].id

    def _signed_in(self, member: Member, token: str, session: Session) -> SignedIn:
        csrf = hashlib.blake2b(token.encode(), key=self._master[:64], digest_size=24, person=b"csrf").hexdigest()
        return SignedIn(member, token, csrf, self._ends(session))

    def _ends(self, session: Session) -> int:
        return min(session.seen + _ms(self._limits.idle), session.since + _ms(self._limits.absolute))

    def _left(self, session: Session) -> int:
        """For how long Redis keeps it, ms."""
        return max(1, self._ends(session) - session.seen)

    async def _known_sites(self, sites: Sequence[str]) -> tuple[str, ...]:
        for site in sites:
            await self._accounts.get(site)
        return tuple(sorted(set(sites)))

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def _verify(self, hashed: str, password: str) -> bool:
        if len(password) > MAX_PASSWORD:
            return False
        async with self._hashing:
            try:
                return await asyncio.to_thread(_HASHER.verify, hashed, password)
            except (VerificationError, InvalidHashError):
                return False


def _sites(sites: Sequence[str]) -> str:
    return ", ".join(sites) or "all sites"


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
