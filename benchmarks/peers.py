"""Against peers, in one run on one machine: what the same comments cost, how long each takes, and what each catches.

    python -m benchmarks.peers --corpora FOLDER [NAME …]        (make bench-peers ARGS="--corpora FOLDER")

Isso keeps comments and judges none; rspamd, SpamAssassin and bogofilter judge mail. So each is given what it expects: Isso its
JSON, the others a message; and those that learn have learnt from the same comments. Asserts nothing about time; who is missing
is named with what installs them, and left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import redis.asyncio as client
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from benchmarks.load import ROOT, TICKS, free_port, redis, service
from classifier.training import SEED, corpora
from service.store.server import find_binary

RATES, SECONDS, PATIENCE = (50, 200), 4, 3.0  # comments a second; for so long; so many times longer until we give up
TAUGHT = 1_000  # comments of each kind from which those learn that learn
ASKED = 100  # comments of each corpus that is judged
AT_ONCE = 16
TRAIN = (
    "tubespam", "judol_yt_id", "tg_spam_ru_en", "blog_wp_caffeinated", "sms_uci", "ham_blog_made_mistakes",
    "ham_blog_haacked_early",
)  # fmt: skip
KEPT = ("judionline_yt_id", "enron_spam_sample", "ham_globe_mail")
INSTALLED = {
    "Isso": ("isso", "python -m venv build/peers && build/peers/bin/pip install isso"),
    "rspamd": ("rspamd", "apt install rspamd"),
    "SpamAssassin": ("spamd", "apt install spamassassin spamd"),
    "bogofilter": ("bogofilter", "apt install bogofilter"),
}
"""By which program a peer is known to be there, and what brings it."""


class Comment(NamedTuple):
    """What all of them are asked about."""

    number: int
    text: str
    name: str
    url: str


class Said(NamedTuple):
    """What one of them says: how bad it is by its own scale, and whether it would be kept from readers."""

    score: float
    held: bool


Ask = Callable[[Comment], Awaitable[Said]]


class Peer(NamedTuple):
    """A peer that runs: how it is asked, and the processes whose CPU it is (with theirs); none: it is started for each."""

    ask: Ask
    pids: Sequence[int]
    judges: bool = True


class Lap(NamedTuple):
    """What one rate gave."""

    answered: int
    asked: int
    seconds: float
    latencies: Sequence[float]
    cpu: float  # seconds a comment


class Found(NamedTuple):
    """Everything about one of them."""

    laps: dict[int, Lap]
    caught: dict[str, tuple[float, float, float]]  # corpus -> AUC, spam held, good held; NaN: there is none


# What is sent.


def comments(root: Path, name: str, most: int, begin: int = 0) -> tuple[list[Comment], list[bool]]:
    """Comments of a corpus, drawn with the seed, as many of each kind as there can be; and which are spam."""
    table = corpora.load(root, [name])
    truth = table.labels[:, 0] == 1
    rng = np.random.default_rng(SEED)
    halves = [
        rng.permutation(np.flatnonzero(truth == bad))[: most // 2 if truth.any() else most] for bad in (True, False)
    ]
    rows = rng.permutation(np.concatenate(halves))
    found = [
        Comment(
            begin + at,
            table.items[row].text[:8_000],
            table.items[row].author_name or "Ann Other",
            table.items[row].author_url,
        )
        for at, row in enumerate(rows)
    ]
    return found, [bool(truth[row]) for row in rows]


def lessons(root: Path) -> tuple[list[bytes], list[bytes]]:
    """The messages that those learn from who learn: spam, and good ones."""
    kinds: tuple[list[bytes], list[bytes]] = ([], [])
    for name in TRAIN:
        some, truth = comments(root, name, 2 * TAUGHT // 5)
        for one, bad in zip(some, truth, strict=True):
            kinds[not bad].append(mail(one))
    rng = np.random.default_rng(SEED)
    spam, good = ([kind[at] for at in rng.permutation(len(kind))[:TAUGHT]] for kind in kinds)
    return spam, good


def mail(comment: Comment) -> bytes:
    """A comment as a message: what a mail filter expects."""
    message = EmailMessage()
    message["Received"] = f"from reader.example.org (reader.example.org [{_IP}]) by blog.example with ESMTP; {_NOW}"
    message["Date"] = _NOW
    name = re.sub(r"[^\w .-]", "", comment.name)[:60].strip() or "Ann"
    message["From"] = f'"{name}" <ann.other{comment.number}@example.org>'
    message["To"] = "comments@blog.example"
    message["Subject"] = "A comment on: A post"
    message["Message-ID"] = f"<{comment.number}.comment@example.org>"
    text = "\n".join(part for part in (comment.text, comment.url) if part)
    message.set_content(text.encode("utf-8", "replace").decode(), cte="8bit")
    return message.as_bytes()


_NOW = format_datetime(datetime.now(UTC))
_IP = "93.184.216.34"


async def talk(port: int, request: bytes) -> bytes:
    """Send something over a connection of its own, and read all that is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """An HTTP request whose answer ends with the connection."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def answer(said: bytes) -> bytes:
    """The body of what was answered; raises unless that is a success."""
    head, _, body = said.partition(b"\r\n\r\n")
    if not head[9:10] == b"2":
        raise RuntimeError(f"the answer is {head[:60]!r} {body[:200]!r}")
    return body


# Each of them, as it is meant to be run; those that learn have learnt when they are entered.


@asynccontextmanager
async def ours(_: tuple[list[bytes], list[bytes]]) -> AsyncIterator[Peer]:
    """Antechamber as it comes: Redis, API, worker and deliverer; the answer waits for the decision."""
    with redis("always") as url, service(url, "api", "worker", "deliver") as (port, pids, key):

        async def ask(comment: Comment) -> Said:
            body = {
                "id": f"p{comment.number}", "page": {"url": "https://bench.example/a-post", "title": "A post"},
                "author": {"name": comment.name[:200], "email": f"ann.other{comment.number}@example.org"},
                "content": comment.text,
            }  # fmt: skip
            if comment.url.startswith("http"):
                body["author"]["url"] = comment.url[:200]  # type: ignore[index]
            headers = f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\nPrefer: wait=10\r\n"
            said = json.loads(answer(await talk(port, post("/v1/comments", json.dumps(body).encode(), headers))))
            score = said["verdict"]["scores"]["spam"] if said.get("verdict") else float("nan")
            return Said(score, said["state"] != "approved")

        async with client.Redis.from_url(url) as store:
            server = int((await store.info("server"))["process_id"])
        for number in range(40):  # until there is a model, and everything is warm
            await ask(Comment(-1 - number, f"Is number {number} there?", "Ann", ""))
        yield Peer(ask, [*pids.values(), server])


@asynccontextmanager
async def isso(_: tuple[list[bytes], list[bytes]]) -> AsyncIterator[Peer]:
    """Isso with its moderation queue: every comment waits there for a human."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        settings = Path(folder) / "isso.conf"
        settings.write_text(
            f"[general]\ndbpath = {folder}/comments.db\nhost = https://blog.example\n[moderation]\nenabled = true\n"
            f"[guard]\nenabled = false\n[server]\nlisten = http://127.0.0.1:{port}\n"
        )
        pid = stack.enter_context(_runs([_program("isso"), "-c", str(settings), "run"], port))

        async def ask(comment: Comment) -> Said:
            body = {
                "text": comment.text, "author": comment.name, "title": "A post",
                "email": f"ann.other{comment.number}@example.org",
            }  # fmt: skip
            headers = "Content-Type: application/json\r\nOrigin: https://blog.example\r\n"
            answer(await talk(port, post(f"/new?uri=/{comment.number % 20}/", json.dumps(body).encode(), headers)))
            return Said(float("nan"), held=True)

        yield Peer(ask, [pid], judges=False)


