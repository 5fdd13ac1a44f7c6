"""Every Akismet client has the same conversation with the running service, and hears what Akismet would have said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from tests.system.stack import Stack

Node = Callable[[str], Any]
Python = Callable[[str, str], Any]


@pytest.fixture
def statistics(service: Stack, site: dict[str, str]) -> Callable[[], Any]:
    """What /1.2/key-sites says of the site this month."""

    def ask() -> Any:
        with urlopen(f"{service.base}/1.2/key-sites?api_key={site['akismet_key']}") as response:
            answer = json.load(response)
        (rows,) = [rows for month, rows in answer.items() if month.startswith("20")]
        return rows[0] if rows else {"api_calls": 0, "spam": 0, "ham": 0}

    return ask


@pytest.mark.parametrize("script", ["akismet-api.cjs", "akismet.cjs"])
def test_npm_clients_that_put_the_key_into_the_host_name(node: Node, script: str) -> None:
    """`akismet` 2 can't tell a wrong key from ham: it calls everything but `true` no spam, which is its own fault."""
    wrong = {"akismet-api.cjs": "error: Invalid API key", "akismet.cjs": False}[script]
    assert node(script) == {
        "verified": True,
        "wrong_key": False,
        "check_with_wrong_key": wrong,
        "good": False,
        "test_spam": True,
        "bad": True,
        "good_after_submit_spam": True,
        "good_after_submit_ham": False,
    }


def test_cedx_akismet(node: Node) -> None:
    """It tells blatant spam apart, and raises what our help header says of a wrong key."""
    assert node("cedx.cjs") == {
        "verified": True,
        "wrong_key": False,
        "check_with_wrong_key": "error: This API key is not one of ours.",
        "good": "ham",
        "test_spam": "spam",
        "bad": "pervasiveSpam",
        "good_after_submit_spam": "spam",
        "good_after_submit_ham": "ham",
    }


def test_python_akismet(python: Python) -> None:
    """It has no call to verify a key, and calls a wrong one a server's error."""
    assert python("python-akismet", "python_akismet.py") == {
        "verified": None,
        "wrong_key": None,
        "check_with_wrong_key": "error: AkismetServerError",
        "good": "Ham",
        "test_spam": "ProbableSpam",
        "bad": "DefiniteSpam",
        "submit_spam": None,
        "good_after_submit_spam": "ProbableSpam",
        "submit_ham": None,
        "good_after_submit_ham": "Ham",
    }


def test_akismet_py(python: Python, statistics: Callable[[], Any]) -> None:
    """Within the second that it waits. Its `key_sites` sends no key at all (release 25.10.1), which is its own fault: it is
    told so, as Akismet would tell it; the numbers are asked for without it.
    """
    before = statistics()
    heard = python("clients", "akismet_py.py")
    usage, sites, table = heard.pop("usage"), heard.pop("sites"), heard.pop("sites_csv")
    assert heard == {
        "verified": True,
        "wrong_key": False,
        "check_with_wrong_key": "error: APIKeyError",
        "good": "HAM",
        "test_spam": "SPAM",
        "bad": "DISCARD",
        "submit_spam": True,
        "good_after_submit_spam": "SPAM",
        "submit_ham": True,
        "good_after_submit_ham": "HAM",
    }
    after = statistics()
    assert after["api_calls"] - before["api_calls"] == 7
    assert (after["spam"] - before["spam"], after["ham"] - before["ham"]) == (2, 1)
    assert usage == {"limit": "none", "usage": after["api_calls"], "percentage": "0.0", "throttled": False}
    assert sites == table == "error: APIKeyError"
