"""Engines: SQLite tuned for one writing process, PostgreSQL as it comes; and migrations in-process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
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
    except (ArgumentError, ValueError):
        raise StartError("HEADGATE_DATABASE_URL is not a database address") from None
    if parsed.drivername not in DRIVERS:
        raise StartError(f"HEADGATE_DATABASE_URL must begin with one of {', '.join(DRIVERS)}")
    # What fails is logged, and parameters, which hold digests and sealed secrets, must not be.
    if parsed.get_backend_name() == "postgresql":
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_async_engine(url, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _tune)
    return engine


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to this release. Raises StartError when it cannot be reached, opened or changed."""
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            await connection.run_sync(_upgrade)
    except OSError as error:
        raise StartError(f"the database cannot be reached: {error.strerror or type(error).__name__}", passing=True) from None
    except CommandError as error:
        raise StartError(f"the database is not one of this release: {error}") from None
    except (SQLAlchemyError, TypeError, ValueError) as error:  # drivers raise the last two for options they do not know
        raise StartError(f"the database cannot be used: {_cause(error)}", passing=_passes(error)) from None


def away(error: Exception) -> bool:
    """Whether this was raised because the database does not answer now, and not by a defect of ours."""
    if isinstance(error, DBAPIError):
        # Without a statement it was about the connection itself.
        return error.statement is None or error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, OSError | PoolTimeout)


async def answers(engine: AsyncEngine) -> bool:
    """Whether the database can be asked now."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - the edge to the database: whatever it is, it does not answer
        return False
    return True


def _passes(error: Exception) -> bool:
    """Whether it is about this moment only: another process holds the file, or the server is starting,
    stopping or full.
    """
    cause = error.orig if isinstance(error, DBAPIError) else None
    return getattr(cause, "sqlite_errorname", "").startswith(LOCKED) or getattr(cause, "sqlstate", None) in PASSING


def _cause(error: Exception) -> str:
    """The driver's own words; SQLAlchemy's hold the statement."""
    said = str(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error)
    return said.partition("\n")[0] or type(error).__name__


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


LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
# PostgreSQL, error codes: too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now.
PASSING = frozenset({"53300", "57P01", "57P02", "57P03"})
