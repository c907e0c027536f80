"""All accounts in memory: what the hot path decides from. The owner of every seat's candidate.

Whoever changes a seat writes the database first. Nothing here waits.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controlplane.domain.account import Account, Allowance, Credentials, Forecast, Reading, Status
from controlplane.domain.errors import Absent
from controlplane.domain.kinds import fixed, renewable
from controlplane.domain.model import ModelFacts
from controlplane.policy import addressing, breaker, cooldown, offers, polling, refresh, wellknown
from controlplane.policy.breaker import Breaker
from controlplane.policy.candidates import FULL_HEALTH, Candidate
from controlplane.policy.ceiling import Ceiling
from controlplane.policy.cooldown import Rest, Scope
from controlplane.policy.endpoints import Endpoints
from controlplane.policy.families import profiled
from controlplane.policy.health import Tally
from controlplane.policy.hosts import Hosts
from controlplane.policy.polling import Polls
from controlplane.service import rests
from controlplane.service.ports import Standing, StoredAccount
from controlplane.service.rests import PASSING

HUNDRED = 100
READINGS = 150  # a day of them, every ten minutes


@dataclass(slots=True)
class Seat:
    """One account in the roster. `standing` is COOLING where breakers of the whole account say so and nothing
    graver does. `strikes`: like faults in a row that were no reason for a rest yet, by cause, with the time
    of the last. `parked_at`: when a request was told that the account is exhausted, 0: none was. `readings`
    of its allowance, whose present period began at `began_at`, 0 unknown; `foreseen`: the last forecast, after what it
    was made from. `saving` is held while how it stands is stored. `listed`: what its upstream said it offers, at
    `offered_at`; `offered`: what it does offer but for an administrator's limits. `urls`: its addresses, as configured.
    `learned`: what came to light with its bearer that requests need, None: no bearer was renewed since the start. `era`
    grows with each change of address or sign-in, the last of them at `turned_at`: what its upstream was asked before
    says nothing any more.
    """

    account: Account
    credentials: Credentials
    candidate: Candidate
    hosts: Hosts
    standing: Standing = field(default_factory=Standing)
    listed: Mapping[str, ModelFacts] = field(default_factory=dict)
    offered_at: int = 0
    allowance: Allowance | None = None
    strikes: dict[str, tuple[int, float]] = field(default_factory=dict)
    endpoints: Endpoints = field(default_factory=Endpoints)
    tally: Tally = field(default_factory=Tally)
    ceiling: Ceiling | None = None
    polls: Polls = field(default_factory=Polls)
    parked_at: float = 0.0
    readings: deque[Reading] = field(default_factory=lambda: deque(maxlen=READINGS))
    began_at: float = 0.0
    foreseen: tuple[object, Forecast | None] | None = None
    learned: Mapping[str, str] | None = None
    era: int = 0
    turned_at: float = 0.0
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    offered: Mapping[str, ModelFacts] = field(init=False)
    served: Account = field(init=False)
    urls: Sequence[str] = field(init=False)
    attributes: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.candidate.breakers = rests.recalled(self.standing)
        self.standing = replace(self.standing, breakers=())
        if self.allowance is not None:
            self.measure(self.allowance)
        self.settle()

    @property
    def chance(self) -> float:
        """A number in 0..1 that is the account's own, for jitter."""
        return (zlib.crc32(self.account.id.encode()) % HUNDRED) / HUNDRED

    def settle(self) -> None:
        """Bring everything derived into line with the record, the secrets and the standing."""
        account, credentials, candidate = self.account, self.credentials, self.candidate
        self.served = profiled(account, credentials)
        address = addressing.of(self.served, self.hosts, self.learned or {})
        self.urls, self.attributes = address.urls, address.attributes
        candidate.kind, candidate.priority, candidate.max_concurrency = account.kind, account.priority, account.max_concurrency
        # What only rests it does so by its breakers.
        status = Status.ACTIVE if self.standing.status in PASSING else self.standing.status
        candidate.status = Status.DISABLED if account.disabled else status
        candidate.until = self.standing.until
        self.offered = offers.offered(account, self.listed)
        limited = set(account.models)
        candidate.offers = frozenset(model for model in self.offered if not limited or model in limited)
        candidate.has_credential = bool(credentials.bearer) or self.fixed or self.renewable
        candidate.warm_until = 0.0 if not credentials.bearer else (credentials.expires_at or float("inf"))
        if self.fixed:
            candidate.warm_until = float("inf")

    @property
    def fixed(self) -> bool:
        """Whether nothing renews its bearer, which may be none."""
        return fixed(self.account, self.credentials)

    @property
    def renewable(self) -> bool:
        """Whether a new bearer can be had without an administrator."""
        return renewable(self.account, self.credentials)

    def take(self, credentials: Credentials) -> None:
        """Use what was committed, unless something newer is in use: commits may be heard of out of order."""
        if credentials.version > self.credentials.version:
            self.credentials = credentials
            self.settle()

    def learn(self, attributes: Mapping[str, str]) -> None:
        """Use what came with the bearer that is in use."""
        self.learned = attributes
        self.settle()

    def turn(self, now: float) -> None:
        """It is another account to its upstream, or at another upstream, from now on."""
        self.era, self.turned_at = self.era + 1, now

    def ready(self, now: float) -> bool:
        """Whether a request can have its bearer without waiting."""
        credentials = self.credentials
        if self.fixed:
            return True
        return bool(credentials.access_token) and not refresh.near(credentials.expires_at, now)

    def recover(self, now: float) -> bool:
        """End what has had its time; True when there was such. Breakers end by requests."""
        standing = self.standing
        if standing.until == 0 or standing.until > now or standing.status is Status.COOLING:
            return False
        self.parked_at = 0.0
        self._stand(Standing())
        return True

    def strike(self, cause: str, now: float) -> int:
        """Count a fault; how many like it came in a row before."""
        count, last = self.strikes.get(cause, (0, now))
        if now - last > breaker.FORGIVEN_AFTER:
            count = 0
        self.strikes[cause] = (count + 1, now)
        return count

    def rest(self, rest: Rest, model: str, now: float) -> bool:
        """Put the account (or its model) out; True when anything changed."""
        if rest.status is Status.COOLING:
            return self._open(rest, model if rest.scope is Scope.MODEL else "", now)
        if not cooldown.outweighs(rest, self.standing.status, self.standing.until):
            return False
        if rest.cause == cooldown.EXHAUSTED:
            self.parked_at = now
        self._stand(Standing(rest.status, rest.reason, int(rest.until)))
        return True

    def prolong(self, found: Breaker, until: float) -> bool:
        """The upstream asks for a longer rest; True when it is longer."""
        if until <= found.until:
            return False
        found.until, found.asked = until, True
        self.cool()
        return True

    def close(self, found: Breaker) -> None:
        """The cause is gone."""
        del self.candidate.breakers[found.cause, found.model]
        self.cool()

    def lift(self, reason: str) -> bool:
        """End rests that were put for this reason, and only such; True when there was one."""
        lifted = [found for found in self.candidate.breakers.values() if found.reason == reason]
        for found in lifted:
            self.close(found)
        return bool(lifted)

    def stand(self, standing: Standing) -> None:
        """Set how the account stands, whatever it was. ACTIVE forgets all that was held against it."""
        if standing.status is Status.COOLING:
            self._open(Rest(standing.status, standing.reason, Scope.ACCOUNT, standing.until), "", 0.0)
            return
        if standing.status is Status.ACTIVE:
            self.strikes.clear()
            self.candidate.breakers.clear()
            self.candidate.health = FULL_HEALTH
            self.bear(None)
            self.parked_at = 0.0
        self._stand(standing)

    def unpark(self) -> bool:
        """There is allowance again; True when it was exhausted."""
        if self.standing.status is not Status.EXHAUSTED:
            return False
        self.parked_at = 0.0
        self._stand(Standing())
        return True

    def cool(self) -> None:
        """Bring the standing into line with the breakers, where nothing graver holds."""
        if self.standing.status in PASSING:
            self._stand(Standing())

    def bear(self, ceiling: Ceiling | None) -> None:
        """So many requests at a time were found to be what the account bears; None: nothing was found."""
        self.ceiling = ceiling
        self.candidate.ceiling = ceiling.limit if ceiling is not None else 0

    def measure(self, allowance: Allowance) -> None:
        """Use what the upstream says is left."""
        before = self.allowance
        if before is not None and 0 < before.resets_at <= allowance.checked_at and allowance.resets_at > before.resets_at:
            self.began_at = before.resets_at
        self.allowance = allowance
        candidate, bounded = self.candidate, polling.bounded(allowance)
        candidate.plan = allowance.plan.lower()
        candidate.limit = allowance.limit if bounded else 0.0
        candidate.left = allowance.limit - allowance.used if bounded else 0.0
        candidate.resets_at = allowance.resets_at if allowance.resets_at <= allowance.checked_at + cooldown.LONGEST_RESET else 0.0

    def _open(self, rest: Rest, model: str, now: float) -> bool:
        breakers = self.candidate.breakers
        before = breakers.get((rest.cause, model))
        if before is not None and not before.probe and now < before.until:
            return self.prolong(before, rest.until)
        asked = rest.asked or not cooldown.TABLE[rest.cause].heals
        strikes = breaker.strikes(before, now) + 1
        breakers[rest.cause, model] = Breaker(rest.cause, model, rest.reason, now, rest.until, strikes, asked)
        self.strikes.pop(rest.cause, None)
        self.cool()
        return True

    def _stand(self, standing: Standing) -> None:
        if standing.status is Status.ACTIVE:
            standing = rests.cooling(breaker.longest(self.candidate.breakers))
        self.standing = standing
        self.settle()

    def offer(self, models: Sequence[ModelFacts], now: int) -> None:
        """Replace what the account's upstream lists."""
        self.listed = offers.listed(self.account, models)
        self.offered_at = now
        self.settle()


