"""What is stored of callers' own accounts, and how their refreshes see it."""

from dataclasses import dataclass, field
from typing import Protocol

from controlplane.domain.account import Account, Credentials
from controlplane.service.ports import AccountStore, Clock, StoredAccount


@dataclass(frozen=True, slots=True)
class OwnRow:
    """All that is stored of a caller's own account. `used_at`: epoch seconds, at most an hour old."""

    account_id: str
    credentials: Credentials
    machine_id: str
    profile_arn: str = ""
    used_at: int = 0


class OwnStore(Protocol):
    """Callers' own accounts and their secrets. Every method returns after the commit."""

    async def find(self, account_id: str) -> OwnRow | None:
        """Raises SealBroken."""
        ...

    async def put(self, row: OwnRow, expected_version: int) -> bool:
        """Store the row's credentials if the stored version still is `expected_version`, or the whole
        row if there is none; else False and nothing is stored.
        """
        ...

    async def set_profile(self, account_id: str, profile_arn: str) -> None:
        """Store a profile that was found, unless the account has one by now."""
        ...

    async def touch(self, account_id: str, used_at: int) -> None:
        """The account was used."""
        ...

    async def prune(self, used_before: int) -> int:
        """Delete accounts that were last used before; how many."""
        ...


@dataclass
class OwnBooks(AccountStore):
    """The part of the AccountStore that refreshes need, over an OwnStore.

    How a caller's own account stands, what it offers and what it has left are not worth a row: they
    are in memory, and the methods for them do nothing, as the port itself has them.

    `machines`: the machine ids of the accounts in use, to store with an account's first tokens.
    """

    store: OwnStore
    clock: Clock
    machines: dict[str, str] = field(default_factory=dict)

    async def load(self) -> list[StoredAccount]:
        """None: they are found when their callers come."""
        return []

    async def credentials(self, account_id: str) -> Credentials | None:
        """The secrets as they are stored; None without such an account. Raises SealBroken."""
        row = await self.store.find(account_id)
        return row.credentials if row is not None else None

    async def replace(
        self,
        account_id: str,
        credentials: Credentials,
        expected_version: int,
        account: Account | None = None,  # noqa: ARG002 - nobody changes the record of such an account
    ) -> bool:
        """Store `credentials` over `expected_version`, or as the account's first."""
        row = OwnRow(account_id, credentials, self.machines[account_id], used_at=int(self.clock.now()))
        return await self.store.put(row, expected_version)

    async def set_profile(self, account_id: str, profile_arn: str) -> None:
        """Store a profile that was found, unless the account has one by now."""
        await self.store.set_profile(account_id, profile_arn)
