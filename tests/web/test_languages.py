"""The catalogues: complete, with the same places to fill in, nothing unused; and who is answered in which language."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from classifier.features.dense import FEATURES
from service.core import errors
from service.core.signals import CATALOGUE
from service.core.statement import OTHER, SENTENCES
from service.web.languages import AMOUNTS, DEFAULT, catalogues, negotiate

SERVICE = Path(__file__).parents[2] / "service"
SCRIPTS = SERVICE / "web/static/review"
PLACE = re.compile(r"\{(\w*)\}")
SAID = re.compile(r"""\b(?:say|phrase)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
DETAILS = (  # where what goes wrong is said to moderators and authors
    "core/edit.py", "core/moderator.py", "core/push.py", "usecases/account.py", "usecases/invitations.py",
    "usecases/moderation.py", "usecases/moderators.py", "usecases/policies.py", "usecases/provider.py", "usecases/push.py",
    "usecases/redress.py", "usecases/review/bulk.py", "usecases/review/decisions.py", "usecases/review/detail.py",
    "usecases/team.py", "web/bodies.py", "web/requests.py", "web/review/push.py", "web/review/team.py",
)  # fmt: skip
PROGRAMS = (
    errors.MalformedRequest, errors.UnsupportedMediaType, errors.RequestInProgress, errors.IdempotencyMismatch,
    errors.NotEnoughExamples,
)  # fmt: skip
"""What only a program does wrong, and no page of ours."""
WORDS = {"field", "fields", "labels", "words", "state", "done", "what", "who", "near", "missing", "outcome", "model",
         "name", "entry", "place", "label", "day", "month", "year", "page"}  # fmt: skip
SHARES = {"score", "threshold"}
NUMBERED = {"revision", "version"}  # names of a kind, which are not grouped
CODE = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*\Z")
FORMS = {
    "en": {"one", "other"},
    "de": {"one", "other"},
    "es": {"one", "many", "other"},
    "fr": {"one", "many", "other"},
    "id": {"other"},
    "pt": {"one", "many", "other"},
}
MISTAKEN = {"_wrong", "InvalidPolicy", "add"}
LOGGING = {"audit", "_audit", "_note", "_change", "change", "save", "_renew"}
ACT = re.compile(r"[a-z]+(?:\.[a-z-]+)+\Z")
DOCUMENT = re.compile(r'(?:class="(?:skip|empty)"[^>]*>|aria-label=")([^<"]+)[<"]')


def places(sentence: str) -> list[str]:
    return sorted(set(PLACE.findall(sentence)))


def shape(sentence: str) -> str:
    """A sentence without the names of what is filled in: the service and a catalogue may call it differently."""
    return PLACE.sub("{}", sentence)


@cache
def said_by_scripts() -> frozenset[str]:
    found: set[str] = set()
    for path in SCRIPTS.rglob("*.js"):
        found |= {ast.literal_eval(one) for one in SAID.findall(path.read_text())}
    document = (SCRIPTS / "index.html").read_text()
    return frozenset(found | {" ".join(one.split()) for one in DOCUMENT.findall(document)})


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
    return None


@cache
def said_by_service() -> frozenset[str]:
    """All that the service's code can say, by shape, and its code words as the page writes them."""
    found = {shape(text) for path in SERVICE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))
             if (text := text_of(node)) is not None}  # fmt: skip
    words = {text.replace("_", " ").replace("-", " ").capitalize() for text in found if CODE.match(text)}
    return frozenset(found | words | {kind.meaning for kind in CATALOGUE.values()})


def can_be_said(sentence: str) -> bool:
    """Whether the service says a sentence, or one that has it among what can be filled in."""
    said = said_by_service()
    return sentence in said or any(pattern.fullmatch(sentence) for pattern in patterns())


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    telling = [text for text in said_by_service() if "{}" in text and len(text.replace("{}", "")) > 20]
    return tuple(re.compile(re.escape(text).replace(r"\{\}", ".+")) for text in telling)


def details() -> Iterator[str]:
    """What goes wrong, as it is raised where moderators and authors act."""
    for name in DETAILS:
        for node in ast.walk(ast.parse((SERVICE / name).read_text())):
            called = isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args
            refused = getattr(node.exc.func, "id", "") if called else ""
            if refused in {one.__name__ for one in PROGRAMS}:
                continue
            if called and (text := text_of(called[0])) and text.endswith("."):
                yield shape(text)
    own = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.AntechamberError)]
    yield from (one.title for one in own if not issubclass(one, PROGRAMS))


def test_there_are_six_languages_and_english_comes_first() -> None:
    assert list(catalogues()) == ["en", "de", "es", "fr", "id", "pt"]
    assert {one.direction for one in catalogues().values()} == {"ltr"}
    assert catalogues()["id"].name == "Bahasa Indonesia"


