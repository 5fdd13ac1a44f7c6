"""Erasing from the page: by operators alone, one comment or all of its author's on the site, noted with who did it."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from tests.support.desk import Desk, seat
from tests.support.platform import Platform
from tests.support.queue import author, hold


async def test_a_comment_or_all_of_its_authors_are_erased(
    platform: Platform, shop: Platform, client: TestClient[Any, Any], services: Services, operator: Desk
) -> None:
    lead = await seat(client, services, "lea", Role.LEAD)
    first, second, third = await hold(platform, 1, 2, 3, author=author("Ann"))
    (other,) = await hold(platform, 4, author=author("Bo"))
    (elsewhere,) = await hold(shop, 1, author=author("Ann"))
    await lead.send("POST", f"/comments/{first}/erase", {}, status=403)
    assert await operator.send("POST", f"/comments/{first}/erase", {}) == {"erased": 1}
    await operator.get(f"/comments/{first}", status=404)
    await operator.get(f"/comments/{second}")
    assert await operator.send("POST", f"/comments/{second}/erase", {"author": True}) == {"erased": 2}
    for gone in (second, third):
        await operator.get(f"/comments/{gone}", status=404)
    for left in (other, elsewhere):
        await operator.get(f"/comments/{left}")
    lines = [line for line in await services.accounts.audited(9) if line.what == "comments.erase"]
    assert {(line.actor, line.site) for line in lines} == {(f"moderator:{operator.name}", "blog")}
    assert "Ann" not in repr(lines)


async def test_what_came_without_an_address_is_erased_alone(
    platform: Platform, services: Services, operator: Desk
) -> None:
    await services.sites.change("blog", require_email=False)
    (comment,) = await hold(platform, 1, author={"name": "Bo"})
    refused = await operator.send("POST", f"/comments/{comment}/erase", {"author": True}, status=422)
    assert refused["pointer"] == "/author"
    assert await operator.send("POST", f"/comments/{comment}/erase", {}) == {"erased": 1}
