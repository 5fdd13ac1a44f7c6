"""Sketches: what varies for nothing does not count, and what says something else does."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.text.similarity import LEAST, SKETCH, sketch

SPAM = "Best designer handbags with free worldwide shipping, order before Sunday and get your discount voucher today"


def hashes(text: str) -> list[int]:
    packed = sketch(text).hashes
    return list(struct.unpack(f">{len(packed) // 4}I", packed))


@pytest.mark.parametrize(
    "variant",
    [
        " ".join(reversed(SPAM.split())),
        SPAM.upper(),
        SPAM + " https://shop.example/1234 4711",
        f'<a href="http://x.example">{SPAM}</a>',
        SPAM.replace("e", "е"),  # a Cyrillic one
        SPAM.replace("o", "o\u200b"),
        "".join(chr(ord(c) + 0x1D400 - ord("A")) if "A" <= c <= "Z" else c for c in SPAM.upper()),
        SPAM.replace("designer", "dèsigner"),
    ],
)
def test_what_a_campaign_varies_for_nothing_does_not_count(variant: str) -> None:
    assert sketch(variant).hashes == sketch(SPAM).hashes


def test_another_text_is_another() -> None:
    other = "The second benchmark surprised me, because that cache should have been cold at this point already"
    assert not set(hashes(SPAM)) & set(hashes(other))


def test_exact_repeats_are_told_apart_from_reshuffled_words() -> None:
    assert sketch("Great post!").text == sketch("great  POST http://a.example").text != sketch("Post, great!").text
    assert sketch("http://a.example").text != sketch("http://b.example").text
    assert sketch("!!!").text != sketch("???").text


def test_short_texts_have_no_sketch() -> None:
    assert sketch("Great post, thanks for sharing!").hashes == b""
    assert len(hashes(" ".join(f"word{chr(97 + n) * 3}" for n in range(LEAST)))) == LEAST


def test_scripts_without_spaces_are_sketched_too() -> None:
    text = "この記事の著者は正しいと思いますので友達にも紹介しました"
    assert len(set(hashes(text)) & set(hashes("ところで" + text))) > len(hashes(text)) * 0.8


@given(st.text(max_size=2_000))
def test_a_sketch_is_small_sorted_and_the_same_again(text: str) -> None:
    found = hashes(text)
    assert found == sorted(set(found))
    assert len(found) <= SKETCH
    assert sketch(text) == sketch(text)


RUSSIAN = "Дешёвые сумки и часы, доставка по всему миру, закажите до воскресенья и получите скидку"
DRESSED = (
    "Ｃｈｅａｐ\u00ad 𝐩𝐢𝐥𝐥𝐬 <b>now</b> https://straße.de/x [url=http://a.example]here[/url] caf\u00e9 &amp; more words so that "
    "there are enough"
)
JAPANESE = "この記事の著者は正しいと思いますので友達にも紹介しました"


@pytest.mark.parametrize(
    ("text", "digest", "hashes_digest"),
    [
        (SPAM, "9e38a8b1e7752e86", "0b3372740738d066"),
        (RUSSIAN, "6d620c17583b00b9", "69b91b613d1ee095"),
        (DRESSED, "0d3fcd4346cd9b5b", "775adeda3c95628b"),
        (JAPANESE, "133ae5f19f160a88", "7703663abb3d2679"),
    ],
)
def test_what_is_stored_is_known_again_to_the_byte(text: str, digest: str, hashes_digest: str) -> None:
    """Digests made by an earlier version: whoever changes the folding parts campaigns from their own past."""
    found = sketch(text)
    assert (found.text, sha256(found.hashes).hexdigest()[:16]) == (digest, hashes_digest)
