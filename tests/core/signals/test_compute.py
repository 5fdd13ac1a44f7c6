"""Signals: each of the catalogue can be raised, documented as it is, and no input makes computing them fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys
from service.core.signals import CATALOGUE, GROUPS, SignalKind, value
from service.core.signals.compute import signals
from service.core.signals.subjects import HALF_LIFE, LANDMARK, NO_RECORD, NOTHING_KNOWN, Record, Reputation, subjects_of
from service.core.submission import RawComment, Requirements, Strict, Submission, prepare
from service.core.text.links import find_links
from service.core.verdict import Signal

KEYS = IdentityKeys((("k1", b"secret"),))
NOW = LANDMARK + 200 * 86_400_000
DOC = Path(__file__).parents[3] / "docs" / "signals.md"
COUNTS = ("approved", "rejected", "vouched", "refused")
THREE = Record(approved=3, rejected=3, vouched=3, refused=3)
STANDS = Record(approved=3, rejected=2, vouched=2, refused=1, flagged=1, good=4.0, bad=2.0, first=NOW - 86_400_000)


def submission(content: str = "I liked this.", deliverable: str = "unknown", **more: Any) -> Submission:
    fields: dict[str, Any] = {
        "platform_id": "1",
        "page_url": "https://blog.example.com/post",
        "content": content,
        "name": "Ann",
    }
    raw, rules = RawComment(**(fields | more)), Strict(Requirements(name=False, email=False))
    return prepare(raw, KEYS, rules, deliverable=lambda _: deliverable).submission


def raised(content: str = "I liked this.", known: Reputation = NOTHING_KNOWN, **more: Any) -> dict[str, Signal]:
    said = submission(content, **more)
    return signals(said, subjects_of(said), known, NOW)


AK = {
    "POST_ak_js": str(NOW - 60_000),
    "POST_ak_bfs": str(NOW),
    "POST_ak_bkpc": "3",
    "POST_ak_bmmc": "5",
    "POST_ak_bsc": "2",
}
WITH_LINKS = (
    'see <a href="http://pills.example.ru/x">www.paypal.com</a> and http://192.0.2.9/ and http://xn--bcher-kva.example.de '
    "and https://blog.example.com/own"
)
EVERYTHING: list[tuple[str, Signal, dict[str, Any]]] = [
    ("links", 5, {"content": WITH_LINKS}),
    ("link_domains", 3, {"content": "http://a.net/1 http://www.a.net/2 http://b.co.uk http://c.github.io http://example.com/"}),
    ("link_punycode", True, {"content": WITH_LINKS}),
    ("link_ip", True, {"content": WITH_LINKS}),
    ("link_mismatch", True, {"content": WITH_LINKS}),
    ("domain_comments", 6, {"known": Reputation(domains=[(Record(long=7), NO_RECORD)])}),
    ("domain_names", 3, {"known": Reputation(domains=[(Record(names=3), NO_RECORD)])}),
    *((f"domain_{what}", 3, {"known": Reputation(domains=[(NO_RECORD, THREE)])}) for what in COUNTS),
    *((f"domain_box_{what}", 3, {"known": Reputation(domains=[(THREE, NO_RECORD)])}) for what in COUNTS),
    ("author_url", True, {"url": "https://ann.example"}),
    ("author_url_deep", True, {"url": "https://ann.example/cheap/bags"}),
    ("author_name_url", True, {"name": "Cheap-bags.com"}),
    ("author_name_in_url", True, {"name": "Cheap Bags Online", "url": "https://cheapbags.example/"}),
    ("email_disposable", True, {"email": "ann@mailinator.com"}),
    ("email_role", True, {"email": "sales@example.com"}),
    ("email_undeliverable", True, {"email": "ann@example.com", "deliverable": "no"}),
    ("email_names", 2, {"known": Reputation(author_box=Record(names=2))}),
    ("ip_emails", 4, {"known": Reputation(ip=Record(names=4))}),
    ("author_days", 1.0, {"known": Reputation(author=STANDS)}),
    ("author_approved", 3, {"known": Reputation(author=STANDS)}),
    ("author_rejected", 2, {"known": Reputation(author=STANDS)}),
    ("author_vouched", 2, {"known": Reputation(author=STANDS)}),
    ("author_refused", 1, {"known": Reputation(author=STANDS)}),
    ("author_flagged", 1, {"known": Reputation(author=STANDS)}),
    ("author_standing", 0.13, {"known": Reputation(author=STANDS)}),
    ("author_box_days", 1.0, {"known": Reputation(author_box=STANDS)}),
    ("author_box_approved", 3, {"known": Reputation(author_box=STANDS)}),
    ("author_box_rejected", 2, {"known": Reputation(author_box=STANDS)}),
    ("author_box_vouched", 2, {"known": Reputation(author_box=STANDS)}),
    ("author_box_refused", 1, {"known": Reputation(author_box=STANDS)}),
    ("author_box_standing", 0.13, {"known": Reputation(author_box=STANDS)}),
    *((f"ip_{what}", 3, {"known": Reputation(ip=THREE)}) for what in COUNTS),
    *((f"network_{what}", 3, {"known": Reputation(network=THREE)}) for what in COUNTS),
    ("author_mark", "blocked", {"known": Reputation(author_mark="blocked")}),
    ("author_claimed", True, {"known": Reputation(author_claimed=True)}),
    ("author_vouched_for", True, {"role": "member"}),
    ("author_vouched_for", True, {"vouched": True}),
    ("network_mark", "trusted", {"known": Reputation(network_mark="trusted")}),
    ("email_10m", 4, {"known": Reputation(author_box=Record(short=5))}),
    ("email_1d", 4, {"known": Reputation(author_box=Record(long=5))}),
    ("ip_10m", 4, {"known": Reputation(ip=Record(short=5))}),
    ("ip_1d", 4, {"known": Reputation(ip=Record(long=5))}),
    ("network_10m", 4, {"known": Reputation(network=Record(short=5))}),
    ("network_1d", 4, {"known": Reputation(network=Record(long=5))}),
    ("repeats", 2, {"known": Reputation(repeats=2)}),
    ("campaign", "abc", {"known": Reputation(campaign="abc", campaign_size=2)}),
    ("campaign_size", 9, {"known": Reputation(campaign="abc", campaign_size=9)}),
    ("campaign_sites", 3, {"known": Reputation(campaign="abc", campaign_size=9, campaign_sites=3)}),
    ("campaign_vouched", 1, {"known": Reputation(campaign="abc", campaign_size=9, campaign_vouched=1)}),
    ("campaign_refused", 5, {"known": Reputation(campaign="abc", campaign_size=9, campaign_refused=5)}),
    ("honeypot", True, {"form": {"honeypot": "x"}}),
    ("honeypot", True, {"form": {"POST_ak_hp_textarea": "http://spam.example"}}),
    ("seconds_to_submit", 60.0, {"form": AK}),
    ("seconds_to_submit", 41.0, {"form": {"seconds_on_form": "41"}}),
    ("form_no_script", True, {"form": {"POST_ak_js": "133", "POST_ak_hp_textarea": ""}}),
    ("form_nonce_failed", True, {"form": {"akismet_comment_nonce": "failed"}}),
    ("form_keypresses", 3, {"form": AK}),
    ("form_pasted", True, {"content": "A longer text that nobody types with three keys. " * 3, "form": AK}),
    ("form_movements", 7, {"form": AK}),
    ("user_agent_missing", True, {"ip": "192.0.2.7"}),
    ("user_agent_program", True, {"ip": "192.0.2.7", "user_agent": "python-requests/2.32"}),
    ("referrer_elsewhere", True, {"form": {"referrer": "https://forum.example.net/"}}),
    ("words", 3, {}),
    ("text_damaged", True, {"content": "cut \ud83d"}),
    ("reply", True, {"parent_id": "7"}),
    ("topic_overlap", 0.5, {"content": "The queue is slow", "page_title": "A queue or two", "parent_text": "in Redis"}),
    ("page_days", 10.0, {"form": {"comment_post_modified_gmt": "2026-07-10 00:00:00"}}),
    ("ping", True, {"kind": "pingback"}),
    ("ping_unverified", True, {"kind": "trackback"}),
    ("ping_closed", True, {"kind": "pingback", "form": {"pingbacks_closed": "1"}}),
    ("ping_multicall", 5, {"kind": "pingback", "form": {"is_multicall": "1", "multicall_count": "5"}}),
    ("ping_own", True, {"kind": "pingback", "url": "https://other.example.com/post"}),
    ("ping_unverified", True, {"kind": "pingback", "form": {"source_links_here": "false"}}),
    ("ping_self_link", True, {"kind": "trackback", "url": "https://ads.example/x", "content": "Read more: https://ads.example/x"}),
    ("ping_self_link", True, {"kind": "pingback", "url": "https://ads.example/x", "content": "More at ads.example today"}),
    ("ping_stranger", True, {"kind": "pingback", "url": "https://new.example/x"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected", "said"), EVERYTHING)
def test_each_signal_can_be_raised(name: str, expected: Signal, said: dict[str, Any]) -> None:
    found = raised(**said)
    assert found[name] == expected
    assert isinstance(found[name], CATALOGUE[name].type)


def test_every_signal_of_the_catalogue_is_tested() -> None:
    outside = {"list_email", "list_ip"}  # tests/test_lists.py, tests/test_httpbl.py
    outside |= {name for name in CATALOGUE if name.startswith(("httpbl_", "other_"))}  # tests/lookups
    assert {name for name, _, _ in EVERYTHING} == set(CATALOGUE) - outside


def test_an_ordinary_comment_of_a_stranger_raises_nothing_but_its_words() -> None:
    quiet = raised(
        "Thank you, that explains what we saw last week.",
        email="ann@example.com",
        ip="192.0.2.7",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        form=AK | {"POST_ak_bkpc": "60", "referrer": "https://blog.example.com/post"},
    )
    assert set(quiet) == {"words", "seconds_to_submit", "form_keypresses", "form_movements"}


def test_quiet_values_have_the_type_of_their_signal() -> None:
    assert all(kind.quiet is None or isinstance(kind.quiet, kind.type) for kind in CATALOGUE.values())
    assert (value({}, "honeypot"), value({}, "seconds_to_submit"), value({"links": 2}, "links")) == (False, None, 2)


def test_a_typist_on_a_phone_did_not_paste() -> None:
    short = raised("Nice one", form=AK | {"POST_ak_bkpc": "0"})
    assert "form_pasted" not in short
    assert "seconds_to_submit" not in raised(form={"POST_ak_js": str(NOW), "POST_ak_bfs": str(NOW - 5)})


def test_of_several_domains_the_worst_counts() -> None:
    fine, bad = Record(approved=9, vouched=9), Record(rejected=2, refused=2)
    found = raised(known=Reputation(domains=[(fine, fine), (bad, bad), (fine, fine)]))
    assert (found["domain_refused"], found["domain_box_rejected"]) == (2, 2)
    assert "domain_approved" not in found


def test_standing_forgets_and_doubts() -> None:
    new, old = Record(good=2.0 ** (200 / 90)), Record(good=1.0)
    assert new.standing(NOW) == pytest.approx(1 / 3)
    assert 0 < old.standing(NOW) < 0.1
    assert Record(good=1, bad=1).standing(LANDMARK) == 0
    assert Record(bad=2.0**40).standing(LANDMARK) > -1
    assert Record(good=2.0).standing(LANDMARK + HALF_LIFE) == pytest.approx(Record(good=1.0).standing(LANDMARK))


def test_markup_of_all_kinds_that_shows_another_domain() -> None:
    assert find_links("[url=http://evil.ru/]www.bank.com[/url]").mismatch
    assert find_links("[bank.com](http://evil.ru/)").mismatch
    assert not find_links('<a href="http://www.bank.com/login">bank.com</a>').mismatch
    assert not find_links('<a href="http://example.org/x">Node.js and more</a>').mismatch


anything = st.text(max_size=80)
numbers = st.one_of(anything, st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,9})?", fullmatch=True))
fields = ("POST_ak_js", "POST_ak_bfs", "POST_ak_bib", "POST_ak_bkpc", "POST_ak_bmmc", "seconds_on_form", "multicall_count",
          "is_multicall", "comment_post_modified_gmt", "referrer", "honeypot")  # fmt: skip
links = st.sampled_from(
    ["http://[::1", "http://999999999999/", "www.", "//", "http://a@b@c:x:y/", "[url=", '<a href="', "](http://", "xn--", "%00",
     "http://xn--/", "http://\u202e.com", "https://" + "a." * 200]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    content=st.lists(st.one_of(anything, links), min_size=1).map(" ".join),
    name=anything,
    url=st.one_of(links, anything),
    title=anything,
    form=st.dictionaries(st.sampled_from(fields), numbers),
    kind=st.sampled_from(["comment", "pingback", "trackback", ""]),
    agent=anything,
)
def test_no_input_makes_signals_fail(  # noqa: PLR0917  (hypothesis passes them by name)
    content: str, name: str, url: str, title: str, form: dict[str, str], kind: str, agent: str
) -> None:
    try:
        said = submission(content, name=name, url=url, page_title=title, form=form, kind=kind, user_agent=agent)
    except InvalidSubmission:
        return
    found = signals(
        said, subjects_of(said), Reputation(author=STANDS, domains=[(STANDS, NO_RECORD)], campaign="c"), NOW
    )
    for name_, value_ in found.items():
        assert isinstance(value_, CATALOGUE[name_].type)
        assert value_ != CATALOGUE[name_].quiet


def test_hostile_texts_cost_little() -> None:
    for piece in ("<a href=", "[url=", "http://", "www.", "<", "&", "[", "\u0430", "\u4e00", "a\u0301"):
        said = submission((piece * 65_000).encode()[:64_000].decode(errors="ignore"))
        assert subjects_of(said).text.text


def row(kind: SignalKind) -> str:
    unit = "yes or no" if kind.type is bool else kind.unit
    return f"| `{kind.name}` | {unit} | {'unknown' if kind.quiet is None else 'quiet'} | {kind.meaning} |"


def test_the_page_on_signals_says_what_the_catalogue_says() -> None:
    tables = [
        f"### {title}\n\n| signal | unit | when missing | meaning |\n|---|---|---|---|\n"
        + "\n".join(map(row, kinds))
        + "\n"
        for title, kinds in GROUPS.items()
    ]
    expected = "\n".join(tables)
    assert expected in DOC.read_text(encoding="utf-8"), f"docs/signals.md should hold:\n{expected}"
