"""Model versions: kept unchanged, given roles one at a time, checked whenever they are read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import classifier
from service.core.errors import Conflict, NotFound
from service.core.model import EVERYWHERE, Pointers, active_at, shadow_at
from service.learning.registry import Registry, opened, packed
from service.resources import Resources
from service.store import keys as names
from service.store import models as store
from service.store.accounts import Known
from service.store.models import DamagedVersion
from tests.learning.conftest import card_of, keep

Corrections = Sequence[classifier.Correction]


async def test_a_version_is_kept_as_it_was_made(resources: Resources, corrections: Corrections) -> None:
    version = await keep(resources, corrections[0])
    await resources.models.add(card_of(corrections[0], passed=False), b"something else")
    assert await resources.models.card(version) == card_of(corrections[0])
    again = opened(await resources.models.artefact(version))
    assert again.version == version
    assert packed(again) == packed(corrections[0])


async def test_promoting_and_rolling_back(
    resources: Resources, registry: Registry, site: Known, corrections: Corrections
) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    with pytest.raises(Conflict, match="nothing to roll back"):
        await registry.roll_back("blog")
    await registry.promote("blog", first)
    await registry.promote("blog", second)
    standing = await registry.standing("blog")
    assert (standing.active, standing.previous) == (second, first)
    assert standing.since > 0
    await registry.roll_back("blog")
    assert (await registry.standing("blog")).active == first
    await registry.promote("blog", "base")
    assert (await registry.standing("blog")).active == ""


async def test_promoting_what_is_active_forgets_nothing(
    resources: Resources, registry: Registry, site: Known, corrections: Corrections
) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    for version in (first, second, second):
        await registry.promote("blog", version)
    await registry.roll_back("blog")
    assert (await registry.standing("blog")).active == first


async def test_what_is_not_there_or_of_another_site_is_refused(
    resources: Resources, registry: Registry, site: Known, corrections: Corrections
) -> None:
    other = await keep(resources, corrections[0], site="forum")
    with pytest.raises(NotFound):
        await registry.promote("blog", "blog-9-00000000")
    with pytest.raises(Conflict, match="another site"):
        await registry.promote("blog", other)
    with pytest.raises(NotFound):
        await resources.models.shadow("blog", "blog-9-00000000", at=1)
    assert await resources.models.pointers() == {}


async def test_what_the_gate_refused_is_promoted_only_by_force(
    resources: Resources, registry: Registry, site: Known, corrections: Corrections
) -> None:
    version = await keep(resources, corrections[0], passed=False)
    with pytest.raises(Conflict, match="refused"):
        await registry.promote("blog", version)
    await registry.promote("blog", version, force=True)
    assert (await registry.standing("blog")).active == version


async def test_a_late_switch_does_not_undo_a_newer_one(resources: Resources, corrections: Corrections) -> None:
    first, second = [await keep(resources, one) for one in corrections[:2]]
    await resources.models.promote("blog", first, at=1, seen="")
    with pytest.raises(Conflict, match="meanwhile"):
        await resources.models.promote("blog", second, at=2, seen="")
    with pytest.raises(Conflict, match="meanwhile"):
        await resources.models.roll_back("blog", at=2, seen=second)


async def test_a_damaged_version_is_not_used_and_a_damaged_cache_is_passed_over(
    resources: Resources, corrections: Corrections
) -> None:
    version = await keep(resources, corrections[0])
    whole = await resources.models.artefact(version)
    (cached,) = (resources.settings.data_dir / "models").iterdir()
    cached.write_bytes(whole[:-1] + b"?")
    assert await resources.models.artefact(version) == whole
    assert cached.read_bytes() == whole
    cached.unlink()
    await resources.connection.client.hset(names.model(version), "artefact", whole[:-1])  # type: ignore[misc]
    with pytest.raises(DamagedVersion):
        await resources.models.artefact(version)


async def test_the_cache_serves_when_the_disk_has_it(resources: Resources, corrections: Corrections) -> None:
    version = await keep(resources, corrections[0])
    whole = await resources.models.artefact(version)
    await resources.connection.client.hdel(names.model(version), "artefact")  # type: ignore[misc]
    assert await resources.models.artefact(version) == whole


async def test_old_versions_go_but_none_that_has_a_role(
    resources: Resources, corrections: Corrections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT", 2)
    first, second = [await keep(resources, one, made_at=at) for at, one in enumerate(corrections[:2])]
    await resources.models.promote("blog", first, at=1)
    third = await keep(resources, corrections[2], made_at=3)
    assert [card.version for card in await resources.models.cards("blog")] == [third, first]
    with pytest.raises(NotFound):
        await resources.models.card(second)


def test_a_sites_own_version_comes_before_the_one_for_all() -> None:
    pointers = {"blog": Pointers("b", since=1), EVERYWHERE: Pointers("all", shadow="s", since=1)}
    assert (active_at(pointers, "blog"), active_at(pointers, "forum"), active_at({}, "blog")) == ("b", "all", "")
    assert (shadow_at(pointers, "blog"), shadow_at({}, "blog")) == ("s", "")
    back_to_base = {"blog": Pointers("", "b", since=2), EVERYWHERE: Pointers("all", since=1)}
    assert active_at(back_to_base, "blog") == ""
    only_shadow = {"blog": Pointers(shadow="s"), EVERYWHERE: Pointers("all", since=1)}
    assert active_at(only_shadow, "blog") == "all"
