"""The end of leases: what attempts say about accounts, what is recorded and booked, what returns by rule."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from controlplane.domain.lease import Ask, HeldLease, Identity, Refusal
from controlplane.domain.limits import Amounts, Booking
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, Entry, Outcome, Usage
from controlplane.policy import decisions
from controlplane.service import metrics, refusals
from controlplane.service.costs import Costs
from controlplane.service.health import Health
from controlplane.service.holding import Holding
from controlplane.service.leases import DEADLINE, Leases, Open, marks, payer, reserved
from controlplane.service.ports import Clock
from controlplane.service.records import Records
from controlplane.service.sequences import Sequences
from controlplane.service.work import Work

log = logging.getLogger(__name__)

HARD_DEADLINE = 6 * 3600  # no request lasts longer, whatever its data plane says
MARGIN = 60  # seconds; what is still wanted is kept before its time is over


class Settling:
    """Closes leases, each exactly once, and keeps the books exact."""

    def __init__(
        self,
        leases: Leases,
        holding: Holding,
        health: Health,
        costs: Costs,
        records: Records,
        sequences: Sequences,
        clock: Clock,
    ) -> None:
        self._leases = leases
        self._holding = holding
        self._health = health
        self._costs = costs
        self._records = records
        self._sequences = sequences
        self._clock = clock
        self._connected: Counter[str] = Counter()

    def settle(self, outcomes: Sequence[Outcome], instance: str) -> Work[asyncio.Future[None] | None]:
        """Close the leases of these outcomes. The future ends when all are durable; None when there is no
        room for records: then they must come again.
        """
        now = self._clock.now()
        if not self._records.room(len(outcomes)):
            self._given_up(outcomes)
            return None
        fresh: list[Entry] = []
        doubtful: list[Entry] = []
        bookings: list[Booking] = []
        for outcome in outcomes:
            self._sequences.seen(instance, outcome.sequence, now)
            lease = self._leases.find(outcome.lease_id)
            if lease is None:
                # What comes twice in one settlement counts once: the first is found already there.
                doubtful.append(self._entry(outcome, payer(outcome.lease_id), "", now)[0])
                continue
            self.attempted(lease, outcome.attempts, outcome)
            entry, spent = self._entry(outcome, lease.identity.key_id, lease.asked, now, lease.steps)
            (doubtful if lease.restored else fresh).append(entry)
            if lease.held:
                bookings.append(Booking(lease.lease_id, lease.identity.key_id, spent))
            self._holding.ended(lease)
        yield from self._holding.settle(bookings)
        return self._records.record(fresh, doubtful)

    def found(self, entries: Sequence[Entry]) -> None:
        """Records of leases that were not held any more turned out to be new: what they spent counts."""
        bookings = [Booking(entry.outcome.lease_id, entry.key_id, self._costs.spent(entry)) for entry in entries]
        self._holding.book(bookings)

    def attempted(self, lease: Open, attempts: Sequence[Attempt], outcome: Outcome | None = None) -> None:
        """Act on attempts that were not seen yet, so that one reported early does not count twice. With an
        `outcome` that was served, the attempt without a fault is a success.
        """
        for attempt in attempts:
            seat = self._health.find(attempt.account_id)
            if seat is None or (lease.seen and marks(attempt) in lease.seen):
                continue
            if attempt.fault:
                lease.seen |= {marks(attempt)}
            self._health.attempted(lease, seat, attempt, outcome)

    def _given_up(self, outcomes: Sequence[Outcome]) -> None:
        """There is no room for records: the places return, the rest when the outcomes come again."""
        for outcome in outcomes:
            lease = self._leases.find(outcome.lease_id)
            if lease is not None:
                self.attempted(lease, outcome.attempts, outcome)
                self._holding.leave(lease)

    def refused(self, identity: Identity, ask: Ask, refusal: Refusal, lease: Open | None = None) -> Refusal:
        """Record an authenticated request that was turned away before it had a lease; nobody else will."""
        metrics.REFUSED.labels(refusal.reason.name.lower()).inc()
        status, code = refusals.RECORDED[refusal.reason]
        now = self._clock.now()
        received = ask.received_at_ms or int(now * 1000)
        outcome = Outcome(
            lease.lease_id if lease is not None else self._leases.new_id(identity.key_id),
            ask.request_id,
            Ending.FAILED,
            status,
            received,
            max(0, int(now * 1000) - received),
            ask.dialect,
            ask.streamed,
            Usage(),
            error=code,
        )
        steps = [*(lease.steps if lease is not None else ()), decisions.refused(refusal.reason.name.lower(), refusal.message)]
        entry, _ = self._entry(outcome, identity.key_id, ask.model, now, steps)
        if self._records.record((entry,)) is None:
            log.error("a refusal was not recorded, too many records wait request=%s", ask.request_id)
        return refusal

    def hello(self, instance: str, leases: Sequence[HeldLease], reservations: Sequence[str] = (), settled_through: int = 0) -> None:
        """A data plane (re)opens its session and says what it holds. What it does not name it does not
        hold: the answer got lost with the old session, and the request was asked again.
        """
        self._connected[instance] += 1
        now = self._clock.now()
        self._sequences.hello(instance, settled_through, now)
        held = (*leases, *(reserved(lease_id, now) for lease_id in reservations))
        names = {lease.lease_id for lease in held}
        for lease in self._leases:
            if lease.instance == instance and lease.lease_id not in names:
                self._holding.leave(lease)
        for lease_held in held:
            if self._leases.find(lease_held.lease_id) is None:
                seat = self._health.find(lease_held.account_id)
                refreshing = self._health.refreshing(lease_held.account_id)
                self._holding.restore(self._leases.restored(lease_held, instance, now, refreshing), seat)

    def gone(self, instance: str) -> None:
        """A session ended. Its leases keep what they hold until the data plane is back or their deadline."""
        self._connected[instance] -= 1
        if self._connected[instance] <= 0:
            del self._connected[instance]

    async def expire(self) -> int:
        """Return by rule what nobody reports: leases past their deadline whose data plane is away.
        How many there were.
        """
        now = self._clock.now()
        over = [lease for lease in self._leases if now >= lease.deadline and not self._wanted(lease, now)]
        kept = [lease for lease in self._leases if now >= lease.deadline - MARGIN and self._wanted(lease, now)]
        fresh: list[Entry] = []
        doubtful: list[Entry] = []
        for lease in over:
            if not lease.orphan:
                entry, _ = self._entry(_expired(lease, now), lease.identity.key_id, lease.asked, now, lease.steps)
                (doubtful if lease.restored else fresh).append(_served_by(entry, lease))
            self._holding.drop(lease)
        if fresh or doubtful:
            metrics.EXPIRED.inc(len(fresh) + len(doubtful))
            log.warning("leases expired count=%d", len(fresh) + len(doubtful))
            if self._records.record(fresh, doubtful) is None:
                log.error("expired leases were not recorded, too many records wait")
        await self._holding.expire(kept, int(now) + DEADLINE, now - MARGIN)
        return len(fresh) + len(doubtful)

    def _wanted(self, lease: Open, now: float) -> bool:
        return not lease.orphan and lease.instance in self._connected and now < lease.opened_at + HARD_DEADLINE

    def _entry(self, outcome: Outcome, key_id: str, asked: str, now: float, steps: Sequence[Any] = ()) -> tuple[Entry, Amounts]:
        """The record, and what the key has spent by it. Without a lease to ask, the last attempt's model is
        all that is known of what was asked.
        """
        entry = Entry(outcome, key_id, asked, booked_at=int(now), decision=decisions.encode(steps) if steps else "")
        if outcome.attempts:
            last = outcome.attempts[-1]
            entry.asked_model = asked or last.model
            entry.account_id, entry.kind, entry.model = last.account_id, last.kind, last.model
        return entry, self._costs.settle(entry)


def _served_by(entry: Entry, lease: Open) -> Entry:
    """The record of a lease of which only is known which place it held."""
    if lease.seat is not None:
        entry.account_id, entry.kind, entry.model = lease.seat.account.id, lease.seat.account.kind, lease.wanted
    return entry


def _expired(lease: Open, now: float) -> Outcome:
    """What is known of a request whose end nobody reported."""
    opened = int(lease.opened_at * 1000)
    return Outcome(
        lease_id=lease.lease_id,
        request_id=lease.request_id,
        ending=Ending.FAILED,
        status=0,
        received_at_ms=opened,
        duration_ms=max(int(now * 1000) - opened, 0),
        dialect="",
        streamed=False,
        usage=Usage(),
        error=LEASE_EXPIRED,
    )
