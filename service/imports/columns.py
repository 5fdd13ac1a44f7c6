"""Columns by their names: what a table, or an object of an export, holds under each. For the readers of `service.imports`.

`COLUMNS` is what is understood, in any spelling (`isSpam`, `Is Spam`, `is_spam`); docs/import.md shows it, and a test holds it
to that. Columns that say when, or by whom, something was decided are known by the word on the decision (`approved_at`,
`dateDeleted`, `rejected_by`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from service.core.verdict import LABELS
from service.imports.record import Fate
from service.imports.words import COLUMNS_ELSEWHERE, FATE_OF_COLUMN, bare

COLUMNS = {
    "content": (
        "content", "text", "comment", "body", "message", "comment_content", "comment_text", "comment_body", "content_raw",
        "markdown", "orig", "content_rendered", "html", "content_html", "body_value", "cooked", "raw", "raw_message",
        "content_text", "body_text", "body_html", "text_content",
    ),
    "id": ("id", "comment_id", "platform_id", "object_id", "uuid", "guid", "coid", "cid"),
    "state": (
        "state", "status", "comment_status", "comment_state", "moderation_status", "moderation", "approval_status",
        "approval_state", "review_status", "publish_status", "moderation_state", "moderation_result", "moderation_decision",
    ),
    "approved": (
        "approved", "is_approved", "comment_approved", "accepted", "is_accepted", "visible", "is_visible", "public", "is_public",
        "approved_at", "approved_by", "approval",
    ),
    "pending": (
        "pending", "is_pending", "held", "is_held", "awaiting_moderation", "in_moderation", "needs_moderation", "unapproved",
    ),
    "deleted": (
        "deleted", "is_deleted", "removed", "is_removed", "trashed", "is_trashed", "rejected", "is_rejected", "hidden",
        "is_hidden", "deleted_at", "removed_at", "rejected_at", "trashed_at", "hidden_at", "trash", "blocked", "is_blocked",
    ),
    "spam": ("spam", "is_spam", "class", "label", "spam_label", "junk", "is_junk", "marked_as_spam", "spam_at"),
    "ham": ("ham", "is_ham", "not_spam", "is_not_spam"),
    "moderated": ("moderated", "is_moderated", "reviewed", "is_reviewed", "moderated_at", "reviewed_at"),
    "name": (
        "author_name", "author", "name", "nick", "nickname", "user", "username", "user_name", "display_name",
        "author_display_name", "user_nick", "comment_author", "author_nick", "commenter", "commenter_name", "poster",
        "by_nickname", "author_username", "user_login", "from_name",
        "member_name", "owner_display_name",
    ),
    "email": (
        "author_email", "email", "mail", "e_mail", "email_address", "user_email", "comment_author_email", "author_mail",
        "author_email_address", "commenter_email", "by_email",
        "member_email",
    ),
    "url": (
        "author_url", "website", "link", "url", "comment_author_url", "author_website", "author_link", "user_url", "homepage",
        "user_website", "web_site",
    ),
    "ip": ("ip", "author_ip", "remote_addr", "comment_author_ip", "ip_address", "user_ip", "remote_ip", "client_ip", "hostname"),
    "user_agent": ("user_agent", "ua", "comment_agent", "agent", "author_user_agent", "http_user_agent", "browser"),
    "page_url": (
        "page_url", "permalink", "page", "post_url", "uri", "page_path", "path", "page_uri", "post_permalink", "post_link",
        "article_url", "thread_url", "thread_uri", "url_path", "slug", "page_slug", "post_slug", "page_link", "page_key",
        "story_url",
    ),
    "page_title": ("page_title", "title", "post_title", "article_title", "thread_title"),
    "parent_id": ("parent_id", "parent", "comment_parent", "reply_to", "in_reply_to", "parent_comment_id", "reply_to_id", "pid"),
    "created_at": (
        "created_at", "created_utc", "comment_date_gmt", "date_gmt", "created", "date", "time", "timestamp", "comment_date",
        "inserted_at", "posted_at", "posted", "submitted_at", "submitted", "submit_date", "created_time", "create_time",
        "create_at", "creation_date", "creation_time", "created_date", "created_on", "date_created", "date_time", "posted_on",
        "added", "added_at", "publish_date", "pub_date", "written_at",
    ),
    "mode": ("mode",),
    "published": ("published", "is_published", "published_at"),
    "kind": ("kind", "type", "comment_type"),
}  # fmt: skip
MEANINGS = {
    "content": "the text",
    "id": "the platform's id",
    "state": "state",
    "approved": "approved: yes or no, or when",
    "pending": "held: yes or no",
    "deleted": "removed: yes or no, or when",
    "spam": "spam or not",
    "ham": "not spam, or spam",
    "moderated": "whether somebody decided",
    "name": "author",
    "email": "e-mail address (kept as a keyed digest)",
    "url": "website",
    "ip": "IP address (kept as keyed digests)",
    "user_agent": "browser",
    "page_url": "page",
    "page_title": "page's title",
    "parent_id": "answers to",
    "created_at": "time",
    "mode": "Isso's mode",
    "published": "published: yes or no, or when",
    "kind": "kind",
    "": "ignored",
}
"""What is made of a column, in words; a label's column is its share."""

