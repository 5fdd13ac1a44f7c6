"""perspective.py as it comes: Google's client beneath it, and messages of ours that it reads by their words."""

import perspective
from perspective.errors import InvalidToken, UnsupportedLanguage
from scenario import SETTINGS, tell


def refused(action, *kinds):
    try:
        return action()
    except kinds as error:
        return type(error).__name__


client, comment = perspective.Client(token=SETTINGS["key"]), SETTINGS["comment"]
tell(
    {
        "good": client.analyze(comment["content"], ["TOXICITY"]),
        "rude": client.analyze(comment["rude"], ["TOXICITY", "INSULT", "THREAT"]),
        "language": refused(lambda: client.analyze("ciao", ["TOXICITY"], language="iu"), UnsupportedLanguage),
        "wrong_key": refused(lambda: perspective.Client(token="nope"), InvalidToken),
    }
)
