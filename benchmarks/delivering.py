"""How fast the deliverer tells one site, whose receiver answers at once or takes its time, and what a call costs it.

Run: python -m benchmarks.delivering [calls]
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from ipaddress import ip_network
from pathlib import Path

import uvloop
from aiohttp import web
from rich.console import Console
from rich.table import Table

from benchmarks.load import ROOT, free_port, process, redis
from service.clock import now_ms
from service.container import open_services
from service.keyfiles import load as load_keys
from service.logs import configure
from service.settings import Settings
from service.workers.deliver import run_deliver

CALLS = 3_000
DELAYS = (0.0, 0.03, 0.2)  # seconds that the receiver takes
BODY = b'{"type":"comment.approved","timestamp":"2026-11-29T10:00:00Z","data":{"id":"c","state":"approved","site":"bench"}}'


def receive(port: int, delay: float) -> None:
    """A receiver that takes so many seconds for each call, side by side."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(delay)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


async def tell(url: str, hook: int, calls: int) -> tuple[float, float]:
    """(calls a second, CPU seconds a call) of a deliverer in this process, for one site."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), callback_allow=(ip_network("127.0.0.0/8"),))
        async with open_services(settings, load_keys(Path(folder) / "secrets"), url) as services:
            await services.accounts.add("bench", "https://bench.example", f"http://127.0.0.1:{hook}/hook")
            for first in range(0, calls, 500):
                await asyncio.gather(
                    *[
                        services.outbox.announce(
                            "bench", f"c{n}", id=f"msg_c{n}_1", kind="comment.approved", body=BODY, now=now_ms()
                        )
                        for n in range(first, min(first + 500, calls))
                    ]
                )
            stop = asyncio.Event()
            began, cpu = time.perf_counter(), cpu_now()
            task = asyncio.create_task(run_deliver(services, stop))
            while (await services.outbox.waiting(now_ms()))[1]:
                await asyncio.sleep(0.05)
            taken, spent = time.perf_counter() - began, cpu_now() - cpu
            stop.set()
            await task
            return calls / taken, spent / calls


def cpu_now() -> float:
    """CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and print."""
    configure(Settings(log_level="warning"))
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    table = Table("receiver takes (ms)", "calls a second", "CPU a call (µs)", title="Telling one site")
    for delay in DELAYS:
        port = free_port()
        words = [sys.executable, "-c", f"from benchmarks.delivering import receive; receive({port}, {delay})"]
        with redis("always") as url, process(words, port, PYTHONPATH=str(ROOT)):
            rate, cpu = uvloop.run(tell(url, port, calls))
        table.add_row(f"{delay * 1e3:.0f}", f"{rate:,.0f}", f"{cpu * 1e6:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
