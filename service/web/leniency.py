"""Submissions from clients that can't be told what is wrong: what is too long is cut, what is not valid is left out.

For the Akismet dialect and the platforms' own hooks. The native API refuses instead, and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin

from service.core.errors import InvalidSubmission
from service.core.identity import digest_ip, email_domain, mask_addresses
from service.core.site import Site
from service.core.submission import (
    MAX_CONTENT_BYTES,
    MAX_NAME,
    MAX_PAGE_URL,
    MAX_URL,
    Requirements,
    Submission,
    prepare,
)
from service.web.parts import Parts

_NOTHING = Requirements(name=False, email=False)
_SCHEMES = ("http://", "https://")


def submission(
    parts: Parts,
    site: Site,
    *,
    platform_id: str,
    content: str,
    page_url: str = "",
    name: str = "",
    email: str = "",
    url: str = "",
    ip: str = "",
    user_agent: str = "",
    role: str = "",
    parent_id: str = "",
    created_at: int = 0,
    form: Mapping[str, str] | None = None,
    kind: str = "comment",
    channel: str,
    trigger: str = "",
) -> Submission:
    """What the client says, as far as it can be taken. An e-mail or IP address that is none is not kept as text either.

    Raises InvalidSubmission for an empty content, or an id that can't be one.
    """
    email, ip = email.strip(), ip.strip()
    good_email, good_ip = email if email_domain(email) else "", ip if _is_ip(ip, parts) else ""
    odd = tuple(secret for secret in (email, ip) if secret not in ("", good_email, good_ip))

    def kept(text: str) -> str:
        return mask_addresses(text.replace("\0", ""), odd) if text else ""

    return prepare(
        keys=parts.identity,
        requires=_NOTHING,
        platform_id=platform_id,
        content=kept(_cut(content)),
        page_url=kept(page_address(site, page_url)),
        name=kept(name.strip()[:MAX_NAME]),
        email=good_email,
        url=kept(url.strip()[:MAX_URL]),
        ip=good_ip,
        user_agent=kept(user_agent),
        role=role,
        parent_id=parent_id,
        created_at=created_at,
        form={name: kept(value) for name, value in form.items()} if form else None,
        kind=kind,
        channel=channel,
        deliverable=parts.deliverable(good_email) if good_email else "unknown",
        trigger=trigger,
    )


def page_address(site: Site, url: str) -> str:
    """An absolute address of the page; the site's own when there is none."""
    try:
        absolute = urljoin(site.url, url.strip())
    except ValueError:
        return site.url
    return absolute[:MAX_PAGE_URL] if absolute.lower().startswith(_SCHEMES) else site.url


def _is_ip(value: str, parts: Parts) -> bool:
    try:
        digest_ip(value, parts.identity)
    except InvalidSubmission:
        return False
    return True


def _cut(content: str) -> str:
    if len(content.encode(errors="replace")) <= MAX_CONTENT_BYTES:
        return content
    return content.encode(errors="replace")[:MAX_CONTENT_BYTES].decode(errors="ignore")
