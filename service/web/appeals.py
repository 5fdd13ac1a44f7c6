"""The appeal page, `/appeals/<token>`: what was decided about an author's comment, why, and the one answer they may give.

No account, no cookie, no script: the link is the key. Plain HTML made on the server; every piece of text is escaped. It speaks
the language that the browser asks for, or that `?language=` names.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from aiohttp import web

from service.core.appeal import MAX_TEXT
from service.core.errors import AntechamberError, InvalidSubmission, MalformedRequest
from service.core.lifecycle import Outcome, State
from service.core.statement import Statement
from service.core.views import rfc3339
from service.usecases.redress import Looked
from service.web.context import CONTEXT, DIALECT, Context, Dialect
from service.web.languages import Catalogue, catalogues, language_of
from service.web.requests import parse_form, read_body
from service.web.responses import problem_response, style_sheet

_CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "Content-Type": "text/html; charset=utf-8",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NOT_JUDGED_YET = "A moderator who did not make the decision will read it. This page will show what they decided."
_MOST_BYTES = MAX_TEXT * 12 + 1_024  # a form's body: every character percent-encoded


def appeal_pages(context: Context) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(problem_response, _sorry)
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
    return _page(request, "Your comment", _body(looked, _language(request)))


async def post_appeal(request: web.Request) -> web.Response:
    """The author's answer; the page then says that it was received."""
    redress, token = request.app[CONTEXT].services.redress, request.match_info["token"]
    sent = parse_form(await read_body(request, _MOST_BYTES, "application/x-www-form-urlencoded"))
    try:
        await redress.appeal(token, sent.get("text", ""))
    except InvalidSubmission as error:
        looked = await redress.look(token)
        body = _body(looked, _language(request), text=sent.get("text", ""), wrong=error.detail)
        return _page(request, "Your comment", body, status=error.status)
    chosen = f"?language={_language(request).code}" if "language" in request.query else ""
    return web.Response(status=303, headers={"Location": f"{token}{chosen}"})


async def get_style(_: web.Request) -> web.Response:
    """The style sheet."""
    return web.Response(
        body=style_sheet(),
        headers={"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=300"},
    )


def _sorry(request: web.Request, error: AntechamberError) -> web.Response:
    detail = "" if isinstance(error, MalformedRequest) else error.detail
    said = f"<p class='lead'>{escape(_language(request).heard(detail or error.title))}</p>"
    response = _page(request, "Nothing to see here", said, status=error.status)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _language(request: web.Request) -> Catalogue:
    return language_of(request, chosen=request.query.get("language"))


def _body(looked: Looked, language: Catalogue, *, text: str = "", wrong: str = "") -> str:
    comment, say = looked.comment, language.say
    sections = [_verdict(looked, language)]
    if comment.submission is not None and comment.submission.content:
        page = comment.submission.page.title or comment.submission.page.url
        where = say("On “{page}”, {day}", page=escape(page), day=_day(comment.written_at, language))
        sections.append(
            f"<section><h2>{say('What you wrote')}</h2><p class='soft'>{where}</p>"
            f"<blockquote dir='auto'>{escape(comment.submission.content)}</blockquote></section>"
        )
    if looked.statement is not None:
        sections.append(_reasons(looked.statement, language))
    sections.append(_answer(looked, language, text, wrong))
    return "".join(sections)


def _reasons(said: Statement, language: Catalogue) -> str:
    say = language.say
    facts = "".join(f"<li>{escape(language.heard(fact))}</li>" for fact in said.facts)
    if said.automated_decision:
        how = say("A machine decided this by itself; no human has looked at it yet.")
    elif said.automated_detection:
        how = say("A machine picked it out, and a moderator decided.")
    else:
        how = say("A moderator decided.")
    why = say("Readers had reported it.") if said.prompted_by == "reports" else ""
    law = said.ground == "law"
    ground = say("The decision rests on the law.") if law else say("The decision rests on the rules of the site.")
    until = say("It holds everywhere, until it is changed.")
    return f"<section><h2>{say('Why')}</h2><ul>{facts}</ul><p>{how} {why}</p><p>{ground} {until}</p></section>"


def _verdict(looked: Looked, language: Catalogue) -> str:
    comment, decision, say = looked.comment, looked.comment.decision, language.say
    if looked.statement is None and comment.state is State.APPROVED:
        line = say("Your comment was approved after all.")
    elif looked.statement is None:
        line = say("Your comment is being looked at by a moderator.")
    elif decision is None:
        line = say("Your comment was not published.")
    else:
        day = _day(decision.at, language)
        line = say("Your comment was not published. This was decided on {day}.", day=day)
    return f"<p class='lead'>{line}</p>"


def _answer(looked: Looked, language: Catalogue, text: str, wrong: str) -> str:
    comment, appeal, say = looked.comment, looked.comment.appeal, language.say
    if appeal is not None:
        said = f"<blockquote dir='auto'>{escape(appeal.text)}</blockquote>" if appeal.text else ""
        if comment.appealed:
            next_line = say(_NOT_JUDGED_YET)
        elif comment.decision is not None and comment.decision.outcome is Outcome.REJECT:
            day = _day(comment.decision.at, language)
            next_line = say("A moderator read it on {day}, and the decision stands.", day=day)
        else:
            next_line = say("A moderator read it, and changed the decision.")
        when = _day(appeal.at, language)
        return f"<section><h2>{say('Your appeal')}</h2><p class='soft'>{when}</p>{said}<p>{next_line}</p></section>"
    if not looked.open:
        return ""
    problem = f"<p class='wrong' id='wrong' role='alert'>{escape(language.heard(wrong))}</p>" if wrong else ""
    marked = " aria-invalid='true' aria-describedby='wrong'" if wrong else ""
    once = say("You can appeal once. A moderator who did not make the decision will read what you write.")
    nameless = say("You need no account, and need not say who you are.")
    return (
        f"<section><h2>{say('Is this wrong?')}</h2><p>{once} {nameless}</p>"
        f"<form method='post'>{problem}<label for='text'>{say('Why the decision is wrong')}</label>"
        f"<textarea id='text' name='text' rows='6' maxlength='{MAX_TEXT}' required{marked}>{escape(text)}</textarea>"
        f"<button>{say('Send appeal')}</button></form></section>"
    )


def _day(at: int, language: Catalogue) -> str:
    """A day as the language writes it, in UTC."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    month = language.say(_MONTHS[moment.month - 1])
    day = language.say("{day} {month} {year}", day=moment.day, month=month, year=str(moment.year))
    return f"<time datetime='{rfc3339(at)}'>{day}</time>"


def _page(request: web.Request, title: str, body: str, status: int = 200) -> web.Response:
    language = _language(request)
    heading = escape(language.say(title))
    others = "".join(
        f"<a href='?language={code}' lang='{code}' hreflang='{code}'>{escape(one.name)}</a> "
        for code, one in catalogues().items()
        if code != language.code
    )
    document = (
        f'<!doctype html><html lang="{language.code}" dir="{language.direction}" class="plain"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<link rel="icon" href="/review/static/icon.svg" type="image/svg+xml">'
        f'<title>{heading}</title><link rel="stylesheet" href="/appeals/style.css"></head>'
        f"<body class='appeal'><main><h1>{heading}</h1>{body}</main>"
        f"<footer class='soft'><nav aria-label='{escape(language.say('Language'))}'>{others}</nav></footer></body></html>"
    )
    return web.Response(status=status, body=document.encode(), headers=_HEADERS)
