"""Everything that a running process holds, opened and closed together: the store's parts, the secrets, and the use cases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from service import installation
from service.core.appeal import Links
from service.core.errors import StoreUnavailable
from service.core.identity import let_intranet_in
from service.core.moderator import Role
from service.core.provider import grant
from service.installation import Note
from service.keyfiles import KeyFiles, forget_site, other_reader_key, provider_secret
from service.learning.quality import Quality
from service.settings import Settings
from service.store.bulk import Bulks
from service.store.client import Connection
from service.store.comments import Comments
from service.store.examples import Examples
from service.store.imports import Imports
from service.store.models import Models
from service.store.moderators import ModeratorStore
from service.store.notices import NoticeStore
from service.store.outbox import Outbox
from service.store.personal import PersonalData
from service.store.platform_ids import PlatformIds
from service.store.push import PushStore
from service.store.quality import QualitySample, ShadowVerdicts
from service.store.queue import Queue, QueueFacets
from service.store.redress import RedressStore
from service.store.reputation import DAY, Lifetimes, Reputations
from service.store.retention import Retention
from service.store.review import ReviewStore
from service.store.sites import Accounts, PolicyStore, Rates
from service.store.statistics import Numbers
from service.store.work import Work
from service.usecases.access import Access
from service.usecases.account import Account
from service.usecases.box import Box
from service.usecases.classification import Classification, Scorer, SignalCollector
from service.usecases.deliveries import Deliveries
from service.usecases.erasure import Erasure
from service.usecases.exporting import Exporting
from service.usecases.feedback import Feedback
from service.usecases.gauges import Gauges
from service.usecases.health import Health
from service.usecases.importing import Importing
from service.usecases.invitations import Invitations
from service.usecases.learning import Learning
from service.usecases.moderation import Moderation
from service.usecases.moderators import Limits, Moderators
from service.usecases.notices import Notices
from service.usecases.partitions import Spread
from service.usecases.policies import Policies
from service.usecases.policy_preview import PolicyPreview
from service.usecases.privacy import Privacy
from service.usecases.provider import ProviderSignIn
from service.usecases.push import Push
from service.usecases.redress import Redress
from service.usecases.review.bulk import Bulk, BulkRunner
from service.usecases.review.campaigns import Campaigns
from service.usecases.review.decisions import Decisions
from service.usecases.review.detail import Details, Marking
from service.usecases.review.queue import Lists
from service.usecases.sampling import Sampling
from service.usecases.sites import Sites
from service.usecases.statistics import Statistics
from service.usecases.team import Team
from service.usecases.work import WorkStream

_HURRY = 0.5  # seconds that a process that stops takes for a note

if TYPE_CHECKING:  # they bring an HTTP client along, which a command line seldom needs
    from service.lookups.other_reader import OtherReader, Whereabouts


@dataclass(frozen=True, slots=True)
class Review:
    """The use cases of moderators at work."""

    lists: Lists
    details: Details
    campaigns: Campaigns
    decisions: Decisions
    bulk: Bulk
    bulk_runner: BulkRunner
    marking: Marking


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case of a process, and what it keeps in Redis; `open_services` makes it."""

    settings: Settings
    secrets: KeyFiles
    connection: Connection
    accounts: Accounts
    comments: Comments
    work: Work
    outbox: Outbox
    reputations: Reputations
    examples: Examples
    platform_ids: PlatformIds
    retention: Retention
    models: Models
    shadow_verdicts: ShadowVerdicts
    access: Access
    moderation: Moderation
    classification: Classification
    feedback: Feedback
    redress: Redress
    moderators: Moderators
    account: Account
    team: Team
    invitations: Invitations
    provider: ProviderSignIn
    review: Review
    policies: Policies
    deliveries: Deliveries
    quality: Quality
    statistics: Statistics
    gauges: Gauges
    importing: Importing
    exporting: Exporting
    sites: Sites
    erasure: Erasure
    privacy: Privacy
    work_stream: WorkStream
    learning: Learning
    notices: Notices
    push: Push
    box: Box
    spread: Spread


