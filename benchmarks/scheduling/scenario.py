"""What happens in the simulated days: the accounts and how they behave, and how much is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOUR = 3600.0
DAY = 24 * HOUR
PERIOD = 30 * DAY  # an allowance's
SONNET, OPUS = "claude-sonnet-4.5", "claude-opus-4.5"
# Credits in comparison with other models, as the upstream tells them.
RATES: Mapping[str, float] = {SONNET: 1.3, OPUS: 2.2}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One account. `priority` and `max_concurrency` are what the administrator set, all else is the upstream's.

    `slowness` times the usual time to the first event. `failing`: the share of attempts that end in
    `unavailable`. `bears` requests at a time, a further one is throttled. `left` of `limit` credits at the
    beginning, whole again after `resets_after` seconds. `outage`: from when until when it cannot be reached.
    """

    name: str
    meaning: str
    priority: int = 0
    max_concurrency: int = 0
    slowness: float = 1.0
    failing: float = 0.003
    bears: int = 16
    plan: str = "pro"
    limit: float = 10_000.0
    left: float = 10_000.0
    resets_after: float = PERIOD
    outage: tuple[float, float] = (0.0, 0.0)


BROKEN, SPENT, EXPIRING = "broken", "spent", "expiring"

ACCOUNTS: Sequence[Behaviour] = (
    Behaviour("steady", "healthy", 1, left=6_500, resets_after=20 * DAY),
    Behaviour(EXPIRING, "healthy; 4000 of 10 000 credits left, which lapse after 2.5 days", left=4_000, resets_after=2.5 * DAY),
    Behaviour("slow", "three times the usual time to the first event", slowness=3.0, left=7_000, resets_after=21 * DAY),
    Behaviour("flaky", "15 % of its attempts end in `unavailable`", failing=0.15, left=7_000, resets_after=21 * DAY),
    Behaviour("narrow", "throttles above 2 requests at a time, asks for 5 seconds", bears=2, left=7_000, resets_after=21 * DAY),
    Behaviour(SPENT, "250 credits left of 2000, whole again after 2 days", limit=2_000, left=250, resets_after=2 * DAY),
    Behaviour("free", "free plan: no Opus, 50 credits", plan="free", limit=50, left=50, resets_after=12 * DAY),
    Behaviour(BROKEN, "preferred by the administrator; cannot be reached for 6 hours of day 2", 2, left=7_000, resets_after=21 * DAY,
              outage=(DAY + 9 * HOUR, DAY + 15 * HOUR)),
    Behaviour("single", "limited by the administrator to 1 request at a time", max_concurrency=1, left=7_000, resets_after=21 * DAY),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulation. `sessions_per_day` on average; `bursts` a day, of so many sessions within a minute."""

    days: float = 3.0
    seed: int = 1
    sessions_per_day: int = 1_500
    bursts: int = 3
    burst_sessions: int = 80
    accounts: Sequence[Behaviour] = ACCOUNTS

    @property
    def seconds(self) -> float:
        return self.days * DAY
