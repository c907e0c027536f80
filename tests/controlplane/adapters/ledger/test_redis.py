"""What only the ledger in Redis has: other processes, lost books, and a server that does not answer."""

import asyncio
from functools import partial
from urllib.parse import urlsplit

import msgspec
import pytest
from redis.asyncio import Redis

from controlplane.adapters.ledger.line import MOST, SCRIPT
from controlplane.adapters.ledger.redis import MOST_LATE, RedisLedger
from controlplane.domain.errors import LedgerAway
from controlplane.domain.limits import NOTHING, Amounts, Booked, Denied, Granted, Period, Spent, Unit
from controlplane.policy.windows import DEEPEST, LARGEST, SCALE
from tests.controlplane.adapters.ledger.desk import DAY, NOW, ONE, Desk, Records, account, key


@pytest.fixture
async def processes(redis_url, prefix):
    """`processes(records)`: another process's desk at the same books."""
    made = []

    def begin(records=None):
        # By this name the connections can be found.
        url = f"{redis_url}{'&' if '?' in redis_url else '?'}client_name={prefix}"
        made.append(RedisLedger(url, records or Records(), prefix))
        return Desk(made[-1])

    yield begin
    for ledger in made:
        await ledger.close()


@pytest.fixture
async def cut(redis_url, prefix):
    """`await cut()`: the connections of all processes are closed by the server."""
    client = Redis.from_url(redis_url)

    async def close():
        for connection in await client.client_list():
            if connection["name"] == prefix:
                await client.execute_command("CLIENT", "KILL", "ID", connection["id"])

    yield close
    await client.aclose()


@pytest.fixture
async def saved(redis_url, prefix, cut):
    """`back = await saved()` keeps the state of the books; `await back()` is a server that starts anew with it."""
    client = Redis.from_url(redis_url)

    async def save():
        state = {name: await client.dump(name) async for name in client.scan_iter(match=f"{{{prefix}}}*", count=1000)}

        async def back():
            await wipe(redis_url, prefix)
            for name, value in state.items():
                await client.restore(name, 0, value)
            # Its run id was another one when this was saved; and connections do not outlive a server.
            await client.set(f"{{{prefix}}}:ledger:server", "the start before")
            await cut()

        return back

    yield save
    await client.aclose()


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


async def test_every_process_is_told_when_the_books_begin_anew(processes, redis_url, prefix):
    desks, told = [processes(), processes()], []
    for number, desk in enumerate(desks):
        desk.ledger.lost = partial(told.append, number)
        await desk.start()
        await desk.reserve(f"l{number}", [key(concurrency=2)])
    assert told == []
    await wipe(redis_url, prefix)
    for _ in range(2):
        for desk in desks:
            await desk.in_flight()
    assert told == [0, 1]
    # So told, they take back what they hold.
    for number, desk in enumerate(desks):
        await desk.restore(f"l{number}", [key(concurrency=2)])
    assert isinstance(await desks[0].reserve("c", [key(concurrency=2)]), Denied)


async def test_a_server_with_an_older_state_is_filled_up_with_the_records_before_anything_is_granted(processes, saved):
    records, told = Records(), []
    desks = [processes(records), processes(records)]
    for desk in desks:
        desk.ledger.lost = lambda: told.append(1)
    payer = key(tokens_day=1000)
    await desks[0].reserve("old", [payer])
    await desks[0].settle("old", ONE)
    await desks[0].reserve("held", [payer])
    back = await saved()
    for lease_id in "abcdefgh":
        await desks[1].reserve(lease_id, [payer])
        await desks[1].settle(lease_id, ONE)
    # The last one has not reached the records yet.
    spent = Amounts(8, 800, 8000)
    records.known = {"k": Spent(NOW, spent, spent, spent)}
    await back()
    assert (await desks[0].leaf(payer, Unit.TOKENS, Period.DAY)).used == 800
    for desk in desks:
        await desk.in_flight()
    assert told == [1, 1]
    answers = [await desks[number % 2].reserve(f"new{number}", [payer]) for number in range(3)]
    assert [isinstance(answer, Granted) for answer in answers] == [True, False, False]


