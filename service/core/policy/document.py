"""A policy as people read and write it: from TOML, JSON or WordPress's lists, with every mistake and its place; and as TOML.

msgspec stops at the first value that does not fit. So that people need not mend one mistake after the other, a document that
it refuses is gone through field by field, and what is right in it is checked as if the rest were sound.
"""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from classifier.unicode.hosts import Host
from service.core.errors import InvalidPolicy, ValidationErrors, in_words
from service.core.policy import MODES, Policy, check_measures
from service.core.policy.house_rules import MAX_HOUSE_RULES, HouseRule, check_house_rules
from service.core.policy.measures import MAX_ENTRIES, MAX_LISTS, Measure, Then, WordList
from service.core.policy.rules import MAX_RULES, Rule
from service.core.policy.thresholds import PRESETS, Thresholds, check_thresholds
from service.core.text.links import Domains
from service.core.text.search import Entries, is_wordy
from service.core.verdict import LABELS

TRUST: Final = "trust"
"""What a document may say for `unsupported_language = null`, since TOML has no null."""

T = TypeVar("T", bound=msgspec.Struct)
_SOUND: Final[Mapping[type, Mapping[str, Any]]] = {
    WordList: {"name": "sound", "then": "hold", "tags": ("sound",), "entries": ()},
    Rule: {"name": "sound", "then": "hold", "tags": ("sound",), "when": "honeypot"},
    HouseRule: {"code": "sound", "name": "sound"},
}
"""What may stand for a field that is wrong or missing, so that the others can be tried."""


def policy_of(document: object) -> Policy:
    """The policy of a document. Raises InvalidPolicy; of one that can be read, `policy.check` says what is wrong."""
    if isinstance(document, dict) and document.get("unsupported_language") == TRUST:
        document = document | {"unsupported_language": None}
    try:
        return msgspec.convert(document, Policy)
    except msgspec.ValidationError as error:
        wrong = in_words(str(error))
        refused = InvalidPolicy(wrong.detail, pointer=wrong.pointer)
    except InvalidPolicy as error:
        refused = error
    mistakes = ValidationErrors()
    if isinstance(document, dict):
        _go_through(document, mistakes)
    mistakes.refuse()
    raise refused


def _go_through(document: dict[str, Any], mistakes: ValidationErrors) -> None:
    inner = ("thresholds", "lists", "rules", "house_rules")
    _read({name: value for name, value in document.items() if name not in inner}, Policy, "", mistakes)
    thresholds = _expected(document, "thresholds", dict, mistakes)
    read = {
        label: _read(steps, Thresholds, f"/thresholds/{label}", mistakes) if label in LABELS else Thresholds()
        for label, steps in thresholds.items()
    }
    with mistakes.gathered():
        check_thresholds({label: steps for label, steps in read.items() if steps is not None})
    lists = _several(document, "lists", WordList, MAX_LISTS, mistakes)
    check_measures(lists, _several(document, "rules", Rule, MAX_RULES, mistakes), mistakes)
    check_house_rules(_several(document, "house_rules", HouseRule, MAX_HOUSE_RULES, mistakes), mistakes)


def _several(document: dict[str, Any], name: str, kind: type[T], most: int, mistakes: ValidationErrors) -> dict[int, T]:
    """Those of a document's lists or rules that can be read, by where they stand."""
    found = _expected(document, name, list, mistakes)
    if len(found) > most:
        mistakes.add(f"A policy has at most {most} {name.replace('_', ' ')}.", f"/{name}")
        return {}
    read = {index: _read(one, kind, f"/{name}/{index}", mistakes) for index, one in enumerate(found)}
    return {index: one for index, one in read.items() if one is not None}


def _expected(document: dict[str, Any], name: str, kind: type, mistakes: ValidationErrors) -> Any:
    found = document.get(name, kind())
    if isinstance(found, (list, tuple) if kind is list else kind):
        return found
    mistakes.add("A table is expected here." if kind is dict else "An array is expected here.", f"/{name}")
    return kind()


def _read(value: object, kind: type[T], pointer: str, mistakes: ValidationErrors) -> T | None:
    """A struct of a document, as far as it is right; None when it has no name. Every field that is wrong is noted."""
    if not isinstance(value, dict):
        mistakes.add("A table is expected here.", pointer)
        return None
    sound = _SOUND.get(kind, {})
    wrong = {field.name for field in msgspec.structs.fields(kind) if field.required and field.name not in value}
    for name in sorted(wrong):
        mistakes.add("This field is required.", f"{pointer}/{name}")
    for name, field in value.items():
        try:
            msgspec.convert({**sound, name: field}, kind)
        except msgspec.ValidationError as error:
            found = in_words(str(error))
            options = _options(kind, name) if "enum" in str(error) else ""
            mistakes.add(options or found.detail, pointer + found.pointer)
            wrong.add(name)
        except InvalidPolicy as error:
            mistakes.found += error.under(pointer).all
            wrong.add(name)
    if "name" in wrong:
        return None
    right = {name: field for name, field in value.items() if name not in wrong}
    return msgspec.convert({**right, **{name: sound[name] for name in wrong & sound.keys()}}, kind)


def _options(kind: type[msgspec.Struct], name: str) -> str:
    """What a field takes of which there are a few words only."""
    schema = msgspec.json.schema(kind)
    about = schema["$defs"][kind.__name__]["properties"].get(name, {})
    choices = [schema["$defs"].get(one.get("$ref", "").rpartition("/")[2], one) for one in about.get("anyOf", [about])]
    words = [str(word) for one in choices for word in one.get("enum", ())]
    words += [TRUST] if name == "unsupported_language" else []
    return f"One of {', '.join(words)} is expected here." if words else ""


