"""How an account stands as far as breakers tell: the latest of them now, and all of them after a start."""

from dataclasses import replace

from controlplane.domain.account import Status
from controlplane.policy import breaker, cooldown
from controlplane.policy.breaker import Breaker
from controlplane.service.ports import Standing

# What nothing graver than a breaker makes an account.
PASSING = frozenset({Status.ACTIVE, Status.COOLING})


def cooling(found: Breaker | None) -> Standing:
    """How an account stands that nothing but this breaker rests."""
    return Standing(Status.COOLING, found.reason, int(found.until)) if found is not None else Standing()


def recalled(standing: Standing) -> dict[tuple[str, str], Breaker]:
    """The breakers as they were stored. The previous release stores none, and leaves those it found: where
    how the account stands is not what they say, they are old, and its word becomes a breaker.
    """
    kept = {(one.cause, one.model): replace(one) for one in standing.breakers if one.cause in cooldown.TABLE}
    said = replace(standing, breakers=())
    if standing.status not in PASSING or said == cooling(breaker.longest(kept)):
        return kept
    models = {key: one for key, one in kept.items() if one.model}
    if standing.status is Status.ACTIVE:
        return models
    cause = next((name for name, rule in cooldown.TABLE.items() if rule.reason == standing.reason), cooldown.UNRENEWED)
    return models | {(cause, ""): Breaker(cause, "", standing.reason, standing.until, standing.until, asked=True)}
