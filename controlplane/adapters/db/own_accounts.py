"""Callers' own accounts, their tokens sealed, by the keyed hash of the token that was presented."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import own_accounts
from controlplane.domain.account import Credentials
from controlplane.domain.lease import OWN
from controlplane.service.own_books import OwnRow
from controlplane.service.ports import Vault

SEALED = ("refresh_token", "access_token")


class DatabaseOwnAccounts:
    """Implements the OwnStore port."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault
        # Both dialects spell it alike, each with its own construct.
        construct = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._insert = construct(own_accounts).on_conflict_do_nothing(index_elements=["digest"])

    async def find(self, account_id: str) -> OwnRow | None:
        statement = select(own_accounts).where(own_accounts.c.digest == _digest(account_id))
        async with self._engine.connect() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
        if row is None:
            return None
        opened = {name: self._opened(account_id, name, row[name]) for name in SEALED}
        credentials = Credentials(**opened, expires_at=row["expires_at"], version=row["version"])
        return OwnRow(account_id, credentials, row["machine_id"], row["profile_arn"], row["used_at"])

    async def put(self, row: OwnRow, expected_version: int) -> bool:
        secrets = self._secrets(row)
        kept = {"machine_id": row.machine_id, "profile_arn": row.profile_arn, "used_at": row.used_at}
        same = (own_accounts.c.digest == _digest(row.account_id), own_accounts.c.version == expected_version)
        async with self._engine.begin() as connection:
            if (await connection.execute(update(own_accounts).where(*same).values(**secrets))).rowcount == 1:
                return True
            # A row that was pruned meanwhile comes back: its tokens are in nobody's else hands.
            made = await connection.execute(self._insert.values(digest=_digest(row.account_id), **secrets, **kept))
            return made.rowcount == 1

    async def set_profile(self, account_id: str, profile_arn: str) -> None:
        statement = update(own_accounts).where(own_accounts.c.digest == _digest(account_id), own_accounts.c.profile_arn == "")
        async with self._engine.begin() as connection:
            await connection.execute(statement.values(profile_arn=profile_arn))

    async def touch(self, account_id: str, used_at: int) -> None:
        statement = update(own_accounts).where(own_accounts.c.digest == _digest(account_id), own_accounts.c.used_at < used_at)
        async with self._engine.begin() as connection:
            await connection.execute(statement.values(used_at=used_at))

    async def prune(self, used_before: int) -> int:
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(own_accounts).where(own_accounts.c.used_at < used_before))).rowcount

    def _secrets(self, row: OwnRow) -> dict[str, Any]:
        credentials = row.credentials
        sealed: dict[str, Any] = {"version": credentials.version, "expires_at": credentials.expires_at}
        for name in SEALED:
            text = getattr(credentials, name)
            sealed[name] = self._vault.seal(row.account_id, name, text) if text else None
        return sealed

    def _opened(self, account_id: str, name: str, sealed: bytes | None) -> str:
        return self._vault.open(account_id, name, bytes(sealed)) if sealed is not None else ""


def _digest(account_id: str) -> str:
    """The hash that an account's id is made of."""
    return account_id.removeprefix(OWN)
