"""What surrounds the code is held to it: lock files, container files, wheel, documentation."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import typer
import yaml

import service
from service import cli, settings
from service.commands.settings import page

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])
VARIABLES = {settings.variable(name) for name in settings.Settings.model_fields} | {"ANTECHAMBER_REDIS_URL"}
VARIABLE = re.compile(r"\bANTECHAMBER_[A-Z_]*[A-Z]\b")
ROLES = ("api", "worker", "deliver", "learn")
SERVICES = sorted(COMPOSE["services"])


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-reader.lock", "requirements-dev.lock"])
def test_every_locked_package_has_its_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    assert "://" not in text
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines:
        assert re.match(r"[a-z0-9-]+==\S+ (; .+?)?\s*--hash=sha256:[0-9a-f]{64}", line), line
    locked = {line.split("==")[0] for line in lines}
    wanted = [*PROJECT["project"]["dependencies"], *EXTRAS["embedded"], *EXTRAS["traces"]]
    wanted += EXTRAS["reader"] if name != "requirements.lock" else []
    groups = PROJECT["dependency-groups"]
    wanted += groups["build"] + (groups["dev"] if "dev" in name else [])
    assert {re.split(r"[<>=\[; ]", one)[0].lower() for one in wanted} <= locked


def test_the_larger_locks_have_the_versions_of_the_smaller_ones() -> None:
    runtime, reader, dev = (
        set(re.findall(r"^\S+==\S+(?: ;[^\\]*)?", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-reader.lock", "requirements-dev.lock")
    )
    assert runtime <= reader <= dev


def test_every_package_that_is_imported_is_declared() -> None:
    declared = {re.split(r"[<>=\[; ]", one)[0].lower() for one in PROJECT["project"]["dependencies"]}
    declared |= {re.split(r"[<>=\[; ]", one)[0].lower() for extra in EXTRAS.values() for one in extra}
    for_training = {re.split(r"[<>=\[; ]", one)[0].lower() for one in PROJECT["dependency-groups"]["dev"]}
    providers = packages_distributions()
    for path in [*ROOT.glob("service/**/*.py"), *ROOT.glob("classifier/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for top in {name.split(".")[0] for name in names} - {"service", "classifier"} - sys.stdlib_module_names:
                allowed = declared | (for_training if "training" in path.parts else set())  # nobody who serves trains
                assert {name.lower().replace("_", "-") for name in providers.get(top, [top])} & allowed, (
                    f"{path}: {top}"
                )


def test_the_version_is_said_once() -> None:
    assert PROJECT["project"]["version"] == service.__version__
    assert f"## {service.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_wheel_holds_everything_that_is_read_at_run_time(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT, check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(ZipFile(wheel).namelist())
    for package in ("service", "classifier"):
        kept = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*") if path.is_file()}
        assert {name for name in kept if "__pycache__" not in name} <= packed
    assert {name.split("/")[0] for name in packed} == {
        "service",
        "classifier",
        f"antechamber-{service.__version__}.dist-info",
    }


def test_every_setting_is_documented() -> None:
    assert (ROOT / "docs/settings.md").read_text() == page(), "run `make docs`"


def test_every_variable_that_is_named_anywhere_exists() -> None:
    files = [*DOCS, *(ROOT / name for name in ("Dockerfile", "docker-compose.yml", "Makefile", ".ci/run"))]
    plugin = {name for path in ROOT.glob("integrations/**/*.php") for name in VARIABLE.findall(path.read_text())}
    for path in files:
        known = VARIABLES | (plugin if path.name == "wordpress.md" else set())  # the plugin has constants of its own
        named = set(VARIABLE.findall(path.read_text()))
        assert named <= known, f"{path.name}: {named - known}"


def commands() -> list[str]:
    """Every command as it is typed: `sites add` and so on."""

    def walk(words: tuple[str, ...], command: Any) -> Iterator[str]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk((*words, name), inner)
        if not hasattr(command, "commands"):
            yield " ".join(words)

    return list(walk((), typer.main.get_command(cli.app)))


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    assert f"`antechamber {command}" in (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(path: Path) -> None:
    known = set(commands())
    groups = {name.split()[0] for name in known}
    for words in re.findall(
        r"(?:`|\$ |exec api |run --rm \w+ |\n    )antechamber ([a-z-]+(?: [a-z-]+)?(?: [a-z-]+)?)", path.read_text()
    ):
        parts = words.split()
        assert parts[0] in groups, words
        assert parts == parts[:1] or {" ".join(parts[:length]) for length in (1, 2, 3)} & known, words


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_architecture_page_knows_every_room_of_the_house() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    for path in (ROOT / "service").iterdir():
        if path.is_dir() and path.name != "__pycache__":
            assert f"`{path.name}/`" in text
        elif path.suffix == ".py" and path.stem != "__init__":
            assert f"`{path.name}`" in text


def test_every_page_is_reached_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{path.name})" in text


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_the_image_is_small_in_rights_and_says_when_it_is_well() -> None:
    text = dockerfile()
    stages = text.split("\nFROM ")
    assert len(stages) == 3
    assert "USER antechamber" in stages[2]
    assert "/healthz" in stages[2]
    assert "--require-hashes" in stages[1]
    assert all("--no-cache-dir" in line for line in text.splitlines() if "pip install" in line)
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert "/" not in image, "an image by its name, without a registry"


def test_the_image_builds_from_what_the_ignore_file_lets_in() -> None:
    kept = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE) for name in line.split()
    }
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


def environment(name: str) -> dict[str, Any]:
    return dict(COMPOSE["services"][name].get("environment", {}))


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_no_more_than_it_must(name: str) -> None:
    container = COMPOSE["services"][name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container.get("user", "antechamber") != "root"
    assert "privileged" not in container
    assert "env_file" not in container
    secret = re.compile("password|secret_key|token|api_key", re.IGNORECASE)
    assert not any(secret.search(variable) for variable in environment(name))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_started_with_settings_that_exist_and_waits_for_what_it_needs(
    role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = COMPOSE["services"][role]
    assert container["command"] == ["serve", "--only", role]
    assert container["depends_on"] == {
        "redis": {"condition": "service_healthy"},
        "keys": {"condition": "service_completed_successfully"},
    }
    for variable, value in environment(role).items():
        given = re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(value))  # what it is unless .env says otherwise
        monkeypatch.setenv(variable, given)
    loaded = settings.load()
    assert loaded.redis_url is not None
    assert not loaded.embedded
    grace = int(container["stop_grace_period"].removesuffix("s"))
    assert grace > loaded.drain_timeout
    assert "secrets:/secrets:ro" in container["volumes"]


@pytest.mark.parametrize("role", ["worker", "deliver", "learn"])
def test_roles_without_an_api_are_asked_for_their_numbers(role: str) -> None:
    port = environment(role)["ANTECHAMBER_METRICS_PORT"]
    assert f"127.0.0.1:{port}/metrics" in " ".join(COMPOSE["services"][role]["healthcheck"]["test"])


def test_the_image_and_the_volumes_agree_on_paths() -> None:
    for variable, path in (("ANTECHAMBER_DATA_DIR", "/data"), ("ANTECHAMBER_SECRETS_DIR", "/secrets")):
        assert f"{variable}={path}" in dockerfile()
    assert "secrets:/secrets" in COMPOSE["services"]["keys"]["volumes"]
    assert COMPOSE["services"]["keys"]["command"] == ["keys", "init"]


def test_redis_forgets_nothing_and_is_reached_by_nobody_else() -> None:
    redis = COMPOSE["services"]["redis"]
    options = dict(zip(redis["command"][1::2], redis["command"][2::2], strict=True))
    assert options == {
        "--appendonly": "yes", "--appendfsync": "always", "--save": "", "--maxmemory-policy": "noeviction",
        "--maxmemory": "3gb", "--hash-max-listpack-value": "1024",
    }  # fmt: skip
    assert redis["volumes"] == ["redis:/data"]
    assert redis["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert "ports" not in redis
    assert COMPOSE["services"]["worker"]["networks"] == ["inside"]
    assert redis["healthcheck"]["test"] == ["CMD", "redis-cli", "-e", "ping"]


def test_the_api_is_published_on_loopback_alone() -> None:
    published = [port for name in SERVICES for port in COMPOSE["services"][name].get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"]


def test_one_container_builds_and_all_are_bounded() -> None:
    services = COMPOSE["services"]
    assert [name for name in SERVICES if "build" in services[name]] == ["keys"]
    assert {services[name]["image"] for name in SERVICES} == {"antechamber", services["redis"]["image"]}
    for name in SERVICES:
        assert services[name]["mem_limit"].removesuffix("g").isdigit()
        assert services[name]["logging"]["options"]["max-size"]
        assert services[name]["pids_limit"]
        assert services[name].get("pull_policy") == {"keys": "build", "redis": None}.get(name, "never")
    assert int(services["redis"]["mem_limit"][:-1]) > 3


def test_the_proxy_in_front_is_believed_and_nobody_else() -> None:
    (outside,) = COMPOSE["networks"]["outside"]["ipam"]["config"]
    trusted = environment("api")["ANTECHAMBER_TRUSTED_PROXIES"].split(",")
    assert trusted == ["127.0.0.0/8", "::1/128", f"{outside['gateway']}/32"]


def test_learning_is_off_until_it_is_asked_for_and_works_then() -> None:
    assert [name for name in SERVICES if COMPOSE["services"][name].get("profiles")] == ["learn"]
    assert environment("learn")["ANTECHAMBER_LEARN_INTERVAL"] == "${LEARN_INTERVAL:-21600}"
    assert all("ANTECHAMBER_LEARN_INTERVAL" not in environment(name) for name in set(SERVICES) - {"learn"})


def test_the_secrets_are_made_by_the_user_of_the_image() -> None:
    """A tmpfs over a folder that is closed to others would be root's."""
    (uid,) = re.findall(r"--uid (\d+)", dockerfile())
    (gid,) = re.findall(r"groupadd --system --gid (\d+)", dockerfile())
    assert f"/data:uid={uid},gid={gid},mode=0700" in COMPOSE["services"]["keys"]["tmpfs"]
