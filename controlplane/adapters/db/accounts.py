"""Accounts and their sealed secrets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, delete, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.adapters.db import pasts
from controlplane.adapters.db.tables import accounts, allowances, credentials
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Reading, Status
from controlplane.domain.errors import Absent
from controlplane.domain.model import ModelFacts
from controlplane.policy.breaker import Breaker
from controlplane.service.ports import Past, Standing, StoredAccount, Vault

READS = "input_types"
OWNER = "owner"
READING = ("account_id", "checked_at", "used", "limit")
# What is kept of a breaker: who probes it ends with the process.
KEPT = ("cause", "model", "reason", "since", "until", "strikes", "asked")
SEALED = ("refresh_token", "access_token", "client_id", "client_secret", "api_key")


class DatabaseAccounts:
    """Implements the AccountStore port."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    async def load(self) -> Sequence[StoredAccount]:
        statement = select(accounts, credentials).join(credentials).order_by(accounts.c.created_at, accounts.c.id)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [self._stored(row) for row in rows]

    async def add(self, account: Account, credentials_: Credentials, past: Past | None = None) -> None:
        fresh = {**_standing(Standing()), "offered": "[]", "offered_at": 0, "allowance": None}
        async with self._engine.begin() as connection:
            await connection.execute(insert(accounts).values(**_record(account), **fresh))
            sealed = self._sealed(account.id, credentials_)
            await connection.execute(insert(credentials).values(account_id=account.id, **sealed, **self._proxy(account)))
            if past is not None:
                await pasts.given(connection, account.id, past)

    async def save(self, account: Account) -> None:
        async with self._engine.begin() as connection:
            await self._save(connection, account)

    async def remove(self, account_id: str) -> Past:
        async with self._engine.begin() as connection:
            past = await pasts.taken(connection, account_id)
            await connection.execute(delete(accounts).where(accounts.c.id == account_id))
        return past

    async def credentials(self, account_id: str) -> Credentials | None:
        async with self._engine.connect() as connection:
            found = await connection.execute(select(credentials).where(credentials.c.account_id == account_id))
            row = found.mappings().one_or_none()
        return self._unsealed(row) if row is not None else None

    async def replace(self, account_id: str, credentials_: Credentials, expected_version: int, account: Account | None = None) -> bool:
        statement = (
            update(credentials)
            .where(credentials.c.account_id == account_id, credentials.c.version == expected_version)
            .values(**self._sealed(account_id, credentials_))
        )
        async with self._engine.begin() as connection:
            stored = (await connection.execute(statement)).rowcount == 1
            if stored and account is not None:
                await self._save(connection, account)
            return stored

    async def set_profile(self, account_id: str, profile_arn: str) -> None:
        await self._set(account_id, {"profile_arn": profile_arn}, only_where_empty="profile_arn")

    async def set_standing(self, account_id: str, standing: Standing) -> None:
        await self._set(account_id, _standing(standing))

    async def set_models(self, account_id: str, models: Sequence[ModelFacts], fetched_at: int) -> None:
        # Two columns: the previous release reads no other names in the first, and of Kiro's models there are none.
        rows = [{name: value for name, value in asdict(model).items() if name != READS and (name != OWNER or value)} for model in models]
        reads = {model.id: model.input_types for model in models if model.input_types}
        await self._set(account_id, {"offered": json.dumps(rows), "offered_at": fetched_at, READS: json.dumps(reads)})

    async def set_allowance(self, account_id: str, allowance: Allowance, *, reading: bool = False) -> None:
        here = accounts.c.id == account_id
        figures = (accounts.c.id, *(literal(value) for value in (allowance.checked_at, allowance.used, allowance.limit)))
        construct: Any = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        # Of an account that is there still, and once for each second, whoever else asked then.
        row = construct(allowances).from_select(READING, select(*figures).where(here)).on_conflict_do_nothing()
        async with self._engine.begin() as connection:
            await connection.execute(update(accounts).where(here).values(allowance=json.dumps(asdict(allowance))))
            if reading:
                await connection.execute(row)

    async def readings(self, since: int) -> Mapping[str, Sequence[Reading]]:
        columns = [allowances.c[name] for name in READING]
        statement = select(*columns).where(allowances.c.checked_at >= since).order_by(allowances.c.checked_at)
        found: dict[str, list[Reading]] = {}
        async with self._engine.connect() as connection:
            for account_id, *figures in await connection.execute(statement):
                found.setdefault(account_id, []).append(Reading(*figures))
        return found

    async def _save(self, connection: AsyncConnection, account: Account) -> None:
        result = await connection.execute(update(accounts).where(accounts.c.id == account.id).values(**_record(account)))
        if result.rowcount != 1:
            raise Absent("there is no such account")
        await connection.execute(update(credentials).where(credentials.c.account_id == account.id).values(**self._proxy(account)))

    async def _set(self, account_id: str, values: Mapping[str, Any], only_where_empty: str = "") -> None:
        statement = update(accounts).where(accounts.c.id == account_id).values(**values)
        if only_where_empty:
            statement = statement.where(accounts.c[only_where_empty] == "")
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    def _sealed(self, account_id: str, plain: Credentials) -> dict[str, Any]:
        sealed: dict[str, Any] = {"version": plain.version, "expires_at": plain.expires_at}
        for name in SEALED:
            text = getattr(plain, name)
            sealed[name] = self._vault.seal(account_id, name, text) if text else None
        return sealed

    def _proxy(self, account: Account) -> dict[str, bytes | None]:
        sealed = self._vault.seal(account.id, "proxy_url", account.proxy_url) if account.proxy_url else None
        return {"proxy_url": sealed}

    def _opened(self, row: RowMapping, name: str) -> str:
        sealed = row[credentials.c[name]]
        return self._vault.open(row[credentials.c.account_id], name, bytes(sealed)) if sealed is not None else ""

    def _unsealed(self, row: RowMapping) -> Credentials:
        opened = {name: self._opened(row, name) for name in SEALED}
        return Credentials(**opened, expires_at=row[credentials.c.expires_at], version=row[credentials.c.version])

    def _stored(self, row: RowMapping) -> StoredAccount:
        allowance = row[accounts.c.allowance]
        return StoredAccount(
            account=_account(row, self._opened(row, "proxy_url")),
            credentials=self._unsealed(row),
            standing=Standing(Status(row[accounts.c.status]), row[accounts.c.reason], row[accounts.c.until], _breakers(row)),
            models=_models(row),
            models_at=row[accounts.c.offered_at],
            allowance=Allowance(**json.loads(allowance)) if allowance else None,
        )


