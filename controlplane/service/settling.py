"""The end of leases: what attempts say about accounts, what is recorded and booked, what returns by rule."""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane.domain.lease import Ask, HeldLease, Identity, Refusal
from controlplane.domain.limits import NOTHING, Amounts, Booking, Claim
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, Entry, Outcome, Usage
from controlplane.policy import decisions
from controlplane.service import metrics, refusals
from controlplane.service.costs import Costs
from controlplane.service.health import Health
from controlplane.service.holding import Holding
from controlplane.service.leases import DEADLINE, Leases, Open, causing, marks, payer, reserved
from controlplane.service.ports import Clock
from controlplane.service.records import Records
from controlplane.service.sequences import Sequences
from controlplane.service.work import Work

log = logging.getLogger(__name__)

HARD_DEADLINE = 6 * 3600  # no request lasts longer, whatever its data plane says
LONGEST_NAME = 200  # what is kept of a model's name as the client wrote it
MARGIN = 60  # seconds; what is still wanted is kept before its time is over
NO_RESERVATIONS: Mapping[str, Amounts] = {}


@dataclass(slots=True)
class _Batch:
    """What becomes of the outcomes of one settlement. `supposed`: what those may have spent whose leases
    are not known. `again`: some came before, and it is not known yet whether they are new.
    """

    fresh: list[Entry] = field(default_factory=list)
    doubtful: list[Entry] = field(default_factory=list)
    supposed: list[Claim] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    closing: list[Open] = field(default_factory=list)
    again: bool = False


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
        self._sessions: Counter[str] = Counter()

    def settle(self, outcomes: Sequence[Outcome], instance: str) -> Work[asyncio.Future[None] | None]:
        """Close the leases of these outcomes. The future ends when all are durable; None when there is no
        room for records: then they must come again. Raises LedgerAway, likewise.
        """
        now = self._clock.now()
        batch = _Batch()
        for outcome in outcomes:
            self._sequences.seen(instance, outcome.sequence, now)
            lease = self._leases.find(outcome.lease_id)
            if lease is not None:
                self._close(lease, outcome, batch, now)
                continue
            if self._holding.supposes(outcome.lease_id):
                batch.again = True  # it is still being written
                continue
            # What comes twice in one settlement counts once: the first is found already there.
            key_id = payer(outcome.lease_id)
            entry, spent = self._entry(outcome, key_id, "", now)
            batch.doubtful.append(entry)
            batch.supposed.append(Claim(outcome.lease_id, self._leases.payers(key_id), spent, int(now) + DEADLINE))
        try:
            yield from self._holding.settle(batch.bookings)
        except BaseException:
            self._unclosed(batch)
            raise
        for lease in batch.closing:
            lease.held = False
        durable = self._records.record(batch.fresh, batch.doubtful)
        if durable is None:
            self._unclosed(batch)
        else:
            # Until the records tell whether they are new, they are taken to be.
            self._holding.suppose(batch.supposed)
        return durable if durable is None or not (batch.again or batch.doubtful) else asyncio.ensure_future(self._heard(durable))

    async def _heard(self, durable: asyncio.Future[None]) -> None:
        """The ledger has heard of it too."""
        await durable
        await self._holding.drain()

    def decided(self, entries: Sequence[Entry], inserted: Collection[str]) -> None:
        """The records of doubtful entries tell which of them are new: those count."""
        bookings: dict[str, Booking] = {}
        for entry in entries:
            lease_id = entry.outcome.lease_id
            spent = self._costs.spent(entry) if lease_id in inserted else NOTHING
            bookings.setdefault(lease_id, Booking(lease_id, entry.key_id, spent))
        self._holding.decided(list(bookings.values()))

    def _close(self, lease: Open, outcome: Outcome, batch: "_Batch", now: float) -> None:
        if lease.ending is None:
            self.attempted(lease, outcome.attempts, outcome)
            lease.ending = self._entry(outcome, lease.identity.key_id, lease.asked, now, lease.steps)
        entry, spent = lease.ending
        (batch.doubtful if lease.restored else batch.fresh).append(entry)
        if lease.held:
            batch.bookings.append(Booking(lease.lease_id, lease.identity.key_id, spent))
        batch.closing.append(lease)
        self._holding.ended(lease)

    def _unclosed(self, batch: "_Batch") -> None:
        """The outcomes will come again, and shall find their leases; of the places they held nothing is held."""
        for lease in batch.closing:
            self._holding.unended(lease)

    def attempted(self, lease: Open, attempts: Sequence[Attempt], outcome: Outcome | None = None) -> None:
        """Act on attempts that were not seen yet, so that one reported early does not count twice. With an
        `outcome` that was served, the attempt without a fault is a success.
        """
        for attempt in attempts:
            seat = self._health.find(attempt.account_id)
            if seat is None or (lease.seen and marks(attempt) in lease.seen) or _stale(lease, attempt, outcome):
                continue
            if attempt.fault:
                lease.seen |= {marks(attempt)}
            self._health.attempted(lease, seat, attempt, outcome)

    def refused(self, identity: Identity, ask: Ask, refusal: Refusal, lease: Open | None = None) -> Refusal:
        """Record an authenticated request that was turned away before it had a lease; nobody else will."""
        metrics.REFUSED.labels(refusal.reason.name.lower()).inc()
        status, code = refusals.RECORDED[refusal.reason]
        now = self._clock.now()
        received = ask.received_at_ms or int(now * 1000)
        outcome = Outcome(
            lease.lease_id if lease is not None else self._leases.new_id(identity.key_id, identity.cause),
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

    def hello(
        self,
        instance: str,
        leases: Sequence[HeldLease],
        reservations: Mapping[str, Amounts] = NO_RESERVATIONS,
        settled_through: int = 0,
        unsettled: Collection[str] = (),
    ) -> int:
        """A data plane (re)opens its session and says what it holds, and of which leases outcomes will
        follow. `reservations`: how many tokens and credits each holds, NOTHING where that is not known. The number of
        this session among the data plane's.

        What it does not name it does not hold: the answer got lost with the old session, and the request
        is asked again.
        """
        self._connected[instance] += 1
        self._sessions[instance] += 1
        now = self._clock.now()
        self._sequences.hello(instance, settled_through, now)
        held = (*leases, *(reserved(lease_id, amounts, now) for lease_id, amounts in reservations.items()))
        names, late = {lease.lease_id for lease in held}, set(unsettled)
        for lease in self._leases:
            if lease.instance == instance and lease.lease_id not in names:
                (self._holding.leave if lease.lease_id in late else self._holding.drop)(lease)
        for lease_held in held:
            if self._leases.find(lease_held.lease_id) is None:
                seat = self._health.find(lease_held.account_id)
                refreshing = self._health.refreshing(lease_held.account_id)
                self._holding.restore(self._leases.restored(lease_held, instance, now, refreshing), seat)
        return self._sessions[instance]

    def newest(self, instance: str, session: int) -> bool:
        """Whether the data plane still listens to that session: one that broke may not have ended yet."""
        return not instance or self._sessions[instance] == session

    def gone(self, instance: str) -> None:
        """A session ended. Its leases keep what they hold until the data plane is back or their deadline."""
        self._connected[instance] -= 1
        if self._connected[instance] <= 0:
            del self._connected[instance]

    async def expire(self) -> int:
        """Return by rule what nobody reports: leases past their deadline whose data plane is away.
        How many there were. Raises LedgerAway.
        """
        now = self._clock.now()
        wanted = [lease for lease in self._leases if now >= lease.deadline - MARGIN and self._wanted(lease, now)]
        await self._holding.keep(wanted, int(now) + DEADLINE)
        expired = set(await self._holding.expire())
        batch = _Batch()
        for lease in self._leases:
            if lease.lease_id not in expired and (now < lease.deadline or self._wanted(lease, now)):
                continue
            # What is past its time and did not expire is held by another process, or by nobody.
            if lease.lease_id in expired or lease.ending is not None:
                self._expire(lease, batch, now)
            self._holding.ended(lease)
        self._holding.decided(batch.bookings)
        count = len(batch.fresh) + len(batch.doubtful)
        if count:
            metrics.EXPIRED.inc(count)
            log.warning("leases expired count=%d", count)
            if self._records.record(batch.fresh, batch.doubtful) is None:
                log.error("expired leases were not recorded, too many records wait")
        return count

    def _expire(self, lease: Open, batch: "_Batch", now: float) -> None:
        """The record of a lease that nobody settles; what came of its outcome, if it came, is what counts."""
        ending = lease.ending
        if ending is None:
            entry, _ = self._entry(_expired(lease, now), lease.identity.key_id, lease.asked, now, lease.steps)
            ending = _served_by(entry, lease), NOTHING
        (batch.doubtful if lease.restored else batch.fresh).append(ending[0])
        if ending[1] != NOTHING:
            batch.bookings.append(Booking(lease.lease_id, lease.identity.key_id, ending[1]))

    def _wanted(self, lease: Open, now: float) -> bool:
        return not lease.orphan and lease.instance in self._connected and now < lease.opened_at + HARD_DEADLINE

    def _entry(self, outcome: Outcome, key_id: str, asked: str, now: float, steps: Sequence[Any] = ()) -> tuple[Entry, Amounts]:
        """The record, and what the key has spent by it. Without a lease to ask, the last attempt's model is
        all that is known of what was asked.
        """
        decision, cause = decisions.encode(steps) if steps else "", causing(outcome.lease_id)
        entry = Entry(outcome, key_id, asked[:LONGEST_NAME], booked_at=int(now), decision=decision, cause=cause)
        if outcome.attempts:
            last = outcome.attempts[-1]
            entry.asked_model = entry.asked_model or last.model
            entry.account_id, entry.kind, entry.model = last.account_id, last.kind, last.model
        return entry, self._costs.settle(entry)


def _stale(lease: Open, attempt: Attempt, outcome: Outcome | None) -> bool:
    """Whether the attempt of a lease that this process forgot was over before it started: it was judged then."""
    return lease.restored and outcome is not None and outcome.received_at_ms + attempt.ended_ms < lease.opened_at * 1000


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