@pytest.mark.parametrize(
    ("at", "recorded", "day", "month", "total"),
    [
        # The records know more of the day, the book of the month.
        (NOW, (200, 200, 5000), 200, 300, 5000),
        (NOW, (0, 0, 0), 100, 300, 600),
        # What the records say of another day or month says nothing of this one.
        (NOW - 2 * DAY, (250, 400, 500), 100, 400, 600),
        (NOW - 40 * DAY, (250, 900, 1000), 100, 300, 1000),
        (NOW + DAY, (50, 250, 1000), 50, 300, 1000),
    ],
)
async def test_of_book_and_records_the_larger_counts(processes, saved, at, recorded, day, month, total):
    one_day = [Amounts(0, amount, 0) for amount in (100, 300, 600)]
    records = Records(k=Spent(NOW, *one_day))
    desk = processes(records)
    await desk.start()
    back = await saved()
    records.known = {"k": Spent(at, *(Amounts(0, amount, 0) for amount in recorded))}
    await back()
    desk.now = max(at, NOW)
    leaves = [await desk.leaf(key(), Unit.TOKENS, period) for period in (Period.DAY, Period.MONTH, Period.TOTAL)]
    assert [leaf.used for leaf in leaves] == [day, month, total]


async def test_a_server_that_starts_anew_while_the_books_are_filled_is_filled_from_the_beginning(processes, saved):
    class Restarting(Records):
        async def spent(self, now):
            self.asked.append(now)
            if len(self.asked) == 1:
                # With the state that says they are being filled.
                await (await saved())()
            return {f"k{number}": Spent(now, total=Amounts(0, 7, 0)) for number in range(3)}

    records = Restarting()
    desk = processes(records)
    for budget in await desk.read(*(key(f"k{number}") for number in range(3))):
        assert [leaf.used for unit, period, leaf in budget.leaves if (unit, period) == (Unit.TOKENS, Period.TOTAL)] == [7]
    assert len(records.asked) == 2


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
    with pytest.raises(LedgerAway, match="filled"):
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


async def test_a_lost_connection_is_opened_again(processes, cut):
    records, told = Records(), []
    desk = processes(records)
    desk.ledger.lost = partial(told.append, 1)
    await desk.start()
    await cut()
    assert isinstance(await desk.reserve("a", [key()]), Granted)
    # It is the same server, which has lost nothing.
    assert (len(records.asked), told) == (1, [])


async def test_a_server_that_is_away_is_said_so(free_port):
    desk = Desk(RedisLedger(f"redis://:secret-of-redis@127.0.0.1:{free_port}/0", Records()))
    with pytest.raises(LedgerAway) as away:
        await desk.start()
    assert "secret" not in str(away.value)
    await desk.ledger.close()


class Road:
    """A way to the real server, on which nothing comes through while it is `shut`."""

    def __init__(self, redis_url):
        where = urlsplit(redis_url)
        self.server, self.path = (where.hostname, where.port or 6379), where.path
        self.passing = asyncio.Event()
        self.passing.set()
        self.taken = 0

    async def open(self):
        self.entrance = await asyncio.start_server(self.take, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self.entrance.sockets[0].getsockname()[1]}{self.path}"

    async def take(self, reader, writer):
        self.taken += 1
        far, there = await asyncio.open_connection(*self.server)
        await asyncio.gather(self.carry(reader, there), self.carry(far, writer))

    async def carry(self, reader, writer):
        while data := await reader.read(65536):
            await self.passing.wait()
            writer.write(data)
        writer.close()

    async def close(self):
        self.passing.set()
        self.entrance.close()
        await self.entrance.wait_closed()


