"""Schemathesis against a running API: whatever the document allows, and what it forbids, meets a documented answer."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from service.container import open_services
from service.keyfiles import load
from service.settings import Settings
from service.store.server import EmbeddedServer
from service.usecases.moderation import Moderation
from tests.support.api_process import api_process
from tests.support.moderation import WordScorer, submission

_CONFIG = """
[checks]
positive_data_acceptance.enabled = false  # a schema can't say which cursors are ours, or that a line of a batch is one
# As it is by default, and 413: what is wrong and very long is refused for its length.
negative_data_rejection.expected-statuses = [
  "400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx",
]

[parameters]
"path.id" = "{kept}"
"path.site" = "blog"

[[operations]]
include-name = "DELETE /v1/comments/{{id}}"
parameters = {{ "path.id" = "{erased}" }}

[[operations]]
include-name = "POST /v1/comments/batch"
checks.negative_data_rejection.enabled = false  # any text is NDJSON of sorts: what is wrong with a line, its answer says
"""
_RUN = """
import sys
import schemathesis
from schemathesis.cli import schemathesis as run

@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value.encode(errors="replace") if isinstance(value, str) else repr(value).encode()

sys.exit(run())
"""


async def test_no_server_error_and_no_undocumented_answer(server: EmbeddedServer, tmp_path: Path) -> None:
    secrets = load(tmp_path / "secrets")
    async with open_services(Settings(), secrets, server.url) as services:
        await services.connection.client.flushall()
        await services.work.prepare()
        known = await services.accounts.add(
            "blog", "https://blog.example", require_email=False, require_name=False
        )  # as the document has it: what a site may relax is optional
        moderation: Moderation = services.moderation
        kept = await moderation.submit(known.site, submission(services))
        erased = await moderation.submit(known.site, submission(services, "2"))
        jobs = await services.work.claim("test", count=9, idle_ms=60_000, block_ms=1)
        await services.classification.judge(jobs, {"blog": known.site}, WordScorer())
        (tmp_path / "schemathesis.toml").write_text(_CONFIG.format(kept=kept.comment, erased=erased.comment))
        async with api_process(tmp_path / "secrets", server.url, MAX_WAIT="0.05", LOG_LEVEL="error") as (api, address):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _RUN, "run", f"{address}/v1/openapi.json",
                "--header", f"Authorization: Bearer {known.credentials[0].api_key}",
                "--max-examples", "20", "--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--no-color",
                "--continue-on-failure",
                cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            output = (await process.communicate())[0].decode()
            print(output)
            assert process.returncode == 0
            tried = re.search(r"(\d+) generated", output)
            assert tried is not None
            assert int(tried.group(1)) > 300
            assert api.returncode is None
