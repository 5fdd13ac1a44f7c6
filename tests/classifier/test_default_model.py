"""The shipped model on comments written for these tests: what it must find, and what it must leave alone.

No test asserts an exact score: they hold the model to what `docs/model-card.md` says, and fail if a retrained one breaks
that promise.
"""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier import LABELS, Input, Model, load

ORDINARY = [
    "Thanks for the write-up. I had the same problem and restarting the service fixed it for me.",
    "I don't think that's right: the second loop runs n times, so it is quadratic.",
    "We visited the museum last summer with the children, and they loved the dinosaurs.",
    "Could you say which version you are using? With 3.2 I can't reproduce it.",
    "The council has promised this bridge for ten years. I will believe it when I can walk on it.",
    "My grandmother made this with plums instead of apples, and a little more sugar.",
    "Great photo! What lens did you use?",
    "I disagree with nearly everything in this article, but it is well written.",
    "Has anyone tried this on a Raspberry Pi? Mine gets quite hot.",
    "The link in the third paragraph is broken, it should be https://docs.python.org/3/library/csv.html",
    "Congratulations on ten years of the blog. Here's to the next ten.",
    "No, the train was on time. It was the bus that made us late.",
    "Ich habe das gestern ausprobiert und es hat sofort funktioniert, vielen Dank!",
    "Muito obrigado pela receita, ficou uma delícia.",
]
SPAM = [
    Input("Buy cheap viagra online without prescription http://pills-cheap.example.biz/viagra", "cheap viagra"),
    Input('<a href="http://replica-watches.example.com">replica watches</a> best price replica rolex', "replica rolex"),
    Input("Check out my new channel and subscribe please!! I make beats, sub 4 sub"),
    Input("I earned $5000 last week trading crypto with expert Mr James, whatsapp +1 555 0100"),
    Input(
        "Congratulations! You have won a £1000 prize. Call 09061701461 now to claim. Code KL341. Valid 12 hours only"
    ),
    Input(
        "payday loans online http://loans.example.com payday loans no credit check",
        "payday loans",
        "http://loans.example.com",
    ),
]
RUDE = {
    "toxicity": ["You are a stupid idiot and nobody likes you.", "Shut the fuck up, you pathetic piece of shit."],
    "insult": ["You are a complete moron.", "what an idiot you are, pathetic loser"],
    "profanity": ["this is fucking bullshit, fuck off"],
    "threat": ["I will find you and kill you.", "I am going to kill you"],
}
TERMS = (
    *("gay", "lesbian", "bisexual", "trans", "transgender", "queer", "straight", "black", "white", "asian", "latina"),
    *("african american", "muslim", "jewish", "christian", "hindu", "buddhist", "mexican", "chinese", "blind", "deaf"),
    *("elderly", "young", "female", "male", "disabled", "immigrant"),
)
FORMS = (
    "I am a {} man.",
    "My {} neighbour fixed our fence.",
    "She has been {} all her life.",
    "There are many {} people in our town.",
    "He's a {} accountant from Oslo.",
    "A {} woman won the local race this year.",
    "Being {} has shaped how I see the world.",
    "Our {} friends are coming to dinner on Friday.",
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def _scores(model: Model, items: list[Input], label: str) -> np.ndarray:
    return np.array([prediction.scores[label] for prediction in model.score(items)])


def _hold(model: Model, label: str) -> float:
    """The threshold to hold; of swearing that of the strict preset, since by default it holds nothing."""
    return float(model.thresholds[label].get("hold") or model.card["presets"][label]["strict"]["hold"])


def test_thresholds_are_named_and_rise(model: Model) -> None:
    assert set(model.thresholds) == set(LABELS)
    for limits in model.thresholds.values():
        assert set(limits) <= {"hold", "reject", "discard"}
        rising = [limits[step] for step in ("hold", "reject", "discard") if step in limits]
        assert rising == sorted(rising)
        assert all(0 < one < 1 for one in rising)
    assert [label for label, limits in model.thresholds.items() if not limits] == ["profanity"]


def test_card_names_every_corpus_and_no_forbidden_licence(model: Model) -> None:
    assert model.card["data"]
    for source in model.card["data"].values():
        assert source["rows"] > 0
        assert "NC" not in source["licence"]
    assert set(model.card["held_out"]) == set(LABELS)


@pytest.mark.parametrize("label", LABELS)
def test_leaves_ordinary_comments_alone(model: Model, label: str) -> None:
    scores = _scores(model, [Input(text) for text in ORDINARY], label)
    assert (scores < _hold(model, label)).all(), dict(zip(ORDINARY, scores.round(2), strict=True))


def test_an_address_alone_makes_nobody_a_spammer(model: Model) -> None:
    items = [Input(text, "Anna Berg", "https://annaberg.example.net") for text in ORDINARY]
    assert (_scores(model, items, "spam") < _hold(model, "spam")).mean() >= 0.9


def test_finds_spam(model: Model) -> None:
    scores = _scores(model, SPAM, "spam")
    assert (scores >= _hold(model, "spam")).all(), scores.round(2)


@pytest.mark.parametrize(("label", "texts"), RUDE.items())
def test_finds_rude_comments(model: Model, label: str, texts: list[str]) -> None:
    """More likely than not it is said what they are; and they are held, if only as toxic."""
    items = [Input(text) for text in texts]
    scores, toxic = _scores(model, items, label), _scores(model, items, "toxicity")
    assert (scores >= 0.5).all(), scores.round(2)
    held = (scores >= _hold(model, label)) | (toxic >= _hold(model, "toxicity"))
    assert held.all(), toxic.round(2)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("label", ["toxicity", "identity_attack"])
def test_naming_a_group_is_no_attack(model: Model, term: str, label: str) -> None:
    scores = _scores(model, [Input(form.format(term)) for form in FORMS], label)
    assert (scores < _hold(model, label)).all(), dict(zip(FORMS, scores.round(2), strict=True))


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("I hate all muslims", "I don't hate muslims, I grew up with them"),
        ("women are stupid", 'Saying "women are stupid" is wrong'),
        ("I want to kill all immigrants", "I want to kill all mosquitoes"),
        ("gay people are disgusting", "gay people are wonderful"),
    ],
)
def test_tells_attack_from_its_opposite(model: Model, worse: str, better: str) -> None:
    bad, good = _scores(model, [Input(worse), Input(better)], "toxicity")
    assert bad > good


