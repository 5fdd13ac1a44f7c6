"""Fuzzing what parses: whatever comes in, a value or one of the errors that are named, never another, and nothing hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from classifier.unicode.hosts import Host
from service import keyfiles, signatures
from service.core import appeal
from service.core.errors import AntechamberError
from service.core.identity import digest_email, digest_ip, email_domain, has_address, mask_addresses
from service.core.moderator import check_password, spellings
from service.core.policy.document import read_policy
from service.core.site import check_site
from service.core.submission import Lenient, RawComment, Requirements, Strict, prepare
from service.core.text.links import find_links
from service.core.text.similarity import sketch
from service.core.web_address import is_web_address
from service.imports import FORMATS, recognise, records
from service.imports.readers import Export, UnreadableExport
from service.keyfiles import KeyFiles
from service.web.hooks import remark42
from service.web.hooks.platform import check_signature
from service.web.requests import charset_of, decode, parse_form, unslashed
from service.web.schema import CommentInput
from service.web.waiting import preferences
from tests.fuzz.inputs import MARK, damaged, form_like, json_like, text_like
from tests.imports import samples
from tests.support.platform import body

COUNT = int(os.environ.get("FUZZ", "300"))
"""Inputs for each parser; `make fuzz` asks for more."""
FIRST = int(os.environ.get("FUZZ_FROM", "0"))
"""The first seed, to go on behind an earlier run."""
TEXT = "Hi <b>all</b>, write to ann (at) example dot com or see https://blog.example/a?b=c#d and cheap pills at www.shop.example"
FORM = {
    "blog": "https://blog.example",
    "comment_content": TEXT,
    "user_ip": "192.0.2.7",
    "comment_author_email": "a@b.example",
}
EXPORTS = {
    "wordpress": samples.wxr(samples.wp_comment(1, "One"), samples.wp_comment(2, "Two")).encode(),
    "csv": b"id,content,name,email,url,date,status\n1,Hello,Ann,a@b.example,https://b.example/p,2020-01-01,approved\n",
    "jsonl": b'{"id":"1","content":"x","page":{"url":"https://b.example"},"author":{"name":"a"}}\n' * 3,
    "json": b'[{"id":"1","content":"x","url":"https://b.example"},{"id":"2","content":"y"}]',
    "map": b'{"comments":{"page":{"-N1":{"text":"x","spam":true},"-N2":{"text":"y","approvedAt":"02/01/23"}}}}',
    "pretty": b'{\n  "text": "x",\n  "deletedAt": null\n}\n{\n  "text": "y"\n}\n',
    "backslashes": b'id,text,date,state\n1,"a \\"b\\" c",23-01-02,spam\n2,"d",\\N,\\N\n',
    "remark42": b'{"locator":{"url":"https://b.example"},"id":"1","text":"x","user":{"name":"a"}}\n' * 2,
}
_comment = msgspec.json.Decoder(CommentInput)


def _prepare(text: str, secrets: KeyFiles) -> None:
    raw = RawComment(
        platform_id=text[:50],
        content=text,
        page_url="https://blog.example/",
        name=text[:99],
        email=text[:99],
        ip=text[:30],
    )
    for rules in (Strict(Requirements(True, True)), Lenient("https://blog.example")):
        made = prepare(raw, secrets.identity, rules).submission
        assert MARK + "@example.com" not in repr(made)


def _export(raw: bytes, folder: Path) -> None:
    path = folder / "export"
    path.write_bytes(raw)
    try:
        kind = recognise(Export(path))
    except UnreadableExport:
        kind = FORMATS["csv"]
    try:
        for _ in records(Export(path), kind):
            pass
    except UnreadableExport:
        pass


def _exporting(raw: bytes) -> Callable[[Random, KeyFiles, Path], Any]:
    return lambda chance, _, folder: _export(damaged(chance, raw), folder)


def _verify(text: str) -> None:
    secret = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    headers = {"webhook-id": text[:20], "webhook-timestamp": text[:12], "webhook-signature": f"v1,{text}"}
    signatures.verify([secret], headers, text.encode(errors="replace"), now=time.time(), tolerance=300)


PARSERS: dict[str, Callable[[Random, KeyFiles, Path], Any]] = {
    "json comment": lambda chance, *_: decode(_comment, json_like(chance, body())),
    "form": lambda chance, *_: parse_form(form_like(chance, FORM), charset_of(text_like(chance, "koi8-r"))),
    "unslashed": lambda chance, *_: unslashed(text_like(chance, TEXT.replace("'", "\\'"))),
    "remark42": lambda chance, *_: remark42.read(json_like(chance, {"text": TEXT, "id": "a", "user": "b"})),
    "submission": lambda chance, secrets, _: _prepare(text_like(chance, TEXT), secrets),
    "masking": lambda chance, *_: mask_addresses(text_like(chance, TEXT), (text_like(chance, "ann@example.com"),)),
    "has address": lambda chance, *_: has_address(text_like(chance, TEXT)),
    "e-mail": lambda chance, secrets, _: digest_email(text_like(chance, "ann@example.com"), secrets.identity),
    "mail domain": lambda chance, *_: email_domain(text_like(chance, "ann@example.com")),
    "ip": lambda chance, secrets, _: digest_ip(text_like(chance, chance.choice(("192.0.2.7", "2001:db8::1"))), secrets.identity),
    "links": lambda chance, *_: find_links(text_like(chance, TEXT)),
    "hosts": lambda chance, *_: Host.of(text_like(chance, "https://blog.example/x")),
    "sketch": lambda chance, *_: sketch(text_like(chance, TEXT)),
    "policy": lambda chance, *_: read_policy(text_like(chance, 'mode = "automatic"\n[thresholds.spam]\nhold = 0.5\n').encode(errors="replace").decode()),
    "site": lambda chance, *_: check_site(text_like(chance, "blog"), text_like(chance, "https://b.example"), text_like(chance, "https://h:1/")),
    "web address": lambda chance, *_: is_web_address(text_like(chance, "https://blog.example:80/x")),
    "appeal": lambda chance, secrets, _: appeal.read(secrets.master, text_like(chance, appeal.sign(secrets.master, appeal.Ticket("blog", "c", 1, 2)))),
    "webhook": lambda chance, *_: _verify(text_like(chance, "1700000000")),
    "signature": lambda chance, *_: check_signature(text_like(chance, "sha256=00,"), ["secret"], damaged(chance, b"{}")),
    "prefer": lambda chance, *_: preferences(text_like(chance, "wait=10, respond-async")),
    "password": lambda chance, *_: (check_password(text := text_like(chance, "correct horse")), spellings(text)),
    "key file": lambda chance, _, folder: ((folder / "identity.keys").write_bytes(damaged(chance, b"k1 " + b"ab" * 32)), keyfiles.load(folder)),
    **{f"export {name}": _exporting(raw) for name, raw in EXPORTS.items()},
}  # fmt: skip
REFUSING = (AntechamberError, keyfiles.KeyFileError)


@pytest.mark.parametrize("name", PARSERS)
def test_whatever_comes_in(name: str, secrets: KeyFiles, tmp_path: Path) -> None:
    count = COUNT // 5 if name.startswith(("export", "key")) else COUNT
    slowest, at = 0.0, -1
    for seed in range(FIRST, FIRST + count):
        started = time.thread_time()
        try:
            PARSERS[name](Random(f"{name} {seed}"), secrets, tmp_path)
        except REFUSING as error:
            assert MARK not in str(error), seed
        except Exception as error:
            error.add_note(f"{name}, seed {seed}")
            raise
        took = time.thread_time() - started
        slowest, at = max((slowest, at), (took, seed))
    print(f"fuzz: {name}: {count} inputs, the slowest took {slowest:.3f} s (seed {at})")
    assert slowest < 5
