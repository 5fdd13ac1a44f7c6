"""The API as a process of its own, as an operator runs it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.system.stack import free_port

_RUN = """
import sys
from pathlib import Path
from service import keyfiles, logs, settings
from service.app import run_api
loaded = settings.load()
logs.configure(loaded)
run_api(loaded, keyfiles.load(Path(sys.argv[1])), sys.argv[2])
"""


@asynccontextmanager
async def api_process(
    secrets_dir: Path, redis_url: str, **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """(process, base address) once it answers; killed at the end if it still runs. Its log is on `process.stderr`."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTECHAMBER_")}
    environment |= {"ANTECHAMBER_PORT": str(port)} | {f"ANTECHAMBER_{name}": value for name, value in variables.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _RUN, str(secrets_dir), redis_url,
        env=environment, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as session:
            while process.returncode is None:
                try:
                    async with session.get(address + "/readyz") as response:
                        if response.status == 200:
                            break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
        assert process.returncode is None, await process.communicate()
        yield process, address
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
