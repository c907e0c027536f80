from controlplane.service.retention import CHUNK, EVENTS, Retention
from tests.controlplane.fakes import NOW, FakeClock

DAY = 86400


class Shelf:
    """Rows that are dropped by age; remembers what was asked for."""

    def __init__(self, records, allowances):
        self.rows = {"records": records, "allowances": allowances, "events": 0, "crowded": 2}
        self.asked = []

    def drop(self, name, before, limit):
        self.asked.append((name, before, limit))
        gone = min(self.rows[name], limit)
        self.rows[name] -= gone
        return gone

    async def drop_records(self, before_ms, limit):
        return self.drop("records", before_ms, limit)

    async def drop_allowances(self, before, limit):
        return self.drop("allowances", before, limit)

    async def drop_events(self, before_ms, limit):
        return self.drop("events", before_ms, limit)

    async def crop_events(self, most, limit):
        return self.drop("crowded", most, limit)


async def test_all_that_is_too_old_goes_a_little_at_a_time():
    clock, shelf = FakeClock(), Shelf(2 * CHUNK + 5, 3)
    await Retention(shelf, clock, 30).prune()
    assert set(shelf.rows.values()) == {0}
    old = int((NOW - 30 * DAY) * 1000)
    assert shelf.asked[:3] == [("records", old, CHUNK)] * 3
    assert shelf.asked[3:] == [("events", old, CHUNK), ("crowded", EVENTS, CHUNK), ("allowances", NOW - 60 * DAY, CHUNK)]
    assert NOW < clock.time < NOW + 1, "others came between the transactions"


async def test_records_may_be_kept_for_ever():
    shelf = Shelf(5, 0)
    await Retention(shelf, FakeClock(), 0).prune()
    assert shelf.rows["records"] == 5
    assert [name for name, _, _ in shelf.asked] == ["crowded", "allowances"]


async def test_an_exact_chunk_ends_too():
    shelf = Shelf(CHUNK, 0)
    await Retention(shelf, FakeClock(), 1).prune()
    assert shelf.rows["records"] == 0
