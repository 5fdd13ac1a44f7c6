"""The grammar of conditions: text in, a checked tree out, or an `InvalidPolicy` with line and column. For `core.policy.rules`.

    either    = both { "or" both }
    both      = single { "and" single }
    single    = "not" single | "(" either ")" | condition
    condition = FIELD                                          (a yes-or-no field)
              | FIELD ("==" | "!=" | "<" | "<=" | ">" | ">=") value
              | FIELD [ "not" ] "in" list
              | FIELD [ "not" ] "contains" ( TEXT | list )     (anywhere in it)
              | FIELD [ "not" ] "mentions" ( TEXT | list )     (as whole words; * stands for any letters)
              | FIELD [ "not" ] "matches" REGEX
    list      = "[" value { "," value } "]"
    value     = NUMBER | TEXT | "yes" | "no" | "true" | "false"

NUMBER is `3`, `-0.5` or `40%`; TEXT stands in "…" or '…', with \\ before a quotation mark or another \\; REGEX stands in
/…/ (with \\/ for a slash), and an `i` behind it ignores case. FIELDs are those of `core.policy.fields`. `docs/policy.md` explains
all of it with examples.
"""

from __future__ import annotations

import difflib
import math
import re
from typing import NamedTuple

from service.core.errors import InvalidPolicy
from service.core.identity import has_address
from service.core.policy.fields import FIELDS, Field, find_field

MAX_LENGTH = 2_000  # characters of one condition
MAX_DEPTH = 16  # of parentheses and "not"
MAX_CONDITIONS = 64
MAX_VALUES = 200  # in one list
MAX_TEXT = 300  # characters of one text or regular expression

COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
SEARCHES = ("contains", "mentions", "matches", "in")


class Compare(NamedTuple):
    """A field against values: `operator` is one of COMPARISONS, SEARCHES, or "is" for a bare yes-or-no field."""

    field: Field
    operator: str
    values: tuple[str | float | bool, ...]
    ignore_case: bool = False  # of a regular expression
    at: int = 0  # where the first value stands, for errors that are found later


class Not(NamedTuple):
    """The opposite."""

    of: Node


class Both(NamedTuple):
    """All of them."""

    parts: tuple[Node, ...]


class Either(NamedTuple):
    """At least one of them."""

    parts: tuple[Node, ...]


Node = Compare | Not | Both | Either

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<name>[A-Za-z_][A-Za-z0-9_.-]*)
  | (?P<number>-?\d+(?:\.\d+)?%?)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<regex>/(?:[^/\\\n]|\\.)+/[a-z]*)
  | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
  | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORDS = frozenset({"and", "or", "not", *SEARCHES, "yes", "no", "true", "false"})
_TRUTH = {"yes": True, "true": True, "no": False, "false": False}
_FITTING = {  # whole sentences, since languages put them together differently
    "number": "a number is expected here, since {field} is a number.",
    "text": "a text in quotation marks is expected here, since {field} is a text.",
    "yes-no": "yes or no is expected here, since {field} is a yes-or-no field.",
}
_NO_NUMBER = {
    "text": "only numbers are compared by size; {field} is a text.",
    "yes-no": "only numbers are compared by size; {field} is a yes-or-no field.",
}
_NO_TEXT = {
    "number": "only texts are searched; {field} is a number.",
    "yes-no": "only texts are searched; {field} is a yes-or-no field.",
}
_COMPARED = {
    "number": "a comparison such as >= 3 is expected behind {field}.",
    "text": "==, contains, mentions, matches or in is expected behind {field}.",
}
_UNCLOSED = {
    '"': "this text has no end.",
    "'": "this text has no end.",
    "/": "this regular expression has no end.",
}


class Token(NamedTuple):
    """A word of a condition and where it begins."""

    kind: str  # name, number, text, regex, sign, end
    text: str
    at: int


def parse(source: str) -> Node:
    """The tree of a condition, with its types checked. Raises InvalidPolicy; its place is line and column in `source`."""
    if len(source) > MAX_LENGTH:
        raise InvalidPolicy("A condition has at most {most} characters.", values={"most": MAX_LENGTH})
    return _Parser(source).whole()


