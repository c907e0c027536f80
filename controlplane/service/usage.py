"""What keys may spend, have spent and came to, as one plain tree: the console and the key's own
clients are told the same.
"""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from controlplane.domain.account import Counters
from controlplane.domain.errors import LedgerAway
from controlplane.domain.limits import Budget, Leaf, Payer, Period, Unit
from controlplane.service import limiting
from controlplane.service.keys import Keys
from controlplane.service.ports import Clock, Ledger
from controlplane.service.records import Records


class KeyUsage:
    """Reads keys' limits, budgets and sums. Any id may be asked for: what is no managed key (the proxy
    key, a caller's own account) has no limits, and its spending is counted all the same.
    """

    def __init__(self, keys: Keys, ledger: Ledger, records: Records, clock: Clock) -> None:
        self._keys = keys
        self._ledger = ledger
        self._records = records
        self._clock = clock

    async def of(self, key_id: str) -> Mapping[str, Any]:
        """`{"limits", "usage", "stats"}` of one key, fit for JSON: credits are decimals, times ISO 8601. `usage`
        is None while the ledger does not answer: what is not known must not stop what is.
        """
        (found,) = await self.all((key_id,))
        return found

    async def all(self, key_ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """The same of many keys, in their order, with one question to the ledger."""
        if not key_ids:
            return ()
        payers = [Payer(key_id, self._keys.limits(key_id)) for key_id in key_ids]
        usage = await self._read(payers)
        return [
            {"limits": limiting.shown(payer.limits), "usage": one, "stats": _stats(self._records.key_counters(payer.id))}
            for payer, one in zip(payers, usage, strict=True)
        ]

    async def _read(self, payers: Sequence[Payer]) -> Sequence[dict[str, Any] | None]:
        try:
            asked = self._ledger.read(payers, self._clock.now())
            budgets = await asked if isinstance(asked, Awaitable) else asked
        except LedgerAway:
            return [None] * len(payers)
        return [_usage(budget) for budget in budgets]


def _usage(budget: Budget) -> dict[str, Any]:
    """A leaf for each unit and period, None where a minute has no limit and so is not counted."""
    tree: dict[str, Any] = {unit.value: dict.fromkeys((period.value for period in Period), None) for unit in Unit}
    for unit, period, leaf in budget.leaves:
        tree[unit.value][period.value] = _leaf(unit, leaf)
    # Requests are whole numbers, and so are requests at a time.
    tree[limiting.CONCURRENCY] = _leaf(Unit.REQUESTS, budget.concurrency)
    tree["overrun"] = {unit.value: limiting.amount(unit, getattr(budget.overrun, unit)) for unit in Unit}
    return tree


def _leaf(unit: Unit, leaf: Leaf) -> dict[str, Any]:
    return {
        "used": limiting.amount(unit, leaf.used),
        "reserved": limiting.amount(unit, leaf.reserved),
        "standby": limiting.amount(unit, leaf.standby),
        "limit": None if leaf.limit is None else limiting.amount(unit, leaf.limit),
        "left": None if leaf.left is None else limiting.amount(unit, leaf.left),
        "resetsAt": _moment(leaf.resets_at),
    }


def _moment(seconds: float) -> str | None:
    """The next whole second: by then it is reset for certain."""
    return datetime.fromtimestamp(ceil(seconds), UTC).isoformat().replace("+00:00", "Z") if seconds > 0 else None


def _stats(counters: Counters) -> dict[str, Any]:
    return {
        "totalRequests": counters.total_requests,
        "successRequests": counters.success_requests,
        "failedRequests": counters.failed_requests,
        "totalCredits": counters.total_credits,
        "totalCost": round(counters.total_cost, 6),
        "inputTokens": counters.input_tokens,
        "outputTokens": counters.output_tokens,
        "savedTokens": counters.saved_tokens,
        "summaryTokens": counters.summary_tokens,
    }
