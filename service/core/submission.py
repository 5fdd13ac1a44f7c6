"""What a platform submits, cleansed once into a type that can't hold an address: a `RawComment` through `prepare`.

Every entrance (native API, webhooks, Akismet, hooks, import) goes through here; nothing else makes a `Submission`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urljoin

import msgspec
from msgspec import Struct

from service.core.errors import InvalidSubmission
from service.core.identity import (
    EmailDigest,
    IdentityKeys,
    IpDigest,
    digest_email,
    digest_ip,
    email_domain,
    has_address,
    mask_addresses,
    masker,
)
from service.core.text import similarity
from service.core.text.rendering import decoded, is_blank, storable
from service.core.text.spoken import place, spoken

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
_MOST_REVISION = 2**63 - 1  # JSON's numbers may have any number of digits, and what is kept may not
_UNVOUCHED = frozenset({"", "guest"})  # roles of those who have not signed in
ROLES = ("", "guest", "subscriber", "contributor", "author", "editor", "administrator", "moderator", "member")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#~+=?&%-]{0,199}\Z")
_IP = re.compile(
    r"\[(?P<boxed>[0-9a-fA-F:.]{2,45})(?:%25)?(?:%[\w.-]{0,32})?\](?::\d{1,5})?"
    r"|(?P<v4>\d{1,9}(?:\.\d{1,9}){3})(?::\d{1,5})?|(?P<v6>[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?:%[\w.-]{0,32})?"
)
_SCHEME = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_FORM_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}\Z")
_CONTROL = dict.fromkeys([*range(32), *range(127, 160)])
_SCHEMES = ("http://", "https://")


class Author(Struct, frozen=True, omit_defaults=True):
    """Who wrote it, without their addresses."""

    name: str
    email: EmailDigest | None = None
    url: str = ""
    ip: IpDigest | None = None
    user_agent: str = ""
    role: str = ""
    vouched: bool = False  # the platform says that it is who they say: signed in, or verified
    link: str = ""  # keyed digest of the web address
    known_as: str = ""  # short keyed digest of the name, to tell names apart


class Page(Struct, frozen=True):
    """What was commented on."""

    url: str
    title: str = ""


class Submission(Struct, frozen=True, omit_defaults=True):
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
    trigger: str = ""  # "spam": it carries a documented test value; see `policy.evaluate`
    revision: int = 0  # the platform's own count of its edits; 0 when it has none
    edited_at: int = 0  # when it was last edited, milliseconds since 1970, as the platform says; 0 when it does not
    sent_at: int = 0  # when the platform told us, milliseconds since 1970, by its own clock; 0: not known
    fingerprint: str = ""  # keyed digest of what it says, for when the text is gone (`core.resubmission`)
    seal: str = ""  # digest that the receiver of call-backs can make too, of text and page as sent (`core.site.seal`)


class RawComment(Struct, frozen=True, kw_only=True, gc=False):
    """A comment's fields as a source says them, not cleansed: every entrance makes one, and nothing but `prepare` reads it.

    It holds addresses, as no other type here does, for as long as `prepare` takes; it shows nothing of itself.
    """

    platform_id: str
    content: str
    page_url: str = ""
    page_title: str = ""
    name: str = ""
    email: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    role: str = ""
    parent_id: str = ""
    parent_text: str = ""
    created_at: int = 0  # milliseconds since 1970, as the source says; 0 when it does not
    form: Mapping[str, str] = {}
    kind: str = "comment"
    channel: str = "api"
    trigger: str = ""
    vouched: bool = False  # the platform has signed the author in, or verified the address
    revision: int = 0
    edited_at: int = 0
    sent_at: int = 0

    def __repr__(self) -> str:
        return "RawComment(…)"


class Requirements(NamedTuple):
    """What a site's comment form requires; WordPress's `require_name_email`, each by itself."""

    name: bool = True
    email: bool = True


_NOTHING = Requirements(name=False, email=False)


class Strict(NamedTuple):
    """For who can be told what is wrong: it is refused."""

    requires: Requirements = Requirements()


class Lenient(NamedTuple):
    """For who can't be told: what is too long is cut, what is not valid is left out. `base` is the page's address, or what
    it is relative to."""

    base: str


class Prepared(NamedTuple):
    """A submission, and in words what had to be cut or left out of it."""

    submission: Submission
    mended: tuple[str, ...] = ()


def prepare(
    raw: RawComment,
    keys: IdentityKeys,
    rules: Strict | Lenient,
    *,
    deliverable: Callable[[str], str] | None = None,
) -> Prepared:
    """Cleanse untrusted fields into a `Submission`. `deliverable` says "yes", "no" or "unknown" of an e-mail address.

    Raises InvalidSubmission naming the field, never quoting it; by lenient rules only for an empty content, or an id, a role or
    a form that can't be one.
    """
    if isinstance(rules, Strict):
        return Prepared(_cleansed(raw, keys, rules.requires, deliverable))
    raw, mended = _mended(raw, keys, rules.base)
    return Prepared(_cleansed(raw, keys, _NOTHING, deliverable), mended)


def _shown(name: str) -> str:
    """An author's name on one line; "" where nothing of it can be seen."""
    name = (name if name.isprintable() else name.translate(_CONTROL)).strip()
    return "" if is_blank(name) else name


