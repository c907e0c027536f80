"""What rests an account, or one of its models, and how it comes back.

Each cause has a breaker of its own. It opens until a time; then it is half open: one request may
probe, all others still keep away. A probe that succeeds closes it, one that fails of anything the
account is to blame for opens it again, one that says nothing leaves the next request to probe. Who
finds nobody to serve may have an open breaker probed early; that is for scheduling to choose.

While a breaker is there no request but its probe can have begun since it opened. So a fault that
anybody else brings is part of what opened it: ten requests that were under way together are one fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

# A breaker that was let alone this long after its end starts from the beginning; so do faults in a row
# that were no reason for one yet.
FORGIVEN_AFTER = 600
# A probe that said nothing for so long makes room for the next: refusals come at once, and one long answer
# must not keep all others away for minutes. Whatever it says in the end still counts.
PROBE_PATIENCE = 60


class State(StrEnum):
    """CLOSED is the absence of a breaker. PROBING: half open, or open and healed early, while one request tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    PROBING = "probing"


class Event(StrEnum):
    """What happens to a breaker: FAULT is its own cause, at a request that is not its probe; SERVED such a
    request's success. PROBE_FAULT is anything that the account is to blame for, PROBE_MUTE no verdict.
    """

    FAULT = "fault"
    SERVED = "served"
    PROBE_FAULT = "probe-fault"
    PROBE_SERVED = "probe-served"
    PROBE_MUTE = "probe-mute"


class Step(StrEnum):
    """What becomes of it. PROLONG: it ends later if the upstream asks for that, and is no new strike."""

    KEEP = "keep"
    OPEN = "open"
    PROLONG = "prolong"
    REOPEN = "reopen"
    CLOSE = "close"
    FREE = "free"


@dataclass(slots=True)
class Breaker:
    """One cause at one account. `model` is empty for the whole account. Times are epoch seconds.

    `strikes`: how often it opened in a row. `asked`: `until` is to be waited for, because the upstream
    itself named it or the cause never passes early. `probe`: the lease that probes now, empty when none
    does; `probed_at` when it began to. `overdue`: leases that probed for too long and still do.
    """

    cause: str
    model: str
    reason: str
    since: float
    until: float
    strikes: int = 1
    asked: bool = False
    probe: str = ""
    probed_at: float = 0.0
    overdue: tuple[str, ...] = ()

    def tried_by(self, lease_id: str) -> bool:
        """Whether the lease's request is a probe of this breaker."""
        return bool(lease_id) and (self.probe == lease_id or lease_id in self.overdue)


# By cause and model.
Breakers = Mapping[tuple[str, str], Breaker]


def state(breaker: Breaker | None, now: float) -> State:
    if breaker is None:
        return State.CLOSED
    if breaker.probe:
        return State.PROBING
    return State.OPEN if now < breaker.until else State.HALF_OPEN


def step(breaker: Breaker | None, event: Event, now: float) -> Step:
    """What the event does to the breaker, None: there is none."""
    return TRANSITIONS[state(breaker, now)][event]


def strikes(breaker: Breaker | None, now: float) -> int:
    """How often it opened in a row, as far as that still counts."""
    return breaker.strikes if breaker is not None and now - breaker.until <= FORGIVEN_AFTER else 0


def obstacle(breakers: Breakers, model: str, now: float) -> Breaker | None:
    """What keeps a request for the model out: of the open breakers the one that ends last, else a half
    open one that is being probed. None: it may pass, perhaps as the probe.
    """
    found: Breaker | None = None
    for breaker in breakers.values():
        if breaker.model not in ("", model) or not (now < breaker.until or breaker.probe):
            continue
        if found is None or breaker.until > found.until:
            found = breaker
    return found


def longest(breakers: Breakers) -> Breaker | None:
    """Of those that rest the whole account the one that ends last, whether it has ended or not."""
    return max((breaker for breaker in breakers.values() if not breaker.model), key=lambda breaker: breaker.until, default=None)


def _row(*steps: Step) -> Mapping[Event, Step]:
    return dict(zip(Event, steps, strict=True))


# In the order of Event. Without a probe none of its events can happen.
_TRIED = _row(Step.PROLONG, Step.KEEP, Step.REOPEN, Step.CLOSE, Step.FREE)
TRANSITIONS: Mapping[State, Mapping[Event, Step]] = {
    State.CLOSED: _row(Step.OPEN, Step.KEEP, Step.KEEP, Step.KEEP, Step.KEEP),
    State.OPEN: _row(Step.PROLONG, Step.KEEP, Step.KEEP, Step.KEEP, Step.KEEP),
    # By probes that are overdue.
    State.HALF_OPEN: _TRIED,
    State.PROBING: _TRIED,
}
