"""A message for a browser, opened by an implementation that is not ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from service.web_push import seal
from tests.support.push import PushedBrowser, base64url


def test_http_ece_reads_it(node: Callable[..., Any]) -> None:
    browser = PushedBrowser("https://push.example/1")
    private = browser.private.private_numbers().private_value.to_bytes(32)
    sealed = {
        "message": base64url(seal('{"title": "Zwölf warten"}'.encode(), browser.key, browser.auth)),
        "key": base64url(private), "auth": base64url(browser.auth),
    }  # fmt: skip
    assert node("http_ece.cjs", SEALED=json.dumps(sealed)) == '{"title": "Zwölf warten"}'
