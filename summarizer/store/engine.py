"""The database of conversations, and its migrations in-process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from headgate import database
from headgate.database import answers, away
from summarizer.errors import StartError, StoreAway

__all__ = ["answers", "away", "connect", "migrate"]

# The newest migration, and the table that says which one a database is at.
HEAD = "0003"
VERSIONS = "kept_alembic_version"
# One summarizer at a time migrates a shared PostgreSQL; the number only has to be no one else's.
MIGRATION_LOCK = 4_874_921_007
# Everything that asking a database may raise; `away` tells what passes.
DATABASE_ERRORS = (SQLAlchemyError, OSError)
# How long whoever waits for a summary waits for a database that is silent.
SECONDS = 3.0
# How long a statement waits for a SQLite file that somebody else holds.
BUSY_MS = 1500


def connect(url: str) -> AsyncEngine:
    """An engine for the database; nothing is opened yet. Raises StartError for an address that is none of ours."""
    try:
        engine = database.connect(url)
    except database.Unusable as error:
        raise StartError(str(error)) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _hasten)
    return engine


def _hasten(connection: Any, _record: Any) -> None:
    """Whoever asks gives up sooner than a file that is held would be waited for; what was given up must not wait on, for it
    would hold the file in turn.
    """
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.close()


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to this release. Raises StartError when it cannot be reached, opened or changed."""
    try:
        with database.opening(engine, "the database of conversations"):
            await _migrate(engine)
    except database.Unusable as error:
        raise StartError(str(error), passing=error.passing) from None


async def _migrate(engine: AsyncEngine) -> None:
    if await _version(engine) == HEAD:
        return
    # Loaded only where it is needed, which is at few starts: it takes a dozen megabytes.
    from summarizer.store.migrating import upgrade  # noqa: PLC0415

    async with database.alone(engine, MIGRATION_LOCK) as connection:
        await connection.run_sync(upgrade)


async def _version(engine: AsyncEngine) -> str | None:
    """Which migration the database is at; None: none yet."""
    async with engine.connect() as connection:
        if not await connection.run_sync(_has_versions):
            return None
        return (await connection.execute(text(f"SELECT version_num FROM {VERSIONS}"))).scalar()  # noqa: S608 - our own name


def _has_versions(connection: Connection) -> bool:
    return connection.dialect.has_table(connection, VERSIONS)


@contextlib.asynccontextmanager
async def reached(seconds: float = SECONDS) -> AsyncIterator[None]:
    """What is raised because the database does not answer, or not in time, becomes StoreAway."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except DATABASE_ERRORS as error:
        if not away(error):
            raise
        raise StoreAway(f"the database does not answer: {type(error).__name__}") from error
