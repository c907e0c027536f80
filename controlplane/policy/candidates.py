"""What a choice is made from: the accounts as it sees them, and what is wanted."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from math import exp2

from controlplane.domain.account import Status
from controlplane.policy.breaker import Breaker

FULL_HEALTH = 100.0
# Half of what an account lacks in health comes back in this time, whatever it was lost by, and half of
# what it was given lately is forgotten: seconds.
HEALTH_HALF = 300.0
RECENT_HALF = 300.0
# The same of how much slower than the fastest an account was seen to be. One that nobody asks any more is thus asked
# again in the end, and may show that it is as fast as others.
LATENCY_HALF = 600.0


@dataclass(slots=True)
class Candidate:
    """An account as the choice sees it; kept up to date in place by its owner. Values on the hot path are
    slotted and not frozen, which costs a third.

    `until`: epoch seconds when a cooling or exhausted account returns. `offers`: upstream model
    ids. `warm_until`: end of its token, epoch seconds.
    `breakers`: what rests it or one of its models, by cause and model. `health` was so at `health_at`.
    `ceiling`: requests at a time that it was found to bear, 0: no such finding; the lower of it and
    `max_concurrency` holds. `plan` as the upstream calls it, lower case, empty unknown. `left` of
    `limit` is its allowance in the upstream's unit, `limit` 0 unknown, whole again at `resets_at`.
    `latency`: seconds to its first event, smoothed, 0 unknown; it was so at `latency_at`. `recent`: requests
    it was given lately, fading, as of `recent_at`.
    """

    id: str
    kind: str
    priority: int = 0
    max_concurrency: int = 0
    status: Status = Status.ACTIVE
    until: float = 0.0
    health: float = FULL_HEALTH
    in_flight: int = 0
    offers: Collection[str] = ()
    has_credential: bool = True
    warm_until: float = float("inf")
    breakers: dict[tuple[str, str], Breaker] = field(default_factory=dict)
    health_at: float = 0.0
    ceiling: int = 0
    plan: str = ""
    left: float = 0.0
    limit: float = 0.0
    resets_at: float = 0.0
    latency: float = 0.0
    recent: float = 0.0
    recent_at: float = 0.0
    latency_at: float = 0.0
    salt: int = field(init=False)

    def __post_init__(self) -> None:
        self.salt = _hash(self.id)


@dataclass(slots=True)
class Wish:
    """What is wanted. `session` as `session_hash` makes it, 0: none. `allowed`: account ids the key may
    use, empty: all. `kind`, `account_id`: pins.

    `sticky`: the session's own account is worth nearly any wait. `forced`: somebody wants to see what the account
    does, so how it stands keeps nobody from asking it.
    """

    model: str
    session: int = 0
    excluded: Collection[str] = ()
    allowed: Collection[str] = ()
    kind: str = ""
    account_id: str = ""
    sticky: bool = False
    forced: bool = False


@lru_cache(maxsize=4096)
def session_hash(session: str) -> int:
    """A session's name in 64 bits, 0 for the empty one: what is recorded never holds the client's text."""
    return _hash(session) if session else 0


def places(candidate: Candidate) -> int:
    """Requests at a time that the account takes, 0: no limit."""
    limit, ceiling = candidate.max_concurrency, candidate.ceiling
    return ceiling if ceiling and not 0 < limit < ceiling else limit


def health_now(candidate: Candidate, now: float) -> float:
    """The account's health, 0..100: what it lacks is halved every HEALTH_HALF seconds."""
    elapsed = now - candidate.health_at
    if candidate.health >= FULL_HEALTH or elapsed <= 0:
        return candidate.health
    return FULL_HEALTH - (FULL_HEALTH - candidate.health) * exp2(-elapsed / HEALTH_HALF)


def latency_now(candidate: Candidate, fastest: float, now: float) -> float:
    """Seconds to the account's first event as far as that still counts: what it lacks against the fastest is halved
    every LATENCY_HALF seconds.
    """
    lack, elapsed = candidate.latency - fastest, now - candidate.latency_at
    return fastest + lack * exp2(-elapsed / LATENCY_HALF) if lack > 0 and elapsed > 0 else candidate.latency


def recent_now(candidate: Candidate, now: float) -> float:
    """Requests that the account was given lately: each counts half after RECENT_HALF seconds."""
    # In whole seconds, so that accounts which took turns within one still compare as equal.
    elapsed = now // 1 - candidate.recent_at
    return candidate.recent * exp2(-elapsed / RECENT_HALF) if elapsed > 0 else candidate.recent


def given(candidate: Candidate, now: float) -> None:
    """Count a request that the account was given; called by the candidate's owner."""
    second = now // 1
    if second > candidate.recent_at:
        candidate.recent, candidate.recent_at = recent_now(candidate, now), second
    # Three digits are plenty, and keep the records of choices short.
    candidate.recent = round(candidate.recent + 1, 3)


def _hash(text: str) -> int:
    """64 bits, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
