"""The hooks of platforms that we understand as they are, `/hooks/{site}/{platform}`: each authenticates and answers its own way.

| platform | what comes | who it is from | what is answered |
|---|---|---|---|
| coral | external moderation phase | X-Coral-Signature, Coral's signing secret | the decision as Coral's status, or 204 |
| discourse| post webhooks | X-Discourse-Event-Signature, webhook secret | our id and state |
| waline | WEBHOOK | a key in the address | our id and state |
| artalk | administrators' webhook | a key in the address | our id and state |
| cusdis | webhook of a project | a key in the address | our id and state; what is approved goes back by its link |
| webmention | webmention.io's web hook | its secret, or its signature | our id and state |
| remark42 | NOTIFY_WEBHOOK_URL | a key in a header or the address | our id and state |

`docs/platforms.md` says how to set each of them up, and what becomes of the decision.
"""

from __future__ import annotations

from aiohttp import web

from service.web.hooks import artalk, coral, cusdis, discourse, remark42, waline, webmention


def platform_hooks() -> list[web.RouteDef]:
    """The routes, below /hooks."""
    return [
        web.post("/{site}/coral", coral.hook),
        web.post("/{site}/discourse", discourse.hook),
        web.post("/{site}/waline", waline.hook),
        web.post("/{site}/artalk", artalk.hook),
        web.post("/{site}/cusdis", cusdis.hook),
        web.post("/{site}/webmention", webmention.hook),
        web.post("/{site}/remark42", remark42.hook),
    ]
