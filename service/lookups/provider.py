"""Speaks with the team's OpenID Connect provider: Authorization Code with PKCE, and what it says of who signed in.

What is believed is an ID token that this provider (`iss`) has signed for us alone (`aud`), just now, in answer to this question
(`nonce`), with a key that it publishes; signatures are joserfc's. The provider tells where its endpoints are, so each address is
checked where the socket is made, as those of call-backs are (`receivers.py`), no redirect is followed, and answers are bounded in
time and size. For the use case of signing in there.

OpenID Connect Core 1.0 (3.1), Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE), RFC 9207 (the answer's `iss`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from msgspec import Struct
from yarl import URL

from service.core.errors import ProviderUnavailable, Unauthenticated
from service.core.provider import Identity
from service.lookups.receivers import Guard, Network, guarded_connector

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures that are believed: never `none`, and none by a secret that two have."""
_PATIENCE = 10.0  # seconds for one question
_MOST = 262_144  # bytes of an answer
_FRESH = 3_600.0  # seconds that discovery and keys are believed
_NOT_AGAIN = 60.0  # seconds between two looks for keys that were not among those
_AFTER_FAILURE = 5.0  # seconds without another look at a provider that could not say where its endpoints are
_CLOCKS_DIFFER = 60  # seconds
_OLDEST = 600  # seconds since a token was made
_FAR = 10**12  # seconds since 1970, and far beyond all clocks
_MOST_CLAIMS = 1_000  # groups of one person that are looked at
_ERRORS: Final = (
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
)  # fmt: skip
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

_log = structlog.get_logger("sign-in")


