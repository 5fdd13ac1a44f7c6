"""How an export's letters are encoded: by its mark, by what it declares, as UTF-8, or by the letters; or that can't be told.

What is guessed wrong teaches the model nonsense. So an old encoding is taken only where the letters that it makes belong to
one language; else the operator is asked. For `service.imports.readers`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from charset_normalizer import from_bytes

_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,40})")
_OLD = frozenset(
    [
        *("iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252", "koi8-r"),
        *("gbk", "gb2312", "big5", "shift_jis", "euc-jp", "euc-kr"),
    ]
)
"""What old blogs declare in XML. No other word is let choose a decoder."""
ENCODINGS = frozenset(
    [
        *_OLD,
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-5", "iso-8859-7", "iso-8859-9", "windows-1253"),
        *("windows-1254", "windows-1255", "windows-1256", "windows-1257", "koi8-u", "gb18030", "mac-roman", "cp437", "cp850"),
    ]
)  # fmt: skip
"""What an operator may say."""
_DECODERS = {codecs.lookup(name).name: name for name in sorted(ENCODINGS, reverse=True)}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_SCRIPTS = (
    "cp1251",
    "koi8_r",
    "cp1253",
    "gb18030",
    "big5",
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "cp1252",
    "cp1250",
    "cp1254",
)
_LATIN = {
    "windows-1252": (
        "éèàùâêîôûëïüÿçœæ", "äöüß", "áéíóúüñ", "áâãàçéêíóôõúü", "àèéìíîòóù", "éëïóöü", "åäöé", "æøåé", "áðéíóúýþæö", "àçèéíïòóúü",
    ),
    "windows-1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß"),
    "windows-1254": ("çğıöşüâîûi̇",),
    "iso-8859-2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "iso-8859-15": ("éèàùâêîôûëïüÿçœæ",),
}  # fmt: skip
"""The letters of languages beyond a to z, by the encoding that their texts stand in; the more frequent one first."""
_FEW = 3  # letters that may be UTF-8 by accident
_STRAY = re.compile(r"[A-Za-z][\u0700-\u07ff]|[\u0700-\u07ff][A-Za-z]")
"""Letters in words of others: what two of an old encoding happen to be in UTF-8 ("ßł")."""
_INSIDE = re.compile(
    r"(?<=[^\W\d_])[¹²³£¥¦§¶¿¡×÷±¤¬¼½¾¨¸¯»«©®](?=[^\W\d_])"
)  # signs that no language has inside a word
_RUN = re.compile(rb"[\x80-\xff]{3}")  # letters beyond ASCII in a row: hardly ever in the West
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bfŒœŠšŽžŸƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]{1,3}")
_CAPITAL = re.compile("(?<=[а-яёіїєґά-ώ])[А-ЯЁІЇЄҐΆ-Ώ]")  # behind a small letter
_ODD = 0.03  # share of letters that may stand oddly
_KANA = re.compile("[\u3041-\u30fa]")
_SAMPLE = 200_000  # bytes of lines that are not ASCII, by which an old encoding is recognised
_SURE = 0.97  # share of the letters beyond a to z that must belong to one language


def known_as(said: str) -> str:
    """An encoding that an operator names, by the name that it has here: `latin1` is iso-8859-1. Others as they are."""
    try:
        return _DECODERS.get(codecs.lookup(said).name, said) if said.isascii() and said not in ENCODINGS else said
    except (LookupError, ValueError):
        return said


def encoding_of(chunks: Iterable[bytes], said: str) -> tuple[str, bool] | None:
    """(encoding, whether it was recognised by the letters alone) of a file; None when it can't be told. Reads all of it."""
    pieces = iter(chunks)
    first = next(pieces, b"")
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return encoding, False
    if said:
        return said, False
    declared = _DECLARED.match(first)
    word = declared.group(1).decode().lower() if declared else ""
    if word in _OLD:
        good, bad, _ = _utf8(first, pieces)  # an editor has often saved it as UTF-8 and left the word as it was
        return "utf-8" if good > _FEW and not bad else word, False
    if found := _utf16(first):
        return found, True
    good, bad, sample = _utf8(first, pieces)
    if not bad or good > 2 * bad:  # a few damaged bytes make no other encoding
        return None if 0 < good <= _FEW and _is_accident(sample) else ("utf-8", False)
    found = _recognised(sample)
    return (found, True) if found else None


