"""What became of a comment is told in people's words: other languages, names that say more, lists by state, or it is left out."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.imports import recognise, records
from service.imports.columns import COLUMNS, LABELS_BESIDE, field_of
from service.imports.readers import Export
from service.imports.record import Fate, Record
from service.imports.words import COLUMNS_ELSEWHERE, STATES, STATES_ELSEWHERE, bare
from tests.imports.conftest import Read

TABLES = {
    "German": ("Kommentar;Autor;Status;Datum", "Genehmigt", "Ausstehend", "Spam", "Papierkorb"),
    "French": ("Commentaire;Auteur;État;Date", "Approuvé", "En attente", "Indésirable", "Corbeille"),
    "Spanish": ("Comentario;Autor;Estado;Fecha", "Aprobado", "Pendiente", "spam", "Papelera"),
    "Portuguese": ("Comentário;Autor;Estado;Data", "Aprovado", "Pendente", "Spam", "Lixeira"),
    "Italian": ("Commento;Autore;Stato;Data", "Approvato", "In attesa", "Spam", "Cestino"),
    "Dutch": ("Reactie;Auteur;Status;Datum", "Goedgekeurd", "In afwachting", "Spam", "Prullenbak"),
    "Polish": ("Komentarz;Autor;Stan;Data", "Zatwierdzone", "Oczekujące", "Spam", "Kosz"),
    "Russian": ("Комментарий;Автор;Статус;Дата", "Одобрен", "Ожидает", "Спам", "Удалён"),
    "Chinese": ("评论内容;昵称;状态;时间", "已通过", "待审核", "垃圾评论", "回收站"),
    "Japanese": ("コメント;名前;状態;日時", "承認済み", "承認待ち", "スパム", "ゴミ箱"),
}


@pytest.mark.parametrize("language", TABLES)
def test_tables_in_other_languages(tmp_path: Path, language: str) -> None:
    head, *states = TABLES[language]
    (tmp_path / "export").write_text("\n".join([head, *(f"Text {n};Ann;{s};2020-01-02" for n, s in enumerate(states))]))
    export = Export(tmp_path / "export")
    found = [one for one in records(export, recognise(export)) if isinstance(one, Record)]
    assert [one.fate for one in found] == [Fate.APPROVED, Fate.HELD, Fate.SPAM, Fate.REMOVED]
    assert {(one.name, one.created_at) for one in found} == {("Ann", 1_577_923_200_000)}
    assert export.columns.ignored == []


@pytest.mark.parametrize(
    ("column", "said", "fate"),
    [
        ("Freigegeben", "nein", Fate.HELD), ("Gelöscht", "ja", Fate.REMOVED), ("GELOSCHT", "ja", Fate.REMOVED),
        ("Supprimé", "oui", Fate.REMOVED), ("publié", "non", Fate.HELD), ("Спам", "да", Fate.SPAM), ("承認", "いいえ", Fate.HELD),
        ("isSpamComment", "true", Fate.SPAM), ("spam_flag", "1", Fate.SPAM), ("spamStatus", "spam", Fate.SPAM),
        ("approved_flag", "N", Fate.HELD), ("is_approve", "0", Fate.HELD), ("approval", "rejected", Fate.REMOVED),
        ("isUnpublished", "1", Fate.HELD), ("is_unapproved", "y", Fate.HELD), ("softDeleted", "1", Fate.REMOVED),
        ("deletedByUser", "true", Fate.REMOVED), ("inTrash", "yes", Fate.REMOVED), ("quarantined", "1", Fate.HELD),
        ("status_name", "spam", Fate.SPAM), ("moderation_result", "rejected", Fate.REMOVED), ("invisible", "1", Fate.REMOVED),
    ],
)  # fmt: skip
def test_a_decision_is_heard_whatever_its_column_is_called(read: Read, column: str, said: str, fate: Fate) -> None:
    (one,), left = read(f"text,{column}\nOne,{said}\n")
    assert (one.fate, left) == (fate, [])


@pytest.mark.parametrize("word", ["spam", "Junk", "deleted", "unapproved", "approved"])
@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u00ad", "\u200e", "\xa0"])
def test_what_nobody_sees_changes_no_word(read: Read, word: str, unseen: str) -> None:
    (one, two), left = read(
        json.dumps([{"text": "One", "state": word}, {"text": "One", "state": f"{unseen}{word}{unseen}"}])
    )
    assert (one.fate, left) == (two.fate, [])


STRANGE = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=3, max_size=12).filter(lambda name: field_of(name) == "")
REFUSED = [
    *("spam", "Junk", "trashed", "REJECTED", "deleted", "pending", "Unapproved", "awaiting moderation", "Papierkorb"),
    *("en attente", "спам", "垃圾"),
]


@given(column=STRANGE, word=st.sampled_from(REFUSED), in_json=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_a_strange_column_refuses_is_never_brought_as_shown(
    read: Read, column: str, word: str, *, in_json: bool
) -> None:
    content = json.dumps([{"id": 7, "text": "One", column: word}]) if in_json else f"id,text,{column}\n7,One,{word}\n"
    found, (left,) = read(content)
    assert (found, left.word.startswith(column), "not known" in left.why) == ([], True, True)


def test_a_strange_column_is_not_heard_against_one_that_is_known(read: Read) -> None:
    (one, two), _ = read("text,status,akismet\nOne,approved,spam\nTwo,approved,\n")
    assert (one.fate, two.fate) == (Fate.APPROVED, Fate.APPROVED)
    (shown,), _ = read("text,mood\nOne,public\n")
    assert shown.fate is Fate.SHOWN


@pytest.mark.parametrize(("label", "name"), [(label, name) for label, names in LABELS_BESIDE.items() for name in names])
def test_a_label_by_another_name_is_never_brought_as_approved(read: Read, label: str, name: str) -> None:
    other = "insult" if label != "insult" else "threat"
    (one, two), _ = read(f"text,{name},{other}\nOne,1,0\nTwo,0,0\n")
    assert (one.fate, one.labels, two.fate) == (Fate.REMOVED, {label: 1.0, other: 0.0}, Fate.APPROVED)


def test_comments_in_the_manner_of_kubernetes_have_ids_of_their_own(read: Read) -> None:
    made = [{"kind": "Comment", "metadata": {"name": n}, "spec": {"raw": n, "approved": n == "a"}} for n in "ab"]
    (one, two), _ = read(json.dumps(made), "json")
    assert (one.platform_id != two.platform_id, one.fate, two.fate) == (True, Fate.APPROVED, Fate.HELD)


def test_no_word_means_two_things() -> None:
    words = [bare(word) for states in (STATES, STATES_ELSEWHERE) for found in states.values() for word in found]
    assert [word for word in words if words.count(word) > 1] == []
    fields: dict[str, set[str]] = {}
    for table in (COLUMNS, COLUMNS_ELSEWHERE):
        for field, names in table.items():
            for name in names:
                fields.setdefault(bare(name), set()).add(field)
    assert {name: found for name, found in fields.items() if len(found) > 1} == {}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("size", [1, 800])
def test_lists_by_state_say_the_state(read: Read, indent: int | None, size: int) -> None:
    def listed(state: str, *, mapped: bool) -> object:
        made = {f"{state}{n}": {"text": "One " * 20, "author": "Ann"} for n in range(size)}
        return made if mapped else [{"id": key, **one} for key, one in made.items()]

    states = {
        "approved": Fate.APPROVED,
        "pendingComments": Fate.HELD,
        "spam": Fate.SPAM,
        "trash": Fate.REMOVED,
        "comments": Fate.SHOWN,
    }
    for mapped in (False, True):
        for around in (lambda one: one, lambda one: {"comments": one}, lambda one: {"data": one})[
            : 3 if size == 1 else 1
        ]:
            value = around({state: listed(state, mapped=mapped) for state in states})
            found, left = read(json.dumps(value, indent=indent), "json")
            assert ({one.platform_id: one.fate for one in found}, left) == (
                {f"{state}{n}": fate for state, fate in states.items() for n in range(size)},
                [],
            )


def test_lists_by_state_of_a_page_keep_the_page(read: Read) -> None:
    comment = {"text": "One", "author": "Ann"}
    lists = {"bees": {"approved": [{"id": 1} | comment], "spam": {"2": comment | {"state": "approved"}}}}
    (one, two), _ = read(json.dumps(lists), "json")
    assert (one.page_url, one.fate, two.page_url, two.fate) == ("bees", Fate.APPROVED, "bees", Fate.SPAM)


COMMENTARIO = {
    "id": "7",
    "markdown": "One",
    "createdTime": "2020-01-02T00:00:00Z",
    "isApproved": True,
    "isPending": False,
}
REMARK = {
    "id": "7",
    "text": "One",
    "user": {},
    "locator": {"url": "https://blog.example/"},
    "time": "2020-01-02T00:00:00Z",
}


@pytest.mark.parametrize("yes", [True, 1, "true", "TRUE", "1", "yes", "t"])
def test_a_yes_is_a_yes_in_every_spelling(read: Read, yes: object) -> None:
    def comentario(**said: object) -> Fate:
        (one,), _ = read(json.dumps({"version": 3, "pages": [], "comments": [COMMENTARIO | said], "commenters": []}))
        return one.fate

    assert comentario(isPending=yes) is Fate.HELD
    assert comentario(isPending=yes, isApproved=False) is Fate.HELD
    assert comentario(isDeleted=yes) is Fate.REMOVED
    (one,), _ = read('{"version": 1, "users": [], "posts": []}\n' + json.dumps(REMARK | {"delete": yes}) + "\n")
    assert one.fate is Fate.REMOVED
    found, (left,) = read('{"version": 1, "users": []}\n' + json.dumps(REMARK | {"delete": "perhaps"}) + "\n")
    assert (found, left.word) == ([], "perhaps")


def test_a_mode_that_isso_does_not_have_is_named(tmp_path: Path) -> None:
    path = tmp_path / "comments.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE threads (id, uri, title)")
        database.execute(
            "CREATE TABLE comments (tid, id, parent, created, mode, remote_addr, text, author, email, website)"
        )
        for number, mode in enumerate((1, "1", 2, 4, 3, None)):
            database.execute(
                "INSERT INTO comments (id, mode, text, created) VALUES (?, ?, 'One', 1.6e9)", (number, mode)
            )
    export = Export(path)
    found = list(records(export, recognise(export)))
    fates = [one.fate if isinstance(one, Record) else one.word for one in found]
    assert fates == [Fate.APPROVED, Fate.APPROVED, Fate.HELD, Fate.REMOVED, "3", ""]


@pytest.mark.parametrize("line", ["STATUS: spam", "JUNK: 1", "IS SPAM: yes", "COMMENT STATUS: Junk"])
def test_hosts_fields_on_a_decision_are_no_text(read: Read, line: str) -> None:
    (one,), _ = read(
        f"TITLE: Bees\n-----\nCOMMENT:\nAUTHOR: Ann\n{line}\nDATE: 01/13/2020 10:00:00\nOne\n-----\n--------\n"
    )
    assert (one.fate, one.content) == (Fate.SPAM, "One")


def test_an_answer_of_cusdis_is_on_the_page_of_what_it_answers(read: Read) -> None:
    answer = {"id": "8", "by_nickname": "Bo", "content": "Two", "approved": True, "createdAt": "2020-01-02"}
    comment = answer | {
        "id": "7",
        "content": "One",
        "page": {"url": "https://blog.example/bees"},
        "replies": {"data": [answer]},
    }
    found, _ = read(json.dumps({"data": {"comments": [comment]}}))
    assert {one.page_url for one in found} == {"https://blog.example/bees"}


PATHS = [
    "/bees/",
    "./bees",
    "../bees.html",
    "?p=3",
    "#c7",
    "posts/bees",
    "2020/01/bees.html",
    "index.html",
    "bees.php?id=3",
]
SITES = [
    "https://ann.example",
    "ann.example",
    "www.ann.example/bees.html",
    "//ann.example/x",
    "http://ann.example/a/b.html",
]


@pytest.mark.parametrize("address", PATHS + SITES)
def test_a_path_is_nobodys_website_in_any_format(read: Read, address: str) -> None:
    is_path = address in PATHS
    static = {
        "comment": "One",
        "nick": "Ann",
        "mail": "",
        "link": address,
        "objectId": "7",
        "createdAt": "2020-01-02T00:00:00Z",
    }
    isso = [{"id": "/bees/", "title": "Bees", "comments": [{"id": 1, "text": "One", "website": address}]}]
    for content in (json.dumps([{"text": "One", "url": address}]), f'text,url\nOne,"{address}"\n'):
        (one,), _ = read(content)
        assert (one.page_url, one.url) == ((address, "") if is_path else ("", address))
    for content, name in ((json.dumps([static | {"url": "/bees/"}]), "leancloud"), (json.dumps(isso), "isso")):
        (one,), _ = read(content, name)
        assert (one.page_url, one.url, bool(one.doubts)) == ("/bees/", "" if is_path else address, is_path)


@pytest.mark.parametrize("mark", ["'", '"'])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_in_either_quotation_marks(read: Read, mark: str, delimiter: str) -> None:
    notes = "notes, made; by us, me, you" if mark == '"' else "notes"
    rows = [("id", "text", "state", notes), ("7", f"One{delimiter} it{mark}s\nTwo", "spam", "")]
    written = (delimiter.join(f"{mark}{cell.replace(mark, mark * 2)}{mark}" for cell in row) for row in rows)
    (one,), left = read("\n".join(written) + "\n")
    assert (one.platform_id, one.content, one.fate, left) == ("7", rows[1][1], Fate.SPAM, [])


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("many", ["lines", "list"])
def test_a_comma_too_many_costs_no_comment(read: Read, indent: int | None, many: str) -> None:
    made = [{"id": n, "text": "One, }", "tags": [1, 2], "state": "spam" if n else "ok"} for n in range(3)]
    texts = [json.dumps(one, indent=indent).replace("2]", "2,]").replace("2\n", "2,\n") for one in made]
    texts = [text[:-1].rstrip() + ("\n,}" if indent else ",}") for text in texts]
    found, left = read("\n".join(texts) if many == "lines" else f"[{','.join(texts)},]")
    assert ([one.fate for one in found], {one.content for one in found}, left) == (
        [Fate.APPROVED, Fate.SPAM, Fate.SPAM],
        {"One, }"},
        [],
    )
