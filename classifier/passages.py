"""A comment cut into passages: sentences, brought together to some length. Public: `passages`, `begun`.

A comment is as bad as its worst passage, so every reader judges passages beside the whole. A passage ends where a sentence
does, with or without its point; short sentences go with the next one, and what has no end in sight is cut between words, so
that a text of any size is read in pieces of one.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

LEAST = 12
"""Characters that a passage has at least, where there is more than one."""
MOST = 160
"""Characters that a passage has at most, but for what `LEAST` adds."""
_END = re.compile(r"[.!?…\n。！？｡][.!?…\n。！？｡\"')}\]]*")
_CAPITAL = "A-ZÀ-ÖØ-ÞΆ-ΏΑ-ΫА-Я"
_OPENING = """
I A An The This That These Those There Here It Its He She They We You Your My Our His Her Their Who What When Where Which
While Why How If In On At By For From With Without About After Before Since Because Although Though Unless Until Once As And
But Or So Then Thus Also Even Just Only Still Yet Now Today Yesterday Tomorrow Not No Yes Nothing Nobody Nor Neither Either
Both All Any Every Everybody Everyone Each Most Many Much More Some Somebody Someone Something Such Several One Two Few
Another Other Is Are Was Were Am Be Been Do Does Did Have Has Had Can Could Will Would Should May Might Must Let Please
Thanks Thank Well Oh
Das Der Die Den Dem Des Ein Eine Einen Einem Einer Ich Du Er Sie Es Wir Ihr Mein Meine Dein Sein Seine Unser Unsere Dieser
Diese Dieses Jeder Jede Alle Viele Manche Einige Was Wer Wie Wo Wann Warum Wenn Weil Dass Ob Als Aber Und Oder Denn Doch
Auch Nur Noch Schon Nun Heute Gestern Morgen Hier Da Dort Dann Danach Vor Nach Bei Mit Ohne Von Zu Zum Zur Im In An Am Auf
Aus Bis Durch Gegen Um Seit Nicht Nein Ja Kein Keine Man Ist Sind War Hat Haben Wird Danke Bitte Vielleicht
O Os As Um Uma Uns Umas Eu Ele Ela Eles Elas Nós Você Vocês Meu Minha Seu Sua Nosso Nossa Este Esta Esse Essa Isto Isso
Aquele Aquela Aquilo Que Quem Quando Onde Como Porque Porquê Se Mas E Ou Também Só Ainda Já Agora Hoje Ontem Amanhã Aqui Ali
Lá Então Depois Antes Com Sem Por Para De Do Da Dos Das No Na Nos Nas Em Não Sim Nada Ninguém Todo Toda Todos Todas Cada
Muito Muitos Mais Alguns É São Foi Era Tem Obrigado Obrigada
Saya Aku Kamu Anda Dia Kami Kita Mereka Ini Itu Yang Di Ke Dari Dengan Untuk Pada Dalam Dan Atau Tapi Tetapi Kalau Jika
Karena Ketika Saat Sudah Belum Akan Bisa Tidak Bukan Ada Semua Setiap Banyak Beberapa Apa Siapa Kapan Bagaimana Kenapa
Sekarang Kemarin Besok Terima Juga Hanya
El La Los Las Un Una Yo Tú Él Ella Nosotros Ellos Mi Tu Su Esto Eso Este Esta Ese Esa Qué Quién Cuando Donde Cómo Porque Si
Pero Y También Ya Ahora Hoy Ayer Aquí Con Sin Por Para De En No Sí Todo Todos Muy Gracias
Le La Les Un Une Des Je Tu Il Elle On Nous Vous Ils Elles Mon Ma Mes Ton Son Sa Ses Notre Ce Cette Ces Ça Qui Que Quand Où
Comment Pourquoi Si Mais Et Ou Aussi Encore Maintenant Hier Ici Avec Sans Pour Par De Dans En Sur Après Avant Ne Non Oui
Tout Tous Merci
"""
"""Words that begin sentences and are no names, in the languages that the first reader has learnt and two of their neighbours."""
_OPENERS = frozenset(_OPENING.split())
_CAPITALISED = re.compile(rf"[ \t]([{_CAPITAL}][^\W\d_]*)")
_LINE = re.compile(
    r"(?<=\S)(?=[ \t]*+(?:\r\n|\n|\r)(?P<blank>[ \t]*+[\n\r])?)\s++(?(blank)(?=\S)|(?=[^\sa-zß-öø-ÿά-ώа-я]))"
)
"""A new line, but for one amid a sentence: texts from mail and terminals are broken at some width."""
_AMID = frozenset(",;:()[]{}\"'/&+-–—")
"""Signs that stand within a sentence."""
_WORDS = re.compile(r"[\W_]{0,8}?([^\W_]+(?: [^\W_]+)?)")
_REACH = 200  # characters around where a word should stand in the folded text, in which it is looked for
_ALONE = frozenset("\n。！？｡")
"""What ends a sentence though no space comes behind it."""
Span = tuple[int, int]


def at_capitals(before: str, word: str) -> bool:
    """Whether a sentence begins at a capital: at any behind what is none, behind one if a small letter follows.

    For a reader that sees each passage in its context: names and German nouns look alike, which costs its ranking nothing.
    `before` is the last character before the white space, `word` what the capital begins.
    """
    return not before.isupper() or word[1:2].islower()


def at_openers(before: str, word: str) -> bool:
    """Whether a sentence begins at a capital: if its word is no name, or behind a sign or an emoji.

    For a reader that knows neighbouring words: cut at every name, it ranked abuse of groups worse (AUC on a forum left out .783,
    then .767).
    """
    return word in _OPENERS or (word[1:2].islower() and not before.isalnum() and before not in _AMID)


def begun(original: str, opens: Callable[[str, str], bool], folded: str | None = None) -> list[int]:
    """Where in `folded` sentences begin that have no point before them: on a new line, and where it `opens` at a capital.

    In order, in code points; in `original` itself without `folded`. Where folding has changed the two words that begin a
    sentence beyond recognition, that one is left out; where they stand more than once, the nearest count.
    """
    starts = [
        match.start(1)
        for match in _CAPITALISED.finditer(original)
        if (before := _before(original, match.start())).strip() and opens(before, match[1])
    ]
    if "\n" in original or "\r" in original:
        starts = sorted({*starts, *(match.end() for match in _LINE.finditer(original))})
    if folded is None:
        return starts
    found: list[int] = []
    drift = 0
    for start in starts:
        words = _WORDS.match(original, start)
        if not words:
            continue
        key = " " + _plain(words[1])
        aim = words.start(1) + drift - 1
        if not folded.startswith(key, max(aim, 0)):
            near = _nearest(folded, key, aim)
            if near < 0:
                continue
            drift += near - aim
            aim = near
        if not found or aim + 1 > found[-1]:
            found.append(aim + 1)
    return found


def _before(text: str, at: int) -> str:
    """The last character before the blanks that end at `at`; a blank, if there is none."""
    while at and text[at - 1] in " \t":
        at -= 1
    return text[at - 1] if at else " "


def _plain(words: str) -> str:
    """Words as folding leaves them, if it does no more than fold their case and take off accents."""
    lowered = words.casefold()
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def _nearest(text: str, key: str, aim: int) -> int:
    after = text.find(key, max(aim, 0), max(aim + _REACH, 0))
    before = text.rfind(key, max(aim - _REACH, 0), max(aim + len(key) - 1, 0))
    if before < 0 or (after >= 0 and after - aim <= aim - before):
        return after
    return before


def passages(text: str, starts: Sequence[int] = ()) -> list[Span]:
    """Where the passages of `text` begin and end (exclusive), in code points: in order, without gaps but white space.

    At least one, which is empty where the text is. `starts`: where sentences begin that have no point before them
    (`begun`), in order.
    """
    size = len(text)
    if size < 2 * LEAST:
        return [(0, size)]
    found: list[Span] = []
    start = 0
    for end in _ends(text, starts):
        if end - start < LEAST:
            continue
        if size - end < LEAST:
            break
        if end - start > MOST:
            start = _cut(text, start, end, found)
        found.append((start, end))
        start = end + text[end].isspace()
    if size - start > MOST:
        start = _cut(text, start, size, found)
    found.append((start, size))
    return found


def _ends(text: str, starts: Sequence[int]) -> list[int]:
    """Where sentences may end: before white space or the next character, in order."""
    ends = [
        match.end()
        for match in _END.finditer(text)
        if text[match.end() : match.end() + 1].isspace() or _ALONE.intersection(match[0])
    ]
    if not starts:
        return ends
    return sorted({*ends, *(start - text[start - 1].isspace() for start in starts)})


def _cut(text: str, start: int, end: int, found: list[Span]) -> int:
    """Cut a long stretch into equal pieces between words; returns where the last piece begins."""
    while end - start > MOST:
        aim = start + (end - start) // -(-(end - start) // MOST)
        space = text.rfind(" ", start + LEAST, aim + 1)
        cut = space if space > 0 else aim
        found.append((start, cut))
        start = cut + (space > 0)
    return start
