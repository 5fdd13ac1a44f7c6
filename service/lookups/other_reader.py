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
from typing import Any, Final, NamedTuple, TypeVar

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from service import __version__, metrics
from service.core.submission import Submission
from service.core.verdict import Says, Signal
from service.lookups.receivers import Guard, Network, guarded_connector, word_of

LONGEST: Final = 8_000
"""Characters of a text that are sent."""
TOGETHER: Final = 32
"""Texts in one request."""
PAUSE: Final = 30.0
"""Seconds without a question after `FAILURES` failures one after the other."""
FAILURES: Final = 3
_BURST = 10.0  # seconds' worth of questions that may be asked at once
_MOST = 8 << 20  # bytes of an answer: 32 vectors of 4,096 numbers take three million
_MOST_DIGITS = 6  # of seconds
_TOXICITY = ("toxicity", "harassment", "hate", "threat", "insult", "violence")
"""Categories that count as toxicity, with those below them (`hate/threatening`). Many write in earnest of self-harm and sex."""
SILENT: Final[Mapping[str, Signal]] = {"other_silent": True}
_MODEL = "ANTECHAMBER_OTHER_READER_MODEL"
_HINTS: Final = (  # up to this status; the first that fits
    (299, "that is no answer to a question"),
    (399, "it points elsewhere, where nothing is sent; give that address instead, if you trust it"),
    (400, f"it does not take what is asked; is {_MODEL} right?"),
    (403, "it does not take the key; the right one stands in other-reader.key, in the folder of the secrets"),
    (404, f"nothing is at that address, or no model of that name; is {_MODEL} right?"),
    (428, f"it does not take what is asked; is {_MODEL} right?"),
    (429, "it is asked too much; wait, or raise its limit"),
    (499, "it does not take what is asked"),
    (999, "it is in trouble; its own log says why"),
)
_WHY: Final = {  # by the words of `receivers`
    "bad-address": "its address can't be read",
    "blocked-address": "it is on a private network, or a port of something else; name the network in "
    "ANTECHAMBER_OTHER_READER_ALLOW",
    "broken-answer": "its answer breaks off, or is no HTTP",
    "connection": "it ends the connection without an answer; does it want https://?",
    "no-connection": "it can't be connected to; is it up?",
    "tls": "it speaks no TLS there; does it want http://?",
    "unknown-host": "its host is not known",
}

T = TypeVar("T")
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
_moderations = msgspec.json.Decoder(_Answer).decode
_vectors = msgspec.json.Decoder(_Vectors).decode


class OtherReaderError(Exception):
    """It says nothing that can be used; what came instead and what to do about it, in words of ours alone.

    `again`: after how many seconds it wants to be asked again; 0 when it does not say.
    """

    def __init__(self, why: str, again: int = 0) -> None:
        super().__init__(why)
        self.again = again


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

        Asks whatever its means are; once more, where it says when, within `patience`. Raises OtherReaderError.
        """
        for first in range(0, len(texts), TOGETHER):
            some = texts[first : first + TOGETHER]
            try:
                answer = await self._answer(some, patience)
            except OtherReaderError as error:
                if not 0 < error.again <= patience:
                    raise
                await asyncio.sleep(error.again)
                answer = await self._answer(some, patience)
            yield _embeddings(answer, len(some))

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
        """Raises OtherReaderError if it is not about `count` texts, or is nonsense."""
        if self._says is not None:
            try:
                return self._says(_embeddings(answer, count))
            except ValueError as error:
                raise OtherReaderError(f"it gives {error}; learn again: antechamber other-reader") from None
        results = _parsed(_moderations, answer).results
        if len(results) != count:
            raise OtherReaderError(f"it gives {len(results):,} results for {count:,} texts")
        if not all(map(_fits, results)):
            raise OtherReaderError("it gives scores that are not between 0 and 1")
        return [_signals(result) for result in results]

    async def _ask(self, texts: Sequence[str]) -> list[dict[str, Signal]] | None:
        """What it says, in order; None if there is no answer that fits."""
        try:
            found = self._read(await self._answer(texts, self._timeout), len(texts))
        except Exception as error:  # whatever it does, comments are judged
            self._failed += 1
            if self._failed >= FAILURES:
                self._again_at = self._clock() + PAUSE
            metrics.FAILURES.labels("other-reader").inc()
            why = str(error) if isinstance(error, OtherReaderError) else ""  # others' words may quote a comment
            log.warning("the other reader is silent", error=type(error).__name__, why=why)
            return None
        self._failed = 0
        return found

    async def _answer(self, texts: Sequence[str], patience: float) -> bytes:
        """What it answers within so many seconds. Raises OtherReaderError."""
        try:
            async with asyncio.timeout(patience):
                return await self._post(self._asked(texts))
        except TimeoutError:
            raise OtherReaderError(f"it does not answer within {patience:g} s; is it up, and not too slow?") from None
        except (aiohttp.ClientError, OSError) as error:
            raise OtherReaderError(_why(error)) from error

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
                raise _refusal(response.status, response.headers.get("Retry-After", ""))
            answer = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                answer += chunk
                if len(answer) > _MOST:
                    raise OtherReaderError(f"its answer is longer than {_MOST:,} bytes")
            return bytes(answer)


def _refusal(status: int, after: str) -> OtherReaderError:
    hint = next(hint for last, hint in _HINTS if status <= last)
    again = int(after) if after.isascii() and after.isdigit() and len(after) < _MOST_DIGITS else 0
    return OtherReaderError(f"it answers {status}{f' (again in {again:,} s)' if again else ''}: {hint}", again)


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        wrong = getattr(error.certificate_error, "verify_message", "")  # OpenSSL's words
        return (
            f"its certificate is not to be trusted: {wrong}; authorities of your own go into the file at SSL_CERT_FILE"
        )
    word = word_of(error)
    return _WHY["no-connection" if word == "connection" and isinstance(error, aiohttp.ClientConnectorError) else word]


def _parsed(decode: Callable[[bytes], T], answer: bytes) -> T:
    """Raises OtherReaderError."""
    try:
        return decode(answer)
    except msgspec.ValidationError as error:  # which names a place, and quotes nothing
        raise OtherReaderError(f"its answer is not what that address should give: {error}") from None
    except (ValueError, RecursionError):
        if answer.lstrip().startswith(b"{"):
            raise OtherReaderError(
                "its answer is broken JSON, or holds NaN or Infinity, which are no numbers"
            ) from None
        raise OtherReaderError("its answer is no JSON; is the address right?") from None


def _embeddings(answer: bytes, count: int) -> list[list[float]]:
    """The vectors of `count` texts, in their order. Raises OtherReaderError."""
    found = sorted(_parsed(_vectors, answer).data, key=lambda one: one.index)
    if len(found) != count:
        raise OtherReaderError(f"it gives {len(found):,} vectors for {count:,} texts")
    if [one.index for one in found] != list(range(count)):
        raise OtherReaderError("its vectors do not say which text each is of: `index` counts from 0, once each")
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
