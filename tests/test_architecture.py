"""The dependency rules of the house, held by looking at every import (see docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "service").rglob("*.py"), *(ROOT / "classifier").rglob("*.py")])
COMPOSERS = {"service.app", "service.cli", "service.serve", "service.resources", "service.demo", "service.checks"}
"""Put the parts together; `service.commands` are the command line's halves."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions; `from a import b` counts as a and, if it is one, a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            assert node.module is not None
            yield node.module
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                if is_module(submodule):
                    yield submodule


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def under(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


GRAPH = {name_of(path): {name for name in imports(path) if name != "__future__"} for path in MODULES}


def offenders(importer: str | tuple[str, ...], *forbidden: str, but: tuple[str, ...] = ()) -> list[str]:
    """`a imports b` for the modules under `importer` that import something forbidden."""
    importers = (importer,) if isinstance(importer, str) else importer
    return [
        f"{module} imports {imported}"
        for module, found in GRAPH.items()
        if under(module, *importers) and not under(module, *but)
        for imported in sorted(found)
        if under(imported, *forbidden)
    ]


def _imported(line: str) -> str:
    return line.rpartition(" ")[2]


def test_the_walk_sees_something() -> None:
    assert "service.core.errors" in GRAPH["service.moderation"]
    assert len(GRAPH) > 50


def test_1_the_classifier_knows_nothing_of_the_service() -> None:
    assert offenders("classifier", "service", "redis", "aiohttp", "asyncio", "hiredis") == []


def test_2_the_core_does_no_io_and_reads_no_clock() -> None:
    outside = (
        "service.store",
        "service.web",
        "service.workers",
        "service.moderation",
        "service.judging",
        "service.moves",
        "service.settings",
        "service.logs",
    )
    clocks = ("time", "random", "secrets", "os", "asyncio", "pathlib", "subprocess", "logging")
    libraries = ("redis", "aiohttp", "pydantic", "structlog", "prometheus_client", "classifier")
    assert offenders("service.core", *outside, *clocks, *libraries) == []


def test_3_only_the_store_speaks_redis() -> None:
    assert offenders(("service", "classifier"), "redis", "hiredis", but=("service.store",)) == []
    strays = [
        line
        for line in offenders("service.store", "service")
        if not under(_imported(line), "service.store", "service.core")
    ]
    assert strays == []


def test_4_use_cases_see_the_model_as_a_protocol_only() -> None:
    cases = ("service.moderation", "service.judging", "service.moves")
    assert offenders(cases, "classifier", "service.web", "service.workers", "service.scorer") == []
    assert offenders(cases, "service.learning") == []
    assert offenders("service.learning", *cases, "service.web", "service.workers") == []


def test_5_web_reaches_into_the_store_only_for_accounts() -> None:
    assert offenders("service.web", "service.store", but=("service.web.auth",)) == []
    reached = {name for name in GRAPH["service.web.auth"] if under(name, "service.store")}
    assert reached <= {"service.store.accounts"}
    assert offenders("service.web", "service.workers", "classifier", "service.scorer") == []
    assert offenders("service.workers", "service.web") == []


def test_5_sibling_dialects_do_not_import_each_other() -> None:
    dialects = [f"service.web.{name}" for name in ("api", "akismet", "perspective", "hooks", "review", "ops")]
    for one in dialects:
        others = [other for other in dialects if other != one]
        assert offenders(one, *others) == []


def test_6_only_composers_put_parts_together() -> None:
    composed = ("service.app", "service.resources", "service.serve", "service.cli")
    allowed = (*COMPOSERS, "service.commands", "service.workers")  # a worker is handed a process's resources
    assert offenders("service", *composed, but=allowed) == []
    assert offenders("service.workers", "service.app", "service.serve", "service.cli") == []
    knowing = (
        "service.learning",
        "service.following",
        "service.equipped",
        "service.app",
        "service.checks",
        "service.commands",
    )
    assert offenders("service", "service.scorer", but=(*knowing, "service.workers")) == []
    assert offenders("service", "classifier", but=(*knowing, "service.scorer", "service.cli")) == []


def test_there_is_no_circle() -> None:
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if module in trail:
            pytest.fail("a circle: " + " -> ".join([*trail[trail.index(module) :], module]))
        if module in done or module not in GRAPH:
            return
        for imported in sorted(GRAPH[module]):
            if imported != module and not module.startswith(imported + "."):  # a package is not its own part's import
                visit(imported, (*trail, module))
        done.add(module)

    for module in GRAPH:
        visit(module, ())


def test_no_file_holds_two_things() -> None:
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > 330} == {}
