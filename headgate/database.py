"""The databases of the services that have one: SQLite tuned for one writing process, PostgreSQL as it comes.

SQLAlchemy comes with it: those that have no database must not import it.
"""

import asyncio
import contextlib
import functools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

import aiosqlite
from sqlalchemy import URL, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
# How long a PostgreSQL that does not answer holds up whoever needs a connection.
CONNECT_SECONDS = 5.0
# How long a question whether it answers may take.
ANSWER_SECONDS = 1.5

# How often a file is tried to be switched to WAL, and how far apart.
TRIES, TRY_SECONDS = 50, 0.02
# WAL lets rows be read while others are written; NORMAL syncs at checkpoints, which loses nothing to a kill of the
# process; the timeout is for an administrator's shell that holds the file. Foreign keys take along what belongs to a
# row that goes.
PRAGMAS: Sequence[str] = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)


class Unusable(Exception):
    """The database cannot be used; the message says why, for the operator. `passing`: it may be possible in a moment."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class File(aiosqlite.Connection):
    """A connection to SQLite that can be told to stop more than once.

    The driver's thread ends at the first time, and whoever tells it again waits for ever: so did a task that was cancelled
    while it asked, and cancelled once more before its connection was closed, and with it the end of the event loop.
    """

    _told: bool = False
    _stopped: asyncio.Future[Any] | None = None

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # a connection that nobody closed must not hold up the end of the process

    def stop(self) -> asyncio.Future[Any] | None:
        """Begin to end the thread; when it has, the result is there. None: no event loop runs to tell it to."""
        if not self._told:
            self._told = True
            self._stopped = super().stop()
        return self._stopped


def connect(url: str) -> AsyncEngine:
    """An engine for the database; nothing is opened yet. Raises Unusable for an address that is none of ours."""
    try:
        driver = make_url(url).drivername
        if driver not in DRIVERS:
            raise Unusable(f"HEADGATE_DATABASE_URL must begin with one of {', '.join(DRIVERS)}")
        # What fails is logged, and parameters, which hold secrets and what people said, must not be.
        if driver.startswith("postgresql"):
            return create_async_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args={"timeout": CONNECT_SECONDS})
        engine = create_async_engine(url, hide_parameters=True, connect_args={"async_creator_fn": _file})
    except (SQLAlchemyError, TypeError, ValueError):
        raise Unusable("HEADGATE_DATABASE_URL is not a database address") from None
    event.listen(engine.sync_engine, "connect", _tune)
    return engine


@contextlib.contextmanager
def opening(engine: AsyncEngine, name: str) -> Iterator[None]:
    """The first use of a database. What is raised because it cannot be reached, opened or changed becomes Unusable, in
    whose message the database is called `name`.
    """
    try:
        _open(engine.url)
        yield
    except OSError as error:
        raise Unusable(f"{name} cannot be reached: {error.strerror or type(error).__name__}", passing=True) from None
    except (SQLAlchemyError, sqlite3.Error, TypeError, ValueError) as error:  # drivers raise the last two for options they do not know
        raise Unusable(f"{name} cannot be used: {_cause(error)}", passing=_passes(error)) from None


@contextlib.asynccontextmanager
async def alone(engine: AsyncEngine, lock: int) -> AsyncIterator[AsyncConnection]:
    """A transaction to migrate in, one process at a time. `lock`: the number of whoever migrates, on a PostgreSQL that
    others may migrate too.
    """
    async with engine.begin() as connection:
        await connection.execute(text(LOCKS[connection.dialect.name].format(lock=lock)))
        yield connection


def away(error: Exception) -> bool:
    """Whether this was raised because the database does not answer now, and not by a defect of ours."""
    if isinstance(error, DBAPIError):
        # Without a statement it was about the connection itself.
        return error.statement is None or error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, OSError | PoolTimeout)


async def answers(engine: AsyncEngine) -> bool:
    """Whether the database can be asked now."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - the edge to the database: whatever it is, it does not answer
        return False
    return True


def _file(path: str, **options: Any) -> File:
    return File(functools.partial(sqlite3.connect, path, **options))


def _open(url: URL) -> None:
    """Try a SQLite file. The driver would leave a thread behind that complains in the middle of our words."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        with contextlib.closing(sqlite3.connect(url.database)) as connection:
            connection.execute("PRAGMA schema_version")
            _log_ahead(connection)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL, which lasts. Of several that start together all but one are refused at once, however
    patient they are otherwise.
    """
    for left in reversed(range(TRIES)):
        try:
            connection.execute(PRAGMAS[0])
        except sqlite3.OperationalError as error:
            if not left or not _passes(error):
                raise
            time.sleep(TRY_SECONDS)
        else:
            return


def _passes(error: Exception) -> bool:
    """Whether it is about this moment only: another process holds the file, or the server is starting,
    stopping or full.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlite_errorname", "").startswith(LOCKED) or getattr(cause, "sqlstate", None) in PASSING


def _cause(error: Exception) -> str:
    """The driver's own words; SQLAlchemy's hold the statement."""
    said = str(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error)
    return said.partition("\n")[0] or type(error).__name__


def _tune(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


# What keeps a second process that starts from migrating at the same time.
LOCKS: Mapping[str, str] = {"postgresql": "SELECT pg_advisory_xact_lock({lock})", "sqlite": "BEGIN IMMEDIATE"}
LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
# PostgreSQL, error codes: too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now.
PASSING = frozenset({"53300", "57P01", "57P02", "57P03"})
