"""The command line as an operator meets it: what it prints, what it changes, and how it ends when something is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from service.serve import CANT_START
from service.store.server import EmbeddedServer
from tests.commands.conftest import Ended, Run


def test_adding_a_site_prints_what_the_platform_needs(blog: dict[str, str]) -> None:
    assert list(blog) == ["site", "api_key", "akismet_key", "webhook_secret"]
    assert blog["site"] == "blog"
    assert re.fullmatch("[0-9a-f]{12}", blog["akismet_key"])
    assert blog["api_key"].startswith("ant_")
    assert blog["webhook_secret"].startswith("whsec_")


def test_people_get_words_instead_of_json(run: Run) -> None:
    ended = run("sites", "add", "words", "--url", "https://words.example")
    assert ended.code == 0
    assert "api key" in ended.out
    assert "antechamber sites show words --secrets" in ended.out
    run("sites", "remove", "words", "--yes")


def test_a_taken_name_is_one_clear_line(run: Run, blog: dict[str, str]) -> None:
    ended = run("sites", "add", "blog", "--url", "https://blog.example")
    assert ended == Ended(1, "", "antechamber: There is a site named blog already.\n")


@pytest.mark.parametrize("words", [["Bad Name", "--url", "https://x.example"], ["fine", "--url", "ftp://x.example"]])
def test_a_site_that_cant_be_is_refused(run: Run, words: list[str]) -> None:
    ended = run("sites", "add", *words)
    assert ended.code == 1
    assert ended.err.startswith("antechamber: A site's ")


@pytest.mark.parametrize(
    "name", ["*", "b*", "?log", "[a-z]log", "../blog", "blog:policies", "Blog", "blög", "b" * 64, ""]
)
@pytest.mark.parametrize(
    "words", [["sites", "add", "--url", "https://x.example"], ["sites", "add", "--adopt", "--url", "https://x.example"],
              ["sites", "remove", "--yes"], ["erase", "--all", "--yes"]],
)  # fmt: skip
def test_a_name_that_no_site_can_have_touches_no_site(
    run: Run, blog: dict[str, str], data: Path, words: list[str], name: str
) -> None:
    """Nor does one that would be a pattern, were it let into one."""
    run("sites", "policy", "set", "blog", "mode=hold-everything")
    with redis.Redis(unix_socket_path=str(EmbeddedServer(data).socket)) as client:
        before = {key: client.dump(key) for key in client.scan_iter()}
        ended = run(*words, "--", name)
        assert (ended.code, len(ended.err.splitlines())) == (1, 1)
        assert {key: client.dump(key) for key in client.scan_iter()} == before


@pytest.mark.parametrize("days", ["nan", "inf", "-1", "1e308"])
def test_an_overlap_that_is_no_span_is_refused(run: Run, blog: dict[str, str], days: str) -> None:
    ended = run("sites", "rotate", "blog", f"--overlap-days={days}")
    assert (ended.code, ended.out) == (2, "")
    assert "--overlap-days" in ended.err


@pytest.mark.parametrize(
    ("words", "text"),
    [(["sites", "show", "blog\udcff"], b""), (["erase", "blog", "--email-stdin"], b"ann\xff@example.org\n")],
)
def test_what_is_no_text_is_refused_in_a_line(
    run: Run, blog: dict[str, str], data: Path, words: list[str], text: bytes
) -> None:
    line: list[str | bytes] = [sys.executable, "-P", "-m", "service", *map(os.fsencode, words)]
    environment = os.environ | {"ANTECHAMBER_DATA_DIR": str(data), "PYTHONIOENCODING": "utf-8"}
    ended = subprocess.run(line, env=environment, input=text, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (1, b"antechamber: something that was given is no text in UTF-8\n")


def test_where_sites_lie_is_shown(run: Run, blog: dict[str, str]) -> None:
    (only,) = run("partitions", "--json").json
    nothing = dict.fromkeys(("comments", "pending", "held", "callbacks", "given_up"), 0)
    assert (only["partition"], only["slot"], only["load"], only["sites"]["blog"]) == (0, 15_882, nothing, nothing)
    rows = [line.split() for line in run("partitions").out.splitlines()]
    assert ["0", "15882", only["server"], "1", *["0"] * 5] in rows
    assert ["blog", "0", *["0"] * 5] in rows


def test_another_number_of_partitions_than_the_data_has_is_refused(
    run: Run, blog: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTECHAMBER_PARTITIONS", "4")
    ended = run("sites", "list")
    assert (ended.code, "has one partition, and PARTITIONS asks for 4" in ended.err) == (CANT_START, True)
    assert any("asks for 4" in one["line"] for one in run("check", "--json").json)


def test_sites_are_listed_with_their_counts(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "list", "--json").json == [
        {
            "site": "blog",
            "url": "https://blog.example",
            "callback": "https://blog.example/hook",
            "comments": {"pending": 0, "approved": 0, "flagged": 0, "rejected": 0, "erased": 0},
        }
    ]
    assert "https://blog.example/hook" in run("sites", "list").out


def test_a_site_says_by_whose_midnight_its_days_are_counted(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "show", "blog", "--json").json["time_zone"] == "UTC"
    assert run("sites", "set", "blog", "--time-zone", "Europe/Berlin").out == "Changed blog: time_zone.\n"
    assert run("sites", "show", "blog", "--json").json["time_zone"] == "Europe/Berlin"
    wrong = run("sites", "set", "blog", "--time-zone", "Berlin")
    assert (wrong.code, "Europe/Berlin" in wrong.err) == (1, True)
    run("sites", "set", "blog", "--time-zone", "")
    assert run("sites", "show", "blog", "--json").json["time_zone"] == "UTC"


def test_a_site_says_whether_it_takes_edits(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "show", "blog", "--json").json["accepts_edits"] is False
    assert run("sites", "set", "blog", "--accepts-edits").out == "Changed blog: accepts_edits.\n"
    assert run("sites", "show", "blog", "--json").json["accepts_edits"] is True
    assert "accepts edits" in run("sites", "show", "blog").out
    run("sites", "set", "blog", "--no-accepts-edits")
    assert run("sites", "show", "blog", "--json").json["accepts_edits"] is False


def test_secrets_are_shown_on_demand_only(run: Run, blog: dict[str, str]) -> None:
    plain = run("sites", "show", "blog").out + run("sites", "show", "blog", "--json").out
    assert not any(blog[name] in plain for name in ("api_key", "akismet_key", "webhook_secret"))
    shown = run("sites", "show", "blog", "--secrets", "--json").json
    assert shown["credentials"] == [{name: blog[name] for name in ("api_key", "akismet_key", "webhook_secret")}]


def test_rotation_keeps_the_old_keys_for_a_while(run: Run, blog: dict[str, str]) -> None:
    fresh = run("sites", "rotate", "blog", "--json").json
    both = run("sites", "show", "blog", "--secrets", "--json").json["credentials"]
    assert [one["api_key"] for one in both] == [fresh["api_key"], blog["api_key"]]
    assert "api key (retiring)" in run("sites", "show", "blog", "--secrets").out


def test_rotation_without_overlap_ends_the_old_keys_at_once(run: Run, blog: dict[str, str]) -> None:
    fresh = run("sites", "rotate", "blog", "--overlap-days", "0", "--json").json
    only = run("sites", "show", "blog", "--secrets", "--json").json["credentials"]
    assert [one["api_key"] for one in only] == [fresh["api_key"]]


def test_only_what_is_named_changes(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "set", "blog", "--no-require-email", "--callback", "").code == 0
    shown = run("sites", "show", "blog", "--json").json
    assert (shown["url"], shown["callback"]) == ("https://blog.example", "")
    assert (shown["require_name"], shown["require_email"]) == (True, False)
    assert run("sites", "set", "blog").code == 2


def test_a_policy_goes_round(run: Run, blog: dict[str, str]) -> None:
    shown = run("sites", "policy", "show", "blog", "--json").json
    assert shown["mode"] == "by-score"
    shown["thresholds"]["spam"] = {"hold": 0.2, "reject": None, "discard": None}
    assert run("sites", "policy", "set", "blog", "-", text=json.dumps(shown)).code == 0
    assert run("sites", "policy", "show", "blog", "--json").json == shown


@pytest.mark.parametrize(
    "text", ["", "[]", '{"mod": "by-score"}', '{"mode": "x"}', '{"thresholds": {"spam": {"hold": 0.9, "reject": 0.1}}}']
)
def test_what_is_no_policy_is_refused(run: Run, blog: dict[str, str], text: str) -> None:
    ended = run("sites", "policy", "set", "blog", "-", text=text)
    assert ended.code == 1
    assert ended.err.startswith("antechamber: ")
    assert run("sites", "policy", "show", "blog", "--json").json["mode"] == "by-score"


def test_removing_asks_first(run: Run, blog: dict[str, str]) -> None:
    assert run("sites", "remove", "blog", text="n\n").code == 1
    assert run("sites", "list", "--json").json
    assert run("sites", "remove", "blog", text="y\n").code == 0
    assert run("sites", "list", "--json").json == []
    assert "no site yet" in run("sites", "list").out


@pytest.mark.parametrize(
    "words",
    [
        ["sites", "show", "nobody"],
        ["sites", "rotate", "nobody"],
        ["deliveries", "list", "nobody"],
        ["deliveries", "waiting", "nobody"],
        ["deliveries", "dead", "nobody"],
        ["deliveries", "replay", "nobody", "--all"],
        ["deliveries", "resume", "nobody"],
        ["comments", "list", "nobody"],
        ["erase", "nobody", "--comment", "1"],
    ],
)
def test_what_is_not_there_is_said(run: Run, words: list[str]) -> None:
    ended = run(*words)
    assert ended.code == 1
    assert re.fullmatch(r"antechamber: .+\n", ended.err)


def test_a_misspelt_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTECHAMBER_MAX_BODDY", "1")
    ended = run("sites", "list")
    assert ended.code == CANT_START
    assert "ANTECHAMBER_MAX_BODDY" in ended.err


def test_a_wrong_value_is_named_and_not_quoted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTECHAMBER_PORT", "sekrit")
    ended = run("sites", "list")
    assert ended.code == CANT_START
    assert ended.err.startswith("antechamber: ANTECHAMBER_PORT: ")


def test_secrets_that_are_broken_are_named_and_not_quoted(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "master.key").write_text("not hexadecimal\n")
    monkeypatch.setenv("ANTECHAMBER_SECRETS_DIR", str(tmp_path))
    ended = run("sites", "list")
    assert ended.code == CANT_START
    assert ended.err == f"antechamber: {tmp_path / 'master.key'}: a key is written in hexadecimal\n"


def test_identity_keys_are_listed_without_themselves_and_rotated(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTECHAMBER_SECRETS_DIR", str(tmp_path))
    assert str(tmp_path) in run("keys", "init").out
    assert run("keys", "rotate").out.startswith("k2 is the active identity key")
    listed = run("keys", "list").out
    assert listed == "k2  active\nk1  retired\n"


def test_a_command_starts_the_embedded_server_for_its_own_duration(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTECHAMBER_DATA_DIR", str(tmp_path))
    run("keys", "init")
    run("sites", "add", "alone", "--url", "https://alone.example")
    assert not EmbeddedServer(tmp_path).answers()
    assert [row["site"] for row in run("sites", "list", "--json").json] == ["alone"]


def test_every_command_explains_itself(run: Run) -> None:
    top = run("--help").out
    for name in ("serve", "demo", "check", "sites", "comments", "dead", "deliveries", "erase", "keys", "version"):
        assert name in top
        assert run(name, "--help").code == 0
    assert re.fullmatch(r"antechamber \d+\.\d+\.\d+\n", run("version").out)


def test_the_classifier_is_at_hand_without_the_service(run: Run) -> None:
    ended = run("score", text='{"text": "Thank you, I liked this."}\n')
    assert ended.code == 0
    assert ended.json["scores"]["spam"] < 0.5
    assert run("score", text="nonsense\n").code == 1
    assert "--explain" in run("score", "--help").out
    assert run("evaluate").code == 2


def test_help_needs_nothing_heavy() -> None:
    """Modules that take a while are imported by the commands that need them."""
    heavy = ["numpy", "aiohttp", "redis", "pydantic", "email_validator", "sklearn", "uvloop", "prometheus_client"]
    code = f"import sys, service.cli; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