@dataclass(frozen=True, slots=True)
class Opening:
    """How a process opens its parts: how long it waits for Redis, who hears of that, and whether it may write."""

    patience: float | None = 10.0  # seconds; None: as long as waiting may help
    waiting: Callable[[str, float], None] | None = None  # hears what is amiss, and for how many seconds
    writing: bool = True
    logged: bool = False  # whether troubles with Redis go to the log; a command says them where it ends
    recognise: bool = False  # whether data, keys and version must belong together: for all that operators start


@asynccontextmanager
async def open_services(
    settings: Settings, secrets: KeyFiles, url: str, opening: Opening = Opening()
) -> AsyncIterator[Services]:
    """Connect to the Redis at `url` and build the use cases on it. Raises StoreUnavailable, WrongInstallation."""
    let_intranet_in(settings.email_intranet)
    health = Health(logged=opening.logged, full=lambda: installation.no_room(settings))
    note = Note.read(settings.data_dir)
    begun = note.partitions if note.sites else settings.partitions or 1
    async with Connection(url, failed=health.heard, partitions=begun) as connection:
        await connection.wait_ready(opening.patience, opening.waiting)
        services = _services(settings, secrets, connection, health)
        if opening.recognise:
            await _recognise(services, note, writing=opening.writing)
        if opening.writing:
            with suppress(StoreUnavailable):  # a server that takes no writes; whoever claims work looks again
                await services.work.prepare()
        try:
            yield services
        finally:
            if opening.recognise and opening.writing:
                with suppress(StoreUnavailable, TimeoutError):
                    async with asyncio.timeout(_HURRY):
                        await _remember(services)
            await services.review.bulk_runner.close()
            await services.provider.close()
            await services.classification.close()
            await services.work.close()


async def _recognise(services: Services, note: Note, *, writing: bool) -> None:
    await services.box.recognise(note.id if note.sites else "", writing=writing)
    if writing:
        await _remember(services)


async def _remember(services: Services) -> None:
    """Note in the data directory that there is data, and which."""
    if not services.box.lost and services.box.id:
        await remember(services, services.box.id)


async def remember(services: Services, box: str) -> None:
    """Note in the data directory that there is data, which calls itself `box`."""
    note = Note(box, len(await services.accounts.all()), services.connection.keys.layout.count)
    if note != Note.read(services.settings.data_dir):
        note.write(services.settings.data_dir)


def _services(settings: Settings, secrets: KeyFiles, connection: Connection, health: Health) -> Services:
    accounts = Accounts(connection, secrets.master, cache_seconds=settings.site_cache)
    comments = Comments(connection, severity_hours=settings.review_severity_hours)
    work, outbox, reputations = Work(connection), Outbox(connection), Reputations(connection, _lifetimes(settings))
    examples, platform_ids = _examples(connection, settings), PlatformIds(connection)
    quality_sample, shadow_verdicts = QualitySample(connection), ShadowVerdicts(connection)
    links = Links(secrets.master, settings.address, settings.appeal_days)
    moderation = _moderation(comments, work, links, settings)
    sampling = Sampling(quality_sample, shadow_verdicts, share=settings.audit_share)
    models = Models(connection, settings.data_dir / "models")
    moderator_store, push_store = ModeratorStore(connection, secrets.master), PushStore(connection, secrets.master)
    review = _review(connection, settings, moderation, reputations, accounts, moderator_store=moderator_store)
    moderators = _moderators(moderator_store, settings, secrets, accounts, push_store=push_store)
    invitations = _invitations(moderators, moderator_store, settings, secrets, accounts)
    preview = PolicyPreview(comments, examples, partial(_scorer, models, accounts, shadow_verdicts))
    policies = Policies(PolicyStore(connection, accounts), preview, review.marking, secrets.identity)
    erasure = Erasure(moderation, examples, accounts, PersonalData(connection), identity=secrets.identity)
    return Services(
        settings=settings,
        secrets=secrets,
        connection=connection,
        accounts=accounts,
        comments=comments,
        work=work,
        outbox=outbox,
        reputations=reputations,
        examples=examples,
        platform_ids=platform_ids,
        retention=Retention(connection),
        models=models,
        shadow_verdicts=shadow_verdicts,
        access=Access(accounts, Rates(connection)),
        moderation=moderation,
        classification=_classification(comments, work, reputations, settings, links=links, sampling=sampling),
        feedback=Feedback(moderation, platform_ids, examples, secrets.identity, outbox=outbox),
        redress=_redress(connection, settings, moderation, accounts, links),
        moderators=moderators,
        account=Account(moderators, moderator_store, accounts, master=secrets.master),
        team=Team(moderators, invitations, moderator_store, accounts),
        invitations=invitations,
        provider=_provider(moderators, invitations, moderator_store, accounts, settings=settings, secrets=secrets),
        review=review,
        policies=policies,
        deliveries=Deliveries(outbox, accounts),
        quality=Quality(quality_sample, comments, examples, platform_ids),
        statistics=Statistics(Numbers(connection)),
        gauges=Gauges(connection, health, work=work, outbox=outbox, accounts=accounts),
        importing=_importing(connection, settings, secrets, accounts),
        exporting=Exporting(comments, ReviewStore(connection), accounts),
        sites=_sites(connection, settings, accounts, comments, outbox, models, store=moderator_store),
        erasure=erasure,
        privacy=_privacy(connection, moderation, reputations, examples, erasure, accounts=accounts, secrets=secrets),
        work_stream=WorkStream(work, moderation, accounts),
        learning=Learning(models, shadow_verdicts, examples, comments, accounts=accounts, policies=policies),
        notices=Notices(NoticeStore(connection), Queue(connection), comments, accounts),
        push=Push(push_store, moderator_store),
        spread=Spread(connection, accounts, comments, outbox),
        box=Box(connection, accounts, secrets.fingerprints, settings.partitions),
    )