def _cleansed(
    raw: RawComment, keys: IdentityKeys, requires: Requirements, deliverable: Callable[[str], str] | None
) -> Submission:
    if not "".join(_texts(raw)).isprintable():
        raw = _storable(raw)
    if not (raw.email.isprintable() and raw.ip.isprintable()):
        refuse_unstorable({"/author/email": raw.email, "/author/ip": raw.ip})
    name = _shown(raw.name)
    _check(raw, name, requires)
    own = tuple(secret for secret in (raw.email.strip(), raw.ip.strip()) if secret)
    hide = masker(own, "".join(_texts(raw)))
    reached = deliverable(raw.email) if deliverable is not None and raw.email else "unknown"
    name, url, content = hide(name), hide(raw.url.strip()), hide(raw.content)
    return Submission(
        platform_id=raw.platform_id,
        page=Page(url=hide(raw.page_url), title=hide(raw.page_title)),
        author=Author(
            name=name,
            email=digest_email(raw.email, keys, deliverable=reached) if raw.email else None,
            url=url,
            ip=digest_ip(bare_ip(raw.ip), keys) if raw.ip else None,
            user_agent=hide(raw.user_agent)[:MAX_USER_AGENT],
            role=raw.role,
            vouched=raw.vouched or raw.role not in _UNVOUCHED,
            link=keys.of_people("l", place(url))[0] if url else "",
            known_as=keys.of_people("a", "".join(filter(str.isalnum, similarity.fold(name))))[0][-12:] if name else "",
        ),
        content=content,
        parent_id=raw.parent_id if _is_id(raw.parent_id) else "",  # a mere signal: what can't be an id is left out
        parent_text=hide(raw.parent_text)[:MAX_PARENT_TEXT],
        created_at=raw.created_at,
        form=_form(raw.form, own) if raw.form else {},
        kind=raw.kind,
        channel=raw.channel,
        trigger=raw.trigger,
        revision=max(0, min(raw.revision, _MOST_REVISION)),
        edited_at=raw.edited_at,
        sent_at=raw.sent_at,
        fingerprint=keys.digest("f", "\0".join(spoken(raw.channel, content, name, url, raw.trigger))),
    )


def _check(raw: RawComment, name: str, requires: Requirements) -> None:
    content, page_url = raw.content, raw.page_url
    _check_id(raw.platform_id, "/id")
    if not name and requires.name:
        raise InvalidSubmission("The author's name is required.", pointer="/author/name")
    if not raw.email and requires.email:
        raise InvalidSubmission("The author's e-mail address is required.", pointer="/author/email")
    if is_blank(content):
        raise InvalidSubmission("The comment is empty.", pointer="/content")
    if len(content) * 4 > MAX_CONTENT_BYTES and len(content.encode()) > MAX_CONTENT_BYTES:
        raise InvalidSubmission(f"The comment is longer than {MAX_CONTENT_BYTES} bytes.", pointer="/content")
    if _SCHEME.match(page_url) is None:
        raise InvalidSubmission("The page's address must begin with http:// or https://.", pointer="/page/url")
    _limit(name, MAX_NAME, "/author/name")
    _limit(raw.url, MAX_URL, "/author/url")
    _limit(page_url, MAX_PAGE_URL, "/page/url")
    _limit(raw.page_title, MAX_TITLE, "/page/title")
    if raw.role not in ROLES:
        raise InvalidSubmission(f"The role must be one of: {', '.join(ROLES[1:])}.", pointer="/author/role")


