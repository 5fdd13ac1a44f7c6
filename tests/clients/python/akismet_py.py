"""PyPI akismet: the key is in the body (`key` when it is verified), one second to answer; host and scheme are constants.

It takes an HTTP client of one's own, which is what an operator would use: requests for rest.akismet.com go to the service.
"""

import akismet
import httpx
from scenario import SETTINGS, attempt, run, said, tell


class Elsewhere(httpx.HTTPTransport):
    def handle_request(self, request):
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=SETTINGS["port"])
        return super().handle_request(request)


def made(key):
    http = httpx.Client(transport=Elsewhere(), timeout=1.0, headers={"User-Agent": akismet.USER_AGENT})
    return akismet.SyncClient(config=akismet.Config(key=key, url=SETTINGS["blog"]), http_client=http)


client = made(SETTINGS["key"])
heard = run(
    verify=lambda key: client.verify_key(key, SETTINGS["blog"]),
    check=lambda **extra: client.comment_check(**said(**extra)).name,
    wrong=lambda: made("ffffffffffff").comment_check(**said()).name,
    spam=lambda: client.submit_spam(**said()),
    ham=lambda: client.submit_ham(**said()),
)
heard["usage"] = attempt(client.usage_limit)
heard["sites"] = attempt(client.key_sites)
heard["sites_csv"] = attempt(lambda: client.key_sites(result_format="csv"))
tell(heard)
