"""Every Redis key: its type, its meaning, how long it lives. No other file spells one.

All keys of a site carry the hash tag of its partition, so that a script touches one cluster slot; there is one partition,
`{p0}`, for now (`docs/adr/0003`). Records are MessagePack
(`msgspec`); times are milliseconds since 1970.

| key (after `ac:`)          | type   | holds                                                              | lives           |
|----------------------------|--------|--------------------------------------------------------------------|-----------------|
| `sites`                    | hash   | site id -> Site                                                    | until removed   |
| `credentials`              | hash   | keyed digest of a credential -> "site generation"                  | until expired   |
| `audit`                    | stream | what operators and moderators changed                              | last 10,000     |
| `staff`                    | hash   | moderator's name -> Member                                         | until removed   |
| `{staff}:session:<digest>` | string | a moderator's session                                              | until it ends   |
| `{staff}:tries:<of whom>`  | hash   | failed sign-ins of a name, a network, or both: `count`, `until`    | a day           |
| `{staff}:views:<name>`     | string | a moderator's saved views                                          | with them       |
| `{staff}:networks:<name>`  | zset   | networks (digests) that a moderator signed in from -> when         | 90 days         |
| `{pN}:work`                | stream | comments to judge; group `classify`                                | until judged    |
| `{pN}:dead`                | stream | poison entries that no worker could judge                          | until replayed  |
| `{pN}:due`                 | zset   | sites with call-backs to send -> when the next is due              | while any       |
| `{pN}:wake:<process>`      | pubsub | a comment that a waiting request asked about has been decided      |                 |
| `{pN}:c:<comment>`         | hash   | one comment, see `comments.py`                                     | retention       |
| `{pN}:h:<comment>`         | list   | its history, oldest first                                          | with the comment|
| `{pN}:t:<comment>`         | list   | earlier texts of an edited comment                                 | with its text   |
| `{pN}:q:<comment>`         | list   | ids of its call-backs, in order                                    | until delivered |
| `{pN}:d:<delivery>`        | hash   | one call-back                                                      | 7 or 30 days    |
| `{pN}:live`                | pubsub | what has just happened to comments, as JSON; no text               |                 |
| `{pN}:claim:<comment>`     | string | the moderator who is looking at it                                 | review_claim    |
| `{pN}:notes:<comment>`     | list   | moderators' notes                                                  | with the comment|
| `{pN}:was:<comment>`       | string | what undo.lua needs to take its last decision back                 | while it can be |
| `{pN}:bulk:<id>`           | hash   | one bulk decision, see `bulk.py`                                   | a day           |
| `{pN}:bulk:<id>:todo`      | list   | "revision comment site" of what is left to decide                  | a day           |
| `{pN}:bulk:<id>:doing`     | list   | … of what is being decided; `:undoing` of what is being taken back | a day           |
| `{pN}:bulk:<id>:moved`     | list   | … of each decision that it made                                    | a day           |
| `{pN}:bulk:<id>:skipped`   | list   | "comment why" of the first 100 that it left alone                  | a day           |
| `{pN}:bulks`               | zset   | bulk decisions that have work left -> end of the worker's lease    | until done      |
| `{pN}:s:<site>:queue`      | zset   | held comments that wait for a moderator, by priority               | with them       |
| `{pN}:s:<site>:escalated`  | zset   | held comments that were passed on, by when                         | with them       |
| `{pN}:s:<site>:snoozed`    | zset   | held comments that were put aside, until when                      | with them       |
| `{pN}:s:<site>:decided`    | zset   | comments that humans decided, by when                              | last 10,000     |
| `{pN}:s:<site>:q:<facet>`  | zset   | values of a facet in the queue -> how many comments                | while any       |
| `{pN}:s:<site>:q:<facet>:<value>`| set | the comments in the queue that have it                           | while any       |
| `{pN}:s:<site>:bits:<facet>:<value>`| bits | the same by their slots, when they are many: shared/queue.lua   | while many      |
| `{pN}:s:<site>:slots`      | string | how many slots comments in the queue have had at once              | while any       |
| `{pN}:s:<site>:slots:free` | list   | those that are free                                                | while any       |
| `{pN}:s:<site>:all`        | zset   | comments by the time they came in                                  | with them       |
| `{pN}:s:<site>:<state>`    | zset   | comments in a state, by the time it was entered                    | with them       |
| `{pN}:s:<site>:a:<digest>` | zset   | an author's comments by the time they came in                      | with them       |
| `{pN}:s:<site>:i:<key>`    | hash   | an idempotency key's request and answer; a webhook's id likewise   | idempotency_ttl |
| `{pN}:s:<site>:due`        | zset   | comments with call-backs -> when the next is due, or leased until  | while any       |
| `{pN}:s:<site>:leased`     | zset   | comments of which a call-back is under way -> end of the lease     | while under way |
| `{pN}:s:<site>:endpoint`   | hash   | the receiver's pause: until when, and why                          | with the site   |
| `{pN}:s:<site>:policies`   | hash   | number -> an earlier edition of the site's policy                  | newest 500      |
| `{pN}:s:<site>:log`        | stream | delivery attempts                                                  | delivery_log    |
| `{pN}:s:<site>:undelivered`| zset   | call-backs that were given up -> when                              | 30 days         |
| `{pN}:s:<site>:reports`    | zset   | reported comments -> how many readers                              | with them       |
| `{pN}:s:<site>:swept`      | hash   | state -> up to when its texts have been dropped                    | with the site   |
| `{pN}:s:<site>:import:<file>`| hash | how far an import is, and what became of its records; see bring.lua | 30 days         |
| `{pN}:s:<site>:examples`   | zset   | examples by when they were taught                                  | with them       |
| `{pN}:s:<site>:suggested`  | zset   | examples of no comment (suggested scores) -> until when they live  | with them       |
| `{pN}:s:<site>:said:<digest>`| set  | examples of no comment whose text has this digest                  | with them       |
| `{pN}:s:<site>:audit`      | zset   | comments of the audit sample that wait for an answer -> when drawn | until answered  |
| `{pN}:s:<site>:audited`    | hash   | comment -> Audited: what the machine did, what a human said blind  | 365 days        |
| `{pN}:s:<site>:teaches`    | zset   | comments in the queue worth deciding for what they teach -> how much | until chosen anew|
| `{pN}:s:<site>:chosen`     | zset   | comments that were decided while they stood in `teaches` -> when   | last 10,000     |
| `{pN}:s:<site>:later`      | zset   | approved comments that a human is to review, by priority           | until decided   |
| `{pN}:s:<site>:shadow`     | hash   | `<version>:<word>` -> how often; see `rivalry.py`                  | while a shadow  |
| `{pN}:s:<site>:disagreed`  | list   | the newest disagreements with the shadow                           | last 1,000      |
| `{pN}:s:<site>:alerted`    | hash   | `<version>:<what>`: alerts about models that were told             | with the site   |
| `{models}:turn:<task>`     | string | some process does a periodic task this time                        | its interval    |
| `{models}:pointers`        | hash   | `<site>:<role>` (site `*`: all others) -> model version            | with the site   |
| `{models}:v:<version>`     | hash   | one model version: card and artefact                               | newest 20 a site|
| `{models}:of:<site>`       | zset   | a site's versions by when they were made                           | with them       |
| `{models}:count`           | hash   | site -> how many versions were ever begun                          | for good        |
| `{models}:changed`         | pubsub | a pointer has moved                                                |                 |
| `{pN}:s:<site>:tally:<month>`| hash | "day:word" -> how often it was said, or contradicted since          | with the site   |
| `{pN}:s:<site>:n:<name>`   | string | a platform's name (a digest) of a comment -> comment               | with the comment|
| `{pN}:n:<comment>`         | set    | its names                                                          | with the comment|
| `{pN}:w:<subject>`         | hash   | what the box knows of an author, network or domain: standing.lua   | standing_days   |
| `{pN}:s:<site>:w:<subject>`| hash   | the same of an author or domain on a site                          | standing_days   |
| `{pN}:x:<digest>`          | string | how many comments say exactly the same                             | campaign_days   |
| `{pN}:k:<campaign>`        | hash   | a campaign: sketch, sizes, where its comments stand                | campaign_days   |
| `{pN}:km:<campaign>`       | zset   | its comments, "site comment" -> when; the latest 2,000             | campaign_days   |
| `{pN}:campaigns`           | zset   | campaigns of two comments and more -> when the latest came         | campaign_days   |
| `{pN}:near:<hash>`         | string | the campaign of one comment whose sketch last held this hash       | campaign_days   |
| `{pN}:many:<hash>`         | string | the campaign of two and more of which this is said                 | campaign_days   |
| `{pN}:bl:<digest>`         | string | what http:BL said of an IP address; see lookups.py                 | httpbl_remember |
| `{pN}:s:<site>:people`     | hash   | digest of an author or a network -> a moderator's Mark             | until taken back|
| `{pN}:e:<example>`         | string | one example; of no comment: retain_suggestions_days                | with its comment|
| `{pN}:r:<comment>`         | set    | digests of the readers whose reports wait for a human              | with the comment|
| `{pN}:r:<comment>:answered`| set    | … whose reports a human has answered                               | with the comment|
| `{pN}:s:<site>:reporters`  | hash   | reader's digest -> reports found right; "<digest>:no" -> wrong     | with the site   |
| `{pN}:s:<site>:appealed`   | zset   | rejected comments whose authors' appeals wait -> since when        | while any       |
| `{pN}:s:<site>:rate:<minute>`| string | submissions of this minute, when there is a rate limit           | 2 minutes       |
"""

