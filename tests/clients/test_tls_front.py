"""Clients with a name built in, as they were published, led to the service by name and certificate, as its instructions say.

Only where the names lead is arranged for them (`led/`, `led.cjs`), since a test must not write /etc/hosts or take port 443. The
variables that make them trust the front are those that `antechamber tls-front` prints.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import HERE, INSTALLED
from tests.support.waiting import until
from tests.system.stack import Stack, free_port

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPLIB2_CA_CERTS", "NODE_EXTRA_CA_CERTS")


@pytest.fixture(scope="module")
def front(service: Stack, site: dict[str, str]) -> Iterator[dict[str, str]]:
    """The front at work; the environment of a client that is led here."""
    told = service.command(
        "tls-front", "make", "akismet", "perspective", "--address", "192.0.2.5", "--key", site["akismet_key"]
    )
    names = next(line for line in told.splitlines() if line.startswith("192.0.2.5")).split()[1:]
    assert all(re.search(rf"^{variable}=", told, re.MULTILINE) for variable in VARIABLES)
    authority = service.folder / "data" / "tls" / "ca.pem"
    port, plain = free_port(), free_port()
    ports = ["--port", str(port), "--plain-port", str(plain), "--to", service.base]
    # It has neither the service's secrets nor Redis.
    own = {name: value for name, value in service.environment.items() if not name.startswith(("REDIS", "ANTECHAMBER"))}
    with (service.folder / "front.log").open("wb") as log:
        serving = [service.program, "tls-front", "serve", "--folder", str(authority.parent), *ports]
        process = subprocess.Popen(serving, env=own, stdout=log, stderr=log, cwd="/")
    try:
        asyncio.run(until(lambda: "Leading" in (service.folder / "front.log").read_text()))
        # Nobody has used this key before, but the name of a wrong one leads here as well.
        led = {"names": [*names, "ffffffffffff.rest.akismet.com"], "ports": {"443": port, "80": plain}}
        yield {"LED": json.dumps(led), **dict.fromkeys(VARIABLES, str(authority))}
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.fixture
def heard(front: dict[str, str], converse: Callable[..., Any]) -> Callable[[str, str], Any]:
    """Run a script in an environment of `build/clients`, led; what it heard."""

    def run(environment: str, script: str) -> Any:
        if environment != "node":
            interpreter = INSTALLED / environment / "bin" / "python"
            return converse(
                str(interpreter), str(HERE / "python" / script), PYTHONPATH=str(HERE / "python" / "led"), **front
            )
        folder = INSTALLED / "node"
        for name in ("scenario.cjs", "led.cjs", script):
            shutil.copy(HERE / "node" / name, folder / name)
        return converse("node", "--require", str(folder / "led.cjs"), str(folder / script), **front)

    return run


def test_pypi_akismet(heard: Callable[[str, str], Any]) -> None:
    assert heard("clients", "akismet_led.py") == {"good": "HAM", "bad": "DISCARD", "wrong_key": "error: APIKeyError"}


def test_python_akismet(heard: Callable[[str, str], Any]) -> None:
    assert heard("python-akismet", "python_akismet_led.py") == {"good": "Ham", "bad": "DefiniteSpam"}


@pytest.mark.parametrize("script", ["akismet-api-led.cjs", "akismet-led.cjs"])
def test_npm_akismet(heard: Callable[[str, str], Any], script: str) -> None:
    assert heard("node", script) == {"verified": True, "wrong_key": False, "good": False, "bad": True}


def test_nodebb(heard: Callable[[str, str], Any]) -> None:
    assert heard("node", "nodebb-led.cjs") == {
        "verified": True, "wrong_key": False, "good": "published", "bad": "Post content was flagged as spam by Akismet.com",
    }  # fmt: skip


def test_ruby_akismet(front: dict[str, str], converse: Callable[..., Any]) -> None:
    led, gem = HERE / "ruby" / "led.rb", INSTALLED / "ruby-akismet" / "usr" / "lib" / "ruby" / "vendor_ruby"
    said = converse("ruby", "-I", str(gem), "-r", str(led), str(HERE / "ruby" / "akismet_led.rb"), **front)
    assert said == {"verified": True, "wrong_key": False, "good": [False, False], "bad": [True, True]}


def test_pyperspective(heard: Callable[[str, str], Any]) -> None:
    said = heard("clients", "pyperspective_led.py")
    assert said["rude"]["TOXICITY"] > 0.5 > said["good"]["TOXICITY"]
    assert set(said["rude"]) == {"TOXICITY", "INSULT", "THREAT", "span"}
    assert said["rude"]["span"].startswith("You are")
    assert said["flirtation"].startswith("TypeError: ApiException")
    assert said["wrong_key"] == "InvalidAuthKey: Invalid Auth Key Provided!"


def test_perspective_py(heard: Callable[[str, str], Any]) -> None:
    said = heard("clients", "perspective_py_led.py")
    assert said["rude"]["TOXICITY"] > 50 > said["good"]["TOXICITY"]  # in per cent
    assert (said["language"], said["wrong_key"]) == ("UnsupportedLanguage", "InvalidToken")


def test_begentle(heard: Callable[[str, str], Any]) -> None:
    said = heard("clients", "begentle_led.py")
    assert said["rude"] > 0.5 > said["good"]
    assert said["wrong_key"] == "error: HttpError"


def test_npm_perspective_api_client(heard: Callable[[str, str], Any]) -> None:
    said = heard("node", "perspective-api-client-led.cjs")
    values = {name: said[name]["attributeScores"]["TOXICITY"]["summaryScore"]["value"] for name in ("good", "rude")}
    assert values["rude"] > 0.5 > values["good"]
    assert said["unknown"]["message"] == "Unknown requested attribute: FLIRTATION"
    assert (said["wrong_key"]["name"], said["wrong_key"]["status"]) == ("ResponseError", 400)


def test_without_that_trust_a_client_does_not_speak_with_us(
    front: dict[str, str], converse: Callable[..., Any], tmp_path: Path
) -> None:
    script = tmp_path / "stranger.cjs"
    script.write_text(
        'fetch("https://rest.akismet.com/1.1/verify-key", { method: "POST", body: "key=x" })'
        ".catch((error) => console.log(JSON.stringify(String(error.cause.code))));"
    )
    said = converse("node", "--require", str(HERE / "node" / "led.cjs"), str(script), LED=front["LED"])
    assert said in ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY")
