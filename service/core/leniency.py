"""Submissions from sources that can't be told what is wrong: what is too long is cut, what is not valid is left out.

For `web/leniency.py` (the Akismet dialect, the platforms' own hooks) and for imports of a blog's history. The native API
refuses instead, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypedDict, Unpack
from urllib.parse import urljoin

from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys, digest_ip, email_domain, mask_addresses
from service.core.site import Site
from service.core.submission import (
    MAX_CONTENT_BYTES,
    MAX_NAME,
    MAX_PAGE_URL,
    MAX_TITLE,
    MAX_URL,
    Requirements,
    Submission,
    prepare,
)

_NOTHING = Requirements(name=False, email=False)
_SCHEMES = ("http://", "https://")


class Said(TypedDict, total=False):
    """What a source says of a comment; `service.core.submission.prepare` takes the same words."""

    platform_id: str
    content: str
    page_url: str
    page_title: str
    name: str
    email: str
    url: str
    ip: str
    user_agent: str
    role: str
    parent_id: str
    created_at: int
    form: Mapping[str, str] | None
    kind: str
    channel: str
    trigger: str


class Lenient(NamedTuple):
    """A submission, and in words what had to be cut or left out of it."""

    submission: Submission
    mended: tuple[str, ...]


def lenient(
    keys: IdentityKeys,
    site: Site,
    *,
    deliverable: Callable[[str], str] = lambda address: "unknown",
    **said: Unpack[Said],
) -> Lenient:
    """What a source says, as far as it can be taken. An e-mail or IP address that is none is not kept as text either.

    Raises InvalidSubmission for an empty content, or an id that can't be one.
    """
    email, ip = said.get("email", "").strip(), said.get("ip", "").strip()
    good_email, good_ip = email if email_domain(email) else "", ip if _is_ip(ip, keys) else ""
    odd = tuple(secret for secret in (email, ip) if secret not in ("", good_email, good_ip))
    mended = [what for what, given, good in (("e-mail", email, good_email), ("IP", ip, good_ip)) if given != good]
    notes = [f"an {what} address that is none was left out" for what in mended]

    def kept(text: str) -> str:
        return mask_addresses(_storable(text), odd) if text else ""

    def cut(text: str, characters: int, what: str) -> str:
        if len(text) > characters:
            notes.append(f"a {what} was cut to {characters:,} characters")
        return kept(text[:characters])

    content = said.get("content", "")
    short = _cut(content)
    if short != content:
        notes.append(f"a text was cut to {MAX_CONTENT_BYTES:,} bytes")
    form = said.get("form")
    submission = prepare(
        keys=keys,
        requires=_NOTHING,
        platform_id=said.get("platform_id", ""),
        content=kept(short),
        page_url=kept(page_address(site, said.get("page_url", ""))),
        page_title=cut(said.get("page_title", "").strip(), MAX_TITLE, "page's title"),
        name=cut(said.get("name", "").strip(), MAX_NAME, "name"),
        email=good_email,
        url=cut(said.get("url", "").strip(), MAX_URL, "website"),
        ip=good_ip,
        user_agent=kept(said.get("user_agent", "")),
        role=said.get("role", ""),
        parent_id=said.get("parent_id", ""),
        created_at=said.get("created_at", 0),
        form={name: kept(value) for name, value in form.items()} if form else None,
        kind=said.get("kind", "comment"),
        channel=said.get("channel", "api"),
        deliverable=deliverable(good_email) if good_email else "unknown",
        trigger=said.get("trigger", ""),
    )
    return Lenient(submission, tuple(notes))


def page_address(site: Site, url: str) -> str:
    """An absolute address of the page; the site's own when there is none."""
    try:
        absolute = urljoin(site.url, url.strip())
    except ValueError:
        return site.url
    return absolute[:MAX_PAGE_URL] if absolute.lower().startswith(_SCHEMES) else site.url


def _is_ip(value: str, keys: IdentityKeys) -> bool:
    try:
        digest_ip(value, keys)
    except InvalidSubmission:
        return False
    return True


def _storable(text: str) -> str:
    """Without what no text may hold: NUL, and halves of surrogate pairs."""
    if text.isprintable():
        return text
    return text.replace("\0", "").encode(errors="replace").decode()


def _cut(content: str) -> str:
    if len(content) * 4 <= MAX_CONTENT_BYTES or len(content.encode(errors="replace")) <= MAX_CONTENT_BYTES:
        return content
    return content.encode(errors="replace")[:MAX_CONTENT_BYTES].decode(errors="ignore")
