"""python-akismet: the key is the first label of the host name; it never verifies, parses JSON and ignores the status.

Its own fault: it calls a wrong key `AkismetServerError`, the same as a server that is down.
"""

import socket

from akismet import Akismet, SpamStatus
from scenario import SETTINGS, run, said, tell

resolve = socket.getaddrinfo


def names(host, *rest, **more):
    """Names under akismet.test lead to this machine, as an operator's name server would have them lead to the service."""
    return resolve("127.0.0.1" if str(host).endswith(".akismet.test") else host, *rest, **more)


socket.getaddrinfo = names
Akismet.protocol = "http"
Akismet.domain = f"akismet.test:{SETTINGS['port']}"
words = {value: name for name, value in vars(SpamStatus).items() if not name.startswith("_")}
client = Akismet(SETTINGS["key"], blog=SETTINGS["blog"])
tell(
    run(
        verify=lambda key: None,
        check=lambda **extra: words[client.check(**said(**extra))],
        wrong=lambda: words[Akismet("ffffffffffff", blog=SETTINGS["blog"]).check(**said())],
        spam=lambda: client.submit_spam(**said()),
        ham=lambda: client.submit_ham(**said()),
    )
)
