"""Which account serves a request. Pure: from the same candidates, wish, time and seed the same choice.

Each rule that puts an account out has a name, so that a refusal can be explained; the parts of a
score are kept for the same reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from operator import itemgetter
from typing import NamedTuple

from controlplane.domain.account import Status
from controlplane.policy.breaker import Breaker

# Accounts without a limit are taken to be full at this many requests, when loads are compared.
COMFORTABLE = 8
# What each part of a score is worth; health and free load are 0..1. Affinity loses against an idle
# account once half of the account's places are taken: a warm prompt cache is worth about that.
AFFINITY = 0.5
# The same where leaving costs content: what a model's reasoning was signed with is worth nothing elsewhere. Loses
# only against an account with some thirty requests fewer.
STICKY = 4.0
COLD = 0.25  # a token must be renewed first: a second or so
PRIORITY = 0.2  # each step, so that five steps outweigh an account's whole load or health
MOST_STEPS = 25
# An odd constant whose product spreads every bit upwards, and 64 bits.
MIX = 0xFF51_AFD7_ED55_8CCD
MASK = 0xFFFF_FFFF_FFFF_FFFF


class Rule(StrEnum):
    """Why an account was out."""

    DISABLED = "disabled"
    SUSPENDED = "suspended"
    NEEDS_LOGIN = "needs-login"
    EXHAUSTED = "exhausted"
    COOLING = "cooling"
    COOLING_MODEL = "cooling-model"
    NOT_OFFERED = "model-not-offered"
    FULL = "concurrency-full"
    TRIED = "excluded-by-request"
    NOT_ALLOWED = "not-allowed-for-key"
    PINNED = "not-the-account-named"
    NO_CREDENTIAL = "no-credential"


class Lack(StrEnum):
    """Why nobody serves."""

    BUSY = "busy"
    EXHAUSTED = "exhausted"
    NO_ACCOUNT = "no-account"


@dataclass(slots=True)
class Candidate:
    """An account as the choice sees it; kept up to date in place by its owner. Values on the hot path are
    slotted and not frozen, which costs a third.

    `until`: epoch seconds when a cooling or exhausted account returns. `offers`: upstream model
    ids. `resting`: models that rest, with the end. `warm_until`: end of its token, epoch seconds.
    `breakers`: what rests it or one of its models, by cause and model. `health` was so at `health_at`.
    `ceiling`: requests at a time that it was found to bear, 0: no such finding; the lower of it and
    `max_concurrency` holds. `plan` as the upstream calls it, lower case, empty unknown. `left` of
    `limit` is its allowance in the upstream's unit, `limit` 0 unknown, whole again at `resets_at`.
    `latency`: seconds to its first event, smoothed, 0 unknown. `recent`: requests it was given lately,
    fading, as of `recent_at`.
    """

    id: str
    kind: str
    priority: int = 0
    max_concurrency: int = 0
    status: Status = Status.ACTIVE
    until: float = 0.0
    health: float = 100.0
    in_flight: int = 0
    offers: Collection[str] = ()
    resting: dict[str, float] = field(default_factory=dict)
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
    salt: int = field(init=False)

    def __post_init__(self) -> None:
        self.salt = _hash(self.id)


@dataclass(slots=True)
class Wish:
    """What is wanted. `allowed`: account ids the key may use, empty: all. `kind`, `account_id`: pins.

    `sticky`: the session's own account is worth nearly any wait.
    """

    model: str
    session: str = ""
    excluded: Collection[str] = ()
    allowed: Collection[str] = ()
    kind: str = ""
    account_id: str = ""
    sticky: bool = False


@dataclass(slots=True)
class Exclusion:
    """An account that was out, by which rule, and when that ends (0: unknown or never)."""

    account_id: str
    rule: Rule
    until: float = 0.0


class Score(NamedTuple):
    """What spoke for an account; `sum` decides. It is rounded, so that equal accounts tie."""

    account_id: str
    health: float
    load: float
    priority: float
    affinity: float
    cold: float
    sum: float


@dataclass(slots=True)
class Choice:
    """The account, and everything that led to it."""

    candidate: Candidate
    scored: Sequence[tuple[str, float, float, float, float, float, float]]
    exclusions: Sequence[Exclusion]

    @property
    def scores(self) -> Sequence[Score]:
        """The scores of all that could have served."""
        return [Score(*scored) for scored in self.scored]


@dataclass(slots=True)
class NoCapacity:
    """Nobody can serve. `retry_at`: epoch seconds when that may change, None where waiting does not help."""

    reason: Lack
    retry_at: float | None
    exclusions: Sequence[Exclusion]


def choose(candidates: Sequence[Candidate], wish: Wish, now: float, seed: int) -> Choice | NoCapacity:
    """The best account; equal ones are told apart by `seed`."""
    fit: list[Candidate] = []
    exclusions: list[Exclusion] = []
    open_wish = not (wish.excluded or wish.allowed or wish.kind or wish.account_id)
    for candidate in candidates:
        if open_wish and _plainly_fit(candidate, wish.model):
            fit.append(candidate)
            continue
        rule, until = excluding(candidate, wish, now)
        if rule is None:
            fit.append(candidate)
        else:
            exclusions.append(Exclusion(candidate.id, rule, until))
    if not fit:
        return _lack(exclusions, now)
    scored = _scored(fit, _home(fit, wish.session), STICKY if wish.sticky else AFFINITY, now)
    best = max(scored, key=SUM)[-1]
    tied = [place for place, score in enumerate(scored) if score[-1] == best]
    return Choice(fit[tied[seed % len(tied)]], scored, exclusions)


def _plainly_fit(candidate: Candidate, model: str) -> bool:
    """The usual case, told quickly; what it does not tell, `excluding` does."""
    return (
        candidate.status is Status.ACTIVE
        and model in candidate.offers
        and not candidate.resting
        and candidate.has_credential
        and (not candidate.max_concurrency or candidate.in_flight < candidate.max_concurrency)
    )


def excluding(candidate: Candidate, wish: Wish, now: float) -> tuple[Rule | None, float]:
    """The first rule that puts the account out, and its end; None: it may serve."""
    if (rule := _by_wish(candidate, wish)) is not None:
        return rule, 0.0
    rule = STANDING[candidate.status]
    if rule is not None and not (rule in PASSING and 0 < candidate.until <= now):
        return rule, candidate.until
    if candidate.resting and candidate.resting.get(wish.model, 0.0) > now:
        return Rule.COOLING_MODEL, candidate.resting[wish.model]
    if not candidate.has_credential:
        return Rule.NO_CREDENTIAL, 0.0
    if candidate.max_concurrency and candidate.in_flight >= candidate.max_concurrency:
        return Rule.FULL, 0.0
    # Last, so that an account which was tried and rests since tells when it returns.
    return (Rule.TRIED if candidate.id in wish.excluded else None), 0.0


def _by_wish(candidate: Candidate, wish: Wish) -> Rule | None:
    """What makes the account unsuitable for this request, however it stands."""
    if wish.allowed and candidate.id not in wish.allowed:
        return Rule.NOT_ALLOWED
    if (wish.kind and candidate.kind != wish.kind) or (wish.account_id and candidate.id != wish.account_id):
        return Rule.PINNED
    return None if wish.model in candidate.offers else Rule.NOT_OFFERED


def _scored(fit: Sequence[Candidate], home: str, worth: float, now: float) -> list[tuple[str, float, float, float, float, float, float]]:
    """What speaks for each account, as Score has it; `home` is the session's own, and `worth` that. Plain tuples, because
    this runs for every account at every request and is looked at for few.
    """
    scored = []
    for candidate in fit:
        health = candidate.health / 100
        load = 1 - candidate.in_flight / (candidate.max_concurrency or COMFORTABLE)
        priority = PRIORITY * max(-MOST_STEPS, min(MOST_STEPS, candidate.priority)) if candidate.priority else 0.0
        affinity = worth if candidate.id == home else 0.0
        cold = 0.0 if candidate.warm_until > now else -COLD
        total = round(health + load + priority + affinity + cold, 6)
        scored.append((candidate.id, health, load, priority, affinity, cold, total))
    return scored


def _home(fit: Sequence[Candidate], session: str) -> str:
    """The session's own account, by rendezvous hash: the rest of the pool may change without moving it."""
    if not session or len(fit) < 2:
        return ""
    name = _hash(session)
    # One multiplication mixes both names well enough for accounts of the same pool.
    mixed = [((name ^ candidate.salt) * MIX) & MASK for candidate in fit]
    return fit[mixed.index(max(mixed))].id