@asynccontextmanager
async def rspamd(taught: tuple[list[bytes], list[bytes]]) -> AsyncIterator[Peer]:
    """rspamd's /checkv2, two workers, without what asks the network; its Bayes learns and lies in a Redis of its own."""
    port, control, store = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        (place / "local.d").mkdir()
        for name, text in {
            "worker-normal.inc": f'bind_socket = "127.0.0.1:{port}"; count = 2;',
            "worker-controller.inc": f'bind_socket = "127.0.0.1:{control}"; secure_ip = "127.0.0.1";',
            "worker-proxy.inc": "enabled = false;",
            "redis.conf": f'servers = "127.0.0.1:{store}";',
            "logging.inc": 'type = "console"; level = "error";',
            "classifier-bayes.conf": 'backend = "redis"; min_learns = 200; autolearn = false;',
            **dict.fromkeys(
                (
                    "rbl.conf",
                    "surbl.conf",
                    "fuzzy_check.conf",
                    "dkim.conf",
                    "dkim_signing.conf",
                    "spf.conf",
                    "dmarc.conf",
                    "arc.conf",
                    "asn.conf",
                    "mx_check.conf",
                    "phishing.conf",
                    "greylist.conf",
                    "history_redis.conf",
                    "neural.conf",
                    "replies.conf",
                ),
                "enabled = false;",
            ),
        }.items():
            (place / "local.d" / name).write_text(text)
        kept = stack.enter_context(_runs([find_binary(), "--port", str(store), "--save", "", "--dir", folder], store))
        words = [_program("rspamd"), "-f", "-i", "-c", "/etc/rspamd/rspamd.conf"]
        for name in ("LOCAL_CONFDIR", "RUNDIR", "LOGDIR"):
            words += ["--var", f"{name}={folder}"]
        compiled = (
            Path(tempfile.gettempdir()) / "antechamber-peers"
        )  # which takes it a while, so it stays for the next time
        compiled.mkdir(exist_ok=True)
        words += ["--var", f"DBDIR={compiled}"]
        pid = stack.enter_context(_runs(words, port))
        for path, kind in (("/learnspam", taught[0]), ("/learnham", taught[1])):
            await _all(kind, lambda one, path=path: talk(control, post(path, one)))  # type: ignore[misc]

        async def ask(comment: Comment) -> Said:
            headers = f"IP: {_IP}\r\nFrom: ann.other{comment.number}@example.org\r\nRcpt: comments@blog.example\r\n"
            said = json.loads(answer(await talk(port, post("/checkv2", mail(comment), headers))))
            return Said(said["score"], said["action"] not in ("no action", "greylist"))

        yield Peer(ask, [pid, kept])


