"""What a notice says, in the shape that each way wants: mail, a signed webhook, and what Slack, Discord and Matrix read. Pure.

Nothing of a comment is told but where it is, why it waits and its page's title; that may be anybody's words, so each shape
disarms them in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import msgspec

from service.core.notice import Held, Notice, SiteCount, Summary, Way
from service.core.views import rfc3339
from service.web_push import MOST

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>@:/])")
_MOST_PUSHED = 3  # comments in a message to a browser
_TEST_PUSH = "This is a test: somebody asked for it."
_MOST_DISCORD = 2_000  # characters of a message
_ZERO = "\N{ZERO WIDTH SPACE}"
TEST: Final = "This is a test: somebody asked for it at the command line."

_encode = msgspec.json.Encoder().encode
Links = Callable[[str], str]
"""Comment ("": none) -> the address of the moderators' page, at that comment."""


def links(address: str) -> Links:
    """The links of a service. They sign nobody in."""
    page = f"{address.rstrip('/')}/review"
    return lambda comment: f"{page}#/queue?id={comment}" if comment else page


def headline(summary: Summary) -> str:
    """The whole in one line."""
    if not summary.waiting:
        return "Nothing waits"
    new = f", {summary.new} new" if summary.new else ""
    return f"{_plural(summary.waiting)}{new}: {_names(summary.sites)}"


def mail_text(notice: Notice, summary: Summary, link: Links, *, test: bool = False) -> str:
    """The body of a mail."""
    lines = [TEST, ""] if test else []
    lines += [_site_line(one) for one in summary.sites] or ["Nothing waits."]
    if summary.held:
        lines += ["", "New, the most severe first:"]
        for one in summary.held:
            lines += ["", f"* {_what(one)}", f"  {link(one.comment)}"]
    if (more := summary.new - len(summary.held)) > 0:
        lines += ["", f"{more} more are new."]
    often = "once an hour" if notice.every <= 3_600_000 else "once in the time that is set"
    lines += [
        "", f"All of them: {link('')}", "", "-- ",
        f'The notice "{notice.name}" of Antechamber; it comes at most {often}. The page asks you to sign in.',
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def push_message(notice: Notice, summary: Summary, link: Links, *, test: bool = False) -> bytes:
    """What a browser shows, as Declarative Web Push has it: a title, a few lines, and where a click leads.

    It is cut to what a message may hold: of a few comments, all of which are in the queue anyway.
    """
    lines = [_TEST_PUSH] if test else []
    lines += [_what(one) for one in summary.held[:_MOST_PUSHED]]
    comment = summary.held[0].comment if len(summary.held) == 1 else ""
    shown = {"title": headline(summary), "body": "\n".join(lines), "navigate": link(comment), "tag": notice.name}
    while len(said := _encode({"web_push": 8030, "notification": shown})) > MOST:
        shown = {**shown, "title": shown["title"][: len(shown["title"]) // 2], "body": ""}
    return said


def body(notice: Notice, summary: Summary, link: Links, *, at: int, test: bool = False) -> bytes:
    """What is posted. `at` is in milliseconds since 1970."""
    return _encode(_SHAPES[notice.way](notice, summary, link, at, test))


def _event(notice: Notice, summary: Summary, link: Links, at: int, test: bool) -> dict[str, Any]:
    return {
        "type": "queue.waiting",
        "timestamp": rfc3339(at),
        "data": {
            "notice": notice.name,
            "test": test,
            "waiting": summary.waiting,
            "new": summary.new,
            "severest": round(summary.severest, 4),
            "url": link(""),
            "sites": [{**one._asdict(), "waiting": one.waiting} for one in summary.sites],
            "comments": [
                {
                    "id": one.comment, "site": one.site, "list": one.list, "since": rfc3339(one.at),
                    "severity": round(one.severity, 4), "why": one.why, "title": one.title, "url": link(one.comment),
                }
                for one in summary.held
            ],
        },
    }  # fmt: skip


def _slack(_: Notice, summary: Summary, link: Links, __: int, test: bool) -> dict[str, Any]:
    def safe(text: str) -> str:  # as Slack has it; so nothing is a link, and nobody is called
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    lines = [safe(TEST)] if test else []
    lines.append(f"<{link('')}|{safe(headline(summary))}>")
    lines += [f"• <{link(one.comment)}|{safe(_what(one)).replace('|', '¦')}>" for one in summary.held]
    return {"text": "\n".join(lines), "unfurl_links": False}


def _discord(_: Notice, summary: Summary, link: Links, __: int, test: bool) -> dict[str, Any]:
    def safe(text: str) -> str:
        return _MARKDOWN.sub(r"\\\1", text)

    lines = [safe(TEST)] if test else []
    lines.append(f"[{safe(headline(summary))}](<{link('')}>)")
    for one in summary.held:
        line = f"- [{safe(_what(one))}](<{link(one.comment)}>)"
        if sum(map(len, lines)) + len(lines) + len(line) <= _MOST_DISCORD:
            lines.append(line)
    return {"content": "\n".join(lines), "allowed_mentions": {"parse": []}}


def _matrix(_: Notice, summary: Summary, link: Links, __: int, test: bool) -> dict[str, Any]:
    def safe(text: str) -> str:  # "@room" calls everybody
        return text.replace("@", f"@{_ZERO}")

    said = [TEST] if test else []
    plain = [*said, f"{safe(headline(summary))}: {link('')}"]
    plain += [f"- {safe(_what(one))}: {link(one.comment)}" for one in summary.held]
    items = "".join(
        f'<li><a href="{escape(link(one.comment))}">{escape(safe(_what(one)))}</a></li>' for one in summary.held
    )
    whole = f'<p><a href="{escape(link(""))}">{escape(safe(headline(summary)))}</a></p>'
    html = "".join(f"<p>{escape(one)}</p>" for one in said) + whole + (f"<ul>{items}</ul>" if items else "")
    return {"text": "\n".join(plain), "html": html, "username": "Antechamber"}


_SHAPES: Final[Mapping[Way, Callable[[Notice, Summary, Links, int, bool], dict[str, Any]]]] = {
    Way.WEBHOOK: _event,
    Way.SLACK: _slack,
    Way.DISCORD: _discord,
    Way.MATRIX: _matrix,
}


def _what(one: Held) -> str:
    """Where a comment is, and why it waits."""
    title = f' "{one.title}"' if one.title else ""
    kind = {"appealed": "an appeal", "escalated": "passed on"}.get(one.list, "")
    why = ", ".join(part for part in (kind, one.why) if part)
    return f"{one.site}{title}: {why}" if why else f"{one.site}{title}"


def _site_line(one: SiteCount) -> str:
    parts = [f"{one.flagged} in the queue"] if one.flagged else []
    parts += [f"{one.escalated} passed on"] if one.escalated else []
    parts += [f"{one.appealed} appeal{'' if one.appealed == 1 else 's'}"] if one.appealed else []
    new = f" ({one.new} new)" if one.new else ""
    return f"{one.site}: {', '.join(parts)}{new}"


def _names(sites: tuple[SiteCount, ...]) -> str:
    names = [one.site for one in sites]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _plural(count: int) -> str:
    return "1 comment waits" if count == 1 else f"{count} comments wait"
