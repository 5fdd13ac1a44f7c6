"""`antechamber moderators`: accounts, roles, sites and passwords."""

from __future__ import annotations

import pytest

from tests.commands.conftest import Run

GOOD = "correct horse battery"


def test_a_password_is_made_up_and_shown_once(run: Run) -> None:
    made = run("moderators", "add", "Ann", "--role", "lead", "--json").json
    assert made["name"] == "ann"
    assert len(made["password"]) >= 20
    listed = run("moderators", "list", "--json")
    assert made["password"] not in listed.out
    assert [(one["name"], one["role"], one["sites"]) for one in listed.json] == [("ann", "lead", [])]


def test_a_piped_password_is_taken(run: Run) -> None:
    ended = run("moderators", "add", "ann", "--json", text=GOOD + "\n")
    assert ended.json == {"name": "ann", "password": GOOD}
    assert GOOD not in run("moderators", "add", "bo", text=GOOD).out


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [("a b", "", "lower-case"), ("ann", "short", "characters"), ("-ann", "", "lower-case"), ("", "", "lower-case")],
)
def test_what_can_not_be_is_said(run: Run, name: str, text: str, says: str) -> None:
    ended = run("moderators", "add", "--", name, text=text)
    assert ended.code != 0
    assert says in ended.err
    assert run("moderators", "list", "--json").json == []


def test_names_are_taken_once(run: Run) -> None:
    run("moderators", "add", "ann")
    again = run("moderators", "add", "ANN")
    assert again.code == 1
    assert "already" in again.err


def test_sites_must_be_there(run: Run, blog: dict[str, str]) -> None:
    assert "no such site" in run("moderators", "add", "ann", "--site", "shop").err
    assert run("moderators", "add", "ann", "--site", "blog").code == 0
    assert run("moderators", "list", "--json").json[0]["sites"] == ["blog"]


def test_access_changes_only_what_is_named(run: Run, blog: dict[str, str]) -> None:
    run("moderators", "add", "ann", "--site", "blog")
    changed = run("moderators", "access", "ann", "--role", "operator", "--json").json
    assert (changed["role"], changed["sites"]) == ("operator", ["blog"])
    changed = run("moderators", "access", "ann", "--all-sites", "--json").json
    assert (changed["role"], changed["sites"]) == ("operator", [])
    assert run("moderators", "access", "ann").code == 2
    assert run("moderators", "access", "ann", "--all-sites", "--site", "blog").code == 2
    assert run("moderators", "access", "nobody", "--role", "lead").code == 1


def test_passwords_change_and_people_leave(run: Run) -> None:
    first = run("moderators", "add", "ann", "--json").json["password"]
    second = run("moderators", "password", "ann", "--json").json["password"]
    assert first != second
    assert run("moderators", "remove", "ann", "-y").code == 0
    assert run("moderators", "remove", "ann", "-y").code == 1
    assert run("moderators", "password", "ann").code == 1
    assert "no moderator yet" in run("moderators", "list").out


def test_a_link_for_somebody_new_and_for_who_is_there(run: Run, blog: dict[str, str]) -> None:
    made = run("moderators", "invite", "Ann", "--role", "lead", "--site", "blog", "--json").json
    assert made["name"] == "ann"
    address, _, token = made["link"].partition("#/invited/")
    assert address.endswith("/review")
    assert len(token) == 48
    listed = run("moderators", "list")
    assert "not yet (invited)" in listed.out
    assert token not in listed.out
    again = run("moderators", "invite", "ann")
    assert token not in again.out
    assert "good once" in again.out
    assert "access" in run("moderators", "invite", "ann", "--role", "operator").err
    run("moderators", "add", "bo")
    assert run("moderators", "lock", "bo").code == 0
    assert "no (locked)" in run("moderators", "list").out
    assert "unlock" in run("moderators", "invite", "bo").err
    assert run("moderators", "unlock", "bo").code == 0
    assert "looks like" in run("moderators", "add", "b0").err
