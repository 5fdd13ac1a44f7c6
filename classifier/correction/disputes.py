"""What moderators disagree about: names and hosts that one voice rejects, and the others don't. Public: `Marked`.

Who rejects whatever bears a certain author's name, or leads to a certain host, teaches that the mark is bad, while those who
decide beside them find nothing wrong with it. Who is right can't be told from here. So as long as it stands, such comments
teach nothing of that label, and the gate sees to it that the mark raises no scores (`classifier.evaluation.marked`).

A mark is disputed when one voice rejects what bears it more often than the others do, beyond chance (Fisher's exact test, of
all that was tried together) and beyond what sets the voice apart from them anyway: whoever reads what was held rejects more
than whoever reads everything. What the others reject too, or what one voice alone has seen, is the site's own business.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import exp, log, sqrt
from typing import Final, NamedTuple

from scipy import stats

from classifier.correction.decisions import Decided
from classifier.normalise import normalise_all

NAME, HOME, LINK = "author's name", "host of the author's address", "host of a link"
FEWEST: Final = 10
"""Comments that bear a mark, before anybody can disagree about it."""
LEVEL: Final = 0.05
"""How often chance alone makes a dispute at a site, at most, whatever there is to disagree about."""
_AGREED = 0.05


class Mark(NamedTuple):
    """What a comment can be known by."""

    kind: str
    value: str


class Dispute(NamedTuple):
    """A mark that one voice rejects, and the others don't."""

    mark: Mark
    label: str
    voice: str
    rejected: int
    """Of `of` comments that bear it and that the voice decided on."""
    of: int
    others_rejected: int
    others_of: int


class Marked:
    """Decisions, and what each comment can be known by."""

    def __init__(self, decisions: Sequence[Decided]) -> None:
        self.decisions = decisions
        texts, homes = (normalise_all([row.item[at] for row in decisions]) for at in (0, 2))
        self.marks: list[frozenset[Mark]] = []
        for row, text, home in zip(decisions, texts, homes, strict=True):
            found = [Mark(NAME, " ".join(row.item.author_name.casefold().split()))]
            found += [Mark(HOME, link.host) for link in home.links]
            found += [Mark(LINK, link.host) for link in text.links]
            self.marks.append(frozenset(one for one in found if one.value))

    def disputes(self, label: str) -> list[Dispute]:
        """What voices disagree about on a label; what chance explains least comes first."""
        said: Words = Counter()
        bearing: dict[Mark, Words] = {}
        for row, marks in zip(self.decisions, self.marks, strict=True):
            if label in row.labels:
                word = row.voice, row.labels[label] >= 0.5
                said[word] += 1
                for mark in marks:
                    bearing.setdefault(mark, Counter())[word] += 1
        tried = sorted(
            (_chance(its, others, said - words, voice), Dispute(mark, label, voice, *its, *others))
            for mark, words in bearing.items()
            for voice, its, others in _parted(words)
        )
        return [one for chance, one in tried if chance <= LEVEL / len(tried)]

    def settled(self, disputes: Sequence[Dispute]) -> list[Decided]:
        """The decisions without what they say of a label that voices dispute for a mark that they bear."""
        disputed = {(one.mark, one.label) for one in disputes}
        return [
            row._replace(
                labels={
                    label: said
                    for label, said in row.labels.items()
                    if not any((mark, label) in disputed for mark in marks)
                }
            )
            for row, marks in zip(self.decisions, self.marks, strict=True)
        ]


Words = Counter[tuple[str, bool]]
"""Voice and whether it rejected -> how often."""


class _Said(NamedTuple):
    rejected: int
    of: int

    @property
    def approved(self) -> int:
        return self.of - self.rejected


def _parted(words: Words) -> Iterator[tuple[str, _Said, _Said]]:
    """Each voice, what it said, and what the others said; nothing where there are none, or too few words."""
    voices = sorted({voice for voice, _ in words})
    if len(voices) < 2 or words.total() < FEWEST:
        return
    for voice in voices:
        yield voice, *_beside(words, voice)


def _beside(words: Words, voice: str) -> tuple[_Said, _Said]:
    """What a voice said, and what the others said."""
    rejected, own = words[voice, True], words[voice, True] + words[voice, False]
    every = sum(count for (_, bad), count in words.items() if bad)
    return _Said(rejected, own), _Said(every - rejected, words.total() - own)


def _chance(its: _Said, others: _Said, elsewhere: Words, voice: str) -> float:
    """How probable it is that a voice rejects so much more of something than the others, who find it no worse than the rest.

    The odds by which the voice rejects more of everything else, and one standard error of them, are taken off (Fisher's
    noncentral distribution).
    """
    own, rest = _beside(elsewhere, voice)
    usual = max(0.5, rest.rejected / max(rest.of, 1))
    no_more = its.rejected * others.of <= others.rejected * its.of
    if no_more or stats.binom.sf(others.rejected - 1, others.of, usual) < _AGREED:
        return 1.0
    cells = [count + 0.5 for count in (own.rejected, rest.approved, own.approved, rest.rejected)]
    apart = log(cells[0] * cells[1] / cells[2] / cells[3]) + sqrt(sum(1 / cell for cell in cells))
    odds = exp(max(apart, 0.0))
    rejected, of = its.rejected + others.rejected, its.of + others.of
    return float(stats.nchypergeom_fisher.sf(its.rejected - 1, of, rejected, its.of, odds))
