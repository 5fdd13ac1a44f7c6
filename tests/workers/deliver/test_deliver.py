"""What receivers get, whatever they answer."""

from __future__ import annotations

from standardwebhooks import Webhook

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Site
from service.core.submission import comment_id
from service.resources import Resources
from tests.support.delivering import attempts, decide, delivering
from tests.support.receivers import Receiver


async def test_a_decision_is_told_once_signed_and_without_text(
    resources: Resources, site: Site, receiver: Receiver
) -> None:
    message = await decide(resources, site, "7")
    async with delivering(resources):
        (heard,) = await receiver.wait_for(1)
        (attempt,) = await attempts(resources, "blog", 1)
    assert len(receiver.heard) == 1
    assert (attempt.id, attempt.result, attempt.status, attempt.tries) == (message, "delivered", 200, 1)
    known = await resources.accounts.get("blog")
    event = Webhook(known.credentials[0].webhook_secret).verify(heard.body, dict(heard.headers))
    assert heard.id == message
    assert heard.headers["content-type"] == "application/json"
    assert event["type"] == "comment.approved"
    assert event["data"]["platform_id"] == "7"
    assert event["data"]["decision"]["outcome"] == "approve"
    assert "liked" not in heard.body.decode()
    assert "cookie" not in heard.headers


async def test_every_event_has_its_type(resources: Resources, site: Site, receiver: Receiver) -> None:
    for outcome in (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT):
        await decide(resources, site, "7", outcome)
    async with delivering(resources):
        await receiver.wait_for(3)
        await resources.moderation.erase(site, comment_id("blog", "7"), Actor(ActorKind.PLATFORM, "blog"))
        await receiver.wait_for(4)
    assert [heard.event["type"] for heard in receiver.heard] == [
        "comment.approved", "comment.flagged", "comment.rejected", "comment.erased",
    ]  # fmt: skip
    assert [heard.event["data"]["revision"] for heard in receiver.heard] == [2, 3, 4, 5]