DECIDING = frozenset({"state", "approved", "pending", "deleted", "spam", "ham", "moderated", "published", "mode"})
"""Fields that say what became of a comment: of these all columns count."""
_HINT = re.compile(
    r"approv|moderat|spam|junk|reject|delet|trash|publish|pending|hidden|removed|blocked|flag|report|status|state\Z|toxic|obscen|abus|hate"
)
_STAMPED = {
    "approved": ("approved", "approval", "accepted", "acceptance"),
    "published": ("published", "publication"),
    "pending": ("held", "queued", "unapproved", "unpublished"),
    "deleted": (
        *(
            "deleted",
            "deletion",
            "removed",
            "removal",
            "trashed",
            "rejected",
            "rejection",
            "hidden",
            "blocked",
            "declined",
        ),
        *("denied", "refused", "discarded"),
    ),
    "spam": ("spam", "spammed", "markedasspam", "markedspam", "junked"),
    "moderated": ("moderated", "moderation", "reviewed", "review"),
}
"""Words on a decision, for columns that say when it was made, by whom or why."""
_WORDS = {word: field for field, words in _STAMPED.items() for word in words}
_STAMP = re.compile(
    rf"(?:date|time)?(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
    r"(?P<end>at|on|date|datetime|time|timestamp|ts|atutc|atgmt|by|bywhom|byid|byuserid|reason)?"
)


@lru_cache(4_000)
def plain(word: str) -> str:
    """A column's name as it is compared: neither case, accents nor signs matter, so that isSpam is IS_SPAM."""
    return bare(word)


_FIELD_OF = {
    plain(column): field
    for table in (COLUMNS_ELSEWHERE, COLUMNS)
    for field, columns in table.items()
    for column in columns
}
LABELS_BESIDE = {
    "toxicity": ("toxic", "is_toxic"),
    "severe_toxicity": ("severe_toxic",),
    "profanity": ("obscene", "is_obscene", "obscenity", "profane"),
    "insult": ("is_insult", "insulting"),
    "threat": ("is_threat", "threatening"),
    "identity_attack": ("identity_hate", "hate_speech", "is_hate_speech", "hateful"),
}
"""What else the columns of labels are called, in collections that are labelled."""
LABEL_OF = {plain(label): label for label in LABELS if label != "spam"} | {
    plain(name): label for label, names in LABELS_BESIDE.items() for name in names
}
LABELS_OF_TABLES = tuple(dict.fromkeys(LABEL_OF.values()))
_RANK = {plain(column): rank for columns in COLUMNS.values() for rank, column in enumerate(columns)}


@lru_cache(1_000)
def field_of(column: str) -> str:
    """What a column holds; "" for one that is not known."""
    word = plain(column)
    known = LABEL_OF.get(word) or _FIELD_OF.get(word) or _FIELD_OF.get(word.removeprefix("comment"))
    return known or _stamp(word)[0] or _flag(word)


_FLAGS = {
    Fate.APPROVED: "approved", Fate.HELD: "pending", Fate.SPAM: "spam", Fate.REMOVED: "deleted", Fate.ORPHANED: "deleted",
}  # fmt: skip
_FLAG_OF = {word: _FLAGS[fate] for word, fate in FATE_OF_COLUMN.items()} | {
    word: field for word, field in _FIELD_OF.items() if field in _FLAGS.values() and len(word) > 2
}
_AROUND = "|".join(("comment", "moderation", "moderator", "is", "was", "has", "been", "marked", "as", "in", "auto"))
_FLAG = re.compile(
    rf"(?:{_AROUND})*?(?P<word>{'|'.join(sorted(_FLAG_OF, key=len, reverse=True))})"
    r"(?:comment|flag|yn|bool|status|state|byuser|byauthor|bymoderator|bymod|byadmin)?"
)
_STATE = re.compile(r"(?:comment|moderation|approval|review|publish)?(?:state|status)(?:name|text|label|title|word)")


@lru_cache(1_000)
def _flag(word: str) -> str:
    """The field of a column whose name says more than a word that is known: `approved_flag`, `isSpamComment`, `status_name`."""
    if _STATE.fullmatch(word):
        return "state"
    found = _FLAG.fullmatch(word)
    return _FLAG_OF[found["word"]] if found else ""


def stamp_of(column: str) -> str:
    """What a column says of a decision beside that it was made: "when", or "who" or why; "" for other columns."""
    return _stamp(plain(column))[1]


@lru_cache(1_000)
def _stamp(word: str) -> tuple[str, str]:
    """(field, "when" or "who") of a column that says when a decision was made, or by whom or why."""
    bare = word.removeprefix("comment")
    found = _STAMP.fullmatch(bare)
    if found is None or bare == found["word"]:
        return "", ""
    field, end = _WORDS[found["word"]], found["end"] or ""
    if end == "reason" and field != "deleted":
        return "", ""
    who = end.startswith("by") or end == "reason"
    return ("", "") if who and field == "published" else (field, "who" if who else "when")


def may_decide(column: str) -> bool:
    """Whether a column that is not known is called like one that says what became of a comment."""
    return not field_of(column) and _HINT.search(plain(column)) is not None


def knows(header: list[str]) -> bool:
    """Whether these columns hold comments."""
    return "content" in {field_of(column) for column in header}


@lru_cache(1_000)
def rank(column: str) -> int:
    """How well a name says what it holds: 0 is best."""
    return _RANK.get(plain(column), 99)
