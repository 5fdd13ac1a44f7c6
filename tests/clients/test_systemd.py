"""systemd's own tool reads our units without a complaint, and finds that they may do little."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "integrations" / "systemd"
UNITS = sorted(path for path in SYSTEMD.iterdir() if path.suffix in (".service", ".timer"))
MOST_EXPOSED = 15  # of 100, by systemd's own reckoning; without any bounds a unit has 96


def analyze(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    assert program, "run .ci/clients.sh first"
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_units_are_read_without_a_complaint(tmp_path: Path) -> None:
    """The programs that they start and the user are not on this machine: others stand in for their names."""
    for path in UNITS:
        text = path.read_text().replace("/opt/antechamber/bin/antechamber", "/bin/true")
        text = re.sub(r"^(User|Group)=.*\n", "", text, flags=re.MULTILINE)
        name = path.name.replace("@.", "@api.")
        (tmp_path / name).write_text(text)
    names = [f"./{path.name}" for path in sorted(tmp_path.iterdir())]
    done = analyze("verify", *names, folder=tmp_path)
    about_ours = [line for line in done.stderr.splitlines() if "antechamber" in line]
    assert (done.returncode, about_ours) == (0, []), done.stderr


def test_a_mistake_would_be_seen(tmp_path: Path) -> None:
    text = (SYSTEMD / "antechamber.service").read_text().replace("NoNewPrivileges=", "NoNewPriviledges=")
    (tmp_path / "antechamber.service").write_text(text)
    assert "NoNewPriviledges" in analyze("verify", "./antechamber.service", folder=tmp_path).stderr


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_unit_is_little_exposed(path: Path) -> None:
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", str(path), folder=SYSTEMD)
    assert done.returncode == 0, done.stdout
