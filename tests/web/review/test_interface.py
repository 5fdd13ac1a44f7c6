"""The review API as a whole: its document, its roles, its sites. Every route is walked, also those to come."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import MAY, Right, Role
from service.core.submission import comment_id
from service.web.openapi import Route, document, problem_types
from service.web.review import INTERFACE, ROUTES
from tests.support.desk import COOKIE, Desk, path_of, seat
from tests.support.platform import Platform

GUARDED = [route for route in ROUTES if route.right is not None]
STREAMS = [route for route in GUARDED if "text/event-stream" in [answer.media for answer in route.operation.answers]]
ROOT = Path(__file__).parents[3]
UNDOCUMENTED = {"/review", "/review/", "/review/static/{name}", "/review/api/openapi.json"}


def name_of(route: Route) -> str:
    return route.operation.name


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document(INTERFACE))
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(document(INTERFACE)["components"]["schemas"])


def test_the_types_of_the_pages_scripts_are_up_to_date(tmp_path: Path) -> None:
    written = tmp_path / "schema.d.ts"
    subprocess.run([sys.executable, ROOT / ".ci/javascript/schema.py", written], cwd=ROOT, check=True)
    kept = ROOT / "service/web/static/review/lib/schema.d.ts"
    assert written.read_text() == kept.read_text(), "run: python .ci/javascript/schema.py"


def test_every_route_is_described(client: TestClient[Any, Any]) -> None:
    app = client.app
    assert app is not None
    served = {
        (route.method.lower(), leaf.canonical)
        for resource in app.router.resources()
        if isinstance(resource, web.PrefixedSubAppResource) and resource.canonical == "/review"
        for leaf in resource._app.router.resources()
        for route in leaf
        if route.method != "HEAD" and leaf.canonical not in UNDOCUMENTED
    }
    described = {(route.operation.method, route.operation.path) for route in ROUTES}
    assert served == described


def test_operations_have_names_and_answers_of_their_own() -> None:
    names = [name_of(route) for route in ROUTES]
    assert len(names) == len(set(names))
    known = set(problem_types())
    for route in ROUTES:
        statuses = [answer.status for answer in route.operation.answers]
        assert len(statuses) == len(set(statuses)), name_of(route)
        assert not set(statuses) & {kind.status for kind in route.operation.problems}, name_of(route)
        assert set(route.operation.problems) <= known, name_of(route)


async def test_the_document_is_for_everybody(client: TestClient[Any, Any]) -> None:
    response = await client.get("/review/api/openapi.json")
    assert response.status == 200
    assert (await response.json())["openapi"].startswith("3.1")


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
async def test_nothing_without_a_session(client: TestClient[Any, Any], route: Route) -> None:
    response = await client.request(route.operation.method, path_of(route))
    assert response.status == 401
    assert response.content_type == "application/problem+json"
    assert "WWW-Authenticate" in response.headers


@pytest.mark.parametrize("route", [one for one in GUARDED if one.operation.method != "get"], ids=name_of)
async def test_nothing_changes_without_the_token(operator: Desk, route: Route) -> None:
    operator.csrf = ""
    response = await operator.ask(route.operation.method, path_of(route))
    assert response.status == 403
    assert "X-CSRF-Token" in (await response.json())["detail"]


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
@pytest.mark.parametrize("role", Role)
async def test_the_table_of_rights_holds(
    client: TestClient[Any, Any], services: Services, role: Role, route: Route
) -> None:
    desk = await seat(client, services, "ann", role)
    if route in STREAMS:
        response = await client.get(path_of(route), headers={"Cookie": f"{COOKIE}={desk.token}"})
        response.close()
    else:
        response = await desk.ask(route.operation.method, path_of(route))
    assert (response.status == 403) is (route.right not in MAY[role])


def test_roles_grow() -> None:
    rights = [MAY[role] for role in Role]
    assert rights[0] < rights[1] < rights[2] == frozenset(Right)


@pytest.mark.parametrize("route", [one for one in GUARDED if one not in STREAMS], ids=name_of)
async def test_one_site_s_operator_sees_nothing_of_another(
    client: TestClient[Any, Any], services: Services, platform: Platform, shop: Platform, route: Route
) -> None:
    """Asked for another site by path, by parameter or not at all, no route tells that anything of it is there."""
    await shop.submit(id="1", content="This is maybe a secret of the shop.")
    await shop.judge()
    desk = await seat(client, services, "ann", Role.OPERATOR, ["blog"])
    operation = route.operation
    named = [parameter.name for parameter in operation.parameters if parameter.place == "query"]
    query = {"site": "shop"} if "site" in named else {}
    body = {"json": {"site": "shop"}} if operation.takes is not None else {}
    response = await desk.ask(operation.method, path_of(route, site="shop"), params=query, **body)
    text = await response.text()
    if query or "{site}" in operation.path or "{id}" in operation.path:
        assert response.status in {404, 415, 422}, text
    plain = await (await desk.ask(operation.method, path_of(route), **body)).text()
    for shown in (text, plain):
        assert "shop" not in shown.replace('"site":"shop"', "") or response.status >= 400
        assert "secret" not in shown
        assert comment_id("shop", "1") not in shown


def test_the_docs_show_every_role() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    for role in Role:
        assert f"| `{role}` |" in docs
