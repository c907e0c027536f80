"""The audit log on both databases."""

import pytest

from controlplane.adapters.db.audit import DatabaseAudit
from controlplane.domain.audit import Change, ChangeQuery
from controlplane.domain.errors import Invalid


@pytest.fixture
def store(engine):
    return DatabaseAudit(engine)


def change(at_ms=1, action="key.update", target="key_1", actor="admin", **given):
    return Change(at_ms, actor, "192.0.2.7", action, target, **given)


async def test_a_change_is_read_as_it_was_written(store):
    written = change(
        1_800_000_000_123, target_name="t\u00e9am", before=None, after={"name": "a", "limits": {"requests": {"day": 5}}, "x": "\0"}
    )
    await store.add(written)
    await store.add(change(1_800_000_000_124, before={}, after={}))
    newer, older = (await store.page(ChangeQuery())).changes
    assert (newer.before, newer.after) == ({}, {})
    assert older == Change(**{**{name: getattr(written, name) for name in Change.__slots__}, "id": older.id})
    assert newer.id > older.id > 0


async def test_pages_go_back_in_time_and_miss_nothing_of_one_moment(store):
    for number in range(7):
        await store.add(change(number // 3, target=str(number)))
    seen, cursor = [], None
    while True:
        page = await store.page(ChangeQuery(limit=2, cursor=cursor))
        seen += [int(one.target) for one in page.changes]
        cursor = page.cursor
        if cursor is None:
            break
        await store.add(change(9, target="99"))
    assert seen == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"action": "key.update"}, 2),
        ({"action": "key"}, 3),
        ({"action": "ke"}, 0),
        ({"action": "key%"}, 0),
        ({"action": "_ey"}, 0),
        ({"action": "account"}, 1),
        ({"target": "key_1"}, 2),
        ({"target": "key_1", "action": "key.create"}, 1),
        ({"actor": "admin"}, 3),
        ({"actor": "adm"}, 0),
    ],
)
async def test_filters(store, given, count):
    await store.add(change(1, "key.update"))
    await store.add(change(2, "key.create"))
    await store.add(change(3, "key.update", "key_2"))
    await store.add(change(4, "account.create", "acc_1", actor="somebody"))
    assert len((await store.page(ChangeQuery(**given))).changes) == count


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.", ".1", "1.2.3", "-1.2", "\u0661.1", "9" * 40 + ".1", "1." + "9" * 19])
async def test_cursors_that_are_none(store, cursor):
    with pytest.raises(Invalid):
        await store.page(ChangeQuery(cursor=cursor))
