"""PostgreSQL databases of a test run's own, in which nothing takes for ever: a test that waits there fails, and tells of what."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator

import asyncpg
import pytest
from sqlalchemy.engine import make_url

POSTGRES = os.environ.get("HEADGATE_TEST_DATABASE_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
# Less than a test may take.
BOUNDS = {"lock_timeout": "30s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"}
CONNECT_SECONDS, STATEMENT_SECONDS = 3, 30


async def administrate(statement: str, address: str = POSTGRES) -> None:
    """Run statements on the server. Raises OSError, TimeoutError or asyncpg's errors."""
    url = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
    try:
        await connection.execute(statement)
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


@contextlib.contextmanager
def new_database() -> Iterator[str]:
    """A new database; its address. Where no PostgreSQL is reached the test is skipped, but not in CI."""
    name = f"headgate_{secrets.token_hex(6)}"
    try:
        asyncio.run(administrate(f"CREATE DATABASE {name}"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL must be there in CI: {error!r}")
        pytest.skip(f"no PostgreSQL: {type(error).__name__}")
    try:
        asyncio.run(administrate(";".join(f"ALTER DATABASE {name} SET {bound} = '{most}'" for bound, most in BOUNDS.items())))
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(administrate(f"DROP DATABASE {name} WITH (FORCE)"))
