"""WordPress's two lists of words (`moderation_keys`, `disallowed_keys`) as lists of ours: sorts what their lines hold.

WordPress looks for each line, case aside, inside name, address, URL, text, IP address and browser of a comment; "press"
stands in "WordPress". Here words are whole words unless told, addresses become marks on their authors, and hosts domains.
Source: `wp_check_comment_disallowed_list` and `check_comment` of WordPress 6.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from service.core.domains import Domains
from service.core.errors import InvalidPolicy
from service.core.lists import MAX_ENTRIES, WordList
from service.core.measures import Then
from service.core.words import Entries, is_wordy

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+\Z")
_HOST = re.compile(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,24})/?\Z", re.IGNORECASE)
_NETWORK_START = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}\.?\Z")


class Sorted(NamedTuple):
    """What the lines of a list hold. The repr hides the addresses, which are to be digested at once."""

    words: list[str]
    domains: list[str]
    emails: list[str]
    ips: list[str]
    left_out: list[tuple[int, str]]  # line, from 1, and why

    def __repr__(self) -> str:
        return f"Sorted({len(self.words)} words, {len(self.domains)} domains, …)"


def sort_lines(text: str, *, inside_words: bool = False) -> Sorted:
    """Sort the lines of a WordPress list. `inside_words`: words are to be found inside other words too, as there."""
    words: dict[str, None] = {}
    domains: dict[str, None] = {}
    found = Sorted([], [], [], [], [])
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line:
            continue
        if _EMAIL.match(line):
            found.emails.append(line)
        elif _is_ip(line):
            found.ips.append(line)
        elif _NETWORK_START.match(line):
            found.left_out.append((number, "a beginning of IP addresses: only digests of them are kept"))
        elif host := _HOST.match(line):
            if (why := _refused(Domains, host[1])) is None:
                domains[host[1].lower()] = None
            else:
                found.left_out.append((number, why))
        else:
            entry = f"*{line}*" if inside_words and is_wordy(line) else line
            if (why := _refused(Entries, entry)) is None:
                words[entry] = None
            else:
                found.left_out.append((number, why))
    return found._replace(words=list(words), domains=list(domains))


def lists_of(found: Sorted, name: str, then: Then) -> list[WordList]:
    """The lists that hold what was found, as many as it takes, named after `name`."""
    made = []
    for kind, suffix, entries in (("words", "", found.words), ("domains", "-domains", found.domains)):
        for start in range(0, len(entries), MAX_ENTRIES):
            number = f"-{start // MAX_ENTRIES + 1}" if start else ""
            part = tuple(entries[start : start + MAX_ENTRIES])
            made.append(
                WordList(
                    name=f"{name}{suffix}{number}", then=then, entries=part, kind="domains" if kind == "domains" else "words",
                    note="Imported from WordPress.",
                )
            )  # fmt: skip
    return made


def _is_ip(line: str) -> bool:
    try:
        ipaddress.ip_address(line)
    except ValueError:
        return False
    return True


def _refused(kind: type[Domains] | type[Entries], entry: str) -> str | None:
    """Why an entry is none, or None when it is one."""
    try:
        kind([entry])
    except InvalidPolicy as error:
        return error.detail
    return None
