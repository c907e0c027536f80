"""What becomes of an account after a fault (Kiro rules, error bodies and what they deserve).

The table at the end has a row for every cause; a cause without one is an error. What only rests an
account opens a breaker (`policy.breaker`), anything graver is how the account stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controlplane.domain.account import Status
from controlplane.policy.polling import STALE_PERIOD

# What an upstream may ask for by itself. Shorter is no rest at all; longer than this was never
# meant for one account (a quota that is spent has a cause of its own).
SHORTEST_WAIT = 1
LONGEST_WAIT = 3600
# A throttle that asks for this long is no matter of rates: the account is under suspicion.
SUSPICIOUS_FROM = 600
# What an upstream says of a spent allowance whose reset nobody knows. Shorter is a matter of rates; longer is asked again.
SHORTEST_SPENT = 60
UNKNOWN_RESET = 6 * 3600
# A period that has ended a moment ago: the upstream begins the next one any minute, and is asked until then.
LATE_RESET = 180
# No plan's period is longer than a year; a later reset is a mistake, not an answer.
LONGEST_RESET = 366 * 24 * 3600
THROTTLED = "throttled"
EXHAUSTED = "quota_exhausted"
REJECTED = "credential_rejected"
# Causes that no data plane reports.
SUSPICIOUS = "suspicious"
UNRENEWED = "unrenewed"
REFUSED_ANYHOW = "refused_anyhow"
OWN = frozenset({SUSPICIOUS, UNRENEWED, REFUSED_ANYHOW})


class Scope(StrEnum):
    """What rests: the account, or one model of it."""

    ACCOUNT = "account"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a cause deserves.

    `spared`: how many in a row pass without a rest. `first`: seconds of the first rest, doubled at
    each repetition up to `longest`; 0: none that ends by itself. `renewed_only`: counts only
    against a credential that had just been renewed. `at_least`: a shorter time that the upstream asks
    for is not believed. `heals`: the rest may be cut short when nobody else can serve. `crowded`: too
    much was asked at a time. `carried`: where one request meets it at a second account too, it speaks for
    the request.
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
    at_least: bool = False
    heals: bool = False
    crowded: bool = False
    carried: bool = False


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
    """An account, or one model of it, is out. `until`: epoch seconds, 0: until somebody acts. `asked`: the
    upstream named it.
    """

    status: Status
    reason: str
    scope: Scope
    until: float
    cause: str = UNRENEWED
    asked: bool = False


def cause_of(fault: str, retry_after: int | None) -> str:
    """The row for a fault as a data plane reports it."""
    return SUSPICIOUS if fault == THROTTLED and (retry_after or 0) >= SUSPICIOUS_FROM else fault


def after(fault: Fault, now: float) -> Rest | None:
    """What becomes of the account; None: nothing. KeyError for a cause without a row."""
    rule = TABLE[fault.cause]
    if rule.status is None or fault.strikes < rule.spared or (rule.renewed_only and not fault.renewed):
        return None
    return Rest(rule.status, rule.reason, rule.scope, _until(rule, fault, now), fault.cause, fault.retry_after is not None)


def _until(rule: Rule, fault: Fault, now: float) -> float:
    if rule.until_reset:
        return reset(fault.resets_at, now, UNKNOWN_RESET if fault.retry_after is None else fault.retry_after)
    if not rule.first:
        return 0
    doublings = min(fault.strikes - rule.spared, 20)
    ours = min(rule.first << doublings, rule.longest)
    if fault.retry_after is None:
        return now + ours
    asked = min(max(fault.retry_after, SHORTEST_WAIT), LONGEST_WAIT)
    return now + (max(asked, ours) if rule.at_least else asked)


def reset(resets_at: int, now: float, otherwise: int = UNKNOWN_RESET) -> float:
    """When a spent allowance is full again: when the upstream says, if that can be; shortly where that has just passed.
    `otherwise`: seconds, where that is not known.
    """
    if resets_at and now - STALE_PERIOD < resets_at <= now:
        return now + LATE_RESET
    if now < resets_at <= now + LONGEST_RESET:
        return resets_at
    return now + min(max(otherwise, SHORTEST_SPENT), UNKNOWN_RESET)


def outweighs(new: Rest, status: Status, until: float) -> bool:
    """Whether a new rest that no breaker keeps replaces how the account stands (`until` 0: without end)."""
    if SEVERITY[new.status] != SEVERITY[status]:
        return SEVERITY[new.status] > SEVERITY[status]
    return new.until == 0 or (until != 0 and new.until > until)


def counts(cause: str) -> bool:
    """Whether the fault tells anything of the account, its own fault or not."""
    return TABLE[cause].blames or TABLE[cause].status is not None


def blames(cause: str) -> bool:
    """Whether the fault says something about the account's health."""
    return TABLE[cause].blames


def carried(fault: str) -> bool:
    """Whether the same fault at the next account speaks for the request that carries it around."""
    return fault in TABLE and TABLE[fault].carried


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
    return Rule(Status.COOLING, reason, first=15, longest=120, spared=2, heals=True, carried=True)


TABLE: Mapping[str, Rule] = {
    REJECTED: Rule(Status.NEEDS_LOGIN, "the upstream refuses its renewed token", renewed_only=True),
    # Never the request's: each account has a rate of its own, and one that went on being asked would be suspected.
    THROTTLED: Rule(Status.COOLING, "the upstream throttles it", first=10, longest=120, heals=True, crowded=True),
    SUSPICIOUS: Rule(Status.COOLING, "the upstream suspects it", first=600, longest=1800, at_least=True, crowded=True),
    EXHAUSTED: Rule(Status.EXHAUSTED, "its allowance is spent", until_reset=True, blames=False),
    "suspended": Rule(Status.SUSPENDED, "the upstream suspended it"),
    "forbidden": Rule(Status.COOLING, "the upstream forbids it this request", first=300, longest=6 * 3600, carried=True),
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
    # Found by the control plane itself, which knows when it will ask for a token again.
    UNRENEWED: Rule(Status.COOLING, "its token could not be renewed", first=30, longest=300, blames=False),
    # REJECTED at an account that signs in with nothing: a site that refuses what it gave a moment ago.
    REFUSED_ANYHOW: Rule(Status.COOLING, "the upstream refuses its renewed nonce", first=60, longest=1800, renewed_only=True),
}