@pytest.mark.parametrize(
    "disguised",
    [
        "You are a st\u200bup\u200bid id\u200biot",
        "Yоu аrе а stuріd idіоt",
        "You are a s t u p i d i d i o t",
        "You are a stuuuuupid idiiiiiot",
        "𝐘𝐨𝐮 𝐚𝐫𝐞 𝐚 𝐬𝐭𝐮𝐩𝐢𝐝 𝐢𝐝𝐢𝐨𝐭",
        "You are a stup1d 1diot",
    ],
)
def test_disguise_does_not_help(model: Model, disguised: str) -> None:
    plain, hidden = _scores(model, [Input("You are a stupid idiot"), Input(disguised)], "toxicity")
    assert hidden >= _hold(model, "toxicity")
    assert hidden == pytest.approx(plain, abs=0.25)


NEUTRAL = (
    "The second chapter explains how the bridge was built.",
    "My brother has lived in that town for eleven years now.",
    "We took the early train and were home before it got dark.",
    "There is a small museum behind the church, which is free.",
    "Most of the figures in the report are from last autumn.",
)


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("text", [text for label in ("toxicity", "insult") for text in RUDE[label]])
def test_harmless_sentences_clear_no_insult(model: Model, text: str, before: int) -> None:
    padded = " ".join((*NEUTRAL[:before], text if text[-1] in ".!" else f"{text}.", *NEUTRAL[before:]))
    explanation = model.explain(Input(padded), "toxicity")
    assert explanation.probability >= _hold(model, "toxicity")
    assert text.rsplit(maxsplit=1)[-1].rstrip(".") in padded[explanation.start : explanation.end]


@pytest.mark.parametrize("text", NEUTRAL)
@pytest.mark.parametrize("often", [1, 2, 20, 1000])
def test_who_repeats_harmless_words_stays_harmless(model: Model, text: str, often: int) -> None:
    for item in (" ".join([text] * often), "word " * often, ". " * often):
        scores = model.score([Input(item)])[0].scores
        assert all(scores[label] < _hold(model, label) for label in LABELS), scores


@settings(max_examples=60, deadline=None)
@given(
    st.text("!?.,-*#_~=/|;:^%+()\"'&😀🔥🎉→█•…\u200b\u00a0\n \u3000\u0301", min_size=1, max_size=1)
    | st.sampled_from(("❤️", "👍🏽", "🇩🇪", "👨‍👩‍👧")),
    st.sampled_from((1, 2, 4, 30, 300, 5000)),
    st.sampled_from(("{0}{1}", "{1}{0}", "{0} {1}", "{1} {0}", "{0} {1} {0}")),
)
@example("→", 300, "{0}{1}")
@example("❤️", 300, "{0} {1} {0}")
@example('"', 300, "{0}{1}")
def test_signs_beside_a_comment_change_nothing(model: Model, sign: str, times: int, where: str) -> None:
    """However many and wherever: what is rude stays so, what is not stays harmless, and what language it is in is known."""
    rude, good = (Input(where.format(sign * times, text)) for text in (RUDE["toxicity"][0], NEUTRAL[1]))
    said, harmless = model.score([rude, good])
    assert said.scores["toxicity"] >= _hold(model, "toxicity")
    assert all(harmless.scores[label] < _hold(model, label) for label in LABELS), harmless.scores
    (german,) = model.score([Input(where.format(sign * times, ORDINARY[-2]))])
    assert german.language == "de"


