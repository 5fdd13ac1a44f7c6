"""Objects of JSON as columns: what databases wrap values into, objects within objects, and comments within comments or pages.

For the readers of `service.imports`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.imports.columns import DECIDING, field_of, knows, plain
from service.imports.record import Left, text

_WRAPPERS = (
    *("$oid", "$date", "$numberLong", "$numberInt", "iso", "objectId", "value", "seconds", "_seconds"),
    *("stringValue", "booleanValue", "integerValue", "doubleValue", "timestampValue", "nullValue"),
)
"""How databases and their exports call the one value of an object."""
_TYPES = frozenset({"S", "N", "BOOL"})  # how DynamoDB does
_INSIDE = ("fields", "attributes", "_source", "node", "Item", "spec")
"""Where databases and interfaces put the columns of an object, its id aside."""
_KEYS = ("id", "_id", "pk", "key", "name")  # what they call its id
_COMMENTS = frozenset({"comments"})  # lists of comments within a page, or within a comment
_HOLDERS = _COMMENTS | {"data", "results", "items", "list", "rows", "records", "entries"}  # lists in a server's answer
_ANSWERS = frozenset({"replies", "children", "answers", "responses", "childcomments", "subcomments", "comments"})
"""Lists of comments within a comment."""
_LISTS = ("data", "items", "nodes", "edges", "results", "values")  # where such a list may stand within an object
_DEEPEST = 20  # answers to answers that are gone into
_ABOUT_NOTHING = frozenset({"", "content", "state"})  # what an answer of a server has too


def opened(value: Any) -> Any:
    """An object without the one that some exports put its columns into: Firestore's, Django's, JSON:API's, Elasticsearch's."""
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("__collections__"), dict):  # Firestore's, of what belongs to an object
        value = {key: item for key, item in value.items() if key != "__collections__"} | value["__collections__"]
    inner = next((value[key] for key in _INSIDE if isinstance(value.get(key), dict)), None)
    if inner is None or is_comment(value):
        return value
    called = next((text(single(value[key])) for key in _KEYS if value.get(key)), "")
    if called and "id" not in map(field_of, inner):
        return inner | {
            "id": called.rpartition("/documents/")[2].rpartition("/")[2] if "/documents/" in called else called
        }
    return inner


def is_comment(value: Mapping[str, Any]) -> bool:
    """Whether an object has the text of a comment; one that holds comments must say more than a server's answer does."""
    holds = any(plain(key) in _HOLDERS and isinstance(item, dict | list) for key, item in value.items())
    if not holds and any(field_of(key) == "content" and isinstance(item, str) for key, item in value.items()):
        return True
    cells = flat(value)
    if not knows([column for column, cell in cells.items() if cell or not isinstance(value.get(column), dict | list)]):
        return False
    return not holds or (is_told(value) and "page_title" not in map(field_of, cells))


def is_told(value: Mapping[str, Any]) -> bool:
    """Whether an object says more than a text and a state: whose it is, when it was written, where."""
    return any(field_of(column) not in _ABOUT_NOTHING for column, cell in flat(value).items() if cell)


def is_page(value: Mapping[str, Any]) -> bool:
    """Whether an object is a page with its comments."""
    lists = [
        key
        for key, item in value.items()
        if (isinstance(item, list) and any(isinstance(one, dict) for one in item))
        or (isinstance(item, dict) and _members(item))
    ]
    if is_comment(value) or any(plain(key) not in _COMMENTS for key in lists):
        return False
    return any(plain(key) in _COMMENTS and _members(item) for key, item in value.items())


def within(place: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(place, value) of a comment, and behind it of those that stand within it as its answers; of a page, of its comments."""
    if not isinstance(value, dict):
        yield place, value
        return
    answers = {
        key: found for key, item in value.items() if plain(key) in _ANSWERS and (found := _members(item)) is not None
    }
    if not answers:
        yield place, value
        return
    if is_page(value):
        told, called = _about(value), "a comment of it"
    else:
        told, called = (
            {"parent_id": next((item for key, item in value.items() if field_of(key) == "id"), None)},
            "an answer",
        )
        yield place, {key: item for key, item in value.items() if key not in answers}
    for one in (opened(one) for found in answers.values() for one in found):
        if depth >= _DEEPEST:
            yield place, Left(place, "answers within answers, deeper than any are read")
            return
        known = set(map(field_of, one))
        more = {key: item for key, item in told.items() if field_of(key) not in known}
        yield from within(f"{place}, {called}", more | one, depth + 1)


def _about(page: Mapping[str, Any]) -> dict[str, Any]:
    """What a page's comments have of it."""
    cells = {field_of(key): text(single(item)) for key, item in page.items() if text(single(item))}
    address = cells.get("page_url") or cells.get("url") or cells.get("id", "")
    return {"page_url": address, "page_title": cells.get("page_title", "")}


def _members(item: Any) -> list[dict[str, Any]] | None:
    """The objects of a list, also of one within an object, or of a map by their ids; None where it is none of that."""
    if isinstance(item, dict):
        inner = next((item[key] for key in _LISTS if isinstance(item.get(key), list)), None)
        if inner is not None:
            return _members(inner)
        found = [called(one, key) for key, one in item.items() if isinstance(one, dict)]
        return found if len(found) == len(item) and any(map(is_comment, found)) else None
    if not isinstance(item, list):
        return None
    objects = [one for one in item if one is not None]
    return objects if all(isinstance(one, dict) for one in objects) else None


def called(value: dict[str, Any], key: str) -> dict[str, Any]:
    """An object of a map, with its key as its id where it has none of its own."""
    return value if "id" in map(field_of, value) else value | {"id": key}


def flat(value: Mapping[str, Any]) -> dict[str, str]:
    """The columns of an object; `author` and `page` may be objects themselves, as in our own API."""
    flat: dict[str, str] = {}
    for key, item in value.items():
        one = single(item)
        inside = {f"{key}_{inner}": text(single(part)) for inner, part in one.items()} if isinstance(one, dict) else {}
        if field_of(key) in DECIDING and DECIDING.isdisjoint(map(field_of, inside)):
            flat[key] = spelt(one)
        else:
            flat |= inside if isinstance(one, dict) else {key: text(one)}
    return flat


def spelt(one: Any) -> str:
    """What became of a comment, as it stands there; what is no single value stays a word, which nobody knows."""
    if not isinstance(one, dict | list):
        return text(one)
    try:
        return str(one) if one else ""
    except RecursionError:
        return "…"


def single(item: Any, depth: int = 0) -> Any:
    """A value, unwrapped where a database has wrapped it into an object or a list: ids, times, large numbers."""
    if depth > _DEEPEST:
        return item
    if isinstance(item, list) and len(item) == 1:
        found = single(item[0], depth + 1)
        return item if isinstance(found, dict | list) else found
    if isinstance(item, dict) and len(item) == 1 and (found := next(iter(item))) in _TYPES | {"NULL"}:
        return item[found] if found in _TYPES else None
    if isinstance(item, dict) and len(item) <= 3:
        for key in _WRAPPERS:
            if key in item:
                return single(item[key], depth + 1)
    return item
