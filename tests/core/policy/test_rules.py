"""Conditions: every form of them, what they say of missing facts, and where they say that something is wrong."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidPolicy
from service.core.policy import grammar
from service.core.policy.fields import FIELDS, TEXTS, Facts
from service.core.policy.rules import Rule, compile_rule
from service.core.signals import CATALOGUE
from service.core.submission import Author, Page, Submission
from service.core.verdict import LABELS, Case, Signal, Verdict

SUBMISSION = Submission(
    platform_id="1",
    page=Page("https://blog.example/post", "On Tea"),
    author=Author("Best Casino", url="https://play.example/slots", role="guest", user_agent="curl/8"),
    content="Buy   NOW: c\u0430sino b0nus!\nSecond line, Ca\u200bfé.",
    form={"website": "http://spam.example"},
    kind="comment",
    channel="api",
)
SIGNALS: dict[str, Signal] = {"links": 3, "author_standing": -0.5, "honeypot": True, "author_mark": "trusted"}
VERDICT = Verdict({"spam": 0.4, "toxicity": 0.1}, "m", ("obfuscated",), "de")


def holds(when: str, verdict: Verdict | None = VERDICT, submission: Submission = SUBMISSION) -> bool | None:
    facts = Facts(Case(submission, "blog", SIGNALS), verdict)
    return compile_rule(Rule(name="r", when=when, then="hold")).holds(facts)


@pytest.mark.parametrize(
    "when",
    [
        "links == 3", "links != 4", "links < 4", "links <= 3", "links > 2", "links >= 3", "links in [1, 3]",
        "links not in [1, 2]", "spam >= 40%", "spam >= 0.4", "author_standing < -0.1",
        "honeypot", "honeypot == yes", "honeypot == true", "honeypot != no", "honeypot in [yes]", "not link_ip",
        'language == "DE"', 'language != "en"', 'language in ["ru", "de"]', "language not in ['ru']",
        'author_mark == "trusted"', 'content contains "buy   now"', 'content contains "second LINE"',
        'content contains ["nothing", "now"]', 'content not contains "pills"', 'author.name mentions "casino"',
        'author.name mentions ["cas*"]', 'content mentions "buy now"', 'author.name not mentions "asino"',
        "content matches /buy\\s+now/i", "content not matches /buy\\s+now/", "author.url matches /\\/slots$/",
        "content matches /^second/i or content matches /(?m)^Second/", 'form.website contains "spam"', 'kind == "comment"',
        "obfuscated", "not unsupported_language", 'content mentions "b0nus!"', "content.length > 10", "author_rejected == 0",
        "links >= 3 and spam > 1%", "links > 9 or spam > 1%", "not (links > 9 and spam > 1%)",
        "links > 9 and links > 9 or links == 3", "links == 3 or links > 9 and links > 9", "not not honeypot",
    ],
)  # fmt: skip
def test_every_form_can_hold(when: str) -> None:
    assert holds(when) is True
    assert holds(f"not ({when})") is False


@pytest.mark.parametrize(
    "when",
    ['content contains "casino"', "content matches /casino/i", 'content mentions "casino"', 'content mentions "bonus"',
     'content contains "cafe"', 'content contains "CAFÉ"', "content matches /cafe/i"],
)  # fmt: skip
def test_look_alikes_accents_and_digits_hide_nothing(when: str) -> None:
    assert holds(when) is True


def test_words_end_where_words_end() -> None:
    assert holds('content mentions "casin"') is False
    assert holds('content mentions "casin*"') is True
    assert holds('content mentions "second line cafe"') is True


@pytest.mark.parametrize(
    "when", ["seconds_to_submit < 5", "threat > 0", 'form.other contains "x"', "form.other == 'x'"]
)
def test_what_is_not_known_is_neither_true_nor_false(when: str) -> None:
    assert holds(when) is None
    assert holds(f"not ({when})") is None
    assert holds(f"{when} or links == 3") is True
    assert holds(f"{when} and links == 4") is False
    assert holds(f"{when} and links == 3") is None
    assert holds(f"{when} or links == 4") is None


def test_without_a_verdict_scores_language_and_flags_are_unknown() -> None:
    for when in ("spam < 2", 'language == "de"', "not obfuscated", "unsupported_language"):
        assert holds(when, None) is None


def test_a_signal_that_is_missing_has_its_quiet_value() -> None:
    assert holds("author_approved == 0") is True
    assert holds('campaign == ""') is True


@pytest.mark.parametrize(
    ("when", "line", "column", "expected"),
    [
        ("", 1, 1, "a condition is expected"),
        ("links >", 1, 8, "a number is expected"),
        ('links >= "x"', 1, 10, "a number is expected"),
        ("honeypot == 1", 1, 13, "yes or no is expected"),
        ("author_mark == trusted", 1, 16, "a text in quotation marks"),
        ("honeypot and\n  lnks > 3", 2, 3, "is links meant?"),
        ("links >= 3 links", 1, 12, "“and”, “or” or the end"),
        ("(links >= 3", 1, 12, "“)” is expected"),
        ("links not > 3", 1, 11, "is expected behind “not”"),
        ("links", 1, 6, "a comparison such as"),
        ('content < "a"', 1, 9, "only numbers are compared by size"),
        ('links contains "a"', 1, 7, "only texts are searched"),
        ("links matches /a/", 1, 7, "only texts are searched"),
        ('content contains ""', 1, 18, "an empty text"),
        ("content matches 'a'", 1, 17, "a regular expression is expected"),
        ("content matches /a/x", 1, 17, "the only letter"),
        ("content matches /(/", 1, 17, "regular expression"),
        (r"content matches /(a)\1/", 1, 17, "no back-references"),
        ("content matches /((a{100}){100}){9}/", 1, 17, "regular expression"),
        ("content mentions '*'", 1, 18, "a letter or a digit"),
        ("content == 'ann@example.com'", 1, 12, "dotted out"),
        ("content contains 'abc", 1, 18, "has no end"),
        ("content matches /abc", 1, 17, "has no end"),
        ("links ~ 3", 1, 7, "no meaning"),
        ("links in 3", 1, 10, "a list is expected"),
        ("links in [3", 1, 12, "“,” or “]”"),
        ("links in []", 1, 11, "a number is expected"),
        ("and", 1, 1, "the name of a field"),
        ("not", 1, 4, "the name of a field"),
        ("links > " + "9" * 400, 1, 9, "too large"),
    ],
)  # fmt: skip
def test_errors_say_where_and_what_was_expected(when: str, line: int, column: int, expected: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        compile_rule(Rule(name="r", when=when, then="hold"))
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.pointer == "/when"
    assert expected in caught.value.detail
    assert caught.value.detail.startswith(f"Line {line}, column {column}: ")


def test_limits() -> None:
    too_deep = "(" * (grammar.MAX_DEPTH + 1) + "honeypot" + ")" * (grammar.MAX_DEPTH + 1)
    too_many = " or ".join(["honeypot"] * (grammar.MAX_CONDITIONS + 1))
    too_listed = f"links in [{', '.join(map(str, range(grammar.MAX_VALUES + 1)))}]"
    too_long = " " * grammar.MAX_LENGTH + "honeypot"
    wordy = f"content contains '{'x' * (grammar.MAX_TEXT + 1)}'"
    for when in (too_deep, too_many, too_listed, too_long, wordy, "not " * (grammar.MAX_DEPTH + 2) + "honeypot"):
        with pytest.raises(InvalidPolicy):
            compile_rule(Rule(name="r", when=when, then="hold"))
    assert holds("(" * grammar.MAX_DEPTH + "honeypot" + ")" * grammar.MAX_DEPTH) is True


def test_a_rule_knows_whether_it_needs_the_text() -> None:
    ready = [
        compile_rule(Rule(name="r", when=when, then="hold"))
        for when in ("links > 3", "spam > 0", "content.length > 3", "spam > 0 or not form.a == 'b'")
    ]
    assert [one.needs_text for one in ready] == [False, False, True, True]


def test_no_two_fields_share_a_name() -> None:
    assert not set(LABELS) & set(CATALOGUE)
    assert len(FIELDS) == len(TEXTS) + 7 + len(LABELS) + len(CATALOGUE)
    assert not set(FIELDS) & grammar._WORDS


WORDS = [*list(FIELDS)[:20], *LABELS, "and", "or", "not", "in", "contains", "mentions", "matches", "(", ")", "[", "]", ",",
         "==", "!=", "<", ">=", "3", "-1", "40%", "yes", '"a*"', "'b'", "/c+/i", "/(?:d|e)*$/", "\n", "form.x"]  # fmt: skip


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
                 st.text(alphabet=string.punctuation + "ab \n*é", max_size=40).map(lambda text: f"content mentions '{text}'"),
                 st.text(alphabet=string.punctuation + "ab1", max_size=30).map(lambda text: f"content matches /{text}/")),
       st.text(max_size=40))  # fmt: skip
def test_whatever_is_written_is_a_condition_or_a_typed_error(when: str, content: str) -> None:
    try:
        ready = compile_rule(Rule(name="r", when=when, then="hold"))
    except InvalidPolicy:
        return
    submission = msgspec.structs.replace(SUBMISSION, content=content)
    for verdict in (VERDICT, None):
        assert ready.holds(Facts(Case(submission, "", SIGNALS), verdict)) in (True, False, None)
