"""Probabilities as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.text.shares import decimal, percent


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.9958, "99.5%"), (0.99999, "99.9%"), (1.0, "100%"), (0.37, "37%"), (0.29, "29%"), (0.0, "0%"), (0.0004, "0%")],
)
def test_percent(share: float, words: str) -> None:
    assert percent(share) == words


@given(st.floats(0, 1))
def test_only_what_is_certain_looks_certain(share: float) -> None:
    if share < 1 - 1e-9:
        assert percent(share) != "100%"
        assert decimal(share) != "1.00"
    assert float(percent(share)[:-1]) <= 100 * share + 1e-6
