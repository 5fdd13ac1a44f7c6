"""The normaliser: what it undoes, what it leaves alone, and that it can say where everything came from."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier.normalise import Normalised, normalise, normalise_all

CLEAN = "you are a stupid idiot and nobody likes your ugly website"

# Characters that the rules act on, so that random texts are made of trouble.
TROUBLE = st.text(
    st.sampled_from(
        [
            *"abcdefinostuvwz ABNX013457@$!.-_*<>[]()/&;#\\\"'`=:?,\n\t",
            *"\u200b\u0301\u0338éßİſıКаеоНсλΣ😀ａ①㎏ﬁ𝐚🅱ᴀ가ᄀ日ー\u3000\xa0\u202e\ufeff…“½🇩",
        ]
    )
)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "http://",
            "www.",
            "<a href=",
            ".com",
            "[url=",
            "[/url]",
            "](",
            "&amp;",
            "&lt;",
            "\\u0041",
            "<b>",
            "aaa",
            "ооо",
            "@user",
            " a b c d",
            "....",
            "x",
            " ",
            "!",
            "日",
            "@",
            "$",
            "1",
            "ш@b.de",
            "к",
            "0к",
            "{email}",
            "😀a😀",
            "→→→",
            "ш",
            "[",
            "`",
            "://",
            ".co",
        ]
    ),
    max_size=12,
).map("".join)


def words(text: str, disguise: "dict[str, str]") -> str:
    return "".join(disguise.get(c, c) for c in text)


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("".join(c + "\u200b" for c in CLEAN), CLEAN),
        (words(CLEAN, dict(zip("aeiopcxy", "аеіорсху", strict=True))), CLEAN),
        ("".join(chr(0x1D41A + ord(c) - 97) if c.isalpha() else c for c in CLEAN), CLEAN),
        ("".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in CLEAN), CLEAN),
        ("".join(c + "\u0336\u0301" if c.isalpha() else c for c in CLEAN), CLEAN),
        ("   ".join(" ".join(word) for word in CLEAN.split()), CLEAN),
        (CLEAN.upper(), CLEAN),
        ("st\\u0075pid &#105;diot", "stupid idiot"),
        ("stup<b></b>id <i>idiot</i>", "stupid idiot"),
        ("&#0000000115;tupid &#x000000069;diot", "stupid idiot"),
        ("stu<!-- x > y -->pid <!-- -- -->idiot", "stupid idiot"),
        ("stupid\u2800idiot", "stupid idiot"),
        ("1diot b@stard sh!t a$$hole 5tup1d", "idiot bastard shit asshole stupid"),
        ("th3 v1agra w0rks f0r m3, g37 i7", "the viagra works for me, get it"),
        ("f.u.c.k and f-u-c-k and f u c k", "fuck and fuck and fuck"),
        ("stuuuupid idiooooot", "stupid idioot"),
        ("❤️".join("stupid") + " " + "🔥".join("idiot"), "stupid idiot"),
        ("stupid idiot" + "😀" * 90 + "→" * 9, "stupid idiot😀😀😀→→→"),
        ('""""""stupid;;;;; idiot ^^^^^', '"""stupid;;; idiot ^^^'),
        ("🆂🅻🅾🆃 ⓢⓛⓞⓣ ꜱʟᴏᴛ 🇸🇱🇴", "slot slot slot slo"),
        ("do\u202en't", "don't"),
        ("crème brûlée über straße", "creme brulee uber strasse"),
    ],
)
def test_disguises_come_off(disguised: str, plain: str) -> None:
    assert normalise(disguised).text == plain


@pytest.mark.parametrize(
    "ordinary",
    [
        "i had 2 cats, 10 dogs and a mp3 player on the 5th of may",
        "covid19 and h264 and 3d printing",
        "good books, a full hall and see you soon",
        "как дела сор",
        "привет, это обычный текст",
        "日本語のテキスト",
        "한국어 텍스트",
        "हिन्दी में पाठ",
        "xxx and kkk are words",
        "an a4 page, the v6 of my m3, and t0 comes before t1",
        "great post! i agree.",
        "that costs $100 or 5% more",
        "🇩🇪 won against 🇫🇷",
    ],
)
def test_ordinary_text_stays(ordinary: str) -> None:
    folded = normalise(ordinary)
    assert folded.text == ordinary
    assert not folded.obfuscated


def test_a_latin_letter_in_a_russian_word_becomes_russian() -> None:
    assert normalise("привет, cекс и кaзино").text == "привет, секс и казино"


