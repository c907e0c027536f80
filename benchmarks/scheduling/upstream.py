"""The other side: accounts that serve, fail, throttle and run out as the scenario says."""
# ruff: noqa: ARG002 - the provider port names the arguments

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from benchmarks.scheduling.loop import START
from benchmarks.scheduling.scenario import OPUS, PERIOD, RATES, SONNET, Behaviour, Scenario
from benchmarks.scheduling.traffic import Session, Turn
from controlplane.domain.account import Account, Allowance, Credentials, Tokens
from controlplane.domain.model import ModelFacts
from controlplane.service.ports import Clock

MODELS: Sequence[ModelFacts] = [
    ModelFacts(SONNET, "Claude Sonnet 4.5", 200_000, 64_000, RATES[SONNET]),
    ModelFacts(OPUS, "Claude Opus 4.5", 200_000, 64_000, RATES[OPUS]),
]
TOKEN_SECONDS = 3600
# Seconds to the first event: always, and for each token that is not, or is, in the prompt cache.
FIRST, COLD, WARM = 0.9, 30e-6, 3e-6
SLOWER: Mapping[str, float] = {SONNET: 1.0, OPUS: 1.4}
CACHED_SECONDS = 300.0  # after its last use
THROTTLED_AFTER, RETRY_AFTER = 0.2, 5
FAILED_AFTER = 0.6
REFUSED_AFTER = 0.3
UNREACHABLE_AFTER = 3.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that brings nothing, known after so many seconds."""

    seconds: float
    fault: str
    status: int = 0
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds to the first event, and from there to the end. `warm`: the prompt was in the account's cache."""

    first: float
    streaming: float
    warm: bool


@dataclass(slots=True)
class Site:
    """One account as its upstream knows it. `cached`: conversations, with the time until which their prompt is
    kept. `wasted`: credits that were left at resets, `allowed`: all there ever were, `ran_out`: when first none was left.
    """

    behaviour: Behaviour
    chance: Random
    left: float
    resets_at: float
    in_flight: int = 0
    cached: dict[str, float] = field(default_factory=dict)
    wasted: float = 0.0
    allowed: float = 0.0
    ran_out: float = inf

    @property
    def used(self) -> float:
        """Credits that were spent since the beginning."""
        return self.allowed - self.wasted - self.left

    def renew(self, now: float) -> None:
        """Begin a new period when the old one is over."""
        while now >= self.resets_at:
            self.wasted += self.left
            self.allowed += self.behaviour.limit
            self.left = self.behaviour.limit
            self.resets_at += PERIOD

    def spend(self, credits: float, now: float) -> None:
        self.renew(now)
        self.left = max(0.0, self.left - credits)
        if not self.left:
            self.ran_out = min(self.ran_out, now)


class Upstream:
    """All accounts. Times are epoch seconds."""

    def __init__(self, scenario: Scenario) -> None:
        self.sites = {
            one.name: Site(one, Random(f"{scenario.seed} {one.name}"), one.left, START + one.resets_after, allowed=one.left)
            for one in scenario.accounts
        }

    def open(self, account_id: str, session: Session, turn: Turn, now: float) -> Answer | Failure:
        """What comes of an attempt; it is under way from now on, until `close`."""
        site = self.sites[account_id]
        site.renew(now)
        site.in_flight += 1
        return self._refusal(site, session, now) or self._answer(site, session, turn, now)

    def close(self, account_id: str, spent: float, now: float) -> None:
        """The attempt is over, and cost so many credits."""
        site = self.sites[account_id]
        site.in_flight -= 1
        site.spend(spent, now)

    def _refusal(self, site: Site, session: Session, now: float) -> Failure | None:
        behaviour = site.behaviour
        begins, ends = behaviour.outage
        if begins <= now - START < ends:
            return Failure(UNREACHABLE_AFTER, "unreachable")
        if site.in_flight > behaviour.bears:
            return Failure(THROTTLED_AFTER, "throttled", 429, RETRY_AFTER)
        if site.left <= 0:
            return Failure(REFUSED_AFTER, "quota_exhausted", 402)
        if behaviour.plan == "free" and session.model == OPUS:
            return Failure(REFUSED_AFTER, "model_unknown", 400)
        return Failure(FAILED_AFTER, "unavailable", 503) if site.chance.random() < behaviour.failing else None

    def _answer(self, site: Site, session: Session, turn: Turn, now: float) -> Answer:
        warm = now < site.cached.get(session.name, 0.0)
        first = (FIRST + turn.context * (WARM if warm else COLD)) * SLOWER[session.model] * site.behaviour.slowness * turn.luck
        site.cached[session.name] = now + first + turn.streaming + CACHED_SECONDS
        return Answer(first, turn.streaming, warm)


class Endpoints:
    """The provider port: tokens, model lists and allowances of the simulated accounts."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock
        self._traded = 0
        self.asked = 0

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        self._traded += 1
        await self._clock.sleep(0.2)
        return Tokens(f"access-{self._traded}", TOKEN_SECONDS, f"refresh-{account.id}-{self._traded}")

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:
        return ()

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        await self._clock.sleep(0.2)
        return MODELS

    async def allowance(self, account: Account, bearer: str) -> Allowance:
        await self._clock.sleep(0.2)
        self.asked += 1
        site = self._upstream.sites[account.id]
        site.renew(self._clock.now())
        behaviour = site.behaviour
        return Allowance(behaviour.limit - site.left, behaviour.limit, int(site.resets_at), plan=behaviour.plan)
