"""Another reader that gives vectors: a real encoder behind OpenAI's wire, learnt from by the command, then asked by workers."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import foreign
from classifier.reader.encoder import Encoder
from service.core.submission import Author, Page, Submission
from service.learning import other_reader
from service.lookups.other_reader import OtherReader, Whereabouts
from tests.commands.conftest import Run

Answer = Callable[[list[str]], tuple[int, Any]]
HERE = "127.0.0.0/8"
encoder = cache(Encoder)


def in_any_order(vectors: Sequence[Sequence[float]]) -> tuple[int, Any]:
    data = [{"object": "embedding", "index": at, "embedding": list(one)} for at, one in enumerate(vectors)]
    return 200, {"object": "list", "model": "small", "data": data[::-1], "usage": {"total_tokens": 1}}


def vectors_of(texts: list[str]) -> tuple[int, Any]:
    return in_any_order([encoder().embed([text[:300]])[0][0].astype(float).tolist() for text in texts])


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[Any]]]:
    """A server's address, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, said = answer(asked[-1]["input"])
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/embeddings", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def _asking(monkeypatch: pytest.MonkeyPatch, data: Path) -> Iterator[None]:
    monkeypatch.setenv("ANTECHAMBER_OTHER_READER_ALLOW", HERE)
    monkeypatch.setenv("ANTECHAMBER_OTHER_READER_MODEL", "small")
    yield
    shutil.rmtree(data / other_reader.FOLDER, ignore_errors=True)


def signals(url: str, data: Path, *texts: str) -> list[dict[str, Any]]:
    """What a worker hears."""
    says = other_reader.says(data)

    async def ask() -> list[dict[str, Any]]:
        reader = OtherReader(Whereabouts(url, timeout=20.0, holds=True, allow=(ip_network(HERE),)), says=says)
        page = Page("https://blog.example/")
        found = await reader.signals([Submission(str(at), page, Author("Ann"), text) for at, text in enumerate(texts)])
        await reader.close()
        return found

    return asyncio.run(ask())


@pytest.mark.usefixtures("_asking")
def test_what_its_vectors_say_is_learnt_and_told(
    run: Run, blog: dict[str, str], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f'{at},"The {at}th walk along the river was lovely",approved\n' for at in range(20))
    (tmp_path / "history.csv").write_text("id,text,state\n" + rows + 'x,"Visit my casino number one",spam\n')
    assert run("import", str(tmp_path / "history.csv"), "--site", "blog").code == 0
    with answering(vectors_of) as (url, asked):
        monkeypatch.setenv("ANTECHAMBER_OTHER_READER", url)
        assert signals(url, data, "You fool") == [{"other_silent": True}], "nothing is asked before something is learnt"
        assert not asked
        ended = run("other-reader", "--json")
        assert (ended.code, ended.json["model"], ended.json["numbers"]) == (0, "small", 768)
        assert ended.json["decisions"] == 21
        assert all(found["written"] > 0.9 for found in ended.json["measured"].values())
        assert {one["model"] for one in asked} == {"small"}
        assert sum(len(one["input"]) for one in asked) == len(foreign.lessons().texts) + 21
        bad, good, spam = signals(
            url, data, "You are a worthless idiot, nobody wants you here", "Thank you, that was a lovely walk.",
            "I provide loans at 2% interest, contact me on WhatsApp +1 555 0100 to apply today",
        )  # fmt: skip
    assert bad["other_toxicity"] > 0.5 > good["other_toxicity"]
    assert spam["other_spam"] > 0.5 > good["other_spam"]
    (line,) = [
        one for one in run("sites", "list", "--json").json if one["site"] == "blog"
    ]  # what was learnt from is as it was
    assert line["comments"]["approved"] == 20
    assert "other_spam" in run("other-reader", "--help").out or "OTHER_READER" in run("other-reader", "--help").out


