"""Noting changes: only what differs, and nothing where nothing does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.audit import ChangeQuery
from controlplane.service.audit import Actor, Audit, difference
from tests.controlplane.fakes import NOW, FakeClock, MemoryAudit

WHO = Actor("admin", "192.0.2.7")
OBJECTS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from([None, 0, "", "x", ["y"], {"z": 1}]))


@pytest.fixture
def store():
    return MemoryAudit()


async def test_a_change_says_who_when_and_what(store):
    audit = Audit(store, FakeClock())
    await audit.note(WHO, "key.update", "key_1", "team", {"name": "a", "strict": False}, {"name": "b", "strict": False})
    (change,) = (await audit.page(ChangeQuery())).changes
    assert (change.at_ms, change.actor, change.address) == (int(NOW * 1000), "admin", "192.0.2.7")
    assert (change.action, change.target, change.target_name) == ("key.update", "key_1", "team")
    assert (change.before, change.after) == ({"name": "a"}, {"name": "b"})


async def test_what_comes_and_goes_is_kept_whole(store):
    audit = Audit(store, FakeClock())
    await audit.note(WHO, "key.create", "key_1", after={"name": "a", "limits": {}})
    await audit.note(WHO, "key.delete", "key_1", before={"name": "a"})
    await audit.note(WHO, "account.refresh", "acc_1")
    assert [(change.before, change.after) for change in store.changes] == [
        (None, {"name": "a", "limits": {}}),
        ({"name": "a"}, None),
        (None, None),
    ]


async def test_a_change_of_nothing_is_none(store):
    await Audit(store, FakeClock()).note(WHO, "key.update", "key_1", "", {"name": "a"}, {"name": "a"})
    assert store.changes == []


@given(OBJECTS, OBJECTS)
def test_the_difference_turns_one_into_the_other(before, after):
    lost, found = difference(before, after)
    assert {**{name: value for name, value in before.items() if name not in lost}, **found} == after
    assert not [name for name in lost.keys() & found.keys() if lost[name] == found[name]]
    assert all(before[name] == value for name, value in lost.items())
