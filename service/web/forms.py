"""Forms as PHP and its imitators write them: arrays by name, names without a value, odd character sets. Pure parsing.

For the Akismet dialect and for platforms that send forms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from service.core.errors import MalformedRequest

MAX_FIELDS = 2_000
_ARRAY = re.compile(r"([^\[\]]{1,64})\[([^\[\]]{0,64})\]\Z")
_CHARSET = re.compile(
    r"utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gbk|gb2312|gb18030|big5|shift[_-]jis|euc-(?:jp|kr)",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?:[^\\'\"]|\\[\\'\"0])*\Z")


def charset_of(*names: str | None) -> str:
    """The first name that is a character set which forms are sent in; UTF-8 when none is."""
    return next((name for name in names if name and _CHARSET.fullmatch(name)), "utf-8")


def parse_form(body: bytes, charset: str = "utf-8") -> dict[str, str]:
    """Field by name; of one that comes twice the last, as PHP has it; arrays joined by newlines under their bare name.

    Whatever bytes come in, text comes out that can be stored: what is not of the character set is replaced, NUL goes.
    Raises MalformedRequest for more than MAX_FIELDS fields.
    """
    try:
        text = body.decode(charset, "replace")
        pairs = parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace", max_num_fields=MAX_FIELDS)
    except (LookupError, UnicodeError):  # a name that looks like a character set, and is none here
        return parse_form(body)
    except ValueError:
        raise MalformedRequest(f"A form has at most {MAX_FIELDS} fields.") from None
    fields: dict[str, str] = {}
    arrays: dict[str, list[str]] = {}
    for name, value in pairs:
        clean = value.replace("\0", "")
        if found := _ARRAY.match(name):
            arrays.setdefault(found.group(1), []).append(clean)
        else:
            fields[name] = clean
    return {name: "\n".join(values) for name, values in arrays.items()} | fields


def unslashed(text: str) -> str:
    r"""`text` without the backslashes that PHP's `addslashes` puts before quotes and backslashes, if it has been there.

    It has when no quote stands by itself and every backslash stands before what is escaped. WordPress sends comments like
    that when they are new, and plain later.
    """
    if "\\" not in text or not _SLASHED.match(text):
        return text
    return re.sub(r"\\(.)", lambda found: "" if found.group(1) == "0" else found.group(1), text, flags=re.DOTALL)


def truth(fields: Mapping[str, str], name: str) -> bool:
    """Whether a flag is set, in any of the ways that clients write it: 1, true, True; not 0, false, False or nothing."""
    return fields.get(name, "").strip().lower() in ("1", "true", "yes", "on")
