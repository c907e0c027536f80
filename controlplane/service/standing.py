"""How accounts stand: changed in memory at once, stored in the background.

Attempts report faults on the hot path, which waits for no database; and how an account stands is
not worth a request's delay. Should the process die in between, the next fault says it again.
"""

import logging

from controlplane.domain.account import Status
from controlplane.domain.outcome import Attempt
from controlplane.policy import cooldown
from controlplane.policy.cooldown import Fault, Rest
from controlplane.service.background import Background
from controlplane.service.ports import AccountStore, Clock, Standing
from controlplane.service.roster import Seat

log = logging.getLogger(__name__)


class Standings:
    """Applies what attempts and providers say about accounts."""

    def __init__(self, store: AccountStore, clock: Clock, background: Background) -> None:
        self._store = store
        self._clock = clock
        self._background = background

    def reached(self, seat: Seat, attempt: Attempt) -> None:
        """Take in which of the account's addresses answered. One that did not says nothing about the account."""
        for failed in attempt.endpoints:
            if failed.url in seat.urls:
                seat.endpoints.failed(failed.url, self._clock.now(), failed.retry_after)
        if not attempt.fault and attempt.endpoint in seat.urls:
            seat.endpoints.served(attempt.endpoint)

    def attempted(self, seat: Seat, attempt: Attempt, *, renewed: bool, served: bool = True) -> None:
        """Take in one attempt: a success clears strikes, a fault may put the account out. Without a
        fault and not `served` it says nothing: the client went away before anybody knew. A cause
        that is unknown here comes from a newer data plane and changes nothing.
        """
        if not attempt.fault:
            if not served:
                return
            seat.candidate.health = cooldown.health_after(seat.candidate.health, "")
            seat.strikes.clear()
            seat.candidate.resting.pop(attempt.model, None)
            return
        if attempt.fault not in cooldown.TABLE:
            log.warning("unknown fault account=%s fault=%s", seat.account.id, attempt.fault)
            return
        self._failed(seat, attempt, renewed=renewed)

    def _failed(self, seat: Seat, attempt: Attempt, *, renewed: bool) -> None:
        now = self._clock.now()
        seat.recover(now)
        seat.candidate.health = cooldown.health_after(seat.candidate.health, attempt.fault)
        fault = Fault(
            attempt.fault,
            seat.strike(attempt.fault, now) if cooldown.blames(attempt.fault) else 0,
            attempt.retry_after,
            renewed or bool(seat.credentials.api_key),
            seat.allowance.resets_at if seat.allowance else 0,
        )
        rest = cooldown.after(fault, now)
        if rest is not None:
            seat.remember(attempt.fault, rest.until)
            self.rest(seat, rest, attempt.model)

    def rest(self, seat: Seat, rest: Rest, model: str = "") -> None:
        """Put an account or its model out, unless it is out for something graver."""
        if seat.rest(rest, model):
            self._told(seat)

    def lift(self, seat: Seat, reason: str) -> None:
        """End a rest that was put for this reason: it holds no more."""
        if seat.lift(reason):
            self._told(seat)

    def put(self, seat: Seat, status: Status, reason: str, until: int = 0) -> None:
        """Set how an account stands because its provider said so."""
        seat.stand(Standing(status, reason, until))
        self._told(seat)

    async def restore(self, seat: Seat) -> None:
        """Return an account to the pool, stored before it is done."""
        await self._store.set_standing(seat.account.id, Standing())
        seat.stand(Standing())

    def _told(self, seat: Seat) -> None:
        standing = seat.standing
        log.info(
            "account stands id=%s status=%s until=%s reason=%s", seat.account.id, standing.status.value, standing.until, standing.reason
        )
        self._background.spawn(self._save(seat), "save standing")

    async def _save(self, seat: Seat) -> None:
        """Stores what holds when its turn comes, so that the last word wins whatever the order."""
        await self._store.set_standing(seat.account.id, seat.standing)
