"""Being told in a browser: the real service, page and service worker, and a push service of ours between them.

Headless Chromium has no push service to subscribe at, and one on a machine without a network could reach none. So the page is
given one: `subscribe` makes real keys in the browser and an address at ours, which takes what the deliverer sends (RFC 8030). The
page opens it with the browser's own cryptography, and Chromium hands what was in it to the worker, as it would.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import BrowserContext, Page, Worker, expect

from tests.browser.desk import Desk, accessible, opened
from tests.support.receivers import Receiver, http_receiver
from tests.support.waiting import until

SUBSCRIBING = """
(() => {
  const kept = "pushed";
  const b64 = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=+$/, "");
  const shaped = (made) => made && {
    endpoint: made.endpoint,
    toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: made.p256dh, auth: made.auth } }),
    unsubscribe: async () => { localStorage.removeItem(kept); return true; },
  };
  PushManager.prototype.getSubscription = async () => shaped(JSON.parse(localStorage.getItem(kept)));
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || applicationServerKey.length !== 87) throw new DOMException("no", "AbortError");
    const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const made = {
      endpoint: "ENDPOINT",
      p256dh: b64(await crypto.subtle.exportKey("raw", pair.publicKey)),
      auth: b64(crypto.getRandomValues(new Uint8Array(16))),
      jwk: await crypto.subtle.exportKey("jwk", pair.privateKey),
    };
    localStorage.setItem(kept, JSON.stringify(made));
    return shaped(made);
  };
})();
"""
OPENING = """
async (body) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const join = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
  const text = (one) => new TextEncoder().encode(one);
  const made = JSON.parse(localStorage.getItem("pushed"));
  const all = bytes(body), salt = all.slice(0, 16), length = all[20], theirs = all.slice(21, 21 + length);
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const own = await crypto.subtle.importKey("jwk", made.jwk, curve, false, ["deriveBits"]);
  const other = await crypto.subtle.importKey("raw", theirs, curve, false, []);
  const hkdf = async (salt, secret, info, size) => new Uint8Array(await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt, info },
    await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]), size * 8));
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, 256));
  const secret = await hkdf(bytes(made.auth), shared, join(text("WebPush: info\\0"), bytes(made.p256dh), theirs), 32);
  const key = await hkdf(salt, secret, text("Content-Encoding: aes128gcm\\0"), 16);
  const iv = await hkdf(salt, secret, text("Content-Encoding: nonce\\0"), 12);
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, aes, all.slice(21 + length)));
  return new TextDecoder().decode(plain.slice(0, plain.lastIndexOf(2)));
}
"""


class Phone:
    """A browser that is told, and its push service."""

    def __init__(self, desk: Desk, service: Receiver) -> None:
        self.desk = desk
        self.service = service
        self.read = 0

    async def open(self) -> Page:
        """A page of somebody who has signed in, at the settings."""
        self.page = await self.desk.window()
        await self.page.add_init_script(SUBSCRIBING.replace("ENDPOINT", f"{self.service.url}/1"))
        await self.page.context.grant_permissions(["notifications"], origin=self.desk.stack.base)
        await self.page.goto(f"{self.desk.stack.base}/review#/settings")
        await self.desk.sign_in(self.page, self.desk.name)
        return self.page

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def worker(self) -> Worker:
        return self.context.service_workers[0]

    async def deliver(self) -> Any:
        """Hand the next message to the browser, opened; what was in it."""
        heard = (await self.service.wait_for(self.read + 1, 30))[self.read]
        self.read += 1
        message = await self.page.evaluate(OPENING, base64.urlsafe_b64encode(heard.body).decode())
        session = await self.context.new_cdp_session(self.page)
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def updated(event: dict[str, Any]) -> None:
            for one in event["registrations"]:
                if not found.done() and not one["isDeleted"]:
                    found.set_result(one["registrationId"])

        session.on("ServiceWorker.workerRegistrationUpdated", updated)
        await session.send("ServiceWorker.enable")
        await session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.desk.stack.base, "registrationId": await found, "data": message},
        )
        return json.loads(message)["notification"]

    async def shown(self) -> list[Any]:
        """The notifications that the browser shows."""
        return list(
            await self.page.evaluate(
                "async () => (await (await navigator.serviceWorker.ready).getNotifications())"
                ".map(({ title, body, data }) => ({ title, body, go: data.go }))"
            )
        )


@asynccontextmanager
async def phone(desk: Desk) -> AsyncIterator[Phone]:
    """A phone whose moderator a notice reaches, at this site alone."""
    file = desk.stack.folder / "data" / "secrets" / "notices.toml"
    async with http_receiver() as service:
        base = service.url.removesuffix("/hook")
        file.write_text(f'[push]\nservices = ["{base}"]\n[notices.phone]\npush = "{desk.name}"\n')
        try:
            yield Phone(desk, service)
        finally:
            file.unlink()


async def test_a_moderator_is_told_in_the_browser_and_a_click_leads_to_the_comment(desk: Desk) -> None:
    async with phone(desk) as told:
        page = await told.open()
        await page.get_by_role("button", name="Tell me in this browser").click()
        await expect(page.locator(".toast", has_text="This browser is told from now on.")).to_be_visible()
        await accessible(page)
        await page.get_by_role("button", name="Send a test").click()
        test = await told.deliver()
        assert (test["title"], "This is a test" in test["body"]) == ("Nothing waits", True)
        (comment,) = await desk.submit("The one that was told of")
        said = await told.deliver()
        assert said["navigate"].endswith(f"/review#/queue?id={comment}")
        assert "told of" not in json.dumps(said)

        async def newest() -> Any:  # which takes the place of the test
            (shown,) = await told.shown()
            return shown if shown["title"] == said["title"] else None

        assert await until(newest) == {"title": said["title"], "body": said["body"], "go": f"#/queue?id={comment}"}
        worker = await told.worker()
        await worker.evaluate(
            "async () => { const [notification] = await registration.getNotifications();"
            " dispatchEvent(new NotificationEvent('notificationclick', { notification })); }"
        )
        await opened(page, "The one that was told of")
        assert await told.shown() == []

        # What is no message of ours is shown all the same, as browsers insist, and leads nowhere else.
        for hostile in (
            "",
            "{}",
            '{"notification": {"title": "<b>x</b>", "body": "", "tag": "t", "navigate": "https://evil.example/x"}}',
        ):
            await worker.evaluate("(data) => dispatchEvent(new PushEvent('push', data ? { data } : {}))", hostile)
        await until(told.shown)
        assert {one["go"] for one in await told.shown()} == {""}

        await page.goto(f"{desk.stack.base}/review#/settings")
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await expect(page.get_by_text("You have signed out.")).to_be_visible()
        assert await page.evaluate("localStorage.getItem('pushed')") is None
        other = await desk.colleague()
        await desk.sign_in(page, other)
        await expect(page.get_by_role("link", name=f"Settings of {other}")).to_be_visible()
        await page.goto(f"{desk.stack.base}/review#/settings")
        await expect(page.get_by_role("heading", name="Signing in")).to_be_visible()
        await expect(page.get_by_role("heading", name="Hearing of what waits")).to_be_hidden()  # no notice reaches them
