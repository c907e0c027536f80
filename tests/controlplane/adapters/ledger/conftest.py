import os
import secrets

import pytest
from redis import Redis
from redis.exceptions import RedisError

from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.adapters.ledger.redis import RedisLedger
from tests.controlplane.adapters.ledger.desk import Desk, Records, erase

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
async def prefix(redis_url):
    """Keys in Redis of this test's own."""
    made = f"headgate-test-{secrets.token_hex(6)}"
    yield made
    await erase(redis_url, made)


@pytest.fixture(params=["memory", "redis"])
async def begun(request):
    """`await begun(records)`: a desk at a ledger of either kind that has started."""
    if request.param == "redis":
        # The fixtures must be asked for here: where there is no Redis only these tests are skipped.
        url, prefix = request.getfixturevalue("redis_url"), f"headgate-test-{secrets.token_hex(6)}"
    made = []

    async def begin(records):
        ledger = MemoryLedger(records) if request.param == "memory" else RedisLedger(url, records, prefix)
        made.append(ledger)
        desk = Desk(ledger)
        await desk.start()
        return desk

    yield begin
    for ledger in made:
        await ledger.close()
    if request.param == "redis":
        await erase(url, prefix)


@pytest.fixture
async def desk(begun):
    """A desk at empty books."""
    return await begun(Records())
