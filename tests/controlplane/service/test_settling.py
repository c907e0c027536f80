"""How leases end: by outcome, by rule, across restarts; and what attempts do to accounts."""

from controlplane.domain.account import Status
from controlplane.domain.key import KeyDraft
from controlplane.domain.lease import HeldLease, Lease, Reason
from controlplane.domain.limits import NOTHING
from controlplane.domain.outcome import LEASE_EXPIRED, Ending
from controlplane.service.leases import DEADLINE
from controlplane.service.settling import HARD_DEADLINE
from tests.controlplane.fakes import NOW, ask, attempt, outcome

INSTANCE = "worker-1"


def acquire(world, **given):
    return world.acquire(ask(**given), INSTANCE)


async def test_leases_of_a_data_plane_that_is_away_expire_into_a_record(world):
    made = await world.account("one")
    world.settling.hello(INSTANCE, [])
    lease = acquire(world)
    world.clock.time += DEADLINE
    assert await world.settling.expire() == 0, "its data plane is connected"
    world.settling.gone(INSTANCE)
    assert await world.settling.expire() == 0, "it was heard of a moment ago"
    world.clock.time += DEADLINE
    assert await world.settling.expire() == 1
    assert world.in_flight() == {"one": 0}
    (entry,) = await world.rows()
    assert (entry.outcome.ending, entry.outcome.error, entry.account_id) == (Ending.FAILED, LEASE_EXPIRED, made)
    # the data plane comes back with the truth, which takes the record's place, once
    late = outcome(lease.lease_id, attempt(made))
    for _ in range(2):
        await world.settle([late])
    (entry,) = await world.rows()
    assert entry.outcome.ending is Ending.SERVED
    counters = world.records.key_counters("proxy")
    assert (counters.total_requests, counters.success_requests, counters.failed_requests) == (1, 1, 0)


async def test_no_lease_lives_for_ever(world):
    await world.account("one")
    world.settling.hello(INSTANCE, [])
    acquire(world)
    world.clock.time += HARD_DEADLINE
    assert await world.settling.expire() == 1


async def test_a_hello_after_a_restart_restores_what_is_held(world):
    made = await world.account("one")
    lease = acquire(world)
    held = HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline)
    await world.restart()
    world.settling.hello(INSTANCE, [held])
    world.settling.hello(INSTANCE, [held])
    assert world.in_flight() == {"one": 1}
    assert world.leasing.open_leases == 1
    assert (await world.renew(lease.lease_id, "older")).access_token == "access-one"
    await world.settle([outcome(lease.lease_id, attempt(made))])
    assert world.in_flight() == {"one": 0}
    assert world.records.key_counters("proxy").total_requests == 1


async def test_a_reservation_survives_a_restart(world):
    made = await world.account("one")
    _, secret = await world.keys.create(KeyDraft("team", allowed_models=("claude-haiku-*",)))
    reserved = acquire(world, reserve_only=True, credential=secret, model="claude-haiku-4-5")
    await world.restart()
    world.settling.hello(INSTANCE, [], {reserved.lease_id: NOTHING})
    again = {"lease_id": reserved.lease_id, "credential": secret}
    assert acquire(world, **again, model="claude-sonnet-4.5").reason is Reason.MODEL_NOT_ALLOWED
    lease = acquire(world, **again, model="claude-haiku-4-5")
    assert (lease.lease_id, lease.account_id, lease.model) == (reserved.lease_id, made, "claude-haiku-4.5")
    await world.settle([outcome(lease.lease_id, attempt(made))])
    (entry,) = await world.rows()
    assert (entry.key_id, entry.asked_model) == (reserved.key_id, "claude-haiku-4-5")
    assert world.in_flight() == {"one": 0}


async def test_one_lease_twice_in_a_settlement_counts_once(world):
    made = await world.account("one")
    done = outcome(acquire(world).lease_id, attempt(made))
    await world.settle([done, done])
    assert len(await world.rows()) == 1
    assert world.records.key_counters("proxy").total_requests == 1


async def test_what_was_left_is_forgotten_at_its_deadline(world):
    await world.account("one")
    world.settling.hello(INSTANCE, [])
    acquire(world)
    world.settling.hello(INSTANCE, [])
    world.clock.time += DEADLINE
    assert await world.settling.expire() == 0, "it was not under way any more"
    assert world.leasing.open_leases == 0
    assert await world.rows() == []


async def test_an_outcome_after_a_restart_without_a_hello_is_booked_on_who_pays(world):
    made = await world.account("one")
    key, secret = await world.keys.create(KeyDraft("team"))
    lease = acquire(world, credential=secret)
    await world.restart()
    await world.settle([outcome(lease.lease_id, attempt(made))])
    (entry,) = await world.rows()
    assert (entry.key_id, entry.account_id, entry.asked_model) == (key.id, made, "claude-sonnet-4.5")
    assert world.records.key_counters(key.id).total_requests == 1


async def test_what_a_returning_data_plane_does_not_hold_was_lost_on_the_way(world):
    made = await world.account("one")
    world.settling.hello(INSTANCE, [])
    kept, lost = acquire(world), acquire(world)
    reserved, unheard = acquire(world, reserve_only=True), acquire(world, reserve_only=True)
    world.settling.gone(INSTANCE)
    world.settling.hello(INSTANCE, [HeldLease(kept.lease_id, "proxy", made, kept.model, kept.deadline)], {reserved.lease_id: NOTHING})
    assert world.in_flight() == {"one": 1}
    assert isinstance(acquire(world, lease_id=reserved.lease_id), Lease)
    for gone in (lost, unheard):
        assert acquire(world, lease_id=gone.lease_id).reason is Reason.UNKNOWN_LEASE
    # had it been settled already, its outcome comes again and is booked in full
    await world.settle([outcome(lost.lease_id, attempt(made))])
    assert (await world.rows())[0].asked_model == "claude-sonnet-4.5"
    assert world.in_flight() == {"one": 2}


async def test_a_burst_of_throttled_requests_is_one_strike(world):
    made = await world.account("one")
    leases = [acquire(world) for _ in range(10)]
    for lease in leases:
        world.settle([outcome(lease.lease_id, attempt(made, "throttled"), ending=Ending.FAILED)])
    assert world.seat(made).standing.until == int(NOW) + 10
    world.clock.time += 11
    lease = acquire(world)
    world.settle([outcome(lease.lease_id, attempt(made, "throttled"), ending=Ending.FAILED)])
    assert world.seat(made).standing.until == int(world.clock.time) + 20


async def test_success_clears_strikes(world):
    made = await world.account("one")
    for _ in range(5):
        for fault in ("cut", "cut", ""):
            lease = acquire(world)
            assert isinstance(lease, Lease)
            world.settle([outcome(lease.lease_id, attempt(made, fault))])
    assert world.seat(made).standing.status is Status.ACTIVE


async def test_a_model_an_account_lacks_rests_for_that_model_only(world):
    made = await world.account("one")
    lease = acquire(world)
    world.settle([outcome(lease.lease_id, attempt(made, "model_unknown"), ending=Ending.FAILED)])
    assert acquire(world).retry_after == 300
    assert isinstance(acquire(world, model="claude-haiku-4.5"), Lease)


async def test_a_fault_of_a_newer_data_plane_changes_nothing(world):
    made = await world.account("one")
    lease = acquire(world)
    world.settle([outcome(lease.lease_id, attempt(made, "invented-later"), ending=Ending.FAILED)])
    assert world.accounts.get(made).health == 100
