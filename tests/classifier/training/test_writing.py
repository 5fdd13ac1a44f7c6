"""What is written for training: every line can be filled in, both sides are as wide, and no host or name gives one away."""

import random
import re
from collections import Counter

import numpy as np
import pytest

from classifier.inputs import Input
from classifier.model import LABELS
from classifier.training import praise, writing
from classifier.training.corpora import Table

SPAM, TOXICITY = LABELS.index("spam"), LABELS.index("toxicity")


@pytest.fixture(scope="module")
def table() -> Table:
    return writing.comments(7, 12)


def _of(table: Table, label: int, value: float) -> list[Input]:
    return [item for item, labels in zip(table.items, table.labels, strict=True) if labels[label] == value]


def test_every_line_can_be_filled_in() -> None:
    for template in writing.written().templates:
        for seed in range(25):
            text = writing.expand(random.Random(seed), template.text)
            assert text.strip(), template
            assert not re.search(r"[{}]", text), (template, text)


def test_depends_on_the_seed_alone(table: Table) -> None:
    assert writing.comments(7, 12).items == table.items
    assert writing.comments(8, 12).items != table.items


def test_each_side_is_wide(table: Table) -> None:
    for label, value, least in ((SPAM, 1, 3_000), (TOXICITY, 1, 2_500), (SPAM, 0, 6_000)):
        texts = {re.sub(r"\W+|\d+", " ", item.text.casefold()) for item in _of(table, label, value)}
        assert len(texts) > least
    of_language = Counter(
        lang for lang, labels in zip(table.langs, table.labels, strict=True) if labels[TOXICITY] == 1 and lang
    )
    assert len(of_language) >= 25


def test_says_of_every_row_whether_it_is_spam_and_toxic(table: Table) -> None:
    assert not np.isnan(table.labels[:, [SPAM, TOXICITY]]).any()
    assert not ((table.labels[:, SPAM] == 1) & (table.labels[:, TOXICITY] == 1)).any()
    for label in ("threat", "identity_attack", "severe_toxicity"):
        assert (table.labels[table.labels[:, LABELS.index(label)] == 1, TOXICITY] == 1).all()


def test_reserved_hosts_are_no_mark_of_innocence(table: Table) -> None:
    """Of the comments that link, about as many on each side link to a host that can't exist."""

    def share(items: list[Input]) -> float:
        linking = [item for item in items if "://" in item.text + item.author_url]
        return sum(bool(re.search(r"\.(example|test)\b", item.text + item.author_url)) for item in linking) / len(
            linking
        )

    assert share(_of(table, SPAM, 1)) == pytest.approx(share(_of(table, SPAM, 0)), abs=0.1)


def test_a_plain_name_is_no_mark_of_innocence(table: Table) -> None:
    first = set(writing.written().lists["first_name"])

    def share(items: list[Input]) -> float:
        return sum(item.author_name.split(" ")[0] in first for item in items) / len(items)

    assert share(_of(table, SPAM, 1)) == pytest.approx(share(_of(table, SPAM, 0)), abs=0.1)


def test_what_is_held_back_is_not_learnt(table: Table) -> None:
    kept = writing.comments(7, 12, held_back=True)
    assert set(kept.groups).isdisjoint(table.groups)
    assert 0.05 < len(set(kept.groups)) / len(set(kept.groups) | set(table.groups)) < 0.2
    assert {kind for kind, spam in zip(kept.corpora, kept.labels[:, SPAM], strict=True) if spam == 1}


def test_padding_is_ordinary_and_plenty() -> None:
    sentences = writing.sentences(3)
    assert len(sentences) > 200
    assert sentences == writing.sentences(3)


def test_a_line_that_can_t_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="braces"):
        list(writing._entries("a | {b | c"))


def test_praise_is_signed_twice_with_the_same_words() -> None:
    items, truth = praise.signed(7, 400)
    assert praise.signed(7, 400) == (items, truth)
    sellers, readers = items[::2], items[1::2]
    assert [item.text for item in sellers] == [item.text for item in readers]
    assert truth[::2] == [1.0] * 400
    assert truth[1::2] == [0.0] * 400
    assert all(item.author_name and item.author_url for item in sellers)
    assert len({item.author_name for item in sellers}) > 300
    for item in items:
        assert not re.search(r"[{}]", "".join(item[:3])), item


@pytest.mark.parametrize("lang", praise.LANGUAGES)
def test_every_language_has_praise_and_sellers_for_all_seeds(lang: str) -> None:
    for name in (f"praise_{lang}", f"seller_{lang}"):
        for entry in writing.written().lists[name]:
            for seed in range(10):
                found = writing.expand(random.Random(seed), entry)
                assert found.strip(), entry
                assert not re.search(r"[{}]", found), (entry, found)
