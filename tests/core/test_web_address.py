"""Addresses that operators type: what can't be reached is refused when it is typed, not when the first call-back fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidSubmission
from service.core.site import check_site
from service.core.web_address import is_web_address

GOOD = (
    "https://blog.example", "http://blog.example:8080/hook?a=b#c", "HTTPS://Blog.Example/", "http://localhost:1",
    "http://127.0.0.1:65535/x", "http://[::1]:8080/x", "https://[2001:db8::7]", "https://bücher.example/ü",
    "https://xn--bcher-kva.example.", "http://receiver_1:9000/hook", "https://blog.example/a:99999@b",
)  # fmt: skip
BAD = (
    "", "blog.example", "//blog.example", "ftp://blog.example", "javascript:alert(1)", "https://", "https:///hook",
    "https://:443/hook", "https://?x", "https://#x", "https://blog.example:99999/", "https://blog.example:65536",
    "https://blog.example:0/", "https://blog.example:-1/", "https://blog.example:x/", "https://blog.example:/hook",
    "https://user@blog.example/", "https://user:word@blog.example/", "https://blog.example /", "https:// blog.example",
    "https://blog..example/", "https://.blog.example/", "https://-blog.example/", "https://blog-.example/",
    "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/", "https://[::1/", "https://[zz]/", "https://::1/",
    "https://1.2.3/", "https://1.2.3.256/", "https://0x7f.1/", "https://blog.example\\@evil.example/", "https://a b/",
    "https://blog.example\n/", "https://[]/", "https://%41/", "https://blog,example/",
)  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_what_can_be_reached(url: str) -> None:
    assert is_web_address(url)
    check_site("blog", url, url)


@pytest.mark.parametrize("url", BAD)
def test_what_can_not(url: str) -> None:
    assert not is_web_address(url)
    with pytest.raises(InvalidSubmission):
        check_site("blog", url, "")
    if url:
        with pytest.raises(InvalidSubmission):
            check_site("blog", "https://blog.example", url)


@given(st.integers(-5, 200_000))
def test_ports(port: int) -> None:
    assert is_web_address(f"https://blog.example:{port}/hook") is (1 <= port <= 65_535)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_it_never_fails(text: str) -> None:
    for url in (text, f"https://{text}", f"http://{text}/x", f"https://blog.example:{text}"):
        is_web_address(url)
