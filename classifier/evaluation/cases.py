"""The gate's fixed cases: some hundreds of comments that everybody would judge alike, whatever a site has taught. Public.

Made of templates of ours, over wording, hosts, names and lengths, always the same. No template stands in what the shipped
model learns from, and no host is one that the model takes for an example's. Each case has a *kind*. What a site publishes
or refuses for good reasons (a poker club its poker, a shop no talk of other shops) has `words` by which the site's own
decisions are searched: a kind that they judge the other way is the site's business, and is not asked about
(`classifier.evaluation.gate`). A kind without words is nobody's to unlearn.
"""

import random
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from classifier.inputs import Input

SEED: Final = 20261129
_GOOD: Final = {
    "spam": 0.0, "toxicity": 0.0, "severe_toxicity": 0.0, "insult": 0.0, "profanity": 0.0, "threat": 0.0, "identity_attack": 0.0,
}  # fmt: skip
_SPAM: Final = {"spam": 1.0}
_RUDE: Final = {"spam": 0.0, "toxicity": 1.0, "insult": 1.0}
_EACH = 4


class Case(NamedTuple):
    """A comment and what is true of it; a label that is missing is not asked about."""

    item: Input
    labels: Mapping[str, float]
    kind: str
    template: str
    """Cases of one template are alike, and count as one where it matters how many there are."""


class Kind(NamedTuple):
    """What cases of one kind are made of."""

    name: str
    labels: Mapping[str, float]
    templates: tuple[str, ...]
    words: str = ""
    """A pattern of words by which decisions on such comments are known; "": no site has a reason to see it otherwise."""


_SLOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "town": ("Ghent", "Porto", "Leeds", "Graz", "Tartu", "Lyon", "Accra", "Pune", "Osaka", "Quito", "Galway", "Bergen"),
    "home": ("north", "river", "hill", "harbour", "garden"),
    "thing": ("kettle", "bicycle", "camera", "tent", "keyboard", "piano", "loom", "telescope", "printer", "rucksack"),
    "who": ("neighbour", "sister", "old teacher", "colleague", "uncle", "flatmate", "cousin", "daughter"),
    "subject": ("the flood of 1953", "winter pruning", "the tram line", "sourdough", "the school reform", "bee keeping",
                "night trains", "the old harbour", "typography", "the second season", "database indexes", "the election"),
    "dish": ("lentil soup", "rye bread", "plum cake", "dumplings", "pickled beetroot", "fish curry"),
    "time": ("last spring", "two years ago", "on Saturday", "in March", "when I was a student", "this morning"),
    "n": ("3", "7", "12", "20", "45", "90"),
    "more": ("Has anybody else seen this?", "I will read it again at the weekend.", "Greetings from {town}.",
             "My {who} sees it differently, by the way.", "It rained all day here in {town}, so I had the time.",
             "Sorry for the long comment.", "That is all I know about {subject}.", "I may be wrong about the year."),
    "drug": ("tramadol", "xanax", "levitra", "kamagra", "modafinil", "viagra", "cialis"),
    "brand": ("Rolex", "Louis Vuitton", "Gucci", "Omega", "Prada", "Chanel"),
    "coin": ("bitcoin", "ethereum", "USDT", "crypto"),
    "sum": ("$500", "$3,200", "$15,000", "£900", "€2,500", "$70,000"),
    "phone": ("+1 (305) 555-0142", "+44 7700 900461", "+1 (213) 555-0178", "+234 803 555 0119"),
    "doctor": ("Dr. Ibade", "Priest Okoro", "Mama Zuri", "Prophet Elias", "Dr. Amadi"),
    "trade": ("casino", "poker", "pills", "loans", "essays", "replica", "dating", "hosting", "backlinks", "forex"),
    "group": ("gay", "lesbian", "trans", "straight", "black", "white", "Asian", "Latino", "Arab", "Jewish", "Muslim",
              "Christian", "Hindu", "atheist", "disabled", "deaf", "blind", "autistic", "old", "young", "female", "male",
              "Polish", "Nigerian"),
    "fool": ("idiot", "moron", "imbecile", "loser", "clown"),
}  # fmt: skip
GROUPS: Final = _SLOTS["group"]
"""Whom people say that they are."""
_HOST_WORDS: Final = (
    "best",
    "top",
    "quick",
    "mega",
    "lucky",
    "royal",
    "direct",
    "smart",
    "prime",
    "golden",
    "hub",
    "zone",
)
_ENDS: Final = ("com", "net", "info", "shop", "top", "xyz", "online", "site", "biz", "club")
_PATHS: Final = ("", "/", "/index.php", "/go?id=81", "/offer.html", "/a/7712")
_READERS: Final = (
    "Marta", "Jonas W.", "Oluwaseun", "Priya Nair", "tom_h", "Agnieszka", "Dr. K. Lund", "Yuki", "Fatima Z.", "Anna-Lena",
    "gardener53", "Luis", "Siobhán", "Chen Wei", "Beatrix Moor", "H. de Groot", "Ines", "Marek",
)  # fmt: skip
_HOMES: Final = (
    "", "", "", "https://{}.wordpress.com", "https://{}.github.io", "https://www.{}.org", "http://{}.blogspot.com/", "https://{}.eu/about",
)  # fmt: skip
_SELLERS: Final = (
    "{trade} online",
    "Best {trade}",
    "cheap {trade} {n}",
    "Kelvin Parker",
    "jessica",
    "{trade}24",
    "admin",
    "Mrs Laura",
)

