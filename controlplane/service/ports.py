"""What the use cases need from outside. `adapters/` implements these; tests use hand-written fakes."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from controlplane.domain.account import Account, Allowance, Counters, Credentials, Reading, Status, Tokens
from controlplane.domain.event import Happening
from controlplane.domain.hour import HourCount
from controlplane.domain.key import Key
from controlplane.domain.limits import Booked, Booking, Budget, Claim, Denied, Full, Granted, Payer, Place, Spent
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Entry, EntryPage, EntryQuery
from controlplane.domain.price import Price
from controlplane.domain.rollup import Bucket, UsageQuery
from controlplane.policy.breaker import Breaker

T = TypeVar("T")
# An answer that is there at once, or one that must be awaited: what is in memory makes nobody wait.
Soon: TypeAlias = T | Awaitable[T]


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> float:
        """Epoch seconds."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Vault(Protocol):
    """Secrets at rest, and keyed hashes."""

    def seal(self, owner: str, field: str, plain: str) -> bytes:
        """Encrypt; the result opens only for the same owner and field."""
        ...

    def open(self, owner: str, field: str, sealed: bytes) -> str:
        """Decrypt. Raises SealBroken."""
        ...

    def digest(self, purpose: str, text: str) -> str:
        """Keyed hash as hex; digests for different purposes are unrelated."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands, as it survives a restart. `until`: epoch seconds, 0: no end by itself.

    `breakers` are filled where it is stored; in use the account's candidate has them.
    """

    status: Status = Status.ACTIVE
    reason: str = ""
    until: int = 0
    breakers: Sequence[Breaker] = ()


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """All that is stored of an account."""

    account: Account
    credentials: Credentials
    standing: Standing = Standing()
    models: Sequence[ModelFacts] = ()
    models_at: int = 0
    allowance: Allowance | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What happened to an account and what was read of its allowance, each the oldest first."""

    happenings: Sequence[Happening] = ()
    readings: Sequence[Reading] = ()


class AccountStore(Protocol):
    """Accounts and their secrets. Every method returns after the commit."""

    async def load(self) -> Sequence[StoredAccount]:
        """Raises SealBroken when the secrets cannot be read."""
        ...

    async def add(self, account: Account, credentials: Credentials, past: Past | None = None) -> None:
        """`past`: what `remove` returned, of an account that is there again."""
        ...

    async def save(self, account: Account) -> None: ...

    async def remove(self, account_id: str) -> Past:
        """Its past goes with it, and is returned, but for what is older than anybody looks at."""
        ...

    async def credentials(self, account_id: str) -> Credentials | None:
        """The secrets as they are stored; None without such an account. Raises SealBroken."""
        ...

    async def replace(self, account_id: str, credentials: Credentials, expected_version: int, account: Account | None = None) -> bool:
        """Store `credentials` if the stored version still is `expected_version`; else False and nothing
        is stored. `account`: the record that goes with them, in the same transaction.
        """
        ...

    async def set_profile(self, account_id: str, profile_arn: str) -> None:
        """Store a profile that was found, unless the account has one by now."""
        ...

    async def set_standing(self, account_id: str, standing: Standing) -> None: ...

    async def set_models(self, account_id: str, models: Sequence[ModelFacts], fetched_at: int) -> None: ...

    async def set_allowance(self, account_id: str, allowance: Allowance, *, reading: bool = False) -> None:
        """Store what is left; as a `reading` too, which later ones do not replace."""
        ...

    async def readings(self, since: int) -> Mapping[str, Sequence[Reading]]:
        """Of every account since then (epoch seconds), in the order of time."""
        ...


class KeyStore(Protocol):
    """Managed keys. Every method returns after the commit."""

    async def load(self) -> Sequence[Key]: ...

    async def add(self, key: Key) -> None: ...

    async def save(self, key: Key) -> None: ...

    async def remove(self, key_id: str) -> None: ...


class SettingStore(Protocol):
    """Named texts that an administrator or the first start decided."""

    async def load(self) -> Mapping[str, str]: ...

    async def put(self, values: Mapping[str, str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """What records come to in sum, by key id and by account id."""

    keys: Mapping[str, Counters] = field(default_factory=dict)
    accounts: Mapping[str, Counters] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What really happened to doubtful entries: the lease ids that were inserted, and for each that
    took the place of a record written by rule, that record's (key id, account id); those of the gateway's own
    calls are left out, which counted as no requests.
    """

    inserted: frozenset[str] = frozenset()
    replaced: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """Records that were taken into the rollups now: how many, and what they come to."""

    count: int = 0
    totals: Totals = field(default_factory=Totals)


class RecordStore(Protocol):
    """Usage records, one row for each lease id, whatever is written twice; and the rollups of them,
    which change in the same transactions.
    """

    async def insert(self, fresh: Sequence[Entry], doubtful: Sequence[Entry]) -> Written:
        """Write both in one transaction. Rows that exist already are left alone, except that a
        doubtful entry takes the place of one that was written by rule when its lease had expired.
        """
        ...

    async def adopt(self, limit: int) -> Adopted:
        """Take up to `limit` rows into the rollups that are in none, for the previous release wrote
        them. Fewer only when there are no more.
        """
        ...

    async def totals(self) -> Totals:
        """From the rollups: what was, whether its rows are still there or not."""
        ...

    async def usage(self, query: UsageQuery, limit: int) -> Sequence[Bucket]:
        """By start and name; the first `limit`. Where nothing happened there is no bucket."""
        ...

    async def hours(self, start: int, end: int) -> Sequence[HourCount]:
        """What there was from `start` up to but without `end`, epoch seconds, by the hour of the booking."""
        ...

    async def samples(self, limit: int) -> Sequence[tuple[str, float]]:
        """Of the newest `limit` rows those whose credits the upstream told: model and credits, the
        oldest first.
        """
        ...

    async def page(self, query: EntryQuery) -> EntryPage:
        """Without the decisions, which are long. Raises Invalid for a cursor that is none."""
        ...

    async def find(self, request_id: str) -> Entry | None:
        """The newest entry of a request id."""
        ...


