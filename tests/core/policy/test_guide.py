"""docs/policy.md tells the truth: its documents can be used, its conditions read, its phases and limits are the real ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.policy import MODES, SPAM_ONLY, check, grammar, measures, rules
from service.core.policy.document import read_policy
from service.core.policy.evaluate import PHASES
from service.core.policy.evidence import CODES
from service.core.policy.fields import FIELDS
from service.core.signals import CATALOGUE
from service.core.verdict import HUMAN_REASONS, LABELS

DOCS = Path(__file__).parent.parent.parent.parent / "docs"
GUIDE = (DOCS / "policy.md").read_text(encoding="utf-8")
PLATFORMS = (DOCS / "platforms.md").read_text(encoding="utf-8")
FORMS_GUIDE = (DOCS / "forms.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^\| [^|]+ \| `([^|]+)` \| (approve|hold|reject|discard)", GUIDE, re.MULTILINE)
FORMS = re.search(r"\| form \| example \|\n(.*?)\n\n", GUIDE, re.DOTALL)


@pytest.mark.parametrize("document", re.findall(r"```toml\n(.*?)```", GUIDE + FORMS_GUIDE + PLATFORMS, re.DOTALL))
def test_its_documents_can_be_used(document: str) -> None:
    check(read_policy(document))


def test_its_recipes_can_be_used() -> None:
    assert len(RECIPES) >= 10
    for when, then in RECIPES:
        rules.compile_rule(rules.Rule(name="r", when=when, then=then))


def test_its_forms_can_be_used() -> None:
    assert FORMS is not None
    examples = [one for line in FORMS[1].splitlines() for one in re.findall(r"`([^`]+)`", line.split(" | ")[-1])]
    assert len(examples) >= 9
    for when in examples:
        grammar.parse(when)


def test_it_names_every_form_mode_and_field() -> None:
    assert all(
        f"`{word}`" in GUIDE for word in (*grammar.COMPARISONS, *(name for name in FIELDS if name not in CATALOGUE))
    )
    assert all(word in GUIDE for word in (*grammar.SEARCHES, *MODES))


def test_its_phases_are_the_phases() -> None:
    table = re.search(r"\| phase \| decides \|\n(.*?)\n\n", GUIDE, re.DOTALL)
    assert table is not None
    assert re.findall(r"^\| `([a-z-]+)` \|", table[1], re.MULTILINE) == list(PHASES)


def test_its_limits_are_the_limits() -> None:
    for said in (
        f"{grammar.MAX_LENGTH:,} characters", f"{grammar.MAX_CONDITIONS} parts", f"{grammar.MAX_DEPTH} levels",
        f"{grammar.MAX_TEXT} characters", f"{rules.MAX_RULES} rules", f"{measures.MAX_LISTS} lists",
        f"{measures.MAX_ENTRIES:,} entries", f"{measures.MAX_ALL_ENTRIES:,}",
    ):  # fmt: skip
        assert said in " ".join(GUIDE.split()), said


def test_kinds_of_which_only_spam_counts_are_named() -> None:
    for text in (GUIDE, FORMS_GUIDE):
        assert all(f"`{kind}`" in text for kind in SPAM_ONLY)


def codes() -> Iterator[str]:
    """Every code that a machine's reason may have: those that stand in the source, and those that stand in tables there."""
    for path in (DOCS.parent / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
                constants = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
                yield from (one for one in constants if isinstance(one, str))
    yield from (*CODES, *LABELS, "unsupported-language", "unknown-language")


def test_it_names_every_reason_code_and_no_other() -> None:
    table = re.search(r"\| code \| says \|\n\|---\|---\|\n(.*?)\n\n", GUIDE, re.DOTALL)
    assert table is not None
    told = [code for line in table[1].splitlines() for code in re.findall(r"`([\w-]+)`", line.split(" | ")[0])]
    assert len(told) == len(set(told))
    assert set(told) == set(codes())
    assert all(f"`{code}`" in GUIDE for code in HUMAN_REASONS)
