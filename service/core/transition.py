"""A change of one comment, ready to be written: what the one script that changes a state is given, and what it says."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from service.core.comment import Actor, Change
from service.core.delivery import Back
from service.core.edit import Edit
from service.core.example import Example
from service.core.lifecycle import State
from service.core.queue import Place
from service.core.verdict import Verdict


class Moved(NamedTuple):
    """What became of a change; `word` is the script's."""

    word: str
    revision: int
    state: str


class Event(Struct, frozen=True):
    """A call-back to be written together with a change: its id, type and body, and the earliest time to send it."""

    id: str
    type: str
    body: bytes
    not_before: int


class Transition(Struct, frozen=True):
    """A move of one comment, to be applied by `Comments.apply`."""

    comment: str
    site: str
    to: State
    actor: Actor
    seen: int  # the revision that the caller saw
    change: Change
    verdict: Verdict | None = None
    work_entry: str = ""
    event: Event | None = None
    wake: str = ""  # process to wake
    trace: str = ""  # where what is told of it stands in a trace (service/tracing.py); "": where it happens
    example: Example | None = None  # what the decision teaches
    back: Back | None = None  # told to the comment's return address, if it has one; None: the word came from there
    place: Place | None = None  # among what moderators are to look at: what is held, or approved but to be reviewed
    undo_until: int = (
        0  # until when it can be undone, milliseconds since 1970: call-backs leave no earlier. 0: it can't
    )
    bulk: str = ""  # the bulk decision that it is part of
    zone: str = ""  # by whose midnight the day is told that it counts on: the site's
    edit: Edit | UnsetType | None = UNSET  # what readers see from now on; None: the author's text; unset: as before
    faulty: bool = False  # it approves an edit of a text with which something was wrong, so not that text
