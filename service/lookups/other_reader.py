"""Another reader: a model of the operator's own, asked over HTTP by one of OpenAI's wires. For the use cases of judging.

Off by default, since it sends what people wrote to whoever runs it: the text alone, and nothing of who wrote it or where. What it
says becomes signals beside the scores, which it never changes. It is asked no longer than a time-out, no more often than a rate,
and not at all for a while after it has failed several times; by the failure policy a comment without its word goes on or is held.

https://platform.openai.com/docs/api-reference/moderations (`POST …/v1/moderations`; an input may be an array) and
https://platform.openai.com/docs/api-reference/embeddings (`POST …/v1/embeddings`), whose vectors are read by heads of ours.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from service import __version__, metrics
from service.core.submission import Submission
from service.core.verdict import Says, Signal
from service.lookups.receivers import Guard, Network, guarded_connector

LONGEST: Final = 8_000
"""Characters of a text that are sent."""
TOGETHER: Final = 32
"""Texts in one request."""
PAUSE: Final = 30.0
"""Seconds without a question after `FAILURES` failures one after the other."""
FAILURES: Final = 3
_BURST = 10.0  # seconds' worth of questions that may be asked at once
_MOST = 1 << 20  # bytes of an answer
_TOXICITY = ("toxicity", "harassment", "hate", "threat", "insult", "violence")
"""Categories that count as toxicity, with those below them (`hate/threatening`). Many write in earnest of self-harm and sex."""
SILENT: Final[Mapping[str, Signal]] = {"other_silent": True}

log = structlog.get_logger(__name__)


class _Result(Struct):
    category_scores: dict[str, float]
    categories: dict[str, bool] = {}


class _Answer(Struct):
    results: list[_Result]


class _Vector(Struct):
    index: int
    embedding: list[float]


class _Vectors(Struct):
    data: list[_Vector]


_encode = msgspec.json.Encoder().encode
_answer = msgspec.json.Decoder(_Answer).decode
_vectors = msgspec.json.Decoder(_Vectors).decode


class OtherReaderError(Exception):
    """It gives no vectors; why, in words."""


class Whereabouts(NamedTuple):
    """Where another reader is, and what it may cost; the settings tell of each."""

    url: str
    key: str = ""
    model: str = ""
    timeout: float = 0.5
    """Seconds."""
    rate: float = 5.0
    """Comments a second."""
    holds: bool = False
    """Whether a comment without its word is held."""
    allow: Sequence[Network] = ()
    """Private networks where it may be."""

    @property
    def gives_vectors(self) -> bool:
        """Whether it is asked for embeddings."""
        return self.url.partition("?")[0].rstrip("/").endswith("/embeddings")


class OtherReader:
    """Asks within its means, and never raises. Belongs to one event loop; `close` ends its connections."""

    def __init__(
        self, there: Whereabouts, clock: Callable[[], float] = time.monotonic, says: Says | None = None
    ) -> None:
        """`says`: what vectors say, where it gives such; without, it is asked for nothing."""
        self._url = there.url
        self._gives_vectors, self._says = there.gives_vectors, says
        self._headers = {"Content-Type": "application/json", "User-Agent": f"Antechamber/{__version__}"}
        if there.key:
            self._headers["Authorization"] = f"Bearer {there.key}"
        self._model = there.model
        self._timeout = there.timeout
        self._rate = there.rate
        self._holds = there.holds
        self._guard = Guard(there.allow)
        self._clock = clock
        self._saved = self._rate * _BURST
        self._noted = clock()
        self._failed = 0
        self._again_at = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def signals(self, submissions: Sequence[Submission]) -> list[dict[str, Signal]]:
        """What it says of each comment as signals; of those that it was not asked about, or was silent on, what the failure
        policy says."""
        missing = dict(SILENT) if self._holds else {}
        found: list[dict[str, Signal]] = [dict(missing) for _ in submissions]
        written = [at for at, one in enumerate(submissions) if one.content.strip()]
        for at in set(range(len(submissions))).difference(written):
            found[at] = {}
        asked = written[: self._means()]
        metrics.OTHER_READER.labels("spared").inc(len(written) - len(asked))
        self._saved -= len(asked)
        parts = [asked[first : first + TOGETHER] for first in range(0, len(asked), TOGETHER)]
        answers = await asyncio.gather(*(self._ask([submissions[at].content for at in part]) for part in parts))
        for part, said in zip(parts, answers, strict=True):
            metrics.OTHER_READER.labels("failed" if said is None else "answered").inc(len(part))
            for at, signals in zip(part, said or (), strict=bool(said)):
                found[at] = signals
        return found

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()

    async def vectors(self, texts: Sequence[str], patience: float) -> AsyncIterator[list[list[float]]]:
        """The vectors of texts, as many at a time as one answer has, each waited for up to `patience` seconds.

        Asks whatever its means are. Raises OtherReaderError.
        """
        for first in range(0, len(texts), TOGETHER):
            some = texts[first : first + TOGETHER]
            try:
                async with asyncio.timeout(patience):
                    yield _embeddings(await self._post(self._asked(some)), len(some))
            except TimeoutError:
                raise OtherReaderError(f"it does not answer within {patience:g} s") from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise OtherReaderError(str(error) or type(error).__name__) from error

    def _means(self) -> int:
        """How many comments may be sent now."""
        if self._gives_vectors and self._says is None:
            return 0
        now = self._clock()
        self._saved = min(self._rate * _BURST, self._saved + self._rate * (now - self._noted))
        self._noted = now
        return 0 if now < self._again_at else max(int(self._saved), 0)

    def _asked(self, texts: Sequence[str]) -> bytes:
        asked: dict[str, Any] = {"input": [text[:LONGEST] for text in texts]}
        if self._model:
            asked["model"] = self._model
        return _encode(asked)

    def _read(self, answer: bytes, count: int) -> list[dict[str, Signal]]:
        """Raises ValueError if it is not about `count` texts, or is nonsense."""
        if self._says is not None:
            return self._says(_embeddings(answer, count))
        results = _answer(answer).results
        if len(results) != count or not all(map(_fits, results)):
            raise ValueError("the answer is not about what was asked")
        return [_signals(result) for result in results]

    async def _ask(self, texts: Sequence[str]) -> list[dict[str, Signal]] | None:
        """What it says, in order; None if there is no answer that fits."""
        try:
            async with asyncio.timeout(self._timeout):
                found = self._read(await self._post(self._asked(texts)), len(texts))
        except Exception as error:  # whatever it does, comments are judged
            self._failed += 1
            if self._failed >= FAILURES:
                self._again_at = self._clock() + PAUSE
            metrics.FAILURES.labels("other-reader").inc()
            log.warning("the other reader is silent", error=type(error).__name__)  # its words may quote a comment
            return None
        self._failed = 0
        return found

    async def _post(self, body: bytes) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(self._guard, keepalive=10.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                headers=self._headers,
            )
        async with self._session.post(self._url, data=body, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"it answers {response.status}")
            answer = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                answer += chunk
                if len(answer) > _MOST:
                    raise ValueError("the answer has no end")
            return bytes(answer)


def _embeddings(answer: bytes, count: int) -> list[list[float]]:
    """The vectors of `count` texts, in their order. Raises ValueError."""
    found = sorted(_vectors(answer).data, key=lambda one: one.index)
    if [one.index for one in found] != list(range(count)):
        raise ValueError("the answer is not about what was asked")
    return [one.embedding for one in found]


def _fits(result: _Result) -> bool:
    return all(math.isfinite(score) and 0 <= score <= 1 for score in result.category_scores.values())


def _signals(result: _Result) -> dict[str, Signal]:
    """How spammy and how toxic it finds a comment, and whether it says that either is too much."""
    found: dict[str, Signal] = {}
    for name, counted in (("other_spam", ("spam",)), ("other_toxicity", _TOXICITY)):
        scores = [score for category, score in result.category_scores.items() if _is_of(category, counted)]
        if scores:
            found[name] = round(max(scores), 4)
    if any(yes and _is_of(category, ("spam", *_TOXICITY)) for category, yes in result.categories.items()):
        found["other_flagged"] = True
    return found


def _is_of(category: str, kinds: Sequence[str]) -> bool:
    return category.partition("/")[0].lower() in kinds
