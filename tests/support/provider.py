"""An OpenID Connect provider on a port of its own, which can be told to misbehave: what a hostile or broken one would send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "antechamber", "s3cret/with:odd chars"


async def _at_once(_: web.Request) -> None: ...


def _packed(said: bytes) -> str:
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


class HostileProvider:
    """Signs what it is told. `claims` changes a token's claims, `header` its header, `sign` makes it."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.asked: dict[str, dict[str, str]] = {}  # code -> what the browser was sent with
        self.claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.discovery: dict[str, Any] = {}  # what differs in what it says of itself
        self.user_info: dict[str, Any] = {}
        self.published: dict[str, Any] = {}  # what differs in its keys
        self.answer: Callable[[web.Request], web.StreamResponse | None] = lambda _: None
        self.hold: Callable[[web.Request], Awaitable[None]] = _at_once  # what it waits for before it answers
        self.saying: dict[str, Any] = {}  # what it would answer
        self.heard: list[str] = []
        self.issuer = ""
        self.last: Any = ""  # whom the last token was about
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        app = web.Application(middlewares=[self._held])
        app.router.add_get("/.well-known/openid-configuration", self._discover)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._user_info)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def agree(self, address: str, code: str = "c0de") -> str:
        """Somebody signs in: the state that their browser brings back, with the code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked[code] = asked
        return asked["state"]

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        head = _packed(b'{"alg":"none"}')
        return f"{head}.{self.signed(claims).split('.')[1]}."

    def confused(self, claims: dict[str, Any]) -> str:
        """Signed by the public key, as if that were a secret that two have."""
        parts = [_packed(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, claims)]
        mac = hmac.digest(self.key.as_pem(private=False), ".".join(parts).encode(), hashlib.sha256)
        return ".".join([*parts, _packed(mac)])

    def forged(self, claims: dict[str, Any]) -> str:
        other = RSAKey.generate_key(2048, {"kid": "one"})
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, other)

    def brought_along(self, claims: dict[str, Any]) -> str:
        other = RSAKey.generate_key(2048, {"kid": "one"})
        header = {"alg": "RS256", "kid": "one", "jwk": other.as_dict(private=False)}
        return jwt.encode(header, claims, other)

    def by_the_clients_secret(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.encode()))

    @web.middleware
    async def _held(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        await self.hold(request)
        return await handler(request)

    async def _discover(self, request: web.Request) -> web.StreamResponse:
        return self._say(request, {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys", "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/leave", "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        } | self.discovery)  # fmt: skip

    async def _keys(self, request: web.Request) -> web.StreamResponse:
        return self._say(request, {"keys": [{"kty": "new"}, self.key.as_dict(private=False)]} | self.published)

    async def _user_info(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer access"
        return self._say(request, {"sub": self.last} | self.user_info)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form, asked = await request.post(), self.asked.pop(str((await request.post())["code"]), None)
        expected = base64.b64encode(b"antechamber:s3cret%2Fwith%3Aodd%20chars").decode()
        assert request.headers["Authorization"] == f"Basic {expected}"
        if asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        verifier = str(form["code_verifier"]).encode()
        challenge = _packed(hashlib.sha256(verifier).digest())
        assert asked["code_challenge_method"] == "S256"
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = self.claims({
            "iss": self.issuer, "aud": CLIENT, "sub": "ann-1", "nonce": asked["nonce"], "iat": now, "exp": now + 60,
            "preferred_username": "Ann",
        })  # fmt: skip
        self.last = claims.get("sub")
        return self._say(request, {"id_token": self.sign(claims), "access_token": "access", "token_type": "Bearer"})

    def _say(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        self.heard.append(request.path)
        self.saying = body
        return self.answer(request) or web.json_response(body)
