"""The use cases of coming in: whose key somebody presents, which site a name names, and how much a site may still submit."""

from __future__ import annotations

from service.core.site import Known, Presented
from service.store.sites import Accounts, Rates, Spent


class Access:
    """Who comes in, and how often. For `web.context`, which reads keys from requests, and `web.intake`."""

    def __init__(self, accounts: Accounts, rates: Rates) -> None:
        self._accounts = accounts
        self._rates = rates

    async def by_key(self, key: str) -> Presented | None:
        """Whose key this is, of whichever kind; None when it is none of ours. Raises StoreUnavailable.

        Keys are known by keyed digests, and compared in constant time.
        """
        return await self._accounts.find_by_key(key) if key else None

    async def by_name(self, name: str) -> Known | None:
        """The site of a name, with the secrets that are good now; None when there is none. Raises StoreUnavailable."""
        return await self._accounts.find(name)

    async def spend(self, site: str, cost: int, quota: int) -> Spent:
        """Count `cost` submissions against the site's `quota` of a minute, all or none of them, for all processes together.

        Raises StoreUnavailable.
        """
        return await self._rates.spend(site, cost, quota)
