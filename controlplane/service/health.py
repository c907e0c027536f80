"""What an attempt says about the account it was made at, and about nobody else."""

from collections.abc import Callable

from controlplane.domain.outcome import Attempt, Ending, Outcome
from controlplane.policy import cooldown
from controlplane.service.allowances import Allowances
from controlplane.service.learning import Learning
from controlplane.service.leases import Open
from controlplane.service.own import OwnAccounts
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings

CREDENTIAL_REJECTED = "credential_rejected"


class Health:
    """Hands on what attempts tell to those who keep it. `find`: an account by its id, wherever it belongs."""

    def __init__(
        self,
        find: Callable[[str], Seat | None],
        standings: Standings,
        learning: Learning,
        allowances: Allowances,
        refreshing: Refreshing,
        own: OwnAccounts,
    ) -> None:
        self.find = find
        self._standings = standings
        self._learning = learning
        self._allowances = allowances
        self._refreshing = refreshing
        self._own = own

    def refreshing(self, account_id: str) -> Refreshing:
        """Who renews the account's bearer."""
        return self._refreshing if self._own.find(account_id) is None else self._own.refreshing

    def attempted(self, lease: Open, seat: Seat, attempt: Attempt, outcome: Outcome | None) -> None:
        """Take in one attempt. Without an outcome the request goes on, and the attempt failed."""
        own = self._own.find(seat.account.id) is not None
        standings, learning = (self._own.standings, self._own.learning) if own else (self._standings, self._learning)
        standings.reached(seat, attempt)
        if attempt.learned:
            learning.learned(seat, attempt.learned)
        if attempt.fault:
            if attempt.fault in lease.faults and cooldown.contagious(attempt.fault):
                return  # one client's bad luck must not rest every account it is tried on
            lease.faults |= {attempt.fault}
        served = outcome is not None and outcome.ending is Ending.SERVED
        latency = None
        if served and outcome is not None and outcome.first_event_ms is not None:
            latency = max(0, outcome.first_event_ms - attempt.started_ms) / 1000
        self._standings.attempted(seat, attempt, renewed=_renewed(lease, attempt), served=served, lease_id=lease.lease_id, latency=latency)
        if outcome is not None and outcome.usage.credits and not attempt.fault:
            self._allowances.spent(seat, outcome.usage.credits)


def _renewed(lease: Open, attempt: Attempt) -> bool:
    """Whether the attempt was made with a bearer that replaced a refused one."""
    again = lease.renewed == attempt.account_id and attempt.account_id in lease.refused
    if attempt.fault == CREDENTIAL_REJECTED:
        lease.refused |= {attempt.account_id}
    return again
