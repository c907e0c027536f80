"""How fast an allowance is used up, and when that ends, told from readings of what was used."""

from collections.abc import Sequence

from controlplane.domain.account import Forecast, Reading

RECENT = 24 * 3600  # seconds; yesterday tells more about today than last week
SHORTEST = 600  # seconds between the first and the last reading: less is chance
HOUR = 3600.0
STALE = 3600  # seconds: who was not asked for so long is in nobody's use, or nobody knows


def forecast(readings: Sequence[Reading], resets_at: int, now: float, began_at: float = 0.0) -> Forecast | None:
    """The rate and the end at that rate, `runs_out_at` 0 where it lasts until the reset (epoch seconds,
    0 unknown). `readings` in the order of time; those of an earlier period were made before `began_at` (0
    unknown), or have used more. None: too little is known, what is known is old or of a period that has
    ended, or there is no limit to reach.
    """
    readings = [reading for reading in readings if reading.at >= began_at]
    if not readings or readings[-1].limit <= 0 or 0 < resets_at <= now:
        return None
    last = readings[-1]
    if now - last.at > STALE:
        return None
    first = _first(_period(readings))
    if last.at - first.at < SHORTEST:
        return None
    rate = (last.used - first.used) / (last.at - first.at)
    left = last.limit - last.used
    if left <= 0:
        return Forecast(rate * HOUR, last.at)
    ends = last.at + left / rate if rate > 0 else 0.0
    lasts = not ends or 0 < resets_at <= ends
    return Forecast(rate * HOUR, 0 if lasts else int(ends))


def _period(readings: Sequence[Reading]) -> Sequence[Reading]:
    """The last readings between which nothing was given back."""
    start = len(readings) - 1
    while start and readings[start - 1].used <= readings[start].used:
        start -= 1
    return readings[start:]


def _first(period: Sequence[Reading]) -> Reading:
    """Where the rate is measured from: the oldest reading of the last day, if it is old enough."""
    last = period[-1]
    for reading in period:
        if last.at - RECENT <= reading.at <= last.at - SHORTEST:
            return reading
    return period[0]
