"""What a bare aiohttp server costs: it decodes the same body and does nothing else, or scores it in the same process."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import uvloop
from aiohttp import web

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


async def only_decode(request: web.Request) -> web.Response:
    """Read, decode, answer."""
    _decode(await request.read())
    return web.Response(body=b"{}", status=202, content_type="application/json")


def scoring() -> Any:
    """Read, decode, score at once in this process, answer."""
    import classifier  # noqa: PLC0415

    model = classifier.load()
    model.score([classifier.Input("warm up")])

    async def score(request: web.Request) -> web.Response:
        comment = _decode(await request.read())
        author = comment["author"]
        (prediction,) = model.score([classifier.Input(comment["content"], author["name"], author["url"])])
        return web.Response(body=_encode(prediction.scores), content_type="application/json")

    return score


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/v1/comments", scoring() if sys.argv[2] == "score" else only_decode)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: None, access_log=None)
