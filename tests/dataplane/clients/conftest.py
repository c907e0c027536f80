"""Sockets behave by the loop that owns them: what has sockets of its own is tested on both loops."""

import asyncio

import uvloop

ON_BOTH = {"test_transport.py", "test_answers.py", "test_dialling.py"}


def pytest_asyncio_loop_factories(config, item):
    plain = {"asyncio": asyncio.new_event_loop}
    return plain | {"uvloop": uvloop.new_event_loop} if item.path.name in ON_BOTH else plain
