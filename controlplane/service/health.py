"""What an attempt says about the account it was made at, and about nobody else."""

from collections.abc import Callable

from controlplane.domain.lease import OWN
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
        """Who renews the account's bearer. By its id: after a restart a caller's own account is not in memory yet."""
        return self._own.refreshing if account_id.startswith(OWN) else self._refreshing

    def attempted(self, lease: Open, seat: Seat, attempt: Attempt, outcome: Outcome | None) -> None:
        """Take in one attempt. Without an outcome the request goes on, and the attempt failed."""
        own = attempt.account_id.startswith(OWN)
        standings, learning = (self._own.standings, self._own.learning) if own else (self._standings, self._learning)
        standings.reached(seat, attempt)
        if attempt.learned:
            learning.learned(seat, attempt.learned)
        if attempt.fault:
            self._failed(lease, seat, attempt, standings)
            return
        served = outcome is not None and outcome.ending is Ending.SERVED
        latency = None
        if served and outcome is not None and outcome.first_event_ms is not None:
            latency = max(0, outcome.first_event_ms - attempt.started_ms) / 1000
        renewed = _renewed(lease, attempt)
        standings.attempted(seat, attempt, renewed=renewed, served=served, lease_id=lease.lease_id, latency=latency)
        if served and lease.faults:
            for blame in lease.faults:
                standings.charge(blame)
        if outcome is not None and outcome.usage.credits:
            self._allowances.spent(seat, outcome.usage.credits)

    def _failed(self, lease: Open, seat: Seat, attempt: Attempt, standings: Standings) -> None:
        """Hold the fault against the account, unless the request carries it from one account to the next: then
        nobody is to blame until another one serves it. One client's requests must not rest every account. What began
        before the account's address or sign-in was changed is not about the account as it is.
        """
        if lease.opened_at < seat.turned_at:
            return
        renewed = _renewed(lease, attempt)
        alike = [blame for blame in lease.faults if blame.attempt.fault == attempt.fault]
        if not alike:
            blame = standings.attempted(seat, attempt, renewed=renewed, lease_id=lease.lease_id)
            lease.faults = (*lease.faults, blame) if blame is not None else lease.faults
        elif all(blame.seat is not seat for blame in alike):
            for blame in alike:
                standings.pardon(blame)
            lease.faults = (*lease.faults, standings.withheld(seat, attempt, renewed=renewed))
        if attempt.fault == cooldown.EXHAUSTED and seat.account.id.startswith(OWN):
            self._own.look(seat)


def _renewed(lease: Open, attempt: Attempt) -> bool:
    """Whether the attempt was made with a bearer that replaced a refused one."""
    again = lease.renewed == attempt.account_id and attempt.account_id in lease.refused
    if attempt.fault == CREDENTIAL_REJECTED:
        lease.refused |= {attempt.account_id}
    return again