TALK: Final = (
    Kind("thanks and praise", _GOOD, (
        "Thanks for this. I had looked for something on {subject} for weeks and you explain it without the usual fuss.",
        "Lovely piece. The paragraph on {subject} made me ring my {who}.",
        "I rarely write here, but this was worth it. More about {subject}, please!",
        "Good read, thank you.",
        "Well put. {more}",
    )),
    Kind("questions", _GOOD, (
        "Where did you get the figures for {subject}? I only find older ones.",
        "Does that still hold since {time}? In {town} they changed it.",
        "How long did the whole thing take you, roughly {n} hours or {n} days?",
        "What do you use for the photos in this post?",
        "Is there a version of the map with street names? {more}",
    )),
    Kind("disagreement", _GOOD, (
        "I don't agree with the part on {subject}. My experience in {town} was the opposite.",
        "Sorry, but the second argument does not follow from the first. {more}",
        "This is too gloomy. {time} the same people said it would never work, and it does.",
        "Interesting, although I think you mix up {subject} and {subject}.",
        "Wrong way round: it was the council that refused, not the builder.",
    )),
    Kind("stories", _GOOD, (
        "My {who} worked there until {time} and told us about {subject} at every dinner. {more}",
        "We walked that path {time}, {n} kilometres with two children and a dog, and met nobody.",
        "I cried a little when I got to the end. My {who} had the same illness.",
        "I learned to cook {dish} from my {who}; she never weighed anything. {more} {more}",
        "When the library in {town} closed we carried the books home in a {thing} box.",
    )),
    Kind("technical talk", _GOOD, (
        "For me it only worked after I had removed the cache folder and restarted; version {n} here.",
        "There is an off-by-one in the second listing: the loop should stop at n - 1.",
        "You could shorten that with a list comprehension, but yours is easier to read.",
        "I get an empty result when the column contains null. Expected?",
        "We measured it: {n} ms before, {n} ms after. Nice trick. {more}",
    )),
    Kind("kitchen, garden, sport", _GOOD, (
        "I made the {dish} with half the salt and it was still too much. Otherwise good.",
        "Ours flower {n} days later up here near {town}. {more}",
        "What a match! The keeper had no chance with the second goal.",
        "Could one use butter in the place of oil for the {dish}?",
        "Slugs ate everything {time}, so this year I try pots.",
    )),
)  # fmt: skip
"""Ordinary talk that no site has a reason to hold."""

EDGE: Final = (
    Kind("talk with a link", _GOOD, (
        "The report that you mention is here: https://www.kb.nl/en/{n} (page {n}).",
        "I wrote down how we did it in {town}: https://notes.{home}walks.org/{n}",
        "See also https://en.wikipedia.org/wiki/Sourdough for the chemistry. {more}",
    ), r"https?://|www\."),
    Kind("talk of money and shops", _GOOD, (
        "I paid {sum} for mine {time}, second hand, and have not regretted it.",
        "My bank refused the loan, so we repaired the {thing} ourselves.",
        "The shop in {town} still sells them, but only on Fridays. {more}",
        "I sell {thing}s for a living, and what you say about the hinges is true.",
    ), r"\b(shop|sell|sold|paid|price|loan|bank|buy|bought|cheap)\w*\b|[$£€]"),
    Kind("talk of health", _GOOD, (
        "The doctor gave my {who} tramadol after the operation, and the dizziness went only when she stopped.",
        "My {who} takes these tablets too; ask about the dose, ours was halved.",
        "I lost {n} kilos when I was ill, which nobody should envy.",
    ), r"\b(doctor|tablet|pill|drug|medicine|dose|tramadol|xanax|viagra|cialis|levitra|kamagra|modafinil)\w*\b"),
    Kind("talk of games and bets", _GOOD, (
        "We play poker for matches on Thursdays, my {who} always wins.",
        "The casino in {town} was a beautiful building before they tore it down.",
        "I bet {n} euros with my {who} that the tram would be late. {more}",
    ), r"\b(casino|poker|bet|betting|slots?|gambl\w+)\b"),
)  # fmt: skip
"""Ordinary talk near what is advertised, which a site may have its reasons to refuse."""

