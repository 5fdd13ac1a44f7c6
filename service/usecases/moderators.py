"""The use cases of the people who moderate: making accounts with a password, signing in and out, and who may go on.

Guessing costs exponentially growing pauses, counted in such a way that nobody can lock out somebody else
(`docs/operations.md`): see `store/moderators.py` for the counters, and `passwords.py` for how many are looked at at once.
What somebody changes of their own account is in `account.py`, what operators change of others' in `team.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec
import structlog
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY

from service.clock import now_ms
from service.core.errors import (
    AntechamberError,
    Busy,
    CodeNeeded,
    Conflict,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from service.core.identity import IdentityKeys, digest_ip
from service.core.moderator import Moderator, Role, Session, check_name, check_password, fold_name, skeleton
from service.core.site import LogEntry, Site
from service.metrics import SIGN_INS
from service.store.moderators import MISSING, ModeratorStore
from service.store.push import PushStore
from service.store.sites import Accounts
from service.usecases.passwords import Passwords
from service.usecases.second_factor import used

_log = structlog.get_logger("sign-in")
_FREE = (1, 4, 6)
"""How many times `Limits.attempts` cost no pause: of a name in one network, of a name in unknown networks, in an unknown one."""
_REMEMBERED = 86_400_000  # ms that failures count
STRANGER = "stranger"  # in the operators' log: nobody who has signed in
_WRONG = "The name or the password is not right."
_WRONG_CODE = "The code is not right, or was used already."
_PASSWORD_BYTES = 15  # of a generated one: 120 bits
_TOKEN_BYTES = 32
_TOUCH = 60_000  # ms between notes that a session is used
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)  # RFC 9106's choice for little memory
_GENERATIONS = 53  # bits of where a moderator's generations begin


class Limits(NamedTuple):
    """How long sessions last and how guessing is slowed; times are seconds."""

    idle: float
    absolute: float
    attempts: int  # failures before each costs a pause
    pause: float  # the first one
    longest_pause: float
    queue: int = 8  # sign-ins that wait behind the one that is looked at, for the known and for all others each
    second_factor: frozenset[Role] = frozenset()  # the roles that must have one


class SignedIn(NamedTuple):
    """Somebody with a good session. `token` is what their browser holds, `csrf` what their page proves itself with."""

    member: Moderator
    token: str
    csrf: str
    expires_at: int  # unless it is used before then; milliseconds since 1970
    enrols: bool = False  # they may do nothing but enrol a second factor
    provider: bool = False  # they came by the team's provider

    def __repr__(self) -> str:
        return f"SignedIn({self.member.name})"

    @property
    def actor(self) -> str:
        """As histories and the audit log name them."""
        return f"moderator:{self.member.name}"


class Moderators:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderator_store: ModeratorStore,
        accounts: Accounts,
        push_store: PushStore,
        *,
        identity: IdentityKeys,
        master: bytes,
        limits: Limits,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderator_store = moderator_store
        self._accounts = accounts
        self._push_store = push_store
        self._identity = identity
        self._master = master
        self._limits = limits
        self._clock = clock
        self._passwords = Passwords(limits.queue, _HASHER)

    def __repr__(self) -> str:
        return "Moderators(…)"

    async def add(self, name: str, role: Role, sites: Sequence[str] = (), password: str = "") -> str:
        """Create a moderator; their password, generated unless one is given. Raises InvalidSubmission, NotFound, Conflict."""
        name, password = fold_name(name), password or secrets.token_urlsafe(_PASSWORD_BYTES)
        await self.check_free(name)
        check_password(password)
        member = self.fresh(name, role, await self.known_sites(sites), await self.hash(password))
        if not await self._moderator_store.add(member):
            raise name_taken(name)
        await self._accounts.audit("moderators.add", name, note=access_of(member))
        return password

    async def check_free(self, name: str, but: str = "") -> None:
        """Refuse a name that can't be one, or looks like another's than that of `but`. Raises InvalidSubmission, Conflict."""
        check_name(name)
        for one in await self._moderator_store.all():
            if one.name == but:
                continue
            if one.name == name:
                raise name_taken(name)
            if skeleton(one.name) == skeleton(name):
                raise Conflict("This name looks like somebody else's; choose another.", pointer="/name")

    def fresh(self, name: str, role: Role, sites: tuple[str, ...], hashed: str = "") -> Moderator:
        """Somebody new, who is not kept yet. `hashed` "": without a password."""
        return Moderator(name, role, sites, hashed, self._clock(), generation=secrets.randbits(_GENERATIONS))

    async def get(self, name: str) -> Moderator:
        """A moderator by name. Raises NotFound."""
        member = await self._moderator_store.get(fold_name(name))
        if member is None:
            raise NotFound(MISSING)
        return member

    async def all(self) -> list[Moderator]:
        """Every moderator, by name."""
        return await self._moderator_store.all()

    async def who_see(self, site: str) -> list[Moderator]:
        """Who sees a site and may sign in, by name."""
        return [
            one for one in await self._moderator_store.all() if one.sees(site) and one.accepted and not one.locked_at
        ]

    async def set_password(self, name: str, password: str = "") -> str:
        """Give a moderator a new password, generated unless one is given; it ends all their sessions, pauses and links.

        Raises NotFound, InvalidSubmission.
        """
        member, password = await self.get(name), password or secrets.token_urlsafe(_PASSWORD_BYTES)
        check_password(password)
        hashed = await self.hash(password)
        await self._moderator_store.change(
            member.name,
            lambda now: msgspec.structs.replace(
                now, password=hashed, invited="", invited_until=0, generation=now.generation + 1
            ),
        )
        await self._moderator_store.pardon(member.name)
        await self._accounts.audit("moderators.password", member.name)
        return password

    async def sign_in(self, name: str, password: str, address: str, *, code: str = "", before: str = "") -> SignedIn:
        """Begin a session; that of the token `before` ends. `code` is of the second factor, for who has one.

        Raises Unauthenticated, CodeNeeded when nothing but that is missing, RateLimited, Busy.
        """
        member = await self.prove(fold_name(name), password, address, code)
        if before:
            await self._moderator_store.close(before)
        return await self.begin(member)

    async def prove(self, name: str, password: str, address: str, code: str = "") -> Moderator:
        """See that it is they: the moderator as they stand after it. Failures count, are logged, and cost pauses.

        Raises as `sign_in` does.
        """
        network = digest_ip(address, self._identity).network
        known = await self._moderator_store.knows(name, network)
        async with self._noted(name, network), self._passwords.lane(known=known):
            now, limits = self._clock(), self._limits
            member = await self._moderator_store.get(name)
            wait = await self._moderator_store.attempt(
                name, network, known=known, now=now, free=[limits.attempts * times for times in _FREE],
                pause=_ms(limits.pause), longest=_ms(limits.longest_pause), remembered=_REMEMBERED,
            )  # fmt: skip
            if wait:
                raise _too_often(wait)
            hashed = await self._passwords.verify(member.password if member is not None else None, password)
            if member is None or hashed is None or member.locked_at:
                raise Unauthenticated(_WRONG)
            if member.second is not None and not code:
                await self._moderator_store.excuse(name, network, known=known)
                raise CodeNeeded
            member = await self._still(member, hashed, code)
            await self._moderator_store.welcome(name, network, now)
            return member

    async def from_strangers(self, network: str) -> None:
        """Count an attempt from a network where nobody has signed in before, whoever it is; `welcome` takes it back.

        Raises RateLimited; then it was not counted.
        """
        limits = self._limits
        wait = await self._moderator_store.attempt_from(
            network, now=self._clock(), free=limits.attempts * _FREE[-1], pause=_ms(limits.pause),
            longest=_ms(limits.longest_pause), remembered=_REMEMBERED,
        )  # fmt: skip
        if wait:
            raise _too_often(wait)

    async def no_strangers_fault(self, network: str) -> None:
        """Take such an attempt back, which failed for no reason of theirs."""
        await self._moderator_store.excuse_from(network)

    async def hash(self, password: str) -> str:
        """The hash of a new password. Raises Busy."""
        async with self._passwords.lane(known=True):
            return await self._passwords.hash(password)

    async def needs_second_factor(self, member: Moderator) -> bool:
        """Whether they must have one: for their role, or for a site that they see. Raises StoreUnavailable."""
        if member.role in self._limits.second_factor:
            return True
        return any(member.sees(site) for site in await self._accounts.second_factor())

    async def begin(self, member: Moderator, *, provider: bool = False) -> SignedIn:
        """Begin a session of somebody who has proved that it is they: here, or at the team's `provider`."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock()
        session = Session(member.name, member.generation, now, now, provider)
        await self._moderator_store.open(token, session, self._left(session))
        await self._moderator_store.saw(member.name, now)
        await self._accounts.audit("session.begin", member.name, actor=f"moderator:{member.name}")
        return await self._signed_in(member, token, session)

    @asynccontextmanager
    async def _noted(self, name: str, network: str) -> AsyncIterator[None]:
        """Count how an attempt ends, and log it when it fails, so that an attack is seen: from where, and at whom of ours."""
        try:
            yield
        except (CodeNeeded, Busy, RateLimited, Unauthenticated) as error:
            why = _why(error)
            if why == "code-needed":
                SIGN_INS.labels(why).inc()
            else:
                there = await self._moderator_store.get(name) is not None
                note_failure(why, network, name if there else "")
                if there and why.startswith("wrong"):  # pauses bound how many there can be
                    await self._accounts.audit("session.refused", name, actor=STRANGER, note=why.replace("-", " "))
            raise
        SIGN_INS.labels("right").inc()

    async def session(self, token: str, *, touch: bool = True) -> SignedIn:
        """Who goes on with a token; unless `touch` is off, that keeps the session from idling. Raises Unauthenticated."""
        session = await self._moderator_store.session(token)
        now = self._clock()
        member = await self._moderator_store.get(session.name) if session is not None else None
        if session is None or member is None or member.locked_at or member.generation != session.generation:
            raise Unauthenticated("Please sign in.")
        if now >= self._ends(session):
            await self._moderator_store.close(token)
            raise Unauthenticated("The session has ended; please sign in again.")
        if touch and now - session.seen >= min(_TOUCH, _ms(self._limits.idle) // 10):
            session = msgspec.structs.replace(session, seen=now)
            await self._moderator_store.touch(token, session, self._left(session))
            await self._moderator_store.saw(member.name, now)
        return await self._signed_in(member, token, session)

    async def sign_out(self, me: SignedIn) -> None:
        """End a session; the browser is told no more that comments wait."""
        await self._moderator_store.close(me.token)
        name, session = me.member.name, self._push_store.digest(me.token, b"session")
        told = [one for one, browser in (await self._push_store.of(name)).items() if browser.session == session]
        await self._push_store.forget(name, *told)

    async def sign_out_everywhere(self, name: str) -> None:
        """End all sessions of a moderator. Raises NotFound."""
        name = fold_name(name)
        await self._moderator_store.change(
            name, lambda now: msgspec.structs.replace(now, generation=now.generation + 1)
        )
        await self._push_store.forget_all(name)
        await self._accounts.audit("session.end-all", name, actor=f"moderator:{name}")

    async def sites(self, member: Moderator) -> list[Site]:
        """The sites that somebody sees, by name."""
        return [site for site in await self._accounts.all() if member.sees(site.id)]

    async def site(self, member: Moderator, name: str) -> Site:
        """One of the sites that somebody sees. Raises NotFound for any other, whether it is there or not."""
        known = await self._accounts.find(name) if member.sees(name) else None
        if known is None:
            raise NotFound("There is no such site.")
        return known.site

    async def audit_log(
        self, member: Moderator, limit: int, before: str = "", *, site: str = "", actor: str = "", what: str = ""
    ) -> tuple[list[LogEntry], str]:
        """The newest lines of the audit log that somebody may see, and the cursor of those before them, "" at the end.

        Who sees only some sites sees what was done to them, what they did themselves, and sign-ins that were refused at
        their name. With a `site`, only what was done to that one; with an `actor` or a `what`, only what they did, or what is
        called so.
        """
        only = {"site": site, "actor": actor, "what": what}

        found: list[LogEntry] = []
        while True:
            page = await self._accounts.audited(limit, before)
            for line in page:
                seen = not member.sites or line.site in member.sites or _own(line, member)
                if seen and all(getattr(line, name) == value for name, value in only.items() if value):
                    found.append(line)
                    if len(found) == limit:
                        return found, line.id
            if len(page) < limit:
                return found, ""
            before = page[-1].id

    async def _signed_in(self, member: Moderator, token: str, session: Session) -> SignedIn:
        csrf = hashlib.blake2b(token.encode(), key=self._master[:64], digest_size=24, person=b"csrf").hexdigest()
        enrols = member.second is None and not session.provider and await self.needs_second_factor(member)
        return SignedIn(member, token, csrf, self._ends(session), enrols, session.provider)

    def _ends(self, session: Session) -> int:
        return min(session.seen + _ms(self._limits.idle), session.since + _ms(self._limits.absolute))

    def _left(self, session: Session) -> int:
        """For how long Redis keeps it, ms."""
        return max(1, self._ends(session) - session.seen)

    async def known_sites(self, sites: Sequence[str]) -> tuple[str, ...]:
        """The names of sites, in order and each once. Raises NotFound for one that is none."""
        for site in sites:
            await self._accounts.get(site)
        return tuple(sorted(set(sites)))

    async def _still(self, verified: Moderator, hashed: str, code: str) -> Moderator:
        """The moderator whose password was right, with a hash as we make them today, and the code used.

        Verifying takes a while: who signs in with a password that is no longer good is to have no session. Raises
        Unauthenticated.
        """
        at = self._clock()

        def renewed(now: Moderator) -> Moderator:
            if (now.password, now.generation) != (verified.password, verified.generation):
                raise Unauthenticated(_WRONG)
            second = used(self._master, now, now.second, code, at) if now.second is not None else None
            if now.second is not None and second is None:
                raise Unauthenticated(_WRONG_CODE, pointer="/code")
            return msgspec.structs.replace(now, password=hashed, second=second)

        try:
            return (await self._moderator_store.change(verified.name, renewed)).after
        except NotFound as error:
            raise Unauthenticated(_WRONG) from error


def note_failure(why: str, network: str, moderator: str = "") -> None:
    """Count and log an attempt that failed: `why` in a word of the metrics, from where, and at whom of ours if that is known."""
    SIGN_INS.labels(why).inc()
    _log.warning("sign-in failed", why=why, network=network, moderator=moderator)


def _why(error: AntechamberError) -> str:
    """How an attempt failed, in a word of the metrics."""
    if isinstance(error, CodeNeeded):
        return "code-needed"
    if isinstance(error, Unauthenticated):
        return "wrong-code" if error.pointer else "wrong"
    return "paused" if isinstance(error, RateLimited) else "busy"


def _own(line: LogEntry, member: Moderator) -> bool:
    """Whether they did it themselves, or it is a sign-in that was refused at their name.

    What was done by, or to, somebody who had their name before them is not theirs.
    """
    refused = line.what == "session.refused" and line.subject == member.name
    return (refused or line.actor == f"moderator:{member.name}") and line.at >= member.created_at


def access_of(member: Moderator) -> str:
    """What somebody may do and where, as the audit log has it."""
    return f"{member.role}, {', '.join(member.sites) or 'all sites'}"


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def name_taken(name: str) -> Conflict:
    """What is said of a name that somebody has."""
    return Conflict(f"There is a moderator named {name} already.", pointer="/name")


def _too_often(wait: int) -> RateLimited:
    return RateLimited("Too many failed attempts to sign in; wait a little.", retry_after=-(-wait // 1000))