from __future__ import annotations

from typing import Final

ROOT: Final = "ac:"
SITES: Final = ROOT + "sites"
CREDENTIALS: Final = ROOT + "credentials"
AUDIT: Final = ROOT + "audit"
STAFF: Final = ROOT + "staff"
GROUP: Final = "classify"


def staff(kind: str, name: str) -> str:
    """A key of the moderators: `session`, `tries`, `networks` or `views`."""
    return f"{ROOT}{{staff}}:{kind}:{name}"


_MODELS: Final = ROOT + "{models}:"
MODEL_POINTERS: Final = _MODELS + "pointers"
MODEL_COUNT: Final = _MODELS + "count"
MODELS_CHANGED: Final = _MODELS + "changed"


def model(version: str) -> str:
    """Hash of one model version."""
    return f"{_MODELS}v:{version}"


def model_task(task: str) -> str:
    """Lock of a periodic task."""
    return f"{_MODELS}turn:{task}"


def models_of(site: str) -> str:
    """Sorted set of a site's model versions."""
    return f"{_MODELS}of:{site}"


class Keys:
    """The keys of one partition."""

    __slots__ = ("dead", "due", "prefix", "work")

    def __init__(self, partition: int = 0) -> None:
        self.prefix = f"{ROOT}{{p{partition}}}:"
        self.work = self.prefix + "work"
        self.dead = self.prefix + "dead"
        self.due = self.prefix + "due"

    def wake(self, process: str) -> str:
        """Channel on which a process hears of decisions it waits for."""
        return f"{self.prefix}wake:{process}"

    @property
    def live(self) -> str:
        """Channel on which the scripts tell what has happened to comments."""
        return self.prefix + "live"

    def of(self, kind: str, comment: str) -> str:
        """What moderators leave beside a comment: `claim`, `notes` or `was`."""
        return f"{self.prefix}{kind}:{comment}"

    @property
    def bulks(self) -> str:
        """Sorted set of the bulk decisions that have work left."""
        return self.prefix + "bulks"

    def bulk(self, bulk: str, part: str = "") -> str:
        """A bulk decision, or one of its lists: `:todo`, `:doing`, `:moved`, …"""
        return f"{self.prefix}bulk:{bulk}{part}"

    def facet(self, site: str, facet: str, value: str = "") -> str:
        """Sorted set of a facet's values, or the set of the comments that have one."""
        return f"{self.prefix}s:{site}:q:{facet}{':' if value else ''}{value}"

    def bits(self, site: str, facet: str, value: str) -> str:
        """The slots of the comments that have a value, when they are many."""
        return f"{self.prefix}s:{site}:bits:{facet}:{value}"

    def comment(self, comment: str) -> str:
        """Hash of one comment."""
        return f"{self.prefix}c:{comment}"

    def history(self, comment: str) -> str:
        """List of a comment's changes."""
        return f"{self.prefix}h:{comment}"

    def texts(self, comment: str) -> str:
        """List of a comment's earlier texts."""
        return f"{self.prefix}t:{comment}"

    def queue(self, comment: str) -> str:
        """List of a comment's call-backs, in order."""
        return f"{self.prefix}q:{comment}"

    def delivery(self, delivery: str) -> str:
        """Hash of one call-back."""
        return f"{self.prefix}d:{delivery}"

    @property
    def campaigns(self) -> str:
        """Sorted set of the campaigns."""
        return f"{self.prefix}campaigns"

    def campaign(self, campaign: str) -> str:
        """Hash of one campaign."""
        return f"{self.prefix}k:{campaign}"

    def members(self, campaign: str) -> str:
        """Sorted set of a campaign's comments."""
        return f"{self.prefix}km:{campaign}"

    def lookup(self, digest: str) -> str:
        """What http:BL said of an IP address."""
        return f"{self.prefix}bl:{digest}"

    def example(self, example: str) -> str:
        """One example."""
        return f"{self.prefix}e:{example}"

    def name(self, site: str, name: str) -> str:
        """A platform's name of a comment."""
        return f"{self.prefix}s:{site}:n:{name}"

    def names(self, comment: str) -> str:
        """Set of a comment's names."""
        return f"{self.prefix}n:{comment}"

    def tally(self, site: str, month: str) -> str:
        """Hash of a month's counts."""
        return f"{self.prefix}s:{site}:tally:{month}"

    def reporters(self, comment: str) -> str:
        """Set of the readers who reported a comment and had no answer yet."""
        return f"{self.prefix}r:{comment}"

    def answered(self, comment: str) -> str:
        """Set of the readers whose reports of a comment a human has answered."""
        return f"{self.prefix}r:{comment}:answered"

    def site(self, site: str, name: str) -> str:
        """A key of a site, by its last word in the table above: `all`, a state, `due`, `reports`, …"""
        return f"{self.prefix}s:{site}:{name}"

    def author(self, site: str, digest: str) -> str:
        """Sorted set of an author's comments."""
        return f"{self.prefix}s:{site}:a:{digest}"

    def importing(self, site: str, file: str) -> str:
        """Hash of one import, by a digest of its file."""
        return f"{self.prefix}s:{site}:import:{file}"

    def idempotency(self, site: str, key_digest: str) -> str:
        """Hash of one idempotency key."""
        return f"{self.prefix}s:{site}:i:{key_digest}"

    def rate(self, site: str, window: int) -> str:
        """Counter of a site's submissions in a minute."""
        return f"{self.prefix}s:{site}:rate:{window}"