def _mended(raw: RawComment, keys: IdentityKeys, base: str) -> tuple[RawComment, tuple[str, ...]]:
    """What a source says, as far as it can be taken. An e-mail or IP address that is none is not kept as text either."""
    email, ip = raw.email.strip(), raw.ip.strip()
    good_email, good_ip = email if email_domain(email) else "", ip if _is_ip(ip, keys) else ""
    odd = tuple(secret for secret in (email, ip) if secret not in ("", good_email, good_ip))
    mended = [what for what, given, good in (("e-mail", email, good_email), ("IP", ip, good_ip)) if given != good]
    notes = [f"an {what} address that is none was left out" for what in mended]

    def kept(text: str) -> str:
        return mask_addresses(storable(text), odd) if text else ""

    def cut(text: str, characters: int, what: str) -> str:
        text = text.strip()
        if len(text) > characters:
            notes.append(f"a {what} was cut to {characters:,} characters")
        return kept(text)[:characters]  # first hidden, then cut: half an address is none that is recognised

    content = kept(raw.content)
    short = _cut(content)
    if short != content:
        notes.append(f"a text was cut to {MAX_CONTENT_BYTES:,} bytes")
    taken = msgspec.structs.replace(
        raw,
        content=short,
        page_url=kept(page_address(base, raw.page_url)),
        page_title=cut(raw.page_title, MAX_TITLE, "page's title"),
        name=cut(raw.name, MAX_NAME, "name"),
        email=good_email,
        url=cut(raw.url, MAX_URL, "website"),
        ip=good_ip,
        user_agent=kept(raw.user_agent),
        parent_text=kept(raw.parent_text),
        form={name: kept(value) for name, value in raw.form.items()} if raw.form else {},
    )
    return taken, tuple(notes)


def bare(text: str, name: str = "", url: str = "") -> Submission:
    """A text by itself, to be scored and forgotten: nobody known wrote it, nowhere. It must not be stored.

    What is scored is what would be scored of a comment that is taken in; places in the text stay what they were.
    """
    text, name, url = map(storable, (text, name, url))
    text, name, url = map(mask_addresses, (text, _shown(name), url.strip()))
    return Submission(platform_id="", page=Page(url=""), author=Author(name=name, url=url), content=text)


def free_text(text: str, pointer: str) -> str:
    """What a human wrote beside a comment (a note, an appeal): storable, addresses dotted out. Raises InvalidSubmission."""
    refuse_unstorable({pointer: text})
    return mask_addresses(text.strip())


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


def _is_id(value: str) -> bool:
    """Whether something can be an id. What spells an e-mail address (`ann%40example.com`) can't: ids are kept as sent."""
    return _ID.match(value) is not None and not ("@" in decoded(value) and has_address(value))


def _check_id(value: str, pointer: str) -> None:
    if not _is_id(value):
        raise InvalidSubmission(
            "An id has 1 to 200 letters, digits or ._:/#~+=?&%-, begins with a letter or digit, and is no e-mail address.",
            pointer=pointer,
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
        kept[name] = mask_addresses(storable(value), own)[:MAX_FORM_VALUE]
    return kept


def page_address(base: str, url: str) -> str:
    """An absolute address of the page; the site's own when there is none."""
    try:
        absolute = urljoin(base, url.strip())
    except ValueError:
        return base
    return absolute[:MAX_PAGE_URL] if absolute.lower().startswith(_SCHEMES) else base


def _is_ip(value: str, keys: IdentityKeys) -> bool:
    try:
        digest_ip(bare_ip(value), keys)
    except InvalidSubmission:
        return False
    return True


def bare_ip(written: str) -> str:
    """An IP address as servers and proxies write it (port, brackets, zone, leading zeros), without that; else as it is."""
    written = written.strip()
    found = _IP.fullmatch(written)
    if found is None:
        return written
    if found["v4"]:
        return ".".join(str(int(part)) for part in found["v4"].split("."))
    address = found["boxed"] or found["v6"]
    groups = [group if "." in group else group.lstrip("0") or group[:1] for group in address.split(":")]
    return ":".join(groups)


def _texts(raw: RawComment) -> tuple[str, ...]:
    return raw.content, raw.name, raw.page_title, raw.parent_text, raw.user_agent, raw.page_url, raw.url


def _storable(raw: RawComment) -> RawComment:
    """Half an emoji, or a NUL, is no reason to lose a comment: U+FFFD stands for it, and a signal says so."""
    content, name, page_title, parent_text, user_agent, page_url, url = map(storable, _texts(raw))
    return msgspec.structs.replace(
        raw,
        content=content,
        name=name,
        page_title=page_title,
        parent_text=parent_text,
        user_agent=user_agent,
        page_url=page_url,
        url=url,
    )


def _cut(content: str) -> str:
    if len(content) * 4 <= MAX_CONTENT_BYTES or len(content.encode(errors="replace")) <= MAX_CONTENT_BYTES:
        return content
    return content.encode(errors="replace")[:MAX_CONTENT_BYTES].decode(errors="ignore")
