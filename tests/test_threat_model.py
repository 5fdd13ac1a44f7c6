"""The threat model names a test in every line, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from service.app import api_application
from service.container import Services
from service.settings import PREFIX, Settings
from service.web.hooks import platform_hooks

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
DOORS = TEXT.partition("## The doors")[2].partition("## What remains")[0]


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_line_names_a_test_that_is_there() -> None:
    rows = [line for line in DOORS.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row.split("|")[-2])
        assert named, row
        for path, function in named:
            assert (ROOT / path).is_file(), row
            assert not function or function in functions(ROOT / path), row


def test_every_entrance_is_there(services: Services) -> None:
    """Whatever the application answers to begins with a path that some line names; so does every platform's hook."""
    named = {one.rstrip("/…") or "/" for one in re.findall(r"`(/[^`{\s]*)", DOORS)}
    for resource in api_application(services).router.resources():
        path = resource.canonical
        assert path in named or any(path.startswith(f"{one}/") for one in named - {"/"}), path
    hooks = {route.path.rpartition("/")[2] for route in platform_hooks()}
    assert {name for name in hooks if not re.search(rf"\b{name}\b", DOORS, re.IGNORECASE)} == set()


def test_every_setting_that_it_names_is_one() -> None:
    named = set(re.findall(rf"{PREFIX}(\w+)", TEXT))
    assert named <= {name.upper() for name in Settings.model_fields}
