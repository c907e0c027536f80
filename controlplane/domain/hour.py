"""Requests by the hour of their end: how many there were of each outcome, how long their clients waited, what they used."""

from dataclasses import dataclass

from controlplane.domain.outcome import Ending

HOUR = 3600  # seconds


@dataclass(frozen=True, slots=True)
class HourCount:
    """Requests that ended alike in one hour. `start`: its first second, epoch seconds. `bucket`: the class of their
    times to the first event (`policy.percentiles`), 0 for those that had none. `tokens` and `cost` are of the gateway's
    own calls too, which are no requests.
    """

    start: int
    ending: Ending
    bucket: int
    count: int
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour in the overview. `p50` and `p95`: milliseconds to the first event, None where no request had one.
    What the gateway asked itself is in `tokens` and `cost`, but is no request.
    """

    start: int
    served: int = 0
    failed: int = 0
    cut: int = 0
    cancelled: int = 0
    p50: float | None = None
    p95: float | None = None
    tokens: int = 0
    cost: float = 0.0
