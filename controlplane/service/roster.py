"""All accounts in memory: what the hot path decides from. The owner of every seat's candidate.

Whoever changes a seat writes the database first. Nothing here waits.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.domain.account import Account, AccountView, Allowance, Counters, Credentials, Status
from controlplane.domain.errors import Absent
from controlplane.domain.model import ModelFacts
from controlplane.policy import cooldown, refresh, wellknown
from controlplane.policy.cooldown import Rest, Scope
from controlplane.policy.endpoints import Endpoints
from controlplane.policy.families import profiled
from controlplane.policy.hosts import Hosts
from controlplane.policy.scheduling import Candidate
from controlplane.service.ports import Standing, StoredAccount

HUNDRED = 100


@dataclass(slots=True)
class Seat:
    """One account in the roster. `strikes`: like faults in a row, by cause, with the time of the last or
    of the end of the rest that it led to. `urls`: its addresses, as configured.
    """

    account: Account
    credentials: Credentials
    candidate: Candidate
    hosts: Hosts
    standing: Standing = field(default_factory=Standing)
    offered: Mapping[str, ModelFacts] = field(default_factory=dict)
    offered_at: int = 0
    allowance: Allowance | None = None
    strikes: dict[str, tuple[int, float]] = field(default_factory=dict)
    endpoints: Endpoints = field(default_factory=Endpoints)
    served: Account = field(init=False)
    urls: Sequence[str] = field(init=False)
    attributes: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.settle()

    @property
    def chance(self) -> float:
        """A number in 0..1 that is the account's own, for jitter."""
        return (zlib.crc32(self.account.id.encode()) % HUNDRED) / HUNDRED

    def settle(self) -> None:
        """Bring everything derived into line with the record, the secrets and the standing."""
        account, credentials, candidate = self.account, self.credentials, self.candidate
        self.served = profiled(account, credentials)
        places = self.hosts.places(self.served.api_region, account.base_url)
        self.urls = places.chat
        self.attributes = attributes(self.served, self.hosts.profile, places.management)
        candidate.kind, candidate.priority, candidate.max_concurrency = account.kind, account.priority, account.max_concurrency
        candidate.status = Status.DISABLED if account.disabled else self.standing.status
        candidate.until = self.standing.until
        limited = set(account.models)
        candidate.offers = frozenset(model for model in self.offered if not limited or model in limited)
        candidate.has_credential = bool(credentials.bearer or credentials.refresh_token)
        candidate.warm_until = 0.0 if not credentials.bearer else (credentials.expires_at or float("inf"))
        if credentials.api_key:
            candidate.warm_until = float("inf")

    def take(self, credentials: Credentials) -> None:
        """Use what was committed, unless something newer is in use: commits may be heard of out of order."""
        if credentials.version > self.credentials.version:
            self.credentials = credentials
            self.settle()

    def ready(self, now: float) -> bool:
        """Whether a request can have its bearer without waiting."""
        credentials = self.credentials
        if credentials.api_key:
            return True
        return bool(credentials.access_token) and not refresh.near(credentials.expires_at, now)

    def recover(self, now: float) -> bool:
        """End a rest whose time has come; True when there was one."""
        if self.standing.until == 0 or self.standing.until > now:
            return False
        self.standing = Standing()
        self.settle()
        return True

    def strike(self, cause: str, now: float) -> int:
        """Count a fault; how many like it came in a row before. Those that arrive while the account
        rests already belong to the same occasion and do not count: ten requests that were under
        way together are one fault.
        """
        count, last = self.strikes.get(cause, (0, 0.0))
        if now - last > cooldown.FORGIVEN_AFTER:
            count = 0
        if self.candidate.status is Status.COOLING and self.candidate.until > now:
            return max(count - 1, 0)
        self.strikes[cause] = (count + 1, now)
        return count

    def remember(self, cause: str, until: float) -> None:
        """The fault led to a rest: only what passes after its end is forgiven."""
        if cause in self.strikes:
            self.strikes[cause] = (self.strikes[cause][0], max(self.strikes[cause][1], until))

    def rest(self, rest: Rest, model: str) -> bool:
        """Put the account (or its model) out; True when how the account stands changed."""
        if rest.scope is Scope.MODEL:
            self.candidate.resting[model] = rest.until
            return False
        if not cooldown.outweighs(rest, self.standing.status, self.standing.until):
            return False
        self.standing = Standing(rest.status, rest.reason, int(rest.until))
        self.settle()
        return True

    def lift(self, reason: str) -> bool:
        """End a rest that was put for this reason, and only such a one; True when there was one."""
        if self.standing.status is not Status.COOLING or self.standing.reason != reason:
            return False
        self.standing = Standing()
        self.settle()
        return True

    def stand(self, standing: Standing) -> None:
        """Set how the account stands, whatever it was."""
        self.standing = standing
        if standing.status is Status.ACTIVE:
            self.strikes.clear()
            self.candidate.resting.clear()
            self.candidate.health = cooldown.FULL_HEALTH
        self.settle()

    def offer(self, models: Sequence[ModelFacts], now: int) -> None:
        """Replace what the account offers."""
        self.offered = {model.id: model for model in models}
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
            _offered(stored),
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


def _offered(stored: StoredAccount) -> Mapping[str, ModelFacts]:
    """What the account is known to offer; the well-known models until it was asked. An empty list
    that the upstream gave is authoritative.
    """
    models = stored.models if stored.models_at else wellknown.MODELS.get(stored.account.kind, ())
    return {model.id: model for model in models}


def attributes(account: Account, profile: str, management: str) -> Mapping[str, str]:
    """What the data plane's plug-in needs to speak for the account, empty values left out."""
    named = {
        "profile_arn": account.profile_arn,
        "machine_id": account.machine_id,
        "auth_method": str(account.auth_method),
        "region": account.api_region,
        "host_profile": profile,
        "management_url": management,
        "proxy_url": account.proxy_url,
    }
    return {name: value for name, value in named.items() if value}


def view(seat: Seat, counters: Counters, now: float) -> AccountView:
    """The seat as an administrator sees it; a rest that has ended is not shown any more."""
    standing = seat.standing
    if 0 < standing.until <= now:
        standing = Standing()
    status = Status.DISABLED if seat.account.disabled else standing.status
    return AccountView(
        account=seat.account,
        status=status,
        reason=standing.reason,
        until=standing.until,
        health=round(seat.candidate.health),
        in_flight=seat.candidate.in_flight,
        has_refresh_token=bool(seat.credentials.refresh_token),
        has_access_token=bool(seat.credentials.bearer),
        expires_at=seat.credentials.expires_at,
        models=[seat.offered[model] for model in sorted(seat.candidate.offers)],
        allowance=seat.allowance,
        counters=counters,
    )