@pytest.mark.parametrize("code", [code for code in catalogues() if code != DEFAULT])
def test_every_sentence_is_in_every_catalogue_and_none_is_unused(code: str) -> None:
    known = catalogues()[code].sentences
    assert said_by_scripts() - set(known) == set()
    appeals = {ast.literal_eval(one) for one in SAID.findall((SERVICE / "web/appeals.py").read_text())}
    assert appeals - set(known) == set()
    assert {*SENTENCES.values(), OTHER, *(kind.meaning for kind in CATALOGUE.values())} - set(known) == set()
    shapes = {shape(one) for one in known}
    assert set(details()) - shapes == set()
    assert {one for one in known if one not in said_by_scripts() and not can_be_said(shape(one))} == set()


@pytest.mark.parametrize("code", catalogues())
def test_what_is_filled_in_is_the_same_in_every_form(code: str) -> None:
    for sentence, entry in catalogues()[code].sentences.items():
        forms = {"other": entry} if isinstance(entry, str) else dict(entry)
        assert "other" in forms, sentence
        assert set(forms) <= FORMS[code], sentence
        assert all(form.strip() == form and form for form in forms.values()), sentence
        for name, form in forms.items():
            lacking = set(places(sentence)) ^ set(places(form))
            assert lacking <= ({"count"} if name == "one" else set()), (sentence, form)


def test_english_has_what_its_key_does_not_say_by_itself() -> None:
    english = catalogues()[DEFAULT].sentences
    assert {one for one in english if one not in said_by_scripts() and not can_be_said(shape(one))} == set()
    assert all(not isinstance(entry, str) or entry != sentence for sentence, entry in english.items())


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("de", "de"),
        ("pt-BR,pt;q=0.9,en;q=0.5", "pt"),
        ("ja, fr;q=0.3, de;q=0.7", "de"),
        ("de;q=0, fr", "fr"),
        ("*", "en"),
        ("zh-Hant-TW, id-ID;q=0.1", "id"),
        ("ES-419", "es"),
        ("de;q=x, \x00, ,;;, fr;q=0.2", "fr"),
        (",".join(["xx"] * 10_000 + ["de"]), "en"),
    ],
)
def test_the_language_that_is_liked_best_is_found(header: str, code: str) -> None:
    assert negotiate(header, catalogues()) == code


def mistakes() -> Iterator[str]:
    """What can be wrong with a policy, as its form shows it."""
    places = ("document.py", "grammar.py", "measures.py", "house_rules.py", "thresholds.py", "../text/search.py")
    for path in (SERVICE / "core/policy" / name for name in places):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in MISTAKEN:
                yield from (shape(text) for one in node.args if (text := text_of(one)) and text.endswith((".", "?")))
            if isinstance(node, ast.Return) and (text := text_of(getattr(node.value, "body", node.value))):
                yield from [shape(text)] if text.endswith(".") else []
        tables = [node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)]
        yield from (
            shape(text) for table in tables for one in table.values if (text := text_of(one)) and text.endswith(".")
        )


FORMATTING = re.compile(r"\bIntl\.(?!PluralRules|LDML)|\.toLocale(?:Date|Time)?String|\.toFixed\(\d\)\}")
BY_HAND = re.compile(r"\d ?%|\d[.,]\d|\d:\d\d|\{\w+\} ?(?:%|ms|s|min|h|d)\Z")


def test_numbers_shares_and_times_are_written_by_one_file_alone() -> None:
    """Whatever writes one by itself writes it in English for everybody."""
    formatting = {path.name for path in SCRIPTS.rglob("*.js") if FORMATTING.search(path.read_text())}
    assert formatting == {"numbers.js", "charts.js"}  # the points of a plot are read by the browser
    for catalogue in catalogues().values():
        texts = [text for entry in catalogue.sentences.values()
                 for text in ([entry] if isinstance(entry, str) else entry.values())]  # fmt: skip
        assert [text for text in texts if BY_HAND.search(text)] == []


def notes() -> Iterator[str]:
    """What the service itself writes beside an act of the operators' log: its words, with {} for what is filled in."""
    for path in (SERVICE / "usecases").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("audit", "_audit"):
                given = [*node.args[3:], *(one.value for one in node.keywords if one.arg == "note")]
                found = [one for note in given for one in ast.walk(note)]
                inner = {part for one in found if isinstance(one, ast.JoinedStr) for part in one.values}
                yield from (text for one in found if one not in inner
                            if (text := text_of(one)) and re.search(r"[a-z]{2}", text))  # fmt: skip


