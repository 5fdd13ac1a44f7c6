"""The table of keys is the only place that spells one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.lifecycle import State
from service.core.queue import FACETS, LISTS
from service.store import keys as names
from service.store.keys import KEYS, Keys, suffix
from service.store.script import SCRIPTS

STORE = Path(names.__file__).parent
PYTHON = sorted(path for path in STORE.parent.rglob("*.py") if path != STORE / "keys.py")
LUA = sorted((STORE / "scripts").rglob("*.lua"))
SUFFIXES = {suffix(key.name) for key in KEYS if key.pattern.startswith("{pN}:")} - {"", *State}
SPELLED = re.compile(r"\.\.\s*'([^']+)'|'([^']+)'\s*\.\.")


def _id(path: Path) -> str:
    return str(path.relative_to(STORE.parent))


def _code(path: Path) -> str:
    """A script without its comments."""
    return "\n".join(line.partition("--")[0] for line in path.read_text().splitlines())


def test_every_key_is_named_once_and_says_what_it_holds() -> None:
    patterns = [key.pattern for key in KEYS]
    assert len(set(patterns)) == len(patterns)
    assert all(key.holds and (key.lives or key.type == "pubsub") for key in KEYS)
    assert all(key.pattern in (names.__doc__ or "") for key in KEYS)


def test_keys_are_what_they_always_were() -> None:
    """Data that is stored is found again."""
    keys = Keys()
    assert (keys.home("s").work, keys.home("s").dead, keys.home("s").due, keys.home("s").live) == (
        "ac:{p0}:work", "ac:{p0}:dead", "ac:{p0}:due", "ac:{p0}:live",
    )  # fmt: skip
    assert (keys.comment("c1"), keys.history("c1"), keys.texts("c1")) == (
        "ac:{p0}:c:c1",
        "ac:{p0}:h:c1",
        "ac:{p0}:t:c1",
    )
    assert (keys.answered("c1"), keys.of("was", "c1")) == ("ac:{p0}:r:c1:answered", "ac:{p0}:was:c1")
    assert (keys.bulk("b"), keys.bulk("b", "todo")) == ("ac:{p0}:bulk:b", "ac:{p0}:bulk:b:todo")
    assert (keys.facet("s", "rule"), keys.facet("s", "rule", "x")) == ("ac:{p0}:s:s:q:rule", "ac:{p0}:s:s:q:rule:x")
    assert (keys.site_prefix("s"), keys.site("s", "queue")) == ("ac:{p0}:s:s:", "ac:{p0}:s:s:queue")
    assert (keys.author("s", "e1"), keys.rate("s", 3)) == ("ac:{p0}:s:s:a:e1", "ac:{p0}:s:s:rate:3")
    assert names.moderators("session", "d") == "ac:{staff}:session:d"
    assert (names.SITES, names.CREDENTIALS, names.AUDIT, names.STAFF) == (
        "ac:sites", "ac:credentials", "ac:audit", "ac:staff",
    )  # fmt: skip
    assert (names.model("v"), names.model_task("t"), names.models_of("s"), names.MODEL_POINTERS) == (
        "ac:{models}:v:v", "ac:{models}:turn:t", "ac:{models}:of:s", "ac:{models}:pointers",
    )  # fmt: skip


def test_every_list_and_state_has_its_index() -> None:
    keys = Keys()
    for index in (*State, *(shelf.index for shelf in LISTS.values()), *(shelf.times for shelf in LISTS.values())):
        assert keys.site("blog", index) == f"ac:{{p0}}:s:blog:{index}"
    assert FACETS
    with pytest.raises(KeyError):
        keys.site("blog", "nothing")


def _strings(path: Path) -> Iterator[str]:
    """Every text of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_no_other_module_spells_a_key() -> None:
    tags = ("{p0}", "{staff}", "{models}")
    strays = [
        f"{_id(path)}: {text!r}"
        for path in PYTHON
        for text in _strings(path)
        if text.startswith(names.ROOT) or any(tag in text for tag in tags)
    ]
    assert strays == []


def test_the_store_puts_no_key_together() -> None:
    heads = tuple(one for one in SUFFIXES if ":" in one)
    strays = [
        f"{_id(path)}: {part.value!r}"
        for path in PYTHON
        if path.is_relative_to(STORE)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and str(part.value).endswith(heads)
    ]
    assert strays == []


@pytest.mark.parametrize("path", LUA, ids=_id)
def test_no_script_spells_a_key(path: Path) -> None:
    spelled = {one or other for one, other in SPELLED.findall(_code(path))}
    assert spelled & SUFFIXES == set()


@pytest.mark.parametrize("path", LUA, ids=_id)
def test_a_script_names_the_keys_that_it_uses(path: Path) -> None:
    named = {name for line in re.findall(r"^-- uses: (.+)$", path.read_text(), re.MULTILINE) for name in line.split()}
    code = _code(path)
    used = set(re.findall(r"\bK\.(\w+)", code))
    assert used <= named
    assert named == used or "K[" in code, "what is named is used"


def test_every_script_is_read_with_its_keys() -> None:
    for name, text in SCRIPTS.items():
        assert "-- include:" not in text, name
        assert ("K." in text) == text.startswith("local K = {"), name
