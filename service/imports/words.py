"""The words of people and programs: what columns are called in other languages, and states, in English and in those.

A table is named by who keeps it, and a spreadsheet by who speaks German. What is compared has neither accents nor capitals. For
`service.imports.columns` and `service.imports.fates`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from service.imports.record import Fate

STATES = {
    Fate.APPROVED: (
        "approved", "approve", "published", "publish", "ham", "1", "true", "yes", "accepted", "visible", "public", "live",
        "ok", "allowed", "not_spam", "normal", "valid",
    ),
    Fate.HELD: (
        "held", "hold", "pending", "unapproved", "flagged", "waiting", "0", "false", "no", "queued", "in_moderation",
        "awaiting_moderation", "not_approved", "unpublished", "pending_moderation", "review", "in_review", "premod",
        "withheld", "system_withheld", "on_hold", "pending_review", "pending_approval", "awaiting_approval", "quarantine",
        "quarantined",
    ),
    Fate.SPAM: ("spam", "junk", "is_spam", "spammed", "marked_as_spam"),
    Fate.REMOVED: (
        "removed", "rejected", "reject", "deleted", "trash", "trashed", "denied", "declined", "refused", "blocked", "hidden",
        "discarded", "delete", "remove", "disapproved", "soft_deleted", "user_deleted", "invisible", "bin",
    ),
    Fate.ORPHANED: ("post-trashed",),
}  # fmt: skip
"""What a state is called, in English."""
STATES_ELSEWHERE = {
    Fate.APPROVED: (
        "genehmigt", "freigegeben", "freigeschaltet", "veröffentlicht", "zugelassen", "approuvé", "approuvée", "publié",
        "publiée", "validé", "validée", "aprobado", "aprobada", "publicado", "publicada", "aprovado", "aprovada",
        "approvato", "approvata", "pubblicato", "goedgekeurd", "gepubliceerd", "zatwierdzony", "zatwierdzone",
        "opublikowany", "одобрен", "одобрено", "одобренный", "опубликован", "опубликовано", "утвержден", "已通过", "通过",
        "已批准", "已审核", "已发布", "公开", "承認済み", "承認", "公開", "公開済み",
    ),
    Fate.HELD: (
        "ausstehend", "wartend", "zurückgehalten", "ungeprüft", "nicht_freigegeben", "en_attente",
        "en_attente_de_modération", "non_approuvé", "pendiente", "en_espera", "pendente", "aguardando", "in_attesa",
        "in_sospeso", "in_afwachting", "oczekujący", "oczekujące", "oczekuje", "ожидает", "на_модерации", "на_проверке",
        "待审", "待审核", "未审核", "审核中", "承認待ち", "保留", "保留中", "未承認",
    ),
    Fate.SPAM: ("indésirable", "pourriel", "correo_no_deseado", "спам", "垃圾", "垃圾评论", "スパム"),
    Fate.REMOVED: (
        "gelöscht", "geloescht", "abgelehnt", "papierkorb", "gesperrt", "entfernt", "supprimé", "supprimée", "rejeté",
        "rejetée", "refusé", "refusée", "corbeille", "eliminado", "eliminada", "borrado", "rechazado", "rechazada",
        "papelera", "excluído", "removido", "rejeitado", "lixeira", "eliminato", "rifiutato", "rimosso", "cestino",
        "verwijderd", "afgewezen", "afgekeurd", "prullenbak", "usunięty", "usunięte", "odrzucony", "kosz", "удален",
        "удалено", "отклонен", "отклонено", "корзина", "已删除", "删除", "回收站", "已拒绝", "拒绝", "削除", "削除済み",
        "ゴミ箱", "拒否",
    ),
}  # fmt: skip
"""The same in German, French, Spanish, Portuguese, Italian, Dutch, Polish, Russian, Chinese and Japanese."""
_NO_COLUMNS = frozenset([
    "1", "0", "true", "false", "yes", "no", "live", "ok", "valid", "normal", "review", "flagged", "bin", "user_deleted",
])  # fmt: skip
"""States that mean something else as the name of a column, or nothing."""
_COMMON = frozenset(["hidden", "blocked", "public", "visible", "allowed", "waiting", "queued", "invisible"])
"""States that other columns of a table may also hold."""
COLUMNS_ELSEWHERE = {
    "content": (
        "kommentar", "kommentartext", "inhalt", "nachricht", "commentaire", "texte", "contenu", "comentario", "texto",
        "contenido", "mensaje", "comentário", "conteúdo", "mensagem", "commento", "testo", "contenuto", "messaggio",
        "reactie", "tekst", "inhoud", "bericht", "komentarz", "treść", "комментарий", "текст", "сообщение", "содержание",
        "评论", "评论内容", "内容", "留言", "正文", "コメント", "本文",
    ),
    "id": ("kennung", "identifiant", "identificador", "编号", "评论ID"),
    "state": (
        "zustand", "statut", "état", "estado", "stato", "stan", "статус", "состояние", "状态", "审核状态", "状態",
        "ステータス",
    ),
    "name": (
        "autor", "verfasser", "benutzer", "benutzername", "auteur", "nom", "pseudo", "utilisateur", "nombre", "usuario",
        "nome", "usuário", "autore", "utente", "naam", "gebruiker", "imię", "nazwa", "имя", "автор", "пользователь", "昵称",
        "作者", "用户名", "姓名", "名前", "投稿者", "ニックネーム",
    ),
    "email": (
        "mailadresse", "emailadresse", "courriel", "correo", "correo_electrónico", "почта", "邮箱", "电子邮件", "メール",
        "メールアドレス",
    ),
    "url": ("webseite", "homepage_url", "site_web", "sitio_web", "сайт", "网址", "网站", "ウェブサイト"),
    "ip": ("ip_adresse", "adresse_ip", "dirección_ip", "endereço_ip", "indirizzo_ip", "ip_адрес", "ip地址", "ipアドレス"),
    "page_url": ("seite", "adresse_de_la_page", "página", "pagina", "strona", "страница", "页面", "文章链接", "ページ"),
    "page_title": ("titel", "titre", "título", "titolo", "tytuł", "заголовок", "标题", "文章标题", "タイトル"),
    "created_at": (
        "datum", "zeit", "erstellt", "erstellt_am", "zeitpunkt", "date_de_création", "fecha", "fecha_de_creación", "data",
        "dato", "data_utworzenia", "дата", "время", "дата_создания", "时间", "日期", "评论时间", "创建时间", "日時", "日付",
        "投稿日時", "投稿日",
    ),
    "spam": ("ist_spam", "est_spam", "es_spam", "é_spam", "czy_spam", "это_спам", "是否垃圾"),
}  # fmt: skip
"""What columns are called there. A column that is called like a state there says whether it is."""

_SQUEEZE = re.compile(r"[\W_]+")


def bare(word: str) -> str:
    """A word as it is compared: without accents, capitals and signs."""
    if word.isascii():
        return _SQUEEZE.sub("", word.lower())
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    apart = apart.replace("ı", "i")  # a Turkish word in capitals has lost its dot or gained one
    return _SQUEEZE.sub("", "".join(char for char in apart if not unicodedata.combining(char)))


_SPELT = {
    bare(word): (fate, word)
    for states in (STATES_ELSEWHERE, STATES)
    for fate, words in states.items()
    for word in words
}
FATES_ELSEWHERE = {bare(word): fate for fate, words in STATES_ELSEWHERE.items() for word in words}
FATE_OF_COLUMN = {word: fate for word, (fate, spelt) in _SPELT.items() if spelt not in _NO_COLUMNS}
"""What a column says of a comment with a yes, when it is called like a state."""
_REFUSING = frozenset(
    word for word, (fate, spelt) in _SPELT.items() if fate is not Fate.APPROVED and spelt not in _NO_COLUMNS | _COMMON
)
_LONGEST = 40  # characters of a word of any language


@lru_cache(4_000)
def refuses(cell: str) -> bool:
    """Whether a cell says nothing but that a comment waits, is spam or is gone, in a word that hardly means anything else."""
    return 2 <= len(cell) <= _LONGEST and cell[:1].isalpha() and bare(cell) in _REFUSING


def state_of_key(key: str) -> str:
    """The state of the comments that stand under a key of an object (`spam`, `pendingComments`); "" where it is no state."""
    word = re.sub(r"\Acomments?|comments?\Z", "", bare(key)) if len(key) <= _LONGEST else ""
    found = _SPELT.get(word)
    return found[1] if found and found[1] not in _NO_COLUMNS | _COMMON else ""