# A policy as people read and write it: `to_toml` writes it with comments, `read_policy` reads that, or JSON. For commands.
#
# TOML, because its '…' strings take conditions and regular expressions as they are, and Python reads it (ADR 10).


_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_PRINTED_PLAIN = re.compile(r"[^'\x00-\x1f\x7f]*\Z")
_PRINTED_LINES = re.compile(r"(?:(?!''')[^\x00-\x08\x0b-\x1f\x7f])*(?<!')\Z")
_ORDER = ("name", "kind", "fields", "when", "then", "entries", "code", "tags", "status", "expires", "owner", "note")


def read_policy(text: str) -> Policy:
    """The policy of a TOML or JSON document. Raises InvalidPolicy with every mistake; rules are for `policy.check`."""
    return policy_of(read_document(text))


def read_document(text: str) -> Any:
    """What a TOML or JSON document says, whether it is a policy or not. Raises InvalidPolicy, with the place in it."""
    if not text.strip():
        raise InvalidPolicy("The document is empty.")
    try:
        return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _AT.search(str(error))
        line, column = (int(place[1] or 0), int(place[2] or 0)) if place else (0, 0)
        if not line:  # "at end of document"
            last = text.splitlines() or [""]
            line, column = len(last), len(last[-1]) + 1
        raise InvalidPolicy(f"This is no TOML: {_AT.sub('', str(error))}.", line=line, column=column) from None
    except json.JSONDecodeError as error:
        raise InvalidPolicy(f"This is no JSON: {error.msg}.", line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError):
        raise InvalidPolicy("The document is nested too deeply, or a number in it is too long.") from None


def to_toml(policy: Policy) -> str:
    """A policy as a document. Reading it gives the same policy."""
    language = policy.unsupported_language or TRUST
    lines = [
        "# What this site wants done with which comment. docs/policy.md explains every word of it.",
        "",
        f"mode = {_text(policy.mode)}  # {', '.join(MODES)}",
        f"release_after = {policy.release_after}  # hold-new-authors: so many approvals release an author",
        f"unsupported_language = {_text(language)}  # approve, hold, reject, or {TRUST}: go by the scores all the same",
        f"spam_only = {_value(policy.spam_only)}  # kinds of which the scores judge nothing but spam",
        f"on_no_verdict = {_text(policy.on_no_verdict)}  # when there is no machine verdict: approve, hold, reject",
        _audit(policy.audit_share),
        "",
        f"preset = {_text(policy.preset)}  # {', '.join(PRESETS)}",
        "# Thresholds are probabilities; a step that is left out never happens. Labels without a table have the preset's:",
        *(
            f"#   {label}: {_steps(steps)}"
            for label, steps in PRESETS[policy.preset].items()
            if label not in policy.thresholds
        ),
        *(line for label, steps in policy.thresholds.items() for line in _thresholds(label, steps)),
    ]
    if policy.promise is not None:
        lines += ["", "[promise]  # what the thresholds were computed to keep", *_fields(policy.promise)]
    for kind, measures in (("lists", policy.lists), ("rules", policy.rules)):
        for measure in measures:
            lines += ["", f"[[{kind}]]", *_measure(measure)]
    return "\n".join(lines) + "\n"


def _audit(share: float | None) -> str:
    said = "of automatic decisions, the share that moderators judge blind"
    if share is None:
        return f"# audit_share = 0.01  # {said}; left out: as the service is set"
    return f"audit_share = {share}  # {said}"


def _steps(steps: Thresholds) -> str:
    said = (f"{name} {value:g}" for name, value in msgspec.structs.asdict(steps).items() if value is not None)
    return ", ".join(said) or "never"


def _thresholds(label: str, steps: Thresholds) -> Iterator[str]:
    yield ""
    yield f"[thresholds.{label}]"
    yield from _fields(steps)


def _fields(struct: msgspec.Struct) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in msgspec.structs.asdict(struct).items() if value is not None]


def _measure(measure: Measure) -> Iterator[str]:
    said = msgspec.to_builtins(measure)
    for name in _ORDER:
        if name in said:
            yield f"{name} = {measure.expires}" if name == "expires" else f"{name} = {_value(said[name])}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (list, tuple)):
        if len(value) <= 4:
            return f"[{', '.join(map(_value, value))}]"
        return "[\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
    return repr(value).lower()


def _text(text: str) -> str:
    """A string as TOML has it: as it is between apostrophes where that can be, else with escapes."""
    if "\\" in text or '"' in text or "\n" in text:
        if _PRINTED_PLAIN.match(text):
            return f"'{text}'"
        if "\n" in text and _PRINTED_LINES.match(text):
            return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# WordPress's two lists of words (`moderation_keys`, `disallowed_keys`) as lists of ours: sorts what their lines hold.
#
# WordPress looks for each line, case aside, inside name, address, URL, text, IP address and browser of a comment; "press"
# stands in "WordPress". Here words are whole words unless told, addresses become marks on their authors, and hosts domains.
# Source: `wp_check_comment_disallowed_list` and `check_comment` of WordPress 6.


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
    domains: dict[Host, str] = {}
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
                domains.setdefault(Host.named(host[1]), host[1].lower())
            else:
                found.left_out.append((number, why))
        else:
            entry = f"*{line}*" if inside_words and is_wordy(line) else line
            if (why := _refused(Entries, entry)) is None:
                words[entry] = None
            else:
                found.left_out.append((number, why))
    return found._replace(words=list(words), domains=list(domains.values()))


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
