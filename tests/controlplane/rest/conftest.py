"""Databases for the REST tests: each test finds its own empty one, migrated once for all of them."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from controlplane import app
from controlplane.adapters.db import engine as database
from controlplane.adapters.db.tables import metadata
from tests.controlplane.rest.world import TurnedClock, World, opened

POSTGRES = os.environ.get("HEADGATE_TEST_DATABASE_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")


async def migrate(url: str) -> None:
    engine = database.connect(url)
    await database.migrate(engine)
    await engine.dispose()


async def empty(url: str) -> None:
    engine = database.connect(url)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)}"))
    await engine.dispose()


async def administer(statement: str) -> None:
    """Run a statement on the server that the tests were given."""
    url = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url, timeout=3)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "headgate.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    name = f"headgate_rest_{secrets.token_hex(6)}"
    try:
        asyncio.run(administer(f"CREATE DATABASE {name}"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL must be there in CI: {error!r}")
        pytest.skip(f"no PostgreSQL: {type(error).__name__}")
    url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    asyncio.run(migrate(url))
    yield url
    asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    makers: dict[str, Callable[[], str]] = {"sqlite": lambda: _copied(request, tmp_path), "postgres": lambda: _emptied(request)}
    return makers[request.param]()


def _copied(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    file = tmp_path / "headgate.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), file)
    return f"sqlite+aiosqlite:///{file}"


def _emptied(request: pytest.FixtureRequest) -> str:
    made: str = request.getfixturevalue("postgres_url")
    asyncio.run(empty(made))
    return made


@pytest.fixture
async def world(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(app, "SystemClock", TurnedClock)
    async with opened(url, str(tmp_path)) as made:
        yield made
