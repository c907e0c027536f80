"""How the installation stands, on one page: accounts, keys and requests of the last hours.

The database is asked one short question, whatever it holds; everything else is in memory, or in the ledger.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass

from controlplane.domain.account import AccountBrief, Status
from controlplane.domain.errors import LedgerAway
from controlplane.domain.hour import Hour
from controlplane.domain.limits import Payer
from controlplane.policy import overview
from controlplane.policy.overview import Spending
from controlplane.service.accounts import Accounts
from controlplane.service.keys import Keys
from controlplane.service.ports import Clock, Ledger
from controlplane.service.records import Records


@dataclass(frozen=True, slots=True)
class Summary:
    """How it stands. `at`: epoch seconds. `next_return`: who comes back first by itself; `runs_out`: whose allowance
    ends first. `requests`: whether there ever was one.
    """

    at: float
    statuses: Mapping[Status, int]
    accounts: Sequence[AccountBrief]
    keys: int
    enabled_keys: int
    next_return: AccountBrief | None
    runs_out: AccountBrief | None
    hours: Sequence[Hour]
    spending: Sequence[Spending]
    requests: bool


class Overview:
    """Gathers it. With several control planes, what is in memory is this one's."""

    def __init__(self, accounts: Accounts, keys: Keys, records: Records, ledger: Ledger, clock: Clock) -> None:
        self._accounts = accounts
        self._keys = keys
        self._records = records
        self._ledger = ledger
        self._clock = clock

    async def read(self, hours: int) -> Summary:
        """With so many hours of requests, the one under way the last of them."""
        now = self._clock.now()
        start, end = overview.span(now, hours)
        counts = await self._records.hours(start, end)
        series = await asyncio.to_thread(overview.series, counts, start, end)  # a week of hours takes its time
        accounts, keys = self._accounts.briefs(), self._keys.list()
        return Summary(
            at=now,
            statuses=Counter(view.status for view in accounts),
            accounts=accounts,
            keys=len(keys),
            enabled_keys=sum(key.enabled for key in keys),
            next_return=overview.next_return(accounts, now),
            runs_out=overview.runs_out(accounts, now),
            hours=series,
            spending=await self._spending(now),
            requests=self._records.total().total_requests > 0,
        )

    async def _spending(self, now: float) -> Sequence[Spending]:
        """Nothing while the ledger does not answer: what is not known must not hide what is."""
        payers = [Payer(key.id, key.limits) for key in self._keys.list()]
        if not payers:
            return ()
        try:
            asked = self._ledger.read(payers, now)
            budgets = await asked if isinstance(asked, Awaitable) else asked
        except LedgerAway:
            return ()
        return overview.spending((payer.id, budget) for payer, budget in zip(payers, budgets, strict=True))
