"""Hears, over Redis's publish/subscribe, which comments have been decided that requests of this process wait for.

A wake is a hint, not a promise: what is published while the connection is lost is lost, so whoever waits also looks from
time to time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import hiredis

from service.core.errors import StoreUnavailable
from service.store.client import Wire
from service.store.keys import Keys

_RENEW = 15.0  # seconds between two subscriptions on a connection that seems fine: finds half-open ones
_PAUSE = 0.2  # seconds before a lost connection is opened again


class Wakes(Wire):
    """One subscription; `heard` is called with the id of each comment that was decided."""

    def __init__(self, url: str, keys: Keys, process: str, heard: Callable[[str], None]) -> None:
        super().__init__(url)
        self._channel = keys.wake(process)
        self._heard = heard
        self._lost = asyncio.Event()

    async def listen(self) -> None:
        """Subscribe, and again whenever the connection is lost; runs until it is cancelled."""
        while True:
            try:
                self._lost.clear()
                await self.call("SUBSCRIBE", self._channel)  # harmless when subscribed
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._lost.wait(), _RENEW)
            except StoreUnavailable:
                await asyncio.sleep(_PAUSE)

    def data_received(self, data: bytes) -> None:
        """Messages, and replies to our own commands in their order."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                if isinstance(reply, list) and reply and reply[0] == b"message":
                    self._heard(reply[2].decode())
                    continue
                future, _ = self._waiting.popleft()
                if isinstance(reply, hiredis.ReplyError):
                    self._settle(future, StoreUnavailable())
                elif not future.done():
                    future.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            self._drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Subscribe anew."""
        super().connection_lost(exc)
        self._lost.set()

    @staticmethod
    def _settle(future: asyncio.Future[object], error: Exception) -> None:
        if not future.done():
            future.set_exception(error)
