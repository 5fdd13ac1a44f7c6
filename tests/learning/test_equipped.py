"""The API explains a comment by the version that its site uses, from the first request on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import classifier
from service.app import api_application
from service.resources import Resources
from service.store.accounts import Known
from service.workers.classify import Worker
from service.workers.model import load_model
from tests.learning.conftest import keep
from tests.support.platform import Platform


async def test_explained_by_what_the_site_uses(
    aiohttp_client: Any, resources: Resources, site: Known, corrections: Sequence[classifier.Correction]
) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    await resources.models.promote("blog", first, at=1)
    following = await load_model(resources)
    assert following is not None
    platform = Platform(await aiohttp_client(api_application(resources)), resources, site)
    await platform.submit(content="Local readers had their roof renewed by Marlow and Sons, ask for Terry.")
    await Worker(resources, following.scorer).drain()
    view = await (await platform.ask("GET", platform.path())).json()
    assert view["verdict"]["model"] == first
    said = await (await platform.ask("GET", platform.path(more="/explanation?label=spam"))).json()
    assert said["model"] == first
    await resources.models.promote("blog", second, at=2)
    while said["model"] != second:
        said = await (await platform.ask("GET", platform.path(more="/explanation?label=spam"))).json()
