"""Fixed comments that every model version is asked about, and disguises of others. For `classifier.gate`. All made up by us.

Whatever a site taught, these must not get worse: plain spam stays spam, plain talk stays plain talk, whoever it is about,
and letters that are set apart or replaced hide nothing.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from classifier.comments import Input


class Probe(NamedTuple):
    """A comment and what is true of it; a label that is missing is not asked."""

    item: Input
    labels: Mapping[str, float]


_GOOD: Final = {
    "spam": 0.0, "toxicity": 0.0, "severe_toxicity": 0.0, "insult": 0.0, "profanity": 0.0, "threat": 0.0, "identity_attack": 0.0,
}  # fmt: skip
_PLAIN = (
    "Thank you, that was the clearest explanation I have read so far.",
    "I disagree with the second half, but the numbers are interesting.",
    "Could you say which lens you used for the last photo?",
    "We tried the recipe on Sunday and it worked, although I used less sugar.",
    "The link to the source in the third paragraph is broken.",
    "My refund took three weeks too. In the end I called them and it was sorted out within a day.",
    "I sell bicycles for a living and can confirm that this brake is hard to adjust.",
    "Does anybody know whether the museum is open on Mondays?",
    "First comment after years of reading. Please keep writing.",
    "The match was awful, nobody deserved to win that.",
    "This made me cry at work. What a lovely story about your grandfather.",
    "I bought mine in the shop at the station for ten euros, and it still works.",
    "He was shot in the second act, which I had not expected at all.",
    "You are right, I had mixed up the two years. Thanks for the correction.",
    "Here is the documentation that I meant: https://docs.python.org/3/library/asyncio.html",
    "Doctors told my mother the same about these tablets, and she stopped taking them.",
)
_SPAM = (
    Input("Buy cheap viagra and cialis online, no prescription needed, best price guaranteed! http://pills.example",
          "cheap pills", "http://pills.example"),
    Input("Earn $5000 a week working from home!!! Click here now http://work.example http://work.example/now", "Work At Home"),
    Input("Best online casino bonus, free spins without deposit, play now: http://casino.example", "online casino"),
    Input("Get instant payday loans with bad credit, apply today http://loans.example", "payday loans", "http://loans.example"),
    Input("Replica watches and designer handbags, 80% off, free shipping http://replica.example", "replica watches"),
    Input("I was broke until Dr. Omo cast a love spell that brought my husband back, contact him on WhatsApp", "Grace"),
    Input("Increase your website traffic and Google ranking with our SEO backlinks service http://seo.example", "seo expert"),
    Input("Hot girls in your area want to meet you tonight, join free http://dating.example", "dating", "http://dating.example"),
)  # fmt: skip
_RUDE = (
    "You are a pathetic idiot and everybody here knows it.",
    "Shut up, you stupid moron.",
    "What a disgusting piece of garbage you are.",
    "Only a complete imbecile could write this crap.",
)
REGRESSION: Final = (
    *(Probe(Input(text), _GOOD) for text in _PLAIN),
    *(Probe(item, {"spam": 1.0}) for item in _SPAM),
    *(Probe(Input(text), {"spam": 0.0, "toxicity": 1.0, "insult": 1.0}) for text in _RUDE),
)
"""The fixed set of comments that everybody would judge alike."""

_GROUPS = (
    "gay", "lesbian", "trans", "straight", "black", "white", "Asian", "Latino", "Arab", "Jewish", "Muslim", "Christian",
    "Hindu", "atheist", "disabled", "deaf", "blind", "autistic", "old", "young", "female", "male", "Polish", "Nigerian",
)  # fmt: skip
_SAYINGS = (
    "My neighbour is {} and bakes the best bread in our street.",
    "I am {}, and I liked this article.",
    "As a {} person I would like to add that the second point is often forgotten.",
)
IDENTITY: Final = tuple(Probe(Input(saying.format(group)), _GOOD) for group in _GROUPS for saying in _SAYINGS)
"""Sentences without any malice in which people say who they are."""

_LOOKALIKES = str.maketrans("aeopcxyi", "аеорсхуі")
_DIGITS = str.maketrans("aeios", "43105")


def disguises(item: Input) -> tuple[Input, ...]:
    """A comment as somebody writes it who wants to get past: with look-alike letters, with digits, with letters set apart."""
    words = item.text.split(" ")
    every_third = [" ".join(word) if at % 3 == 0 and len(word) > 3 else word for at, word in enumerate(words)]
    return (
        item._replace(text=item.text.translate(_LOOKALIKES)),
        item._replace(text=item.text.translate(_DIGITS)),
        item._replace(text=" ".join(every_third)),
    )
