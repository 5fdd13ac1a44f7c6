"""What an operator hears who stops a command, by Ctrl-C or SIGTERM: what holds, and how to go on."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

_UNCHANGED: Final = "nothing was changed"
_NO_FILE: Final = "no file was written"
_AGAIN: Final = "what was done so far is kept, and the same command can be given again"
HOLDS: Final = {
    "serve": "",
    "demo": "nothing runs any more; what it made is kept",
    "tls-front serve": "",
    "check": _UNCHANGED,
    "doctor": _UNCHANGED,
    "score": "each line that was answered is whole; nothing is kept",
    "evaluate": _UNCHANGED,
    "backtest": _UNCHANGED,
    "doubts": _UNCHANGED,
    "models scan": _UNCHANGED,
    "models shadow": _UNCHANGED,
    "privacy scan": _UNCHANGED,
    "sites policy try": _UNCHANGED,
    "export": _NO_FILE,
    "privacy export": _NO_FILE,
    "backup": _NO_FILE,
    "import": "what was brought in is kept; the same command with --resume goes on from there",
    "import --dry-run": "nothing was written",
    "import --undo": "what was taken back is gone; the same command takes back the rest",
    "train": "a version that was not finished is not kept, and the one in use stays; the same command begins again",
    "erase": "what was erased is gone; the same command erases the rest",
    "privacy erase": "what was erased is gone; the same command erases the rest",
    "compact": "Redis finishes what it has begun by itself",
    "restore": "the same command begins again; what was laid aside is kept",
    "repair": "what was repaired is kept; the same command goes on",
}
"""What holds, by the words of a command; where several fit, the one with most of them. Of what is not here, `_AGAIN`."""


def line(words: Sequence[str]) -> str:
    """What to say of a command line that was stopped; "" where the command itself says it."""
    fitting = [name for name in HOLDS if _fits(name.split(), words)]
    held = HOLDS[max(fitting, key=len)] if fitting else _AGAIN
    return f"stopped; {held}" if held else ""


def _fits(name: Sequence[str], words: Sequence[str]) -> bool:
    command = [word for word in name if not word.startswith("-")]
    return list(words[: len(command)]) == command and set(name) <= set(words)


def heed_terminate() -> Callable[[], bool]:
    """Let SIGTERM do from now on what Ctrl-C does, so that what was begun is undone; tells later whether it came."""
    came: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # ignored, as a script's background jobs have it
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)

    signal.signal(signal.SIGTERM, stop)
    return lambda: bool(came)
