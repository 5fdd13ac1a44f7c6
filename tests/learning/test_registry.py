"""Model versions: kept unchanged, given roles one at a time, checked whenever they are read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import classifier
from service.container import Services
from service.core.errors import Conflict, NotFound
from service.core.model_version import EVERYWHERE, DamagedVersion, Pointers, active_at, shadow_at
from service.core.site import Known
from service.learning.registry import Registry, opened, packed
from service.store import keys as names
from service.store import models as store
from tests.learning.conftest import card_of, keep

Corrections = Sequence[classifier.Correction]


async def test_a_version_is_kept_as_it_was_made(services: Services, corrections: Corrections) -> None:
    version = await keep(services, corrections[0])
    await services.models.add(card_of(corrections[0], passed=False), b"something else")
    assert await services.models.card(version) == card_of(corrections[0])
    again = opened(await services.models.artefact(version))
    assert again.version == version
    assert packed(again) == packed(corrections[0])


async def test_promoting_and_rolling_back(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
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


async def test_every_rollback_goes_further_back_and_ends_at_the_base(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    versions = [await keep(services, one) for one in corrections]
    for version in versions:
        switched = await registry.promote("blog", version)
        assert switched.active == version
    seen = []
    for _ in versions:
        switched = await registry.roll_back("blog")
        seen.append((switched.before, switched.active, switched.previous))
    first, second, third = versions
    assert seen == [(third, second, first), (second, first, ""), (first, "", "")]
    with pytest.raises(Conflict, match="nothing to roll back"):
        await registry.roll_back("blog")
    standing = await registry.standing("blog")
    assert (standing.active, standing.beneath, standing.gone) == ("", [], [third, second, first])


async def test_what_was_rolled_back_or_has_alerted_is_not_gone_back_to(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    first, second, third = [await keep(services, one) for one in corrections]
    for version in (first, second):
        await registry.promote("blog", version)
    await registry.roll_back("blog")  # second is gone
    await registry.promote("blog", third)
    await registry.distrust("blog", first)  # it alerts while it lies beneath
    assert (await registry.roll_back("blog")).active == ""
    await registry.promote("blog", second)  # an operator may still want it
    assert (await registry.standing("blog")).gone == [first, third]
    await registry.promote("blog", first)
    assert (await registry.roll_back("blog")).active == second


async def test_a_version_that_is_no_longer_kept_is_passed_over(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    versions = [await keep(services, one) for one in corrections]
    for version in versions:
        await registry.promote("blog", version)
    await services.connection.client.delete(names.model(versions[1]))
    assert (await registry.roll_back("blog")).active == versions[0]


async def test_a_switch_that_was_made_before_there_was_a_stack(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    old = {"blog:active": second, "blog:previous": first, "blog:shadow": "", "blog:since": "7"}
    await services.connection.client.hset(names.MODEL_POINTERS, mapping=old)  # type: ignore[misc]
    assert (await registry.roll_back("blog")).active == first
    assert (await registry.roll_back("blog")).active == ""


async def test_a_site_without_a_version_of_its_own_has_nothing_to_roll_back(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    common = await keep(services, corrections[0], site=EVERYWHERE)
    await registry.promote(EVERYWHERE, common)
    with pytest.raises(Conflict, match=f"it uses {common}"):
        await registry.roll_back("blog")


async def test_promoting_what_is_active_forgets_nothing(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    for version in (first, second, second):
        await registry.promote("blog", version)
    await registry.roll_back("blog")
    assert (await registry.standing("blog")).active == first


async def test_what_is_not_there_or_of_another_site_is_refused(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    other = await keep(services, corrections[0], site="forum")
    with pytest.raises(NotFound):
        await registry.promote("blog", "blog-9-00000000")
    with pytest.raises(Conflict, match="another site"):
        await registry.promote("blog", other)
    with pytest.raises(NotFound):
        await services.models.shadow("blog", "blog-9-00000000", at=1)
    assert await services.models.pointers() == {}


async def test_what_the_gate_refused_is_promoted_only_by_force(
    services: Services, registry: Registry, site: Known, corrections: Corrections
) -> None:
    version = await keep(services, corrections[0], passed=False)
    with pytest.raises(Conflict, match="refused"):
        await registry.promote("blog", version)
    await registry.promote("blog", version, force=True)
    assert (await registry.standing("blog")).active == version


async def test_a_late_switch_does_not_undo_a_newer_one(services: Services, corrections: Corrections) -> None:
    first, second = [await keep(services, one) for one in corrections[:2]]
    await services.models.promote("blog", first, at=1, seen="")
    with pytest.raises(Conflict, match="meanwhile"):
        await services.models.promote("blog", second, at=2, seen="")
    with pytest.raises(Conflict, match="meanwhile"):
        await services.models.roll_back("blog", at=2, seen=second)


async def test_a_damaged_version_is_not_used_and_a_damaged_cache_is_passed_over(
    services: Services, corrections: Corrections
) -> None:
    version = await keep(services, corrections[0])
    whole = await services.models.artefact(version)
    (cached,) = (services.settings.data_dir / "models").iterdir()
    cached.write_bytes(whole[:-1] + b"?")
    assert await services.models.artefact(version) == whole
    assert cached.read_bytes() == whole
    cached.unlink()
    await services.connection.client.hset(names.model(version), "artefact", whole[:-1])  # type: ignore[misc]
    with pytest.raises(DamagedVersion):
        await services.models.artefact(version)


async def test_the_cache_serves_when_the_disk_has_it(services: Services, corrections: Corrections) -> None:
    version = await keep(services, corrections[0])
    whole = await services.models.artefact(version)
    await services.connection.client.hdel(names.model(version), "artefact")  # type: ignore[misc]
    assert await services.models.artefact(version) == whole


async def test_old_versions_go_but_none_that_has_a_role(
    services: Services, corrections: Corrections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT", 2)
    first, second = [await keep(services, one, made_at=at) for at, one in enumerate(corrections[:2])]
    await services.models.promote("blog", first, at=1)
    third = await keep(services, corrections[2], made_at=3)
    assert [card.version for card in await services.models.cards("blog")] == [third, first]
    with pytest.raises(NotFound):
        await services.models.card(second)
    await services.models.promote("blog", third, at=2)  # first lies beneath, and a rollback must find it
    again = await keep(services, corrections[1], made_at=4)
    assert {card.version for card in await services.models.cards("blog")} == {first, third, again}


def test_a_sites_own_version_comes_before_the_one_for_all() -> None:
    pointers = {"blog": Pointers("b", since=1), EVERYWHERE: Pointers("all", shadow="s", since=1)}
    assert (active_at(pointers, "blog"), active_at(pointers, "forum"), active_at({}, "blog")) == ("b", "all", "")
    assert (shadow_at(pointers, "blog"), shadow_at({}, "blog")) == ("s", "")
    back_to_base = {"blog": Pointers("", "b", since=2), EVERYWHERE: Pointers("all", since=1)}
    assert active_at(back_to_base, "blog") == ""
    only_shadow = {"blog": Pointers(shadow="s"), EVERYWHERE: Pointers("all", since=1)}
    assert active_at(only_shadow, "blog") == "all"
