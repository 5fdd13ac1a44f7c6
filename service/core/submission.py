"""What a platform submits: `prepare` cleanses untrusted fields once, into a type that can't hold an address.

Every entrance (native API, webhooks, Akismet, import) calls `prepare`; nothing else makes a `Submission`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from service.core.errors import InvalidSubmission
from service.core.identity import EmailDigest, IdentityKeys, IpDigest, digest_email, digest_ip, mask_addresses, masker

# Field limits, as WordPress has them (`wp_get_comment_fields_max_lengths`); the longest that our own records need.
MAX_NAME = 245  # characters
MAX_URL = 200  # characters, the author's link
MAX_PAGE_URL = 2_000  # characters
MAX_TITLE = 500  # characters
MAX_CONTENT_BYTES = 65_525  # UTF-8
MAX_PARENT_TEXT = 4_000  # characters are kept, the rest is cut
MAX_USER_AGENT = 500  # characters are kept, the rest is cut
MAX_FORM_FIELDS = 100
MAX_FORM_VALUE = 1_000  # characters are kept, the rest is cut
ROLES = ("", "guest", "subscriber", "contributor", "author", "editor", "administrator", "moderator", "member")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#~+=-]{0,199}\Z")
_SCHEME = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_FORM_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}\Z")
_POINTERS = (
    "/content", "/author/name", "/page/title", "/context/parent_text", "/author/user_agent", "/page/url", "/author/url",
    "/author/email", "/author/ip",
)  # fmt: skip
_CONTROL = dict.fromkeys([*range(32), *range(127, 160)])


class Author(Struct, frozen=True):
    """Who wrote it, without their addresses."""

    name: str
    email: EmailDigest | None = None
    url: str = ""
    ip: IpDigest | None = None
    user_agent: str = ""
    role: str = ""


class Page(Struct, frozen=True):
    """What was commented on."""

    url: str
    title: str = ""


class Submission(Struct, frozen=True):
    """A comment as submitted, parsed and cleansed; it has no id of ours yet."""

    platform_id: str  # the platform's own id
    page: Page
    author: Author
    content: str  # e-mail addresses dotted out
    parent_id: str = ""
    created_at: int = 0  # milliseconds since 1970, as the platform says; 0 when it does not
    parent_text: str = ""
    form: dict[str, str] = {}  # raw form signals: honeypot, times, behaviour
    kind: str = "comment"  # or pingback, trackback, review, …
    channel: str = "api"  # which entrance: api, webhook, akismet, import
    trigger: str = ""  # "spam": it carries a documented test value; see `phases.preset`


class Requirements(NamedTuple):
    """What a site's comment form requires; WordPress's `require_name_email`, each by itself."""

    name: bool = True
    email: bool = True


def prepare(
    *,
    keys: IdentityKeys,
    requires: Requirements,
    platform_id: str,
    content: str,
    page_url: str,
    page_title: str = "",
    name: str = "",
    email: str = "",
    url: str = "",
    ip: str = "",
    user_agent: str = "",
    role: str = "",
    parent_id: str = "",
    parent_text: str = "",
    created_at: int = 0,
    form: Mapping[str, str] | None = None,
    kind: str = "comment",
    channel: str = "api",
    deliverable: str = "unknown",
    trigger: str = "",
) -> Submission:
    """Cleanse untrusted fields into a `Submission`. Raises InvalidSubmission naming the field, never quoting it."""
    words = (content, name, page_title, parent_text, user_agent, page_url, url)
    together = "".join(words)
    if not (together.isprintable() and email.isprintable() and ip.isprintable()):
        refuse_unstorable(dict(zip(_POINTERS, (*words, email, ip), strict=True)))
    _check_id(platform_id, "/id")
    if parent_id:
        _check_id(parent_id, "/parent_id")
    own = tuple(secret for secret in (email.strip(), ip.strip()) if secret)
    hide = masker(own, together)
    name = (name if name.isprintable() else name.translate(_CONTROL)).strip()
    if not name and requires.name:
        raise InvalidSubmission("The author's name is required.", pointer="/author/name")
    if not email and requires.email:
        raise InvalidSubmission("The author's e-mail address is required.", pointer="/author/email")
    if not content.strip():
        raise InvalidSubmission("The comment is empty.", pointer="/content")
    if len(content) * 4 > MAX_CONTENT_BYTES and len(content.encode()) > MAX_CONTENT_BYTES:
        raise InvalidSubmission(f"The comment is longer than {MAX_CONTENT_BYTES} bytes.", pointer="/content")
    if _SCHEME.match(page_url) is None:
        raise InvalidSubmission("The page's address must begin with http:// or https://.", pointer="/page/url")
    _limit(name, MAX_NAME, "/author/name")
    _limit(url, MAX_URL, "/author/url")
    _limit(page_url, MAX_PAGE_URL, "/page/url")
    _limit(page_title, MAX_TITLE, "/page/title")
    if role not in ROLES:
        raise InvalidSubmission(f"The role must be one of: {', '.join(ROLES[1:])}.", pointer="/author/role")
    return Submission(
        platform_id=platform_id,
        page=Page(url=hide(page_url), title=hide(page_title)),
        author=Author(
            name=hide(name),
            email=digest_email(email, keys, deliverable=deliverable) if email else None,
            url=hide(url.strip()),
            ip=digest_ip(ip, keys) if ip else None,
            user_agent=hide(user_agent[:MAX_USER_AGENT]),
            role=role,
        ),
        content=hide(content),
        parent_id=parent_id,
        parent_text=hide(parent_text[:MAX_PARENT_TEXT]),
        created_at=created_at,
        form=_form(form, own) if form else {},
        kind=kind,
        channel=channel,
        trigger=trigger,
    )


def bare(text: str) -> Submission:
    """A text by itself, to be scored and forgotten: nobody wrote it, nowhere. It must not be stored."""
    return Submission(platform_id="", page=Page(url=""), author=Author(name=""), content=text)


def free_text(text: str, pointer: str) -> str:
    """What a human wrote beside a comment (a note, an appeal): storable, addresses dotted out. Raises InvalidSubmission."""
    refuse_unstorable({pointer: text})
    return mask_addresses(text.strip())


def fingerprint(submission: Submission) -> str:
    """A digest that is the same exactly when a repeated submission says the same; 32 hex digits."""
    author = msgspec.structs.replace(submission.author, email=None, ip=None, user_agent="", role="")
    spoken = msgspec.structs.replace(submission, author=author, form={}, channel="")
    return hashlib.blake2b(msgspec.msgpack.encode(spoken), digest_size=16).hexdigest()


def comment_id(site: str, platform_id: str) -> str:
    """Our id of a comment: a digest of the site's and the platform's, so that a repeated one finds the same comment."""
    return "c" + hashlib.blake2b(f"{site}\0{platform_id}".encode(), digest_size=13).hexdigest()


def refuse_unstorable(texts: Mapping[str, str]) -> None:
    """Refuse what no text may hold; `texts` is by pointer."""
    for pointer, text in texts.items():
        if "\0" in text:
            raise InvalidSubmission("NUL bytes are not allowed.", pointer=pointer)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidSubmission("The text holds unpaired surrogates.", pointer=pointer) from None


def _check_id(value: str, pointer: str) -> None:
    if _ID.match(value) is None:
        raise InvalidSubmission(
            "An id has 1 to 200 letters, digits or ._:/#~+=- and begins with a letter or digit.", pointer=pointer
        )


def _limit(value: str, characters: int, pointer: str) -> None:
    if len(value) > characters:
        raise InvalidSubmission(f"Longer than {characters} characters.", pointer=pointer)


def _form(form: Mapping[str, str], own: tuple[str, ...]) -> dict[str, str]:
    if len(form) > MAX_FORM_FIELDS:
        raise InvalidSubmission(f"More than {MAX_FORM_FIELDS} form fields.", pointer="/form")
    kept = {}
    for name, value in form.items():
        if _FORM_NAME.match(name) is None:
            raise InvalidSubmission("A form field's name has 1 to 64 letters, digits or _.[]-", pointer="/form")
        refuse_unstorable({"/form": value})
        kept[name] = mask_addresses(value[:MAX_FORM_VALUE], own)
    return kept