@asynccontextmanager
async def spamd(taught: tuple[list[bytes], list[bytes]]) -> AsyncIterator[Peer]:
    """SpamAssassin's daemon with Debian's rules, two children, without what asks the network; its Bayes learns."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        options = [f"--cf=bayes_path {folder}/bayes", "--cf=bayes_auto_learn 0", "--cf=bayes_file_mode 0777"]
        for kind, messages in (("--spam", taught[0]), ("--ham", taught[1])):
            (place / "box").write_bytes(_mbox(messages))
            words = [_program("sa-learn"), "--local", *options, kind, "--mbox", str(place / "box")]
            await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
        for path in [place, *place.iterdir()]:
            path.chmod(0o777)  # it gives root's rights away before it reads
        words = [_program("spamd"), "--local", "--nouser-config", *options, "-i", f"127.0.0.1:{port}", "-s", "null"]
        words += ["--max-children=2", "--min-children=2"]
        pid = stack.enter_context(_runs(words, port))

        async def ask(comment: Comment) -> Said:
            body = mail(comment)
            said = await talk(port, f"CHECK SPAMC/1.5\r\nContent-length: {len(body)}\r\n\r\n".encode() + body)
            found = re.search(rb"Spam: (\w+) ; (-?[\d.]+) /", said)
            if found is None:
                raise RuntimeError(f"the answer is {said[:80]!r}")
            return Said(float(found[2]), found[1] == b"True")

        yield Peer(ask, [pid])


@asynccontextmanager
async def bogofilter(taught: tuple[list[bytes], list[bytes]]) -> AsyncIterator[Peer]:
    """bogofilter, started for each message, as mail systems do; what is nearer to spam counts as held."""
    program = _program("bogofilter")
    with tempfile.TemporaryDirectory() as folder:
        for sign, messages in (("-s", taught[0]), ("-n", taught[1])):
            words = [program, "-d", folder, "-M", sign]
            await asyncio.to_thread(subprocess.run, words, input=_mbox(messages), check=True, capture_output=True)

        async def ask(comment: Comment) -> Said:
            child = await asyncio.create_subprocess_exec(
                program, "-d", folder, "-T", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await child.communicate(mail(comment))
            score = said.split()[1]
            return Said(float(score), float(score) >= 0.5)

        yield Peer(ask, [])


PEERS = {"Antechamber": ours, "Isso": isso, "rspamd": rspamd, "SpamAssassin": spamd, "bogofilter": bogofilter}


def _program(name: str) -> str:
    """A program's path, or ""."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", str(ROOT / "build/peers/bin")])
    return shutil.which(name, path=path) or ""


def _mbox(messages: Sequence[bytes]) -> bytes:
    begin = b"From comment@blog.example Thu Jan  1 00:00:00 2026\n"
    return b"".join(begin + re.sub(rb"(?m)^From ", b">From ", one) + b"\n" for one in messages)


@contextmanager
def _runs(words: Sequence[str], port: int) -> Iterator[int]:
    """Run a server until it answers on its port; its pid."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 300
        while child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{words[0]} does not answer")
        yield child.pid
    finally:
        child.terminate()
        child.wait(timeout=30)


async def _all(what: Sequence[Any], do: Callable[[Any], Awaitable[Any]]) -> list[Any]:
    """Do something with each, some at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with slots:
            return await do(each)

    return list(await asyncio.gather(*(one(each) for each in what)))


# What is measured.


def cpu(pids: Sequence[int]) -> float:
    """CPU seconds so far of processes with all their children, those that have ended too; without any: of our own children."""
    if not pids:
        used = os.times()
        return used.children_user + used.children_system
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            spent[int(path.parent.name)] = sum(map(int, fields[11:15])) / TICKS
    wanted = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in wanted} - wanted:
        wanted |= more
    return sum(spent.get(pid, 0.0) for pid in wanted)


