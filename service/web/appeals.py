"""The appeal page, `/appeals/<token>`: what was decided about an author's comment, why, and the one answer they may give.

No account, no cookie, no script: the link is the key. Plain HTML made on the server; every piece of text is escaped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from aiohttp import web

from service.core.appeal import MAX_TEXT
from service.core.errors import AntechamberError, InvalidSubmission, MalformedRequest
from service.core.lifecycle import Outcome, State
from service.core.views import rfc3339
from service.usecases.redress import Looked
from service.web.context import CONTEXT, DIALECT, Context, Dialect
from service.web.requests import parse_form, read_body
from service.web.responses import style_sheet

_CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_HEADERS = {"Content-Security-Policy": _CSP, "Content-Type": "text/html; charset=utf-8", "X-Robots-Tag": "noindex"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MOST_BYTES = MAX_TEXT * 12 + 1_024  # a form's body: every character percent-encoded


def appeal_pages(context: Context) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(_sorry)
    app.router.add_routes(
        [
            web.get("/style.css", get_style, allow_head=False),
            web.get("/{token}", get_page, allow_head=False),
            web.post("/{token}", post_appeal),
        ]
    )
    return app


async def get_page(request: web.Request) -> web.Response:
    """The page of a link."""
    looked = await request.app[CONTEXT].services.redress.look(request.match_info["token"])
    return _page("Your comment", _body(looked))


async def post_appeal(request: web.Request) -> web.Response:
    """The author's answer; the page then says that it was received."""
    redress, token = request.app[CONTEXT].services.redress, request.match_info["token"]
    sent = parse_form(await read_body(request, _MOST_BYTES, "application/x-www-form-urlencoded"))
    try:
        await redress.appeal(token, sent.get("text", ""))
    except InvalidSubmission as error:
        looked = await redress.look(token)
        return _page("Your comment", _body(looked, text=sent.get("text", ""), wrong=error.detail), status=error.status)
    return web.Response(status=303, headers={"Location": token})


async def get_style(_: web.Request) -> web.Response:
    """The style sheet."""
    return web.Response(
        body=style_sheet(),
        headers={"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=300"},
    )


def _sorry(error: AntechamberError, _: str) -> web.Response:
    detail = "" if isinstance(error, MalformedRequest) else error.detail
    said = f"<p class='lead'>{escape(detail or error.title)}</p>"
    response = _page("Nothing to see here", said, status=error.status)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _body(looked: Looked, *, text: str = "", wrong: str = "") -> str:
    comment, said = looked.comment, looked.statement
    sections = [_verdict(looked)]
    if comment.submission is not None and comment.submission.content:
        page = escape(comment.submission.page.title or comment.submission.page.url)
        sections.append(
            f"<section><h2>What you wrote</h2><p class='soft'>On “{page}”, {_day(comment.written_at)}</p>"
            f"<blockquote dir='auto'>{escape(comment.submission.content)}</blockquote></section>"
        )
    if said is not None:
        facts = "".join(f"<li>{escape(fact)}</li>" for fact in said.facts)
        if said.automated_decision:
            how = "A machine decided this by itself; no human has looked at it yet."
        elif said.automated_detection:
            how = "A machine picked it out, and a moderator decided."
        else:
            how = "A moderator decided."
        why = " Readers had reported it." if said.prompted_by == "reports" else ""
        ground = (
            "The decision rests on the law." if said.ground == "law" else "The decision rests on the rules of the site."
        )
        sections.append(
            f"<section><h2>Why</h2><ul>{facts}</ul><p>{how}{why}</p><p>{ground} It holds everywhere, until it is changed.</p>"
            "</section>"
        )
    sections.append(_answer(looked, text, wrong))
    return "".join(sections)


def _verdict(looked: Looked) -> str:
    comment, decision = looked.comment, looked.comment.decision
    if looked.statement is None:
        shown = comment.state is State.APPROVED
        line = "Your comment was approved after all." if shown else "Your comment is being looked at by a moderator."
        return f"<p class='lead'>{line}</p>"
    at = f" on {_day(decision.at)}" if decision else ""
    return f"<p class='lead'>Your comment was not published. This was decided{at}.</p>"


def _answer(looked: Looked, text: str, wrong: str) -> str:
    comment, appeal = looked.comment, looked.comment.appeal
    if appeal is not None:
        said = f"<blockquote dir='auto'>{escape(appeal.text)}</blockquote>" if appeal.text else ""
        if comment.appealed:
            next_line = "A moderator who did not make the decision will read it. This page will show what they decided."
        elif comment.decision is not None and comment.decision.outcome is Outcome.REJECT:
            next_line = f"A moderator read it on {_day(comment.decision.at)}, and the decision stands."
        else:
            next_line = "A moderator read it, and changed the decision."
        return f"<section><h2>Your appeal</h2><p class='soft'>{_day(appeal.at)}</p>{said}<p>{next_line}</p></section>"
    if not looked.open:
        return ""
    problem = f"<p class='wrong' id='wrong' role='alert'>{escape(wrong)}</p>" if wrong else ""
    marked = " aria-invalid='true' aria-describedby='wrong'" if wrong else ""
    return (
        "<section><h2>Is this wrong?</h2><p>You can appeal once. A moderator who did not make the decision will read what you "
        "write. You need no account, and need not say who you are.</p>"
        f"<form method='post'>{problem}<label for='text'>Why the decision is wrong</label>"
        f"<textarea id='text' name='text' rows='6' maxlength='{MAX_TEXT}' required{marked}>{escape(text)}</textarea>"
        "<button>Send appeal</button></form></section>"
    )


def _day(at: int) -> str:
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return f"<time datetime='{rfc3339(at)}'>{moment.day} {_MONTHS[moment.month - 1]} {moment.year}</time>"


def _page(title: str, body: str, status: int = 200) -> web.Response:
    document = (
        '<!doctype html><html lang="en" class="plain"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<link rel="icon" href="/review/static/icon.svg" type="image/svg+xml">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/appeals/style.css"></head>'
        f"<body class='appeal'><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return web.Response(status=status, body=document.encode(), headers=_HEADERS)