def acts() -> Iterator[str]:
    """The operators' log's words for what was done."""
    for path in (path for room in ("usecases", "store", "learning") for path in (SERVICE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in LOGGING:
                given = [*node.args, *(one.value for one in node.keywords)]
                yield from (
                    one.value for part in given for one in ast.walk(part)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and ACT.match(one.value)
                )  # fmt: skip


def test_the_forms_mistakes_and_the_logs_acts_are_said_in_every_language() -> None:
    shapes = {shape(one) for one in catalogues()["de"].sentences}
    files = (
        "This is no ",
        "The document is ",
        "A policy has at most {} {}",
    )  # no form writes one; each of the last is there
    alike = {one for one in mistakes() if not one.startswith(files)}
    assert "One of {} is expected here." in alike
    assert "there is no such field; is {} meant?" in alike
    assert alike - shapes == set()
    page = (SCRIPTS / "pages/audit_log.js").read_text()
    logged = set(acts())
    assert {"sites.policy.restore", "session.begin"} <= logged
    assert {act for act in logged if f'"{act}": say(' not in page} == set()


def test_what_the_service_notes_itself_is_said_in_every_language() -> None:
    page = (SCRIPTS / "pages/audit_log.js").read_text()
    patterns = [re.compile(one) for one in re.findall(r"\[/\^(.+?)\$/u, \(", page)]
    assert len(patterns) > 5
    for note in notes():
        for part in re.split(r" → |, ", note.replace("{}", "1")):
            known = re.search(rf'^  "?{re.escape(part)}"?: say\(', page, re.MULTILINE)
            assert known or part in ("", "1") or any(one.fullmatch(part) for one in patterns), (note, part)


def test_what_was_filled_in_is_found_again() -> None:
    german = catalogues()["de"]
    assert german.heard("It insults somebody.") == "Er beleidigt jemanden."
    assert german.heard("Be kind here: it is the rule of the house.") == "Be kind here: it is the rule of the house."
    taken = "There is a moderator named 2,000 already."
    assert "2,000" in german.heard(taken)  # a name that looks like a number is none


@pytest.mark.parametrize(
    ("code", "two", "twelve"),
    [
        ("en", "2,000", "12,345"),
        ("de", "2.000", "12.345"),
        ("es", "2000", "12.345"),
        ("fr", "2\u202f000", "12\u202f345"),
        ("id", "2.000", "12.345"),
        ("pt", "2.000", "12.345"),
    ],
)
def test_numbers_that_were_filled_in_are_written_as_the_language_writes_them(code: str, two: str, twelve: str) -> None:
    language = catalogues()[code]
    for said, number in (("2,000", two), ("2000", two), ("12,345", twelve), ("7", "7")):
        assert f" {number} " in language.heard(f"An appeal has at most {said} characters.")
    assert language.say("{count} comments", count=12_345).startswith(twelve)
    assert language.say("{day} {month} {year}", day="3", month="May", year="2026").endswith("2026")


def test_it_is_known_of_all_that_the_service_fills_in_whether_it_is_a_number() -> None:
    """Whoever fills in something else says here what it is."""
    scripts = (SCRIPTS / "lib/language.js").read_text()
    (amounts,) = re.findall(r"AMOUNTS = new Set\(\[(.+?)\]\)", scripts)
    assert set(re.findall(r"\w+", amounts)) == AMOUNTS
    own = {sentence for sentence in catalogues()["de"].sentences if sentence not in said_by_scripts()}
    assert {place for sentence in own for place in places(sentence)} - AMOUNTS - WORDS - SHARES - NUMBERED == set()


async def test_the_page_comes_in_the_language_that_was_chosen_or_is_asked_for(client: TestClient[Any, Any]) -> None:
    asked = await client.get("/review", headers={"Accept-Language": "fr-CA, de;q=0.5"})
    page = await asked.text()
    assert '<html lang="fr" dir="ltr"' in page
    assert "/review/static/languages/fr.json" in page
    assert "Skip to the page" not in page
    assert {"Accept-Language", "Cookie"} <= set(asked.headers["Vary"].split(", "))
    chosen = await client.get(
        "/review", headers={"Accept-Language": "fr", "Cookie": "antechamber_language=id", "If-None-Match": asked.headers["ETag"]}
    )  # fmt: skip
    assert '<html lang="id"' in await chosen.text()
    nonsense = await client.get("/review", headers={"Cookie": "antechamber_language=../../etc/passwd"})
    assert '<html lang="en"' in await nonsense.text()
    catalogue = await client.get("/review/static/languages/de.json")
    assert catalogue.headers["Content-Type"] == "application/json"
    assert json.loads(await catalogue.text())[""]["name"] == "Deutsch"


def test_whatever_is_measured_or_noticed_is_called_something_on_the_page() -> None:
    named = re.findall(r"^  (\w+): say\(", (SCRIPTS / "queue/features.js").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(FEATURES)
    grounds = (SCRIPTS / "queue/grounds.js").read_text()
    raised = re.findall(r"^  (\w+): (?:\[\"\w+\", )?say\(", grounds, re.MULTILINE)
    assert {name for name, kind in CATALOGUE.items() if kind.type is bool} <= set(raised)
