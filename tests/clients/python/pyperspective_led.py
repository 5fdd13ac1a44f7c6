"""pyperspective as it comes: it posts an empty body to see whether its key is good.

Its own exception takes no keyword, so that what a service refuses becomes a TypeError (release 1.0.4), which is its own fault.
"""

from PyPerspective.errors import InvalidAuthKey, LangsTypeError
from PyPerspective.Perspective import Perspective
from scenario import SETTINGS, tell


def refused(action, *kinds):
    try:
        return action()
    except kinds as error:
        return f"{type(error).__name__}: {error}"


client, comment = Perspective(SETTINGS["key"]), SETTINGS["comment"]


def score(text, **more):
    found = client.get_score(text, **more)
    return {attribute.name: attribute.score for attribute in found.attributes} | {"span": str(found.attributes[0][0])}


tell(
    {
        "good": score(comment["content"]),
        "rude": score(comment["rude"], tests=["TOXICITY", "INSULT", "THREAT"]),
        "flirtation": refused(lambda: score("hello", tests="FLIRTATION"), TypeError),
        "wrong_key": refused(lambda: Perspective("nope"), InvalidAuthKey),
        "language": refused(lambda: score("hello", tests="FLIRTATION", langs="iu"), LangsTypeError),
    }
)
