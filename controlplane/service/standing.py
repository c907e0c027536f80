"""How accounts stand: changed in memory at once, stored in the background.

Attempts report faults on the hot path, which waits for no database; and how an account stands is
not worth a request's delay. Should the process die in between, the next fault says it again.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from controlplane.domain.account import AuthMethod, Status
from controlplane.domain.kinds import KINDS
from controlplane.domain.outcome import Attempt
from controlplane.policy import breaker, ceiling, cooldown, health
from controlplane.policy.breaker import Breaker, Event, Step
from controlplane.policy.candidates import FULL_HEALTH, health_now
from controlplane.policy.cooldown import Fault, Rest, Rule
from controlplane.service import blame
from controlplane.service.background import Background
from controlplane.service.blame import FRESH, Blame
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

    def attempted(
        self, seat: Seat, attempt: Attempt, *, renewed: bool, served: bool = True, lease_id: str = "", latency: float | None = None
    ) -> Blame | None:
        """Take in one attempt: a success clears strikes, a fault may put the account out. Without a
        fault and not `served` it says nothing: the client went away before anybody knew. A cause
        that is unknown here comes from a newer data plane and changes nothing.

        `renewed`: it was made with a bearer that replaced a refused one. `lease_id` tells whether it was a
        probe, `latency` is seconds to its first event. The answer is what may be taken back, see `pardon`.
        """
        if not attempt.fault:
            if served:
                self._served(seat, attempt.model, lease_id, latency)
        elif cooldown.carried(attempt.fault):
            return self._recorded(seat, attempt, lease_id, renewed=renewed)
        elif attempt.fault in cooldown.TABLE:
            self._failed(seat, attempt, lease_id, renewed=renewed)
        else:
            log.warning("unknown fault account=%s fault=%s", seat.account.id, attempt.fault)
        return None

    def withheld(self, seat: Seat, attempt: Attempt, *, renewed: bool) -> Blame:
        """A fault that speaks for the request, as far as is known yet."""
        return Blame(seat, attempt, self._clock.now(), renewed)

    def pardon(self, found: Blame) -> None:
        """The fault was the request's: what it did to the account is undone."""
        if not found.held:
            return
        now = self._clock.now()
        if blame.undo(found, health_now(found.seat.candidate, now), now):
            self._told(found.seat)

    def charge(self, found: Blame) -> None:
        """The fault was the account's after all: another one served the request."""
        if not found.held and self._clock.now() < found.at + FRESH:
            found.held = True
            self._failed(found.seat, found.attempt, "", renewed=found.renewed)

    def probe(self, seat: Seat, breakers: Sequence[Breaker], lease_id: str) -> None:
        """The lease's request tries these breakers of the account out. One that another request tries already stays that one's."""
        now = self._clock.now()
        for wanted in breakers:
            found = seat.candidate.breakers.get((wanted.cause, wanted.model))
            if found is not None and not found.probe:
                found.probe, found.probed_at = lease_id, now

    def release(self, seat: Seat, lease_id: str) -> None:
        """The lease gives its place back; what it was to try out and said nothing of, the next request tries."""
        now = self._clock.now()
        for found in seat.candidate.breakers.values():
            if found.tried_by(lease_id) and breaker.step(found, Event.PROBE_MUTE, now) is Step.FREE:
                found.probe = "" if found.probe == lease_id else found.probe
                found.overdue = tuple(late for late in found.overdue if late != lease_id)

    def tend(self, seat: Seat) -> None:
        """The background's visit: let the next request try what a probe is long silent about, and drop a
        ceiling that has had its time.
        """
        now = self._clock.now()
        for found in seat.candidate.breakers.values():
            if found.probe and now >= found.probed_at + breaker.PROBE_PATIENCE:
                found.probe, found.overdue = "", (*found.overdue, found.probe)
        if seat.ceiling is not None:
            seat.bear(ceiling.lasting(seat.ceiling, now))

    def rest(self, seat: Seat, rest: Rest, model: str = "") -> None:
        """Put an account or its model out, unless it is out for something graver."""
        if seat.rest(rest, model, self._clock.now()):
            self._told(seat)

    def lift(self, seat: Seat, reason: str) -> None:
        """End rests that were put for this reason: it holds no more."""
        if seat.lift(reason):
            self._told(seat)

    def put(self, seat: Seat, status: Status, reason: str, until: int = 0) -> None:
        """Set how an account stands because its provider said so."""
        seat.stand(Standing(status, reason, until))
        self._told(seat)

    def unpark(self, seat: Seat) -> None:
        """An exhausted account has allowance again: it returns to the pool, with whatever else rests it."""
        if seat.unpark():
            self._told(seat)

    def told(self, seat: Seat) -> None:
        """Store how the account stands: it was stored anew."""
        self._told(seat)

    async def restore(self, seat: Seat) -> None:
        """Return an account to the pool, stored before it is done."""
        async with seat.saving:
            await self._store.set_standing(seat.account.id, Standing())
        seat.stand(Standing())

    def _served(self, seat: Seat, model: str, lease_id: str, latency: float | None) -> None:
        """A request was served. This runs for every request: what an account does not have costs nothing."""
        candidate, now = seat.candidate, self._clock.now()
        seat.tally.serve(now)
        if latency is not None:
            # Four digits are plenty, and keep the records of choices short.
            candidate.latency = round(health.smoothed(candidate.latency, latency, now - candidate.latency_at), 4)
            candidate.latency_at = now // 1
        if candidate.health < FULL_HEALTH:
            candidate.health, candidate.health_at = health.gained(health_now(candidate, now)), now
        if seat.strikes:
            seat.strikes.clear()
        if seat.ceiling is not None:
            seat.bear(ceiling.served(seat.ceiling, now))
        if candidate.breakers:
            self._proved(seat, model, lease_id, now)

    def _proved(self, seat: Seat, model: str, lease_id: str, now: float) -> None:
        """Close the breakers that the success was a probe of."""
        proved = []
        for found in seat.candidate.breakers.values():
            event = Event.PROBE_SERVED if found.tried_by(lease_id) else Event.SERVED
            if found.model in ("", model) and breaker.step(found, event, now) is Step.CLOSE:
                proved.append(found)
        for found in proved:
            seat.close(found)
        if proved:
            self._told(seat)

    def _recorded(self, seat: Seat, attempt: Attempt, lease_id: str, *, renewed: bool) -> Blame:
        """As `_failed`, keeping what it changes."""
        now, candidate = self._clock.now(), seat.candidate
        breakers, strikes, mark = dict(candidate.breakers), seat.strikes.get(attempt.fault), health_now(candidate, now)
        self._failed(seat, attempt, lease_id, renewed=renewed)
        found = blame.recorded(seat, attempt, now, breakers)
        found.renewed, found.strikes, found.loss = renewed, strikes, mark - health_now(candidate, now)
        return found

    def _failed(self, seat: Seat, attempt: Attempt, lease_id: str, *, renewed: bool) -> None:
        now = self._clock.now()
        seat.recover(now)
        cause = _cause(seat, attempt)
        rule = cooldown.TABLE[cause]
        own = seat.candidate.breakers.get((cause, attempt.model if rule.scope is cooldown.Scope.MODEL else ""))
        event = Event.PROBE_FAULT if own is not None and own.tried_by(lease_id) else Event.FAULT
        # Where an account is asked what it has left, that tells more than what a refusal asks for.
        vain = cause == cooldown.EXHAUSTED and KINDS[seat.account.kind].allowance
        fault = Fault(
            cause,
            0,
            None if vain else attempt.retry_after,
            renewed or seat.fixed,
            seat.allowance.resets_at if seat.allowance else 0,
        )
        if own is not None and breaker.step(own, event, now) is Step.PROLONG:
            changed = self._prolonged(seat, own, fault, now)
        else:
            changed = self._opened(seat, attempt.model, fault, own, now)
            if rule.blames and (fault.renewed or not rule.renewed_only):
                changed |= self._disproved(seat, lease_id, now)
        if changed:
            self._told(seat)

    def _prolonged(self, seat: Seat, own: Breaker, fault: Fault, now: float) -> bool:
        """The fault belongs to what opened the breaker; only what the upstream asks for is news."""
        rest = cooldown.after(replace(fault, strikes=cooldown.TABLE[fault.cause].spared), now)
        return rest is not None and rest.asked and seat.prolong(own, rest.until)

    def _opened(self, seat: Seat, model: str, fault: Fault, own: Breaker | None, now: float) -> bool:
        """Hold a new fault against the account; whether that puts it out."""
        rule = cooldown.TABLE[fault.cause]
        self._blamed(seat, fault.cause, rule, now)
        rest = cooldown.after(replace(fault, strikes=self._strikes(seat, fault.cause, own, now)), now)
        if rest is None or not seat.rest(rest, model, now):
            return False
        if rule.crowded:
            seat.bear(ceiling.lowered(seat.ceiling, seat.candidate.in_flight, now))
        return True

    def _strikes(self, seat: Seat, cause: str, own: Breaker | None, now: float) -> int:
        """Like faults in a row before this one; where a breaker opens again, those that were spared went before."""
        spared = cooldown.TABLE[cause].spared
        if own is not None:
            return spared + breaker.strikes(own, now)
        return seat.strike(cause, now) if spared else 0

    def _blamed(self, seat: Seat, cause: str, rule: Rule, now: float) -> None:
        """The fault's mark on the account's health."""
        candidate = seat.candidate
        if cooldown.counts(cause):
            seat.tally.fail(cause, now)
        if rule.blames:
            candidate.health, candidate.health_at = health.lost(health_now(candidate, now)), now
            if seat.ceiling is not None:
                seat.ceiling.run = 0

    def _disproved(self, seat: Seat, lease_id: str, now: float) -> bool:
        """Open again what the lease tried out, for longer each time."""
        changed = False
        for found in tuple(seat.candidate.breakers.values()):
            if not found.tried_by(lease_id) or breaker.step(found, Event.PROBE_FAULT, now) is not Step.REOPEN:
                continue
            strikes = cooldown.TABLE[found.cause].spared + breaker.strikes(found, now)
            rest = cooldown.after(Fault(found.cause, strikes), now)
            changed |= rest is not None and seat.rest(rest, found.model, now)
        return changed

    def _told(self, seat: Seat) -> None:
        standing = seat.standing
        log.info(
            "account stands id=%s status=%s until=%s reason=%s breakers=%d",
            seat.account.id,
            standing.status.value,
            standing.until,
            standing.reason,
            len(seat.candidate.breakers),
        )
        self._background.spawn(self._save(seat), "save standing")

    async def _save(self, seat: Seat) -> None:
        """Stores what holds when its turn comes, one after the other, so that the last word wins: two at a time may
        be committed in any order.
        """
        async with seat.saving:
            breakers = tuple(replace(found, probe="", probed_at=0.0, overdue=()) for found in seat.candidate.breakers.values())
            await self._store.set_standing(seat.account.id, replace(seat.standing, breakers=breakers))


def _cause(seat: Seat, attempt: Attempt) -> str:
    """The row for the attempt's fault at this account."""
    cause = cooldown.cause_of(attempt.fault, attempt.retry_after)
    # There is no login that could mend it.
    return cooldown.REFUSED_ANYHOW if cause == cooldown.REJECTED and seat.account.auth_method is AuthMethod.NONCE else cause
