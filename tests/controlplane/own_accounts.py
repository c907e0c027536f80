"""Callers' own accounts over stand-ins."""

import asyncio

from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.domain.lease import OwnToken, Refusal
from controlplane.policy.families import machine_id
from controlplane.service.background import Background
from controlplane.service.identity import OWN_DIGEST
from controlplane.service.own import OwnAccounts
from controlplane.service.ports import StoredAccount
from controlplane.service.roster import Roster, Seat
from tests.controlplane.fakes import HOSTS, NOW, FakeClock, FakeProvider, MemoryOwnAccounts

TOKEN = "aorAAAAA-refresh-token-of-alice"
OTHER = "aorAAAAA-refresh-token-of-bob"


class Harness:
    """Own accounts over fakes. `pool`: a roster whose accounts are not theirs."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.vault = FileVault(b"k" * 32)
        self.provider = FakeProvider()
        self.store = MemoryOwnAccounts()
        self.background = Background()
        self.pool = Roster(HOSTS)
        self.restart()

    def restart(self) -> None:
        """The process begins anew on the same database."""
        self.own = OwnAccounts(self.store, {"kiro": self.provider}, self.vault, self.clock, HOSTS, self.background, self.pool)

    def token(self, text: str = TOKEN) -> OwnToken:
        return OwnToken(self.vault.digest(OWN_DIGEST, text), text)

    async def ask(self, text: str = TOKEN) -> Seat | Refusal:
        soon = self.own.seat(self.token(text))
        return await soon if hasattr(soon, "__await__") else soon

    async def idle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    def row(self, text: str = TOKEN):
        return self.store.rows.get(self.token(text).account_id)

    def pooled(self, refresh_token: str, **given) -> Seat:
        credentials = Credentials(refresh_token=refresh_token, access_token="pool-access", expires_at=int(NOW) + 9000)
        account = Account("acc_1", "kiro", "pool", AuthMethod.SOCIAL, machine_id=given.get("machine", machine_id("", credentials)))
        return self.pool.add(StoredAccount(account, credentials))
