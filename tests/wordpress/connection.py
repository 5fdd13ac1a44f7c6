"""How a test blog and the service come to know each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tests.system.stack import Stack

Connect = Callable[..., None]
Away = Callable[..., AbstractContextManager[None]]

POLICY = {"thresholds": {"spam": {"hold": 0.5, "reject": 0.6}, "toxicity": {"hold": 0.7, "reject": 0.8}}}


def add_site(service: Stack, name: str, callback: str) -> dict[str, str]:
    """A site at the service, which calls anything spam that looks like it, so that no new model changes these tests."""
    site = service.add_site(name, callback)
    service.command("sites", "policy", "set", name, "-", text=json.dumps(POLICY))
    return site


def plugin_settings(service: Stack, site: dict[str, str], **more: Any) -> dict[str, Any]:
    """Our plugin's settings, as its page would save them."""
    connected = {"url": service.base, "api_key": site["api_key"], "secrets": site["webhook_secret"]}
    return {"max_wait": 5, "trust_new": True, "route_akismet": False} | connected | more
