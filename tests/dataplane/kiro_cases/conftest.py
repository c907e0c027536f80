"""One gate for all cases: its workers are processes, and start once."""

import asyncio

import pytest

from tests.dataplane.kiro_cases.gate import Gate


@pytest.fixture(scope="package")
def gate():
    with asyncio.Runner() as runner:
        made = Gate(runner)
        yield made
        made.close()
