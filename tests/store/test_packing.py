"""What is kept packed is read as what it was, also what earlier versions kept plain."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from service.core.comment import Actor, Change
from service.core.lifecycle import ActorKind, State
from service.core.verdict import LABELS, Verdict
from service.store import packing, records

VALUES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=400) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES, st.binary(max_size=40), st.binary(max_size=40))
def test_what_is_packed_comes_back_and_is_found_wherever_it_stands(value: Any, before: bytes, after: bytes) -> None:
    stored, plain = packing.packed(value), msgpack.encode(value)
    assert packing.plain(stored) == plain
    assert packing.plain(plain) == plain
    assert packing.packed(value) == stored
    assert len(stored) <= len(plain)
    assert stored == plain or plain in packing.opened(before + stored + after)


def test_the_first_dictionary_is_for_ever() -> None:
    """Whoever changes it loses every text that was packed with it."""
    digest = hashlib.sha256(packing._KNOWN).hexdigest()
    assert digest == "24893794ab5bf2a071be4ccb175dc1ff3bb8ef921993e8aa66646b64658bcbe7"


def test_a_history_begins_with_what_the_record_says() -> None:
    came = Change(5, Actor(ActorKind.PLATFORM, "blog"), State.PENDING, "submitted")
    decided = Change(7, Actor(ActorKind.POLICY, "m"), State.APPROVED, "decided")
    later = Change(9, Actor(ActorKind.MODERATOR, "eve"), State.REJECTED, "decided")
    kept = [packing.packed(one) for one in (came, decided, later)]
    assert records.history([], [None, None, None]) == []
    assert records.history([], [b"blog", b"5", None]) == [came]
    assert records.history([], [b"blog", b"5", kept[1]]) == [came, decided]
    assert records.history([b"", *kept[1:]], [b"blog", b"5", kept[2]]) == [came, decided, later]
    assert records.history(kept, [b"blog", b"6", kept[2]]) == [came, decided, later]


@given(st.floats(0, 1), st.sampled_from([LABELS, LABELS[:2], LABELS[::-1]]), st.text(max_size=8), st.booleans())
def test_a_verdict_is_what_it_was_whatever_its_labels(
    score: float, labels: tuple[str, ...], said: str, raised: bool
) -> None:
    signals = {"links": 2, "share": score, "listed": raised, "campaign": said}
    verdict = Verdict(
        dict.fromkeys(labels, score), "base-1", ("obfuscated",) * raised, said[:2], signals, ("words", "meaning")
    )
    for stored in (records.kept_verdict(verdict), packing.packed(verdict), msgpack.encode(verdict)):
        found = records.verdict(stored)
        assert found == verdict
        assert list(found.scores) == list(labels)
