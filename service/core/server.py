"""A Redis server as values: its address, what it said of itself, and the words for what can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from service.core.web_address import is_host

OLDEST_VERSION: Final = (6, 2)
"""XAUTOCLAIM and GETDEL came with Redis 6.2. Valkey tells the Redis version that it is compatible with."""


class ServerState(NamedTuple):
    """What a server is, what it keeps when it dies, and how far away it is."""

    name: str  # "Redis 8.2.1" or "Valkey 9.1.0"
    append_only: bool
    fsync: str  # always | everysec | no; "" when the server does not tell
    eviction: str  # maxmemory-policy; "" when the server does not tell
    round_trip_ms: float  # median
    clock_ahead_ms: float  # of our clock; half a round trip is allowed for
    where: str = ""  # host and port
    replica: bool = False
    replicas: int = 0  # that follow it
    memory: int = 0  # bytes in use
    memory_limit: int = 0  # maxmemory; 0: none
    disk_ok: bool = True  # whether its last write to the append-only file succeeded


# What can be wrong with a server, in one word for programs and one sentence for people. "It" is Redis.


TROUBLES: Final[Mapping[str, str]] = {
    "down": "nobody listens there; is it running?",
    "unknown-host": "the name of its host is not known here; is REDIS_URL right?",
    "no-answer": "it does not answer in time; is it overloaded, or is something between us and it?",
    "lost": "the connection to it broke; if it does not come back, its log says why",
    "hung-up": "it takes the connection and ends it without a word: is it up behind its proxy, is the port right, and does it "
    "want rediss://?",
    "loading": "it is loading its data; wait for it",
    "busy": "a script of somebody's does not end; SCRIPT KILL ends it",
    "too-many-clients": "it has as many connections as it takes (maxclients); raise that, or end some",
    "read-only": "it is a replica and takes no writes; REDIS_URL must lead to the master",
    "master-down": "it is a replica that has lost its master; start that, or make another one master",
    "no-master": "no Sentinel knows of a master of the name in REDIS_URL",
    "no-sentinel": "no Sentinel tells where its master is; do they run where REDIS_URL says?",
    "out-of-memory": "its memory is full (maxmemory), it takes no more writes; raise that, or erase something",
    "disk": "it can't write to its disk; make room, nothing needs repair",
    "no-replicas": "too few replicas follow it (min-replicas-to-write, or replicas in REDIS_URL); start them",
    "cluster-down": "its cluster is down; is one of its masters missing?",
    "moved": "its cluster is moving our keys from one server to another; wait for it",
    "no-cluster": "REDIS_URL names several servers, and they are no cluster",
    "no-redis": "what answers there is no Redis: is the port right, and does it want rediss://?",
    "too-old": f"it is too old; Redis {OLDEST_VERSION[0]}.{OLDEST_VERSION[1]} or newer is needed, or any Valkey",
    "no-command": "it does not know a command that we need: is it a server (or Sentinel) as REDIS_URL says, with none renamed?",
    "no-database": "it has no database of the number at the end of REDIS_URL",
    "wrong-password": "it does not take our name and password; put REDIS_URL right (for Sentinels: sentinel_password)",
    "not-allowed": "our user may not do there what is needed; let it (ACL SETUSER … ~* &* +@all)",
    "protected": "it lets in nobody from another machine (protected-mode); give it a password",
    "socket-closed": "its socket is closed to our user; see unixsocketperm",
    "certificate": "its certificate is signed by nobody whom we trust; is ssl_ca_certs right?",
    "certificate-name": "its certificate is for another host; write the host in REDIS_URL as its certificate does",
    "certificate-date": "its certificate has run out, or is not valid yet; renew it, or put the clocks right",
    "tls": "TLS fails: does it speak TLS on this port, and does it want a certificate of ours (ssl_certfile)?",
    "tls-silent": "it takes the connection and does not answer to TLS: does it speak TLS on this port, or is it redis://?",
    "tls-files": "a file that REDIS_URL names for TLS, or ssl_ciphers, can't be used",
    "empty": "it is empty, and there was data before; antechamber repair says what can be done",
    "refused": "it refuses a command; its log may say why",
}
HOPELESS: Final = frozenset(
    {
        "no-cluster", "too-old", "no-command", "no-database", "wrong-password", "not-allowed", "protected", "socket-closed",
        "certificate", "certificate-name", "certificate-date", "tls", "tls-files",
    }
)  # fmt: skip
"""Troubles that waiting does not mend: somebody has to change something."""
ELSEWHERE: Final = frozenset({"read-only", "master-down", "loading", "cluster-down", "wrong-password"})
"""Troubles of the server at the other end of a connection: the same address may lead to a better one."""
_CODES: Final = {
    "LOADING": "loading",
    "BUSY": "busy",
    "READONLY": "read-only",
    "UNBLOCKED": "read-only",
    "MASTERDOWN": "master-down",
    "OOM": "out-of-memory",
    "MISCONF": "disk",
    "NOREPLICAS": "no-replicas",
    "CLUSTERDOWN": "cluster-down",
    "MOVED": "moved",
    "ASK": "moved",
    "TRYAGAIN": "moved",
    "NOAUTH": "wrong-password",
    "WRONGPASS": "wrong-password",
    "NOPERM": "not-allowed",
    "DENIED": "protected",
    "BUSYGROUP": "",
    "NOGROUP": "",
    "NOSCRIPT": "",
}
_PHRASES: Final = (
    ("max number of clients", "too-many-clients"),
    ("invalid password", "wrong-password"),
    ("AUTH <password> called without", "wrong-password"),
    ("AUTH, but no password is set", "wrong-password"),
    ("for 'auth' command", "too-old"),  # before users had names
    ("DB index", "no-database"),
    ("SELECT is not allowed in cluster mode", "no-database"),
    ("user executing the script can't", "not-allowed"),
    ("ACL failure in script", "not-allowed"),
    ("unknown command", "no-command"),
    ("Unknown Redis command", "no-command"),
)
"""What stands in errors that have no code of their own."""
_IN_SCRIPT = re.compile(r"@user_script: ?\d+: -?([A-Z]+) ")  # as Redis 6 wraps what a script met


def trouble(reply: str) -> str:
    """What is wrong, in one of the words of `TROUBLES`, when Redis answers with this error; "" for what is no trouble of it."""
    wrapped = _IN_SCRIPT.search(reply)
    code = wrapped.group(1) if wrapped and wrapped.group(1) in _CODES else reply.partition(" ")[0]
    if code in _CODES:
        return _CODES[code]
    return next((why for phrase, why in _PHRASES if phrase in reply), "refused")


# Where a server is: REDIS_URL, read.


_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/?#@,]+))?(?::([0-9]{1,5}))?\Z")
_MASTER = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
_SCHEMES: Final = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_PORT, _SENTINEL_PORT = 6379, 26379
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TLS_VERSIONS: Final = {
    **dict.fromkeys(("TLSv1.2", "1.2", "771"), "TLSv1_2"),
    **dict.fromkeys(("TLSv1.3", "1.3", "772"), "TLSv1_3"),
}
_FORM = (
    "it is written redis://[user:password@]host[:port][/number], rediss://… for TLS, unix:///path, "
    "redis://host[:port],… for a cluster, or redis+sentinel://host[:port],…/master"
)
_ESCAPED = "a password with / ? or # in it is written with %2F, %3F or %23 in their place"


@dataclass(frozen=True)
class Tls:
    """How TLS is spoken; the fields are redis-py's parameters of an address without their `ssl_`."""

    cert_reqs: str = "required"  # none | optional | required
    ca_certs: str = ""
    ca_path: str = ""
    certfile: str = ""
    keyfile: str = ""
    password: str = field(default="", repr=False)
    check_hostname: bool = True
    min_version: str = ""  # a name in ssl.TLSVersion
    ciphers: str = ""


