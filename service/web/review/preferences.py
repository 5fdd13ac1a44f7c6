"""How somebody likes the page, kept with their account, so that every browser of theirs knows it. The session tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from service.core.errors import InvalidSubmission
from service.core.moderator import Right
from service.web.context import CONTEXT
from service.web.openapi import Answer, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, ME, READING

_MAX_BODY = 16_384
_encode = msgspec.json.Encoder().encode
_Action = Annotated[str, Meta(pattern="^[A-Za-z_-]{1,40}$")]
_Key = Annotated[str, Meta(max_length=20)]
_Language = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{2,20}$")]
_Keys = Annotated[dict[_Action, _Key], Meta(max_length=100, description="Action to key; an empty one: none.")]


class Preferences(Struct, frozen=True, omit_defaults=True):
    """How somebody likes the page. What is left out is as usual."""

    language: Annotated[_Language, Meta(description="What the page speaks, as BCP 47 writes it.")] | UnsetType = UNSET
    theme: Literal["light", "dark"] | UnsetType = UNSET
    mask: Annotated[bool, Meta(description="Cover the worst words.")] | UnsetType = UNSET
    blind: Annotated[bool, Meta(description="Hide authors' names.")] | UnsetType = UNSET
    numbers: Annotated[bool, Meta(description="Show contributions beside the words.")] | UnsetType = UNSET
    shortcuts: Annotated[bool, Meta(description="Single keys act.")] | UnsetType = UNSET
    keys: _Keys | UnsetType = UNSET


class PreferencesInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What changes; null: as usual again. What is left out stays."""

    language: _Language | UnsetType | None = UNSET
    theme: Literal["light", "dark"] | UnsetType | None = UNSET
    mask: bool | UnsetType | None = UNSET
    blind: bool | UnsetType | None = UNSET
    numbers: bool | UnsetType | None = UNSET
    shortcuts: bool | UnsetType | None = UNSET
    keys: _Keys | UnsetType | None = UNSET


route = Routes("/review/api", tag="account", right=Right.QUEUE)


@route(
    "put", "/account/preferences", "changePreferences", answers=(Answer(200, "All of them.", Preferences),),
    takes=PreferencesInput, problems=(*READING, *BODY, InvalidSubmission),
)  # fmt: skip
async def put_preferences(request: web.Request) -> web.Response:
    """Say how you like the page.

    It is kept with your account; the session tells it.
    """
    asked = decode(_input, await read_body(request, _MAX_BODY))
    given = {name: getattr(asked, name) for name in asked.__struct_fields__}
    changes = {name: None if value is None else _encode(value) for name, value in given.items() if value is not UNSET}
    kept = await request.app[CONTEXT].services.account.prefer(request[ME], changes)
    return json_answer(_encode(preferences(kept)))


def preferences(kept: Mapping[str, bytes]) -> Preferences:
    """As they were put. What another version kept and this one does not understand is as usual."""
    known = {name: value for name, value in kept.items() if name in Preferences.__struct_fields__}
    said = msgspec.json.encode({name: msgspec.Raw(value) for name, value in known.items()})
    try:
        return _kept.decode(said)
    except msgspec.DecodeError:
        return Preferences()


_input = msgspec.json.Decoder(PreferencesInput)
_kept = msgspec.json.Decoder(Preferences)
