"""The words of dates in other languages: months, weekdays and halves of the day, in English. For `service.imports.dates`."""

from __future__ import annotations

import re
import unicodedata

from service.imports.words import bare

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber maerz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "január február március április május június július augusztus szeptember október november december",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου",
)
"""Of the twelve months, by language."""
_MORE = {"mrz": 3, "mrt": 3, "sept": 9, "juil": 7, "янв": 1, "фев": 2}
_SHORTEST, _SHORTENED = 3, 5  # letters of a month's name that is cut


def _months() -> dict[str, int]:
    """Month names, whole and cut, by their number; a cut one that may be two months is none."""
    whole = {bare(word): number for names in NAMES for number, word in enumerate(names.split())}
    cut: dict[str, set[int]] = {}
    for word, number in whole.items():
        for size in range(_SHORTEST, min(len(word), _SHORTENED + 1)):
            cut.setdefault(word[:size], set()).add(number)
    short = {word: numbers.pop() for word, numbers in cut.items() if len(numbers) == 1}
    return short | {word: number - 1 for word, number in _MORE.items()} | whole


_MONTH_OF = _months()
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # which C's ctime writes before the month
_WORD = re.compile(r"[^\W\d_]{3,}\.?")
_FIRST = re.compile(r"\A([^\W\d_]{2,}(?:-[^\W\d_]+)?)\.?,?\s+(?=\d|[A-Z][a-z]{2}\b)")  # a weekday
_BETWEEN = re.compile(
    r"\b(?:de|del|d'|den|à|a las|às|um|klo|kl\.?|в|o|om|alle|ore|Uhr|г\.?|года|року)(?=\s|\Z)|(?<=\d)(?:er|ère|o|a)(?=\s)"
)
_CLOCK = re.compile(r"(\d{1,2})\s*(?:[hH]|[時时시])\s*(\d{1,2})(?:\s*(?:min|[分분]))?(?:\s*(\d{1,2})\s*[秒초])?")
_HALF = re.compile(r"(午前|上午|오전|午後|下午|오후)\s*(\d{1,2}:\d\d(?::\d\d)?)")
_DOTTED = re.compile(r"\b([AaPp])\.\s?[Mm]\.?(?=\W|\Z)")
_EAST = re.compile(
    r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]\s*(?:[(（][月火水木金土日一二三四五六월화수목금토일][)）]\s*)?"
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")


def in_english(text: str) -> str:
    """A date with English words for those of other languages; one without such as it is, but for its signs."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    text = _HALF.sub(
        lambda found: f"{found[2]} {'AM' if found[1] in '午前上午오전' else 'PM'}",
        _CLOCK.sub(_timed, _EAST.sub(r"\1-\2-\3 ", text)),
    )
    text = _DOTTED.sub(lambda found: f"{found[1].upper()}M", text).strip()
    month = next((found for found in _WORD.finditer(text) if bare(found.group()) in _MONTH_OF), None)
    if month is None:
        return text
    english = MONTHS[_MONTH_OF[bare(month.group())]].capitalize()
    text = f"{text[: month.start()]}{english}{text[month.end() :]}"
    first = _FIRST.match(text)
    if first and first[1].lower() not in (*MONTHS, *_DAYS):
        text = text[first.end() :]
    text = re.sub(r"(?<=\d)\.(?=\s|\Z)|(?<=\d)[.º]\s*(?=[A-Za-z])", " ", _BETWEEN.sub(" ", text))
    return " ".join(text.split())


def _timed(found: re.Match[str]) -> str:
    return f"{found[1]}:{int(found[2]):02}" + (f":{int(found[3]):02}" if found[3] else "")
