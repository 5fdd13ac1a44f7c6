"""A registry on a real server, and model versions that were really trained, once for all tests of a kind."""

from __future__ import annotations

import hashlib

import pytest

import classifier
from classifier.correction import training
from service.container import Services
from service.core.model_version import Lineage, ModelCard
from service.learning.examples import as_decided
from service.learning.registry import Registry, packed
from tests.support.learning import examples


@pytest.fixture(scope="session")
def corrections() -> list[classifier.Correction]:
    """Three corrections of the shipped model, each from other decisions."""
    base = classifier.load()
    taught = ([as_decided(one) for one in examples(400, seed=seed)] for seed in range(3))
    return [training.train(base, rows, f"blog-{number}") for number, rows in enumerate(taught, 1)]


@pytest.fixture
def registry(services: Services) -> Registry:
    return Registry(services.models, services.accounts, services.shadow_verdicts)


def card_of(
    correction: classifier.Correction, *, site: str = "blog", passed: bool = True, made_at: int = 1
) -> ModelCard:
    artefact = packed(correction)
    lineage = Lineage(correction.base, correction.base, "f" * 64, "0", 400, {"review": 400}, 1, 2)
    return ModelCard(
        correction.version, site, made_at, hashlib.sha256(artefact).hexdigest(), len(artefact), lineage,
        correction.labels, passed, {"passed": passed, "reasons": [], "measures": []},
    )  # fmt: skip


async def keep(services: Services, correction: classifier.Correction, **facts: object) -> str:
    """Put a correction into the registry; its version."""
    await services.models.add(card_of(correction, **facts), packed(correction))  # type: ignore[arg-type]
    return correction.version
