"""One page, however it was come to: an address without what says only where a visitor came from, or where on the page they are.

By this two comments are known to be about the same page. It is for comparing: what is kept of a page is the address as sent.
"""

from __future__ import annotations

import re
from typing import Final

TRACKING: Final = frozenset(
    {
        # networks that sell advertisements
        "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid", "msclkid",
        "yclid", "ysclid", "twclid", "ttclid", "li_fat_id", "epik", "rdt_cid", "scclid", "igshid", "igsh", "irclickid", "ref_src",
        "ref_url",
        # newsletters and measuring
        "mc_cid", "mc_eid", "mkt_tok", "vero_id", "vero_conv", "_hsenc", "_hsmi", "hsctatracking", "oly_enc_id", "oly_anon_id",
        "_openstat", "_ga", "_gl", "pk_campaign", "pk_kwd", "mtm_campaign", "mtm_source", "mtm_medium", "wickedid", "s_kwcid",
        # what WordPress adds for somebody who has just written
        "replytocom", "unapproved", "moderation-hash",
    }
)  # fmt: skip
"""Parameters that don't choose a page, beside all that begin with `utm_`; in lower case."""
_PREFIX = "utm_"
_ROUTE = re.compile(r"!|/")  # such a fragment chooses what is shown


def same_page(url: str) -> str:
    """What is the same for all addresses of one page: no scheme, tracking parameter or place on the page, no slash at the end.

    A fragment that an application in the page goes by (`#!…`, `#/…`) stays. What has none of this stays as it is but for case.
    """
    address = url.strip().partition("://")[2] or url.strip()
    address, _, fragment = address.partition("#")
    path, mark, query = address.partition("?")
    kept = [pair for pair in query.split("&") if pair and not _tracks(pair.partition("=")[0])]
    if len(kept) < len(query.split("&")):
        mark, query = ("?", "&".join(kept)) if kept else ("", "")
    whole = (path if query else path.rstrip("/")) + (mark if query else "") + query
    return (whole + (f"#{fragment}" if _ROUTE.match(fragment) else "")).rstrip("/").lower()


def _tracks(name: str) -> bool:
    name = name.lower()
    return name in TRACKING or name.startswith(_PREFIX)
