"""begentle as it comes."""

from begentle import CommentAnalyzer
from scenario import SETTINGS, attempt, tell

client, comment = CommentAnalyzer(SETTINGS["key"]), SETTINGS["comment"]
tell(
    {
        "good": client.analyze(comment["content"]),
        "rude": client.analyze(comment["rude"]),
        "wrong_key": attempt(lambda: CommentAnalyzer("nope")),
    }
)
