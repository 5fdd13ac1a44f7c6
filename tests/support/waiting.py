"""Waiting until something is so, and no longer than a while: what never comes about fails a test instead of hanging it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import aiohttp


async def until(condition: Callable[[], Any], *, seconds: float = 30.0, look: float = 0.02) -> Any:
    """Wait until a condition (a function or a coroutine function) is truthy; its value. `look`: seconds between two looks.

    A coroutine may find that nobody answers yet. Raises TimeoutError.
    """
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            if inspect.isawaitable(value):
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    value = await value
                    if value:
                        return value
            elif value:
                return value
            await asyncio.sleep(look)
