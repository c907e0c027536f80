"""The rules that put an account out. Each has a name, and tells the value that decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from controlplane.domain.account import Status
from controlplane.policy import breaker
from controlplane.policy.candidates import Candidate, Wish, places

# Words in the ids of models that a plan does not have, by plan.
PLAN_LACKS: Mapping[str, Sequence[str]] = {"free": ("opus",)}


class Rule(StrEnum):
    """Why an account was out."""

    DISABLED = "disabled"
    SUSPENDED = "suspended"
    NEEDS_LOGIN = "needs-login"
    EXHAUSTED = "exhausted"
    COOLING = "cooling"
    COOLING_MODEL = "cooling-model"
    PROBING = "probing"
    NOT_OFFERED = "model-not-offered"
    PLAN_LACKS = "plan-lacks-model"
    FULL = "concurrency-full"
    TRIED = "excluded-by-request"
    NOT_ALLOWED = "not-allowed-for-key"
    PINNED = "not-the-account-named"
    NO_CREDENTIAL = "no-credential"
    OUTRANKED = "lower-priority"


@dataclass(slots=True)
class Exclusion:
    """An account that was out, by which rule, when that ends (epoch seconds, 0: unknown or never), and the
    value that decided, for people: "3 of 3".
    """

    account_id: str
    rule: Rule
    until: float = 0.0
    value: str = ""


@lru_cache(maxsize=1024)
def lacking(model: str) -> frozenset[str]:
    """The plans that do not have the model."""
    return frozenset(plan for plan, words in PLAN_LACKS.items() if any(word in model.lower() for word in words))


def plainly_fit(candidate: Candidate, model: str, without: frozenset[str]) -> bool:
    """The usual case, told quickly; what it does not tell, `excluding` does. `without`: plans that do not
    have the model.
    """
    limit, ceiling = candidate.max_concurrency, candidate.ceiling
    return (
        candidate.status is Status.ACTIVE
        and model in candidate.offers
        and not candidate.breakers
        and candidate.has_credential
        and (not limit or candidate.in_flight < limit)
        and (not ceiling or candidate.in_flight < ceiling)
        and (not candidate.limit or candidate.left > 0)
        and (not without or candidate.plan not in without)
    )


def excluding(candidate: Candidate, wish: Wish, now: float) -> Exclusion | None:
    """The first rule that puts the account out; None: it may serve. Rules that do not end by themselves
    come first, so that no false hope is told. Who is asked by force is out only for what it cannot do at all, and for
    having been tried.
    """
    if wish.forced:
        return _by_wish(candidate, wish) or _by_credential(candidate) or _by_trial(candidate, wish)
    return (
        _by_wish(candidate, wish)
        or by_standing(candidate, now)
        or by_allowance(candidate, now)
        or _by_credential(candidate)
        or _by_breaker(candidate, wish.model, now)
        # After the rests, so that an account which was tried and rests since tells when it returns.
        or by_use(candidate, wish)
    )


def _by_wish(candidate: Candidate, wish: Wish) -> Exclusion | None:
    """What makes the account unsuitable for this request, however it stands."""
    if wish.allowed and candidate.id not in wish.allowed:
        return Exclusion(candidate.id, Rule.NOT_ALLOWED, 0.0, f"not among the key's {len(wish.allowed)}")
    if wish.kind and candidate.kind != wish.kind:
        return Exclusion(candidate.id, Rule.PINNED, 0.0, f"{wish.kind} was named")
    if wish.account_id and candidate.id != wish.account_id:
        return Exclusion(candidate.id, Rule.PINNED, 0.0, f"{wish.account_id} was named")
    if wish.model not in candidate.offers:
        return Exclusion(candidate.id, Rule.NOT_OFFERED, 0.0, wish.model)
    if candidate.plan in lacking(wish.model):
        return Exclusion(candidate.id, Rule.PLAN_LACKS, 0.0, candidate.plan)
    return None


def by_standing(candidate: Candidate, now: float) -> Exclusion | None:
    """How the account stands by what is stored of it."""
    rule = STANDING[candidate.status]
    if rule is None or (rule in PASSING and 0 < candidate.until <= now):
        return None
    return Exclusion(candidate.id, rule, candidate.until, str(candidate.status))


def by_allowance(candidate: Candidate, now: float) -> Exclusion | None:
    """An allowance that is known to be spent, until it is whole again."""
    if candidate.limit <= 0 or candidate.left > 0 or 0 < candidate.resets_at <= now:
        return None
    return Exclusion(candidate.id, Rule.EXHAUSTED, candidate.resets_at, f"{candidate.left:g} of {candidate.limit:g} left")


def _by_credential(candidate: Candidate) -> Exclusion | None:
    return None if candidate.has_credential else Exclusion(candidate.id, Rule.NO_CREDENTIAL)


def _by_breaker(candidate: Candidate, model: str, now: float) -> Exclusion | None:
    found = breaker.obstacle(candidate.breakers, model, now) if candidate.breakers else None
    if found is None:
        return None
    if found.until <= now:
        return Exclusion(candidate.id, Rule.PROBING, 0.0, found.probe)
    rule = Rule.COOLING_MODEL if found.model else Rule.COOLING
    return Exclusion(candidate.id, rule, found.until, f"{found.cause}, {found.strikes} in a row")


def by_use(candidate: Candidate, wish: Wish) -> Exclusion | None:
    """What is under way, or was, at the account."""
    limit = places(candidate)
    if limit and candidate.in_flight >= limit:
        return Exclusion(candidate.id, Rule.FULL, 0.0, f"{candidate.in_flight} of {limit}")
    return _by_trial(candidate, wish)


def _by_trial(candidate: Candidate, wish: Wish) -> Exclusion | None:
    return Exclusion(candidate.id, Rule.TRIED) if candidate.id in wish.excluded else None


STANDING: Mapping[Status, Rule | None] = {
    Status.ACTIVE: None,
    Status.COOLING: Rule.COOLING,
    Status.EXHAUSTED: Rule.EXHAUSTED,
    Status.SUSPENDED: Rule.SUSPENDED,
    Status.NEEDS_LOGIN: Rule.NEEDS_LOGIN,
    Status.DISABLED: Rule.DISABLED,
}

# Rules that end by themselves.
PASSING = frozenset({Rule.COOLING, Rule.EXHAUSTED})
