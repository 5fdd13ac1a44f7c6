"""A team's own sign-in from end to end: a certified OpenID Connect provider, the running service, and a browser that clicks."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.clients.conftest import HERE, INSTALLED
from tests.system.stack import Stack, free_port

PASSWORD = "correct horse battery"
expect.set_options(timeout=30_000)  # a busy machine may take its time


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The service of a team that has a provider."""
    port, folder = free_port(), INSTALLED / "node"
    assert (folder / "node_modules/oidc-provider").is_dir(), "run .ci/clients.sh first"
    stack = Stack(
        tmp_path_factory.mktemp("s"), site_cache="0", oidc_issuer=f"http://127.0.0.1:{port}", oidc_client_id="antechamber",
        oidc_label="Example Press", oidc_scope="openid profile groups", oidc_allow="127.0.0.0/8",
        oidc_groups="chiefs=operator; editors=lead:blog",
    )  # fmt: skip
    stack.environment["ANTECHAMBER_PUBLIC_URL"] = stack.base
    secrets = stack.folder / "data" / "secrets"
    secrets.mkdir(parents=True, mode=0o700)
    (secrets / "oidc.secret").write_text("a secret of theirs\n")
    shutil.copy(HERE / "node" / "provider.mjs", folder / "provider.mjs")
    command = ["node", str(folder / "provider.mjs"), str(port), f"{stack.base}/review"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as provider:
        try:
            assert provider.stdout is not None
            assert provider.stdout.readline().strip() == "ready"
            asyncio.run(stack.up())
            stack.add_site("blog")
            yield stack
        finally:
            stack.down()
            provider.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path is not None, "no Chromium on this machine: install the package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


def sign_in_there(page: Page, name: str) -> None:
    """Through the provider's own pages: who one is, and that we may know it."""
    page.get_by_role("button", name="Sign in with Example Press").click()
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("anything")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_a_member_of_a_group_comes_in_and_leaves(team: Stack, page: Page) -> None:
    page.goto(f"{team.base}/review#/statistics")
    sign_in_there(page, "olga")
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    assert page.url == f"{team.base}/review#/statistics", "back where one wanted to be"
    page.get_by_role("link", name="Settings of olga").click()
    expect(page.get_by_text("You sign in at your organisation; it sees to your second factor.")).to_be_visible()
    expect(page.get_by_role("button", name="Change password…")).to_have_count(0)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name=re.compile("Yes, sign me out")).click()
    expect(page.get_by_role("button", name="Sign in with Example Press")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Sign in with Example Press").click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    listed = json.loads(team.command("moderators", "list", "--json"))
    (olga,) = [one for one in listed if one["name"] == "olga"]
    assert (olga["role"], olga["sites"], olga["managed"], olga["password"]) == ("operator", [], True, False)


def test_the_first_group_that_fits_says_what_one_is(team: Stack, page: Page) -> None:
    page.goto(f"{team.base}/review")
    sign_in_there(page, "ed")
    expect(page.get_by_role("link", name="Settings of ed")).to_be_visible()
    listed = json.loads(team.command("moderators", "list", "--json"))
    assert [(one["role"], one["sites"]) for one in listed if one["name"] == "ed"] == [("lead", ["blog"])]


def test_whom_nobody_knows_stays_outside_until_they_are_invited(team: Stack, page: Page, browser: Browser) -> None:
    page.goto(f"{team.base}/review")
    sign_in_there(page, "mo")
    expect(page.get_by_text("Your organisation knows you, but nobody here does.")).to_be_visible()
    assert page.url == f"{team.base}/review"

    made = json.loads(team.command("moderators", "invite", "mo", "--site", "blog", "--json"))
    with browser.new_context() as fresh:
        there = fresh.new_page()
        there.goto(made["link"])
        expect(there.get_by_text("You are invited. Sign in at your organisation to begin.")).to_be_visible()
        assert there.url == f"{team.base}/review", "the invitation is out of sight"
        sign_in_there(there, "mo")
        expect(there.get_by_role("link", name="Settings of mo")).to_be_visible()

    page.reload()
    page.get_by_role("button", name="Sign in with Example Press").click()  # the provider knows them still
    expect(page.get_by_role("link", name="Settings of mo")).to_be_visible()

    with browser.new_context() as fresh:
        there = fresh.new_page()
        there.goto(made["link"])
        expect(there.get_by_text("This link is not good any more. Ask for another.")).to_be_visible()


def test_who_changes_their_mind_there_is_told_so(team: Stack, page: Page) -> None:
    page.goto(f"{team.base}/review")
    page.get_by_role("button", name="Sign in with Example Press").click()
    page.get_by_role("link", name="[ Cancel ]").click()
    expect(page.get_by_text("You did not sign in at your organisation.")).to_be_visible()


def test_passwords_go_on(team: Stack, page: Page) -> None:
    team.command("moderators", "add", "pat", "--site", "blog", text=PASSWORD + "\n")
    page.goto(f"{team.base}/review")
    page.get_by_label("Name").fill("pat")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Settings of pat")).to_be_visible()
