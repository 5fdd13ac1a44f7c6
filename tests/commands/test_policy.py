"""A site's policy at the command line: shown, changed, compared, tried, restored, and taken over from WordPress."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.core.policy.thresholds import PRESETS
from tests.commands.conftest import Run

POLICY = ("sites", "policy")
RULED = """
mode = "by-score"

[[rules]]
name = "many-links"
when = 'links >= 3 and content matches /buy\\s+now/i'
then = "hold"
"""


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Have an editor that answers with these texts, one after the other; a text may be a function of what was there."""

    def use(*texts: str) -> None:
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
        script = tmp_path / "editor.py"
        script.write_text(
            "import pathlib, sys\n"
            f"here = pathlib.Path({str(tmp_path)!r})\n"
            "mine = sorted(here.glob('[0-9].txt'))[0]\n"
            "pathlib.Path(sys.argv[1]).write_text(mine.read_text())\n"
            "mine.unlink()\n"
        )
        monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")

    return use


def test_what_is_shown_can_be_set(run: Run, blog: dict[str, str]) -> None:
    assert run(*POLICY, "set", "blog", "-", text=RULED).code == 0
    shown = run(*POLICY, "show", "blog").out
    assert "when = 'links >= 3 and content matches /buy\\s+now/i'" in shown
    assert run(*POLICY, "set", "blog", "-", text=shown).out.startswith("The policy of blog is at edition 1")


def test_a_file_may_be_toml_or_json(run: Run, blog: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"mode": "hold-everything"}')
    assert run(*POLICY, "set", "blog", str(tmp_path / "p.json"), "--note", "Holidays.").code == 0
    assert run(*POLICY, "show", "blog", "--json").json["mode"] == "hold-everything"
    (newest, first) = run(*POLICY, "history", "blog", "--json").json
    assert (newest["edition"]["note"], newest["edition"]["by"]) == ("Holidays.", "operator")
    assert first["edition"]["version"] == 0
    assert "Holidays." in run(*POLICY, "history", "blog").out


def test_fields_are_set_one_by_one(run: Run, blog: dict[str, str]) -> None:
    words = ["mode=hold-new-authors", "release_after=3", "thresholds.spam.hold=0.4", "unsupported_language=trust"]
    assert run(*POLICY, "set", "blog", *words).code == 0
    shown = run(*POLICY, "show", "blog", "--json").json
    assert (shown["mode"], shown["release_after"], shown["unsupported_language"]) == ("hold-new-authors", 3, None)
    others = msgspec.to_builtins(PRESETS["balanced"]["spam"])
    assert shown["thresholds"]["spam"] == others | {"hold": 0.4}, "other steps stay"
    for wrong in (
        ["mode=fast"],
        ["colour=red"],
        ["rules.0.when=x"],
        ["mode"],
        ["mode=by-score", "file"],
        ["thresholds.ham.hold=1"],
    ):
        assert run(*POLICY, "set", "blog", *wrong).code != 0
    assert run(*POLICY, "show", "blog", "--json").json == shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("thresholds.spam.hold=2", "A threshold is a probability from 0 to 1."),
        ("thresholds.spam.reject=0.1", "Thresholds must rise: hold ≤ reject ≤ discard."),
        ("thresholds.nosuch.hold=0.5", "A threshold's label is one of: spam, toxicity,"),
        ("unsupported_language=ask", "One of approve, hold, reject, trust is expected here."),
        ("colour.red=1", "There is no such field."),
        ("rules=" + "[" * 3_000, "rules=" + "[" * 194 + "…: An array is expected here."),
        ("audit_share=" + "9" * 5_000, "audit_share=" + "9" * 188 + "…: "),
    ],
)
def test_a_change_that_can_not_be_is_named_with_its_value(
    run: Run, blog: dict[str, str], change: str, said: str
) -> None:
    ended = run("sites", "policy", "set", "blog", change)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"antechamber: {said}" if "…" in said else f"antechamber: {change}: {said}")


@pytest.mark.parametrize(
    "changes",
    [
        ["=x"], [".=x"], ["a..b=1"], ["thresholds..hold=1"], ["thresholds/spam=1"], ["a~b=1"], ["x" * 3_000 + "=1"],
        ["mode.x=1"], ["rules.0.name=x"], ["mode=by-score", "mode=y"], ["thresholds=5", "thresholds.spam.hold=0.4"],
        ["thresholds.spam=5", "thresholds.spam.hold=0.4"],
    ],
)  # fmt: skip
def test_a_field_that_can_not_be_one_is_named_with_its_value(
    run: Run, blog: dict[str, str], changes: list[str]
) -> None:
    ended = run("sites", "policy", "set", "blog", *changes)
    assert (ended.code, ended.out) == (2, "")
    assert changes[-1][:100] in ended.err
    assert len(ended.err) < 2_000


