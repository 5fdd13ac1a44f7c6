"""Held comments for tests of the moderators' queue."""

from __future__ import annotations

from typing import Any

from service.core.submission import comment_id
from tests.support.platform import Platform


async def hold(platform: Platform, *numbers: int, text: str = "maybe {}", **fields: Any) -> list[str]:
    """Submit comments that are held, one after the other; their ids."""
    for number in numbers:
        response = await platform.submit(id=str(number), content=text.format(number), **fields)
        assert response.status == 202, await response.text()
        await platform.judge()
    return [comment_id(platform.site.id, str(number)) for number in numbers]


def author(name: str) -> dict[str, str]:
    """Somebody with an address of their own."""
    return {"name": name, "email": f"{name.lower()}@example.com", "ip": "192.0.2.7"}
