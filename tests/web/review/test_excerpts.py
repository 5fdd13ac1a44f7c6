"""What a list shows of a text."""

from __future__ import annotations

import pytest

from service.web.review.views import EXCERPT
from tests.support.desk import Desk
from tests.support.platform import Platform


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("maybe short", 11),
        ("maybe \n\n\t  spaced  out\n", 23),
        ("maybe " + "x" * 400, EXCERPT),
        ("maybe" + " \n" * 60 + "and " * 200, EXCERPT + 119),
        ("maybe" + "\n" * 5_000 + "far below", 4 * EXCERPT),
    ],
)
async def test_a_list_shows_how_a_text_begins_as_it_was_written(
    platform: Platform, moderator: Desk, text: str, length: int
) -> None:
    await platform.submit(content=text)
    await platform.judge()
    (row,) = (await moderator.get("/comments"))["items"]
    content = (await moderator.get(f"/comments/{row['id']}"))["content"]
    assert content.startswith(row["excerpt"])
    assert len(row["excerpt"]) == length
