"""What is in Redis, legibly: also what is kept packed. For tests that look for what must not be there."""

from __future__ import annotations

from collections.abc import Mapping

from service.store.packing import opened


def legible(reply: object) -> bytes:
    """All bytes of a reply, nested or not, and what is packed in them."""
    if isinstance(reply, bytes):
        return b"\n".join((reply, *opened(reply)))
    if isinstance(reply, Mapping):
        reply = [*reply, *reply.values()]
    if isinstance(reply, list | tuple | set):
        return b"\n".join(map(legible, reply))
    return repr(reply).encode()
