"""Comments written for this project, by kind: the templates of `written/*.txt`, filled in, dressed and given authors.

The corpora hold neither what today's spammers write nor the ordinary comments that look like it, and little abuse
outside English. Each kind is written for both sides, so that no topic, host or name by itself decides.

The files: `# ` begins a remark, `[name]` a list for slots (entries parted by `|`), `[= kind: labels @lang]` comments, one
template a line; `+label` at its head says what else is true of that one. `{name}` stands for an entry of a list or for
something drawn (`_DRAWN`), `{a|b|}` for one of these, `\\n` for a new line. `-label` says no; of abuse other labels are
unknown but for spam, of all else they are no. Every eighth template of those with slots is kept from training
(`held_back`), for tests: what is learnt must be the kind and not the sentence.

For `classifier.training` and the benchmarks. What is made depends on the seed alone.
"""

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from classifier.inputs import Input
from classifier.model import LABELS
from classifier.training.corpora import Table, from_rows

FOLDER: Final = Path(__file__).with_name("written")
PREFIX: Final = "made_"
"""What the sources of made-up rows begin with."""
_HEADER = re.compile(r"\[= (?P<kind>[\w-]+):(?P<labels>[^@\]]*)(?:@(?P<lang>[\w-]+))?\]\Z")
_SLOT = re.compile(r"\{([^{}]*)\}")
_MORE = re.compile(r"\+(\w+) ")
_HELD_BACK = 8
_TRIES = 6
_LONGEST_KIND = 24  # of a source's name in a table
_SHORT, _TIMES = ("short-", "good-short-"), 3  # kinds of a word or three, and how many more rows are made of them


class Template(NamedTuple):
    """One line of a file, with what is true of whatever is made of it."""

    kind: str
    text: str
    labels: dict[str, float]
    lang: str
    authors: str
    """Whose it is: `anyone`, `seller`, `person`, or `nobody`."""
    held_back: bool


class Written(NamedTuple):
    """What the files hold."""

    lists: dict[str, tuple[str, ...]]
    templates: tuple[Template, ...]


@cache
def written() -> Written:
    """All files. Raises ValueError for a line that can't be read, with file and line."""
    lists: dict[str, list[str]] = {}
    templates: list[Template] = []
    for path in sorted(FOLDER.glob("*.txt")):
        entries: list[str] | None = None
        header: re.Match[str] | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("# ") or not line.strip():
                continue
            if line.startswith("[= "):
                header, entries = _HEADER.match(line), None
                if header is None:
                    raise ValueError(f"{path.name}:{number}: not a header of comments: {line}")
            elif re.fullmatch(r"\[\w+\]", line):
                header, entries = None, lists.setdefault(line.strip("[]"), [])
            elif header is not None:
                templates.append(_template(header, line))
            elif entries is not None:
                entries += [_unescape(entry.strip()) for entry in _entries(line) if entry.strip()]
            else:
                raise ValueError(f"{path.name}:{number}: stands under no header: {line}")
    return Written({name: tuple(entries) for name, entries in lists.items()}, tuple(templates))


def _entries(line: str) -> Iterator[str]:
    """What `|` parts outside of braces."""
    depth = begin = 0
    for at, sign in enumerate(line):
        depth += (sign == "{") - (sign == "}")
        if sign == "|" and not depth:
            yield line[begin:at]
            begin = at + 1
    if depth:
        raise ValueError(f"braces don't close: {line}")
    yield line[begin:]


def _unescape(entry: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), entry)


