"""A real mail server on loopback (aiosmtpd) that keeps what it is handed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE = Path(__file__).parent / "self_signed.pem"


class Post:
    """What a mail server has been handed. `refused`: addresses that it takes nothing for."""

    def __init__(self, refused: tuple[str, ...] = ()) -> None:
        self.refused = refused
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[str, str]] = []
        self.port = 0
        self.answer = "250 taken"

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if address in self.refused:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert [mail["To"]] == envelope.rcpt_tos
            self.mails.append(mail)
        return self.answer

    def login(self, _: Any, __: Any, ___: Any, ____: str, given: LoginPassword) -> AuthResult:
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password == b"open sesame", handled=False)

    @property
    def texts(self) -> list[str]:
        return [mail.get_content().replace("\r\n", "\n") for mail in self.mails]


@asynccontextmanager
async def mail_server(post: Post, *, tls: bool = False) -> AsyncIterator[Post]:
    """It listens meanwhile. `tls`: it offers STARTTLS and takes mail of nobody who does without."""
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            post, hostname="localhost", tls_context=context, require_starttls=tls, authenticator=post.login,
            auth_require_tls=True,
        ),
        "127.0.0.1", 0,
    )  # fmt: skip
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
