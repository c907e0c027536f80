"""Which connections are kept, for how long, and which is taken."""

import pytest

from dataplane.clients import pool as pools
from dataplane.clients.http1 import State
from dataplane.clients.pool import KEEP_SECONDS, Pool, patience
from dataplane.clients.request import Origin, Way

HERE, THERE = Way(Origin("http", "a.test", 80)), Way(Origin("http", "b.test", 80))


class FakeConnection:
    def __init__(self, gone, fit=True):
        self.gone, self.fit, self.headers, self.state = gone, fit, {}, State.IDLE

    def rest(self):
        return self.fit

    def close(self):
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self.gone(self)


@pytest.fixture
async def pool(monkeypatch):
    async def dial(_origin, _tls, _make):
        return FakeConnection(made._forget)

    monkeypatch.setattr(pools, "dial", dial)
    made = Pool(idle_seconds=1)
    yield made
    await made.close()


async def test_the_last_one_back_is_the_first_one_out(pool):
    first, second = await pool.connect(HERE), await pool.connect(HERE)
    pool.give_back(first)
    pool.give_back(second)
    assert await pool.connect(THERE) not in (first, second)
    assert [await pool.connect(HERE), await pool.connect(HERE)] == [second, first]
    assert await pool.connect(HERE) not in (first, second)


async def test_what_cannot_serve_again_is_closed(pool):
    connection = await pool.connect(HERE)
    connection.fit = False
    pool.give_back(connection)
    assert connection.state is State.CLOSED
    assert await pool.connect(HERE) is not connection


async def test_what_closes_while_kept_is_forgotten_at_once(pool):
    connection = await pool.connect(HERE)
    pool.give_back(connection)
    connection.close()
    assert pool._kept == {HERE: {}}
    assert pool._ways == {}


async def test_what_closed_before_it_was_known_is_forgotten_when_it_comes_back(pool):
    connection = await pool.connect(HERE)
    connection.fit, connection.state = False, State.CLOSED
    pool.give_back(connection)
    assert pool._ways == {}


async def test_what_was_kept_too_long_is_not_taken(pool, monkeypatch):
    connection = await pool.connect(HERE)
    monkeypatch.setattr(pools, "KEEP_SECONDS", -1.0)
    pool.give_back(connection)
    assert await pool.connect(HERE) is not connection
    assert connection.state is State.CLOSED


async def test_sweeping_closes_the_old_and_forgets_the_place(pool):
    old, young = await pool.connect(HERE), await pool.connect(THERE)
    old.headers = {"keep-alive": "timeout=1"}
    pool.give_back(old)
    pool.give_back(young)
    pool._sweep()
    assert (old.state, young.state) == (State.CLOSED, State.IDLE)
    assert list(pool._kept) == [THERE]
    young.close()
    pool._sweeper.cancel()
    pool._sweep()
    assert (pool._kept, pool._sweeper) == ({}, None)


async def test_only_so_many_are_kept_and_the_oldest_goes_first(pool, monkeypatch):
    monkeypatch.setattr(pools, "KEEP_CONNECTIONS", 2)
    connections = [await pool.connect(HERE) for _ in range(3)]
    for connection in connections:
        pool.give_back(connection)
    assert [connection.state for connection in connections] == [State.CLOSED, State.IDLE, State.IDLE]


async def test_closing_ends_those_in_use_too(pool):
    kept, used = await pool.connect(HERE), await pool.connect(HERE)
    pool.give_back(kept)
    await pool.close()
    assert (kept.state, used.state) == (State.CLOSED, State.CLOSED)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, KEEP_SECONDS),
        ("", KEEP_SECONDS),
        ("timeout=5", 4),
        ("max=100, timeout=5", 4),
        ("timeout=0", -1),
        ("timeout=3600", KEEP_SECONDS),
        ("timeout=soon", KEEP_SECONDS),
        ("timeout=99999999999999", KEEP_SECONDS),
    ],
)
def test_how_long_a_server_is_believed(header, seconds):
    assert patience(header) == seconds
