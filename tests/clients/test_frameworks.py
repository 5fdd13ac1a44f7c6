"""The Python of docs/frameworks.md, run as it stands there: real Django with django-contrib-comments, real Flask."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import HERE, INSTALLED
from tests.system.stack import Stack

PAGE = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text(encoding="utf-8")


@pytest.fixture
def run(converse: Callable[..., Any], service: Stack, site: dict[str, str]) -> Callable[[str], Any]:
    """Run a framework with the code that the page has for it."""

    def run(name: str) -> Any:
        section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        (code,) = re.findall(r"^ *```python\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
        script = HERE / "python" / f"framework_{name.lower()}.py"
        return converse(
            str(INSTALLED / "clients" / "bin" / "python"), str(script), CODE=textwrap.dedent(code),
            COMMENTS_API=service.base, COMMENTS_KEY=site["api_key"], COMMENTS_SECRET=site["webhook_secret"],
        )  # fmt: skip

    return run


def test_django(run: Callable[[str], Any]) -> None:
    assert run("Django") == {
        "good": [True, False], "bad": [False, True], "forged": 401, "after_forged": True,
        "told": 204, "after_told": [False, True], "away": [False, False], "kept": True,
        "edited": ["Call me: •••", "&lt;b&gt;Call&lt;/b&gt;", "the author's"],
    }  # fmt: skip


def test_flask(run: Callable[[str], Any]) -> None:
    said = run("Flask")
    assert said == {
        "good": "approved", "bad": "rejected", "forged": [401, {}], "told": [204, {"f1": ["rejected", None]}], "away": "pending",
        "edited": [204, {"f1": ["approved", "Call me: •••"]}], "taken_back": [204, {"f1": ["approved", None]}],
    }  # fmt: skip