@pytest.fixture
async def road(redis_url):
    made = Road(redis_url)
    made.url = await made.open()
    yield made
    await made.close()


async def told_after(asking):
    """How long it takes to be told that Redis is away."""
    begun = asyncio.get_running_loop().time()
    with pytest.raises(LedgerAway):
        await asking
    return asyncio.get_running_loop().time() - begun


@pytest.mark.parametrize("connected", [True, False])
async def test_all_who_wait_for_a_silent_server_are_told_at_once_and_one_at_a_time_tries_again(road, prefix, monkeypatch, connected):
    monkeypatch.setattr("controlplane.adapters.ledger.line.TIMEOUT", 0.2)
    monkeypatch.setattr("controlplane.adapters.ledger.line.PAUSE", 0.1)
    desk = Desk(RedisLedger(road.url, Records(), prefix))
    if connected:
        await desk.start()
    road.passing.clear()
    waits = await asyncio.gather(*(told_after(desk.reserve(f"l{number}", [key()])) for number in range(MOST * 5)))
    assert min(waits) > 0.15
    assert max(waits) < 0.35  # not the timeout for each 128
    # For a while nobody tries; then one does, and the others do not wait for him.
    assert await told_after(desk.reserve("a", [key()])) < 0.05
    await asyncio.sleep(0.1)
    taken = road.taken
    first, *others = await asyncio.gather(*(told_after(desk.reserve(f"m{number}", [key()])) for number in range(5)))
    assert first > 0.15
    assert max(others) < 0.05
    assert road.taken == taken + 1
    road.passing.set()
    await asyncio.sleep(0.1)
    assert isinstance(await desk.reserve("back", [key()]), Granted)
    answers = await asyncio.gather(*(desk.reserve(f"n{number}", [key()]) for number in range(MOST + 1)))
    assert all(isinstance(answer, Granted) for answer in answers)
    await desk.ledger.close()


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
    assert found == [books, *(f"{books}:{rest}" for rest in ("counted:b", "deadlines", "lease:a", "payer:k", "places", "server"))]
    await desk.book("c", ONE)
    for lease_id in "bc":
        assert 86_000 < await client.ttl(f"{books}:counted:{lease_id}") <= 86_400
    await client.aclose()


def test_the_script_counts_in_the_same_parts():
    line = next(line for line in SCRIPT.splitlines() if line.startswith("local SCALE"))
    assert [int(float(figure)) for figure in line.partition("=")[2].split(",")] == [SCALE, LARGEST, DEEPEST]


async def test_a_lease_of_the_previous_release_was_one_of_those_at_a_time(processes, redis_url, prefix):
    """Also one that had claimed no request: it had opened the books all the same."""
    desk, payer = processes(), key(concurrency=1)
    await desk.reserve("a", [payer])
    client = Redis.from_url(redis_url)
    name = f"{{{prefix}}}:ledger:lease:a"
    payers, _, account_id, opened = msgspec.msgpack.decode(await client.get(name))
    assert opened == 1
    await client.set(name, msgspec.msgpack.encode([payers, [0, 70, 0], account_id]))
    await client.aclose()
    await desk.move("a", account())
    await desk.settle("a", NOTHING)
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 0


async def test_a_book_with_fewer_requests_at_a_time_than_none_is_healed(processes):
    """Books outlive the processes that wrote them."""
    desk, payer = processes(), key(concurrency=1)
    await desk.reserve("call", [payer], Amounts(0, 100, 1000))
    await desk.miscount("k", -2)
    [budget] = await desk.read(payer)
    assert (budget.concurrency.used, budget.concurrency.left) == (0, 1)
    assert isinstance(await desk.reserve("a", [payer]), Granted)
    assert isinstance(await desk.reserve("b", [payer]), Denied)
    await desk.settle("a", ONE)
    await desk.settle("call", Amounts(0, 100, 1000))
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 0
