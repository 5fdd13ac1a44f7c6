"""The API explains a comment by the version that its site uses, from the first request on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import classifier
from service.app import api_application
from service.container import Services
from service.core.site import Known
from service.settings import Settings
from service.workers.classify import Worker
from service.workers.models import load_model
from tests.learning.conftest import keep
from tests.support.platform import Platform


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Without the second reader: which version scores is looked at here, and its scores are compared to the digit."""
    return Settings(data_dir=tmp_path, site_cache=0.0, reader="off")


async def test_explained_by_what_the_site_uses(
    aiohttp_client: Any, services: Services, site: Known, corrections: Sequence[classifier.Correction]
) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    await services.models.promote("blog", first, at=1)
    reloader = await load_model(services)
    assert reloader is not None
    platform = Platform(await aiohttp_client(api_application(services)), services, site)
    await platform.submit(content="Local readers had their roof renewed by Marlow and Sons, ask for Terry.")
    await Worker(services, reloader.scorer).drain()
    view = await (await platform.ask("GET", platform.path())).json()
    assert view["verdict"]["model"] == first
    said = await (await platform.ask("GET", platform.path(more="/explanation?label=spam"))).json()
    assert said["model"] == first
    await services.models.promote("blog", second, at=2)
    while said["model"] != second:
        said = await (await platform.ask("GET", platform.path(more="/explanation?label=spam"))).json()


async def test_perspectives_scores_are_what_the_keys_site_uses(
    aiohttp_client: Any, services: Services, site: Known, corrections: Sequence[classifier.Correction]
) -> None:
    other = await services.accounts.add("other", "https://other.example")
    correction = corrections[0]
    await services.models.promote("blog", await keep(services, correction), at=1)
    client = await aiohttp_client(api_application(services))
    text = "Local readers had their roof renewed by Marlow and Sons. Ask for Terry."
    base = classifier.load()
    for known, version in ((site, classifier.Version(base, correction)), (other, classifier.Version(base))):
        response = await client.post(
            "/v1alpha1/comments:analyze",
            params={"key": known.credentials[0].api_key},
            json={
                "comment": {"text": text},
                "requestedAttributes": {"SPAM": {}, "INSULT": {}},
                "spanAnnotations": True,
            },
        )
        said = (await response.json())["attributeScores"]
        whole, *spans = version.score([classifier.Input(one) for one in (text, *text.split(". ", 1))])
        assert said["SPAM"]["summaryScore"]["value"] == round(whole.scores["spam"], 8)
        assert said["INSULT"]["summaryScore"]["value"] == round(whole.scores["insult"], 8)
        assert len(said["SPAM"]["spanScores"]) == len(spans)
        last = said["SPAM"]["spanScores"][-1]["score"]["value"]
        assert last == round(spans[-1].scores["spam"], 8)
