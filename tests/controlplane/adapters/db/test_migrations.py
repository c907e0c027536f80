import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from controlplane.adapters.db import engine as database
from controlplane.adapters.db.tables import metadata
from controlplane.domain.errors import StartError

LAW = "the previous release must work with the database after this migration"


def differences(connection):
    return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)


async def test_migrations_make_the_tables_that_the_release_uses(empty):
    await database.migrate(empty)
    await database.migrate(empty)
    async with empty.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert set(await connection.run_sync(lambda sync: inspect(sync).get_table_names())) == {*metadata.tables, "alembic_version"}


async def test_control_planes_that_start_together_migrate_one_after_the_other(empty):
    if empty.dialect.name == "sqlite":
        pytest.skip("SQLite belongs to one control plane")
    await asyncio.gather(*(database.migrate(empty) for _ in range(3)))
    async with empty.connect() as connection:
        versions = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all()
    assert versions == ["0001"]


async def test_a_database_that_is_not_there_is_told():
    for url, message in (
        ("postgresql+asyncpg://postgres@127.0.0.1:1/none", "cannot be reached"),
        ("mysql://x", "must begin with"),
        ("nonsense", "not a database address"),
    ):
        with pytest.raises(StartError, match=message):
            await database.migrate(database.connect(url))


def test_every_migration_carries_the_law():
    folder = database.MIGRATIONS
    for path in [folder / "script.py.mako", *Path(folder / "versions").glob("0*.py")]:
        assert LAW in " ".join(path.read_text().split()), path.name


async def test_sqlite_is_tuned(tmp_path):
    engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    async with engine.connect() as connection:
        told = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await engine.dispose()
    assert told == ["wal", 1, 1, 5000]
    assert sqlite3.sqlite_version_info >= (3, 35), "DELETE ... RETURNING"
