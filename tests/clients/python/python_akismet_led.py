"""python-akismet as it comes, which puts the key before rest.akismet.com."""

from akismet import Akismet, SpamStatus
from scenario import SETTINGS, attempt, said, tell

words = {value: name for name, value in vars(SpamStatus).items() if not name.startswith("_")}
client = Akismet(SETTINGS["key"], blog=SETTINGS["blog"])


def check(**extra):
    return words[client.check(**said(**extra))]


tell({"good": attempt(check), "bad": attempt(lambda: check(comment_content=SETTINGS["comment"]["spam"]))})
