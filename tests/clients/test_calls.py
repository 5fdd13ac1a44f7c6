"""The programs of docs/calls.md, run as they stand there, against the running service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.stack import Stack

PAGE = (Path(__file__).parents[2] / "docs" / "calls.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
RUN = {
    "sh": ("call.sh", ["sh", "call.sh"]),
    "python": ("call.py", ["python3", "call.py"]),
    "js": ("call.mjs", ["node", "call.mjs"]),
    "php": ("call.php", ["php", "call.php"]),
    "go": ("call.go", ["go", "run", "call.go"]),
    "ruby": ("call.rb", ["ruby", "call.rb"]),
}


def run(language: str, folder: Path, address: str, key: str) -> subprocess.CompletedProcess[str]:
    name, command = RUN[language]
    assert shutil.which(command[0]), "run .ci/clients.sh first"
    (folder / name).write_text(PROGRAMS[language])
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COMMENTS_API": address, "COMMENTS_KEY": key}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_every_program_of_the_page_is_run() -> None:
    assert set(PROGRAMS) == set(RUN)


@pytest.mark.parametrize("language", list(RUN))
def test_a_call_says_the_state(service: Stack, site: dict[str, str], tmp_path: Path, language: str) -> None:
    done = run(language, tmp_path, service.base, site["api_key"])
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["state"] if language == "sh" else done.stdout.strip()
    assert said in ("approved", "flagged", "rejected")


@pytest.mark.parametrize("language", list(RUN))
def test_a_refusal_ends_the_program(service: Stack, site: dict[str, str], tmp_path: Path, language: str) -> None:
    done = run(language, tmp_path, service.base, "ant_wrong")
    assert done.returncode != 0
    assert not re.search(r"^(approved|flagged|rejected)$", done.stdout, re.MULTILINE)
