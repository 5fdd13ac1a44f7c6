"""Settings, from the environment (`ANTECHAMBER_*`, and `REDIS_URL`): typed, frozen, documented in `docs/settings.md`.

An unknown ANTECHAMBER_* variable is an error: a misspelt limit must not silently be the default. Secrets live in files
under `secrets_dir`, never in the environment.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "ANTECHAMBER_"
Network = IPv4Network | IPv6Network
Delay = Annotated[float, Field(ge=0, le=30 * 86_400)]


class SettingsError(Exception):
    """The environment holds something that can't be used; the message says what and where."""


class Settings(BaseSettings):
    """Everything an operator can set. Durations are seconds, sizes bytes, unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    # Where things are
    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that the API listens on.")
    data_dir: Path = Field(Path("data"), description="Embedded Redis, cached models and, by default, the secrets.")
    secrets_dir: Path | None = Field(None, description="Folder of the secret files; default: DATA_DIR/secrets.")
    redis_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("REDIS_URL", "ANTECHAMBER_REDIS_URL"),
        description="A Redis or Valkey server, 6.2 or newer; unset: an embedded one.",
    )
    fsync: str = Field("always", pattern="^(always|everysec)$", description="The embedded server's appendfsync policy.")
    public_url: str = Field("", description="Address under which platforms reach the service, for links in answers.")

    # Taking in
    max_body: int = Field(262_144, ge=1_024, description="Largest body of one request.")
    max_batch_body: int = Field(16_777_216, ge=1_024, description="Largest body of a batch.")
    max_batch_items: int = Field(1_000, ge=1, description="Most submissions in a batch.")
    max_backlog: int = Field(100_000, ge=1, description="Comments waiting for the classifier before 503 is answered.")
    max_wait: float = Field(10.0, ge=0, description="Longest `Prefer: wait`.")
    idempotency_ttl: int = Field(86_400, ge=1, description="How long an Idempotency-Key is remembered.")
    idempotency_lease: float = Field(30.0, ge=1, description="How long an unanswered Idempotency-Key answers 409.")
    rate_limit: int = Field(0, ge=0, description="Submissions a minute per site; 0: no limit.")
    webhook_tolerance: int = Field(300, ge=1, description="Oldest timestamp of a signed webhook that is accepted.")
    email_dns: bool = Field(False, description="Look up whether a mail domain exists (DNS, off the request path).")
    httpbl: bool = Field(
        False,
        description="Ask Project Honey Pot about commenters' public IPv4 addresses (DNS): it learns them. See docs/signals.md.",
    )
    httpbl_patience: float = Field(0.3, ge=0, le=2, description="Longest that a submission waits for that answer.")
    httpbl_remember: int = Field(86_400, ge=60, description="How long such an answer is remembered.")
    site_cache: float = Field(2.0, ge=0, description="How long a process trusts what it knows of a site and its keys.")

    akismet_deadline: float = Field(
        0.8, gt=0, le=30, description="Longest that an Akismet client waits for an answer; many give up after a second."
    )
    hook_deadline: float = Field(
        0.8,
        gt=0,
        le=30,
        description="Longest that a platform's hook waits for a decision, where it can use one (Coral).",
    )

    # Answering to readers and authors
    reports_to_flag: float = Field(
        3.0,
        gt=0,
        description="Weight of readers' reports that sends an approved comment to the moderators; a new reader weighs 1.",
    )
    appeal_days: float = Field(
        21.0,
        ge=0,
        description="How long the author of a rejected comment may appeal; keep it below RETAIN_REJECTED_DAYS.",
    )
    appeals_by_others: bool = Field(
        True, description="An appeal is judged by another moderator than the one who decided; false: by anybody."
    )

    # Moderators
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, comma-separated CIDRs.",
    )
    review_secure_cookie: str = Field(
        "auto",
        pattern="^(auto|always)$",
        description="Mark the moderators' cookie Secure: auto (PUBLIC_URL is https, or a trusted proxy says so) or always.",
    )
    review_idle_timeout: float = Field(
        7_200.0, gt=0, description="After how long without use a moderator is signed out."
    )
    review_session_timeout: float = Field(43_200.0, gt=0, description="Longest that a moderator stays signed in.")
    sign_in_attempts: int = Field(
        5, ge=1, description="Failed sign-ins of one name from one network before each costs a pause."
    )
    sign_in_pause: float = Field(2.0, gt=0, description="The first such pause; each is twice the one before.")
    sign_in_longest_pause: float = Field(900.0, gt=0, description="The longest such pause.")
    review_undo_seconds: float = Field(
        15.0,
        ge=0,
        le=3_600,
        description="How long a moderator's decision can be undone; its call-back leaves after that.",
    )
    review_severity_hours: float = Field(
        12.0, ge=0, description="By how many hours the most severe comment comes before a harmless one of the same age."
    )
    review_claim: float = Field(60.0, gt=1, description="How long a comment counts as looked at after the last sign.")
    review_search: int = Field(
        2_000, ge=100, description="Most comments that are looked through for one page of a search."
    )
    review_bulk: int = Field(50_000, ge=1, description="Most comments in one bulk decision.")
    review_bulk_confirm: int = Field(20, ge=0, description="Above how many comments the count must be confirmed.")
    review_streams: int = Field(200, ge=1, description="Moderators' pages that one process keeps up to date at once.")

    # Judging
    worker_batch: int = Field(64, ge=1, le=1_000, description="Comments that a worker scores at once.")
    claim_idle: float = Field(30.0, gt=0, description="After how long another worker takes over unfinished comments.")
    list_files: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description="Files of IP and e-mail addresses, comma-separated, whose use is a signal; see docs/signals.md."
    )
    max_attempts: int = Field(5, ge=1, description="Tries before a comment goes to the dead-letter stream.")

    # Learning
    audit_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Share of automatic approvals and rejections that moderators judge blind, where a site's policy says "
        "nothing else; 0: none.",
    )
    teach_queue: int = Field(
        20,
        ge=0,
        description="Flagged comments of a site that are marked as worth deciding for what they teach; 0: none.",
    )
    watch_interval: float = Field(300.0, ge=1, description="How often the models in use are looked at.")
    watch_drift: float = Field(
        0.25,
        gt=0,
        description="Alert when a model's scores have shifted by more than this (population stability index).",
    )
    watch_overturns: float = Field(
        0.05, gt=0, le=1, description="Alert when surely more than this share of automatic decisions is overturned."
    )
    watch_calibration: float = Field(
        0.1, gt=0, le=1, description="Alert when humans' decisions differ from the scores by surely more than this."
    )
    rollback_on_alert: bool = Field(
        False, description="Roll a site's model back by itself on an alert, when the version before it is known."
    )

    # Telling
    deliver_timeout: float = Field(15.0, gt=0, description="Time-out of one call-back.")
    deliver_schedule: Annotated[tuple[Delay, ...], NoDecode] = Field(
        (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400),
        min_length=1,
        description="Delays before each try of a call-back, comma-separated (Standard Webhooks' schedule).",
    )
    deliver_per_site: int = Field(8, ge=1, description="Call-backs under way at once for one site.")
    deliver_total: int = Field(256, ge=1, description="Call-backs under way at once in one process.")
    deliver_max_response: int = Field(65_536, ge=0, description="Most of a receiver's answer that is read.")
    callback_allow: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Private networks that call-backs may reach, comma-separated CIDRs, for local set-ups."
    )

    # Keeping
    retain_approved_days: float = Field(30.0, ge=0, description="Days until an approved comment's text is dropped.")
    retain_rejected_days: float = Field(30.0, ge=0, description="Days until a rejected comment's text is dropped.")
    retain_suggestions_days: float = Field(
        365.0, gt=0, description="Days that suggested scores, which belong to no comment, are kept to learn from."
    )
    campaign_days: float = Field(
        7.0, gt=0, le=90, description="Days that near-duplicates and exact repeats are remembered after the latest one."
    )
    standing_days: float = Field(
        400.0, gt=0, description="Days that the record of an author or a domain is kept after their latest comment."
    )
    address_days: float = Field(
        30.0, gt=0, description="Days that the record of an IP address or a network is kept after its latest comment."
    )
    delivery_log: int = Field(1_000, ge=0, description="Delivery attempts remembered per site.")
    key_overlap_days: float = Field(7.0, ge=0, description="How long a rotated key keeps working.")
    drain_timeout: float = Field(20.0, gt=0, description="How long a stop waits for work under way.")

    # Saying
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning, error.")
    log_format: str = Field("json", pattern="^(json|console)$", description="json, or console for people.")
    metrics: bool = Field(True, description="Serve /metrics beside the API.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of a worker's or deliverer's own /metrics; 0: none.")

    @field_validator("deliver_schedule", "callback_allow", "trusted_proxies", "list_files", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("deliver_schedule")
    @classmethod
    def _begin_at_once(cls, schedule: tuple[float, ...]) -> tuple[float, ...]:
        if schedule[0] != 0:
            raise ValueError("the first try is made at once: begin with 0")
        return schedule

    @property
    def secrets(self) -> Path:
        """The folder of the secret files."""
        return self.secrets_dir if self.secrets_dir is not None else self.data_dir / "secrets"

    @property
    def address(self) -> str:
        """Under which address the service is reached, as far as we know."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def embedded(self) -> bool:
        """Whether the service runs its own Redis server."""
        return self.redis_url is None


def load() -> Settings:
    """Read the settings from the environment. Raises SettingsError, in words for an operator."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"unknown setting {', '.join(unknown)}; docs/settings.md lists all of them")
    try:
        return Settings()
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        lines = [f"{variable(str(problem['loc'][0]))}: {problem['msg']}" for problem in problems]
        raise SettingsError("; ".join(lines)) from None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    name = name.upper()
    return name if name == "REDIS_URL" or name.startswith(PREFIX) else PREFIX + name
