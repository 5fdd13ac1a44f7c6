"""`antechamber demo`, which is what a newcomer sees first."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from urllib.request import Request, urlopen

from service.commands.demo_site import SAMPLES
from service.store.server import EmbeddedServer
from tests.commands.test_serve import ANTECHAMBER, Tree, until


def test_the_demo_shows_what_became_of_its_comments_and_goes_on_serving(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.environment["COLUMNS"] = "160"
    shown = tmp_path / "shown"
    with shown.open("wb") as out, (tmp_path / "log").open("ab") as log:
        process = subprocess.Popen([*ANTECHAMBER, "demo"], env=tree.environment, stdout=out, stderr=log)
    try:
        until(lambda: "Serving until" in shown.read_text() or process.poll() is not None)
        text = shown.read_text()
        assert all(sample.name in text for sample in SAMPLES)
        assert f"The platform was told {len(SAMPLES)} times; every signature was right" in text
        assert "@letters.example" not in text
        told = re.findall(r"← comment\.(approved|flagged|rejected)", text)
        assert len(told) == len(SAMPLES)
        assert set(told) == {"approved", "flagged", "rejected"}, "a newcomer's queue holds something to decide on"
        key = re.search(r"ant_[a-z2-7]+", text)
        assert key is not None
        assert key.group() in tree.command("sites", "show", "demo", "--secrets").stdout

        # The lines that it prints to go on with work as they are.
        curl = re.search(r"  curl .*?}'", text, re.DOTALL)
        assert curl is not None
        answer = subprocess.run(curl.group(), shell=True, capture_output=True, check=True).stdout
        assert json.loads(answer)["platform_id"] == "my-1"
        until(lambda: "my-1" in shown.read_text().partition("Serving until")[2])
        with urlopen(f"http://127.0.0.1:{tree.port}/v1/docs", timeout=10) as page:
            assert page.status == 200

        # … and somebody can sign in with the password, which is shown once.
        shown_password = re.search(r"Password +(\S+)\n", text)
        assert shown_password is not None
        sign_in = Request(
            f"http://127.0.0.1:{tree.port}/review/api/session",
            json.dumps({"name": "demo", "password": shown_password.group(1)}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(sign_in, timeout=10) as session:
            assert json.load(session)["sites"] == ["demo"]
        again = tree.command("demo")
        assert again.returncode == 0
        assert "Go on from here" in again.stdout
        assert "antechamber moderators password demo" in again.stdout
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert shown.read_text().endswith(f"\nStopped. What it made is kept in {tmp_path / 'data'}.\n")
    assert not EmbeddedServer(tmp_path / "data").answers()
    assert [line for line in (tmp_path / "log").read_text().splitlines() if "error" in line.lower()] == []
