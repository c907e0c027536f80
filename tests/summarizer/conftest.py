"""Databases to keep conversations in: a SQLite file, and a PostgreSQL database of this run's own."""

import asyncio
import os
import secrets

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from summarizer.store import engine as database

POSTGRES = os.environ.get("HEADGATE_TEST_DATABASE_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")


async def administrate(statement, address=POSTGRES):
    url = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url, timeout=3)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres():
    """A database of this run's own; its address."""
    name = f"headgate_{secrets.token_hex(6)}"
    try:
        asyncio.run(administrate(f"CREATE DATABASE {name}"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL must be there in CI: {error!r}")
        pytest.skip(f"no PostgreSQL: {type(error).__name__}")
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    asyncio.run(administrate(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """Where a database may be, for each kind there is; it is empty."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/conversations.db"
    address = request.getfixturevalue("postgres")
    asyncio.run(administrate("DROP SCHEMA public CASCADE; CREATE SCHEMA public", address))
    return address


@pytest.fixture
async def engine(url):
    """An engine for a database of this release."""
    made = database.connect(url)
    await database.migrate(made)
    yield made
    await made.dispose()