@pytest.mark.parametrize(
    ("written", "text", "hosts"),
    [
        ("see http://www.Example.com/Path?q=1#x", "see example.com/path", ["example.com"]),
        ('<a href="https://pills.example/buy" rel=nofollow>cheap</a>', "pills.example/buy cheap", ["pills.example"]),
        (
            "[url=http://a.example]one[/url] [url]http://b.example/[/url]",
            "a.example one b.example",
            ["a.example", "b.example"],
        ),
        (
            "[text](https://c.example/x) and ![alt](http://d.example/i.png)",
            "text c.example/x and !alt d.example/i.png",
            ["c.example", "d.example"],
        ),
        (
            "visit cheap-pills.com, or www.other.org.",
            "visit cheap-pills.com, or other.org",
            ["other.org", "cheap-pills.com"],
        ),
        ("write to bob@mail.example or @bob_smith", "write to {email} or {user}", []),
        ("write to •••@••••••.", "write to {email}.", []),
        ("the end.Next sentence, version 1.2.3, e.g. this", "the end.next sentence, version 1.2.3, e.g. this", []),
    ],
)
def test_links_are_unwrapped(written: str, text: str, hosts: list[str]) -> None:
    folded = normalise(written)
    assert folded.text == text
    assert [link.host for link in folded.links] == hosts


def test_credentials_in_a_link_are_dropped() -> None:
    assert normalise("http://user:secret@host.com:8080/x").text == "host.com/x"


def test_evidence_counts_what_was_undone() -> None:
    evidence = normalise("v\u200bi\u200bagra p4ssw0rd раураl l o v e coooool 𝐛𝐢𝐠 a&amp;b").evidence
    assert evidence.invisible == 2
    assert evidence.leet == 2
    assert evidence.lookalike == 1
    assert evidence.spaced == 1
    assert evidence.repeated == 1
    assert evidence.styled == 3
    assert evidence.escaped == 1


@pytest.mark.parametrize(
    "odd",
    [
        "",
        " ",
        "\n\t",
        "\x00",
        "\ud800",
        "\u200b",
        "😀",
        "http://",
        "<",
        "<<<<>>>>",
        "&",
        "\\",
        "[](",
        "@",
        "\u0301" * 5,
    ],
)
def test_every_string_has_an_answer(odd: str) -> None:
    folded = normalise(odd)
    assert normalise(folded.text).text == folded.text
    folded.offsets  # noqa: B018


def check(text: str) -> Normalised:
    folded = normalise(text)
    assert normalise(folded.text).text == folded.text
    starts, ends = folded.offsets
    assert len(starts) == len(ends) == len(folded.text)
    assert all(0 <= start <= end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert "  " not in folded.text
    assert folded.text == folded.text.strip()
    return folded


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | TROUBLE | FRAGMENTS)
@example("www.v&&www.www.\u202ev\u202e")
@example("Σ#http://?–日http://?")
@example("h77p://foo.com/x?y=1 f0o.c0m")
@example("@B@@d")
@example("www.$C")
@example("ш@b.de0к")
@example("к ш@b.de")
@example("www.[и")
@example("www.`ш")
@example("httpwww.co://")
@example("HTTP://0//://0")
@example("++&amp;&amp;@")
@example("\u13d5")
@example("HTTP://://://0")
@example("http://a.example/x;;:;;y")
def test_folding_twice_changes_nothing_and_offsets_fit(text: str) -> None:
    check(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(TROUBLE | FRAGMENTS | st.text(alphabet="abc. ,!?'", max_size=30), max_size=8))
def test_a_batch_folds_like_its_members(texts: list[str]) -> None:
    assert [folded.text for folded in normalise_all(texts)] == [normalise(text).text for text in texts]


def test_offsets_point_at_the_original() -> None:
    original = "x 𝐯𝟏𝐚𝐠𝐫𝐚 &amp; &lt;b&gt;pills and F\u200bU\u200bN"
    folded = normalise(original)
    starts, ends = folded.offsets
    at = folded.text.index("pills")
    assert original[starts[at] : ends[at + 4]] == "pills"
    at = folded.text.index("fun")
    assert original[starts[at] : ends[at + 2]] == "F\u200bU\u200bN"


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "é",
        "\u0301",
        "𝐚",
        "<",
        "<a",
        "<!--",
        "<!-- -",
        "[",
        "[a](",
        "http://a ",
        ".com",
        "a.",
        "@a",
        "&amp;",
        "\\",
        "1a",
        "a b ",
        "日",
        "аa",
        "www.",
    ],
)
def test_hostile_input_takes_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * size)[:size]
        best = float("inf")
        for _ in range(3):
            start = time.thread_time()
            normalise(text)
            best = min(best, time.thread_time() - start)
        return best

    seconds(1000)
    small, large = seconds(8_000), seconds(64_000)
    assert large < 8 * small * 3 + 0.02, f"{unit!r}: {small:.4f} s for 8 kB, {large:.4f} s for 64 kB"


@given(st.text("aallm  K.e1 \n", max_size=24))
@example("K - k l l l m y s e  l f")
def test_letters_apart_and_drawn_out_are_read_alike_with_offsets_and_without(text: str) -> None:
    """What is closed up between wide gaps may hold drawn-out letters: whoever looked before must look again."""
    folded = normalise(text)
    starts, ends = folded.offsets
    assert len(starts) == len(ends) == len(folded.text)
