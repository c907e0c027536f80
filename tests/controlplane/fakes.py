"""Hand-written stand-ins for the control plane's ports, and a world of use cases over them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Account, AccountDraft, Allowance, Counters, Credentials, Tokens
from controlplane.domain.lease import Ask, Caller
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, EntryPage, Outcome, Usage
from controlplane.policy.hosts import Hosts
from controlplane.service import administration, identity
from controlplane.service.accounts import Accounts, Care
from controlplane.service.administration import Administration
from controlplane.service.background import Background
from controlplane.service.catalogue import Catalogue
from controlplane.service.identity import Identities
from controlplane.service.keys import Keys
from controlplane.service.learning import Learning
from controlplane.service.leases import Leases
from controlplane.service.leasing import Leasing
from controlplane.service.placing import Placing
from controlplane.service.ports import StoredAccount, Totals, Written
from controlplane.service.records import Records
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Roster
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.settling import Settling
from controlplane.service.standing import Standings

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
        self.left = Allowance(1, 50)

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        self.traded.append(credentials.refresh_token)
        await self._pass("refresh")
        number = len(self.traded)
        return Tokens(f"access-{number}", 3600, f"{credentials.refresh_token}+{number}" if self.rotates else "", self.profile)

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
        self.down = False
        self.log: list[str] = []
        self.replies_lost = 0
        self.before_replace: Callable[[], None] = lambda: None

    async def load(self):
        return list(self.stored.values())

    async def add(self, account, credentials):
        await asyncio.sleep(0)
        self._write("add")
        self.stored[account.id] = StoredAccount(account, credentials)

    async def save(self, account):
        self._write("save")
        self._set(account.id, account=account)

    async def remove(self, account_id):
        self._write("remove")
        self.stored.pop(account_id, None)

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

    async def set_models(self, account_id, models, fetched_at):
        self._write("set_models")
        self._set(account_id, models=models, models_at=fetched_at)

    async def set_allowance(self, account_id, allowance):
        self._write("set_allowance")
        self._set(account_id, allowance=allowance)

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
    """The RecordStore in a dict by lease id. `failures` writes fail first."""

    def __init__(self) -> None:
        self.rows = {}
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
                replaced.append((there.key_id, there.account_id))
                del self.rows[lease_id]
            if lease_id not in self.rows:
                self.rows[lease_id] = entry
                inserted.add(lease_id)
        return Written(frozenset(inserted), replaced)

    async def totals(self):
        keys: dict[str, int] = {}
        for entry in self.rows.values():
            keys[entry.key_id] = keys.get(entry.key_id, 0) + 1
        return Totals({name: Counters(total_requests=count) for name, count in keys.items()}, {})

    async def page(self, query):
        return EntryPage(list(self.rows.values())[: query.limit], None)

    async def find(self, request_id):
        return next((entry for entry in self.rows.values() if entry.outcome.request_id == request_id), None)


class World:
    """Every use case, wired over fakes as the composition root wires them over adapters."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.vault = FileVault(b"k" * 32)
        self.provider = FakeProvider()
        self.account_store = MemoryAccounts()
        self.key_store = MemoryKeys()
        self.setting_store = MemorySettings()
        self.record_store = MemoryRecords()
        self.background = Background()
        self.wire()

    def wire(self) -> None:
        """(Re)build everything that a restart of the process would forget."""
        providers = {"kiro": self.provider}
        self.roster = Roster(HOSTS)
        self.standings = Standings(self.account_store, self.clock, self.background)
        self.learning = Learning(self.account_store, self.standings, self.background)
        self.refreshing = Refreshing(self.roster, self.account_store, providers, self.standings, self.learning, self.clock)
        self.catalogue = Catalogue(self.roster, self.account_store, providers, self.refreshing, self.standings, self.clock)
        self.records = Records(self.record_store, self.clock)
        self.keys = Keys(self.key_store, self.vault, self.clock)
        self.identities = Identities(self.keys, self.vault, self.clock)
        self.identities.set_proxy_key(self.vault.digest(identity.DIGEST, PROXY_KEY))
        self.administration = Administration(self.vault)
        self.administration.set_password(self.vault.digest(administration.PASSWORD, PASSWORD))
        self.settings = RuntimeSettings(self.setting_store)
        self.care = Care(self.refreshing, self.catalogue, self.standings, self.background)
        self.accounts = Accounts(self.roster, self.account_store, providers, self.care, self.records, self.clock)
        self.leases = Leases()
        placing = Placing(self.catalogue, self.roster, self.clock)
        settling = Settling(self.leases, self.roster, self.standings, self.learning, self.records, self.clock)
        self.leasing = Leasing(self.identities, placing, settling, self.refreshing, self.leases, self.records, self.clock)
        self.writing = asyncio.create_task(self.records.run())

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
        await self.accounts.load()
        await self.keys.load()

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
