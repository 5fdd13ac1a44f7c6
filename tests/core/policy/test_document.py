"""What is wrong with a policy's document: all of it, each thing with its place, and nothing that follows from another."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.errors import InvalidPolicy
from service.core.policy import Policy, check
from service.core.policy.document import policy_of, read_policy

RULE = {"name": "r", "when": "links >= 3", "then": "hold"}
HOUSE = {"code": "no-links", "name": "No links"}
LIST = {"name": "l", "entries": ["x"], "then": "hold"}


def places(document: Any) -> list[str]:
    try:
        check(policy_of(document))
    except InvalidPolicy as error:
        return [one.pointer for one in error.all if one.detail]
    return []


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        ({}, []),
        ({"rules": [RULE], "lists": [LIST], "unsupported_language": "trust"}, []),
        ([], [""]),
        ({"mode": 3, "on_no_verdict": "x", "unsupported_language": 1}, ["/mode", "/on_no_verdict", "/unsupported_language"]),
        ({"release_after": 0, "colour": 1}, ["/colour", "/release_after"]),
        ({"thresholds": []}, ["/thresholds"]),
        ({"thresholds": {"spam": 1, "insult": {"hlod": 1}}}, ["/thresholds/insult/hlod", "/thresholds/spam"]),
        ({"thresholds": {"spam": {"hold": "x", "reject": 0.9, "discard": 0.8}}}, ["/thresholds/spam", "/thresholds/spam/hold"]),
        ({"promise": {"good_held": 2}, "mode": ""}, ["/mode", "/promise/good_held"]),
        ({"rules": {}, "lists": [LIST, 7]}, ["/lists/1", "/rules"]),
        ({"rules": [{}]}, ["/rules/0/name", "/rules/0/then", "/rules/0/when"]),
        ({"rules": [RULE | {"then": "tag", "tags": 3}]}, ["/rules/0/tags"]),
        ({"rules": [RULE | {"then": "tag"}, RULE | {"name": "A b"}]}, ["/rules/0/tags", "/rules/1/name"]),
        ({"rules": [RULE | {"expires": "soon", "when": "links >"}]}, ["/rules/0/expires", "/rules/0/when"]),
        ({"rules": [RULE | {"name": 3, "bogus": 1}, RULE]}, ["/rules/0/bogus", "/rules/0/name"]),
        ({"rules": [RULE, RULE], "lists": [LIST | {"name": "r", "x": 1}]}, ["/lists/0/x", "/rules/0/name", "/rules/1/name"]),
        ({"lists": [LIST | {"entries": ["", "x", "*"], "fields": ["content", "email"]}]},
         ["/lists/0/entries/0", "/lists/0/entries/2", "/lists/0/fields/1"]),
        ({"lists": [LIST | {"kind": "domains", "entries": ["a", "a.example", "b"]}]},
         ["/lists/0/entries/0", "/lists/0/entries/2"]),
        ({"rules": [7] * 1_000, "mode": ""}, ["/mode", "/rules"]),
        ({"house_rules": [HOUSE]}, []),
        ({"house_rules": {}}, ["/house_rules"]),
        ({"house_rules": [{}, HOUSE | {"x": 1}]},
         ["/house_rules/0/code", "/house_rules/0/name", "/house_rules/1/x"]),
        ({"house_rules": [HOUSE | {"code": "spam"}, HOUSE | {"code": "No links"}, HOUSE, HOUSE]},
         ["/house_rules/0/code", "/house_rules/1/code", "/house_rules/3/code"]),
        ({"house_rules": [HOUSE | {"name": " ", "text": "a\nb"}, HOUSE | {"code": "x", "teaches": "rudeness"}]},
         ["/house_rules/0/name", "/house_rules/0/text", "/house_rules/1/teaches"]),
        ({"house_rules": [HOUSE] * 21}, ["/house_rules"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_named(document: Any, pointers: list[str]) -> None:
    assert places(document) == pointers


def test_what_a_field_takes_is_said() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        policy_of(
            {
                "mode": "fast",
                "on_no_verdict": "never",
                "unsupported_language": "ask",
                "rules": [RULE | {"status": "on"}],
            }
        )
    assert [one.detail for one in caught.value.all] == [
        "One of approve-first, by-score, hold-everything, hold-new-authors is expected here.",
        "One of approve, hold, reject is expected here.",
        "One of draft, live, shadow is expected here.",
        "One of approve, hold, reject, trust is expected here.",
    ]


def test_a_document_that_can_not_be_read_has_one_place() -> None:
    for text in ("mode = 'x", "{", "mode = 'x'\nmode = 'y'"):
        with pytest.raises(InvalidPolicy) as caught:
            read_policy(text)
        assert caught.value.more == ()


SMALL = st.sampled_from([None, 0, -1, 0.5, "", "hold", "x", "links > 1", [], ["x"], {}, True])
VALUES = st.recursive(
    SMALL, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RULE, *LIST, "z"]), inner)
)
DOCUMENTS = st.dictionaries(
    st.sampled_from([*(field.name for field in msgspec.structs.fields(Policy)), "z"]),
    VALUES | st.lists(st.just(RULE) | st.just(LIST) | VALUES, max_size=3),
)


@settings(deadline=None)
@given(DOCUMENTS)
def test_whatever_is_written_is_a_policy_or_a_typed_error_whose_first_place_is_wrong(document: Any) -> None:
    pointers = places(document)
    try:
        policy = msgspec.convert(
            document | ({"unsupported_language": None} if document.get("unsupported_language") == "trust" else {}),
            Policy,
        )
        check(policy)
        sound = True
    except (msgspec.ValidationError, InvalidPolicy):
        sound = False
    assert sound == (pointers == [])
