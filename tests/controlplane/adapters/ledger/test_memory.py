"""What only the ledger in memory has: it forgets."""

from controlplane.adapters.ledger import memory
from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.domain.limits import Period, Unit
from tests.controlplane.adapters.ledger.desk import ONE, Desk, key


async def test_of_the_leases_that_have_counted_the_latest_are_remembered(monkeypatch):
    monkeypatch.setattr(memory, "REMEMBERED", 10)
    desk = Desk(MemoryLedger())
    for number in range(25):
        await desk.book(f"l{number}", ONE)
    for number in range(15, 25):
        await desk.book(f"l{number}", ONE)
    assert (await desk.leaf(key(), Unit.REQUESTS, Period.TOTAL)).used == 25
    await desk.book("l0", ONE)
    assert (await desk.leaf(key(), Unit.REQUESTS, Period.TOTAL)).used == 26


async def test_nothing_has_to_be_waited_for():
    ledger = MemoryLedger()
    ledger.book([], 0)
    assert ledger.settle([], 0) == []
    assert ledger.expire(0) == []
    await ledger.start(0)
    await ledger.close()
