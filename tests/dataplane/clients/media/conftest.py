"""Each loop has child processes of its own making: workers are tested on both."""

import asyncio

import uvloop


def pytest_asyncio_loop_factories(config, item):
    plain = {"asyncio": asyncio.new_event_loop}
    return plain | {"uvloop": uvloop.new_event_loop} if item.path.name == "test_workers.py" else plain
