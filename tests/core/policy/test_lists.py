"""Lists: what is a word, what a domain, what stands where, and that disguise does not help."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.errors import InvalidPolicy
from service.core.policy.document import lists_of, sort_lines
from service.core.policy.fields import TEXTS, Facts
from service.core.policy.measures import WordList, compile_list
from service.core.submission import Author, Page, Submission
from service.core.text.folding import fold, spaced, undigited
from service.core.text.links import Domains
from service.core.text.search import Entries, Text
from service.core.verdict import Case


def found(entry: str, text: str) -> bool:
    return Entries([entry]).found(Text(text)) is not None


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("casino", "The CASINO!"), ("casino", "casino"), ("cheap pills", "cheap,\n pills"), ("cheap-pills", "Cheap pills."),
        ("don't", "I don’t know"), ("casino", "c\u0430sino"), ("casino", "ｃａｓｉｎｏ"), ("casino", "cas\u200bino"),
        ("casino", "cаsínо"), ("casino", "ca5in0"), ("1xbet", "try 1xbet now"), ("viagra", "v1agra"), ("café", "CAFE"),
        ("cafe", "café"), ("казино", "КАЗИНО"), ("赌博", "网上赌博网站"), ("straße", "STRASSE"),
        ("casin*", "casinos"), ("*sino", "casino"), ("*asin*", "casinos"), ("c*o", "casino"), ("buy * now", "buy it now"),
        ("c*o", "co"), ("[url=", "x [URL=http://x]"), ("c++", "I like C++."), ("$$$", "$$$$"), ("A.B", "a b"),
    ],
)  # fmt: skip
def test_entries_are_found(entry: str, text: str) -> None:
    assert found(entry, text)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("casin", "casino"), ("asino", "casino"), ("cheap pills", "cheap red pills"), ("ass", "class 455"), ("c*o",
        "cas ino"),
        ("casin*", "a sin"), ("buy * now", "buy now"), ("2025", "2O25x"), ("c++", "c"), ("казино", "казинош"), ("x", ""),
    ],
)  # fmt: skip
def test_other_words_are_not(entry: str, text: str) -> None:
    assert not found(entry, text)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("cheap pills", "&#99;heap &#112;ills"), ("cheap pills", "ch<b>eap</b> pi<!-- -->lls"), ("cheap", "ch&shy;eap"),
        ("cheap", "ch<!-- x > y -->eap"), ("cheap pills", "cheap\u2800pills"),
        ("cheap", "c&#x200b;heap"), ("cheap pills", "cheap<br>pills"), ("cheap pills", "<p>cheap</p><p class='x'>pills</p>"),
        ("cheap", "ch<!-->eap"), ("cheap", "c\u17b4heap"), ("cheap", "ch<svg></svg>eap"), ("cheap", "ch<x-y title='>'>eap"),
        ("cheap", "ch<script></script>eap"), ("<br>", "a<br>b"), ("[url=", "x [URL=http://x]"),
        ("$$$", "&#36;$&dollar;"), ("pill*", "[b]p[/b]ills"), ("[b]", "[b]x[/b]"), ("don't", "I don&rsquo;t know"),
    ],
)  # fmt: skip
def test_what_a_browser_draws_is_looked_at(entry: str, text: str) -> None:
    assert found(entry, text)


@pytest.mark.parametrize(
    "text",
    ["see abcd&#46;com", "abcd&period;com", "ab<b>cd</b>.com", "&#97;bcd.com", "abcd<wbr>.com", "//abcd&#46;com/x"],
)
def test_domains_are_found_as_a_browser_draws_them(text: str) -> None:
    assert Domains(["abcd.com"]).found(text) == "abcd.com"


@pytest.mark.parametrize(
    ("entry", "text", "there"),
    [
        ("sik", "çok sık geldim", True), ('"sik"', "çok sık geldim", False), ('"sik"', "Sik!", True), ('"sik"',
        "s\u200bik", True),
        ('"sik"', "ѕik", True), ('"resume"', "my résumé", False), ('"résumé"', "My RÉSUMÉ", True), ('"sık"', "sık",
        True), ('"sık"', "sik", False),
        ('"sik*"', "siktir", True), ('"sik*"', "sıktır", False), ('"sik"', "classik", False), ('"İstanbul"', "istanbul",
        True),
    ],
)  # fmt: skip
def test_an_entry_in_quotes_means_its_own_letters(entry: str, text: str, there: bool) -> None:
    assert found(entry, text) is there


@pytest.mark.parametrize("entry", ["", "  ", "*", "* *", "-", "x" * 201, "ann@example.com"])
def test_entries_that_could_find_nothing_are_refused(entry: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        Entries(["fine", entry])
    assert caught.value.pointer == "/1"


def test_of_many_entries_the_one_that_stands_there_is_named() -> None:
    entries = Entries([f"word{number}" for number in range(3_000)] + ["*needle*", "[b]"])
    assert entries.found(Text("a word17 here")) == "word17"
    assert entries.found(Text("myneedles")) == "*needle*"
    assert entries.found(Text("so [B]old")) == "[b]"
    assert entries.found(Text("word 17")) is None


SYLLABLES = st.sampled_from(["ca", "si", "no", "v*", "*a", "1", "x y", "[b]", "é", "賭", "ab*cd"])
WORDY = st.lists(SYLLABLES, min_size=1, max_size=3).map("".join).filter(lambda entry: entry.strip("* ") != "")


@settings(deadline=None)
@given(st.lists(WORDY, min_size=51, max_size=70), st.lists(SYLLABLES, max_size=12).map(" ".join))
def test_many_entries_find_what_each_would_find_alone(entries: list[str], text: str) -> None:
    first = next((entry for entry in entries if found(entry, text)), None)
    assert Entries(entries).found(Text(text)) == first


def test_entries_that_are_looked_for_in_every_text_are_bounded() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        Entries([f"*{number}*" for number in range(10, 99)] * 2)
    assert caught.value.pointer == "/100"


@pytest.mark.parametrize(
    ("entry", "text", "expected"),
    [
        ("spam.example", "see https://spam.example/x", True), ("spam.example", "https://a.b.SPAM.example", True),
        ("spam.example", "visit spam.example today", True), ("spam.example", "www.spam.example.", True),
        ("spam.example", "https://notspam.example", False), ("spam.example", "spam.example.org", False),
        ("*.example", "https://any.example", True), ("*.example", "an example", False),
        ("müller.example", "https://xn--mller-kva.example", True), ("xn--mller-kva.example", "https://müller.example",
        True),
        ("spam.example", "", False), ("spam.example", "no link. at all", False),
    ],
)  # fmt: skip
def test_domains(entry: str, text: str, expected: bool) -> None:
    assert (Domains([entry]).found(text) == entry) is expected


@pytest.mark.parametrize(
    "entry", ["", "example", "*", "http://x.example", "a b.example", "x.example/path", "-.example", "1.2.3.4"]
)
def test_what_is_no_domain_is_refused(entry: str) -> None:
    with pytest.raises(InvalidPolicy):
        Domains([entry])


SUBMISSION = Submission(
    "1", Page("https://blog.example/x"), Author("Casino King", url="https://good.example"), "See https://good.example/a"
)


def find(words: WordList, **changes: str) -> tuple[str, str] | None:
    submission = Submission("1", SUBMISSION.page, SUBMISSION.author, changes.get("content", SUBMISSION.content))
    return compile_list(words).find(Facts(Case(submission), None))


def test_a_list_looks_in_its_fields_and_says_where_it_found_what() -> None:
    assert find(WordList(name="w", then="hold", entries=("king",))) == ("king", "author.name")
    assert find(WordList(name="w", then="hold", entries=("king",), fields=("content",))) is None
    assert find(WordList(name="w", then="hold", kind="domains", entries=("good.example",))) == (
        "good.example",
        "content",
    )


def test_domains_approve_only_when_all_links_lead_there() -> None:
    trusted = WordList(name="w", then="approve", kind="domains", entries=("good.example",))
    assert find(trusted) is not None
    assert find(trusted, content="https://good.example and https://bad.example") is None
    assert find(trusted, content="https://good.example@bad.example/") is None
    assert find(trusted, content="https://bad.example/good.example") is None


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        (WordList(name="Bad Name", then="hold", entries=("x",)), "/name"),
        (WordList(name="w", then="tag", entries=("x",)), "/tags"),
        (WordList(name="w", then="hold", entries=("x",), tags=("A",)), "/tags"),
        (WordList(name="w", then="hold", entries=("x",), code="a b"), "/code"),
        (WordList(name="w", then="hold", entries=("x",), owner="ann@example.com"), "/owner"),
        (WordList(name="w", then="hold", entries=("x", "*")), "/entries/1"),
        (WordList(name="w", then="hold", entries=("x",), fields=("email",)), "/fields/0"),
        (WordList(name="w", then="hold", entries=("x",) * 5_001), "/entries"),
    ],
)
def test_lists_that_cant_be_are_refused_with_the_place(words: WordList, pointer: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        compile_list(words)
    assert caught.value.pointer == pointer


@given(st.text(max_size=60))
def test_folding_is_idempotent_and_defined_everywhere(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert spaced(fold(text)).startswith(" ")
    undigited(spaced(fold(text)))


@given(st.text(max_size=30), st.text(max_size=60), st.sampled_from(sorted(TEXTS)))
def test_whatever_an_entry_and_a_text_are_nothing_breaks(entry: str, text: str, field: str) -> None:
    for kind in ("words", "domains"):
        try:
            ready = compile_list(WordList(name="w", then="hold", entries=(entry,), kind=kind, fields=(field,)))  # type: ignore[arg-type]
        except InvalidPolicy:
            continue
        ready.find(Facts(Case(Submission("1", Page(text), Author(text, url=text), text)), None))


@given(
    st.from_regex(r"[a-z]{2,9}( [a-z]{2,9})?", fullmatch=True),
    st.sampled_from(["{}", "a {} b", "{}!", "({})", "x\n{}\ny"]),
)
def test_a_word_is_found_wherever_it_stands_by_itself(word: str, around: str) -> None:
    assert found(word, around.format(word.upper()))
    assert not found(word, around.format("q" + word + "q"))


def test_wordpress_lines_are_sorted() -> None:
    lines = sort_lines(
        "viagra\r\nhttp://www.casino.example/\n\nAnn@example.com\n2001:db8::1\n192.0.2\n[url=\n@@@@\n*\n"
    )
    assert (lines.words, lines.domains) == (["viagra", "[url=", "@@@@"], ["casino.example"])
    assert (lines.emails, lines.ips) == (["Ann@example.com"], ["2001:db8::1"])
    assert [line for line, _ in lines.left_out] == [6, 9]
    assert "example.com" not in repr(lines)
    assert [one.name for one in lists_of(lines, "wp", "hold")] == ["wp", "wp-domains"]
    assert sort_lines("press\n[url=", inside_words=True).words == ["*press*", "[url="]
