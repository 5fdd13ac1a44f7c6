"""No character of a comment is lost on the way to the eyes: what can be seen, and what the chips say, is the text."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

from playwright.async_api import Page

from tests.browser.desk import Desk, opened

PIECES = (
    *"'’-_*.,/\\ \t\nabcXYZ09äßıøłñ@#&<>\"", "\r\n", "\r", "-kill", "'yourself", "’tis", "_low_", "пример", "аррӏе",
    "pаypal", "日本語", "한국", "שלום",
    "نص", "नमस्ते", "क्\u200dष", "👩\u200d💻", "🏴\U000e0067\U000e0062\U000e007f", "❤\ufe0f", "1\ufe0f\u20e3",
    "葛\U000e0100", "🇩🇪", "e\u0301", "e\u0301\u0302\u0303\u0304",
    "\u0301\u0302\u0303abc", "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u202e", "\u202c", "\u2066",
    "\u2069", "\u061c", "\u034f", "\u115f", "\u3164",
    "\uffa0", "\u2800", "\ufffc", "\u2028", "\u2029", "\u0000", "\u0007", "\u001b[31m", "\u007f", "\u0085", "\u00a0",
    "\ufe01", "\U000e0041", "\U000e01ef", "\U0001d4d0",
    "ｗｉｄｅ", "ⓐ", "\ufffd", "\ue000", "\ufdd0", "https://pаypal.com/x", "www.exаmple.com", "раураl.com", "mıcrosoft.com",
)  # fmt: skip
READ = """async (texts) => {
  const { textView, shortView } = await import("/review/static/text/render.js");
  const read = (node) => {
    if (node.nodeType === 3) return [[node.data, "seen"]];
    if (node.dataset?.codes !== undefined) {
      const said = node.dataset.codes.split(" ").map((code) => String.fromCodePoint(parseInt(code.slice(2), 16))).join("");
      return [[said, node.textContent && node.title.includes(node.dataset.codes) ? "said" : "lost"]];
    }
    return [...node.childNodes].flatMap(read);
  };
  return texts.map((text) => [read(textView(text, { whole: true })), shortView(text).flatMap(read)]);
}"""


def texts() -> list[str]:
    """Random texts: of the pieces that are hard, and of any characters."""
    draw = random.Random(20)
    made = ["".join(draw.choices(PIECES, k=draw.randint(1, 12))) for _ in range(1_500)]
    for _ in range(1_500):
        codes = [
            draw.choice((draw.randrange(0x250), draw.randrange(0x3000), draw.randrange(0x110000)))
            for _ in range(draw.randint(1, 20))
        ]
        made.append("".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000))
    return [*made, *PIECES, "-kill -yourself", "'hate' ’you’ _all_", "x" * 7_000]


def unseen(text: str) -> list[str]:
    """Characters that nobody sees, but for those that belong where they stand."""
    found = []
    for at, character in enumerate(text):
        kind = unicodedata.category(character)
        if character in "\t\n" or text[at : at + 2] == "\r\n":
            continue
        if character in "\u200c\u200d" or "\U000e0020" <= character <= "\U000e007f":  # joiners of pictures, flags
            if at == 0 or text[at - 1].isascii():
                found.append(character)
        elif kind in ("Cc", "Cf", "Zl", "Zp") or character in "\u034f\u115f\u3164\uffa0\u2800\ufffc":
            found.append(character)
    return found


async def reading(page: Page, made: list[str]) -> list[Any]:
    found: list[Any] = await page.evaluate(READ, made)
    return found


async def test_no_character_is_lost(desk: Desk) -> None:
    page = await desk.signed_in()
    made = texts()
    for text, views in zip(made, await reading(page, made), strict=True):
        for pieces in views:
            assert "".join(said for said, _ in pieces) == text, ascii(text)
            assert "lost" not in {how for _, how in pieces}, ascii(text)
            plain = "".join(said if how == "seen" else "|" for said, how in pieces)
            assert unseen(plain) == [], ascii(text)
    assert len(made) > 3_000


async def test_words_that_begin_with_a_sign_are_read_as_they_are(desk: Desk) -> None:
    await desk.submit("-kill -yourself, ’tis 'said' _low_")
    page = await desk.signed_in()
    await opened(page, "-kill")
    text = page.locator(".comment-text .text")
    assert await text.inner_text() == "-kill -yourself, ’tis 'said' _low_"
    assert await text.locator(".chip").count() == 0


async def test_hosts_that_pass_for_others_are_marked_with_a_scheme_or_without(desk: Desk) -> None:
    spoofs = ("pаypal.com", "аррӏе.com", "mıcrosoft.com", "www.gооgle.com", "https://раураӏ.com/x")
    await desk.submit("See " + " and ".join(spoofs))
    page = await desk.signed_in()
    await opened(page, "See ")
    text = page.locator(".comment-text .text")
    told = [await one.get_attribute("title") or "" for one in await text.locator(".alike, .address").all()]
    for host in ("xn--pypal-4ve.com", "xn--80ak6aa92e.com", "xn--mcrosoft-tkb.com", "www.xn--ggle-55da.com"):
        assert any(host in title for title in told), (host, told)
    for letter in ("а", "р", "ӏ", "ı", "о"):
        assert await text.locator(".alike", has_text=letter).count() > 0, letter


async def test_words_of_other_languages_are_left_alone(desk: Desk) -> None:
    await desk.submit("Ещё пример.Сайт хорош — web-сайт, Ελλάδα, Iğdır'ın kızı, a’b-c_d, mañana")
    page = await desk.signed_in()
    await opened(page, "Ещё")
    text = page.locator(".comment-text .text")
    assert await text.locator(".chip, .alike, .address").count() == 0