def _classification(
    comments: Comments, work: Work, reputations: Reputations, settings: Settings, *, links: Links, sampling: Sampling
) -> Classification:
    collector = SignalCollector(reputations, _other_reader(settings))
    return Classification(comments, work, collector, links=links, sampling=sampling)


def _moderation(comments: Comments, work: Work, links: Links, settings: Settings) -> Moderation:
    return Moderation(
        comments,
        work,
        links=links,
        backlog=settings.max_backlog,
        site_backlog=settings.site_backlog,
        appeals_by_others=settings.appeals_by_others,
    )


async def _scorer(models: Models, accounts: Accounts, shadow_verdicts: ShadowVerdicts, site: str) -> Scorer:
    """What scores a site's comments now, to judge what was never judged. Loads the model, which takes a while."""
    from service.learning.registry import Registry  # noqa: PLC0415

    registry = Registry(models, accounts, shadow_verdicts)
    return await registry.scorer((await registry.standing(site)).active)


def _sites(  # noqa: PLR0917
    connection: Connection,
    settings: Settings,
    accounts: Accounts,
    comments: Comments,
    outbox: Outbox,
    models: Models,
    *,
    store: ModeratorStore,
) -> Sites:
    forget_secrets = partial(forget_site, settings.secrets)
    personal = PersonalData(connection)
    return Sites(accounts, comments, outbox, models, store, personal=personal, forget_secrets=forget_secrets)


def _other_reader(settings: Settings) -> OtherReader | None:
    if not settings.other_reader:
        return None
    from service.lookups.other_reader import OtherReader  # noqa: PLC0415

    there = other_reader_whereabouts(settings)
    if not there.gives_vectors:
        return OtherReader(there)
    from service.learning import other_reader  # noqa: PLC0415 - it needs numpy

    return OtherReader(there, says=other_reader.says(settings.data_dir))


def other_reader_whereabouts(settings: Settings) -> Whereabouts:
    """Where the other reader is, and what it may cost. Raises KeyFileError."""
    from service.lookups.other_reader import Whereabouts  # noqa: PLC0415

    return Whereabouts(
        settings.other_reader,
        other_reader_key(settings.secrets),
        settings.other_reader_model,
        settings.other_reader_timeout,
        settings.other_reader_rate,
        settings.other_reader_failure == "hold",
        settings.other_reader_allow,
    )


