"""What rests an account, or one of its models, and how it comes back.

Each cause has a breaker of its own. It opens until a time; then it is half open: one request may
probe, all others still keep away. A probe that succeeds closes it, one that fails of anything the
account is to blame for opens it again, one that says nothing leaves the next request to probe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """CLOSED is the absence of a breaker."""

    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class Breaker:
    """One cause at one account. `model` is empty for the whole account. Times are epoch seconds.

    `strikes`: how often it opened in a row. `asked`: the upstream itself named `until`. `probe`: the
    lease that probes now, empty when none does.
    """

    cause: str
    model: str
    reason: str
    since: float
    until: float
    strikes: int = 1
    asked: bool = False
    probe: str = ""


# By cause and model.
Breakers = Mapping[tuple[str, str], Breaker]


def state(breaker: Breaker, now: float) -> State:
    return State.OPEN if now < breaker.until else State.HALF_OPEN


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
