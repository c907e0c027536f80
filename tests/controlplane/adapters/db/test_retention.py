import pytest
from sqlalchemy import text

from controlplane.adapters.db.records import DatabaseRecords
from controlplane.adapters.db.retention import DatabaseRetention
from controlplane.domain.outcome import Entry, EntryQuery
from tests.controlplane.fakes import NOW, outcome


@pytest.fixture
def retention(engine):
    return DatabaseRetention(engine)


async def test_old_records_go_the_oldest_first_and_never_one_that_is_in_no_rollup(retention, engine):
    records = DatabaseRecords(engine)
    rows = [outcome(f"ls_{number}", request_id=f"req_{number}", received_at_ms=1000 + number) for number in (3, 1, 2, 4, 5)]
    await records.insert([Entry(made, "key", "m", booked_at=int(NOW)) for made in rows], [])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE requests SET booked_at = NULL WHERE lease_id = 'ls_2'"))

    async def left():
        return sorted(made.outcome.lease_id for made in (await records.page(EntryQuery())).entries)

    assert await retention.drop_records(1005, 2) == 2
    assert await left() == ["ls_2", "ls_4", "ls_5"]
    assert await retention.drop_records(1005, 2) == 1
    assert await left() == ["ls_2", "ls_5"]
    await records.adopt(10)
    assert await retention.drop_records(1005, 2) == 1
    assert await left() == ["ls_5"]


async def test_old_samples_of_allowances_go(retention, engine):
    columns = "id,kind,label,auth_method,region,profile_arn,machine_id,base_url,models,priority,max_concurrency,disabled,created_at"
    async with engine.begin() as connection:
        await connection.execute(
            text(
                f"INSERT INTO accounts ({columns},status,reason,until,offered,offered_at) "
                "VALUES ('a','kiro','a','social','r','','','','[]',0,0,false,1,'active','',0,'[]',0)"
            )
        )
        for checked_at in (1, 2, 3):
            await connection.execute(text(f"INSERT INTO allowances VALUES ('a', {checked_at}, 1, 50)"))
    assert await retention.drop_allowances(3, 1) == 1
    assert await retention.drop_allowances(3, 5) == 1
    assert await retention.drop_allowances(3, 5) == 0
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT checked_at FROM allowances"))).scalars().all() == [3]