class PriceStore(Protocol):
    """Prices of models. Every method returns after the commit."""

    async def load(self) -> Sequence[Price]: ...

    async def seed(self, prices: Sequence[Price]) -> None:
        """Add those whose model has none."""
        ...

    async def add(self, price: Price) -> None:
        """Raises Duplicate when the model has one."""
        ...

    async def save(self, price: Price) -> None:
        """Raises Absent; Duplicate when another is of this model."""
        ...

    async def remove(self, price_id: str) -> None: ...


class RetentionStore(Protocol):
    """What grows with every request, and is not kept for ever. Each call is one bounded transaction
    that answers how many rows it deleted; fewer than `limit` only when there are no more.
    """

    async def drop_records(self, before_ms: int, limit: int) -> int:
        """Usage records of requests received before; never one that is not in the rollups yet."""
        ...

    async def drop_allowances(self, before: int, limit: int) -> int:
        """Samples of accounts' allowances."""
        ...

    async def drop_events(self, before_ms: int, limit: int) -> int:
        """What happened to accounts before."""
        ...

    async def crop_events(self, most: int, limit: int) -> int:
        """What happened to an account before the newest `most` of it."""
        ...


class Provider(Protocol):
    """The account endpoints of one upstream kind. Every method raises ProviderError's subclasses
    only: GrantRejected, AccessRejected, CallForbidden, AccountSuspended, ProviderUnavailable.
    """

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        """Trade the refresh token, the social or the IdC way as `account.auth_method` says."""
        ...

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:
        """ARNs of the profiles the account may use (IdC). Empty where the provider lists none to it."""
        ...

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        """What the account offers, all pages; `created` is left 0."""
        ...

    async def allowance(self, account: Account, bearer: str) -> Allowance:
        """What is left of the account; `checked_at` is left 0."""
        ...


class Ledger(Protocol):
    """What keys may still spend, and which places of accounts are taken. Each method is atomic.

    At every admission `spent + reserved + standby <= cap` holds for each limit; only the bookings of
    requests that were open already may exceed it (`overrun`). `now` is epoch seconds and never runs
    backwards by more than the clocks of two machines differ. Periods begin by `now`: what is booked
    counts in the day and month of its booking, what is reserved in the present ones.
    """

    async def start(self, now: float) -> None:
        """Make ready: where the books are empty, begin with what the records say was spent."""
        ...

    def reserve(self, claim: Claim, now: float) -> Soon[Granted | Denied | Full]:
        """Reserve of all payers and take the place, or neither. The payers' limits come first. Nothing is
        reserved twice for a lease that is held already: it is granted.
        """
        ...

    def restore(self, claim: Claim, now: float) -> Soon[int]:
        """Take back into the books what a data plane holds, whatever the limits say; nothing if it is
        held already, or has counted. A minute's limits do not notice until it is settled. How many are at
        the place's account then.
        """
        ...

    def move(self, lease_id: str, place: Place | None, now: float) -> Soon[Granted | Full | None]:
        """Give the lease's place back and take `place`. Full: the old one is given back, the new not
        taken. None: the lease is not held. Without a new place `in_flight` tells who is left at the old.
        The answer shows no windows.
        """
        ...

    def extend(self, lease_id: str, tokens: int, now: float) -> Soon[Granted | Denied | None]:
        """Reserve more tokens of all the lease's payers, or none, by the limits of its claim. None: the
        lease is not held. The answer shows no windows.
        """
        ...

    def settle(self, bookings: Sequence[Booking], now: float) -> Soon[Sequence[Booked]]:
        """End leases: their reservations and places return, what was spent counts. In the order given. A
        lease that has spent nothing may still be booked, or restored; one that was booked already only returns.
        """
        ...

    def book(self, bookings: Sequence[Booking], now: float) -> Soon[None]:
        """Count what was spent by leases that are not held any more; by each lease once."""
        ...

    def keep(self, lease_ids: Sequence[str], deadline: int) -> Soon[None]:
        """These leases are still wanted: their deadline moves."""
        ...

    def expire(self, now: float) -> Soon[Sequence[str]]:
        """Give back what is past its deadline; which leases."""
        ...

    def read(self, payers: Sequence[Payer], now: float) -> Soon[Sequence[Budget]]:
        """How each stands."""
        ...

    def in_flight(self) -> Soon[Mapping[str, int]]:
        """Requests at each account that has any."""
        ...

    async def close(self) -> None: ...


class SpentStore(Protocol):
    """What the records say was spent."""

    async def spent(self, now: float) -> Mapping[str, Spent]:
        """Of every key, in the day and month of `now` and in total; by the time of booking."""
        ...
