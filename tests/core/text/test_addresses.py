"""No address comes through a text, however it is spelt; ordinary prose does."""

from __future__ import annotations

import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.identity import IdentityKeys
from service.core.submission import Lenient, RawComment, Strict, prepare
from service.core.text.addresses import MASK, has_address, mask_addresses
from service.core.text.rendering import decoded, placed
from tests.support.address_spellings import DOMAINS, IPV4, IPV6, LOCALS, spelt_emails, spelt_ips

KEYS = IdentityKeys((("k1", b"1" * 32),))
AROUND = st.sampled_from(
    (
        "",
        "Write to {} now.",
        "<{}>",
        "({})",
        "me: {}, or not",
        "see\n{}\nthere",
        "https://x.example/?m={}",
        "„{}“",
        "{}!",
    )
)


def tells(text: str) -> bool:
    """Whether a local part or a domain can still be read in it."""
    plain = re.sub(r"[\s\"]", "", decoded(text)).casefold()
    return "leakz" in plain or "hidden" in plain


@settings(max_examples=400)
@given(st.data())
def test_no_spelling_of_an_address_comes_through(data: st.DataObject) -> None:
    """Neither somebody else's nor, of all the more spellings, the author's own."""
    local, domain = data.draw(st.sampled_from(LOCALS)), data.draw(st.sampled_from(DOMAINS))
    spelt = data.draw(spelt_emails(local, domain))
    text = data.draw(AROUND).format(spelt)
    assert not tells(mask_addresses(text)), (spelt, mask_addresses(text))
    hidden = mask_addresses(text, (f"{local}@{domain}",))
    assert not tells(hidden), (spelt, hidden)
    assert len(hidden) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "leakzoe (a) hidden-7.de", "leakzoe«at»hidden-7.de", "leakzoe⒜hidden-7.de", "leakzoe at-sign hidden-7 dot de",
        "leakzoe (собака) hidden-7.de", "leakzoe собака hidden-7 точка de", "leakzoe🐒hidden-7.de", "leakzoe&#64 ;hidden-7.de",
        "leakzoe [kukac] hidden-7 pont de", "leakzoe / hidden-7.de", "leakzoe, hidden-7.de", "leakzoe — at — hidden-7.de",
    ],
)  # fmt: skip
def test_the_authors_own_address_is_hidden_with_whatever_word_for_the_sign(text: str) -> None:
    assert not tells(mask_addresses(text, ("leakzoe@hidden-7.de",)))
    assert len(mask_addresses(text, ("leakzoe@hidden-7.de",))) == len(text)


def test_the_authors_own_address_is_hidden_in_turkish_capitals() -> None:
    assert mask_addresses("İLK.SİNAN – beispiel.de", ("ilk.sinan@beispiel.de",)) == "••••••••• • •••••••••••"


@given(st.data())
def test_no_spelling_of_the_authors_own_ip_address_comes_through(data: st.DataObject) -> None:
    own = data.draw(st.sampled_from((*IPV4, *IPV6)))
    spelt = data.draw(spelt_ips(own))
    text = f"I am at {spelt} today"
    hidden = mask_addresses(text, (own,))
    assert MASK in hidden, spelt
    digits = re.sub(r"(?i)eth0|8080|443|0x|ffff", "", hidden)
    assert not re.search(r"[0-9a-f]{2,}[.:%&；：．]|[0-9]{3,}", digits), (spelt, hidden)
    assert mask_addresses(text.replace(spelt, "192.0.2.200"), (own,)).endswith("192.0.2.200 today")


@settings(max_examples=120)
@given(st.data())
def test_no_field_of_a_submission_lets_one_through(data: st.DataObject) -> None:
    local, domain, ip = (
        data.draw(st.sampled_from(LOCALS)),
        data.draw(st.sampled_from(DOMAINS)),
        data.draw(st.sampled_from(IPV6)),
    )

    def spelt() -> str:
        return data.draw(spelt_emails(local, domain)) + " " + data.draw(spelt_ips(ip))

    link = "https://x.example/?m=" + quote(data.draw(spelt_emails(local, domain)))
    raw = RawComment(
        platform_id="1", content=spelt(), name=spelt(), email=f"{local}@{domain}", url=link if len(link) <= 200 else "", ip=ip,
        page_url="https://blog.example/?" + spelt(), page_title=spelt(), user_agent=spelt(), parent_text=spelt(),
        form={"referrer": spelt()},
    )  # fmt: skip
    for rules in (Strict(), Lenient("https://blog.example")):
        kept = prepare(raw, KEYS, rules).submission
        said = (
            kept.content,
            kept.author.name,
            kept.author.url,
            kept.page.url,
            kept.page.title,
            kept.author.user_agent,
            kept.parent_text,
        )
        for text in (*said, *kept.form.values()):
            assert not tells(text), text
            assert "feed" not in text.lower()
            assert "db8" not in text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "3 @ 4", "@ann and @bob, hello", "Lunch @ noon?", "see you at the dot in the middle", "look at polka dot dress",
        "state-of-the-art", "at home. Dot com is dead", "thanks @ann.smith", "I looked at it (attentively).", "Meet at 5.30 p.m.",
        "use [attr] and {attach}", "https://x.example/a-weekend-at-the-flower-show.html", "posting.php?t=4053",
        "the .NET (.NET 8) runtime", "we are at dot-com prices", "“@ann: hi”", "Chrome/120.0.0.0 Safari/537.36", "a = 40; b=41",
        "100% sure & happy", "C:\\users\\x", "email me! (at last)",
    ],
)  # fmt: skip
def test_ordinary_prose_stays(text: str) -> None:
    assert mask_addresses(text, ("zoe@hidden-7.example", "192.0.2.7")) == text
    assert not has_address(text)


@given(st.text(alphabet='a@.%40&#6; \n＠é(at)[]dot"<b>=\\', max_size=60))
def test_masking_keeps_every_position_and_white_space(text: str) -> None:
    masked = mask_addresses(text, ("a@b.c",))
    assert len(masked) == len(text)
    for before, after in zip(text, masked, strict=True):
        assert after in (before, MASK)
        assert not before.isspace() or after == before


@given(st.text(max_size=80) | st.text(alphabet="&#64;%025EFBCA<wbr>-!\\u=\u200b＠", max_size=60))
def test_a_decoded_text_knows_where_it_came_from(text: str) -> None:
    view = placed(text)
    assert view.text == decoded(text)
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))
    assert list(view.starts) == sorted(view.starts)


@pytest.mark.parametrize(
    "text",
    ["@" * 65_000, "a@" * 32_000, "a%40" * 16_000, "a" * 65_000 + "@b", "&#0" * 20_000, '"@' * 30_000, "(a)@" * 15_000,
     "(@" * 30_000, "a at b dot c " * 4_000, "<!--" * 16_000, "<b " * 20_000, "%25" * 20_000, "&amp;" * 12_000 + "@a",
     "1.2." * 16_000, ":a" * 30_000, "a [dot] " * 8_000 + "(at) h", "(" * 65_000, "\u200b" * 65_000 + "@"],
)  # fmt: skip
def test_masking_has_no_bad_case(text: str) -> None:
    started = time.process_time()
    mask_addresses(text, ("me@h.example", "2001:db8::1"))
    mask_addresses(text + "zoe hidden-7 " * 2_000 + "zoe  " * 4_000, ("zoe@hidden-7.example",))
    assert time.process_time() - started < 4
