"""Mail on its way out: one message to each address, by one session with the operator's mail server. For notices."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, NamedTuple

import aiosmtplib

from service.core.notice import MailServer

# The first that fits; the words are those of `notices list`.
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiosmtplib.SMTPAuthenticationError, "sign-in"),
    (aiosmtplib.SMTPConnectError, "connection"),
    (aiosmtplib.SMTPResponseException, "refused"),
    (aiosmtplib.SMTPRecipientsRefused, "refused"),
    (TimeoutError, "timeout"),
    (aiosmtplib.SMTPException, "broken-answer"),
    (OSError, "connection"),
)


class Outcome(NamedTuple):
    """How it ended. `problem`: a word, "" when there was none; `perhaps`: it may have arrived all the same."""

    sent: bool  # somebody has it
    problem: str = ""
    perhaps: bool = False


async def post(
    server: MailServer, to: Sequence[str], subject: str, text: str, *, own_name: str, seconds: float
) -> Outcome:
    """Hand one message for each address in. `own_name`: what we call ourselves there. Never raises, except when cancelled."""
    session = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password or None,
        local_hostname=own_name,
        use_tls=server.tls == "smtps",
        start_tls=server.tls == "smtp",
        timeout=seconds,
    )
    handed_in, under_way, problem = 0, False, ""
    try:
        async with session:
            for address in to:
                under_way = True
                refused = await _hand_in(session, _message(server.sender, address, subject, text))
                under_way = False
                handed_in += not refused
                problem = refused or problem
    except (aiosmtplib.SMTPException, OSError) as error:
        if handed_in == len(to):
            return Outcome(sent=True)  # it was the parting that failed
        problem = next(word for kind, word in _WORDS if isinstance(error, kind))
    return Outcome(handed_in > 0, problem, perhaps=under_way)


async def _hand_in(session: aiosmtplib.SMTP, message: EmailMessage) -> str:
    """A message that is refused is no reason to keep the others from theirs."""
    try:
        await session.send_message(message)
    except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused):
        return "refused"
    return ""


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nothing answers it by itself
    message.set_content(text)
    return message
