"""One conversation that every client has with the service; what came of it is one line of JSON on standard output.

Runs in a client's own environment, which knows nothing of the service.
"""

import json
import os
import sys

SETTINGS = json.loads(os.environ["SCENARIO"])


def attempt(action):
    try:
        return action()
    except Exception as error:
        return f"error: {type(error).__name__}"


def run(verify, check, wrong, spam, ham):
    comment = SETTINGS["comment"]
    heard = {
        "verified": attempt(lambda: verify(SETTINGS["key"])),
        "wrong_key": attempt(lambda: verify("ffffffffffff")),
        "check_with_wrong_key": attempt(wrong),
        "good": attempt(check),
        "test_spam": attempt(lambda: check(comment_author="akismet-guaranteed-spam")),
        "bad": attempt(lambda: check(comment_content=comment["spam"])),
        "submit_spam": attempt(spam),
    }
    heard["good_after_submit_spam"] = attempt(check)
    heard["submit_ham"] = attempt(ham)
    heard["good_after_submit_ham"] = attempt(check)
    return heard


def said(**extra):
    comment = SETTINGS["comment"]
    return {
        "user_ip": comment["ip"],
        "user_agent": comment["agent"],
        "comment_author": comment["author"],
        "comment_author_email": comment["email"],
        "comment_content": comment["content"],
        "permalink": comment["permalink"],
        **extra,
    }


def tell(heard):
    sys.stdout.write(json.dumps(heard) + "\n")
