"""What the services with a database have in common, over the drivers themselves."""

import asyncio
import contextlib
import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from headgate import database

NAME = "the database of tests"
LOCK = 4_874_921_099


def at(path):
    return database.connect(f"sqlite+aiosqlite:///{path}")


async def opened(engine):
    """What a service does first; raises Unusable."""
    try:
        with database.opening(engine, NAME):
            async with database.alone(engine, LOCK) as connection:
                await connection.execute(text("SELECT 1"))
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://root:hush@x/y", "must begin with one of sqlite"),
        ("sqlite:///x.db", "must begin with one of sqlite"),
        ("nonsense", "is not a database address"),
        ("postgresql+asyncpg://u:hush@h:port/x", "is not a database address"),
    ],
)
def test_an_address_that_is_none_of_ours(url, told):
    with pytest.raises(database.Unusable, match=told) as caught:
        database.connect(url)
    assert "hush" not in str(caught.value)
    assert not caught.value.passing


@pytest.mark.parametrize(
    ("url", "told", "passing"),
    [
        ("postgresql+asyncpg://postgres:hush@127.0.0.1:1/none", f"{NAME} cannot be reached: ", True),
        ("postgresql+asyncpg://postgres:hush@127.0.0.1:5432/none?nonsense=1", f"{NAME} cannot be used: ", False),
        ("postgresql+asyncpg://postgres:hush@127.0.0.1:5432/nowhere_at_all", f"{NAME} cannot be used: .*does not exist", False),
        ("sqlite+aiosqlite:////proc/none/x.db", f"{NAME} cannot be used: unable to open database file", False),
        ("sqlite+aiosqlite:////etc/hostname", f"{NAME} cannot be used: file is not a database", False),
    ],
)
async def test_a_database_that_cannot_be_used_is_told_in_one_line(url, told, passing):
    with pytest.raises(database.Unusable, match=told) as caught:
        await opened(database.connect(url))
    assert caught.value.passing is passing
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_a_file_that_another_process_holds_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "PRAGMAS", ["PRAGMA busy_timeout=1"])
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(database.Unusable, match="locked") as caught:
            await opened(at(tmp_path / "x.db"))
    assert caught.value.passing


async def test_a_defect_stays_one(tmp_path):
    engine = at(tmp_path / "x.db")
    with pytest.raises(KeyError), database.opening(engine, NAME):
        raise KeyError
    await engine.dispose()


async def test_they_migrate_one_after_the_other(tmp_path):
    """The second waits for the first, and then finds what it did."""
    found = []

    async def migrate():
        engine = at(tmp_path / "x.db")
        with database.opening(engine, NAME):  # as every service: switched to WAL by several at once, SQLite refuses all but one
            pass
        async with database.alone(engine, LOCK) as connection:
            await connection.execute(text("CREATE TABLE IF NOT EXISTS steps (x INTEGER)"))
            found.append((await connection.execute(text("SELECT count(*) FROM steps"))).scalar())
            await asyncio.sleep(0.01)
            await connection.execute(text("INSERT INTO steps VALUES (1)"))
        await engine.dispose()

    await asyncio.gather(*(migrate() for _ in range(3)))
    assert found == [0, 1, 2]


async def test_a_migration_that_fails_leaves_nothing(tmp_path):
    engine = at(tmp_path / "x.db")

    async def half():
        async with database.alone(engine, LOCK) as connection:
            await connection.execute(text("CREATE TABLE half (x INTEGER)"))
            raise KeyError

    with pytest.raises(KeyError):
        await half()
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT name FROM sqlite_master"))).scalars().all() == []
    await engine.dispose()


async def test_who_tells_a_connection_to_stop_that_was_told_before_does_not_wait_for_ever(tmp_path):
    connection = await database.File(lambda: sqlite3.connect(tmp_path / "x.db"))
    stopped = connection.stop()
    async with asyncio.timeout(10):
        with pytest.raises(ValueError, match="closed"):
            await connection.close()
        await stopped


async def test_who_is_cancelled_twice_while_asking_leaves_nobody_waiting(tmp_path):
    """The second time finds the driver closing the connection. A task that stayed would keep the event loop from ending."""
    engine = at(tmp_path / "x.db")

    async def ask():
        async with engine.connect() as connection:
            for _ in range(9):
                await connection.execute(text("SELECT 1"))

    for turns in range(30):
        task = asyncio.ensure_future(ask())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    while left := asyncio.all_tasks() - {asyncio.current_task()}:
        assert (await asyncio.wait(left, timeout=10))[0], left
    await engine.dispose()


async def test_whether_it_answers(tmp_path):
    for engine, answers in ((at(tmp_path / "x.db"), True), (at(tmp_path / "none/x.db"), False)):
        assert await database.answers(engine) is answers
        await engine.dispose()


def test_what_is_a_defect_and_what_passes():
    assert database.away(OperationalError("SELECT 1", {}, Exception("locked")))
    assert database.away(ConnectionRefusedError())
    assert database.away(PoolTimeout())
    assert not database.away(ProgrammingError("SELEC 1", {}, Exception("syntax")))
    assert not database.away(ValueError())
