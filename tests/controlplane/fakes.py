"""Hand-written stand-ins for the control plane's ports, and a world of use cases over them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from controlplane import wiring
from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Account, AccountDraft, Allowance, Credentials, Reading, Tokens
from controlplane.domain.audit import ChangePage
from controlplane.domain.errors import LedgerAway
from controlplane.domain.kinds import KINDS
from controlplane.domain.lease import Ask, Caller
from controlplane.domain.limits import MILLION, Amounts, Spent
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, EntryPage, Outcome, Source, Usage
from controlplane.policy.hosts import Hosts
from controlplane.service import identity
from controlplane.service.background import Background
from controlplane.service.ports import Adopted, Past, StoredAccount, Totals, Written
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.sums import Sum
from controlplane.service.work import done, onward
from tests.controlplane.door_fakes import memory_door

NOW = 1_800_000_000.0
PROXY_KEY = "proxy-key-of-the-tests"
PASSWORD = "password-of-the-tests"
HOSTS = Hosts.chosen("runtime", ("https://chat.{region}.test", "https://other.{region}.test"), "https://management.{region}.test")
SONNET = ModelFacts("claude-sonnet-4.5", "Claude Sonnet 4.5", 200_000, 64_000, input_types=("text", "image"))
HAIKU = ModelFacts("claude-haiku-4.5", "Claude Haiku 4.5", 200_000, 64_000)


class FakeClock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


class FakeProvider:
    """An upstream that hands out numbered tokens. `failure` is raised instead, once or `for_ever`.

    `gate` holds every call back until it is set.
    """

    def __init__(self) -> None:
        self.traded: list[str] = []
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.for_ever = False
        self.rotates = True
        self.gate = asyncio.Event()
        self.gate.set()
        self.offers: Sequence[ModelFacts] = (SONNET, HAIKU)
        self.arns: Sequence[str] = ()
        self.profile = ""
        self.attributes: Mapping[str, str] = {}
        self.left = Allowance(1, 50)

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        self.traded.append(credentials.refresh_token)
        await self._pass("refresh")
        number = len(self.traded)
        rotated = f"{credentials.refresh_token}+{number}" if self.rotates else ""
        return Tokens(f"access-{number}", 3600, rotated, self.profile, self.attributes)

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:
        await self._pass("profiles")
        return self.arns

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        await self._pass("models")
        return self.offers

    async def allowance(self, account: Account, bearer: str) -> Allowance:
        await self._pass("allowance")
        return self.left

    async def _pass(self, call: str) -> None:
        self.calls.append(call)
        await self.gate.wait()
        if self.failure is not None:
            failure = self.failure
            if not self.for_ever:
                self.failure = None
            raise failure


class MemoryAccounts:
    """The AccountStore in a dict. `down` makes every write fail; `log` tells the order of things."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredAccount] = {}
        self.kept: dict[str, list[Reading]] = {}
        self.down = False
        self.log: list[str] = []
        self.replies_lost = 0
        self.pasts: dict[str, Past | None] = {}
        self.before_replace: Callable[[], None] = lambda: None

    async def load(self):
        return list(self.stored.values())

    async def add(self, account, credentials, past=None):
        await asyncio.sleep(0)
        self._write("add")
        self.stored[account.id] = StoredAccount(account, credentials)
        self.pasts[account.id] = past

    async def save(self, account):
        self._write("save")
        self._set(account.id, account=account)

    async def remove(self, account_id):
        self._write("remove")
        self.stored.pop(account_id, None)
        return Past((), self.kept.pop(account_id, ()))

    async def credentials(self, account_id):
        if self.down:
            raise OSError("the database is away")
        row = self.stored.get(account_id)
        return row.credentials if row is not None else None

    async def replace(self, account_id, credentials, expected_version, account=None):
        self.before_replace()
        await asyncio.sleep(0)
        self._write("replace")
        row = self.stored.get(account_id)
        if row is None or row.credentials.version != expected_version:
            return False
        self._set(account_id, credentials=credentials, account=account or row.account)
        if self.replies_lost:
            self.replies_lost -= 1
            raise OSError("the connection was lost after the commit")
        return True

    async def set_profile(self, account_id, profile_arn):
        self._write("set_profile")
        self._set(account_id, account=replace(self.stored[account_id].account, profile_arn=profile_arn))

    async def set_standing(self, account_id, standing):
        self._write("set_standing")
        self._set(account_id, standing=standing)

    async def readings(self, since):
        return {name: [reading for reading in kept if reading.at >= since] for name, kept in self.kept.items()}

    async def set_models(self, account_id, models, fetched_at):
        self._write("set_models")
        self._set(account_id, models=models, models_at=fetched_at)

    async def set_allowance(self, account_id, allowance, *, reading=False):
        self._write("set_allowance")
        self._set(account_id, allowance=allowance)
        if reading:
            self.kept.setdefault(account_id, []).append(Reading(allowance.checked_at, allowance.used, allowance.limit))

    def _write(self, what: str) -> None:
        if self.down:
            raise OSError("the database is away")
        self.log.append(what)

    def _set(self, account_id, **values):
        if account_id in self.stored:
            self.stored[account_id] = replace(self.stored[account_id], **values)


