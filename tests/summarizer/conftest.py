"""Databases to keep conversations in: a SQLite file, and a PostgreSQL database of this run's own."""

import asyncio

import pytest

from summarizer.store import engine as database
from tests.databases import administrate, new_database


@pytest.fixture(scope="session")
def postgres():
    """A database of this run's own; its address."""
    with new_database() as address:
        yield address


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