async def lap(peer: Peer, asked: Sequence[Comment], rate: int) -> Lap:
    """Ask at a rate, whether or not earlier ones have been answered, and give up on what takes too long."""
    latencies: list[float] = []
    slots = asyncio.Semaphore(4 * AT_ONCE)

    async def one(comment: Comment, due: float) -> None:
        async with slots:
            await peer.ask(comment)
        latencies.append(time.perf_counter() - due)

    before, started = cpu(peer.pids), time.perf_counter()
    tasks = []
    for number, comment in enumerate(asked):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(comment, due)))
    await asyncio.wait(tasks, timeout=max(0.1, PATIENCE * SECONDS - (time.perf_counter() - started)))
    seconds = time.perf_counter() - started
    for task in tasks:
        task.cancel()
    for failure in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(failure, Exception):
            raise failure
    answered = len(latencies)
    return Lap(answered, len(asked), seconds, latencies, (cpu(peer.pids) - before) / max(answered, 1))


async def measure(name: str, root: Path, taught: tuple[list[bytes], list[bytes]]) -> Found:
    """Everything about one of them."""
    pool = [one for corpus in KEPT for one in comments(root, corpus, 600)[0]]
    order = np.random.default_rng(SEED).permutation(len(pool))
    async with PEERS[name](taught) as peer:
        caught = {}
        for begin, corpus in enumerate(KEPT):
            asked, truth = comments(root, corpus, ASKED, begin=10_000 * (begin + 1))
            if peer.judges:
                caught[corpus] = quality(await _all(asked, peer.ask), np.array(truth))
        laps, at = {}, 0
        for rate in RATES:
            picked = [pool[order[(at + number) % len(pool)]] for number in range(rate * SECONDS)]
            few = [one._replace(number=100_000 + at + number) for number, one in enumerate(picked)]
            laps[rate], at = await lap(peer, few, rate), at + len(few)
    return Found(laps, caught)


def quality(said: Sequence[Said], truth: np.ndarray) -> tuple[float, float, float]:  # type: ignore[type-arg]
    """AUC, and which shares of spam and of good ones are kept from readers."""
    held, scores = np.array([one.held for one in said]), np.array([one.score for one in said])
    nothing = float("nan")
    if not truth.any():
        return nothing, nothing, float(held.mean())
    return (
        float(roc_auc_score(truth, np.nan_to_num(scores, nan=1.0))),
        float(held[truth].mean()),
        float(held[~truth].mean()),
    )


def show(found: dict[str, Found]) -> None:
    """Print the tables."""
    base = found["Antechamber"].laps[RATES[0]].cpu
    rates = [f"at {rate} a second: p50 / p95 (ms)" for rate in RATES]
    table = Table("", "CPU a comment (ms)", "ratio", *rates, title="The same comments")
    for name, one in found.items():
        spent = one.laps[RATES[0]].cpu
        table.add_row(name, f"{spent * 1e3:.1f}", f"× {spent / base:.2f}", *map(_speed, one.laps.values()))
    Console(width=130).print(table)
    table = Table("", *KEPT, title="AUC · spam held / good ones held, by its own thresholds")
    for name, one in found.items():
        cells = [_quality(*one.caught[corpus]) if corpus in one.caught else "judges nothing" for corpus in KEPT]
        table.add_row(name, *cells)
    Console(width=130).print(table)


def _speed(one: Lap) -> str:
    if one.answered < 0.95 * one.asked or one.seconds > 1.5 * SECONDS:
        return f"no more than {one.answered / one.seconds:.0f} a second"
    spread = statistics.quantiles(one.latencies, n=100)
    return f"{spread[49] * 1e3:.0f} / {spread[94] * 1e3:.0f}"


def _quality(auc: float, spam: float, good: float) -> str:
    return f"– / {good:.0%}" if np.isnan(auc) else f"{auc:.2f} · {spam:.0%} / {good:.0%}"


def main() -> None:
    """Measure one after the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of the labelled corpora")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(INSTALLED)}; all, unless said otherwise")
    asked = parser.parse_args()
    root = corpora.folder(asked.corpora)
    os.environ.pop(corpora.ENVIRONMENT, None)  # it is no setting of the service's
    gone = {name: how for name, (program, how) in INSTALLED.items() if not _program(program)}
    for name, how in gone.items():
        print(f"({name} is left out; this installs it: {how})")
    taught = lessons(root)
    print(f"(those that learn have learnt from {len(taught[0])} spam and {len(taught[1])} good comments)")
    found = {}
    for name in PEERS:
        if name in gone or (asked.names and name not in {"Antechamber", *asked.names}):
            continue
        began = time.perf_counter()
        found[name] = asyncio.run(measure(name, root, taught))
        print(f"({name}: {time.perf_counter() - began:.0f} s)", flush=True)
    show(found)


if __name__ == "__main__":
    main()