class Discovered(Struct, frozen=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(Struct, frozen=True):
    id_token: str
    access_token: str = ""


class Provider:
    """One provider, as one client of it. `secret` is "" for a public client. Belongs to one event loop.

    `allow` are private networks that it may be in; `groups_claim` names the claim that lists somebody's groups; `contexts` are
    values of `acr`, one of which the provider must vouch for, none: any. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        issuer: str,
        client: str,
        secret: str,
        *,
        allow: Sequence[Network] = (),
        scope: str = "openid profile",
        groups_claim: str = "",
        contexts: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self._client = client
        self._secret = secret
        self._guard = Guard(allow)
        self._scope = scope
        self._groups_claim = groups_claim
        self._contexts = tuple(contexts)
        self._clock = clock
        self._http: aiohttp.ClientSession | None = None
        self._found: tuple[float, Discovered] | None = None
        self._failed = -_AFTER_FAILURE  # when it last could not be asked for that
        self._keys: tuple[float, KeySet] | None = None
        self._looking = asyncio.Lock()

    def __repr__(self) -> str:
        return "Provider(…)"

    async def address(self, *, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser that shall sign in. Raises ProviderUnavailable."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._client, "redirect_uri": back, "scope": self._scope, "state": state,
            "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        if self._contexts:
            asked["acr_values"] = " ".join(self._contexts)
        return str(URL((await self._discovered()).authorization_endpoint).update_query(asked))

    async def leaving(self, back: str) -> str:
        """Where to send a browser that signs out, "" when the provider has no such place, or can't be asked."""
        try:
            end = (await self._discovered()).end_session_endpoint
        except ProviderUnavailable:
            return ""
        return str(URL(end).update_query(client_id=self._client, post_logout_redirect_uri=back)) if end else ""

    async def identify(self, code: str, *, back: str, nonce: str, verifier: str, issuer: str | None) -> Identity:
        """Who signed in there, of the answer that a browser brought: its `code`, and its `iss` if it had one.

        Raises Unauthenticated when anything is not as it should be, ProviderUnavailable.
        """
        known = await self._discovered()
        if issuer != self.issuer and (issuer is not None or known.authorization_response_iss_parameter_supported):
            raise self._refused("another issuer answered")
        tokens = await self._exchange(known, code, back, verifier)
        claims = await self._claims(tokens.id_token, nonce)
        if self._groups_claim and self._groups_claim not in claims and known.userinfo_endpoint and tokens.access_token:
            headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json"}
            more = await self._json("GET", known.userinfo_endpoint, headers=headers)
            if more.get("sub") != claims["sub"]:
                raise self._refused("its user information is of somebody else")
            claims = more | claims
        wanted = claims.get("preferred_username") or claims.get("nickname") or claims.get("name") or ""
        return Identity(f"{self.issuer}\0{claims['sub']}", str(wanted)[:200], _groups(claims.get(self._groups_claim)))

    async def close(self) -> None:
        """Close what is open."""
        if self._http is not None:
            await self._http.close()

    async def _discovered(self) -> Discovered:
        """Where its endpoints are. All who ask at once wait for one look, and share how it ends: none waits behind another."""
        async with self._looking:
            if self._found is None or time.monotonic() - self._found[0] > _FRESH:
                if time.monotonic() - self._failed < _AFTER_FAILURE:
                    raise ProviderUnavailable
                try:
                    found = await self._discover()
                except ProviderUnavailable:
                    self._failed = time.monotonic()
                    raise
                self._found = (time.monotonic(), found)
            return self._found[1]

    async def _discover(self) -> Discovered:
        raw = await self._json("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = msgspec.convert(raw, Discovered)
        except msgspec.ValidationError as error:
            raise self._unavailable("what it says of itself can't be read") from error
        if found.issuer != self.issuer:
            raise self._unavailable("it calls itself by another issuer")
        places = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        if not all(map(is_safe, (*places, *filter(None, (found.userinfo_endpoint, found.end_session_endpoint))))):
            raise self._unavailable("one of its endpoints is not https")
        return found

    async def _exchange(self, known: Discovered, code: str, back: str, verifier: str) -> _Tokens:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers = {"Accept": "application/json"}
        if self._secret and "client_secret_basic" in known.token_endpoint_auth_methods_supported:
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._client} | ({"client_secret": self._secret} if self._secret else {})
        raw = await self._json("POST", known.token_endpoint, refusals=True, data=form, headers=headers)
        try:
            return msgspec.convert(raw, _Tokens)
        except msgspec.ValidationError as error:
            raise self._refused("it gives no ID token") from error

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is good, and is about this question (OpenID Connect Core 1.0, 3.1.3.7)."""
        claims = await self._verified(token)
        now, audience = self._clock(), claims.get("aud")
        if claims.get("iss") != self.issuer:
            raise self._refused("the token is of another issuer")
        if audience not in (self._client, [self._client]) or claims.get("azp", self._client) != self._client:
            raise self._refused("the token is for somebody else")
        if claims.get("nonce") != nonce:
            raise self._refused("the token answers another question")
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
            raise self._refused("the token is about nobody")
        times = {name: _seconds(claims.get(name)) for name in ("exp", "iat", "nbf")}
        if times["exp"] <= now - _CLOCKS_DIFFER or not now - _OLDEST <= times["iat"] <= now + _CLOCKS_DIFFER:
            raise self._refused("the token is of another time")
        if times["nbf"] > now + _CLOCKS_DIFFER:
            raise self._refused("the token is of another time")
        if self._contexts and claims.get("acr") not in self._contexts:
            raise self._refused("they signed in with less than is asked for")
        return claims

    async def _verified(self, token: str) -> dict[str, Any]:
        for again in (False, True):  # keys change: once in a while a new one has to be looked up
            keys = await self._published(again=again)
            try:
                found = jwt.decode(token, keys, algorithms=list(ALGORITHMS), registry=_REGISTRY)
                return dict(found.claims)
            except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
                if again:
                    raise self._refused(f"the token's signature: {type(error).__name__}") from error
        raise AssertionError

    async def _published(self, *, again: bool) -> KeySet:
        known = await self._discovered()
        age = time.monotonic() - self._keys[0] if self._keys else _FRESH
        if self._keys is None or age >= (_NOT_AGAIN if again else _FRESH):
            listed = (await self._json("GET", known.jwks_uri)).get("keys")
            if not isinstance(listed, list):
                raise self._unavailable("its keys can't be read")
            self._keys = (time.monotonic(), KeySet([key for one in listed if (key := _signing_key(one))]))
        return self._keys[1]

    async def _json(self, method: str, url: str, *, refusals: bool = False, **more: Any) -> dict[str, Any]:
        """The JSON object of an answer. `refusals`: an error of OAuth says that what we brought is no good.

        Raises ProviderUnavailable, Unauthenticated.
        """
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                self._session().request(method, url, allow_redirects=False, **more) as answer,
            ):
                body = await _bounded(answer)
            if refusals and answer.status in (400, 401):
                said = _error(body)
                raise self._refused(said) if said == "invalid_grant" else self._unavailable(said or f"{answer.status}")
            if answer.status != 200:
                raise self._unavailable(f"it answers {answer.status}")
            found = json.loads(body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unavailable(type(error).__name__) from error
        except (ValueError, RecursionError) as error:
            raise self._unavailable("its answer is no JSON") from error
        if not isinstance(found, dict):
            raise self._unavailable("its answer is no object")
        return found

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=guarded_connector(self._guard, keepalive=2.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._http

    def _refused(self, why: str) -> Unauthenticated:
        _log.warning("provider refused", why=why)
        return Unauthenticated("That sign-in is not good here.")

    def _unavailable(self, why: str) -> ProviderUnavailable:
        _log.warning("provider unavailable", why=why)
        return ProviderUnavailable()


_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


def is_safe(url: str) -> bool:
    """Whether an address is https, or on this machine; without anybody's name in it."""
    try:
        parsed = URL(url)
        host = parsed.host
    except ValueError:
        return False
    secure = parsed.scheme == "https" or (parsed.scheme == "http" and host in _LOCAL)
    return bool(host) and secure and parsed.user is None and parsed.password is None and not parsed.fragment


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    while piece := await answer.content.read(_MOST + 1 - len(read)):
        read += piece
        if len(read) > _MOST:
            raise ValueError("too long")
    return bytes(read)


def _error(body: bytes) -> str:
    """OAuth's word for what is wrong (RFC 6749, 5.2), "" for anything else: the log takes no text of others."""
    try:
        said = json.loads(body).get("error")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return said if said in _ERRORS else ""


def _signing_key(raw: object) -> Key | None:
    """A key that may sign tokens in public, of those that a provider lists: no secret that two have, none for encryption."""
    if not isinstance(raw, dict) or raw.get("kty") not in ("RSA", "EC", "OKP") or raw.get("use", "sig") != "sig":
        return None
    try:
        return import_key(raw)
    except (JoseError, ValueError, TypeError, LookupError):
        return None  # of a kind to come; the others do


def _seconds(value: object) -> float:
    """A time of a token, 0 for what is none; JSON has numbers that are too large to be one, and some read NaN in it."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:  # noqa: PLR0124  (NaN alone)
        return 0.0
    return float(max(-_FAR, min(value, _FAR)))


def _groups(value: object) -> frozenset[str]:
    """Groups as providers list them: names, or one name."""
    listed = value if isinstance(value, list) else [value]
    return frozenset(one for one in listed[:_MOST_CLAIMS] if isinstance(one, str))