def test_toxicity_is_at_least_as_probable_as_what_implies_it(model: Model) -> None:
    texts = [*ORDINARY, *(text for some in RUDE.values() for text in some), *NEUTRAL, "I know where you live.", "kys"]
    for prediction in model.score([Input(text) for text in texts]):
        for kind in ("severe_toxicity", "insult", "threat", "identity_attack"):
            assert prediction.scores["toxicity"] >= prediction.scores[kind] - 1e-4


def test_an_emoji_is_no_attack(model: Model) -> None:
    emoji = [
        "😀",
        "🤣",
        "🔥🔥🔥",
        "💀",
        "🎉",
        "🧕",
        "♿",
        "👩🏿",
        "👨🏾\u200d🦱",
        "🇮🇱",
        "🇵🇸",
        "🏳️\u200d🌈",
        "👨\u200d👩\u200d👧\u200d👦",
        "✡️",
        "☪️",
        "🐷",
        "🙄",
        "👎",
    ]
    scores = _scores(model, [Input(one) for one in (*emoji, "Thank you! 👩🏿👩🏿")], "toxicity")
    assert (scores < _hold(model, "toxicity")).mean() > 0.9, scores.round(2)


@pytest.mark.parametrize("name", ["Anna", "John Loan", "Free Software Fan", "Priya Ramesh", "李伟"])
def test_a_name_alone_says_nothing_of_spam(model: Model, name: str) -> None:
    for text in (*ORDINARY, *(item.text for item in SPAM)):
        without, named = _scores(model, [Input(text), Input(text, name)], "spam")
        assert named >= without
        assert named < without + 0.1


def test_a_commercial_author_adds_to_flattery(model: Model) -> None:
    text = "Very nice post, I have bookmarked your website."
    for end in ("com", "example"):
        bare, plain, commercial = _scores(
            model,
            [
                Input(text),
                Input(text, "Anna", "https://anna.example.org"),
                Input(text, "Cheap Roof Repair", f"http://cheap-roof-repair.{end}"),
            ],
            "spam",
        )
        assert commercial > plain >= bare


def test_what_every_ordinary_comment_has_is_no_reason(model: Model) -> None:
    """Of all verdicts hardly one names it among its three first reasons, and none first."""
    reasons = [
        [part.name for part in model.explain(Input(text), label).parts[1:4]]
        for text in ORDINARY
        for label in ("spam", "toxicity")
    ]
    assert sum("short" in three for three in reasons) <= len(reasons) // 20
    assert "short" not in [three[0] for three in reasons]


def test_an_author_does_not_make_a_comment_toxic(model: Model) -> None:
    text = "I think the second half of the film was better than the first."
    plain, named = _scores(model, [Input(text), Input(text, "Mohammed Özil", "https://example.org/~mo")], "toxicity")
    assert named == pytest.approx(plain, abs=0.1)


PRAISE = (
    "Great post, thanks for sharing!",
    "Very helpful, I learned a lot.",
    "Merci, très intéressant.",
    "Super Beitrag!",
)
SELLERS = (
    Input("", "Cheap Car Insurance Quotes", "https://cheap-car-quotes.net/auto"),
    Input("", "Window Cleaning Rotterdam", "http://windowcleaningrotterdam.com"),
    Input("", "Plombier Bordeaux urgence", "https://plombier-bordeaux-33.fr"),
    Input("", "Umzugsunternehmen Leipzig", "https://umzug-leipzig-guenstig.de"),
    Input("", "Buy YouTube Subscribers", "https://subs-fast.io/youtube"),
)
PEOPLE = (
    Input("", "Anna Weber", "https://annaweber.de"),
    Input("", "Sarah", "https://sarahscakes.co.uk"),
    Input("", "Mike's Bikes", "https://mikesbikes.com"),
    Input("", "Dr. Kelly", "https://kelly-dental.com"),
    Input("", "jan_k", "https://github.com/jan-k"),
)


def test_the_same_praise_is_spam_when_a_seller_signs_it_and_thanks_when_a_reader_does(model: Model) -> None:
    def held(who: tuple[Input, ...]) -> float:
        items = [one._replace(text=text) for one in who for text in PRAISE]
        limit = _hold(model, "spam")
        return float(np.mean([one.scores["spam"] >= limit for one in model.score(items)]))

    assert held(SELLERS) >= 0.6
    assert held(PEOPLE) <= 0.05
