"""A box whose notices are told by a clock that the test turns, and a mail server that takes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from service.clock import now_ms
from service.container import Services
from service.core.comment import Comment
from service.core.notice import Notice, Way
from service.core.policy import Policy
from service.core.site import Known
from service.core.submission import comment_id
from service.store.moderators import ModeratorStore
from service.store.notices import NoticeStore
from service.store.push import PushStore
from service.store.queue import Queue
from service.usecases.notices import Notices
from service.usecases.push import Push
from service.workers.classify import Worker
from service.workers.deliver.client import Client
from service.workers.deliver.notices import Teller
from tests.support.mail import Post
from tests.support.moderation import WordScorer, submission

MINUTE, HOUR = 60_000, 3_600_000


class Desk:
    """A box with notices, whose clock the test turns."""

    def __init__(self, services: Services, known: Known, client: Client) -> None:
        self.now = now_ms() + MINUTE
        store = NoticeStore(services.connection)
        notices = Notices(
            store, Queue(services.connection), services.comments, services.accounts, clock=lambda: self.now
        )
        push = Push(
            PushStore(services.connection, services.secrets.master),
            ModeratorStore(services.connection, services.secrets.master),
            clock=lambda: self.now,
        )
        self.services = dataclasses.replace(services, notices=notices, push=push)
        self.site = known.site
        self.teller = Teller(self.services, client)
        self.post = Post()
        self.folder = services.settings.secrets
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, text: str, server: str = "") -> None:
        """Write the file of the notices."""
        server = server or f"smtp+plain://127.0.0.1:{self.post.port}"
        mail = f'[mail]\nserver = "{server}"\nfrom = "antechamber@box.example"\nuser = ""\n'
        (self.folder / "notices.toml").write_text(mail + text)

    async def hold(self, *numbers: int, site: str = "", text: str = "maybe {}", **more: Any) -> list[str]:
        """Comments that are held; their ids."""
        known = (await self.services.accounts.get(site or self.site.id)).site
        for number in numbers:
            one = submission(self.services, str(number), text.format(number), **more)
            await self.services.moderation.submit(known, one)
        await Worker(self.services, WordScorer()).drain()
        return [comment_id(known.id, str(number)) for number in numbers]

    async def hold_everything(self) -> None:
        policy = Policy(mode="hold-everything")
        await self.services.accounts.change(
            "blog", lambda site: msgspec.structs.replace(site, policy=policy), "sites.policy"
        )

    async def seen(self, comment: str) -> Comment:
        found = await self.services.comments.get(comment)
        assert found is not None
        return found

    async def look(self, later: int = 0) -> None:
        self.now += later
        await self.teller.look()

    async def told(self, name: str = "desk") -> Any:
        return await self.services.notices.told(Notice(name, Way.MAIL))
