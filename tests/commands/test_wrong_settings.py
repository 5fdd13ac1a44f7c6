"""Whatever an operator gets wrong, in whichever setting and with whichever command, ends in one clear line and no traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from service import cli
from service.settings import Settings, SettingsError, load, variable
from tests.commands.conftest import Run

NASTY = (
    "", " ", "x", "-1", "0", "1", "1.5", "nan", "inf", "-inf", "1e400", "9" * 400, "true", "perhaps", "a,b", ",", "0,0",
    "[1]", "{}", "null", "\N{SNOWMAN}", "/nowhere/at/all", "x" * 5_000, "foo://", "redis://h:x", "http://[", "::",
    "256.0.0.0/8", "\udcff",
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command, and what it is called by."""
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from leaves(one, (*words, name))
    else:
        yield words, command


COMMANDS = dict(leaves(typer.main.get_command(cli.app)))
UNTRIED = {("demo",), ("serve",), ("evaluate",), ("version",)} | {
    words for words in COMMANDS if words[0] == "tls-front"
}
WRONG = ("redis", "number", "name", "file", "long", "nowhere", "secrets", "circle")
FREE = {("settings",), ("check",), ("doctor",), ("score",)}  # they have an answer all the same


@given(st.sampled_from(sorted(Settings.model_fields)), st.sampled_from(NASTY) | TEXTS)
@hypothesis(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_setting_is_read_or_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with monkeypatch.context() as patched:
        patched.setenv(variable(name), value)
        problems: dict[str, str] = {}
        try:
            load()
        except SettingsError as error:
            problems = dict(error.problems)
    assert set(problems) <= {variable(name), "the environment"}
    assert all("\n" not in what and len(what) < 600 for what in problems.values())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("trusted_proxies", "127.0.0.1, 172.18.0.1/16", "172.18.0.1/16 is an address in the network 172.18.0.0/16"),
        ("callback_allow", "10.0.0.0/33", "'10.0.0.0/33' is no network"),
        ("trusted_proxies", "*", "'[*]' is no network"),
        ("public_url", "https://comments.example/?lang=en", "no ?"),
        ("data_dir", "~/antechamber", "nothing but a shell"),
        ("max_body", "lots", "MAX_BODY: it must be a whole number"),
        ("port", "70000", "PORT: it must be less than or equal to 65535"),
        ("metrics", "perhaps", "METRICS: it must be true or false"),
        ("log_format", "text", "LOG_FORMAT: it must be json or console"),
        ("log_level", "trace", "LOG_LEVEL: it must be debug, info, warning or error"),
        ("deliver_schedule", "0,5m", "DELIVER_SCHEDULE: item 2: it must be a number"),
        ("deliver_schedule", "soon", "DELIVER_SCHEDULE: item 1: it must be a number"),
        ("deliver_schedule", ",", "DELIVER_SCHEDULE: there is nothing in it"),
        ("sign_in_second_factor", "lead,boss", "SIGN_IN_SECOND_FACTOR: item 2: it must be 'moderator', 'lead' or"),
        ("oidc_label", "x" * 61, "OIDC_LABEL: it has more than 60 characters"),
        ("max_body", "\udcff", "MAX_BODY: it is no text in UTF-8"),
        ("data_dir", " ", "DATA_DIR: it is empty"),
        ("retain_notes_days", "36501", "that is too much: at most 36,500"),
        ("drain_timeout", "1e10", "that is too much: at most 3,153,600,000"),
        ("max_boddy", "1", "there is no such setting; is ANTECHAMBER_MAX_BODY meant"),
        ("nothing_like_it", "1", "there is no such setting; docs/settings.md lists all"),
    ],
)
def test_what_is_wrong_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(variable(name), value)
    with pytest.raises(SettingsError, match=said):
        load()


def test_settings_that_don_t_go_together_are_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("oidc_issuer"), "https://login.example")
    with pytest.raises(SettingsError, match="OIDC_CLIENT_ID"):
        load()


def line_of(words: tuple[str, ...], command: Any) -> list[str]:
    """The command with something in the place of all that it must be given."""
    given = [*words]
    for one in command.params:
        if one.required:
            given += ["x"] if one.param_type_name == "argument" else [one.opts[0], "1"]
    if any("--yes" in one.opts for one in command.params):
        given.append("--yes")
    return given


def wrong(tmp_path: Path) -> dict[str, dict[str, str]]:
    """What can be wrong, by name."""
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").mkdir()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    return {
        "redis": {"REDIS_URL": "foo://"},
        "number": {"ANTECHAMBER_PORT": "many"},
        "name": {"ANTECHAMBER_NOPE": "1"},
        "file": {"ANTECHAMBER_DATA_DIR": str(tmp_path / "file")},
        "long": {"ANTECHAMBER_DATA_DIR": str(tmp_path / ("x" * 300))},
        "nowhere": {"ANTECHAMBER_DATA_DIR": str(tmp_path / "nowhere")},
        "secrets": {"ANTECHAMBER_SECRETS_DIR": str(tmp_path / "keys")},
        "circle": {"ANTECHAMBER_DATA_DIR": str(tmp_path / "circle")},
    }


def test_a_number_that_is_asked_for_has_a_least_and_a_most() -> None:
    """What is beyond them, Redis or a clock would refuse in words that help nobody."""
    numbers = {
        (words, one.name): one
        for words, command in COMMANDS.items()
        for one in command.params
        if one.bare_type() in ("int", "float")
    }
    assert len(numbers) > 8
    unbounded = {
        what for what, one in numbers.items() if what[0][0] != "import" and (one.min is None or one.max is None)
    }
    assert unbounded == set()
    assert {one.callback is not None for one in numbers.values() if one.bare_type() == "float"} == {
        True
    }  # "nan" is within all bounds


@pytest.mark.parametrize("what", WRONG)
def test_no_command_ends_in_a_traceback(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Each command meets three of what can be wrong; one that is wrong for all is met by all."""
    monkeypatch.chdir(tmp_path)
    at = WRONG.index(what)
    mine = list(COMMANDS.items())[at % 3 :: 3] if at else list(COMMANDS.items())
    for name, value in wrong(tmp_path)[what].items():
        monkeypatch.setenv(name, value)
    before = sorted(os.listdir(tmp_path))
    for words, command in mine:
        if words in UNTRIED or (words == ("keys", "init") and what == "nowhere"):
            continue
        ended = run(*line_of(words, command))  # anything but an exit would be raised here
        if words not in FREE:
            assert ended.code != 0, (words, ended.out)
            assert ended.err.strip(), words
        assert "Traceback" not in ended.err
    assert sorted(os.listdir(tmp_path)) == before
