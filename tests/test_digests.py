"""No digest of anything personal without a key: whoever has a list of addresses tries a plain one in milliseconds.

Every call of a hash function in the source is looked at, in Python, Lua and JavaScript. One without a key says here what it
digests, and why that is nobody's address, name or words as they were sent. A new one fails until somebody says so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SERVICE = Path(__file__).parent.parent / "service"
HASHES = re.compile(r"blake2[bs]|crc32|adler32|md5|new|file_digest|sha\w+|shake_\w+")
PLAIN = {  # where -> what is digested without a key, and why it may be
    "core/partition.py digits_of": "a site's name: two digits, by which every process finds its partition",
    "core/submission.py comment_id": "site and the platform's own id, which is stored beside it (ADR 5)",
    "core/resubmission.py _earlier": "only compared with what earlier versions stored; never stored",
    "core/leaks.py _digests": "addresses that an operator gives, to look for such digests; nothing is stored",
    "core/example.py suggestion": "its token is a keyed digest (`Feedback.suggest`)",
    "core/text/similarity.py sketch": "a text whose addresses are dotted out; it goes with the comment",
    "core/signals/subjects.py _short": "a domain that is linked to; a name as earlier versions noted it, to be replaced",
    "imports/readers.py digest": "a file that an operator brings; Importing keys it before it is stored",
    "imports/record.py made": "an exported comment's words with its addresses dotted out: the same id at each import",
    "lookups/provider.py address": "a random verifier of ours (PKCE), for the provider; it is not stored",
    "learning/examples.py collect": "ids and labels of examples",
    "learning/training.py _carded": "an artefact",
    "store/models.py artefact": "an artefact",
    "store/snapshot.py take": "a back-up's check sum, within the back-up",
    "store/snapshot.py check": "the same, compared",
    "store/snapshot.py digest_size": "of nothing at all",
    "store/script.py <module>": "our own scripts",
    "web/akismet/request.py earlier_id": "how earlier versions named a comment: looked for, and not stored",
    "web/akismet/request.py alias": "the blog's address and a comment's number there",
    "web/api/listing.py _mark": "states, times and a keyed digest",
    "web/hooks/platform.py digest": "what a platform says without an id, its addresses dotted out",
    "web/hooks/platform.py seen_once": "only the inside of a keyed digest",
    "web/notices.py get_feed": "the feed that is sent along with it; nothing is stored",
    "web/review/page.py _packed": "our own files",
}


def calls(path: Path) -> Iterator[tuple[str, ast.Call, str]]:
    """(where, call, what is called) of every call of a hash function in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {"hashlib", "zlib", "hmac"}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
    }

    def visit(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.Call, str]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = node.name
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in modules:
                yield inside, node, f"{called.value.id}.{called.attr}"
            elif isinstance(called, ast.Name) and called.id in imported:
                yield inside, node, called.id
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    for inside, call, name in visit(tree, "<module>"):
        yield f"{path.relative_to(SERVICE)} {inside}", call, name


def plain_digests() -> set[str]:
    """Where a hash function is called without a key."""
    found = set()
    for path in sorted(SERVICE.rglob("*.py")):
        for where, call, name in calls(path):
            module, _, function = name.rpartition(".")
            if module == "hmac" or HASHES.fullmatch(function) is None:
                continue
            if not any(keyword.arg == "key" for keyword in call.keywords):
                found.add(where)
    return found


def test_no_digest_of_anything_personal_is_without_a_key() -> None:
    found = plain_digests()
    assert found - PLAIN.keys() == set(), "an unkeyed digest that nobody has answered for"
    assert PLAIN.keys() - found == set(), "answered for, and not there any more"


def test_the_walk_sees_a_plain_digest() -> None:
    """Whatever way it is imported and called in."""
    path = SERVICE / "core" / "text" / "similarity.py"
    assert {name for _, _, name in calls(path)} == {"blake2b", "crc32"}
    assert {name for _, _, name in calls(SERVICE / "store" / "models.py")} == {"hashlib.sha256"}


def test_scripts_and_pages_digest_nothing() -> None:
    for path in [*SERVICE.rglob("*.lua"), *SERVICE.rglob("*.js")]:
        assert not re.search(r"sha1hex|crypto\.subtle|md5|sha256", path.read_text(encoding="utf-8")), path


def test_nothing_else_makes_digests() -> None:
    """No builtin `hash` on what is stored, and no library of hash functions beside the standard one."""
    for path in SERVICE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        others = r"^\s*(?:import|from) (?:xxhash|mmh3|_sha|_md5|Crypto|cryptography.hazmat.primitives import .*hmac)"
        assert not re.search(others, source, re.MULTILINE), path
        assert "hashes.Hash(" not in source, path
        builtin = [
            node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "hash" not in {call.func.id for call in builtin if isinstance(call.func, ast.Name)}, path
