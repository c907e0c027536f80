import asyncio

import asyncpg
import pytest

from tests.databases import BOUNDS, new_database


@pytest.fixture(scope="module")
def address():
    with new_database() as made:
        yield made


def asked(address, statement):
    async def ask():
        connection = await asyncpg.connect(address.replace("+asyncpg", ""), timeout=3)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_nothing_takes_for_ever_there(address):
    for bound in BOUNDS:
        assert asked(address, f"SHOW {bound}") not in ("0", "")


def test_it_is_gone_with_a_test_that_failed():
    with pytest.raises(KeyError), new_database() as address:
        raise KeyError
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        asked(address, "SELECT 1")
