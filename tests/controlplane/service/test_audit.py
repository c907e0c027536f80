"""Noting changes: only what differs, and nothing where nothing does."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.audit import ChangeQuery
from controlplane.service import audit as module
from controlplane.service import metrics
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


# ---- the database is away


class AwayAudit(MemoryAudit):
    """Takes what it is given, and fails for so many times before: -1, for as long as nobody says otherwise."""

    def __init__(self):
        super().__init__()
        self.failures = -1
        self.tries = 0
        self.hangs = False

    async def add(self, change):
        self.tries += 1
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError("the database is away")
        await super().add(change)

    @property
    def targets(self):
        return [change.target for change in self.changes]


@pytest.fixture
def away():
    return AwayAudit()


async def noted(audit, *targets):
    for target in targets:
        await audit.note(WHO, "key.create", target, after={"secret": "MARKED"})


async def test_what_cannot_be_noted_now_is_noted_later_in_order(away, caplog):
    audit = Audit(away, FakeClock())
    await noted(audit, "key_1", "key_2", "key_3")
    assert (away.targets, audit.unwritten) == ([], 3)
    assert away.tries == 1, "nobody else waits for what has just failed"
    assert metrics.UNWRITTEN.collect()[0].samples[0].value == 3
    for target in ("key_1", "key_2", "key_3"):
        assert f"action=key.create target={target}" in caplog.text
    assert "MARKED" not in caplog.text
    await audit.retry()
    assert audit.unwritten == 3
    away.failures = 0
    await audit.retry()
    assert (away.targets, audit.unwritten) == (["key_1", "key_2", "key_3"], 0)
    assert metrics.UNWRITTEN.collect()[0].samples[0].value == 0
    await noted(audit, "key_4")
    assert away.targets[3:] == ["key_4"]


async def test_a_failure_in_the_middle_loses_and_doubles_nothing(away):
    audit = Audit(away, FakeClock())
    await noted(audit, "key_1", "key_2", "key_3")
    away.failures = 1
    for _ in range(3):
        await audit.retry()
    assert away.targets == ["key_1", "key_2", "key_3"]


@given(st.lists(st.sampled_from(["note", "retry", "away", "back"]), max_size=20))
def test_whatever_fails_the_order_stays(steps):
    async def played():
        store = AwayAudit()
        store.failures = 0
        audit = Audit(store, FakeClock())
        work = []
        for number, step in enumerate(steps):
            if step in ("away", "back"):
                await asyncio.gather(*work)
                store.failures = -1 if step == "away" else 0
                continue
            work.append(asyncio.ensure_future(audit.retry() if step == "retry" else noted(audit, f"{number:02}")))
        await asyncio.gather(*work)
        store.failures = 0
        await audit.retry()
        return store.targets

    targets = asyncio.run(played())
    assert targets == [f"{number:02}" for number, step in enumerate(steps) if step == "note"]


async def test_who_waits_for_an_answer_does_not_wait_for_ever(away, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    audit = Audit(away, FakeClock())
    away.hangs = True
    async with asyncio.timeout(1):
        await noted(audit, "key_1")
    away.hangs, away.failures = False, 0
    await audit.retry()
    assert away.targets == ["key_1"]


async def test_a_note_whose_request_is_given_up_is_written_all_the_same(away):
    audit = Audit(away, FakeClock())
    away.hangs = True
    noting = asyncio.create_task(noted(audit, "key_1"))
    await asyncio.sleep(0)
    noting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await noting
    away.hangs, away.failures = False, 0
    await noted(audit, "key_2")
    assert away.targets == ["key_1", "key_2"]


async def test_no_more_is_kept_than_there_is_room_for(away, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    audit = Audit(away, FakeClock())
    assert audit.room
    await noted(audit, "key_1", "key_2")
    assert not audit.room


async def test_what_is_never_written_is_told_by_the_log(away, caplog):
    audit = Audit(away, FakeClock())
    away.failures = 1
    await noted(audit, "key_1")
    await audit.close()
    assert away.targets == ["key_1"]
    assert "never written" not in caplog.text
    away.failures = -1
    await noted(audit, "key_2")
    await audit.close()
    assert (
        f"never written to the audit log at_ms={int(NOW * 1000)} actor=admin address=192.0.2.7 action=key.create target=key_2"
        in caplog.text
    )


@given(OBJECTS, OBJECTS)
def test_the_difference_turns_one_into_the_other(before, after):
    lost, found = difference(before, after)
    assert {**{name: value for name, value in before.items() if name not in lost}, **found} == after
    assert not [name for name in lost.keys() & found.keys() if lost[name] == found[name]]
    assert all(before[name] == value for name, value in lost.items())
