"""What a receiver's answer means: delivered, try again then, wait with everything, or give up. Pure, for `deliver.py`.

2xx is success and nothing else is. 410 says that the receiver is gone: its site's call-backs wait until somebody resumes
them. 429, 502 and 504, and 503 with Retry-After, ask us to slow down: the whole site pauses, not only this call-back.
"""

from __future__ import annotations

import email.utils
from collections.abc import Sequence
from typing import NamedTuple

from service.store.outbox import NEVER, Settlement

_LONGEST_WAIT = 86_400.0  # seconds; a Retry-After may not ask for more
_LONGEST_PAUSE = 60.0  # seconds that a site pauses when it is asked to slow down but not told for how long
_SLOW_DOWN = (429, 502, 504)


class Answer(NamedTuple):
    """What came back: a status, or why there is none."""

    status: int = 0
    retry_after: str = ""
    error: str = ""
    body: bytes = b""  # as much of it as was read; heard and forgotten


def settlement(
    answer: Answer, *, tries: int, schedule: Sequence[float], now: int, jitter: float, took_ms: int
) -> Settlement:
    """How the try number `tries` ends. `schedule` has the delay in seconds before each try; `now` is in milliseconds."""
    status, error = answer.status, answer.error
    if not error and 200 <= status < 300:
        return Settlement("delivered", status=status, took_ms=took_ms)
    if status == 410:
        return Settlement("retry", now, NEVER, "gone", status, "gone", took_ms)
    given_up = tries >= len(schedule)
    delay = 0.0 if given_up else schedule[tries] * jitter
    asked = seconds_asked(answer.retry_after, now / 1000)
    pause = 0.0
    if status in _SLOW_DOWN or (status == 503 and asked):
        pause = asked or min(delay or _LONGEST_PAUSE, _LONGEST_PAUSE)
    return Settlement(
        "dead" if given_up else "retry",
        retry_at=now + int(max(delay, asked) * 1000),
        pause_until=now + int(pause * 1000) if pause else 0,
        pause_why="slow-down" if pause else "",
        status=status,
        error=error or "refused",
        took_ms=took_ms,
    )


def seconds_asked(retry_after: str, now: float) -> float:
    """How long a Retry-After header asks to wait (RFC 9110: seconds, or a date), within reason; 0 when it says nothing."""
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), _LONGEST_WAIT)
    try:
        at = email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, at - now), _LONGEST_WAIT)
