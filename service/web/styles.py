"""Style sheets of the plain pages, made on the server: the common palette, and after it a page's own rules."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def style_sheet(name: str) -> bytes:
    """The style sheet of a page, by its file's name."""
    static = files("service.web") / "static"
    return static.joinpath("palette.css").read_bytes() + static.joinpath(name).read_bytes()