def _template(header: re.Match[str], line: str) -> Template:
    said = header["labels"].split()
    authors = next((word[1:] for word in said if word.startswith("~")), "anyone")
    yes = {word for word in said if word in LABELS}
    no = {word[1:] for word in said if word.startswith("-")}
    if unknown := [word for word in said if word.lstrip("~-") not in (*LABELS, *_AUTHORS)]:
        raise ValueError(f"unknown labels or authors: {', '.join(unknown)}")
    lang = header["lang"] or "en"
    more = _MORE.match(line)
    if more:
        line = line[more.end() :]
        yes = {"toxicity", more[1]}
    # Lines of one language stand together, and many can be read either way: of those nothing is said but what is sure.
    sure = ("spam", "threat", "identity_attack", *no) if lang == "en" else ("spam", "threat")
    told = sure if "toxicity" in yes else LABELS
    labels = dict.fromkeys(told, 0.0) | dict.fromkeys(yes, 1.0)
    digest = hashlib.sha256(line.encode()).digest()
    held = digest[0] % _HELD_BACK == 0 and _SLOT.search(line) is not None
    return Template(header["kind"], line.replace("\\n", "\n"), labels, lang.replace("und", ""), authors, held)


def comments(seed: int, each: int = 12, *, held_back: bool = False) -> Table:
    """Made-up comments, without repeats: `each` of a template, fewer of one with little to fill in.

    `groups` number the templates, `corpora` are "made_" and the kind. `held_back`: of the templates that are kept from
    training, instead of the others.
    """
    rows: list[tuple[Input, dict[str, float], str, str]] = []
    names: list[str] = []
    seen: set[Input] = set()
    for at, template in enumerate(written().templates):
        if template.held_back != held_back:
            continue
        rng = random.Random(f"{seed} {template.text}")
        for text in _variants(rng, template, each * (_TIMES if template.kind.startswith(_SHORT) else 1)):
            item = _with_author(rng, template, text)
            if item not in seen:
                seen.add(item)
                rows.append((item, template.labels, str(at), template.lang))
                names.append(PREFIX + template.kind[:_LONGEST_KIND])
    table = from_rows("made", rows)
    table.corpora[:] = names
    return table


def sentences(seed: int) -> list[str]:
    """Ordinary sentences of many topics, that may stand before and behind anything: for padding."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    for template in written().templates:
        if template.kind.startswith("plain"):
            for _ in range(3):
                found[expand(rng, template.text)] = None
    return list(found)


def _variants(rng: random.Random, template: Template, each: int) -> Iterator[str]:
    """Different fillings; a template without slots comes as it is and in other dress."""
    found: set[str] = set()
    wanted = each if _SLOT.search(template.text) else max(2, each // 4)
    for _ in range(wanted * _TRIES):
        text = expand(rng, template.text)
        if found:
            text = _dress(rng, text, english=template.lang == "en")
        if text not in found:
            found.add(text)
            yield text
        if len(found) == wanted:
            return


def expand(rng: random.Random, line: str) -> str:
    """A template with nothing left to fill in. Raises KeyError for a slot that nothing is known of."""
    while _SLOT.search(line):
        line = _SLOT.sub(lambda match: _fill(rng, match[1]), line)
    return line


def _fill(rng: random.Random, name: str) -> str:
    if "|" in name:
        return rng.choice(name.split("|"))
    if name in _DRAWN:
        return _DRAWN[name](rng)
    return rng.choice(written().lists[name])


_EMOJI = [
    "🙂",
    "😀",
    "😂",
    "👍",
    "🙏",
    "❤️",
    "😅",
    "🔥",
    "😍",
    "🎉",
    "😭",
    "🤔",
    "👏",
    "💯",
    "😊",
    "🙌",
    "✨",
    "😉",
    "💪",
    "🤣",
]
_FILLERS = (
    "well, ",
    "so ",
    "ok ",
    "hmm, ",
    "hey, ",
    "hi all, ",
    "hello, ",
    "honestly ",
    "lol ",
    "btw ",
    "just saying, ",
)
_ENDS = (
    " lol",
    " haha",
    " imho",
    " tbh",
    " btw",
    " :)",
    " :-)",
    " ;)",
    " ...",
    "!!",
    "!!!",
    "!",
    "??",
    " ^^",
    " xD",
    " tho",
)


def _dress(rng: random.Random, text: str, *, english: bool) -> str:
    """Vary case, slips of the finger, openings, endings and line breaks, as people of both sides do."""
    chance = rng.random()
    if chance < 0.12:
        text = text.lower()
    elif chance < 0.15:
        text = text.upper()
    elif english and chance < 0.19:
        text = rng.choice(_FILLERS) + text[:1].lower() + text[1:]
    if rng.random() < 0.12:
        text = _slip(rng, text)
    if rng.random() < 0.10:
        text = text.rstrip(".!")
    elif english and rng.random() < 0.06:
        text = text.rstrip(".") + rng.choice(_ENDS)
    if rng.random() < 0.05:
        text += " " + rng.choice(_EMOJI) * rng.choice((1, 1, 2, 3))
    if rng.random() < 0.04:
        text = re.sub(r"(?<=[.!?]) ", "\n", text)
    return text


def _slip(rng: random.Random, text: str) -> str:
    """A letter doubled, dropped or swapped, outside of addresses; or apostrophes left out."""
    places = [match.start() for match in re.finditer(r"(?<=[a-z])[a-z](?=[a-z])", text) if "/" not in text]
    if not places:
        return text.replace("'", "")
    at = rng.choice(places)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text.replace("'", "")


def _with_author(rng: random.Random, template: Template, text: str) -> Input:
    name, url = _AUTHORS[template.authors](rng, template.labels["spam"] == 1.0)
    return Input(text, name, url)


def _anyone(rng: random.Random, spam: bool) -> tuple[str, str]:
    """Names of people are as common on both sides; sellers' names and addresses are not."""
    chance = rng.random()
    if chance < 0.4:
        return "", ""
    if chance < 0.72:
        return expand(rng, "{person_name}"), ""
    if spam:
        return _seller(rng, spam) if chance < 0.9 else (expand(rng, "{person_name}"), shop(rng))
    name = expand(rng, "{innocent_name}" if chance < 0.82 else "{person_name}")
    return name, "" if rng.random() < 0.4 else home(rng, name)


