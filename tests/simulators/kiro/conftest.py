from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.simulators.kiro import KiroSimulator


@pytest.fixture
async def sim() -> AsyncIterator[KiroSimulator]:
    async with KiroSimulator() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
