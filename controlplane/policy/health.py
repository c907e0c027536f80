"""How well an account does lately: a mark between 0 and 100 and what it is made of.

The mark falls with what the account is to blame for and rises with what it serves; left alone it
recovers with time, which is applied where it is read (`candidates.health_now`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp2

from controlplane.policy import cooldown
from controlplane.policy.candidates import FULL_HEALTH, HEALTH_HALF, LATENCY_HALF

GAIN = 0.2  # of what is missing, for each request that was served
LOSS = 0.3  # of what is there, for each fault
WHOLE = 99.9  # from here on the mark is full: the usual account costs no arithmetic
SMOOTHING = 0.2  # weight of the newest request in the latency
ORDINARY = 1.5  # seconds to a first event that are nothing remarkable; nobody is taken to be slower unseen
WINDOW = 300.0  # seconds; the tally knows between one and two of them


def gained(health: float) -> float:
    """The mark after a request that was served."""
    risen = health + (FULL_HEALTH - health) * GAIN
    return FULL_HEALTH if risen > WHOLE else risen


def lost(health: float) -> float:
    """The mark after a fault that the account is to blame for."""
    return health * (1 - LOSS)


def pardoned(health: float, loss: float, elapsed: float) -> float:
    """The mark after so much that was taken from it so many seconds ago is given back, less what came back by itself."""
    risen = health + loss * exp2(-max(0.0, elapsed) / HEALTH_HALF)
    return FULL_HEALTH if risen > WHOLE else risen


def smoothed(before: float, sample: float, elapsed: float) -> float:
    """Seconds to the first event, averaged so that it forgets; `before`, 0 unknown, was so `elapsed` seconds ago.

    What was long ago counts less, and gives way to what is ordinary: one slow answer, be it the first of all or
    the first for hours, does not make a slow account.
    """
    start = min(sample, ORDINARY)
    prior = start + (before - start) * exp2(-max(0.0, elapsed) / LATENCY_HALF) if before else start
    return prior + (sample - prior) * SMOOTHING


@dataclass(slots=True)
class Tally:
    """Attempts in the window that ends at `until` (epoch seconds), and in the one before."""

    until: float = 0.0
    served: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    served_before: int = 0
    faults_before: dict[str, int] = field(default_factory=dict)

    def serve(self, now: float) -> None:
        if now >= self.until:
            self._roll(now)
        self.served += 1

    def fail(self, cause: str, now: float) -> None:
        if now >= self.until:
            self._roll(now)
        self.faults[cause] = self.faults.get(cause, 0) + 1

    def pardon(self, cause: str, now: float) -> None:
        """One of these faults was none."""
        if now >= self.until:
            self._roll(now)
        for counts in (self.faults, self.faults_before):
            if counts.get(cause, 0):
                counts[cause] -= 1
                if not counts[cause]:
                    del counts[cause]
                return

    def causes(self, now: float) -> Mapping[str, int]:
        """Faults by cause, lately."""
        if now >= self.until:
            self._roll(now)
        found = dict(self.faults_before)
        for cause, count in self.faults.items():
            found[cause] = found.get(cause, 0) + count
        return found

    def share(self, now: float) -> float | None:
        """What part of the attempts succeeded, of those that say something about the account; None: there were none."""
        failed = sum(count for cause, count in self.causes(now).items() if cooldown.blames(cause))
        served = self.served + self.served_before
        return served / (served + failed) if served + failed else None

    def _roll(self, now: float) -> None:
        """Begin a new window; what is older than the last one is forgotten."""
        gap = now - self.until >= WINDOW
        self.served_before, self.faults_before = (0, {}) if gap else (self.served, self.faults)
        self.served, self.faults = 0, {}
        self.until = now + WINDOW
