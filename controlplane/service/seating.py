"""A place at an account for a request, which waits in line while all that could serve are busy."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from controlplane.domain.account import Status
from controlplane.domain.lease import Ask, Refusal
from controlplane.domain.limits import Denied, Full, Granted
from controlplane.policy import decisions
from controlplane.policy.exclusions import Rule, by_standing
from controlplane.policy.scheduling import Choice, Lack, NoCapacity
from controlplane.service import refusals
from controlplane.service.holding import Holding
from controlplane.service.leases import Open
from controlplane.service.placing import Placing
from controlplane.service.ports import Clock, Soon
from controlplane.service.queue import Queue, Ticket
from controlplane.service.roster import Seat
from controlplane.service.work import Work, ready


@dataclass(slots=True)
class Asked:
    """A question on its way. `tried`: accounts not to be chosen. `first`: the lease is made for it.
    `move`: which of the lease's places is held for it. `number`: which of the lease's questions it is.
    """

    ask: Ask
    lease: Open
    tried: tuple[str, ...]
    first: bool
    number: int = 0
    move: int = 0


class Seating:
    """Chooses, takes, and waits."""

    def __init__(self, placing: Placing, holding: Holding, queue: Queue, clock: Clock) -> None:
        self._placing = placing
        self._holding = holding
        self._queue = queue
        self._clock = clock

    @property
    def waiting(self) -> int:
        """Requests that wait for an account."""
        return len(self._queue)

    def serves(self, seat: Seat) -> bool:
        """Whether the account is still one that may serve: it may have been disabled while its token was renewed."""
        return seat.candidate.status is Status.ACTIVE or by_standing(seat.candidate, self._clock.now()) is None

    def lack(self, lease: Open, ask: Ask) -> NoCapacity | None:
        """Why nobody could serve the request now; None when somebody could. Takes nothing."""
        made = self._placing.choose(lease, ask, ())
        return made if isinstance(made, NoCapacity) else None

    def seated(self, asked: Asked) -> Work[Seat | Refusal]:
        """A place; the key's reservation is made with it, or before the wait for it."""
        lease = asked.lease
        # Nobody overtakes those who wait for the same.
        made: tuple[Seat, Choice] | NoCapacity | None = None
        if not self._queue.waits(wanted(asked)):
            made = self._placing.choose(lease, asked.ask, asked.tried)
            if not isinstance(made, NoCapacity):
                verdict = self._holding.take(lease, *made, asked.number)
                if isinstance(verdict, Granted):
                    return made[0]
                said = yield from self._told(lease, made[0], verdict)
                if said is not None:
                    return said
                made = self._placing.choose(lease, asked.ask, asked.tried)
            if isinstance(made, NoCapacity) and not self._passes(made, asked.tried):
                refused = yield from self._reserved(lease)
                return refused or refusals.no_capacity(made, lease.asked, self._clock.now())
        return (yield from self._in_line(asked, self._wait(made) if isinstance(made, NoCapacity) else 0.0))

    def _in_line(self, asked: Asked, wait: float | None) -> Work[Seat | Refusal]:
        """Wait; for the first of a line `wait` is when it is worth to try without being woken."""
        lease = asked.lease
        refused = yield from self._reserved(lease)
        if refused is not None:
            return refused
        ticket = self._queue.join(wanted(asked))
        if ticket is None:
            said = yield from self._once(asked)
            if said is not None:
                return said
            return refusals.no_capacity(NoCapacity(Lack.BUSY, self._clock.now() + 1, ()), lease.asked, self._clock.now())
        ahead, began = self._queue.ahead(ticket), self._clock.now()
        try:
            said = yield from self._tried(asked, ticket, wait)
        finally:
            self._queue.leave(ticket)
            lease.steps.append(decisions.waited(self._clock.now() - began, ahead))
        return said

    def _once(self, asked: Asked) -> Work[Seat | Refusal | None]:
        """No more may wait; perhaps nobody has to."""
        made = self._placing.choose(asked.lease, asked.ask, asked.tried)
        if isinstance(made, NoCapacity):
            return None
        return (yield from self._told(asked.lease, made[0], self._holding.take(asked.lease, *made, asked.number)))

    def _tried(self, asked: Asked, ticket: Ticket, wait: float | None) -> Work[Seat | Refusal]:
        """Try whenever it is this ticket's turn, and once more when its time is over."""
        lease = asked.lease
        while True:
            patient = yield self._queue.turn(ticket, wait)
            made = self._placing.choose(lease, asked.ask, asked.tried)
            if not isinstance(made, NoCapacity):
                said = yield from self._told(lease, made[0], self._holding.take(lease, *made, asked.number))
                if said is not None:
                    return said
                wait = 0.0
            elif not patient or not self._passes(made, asked.tried):
                return refusals.no_capacity(made, lease.asked, self._clock.now())
            else:
                wait = self._wait(made)

    def _told(self, lease: Open, seat: Seat, taking: Soon[Granted | Denied | Full | None]) -> Work[Seat | Refusal | None]:
        """The seat, once the ledger agrees. None: another process was faster there."""
        taken: Work[Granted | Denied | Full | None] = ready(taking)
        verdict = yield from taken
        if isinstance(verdict, Granted):
            return seat
        if isinstance(verdict, Denied):
            return self._denied(lease, verdict)
        if verdict is None:
            return refusals.UNKNOWN_LEASE
        lease.steps.append(decisions.full(seat.account.id, verdict.in_flight))
        return None

    def _reserved(self, lease: Open) -> Work[Refusal | None]:
        """See that the key has reserved: what it may not do is told before what nobody can."""
        if lease.held:
            return None
        verdict = yield from ready(self._holding.reserve(lease))
        return self._denied(lease, verdict) if isinstance(verdict, Denied) else None

    def _denied(self, lease: Open, verdict: Denied) -> Refusal:
        lease.steps.append(decisions.denied(verdict))
        return refusals.denied(verdict, self._clock.now())

    def _wait(self, lack: NoCapacity) -> float | None:
        """Seconds until it may be over by itself, None: unknown."""
        return None if lack.retry_at is None else max(0.0, lack.retry_at - self._clock.now())

    def _passes(self, lack: NoCapacity, tried: Collection[str]) -> bool:
        """Whether it may be over for this request before those who wait lose patience. An account that it has tried
        is none it waits for, though its rest is what the client is told.
        """
        now = self._clock.now()
        ends = [out.until or now for out in lack.exclusions if out.rule in PASSING and out.account_id not in tried]
        return lack.reason is Lack.BUSY and bool(ends) and min(ends) <= now + self._queue.seconds


# What may end while a request waits.
PASSING = frozenset({Rule.COOLING, Rule.COOLING_MODEL, Rule.PROBING, Rule.FULL})


def wanted(asked: Asked) -> Hashable:
    """What the request waits for: requests with the same wish stand in one line."""
    lease = asked.lease
    own = lease.own.account.id if lease.own is not None else ""
    return lease.named.line, lease.identity.allowed_account_ids, frozenset(asked.tried), own
