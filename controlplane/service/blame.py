"""What a fault did to an account, so that it can be undone where the request turns out to be to blame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from controlplane.domain.outcome import Attempt
from controlplane.policy import health
from controlplane.policy.breaker import Breaker
from controlplane.service.roster import Seat

# Seconds that a judgement may wait for the end of its request; later the account may be well again.
FRESH = 60.0


@dataclass(slots=True)
class Blame:
    """A fault of one request that may be the request's own. `at`: epoch seconds. `held`: it is held against the
    account. `loss`: what it took of its health. `strikes`: like faults in a row before it, with the time of
    the last. `opened`: the breakers that it opened, each with what was in its place.
    """

    seat: Seat
    attempt: Attempt
    at: float
    renewed: bool = False
    held: bool = False
    loss: float = 0.0
    strikes: tuple[int, float] | None = None
    opened: Sequence[tuple[Breaker | None, Breaker]] = ()


def recorded(seat: Seat, attempt: Attempt, now: float, before: Mapping[tuple[str, str], Breaker]) -> Blame:
    """The blame as far as it shows in the breakers, which were `before`."""
    opened = [(before.get(key), found) for key, found in seat.candidate.breakers.items() if before.get(key) is not found]
    return Blame(seat, attempt, now, held=True, opened=opened)


def undo(blame: Blame, health_now: float, now: float) -> bool:
    """Take it back; whether how the account stands changed. What came after it stays: a breaker that opened
    again since has reasons of its own, and a wait that the upstream asked for is kept.
    """
    blame.held = False
    if not blame.loss:
        return False  # it was part of what rested the account already
    seat, candidate = blame.seat, blame.seat.candidate
    candidate.health, candidate.health_at = health.pardoned(health_now, blame.loss, now - blame.at), now
    seat.tally.pardon(blame.attempt.fault, now)
    if not any(found.cause == blame.attempt.fault for _, found in blame.opened):
        _unstrike(seat, blame.attempt.fault)
    changed = False
    for before, found in blame.opened:
        if candidate.breakers.get((found.cause, found.model)) is found:
            _reset(seat, before, found)
            changed = True
            if blame.strikes is not None and found.cause == blame.attempt.fault:
                seat.strikes[found.cause] = blame.strikes
    return changed


def _reset(seat: Seat, before: Breaker | None, found: Breaker) -> None:
    seat.close(found)
    if before is not None:
        # It was half open: the next request tries.
        seat.candidate.breakers[before.cause, before.model] = replace(before, probe="", probed_at=0.0, overdue=())
        seat.cool()


def _unstrike(seat: Seat, cause: str) -> None:
    """One like fault in a row less, unless a success has forgotten them all since."""
    count, last = seat.strikes.get(cause, (0, 0.0))
    if count > 1:
        seat.strikes[cause] = count - 1, last
    else:
        seat.strikes.pop(cause, None)
