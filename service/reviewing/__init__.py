"""The use cases of moderators: the lists and what is known of a comment, deciding and taking back, many at once."""

from __future__ import annotations

from dataclasses import dataclass

from service.reviewing.bulk import Bulk
from service.reviewing.carrying import Carrying
from service.reviewing.deciding import Deciding
from service.reviewing.dossier import Dossiers
from service.reviewing.lists import Lists
from service.reviewing.marking import Marking


@dataclass(frozen=True, slots=True)
class Reviewing:
    """All of them; `service.resources` makes it."""

    lists: Lists
    dossiers: Dossiers
    deciding: Deciding
    bulk: Bulk
    carrying: Carrying
    marking: Marking
