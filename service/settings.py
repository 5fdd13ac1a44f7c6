"""Settings, from the environment (`ANTECHAMBER_*`, and `REDIS_URL`): typed, frozen, documented in `docs/settings.md`.

An unknown ANTECHAMBER_* variable is an error: a misspelt limit must not silently be the default. Secrets live in files
under `secrets_dir`, never in the environment.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as SettingsSourceError

from service.core.partition import MOST
from service.core.provider import grant
from service.core.server import read_address
from service.core.web_address import is_web_address

PREFIX = "ANTECHAMBER_"
_LONGEST_NAME = 255  # bytes of a file's name, as Linux has it
_MOST = 1_000_000_000_000  # of what counts
_MOST_DAYS = 36_500
_LONGEST = _MOST_DAYS * 86_400  # seconds
Network = IPv4Network | IPv6Network
_LOCAL = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|\Z)")
Delay = Annotated[float, Field(ge=0, le=30 * 86_400)]


class SettingsError(Exception):
    """The environment holds something that can't be used; the message says what and where. `problems`: variable -> what."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {what}" for name, what in problems.items()))
        self.problems = problems


class Settings(BaseSettings):
    """Everything an operator can set. Durations are seconds, sizes bytes, unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", allow_inf_nan=False)

    # Where things are
    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that the API listens on.")
    data_dir: Path = Field(Path("data"), description="Embedded Redis, cached models and, by default, the secrets.")
    secrets_dir: Path | None = Field(None, description="Folder of the secret files; default: DATA_DIR/secrets.")
    redis_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("REDIS_URL", "ANTECHAMBER_REDIS_URL"),
        description="A Redis or Valkey server, 6.2 or newer (redis://, rediss://, unix://, or redis+sentinel://), or a cluster; "
        "unset: an embedded one.",
    )
    partitions: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description="Parts that new data is begun in, which a Redis Cluster spreads over its masters; unset: one. What data has "
        "been begun with stays.",
    )
    fsync: str = Field("always", pattern="^(always|everysec)$", description="The embedded server's appendfsync policy.")
    public_url: str = Field("", description="Address under which platforms reach the service, for links in answers.")

    # Taking in
    max_body: int = Field(262_144, ge=1_024, description="Largest body of one request.")
    max_batch_body: int = Field(16_777_216, ge=1_024, description="Largest body of a batch.")
    max_batch_items: int = Field(1_000, ge=1, description="Most submissions in a batch.")
    body_timeout: float = Field(
        60.0, gt=0, description="Longest that a body of somebody who showed a key or a session may take to come in."
    )
    stranger_timeout: float = Field(
        10.0,
        gt=0,
        description="The same before it is known who sends it: webhooks, Akismet's forms, signing in, appeals.",
    )
    stranger_bodies: int = Field(
        16_777_216,
        ge=65_536,
        description="Most of such bodies that one process holds while they come in; then the oldest goes.",
    )
    idle_connection: float = Field(
        75.0, gt=0, description="How long a connection may stay without a request, also without its first one."
    )
    max_backlog: int = Field(
        400_000, ge=1, description="Comments of a partition waiting for the classifier before 503 is answered."
    )
    site_backlog: int = Field(
        100_000, ge=1, description="The same of one site, so that none takes the room of the others."
    )
    max_wait: float = Field(10.0, ge=0, description="Longest `Prefer: wait`.")
    idempotency_ttl: int = Field(86_400, ge=1, description="How long an Idempotency-Key is remembered.")
    idempotency_lease: float = Field(30.0, ge=1, description="How long an unanswered Idempotency-Key answers 409.")
    rate_limit: int = Field(0, ge=0, description="Submissions a minute per site; 0: no limit.")
    webhook_tolerance: int = Field(300, ge=1, description="Oldest timestamp of a signed webhook that is accepted.")
    hook_memory: int = Field(
        604_800,
        ge=60,
        description="How long a platform's signed body without a time is remembered, so that it counts once.",
    )
    email_intranet: Annotated[tuple[Literal["local", "localhost", "test"], ...], NoDecode] = Field(
        (),
        description="Endings kept for intranets and tests that count as e-mail domains all the same, comma-separated: "
        "`local` takes `ann@corp.local`.",
    )
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

    perspective_languages: str = Field(
        "refuse",
        pattern="^(refuse|score)$",
        description="Perspective's clients that ask about a language which can't be judged: refuse, as Perspective does, or "
        "score it all the same and say so in the answer.",
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
    sign_in_queue: int = Field(
        8,
        ge=0,
        description="Sign-ins that wait while a password is looked at before 503 is answered; as many more from known networks.",
    )
    sign_in_second_factor: Annotated[tuple[Literal["moderator", "lead", "operator"], ...], NoDecode] = Field(
        (), description="Roles that need a second factor to sign in, comma-separated: moderator, lead, operator."
    )
    oidc_issuer: str = Field(
        "",
        description="Issuer of your team's OpenID Connect provider, exactly as it calls itself; unset: passwords alone. "
        "See docs/operations.md.",
    )
    oidc_client_id: str = Field(
        "", description="What the provider calls this service; its secret is in secrets/oidc.secret."
    )
    oidc_label: str = Field("your organisation", max_length=60, description='On the button: "Sign in with …".')
    oidc_scope: str = Field("openid profile", description="What is asked for; some providers want `groups` too.")
    oidc_groups_claim: str = Field("groups", description="The claim that lists somebody's groups.")
    oidc_groups: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Groups whose members may come in without an invitation, semicolons between: GROUP=ROLE, or "
        "GROUP=ROLE:SITE+SITE. The first that fits counts.",
    )
    oidc_contexts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Values of `acr`, comma-separated, one of which the provider must vouch for; none: any."
    )
    oidc_allow: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Private networks that the provider may be in, comma-separated CIDRs."
    )
    review_undo_seconds: float = Field(
        15.0,
        ge=0,
        le=3_600,
        description="How long a moderator's decision can be undone; its call-back leaves after that.",
    )
    review_look: float = Field(
        0.3,
        ge=0,
        le=10,
        description="How long a comment has to be on the screen, with its evidence, before a moderator can decide it.",
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
    review_streams_each: int = Field(10, ge=1, description="The most of them that one moderator may have.")

    # Judging
    worker_batch: int = Field(64, ge=1, le=1_000, description="Comments that a worker scores at once.")
    reader: str = Field(
        "auto",
        pattern="^(auto|off)$",
        description="The second reader, which reads meaning: `auto` where it is installed, or `off`; see docs/reader.md.",
    )
    reader_within: float = Field(
        0.3, ge=0, le=30, description="Age up to which a comment waits for the second reader; older ones go without."
    )
    reader_share: float = Field(0.5, gt=0, le=1, description="Most of a core that the second reader takes, over time.")
    other_reader: str = Field(
        "",
        description="Address of another reader with OpenAI's wire, such as http://10.0.0.5:8000/v1/moderations, or "
        "…/v1/embeddings; the text of comments is sent there; its key, if it wants one, is in secrets/other-reader.key; "
        "see docs/reader.md.",
    )
    other_reader_model: str = Field("", description="The model that it is asked for; empty: its own choice.")
    other_reader_timeout: float = Field(0.5, gt=0, le=30, description="How long its answer is waited for.")
    other_reader_rate: float = Field(5.0, gt=0, description="Most comments that it is asked about, a second.")
    other_reader_failure: str = Field(
        "go-on", pattern="^(go-on|hold)$", description="What becomes of a comment without its word: `go-on` or `hold`."
    )
    other_reader_allow: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Private networks where it may be, comma-separated CIDRs."
    )
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
        False, description="Roll a site's model back by itself on an alert, to what was in use before."
    )
    learn_interval: float = Field(
        0.0,
        ge=0,
        description="How often sites are trained by themselves, and switched to what is better, where enough was decided or "
        "a version does not fit the shipped model any more; 0: never.",
    )
    learn_after: int = Field(
        50, ge=1, description="Decisions of a site since its newest version from which on it is trained by itself."
    )

    # Telling
    deliver_timeout: float = Field(15.0, gt=0, description="Time-out of one call-back.")
    deliver_schedule: Annotated[tuple[Delay, ...], NoDecode] = Field(
        (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400),
        min_length=1,
        description="Delays before each try of a call-back, comma-separated (Standard Webhooks' schedule).",
    )
    deliver_per_site: int = Field(
        64,
        ge=1,
        description="Most call-backs under way at once for one site; above 8 only while its receiver gets no slower.",
    )
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
    retain_examples_days: float = Field(
        730.0, ge=0, description="Days that what a human's decision taught is kept to learn from, with its text."
    )
    retain_notes_days: float = Field(
        365.0, ge=0, description="Days that notes of moderators are kept after the comment was approved or rejected."
    )
    retain_remains_days: float = Field(
        1_095.0,
        ge=0,
        description="Days until what remains of an approved or rejected comment (digests, scores, decisions, history) goes too; "
        "never before its text, what was learnt from it, and notes.",
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
    drain_timeout: float = Field(4.0, gt=0, description="How long a stop waits for work under way, in all.")

    # Saying
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning, error.")
    log_format: str = Field("json", pattern="^(json|console)$", description="json, or console for people.")
    metrics: bool = Field(True, description="Serve /metrics beside the API.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of a worker's or deliverer's own /metrics; 0: none.")

    @field_validator("callback_allow", "trusted_proxies", "oidc_allow", "other_reader_allow", mode="before")
    @classmethod
    def _networks(cls, parts: object) -> object:
        for part in parts if isinstance(parts, list) else ():
            try:
                meant = ip_network(part, strict=False)
            except ValueError:
                raise ValueError(f"{part[:50]!r} is no network, as 10.0.0.0/8 and 2001:db8::/32 are") from None
            if meant.network_address != ip_interface(part).ip:
                raise ValueError(f"{part} is an address in the network {meant}; write that")
        return parts  # split by now: validators that come first run last

    @field_validator(
        "deliver_schedule", "callback_allow", "trusted_proxies", "list_files", "sign_in_second_factor", "email_intranet",
        "oidc_contexts", "oidc_allow", "other_reader_allow", mode="before",
    )  # fmt: skip
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("*")
    @classmethod
    def _within_reason(cls, value: object, info: ValidationInfo) -> object:
        days = str(info.field_name).endswith("_days")
        most = _MOST_DAYS if days else _LONGEST if isinstance(value, float) else _MOST
        if isinstance(value, int | float) and abs(value) > most:
            raise ValueError(f"that is too much: at most {most:,}")
        return value

    @field_validator("host")
    @classmethod
    def _one_host(cls, host: str) -> str:
        if not host or not host.isprintable() or " " in host:
            raise ValueError("it is the name or address of a host; 0.0.0.0 is every address of this machine")
        return host

    @field_validator("data_dir", "secrets_dir", mode="before")
    @classmethod
    def _some_folder(cls, folder: object) -> object:
        if isinstance(folder, str) and not folder.strip():
            raise ValueError("it is empty; leave it unset for the default")
        return folder

    @field_validator("data_dir", "secrets_dir")
    @classmethod
    def _nameable(cls, path: Path | None) -> Path | None:
        if path is not None and str(path).startswith("~"):
            raise ValueError("it begins with ~, which nothing but a shell replaces; write the whole path")
        if path is not None and any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
            raise ValueError(f"no part of a path has more than {_LONGEST_NAME} bytes")
        return path

    @field_validator("redis_url")
    @classmethod
    def _readable(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            read_address(url.get_secret_value())
        return url

    @field_validator("oidc_groups", mode="before")
    @classmethod
    def _split_groups(cls, value: object) -> object:
        return [part.strip() for part in value.split(";") if part.strip()] if isinstance(value, str) else value

    @field_validator("oidc_groups")
    @classmethod
    def _grants(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        for one in groups:
            grant(one)
        return groups

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, url: str) -> str:
        if url and not (is_web_address(url) and (url.startswith("https://") or _LOCAL.match(url))):
            raise ValueError("it begins with https://; with http:// only on this machine")
        return url

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.oidc_issuer and not (self.oidc_client_id and self.public_url):
            raise ValueError(
                "OIDC_ISSUER needs OIDC_CLIENT_ID, and PUBLIC_URL, to which the provider sends people back"
            )
        return self

    @field_validator("public_url", "other_reader")
    @classmethod
    def _reachable(cls, url: str) -> str:
        if url and not is_web_address(url):
            raise ValueError("it begins with http:// or https://, and has a host and, if any, a port from 1 to 65535")
        return url

    @field_validator("public_url")
    @classmethod
    def _without_query(cls, url: str) -> str:
        if "?" in url or "#" in url:
            raise ValueError("paths are put behind it: it has no ? and no #")
        return url

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
    problems = {name: _unknown(name) for name in unknown}
    try:
        loaded = Settings()
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        for one in sorted(found, key=lambda one: -len(one["loc"])):  # an item of a list says more than the list
            name = variable(str(one["loc"][0])) if one["loc"] else "the environment"
            problems.setdefault(name, _said(one))
    except (SettingsSourceError, ValueError) as error:  # what can't be decoded, or was no text at all
        problems["the environment"] = f"it can't be read ({type(error).__name__})"
    if problems:
        raise SettingsError(problems)
    return loaded


_NEAR = 0.8  # of the letters of a misspelt name are those of the one that is meant
_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def _said(problem: Mapping[str, Any]) -> str:
    """What is wrong with a value, in words for who typed it."""
    kind, message, told = problem["type"], problem["msg"], problem.get("ctx", {})
    which = [f"item {place + 1}: " for place in problem["loc"][1:] if isinstance(place, int)]
    match kind.removesuffix("_parsing").removesuffix("_type"):
        case wanted if wanted in _KINDS:
            said = f"it must be {_KINDS[wanted]}"
        case "string_unicode" | "string" | "path":
            said = "it is no text in UTF-8"
        case "string_pattern_mismatch":
            *most, last = told["pattern"].strip("^()$").split("|")
            said = f"it must be {', '.join(most)} or {last}"
        case "string_too_long":
            said = f"it has more than {told['max_length']} characters"
        case "too_short":
            said = "there is nothing in it"
        case _:
            said = message.removeprefix("Value error, ").replace("Input should be", "it must be")
    return "".join(which) + said


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name.removeprefix(PREFIX).lower(), Settings.model_fields, 1, _NEAR)
    hint = f"is {variable(near[0])} meant?" if near else "docs/settings.md lists all of them"
    return f"there is no such setting; {hint}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    name = name.upper()
    return name if name == "REDIS_URL" or name.startswith(PREFIX) else PREFIX + name