@pytest.mark.usefixtures("_asking")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda texts: (401, {"error": {"message": "Incorrect key k3y"}}), "it answers 401: it does not take the key"),
        (lambda texts: (500, {}), "it answers 500"),
        (lambda texts: (200, {"data": []}), "0 vectors for 32 texts"),
        (lambda texts: (200, {"results": []}), "missing required field `data`"),
        (lambda texts: in_any_order([[1.0]] * (len(texts) - 1) + [[1.0, 2.0]]), "differ in length"),
        (lambda texts: in_any_order([[1.0, 2.0]] * len(texts)), "all the same"),
        (lambda texts: in_any_order([[]] * len(texts)), "empty"),
        (lambda texts: in_any_order([[1e308 * (at % 2), -1e308] for at, _ in enumerate(texts)]), "too large"),
    ],
)
def test_what_gives_no_vectors_is_not_learnt_from(
    run: Run, blog: dict[str, str], data: Path, monkeypatch: pytest.MonkeyPatch, *, answer: Answer, said: str
) -> None:
    (data / "secrets" / "other-reader.key").write_text("k3y\n")
    with answering(answer) as (url, _):
        monkeypatch.setenv("ANTECHAMBER_OTHER_READER", f"{url}?key=k3y")
        ended = run("other-reader")
    (data / "secrets" / "other-reader.key").unlink()
    assert (ended.code, said in ended.err) == (1, True), ended.err
    assert (ended.out, len(ended.err.splitlines()), "k3y" in ended.err) == ("", 1, False), ended.err
    assert not (data / other_reader.FOLDER).exists()


@pytest.mark.usefixtures("_asking")
def test_heads_that_can_not_be_kept_leave_those_that_were_there(
    run: Run, blog: dict[str, str], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons, rng = foreign.lessons(), np.random.default_rng(1)
    before = foreign.learn(rng.normal(0, 1, (len(lessons.texts), 3)).tolist(), lessons, "", data / other_reader.FOLDER)
    full = OSError(errno.ENOSPC, "No space left on device")

    def fill(path: Path, content: bytes) -> int:
        raise full

    with answering(lambda texts: in_any_order(rng.normal(0, 1, (len(texts), 2)).tolist())) as (url, _):
        monkeypatch.setenv("ANTECHAMBER_OTHER_READER", url)
        monkeypatch.setattr(Path, "write_bytes", fill)
        ended = run("other-reader")
    assert (ended.code, ended.err.strip()) == (1, f"What was learnt can't be kept in {data}: No space left on device.")
    kept = other_reader.heads(data)
    assert kept is not None
    assert kept.width == before.width
    assert len(list((data / other_reader.FOLDER).iterdir())) == 2


@pytest.mark.usefixtures("_asking")
def test_an_address_without_vectors_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it is not set" in run("other-reader").err
    monkeypatch.setenv("ANTECHAMBER_OTHER_READER", "http://127.0.0.1:1/v1/moderations")
    assert "no address of vectors" in run("other-reader").err
    monkeypatch.setenv("ANTECHAMBER_OTHER_READER", "http://127.0.0.1:1/v1/embeddings")
    ended = run("other-reader")
    assert (ended.code, "can't be learnt from" in ended.err) == (1, True)


@pytest.mark.parametrize("vector", [[1.0], [1.0, 2.0, 3.0, 4.0], [float("nan"), 0.0, 0.0], [1e308, -1e308, 1e308]])
def test_vectors_of_another_model_say_nothing(tmp_path: Path, vector: list[float]) -> None:
    lessons = foreign.lessons()
    rng = np.random.default_rng(1)
    heads = foreign.learn(rng.normal(0, 1e-3, (len(lessons.texts), 3)).tolist(), lessons, "", tmp_path)
    assert len(other_reader.signals(heads, [[0.1, 0.2, 0.3]])) == 1
    with pytest.raises(ValueError, match="vectors"):
        other_reader.signals(heads, [[0.1, 0.2, 0.3], vector])


@pytest.mark.usefixtures("_asking")
def test_the_check_says_whether_something_was_learnt(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTECHAMBER_OTHER_READER", "http://127.0.0.1:1/v1/embeddings")

    def said() -> str:
        return next(line for line in run("check").out.splitlines() if "other reader" in line)

    assert "antechamber other-reader" in said()
    (data / other_reader.FOLDER).mkdir()
    assert "model.json" in said()
    lessons = foreign.lessons()
    rng = np.random.default_rng(1)
    foreign.learn(rng.normal(0, 1, (len(lessons.texts), 3)).tolist(), lessons, "small", data / other_reader.FOLDER)
    assert "3 numbers" in said()
    assert other_reader.says(data) is not None
    (data / other_reader.FOLDER / "model.json").unlink()
    assert other_reader.says(data) is None, "damaged heads stop no worker"
