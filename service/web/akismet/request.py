"""Who asks what, in the Akismet dialect: the key from wherever clients put it, and the form's fields."""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urljoin

from aiohttp import web

from service.core.errors import StoreUnavailable
from service.core.identity import mask_addresses
from service.core.submission import ROLES
from service.core.text.pages import same_page
from service.core.text.rendering import is_blank
from service.web.context import CONTEXT, Caller, akismet_caller
from service.web.requests import charset_of, milliseconds, parse_form, read_body, truth, unslashed

UNKNOWN_KEY: Final = "This API key is not one of ours."


class Asked(NamedTuple):
    """A request that was understood: who asks, and the fields."""

    caller: Caller
    form: Mapping[str, str]


async def ask(request: web.Request, *, key_first: bool = False) -> Asked | None:
    """Read a request and find out who asks; None when the key is unknown. Raises TooLarge, MalformedRequest, StoreUnavailable.

    The key is in the form (or in the query), as `api_key` or `key`, or is the first label of the host name. Whatever
    Content-Type is said: some clients say none that there is, and all of them send forms.
    """
    context = request.app[CONTEXT]
    body = await read_body(request, context.settings.max_body, None)
    form = {**request.query, **parse_form(body, charset_of(request.charset))}
    names = ("key", "api_key") if key_first else ("api_key", "key")
    given = next((form[name] for name in names if form.get(name)), "") or request.host.partition(".")[0]
    try:
        async with asyncio.timeout(context.settings.akismet_deadline):
            caller = await akismet_caller(request, given.strip().lower())
    except TimeoutError:
        raise StoreUnavailable(retry_after=5) from None
    return Asked(caller, form) if caller is not None else None


# What an Akismet client says of a comment: its form, read into fields of ours. Pure, and lenient as Akismet is.
#
# Akismet refuses nearly nothing, so neither do we: what is too long is cut, what is not valid is left out, and what we don't
# know is not kept. Only the fields that `KEPT` names go into a submission's raw form signals.


KEPT: Final = frozenset(
    {
        "akismet_comment_nonce", "akismet_pre_check", "blog_lang", "comment_context", "comment_date_gmt",
        "comment_post_ID", "comment_pingback_target", "comment_post_modified_gmt", "is_multicall", "is_test",
        "multicall_count", "pingbacks_closed", "recheck_reason", "referrer",
    }
)  # fmt: skip
"""Fields that are kept as raw signals, beside `POST_ak_*` and the honeypot that the request itself names."""
SPAM_AUTHORS: Final = ("akismet-guaranteed-spam", "viagra-test-123")
SPAM_EMAIL: Final = "akismet-guaranteed-spam@example.com"
_BEHAVIOUR = re.compile(r"POST_ak_[a-z_]{1,24}\Z")
_MOST_BEHAVIOUR = 60  # fields
_KIND = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")
_OURS = re.compile(r"c[0-9a-f]{26}\Z")
_NUMBER = re.compile(r"[1-9][0-9]{0,19}\Z")
_SCHEME = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)


class Check(NamedTuple):
    """A comment as an Akismet client describes it."""

    blog: str
    permalink: str  # as it was sent
    page_url: str
    content: str
    name: str
    email: str
    url: str
    ip: str
    user_agent: str
    kind: str
    role: str
    parent_id: str
    comment_id: str  # the platform's own, when it says so; the database id of a WordPress comment
    post_id: str
    guid: str  # ours, when the client sends it back
    callback: str
    reporter: str
    test: bool
    classify: bool
    recheck: str  # why it is checked once more, when it is
    signed_in: bool
    trigger: str
    written_at: int  # milliseconds since 1970; 0 when the client does not say
    form: dict[str, str]

    @property
    def where(self) -> tuple[str, str]:
        """The site, and what names the page there: its address, else the platform's id of it, else where the form was."""
        return self.blog, same_page(self.permalink) or self.post_id or same_page(self.form.get("referrer", ""))

    @property
    def again(self) -> bool:
        """Whether it was spoken of before: it has been stored since, or is checked once more."""
        return bool(self.comment_id or self.recheck)

    @property
    def earlier_id(self) -> str:
        """The platform id that earlier versions made of blog, page, name and words alone."""
        where = (
            mask_addresses(url.partition("://")[2] or url).rstrip("/").lower() for url in (self.blog, self.page_url)
        )
        said = (*where, _words(self.name), _words(self.content), self.trigger)
        return "ak-" + hashlib.blake2b("\0".join(said).encode(), digest_size=16).hexdigest()

    @property
    def alias(self) -> str:
        """The platform's own name of the comment, as a digest; "" when it has none."""
        if not self.comment_id:
            return ""
        return hashlib.blake2b(f"{_place(self.blog)}\0{self.comment_id}".encode(), digest_size=16).hexdigest()


