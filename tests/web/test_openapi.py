"""The OpenAPI document tells the truth about the routes, and the readable page shows it without trusting any text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from service.core.verdict import HUMAN_REASONS
from service.settings import Settings
from service.web.api import INTERFACE
from service.web.api.docs import _prose, _table, readable
from service.web.openapi import document, problem_types
from tests.support.platform import Platform

OPERATIONS = [route.operation for route in INTERFACE.routes]
UNDOCUMENTED = {"/v1/openapi.json", "/v1/docs", "/v1/docs.css", "/v1/moderations"}


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in _references(inner)]
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []


def test_every_reference_leads_somewhere() -> None:
    api = document(INTERFACE)
    for reference in _references(api):
        assert reference.removeprefix("#/components/schemas/") in api["components"]["schemas"]
    assert api["openapi"].startswith("3.1")


async def test_every_route_is_described_and_every_description_has_a_route(client: TestClient[Any, Any]) -> None:
    app = client.app
    assert app is not None
    routes = set()
    for resource in app.router.resources():
        inner = resource._app.router.resources() if isinstance(resource, web.PrefixedSubAppResource) else [resource]
        for leaf in inner:
            if leaf.canonical.startswith("/v1/") or leaf.canonical == "/hooks/{site}":
                routes |= {(route.method.lower(), leaf.canonical) for route in leaf if route.method != "HEAD"}
    described = {(operation.method, operation.path) for operation in OPERATIONS}
    assert {(method, path) for method, path in routes if path not in UNDOCUMENTED} == described


def test_every_problem_that_an_operation_names_is_described() -> None:
    assert {kind for operation in OPERATIONS for kind in operation.problems} <= set(problem_types())
    slugs = [kind.slug for kind in problem_types()]
    assert len(slugs) == len(set(slugs))


def test_reason_codes_are_those_of_the_policy() -> None:
    schemas = document(INTERFACE)["components"]["schemas"]
    said = schemas["DecisionInput"]["properties"]["reasons"]["items"]["description"]
    assert said.startswith(", ".join(HUMAN_REASONS))  # and a site's own


class _Page(HTMLParser):
    VOID = frozenset({"meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        assert tag not in ("script", "style", "img", "iframe")
        assert not [name for name in named if name.startswith("on") or name == "style"]
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in named:
            self.ids.append(named["id"])
        if tag == "a":
            self.links.append(named["href"])
        if tag == "link":
            self.loaded.append(named["href"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_sound() -> None:
    page = _Page()
    page.feed(readable(INTERFACE).decode())
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.loaded == ["/review/static/icon.svg", "/v1/docs.css"]
    for link in page.links:
        assert link == "/v1/openapi.json" or link.removeprefix("#") in page.ids
    for kind in problem_types():
        assert f"problem-{kind.slug}" in page.ids


def test_text_is_escaped() -> None:
    assert _prose("<b> & `<i>`") == "&lt;b&gt; &amp; <code>&lt;i&gt;</code>"
    assert "<td>x</td>" in _table("", ("A",), [("x",)])


async def test_pages_are_for_everybody_and_strict(platform: Platform) -> None:
    platform.key = None
    for path, kind in (
        ("/v1/docs", "text/html"),
        ("/v1/docs.css", "text/css"),
        ("/v1/openapi.json", "application/json"),
    ):
        response = await platform.ask("GET", path)
        assert response.status == 200
        assert response.content_type == kind
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
    assert not re.search(r"@import|url\(", await (await platform.ask("GET", "/v1/docs.css")).text())


async def test_a_problem_type_leads_to_its_description(platform: Platform) -> None:
    response = await platform.ask("GET", "/problems/gone", allow_redirects=False)
    assert response.status == 303
    assert response.headers["Location"] == "/v1/docs#problem-gone"
    assert (await platform.ask("GET", "/problems/nonsense")).status == 404


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_names_its_answers_once(operation: Any) -> None:
    statuses = [answer.status for answer in operation.answers]
    assert len(statuses) == len(set(statuses))
    assert not set(statuses) & {kind.status for kind in operation.problems}


def test_the_guide_names_every_problem_operation_and_real_settings() -> None:
    guide = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
    for kind in problem_types():
        assert re.search(rf"\| {kind.status} \|.*`{kind.slug}`", guide), kind.slug
    for operation in OPERATIONS:
        assert operation.path in guide, operation.path
    for name in re.findall(r"ANTECHAMBER_([A-Z_]+)", guide):
        assert name.lower() in Settings.model_fields
