"""What becomes of an account after a fault (Kiro rules, error bodies and what they deserve).

The table at the end has a row for every cause; a cause without one is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controlplane.domain.account import Status

# What an upstream may ask for by itself. Shorter is no rest at all; longer than this was never
# meant for one account (a quota that is spent has a cause of its own).
SHORTEST_WAIT = 1
LONGEST_WAIT = 3600
# A throttled account that was left alone this long starts from the beginning.
FORGIVEN_AFTER = 600
UNKNOWN_RESET = 6 * 3600
# No plan's period is longer than a year; a later reset is a mistake, not an answer.
LONGEST_RESET = 366 * 24 * 3600
# Health: an average that forgets, between 0 and 100.
FULL_HEALTH = 100.0
GAIN = 0.2
LOSS = 0.3


class Scope(StrEnum):
    """What rests: the account, or one model of it."""

    ACCOUNT = "account"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a cause deserves.

    `spared`: how many in a row pass without a rest. `first`: seconds of the first rest, doubled at
    each repetition up to `longest`; 0: none that ends by itself. `renewed_only`: counts only
    against a credential that had just been renewed.
    """

    status: Status | None
    reason: str = ""
    scope: Scope = Scope.ACCOUNT
    first: int = 0
    longest: int = 0
    spared: int = 0
    blames: bool = True
    renewed_only: bool = False
    until_reset: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed attempt, as far as the decision needs it. `strikes`: like faults in a row before it."""

    cause: str
    strikes: int = 0
    retry_after: int | None = None
    renewed: bool = False
    resets_at: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """An account, or one model of it, is out. `until`: epoch seconds, 0: until somebody acts."""

    status: Status
    reason: str
    scope: Scope
    until: float


def after(fault: Fault, now: float) -> Rest | None:
    """What becomes of the account; None: nothing. KeyError for a cause without a row."""
    rule = TABLE[fault.cause]
    if rule.status is None or fault.strikes < rule.spared or (rule.renewed_only and not fault.renewed):
        return None
    return Rest(rule.status, rule.reason, rule.scope, _until(rule, fault, now))


def _until(rule: Rule, fault: Fault, now: float) -> float:
    if rule.until_reset:
        return reset(fault.resets_at, now)
    if not rule.first:
        return 0
    if fault.retry_after is not None:
        return now + min(max(fault.retry_after, SHORTEST_WAIT), LONGEST_WAIT)
    doublings = min(fault.strikes - rule.spared, 20)
    return now + min(rule.first << doublings, rule.longest)


def reset(resets_at: int, now: float) -> float:
    """When a spent allowance is full again: when the upstream says, if that can be."""
    return resets_at if now < resets_at <= now + LONGEST_RESET else now + UNKNOWN_RESET


def outweighs(new: Rest, status: Status, until: float) -> bool:
    """Whether a new rest of the account replaces how it stands (`until` 0: without end)."""
    if SEVERITY[new.status] != SEVERITY[status]:
        return SEVERITY[new.status] > SEVERITY[status]
    return new.until == 0 or (until != 0 and new.until > until)


def blames(cause: str) -> bool:
    """Whether the fault says something about the account's health."""
    return TABLE[cause].blames


def contagious(cause: str) -> bool:
    """Whether the same fault at the next account speaks for the request that carries it around."""
    return TABLE[cause].spared > 0 if cause in TABLE else False


def health_after(health: float, cause: str) -> float:
    """The account's health after an attempt; an empty cause is success."""
    if not cause:
        return health + (FULL_HEALTH - health) * GAIN
    return health * (1 - LOSS) if blames(cause) else health


SEVERITY: Mapping[Status, int] = {
    Status.ACTIVE: 0,
    Status.COOLING: 1,
    Status.EXHAUSTED: 2,
    Status.NEEDS_LOGIN: 3,
    Status.SUSPENDED: 4,
    Status.DISABLED: 5,
}

_NOTHING = Rule(None, blames=False)


def _passing(reason: str) -> Rule:
    """Happens to everybody now and then: only the third in a row rests the account, and shortly."""
    return Rule(Status.COOLING, reason, first=15, longest=120, spared=2)


TABLE: Mapping[str, Rule] = {
    "credential_rejected": Rule(Status.NEEDS_LOGIN, "the upstream refuses its renewed token", renewed_only=True),
    "throttled": Rule(Status.COOLING, "the upstream throttles it", first=10, longest=120),
    "quota_exhausted": Rule(Status.EXHAUSTED, "its allowance is spent", until_reset=True, blames=False),
    "suspended": Rule(Status.SUSPENDED, "the upstream suspended it"),
    "forbidden": Rule(Status.COOLING, "the upstream forbids it this request", first=300, longest=6 * 3600),
    "model_unknown": Rule(Status.COOLING, "the upstream does not offer it this model", Scope.MODEL, first=300, longest=300, blames=False),
    "overloaded": _NOTHING,
    "unavailable": _passing("the upstream fails repeatedly"),
    "unreachable": _passing("the upstream cannot be reached"),
    "timeout": _passing("the upstream is silent repeatedly"),
    "cut": _passing("the upstream breaks off repeatedly"),
    # Often the request's own doing: a context that is nearly full.
    "empty": _NOTHING,
    "corrupt": _passing("the upstream answers nonsense repeatedly"),
    "bad_request": _NOTHING,
    "too_long": _NOTHING,
}
