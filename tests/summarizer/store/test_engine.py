"""The store's database: made, shared, away."""

import asyncio
import os
import re
import stat
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from summarizer.errors import StartError
from summarizer.kept import Answer, Bounds
from summarizer.store import engine as database
from summarizer.store import migrating
from summarizer.store.answers import Answers
from summarizer.store.tables import metadata

LAW = "the previous release must work with the database after this migration"
VERSIONS = sorted((migrating.MIGRATIONS / "versions").glob("0*.py"))


def differences(connection):
    opts = {"compare_type": True, "version_table": database.VERSIONS}
    return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)


async def test_migrations_make_the_tables_that_the_release_uses(engine):
    await database.migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(names) == {*metadata.tables, database.VERSIONS}
    assert all(name.startswith("kept_") for name in names)


async def test_summarizers_that_start_together_migrate_one_after_the_other(url):
    engines = [database.connect(url) for _ in range(3)]
    await asyncio.gather(*map(database.migrate, engines))
    async with engines[0].connect() as connection:
        assert (await connection.execute(text(f"SELECT version_num FROM {database.VERSIONS}"))).scalars().all() == [database.HEAD]
    for engine in engines:
        await engine.dispose()


async def test_the_control_plane_s_history_beside_it_is_left_alone(engine):
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        await connection.execute(text("INSERT INTO alembic_version VALUES ('0007')"))
        await connection.run_sync(metadata.drop_all)
        await connection.execute(text(f"DROP TABLE {database.VERSIONS}"))
    await database.migrate(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == ["0007"]


def test_every_migration_knows_the_law_and_the_newest_is_the_head():
    assert re.match(r"\d+", VERSIONS[-1].name)[0] == database.HEAD
    assert all(LAW in path.read_text().replace("\n", " ") for path in [*VERSIONS, migrating.MIGRATIONS / "script.py.mako"])


async def test_a_database_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "junk.db").write_bytes(b"x" * 8192)
    for url, message, passing in (
        ("postgresql+asyncpg://postgres@127.0.0.1:1/none", "cannot be reached", True),
        ("postgresql+asyncpg://postgres@127.0.0.1:5432/none?nonsense=1", "cannot be used", False),
        (f"sqlite+aiosqlite:///{tmp_path}/junk.db", "cannot be used: file is not a database", False),
        (f"sqlite+aiosqlite:///{tmp_path}/absent/x.db", "cannot be used: unable to open", False),
    ):
        engine = database.connect(url)
        with pytest.raises(StartError, match=message) as caught:
            await database.migrate(engine)
        assert caught.value.passing is passing
        assert not await database.answers(engine)
        await engine.dispose()
    # The driver's threads take their leave of the loop, and it must still be there.
    async with asyncio.timeout(10):
        while any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.005)


async def test_a_database_that_a_newer_release_migrated_is_left_as_it_is(engine, caplog):
    """By the law that every migration carries this release works beside it."""
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE {database.VERSIONS} SET version_num = '9999'"))
        await connection.execute(text("CREATE TABLE kept_of_a_newer_release (x INTEGER)"))
    await database.migrate(engine)
    assert "a newer release has migrated the database of conversations revision=9999" in caplog.text
    answers = Answers(engine, Bounds(), 1000)
    await answers.keep("k", Answer("a", "", b"body", []), 0)
    assert await answers.find("k", "a", 1) == b"body"
    async with engine.connect() as connection:
        assert (await connection.execute(text(f"SELECT version_num FROM {database.VERSIONS}"))).scalars().all() == ["9999"]


async def test_a_database_that_is_none_of_any_release_is_told(engine):
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE {database.VERSIONS} SET version_num = '9999'"))
        await connection.run_sync(metadata.drop_all)
    with pytest.raises(StartError, match="not one of this release: Can't locate revision identified by '9999'") as caught:
        await database.migrate(engine)
    assert not caught.value.passing


def modes(directory):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


async def test_a_file_is_its_owner_s_alone(tmp_path):
    before = os.umask(0o077)
    try:
        engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/c.db")
        await database.migrate(engine)
    finally:
        os.umask(before)
    async with engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
        assert modes(tmp_path) == {"c.db": 0o600, "c.db-shm": 0o600, "c.db-wal": 0o600}
    await engine.dispose()
