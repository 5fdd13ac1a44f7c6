"""Real clients against the running service: real processes, the shipped model, each client as it was published.

`.ci/clients.sh` installs them under build/clients; without that these tests are left out by `make test`, and never in CI.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.stack import Stack

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / "build" / "clients"
_NUMBERS = itertools.count(1)
POLICY = {"thresholds": {"spam": {"hold": 0.3, "reject": 0.3, "discard": 0.4}}}
COMMENT = {
    "ip": "192.0.2.7",
    "agent": "Mozilla/5.0",
    "author": "Ann",
    "email": "ann@example.com",
    "content": "Thank you for this post, I had not thought of the bees in that way before.",
    "rude": "You are a stupid idiot.",
    "spam": (
        "Buy cheap viagra pills online, best casino bonus http://pills.example/buy http://casino.example click here "
        "now!!! [url=http://pills.example]cheap pills[/url]"
    ),
}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("s"))
    try:
        asyncio.run(stack.up())
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def site(service: Stack) -> dict[str, str]:
    """A site for all of them; its credentials. Each conversation is about a page of its own."""
    name = "blog"
    credentials = service.add_site(name)
    service.command("sites", "policy", "set", name, "-", text=json.dumps(POLICY))
    return credentials


@pytest.fixture
def converse(service: Stack, site: dict[str, str]) -> Callable[..., Any]:
    """Let a client have its conversation; what it heard. `command` begins with the interpreter's name."""

    def run(*command: str, **extra: Any) -> Any:
        scenario = {
            "port": service.port,
            "key": site["akismet_key"],
            "api_key": site["api_key"],
            "blog": f"https://{site['site']}.example",
            "comment": COMMENT | {"permalink": f"https://blog.example/{next(_NUMBERS)}"},
        }
        environment = {"PATH": os.environ["PATH"], "SCENARIO": json.dumps(scenario), "NODE_NO_WARNINGS": "1"}
        done = subprocess.run(command, env=environment | extra, capture_output=True, text=True, check=False, timeout=90)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def node(converse: Callable[..., Any]) -> Callable[..., Any]:
    """Run a script of tests/clients/node beside the npm packages."""

    def run(script: str, **extra: str) -> Any:
        folder = INSTALLED / "node"
        assert (folder / "node_modules").is_dir(), "run .ci/clients.sh first"
        for name in ("scenario.cjs", "names.cjs", script):
            shutil.copy(HERE / "node" / name, folder / name)
        return converse("node", "--require", str(folder / "names.cjs"), str(folder / script), **extra)

    return run


@pytest.fixture
def python(converse: Callable[..., Any]) -> Callable[[str, str], Any]:
    """Run a script of tests/clients/python in an environment that .ci/clients.sh made."""

    def run(environment: str, script: str) -> Any:
        interpreter = INSTALLED / environment / "bin" / "python"
        assert interpreter.exists(), "run .ci/clients.sh first"
        return converse(str(interpreter), str(HERE / "python" / script))

    return run
