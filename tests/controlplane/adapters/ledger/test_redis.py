"""What only the ledger in Redis has: other processes, lost books, and a server that does not answer."""

import asyncio

import pytest
from redis.asyncio import Redis

from controlplane.adapters.ledger.line import MOST, SCRIPT, connect
from controlplane.adapters.ledger.redis import MOST_LATE, RedisLedger
from controlplane.domain.errors import LedgerAway
from controlplane.domain.limits import Amounts, Booked, Denied, Granted, Period, Spent, Unit
from controlplane.policy.windows import DEEPEST, LARGEST, SCALE
from tests.controlplane.adapters.ledger.desk import NOW, ONE, Desk, Records, account, key


@pytest.fixture
async def processes(redis_url, prefix):
    """`processes(records)`: another process's desk at the same books."""
    made = []

    def begin(records=None):
        made.append(RedisLedger(redis_url, records or Records(), prefix))
        return Desk(made[-1])

    yield begin
    for ledger in made:
        await ledger.close()


async def wipe(url, prefix):
    client = Redis.from_url(url)
    await client.delete(*[name async for name in client.scan_iter(match=f"{{{prefix}}}*", count=1000)])
    await client.aclose()


async def test_two_processes_share_one_cap(processes):
    desks = [processes(), processes()]
    payer = key(requests_day=50)
    answers = await asyncio.gather(*(desks[number % 2].reserve(f"l{number}", [payer]) for number in range(200)))
    assert sum(isinstance(answer, Granted) for answer in answers) == 50


async def test_what_one_process_reserves_another_settles_and_expires(processes):
    here, there = processes(), processes()
    await here.reserve("a", [key()], place=account(), deadline=int(NOW) + 10)
    await here.reserve("b", [key()], place=account(), deadline=int(NOW) + 10)
    assert await there.settle("a", ONE) == Booked(True, "a", 1)
    assert await here.settle("a", ONE) == Booked(False)
    there.now += 10
    assert await there.expire() == ["b"]
    assert await here.expire() == []
    assert await here.in_flight() == {}


async def test_clocks_that_differ_share_the_later_day(processes):
    here, there = processes(), processes()
    payer = key(requests_day=1)
    here.now, there.now = 1_800_057_600.0, 1_800_057_599.0
    await here.reserve("a", [payer])
    await here.settle("a", ONE)
    denied = await there.reserve("b", [payer])
    assert isinstance(denied, Denied)
    assert denied.retry_at == 1_800_057_600.0 + 86_400


async def test_books_that_were_wiped_begin_again_with_the_records_before_anything_is_granted(processes, redis_url, prefix):
    records = Records()
    desk = processes(records)
    payer = key(tokens_day=500)
    await desk.reserve("before", [payer])
    records.known = {"k": Spent(NOW, Amounts(4, 400, 0), Amounts(4, 400, 0), Amounts(4, 400, 0))}
    await wipe(redis_url, prefix)
    desks = [desk, processes(records), processes(records)]
    answers = await asyncio.gather(*(desks[number % 3].reserve(f"l{number}", [payer]) for number in range(30)))
    assert sum(isinstance(answer, Granted) for answer in answers) == 1
    # What was held is not known any more; it is booked when it ends.
    assert await desk.settle("before", ONE) == Booked(False)
    await desk.book("before", ONE)
    assert (await desk.leaf(payer, Unit.TOKENS, Period.DAY)).used == 500


async def test_books_that_are_there_are_not_begun_again(processes):
    first, second = processes(), Records(k=Spent(NOW, total=Amounts(9, 9, 9)))
    await first.start()
    other = processes(second)
    await other.start()
    assert second.asked == []
    assert (await other.leaf(key(), Unit.TOKENS, Period.TOTAL)).used == 0


async def test_who_reads_the_records_last_begins_nothing_again(processes):
    gate, reading = asyncio.Event(), asyncio.Event()

    class Slow(Records):
        async def spent(self, now):
            reading.set()
            await gate.wait()
            return {"k": Spent(now, total=Amounts(0, 7, 0))}

    slow, fast = processes(Slow()), processes()
    late = asyncio.create_task(slow.reserve("b", [key()]))
    await reading.wait()
    await fast.reserve("a", [key()])
    await fast.settle("a", ONE)
    gate.set()
    assert isinstance(await late, Granted)
    leaf = await fast.leaf(key(), Unit.TOKENS, Period.TOTAL)
    assert (leaf.used, leaf.reserved) == (100, 100)


async def test_many_payers_fill_the_books_and_are_read(processes):
    spent = Spent(NOW, total=Amounts(1, 2, 3))
    desk = processes(Records(**{f"k{number}": spent for number in range(1100)}))
    budgets = await desk.read(*(key(f"k{number}") for number in range(1100)))
    assert len(budgets) == 1100
    assert all(
        leaf.used == 2 for budget in budgets for unit, period, leaf in budget.leaves if (unit, period) == (Unit.TOKENS, Period.TOTAL)
    )


