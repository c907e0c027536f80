"""What a new connection is asked first, with a server that says what it is told to say."""

import logging

import pytest
from redis.exceptions import NoPermissionError, ResponseError

from controlplane.adapters.ledger.server import Server


class Connection:
    """Answers INFO with `info`, or by raising it."""

    def __init__(self, info):
        self.info = info
        self.sent = []

    async def on_connect(self):
        self.sent.append("begin")

    async def send_command(self, *words):
        self.sent.append(words[0] if words[0] == "INFO" else (words[0], *words[2:]))

    async def read_response(self):
        if self.sent[-1] != "INFO":
            return None
        if isinstance(self.info, Exception):
            raise self.info
        return self.info


async def test_the_books_meet_the_start_of_the_server():
    connection = Connection(b"# Server\r\nrun_id:abc\r\nexecutable:/a:b\r\n")
    await Server("books").meet(connection)
    assert connection.sent == ["begin", "INFO", ("EVAL", 1, "books", "abc")]


@pytest.mark.parametrize(
    "info", [NoPermissionError("no permissions to run 'info'"), ResponseError("unknown command"), b"proxy:yes\r\n", ""]
)
async def test_where_it_is_not_told_which_server_it_is_the_books_stay(info, caplog):
    connection, server = Connection(info), Server("books")
    for _ in range(2):
        await server.meet(connection)
    assert connection.sent == ["begin", "INFO"] * 2
    assert len(caplog.messages) == 1
    assert "which server it is" in caplog.messages[0]


@pytest.mark.parametrize(
    ("policy", "maxmemory", "warned"),
    [("allkeys-lru", 1000, True), ("volatile-ttl", 1, True), ("allkeys-lru", 0, False), ("noeviction", 1000, False)],
)
async def test_a_server_that_may_drop_books_is_warned_of_once(policy, maxmemory, warned, caplog):
    caplog.set_level(logging.WARNING)
    connection = Connection(f"run_id:abc\r\nmaxmemory:{maxmemory}\r\nmaxmemory_policy:{policy}\r\n".encode())
    server = Server("books")
    for _ in range(2):
        await server.meet(connection)
    assert [policy in message for message in caplog.messages] == [True] * warned
