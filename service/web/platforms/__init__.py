"""The hooks of platforms that we understand as they are, `/hooks/{site}/{platform}`: each authenticates and answers its own way.

| platform | what comes                     | who it is from                              | what is answered                    |
|----------|--------------------------------|---------------------------------------------|-------------------------------------|
| coral    | external moderation phase      | X-Coral-Signature, Coral's signing secret   | the decision, as Coral's status     |
| discourse| post webhooks                  | X-Discourse-Event-Signature, webhook secret | our id and state                    |
| waline   | WEBHOOK                        | a key in the address                        | our id and state                    |
| remark42 | NOTIFY_WEBHOOK_URL             | a key in a header or the address            | our id and state                    |

`docs/platforms.md` says how to set each of them up, and what becomes of the decision.
"""

from aiohttp import web

from service.web.platforms import coral, discourse, remark42, waline


def platform_hooks() -> list[web.RouteDef]:
    """The routes, below /hooks."""
    return [
        web.post("/{site}/coral", coral.hook),
        web.post("/{site}/discourse", discourse.hook),
        web.post("/{site}/waline", waline.hook),
        web.post("/{site}/remark42", remark42.hook),
    ]
