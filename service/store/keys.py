"""Every Redis key, as a table: its name, pattern, type, meaning, and how long it lives. No other file spells one.

All keys of a site carry the hash tag of its partition, so that a script touches one cluster slot. There is one, `{p0}`, unless
the data was begun with more (`docs/adr/0030`); what is of no site lies in the first. Records are MessagePack (`msgspec`); times
are milliseconds since 1970. Whoever adds a key adds a line here: Python's names below, and those that scripts use
(`script.py`), follow from it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from service.core.lifecycle import State
from service.core.partition import Partitions


class Key(NamedTuple):
    """A kind of key. `pattern` stands behind ROOT; what is in <angle brackets> differs from key to key."""

    name: str  # how Python and the scripts call it; unique among the keys of a site, and among the others
    pattern: str
    type: str  # string, hash, list, set, zset, stream, bits, or pubsub for a channel
    holds: str
    lives: str  # until when, or a setting's name


ROOT: Final = "ac:"
_STAFF: Final = "{staff}:"
_MODELS: Final = "{models}:"
_PARTITION: Final = "{pN}:"
_SITE: Final = "{pN}:s:<site>:"
# fmt: off
_TABLE: Final = {  # prefix -> name, the rest of the pattern, type, what it holds, how long it lives
    "": (
        ("sites", "sites", "hash", "site id -> Site", "until removed"),
        ("credentials", "credentials", "hash", 'keyed digest of a credential -> "site generation"', "until expired"),
        ("audit_log", "audit", "stream", "what operators and moderators changed", "last 10,000"),
        ("moderators", "staff", "hash", "moderator's name -> Moderator", "until removed"),
        ("box", "box", "hash", "what data this is: its id, its format, fingerprints of its keys", "with the data"),
    ),
    _STAFF: (
        ("session", "session:<digest>", "string", "a moderator's session", "until it ends"),
        ("ticket", "ticket:<digest>", "string", "a way to the provider and back that was used", "10 minutes"),
        ("tries", "tries:<of whom>", "hash", "failed sign-ins of a name, a network, or both: `count`, `until`", "a day"),
        ("views", "views:<name>", "string", "a moderator's saved views", "with them"),
        ("preferences", "preferences:<name>", "hash", "what a moderator prefers at the page: name -> JSON", "with them"),
        ("last_seen", "last_seen", "hash", "moderator's name -> when they were last here", "with them"),
        ("notice", "notice:<name>", "hash", "when a notice was told last, and of what: `Told`", "90 days untold"),
        ("push", "push:<name>", "hash", "digest of a browser's address -> Browser that is told for them", "30 days unseen"),
        ("networks", "networks:<name>", "zset", "networks (digests) that a moderator signed in from -> when", "90 days"),
    ),
    _PARTITION: (
        ("work", "work", "stream", "comments to judge; group `classify`", "until judged"),
        ("turns", "turns", "list", "sites with comments to claim, in whose turn; see `scripts/shared/work.lua`", "while any"),
        ("turns_now", "turns:now", "list", "… that somebody waits for", "while any"),
        ("bell", "bell", "list", "one element while `turns` has any: an idle worker wakes", "while any"),
        ("bell_now", "bell:now", "list", "… while `turns:now` has any", "while any"),
        ("dead", "dead", "stream", "poison entries that no worker could judge", "until replayed"),
        ("due", "due", "zset", "sites with call-backs to send -> when the next is due", "while any"),
        ("probe", "probe", "string", "written to see whether comments can be", "a minute"),
        ("wake", "wake:<process>", "pubsub", "a comment that a waiting request asked about has been decided", ""),
        ("comment", "c:<comment>", "hash", "one comment, see `scripts/comment/submit.lua`", "retention"),
        ("history", "h:<comment>", "list", "its history, oldest first", "with the comment"),
        ("texts", "t:<comment>", "list", "earlier texts of an edited comment", "with its text"),
        ("callbacks", "q:<comment>", "list", "ids of its call-backs, in order", "until delivered"),
        ("delivery", "d:<delivery>", "hash", "one call-back", "7 or 30 days"),
        ("live", "live", "pubsub", "what has just happened to comments, as JSON; no text", ""),
        ("claim", "claim:<comment>", "string", "the moderator who is looking at it", "review_claim"),
        ("notes", "notes:<comment>", "list", "moderators' notes", "with the comment"),
        ("was", "was:<comment>", "string", "what comment/undo.lua needs to take its last decision back", "while it can be"),
        ("bulk", "bulk:<id>", "hash", "one bulk decision, see `bulk.py`", "a day"),
        ("todo", "bulk:<id>:todo", "list", '"revision comment site" of each comment that it decides', "a day"),
        ("doing", "bulk:<id>:doing", "list", "… in older data, of what is being decided", "a day"),
        ("undoing", "bulk:<id>:undoing", "list", "… in older data, of what is being taken back", "a day"),
        ("moved", "bulk:<id>:moved", "list", "… in older data, of each decision that it made", "a day"),
        ("skipped", "bulk:<id>:skipped", "list", '"comment why" of the first 100 that it left alone', "a day"),
        ("bulks", "bulks", "zset", "bulk decisions that have work left -> end of the worker's lease", "until done"),
        ("names", "n:<comment>", "set", "its names", "with the comment"),
        ("requests", "asked:<comment>", "set", "keys of the requests that brought it: they go with it", "idempotency_ttl"),
        ("subject", "w:<subject>", "hash", "what the partition knows of an author, network or domain", "standing_days"),
        ("exact", "x:<digest>", "string", "how many comments say exactly the same", "campaign_days"),
        ("campaign", "k:<campaign>", "hash", "a campaign: sketch, sizes, where its comments stand", "campaign_days"),
        ("members", "km:<campaign>", "zset", 'its comments, if two, "site comment" -> when; the latest 2,000', "campaign_days"),
        ("campaigns", "campaigns", "zset", "campaigns of two comments and more -> when the latest came", "campaign_days"),
        ("near", "near:<hash>", "string", "the campaign of one comment whose sketch last held this hash", "campaign_days"),
        ("many", "many:<hash>", "string", "the campaign of two and more that says this, and since when", "campaign_days"),
        ("lookup", "bl:<digest>", "string", "what http:BL said of an IP address; see `lookups/`", "httpbl_remember"),
        ("example", "e:<example>", "string", "one example; of no comment: retain_suggestions_days", "with its comment"),
        ("reported_by", "r:<comment>", "set", "digests of the readers whose reports wait for a human", "with the comment"),
        ("answered", "r:<comment>:answered", "set", "… whose reports a human has answered", "with the comment"),
    ),
    _SITE: (
        ("waiting", "work", "list", "entries of the work stream that nobody has claimed yet, in order", "until claimed"),
        ("awaited", "work:now", "list", "… and that somebody waits for", "until claimed"),
        ("queue", "queue", "zset", "held comments that wait for a moderator, by priority", "with them"),
        ("severest", "severest", "zset", "the same, the most severe first", "with them"),
        ("escalated", "escalated", "zset", "held comments that were passed on, by when", "with them"),
        ("handed", "for:<whom>", "zset", "held comments that were handed to a person or a role -> when", "with them"),
        ("snoozed", "snoozed", "zset", "held comments that were put aside, until when", "with them"),
        ("decided", "decided", "zset", "comments that humans decided, by when", "last 10,000"),
        ("facet", "q:<facet>", "zset", "values of a facet in the queue -> how many comments", "while any"),
        ("facet_value", "q:<facet>:<value>", "set", "the comments in the queue that have it", "while any"),
        ("bits", "bits:<facet>:<value>", "bits", "the same by their slots, when they are many: shared/lists.lua", "while many"),
        ("slots", "slots", "string", "how many slots comments in the queue have had at once", "while any"),
        ("free_slots", "slots:free", "list", "those that are free", "while any"),
        ("all", "all", "zset", "comments by the time they came in", "with them"),
        ("state", "<state>", "zset", "comments in a state, by the time it was entered", "with them"),
        ("author", "a:<digest>", "zset", "an author's comments by the time they came in", "with them"),
        ("idempotency", "i:<key>", "hash", "a request and its answer, by keyed digests; a webhook likewise", "idempotency_ttl"),
        ("answers", "answers:<comment>", "set", "comments that quote it as what they answer", "with it"),
        ("thread", "thread:<comment>", "zset", "the latest 100 that came in as answers to it -> when", "180 days after the last"),
        ("forgotten", "forgotten", "hash", "tombstone of an author who was erased -> when", "with the site"),
        ("due", "due", "zset", "comments with call-backs -> when the next is due, or leased until", "while any"),
        ("leased", "leased", "zset", "comments of which a call-back is under way -> end of the lease", "while under way"),
        ("endpoint", "endpoint", "hash", "the receiver's pause: until when, and why; since when it fails", "with the site"),
        ("policies", "policies", "hash", "number -> an earlier edition of the site's policy", "newest 500"),
        ("log", "log", "stream", "delivery attempts", "delivery_log"),
        ("undelivered", "undelivered", "zset", "call-backs that were given up -> when", "30 days"),
        ("reports", "reports", "zset", "reported comments -> how many readers", "with them"),
        ("swept", "swept", "hash", "state -> up to when its texts have been dropped", "with the site"),
        ("import", "import:<file>", "hash", "how far an import is, and what became of its records", "30 days"),
        ("runs", "runs", "hash", "number -> Run, an import that brought something; `last` -> the newest number", "with the site"),
        ("examples", "examples", "zset", "examples by when they were taught", "with them"),
        ("suggested", "suggested", "zset", "examples of no comment (suggested scores) -> until when they live", "with them"),
        ("said", "said:<digest>", "set", "examples of no comment whose text has this digest", "with them"),
        ("audit", "audit", "zset", "comments of the audit sample that wait for an answer -> when drawn", "until answered"),
        ("audited", "audited", "hash", "comment -> SampledDecision: what the machine did, what a human said blind", "365 days"),
        ("chosen", "chosen", "zset", "comments that earlier versions put forward; nothing writes it", "with them"),
        ("later", "later", "zset", "approved comments that a human is to review, by priority", "until decided"),
        ("shadow", "shadow", "hash", "`<version>:<word>` -> how often; see `quality.py`", "while a shadow"),
        ("disagreed", "disagreed", "list", "the newest disagreements with the shadow", "last 1,000"),
        ("alerted", "alerted", "hash", "`<version>:<what>`: alerts about models that were told", "with the site"),
        ("tally", "tally:<month>", "hash", '"day:word" -> how often it was said, or contradicted since', "with the site"),
        ("name", "n:<name>", "string", "a platform's name (a digest) of a comment -> comment", "with the comment"),
        ("subject", "w:<subject>", "hash", "the same of an author or domain on a site", "standing_days"),
        ("kin", "kin:<digest>", "zset", "comments without an id, by one author on one page -> since when; 20", "with them"),
        ("people", "people", "hash", "digest of an author or a network -> a moderator's Mark", "until taken back"),
        ("reporters", "reporters", "hash", "reader's digest -> reports found right; \"<digest>:no\" -> wrong", "with the site"),
        ("appealed", "appealed", "zset", "rejected comments whose authors' appeals wait -> since when", "while any"),
        ("rate", "rate:<minute>", "string", "submissions of this minute, when there is a rate limit", "2 minutes"),
    ),
    _MODELS: (
        ("task", "turn:<task>", "string", "some process does a periodic task this time", "its interval"),
        ("pointers", "pointers", "hash", "`<site>:<role>` (site `*`: all others) -> model version", "with the site"),
        ("version", "v:<version>", "hash", "one model version: card and artefact", "newest 20 a site"),
        ("versions", "of:<site>", "zset", "a site's versions by when they were made", "with them"),
        ("count", "count", "hash", "site -> how many versions were ever begun", "for good"),
        ("changed", "changed", "pubsub", "a pointer has moved", ""),
    ),
}
# fmt: on
KEYS: Final = tuple(Key(name, prefix + rest, *more) for prefix, rows in _TABLE.items() for name, rest, *more in rows)


def _suffix(pattern: str) -> str:
    """What a pattern adds to the prefix of its site, its partition or its kind: the text before what differs, or behind it."""
    own = pattern.removeprefix(_SITE) if pattern.startswith(_SITE) else pattern.partition("}:")[2] or pattern
    before, _, _ = own.partition("<")
    _, _, behind = own.rpartition(">")
    return behind or before


_OF_SITES: Final = {key.name: _suffix(key.pattern) for key in KEYS if key.pattern.startswith(_SITE)}
_OTHERS: Final = {key.name: _suffix(key.pattern) for key in KEYS if not key.pattern.startswith(_SITE)}
_SITE_TAG: Final = _SITE.removeprefix(_PARTITION).partition("<")[0]
_INDEXES: Final = {**_OF_SITES, **{state.value: state.value for state in State}}  # each state has an index of its own


def suffix(name: str) -> str:
    """What scripts put behind the prefix of a site, or of a partition, to get a key of this name. Raises KeyError.

    `site` stands for what begins the prefix of a site, behind that of its partition.
    """
    if name == "site":
        return _SITE_TAG
    found = {names[name] for names in (_OF_SITES, _OTHERS) if name in names}
    if len(found) != 1:
        raise KeyError(name)
    return found.pop()


def table() -> str:
    """All of it in Markdown, for people."""
    rows = [("key (after `ac:`)", "type", "holds", "lives"), ("---",) * 4]
    rows += [(f"`{key.pattern}`", key.type, key.holds, key.lives) for key in KEYS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


__doc__ = f"{__doc__}\n{table()}"

SITES: Final = ROOT + _OTHERS["sites"]
CREDENTIALS: Final = ROOT + _OTHERS["credentials"]
AUDIT: Final = ROOT + _OTHERS["audit_log"]
STAFF: Final = ROOT + _OTHERS["moderators"]
BOX: Final = ROOT + _OTHERS["box"]
GROUP: Final = "classify"
"""The consumer group of the work stream."""
MODEL_POINTERS: Final = ROOT + _MODELS + _OTHERS["pointers"]
MODEL_COUNT: Final = ROOT + _MODELS + _OTHERS["count"]
MODELS_CHANGED: Final = ROOT + _MODELS + _OTHERS["changed"]


def moderators(kind: str, name: str) -> str:
    """A key of the moderators: `session`, `tries`, `networks`, `push`, `views`, `preferences` or `last_seen` (of all)."""
    return f"{ROOT}{_STAFF}{_OTHERS[kind]}{name}"


def notice(name: str) -> str:
    """Hash of what became of one notice."""
    return f"{ROOT}{_STAFF}{_OTHERS['notice']}{name}"


def model(version: str) -> str:
    """Hash of one model version."""
    return f"{ROOT}{_MODELS}{_OTHERS['version']}{version}"


def model_task(task: str) -> str:
    """Lock of a periodic task."""
    return f"{ROOT}{_MODELS}{_OTHERS['task']}{task}"


def models_of(site: str) -> str:
    """Sorted set of a site's model versions."""
    return f"{ROOT}{_MODELS}{_OTHERS['versions']}{site}"


