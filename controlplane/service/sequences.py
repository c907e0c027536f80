"""Whether every outcome has come: data planes number them, and a number that is missing is a loss.

Outcomes may come late, twice and in any order, so a gap counts only once it has stood for a while.
"""

from dataclasses import dataclass, field

PATIENCE = 120.0  # seconds; what was not acknowledged is sent again after 30
# Numbers kept of one data plane; beyond that what was missing longest is taken as lost for good.
MOST = 20_000
QUIET = 86_400.0  # a data plane that was silent this long is forgotten


@dataclass(slots=True)
class _Run:
    """One run of a data plane. All up to `through` have come; of what came beyond, `ahead`, with the time
    since when something before it is missing.
    """

    through: int = 0
    ahead: set[int] = field(default_factory=set)
    since: float = 0.0
    heard: float = 0.0
    lost: int = 0


class Sequences:
    """Numbers of outcomes by data-plane run."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def hello(self, instance: str, settled_through: int, now: float) -> None:
        """The data plane knows that all up to a number were acknowledged."""
        run = self._runs.setdefault(instance, _Run())
        run.heard = now
        if settled_through > run.through:
            run.through = settled_through
            run.ahead = {number for number in run.ahead if number > settled_through}
            _close(run, now)

    def seen(self, instance: str, number: int, now: float) -> None:
        """An outcome came; 0: its data plane does not number them."""
        if not number:
            return
        run = self._runs.get(instance)
        if run is None:
            # A data plane that did not say what was acknowledged begins with what it sends.
            run = self._runs[instance] = _Run(number - 1)
        run.heard = now
        if number == run.through + 1 and not run.ahead:
            run.through = number
        elif number > run.through:
            if not run.ahead:
                run.since = now
            run.ahead.add(number)
            _close(run, now)

    def missing(self, now: float) -> int:
        """Outcomes that have been missing for longer than they may."""
        return sum(run.lost + (_gaps(run) if run.ahead and now - run.since > PATIENCE else 0) for run in self._runs.values())

    def forget(self, now: float) -> None:
        """Data planes that were not heard of for a day are gone, with what they lost."""
        self._runs = {name: run for name, run in self._runs.items() if now - run.heard < QUIET}


def _close(run: _Run, now: float) -> None:
    """Go on as far as there is no gap."""
    before = run.through
    if len(run.ahead) > MOST:
        lowest = min(run.ahead)
        run.lost += lowest - run.through - 1
        run.through = lowest - 1
    while run.through + 1 in run.ahead:
        run.through += 1
        run.ahead.discard(run.through)
    if run.through != before:
        run.since = now


def _gaps(run: _Run) -> int:
    return max(run.ahead) - run.through - len(run.ahead)
