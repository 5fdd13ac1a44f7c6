"""What a running process holds: the store's parts, the secrets and the use cases, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.core.appeal import Links
from service.judging import Judging
from service.keyfiles import KeyFiles
from service.moderation import Moderation
from service.redress import Redress
from service.settings import Settings
from service.staff import Limits, Staff
from service.store.accounts import Accounts
from service.store.client import Connection
from service.store.comments import Comments
from service.store.correspondence import Correspondence
from service.store.examples import Examples
from service.store.outbox import Outbox
from service.store.redress import RedressStore
from service.store.staff import Roster
from service.store.work import Work


@dataclass(frozen=True, slots=True)
class Resources:
    """One process's parts; `open_resources` makes it."""

    settings: Settings
    secrets: KeyFiles
    connection: Connection
    accounts: Accounts
    comments: Comments
    work: Work
    outbox: Outbox
    examples: Examples
    correspondence: Correspondence
    moderation: Moderation
    judging: Judging
    redress: Redress
    staff: Staff


@asynccontextmanager
async def open_resources(settings: Settings, secrets: KeyFiles, url: str) -> AsyncIterator[Resources]:
    """Connect to the Redis at `url` and build the use cases on it. Raises StoreUnavailable."""
    async with Connection(url) as connection:
        await connection.wait_ready()
        comments, work, redress = Comments(connection), Work(connection), RedressStore(connection)
        links = Links(secrets.master, settings.address, settings.appeal_days)
        accounts = Accounts(connection, secrets.master, cache_seconds=settings.site_cache)
        await work.prepare()
        try:
            yield Resources(
                settings=settings,
                secrets=secrets,
                connection=connection,
                accounts=accounts,
                comments=comments,
                work=work,
                outbox=Outbox(connection),
                examples=Examples(connection),
                correspondence=Correspondence(connection),
                moderation=Moderation(
                    comments,
                    work,
                    redress,
                    links=links,
                    backlog=settings.max_backlog,
                    appeals_by_others=settings.appeals_by_others,
                ),
                redress=Redress(comments, redress, links=links, reports_to_flag=settings.reports_to_flag),
                judging=Judging(comments, work, links=links),
                staff=Staff(
                    Roster(connection, secrets.master),
                    accounts,
                    identity=secrets.identity,
                    master=secrets.master,
                    limits=_limits(settings),
                ),
            )
        finally:
            await work.close()


def _limits(settings: Settings) -> Limits:
    return Limits(
        idle=settings.review_idle_timeout,
        absolute=settings.review_session_timeout,
        attempts=settings.sign_in_attempts,
        pause=settings.sign_in_pause,
        longest_pause=settings.sign_in_longest_pause,
    )