@dataclass(frozen=True)
class Address:
    """Where a server is and who we are there. With `master`, `hosts` are the Sentinels that know where it is; else servers of a
    cluster, if they are several.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""  # of a unix socket
    user: str = ""
    password: str = field(default="", repr=False)
    db: int = 0
    tls: Tls | None = None
    master: str = ""
    sentinel_user: str = ""
    sentinel_password: str = field(default="", repr=False)
    connect_timeout: float = 3.0  # seconds
    reply_timeout: float = 10.0  # seconds without the reply to a command before the connection is given up
    replicas: int = 0  # that are to have what was written before it counts as written


def read_address(url: str) -> Address:
    """An address from what REDIS_URL says. Raises ValueError, in words that quote nothing of it but names of parameters."""
    parts = _parts(url)
    given = _parameters(parts.query)
    known = _options(given)
    secure, sentinel = parts.scheme.startswith("rediss"), parts.scheme.endswith("+sentinel")
    tls = _tls(given) if secure else None
    if given:
        raise ValueError(_unknown(parts.query, given, secure=secure))
    if known.get("sentinel_password") and not sentinel:
        raise ValueError("sentinel_password is for redis+sentinel:// alone")
    login, _, where = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    if user and not password:
        raise ValueError("it has a user without a password; a password alone is written redis://:password@host")
    who = {"user": unquote(user), "password": unquote(password), "tls": tls}
    if parts.scheme == "unix":
        if where or len(parts.path) < 2:
            raise ValueError("unix:// is followed by the whole path of a socket, as in unix:///run/redis.sock")
        return Address(path=unquote(parts.path), **who, **known)  # type: ignore[arg-type]
    if sentinel:
        master, _, number = parts.path.strip("/").partition("/")
        if not _MASTER.match(unquote(master)):
            raise ValueError(
                "behind the Sentinels stands the name of their master, as in redis+sentinel://host/mymaster"
            )
        hosts = _hosts(where, _SENTINEL_PORT)
        return Address(hosts=hosts, master=unquote(master), **who, **_with_number(known, number))  # type: ignore[arg-type]
    return Address(hosts=_hosts(where, _PORT), **who, **_with_number(known, parts.path.strip("/")))  # type: ignore[arg-type]


def _parts(url: str) -> SplitResult:
    """The parts of what begins as it should, and is in the order that it should be. Raises ValueError."""
    if not url:
        raise ValueError("it is empty; leave it unset for the embedded server")
    if not url.isprintable() or " " in url:
        raise ValueError(f"there is a blank or a control character in it; {_FORM}")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(f"it can't be read; {_FORM}") from None
    if parts.scheme not in _SCHEMES or not url[len(parts.scheme) :].startswith("://"):
        raise ValueError(f"it begins with none of {', '.join(f'{one}://' for one in _SCHEMES)}; {_FORM}")
    if parts.fragment:
        raise ValueError(f"there is a # in it; {_ESCAPED}")
    if parts.scheme != "unix" and "@" in parts.path:
        raise ValueError(f"there is an @ behind a /; {_ESCAPED}")
    return parts


def _parameters(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a parameter is there twice")
    return dict(pairs)


def _unknown(query: str, given: Mapping[str, str], *, secure: bool) -> str:
    """What to say of parameters that are not known: their names, unless they may be the rest of a password."""
    if "@" in query:
        return f"there is an @ behind a ?; {_ESCAPED}"
    elsewhere = not secure and any(name.startswith("ssl_") for name in given)
    hint = "ssl_… is for rediss:// alone" if elsewhere else "docs/operations.md names those that are"
    return f"it has parameters that are not known: {', '.join(sorted(map(ascii, given)))}; {hint}"


def _options(given: dict[str, str]) -> dict[str, object]:
    """Take what is no TLS out of the parameters."""
    found: dict[str, object] = {}
    if "db" in given:
        found["db"] = _database(given.pop("db"))
    for name, ours in (("socket_connect_timeout", "connect_timeout"), ("socket_timeout", "reply_timeout")):
        if name in given:
            found[ours] = _seconds(name, given.pop(name))
    if "replicas" in given:
        found["replicas"] = _replicas(given.pop("replicas"))
    for name in ("sentinel_username", "sentinel_password"):
        if name in given:
            found[name.replace("username", "user")] = given.pop(name)
    return found


def _with_number(known: dict[str, object], path: str) -> dict[str, object]:
    return {**known, "db": _database(path)} if path else known


def _database(number: str) -> int:
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise ValueError("behind the host stands the number of a database, as in redis://host/0, or nothing")
    return int(number)


def _replicas(number: str) -> int:
    if len(number) != 1 or number not in "123456789":
        raise ValueError("replicas is a number from 1 to 9")
    return int(number)


def _seconds(name: str, value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", value) or not float(value):
        raise ValueError(f"{name} is a number of seconds")
    return float(value)


def _hosts(text: str, port: int) -> tuple[tuple[str, int], ...]:
    names = text.split(",")
    if len(names) > 1 and not all(names):
        raise ValueError(f"one of several servers has no host; {_FORM}")
    return tuple(_host(one, port) for one in names)


def _host(text: str, port: int) -> tuple[str, int]:
    found = _HOST.match(text)
    number = int(found.group(3) or port) if found else 0
    name = (found.group(1) or unquote(found.group(2) or "localhost")) if found else ""
    if not is_host(name) or not 0 < number < 65_536:
        raise ValueError(f"the host or its port can't be one; {_FORM}")
    return name, number


def _tls(given: dict[str, str]) -> Tls:
    """Take what is about TLS out of the parameters."""
    found: dict[str, object] = {}
    for name in Tls.__dataclass_fields__:
        value = given.pop(f"ssl_{name}", None)
        if value is None:
            continue
        found[name] = value
        if name == "check_hostname":
            if value.lower() not in _FLAGS:
                raise ValueError("ssl_check_hostname is true or false")
            found[name] = _FLAGS[value.lower()]
        elif name == "cert_reqs" and value not in ("none", "optional", "required"):
            raise ValueError("ssl_cert_reqs is none, optional or required")
        elif name == "min_version":
            if value not in _TLS_VERSIONS:
                raise ValueError("ssl_min_version is TLSv1.2 or TLSv1.3")
            found[name] = _TLS_VERSIONS[value]
    return Tls(**found)  # type: ignore[arg-type]
