"""Which names lead where, and what the platform's machine is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.front.names import SERVICES, covers, instructions, names_of, paths_of


def test_words_stand_for_names() -> None:
    assert names_of(["akismet"]) == ("rest.akismet.com", "*.rest.akismet.com")
    assert names_of(["Perspective", "Forum.Example.", "*.a.example", "perspective"]) == (
        "commentanalyzer.googleapis.com", "forum.example", "*.a.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    "word", ["", "akismett", "a b.example", "*", "*.com.*", "-a.example", "192.0.2.1/24", "a" * 64 + ".b"]
)
def test_words_that_are_no_names(word: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        names_of([word])


def test_a_star_is_one_label() -> None:
    assert covers("*.rest.akismet.com", "KEY.rest.akismet.com")
    assert not covers("*.rest.akismet.com", "rest.akismet.com")
    assert not covers("*.rest.akismet.com", "a.b.rest.akismet.com")


def test_each_name_leads_to_its_own_calls() -> None:
    names = names_of(["akismet", "perspective", "forum.example"])
    assert paths_of("key.rest.akismet.com", names) == SERVICES["akismet"].paths
    assert paths_of("commentanalyzer.googleapis.com", names) == SERVICES["perspective"].paths
    assert set(paths_of("forum.example", names) or ()) == {path for one in SERVICES.values() for path in one.paths}
    assert paths_of("api.openai.com", names) is None
    assert paths_of("", names) is None


def test_the_platforms_machine_is_told_names_and_whom_to_trust() -> None:
    names = names_of(["akismet", "perspective"])
    said = "\n".join(
        instructions(names, address="192.0.2.5", keys=["0123456789ab", "ba9876543210"], certificate=Path("ca.pem"))
    )
    assert (
        "192.0.2.5 rest.akismet.com 0123456789ab.rest.akismet.com ba9876543210.rest.akismet.com "
        "commentanalyzer.googleapis.com" in said
    )
    for variable in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPLIB2_CA_CERTS", "curl.cainfo"):
        assert variable in said
    assert '- "0123456789ab.rest.akismet.com:192.0.2.5"' in said
    assert "*" not in said
