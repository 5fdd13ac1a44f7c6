"""`antechamber demo`: shows the service at work, tells how to go on, and stays up to be played with."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from service.commands import console
from service.core.text.shares import decimal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from rich.console import Console

    from service.commands.demo_site import Platform, Result
    from service.core.site import Known
    from service.settings import Settings

_COLOURS = {"approved": "green", "flagged": "yellow", "rejected": "red", "pending": "dim"}


def demo() -> None:
    """Try it: run the service with a demo site, send a few comments, show what became of each, and go on serving."""
    from service import installation, logs, settings
    from service.serve import store_url

    for name, value in _calm(os.environ).items():
        os.environ[name] = value
    loaded = settings.load()
    logs.configure(loaded)
    secrets = installation.begin(loaded)
    with store_url(loaded) as url:
        served = asyncio.run(_demo(loaded, secrets, url))
    if served:
        console.terminal().print(f"\nStopped. What it made is kept in {loaded.data_dir}.", soft_wrap=True)


async def _demo(settings: Settings, secrets: Any, url: str) -> bool:
    """Whether the service ran here, and not before already."""
    import tempfile

    from service.commands import demo_site
    from service.serve import CantStart, Supervisor, check_store, shared_metrics
    from service.stopping import stop_on_signals

    base = _base(settings)
    terminal = console.terminal()
    if await demo_site.answers(base):
        async with demo_site.demo_site(settings, secrets, url, "") as (known, password):
            await _show(terminal, base, known, None)
            _print_next_steps(terminal, base, known, password)
        return False
    platform = demo_site.Platform()
    with tempfile.TemporaryDirectory(prefix="antechamber-metrics-") as metrics:
        async with (
            stop_on_signals() as stop,
            demo_site.receiving(platform) as callback,
            demo_site.demo_site(settings, secrets, url, callback) as (known, password),
        ):
            await check_store(url)
            platform.secrets = tuple(one.webhook_secret for one in known.credentials)
            serving = asyncio.create_task(Supervisor(settings, shared_metrics(metrics)).run(stop))

            async def show() -> None:
                if not await demo_site.wait_ready(base):
                    raise CantStart(f"the API does not get ready on {base}")
                await _show(terminal, base, known, platform)
                _print_next_steps(terminal, base, known, password)
                terminal.print("\nServing until you press Ctrl-C. What the platform hears from now on:", style="bold")
                await _print_news(terminal, platform)

            await _either(serving, show, stop)
    return True


async def _either(serving: asyncio.Task[None], show: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Show while the service runs; when one of them ends, or both are to stop, so does the other, in order."""
    showing, stopping = asyncio.ensure_future(show()), asyncio.ensure_future(stop.wait())
    await asyncio.wait([serving, showing, stopping], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    if not showing.done():
        showing.cancel()
    await asyncio.wait([serving, stopping])
    for task in (serving, showing):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _show(terminal: Console, base: str, known: Known, platform: Platform | None) -> None:
    """The samples and what became of them, line by line as they are answered."""
    from rich import box
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    from classifier.reader import installed
    from service.commands import demo_site

    terminal.print(f"\nAntechamber at {base}: a platform sends {len(demo_site.SAMPLES)} comments.\n", style="bold")
    if not installed():
        terminal.print(
            "Comments are read word by word. `make run READER=1` also reads what they mean, in a hundred languages.\n",
            style="dim",
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=terminal.is_terminal)
    table.add_column("comment", ratio=4)
    table.add_column("decision", no_wrap=True)
    table.add_column("why", ratio=4)
    table.add_column("spam", justify="right", no_wrap=True)
    table.add_column("toxic", justify="right", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    with Live(table, console=terminal, refresh_per_second=8):
        async for result in demo_site.submit_all(base, known):
            state = result.comment["state"]
            table.add_row(
                Text.assemble((f"{result.sample.name}: ", "bold"), _short(result.comment["content"])),
                Text(state, style=_COLOURS.get(state, "")),
                _why(result),
                _score(result, "spam"),
                _score(result, "toxicity"),
                f"{result.seconds * 1000:.0f}",
            )
    if platform is not None:
        await platform.wait_for(len(demo_site.SAMPLES), demo_site.HEARD_SECONDS)
        terminal.print(f"\nThe platform was told {len(platform.heard)} times; every signature was right:", style="bold")
        for event in platform.heard:
            _print_event(terminal, event)


async def _print_news(terminal: Console, platform: Platform) -> None:
    """Each call-back as it comes in, for ever."""
    seen = len(platform.heard)
    while True:
        await platform.wait_for(seen + 1, None)
        for event in platform.heard[seen:]:
            _print_event(terminal, event)
            seen += 1


def _print_event(terminal: Console, event: Mapping[str, Any]) -> None:
    terminal.print(f"  ← {event['type']}  {event['data']['platform_id']}", style="cyan")


def _print_next_steps(terminal: Console, base: str, known: Known, password: str) -> None:
    from service.commands.demo_site import MODERATOR
    from service.installation import program

    keys = known.credentials[0]
    terminal.print("\nGo on from here", style="bold")
    for name, value in (
        ("Moderate", f"{base}/review"),
        ("Sign in as", MODERATOR),
        ("Password", password or f"as it was shown first; a new one: {program()} moderators password {MODERATOR}"),
        ("API", f"{base}/v1"),
        ("Documentation", f"{base}/v1/docs"),
        ("Metrics", f"{base}/metrics"),
        ("Site", known.site.id),
        ("API key", keys.api_key),
        ("Akismet key", keys.akismet_key),
        ("Webhook secret", keys.webhook_secret),
    ):
        terminal.print(f"  {name.ljust(15)} {value}", soft_wrap=True)
    terminal.print(
        f"""
  curl {base}/v1/comments -H 'Authorization: Bearer {keys.api_key}' \\
    -H 'Content-Type: application/json' -H 'Prefer: wait=5' -d '{{
      "id": "my-1", "page": {{"url": "https://demo.example/hello"}},
      "author": {{"name": "You", "email": "you@example.org"}},
      "content": "Hello! Is anybody there?"}}'""",
        soft_wrap=True,
    )


def _why(result: Result) -> str:
    """The strongest reason, and what in the comment pushed its score up the most."""
    decision = result.comment.get("decision")
    if not decision:
        return "not decided yet"
    first, *others = decision["reasons"]
    line = first.get("text") or first["code"]
    if others:
        line += f" (and {len(others)} more)"
    parts = (first.get("explanation") or {}).get("parts", ())
    pushed = [
        _named(result, part) for part in parts if part["kind"] in {"span", "feature"} and part["contribution"] > 0
    ]
    return f"{line}: {', '.join(pushed[:3])}" if pushed else line


def _named(result: Result, part: Mapping[str, Any]) -> str:
    """A part of an explanation as a reader knows it: the words themselves, or a feature's name."""
    weight = f"{part['contribution']:+.1f}"
    if part["kind"] == "feature":
        return f"{part['name'].replace('_', ' ')} {weight}"
    author = result.comment["author"]
    texts = {"text": result.comment["content"], "author_name": author["name"], "author_url": author["url"]}
    return f"“{' '.join(texts[part['field']][part.get('start', 0) : part['end']].split())}” {weight}"


def _score(result: Result, label: str) -> str:
    verdict = result.comment.get("verdict")
    return decimal(verdict["scores"][label]) if verdict else "-"


def _short(text: str) -> str:
    return text if len(text) <= 78 else text[:75].rstrip() + " …"


def _base(settings: Settings) -> str:
    from service.commands.findings import base_address

    return base_address(settings.host, settings.port)


def _calm(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings that a demo needs, unless they are set: few log lines, and call-backs to this machine allowed."""
    allowed = [part for part in (environment.get("ANTECHAMBER_CALLBACK_ALLOW", ""), "127.0.0.0/8") if part]
    return {
        "ANTECHAMBER_LOG_LEVEL": environment.get("ANTECHAMBER_LOG_LEVEL", "warning"),
        "ANTECHAMBER_LOG_FORMAT": environment.get("ANTECHAMBER_LOG_FORMAT", "console"),
        "ANTECHAMBER_CALLBACK_ALLOW": ",".join(allowed),
    }
