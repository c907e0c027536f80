"""Stores in memory, as far as the simulation needs them."""
# ruff: noqa: ARG002 - the ports name the arguments; what the simulation has none of, nobody looks up

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.scheduling.scenario import Behaviour
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Reading
from controlplane.domain.audit import Change, ChangePage, ChangeQuery
from controlplane.domain.event import Decided, Happening
from controlplane.domain.key import Key
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Entry, EntryPage, EntryQuery
from controlplane.domain.price import Price
from controlplane.domain.rollup import Bucket, UsageQuery
from controlplane.domain.route import Route
from controlplane.service.audit import AuditStore
from controlplane.service.own_books import OwnRow, OwnStore
from controlplane.service.ports import (
    AccountStore,
    Adopted,
    KeyStore,
    PriceStore,
    RecordStore,
    RetentionStore,
    SettingStore,
    Standing,
    StoredAccount,
    Totals,
    Written,
)
from controlplane.service.routes import RouteStore
from controlplane.service.timeline import TimelineStore


class Accounts(AccountStore):
    """The AccountStore in a dict."""

    def __init__(self, behaviours: Sequence[Behaviour], now: float) -> None:
        self._stored = {one.name: _stored(one, now) for one in behaviours}

    async def load(self) -> Sequence[StoredAccount]:
        return list(self._stored.values())

    async def add(self, account: Account, credentials: Credentials) -> None:
        self._stored[account.id] = StoredAccount(account, credentials)

    async def save(self, account: Account) -> None:
        self._change(account.id, account=account)

    async def remove(self, account_id: str) -> None:
        del self._stored[account_id]

    async def credentials(self, account_id: str) -> Credentials | None:
        stored = self._stored.get(account_id)
        return stored.credentials if stored is not None else None

    async def replace(self, account_id: str, credentials: Credentials, expected_version: int, account: Account | None = None) -> bool:
        stored = self._stored.get(account_id)
        if stored is None or stored.credentials.version != expected_version:
            return False
        self._change(account_id, credentials=credentials, account=account or stored.account)
        return True

    async def set_profile(self, account_id: str, profile_arn: str) -> None:
        self._change(account_id, account=replace(self._stored[account_id].account, profile_arn=profile_arn))

    async def set_standing(self, account_id: str, standing: Standing) -> None:
        self._change(account_id, standing=standing)

    async def set_models(self, account_id: str, models: Sequence[ModelFacts], fetched_at: int) -> None:
        self._change(account_id, models=models, models_at=fetched_at)

    async def set_allowance(self, account_id: str, allowance: Allowance, *, reading: bool = False) -> None:
        self._change(account_id, allowance=allowance)

    async def readings(self, since: int) -> Mapping[str, Sequence[Reading]]:
        return {}

    def _change(self, account_id: str, **values: Any) -> None:
        self._stored[account_id] = replace(self._stored[account_id], **values)


def _stored(behaviour: Behaviour, now: float) -> StoredAccount:
    """An account as an administrator entered it, with a token that is due within the first hour."""
    account = Account(
        behaviour.name,
        "kiro",
        behaviour.name,
        AuthMethod.SOCIAL,
        priority=behaviour.priority,
        max_concurrency=behaviour.max_concurrency,
        created_at=int(now),
    )
    return StoredAccount(account, Credentials(f"refresh-{behaviour.name}", "access", expires_at=int(now) + 1800))


class Keys(KeyStore):
    """The simulation knows only the proxy key."""

    async def load(self) -> Sequence[Key]:
        return ()

    async def add(self, key: Key) -> None: ...

    async def save(self, key: Key) -> None: ...

    async def remove(self, key_id: str) -> None: ...


class Prices(PriceStore):
    """Money is not looked at."""

    async def load(self) -> Sequence[Price]:
        return ()

    async def seed(self, prices: Sequence[Price]) -> None: ...

    async def add(self, price: Price) -> None: ...

    async def save(self, price: Price) -> None: ...

    async def remove(self, price_id: str) -> None: ...


class Routes(RouteStore):
    """None."""

    async def load(self) -> Sequence[Route]:
        return ()

    async def seed(self, routes: Sequence[Route]) -> None: ...

    async def replace(self, routes: Sequence[Route]) -> None: ...


class Settings(SettingStore):
    """What is stored at the beginning; changes are in the use case's own memory."""

    def __init__(self, stored: Mapping[str, str]) -> None:
        self._stored = stored

    async def load(self) -> Mapping[str, str]:
        return self._stored

    async def put(self, values: Mapping[str, str]) -> None: ...


class Own(OwnStore):
    """Nobody brings an account."""

    async def find(self, account_id: str) -> OwnRow | None:
        return None

    async def put(self, row: OwnRow, expected_version: int) -> bool:
        return False

    async def set_profile(self, account_id: str, profile_arn: str) -> None: ...

    async def touch(self, account_id: str, used_at: int) -> None: ...

    async def prune(self, used_before: int) -> int:
        return 0


class Old(RetentionStore):
    """Nothing becomes old."""

    async def drop_records(self, before_ms: int, limit: int) -> int:
        return 0

    async def drop_allowances(self, before: int, limit: int) -> int:
        return 0

    async def drop_events(self, before_ms: int, limit: int) -> int:
        return 0

    async def crop_events(self, most: int, limit: int) -> int:
        return 0


class Timeline(TimelineStore):
    """Nobody reads it."""

    async def add(self, happenings: Sequence[Happening]) -> None: ...

    async def page(self, account_id: str, before: tuple[int, int] | None, limit: int) -> Sequence[Happening]:
        return ()

    async def decided(self, since_ms: int, limit: int) -> Sequence[Decided]:
        return ()


class Changes(AuditStore):
    """No administrator changes anything."""

    async def add(self, change: Change) -> None: ...

    async def page(self, query: ChangeQuery) -> ChangePage:
        return ChangePage((), None)


@dataclass
class Records(RecordStore):
    """The RecordStore that keeps only which requests were recorded, and how often."""

    times: dict[str, int] = field(default_factory=dict)

    async def insert(self, fresh: Sequence[Entry], doubtful: Sequence[Entry]) -> Written:
        for entry in (*fresh, *doubtful):
            name = entry.outcome.request_id
            self.times[name] = self.times.get(name, 0) + 1
        return Written(frozenset(entry.outcome.lease_id for entry in doubtful))

    async def adopt(self, limit: int) -> Adopted:
        return Adopted()

    async def totals(self) -> Totals:
        return Totals()

    async def usage(self, query: UsageQuery, limit: int) -> Sequence[Bucket]:
        return ()

    async def samples(self, limit: int) -> Sequence[tuple[str, float]]:
        return ()

    async def page(self, query: EntryQuery) -> EntryPage:
        return EntryPage((), None)

    async def find(self, request_id: str) -> Entry | None:
        return None


class Nobody:
    """In the place of who may sign in, and of how passwords are hashed: nobody does, and the jobs about it do not run."""

    async def load(self) -> Sequence[object]:
        return ()

    async def add(self, one: object) -> None: ...