def read_check(form: Mapping[str, str]) -> Check:
    """Read the fields of comment-check, submit-spam and submit-ham. Never raises."""
    content = unslashed(form.get("comment_content") or form.get("POST_comment") or "")
    name = unslashed(form.get("comment_author", "")).strip()
    email = form.get("comment_author_email", "").strip()
    url = form.get("comment_author_url", "").strip()
    blog = form.get("blog", "").strip()
    return Check(
        blog=blog,
        permalink=form.get("permalink", "").strip(),
        page_url=_page(form.get("permalink", "").strip(), blog),
        content=f"{name} {url}".strip() if is_blank(content) else content,
        name=name,
        email=email,
        url=url,
        ip=form.get("user_ip", "").strip(),
        user_agent=form.get("user_agent", ""),
        kind=_kind(form),
        role=_role(form.get("user_role", "")),
        parent_id=_id(form.get("comment_parent", "")),
        comment_id=_id(form.get("comment_ID", "")),
        post_id=_id(form.get("comment_post_ID", "")),
        guid=_guid(form),
        callback=form.get("callback", "").strip(),
        reporter=form.get("reporter", "").strip(),
        test=truth(form, "is_test"),
        classify=truth(form, "classify"),
        recheck=form.get("recheck_reason", "").strip(),
        signed_in=_NUMBER.match(form.get("user_ID", "") or form.get("user_id", "")) is not None,
        trigger="spam" if name.lower() in SPAM_AUTHORS or email.lower() == SPAM_EMAIL else "",
        written_at=milliseconds(form.get("comment_date_gmt")),
        form=_kept(form),
    )


_TAG = re.compile(r"<([^<>]*)>")
_LINK = re.compile(r"(?:href|src)\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)


def _words(text: str) -> str:
    """What earlier versions took for what a text says."""
    plain = html.unescape(
        _TAG.sub(lambda tag: " " + " ".join(_LINK.findall(tag.group(1))) + " ", text.replace("\\", ""))
    )
    return " ".join(unicodedata.normalize("NFC", mask_addresses(plain)).split())


def _kept(form: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in form.items() if name in KEPT and value}
    behaviour = [name for name in form if _BEHAVIOUR.match(name)][:_MOST_BEHAVIOUR]
    kept |= {name: form[name] for name in behaviour}
    trap = form.get("honeypot_field_name", "")
    if trap:
        kept["honeypot"] = form.get(trap) or form.get(f"POST_{trap}") or ""
    return kept


def _kind(form: Mapping[str, str]) -> str:
    kind = form.get("comment_type") or form.get("content_type") or "comment"
    return kind if _KIND.match(kind) else "comment"


def _role(roles: str) -> str:
    said = [role.strip() for role in roles.lower().split(",")]
    return "administrator" if "administrator" in said else next((role for role in said if role in ROLES), "")


def _id(value: str) -> str:
    return value.strip() if _NUMBER.match(value.strip()) else ""


def _guid(form: Mapping[str, str]) -> str:
    guid = form.get("guid") or form.get("akismet_guid") or ""
    return guid if _OURS.match(guid) else ""


def _page(permalink: str, blog: str) -> str:
    try:
        return urljoin(blog, permalink)
    except ValueError:
        return blog


def _place(url: str) -> str:
    """An address as earlier versions compared it."""
    return mask_addresses(url.partition("://")[2] or url).rstrip("/").lower()
