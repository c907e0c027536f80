"""When limits are whole again: calendar days and months, and the bucket of a minute.

Times are whole epoch milliseconds. Everything is exact in whole numbers below 2**53, so that a
script which counts in doubles comes to the same figures (`adapters/ledger/ledger.lua`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.domain.limits import Unit, Window

DAY = 86_400_000
# A bucket counts in parts of a unit: with a limit of N it gains N parts in a millisecond.
SCALE = 60_000
# The largest limit of a minute, and the largest change at a time.
LARGEST = 10**11
# No level falls below this: what a full bucket then lacks still is below 2**53 parts.
DEEPEST = -3 * 10**15


def milliseconds(now: float) -> int:
    """Epoch seconds as the nearest whole milliseconds; a time that was one comes back as it was."""
    return int(now * 1000 + 0.5)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The UTC day and month of a moment, from when until when (exclusive)."""

    day: int
    day_end: int
    month: int
    month_end: int


def calendar(ms: int) -> Calendar:
    """The day and the month that `ms` lies in."""
    first = datetime.fromtimestamp(ms // 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
    # 32 days after a first lie in the next month, whatever its length.
    following = (first + timedelta(days=32)).replace(day=1)
    day = ms - ms % DAY
    return Calendar(day, day + DAY, int(first.timestamp()) * 1000, int(following.timestamp()) * 1000)


@dataclass(slots=True)
class Bucket:
    """A token bucket: holds `limit` units, and gains `limit` in 60 s. `level` (in parts) was so `at`.

    The level is below 0 after more was spent than claimed. `waived` (in parts): what was used that a
    smaller limit does not show; time makes up for it last.
    """

    limit: int
    level: int
    at: int
    waived: int = 0

    # These run several times in every request that is limited: conditions, for calls of min() and
    # max() would cost more than all the rest.

    def refill(self, ms: int) -> None:
        """Gain what time has brought. Time never runs back."""
        passed = ms - self.at
        if passed > 0:
            level, most = self.level + self.limit * passed, self.limit * SCALE
            self.level = level if level <= most else self._full(level - most)
            self.at = ms

    def adapt(self, limit: int) -> None:
        """Another limit holds from now on. Of what there is stays what fits into a smaller one; what a
        larger one allows more is there at once, but for what was waived. So limits that change to and fro,
        as they do when two processes know different ones, give no more than the largest alone.
        """
        raised = (limit - self.limit) * SCALE
        if raised > 0:
            used = min(self.waived, raised)
            self.level += raised - used
            self.waived -= used
        else:
            fitting = min(self.level, limit * SCALE)
            self.waived = min(self.waived + fitting - self.level - raised, -DEEPEST)
            self.level = fitting
        self.limit = limit

    def change(self, amount: int) -> None:
        """Put `amount` back, or take it if it is negative, whether it is there or not."""
        if not -LARGEST <= amount <= LARGEST:
            amount = LARGEST if amount > 0 else -LARGEST
        level, most = self.level + amount * SCALE, self.limit * SCALE
        self.level = level if DEEPEST <= level <= most else self._full(level - most) if level > most else DEEPEST

    def left(self) -> int:
        """Whole units that can be taken."""
        return self.level // SCALE if self.level > 0 else 0

    def holds(self, amount: int) -> int | None:
        """When `amount` can be taken, at the earliest `at`; None: never."""
        if amount > self.limit:
            return None
        return self._reaches(amount * SCALE)

    def whole(self) -> int | None:
        """When it is full, at the earliest `at`; None: never."""
        return self._reaches(self.limit * SCALE)

    def _full(self, beyond: int) -> int:
        """The level of a bucket that has been given this much more than it holds."""
        if self.waived:
            self.waived = max(self.waived - beyond, 0)
        return self.limit * SCALE

    def _reaches(self, level: int) -> int | None:
        missing = level - self.level
        if missing <= 0:
            return self.at
        return self.at - (-missing // self.limit) if self.limit else None


def full(limit: int, ms: int) -> Bucket:
    """A bucket nobody has taken of."""
    return Bucket(limit, limit * SCALE, ms)


def tightest(windows: Sequence[Window], unit: Unit) -> Window | None:
    """The window of the unit that leaves least; of equals the one that is whole again last."""
    return min((window for window in windows if window.unit is unit), key=_room, default=None)


def _room(window: Window) -> tuple[int, float]:
    return window.left, -(window.resets_at or float("inf"))
