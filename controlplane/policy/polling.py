"""When an account's provider is asked what is left of it."""

from dataclasses import dataclass

from controlplane.domain.account import Allowance

USUAL = 900.0
SPREAD = 0.2  # of the usual time: accounts that were asked together drift apart
SOON = 60.0  # and up to twice that: little is left, or the period has ended
CLOSE_SHARE = 0.5  # of the turns to ask, at most about, is for those; with the usual ones there is room for all
SCARCE = 0.05  # of the limit
STALE_PERIOD = 3600.0  # an upstream that has not begun its new period by then is not watched any closer
AFTER_RESET = 5.0
# An account that its upstream called exhausted although its figures say otherwise: they lag behind.
HELD = 600.0
FIRST_BACKOFF = 60.0
LONGEST_BACKOFF = 1800.0


@dataclass(slots=True)
class Polls:
    """How asking went. `failures` in a row; `not_before` epoch seconds."""

    failures: int = 0
    not_before: float = 0.0


def soon(watched: int, gap: float) -> float:
    """Seconds between two looks at an account that is watched closely, when so many are and one is asked each `gap` seconds."""
    return max(SOON, watched * gap / CLOSE_SHARE)


def watched(allowance: Allowance | None, left: float) -> bool:
    """Whether to look closely: little is left, or the period has ended and the next one has not begun."""
    if allowance is None:
        return False
    over = 0 < allowance.resets_at <= allowance.checked_at < allowance.resets_at + STALE_PERIOD
    return over or (bounded(allowance) and not spent(allowance) and left < allowance.limit * SCARCE)


def due_at(allowance: Allowance | None, left: float, parked_at: float, chance: float, close: float = SOON) -> float:
    """When to ask again, epoch seconds. `left` is what should be left by now. `parked_at`: when a request
    was told that the account is exhausted, 0: none was. `chance` is in 0..1 and stays the same for an account.
    `close`: see `soon`.
    """
    if allowance is None:
        return 0.0
    checked, resets_at = float(allowance.checked_at), float(allowance.resets_at)
    if parked_at:
        if checked < parked_at:
            return parked_at
        if not spent(allowance) and checked < parked_at + HELD:
            return parked_at + HELD
    wait = close * (1 + chance) if watched(allowance, left) else USUAL * (1 + SPREAD * (chance - 0.5))
    if checked < resets_at < checked + wait:
        return resets_at + AFTER_RESET + SOON * chance
    return checked + wait


def backoff(failures: int, asked: float | None) -> float:
    """Seconds to leave the provider alone after so many failures in a row; `asked` is what it asked for."""
    wait = min(FIRST_BACKOFF * 2.0 ** min(failures - 1, 10), LONGEST_BACKOFF)
    return min(max(wait, asked or 0.0), LONGEST_BACKOFF)


def bounded(allowance: Allowance) -> bool:
    """Whether there is an end to it; with overage the account goes on, at a price."""
    return allowance.limit > 0 and not allowance.overage


def spent(allowance: Allowance) -> bool:
    """Whether nothing is left."""
    return bounded(allowance) and allowance.used >= allowance.limit