def _hash(text: str) -> int:
    """64 bits, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _lack(exclusions: Sequence[Exclusion], now: float) -> NoCapacity:
    """The most hopeful reason among the accounts that were out."""
    for reason, rules in HOPE:
        ends = [exclusion.until for exclusion in exclusions if exclusion.rule in rules]
        if ends:
            # A place that is taken has no known end; a second is what a short answer takes.
            return NoCapacity(reason, min(end or now + 1 for end in ends), exclusions)
    return NoCapacity(Lack.NO_ACCOUNT, None, exclusions)


STANDING: Mapping[Status, Rule | None] = {
    Status.ACTIVE: None,
    Status.COOLING: Rule.COOLING,
    Status.EXHAUSTED: Rule.EXHAUSTED,
    Status.SUSPENDED: Rule.SUSPENDED,
    Status.NEEDS_LOGIN: Rule.NEEDS_LOGIN,
    Status.DISABLED: Rule.DISABLED,
}

SUM = itemgetter(-1)

# Rules that end by themselves.
PASSING = frozenset({Rule.COOLING, Rule.EXHAUSTED})

HOPE: Sequence[tuple[Lack, frozenset[Rule]]] = (
    (Lack.BUSY, frozenset({Rule.COOLING, Rule.COOLING_MODEL, Rule.FULL, Rule.TRIED})),
    (Lack.EXHAUSTED, frozenset({Rule.EXHAUSTED})),
)
