"""The end of leases: what attempts say about accounts, what is recorded, what returns by rule."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from controlplane.domain.lease import Ask, HeldLease, Identity, Refusal
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, Entry, Outcome, Usage
from controlplane.policy import cooldown
from controlplane.service import metrics, refusals
from controlplane.service.learning import Learning
from controlplane.service.leases import Leases, Open, marks, payer, reserved, restored
from controlplane.service.ports import Clock
from controlplane.service.records import Records
from controlplane.service.roster import Roster
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

CREDENTIAL_REJECTED = "credential_rejected"
HARD_DEADLINE = 6 * 3600  # no request lasts longer, whatever its data plane says


class Settling:
    """Closes leases, each exactly once, and keeps the places they hold exact."""

    def __init__(self, leases: Leases, roster: Roster, standings: Standings, learning: Learning, records: Records, clock: Clock) -> None:
        self._leases = leases
        self._roster = roster
        self._standings = standings
        self._learning = learning
        self._records = records
        self._clock = clock
        self._connected: Counter[str] = Counter()

    def settle(self, outcomes: Sequence[Outcome]) -> asyncio.Future[None] | None:
        """Close the leases of these outcomes. The future ends when all are durable; None when the
        records have no room: then they must come again.
        """
        fresh: list[Entry] = []
        doubtful: list[Entry] = []
        closing: dict[str, Open] = {}
        for outcome in outcomes:
            lease = self._leases.find(outcome.lease_id)
            if lease is None:
                doubtful.append(_entry(outcome, payer(outcome.lease_id), ""))
                continue
            self.attempted(lease, outcome.attempts, served=outcome.ending is Ending.SERVED)
            self._leases.leave(lease)
            # What comes twice in one settlement counts once: the first is found already there.
            again = lease.lease_id in closing
            closing[lease.lease_id] = lease
            (doubtful if lease.restored or again else fresh).append(_entry(outcome, lease.identity.key_id, lease.asked))
        durable = self._records.record(fresh, doubtful)
        if durable is not None:
            for lease in closing.values():
                self._leases.close(lease)
        return durable

    def attempted(self, lease: Open, attempts: Sequence[Attempt], *, served: bool = False) -> None:
        """Act on attempts that were not seen yet, so that one reported early does not count twice.
        `served`: the request was, so its attempt without a fault is a success.
        """
        for attempt in attempts:
            mark = marks(attempt)
            seat = self._roster.find(attempt.account_id)
            if mark in lease.seen or seat is None:
                continue
            lease.seen.add(mark)
            self._standings.reached(seat, attempt)
            if attempt.learned:
                self._learning.learned(seat, attempt.learned)
            if attempt.fault in lease.faults and cooldown.contagious(attempt.fault):
                continue  # one client's bad luck must not rest every account it is tried on
            if attempt.fault:
                lease.faults.add(attempt.fault)
            self._standings.attempted(seat, attempt, renewed=_renewed(lease, attempt), served=served)

    def refused(self, lease_id: str, identity: Identity, ask: Ask, refusal: Refusal) -> None:
        """Record an authenticated request that was turned away before it had a lease."""
        metrics.REFUSED.labels(refusal.reason.name.lower()).inc()
        status, code = refusals.RECORDED[refusal.reason]
        now = int(self._clock.now() * 1000)
        received = ask.received_at_ms or now
        outcome = Outcome(
            lease_id,
            ask.request_id,
            Ending.FAILED,
            status,
            received,
            max(0, now - received),
            ask.dialect,
            ask.streamed,
            Usage(),
            error=code,
        )
        if self._records.record((_entry(outcome, identity.key_id, ask.model),)) is None:
            log.error("a refusal was not recorded, too many records wait request=%s", ask.request_id)

    def hello(self, instance: str, leases: Sequence[HeldLease], reservations: Sequence[str]) -> None:
        """A data plane (re)opens its session and says what it holds. What it does not name it does not
        hold: the answer got lost with the old session, and the request was asked again.
        """
        self._connected[instance] += 1
        now = self._clock.now()
        held = (*leases, *(reserved(lease_id, now) for lease_id in reservations))
        names = {lease.lease_id for lease in held}
        for lease in self._leases:
            if lease.instance == instance and lease.lease_id not in names:
                self._leases.leave(lease)
        for lease_held in held:
            if self._leases.find(lease_held.lease_id) is None:
                self._restore(restored(lease_held, instance, now), lease_held.account_id)

    def gone(self, instance: str) -> None:
        """A session ended. Its leases keep what they hold until the data plane is back or their deadline."""
        self._connected[instance] -= 1
        if self._connected[instance] <= 0:
            del self._connected[instance]

    def expire(self) -> int:
        """Return by rule what nobody reports: leases past their deadline whose data plane is away.
        How many there were.
        """
        now = self._clock.now()
        entries: list[Entry] = []
        again: list[Entry] = []
        for lease in self._leases:
            held = not lease.orphan and lease.instance in self._connected and now < lease.opened_at + HARD_DEADLINE
            if held or now < lease.deadline:
                continue
            if not lease.orphan:
                (again if lease.restored else entries).append(_expired(lease, now))
            self._leases.close(lease)
        if entries or again:
            metrics.EXPIRED.inc(len(entries) + len(again))
            log.warning("leases expired count=%d", len(entries) + len(again))
            if self._records.record(entries, again) is None:
                log.error("expired leases were not recorded, too many records wait")
        return len(entries) + len(again)

    def _restore(self, lease: Open, account_id: str) -> None:
        self._leases.add(lease)
        seat = self._roster.find(account_id)
        if seat is not None:
            self._leases.take(lease, seat)


def _renewed(lease: Open, attempt: Attempt) -> bool:
    """Whether the attempt was made with a bearer that replaced a refused one."""
    again = lease.renewed == attempt.account_id and attempt.account_id in lease.refused
    if attempt.fault == CREDENTIAL_REJECTED:
        lease.refused.add(attempt.account_id)
    return again


def _entry(outcome: Outcome, key_id: str, asked: str) -> Entry:
    """The record; without a lease to ask, the last attempt's model is all that is known."""
    if not outcome.attempts:
        return Entry(outcome, key_id, asked)
    last = outcome.attempts[-1]
    return Entry(outcome, key_id, asked or last.model, last.account_id, last.kind, last.model)


def _expired(lease: Open, now: float) -> Entry:
    """The record of a request whose end nobody reported."""
    opened = int(lease.opened_at * 1000)
    outcome = Outcome(
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
    account = lease.seat.account if lease.seat is not None else None
    return Entry(
        outcome,
        lease.identity.key_id,
        lease.asked,
        account.id if account else "",
        account.kind if account else "",
        lease.wanted if account else "",
    )
