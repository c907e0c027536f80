import asyncio
import os
import secrets

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from controlplane.adapters.db import engine as database
from tests.controlplane.fakes import World

POSTGRES = os.environ.get("HEADGATE_TEST_DATABASE_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")


async def administrate(statement):
    url = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
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
    """Where a database may be, for each kind there is."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/headgate.db"
    return request.getfixturevalue("postgres")


@pytest.fixture
async def empty(url):
    """An engine for a database without tables."""
    engine = database.connect(url)
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(empty):
    """An engine for a database of this release."""
    await database.migrate(empty)
    return empty


@pytest.fixture
async def world():
    made = World()
    yield made
    await made.close()