@pytest.mark.parametrize(
    "text", ["rules = " + "[" * 5_000, f"audit_share = {'9' * 5_000}", '{"audit_share": ' + "9" * 5_000]
)
def test_a_document_that_no_reader_takes_is_refused_in_a_line(run: Run, blog: dict[str, str], text: str) -> None:
    ended = run("sites", "policy", "set", "blog", "-", text=text)
    assert (ended.code, len(ended.err.splitlines())) == (1, 1)


@pytest.mark.parametrize("editor", ["'", " ", "false", "/nowhere", "rm -f"])
def test_an_editor_that_does_not_edit_is_named(
    run: Run, blog: dict[str, str], monkeypatch: pytest.MonkeyPatch, editor: str
) -> None:
    monkeypatch.setenv("PATH", "/bin:/usr/bin" if editor.strip() else "/nowhere")  # no vi where none is named
    monkeypatch.setenv("VISUAL", editor)
    ended = run(*POLICY, "edit", "blog")
    assert (ended.code, "set EDITOR to another" in ended.err) == (2, True)


def test_a_preset_is_a_word(run: Run, blog: dict[str, str]) -> None:
    assert run(*POLICY, "set", "blog", "preset=strict", "thresholds.spam.hold=0.4").code == 0
    shown = run(*POLICY, "show", "blog", "--json").json
    assert shown["preset"] == "strict"
    assert shown["thresholds"]["toxicity"] == msgspec.to_builtins(PRESETS["strict"]["toxicity"])
    assert shown["thresholds"]["spam"]["hold"] == 0.4
    document = run(*POLICY, "show", "blog").out
    assert 'preset = "strict"  # quiet, balanced, strict' in document
    assert "[thresholds.toxicity]" not in document, "a preset is a name, not a copy"
    refused = run(*POLICY, "set", "blog", "preset=loud")
    assert refused.code != 0
    assert "balanced" in refused.err
    assert 'preset = "strict"' in run(*POLICY, "show", "blog").out


def test_errors_show_the_place_under_the_rules_name(run: Run, blog: dict[str, str]) -> None:
    ended = run(*POLICY, "set", "blog", "-", text=RULED.replace("links >= 3", "lnks >= 3"))
    assert ended.code == 1
    assert ended.err.splitlines() == [
        "antechamber: The rule “many-links”, when: Line 1, column 1: there is no such field; is links meant?",
        "    lnks >= 3 and content matches /buy\\s+now/i",
        "    ^",
    ]
    assert run(*POLICY, "set", "blog", "-", text="mode = ").err == (
        "antechamber: Line 1, column 8: This is no TOML: Invalid value.\n"
    )


def test_all_mistakes_are_shown_at_once(run: Run, blog: dict[str, str]) -> None:
    document = RULED.replace("links >= 3", "lnks >= 3") + "colour = 3\n[[lists]]\nentries = ['x']\nthen = 'hold'\n"
    ended = run(*POLICY, "set", "blog", "-", text=document)
    assert ended.code == 1
    assert ended.err.splitlines() == [
        "antechamber: There are 3 mistakes.",
        "The list number 1, name: This field is required.",
        "The rule “many-links”, colour: There is no such field.",
        "The rule “many-links”, when: Line 1, column 1: there is no such field; is links meant?",
        "    lnks >= 3 and content matches /buy\\s+now/i",
        "    ^",
    ]
    many = json.dumps({"lists": [{"name": "l", "entries": ["*"] * 30, "then": "hold"}]})
    assert run(*POLICY, "set", "blog", "-", text=many).err.splitlines()[-1] == "And 10 more."


def test_policies_are_compared(run: Run, blog: dict[str, str], tmp_path: Path) -> None:
    assert run(*POLICY, "diff", "blog").out == "They are the same.\n"
    run(*POLICY, "set", "blog", "mode=hold-everything")
    assert '+mode = "hold-everything"' in run(*POLICY, "diff", "blog").out
    assert '-mode = "by-score"' in run(*POLICY, "diff", "blog", "0").out
    (tmp_path / "p.toml").write_text('mode = "approve-first"')
    assert '+mode = "approve-first"' in run(*POLICY, "diff", "blog", str(tmp_path / "p.toml")).out
    assert run(*POLICY, "diff", "blog", "7").code == 1


