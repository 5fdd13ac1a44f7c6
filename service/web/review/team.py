"""The team at the page: who there is, inviting, changing, links, locking, removing; and accepting a link."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import Busy, Conflict, InvalidSubmission, NotFound, RateLimited, StoreUnavailable
from service.core.moderator import MAX_PASSWORD, NOWHERE, Moderator, Right, Role
from service.core.views import rfc3339
from service.usecases.team import Link, Person
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, ME, ONE, READING, address

_MAX_BODY = 65_536
_MAX_SITES = 1_000
_encode = msgspec.json.Encoder().encode
_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Sites = Annotated[
    list[Annotated[str, Meta(max_length=100)]],
    Meta(max_length=_MAX_SITES, description="The sites that they see; empty: all, also those to come."),
]


class PersonView(Struct, frozen=True):
    """Somebody of the team."""

    name: str
    role: Role
    sites: Annotated[list[str], Meta(description="Those that you see too; empty, and not `elsewhere`: all.")]
    elsewhere: Annotated[bool, Meta(description="Whether they see sites that you don't, or none that is there.")]
    state: Literal["invited", "active", "locked"]
    second_factor: Annotated[bool, Meta(description="Whether they have one here.")]
    required: Annotated[bool, Meta(description="Whether they must have one.")]
    password: Annotated[bool, Meta(description="Whether they have a password here.")]
    provider: Annotated[bool, Meta(description="Whether they sign in at the team's provider.")]
    managed: Annotated[bool, Meta(description="Whether their groups there say what they may do and see.")]
    last_seen: Annotated[str | None, Meta(description="RFC 3339, a minute more or less; null: never.")]
    link_until: Annotated[
        str | None, Meta(description="Until when a link for them is good, RFC 3339; null: there is none.")
    ]
    governed: Annotated[bool, Meta(description="Whether you may change them: never yourself.")]


class TeamView(Struct, frozen=True):
    """Everybody who works on a site that you see."""

    items: list[PersonView]
    provider: Annotated[str | None, Meta(description="What the team's own sign-in is called; null: there is none.")]


class InviteInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody new."""

    name: _Name
    role: Role
    sites: _Sites
    password: Annotated[bool, Meta(description="They choose a password here; else they sign in at the provider.")] = (
        True
    )


class AccessInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody may do, and where."""

    role: Role
    sites: _Sites


class LinkInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A link for somebody who is there."""

    password: Annotated[bool, Meta(description="For a new password; else it connects them with the provider.")] = True
    forget_second_factor: Annotated[bool, Meta(description="Using it takes their second factor away.")] = False


class LockInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether somebody is to be kept out."""

    locked: bool


class LinkView(Struct, frozen=True):
    """A link, shown this once."""

    name: str
    link: Annotated[str, Meta(description="Its address, as seen from this page's own.")]
    until: Annotated[str, Meta(description="Until when it is good unless it is used, RFC 3339.")]

    def __repr__(self) -> str:
        return f"LinkView({self.name})"


class TokenInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands at the end of a link."""

    token: Annotated[str, Meta(max_length=100)]

    def __repr__(self) -> str:
        return "TokenInput(…)"


class InvitationView(Struct, frozen=True):
    """What a link is for."""

    name: str
    role: Role
    sites: Annotated[list[str], Meta(description="Empty: all.")]
    new: Annotated[bool, Meta(description="Whether they are new, and may choose a name.")]
    password: Annotated[bool, Meta(description="Whether they choose a password; else they sign in at the provider.")]
    until: str


class AcceptInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A link is used."""

    token: Annotated[str, Meta(max_length=100)]
    name: _Name
    password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD)]

    def __repr__(self) -> str:
        return "AcceptInput(…)"


class AcceptedView(Struct, frozen=True):
    """Whoever accepted signs in now, as everybody does."""

    name: str


_PERSON = Parameter("path", "name", "Their name.", {"type": "string", "pattern": "^[a-z0-9._-]{1,63}$"}, required=True)
_ACTING = (*ONE, Conflict)
_CHANGED = Answer(200, "They, as they are now.", PersonView)
_DONE = Answer(204, "It is done.")
_LINK = Answer(200, "The link.", LinkView)
_OPENING = (*BODY, InvalidSubmission, NotFound, RateLimited, StoreUnavailable)
route = Routes("/review/api", tag="team", right=Right.TEAM)
accepting = Routes("/review/api", tag="session", right=Right.QUEUE)


@route("get", "/team", "getTeam", answers=(Answer(200, "The team.", TeamView),), problems=READING)
async def get_team(request: web.Request) -> web.Response:
    """Who there is."""
    services, me = request.app[CONTEXT].services, request[ME].member
    people = [_person(one, me) for one in await services.team.people(me)]
    return json_answer(_encode(TeamView(people, services.provider.label or None)))


@route(
    "post", "/team", "inviteToTeam", answers=(_LINK,), takes=InviteInput,
    problems=(*_ACTING, *BODY, InvalidSubmission),
)  # fmt: skip
async def invite(request: web.Request) -> web.Response:
    """Invite somebody new.

    The link is good once and for a week. It is shown this once; give it to nobody else.
    """
    asked = decode(_invite, await read_body(request, _MAX_BODY))
    team = request.app[CONTEXT].services.team
    made = await team.invite(
        request[ME], asked.name, asked.role, asked.sites, password=_by_password(request, asked.password)
    )
    return _linked(request, made)


@route(
    "put", "/team/{name}", "changeAccess", answers=(_CHANGED,), takes=AccessInput, parameters=(_PERSON,),
    problems=(*_ACTING, *BODY, InvalidSubmission),
)  # fmt: skip
async def put_access(request: web.Request) -> web.Response:
    """Change what somebody may do and see.

    It ends their sessions. Nobody changes themself.
    """
    asked = decode(_access, await read_body(request, _MAX_BODY))
    name = request.match_info["name"]
    await request.app[CONTEXT].services.team.set_access(request[ME], name, asked.role, asked.sites)
    return await _seen(request, name)


@route(
    "post", "/team/{name}/link", "makeLink", answers=(_LINK,), takes=LinkInput, parameters=(_PERSON,),
    problems=(*_ACTING, *BODY, InvalidSubmission),
)  # fmt: skip
async def make_link(request: web.Request) -> web.Response:
    """Make a link for somebody who is there.

    With it they choose a new password, or connect with the provider. An earlier link is good no more; nothing else changes
    before it is used.
    """
    asked = decode(_link, await read_body(request, _MAX_BODY))
    made = await request.app[CONTEXT].services.team.link(
        request[ME], request.match_info["name"], password=_by_password(request, asked.password),
        forget_second=asked.forget_second_factor,
    )  # fmt: skip
    return _linked(request, made)


@route(
    "delete", "/team/{name}/sessions", "signSomebodyOut", answers=(_DONE,), parameters=(_PERSON,), problems=_ACTING,
)  # fmt: skip
async def sign_out(request: web.Request) -> web.Response:
    """Sign somebody out everywhere."""
    await request.app[CONTEXT].services.team.sign_out(request[ME], request.match_info["name"])
    return web.Response(status=204)


@route(
    "put", "/team/{name}/lock", "lockSomebody", answers=(_CHANGED,), takes=LockInput, parameters=(_PERSON,),
    problems=(*_ACTING, *BODY, InvalidSubmission),
)  # fmt: skip
async def lock(request: web.Request) -> web.Response:
    """Keep somebody out, or let them in again.

    It ends their sessions; nothing else of theirs changes.
    """
    asked = decode(_lock, await read_body(request, _MAX_BODY))
    name = request.match_info["name"]
    await request.app[CONTEXT].services.team.lock(request[ME], name, locked=asked.locked)
    return await _seen(request, name)


@route("delete", "/team/{name}", "removeFromTeam", answers=(_DONE,), parameters=(_PERSON,), problems=_ACTING)
async def remove(request: web.Request) -> web.Response:
    """Remove somebody.

    Their sessions end at once. What they decided keeps their name.
    """
    await request.app[CONTEXT].services.team.remove(request[ME], request.match_info["name"])
    return web.Response(status=204)


@accepting(
    "post", "/invitation", "getInvitation", answers=(Answer(200, "What it is for.", InvitationView),),
    takes=TokenInput, problems=_OPENING, key=False,
)  # fmt: skip
async def get_invitation(request: web.Request) -> web.Response:
    """Look at a link.

    Links that are none cost pauses, as wrong passwords do.
    """
    asked = decode(_token, await read_body(request, _MAX_BODY))
    found = await request.app[CONTEXT].services.invitations.look(asked.token, address(request))
    view = InvitationView(
        found.name, found.role, [one for one in found.sites if one != NOWHERE], not found.accepted,
        found.link_sets_password, rfc3339(found.invited_until),
    )  # fmt: skip
    return json_answer(_encode(view))


@accepting(
    "post", "/invitation/accept", "acceptInvitation", answers=(Answer(200, "It is done; sign in.", AcceptedView),),
    takes=AcceptInput, problems=(*_OPENING, Conflict, Busy), key=False,
)  # fmt: skip
async def accept(request: web.Request) -> web.Response:
    """Accept a link.

    With a name, for who is new, and a password. It ends all sessions that there were, and begins none.
    """
    asked = decode(_accept, await read_body(request, _MAX_BODY))
    invitations = request.app[CONTEXT].services.invitations
    kept = await invitations.accept(asked.token, asked.name, asked.password, address(request))
    return json_answer(_encode(AcceptedView(kept.name)))


def _by_password(request: web.Request, wanted: bool) -> bool:
    """Where there is no provider, every link is for a password."""
    return wanted or not request.app[CONTEXT].services.provider.label


def _linked(request: web.Request, made: Link) -> web.Response:
    """The link; from this page on where nobody has said what our address is."""
    public = bool(request.app[CONTEXT].settings.public_url)
    link = made.address if public else f"/review#{made.address.partition('#')[2]}"
    response = json_answer(_encode(LinkView(made.name, link, rfc3339(made.until))))
    response.headers["Cache-Control"] = "no-store"
    return response


async def _seen(request: web.Request, name: str) -> web.Response:
    me = request[ME].member
    return json_answer(_encode(_person(await request.app[CONTEXT].services.team.person(me, name), me)))


def _person(one: Person, me: Moderator) -> PersonView:
    them = one.member
    shown = [site for site in them.sites if me.sees(site) and site != NOWHERE]
    return PersonView(
        name=them.name,
        role=them.role,
        sites=shown,
        elsewhere=bool(them.sites) and len(shown) < len(them.sites),
        state="locked" if them.locked_at else "active" if them.accepted else "invited",
        second_factor=them.second is not None,
        required=one.required,
        password=bool(them.password),
        provider=bool(them.provider),
        managed=them.managed,
        last_seen=rfc3339(one.seen_at) if one.seen_at else None,
        link_until=rfc3339(them.invited_until) if one.link_good else None,
        governed=one.governed,
    )


_invite = msgspec.json.Decoder(InviteInput)
_access = msgspec.json.Decoder(AccessInput)
_link = msgspec.json.Decoder(LinkInput)
_lock = msgspec.json.Decoder(LockInput)
_token = msgspec.json.Decoder(TokenInput)
_accept = msgspec.json.Decoder(AcceptInput)
