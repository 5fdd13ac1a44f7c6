"""docs/deploying.md shows the files that ship, and these start commands, take settings and grant no more than they say."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml

from service import serve
from service.core.server import read_address
from service.settings import Settings, load, variable
from tests.support.servers import Server

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
SYSTEMD = ROOT / "integrations" / "systemd"
SHIPPED = sorted(
    path for folder in ("systemd", "nginx", "caddy") for path in (ROOT / "integrations" / folder).iterdir()
)
WATCHING = sorted(path for folder in ("prometheus", "grafana") for path in (ROOT / "integrations" / folder).iterdir())
SERVICES = sorted(path for path in SYSTEMD.glob("*.service"))
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
OWN_VARIABLE = re.compile(r"\b(?:ANTECHAMBER_[A-Z_]*[A-Z]|REDIS_URL)\b")


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """A unit's sections, with every value of each option."""
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(section, {}).setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_page_shows_the_file_as_it_ships(path: Path) -> None:
    shown = re.search(
        rf"^`{re.escape(str(path.relative_to(ROOT)))}`:\n\n```\w*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
    assert shown is not None
    assert shown[1] == path.read_text(encoding="utf-8")


def test_what_the_page_installs_is_there() -> None:
    for name in re.findall(r"\bintegrations/[\w./@*-]+", PAGE):
        assert list(ROOT.glob(name.rstrip("."))), name


@pytest.mark.parametrize("path", [*SHIPPED, *WATCHING], ids=lambda path: path.name)
def test_every_setting_that_a_file_names_exists(path: Path) -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert set(OWN_VARIABLE.findall(path.read_text())) <= known


def test_the_environment_file_is_read_alike_by_systemd_and_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings in it can be used, each by itself."""
    text = (SYSTEMD / "antechamber.env").read_text()
    done = subprocess.run(
        ["sh", "-c", "set -a; . ./antechamber.env; env"], cwd=SYSTEMD, env={"PATH": os.environ["PATH"]}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    by_shell = dict(line.split("=", 1) for line in done.stdout.splitlines() if OWN_VARIABLE.match(line))
    assert by_shell == dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    for name, value in by_shell.items():
        monkeypatch.setenv(name, value)
    assert load().public_url == by_shell["ANTECHAMBER_PUBLIC_URL"]
    assert read_address(re.findall(r"^#REDIS_URL=(.*)$", text, re.MULTILINE)[0])


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_has_no_rights_to_spare(path: Path) -> None:
    service = unit(path)["Service"]
    for name, value in {
        "User": "antechamber", "EnvironmentFile": "/etc/antechamber/antechamber.env", "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "PrivateDevices": "yes", "UMask": "0077",
    }.items():  # fmt: skip
        assert service[name][0] == value, name
    assert "antechamber " in service["ExecStart"][0]


@pytest.mark.parametrize("name", ["antechamber.service", "antechamber@.service"])
def test_a_unit_that_serves_ends_in_time_and_starts_again_unless_that_is_in_vain(name: str) -> None:
    service = unit(SYSTEMD / name)["Service"]
    assert service["Restart"] == ["always"]
    assert service["RestartPreventExitStatus"] == [str(serve.CANT_START)]
    assert int(service["TimeoutStopSec"][0]) > Settings().drain_timeout + 2
    assert service["StateDirectory"] == ["antechamber"]
    assert service["MemoryMax"][0].endswith("G")
    (command,) = service["ExecStart"]
    words = command.split()[1:]
    assert words in (["serve"], ["serve", "--only", "%i"])


def test_the_two_units_differ_in_nothing_but_what_they_run() -> None:
    """And so in nothing that bounds them; a tree has a parent, and may take more."""
    tree, role = (unit(SYSTEMD / name)["Service"] for name in ("antechamber.service", "antechamber@.service"))
    differ = {name for name in tree.keys() | role.keys() if tree.get(name) != role.get(name)}
    assert differ == {
        "ExecStart", "EnvironmentFile", "MemoryMax", "TasksMax", "OOMPolicy", "KillMode", "TimeoutStopSec",
    }  # fmt: skip


def test_the_units_of_roles_are_those_that_there_are() -> None:
    started = set(re.findall(r"antechamber@(\w+)", PAGE + (SYSTEMD / "antechamber@.service").read_text()))
    assert started == {*serve.ROLES, serve.LEARN}


def rows() -> Iterator[tuple[str, str]]:
    """What the page says of docker-compose.yml: of which service, and what."""
    table = re.search(r"\| where \| what \| why \|\n\|[-|]+\|\n(.*?)\n\n", PAGE, re.DOTALL)
    assert table is not None
    for line in table[1].splitlines():
        where, what = line.strip("| ").split(" | ")[:2]
        for option in re.findall(r"`([^`]+)`", what):
            yield where, option


@pytest.mark.parametrize(("where", "option"), list(rows()))
def test_the_page_says_of_compose_what_stands_there(where: str, option: str) -> None:
    services = re.split(r"^  (?=\w+:$)", COMPOSE, flags=re.MULTILINE)
    common = COMPOSE[: COMPOSE.index("\nservices:")]
    named = [name for name in re.findall(r"`(\w+)`", where) if name in yaml.safe_load(COMPOSE)["services"]]
    places = [part for part in services if part.split(":")[0] in named] if named else [COMPOSE]
    assert any(option in part for part in (*places, common)), option


def test_a_redis_and_a_sentinel_take_what_the_page_has_for_them(tmp_path: Path) -> None:
    data, watching = re.findall(r"^```\n(.*?)^```$", PAGE[PAGE.index("## Sentinel") :], re.MULTILINE | re.DOTALL)[:2]
    (url,) = re.findall(r"^REDIS_URL=(redis\+sentinel://\S+)$", PAGE, re.MULTILINE)
    options = [word for line in data.splitlines() for word in _words(line)]
    server = Server(tmp_path / "data", *options).start()
    try:
        with server.client() as client:
            told = client.config_get("*")
            assert (told["appendonly"], told["appendfsync"], told["maxmemory-policy"]) == (
                "yes",
                "always",
                "noeviction",
            )
            assert told["min-replicas-to-write"] == "1"
    finally:
        server.end()
    file = tmp_path / "sentinel.conf"
    file.write_text(f"dir {tmp_path}\n{watching}")
    sentinel = Server(tmp_path / "sentinel", "--sentinel", first=str(file)).start()
    try:
        with sentinel.client() as client:
            assert list(client.sentinel_masters()) == [read_address(url).master]
    finally:
        sentinel.end()
    assert len(read_address(url).hosts) == 3


def test_a_server_of_a_cluster_takes_what_the_page_has_for_it(tmp_path: Path) -> None:
    (data,) = re.findall(r"^```\n(cluster-enabled yes\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (url,) = re.findall(r"^REDIS_URL=(redis://\S+,\S+)$", PAGE, re.MULTILINE)
    server = Server(tmp_path, *[word for line in data.splitlines() for word in _words(line)]).start()
    try:
        with server.client() as client:
            assert client.info("cluster")["cluster_enabled"] == 1
            assert client.config_get("appendfsync")["appendfsync"] == "always"
    finally:
        server.end()
    assert len(read_address(url).hosts) == 3


def _words(line: str) -> tuple[str, str]:
    name, _, value = line.partition(" ")
    return f"--{name}", value.strip('"')


def test_a_timer_is_read() -> None:
    parser = RawConfigParser()
    parser.read(SYSTEMD / "antechamber-backup.timer")
    assert parser["Timer"]["persistent"] == "yes"