class MemoryKeys:
    """The KeyStore in a dict."""

    def __init__(self) -> None:
        self.stored = {}

    async def load(self):
        return list(self.stored.values())

    async def add(self, key):
        await asyncio.sleep(0)
        self.stored[key.id] = key

    async def save(self, key):
        await asyncio.sleep(0)
        self.stored[key.id] = key

    async def remove(self, key_id):
        self.stored.pop(key_id, None)


class MemorySettings:
    """The SettingStore in a dict."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}

    async def load(self):
        return dict(self.stored)

    async def put(self, values):
        self.stored.update(values)


class MemoryRecords:
    """The RecordStore and SpentStore in a dict by lease id. `failures` writes fail first; `foreign` are
    rows of the previous release, in no sum yet; `buckets` is what usage is said to be,
    `counts` what the hours were.
    """

    def __init__(self) -> None:
        self.rows = {}
        self.foreign = []
        self.buckets = []
        self.counts = []
        self.asked = []
        self.batches: list[int] = []
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def insert(self, fresh, doubtful):
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        self.batches.append(len(fresh) + len(doubtful))
        for entry in fresh:
            self.rows.setdefault(entry.outcome.lease_id, entry)
        inserted, replaced = set(), []
        for entry in doubtful:
            lease_id = entry.outcome.lease_id
            there = self.rows.get(lease_id)
            if there is not None and there.outcome.error == LEASE_EXPIRED != entry.outcome.error:
                replaced += [] if there.cause else [(there.key_id, there.account_id)]
                del self.rows[lease_id]
            if lease_id not in self.rows:
                self.rows[lease_id] = entry
                inserted.add(lease_id)
        return Written(frozenset(inserted), replaced)

    async def adopt(self, limit):
        taken, self.foreign = self.foreign[:limit], self.foreign[limit:]
        self.rows.update({entry.outcome.lease_id: entry for entry in taken})
        return Adopted(len(taken), sums_of(taken))

    async def totals(self):
        return sums_of(self.rows.values())

    async def usage(self, query, limit):
        self.asked.append(query)
        return self.buckets[:limit]

    async def hours(self, start, end):
        self.asked.append((start, end))
        return self.counts

    async def samples(self, limit):
        newest = list(self.rows.values())[-limit:]
        return [(entry.model, entry.outcome.usage.credits) for entry in newest if entry.outcome.usage.credits_source == Source.UPSTREAM]

    async def spent(self, now):
        spans = [(lambda entry, span=span: when(entry.booked_at, span) == when(now, span)) for span in ("%F", "%Y-%m", "")]
        keys = {entry.key_id for entry in self.rows.values()}
        rows = {key: [entry for entry in self.rows.values() if entry.key_id == key] for key in keys}
        return {key: Spent(now, *(amounts_of(filter(span, rows[key])) for span in spans)) for key in keys}

    async def page(self, query):
        return EntryPage(list(self.rows.values())[: query.limit], None)

    async def find(self, request_id):
        return next((entry for entry in self.rows.values() if entry.outcome.request_id == request_id), None)


def when(seconds, form):
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def amounts_of(entries):
    """What these records have spent."""
    rows = [(entry.counted, entry.outcome.usage) for entry in entries]
    credit = sum(round(usage.credits * MILLION) for _, usage in rows)
    tokens = sum(usage.input + usage.cache_read + usage.cache_write + usage.output for _, usage in rows)
    return Amounts(sum(counted for counted, _ in rows), tokens, credit)


def sums_of(entries):
    """What these records come to."""
    keys, accounts = {}, {}
    for entry in entries:
        keys.setdefault(entry.key_id, Sum()).add(entry)
        if entry.account_id:
            accounts.setdefault(entry.account_id, Sum()).add(entry)
    return Totals(*({name: found.counters() for name, found in sums.items()} for sums in (keys, accounts)))


class MemoryPrices:
    """The PriceStore in a dict."""

    def __init__(self) -> None:
        self.stored = {}

    async def load(self):
        return list(self.stored.values())

    async def seed(self, prices):
        there = {price.model for price in self.stored.values()}
        self.stored.update({price.id: price for price in prices if price.model not in there})

    async def add(self, price):
        await asyncio.sleep(0)
        self.stored[price.id] = price

    async def save(self, price):
        await asyncio.sleep(0)
        self.stored[price.id] = price

    async def remove(self, price_id):
        self.stored.pop(price_id, None)


class MemoryRoutes:
    """The RouteStore in a list."""

    def __init__(self) -> None:
        self.stored = []

    async def load(self):
        return list(self.stored)

    async def seed(self, routes):
        there = {(route.match, route.name) for route in self.stored}
        self.stored += [route for route in routes if (route.match, route.name) not in there]

    async def replace(self, routes):
        await asyncio.sleep(0)
        self.stored = list(routes)


class MemoryOwnAccounts:
    """The OwnStore in a dict. `down` makes every call fail; `log` tells the order of things."""

    def __init__(self) -> None:
        self.rows = {}
        self.down = False
        self.log: list[str] = []

    async def find(self, account_id):
        await self._pass("find")
        return self.rows.get(account_id)

    async def put(self, row, expected_version):
        await self._pass("put")
        stored = self.rows.get(row.account_id)
        if stored is not None and stored.credentials.version != expected_version:
            return False
        self.rows[row.account_id] = replace(stored, credentials=row.credentials) if stored else row
        self.log.append("put done")
        return True

    async def set_profile(self, account_id, profile_arn):
        await self._pass("set_profile")
        if account_id in self.rows and not self.rows[account_id].profile_arn:
            self.rows[account_id] = replace(self.rows[account_id], profile_arn=profile_arn)

    async def touch(self, account_id, used_at):
        await self._pass("touch")
        if account_id in self.rows:
            self.rows[account_id] = replace(self.rows[account_id], used_at=used_at)

    async def prune(self, used_before):
        await self._pass("prune")
        gone = [account_id for account_id, row in self.rows.items() if row.used_at < used_before]
        for account_id in gone:
            del self.rows[account_id]
        return len(gone)

    async def _pass(self, call):
        self.log.append(call)
        await asyncio.sleep(0)
        if self.down:
            raise OSError("the database is away")


class MemoryAudit:
    """The AuditStore in a list."""

    def __init__(self) -> None:
        self.changes = []

    async def add(self, change):
        self.changes.append(change)

    async def page(self, query):
        return ChangePage(self.changes[::-1][: query.limit], None)


class MemoryTimeline:
    """The TimelineStore in a list. While it is `away` nothing is written."""

    def __init__(self) -> None:
        self.happenings = []
        self.requests = []
        self.away = False

    async def add(self, happenings):
        if self.away:
            raise OSError("the database is away")
        for one in happenings:
            self.happenings.append(replace(one, id=len(self.happenings) + 1))

    async def page(self, account_id, before, limit):
        found = sorted((one for one in self.happenings if one.account_id == account_id), key=lambda one: (one.at_ms, one.id), reverse=True)
        return [one for one in found if before is None or (one.at_ms, one.id) < before][:limit]

    async def decided(self, since_ms, limit):
        return [one for one in self.requests if one.received_at_ms >= since_ms][:limit]


class FarLedger:
    """A ledger in another process, which outlives this one: every answer takes a moment. While it is `away`
    it answers nothing; `wipe` empties its books.
    """

    def __init__(self, base) -> None:
        self.base = base
        self.away = False
        self.wipe()

    def wipe(self):
        self.books = MemoryLedger(self.base)

    async def start(self, now):
        await self.books.start(now)

    async def close(self):
        pass

    def __getattr__(self, name):
        async def far(*given):
            await asyncio.sleep(0)
            if self.away:
                raise LedgerAway("it is away")
            return getattr(self.books, name)(*given)

        return far


class World:
    """Every use case, wired over fakes by the code that wires them over adapters."""

    def __init__(self, queue_seconds: float = 0.0, requests_per_minute: int = 0, *, far: bool = False) -> None:
        self.clock = FakeClock()
        self.vault = FileVault(b"k" * 32)
        self.provider = FakeProvider()
        self.account_store = MemoryAccounts()
        self.own_store = MemoryOwnAccounts()
        self.key_store = MemoryKeys()
        self.setting_store = MemorySettings()
        self.record_store = MemoryRecords()
        self.price_store = MemoryPrices()
        self.route_store = MemoryRoutes()
        self.audit_store = MemoryAudit()
        self.door_stores = memory_door()
        self.timeline_store = MemoryTimeline()
        self.far = FarLedger(self.record_store) if far else None
        self.background = Background()
        self.queue_seconds = queue_seconds
        self.requests_per_minute = requests_per_minute
        self.wire()

    def wire(self) -> None:
        """(Re)build everything that a restart of the process would forget."""
        self.ledger = self.far or MemoryLedger(self.record_store)
        self.settings = RuntimeSettings(self.setting_store)
        self.parts = wiring.assemble(
            wiring.Outside(
                accounts=self.account_store,
                own=self.own_store,
                keys=self.key_store,
                records=self.record_store,
                prices=self.price_store,
                routes=self.route_store,
                audit=self.audit_store,
                door=self.door_stores,
                timeline=self.timeline_store,
                ledger=self.ledger,
                providers=dict.fromkeys(KINDS, self.provider),
                vault=self.vault,
                clock=self.clock,
                hosts=HOSTS,
                settings=self.settings,
                background=self.background,
                queue_seconds=self.queue_seconds,
                requests_per_minute=self.requests_per_minute,
            )
        )
        for parts in (self.parts.pool, self.parts):
            for name in vars(parts):
                if name not in ("outside", "pool"):
                    setattr(self, name, getattr(parts, name))
        self.identities.set_proxy_key(self.vault.digest(identity.DIGEST, PROXY_KEY))
        self.door.passwords.give(PASSWORD)
        self.writing = asyncio.create_task(self.records.run())

    def acquire(self, ask: Ask, instance: str = "dp-1"):
        """The answer that is there at once; work that must wait is a coroutine of the answer."""
        work = self.leasing.acquire(ask, instance)
        try:
            waiting = work.send(None)
        except StopIteration as end:
            return end.value
        return onward(work, waiting)

    async def acquired(self, ask: Ask, instance: str = "dp-1"):
        """The answer, however long it takes."""
        return await done(self.leasing.acquire(ask, instance))

    async def renew(self, lease_id: str, refused: str):
        return await done(self.leasing.renew(lease_id, refused))

    async def check(self, key_id: str, model: str, address: str):
        return await done(self.leasing.check(key_id, model, address))

    def settle(self, outcomes, instance: str = "dp-1"):
        """The future of the settlement; None when there was no room."""
        work = self.settling.settle(outcomes, instance)
        try:
            work.send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("the books are in memory")

    async def account(self, label: str, **given) -> str:
        """A new account with a token that is good for an hour; its id."""
        draft = AccountDraft(
            label=label, refresh_token=f"refresh-{label}", access_token=f"access-{label}", expires_at=int(NOW) + 3600, **given
        )
        made = await self.accounts.create(draft)
        await self.idle()
        return made.account.id

    def seat(self, account_id: str):
        return self.roster.seat(account_id)

    def in_flight(self) -> dict[str, int]:
        """Places taken, by account."""
        return {seat.account.label: seat.candidate.in_flight for seat in self.roster}

    async def rows(self):
        """What the ledger wrote, once it has written everything."""
        while self.records.backlog:  # noqa: ASYNC110 - the ledger tells who recorded, not who looks
            await asyncio.sleep(0.01)
        return list(self.record_store.rows.values())

    async def restart(self) -> None:
        """End the process in good order and start it again on the same database."""
        self.records.close()
        await self.writing
        self.wire()
        await self.settings.load()
        await self.parts.load()

    async def idle(self) -> None:
        """Let everything that waits for nothing outside run to its end."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self.background.close()
        self.records.close()
        await asyncio.wait_for(self.writing, 5)


def ask(model: str = "claude-sonnet-4.5", **given) -> Ask:
    return Ask(Caller(given.pop("credential", PROXY_KEY), given.pop("address", "")), given.pop("request_id", "req_1"), model, **given)


def outcome(lease_id: str, *attempts: Attempt, **given) -> Outcome:
    values = {
        "lease_id": lease_id,
        "request_id": "req_1",
        "ending": Ending.SERVED,
        "status": 200,
        "received_at_ms": int(NOW * 1000),
        "duration_ms": 1200,
        "dialect": "anthropic",
        "streamed": True,
        "usage": Usage(input=10, cache_read=5, cache_write=1, output=7, credits=0.25),
        "attempts": attempts,
    }
    return Outcome(**{**values, **given})


def attempt(account_id: str, fault: str = "", **given) -> Attempt:
    return Attempt(account_id, "kiro", given.pop("model", "claude-sonnet-4.5"), fault=fault, **given)
