"""What leads where: the names that platforms have built in, the calls behind each, and what the platform's machine is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple


class Service(NamedTuple):
    """A service whose clients we answer: its names, and the paths that its clients call."""

    names: tuple[str, ...]  # a `*.` before a name is any one label
    paths: tuple[str, ...]  # with a slash at the end: all below


SERVICES: Final = {
    "akismet": Service(("rest.akismet.com", "*.rest.akismet.com"), ("/1.1/", "/1.2/")),
    "perspective": Service(("commentanalyzer.googleapis.com",), ("/v1alpha1/", "/batch", "/$discovery/rest")),
    "openai": Service(("api.openai.com",), ("/v1/moderations",)),
}
"""By the word that stands for it at the command line."""
_NAME = re.compile(r"(?:\*\.)?(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})+")
_ALL: Final = tuple(path for service in SERVICES.values() for path in service.paths)
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def names_of(words: Sequence[str]) -> tuple[str, ...]:
    """The names that words at the command line stand for: those of a service, or the word itself. Raises ValueError."""
    found: list[str] = []
    for word in words:
        name = word.lower().rstrip(".")
        if name not in SERVICES and (len(name) > 253 or _NAME.fullmatch(name) is None):
            raise ValueError(f"{word!r} is neither one of {', '.join(SERVICES)} nor a host's name")
        found += SERVICES[name].names if name in SERVICES else (name,)
    return tuple(dict.fromkeys(found))


def covers(name: str, host: str) -> bool:
    """Whether a name, which may begin with `*.`, is a host's."""
    host = host.lower()
    return host.partition(".")[2] == name[2:] if name.startswith("*.") else host == name


def paths_of(host: str, names: Sequence[str]) -> tuple[str, ...] | None:
    """The paths that calls to a host may go to; None: it is none of our names. Under a name of your own: any of them."""
    if not any(covers(name, host) for name in names):
        return None
    for service in SERVICES.values():
        if any(covers(name, host) for name in service.names):
            return service.paths
    return _ALL


def instructions(names: Sequence[str], *, address: str, keys: Sequence[str], certificate: Path) -> Iterator[str]:
    """What to write down where a platform runs, line by line: names, and whom to trust."""
    hosts = " ".join(hosts_of(names, keys))
    ours, both = "/etc/antechamber/ca.pem", "/etc/antechamber/bundle.pem"
    yield f"# On the machine where the platform runs. {certificate} goes there as {ours}; it is no secret."
    yield "# Where the names lead: /etc/hosts, or the same in a name server that only the platform asks."
    yield f"{address} {hosts}"
    yield ""
    yield "# Whom to trust: one line, for the one program that shall be led. Nothing else need trust it."
    yield f"NODE_EXTRA_CA_CERTS={ours}   # Node.js: NodeBB, Waline, Twikoo, Staticman, Coral"
    yield f"SSL_CERT_FILE={both}         # Python's httpx and ssl, Ruby, Go: Discourse, Artalk, Comentario"
    yield f"REQUESTS_CA_BUNDLE={both}    # Python's requests: django-fluent-comments, pyperspective"
    yield f"HTTPLIB2_CA_CERTS={both}     # Google's client for Python: perspective.py, begentle"
    yield f"curl.cainfo = {both}         # PHP, in php.ini, beside openssl.cafile: Flarum, phpBB, Drupal"
    yield f"# {both} is what the program trusted before, and ours: cat {_CERTIFICATES} {ours} > {both}"
    yield ""
    yield "# A container: in its service of docker-compose.yml"
    yield "    extra_hosts:"
    yield from (f'      - "{name}:{address}"' for name in hosts_of(names, keys))
    yield "    volumes:"
    yield f"      - {certificate.resolve()}:{ours}:ro"
    yield "    environment:"
    yield f"      NODE_EXTRA_CA_CERTS: {ours}"


def hosts_of(names: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The names as /etc/hosts takes them, which knows no `*`: for it stand the keys of the sites."""
    found: list[str] = []
    for name in names:
        found += [f"{key}.{name[2:]}" for key in keys or ("KEY",)] if name.startswith("*.") else [name]
    return found
