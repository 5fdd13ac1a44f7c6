"""How texts and decisions are kept in Redis: MessagePack, by Zstandard (RFC 8878) with a dictionary where that is shorter.

What is not packed, as by earlier versions and where it would not pay, is plain MessagePack, which never begins with our mark. So
each value says by itself how it is to be read, and no data needs to be converted.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

import zstandard
from msgspec import msgpack

_MARK: Final = b"\xc1\x01"
"""A byte that MessagePack never uses, and the number of the dictionary below."""
_SHORT: Final = 48  # bytes that are not worth it
_LEVEL: Final = 3  # a third of deflate's time for a twelfth more bytes; higher levels take twice as long for 3 %
_WINDOW: Final = 1 << 20  # bytes that may have to be looked back over: more than any comment has

_ENGLISH: Final = (
    b" think people like just about would could because there their which don't can't it's really so much more time who know "
    b"your good very when how all one my if will get has no out up some also into than them then other new only way work "
    b"Great article! Thanks for sharing this. I have been the same. I'm not sure that is what they were this was for on "
    b"with as you of the in the to the and the it is to be a lot of at from or had by an are but not we have "
    b"Thank you for this post. "
    b"https://www. http:// .com/ .org .net"
)
_AUTHOR: Final = (
    b"\xabfingerprint\xd9(f1.\xaacreated_at\xcf\x00\x00\x01\xa2\xa9parent_id\xabparent_text\xa4form\x81\xa4kind\xa7channel"
    b"\xa7akismet\xa7webhook\xa6import\xa8revision\xa9edited_at\xa7sent_at\xcf\x00\x00\x01\xa2\xa4seal"
    b"\xde\x00\x05\xabplatform_id\xa4page\x82\xa3url\xd9 https://blog.example/2026/\xa5title\xa0"
    b"\xa6author\x87\xa4name\xa0\xa5email\x81\xa6digest\xd9(e1.\xa7earlier\x91\xa3url\xb4https://\xa2ip\x82\xa6digest\xd9(i1."
    b"\xa7network\xd9(n1.\xaauser_agent\xd9PMozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
    b"like Gecko) Version/18.5 Mobile/15E148 Safari/604.1Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
    b"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    b"\xa4role\xa7vouched\xc3\xa4link\xd9(l1.\xa8known_as\xac\xa7content\xda\x01"
)
_VERDICT: Final = (
    b"\xa5flags\x91\xaaobfuscated\xb4unsupported-language\x86\x85\xa6scores\x87\xa4spam\xcb?\xa8toxicity\xcb?\xafsevere_toxicity\xcb?"
    b"\xa6insult\xcb?\xa9profanity\xcb?\xa6threat\xcb?\xafidentity_attack\xcb?\xa5model\xb5base-2026.11-\xa8language\xa2en\xa7signals\x8c"
    b"\xaaauthor_url\xc3\xb0author_approvals\xb1author_rejections\xacauthor_known\xadauthor_repeat\xa5links\xa8repeated\xafrepeated_nearby"
    b"\xacnetwork_10m\xaanetwork_1d\xa5words\xadtopic_overlap\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa7readers\x92\xa7meaning\x91\xa5words"
)
_CHANGE: Final = (
    b"\xabexplanation\x84\xa5label\xabprobability\xa5logit\xcb\xa5parts\x9a\x88\xa4kind\xa4rest\xa4name\xafeverything else"
    b"\xaccontribution\xcb\xbf\xa5field\xa0\xa5start\x00\xa3end\x00\xabstart_utf16\x00\xa9end_utf16\x00\x88\xa4kind\xa9intercept"
    b"\xa4name\xa0\xaccontribution\xcb?\x88\xa4kind\xa4span\xa4name\xa0\xaccontribution\xcb?\xa5field\xa4text\xa5start\xcc\xa3end\xcc"
    b"\xabstart_utf16\xcc\xa9end_utf16\xcc\x85\xa4code\xaabelow-hold\xa5score\xcb?\xa9threshold\xcb?\xa4text\xa5label\xa8toxicity\xa4spam"
    b"\xa7discard\xc3\xa4note\xa4tags\x91\xa6policy\x01\xa6shadow\x91\xa4rule\xa2to\xa7content\xa8rejected\xa6reject\xa7flagged\xa4hold"
    b"\xa9moderator\xa6system\xa8imported\xa6edited\xa8appealed\xa8requeued\xa6undone\xa9escalated\xa8returned"
    b"\x84\xa2at\xcf\x00\x00\x01\xa2\xa5actor\x82\xa4kind\xa8platform\xa4name\xa5state\xa7pending\xa4what\xa9submitted"
    b"\x85\xa2at\xcf\x00\x00\x01\xa2\xa5actor\x82\xa4kind\xa6policy\xa4name\xb5base-2026.11-\xa5state\xa8approved\xa4what\xa7decided"
    b"\xa8decision\x85\xa7outcome\xa7approve\xa5actor\x82\xa4kind\xa6policy\xa4name\xb5base-2026.11-\xa7reasons\x91\x83"
    b"\xa4code\xb0below-thresholds\xa4text\xd9+Every score is below the site's thresholds.\xa5phase\xa6scores"
    b"\xa2at\xcf\x00\x00\x01\xa2\xa8revision\x02"
)
_KNOWN: Final = _ENGLISH + _CHANGE + _VERDICT + _AUTHOR
"""Dictionary 1. Never change it: what is stored can't be read without it. Another one gets a number of its own."""

_encode: Final = msgpack.Encoder().encode


class _Tools(threading.local):
    """Zstandard's, which no two threads may use at once."""

    def __init__(self) -> None:
        known = zstandard.ZstdCompressionDict(_KNOWN, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        self.press = zstandard.ZstdCompressor(
            dict_data=known,
            compression_params=zstandard.ZstdCompressionParameters.from_level(
                _LEVEL, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_dict_id=False
            ),
        )
        self.open = zstandard.ZstdDecompressor(
            dict_data=known, max_window_size=_WINDOW, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        )


_tools: Final = _Tools()


def packed(value: object) -> bytes:
    """A value as it is kept: the same bytes for equal values, by one version of the library."""
    plain = _encode(value)
    if len(plain) < _SHORT:
        return plain
    short = _MARK + _tools.press.compress(plain)
    return short if len(short) < len(plain) else plain


def plain(stored: bytes) -> bytes:
    """The MessagePack of what is kept. Raises zstandard.ZstdError for what is neither."""
    if not stored.startswith(_MARK):
        return stored
    return bytes(_tools.open.decompress(memoryview(stored)[len(_MARK) :]))


def opened(blob: bytes) -> Iterator[bytes]:
    """Whatever may be packed somewhere in some bytes, plain; for who looks through data without knowing what it is."""
    at = blob.find(_MARK)
    while at >= 0:
        with contextlib.suppress(zstandard.ZstdError):
            yield _tools.open.decompressobj().decompress(memoryview(blob)[at + len(_MARK) :])
        at = blob.find(_MARK, at + 1)
