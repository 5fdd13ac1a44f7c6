"""Tells people what waits: looks at each notice every few seconds, and sends what is due. A part of the deliverer's role.

One process looks at a time, and a notice is claimed before it is sent (`usecases/notices.py`), so any number may run.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from urllib.parse import urlsplit

import structlog

from service import keyfiles, metrics
from service.clock import now_ms
from service.container import Services
from service.core.errors import StoreUnavailable
from service.core.notice import SENT, MailServer, Notice, Notices, Summary, Told, Way, webhook_secret
from service.keyfiles import KeyFileError
from service.signatures import sign
from service.usecases.health import say_unavailable
from service.usecases.push import Reader
from service.workers.deliver.client import Client
from service.workers.deliver.mail import Outcome, post
from service.workers.deliver.message import seconds_asked
from service.workers.deliver.notice_shapes import body, headline, links, mail_text, push_message
from service.workers.deliver.push import PushPost

LOOK = 5.0
"""Seconds between looks."""
_NAMELESS = "localhost"

log = structlog.get_logger(__name__)


async def run_notices(services: Services, stop: asyncio.Event) -> None:
    """Tell people until `stop` is set; what is under way then is finished."""
    async with Client(services.settings) as client:
        teller, broken = Teller(services, client), ""
        while not stop.is_set():
            try:
                if await services.models.take_turn("notices", LOOK * 0.9):
                    await teller.look()
                broken = ""
            except StoreUnavailable as error:
                say_unavailable("notices", error)
            except KeyFileError as error:
                if broken != str(error):  # once, not at every look; `antechamber check` says what is wrong with it
                    log.error("notices can't be read", role="notices")
                broken = str(error)
            except Exception as error:  # this must not take the deliverer beside it down
                metrics.FAILURES.labels("notices").inc()
                log.error("notices failed", role="notices", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK)


class Teller:
    """Sends the notices of one process."""

    def __init__(self, services: Services, client: Client) -> None:
        self._notices = services.notices
        self._settings = services.settings
        self._master = services.secrets.master
        self._client = client
        self._push = services.push
        self._push_post = PushPost(client, services.secrets.master, services.settings.address)
        self._links = links(services.settings.address)

    async def look(self) -> None:
        """Send what is due, and the tests that were asked for. Raises KeyFileError, StoreUnavailable."""
        found = await asyncio.to_thread(keyfiles.notices, self._settings.secrets)
        await asyncio.gather(
            *[
                self._tell_browsers(one, found) if one.way is Way.PUSH else self._tell(one, found)
                for one in found.notices
                if one.way is not Way.FEED
            ]
        )

    async def _tell_browsers(self, notice: Notice, found: Notices) -> None:
        """Each reader has a notice of their own, about the sites that they see. A test of the whole is one for each of them."""
        told = await self._notices.told(notice)
        readers = await self._push.readers(notice)
        if told.asked > told.tried:
            ended = [await self._test(one.notice, told, found, one) for one in readers] or ["nobody"]
            await self._notices.tested(notice, told.asked, next((one for one in ended if one != SENT), SENT))
        await asyncio.gather(*[self._tell(one.notice, found, one) for one in readers])

    async def _test(self, notice: Notice, told: Told, found: Notices, reader: Reader | None) -> str:
        """Send a test; how it ended."""
        summary = await self._notices.summary(notice, told.upto)
        _, outcome = await self._send(notice, summary, found, reader, test=True)
        return outcome.problem or SENT

    async def _tell(self, notice: Notice, found: Notices, reader: Reader | None = None) -> None:
        told = await self._notices.told(notice)
        if told.asked > told.tried:
            await self._notices.tested(notice, told.asked, await self._test(notice, told, found, reader))
        summary_due = await self._notices.due(notice)
        if summary_due is None:
            return
        after, outcome = await self._send(notice, summary_due, found, reader)
        if outcome.sent:
            await self._notices.sent(notice, summary_due, outcome.problem)
        else:
            await self._notices.failed(notice, outcome.problem, after=after, perhaps=outcome.perhaps)
        result = ("failed", "sent")[outcome.sent]
        metrics.NOTICES.labels(notice.way, result).inc()
        say = log.warning if outcome.problem else log.info
        say(
            "notice", role="notices", notice=notice.name, type=str(notice.way), result=result, count=summary_due.new,
            error=outcome.problem,
        )  # fmt: skip

    async def _send(
        self, notice: Notice, summary: Summary, found: Notices, reader: Reader | None, *, test: bool = False
    ) -> tuple[int, Outcome]:
        """Send it; for how many milliseconds we are asked to wait, and how it ended."""
        if notice.way is Way.MAIL:
            return 0, await self._mail(notice, summary, found.mail, test=test)
        if reader is not None:
            return await self._browsers(summary, found, reader, test=test)
        at = now_ms()
        content = body(notice, summary, self._links, at=at, test=test)
        headers = {}
        if notice.way is Way.WEBHOOK:
            name = f"ntc_{notice.name}_{at if test else summary.upto}"
            headers = sign([webhook_secret(self._master, notice)], name, int(time.time()), content)
        response = await self._client.ask(notice.to[0], headers, content)
        if not response.error and 200 <= response.status < 300:
            return 0, Outcome(sent=True)
        asked = seconds_asked(response.retry_after, time.time())
        return int(asked * 1000), Outcome(sent=False, problem=response.error or f"status-{response.status}")

    async def _browsers(self, summary: Summary, found: Notices, reader: Reader, *, test: bool) -> tuple[int, Outcome]:
        message = push_message(reader.notice, summary, self._links, test=test)
        posted = await self._push_post.post(message, reader.notice.name, reader.browsers, found.push_services)
        for one in posted.gone:
            await self._push.gone(reader, one)
        return posted.after, posted.outcome

    async def _mail(self, notice: Notice, summary: Summary, mail: MailServer | None, *, test: bool) -> Outcome:
        if mail is None:  # the file has been checked: there is one
            return Outcome(sent=False, problem="no-server")
        return await post(
            mail,
            notice.to,
            f"{'Test: ' if test else ''}{headline(summary)}",
            mail_text(notice, summary, self._links, test=test),
            own_name=urlsplit(self._settings.address).hostname or _NAMELESS,
            seconds=self._settings.deliver_timeout,
        )