def _is_accident(sample: bytes) -> bool:
    """Whether the letters beyond ASCII may be those of an old encoding, of which two or three make another in UTF-8: "ćłł"."""
    found = [char for char in sample.decode(errors="ignore") if char > "\x7f"]
    if not all(char > "\u024f" and char.isalpha() for char in found):
        return False
    old = {
        encoding: [char for char in sample.decode(encoding, "replace").lower() if char > "\x7f"] for encoding in _LATIN
    }
    return any(set(old[encoding]) <= set("".join(letters)) for encoding, letters in _LATIN.items())


def _utf16(first: bytes) -> str:
    """UTF-16 without its mark: every other byte of what is ASCII in it is 0, and none of the others."""
    even, odd = first[::2].count(0), first[1::2].count(0)
    if even + odd < 4 or 100 * (even + odd) < len(first) or min(even, odd) * 20 > max(even, odd):
        return ""
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = first[: 2 * (len(first) // 2)].decode(encoding, errors="replace")
    return encoding if text.rstrip("\ufffd").count("\ufffd") * 100 <= len(text) else ""


def _utf8(first: bytes, pieces: Iterator[bytes]) -> tuple[int, int, bytes]:
    """How many letters beyond ASCII are UTF-8, how many bytes are not, and lines with such."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    good, bad, sample, rest = 0, 0, b"", b""
    for chunk in _chained(first, pieces):
        if not (chunk.isascii() and not rest):
            text = decoder.decode(chunk)
            wrong = sum("\udc80" <= char <= "\udcff" for char in text) if not text.isascii() else 0
            bad += wrong
            good += sum(char > "\x7f" for char in text) - wrong
        if len(sample) < _SAMPLE:
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-_SAMPLE:]
            sample += b"\n".join(line for line in lines if not line.isascii())[:_SAMPLE]
    bad += len(decoder.decode(b"", final=True).encode(errors="surrogateescape"))
    return good, bad, sample + (b"" if rest.isascii() else b"\n" + rest)


def _chained(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _recognised(sample: bytes) -> str:
    """The old encoding of some lines; "" when it is not clear."""
    shares = {encoding: _share(sample, encoding, alphabets) for encoding, alphabets in _LATIN.items()}
    latin = max(shares, key=lambda encoding: shares[encoding])
    if shares[latin] >= _SURE:
        return latin
    west = _share(sample, "windows-1252", ("".join(_LATIN["windows-1252"]),))
    if west >= _SURE and not _RUN.search(sample):
        return "windows-1252"  # several languages of the West
    left = list(_SCRIPTS)
    while left:
        best = from_bytes(sample, cp_isolation=left, preemptive_behaviour=False).best()
        if best is None or best.encoding in ("cp1252", "cp1250", "cp1254"):
            return ""
        if _is_plausible(str(best), best.encoding):
            return str(best.encoding).replace("cp125", "windows-125")
        left.remove(best.encoding)
    return ""


def _is_plausible(text: str, encoding: str) -> bool:
    """Whether a text is written as its language is: Japanese with its syllables, others without capitals inside of words."""
    if encoding in ("shift_jis", "euc_jp"):
        return _KANA.search(text) is not None
    if encoding not in ("cp1251", "koi8_r", "cp1253"):
        return True
    letters = sum(char > "\x7f" and char.isalpha() for char in text)
    return len(_CAPITAL.findall(text)) + len(_INSIDE.findall(text)) < _ODD * letters


def _share(sample: bytes, encoding: str, alphabets: Iterable[str]) -> float:
    """Which share of the letters beyond ASCII belongs to the likeliest of an encoding's languages; 0 where it can't be it."""
    text = sample.decode(encoding, errors="replace").lower()
    if any("\x80" <= char <= "\x9f" or char == "\ufffd" for char in text):
        return 0.0
    letters = [char for char in text if char > "\x7f" and char.isalpha() and char not in "ªº"]
    odd = len(_INSIDE.findall(text))
    if not letters and not odd:
        return 1.0
    return max(sum(char in alphabet for char in letters) / (len(letters) + odd) for alphabet in alphabets)


def is_garbled(text: str) -> bool:
    """Whether letters of a text were lost, or were taken for others before it was exported: "Ã©" for "é"."""
    if text.isascii():
        return False
    return (
        "\ufffd" in text
        or _STRAY.search(text) is not None
        or any(_is_twice(found.group()) for found in _TWICE.finditer(text))
    )


def _is_twice(letters: str) -> bool:
    """Whether these begin with the bytes of one letter in UTF-8, read as Windows-1252."""
    size = 2 if letters[0] < "\xe0" else 3 if letters[0] < "\xf0" else 4
    try:
        raw = b"".join(char.encode("latin-1" if char <= "\xff" else "cp1252") for char in letters[:size])
        return len(raw) == size and len(raw.decode()) == 1
    except UnicodeError:
        return False