def _seller(rng: random.Random, spam: bool) -> tuple[str, str]:
    """Who signs with what they sell."""
    del spam
    name = expand(rng, "{seller_name}")
    return name, shop(rng, name) if rng.random() < 0.92 else ""


def _person(rng: random.Random, spam: bool) -> tuple[str, str]:
    """A plain name, and on the good side perhaps a page of their own."""
    name = expand(rng, "{person_name}")
    if rng.random() < 0.5:
        return name, ""
    return name, shop(rng) if spam else home(rng, name)


_AUTHORS: Final[dict[str, Callable[[random.Random, bool], tuple[str, str]]]] = {
    "anyone": _anyone,
    "seller": _seller,
    "person": _person,
    "nobody": lambda rng, spam: ("", ""),
}


def _letters(rng: random.Random, low: int, high: int, of: str = "abcdefghijkmnpqrstuvwxyz23456789") -> str:
    return "".join(rng.choices(of, k=rng.randint(low, high)))


def _slug(text: str, joint: str) -> str:
    return joint.join(re.findall(r"[a-z0-9]+", text.lower()))


def _host(rng: random.Random, slug: str, tlds: str) -> str:
    """A host of some words; both sides have reserved ones, numbered ones and ordinary ones."""
    slug = slug or _letters(rng, 5, 10)
    if rng.random() < 0.25:
        slug += rng.choice(("", "-")) + _letters(rng, 2, 4)
    tld = rng.choice(("example", "example.com", "example.org", "test")) if rng.random() < 0.25 else expand(rng, tlds)
    return rng.choice(("", "", "", "www.")) + slug[:50] + "." + tld