def test_an_edition_is_restored_as_a_new_one(run: Run, blog: dict[str, str]) -> None:
    run(*POLICY, "set", "blog", "mode=hold-everything")
    assert "edition 2" in run(*POLICY, "restore", "blog", "0").out
    assert run(*POLICY, "show", "blog", "--json").json["mode"] == "by-score"
    assert 'mode = "hold-everything"' in run(*POLICY, "show", "blog", "--edition", "1").out
    assert [one["edition"]["version"] for one in run(*POLICY, "history", "blog", "--json").json] == [2, 1, 0]
    assert run(*POLICY, "restore", "blog", "9").code == 1


def test_editing_checks_compares_tries_asks_and_saves(run: Run, blog: dict[str, str], editor: Any) -> None:
    editor(RULED.replace("links >= 3", "links >>"), RULED)
    ended = run(*POLICY, "edit", "blog", text="y\ny\n")
    assert ended.code == 0, ended.err
    assert "a number is expected" in ended.err
    for said in ("Edit it again?", '+name = "many-links"', "no history to try it on", "Save it?", "edition 1"):
        assert said in ended.out
    assert run(*POLICY, "show", "blog", "--json").json["rules"][0]["name"] == "many-links"


def test_an_edit_that_is_not_confirmed_changes_nothing(run: Run, blog: dict[str, str], editor: Any) -> None:
    editor(RULED)
    assert run(*POLICY, "edit", "blog", text="n\n").code == 1
    editor(run(*POLICY, "show", "blog").out)
    assert "Nothing was changed." in run(*POLICY, "edit", "blog").out
    assert run(*POLICY, "history", "blog", "--json").json[0]["edition"]["version"] == 0


@pytest.mark.parametrize(
    "words",
    [["links >= 1"], ["--entry", "pills"], ["--domain", "shop.example"]],
)
def test_trying_needs_no_history_and_saves_nothing(run: Run, blog: dict[str, str], words: list[str]) -> None:
    assert "no history" in run(*POLICY, "try", "blog", *words).out
    assert run(*POLICY, "try", "blog", *words, "--json").json["looked"] == 0
    assert run(*POLICY, "history", "blog", "--json").json[0]["edition"]["version"] == 0


def test_trying_says_what_is_wrong(run: Run, blog: dict[str, str]) -> None:
    assert "The rule “tried”" in run(*POLICY, "try", "blog", "links >").err
    assert "The list “tried”, entries 0" in run(*POLICY, "try", "blog", "--entry", "ann@example.com").err
    assert run(*POLICY, "try", "blog").code == 2
    assert run(*POLICY, "try", "blog", "links > 1", "--entry", "x").code == 2


def test_wordpress_lists_are_imported(run: Run, blog: dict[str, str], tmp_path: Path) -> None:
    bad, soft = tmp_path / "bad.txt", tmp_path / "soft.txt"
    bad.write_text("viagra\nhttps://casino.example\nbob@example.com\n192.0.2.1\n10.0.\n\n***\n[url=\n")
    soft.write_text("press\neve@example.com\n")
    run(*POLICY, "set", "blog", "-", text=json.dumps({"lists": [{"name": "own", "entries": ["x"], "then": "hold"}]}))
    asked = run(*POLICY, "import-lists", "blog", "--disallowed", str(bad), "--moderation", str(soft), text="n\n")
    assert asked.code == 1
    for said in (
        "2 words and 1 domains, which reject",
        "line 5 is left out",
        "line 7 is left out",
        "1 addresses are left out",
    ):
        assert said in asked.out
    assert "example.com" not in asked.out + asked.err
    for _ in range(2):  # importing again replaces
        ended = run(
            *POLICY,
            "import-lists",
            "blog",
            "--disallowed",
            str(bad),
            "--moderation",
            str(soft),
            "--yes",
            "--inside-words",
        )
        assert ended.code == 0, ended.err
        lists = {one["name"]: one for one in run(*POLICY, "show", "blog", "--json").json["lists"]}
        assert list(lists) == ["own", "wordpress-moderation", "wordpress-disallowed", "wordpress-disallowed-domains"]
    assert lists["wordpress-moderation"]["entries"] == ["*press*"]
    assert lists["wordpress-disallowed"]["entries"] == ["*viagra*", "[url="]
    assert lists["wordpress-disallowed-domains"]["entries"] == ["casino.example"]
    assert run(*POLICY, "import-lists", "blog").code == 2