async def test_records_that_cannot_be_read_refuse_and_are_asked_again(processes):
    class Broken(Records):
        async def spent(self, now):
            self.asked.append(now)
            if len(self.asked) == 1:
                raise OSError("the database is away")
            return {}

    desk = processes(Broken())
    with pytest.raises(OSError, match="database"):
        await desk.reserve("a", [key()])
    assert isinstance(await desk.reserve("a", [key()]), Granted)


async def test_more_calls_than_one_run_takes_are_answered_in_order(processes):
    desk = processes()
    answers = await asyncio.gather(*(desk.reserve(f"l{number}", [key()], place=account()) for number in range(MOST * 2 + 5)))
    assert [answer.in_flight for answer in answers] == list(range(1, MOST * 2 + 6))
    desk.now += 10_000
    assert MOST_LATE < len(await desk.expire()) == MOST * 2 + 5


async def test_an_answer_shows_the_books_as_they_were_then(processes):
    desk = processes()
    payer = key(requests_day=5)
    answers = await asyncio.gather(*(desk.reserve(f"l{number}", [payer]) for number in range(6)), desk.settle("l0"))
    assert [answer.windows[0].left for answer in answers[:5]] == [4, 3, 2, 1, 0]
    assert answers[5].left == 0


async def test_who_gives_up_waiting_disturbs_nobody(processes):
    desk = processes()
    await desk.start()
    leaving, staying = (asyncio.create_task(desk.reserve(lease_id, [key()])) for lease_id in "ab")
    await asyncio.sleep(0)
    leaving.cancel()
    assert isinstance(await staying, Granted)
    with pytest.raises(asyncio.CancelledError):
        await leaving
    # It was asked already.
    assert (await desk.settle("a")).held


async def test_a_script_that_redis_forgot_is_loaded_again(processes, redis_url):
    desk = processes()
    await desk.start()
    client = Redis.from_url(redis_url)
    await client.script_flush()
    await client.aclose()
    assert isinstance(await desk.reserve("a", [key()]), Granted)


async def test_a_lost_connection_is_opened_again(redis_url, prefix):
    client = connect(redis_url)
    desk = Desk(RedisLedger(client, Records(), prefix))
    await desk.start()
    number = await client.client_id()
    other = Redis.from_url(redis_url)
    await other.execute_command("CLIENT", "KILL", "ID", number)
    await other.aclose()
    assert isinstance(await desk.reserve("a", [key()]), Granted)
    await desk.ledger.close()


async def test_a_server_that_is_away_is_said_so(free_port):
    desk = Desk(RedisLedger(f"redis://:secret-of-redis@127.0.0.1:{free_port}/0", Records()))
    with pytest.raises(LedgerAway) as away:
        await desk.start()
    assert "secret" not in str(away.value)
    await desk.ledger.close()


async def test_a_silent_server_is_given_up_in_time(monkeypatch):
    left = asyncio.Event()

    async def silent(reader, writer):
        while await reader.read(1000):
            pass
        writer.close()
        left.set()

    monkeypatch.setattr("controlplane.adapters.ledger.line.TIMEOUT", 0.05)
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    desk = Desk(RedisLedger(f"redis://127.0.0.1:{port}/0", Records()))
    with pytest.raises(LedgerAway):
        await asyncio.wait_for(desk.reserve("a", [key()]), 5)
    await desk.ledger.close()
    await asyncio.wait_for(left.wait(), 5)
    server.close()


async def test_who_waits_when_the_ledger_is_closed_is_told(redis_url, prefix):
    gate = asyncio.Event()

    class Slow(Records):
        async def spent(self, now):
            await gate.wait()

    ledger = RedisLedger(redis_url, Slow(), prefix)
    waiting = [asyncio.create_task(Desk(ledger).reserve(f"l{number}", [key()])) for number in range(MOST + 1)]
    await asyncio.sleep(0.05)
    await ledger.close()
    for task in waiting:
        with pytest.raises(LedgerAway):
            await task


async def test_every_key_is_under_the_prefix_and_in_one_slot(processes, redis_url, prefix):
    client = Redis.from_url(redis_url, decode_responses=True)
    desk = processes()
    await desk.reserve("a", [key()], place=account())
    await desk.reserve("b", [key()])
    await desk.settle("b", ONE)
    found = sorted([name async for name in client.scan_iter(match=f"*{prefix}*", count=1000)])
    books = f"{{{prefix}}}:ledger"
    assert found == [books, *(f"{books}:{rest}" for rest in ("counted:b", "deadlines", "lease:a", "payer:k", "places"))]
    assert 0 < await client.ttl(f"{books}:counted:b") <= 3600
    await desk.book("c", ONE)
    assert 3600 < await client.ttl(f"{books}:counted:c") <= 86_400
    await client.aclose()


def test_the_script_counts_in_the_same_parts():
    line = next(line for line in SCRIPT.splitlines() if line.startswith("local SCALE"))
    assert [int(float(figure)) for figure in line.partition("=")[2].split(",")] == [SCALE, LARGEST, DEEPEST]
