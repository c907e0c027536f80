"""The leases that are open: what each is for, and the account it holds a place of.

One lease is one request. Its id names the key, so that an outcome that arrives after a restart is
still booked on who pays, and for a call of the gateway's own the request that it is for. What is reserved
and which places are taken is in the ledger's books; what candidates show as in flight is what the ledger
said last.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane.domain.lease import HeldLease, Identity
from controlplane.domain.limits import NOTHING, Amounts, Payer, Window
from controlplane.domain.outcome import Attempt, Entry
from controlplane.policy.routing import Named
from controlplane.service.blame import Blame
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Seat

DEADLINE = 900  # seconds; leases of a data plane that is connected live on after it
# What the id of a lease has before the request that it is for. The previous release finds the key all the same.
CAUSED = "/"


@dataclass(slots=True)
class Open:
    """A lease under way. `seat` is the account it holds a place of, None between accounts.

    `named` says who may serve, `wanted` is the upstream model id of the target that was chosen last, before that
    of the first one. `own` is the caller's own account, None for the pool. `refreshing` renews the bearer of whoever serves. `payers` and
    `claimed`: who reserved how much, `output` of it for the answer, `held` once it is in the ledger's books. `windows`: what the
    key may still do. `steps`: how it was decided so far, for its record.

    `seen` are the failed attempts that were already acted on. `orphan`: the data plane does not hold it
    any more; kept only to know its outcome again. `restored`: this process learned of it from a hello.
    `over`: the request has ended; what is granted to it yet returns. `asking` numbers the questions for another
    account: of two sessions' only the latest is answered. `ending`: its record and what it spent, once its
    outcome has come.
    `renewed` is the account whose bearer was replaced, `refused` those that had one refused.
    `faults` are those of its attempts that may be its own. `moves` counts the places it was given, so that
    who waits for one can tell whether it is still that one.
    """

    lease_id: str
    identity: Identity
    request_id: str
    asked: str
    wanted: str
    instance: str
    opened_at: float
    deadline: int
    refreshing: Refreshing
    named: Named = field(default_factory=lambda: Named(()))  # nobody, until its data plane asks again
    own: Seat | None = None
    payers: Sequence[Payer] = ()
    claimed: Amounts = NOTHING
    output: int = 0
    held: bool = False
    windows: Sequence[Window] = ()
    steps: list[Any] = field(default_factory=list)
    seat: Seat | None = None
    moves: int = 0
    renewed: str = ""
    refused: frozenset[str] = frozenset()
    faults: Sequence[Blame] = ()
    seen: frozenset[tuple[str, int]] = frozenset()
    orphan: bool = False
    restored: bool = False
    over: bool = False
    asking: int = 0
    ending: tuple[Entry, Amounts] | None = None


class Leases:
    """Open leases by id. `payers`: whose limits the requests of a key must pass."""

    def __init__(self, payers: Callable[[str], Sequence[Payer]]) -> None:
        self.payers = payers
        self._run = secrets.token_hex(6)
        self._number = 0
        self._open: dict[str, Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Open]:
        return iter(tuple(self._open.values()))

    def find(self, lease_id: str) -> Open | None:
        return self._open.get(lease_id)

    def new_id(self, key_id: str, cause: str = "") -> str:
        """Unique for ever: random for each run, counted within it, so that neighbours lie together in an index."""
        self._number += 1
        return f"ls_{self._run}{self._number:08x}{CAUSED + cause if cause else ''}.{key_id}"

    def add(self, lease: Open) -> None:
        self._open[lease.lease_id] = lease

    def restored(self, held: HeldLease, instance: str, now: float, refreshing: Refreshing) -> Open:
        """A lease that this process forgot, as its data plane holds it; not among the open ones yet."""
        return Open(
            lease_id=held.lease_id,
            identity=Identity(held.key_id, ""),
            request_id="",
            asked=held.model,
            wanted=held.model,
            instance=instance,
            opened_at=now,
            deadline=held.deadline,
            refreshing=refreshing,
            payers=self.payers(held.key_id),
            claimed=Amounts(0 if causing(held.lease_id) else 1, held.tokens, held.credits),
            output=held.output,
            restored=True,
        )

    def forget(self, lease: Open) -> None:
        self._open.pop(lease.lease_id, None)


def payer(lease_id: str) -> str:
    """The key that pays, out of a lease id; empty when it is none of ours."""
    return lease_id.partition(".")[2]


def causing(lease_id: str) -> str:
    """The request that a call of the gateway's own is for, out of its lease id; empty for any other."""
    return lease_id.partition(".")[0].partition(CAUSED)[2]


def reserved(lease_id: str, amounts: Amounts, now: float) -> HeldLease:
    """A reservation as its data plane holds it: there is no account yet, and its question names the model again."""
    return HeldLease(lease_id, payer(lease_id), "", "", int(now) + DEADLINE, amounts.tokens, amounts.credits)


def marks(attempt: Attempt) -> tuple[str, int]:
    """What tells attempts of one request apart."""
    return attempt.account_id, attempt.started_ms