ADVERTISING: Final = (
    Kind("medicines", _SPAM, (
        "Order {drug} and {drug} without prescription, discreet shipping worldwide {url}",
        "{drug} {n} mg tablets lowest price, overnight delivery no rx needed, visit {url}",
        "Where to purchase genuine {drug} online? Our pharmacy ships in {n} hours {url}",
    ), r"\b(tramadol|xanax|levitra|kamagra|modafinil|viagra|cialis|pharmacy|prescription)\b"),
    Kind("casinos", _SPAM, (
        "Claim {n} free spins and a 200% welcome bonus today, no deposit required >> {url}",
        "The most trusted online casino with instant payouts, register here {url}",
        "Play live poker and slots, win the {sum} jackpot tonight! {url}",
    ), r"\b(casino|poker|slots?|jackpot|free spins|deposit bonus|betting)\b"),
    Kind("loans", _SPAM, (
        "Do you need an urgent loan? We offer 3% interest without collateral, write to us on WhatsApp {phone}",
        "Bad credit? Instant approval up to {sum} paid out the same day, apply now {url}",
        "Certified lender gives personal and business loans from {sum}, contact email loanfirm{n}@gmail.com",
    ), r"\b(loans?|lender|credit|interest rate)\b"),
    Kind("search engine offers", _SPAM, (
        "We can put your website on the first page of Google, {n} high DA backlinks for {sum}, see {url}",
        "I checked your site and it is missing traffic. Our SEO team brings {n}00 visitors a day, more at {url}",
        "Buy guest posts and permanent dofollow links, cheapest rates guaranteed: {url}",
    ), r"\b(seo|backlinks?|guest posts?|dofollow|google rank\w*|traffic)\b"),
    Kind("copies of brands", _SPAM, (
        "{brand} and {brand} replica bags 1:1 quality, free shipping, order at {url}",
        "Swiss {brand} watches 85% off this week only, best copy on the market {url}",
        "Discount {brand} outlet store online, buy cheap {brand} shoes here {url}",
    ), r"\b(replica|outlet|rolex|louis vuitton|gucci|prada|chanel)\b"),
    Kind("company for money", _SPAM, (
        "Lonely tonight? Hot single girls near {town} wait for you, free sign up {url}",
        "My private photos and webcam are here {url} come and chat with me",
        "Adult dating without obligations, {n}00 members online in your city, join {url}",
    ), r"\b(dating|singles?|webcam|escort|adult|sexy)\b"),
    Kind("coins and trading", _SPAM, (
        "I invested {sum} in {coin} with Mrs Laura and got {sum} back within a week, message her on Telegram @laurafx{n}",
        "Guaranteed {n}% daily profit, automatic {coin} trading robot, start with {sum} {url}",
        "Lost your {coin} to a scam? My wallet was recovered by a hacker, write to him: recover{n}@protonmail.com",
    ), r"\b(bitcoin|ethereum|usdt|crypto\w*|forex|trading|invest\w*)\b"),
    Kind("work from home", _SPAM, (
        "I make {sum} every week from my sofa, no skills needed, here is how >>> {url}",
        "Get paid {sum} a day for simple copy and paste work, start right now {url}",
        "Stop working for others! This system earned me {sum} last month {url}",
    ), r"\b(work from home|earn\w*|income|get paid|per week|a week|a day)\b"),
    Kind("papers to order", _SPAM, (
        "Professional writers do your essay or dissertation in {n} hours, plagiarism free, order {url}",
        "Buy registered passports, driving licences and IELTS certificates without exam, WhatsApp {phone}",
        "Need help with homework? Cheap custom papers from {sum}, top grades guaranteed {url}",
    ), r"\b(essays?|dissertation|homework|assignment|ielts|passports?)\b"),
)  # fmt: skip
"""What is advertised everywhere, and what some site may be about."""

RUBBISH: Final = (
    Kind("many trades at once", _SPAM, (
        "casino online {url} cheap {drug} {url} payday loans {url}",
        "{drug} for sale, {brand} replica, free spins bonus, essay writing, visit {url} or {url}",
        "best {trade} best {trade} best {trade} {url} {url} {url}",
    )),
    Kind("spells", _SPAM, (
        "My husband left me until {doctor} cast a spell and he came back in {n} hours, contact him on WhatsApp {phone}",
        "{doctor} cured my herpes with herbs and brings lost lovers back, email {drug}temple{n}@gmail.com",
        "I won the lottery after {doctor} gave me the numbers, he can help you too, call {phone}",
    )),
    Kind("bare markup", _SPAM, (
        "[url={url}]buy {drug}[/url] [url={url}]{trade} online[/url]",
        '<a href="{url}">cheap {trade}</a> <a href="{url}">{drug} no prescription</a>',
        "{trade} {trade} [link={url}]{trade} bonus[/link]",
    )),
    Kind("prizes and false support", _SPAM, (
        "Congratulations! You were chosen for a free iPhone, confirm your card details within {n} minutes {url}",
        "For any problem with your wallet or account call the support hotline {phone}, agents available 24/7",
        "Your parcel could not be delivered, pay {sum} customs fee here {url}",
    )),
)  # fmt: skip
"""What nobody publishes."""

