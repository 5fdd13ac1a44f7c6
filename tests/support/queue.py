"""Held comments for tests of the moderators' queue."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, Decision
from service.core.lifecycle import ActorKind, Outcome
from service.core.policy import Policy
from service.core.site import Known
from service.core.submission import comment_id
from service.core.verdict import LABELS, Reason, Verdict
from service.usecases.moderation import transition_for
from tests.support.moderation import LINKS, submission
from tests.support.platform import Platform


async def hold(platform: Platform, *numbers: int, text: str = "maybe {}", **fields: Any) -> list[str]:
    """Submit comments that are held, one after the other; their ids."""
    for number in numbers:
        response = await platform.submit(id=str(number), content=text.format(number), **fields)
        assert response.status == 202, await response.text()
        await platform.judge()
    return [comment_id(platform.site.id, str(number)) for number in numbers]


def hold_everything(platform: Platform) -> None:
    """From now on, hold whatever is judged."""
    platform.site = msgspec.structs.replace(platform.site, policy=Policy(mode="hold-everything"))


def author(name: str) -> dict[str, str]:
    """Somebody with an address of their own."""
    return {"name": name, "email": f"{name.lower()}@example.com", "ip": "192.0.2.7"}


async def hold_many(services: Services, site: Known, numbers: range, dice: random.Random) -> list[str]:
    """Many held comments, by the scripts that hold them, with verdicts as the dice fall; their ids."""
    ids = []
    for number in numbers:
        email = f"author{int(dice.random() ** 3 * 60)}@example.com"
        one = submission(services, str(number), f"maybe {number}", email=email)
        ids.append(comment_id(site.site.id, str(number)))
        await services.comments.submit(
            site=site.site.id,
            comment=ids[-1],
            submission=one,
            now=now_ms(),
            backlog=10**6,
        )
    moves = []
    for seen in await services.comments.get_many(ids):
        assert seen is not None
        labels = dice.sample(LABELS, 2)
        said = Verdict(
            dict.fromkeys(labels, 0.6), dice.choice(("m-1", "m-2")), (), dice.choice(("en", "en", "de")),
            {"author_url": dice.random() < 0.5},
        )  # fmt: skip
        reasons = tuple(Reason(label, label=label, score=0.6) for label in labels)
        decision = Decision(Outcome.HOLD, Actor(ActorKind.POLICY, said.model), reasons, now_ms(), 2)
        moves.append(transition_for(seen, site.site, decision, said, links=LINKS))
    assert {moved.word for moved in await services.comments.apply(moves)} == {"applied"}
    return ids
