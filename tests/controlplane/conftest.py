import pytest
from sqlalchemy import text

from controlplane.adapters.db import engine as database
from tests.controlplane.fakes import World
from tests.databases import new_database


@pytest.fixture(scope="session")
def postgres():
    """A database of this run's own; its address."""
    with new_database() as address:
        yield address


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