def _standing(standing: Standing) -> dict[str, Any]:
    """The columns of how an account stands. The previous release reads all but the breakers."""
    breakers = [{name: getattr(breaker, name) for name in KEPT} for breaker in standing.breakers]
    return {"status": standing.status.value, "reason": standing.reason, "until": standing.until, "breakers": json.dumps(breakers)}


def _breakers(row: RowMapping) -> tuple[Breaker, ...]:
    return tuple(Breaker(**{name: kept[name] for name in KEPT}) for kept in json.loads(row[accounts.c.breakers]))


def _models(row: RowMapping) -> list[ModelFacts]:
    reads = json.loads(row[accounts.c.input_types])
    return [ModelFacts(**model, input_types=tuple(reads.get(model["id"], ()))) for model in json.loads(row[accounts.c.offered])]


def _record(account: Account) -> dict[str, Any]:
    """The row of an account, without how it stands and what it offers."""
    return {
        "id": account.id,
        "kind": account.kind,
        "label": account.label,
        "auth_method": account.auth_method.value,
        "region": account.region,
        "profile_arn": account.profile_arn,
        "machine_id": account.machine_id,
        "base_url": account.base_url,
        "models": json.dumps(account.models),
        "priority": account.priority,
        "max_concurrency": account.max_concurrency,
        "disabled": account.disabled,
        "created_at": account.created_at,
    }


def _account(row: RowMapping, proxy_url: str) -> Account:
    return Account(
        id=row[accounts.c.id],
        kind=row[accounts.c.kind],
        label=row[accounts.c.label],
        auth_method=AuthMethod(row[accounts.c.auth_method]),
        region=row[accounts.c.region],
        profile_arn=row[accounts.c.profile_arn],
        machine_id=row[accounts.c.machine_id],
        base_url=row[accounts.c.base_url],
        models=tuple(json.loads(row[accounts.c.models])),
        priority=row[accounts.c.priority],
        max_concurrency=row[accounts.c.max_concurrency],
        proxy_url=proxy_url,
        disabled=row[accounts.c.disabled],
        created_at=row[accounts.c.created_at],
    )
