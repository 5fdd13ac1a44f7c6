"""Batches: NDJSON in, NDJSON out, one answer a line and in order, so that a partial failure shows where it is."""

from __future__ import annotations

import asyncio

import msgspec

from service.core.errors import AntechamberError, MalformedRequest, TooLarge
from service.core.site import Site
from service.web.bodies import NDJSON, decode
from service.web.intake import take
from service.web.parts import Parts
from service.web.problems import problem
from service.web.wire import BatchLine, CommentInput

__all__ = ["NDJSON", "split", "take_all"]

_AT_ONCE = 64  # lines under way at a time: they share one write to Redis, and other requests get their turn in between
_input = msgspec.json.Decoder(CommentInput)
_encode_lines = msgspec.json.Encoder().encode_lines


def split(body: bytes, most: int) -> list[tuple[int, bytes]]:
    """(line number from 1, line) of the lines that are not blank. Raises MalformedRequest, TooLarge."""
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise MalformedRequest("The batch is empty.")
    if len(lines) > most:
        raise TooLarge(f"A batch has at most {most} lines.")
    return lines


async def take_all(parts: Parts, site: Site, lines: list[tuple[int, bytes]]) -> bytes:
    """Take every line in; what became of them."""
    results: list[BatchLine] = []
    for first in range(0, len(lines), _AT_ONCE):
        chunk = lines[first : first + _AT_ONCE]
        results += await asyncio.gather(*[_take_line(parts, site, number, line) for number, line in chunk])
    return _encode_lines(results)


async def _take_line(parts: Parts, site: Site, number: int, line: bytes) -> BatchLine:
    try:
        if len(line) > parts.settings.max_body:
            raise TooLarge(f"A line has at most {parts.settings.max_body} bytes.")
        answer = await take(parts, site, decode(_input, line), channel="batch")
    except AntechamberError as error:
        return BatchLine(number, error.status, problem=problem(error))
    return BatchLine(number, answer.status, comment=answer.view)
