"""Places to remember things in: both databases, and a Redis under keys of each test's own."""

import asyncio
import os
import secrets

import pytest
from redis import Redis
from redis.exceptions import RedisError

from summarizer.store import engine as database
from summarizer.store import summaries_redis
from summarizer.store.tables import metadata
from tests.summarizer.conftest import administrate

REDIS = os.environ.get("HEADGATE_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture(scope="session")
def redis_url():
    """Where a Redis is."""
    try:
        with Redis.from_url(REDIS, socket_connect_timeout=2) as client:
            client.ping()
    except (OSError, RedisError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"Redis must be there in CI: {error!r}")
        pytest.skip(f"no Redis: {type(error).__name__}")
    return REDIS


@pytest.fixture
def prefix(redis_url):
    """What keys in Redis of this test's own begin with."""
    made = f"headgate-test-{secrets.token_hex(6)}"
    yield made
    with Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter(match=f"{{{made}}}*", count=1000))
        if keys:
            client.delete(*keys)


@pytest.fixture
async def line(redis_url):
    """A Redis to ask."""
    made = summaries_redis.connect(redis_url)
    yield made
    await made.close()


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def place(request, tmp_path):
    """Which kind of place, and where one is. The fixtures must be asked for here: what is not there is only skipped."""
    if request.param == "memory":
        return "memory", None
    if request.param == "redis":
        return "redis", (request.getfixturevalue("redis_url"), request.getfixturevalue("prefix"))
    if request.param == "sqlite":
        return "sqlite", f"sqlite+aiosqlite:///{tmp_path}/remembered.db"
    address = request.getfixturevalue("postgres")
    asyncio.run(administrate("DROP SCHEMA public CASCADE; CREATE SCHEMA public", address))
    return "postgres", address


@pytest.fixture
async def opened(place):
    """An empty place: ("redis", its line and prefix), ("memory", None), or the kind of a database and its engine."""
    kind, address = place
    if kind == "memory":
        yield place
        return
    if kind == "redis":
        url, prefix = address
        line = summaries_redis.connect(url)
        yield kind, (line, prefix)
        await line.close()
        return
    engine = database.connect(address)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)  # faster than the migrations, and compared with them elsewhere
    yield kind, engine
    await engine.dispose()


@pytest.fixture
async def nowhere(place, free_port):
    """Like `opened`, but nobody is there."""
    if place[0] == "redis":
        line = summaries_redis.connect(f"redis://127.0.0.1:{free_port}/0")
        yield "redis", (line, "none")
        await line.close()
        return
    url = "sqlite+aiosqlite:////nowhere/at/all.db" if place[0] == "sqlite" else f"postgresql+asyncpg://postgres@127.0.0.1:{free_port}/none"
    engine = database.connect(url)
    yield place[0], engine
    await engine.dispose()