class Partition:
    """What a partition has beside its sites and their comments, and the prefix of all that it has."""

    __slots__ = ("bell", "bell_now", "campaigns", "dead", "due", "live", "number", "prefix", "probe", "work")

    def __init__(self, number: int) -> None:
        self.number = number
        self.prefix = ROOT + _PARTITION.replace("N", str(number))
        self.work = self.prefix + _OTHERS["work"]
        self.dead = self.prefix + _OTHERS["dead"]
        self.bell = self.prefix + _OTHERS["bell"]
        self.bell_now = self.prefix + _OTHERS["bell_now"]
        self.due = self.prefix + _OTHERS["due"]
        self.probe = self.prefix + _OTHERS["probe"]
        """What is written to see whether comments can be."""
        self.live = self.prefix + _OTHERS["live"]
        """Channel on which the scripts tell what has happened to comments."""
        self.campaigns = self.prefix + _OTHERS["campaigns"]
        """Sorted set of the campaigns."""


class Keys:
    """The keys of sites and comments, each in its partition; and of what is of no site, in the first one."""

    __slots__ = ("_only", "layout", "partitions")

    def __init__(self, partitions: int = 1) -> None:
        self.layout = Partitions(partitions)
        self.partitions = tuple(map(Partition, range(partitions)))
        self._only = self.partitions[0].prefix if partitions == 1 else ""  # spares the most of us the looking

    def home(self, site: str) -> Partition:
        """The partition of a site."""
        return self.partitions[self.layout.of_site(site)]

    def _of(self, comment: str) -> str:
        """What the keys of a comment begin with."""
        return self.partitions[self.layout.of_comment(comment)].prefix

    def _at(self, site: str) -> str:
        """What begins the keys in a site's partition that do not carry its name."""
        return self.partitions[self.layout.of_site(site)].prefix

    @property
    def _first(self) -> str:
        return self.partitions[0].prefix

    def wake(self, process: str) -> str:
        """Channel on which a process hears of decisions it waits for."""
        return f"{self._first}{_OTHERS['wake']}{process}"

    def of(self, kind: str, comment: str) -> str:
        """What moderators leave beside a comment: `claim`, `notes` or `was`."""
        return f"{self._only or self._of(comment)}{_OTHERS[kind]}{comment}"

    @property
    def bulks(self) -> str:
        """Sorted set of the bulk decisions that have work left."""
        return self._first + _OTHERS["bulks"]

    def bulk(self, bulk: str, part: str = "") -> str:
        """A bulk decision, or one of its lists: `todo`, `skipped`."""
        return f"{self._first}{_OTHERS['bulk']}{bulk}{_OTHERS[part] if part else ''}"

    def facet(self, site: str, facet: str, value: str = "") -> str:
        """Sorted set of a facet's values, or the set of the comments that have one."""
        return f"{self.site_prefix(site)}{_OF_SITES['facet']}{facet}{':' if value else ''}{value}"

    def bits(self, site: str, facet: str, value: str) -> str:
        """The slots of the comments that have a value, when they are many."""
        return f"{self.site_prefix(site)}{_OF_SITES['bits']}{facet}:{value}"

    def comment(self, comment: str) -> str:
        """Hash of one comment."""
        return f"{self._only or self._of(comment)}{_OTHERS['comment']}{comment}"

    def history(self, comment: str) -> str:
        """List of a comment's changes."""
        return f"{self._only or self._of(comment)}{_OTHERS['history']}{comment}"

    def texts(self, comment: str) -> str:
        """List of a comment's earlier texts."""
        return f"{self._only or self._of(comment)}{_OTHERS['texts']}{comment}"

    def queue(self, site: str, about: str) -> str:
        """List of the call-backs about a comment of a site, or about something else, in order."""
        return f"{self._only or self._at(site)}{_OTHERS['callbacks']}{about}"

    def delivery(self, site: str, delivery: str) -> str:
        """Hash of one call-back of a site; without an id, what they begin with."""
        return f"{self._only or self._at(site)}{_OTHERS['delivery']}{delivery}"

    def campaign(self, campaign: str) -> str:
        """Hash of one campaign."""
        return f"{self.partitions[self.layout.of_campaign(campaign)].prefix}{_OTHERS['campaign']}{campaign}"

    def members(self, campaign: str) -> str:
        """Sorted set of a campaign's comments."""
        return f"{self.partitions[self.layout.of_campaign(campaign)].prefix}{_OTHERS['members']}{campaign}"

    def lookup(self, digest: str) -> str:
        """What http:BL said of an IP address."""
        return f"{self._first}{_OTHERS['lookup']}{digest}"

    def example(self, site: str, example: str) -> str:
        """One example of a site; without an id, what they begin with."""
        return f"{self._only or self._at(site)}{_OTHERS['example']}{example}"

    @property
    def some_site(self) -> str:
        """What matches the list of all comments of each site, in any partition; `site_of` reads the name out of it."""
        return f"{ROOT}{_PARTITION.replace('N', '*')}{_SITE_TAG}*:{_OF_SITES['all']}"

    def site_of(self, key: str) -> str:
        """The site whose list of all comments this is."""
        return key.partition(f"}}:{_SITE_TAG}")[2].removesuffix(f":{_OF_SITES['all']}")

    def name(self, site: str, name: str) -> str:
        """A platform's name of a comment."""
        return f"{self.site_prefix(site)}{_OF_SITES['name']}{name}"

    @property
    def kin_names(self) -> str:
        """How such indexes begin among a comment's names."""
        return _OF_SITES["kin"]

    def kin(self, site: str, index: str) -> str:
        """Sorted set of an author's comments on a page, where the platform has no ids."""
        return f"{self.site_prefix(site)}{_OF_SITES['kin']}{index}"

    def names(self, comment: str) -> str:
        """Set of a comment's names."""
        return f"{self._only or self._of(comment)}{_OTHERS['names']}{comment}"

    def tally(self, site: str, month: str) -> str:
        """Hash of a month's counts."""
        return f"{self.site_prefix(site)}{_OF_SITES['tally']}{month}"

    def reporters(self, comment: str) -> str:
        """Set of the readers who reported a comment and had no answer yet."""
        return f"{self._only or self._of(comment)}{_OTHERS['reported_by']}{comment}"

    def answered(self, comment: str) -> str:
        """Set of the readers whose reports of a comment a human has answered."""
        return self.reporters(comment) + _OTHERS["answered"]

    def site_prefix(self, site: str) -> str:
        """What all keys of a site begin with; scripts put the rest behind it."""
        return f"{self._only or self._at(site)}{_SITE_TAG}{site}:"

    def site(self, site: str, name: str) -> str:
        """A key of a site by its name in the table: `all`, `due`, `reports`, … or a state. Raises KeyError."""
        return f"{self._only or self._at(site)}{_SITE_TAG}{site}:{_INDEXES[name]}"

    def handed(self, site: str, whom: str) -> str:
        """Sorted set of the comments that were handed to somebody."""
        return f"{self.site_prefix(site)}{_OF_SITES['handed']}{whom}"

    def author(self, site: str, digest: str) -> str:
        """Sorted set of an author's comments."""
        return f"{self.site_prefix(site)}{_OF_SITES['author']}{digest}"

    def thread(self, site: str, comment: str) -> str:
        """The latest comments that answer a comment."""
        return f"{self.site_prefix(site)}{_OF_SITES['thread']}{comment}"

    def answers(self, site: str, comment: str) -> str:
        """Set of the comments that quote one."""
        return f"{self.site_prefix(site)}{_OF_SITES['answers']}{comment}"

    def subject(self, site: str, subject: str, *, beyond: bool = False) -> str:
        """What is known of a subject on a site, or `beyond` it: on all sites of its partition."""
        return f"{self._at(site) if beyond else self.site_prefix(site)}{_OTHERS['subject']}{subject}"

    def importing(self, site: str, file: str) -> str:
        """Hash of one import, by a digest of its file."""
        return f"{self.site_prefix(site)}{_OF_SITES['import']}{file}"

    def idempotency(self, site: str, key_digest: str) -> str:
        """Hash of one idempotency key."""
        return f"{self.site_prefix(site)}{_OF_SITES['idempotency']}{key_digest}"

    def rate(self, site: str, window: int) -> str:
        """Counter of a site's submissions in a minute."""
        return f"{self.site_prefix(site)}{_OF_SITES['rate']}{window}"