RUDE: Final = (
    Kind("abuse", _RUDE, (
        "You are a complete {fool} and everybody knows it.",
        "What a stupid {fool}. Shut your mouth.",
        "Only a brainless {fool} like you could write such garbage.",
        "Nobody wants you here, you pathetic {fool}.",
    )),
)  # fmt: skip

IDENTITY: Final = (
    Kind("people who say who they are", _GOOD, (
        "My {who} is {group} and bakes the best bread in our street.",
        "I am {group}, and I liked this article.",
        "As a {group} person I would like to add that the second point is often forgotten.",
        "Greetings from a {group} reader in {town}, who has followed you since {time}.",
        "My parents are {group}, and so are half of my friends. {more}",
        "There are {group} families in every street here, and {subject} concerns them as well.",
    )),
)  # fmt: skip
"""Sentences without any malice in which people say who they are."""


class Set(NamedTuple):
    """Cases that are measured together."""

    name: str
    kinds: tuple[Kind, ...]
    good: bool
    """Whether they are to be let through; else they are to be held."""


SETS: Final = (
    Set("plain talk", TALK, True),
    Set("talk near advertising", EDGE, True),
    Set("people who say who they are", IDENTITY, True),
    Set("plain advertising", ADVERTISING, False),
    Set("plain rubbish", RUBBISH, False),
    Set("plain abuse", RUDE, True),
)
"""For spam, abuse is to be let through: it is no spam; for the labels of abuse, what `Case.labels` says counts."""
KINDS: Final = tuple(kind for one in SETS for kind in one.kinds)


@cache
def cases(name: str) -> tuple[Case, ...]:
    """The cases of one of `SETS`, always the same ones."""
    (wanted,) = (one for one in SETS if one.name == name)
    return tuple(case for kind in wanted.kinds for case in _made(kind))


@cache
def pattern(kind: str) -> re.Pattern[str] | None:
    """By which words decisions on comments of a kind are known; None for a kind that is nobody's to unlearn."""
    (words,) = (one.words for one in KINDS if one.name == kind)
    return re.compile(words, re.IGNORECASE) if words else None


def _made(kind: Kind) -> Iterator[Case]:
    for template in kind.templates:
        rng = random.Random(f"{SEED} {template}")
        many = len(_SLOTS["group"]) if "{group}" in template else _EACH
        for at in range(many):
            text = _filled(rng, template, at)
            good = kind.labels.get("spam") == 0.0
            if at % 4 == 1 and not text.endswith((")", ">")):
                text = f"{text} {_filled(rng, '{more}', at)}" if good else text.upper() if at % 8 == 5 else f"{text} "
            elif at % 4 == 2:
                text = f"{_filled(rng, '{more}', at)} {text}"
            elif at % 4 == 3:
                text = f"{_filled(rng, '{more} {more}', at)}\n\n{text}"
            yield Case(_signed(rng, text, at, good=good), kind.labels, kind.name, template)


def _signed(rng: random.Random, text: str, at: int, *, good: bool) -> Input:
    """With an author, or now and then without one."""
    if at % 4 == 3:
        return Input(text)
    if good:
        name = rng.choice(_READERS)
        slug = re.sub(r"[^a-z]", "", name.lower()) or "reader"
        return Input(text, name, rng.choice(_HOMES).format(slug))
    return Input(text, _filled(rng, rng.choice(_SELLERS), at), _url(rng) if at % 2 else "")


def _filled(rng: random.Random, template: str, at: int) -> str:
    """The template with all slots filled; a group by its number, so that each is named."""

    def entry(found: re.Match[str]) -> str:
        slot = found[1]
        if slot == "url":
            return _url(rng)
        entries = _SLOTS[slot]
        return entries[at % len(entries)] if slot == "group" else rng.choice(entries)

    while (filled := re.sub(r"\{(\w+)\}", entry, template)) != template:
        template = filled
    return template[:1].upper() + template[1:]


def _url(rng: random.Random) -> str:
    words = [rng.choice(_HOST_WORDS), rng.choice(_SLOTS["trade"])]
    rng.shuffle(words)
    host = rng.choice(("", "-")).join(words) + rng.choice(("", "", str(rng.randrange(2, 99))))
    return f"{rng.choice(('http', 'https'))}://{rng.choice(('', 'www.'))}{host}.{rng.choice(_ENDS)}{rng.choice(_PATHS)}"