def place(source: str, at: int) -> tuple[int, int]:
    """Line and column, both from 1, of a position."""
    before = source[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = self._scan(source)
        self._next = 0
        self._conditions = 0

    def whole(self) -> Node:
        if self._token.kind == "end":
            raise self._wrong("a condition is expected, such as links >= 3.")
        node = self._either(0)
        if self._token.kind != "end":
            raise self._wrong("“and”, “or” or the end is expected here.")
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _found(self, *words: str) -> bool:
        """Whether one of these comes next; then it is taken."""
        token = self._token
        if token.kind in ("name", "sign") and token.text in words:
            self._next += 1
            return True
        return False

    def _either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self._found("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, depth: int) -> Node:
        parts = [self._single(depth)]
        while self._found("and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._wrong("nested more than {most} deep.", most=MAX_DEPTH)
        if self._found("not"):
            return Not(self._single(depth + 1))
        if self._found("("):
            node = self._either(depth + 1)
            if not self._found(")"):
                raise self._wrong("“)” is expected here.")
            return node
        return self._condition()

    def _condition(self) -> Node:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise self._wrong("more than {most} conditions.", most=MAX_CONDITIONS)
        field = self._field()
        turned = self._found("not")
        token = self._token
        if self._found("contains", "mentions"):
            node = self._search(field, token)
        elif self._found("matches"):
            node = self._regex(field, token)
        elif self._found("in"):
            node = Compare(field, "in", self._list(field), at=token.at)
        elif turned:
            raise self._wrong("“in”, “contains”, “mentions” or “matches” is expected behind “not”.")
        elif token.kind == "sign" and token.text in COMPARISONS:
            self._take()
            if field.kind != "number" and token.text not in ("==", "!="):
                raise self._wrong(_NO_NUMBER[field.kind], token, field=field.name)
            node = Compare(field, token.text, (self._value(field),), at=token.at)
        elif field.kind == "yes-no":
            node = Compare(field, "is", ())
        else:
            raise self._wrong(_COMPARED[field.kind], field=field.name)
        return Not(node) if turned else node

    def _field(self) -> Field:
        token = self._take()
        if token.kind != "name" or token.text in _WORDS:
            raise self._wrong("the name of a field is expected here, such as links, content or spam.", token)
        field = find_field(token.text)
        if field is None:
            near = difflib.get_close_matches(token.text[:64], FIELDS, n=1)
            if near:
                raise self._wrong("there is no such field; is {near} meant?", token, near=near[0])
            raise self._wrong("there is no such field.", token)
        return field

    def _search(self, field: Field, operator: Token) -> Compare:
        if field.kind != "text":
            raise self._wrong(_NO_TEXT[field.kind], operator, field=field.name)
        at = self._token.at
        values = self._list(field) if self._token.text == "[" else (self._value(field),)
        if not all(values):
            raise self._wrong("an empty text stands everywhere.", self._tokens[self._next - 1])
        return Compare(field, operator.text, values, at=at)

    def _regex(self, field: Field, operator: Token) -> Compare:
        if field.kind != "text":
            raise self._wrong(_NO_TEXT[field.kind], operator, field=field.name)
        token = self._take()
        if token.kind != "regex":
            raise self._wrong("a regular expression is expected here, such as /buy\\s+now/i.", token)
        pattern, _, flags = token.text[1:].rpartition("/")
        if flags not in ("", "i"):
            raise self._wrong("the only letter behind a regular expression is i, which ignores case.", token)
        self._bound(pattern, token)
        return Compare(field, "matches", (pattern.replace("\\/", "/"),), ignore_case=flags == "i", at=token.at)

    def _list(self, field: Field) -> tuple[str | float | bool, ...]:
        if not self._found("["):
            raise self._wrong('a list is expected here, such as ["ru", "zh"].')
        values = [self._value(field)]
        while self._found(","):
            values.append(self._value(field))
            if len(values) > MAX_VALUES:
                raise self._wrong("a list has at most {most} values.", most=MAX_VALUES)
        if not self._found("]"):
            raise self._wrong("“,” or “]” is expected here.")
        return tuple(values)

    def _value(self, field: Field) -> str | float | bool:
        token = self._take()
        if field.kind == "number" and token.kind == "number":
            number = float(token.text.rstrip("%")) / (100 if token.text.endswith("%") else 1)
            if not math.isfinite(number):
                raise self._wrong("the number is too large.", token)
            return number
        if field.kind == "text" and token.kind == "text":
            text = _ESCAPED.sub(r"\1", token.text[1:-1])
            self._bound(text, token)
            return text
        if field.kind == "yes-no" and token.text in _TRUTH:
            return _TRUTH[token.text]
        raise self._wrong(_FITTING[field.kind], token, field=field.name)

    def _bound(self, text: str, token: Token) -> None:
        if len(text) > MAX_TEXT:
            raise self._wrong("a text has at most {most} characters.", token, most=MAX_TEXT)
        if has_address(text):
            raise self._wrong("e-mail addresses are dotted out in comments, so that this would never be found.", token)

    def _scan(self, source: str) -> list[Token]:
        tokens: list[Token] = []
        at = 0
        while not tokens or tokens[-1].kind != "end":
            found = _TOKEN.match(source, at)
            if found is None or found.lastgroup is None:
                start = at + len(source[at:]) - len(source[at:].lstrip())
                raise self._wrong(_UNCLOSED.get(source[start], "this sign has no meaning here."), Token("", "", start))
            tokens.append(Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            at = found.end()
        return tokens

    def _wrong(self, said: str, token: Token | None = None, **values: str | int) -> InvalidPolicy:
        line, column = place(self._source, (token or self._token).at)
        return InvalidPolicy(said, line=line, column=column, values=values)
