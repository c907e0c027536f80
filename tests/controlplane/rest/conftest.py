"""Databases for the REST tests: each test finds its own empty one, migrated once for all of them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from controlplane import app
from controlplane.adapters.db import engine as database
from controlplane.adapters.db.tables import metadata
from tests.controlplane.rest.world import TurnedClock, World, opened
from tests.databases import new_database


async def migrate(url: str) -> None:
    engine = database.connect(url)
    await database.migrate(engine)
    await engine.dispose()


async def empty(url: str) -> None:
    engine = database.connect(url)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)}"))
    await engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "headgate.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with new_database() as url:
        asyncio.run(migrate(url))
        yield url


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