def shop(rng: random.Random, name: str = "") -> str:
    """Where a seller sends people: an address that may be made of a name."""
    told = name or expand(rng, "{ware_word} {ware_word}" if rng.random() < 0.7 else "{plain_word} {plain_word}")
    words = _slug(told, rng.choice(("", "-")))
    path = rng.choice(
        ("", "", "/", "/" + _slug(expand(rng, "{ware_word} {ware_word}"), "-"), "/?ref=" + _letters(rng, 3, 6))
    )
    return rng.choice(("http://", "https://", "https://")) + _host(rng, words, "{shop_tld}") + path


def home(rng: random.Random, name: str = "") -> str:
    """A reader's own page: an address that may be made of a name."""
    if rng.random() < 0.3:
        return expand(rng, "{hosted_home}").replace("NAME", _slug(name or expand(rng, "{person_name}"), "") or "me")
    words = "{plain_word} {ware_word}" if rng.random() < 0.2 else "{plain_word} {plain_word}"
    own = name if name and rng.random() < 0.6 else expand(rng, words)
    path = rng.choice(
        ("", "", "/", "/blog", "/about", "/notes/" + _slug(expand(rng, "{plain_word} {plain_word}"), "-"))
    )
    return (
        rng.choice(("http://", "https://", "https://"))
        + _host(rng, _slug(own, rng.choice(("", "-"))), "{home_tld}")
        + path
    )


def _money(rng: random.Random) -> str:
    amount = rng.choice(
        (rng.randint(3, 99), rng.randint(1, 40) * 50, rng.randint(1, 60) * 1000, rng.randint(100, 9999))
    )
    form = rng.choice(
        ("${:,}", "${}", "{:,} USD", "{} dollars", "€{:,}", "{:,} €", "£{:,}", "{} euros", "₹{:,}", "{:,}$", "${:,}.00")
    )
    return form.format(amount)


def _phone(rng: random.Random) -> str:
    four = f"{rng.randint(0, 9999):04d}"
    country = rng.choice(("1", "44", "91", "234", "971", "33", "49", "62", "55", "7", "27"))
    form = rng.choice((
        "+{c} {a} {b} {f}", "+{c}{a}{b}{f}", "+{c}-{a}-{b}-{f}", "({a}) {b}-{f}", "1-8{d}-{b}-{f}", "{a}-{b}-{f}",
        "+{c} ({a}) {b} {f}",
        "0{a} {b}{f}", "{a}.{b}.{f}", "1 8{d} {b} {f}",
    ))  # fmt: skip
    d = rng.choice(("00", "44", "55", "66", "77", "88"))
    return form.format(c=country, a=rng.randint(200, 989), b=rng.randint(200, 999), f=four, d=d)


_DRAWN: Final[dict[str, Callable[[random.Random], str]]] = {
    "n": lambda rng: str(rng.choice((rng.randint(2, 12), rng.randint(2, 99), rng.randint(100, 999)))),
    "small": lambda rng: str(rng.randint(2, 12)),
    "big": lambda rng: f"{rng.randint(1, 90) * 500:,}",
    "pct": lambda rng: (
        f"{rng.choice((rng.randint(1, 99), rng.randint(1, 9), rng.randint(10, 300)))}{rng.choice(('%', '%', ' %', ' percent'))}"
    ),
    "year": lambda rng: str(rng.randint(1975, 2027)),
    "money": _money,
    "phone": _phone,
    "shop": shop,
    "home": home,
    "handle": lambda rng: (
        "@"
        + _slug(expand(rng, "{plain_word} {person_name}"), rng.choice(("", "_", ".")))
        + rng.choice(("", str(rng.randint(1, 99))))
    ),
    "code": lambda rng: _letters(rng, 5, 9, "abcdefghijkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789"),
    "hex": lambda rng: "0x" + _letters(rng, 8, 8, "0123456789ABCDEF"),
    "version": lambda rng: f"{rng.randint(0, 15)}.{rng.randint(0, 20)}" + rng.choice(("", f".{rng.randint(0, 12)}")),
}
