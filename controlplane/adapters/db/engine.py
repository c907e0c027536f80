"""Engines: SQLite tuned for one writing process, PostgreSQL as it comes; and migrations in-process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from controlplane.domain.errors import StartError

MIGRATIONS = Path(__file__).parents[2] / "migrations"
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
# One control plane at a time migrates a shared PostgreSQL; the number only has to be ours.
MIGRATION_LOCK = 4_874_921_006

# WAL lets pages be read while the ledger writes; NORMAL syncs at checkpoints, which loses nothing to
# a kill of the process; the timeout is for an administrator's shell that holds the file.
PRAGMAS: Sequence[str] = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)


def connect(url: str) -> AsyncEngine:
    """An engine for the database. Raises StartError for an address that is none of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StartError("HEADGATE_DATABASE_URL is not a database address") from None
    if parsed.drivername not in DRIVERS:
        raise StartError(f"HEADGATE_DATABASE_URL must begin with one of {', '.join(DRIVERS)}")
    if parsed.get_backend_name() == "postgresql":
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _tune)
    return engine


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to this release. Raises StartError when it cannot be reached."""
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            await connection.run_sync(_upgrade)
    except OSError as error:
        raise StartError(f"the database cannot be reached: {error.strerror or type(error).__name__}") from None


async def answers(engine: AsyncEngine) -> bool:
    """Whether the database can be asked now."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - the edge to the database: whatever it is, it does not answer
        return False
    return True


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _tune(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