class Roster:
    """Every account by id, oldest first. Who changes it calls `changed`: the model table may differ."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._seats: dict[str, Seat] = {}
        self.candidates: list[Candidate] = []
        self.changed: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[Seat]:
        return iter(tuple(self._seats.values()))

    def __len__(self) -> int:
        return len(self._seats)

    def seat(self, account_id: str) -> Seat:
        """Raises Absent."""
        if account_id not in self._seats:
            raise Absent("there is no such account")
        return self._seats[account_id]

    def find(self, account_id: str) -> Seat | None:
        return self._seats.get(account_id)

    def add(self, stored: StoredAccount) -> Seat:
        """Take an account in, as it is stored."""
        seat = Seat(
            stored.account,
            stored.credentials,
            Candidate(stored.account.id, stored.account.kind),
            self._hosts,
            stored.standing,
            _listed(stored),
            stored.models_at,
            stored.allowance,
        )
        self._seats[stored.account.id] = seat
        self.candidates.append(seat.candidate)
        return seat

    def remove(self, account_id: str) -> None:
        """Forget an account; leases that hold it keep their seat until they end."""
        seat = self._seats.pop(account_id)
        self.candidates.remove(seat.candidate)


def _listed(stored: StoredAccount) -> Mapping[str, ModelFacts]:
    """What the account is known to offer; the well-known models until it was asked. An empty list
    that the upstream gave is authoritative.
    """
    return offers.listed(stored.account, stored.models if stored.models_at else wellknown.MODELS.get(stored.account.kind, ()))
