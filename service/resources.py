"""What a running process holds: the store's parts, the secrets and the use cases, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.bringing import Bringing
from service.core.appeal import Links
from service.gathering import Gathering
from service.judging import Judging
from service.keyfiles import KeyFiles
from service.learning.quality import Quality
from service.lists import ListFiles
from service.moderation import Moderation
from service.observing import Observing
from service.policies import Policies
from service.redress import Redress
from service.rehearsal import Rehearsing
from service.reviewing import Reviewing
from service.reviewing.bulk import Bulk
from service.reviewing.carrying import Carrying
from service.reviewing.deciding import Deciding
from service.reviewing.dossier import Dossiers
from service.reviewing.lists import Lists
from service.reviewing.marking import Marking
from service.settings import Settings
from service.staff import Limits, Staff
from service.store.accounts import Accounts
from service.store.audits import Audits
from service.store.bulk import Bulks
from service.store.client import Connection
from service.store.comments import Comments
from service.store.correspondence import Correspondence
from service.store.desk import Desk
from service.store.evidence import DAY, Evidence, Lifetimes
from service.store.examples import Examples
from service.store.facets import QueueFacets
from service.store.imports import Imports
from service.store.models import Models
from service.store.outbox import Outbox
from service.store.policies import PolicyStore
from service.store.queue import Queue
from service.store.redress import RedressStore
from service.store.retention import Retention
from service.store.rivalry import Rivalry
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
    evidence: Evidence
    examples: Examples
    correspondence: Correspondence
    retention: Retention
    moderation: Moderation
    judging: Judging
    redress: Redress
    staff: Staff
    reviewing: Reviewing
    models: Models
    rivalry: Rivalry
    quality: Quality
    policies: Policies
    bringing: Bringing


@asynccontextmanager
async def open_resources(settings: Settings, secrets: KeyFiles, url: str) -> AsyncIterator[Resources]:
    """Connect to the Redis at `url` and build the use cases on it. Raises StoreUnavailable."""
    async with Connection(url) as connection:
        await connection.wait_ready()
        comments = Comments(connection, severity_hours=settings.review_severity_hours)
        work, links = Work(connection), Links(secrets.master, settings.address, settings.appeal_days)
        accounts = Accounts(connection, secrets.master, cache_seconds=settings.site_cache)
        examples = Examples(connection, lifetime=int(settings.retain_suggestions_days * DAY))
        correspondence = Correspondence(connection)
        audits, rivalry = Audits(connection), Rivalry(connection)
        evidence = Evidence(connection, _lifetimes(settings))
        moderation = Moderation(
            comments,
            work,
            links=links,
            backlog=settings.max_backlog,
            appeals_by_others=settings.appeals_by_others,
        )
        await work.prepare()
        reviewing = _reviewing(connection, settings, moderation, evidence, accounts)
        try:
            yield Resources(
                settings=settings,
                secrets=secrets,
                connection=connection,
                accounts=accounts,
                comments=comments,
                work=work,
                outbox=Outbox(connection),
                evidence=evidence,
                examples=examples,
                correspondence=correspondence,
                retention=Retention(connection),
                moderation=moderation,
                redress=Redress(
                    moderation, RedressStore(connection), links=links, reports_to_flag=settings.reports_to_flag
                ),
                judging=Judging(
                    comments,
                    work,
                    Gathering(evidence, ListFiles(settings.list_files, secrets.identity)),
                    links=links,
                    observing=Observing(audits, rivalry, share=settings.audit_share),
                ),
                models=Models(connection, settings.data_dir / "models"),
                rivalry=rivalry,
                quality=Quality(audits, comments, examples, correspondence),
                policies=Policies(PolicyStore(connection, accounts), Rehearsing(comments, examples)),
                staff=Staff(
                    Roster(connection, secrets.master),
                    accounts,
                    identity=secrets.identity,
                    master=secrets.master,
                    limits=_limits(settings),
                ),
                reviewing=reviewing,
                bringing=Bringing(
                    Imports(connection, severity_hours=settings.review_severity_hours, lifetimes=_lifetimes(settings)),
                    secrets.identity,
                ),
            )
        finally:
            await reviewing.carrying.close()
            await work.close()


def _reviewing(
    connection: Connection, settings: Settings, moderation: Moderation, evidence: Evidence, accounts: Accounts
) -> Reviewing:
    comments, desk = moderation.comments, Desk(connection)
    queue, facets = Queue(connection, severity_hours=settings.review_severity_hours), QueueFacets(connection)
    lists = Lists(comments, queue, facets, desk, search=settings.review_search)
    deciding = Deciding(
        moderation, desk, undo_seconds=settings.review_undo_seconds, claim_seconds=settings.review_claim
    )
    bulks = Bulks(connection)
    carrying = Carrying(bulks, comments, deciding, accounts)
    return Reviewing(
        lists=lists,
        dossiers=Dossiers(comments, facets, desk, evidence, lists),
        deciding=deciding,
        bulk=Bulk(
            bulks,
            comments,
            lists,
            deciding,
            carrying,
            evidence=evidence,
            accounts=accounts,
            most=settings.review_bulk,
            confirm=settings.review_bulk_confirm,
        ),
        carrying=carrying,
        marking=Marking(evidence, accounts),
    )


def _lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(
        campaign=int(settings.campaign_days * DAY),
        standing=int(settings.standing_days * DAY),
        address=int(settings.address_days * DAY),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        idle=settings.review_idle_timeout,
        absolute=settings.review_session_timeout,
        attempts=settings.sign_in_attempts,
        pause=settings.sign_in_pause,
        longest_pause=settings.sign_in_longest_pause,
    )