def _redress(
    connection: Connection, settings: Settings, moderation: Moderation, accounts: Accounts, links: Links
) -> Redress:
    store, enough = RedressStore(connection), settings.reports_to_flag
    return Redress(moderation, store, accounts=accounts, links=links, reports_to_flag=enough)


def _moderators(
    store: ModeratorStore, settings: Settings, secrets: KeyFiles, accounts: Accounts, *, push_store: PushStore
) -> Moderators:
    return Moderators(
        store,
        accounts,
        push_store,
        identity=secrets.identity,
        master=secrets.master,
        limits=_limits(settings),
    )


def _invitations(
    moderators: Moderators, store: ModeratorStore, settings: Settings, secrets: KeyFiles, accounts: Accounts
) -> Invitations:
    return Invitations(
        moderators, store, accounts, master=secrets.master, identity=secrets.identity, home=_home(settings)
    )


def _provider(
    moderators: Moderators,
    invitations: Invitations,
    store: ModeratorStore,
    accounts: Accounts,
    *,
    settings: Settings,
    secrets: KeyFiles,
) -> ProviderSignIn:
    provider = None
    if settings.oidc_issuer:
        from service.lookups.provider import Provider  # noqa: PLC0415

        provider = Provider(
            settings.oidc_issuer, settings.oidc_client_id, provider_secret(settings.secrets), allow=settings.oidc_allow,
            scope=settings.oidc_scope, groups_claim=settings.oidc_groups_claim if settings.oidc_groups else "",
            contexts=settings.oidc_contexts,
        )  # fmt: skip
    return ProviderSignIn(
        provider, moderators, invitations, store, accounts, master=secrets.master, identity=secrets.identity,
        grants=[grant(one) for one in settings.oidc_groups], label=settings.oidc_label,
        home=_home(settings),
    )  # fmt: skip


def _home(settings: Settings) -> str:
    return f"{settings.address.rstrip('/')}/review"


def _importing(connection: Connection, settings: Settings, secrets: KeyFiles, accounts: Accounts) -> Importing:
    imports = Imports(connection, severity_hours=settings.review_severity_hours, lifetimes=_lifetimes(settings))
    return Importing(imports, secrets.identity, accounts)


def _privacy(
    connection: Connection,
    moderation: Moderation,
    reputations: Reputations,
    examples: Examples,
    erasure: Erasure,
    *,
    accounts: Accounts,
    secrets: KeyFiles,
) -> Privacy:
    return Privacy(
        moderation,
        PersonalData(connection),
        reputations,
        ReviewStore(connection),
        examples=examples,
        erasure=erasure,
        accounts=accounts,
        identity=secrets.identity,
    )


def _review(
    connection: Connection,
    settings: Settings,
    moderation: Moderation,
    reputations: Reputations,
    accounts: Accounts,
    *,
    moderator_store: ModeratorStore,
) -> Review:
    comments, review_store = moderation.comments, ReviewStore(connection)
    queue, facets = Queue(connection, severity_hours=settings.review_severity_hours), QueueFacets(connection)
    lists = Lists(comments, queue, facets, review_store, search=settings.review_search)
    decisions = Decisions(
        moderation,
        review_store,
        accounts,
        moderator_store,
        undo_seconds=settings.review_undo_seconds,
        claim_seconds=settings.review_claim,
    )
    campaigns = Campaigns(comments, facets, reputations, lists)
    bulks = Bulks(connection)
    bulk_runner = BulkRunner(bulks, comments, decisions, accounts)
    return Review(
        lists=lists,
        details=Details(comments, review_store, reputations, lists, campaigns),
        campaigns=campaigns,
        decisions=decisions,
        bulk=Bulk(
            bulks,
            comments,
            lists,
            decisions,
            bulk_runner,
            reputations=reputations,
            accounts=accounts,
            most=settings.review_bulk,
            confirm=settings.review_bulk_confirm,
        ),
        bulk_runner=bulk_runner,
        marking=Marking(reputations, accounts, comments),
    )


def _examples(connection: Connection, settings: Settings) -> Examples:
    return Examples(connection, lifetime=int(settings.retain_suggestions_days * DAY))


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
        queue=settings.sign_in_queue,
        second_factor=frozenset(Role(role) for role in settings.sign_in_second_factor),
    )
