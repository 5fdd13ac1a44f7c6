"""PyPI akismet as it comes, which knows rest.akismet.com and nothing else."""

import akismet
from scenario import SETTINGS, attempt, said, tell

config = akismet.Config(key=SETTINGS["key"], url=SETTINGS["blog"])


def check(**extra):
    fields = said(**extra)
    ip = fields.pop("user_ip")
    with akismet.SyncClient.validated_client(config) as client:
        return client.comment_check(user_ip=ip, **fields).name


def wrong():
    return akismet.SyncClient.validated_client(config._replace(key="ffffffffffff"))


spam = {"comment_content": SETTINGS["comment"]["spam"]}
tell({"good": attempt(check), "bad": attempt(lambda: check(**spam)), "wrong_key": attempt(wrong)})
